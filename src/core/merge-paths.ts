/** A merge by whole files, as the runner makes it in its work tree and the app in the commit: both must agree on it. */

/** A file, link or submodule of a git tree. */
export interface TreeEntry {
  /** e.g. `100644`. */
  readonly mode: string;
  readonly sha: string;
}

export type TreePaths = ReadonlyMap<string, TreeEntry>;

export interface MergeSides {
  /** Where the two parted. */
  readonly mergeBase: TreePaths;
  /** The phase's own. */
  readonly head: TreePaths;
  /** What it is to be merged into. */
  readonly base: TreePaths;
}

export interface MergedPaths {
  /** What one side changed is as it has it. What both changed is as the base has it, and gone where the base deleted it. */
  readonly baseline: TreePaths;
  /** Sorted. What was changed to the very same on both sides is none of them. */
  readonly bothChanged: readonly string[];
}

export function mergePaths({ mergeBase, head, base }: MergeSides): MergedPaths {
  const baseline = new Map(base);
  const bothChanged: string[] = [];
  for (const path of new Set([...mergeBase.keys(), ...head.keys(), ...base.keys()])) {
    const [before, ours, theirs] = [mergeBase.get(path), head.get(path), base.get(path)];
    if (isSame(before, ours) || isSame(ours, theirs)) continue;
    if (!isSame(before, theirs)) bothChanged.push(path);
    else if (ours === undefined) baseline.delete(path);
    else baseline.set(path, ours);
  }
  return { baseline, bothChanged: bothChanged.toSorted() };
}

/** Paths that no merge of texts can bring together: a link or a submodule on some side, or a file where the other side has a folder. */
export function unmergeablePaths(sides: MergeSides): readonly string[] {
  const { baseline, bothChanged } = mergePaths(sides);
  const odd = bothChanged.filter((path) =>
    [sides.mergeBase, sides.head, sides.base].some((paths) => {
      const entry = paths.get(path);
      return entry !== undefined && !isRegularFile(entry);
    }),
  );
  return [...new Set([...odd, ...filesAboveFiles(new Set([...baseline.keys(), ...bothChanged]))])].toSorted();
}

export function isRegularFile({ mode }: TreeEntry): boolean {
  return mode === "100644" || mode === "100755";
}

/** Those that stand where others of them have a folder. */
function filesAboveFiles(paths: ReadonlySet<string>): readonly string[] {
  const above = new Set<string>();
  for (const path of paths) {
    for (let slash = path.indexOf("/"); slash !== -1; slash = path.indexOf("/", slash + 1)) {
      const folder = path.slice(0, slash);
      if (paths.has(folder)) above.add(folder);
    }
  }
  return [...above];
}

function isSame(one: TreeEntry | undefined, other: TreeEntry | undefined): boolean {
  return one?.sha === other?.sha && one?.mode === other?.mode;
}
