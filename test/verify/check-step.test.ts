import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Step } from "../../src/core/playbook.ts";
import { checkStep } from "../../src/verify/check-step.ts";
import { codeStep, goodIdea, ideaStep, memoryTree, phaseOf } from "./memory-tree.ts";

async function check(
  files: Readonly<Record<string, string | null>>,
  step: Step = ideaStep,
): Promise<readonly string[]> {
  const findings = await checkStep(memoryTree(files), phaseOf([step]), step);
  return findings.map(({ check, path, line, message }) => `${check} ${path ?? "-"}:${line ?? "-"} ${message}`);
}

describe("checkStep", () => {
  test("finds nothing in a good document", async () => {
    expect(await check({ "docs/idea.md": goodIdea })).toEqual([]);
  });

  test("says only that a document is missing when it is", async () => {
    expect(await check({})).toEqual(['outputs-exist docs/idea.md:- the file is missing: write "docs/idea.md".']);
  });

  test("names the file that differs in case only", async () => {
    expect(await check({ "docs/Idea.md": goodIdea })).toEqual([expect.stringContaining('rename "docs/Idea.md"')]);
  });

  test.each([
    ["empty", " \n", "the file is empty"],
    ["not text", null, "not readable text"],
  ])("refuses a document that is %s", async (_, text, message) => {
    expect(await check({ "docs/idea.md": text })).toEqual([expect.stringContaining(message)]);
  });

  test("counts code points, without front matter and surrounding white space", async () => {
    const body = "# Problem\n😀😀😀\n# Target users\n한국어";
    const length = 9 + 1 + 3 + 1 + 14 + 1 + 3;
    const text = `---\nkey: ${"x".repeat(500)}\n---\n\n\n${body}${" \n".repeat(500)}`;
    expect(await check({ "docs/idea.md": text }, { ...ideaStep, minCharacters: length })).toEqual([]);
    expect(await check({ "docs/idea.md": text }, { ...ideaStep, minCharacters: length + 1 })).toEqual([
      `long-enough docs/idea.md:- the document has ${length} characters: it needs at least ${length + 1}.`,
    ]);
  });

  test("names each section that is missing or empty with the heading to write", async () => {
    const text = `${goodIdea.replace("## 1. Problem", "## Trouble")}\n## Scope\n`;
    const step = { ...ideaStep, sections: ["Problem", "Target users", "Scope"] };
    expect(await check({ "docs/idea.md": text }, step)).toEqual([
      'sections-present docs/idea.md:- the section "Problem" is missing: add the heading "## Problem" with its text.',
      'sections-present docs/idea.md:- the section "Scope" is empty: write its text below the heading.',
    ]);
  });

  test("tells that an open code fence swallows the sections", async () => {
    const text = goodIdea.replace("# Idea", "# Idea\n\n```text\nsketch");
    expect(await check({ "docs/idea.md": text })).toEqual([
      expect.stringContaining("opened on line 6 is never closed"),
      expect.stringContaining("opened on line 6 is never closed"),
    ]);
  });

  test("names the line of a placeholder, and stops the list of a skeleton", async () => {
    const one = await check({ "docs/idea.md": `${goodIdea}\n- TBD\n` });
    expect(one).toEqual([expect.stringMatching(/^no-placeholder docs\/idea\.md:14 "TBD"/u)]);
    const many = await check({ "docs/idea.md": `${goodIdea}\n${"- TBD\n".repeat(30)}` });
    expect(many).toHaveLength(6);
    expect(many.at(-1)).toContain("25 more placeholders");
  });

  test("wants a file with content for each glob", async () => {
    expect(await check({ "src/a/b.py": "print(1)", ".gitignore": ".env" }, codeStep)).toEqual([]);
    expect(await check({ "src/image.ts": null, ".gitignore": ".env" }, codeStep)).toEqual([]);
    const missing = await check({ "src/b.py": "\n", "src/node_modules/x.ts": "x", ".gitignore": " " }, codeStep);
    expect(missing).toEqual([
      expect.stringContaining('no file with content matches "src/**/*.{ts,py}"'),
      expect.stringContaining("outputs-exist .gitignore:- the file is empty"),
    ]);
  });

  test("caps the list, and tells in its last line how many more there are", async () => {
    const sections = Array.from({ length: 80 }, (_, index) => `Part ${index}`);
    const findings = await check({ "docs/idea.md": goodIdea }, { ...ideaStep, sections });
    expect(findings).toHaveLength(50);
    expect(findings.at(-1)).toContain("31 more findings");
  });

  test("answers for any text", async () => {
    const token = fc.constantFrom(
      "# ",
      "## Problem\n",
      "```",
      "~~~\n",
      "\n",
      "---\n",
      "TODO: ",
      "<!--",
      "`",
      "|",
      "\r",
      "x",
      "[your ",
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(token, fc.string({ unit: "binary" })), { maxLength: 60 }), async (parts) => {
        await check({ "docs/idea.md": parts.join("") });
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    ["headings", "# a\n## b\n"],
    ["open comments", "<!--"],
    ["backticks", "` `` "],
    ["open brackets", "[your "],
    ["quotes", "> "],
    ["fences", "~~~"],
    ["stars", "*_"],
    ["blank lines", "\n"],
  ])("reads a mebibyte of %s in a moment", async (_, part) => {
    const line = part.repeat(Math.floor(1_900 / part.length));
    const text = `${line}\n`.repeat(Math.floor(1_048_576 / line.length));
    // Anything worse than linear runs into the time limit of the test.
    expect(await check({ "docs/idea.md": text })).not.toEqual([]);
  });
});
