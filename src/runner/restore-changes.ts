/** Puts what an interrupted step had changed back into a fresh work tree. Whatever people changed meanwhile goes first. */

import type { Stats } from "node:fs";
import { lstat, mkdir, rm, rmdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Checkpoint } from "../protocol/checkpoint.ts";
import { isSafePath } from "./changes.ts";
import { listTree } from "./list-tree.ts";
import type { Workspace } from "./workspace.ts";

type KeptChange = Checkpoint["resumeContext"]["changes"][number];

/**
 * Answers the paths that were left out. The work tree must not have been the agent's yet, but what lies in it is the
 * repository's: its links are not followed.
 */
export async function restoreChanges(workspace: Workspace, changes: readonly KeptChange[]): Promise<readonly string[]> {
  const present = await listTree(workspace.git, "looking at what stands there now", workspace.baselineTree);
  const leftOut: string[] = [];
  // What is gone comes first: a file may have taken the place of its folder.
  const inOrder = [...changes].sort(
    (a, b) => Number(a.change.kind === "written") - Number(b.change.kind === "written"),
  );
  for (const { change, baseOid } of inOrder) {
    const { path } = change;
    const isAsItWas = (present.get(path)?.sha ?? null) === baseOid;
    const isTaken = isSafePath(path) && isAsItWas && (await put(workspace.workTree, change));
    if (!isTaken) leftOut.push(path);
  }
  return leftOut;
}

/** False where something stands in the way, and for links: where one would lead is the agent's word alone. */
export async function put(workTree: string, change: KeptChange["change"]): Promise<boolean> {
  const target = join(workTree, change.path);
  if (change.kind === "written" && change.mode === "120000") return false;
  const folders = foldersOf(change.path).map((folder) => join(workTree, folder));
  for (const folder of folders) {
    const stats = await lstatOrNull(folder);
    if (stats === null && change.kind === "deleted") return true;
    if (stats === null) await mkdir(folder);
    else if (!stats.isDirectory()) return false;
  }
  if ((await lstatOrNull(target))?.isDirectory() === true && !(await isRemoved(target))) return false;
  await rm(target, { force: true });
  if (change.kind === "deleted") return true;
  const mode = change.mode === "100755" ? 0o755 : 0o644;
  await writeFile(target, Buffer.from(change.contentBase64, "base64"), { flag: "wx", mode });
  return true;
}

/** Only an empty one. */
async function isRemoved(folder: string): Promise<boolean> {
  return await rmdir(folder).then(
    () => true,
    () => false,
  );
}

/** Outermost first. */
function foldersOf(path: string): readonly string[] {
  const folder = dirname(path);
  return folder === "." ? [] : [...foldersOf(folder), folder];
}

async function lstatOrNull(path: string): Promise<Stats | null> {
  return await lstat(path).catch((error: unknown) => {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR")) return null;
    throw error;
  });
}
