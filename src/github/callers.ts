/** Whose token it is that somebody sends to the app, and what it reaches. It is used for these questions alone. */
import type { Callers } from "../control/ports/callers.ts";
import type { Repository } from "../core/events.ts";
import type { Api } from "./api.ts";
import { nameOf, pathOf } from "./repository.ts";
import { RequestFailed } from "./request-failed.ts";

export function createCallers(api: Api): Callers {
  return {
    async loginOf(token) {
      const user = await refusedAsNull([401, 403], () =>
        api.asHolder(token, "asking whose token it is", (octokit) => octokit.rest.users.getAuthenticated()),
      );
      return user !== null && user.data.type === "User" ? user.data.login : null;
    },

    async reachesSecrets(token, repository) {
      const listed = await refusedAsNull([401, 403, 404], () =>
        api.asHolder(token, `asking whether a token reaches the secrets of ${nameOf(repository)}`, (octokit) =>
          octokit.rest.actions.listRepoSecrets({ ...pathOf(repository), per_page: 1 }),
        ),
      );
      return listed !== null;
    },

    async readsIssues(token, { owner, name }) {
      const listed = await refusedAsNull([401, 403, 404, 410], () =>
        api.asHolder(token, `asking whether a token reads the issues of ${owner}/${name}`, (octokit) =>
          octokit.rest.issues.listForRepo({ owner, repo: name, per_page: 1 }),
        ),
      );
      return listed !== null;
    },

    async findRepository(owner, name) {
      const found = await refusedAsNull([404], () =>
        api.asApp(`looking for the app in ${owner}/${name}`, (octokit) =>
          octokit.rest.apps.getRepoInstallation({ owner, repo: name }),
        ),
      );
      if (found === null || found.data.suspended_at !== null) return null;
      const installationId = found.data.id;
      const { data } = await api.read({
        repository: { installationId, repositoryId: null, owner, name },
        permissions: { metadata: "read" },
        doing: `reading ${owner}/${name}`,
        send: (octokit) => octokit.rest.repos.get({ owner, repo: name }),
      });
      const repository: Repository = {
        installationId,
        repositoryId: data.id,
        owner: data.owner.login,
        name: data.name,
      };
      return repository;
    },
  };
}

async function refusedAsNull<Result>(statuses: readonly number[], ask: () => Promise<Result>): Promise<Result | null> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof RequestFailed && statuses.includes(error.status)) return null;
    throw error;
  }
}
