/** Which secrets and variables a repository's workflows could read: their names and ages, never a value. */
import type { NamesSeen } from "../control/ports/github.ts";
import type { Repository } from "../core/events.ts";
import type { Api, Octokit } from "./api.ts";
import { nameOf, pathOf } from "./repository.ts";
import { RequestFailed } from "./request-failed.ts";
import type { TokenPermissions } from "./tokens.ts";

/** GitHub's own limits, 1,000 of an organisation at the most, fit in. */
const pagesMax = 40;
const rememberedMax = 2_000;

interface Page {
  readonly etag: string | null;
  readonly names: readonly NamesSeen[];
  readonly isLast: boolean;
}

interface List {
  readonly what: string;
  readonly permissions: TokenPermissions;
  readonly perPage: number;
  readonly send: (
    octokit: Octokit,
    request: { owner: string; repo: string; per_page: number; page: number; headers: Record<string, string> },
  ) => Promise<{ readonly etag: string | undefined; readonly entries: readonly Entry[] }>;
}

interface Entry {
  readonly name: string;
  readonly updated_at: string;
}

/** In the order in which a workflow would take them: the first of a name is the one that a run would get. */
const lists: readonly List[] = [
  {
    what: "secrets",
    permissions: { secrets: "read" },
    perPage: 100,
    async send(octokit, request) {
      const { data, headers } = await octokit.rest.actions.listRepoSecrets(request);
      return { etag: headers.etag, entries: data.secrets };
    },
  },
  {
    what: "secrets of the organisation",
    permissions: { secrets: "read" },
    perPage: 100,
    async send(octokit, request) {
      const { data, headers } = await octokit.rest.actions.listRepoOrganizationSecrets(request);
      return { etag: headers.etag, entries: data.secrets };
    },
  },
  {
    what: "variables",
    permissions: { actions_variables: "read" },
    perPage: 30,
    async send(octokit, request) {
      const { data, headers } = await octokit.rest.actions.listRepoVariables(request);
      return { etag: headers.etag, entries: data.variables };
    },
  },
  {
    what: "variables of the organisation",
    permissions: { actions_variables: "read" },
    perPage: 30,
    async send(octokit, request) {
      const { data, headers } = await octokit.rest.actions.listRepoOrganizationVariables(request);
      return { etag: headers.etag, entries: data.variables };
    },
  },
];

export type ListNames = (repository: Repository) => Promise<readonly NamesSeen[] | null>;

export function createNames(api: Api): ListNames {
  /** Asked again with its ETag, an unchanged page costs nothing of the rate limit. */
  const remembered = new Map<string, Page>();

  return async (repository) => {
    const seen = new Map<string, NamesSeen>();
    for (const list of lists) {
      const names = await readList(repository, list);
      // Without secrets nobody could rely on being noticed; variables are an extra that not every installation grants.
      if (names === null && list.what === "secrets") return null;
      for (const each of names ?? []) if (!seen.has(each.name.toUpperCase())) seen.set(each.name.toUpperCase(), each);
    }
    return [...seen.values()];
  };

  /** Null where the app may not read it, or there is no such list. */
  async function readList(repository: Repository, list: List): Promise<readonly NamesSeen[] | null> {
    const names: NamesSeen[] = [];
    for (let number = 1; number <= pagesMax; number += 1) {
      const page = await readPage(repository, list, number);
      if (page === null) return number === 1 ? null : names;
      names.push(...page.names);
      if (page.isLast) break;
    }
    return names;
  }

  async function readPage(repository: Repository, list: List, number: number): Promise<Page | null> {
    const key = `${repository.repositoryId} ${list.what} ${number}`;
    const known = remembered.get(key);
    try {
      const page = await api.read({
        repository,
        permissions: list.permissions,
        doing: `reading the names of the ${list.what} of ${nameOf(repository)}`,
        send: async (octokit) => {
          const etagBefore = known?.etag ?? null;
          const headers: Record<string, string> = etagBefore === null ? {} : { "if-none-match": etagBefore };
          const asked = { ...pathOf(repository), per_page: list.perPage, page: number, headers };
          const { etag, entries } = await list.send(octokit, asked);
          // GitHub sends the values of variables along: nothing but name and age leaves this line.
          const names = entries.map(({ name, updated_at: updatedAt }) => ({ name, updatedAt }));
          return { etag: etag ?? null, names, isLast: entries.length < list.perPage };
        },
      });
      if (remembered.size >= rememberedMax) remembered.clear();
      remembered.set(key, page);
      return page;
    } catch (error) {
      if (!(error instanceof RequestFailed)) throw error;
      if (error.status === 304 && known !== undefined) return known;
      remembered.delete(key);
      if (error.status === 403 || error.status === 404) return null;
      throw error;
    }
  }
}
