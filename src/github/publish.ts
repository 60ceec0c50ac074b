import type { MergeTrees } from "../control/ports/gates.ts";
import type { GitHub, Publication } from "../control/ports/github.ts";
import type { Change } from "../core/change.ts";
import type { Repository } from "../core/events.ts";
import type { ChangesetId } from "../core/ids.ts";
import { mergePaths, type TreeEntry } from "../core/merge-paths.ts";
import type { Api } from "./api.ts";
import { commitOnBranch, findCommit, treeShaOf, type Head } from "./branch-commits.ts";
import { entriesOf, lastOfEachPath, layOn, modeFrom, type Entry } from "./make-tree.ts";
import { readMerge } from "./merge-trees.ts";
import { headOf, nameOf } from "./repository.ts";
import { hasTrailer, stepCommitMessage, trailers } from "./texts/commits.ts";
import { listFiles } from "./tree.ts";
import { rightsOf } from "./workflow-rights.ts";

/** A file of a tree, as far as it counts here. */
type File = { readonly path: string } & Pick<TreeEntry, "mode">;

/**
 * One changeset as one commit on the phase branch, which is made where it is missing.
 * A repeat finds the commit by its trailer. Without changes there is no commit: the head is the answer.
 */
export async function publish(
  api: Api,
  repository: Repository,
  publication: Publication,
): ReturnType<GitHub["publish"]> {
  const { branch, defaultBranch, changesetId, taskId, changes, mergedSha } = publication;
  const there = await findPublished(api, repository, branch, changesetId);
  if (there !== null) return { commitSha: there };
  if (changes.length === 0 && mergedSha === null) {
    const head = (await headOf(api, repository, branch)) ?? (await headOf(api, repository, defaultBranch));
    if (head === null) throw new Error(`publishing ${changesetId} to ${nameOf(repository)}: there is no commit yet`);
    return { commitSha: head };
  }
  const entries = await entriesOf(api, repository, changes);
  try {
    const commitSha = await commitOnBranch(api, repository, {
      branch,
      startBranch: defaultBranch,
      message: stepCommitMessage({ subject: publication.message, taskId, changesetId }),
      allowEmpty: false,
      permissions: rightsOf(changes),
      treeOf: (head) =>
        mergedSha === null
          ? createTree(api, repository, head, entries, changes)
          : mergeTree(api, repository, { head, mergedSha }, entries, changes),
    });
    return { commitSha };
  } catch (error) {
    if (error instanceof Replaces) return { replaced: error.paths };
    if (error instanceof LeavesOut) return { unmerged: error.paths };
    throw error;
  }
}

/** The commit of a changeset; null where the branch has none. */
export async function findPublished(
  api: Api,
  repository: Repository,
  branch: string,
  changesetId: ChangesetId,
): Promise<string | null> {
  return findCommit(api, repository, branch, (message) => hasTrailer(message, trailers.changeset, changesetId));
}

/** Git lets a file take the place of a folder, and with it goes everything below, whatever the rules say of those paths. */
class Replaces extends Error {
  override name = "Replaces";
  readonly paths: readonly string[];

  constructor(paths: readonly string[]) {
    super(`${paths.length} files would vanish without being deleted`);
    this.paths = paths;
  }
}

/** Taking one side of what both changed would undo the other without a word: the changeset must say what becomes of it. */
class LeavesOut extends Error {
  override name = "LeavesOut";
  readonly paths: readonly string[];

  constructor(paths: readonly string[]) {
    super(`${paths.length} files were changed on both sides of the merge`);
    this.paths = paths;
  }
}

async function createTree(
  api: Api,
  repository: Repository,
  head: { readonly commitSha: string; readonly treeSha: string },
  written: readonly Entry[],
  changes: readonly Change[],
): Promise<string> {
  const files = await listFiles(api, repository, head.treeSha);
  const replaced = replacedBy(files, changes);
  if (replaced.length > 0) throw new Replaces(replaced);
  const all = [...deletionsOf(files, written, deletedBy(changes)), ...written];
  return layOn(api, repository, head.treeSha, all, rightsOf(changes));
}

/**
 * The base's tree, with what only the phase's head changed, and the changeset on top. Computed for whatever the head is now:
 * what a person pushed meanwhile is part of it.
 */
async function mergeTree(
  api: Api,
  repository: Repository,
  { head, mergedSha }: { readonly head: Head; readonly mergedSha: string },
  written: readonly Entry[],
  changes: readonly Change[],
): Promise<string | { readonly treeSha: string; readonly mergedSha: string }> {
  const sides = await readMerge(api, repository, { headSha: head.commitSha, baseSha: mergedSha });
  // A person has merged it by hand: what is left to do is the changeset's own.
  if (sides?.mergeBaseSha === mergedSha) return createTree(api, repository, head, written, changes);
  if (sides === null) throw new Error(`merging ${mergedSha} in ${nameOf(repository)}: it has nothing in common`);
  const entries = mergeEntries(sides, written, changes);
  const baseTree = await treeShaOf(api, repository, mergedSha);
  const treeSha = await layOn(api, repository, baseTree, entries, { contents: "write" });
  return { treeSha, mergedSha };
}

/** What makes the merged tree of the base's. */
function mergeEntries(sides: MergeTrees, written: readonly Entry[], changes: readonly Change[]): readonly Entry[] {
  const { baseline, bothChanged } = mergePaths(sides);
  const said = new Set(changes.map(({ path }) => path));
  const unmerged = bothChanged.filter((path) => !said.has(path));
  if (unmerged.length > 0) throw new LeavesOut(unmerged);
  const replaced = replacedBy(filesOf(baseline), changes);
  if (replaced.length > 0) throw new Replaces(replaced);
  const carried = [...baseline].flatMap(([path, { mode, sha }]): readonly Entry[] => {
    const theirs = sides.base.get(path);
    const isTheirs = theirs?.sha === sha && theirs.mode === mode;
    return isTheirs || said.has(path) ? [] : [{ path, mode: modeFrom(mode), sha }];
  });
  const gone = [...sides.base.keys()].filter((path) => !baseline.has(path) && !said.has(path));
  const all = [...carried, ...written];
  return [...deletionsOf(filesOf(sides.base), all, [...gone, ...deletedBy(changes)]), ...all];
}

function filesOf(paths: ReadonlyMap<string, TreeEntry>): readonly File[] {
  return [...paths].map(([path, { mode }]) => ({ path, mode }));
}

/** Files of the tree that a written path pushes aside and that the changeset does not delete by name. */
function replacedBy(files: readonly File[], changes: readonly Change[]): readonly string[] {
  const last = lastOfEachPath(changes);
  const deleted = new Set(deletedBy(changes));
  const written = new Set(last.flatMap((change) => (change.kind === "written" ? [change.path] : [])));
  const foldersOfWritten = new Set([...written].flatMap(foldersAbove));
  return files
    .map(({ path }) => path)
    .filter((path) => !deleted.has(path))
    .filter((path) => foldersOfWritten.has(path) || foldersAbove(path).some((folder) => written.has(folder)));
}

function foldersAbove(path: string): readonly string[] {
  const segments = path.split("/");
  return segments.slice(1).map((_, index) => segments.slice(0, index + 1).join("/"));
}

/** GitHub refuses to delete what is not there, which is so after a person deleted it first. */
function deletionsOf(files: readonly File[], written: readonly Entry[], wanted: readonly string[]): readonly Entry[] {
  const modes = new Map(files.map(({ path, mode }) => [path, mode]));
  const writtenPaths = written.map(({ path }) => path);
  return wanted.flatMap((path): Entry[] => {
    const mode = modes.get(path);
    // A written folder of that name, or a written file in place of its folder, replaces it anyway.
    const replaced = writtenPaths.some((other) => other.startsWith(`${path}/`) || path.startsWith(`${other}/`));
    if (mode === undefined || replaced) return [];
    return [{ path, mode: modeFrom(mode), sha: null }];
  });
}

function deletedBy(changes: readonly Change[]): readonly string[] {
  return lastOfEachPath(changes).flatMap((change) => (change.kind === "deleted" ? [change.path] : []));
}
