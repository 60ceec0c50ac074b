/** The checks on text that nobody wrote for people: they answer, and in time linear in it. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Tree } from "../../src/core/report.ts";
import { verifyPhase } from "../../src/verify/verify-phase.ts";
import { criteriaOf, ideaStep, memoryTree, phaseOf } from "./memory-tree.ts";

const phase = phaseOf([{ ...ideaStep, outputs: ["docs/idea.md"] }], {
  criteria: criteriaOf(
    "outputs-exist",
    "long-enough",
    "sections-present",
    "no-placeholder",
    "links-resolve",
    "ids-known",
    "ids-cited",
    "plan-tables",
    "code-exists",
    "tests-exist",
    "env-ignored",
    "plan-shape",
    "spec-valid",
    "workflow-valid",
  ),
});

/** Credentials are left out: their rules are not ours, and have a test of their own. */
const look = (tree: Tree) => verifyPhase(tree, phase, { changedPaths: [] });

const tokens = [
  ["# ", "## Problem\n", "```", "~~~\n", "\n", "---\n", "===\n", "<!--", "-->", "`", "|", "\r", "    ", "- ", "> "],
  ["[", "](", ")", "[a]: b.md", "![", "](../..", "/", "#", "%", "%ZZ", "\\", "<", ">", '"', "'", "?", "..", "a.md"],
  ["REQ-001", "DEC-002", "SCR-003", " to ", "–", "-", "001", "**", "<a id=", "<h1>", "</h1>", "가", "😀", "\u0000"],
];
const token = fc.constantFrom(...tokens.flat());
const text = fc.array(fc.oneof(token, fc.string({ unit: "binary" })), { maxLength: 60 }).map((parts) => parts.join(""));

describe("all checks", () => {
  test("answer for any documents and any manifest", async () => {
    await fc.assert(
      fc.asyncProperty(text, text, text, async (idea, other, manifest) => {
        const files = {
          "docs/idea.md": idea,
          "docs/planning/a.md": other,
          "package.json": manifest,
          ".gitignore": other,
          "a.js": idea,
          ".phasegate/specs/active/spec-2026-02-18-001.yaml": manifest,
          ".github/phasegate/workflows/a.yml": other,
        };
        const { findings, notes } = await look(memoryTree(files));
        expect([...findings, ...notes].filter(({ line }) => line !== null && line < 1)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  test("answer for any object as a manifest", async () => {
    const value = fc.jsonValue({ maxDepth: 3 });
    const manifest = fc.oneof(
      value,
      fc.record({ main: value, bin: value, scripts: fc.dictionary(fc.string(), value) }),
    );
    await fc.assert(
      fc.asyncProperty(manifest, async (object) => {
        await look(memoryTree({ "package.json": JSON.stringify(object), "docs/idea.md": "" }));
      }),
      { numRuns: 200 },
    );
  });

  test.each([
    ["open links", "[]("],
    ["links in links", "[](a(b)"],
    ["nested brackets", "[[[](a)"],
    ["closed brackets", "](a(b)](b)"],
    ["links", "[a](b.md#c) "],
    ["titles", "[a](b \"c' (d "],
    ["definitions", '[a]: b "c" "d" '],
    ["escapes", "\\]\\("],
    ["percent signs", "[a](%E0%A4%A) "],
    ["parents", "[a](../../../) "],
    ["ids", "REQ-001 "],
    ["ranges", "REQ-001–999, "],
    ["rows of ids", "| REQ-001 "],
    ["open tags", "<a id "],
    ["headings in HTML", "<h1>a"],
    ["quoted headings", "> > - # a   "],
    ["emphasis", "_ _a_ __"],
    ["open comments", "<!-- a "],
    ["closed comments", "<!-- --> "],
    ["backticks", "` `` "],
    ["blanks", " "],
    ["underscores", "_"],
  ])("read a quarter of a mebibyte of %s in a moment, as a line of prose, heading, item or row", async (_, part) => {
    const unit = part.repeat(Math.floor(1_900 / part.length));
    const lines = [unit, `# ${unit}`, `- ${unit}`, `| ${unit} |`].join("\n");
    const long = `${lines}\n`.repeat(Math.floor(262_144 / lines.length));
    // Anything worse than linear runs into the time limit of the test.
    await look(memoryTree({ "docs/idea.md": long, "docs/planning/a.md": "# A" }));
  });

  test("read thousands of short lines in a moment", async () => {
    for (const line of [
      "# a\n",
      "- REQ-001 a\n",
      "[a](b)\n",
      "[a]: b.md\n",
      "<!--\n",
      "a\n===\n",
      "```\n",
      "    a\n\n",
    ]) {
      await look(memoryTree({ "docs/idea.md": line.repeat(Math.floor(32_768 / line.length)) }));
    }
  });

  test("look through a hundred thousand paths in a moment", async () => {
    const paths = Array.from({ length: 100_000 }, (_, index) => `a/${index % 100}/${index}/b/c.bin`);
    const tree: Tree = { paths: [...paths, "docs/idea.md"], read: async () => "[a](a/1/b/C.bin)\n".repeat(2_000) };
    expect((await look(tree)).passed).toBe(false);
  });
});

test("a phase costs no more files than its checks say", async () => {
  let read = 0;
  const count = (folder: string, ending: string, length: number): readonly string[] =>
    Array.from({ length }, (_, index) => `${folder}/${String(index).padStart(4, "0")}${ending}`);
  const paths = [...count("docs/planning", ".md", 1_000), ...count("src", ".ts", 5_000), "package.json"].sort();
  await look({
    paths,
    read: async () => {
      read += 1;
      return "- REQ-001 a";
    },
  });
  // Three checks of 200 documents each, of which the app reads each once; 201 of code; a manifest; the ignore file.
  expect(read).toBeLessThan(3 * 200 + 200 + 10);
});
