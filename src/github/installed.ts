import type { Repository } from "../core/events.ts";
import type { Api } from "./api.ts";
import { RequestFailed } from "./request-failed.ts";

const perPage = 100;
const pagesMax = 30;

/** Those that are not suspended, 3,000 at most. */
export async function readInstallations(api: Api): Promise<readonly number[]> {
  const found: number[] = [];
  for (let page = 1; page <= pagesMax; page += 1) {
    const { data } = await api.asApp("listing the app's installations", (octokit) =>
      octokit.rest.apps.listInstallations({ per_page: perPage, page }),
    );
    found.push(...data.filter(({ suspended_at }) => suspended_at === null).map(({ id }) => id));
    if (data.length < perPage) break;
  }
  return found;
}

/** Repositories of an installation; none where it was taken away or suspended meanwhile. */
export async function readInstalled(api: Api, installationId: number): Promise<readonly Repository[]> {
  try {
    return await repositoriesOf(api, installationId);
  } catch (error) {
    if (error instanceof RequestFailed && [403, 404].includes(error.status)) return [];
    throw error;
  }
}

async function repositoriesOf(api: Api, installationId: number): Promise<readonly Repository[]> {
  const found: Repository[] = [];
  for (let page = 1; page <= pagesMax; page += 1) {
    const { data } = await api.asInstallation(
      installationId,
      `listing the repositories of installation ${installationId}`,
      (octokit) => octokit.rest.apps.listReposAccessibleToInstallation({ per_page: perPage, page }),
    );
    found.push(
      ...data.repositories.map(({ id, name, owner }) => ({
        installationId,
        repositoryId: id,
        owner: owner.login,
        name,
      })),
    );
    if (data.repositories.length < perPage) break;
  }
  return found;
}

/**
 * A repository by its name, with the ids that tokens need, and the installation as GitHub has it.
 * Throws `RequestFailed` of status 404 where the App is not installed there.
 */
export async function findInstalled(api: Api, owner: string, name: string) {
  const { data: installation } = await api.asApp(`looking for the App in ${owner}/${name}`, (octokit) =>
    octokit.rest.apps.getRepoInstallation({ owner, repo: name }),
  );
  return {
    installation,
    repository: async (): Promise<Repository> => {
      const { data: token } = await api.asApp(`getting a token for ${owner}/${name}`, (octokit) =>
        octokit.rest.apps.createInstallationAccessToken({
          installation_id: installation.id,
          repositories: [name],
          permissions: { metadata: "read" },
        }),
      );
      const repositoryId = token.repositories?.[0]?.id;
      if (repositoryId === undefined) throw new Error(`reading the id of ${owner}/${name}: GitHub's answer has none`);
      return { installationId: installation.id, repositoryId, owner, name };
    },
  };
}
