import type { GitHub, MergeTrees, Publication } from "../control/ports.ts";
import type { Change } from "../core/change.ts";
import type { Repository } from "../core/events.ts";
import { mergePaths, type TreeEntry } from "../core/merge-paths.ts";
import type { Api } from "./api.ts";
import { commitOnBranch, findCommit, treeShaOf, type Head } from "./branch-commits.ts";
import { readMerge } from "./merge-trees.ts";
import { headOf, nameOf, pathOf } from "./repository.ts";
import { hasTrailer, stepCommitMessage, trailers } from "./texts/commits.ts";
import type { TokenPermissions } from "./tokens.ts";
import { isText, listFiles } from "./tree.ts";
import { rightsOf } from "./workflow-rights.ts";

/** GitHub gives up on trees with some hundred inline files or some megabytes. */
const entriesPerTreeMax = 100;
const inlineBytesPerTreeMax = 1_000_000;
const inlineBytesPerFileMax = 200_000;

type Written = Extract<Change, { kind: "written" }>;
type Mode = Written["mode"] | "160000";
type Entry = { path: string; mode: Mode } & ({ content: string } | { sha: string | null });

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
  const there = await findCommit(api, repository, branch, (message) =>
    hasTrailer(message, trailers.changeset, changesetId),
  );
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

/** What is written, small texts inline and the rest as blobs. Blobs are named by their content, so a repeat is harmless. */
async function entriesOf(api: Api, repository: Repository, changes: readonly Change[]): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  for (const change of lastOfEachPath(changes)) {
    if (change.kind === "deleted") continue;
    const { path, mode, content } = change;
    if (content.byteLength <= inlineBytesPerFileMax && isText(content)) {
      entries.push({ path, mode, content: Buffer.from(content).toString("utf8") });
    } else {
      entries.push({ path, mode, sha: await createBlob(api, repository, change) });
    }
  }
  return entries;
}

async function createBlob(api: Api, repository: Repository, { path, content }: Written): Promise<string> {
  const { data } = await api.write({
    repository,
    permissions: { contents: "write" },
    doing: `storing ${path} in ${nameOf(repository)}`,
    send: (octokit) =>
      octokit.rest.git.createBlob({
        ...pathOf(repository),
        content: Buffer.from(content).toString("base64"),
        encoding: "base64",
      }),
  });
  return data.sha;
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

/** Deletions come first: a folder may have to go before a file takes its name. */
async function layOn(
  api: Api,
  repository: Repository,
  baseTree: string,
  entries: readonly Entry[],
  permissions: TokenPermissions,
): Promise<string> {
  let treeSha = baseTree;
  for (const chunk of chunksOf(entries)) {
    const base = treeSha;
    const { data } = await api.write({
      repository,
      permissions,
      doing: `making a tree in ${nameOf(repository)}`,
      send: (octokit) => octokit.rest.git.createTree({ ...pathOf(repository), base_tree: base, tree: [...chunk] }),
    });
    treeSha = data.sha;
  }
  return treeSha;
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

function modeFrom(mode: string): Mode {
  return mode === "100755" || mode === "120000" || mode === "160000" ? mode : "100644";
}

function deletedBy(changes: readonly Change[]): readonly string[] {
  return lastOfEachPath(changes).flatMap((change) => (change.kind === "deleted" ? [change.path] : []));
}

function lastOfEachPath(changes: readonly Change[]): readonly Change[] {
  return [...new Map(changes.map((change) => [change.path, change])).values()];
}

function* chunksOf(entries: readonly Entry[]): Generator<readonly Entry[]> {
  let chunk: Entry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    const size = "content" in entry ? Buffer.byteLength(entry.content) : 0;
    if (chunk.length > 0 && (chunk.length === entriesPerTreeMax || bytes + size > inlineBytesPerTreeMax)) {
      yield chunk;
      chunk = [];
      bytes = 0;
    }
    chunk.push(entry);
    bytes += size;
  }
  if (chunk.length > 0) yield chunk;
}
