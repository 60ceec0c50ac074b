/** The base and the phase in one work tree, by the same rule by which the app makes the commit of both. */

import { chmod, mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isAgentConfiguration } from "../core/agent-configuration.ts";
import { isRegularFile, mergePaths, type MergeSides, type TreeEntry } from "../core/merge-paths.ts";
import type { Git } from "./git.ts";
import { listTree } from "./list-tree.ts";
import { isBelowFolders } from "./look-at.ts";

/** What the first changeset must say something of: paths that both sides changed, each as the baseline has it. */
export type BothChanged = ReadonlyMap<string, TreeEntry | null>;

interface MergedTree {
  /** Git's id of the tree: what one side changed is merged, what both changed is the base's. */
  readonly tree: string;
  readonly bothChanged: BothChanged;
  readonly sides: MergeSides;
}

export interface MergeOrder {
  readonly headSha: string;
  readonly baseSha: string;
  readonly mergeBaseSha: string;
}

/** Changes nothing but git's own directory. */
export async function mergeTrees(git: Git, order: MergeOrder, indexFile: string): Promise<MergedTree> {
  const doing = "merging the base into the phase";
  const sides = {
    mergeBase: await listTree(git, doing, order.mergeBaseSha),
    head: await listTree(git, doing, order.headSha),
    base: await listTree(git, doing, order.baseSha),
  };
  const { baseline, bothChanged: all } = mergePaths(sides);
  // Which of them counts is the base's to say: people merge that by hand.
  const bothChanged = all.filter((path) => !isAgentConfiguration(path));
  await git.run(doing, ["read-tree", "--empty"], { indexFile });
  const entries = [...baseline].map(([path, { mode, sha }]) => `${mode} ${sha}\t${path}\0`).join("");
  await git.run(doing, ["update-index", "-z", "--index-info"], { input: entries, indexFile });
  const tree = (await git.run(doing, ["write-tree"], { indexFile })).toString("utf8").trim();
  return { tree, sides, bothChanged: new Map(bothChanged.map((path) => [path, baseline.get(path) ?? null])) };
}

/**
 * Writes what both sides changed into a work tree that is at the merged tree: merged line by line, with marks where lines
 * collide. What is no text, or gone on one side, stands there as the side has it that has it; the phase's goes first.
 */
export async function layBothChanged(
  git: Git,
  place: { readonly gitDir: string; readonly workTree: string },
  { bothChanged, sides }: MergedTree,
): Promise<void> {
  for (const path of bothChanged.keys()) {
    const { head: ours, base: theirs, mergeBase: before } = entriesOf(sides, path);
    if (ours === undefined || !isRegularFile(ours) || (theirs !== undefined && !isRegularFile(theirs))) continue;
    const content = await mergedFile(git, place.gitDir, { ours, theirs, before });
    const mode = theirs !== undefined && ours.mode === before?.mode ? theirs.mode : ours.mode;
    await put(place.workTree, path, content, mode === "100755" ? 0o755 : 0o644);
  }
}

function entriesOf({ head, base, mergeBase }: MergeSides, path: string) {
  return { head: head.get(path), base: base.get(path), mergeBase: mergeBase.get(path) };
}

async function mergedFile(
  git: Git,
  gitDir: string,
  {
    ours,
    theirs,
    before,
  }: { readonly ours: TreeEntry; readonly theirs: TreeEntry | undefined; readonly before: TreeEntry | undefined },
): Promise<Uint8Array> {
  const own = await blobOf(git, ours);
  if (theirs === undefined) return own;
  const texts = [own, before === undefined ? Buffer.alloc(0) : await blobOf(git, before), await blobOf(git, theirs)];
  if (!texts.every(isText)) return own;
  const folder = join(gitDir, "merge");
  await mkdir(folder, { recursive: true });
  const files = ["phase", "before", "base"].map((name) => join(folder, name));
  for (const [at, file] of files.entries()) await writeFile(file, texts[at] ?? "");
  const labels = ["-L", "phase", "-L", "before", "-L", "base"];
  // It ends with the number of places where lines collide.
  return git.run("merging a file of both sides", ["merge-file", "-p", ...labels, ...files], { exitCodeMax: 127 });
}

async function blobOf(git: Git, { sha }: TreeEntry): Promise<Buffer> {
  return git.run("reading what is to be merged", ["cat-file", "blob", sha]);
}

/** As git tells: a null byte near the beginning makes it none. */
function isText(bytes: Uint8Array): boolean {
  return !bytes.subarray(0, 8_000).includes(0);
}

/** Nothing of the tree is followed: its links lead where the repository wants. */
async function put(workTree: string, path: string, content: Uint8Array, mode: number): Promise<void> {
  await makeFolders(workTree, path);
  if (!(await isBelowFolders(workTree, path))) throw new Error(`merging ${path}: something stands in the way`);
  const target = join(workTree, path);
  await rm(target, { force: true });
  await writeFile(target, content, { flag: "wx", mode });
  // The umask of the job may have taken some of it away.
  await chmod(target, mode);
}

/** One by one: what makes several at once would go through a link. */
async function makeFolders(workTree: string, path: string): Promise<void> {
  const folder = dirname(path);
  if (folder === ".") return;
  await makeFolders(workTree, folder);
  if (!(await isBelowFolders(workTree, folder))) return;
  await mkdir(join(workTree, folder)).catch((error: unknown) => {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  });
}
