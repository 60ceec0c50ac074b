/** Puts back what may not be published. */

import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isSafePath } from "./changes.ts";
import { listTree } from "./list-tree.ts";
import { isBelowFolders } from "./look-at.ts";
import type { Workspace } from "./workspace.ts";

/**
 * Puts these paths back to what was handed over last, in the work tree and in the index.
 * `restored` are absolute paths of files and their folders that were written for it, and belong to the runner now.
 */
export async function withhold(
  workspace: Workspace,
  paths: readonly string[],
): Promise<{ readonly takenBack: readonly string[]; readonly restored: readonly string[] }> {
  const { git, workTree, baselineTree } = workspace;
  const unique = [...new Set(paths)].filter(isSafePath);
  if (unique.length === 0) return { takenBack: [], restored: [] };
  const doing = "putting back what may not change";
  const before = await listTree(git, doing, baselineTree);
  // A submodule has no file that could be put back.
  const isFile = (path: string) => (before.get(path)?.mode ?? "160000") !== "160000";
  for (const path of unique) {
    // Behind a link lies something else than the path says, perhaps outside the tree.
    if (await isBelowFolders(workTree, path)) await rm(join(workTree, path), { recursive: true, force: true });
  }
  const removals = unique.map((path) => `0 ${"0".repeat(40)}\t${path}\0`).join("");
  await git.run(doing, ["update-index", "-z", "--index-info"], { input: removals });
  const restored = unique.filter(isFile);
  if (restored.length > 0) {
    const entries = restored.map((path) => `${before.get(path)?.mode} ${before.get(path)?.sha}\t${path}\0`).join("");
    await git.run(doing, ["update-index", "--replace", "-z", "--index-info"], { input: entries });
    const input = restored.map((path) => `${path}\0`).join("");
    await git.run(doing, ["checkout-index", "--force", "--quiet", "-z", "--stdin"], { input });
  }
  return {
    takenBack: unique,
    restored: [...new Set(restored.flatMap(withFolders))].map((path) => join(workTree, path)),
  };
}

function withFolders(path: string): readonly string[] {
  const folder = dirname(path);
  return folder === "." ? [path] : [path, ...withFolders(folder)];
}
