/** What the jobs of a repository get as their environment (L2.1): its variables and secrets. Values go in, and never come back. */
import type { EnvironmentEntry, EnvironmentKind, RunEnvironment, WriteRefusal } from "../control/ports/environment.ts";
import type { Repository } from "../core/events.ts";
import type { Api, Call } from "./api.ts";
import { nameOf, pathOf, readIfAllowed, readRepository } from "./repository.ts";
import { RequestFailed } from "./request-failed.ts";
import { sealedBox } from "./sealed-box.ts";

/** GitHub's own: of names of secrets and variables, and of their values. */
const nameRule = /^(?!GITHUB_)[A-Z_][A-Z0-9_]{0,254}$/u;
const valueBytesMax = 48 * 1024;

/** More than GitHub keeps for a repository. */
const pagesMax = 40;
const perPage = { secret: 100, variable: 30 } as const;

/** Of a repository, as far as its token goes. */
interface Holder {
  readonly token: string;
  readonly repository: Repository;
}

export function createRunEnvironment(api: Api): RunEnvironment {
  return {
    async list(repository) {
      const secrets = await listSecrets(repository);
      const variables = await listVariables(repository);
      const missing: EnvironmentKind[] = [];
      if (secrets === null) missing.push("secret");
      if (variables === null) missing.push("variable");
      return { entries: [...(variables ?? []), ...(secrets ?? [])], missing };
    },
    async set(token, repository, { kind, name: said, value }) {
      const name = said.toUpperCase();
      if (!nameRule.test(name)) return "bad-name";
      const bytes = Buffer.byteLength(value);
      if (bytes === 0 || bytes > valueBytesMax) return "bad-value";
      const holder = { token, repository };
      return ifAllowed(repository, () =>
        kind === "secret" ? setSecret(holder, name, value) : setVariable(holder, name, value),
      );
    },
    async remove(token, repository, { kind, name: said }) {
      const name = said.toUpperCase();
      if (!nameRule.test(name)) return "bad-name";
      const holder = { token, repository };
      return ifAllowed(repository, async () => {
        const isDeleted = await ignoring(404, () =>
          kind === "secret" ? deleteSecret(holder, name) : deleteVariable(holder, name),
        );
        // Gone already; or the repository itself is none for this token, and then neither is its list.
        if (!isDeleted) await lookAt(kind, holder);
      });
    },
  };

  /** A token that may not see a private repository hears 404 there, for everything. */
  async function ifAllowed(repository: Repository, work: () => Promise<void>): Promise<"done" | WriteRefusal> {
    try {
      await work();
      return "done";
    } catch (error) {
      if (!(error instanceof RequestFailed)) throw error;
      switch (error.status) {
        case 401:
          return "token-refused";
        case 403:
          // GitHub says the same status of an archived repository, whatever the token may.
          return (await readRepository(api, repository)).isReadOnly ? "read-only" : "not-permitted";
        case 404:
          return "not-permitted";
        default:
          throw error;
      }
    }
  }

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
      if (entries === null) return null;
      all.push(...entries);
      if (entries.length < perPage[kind]) break;
    }
    return all;
  }

  async function setSecret({ token, repository }: Holder, name: string, value: string): Promise<void> {
    const doing = `setting the secret ${name} of ${nameOf(repository)}`;
    const { data: key } = await api.asHolder(token, doing, (octokit) =>
      octokit.rest.actions.getRepoPublicKey(pathOf(repository)),
    );
    const encrypted_value = await sealedBox(value, key.key);
    await api.asHolder(token, doing, (octokit) =>
      octokit.rest.actions.createOrUpdateRepoSecret({
        ...pathOf(repository),
        secret_name: name,
        encrypted_value,
        key_id: key.key_id,
      }),
    );
  }

  /** Changed where it is there, made where it is not. */
  async function setVariable({ token, repository }: Holder, name: string, value: string): Promise<void> {
    const doing = `setting the variable ${name} of ${nameOf(repository)}`;
    const change = () =>
      api.asHolder(token, doing, (octokit) =>
        octokit.rest.actions.updateRepoVariable({ ...pathOf(repository), name, value }),
      );
    const make = () =>
      api.asHolder(token, doing, (octokit) =>
        octokit.rest.actions.createRepoVariable({ ...pathOf(repository), name, value }),
      );
    const changed = await ignoring(404, change);
    if (changed) return;
    // Somebody else may have made it meanwhile.
    const made = await ignoring(409, make);
    if (!made) await change();
  }

  async function deleteSecret({ token, repository }: Holder, name: string): Promise<void> {
    await api.asHolder(token, `deleting the secret ${name} of ${nameOf(repository)}`, (octokit) =>
      octokit.rest.actions.deleteRepoSecret({ ...pathOf(repository), secret_name: name }),
    );
  }

  async function deleteVariable({ token, repository }: Holder, name: string): Promise<void> {
    await api.asHolder(token, `deleting the variable ${name} of ${nameOf(repository)}`, (octokit) =>
      octokit.rest.actions.deleteRepoVariable({ ...pathOf(repository), name }),
    );
  }

  async function lookAt(kind: EnvironmentKind, { token, repository }: Holder): Promise<void> {
    const first = { ...pathOf(repository), per_page: 1 };
    await api.asHolder(
      token,
      `asking whether a token reaches the ${kind}s of ${nameOf(repository)}`,
      async (octokit) => {
        if (kind === "secret") await octokit.rest.actions.listRepoSecrets(first);
        else await octokit.rest.actions.listRepoVariables(first);
      },
    );
  }
}

function entryOf(
  kind: EnvironmentKind,
  { name, updated_at: updatedAt }: { readonly name: string; readonly updated_at: string },
): EnvironmentEntry {
  return { kind, name, updatedAt };
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
