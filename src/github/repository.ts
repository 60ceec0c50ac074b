import { RequestFailed } from "./request-failed.ts";
import type { Api, Call } from "./api.ts";
import type { GitHub } from "../control/ports/github.ts";
import type { Repository } from "../core/events.ts";

export interface RepositoryFacts {
  readonly nodeId: string;
  readonly defaultBranch: string;
  /** Archived, or switched off by GitHub: nothing can be written. */
  readonly isReadOnly: boolean;
}

export function nameOf(repository: Pick<Repository, "owner" | "name">): string {
  return `${repository.owner}/${repository.name}`;
}

/** The two parameters that almost every route has. */
export function pathOf(repository: Pick<Repository, "owner" | "name">): { owner: string; repo: string } {
  return { owner: repository.owner, repo: repository.name };
}

/** Null for what GitHub does not have, or does not show to us. */
export async function readOrNull<Result>(api: Api, call: Call<Result>): Promise<Result | null> {
  try {
    return await api.read(call);
  } catch (error) {
    if (error instanceof RequestFailed && (error.status === 404 || error.status === 410)) return null;
    throw error;
  }
}

/** Null where the installation does not grant the permission, or there is nothing of the kind. */
export async function readIfAllowed<Result>(api: Api, call: Call<Result>): Promise<Result | null> {
  try {
    return await readOrNull(api, call);
  } catch (error) {
    if (error instanceof RequestFailed && error.status === 403) return null;
    throw error;
  }
}

export async function readRepository(api: Api, repository: Repository): Promise<RepositoryFacts> {
  const { data } = await api.read({
    repository,
    permissions: { contents: "read" },
    doing: `reading ${nameOf(repository)}`,
    send: (octokit) => octokit.rest.repos.get(pathOf(repository)),
  });
  return {
    nodeId: data.node_id,
    defaultBranch: data.default_branch,
    isReadOnly: data.archived || data.disabled,
  };
}

/** Null where the repository is gone or shut, or the app is not there any more, or suspended. */
export async function ifReachable<Result>(read: () => Promise<Result>): Promise<Result | null> {
  try {
    return await read();
  } catch (error) {
    const failure = error instanceof RequestFailed || !(error instanceof Error) ? error : error.cause;
    if (failure instanceof RequestFailed && [403, 404, 410, 451].includes(failure.status)) return null;
    throw error;
  }
}

export async function reachOf(api: Api, repository: Repository): ReturnType<GitHub["reachOf"]> {
  const facts = await ifReachable(() => readRepository(api, repository));
  if (facts === null) return "none";
  return facts.isReadOnly ? "read-only" : "writable";
}

/** Head commit of a branch; null where there is no such branch, or no commit at all. */
export async function headOf(api: Api, repository: Repository, branch: string): Promise<string | null> {
  try {
    const { data } = await api.read({
      repository,
      permissions: { contents: "read" },
      doing: `reading the head of ${branch} in ${nameOf(repository)}`,
      send: (octokit) => octokit.rest.git.getRef({ ...pathOf(repository), ref: `heads/${branch}` }),
    });
    return data.object.sha;
  } catch (error) {
    // 409: the repository is empty.
    if (error instanceof RequestFailed && (error.status === 404 || error.status === 409)) return null;
    throw error;
  }
}

export async function deleteBranch(api: Api, repository: Repository, branch: string): Promise<void> {
  // GitHub refuses with the same status what is gone and what a rule protects.
  if ((await headOf(api, repository, branch)) === null) return;
  try {
    await api.write({
      repository,
      permissions: { contents: "write" },
      doing: `deleting the branch ${branch} in ${nameOf(repository)}`,
      send: (octokit) => octokit.rest.git.deleteRef({ ...pathOf(repository), ref: `heads/${branch}` }),
    });
  } catch (error) {
    if (!(error instanceof RequestFailed)) throw error;
    if (error.status === 404 || (await headOf(api, repository, branch)) === null) return;
    throw error;
  }
}
