/** What the jobs of a repository get as their environment (L2.1): its variables and secrets. Values go in, and never come back. */
import type { EnvironmentEntry, EnvironmentKind, RunEnvironment } from "../control/ports/environment.ts";
import type { Repository } from "../core/events.ts";
import type { Api, Call } from "./api.ts";
import { nameOf, pathOf, readIfAllowed } from "./repository.ts";
import { RequestFailed } from "./request-failed.ts";
import { sealedBox } from "./sealed-box.ts";

/** GitHub's own: of names of secrets and variables, and of their values. */
const nameRule = /^(?!GITHUB_)[A-Z_][A-Z0-9_]{0,254}$/u;
const valueBytesMax = 48 * 1024;

/** More than GitHub keeps for a repository. */
const pagesMax = 40;
const perPage = { secret: 100, variable: 30 } as const;

export function createRunEnvironment(api: Api): RunEnvironment {
  return {
    async list(repository) {
      const secrets = await listSecrets(repository);
      const variables = await listVariables(repository);
      return secrets === null && variables === null ? null : [...(variables ?? []), ...(secrets ?? [])];
    },
    async set(repository, { kind, name: said, value }) {
      const name = said.toUpperCase();
      if (!nameRule.test(name)) return "bad-name";
      const bytes = Buffer.byteLength(value);
      if (bytes === 0 || bytes > valueBytesMax) return "bad-value";
      return ifAllowed(() =>
        kind === "secret" ? setSecret(repository, name, value) : setVariable(repository, name, value),
      );
    },
    async remove(repository, { kind, name: said }) {
      const name = said.toUpperCase();
      if (!nameRule.test(name)) return "bad-name";
      return ifAllowed(async () => {
        await ignoring(404, () =>
          kind === "secret" ? deleteSecret(repository, name) : deleteVariable(repository, name),
        );
      });
    },
  };

  function listSecrets(repository: Repository): Promise<readonly EnvironmentEntry[] | null> {
    return listAll("secret", (page) => ({
      repository,
      permissions: { secrets: "read" },
      doing: `listing the secrets of ${nameOf(repository)}`,
      async send(octokit) {
        const { data } = await octokit.rest.actions.listRepoSecrets({
          ...pathOf(repository),
          per_page: perPage.secret,
          page,
        });
        return data.secrets.map((entry) => entryOf("secret", entry));
      },
    }));
  }

  function listVariables(repository: Repository): Promise<readonly EnvironmentEntry[] | null> {
    return listAll("variable", (page) => ({
      repository,
      permissions: { actions_variables: "read" },
      doing: `listing the variables of ${nameOf(repository)}`,
      async send(octokit) {
        const { data } = await octokit.rest.actions.listRepoVariables({
          ...pathOf(repository),
          per_page: perPage.variable,
          page,
        });
        // GitHub sends their values along: nothing but name and age leaves this line.
        return data.variables.map((entry) => entryOf("variable", entry));
      },
    }));
  }

  /** Null where the installation does not grant it. */
  async function listAll(
    kind: EnvironmentKind,
    callOf: (page: number) => Call<readonly EnvironmentEntry[]>,
  ): Promise<readonly EnvironmentEntry[] | null> {
    const all: EnvironmentEntry[] = [];
    for (let page = 1; page <= pagesMax; page += 1) {
      const entries = await readIfAllowed(api, callOf(page));
      if (entries === null) return page === 1 ? null : all;
      all.push(...entries);
      if (entries.length < perPage[kind]) break;
    }
    return all;
  }

  async function setSecret(repository: Repository, name: string, value: string): Promise<void> {
    const call = {
      repository,
      permissions: { secrets: "write" },
      doing: `setting the secret ${name} of ${nameOf(repository)}`,
    } as const;
    const { data: key } = await api.read({
      ...call,
      send: (octokit) => octokit.rest.actions.getRepoPublicKey(pathOf(repository)),
    });
    const encrypted_value = await sealedBox(value, key.key);
    await api.write({
      ...call,
      send: (octokit) =>
        octokit.rest.actions.createOrUpdateRepoSecret({
          ...pathOf(repository),
          secret_name: name,
          encrypted_value,
          key_id: key.key_id,
        }),
    });
  }

  /** Changed where it is there, made where it is not. */
  async function setVariable(repository: Repository, name: string, value: string): Promise<void> {
    const call = {
      repository,
      permissions: { actions_variables: "write" },
      doing: `setting the variable ${name} of ${nameOf(repository)}`,
    } as const;
    const change: Call<unknown> = {
      ...call,
      send: (octokit) => octokit.rest.actions.updateRepoVariable({ ...pathOf(repository), name, value }),
    };
    const make: Call<unknown> = {
      ...call,
      send: (octokit) => octokit.rest.actions.createRepoVariable({ ...pathOf(repository), name, value }),
    };
    const changed = await ignoring(404, () => api.write(change));
    if (changed) return;
    // Somebody else may have made it meanwhile.
    const made = await ignoring(409, () => api.write(make));
    if (!made) await api.write(change);
  }

  async function deleteSecret(repository: Repository, name: string): Promise<void> {
    await api.write({
      repository,
      permissions: { secrets: "write" },
      doing: `deleting the secret ${name} of ${nameOf(repository)}`,
      send: (octokit) => octokit.rest.actions.deleteRepoSecret({ ...pathOf(repository), secret_name: name }),
    });
  }

  async function deleteVariable(repository: Repository, name: string): Promise<void> {
    await api.write({
      repository,
      permissions: { actions_variables: "write" },
      doing: `deleting the variable ${name} of ${nameOf(repository)}`,
      send: (octokit) => octokit.rest.actions.deleteRepoVariable({ ...pathOf(repository), name }),
    });
  }
}

function entryOf(
  kind: EnvironmentKind,
  { name, updated_at: updatedAt }: { readonly name: string; readonly updated_at: string },
): EnvironmentEntry {
  return { kind, name, updatedAt };
}

async function ifAllowed(work: () => Promise<void>): Promise<"done" | "not-permitted"> {
  try {
    await work();
    return "done";
  } catch (error) {
    if (error instanceof RequestFailed && error.status === 403) return "not-permitted";
    throw error;
  }
}

/** False where GitHub answered with this status. */
async function ignoring(status: number, work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (error instanceof RequestFailed && error.status === status) return false;
    throw error;
  }
}
