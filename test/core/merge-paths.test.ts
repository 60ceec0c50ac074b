/** A merge by whole files, the same for the runner's work tree and the app's commit. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mergePaths, unmergeablePaths, type TreePaths } from "../../src/core/merge-paths.ts";

/** Paths with what they hold; `@` stands before the target of a link, `#` before the commit of a submodule. */
function paths(files: Readonly<Record<string, string>>): TreePaths {
  return new Map(Object.entries(files).map(([path, sha]) => [path, { mode: modeOf(sha), sha }]));
}

function modeOf(sha: string): string {
  return sha.startsWith("@") ? "120000" : sha.startsWith("#") ? "160000" : "100644";
}

describe("a merge by paths", () => {
  test("takes what one side changed, added or deleted from that side", () => {
    const { baseline, bothChanged } = mergePaths({
      mergeBase: paths({ same: "1", ours: "1", theirs: "1", oursGone: "1", theirsGone: "1" }),
      head: paths({ same: "1", ours: "2", theirs: "1", theirsGone: "1", oursNew: "1" }),
      base: paths({ same: "1", ours: "1", theirs: "2", oursGone: "1", theirsNew: "1" }),
    });
    expect(Object.fromEntries([...baseline].map(([path, { sha }]) => [path, sha]))).toEqual({
      same: "1",
      ours: "2",
      theirs: "2",
      oursNew: "1",
      theirsNew: "1",
    });
    expect(bothChanged).toEqual([]);
  });

  test("names what both changed, and has it as the base has it", () => {
    const { baseline, bothChanged } = mergePaths({
      mergeBase: paths({ edited: "1", oursGone: "1", theirsGone: "1" }),
      head: paths({ edited: "2", theirsGone: "2", added: "2" }),
      base: paths({ edited: "3", oursGone: "3", added: "3" }),
    });
    expect(bothChanged).toEqual(["added", "edited", "oursGone", "theirsGone"]);
    expect(baseline).toEqual(paths({ edited: "3", oursGone: "3", added: "3" }));
  });

  test("finds nothing to merge where both changed it to the same", () => {
    const changed = paths({ edited: "2", added: "2" });
    const { baseline, bothChanged } = mergePaths({
      mergeBase: paths({ edited: "1", gone: "1" }),
      head: changed,
      base: changed,
    });
    expect({ baseline, bothChanged }).toEqual({ baseline: changed, bothChanged: [] });
  });

  test("minds the mode as well as the content", () => {
    const { baseline } = mergePaths({
      mergeBase: paths({ run: "1" }),
      head: new Map([["run", { mode: "100755", sha: "1" }]]),
      base: paths({ run: "1" }),
    });
    expect(baseline.get("run")).toEqual({ mode: "100755", sha: "1" });
  });

  const names = ["a", "b", "b/c", "d/e", "f"];
  const tree = fc.dictionary(fc.constantFrom(...names), fc.constantFrom("1", "2", "3")).map(paths);

  test("is the same whichever side is merged into which, where they changed different files", () => {
    fc.assert(
      fc.property(tree, tree, tree, (mergeBase, head, base) => {
        const there = mergePaths({ mergeBase, head, base });
        const back = mergePaths({ mergeBase, head: base, base: head });
        expect(back.bothChanged).toEqual(there.bothChanged);
        const rest = ({ baseline }: typeof there) =>
          new Map([...baseline].filter(([path]) => !there.bothChanged.includes(path)));
        expect(rest(back)).toEqual(rest(there));
      }),
    );
  });

  test("of what is merged already changes nothing", () => {
    fc.assert(
      fc.property(tree, tree, (mergeBase, head) => {
        expect(mergePaths({ mergeBase, head, base: mergeBase })).toEqual({ baseline: head, bothChanged: [] });
        expect(mergePaths({ mergeBase, head: mergeBase, base: head })).toEqual({ baseline: head, bothChanged: [] });
      }),
    );
  });
});

describe("no merge of texts", () => {
  test("brings a link or a submodule together that both sides changed", () => {
    const sides = {
      mergeBase: paths({ link: "@a", module: "#1", text: "1", ours: "@a" }),
      head: paths({ link: "@b", module: "#2", text: "2", ours: "@b" }),
      base: paths({ link: "@c", module: "#3", text: "3", ours: "@a" }),
    };
    expect(unmergeablePaths(sides)).toEqual(["link", "module"]);
  });

  test("brings a file together with the folder that the other side made in its place", () => {
    const sides = {
      mergeBase: paths({ notes: "1" }),
      head: paths({ notes: "1", "docs/idea.md": "1" }),
      base: paths({ notes: "1", docs: "1" }),
    };
    expect(unmergeablePaths(sides)).toEqual(["docs"]);
    expect(unmergeablePaths({ ...sides, base: paths({ notes: "2" }) })).toEqual([]);
  });
});
