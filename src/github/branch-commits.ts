import type { Repository } from "../core/events.ts";
import type { Api } from "./api.ts";
import { headOf, nameOf, pathOf, readRepository } from "./repository.ts";
import { RequestFailed } from "./request-failed.ts";
import type { TokenPermissions } from "./tokens.ts";

/** A branch name in GraphQL's terms does not exist before or after. */
const noCommit = "0".repeat(40);
const casTriesMax = 3;
const recentCommitsMax = 100;

/**
 * The newest commit of the branch whose message matches, among its last hundred; null where there is none.
 * This is how an earlier try is found again.
 */
export async function findCommit(
  api: Api,
  repository: Repository,
  branch: string,
  matches: (message: string) => boolean,
): Promise<string | null> {
  try {
    const { data } = await api.read({
      repository,
      permissions: { contents: "read" },
      doing: `reading the commits of ${branch} in ${nameOf(repository)}`,
      send: (octokit) =>
        octokit.rest.repos.listCommits({ ...pathOf(repository), sha: branch, per_page: recentCommitsMax }),
    });
    return data.find(({ commit }) => matches(commit.message))?.sha ?? null;
  } catch (error) {
    if (error instanceof RequestFailed && (error.status === 404 || error.status === 409)) return null;
    throw error;
  }
}

/** Login of whoever wrote it; null where GitHub knows nobody by its address. */
export async function authorOf(api: Api, repository: Repository, sha: string): Promise<string | null> {
  const { data } = await api.read({
    repository,
    permissions: { contents: "read" },
    doing: `reading commit ${sha} of ${nameOf(repository)}`,
    send: (octokit) => octokit.rest.repos.listCommits({ ...pathOf(repository), sha, per_page: 1 }),
  });
  return data[0]?.author?.login ?? null;
}

export interface Head {
  readonly commitSha: string;
  readonly treeSha: string;
}

/**
 * Puts a commit on the branch by compare-and-swap, so that a person's commit is never lost: when the head moved, the commit
 * is made again on the new head. `treeOf` gives the new tree for a head's tree, or the same one where nothing would change;
 * then there is no commit and the head is the answer, unless `allowEmpty`. With `mergedSha` that commit becomes a parent, too.
 */
export async function commitOnBranch(
  api: Api,
  repository: Repository,
  commit: {
    readonly branch: string;
    /** Where the branch starts that does not exist yet. */
    readonly startBranch: string;
    readonly message: string;
    readonly allowEmpty: boolean;
    /** More than the right to write contents, e.g. for workflow files. */
    readonly permissions?: TokenPermissions;
    readonly treeOf: (head: Head) => Promise<string | { readonly treeSha: string; readonly mergedSha: string }>;
  },
): Promise<string> {
  const doing = `committing to ${commit.branch} in ${nameOf(repository)}`;
  const { nodeId } = await readRepository(api, repository);
  const permissions = { contents: "write", ...commit.permissions } as const;
  for (let tries = 1; ; tries += 1) {
    const before = await headOf(api, repository, commit.branch);
    const parent = before ?? (await headOf(api, repository, commit.startBranch));
    if (parent === null) throw new Error(`${doing}: neither it nor ${commit.startBranch} has a commit`);
    const treeSha = await treeShaOf(api, repository, parent);
    const tree = await commit.treeOf({ commitSha: parent, treeSha });
    if (tree === treeSha && !commit.allowEmpty) return parent;
    const { data: made } = await api.write({
      repository,
      permissions,
      doing,
      // Without author and committer GitHub names the app and signs the commit.
      send: (octokit) =>
        octokit.rest.git.createCommit({
          ...pathOf(repository),
          message: commit.message,
          tree: typeof tree === "string" ? tree : tree.treeSha,
          parents: typeof tree === "string" ? [parent] : [parent, tree.mergedSha],
        }),
    });
    try {
      await moveBranch(api, repository, nodeId, { branch: commit.branch, before, after: made.sha, doing, permissions });
      return made.sha;
    } catch (error) {
      if (!(error instanceof RequestFailed)) throw error;
      const now = await headOf(api, repository, commit.branch);
      if (now === made.sha) return made.sha;
      // The branch stands where it stood: it was not a race but a rule of the repository.
      if (now === before || tries === casTriesMax) throw error;
    }
  }
}

/** Makes the branch at that commit, unless it is there. Answers its head. */
export async function makeBranch(api: Api, repository: Repository, branch: string, sha: string): Promise<string> {
  const there = await headOf(api, repository, branch);
  if (there !== null) return there;
  const { nodeId } = await readRepository(api, repository);
  const doing = `making the branch ${branch} in ${nameOf(repository)}`;
  try {
    await moveBranch(api, repository, nodeId, {
      branch,
      before: null,
      after: sha,
      doing,
      permissions: { contents: "write" },
    });
    return sha;
  } catch (error) {
    // Made by an earlier try whose answer was lost.
    const now = await headOf(api, repository, branch);
    if (now === null) throw error;
    return now;
  }
}

export async function treeShaOf(api: Api, repository: Repository, commitSha: string): Promise<string> {
  return (await readCommit(api, repository, commitSha)).tree.sha;
}

/** All of a commit's message. */
export async function messageOf(api: Api, repository: Repository, commitSha: string): Promise<string> {
  return (await readCommit(api, repository, commitSha)).message;
}

export async function readCommit(api: Api, repository: Repository, commitSha: string) {
  const { data } = await api.read({
    repository,
    permissions: { contents: "read" },
    doing: `reading commit ${commitSha} of ${nameOf(repository)}`,
    send: (octokit) => octokit.rest.git.getCommit({ ...pathOf(repository), commit_sha: commitSha }),
  });
  return data;
}

const updateRefs = `mutation MoveBranch($input: UpdateRefsInput!) {
  updateRefs(input: $input) { clientMutationId }
}`;

/** Only GraphQL compares the old head; REST moves any branch forward that is an ancestor. */
async function moveBranch(
  api: Api,
  repository: Repository,
  repositoryId: string,
  move: {
    readonly branch: string;
    readonly before: string | null;
    readonly after: string;
    readonly doing: string;
    readonly permissions: TokenPermissions;
  },
): Promise<void> {
  await api.write({
    repository,
    permissions: move.permissions,
    doing: move.doing,
    send: (octokit) =>
      octokit.graphql(updateRefs, {
        input: {
          repositoryId,
          refUpdates: [
            {
              name: `refs/heads/${move.branch}`,
              beforeOid: move.before ?? noCommit,
              afterOid: move.after,
              force: false,
            },
          ],
        },
      }),
  });
}
