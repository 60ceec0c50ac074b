/** A product that lives in a folder of its repository, seen as if it were the repository. */
import type { Phase } from "./playbook.ts";
import type { Tree } from "./report.ts";

/** The files below a folder, by their paths in it; the tree itself where the folder is the root. */
export function treeIn(tree: Tree, root: string): Tree {
  if (root === "") return tree;
  const folder = `${root}/`;
  return {
    paths: tree.paths.filter((path) => path.startsWith(folder)).map((path) => path.slice(folder.length)),
    read: (path) => tree.read(`${folder}${path}`),
    ...(tree.contentId === undefined
      ? {}
      : { contentId: (path: string) => tree.contentId?.(`${folder}${path}`) ?? null }),
  };
}

/** The phase by paths in its folder; what it writes at the repository's root is left out. */
export function phaseIn(phase: Phase): Phase {
  if (phase.root === "") return phase;
  const folder = `${phase.root}/`;
  const inside = (paths: readonly string[]): readonly string[] =>
    paths.filter((path) => path.startsWith(folder)).map((path) => path.slice(folder.length));
  return {
    ...phase,
    root: "",
    allowedPaths: inside(phase.allowedPaths),
    steps: phase.steps.map((step) => ({
      ...step,
      outputs: inside(step.outputs),
      allowedPaths: inside(step.allowedPaths),
    })),
  };
}

/** A path in the folder, as the repository has it. */
export function pathFrom(root: string, path: string): string {
  return root === "" ? path : `${root}/${path}`;
}
