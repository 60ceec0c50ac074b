import type { TreePaths } from "../core/merge-paths.ts";
import type { Git } from "./git.ts";

/** Every file, link and submodule of a tree or commit, by its path. */
export async function listTree(git: Git, doing: string, treeish: string): Promise<TreePaths> {
  const listed = await git.run(doing, ["ls-tree", "-r", "-z", "--full-tree", treeish]);
  return new Map(
    listed
      .toString("utf8")
      .split("\0")
      .flatMap((entry) => {
        const [, mode, sha, path] = /^(\d+) \w+ ([0-9a-f]+)\t([^]*)$/u.exec(entry) ?? [];
        return mode === undefined || sha === undefined || path === undefined ? [] : [[path, { mode, sha }] as const];
      }),
  );
}
