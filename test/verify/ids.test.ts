import { describe, expect, test } from "vitest";
import { checkIdsCited } from "../../src/verify/ids-cited.ts";
import { checkIdsKnown } from "../../src/verify/ids-known.ts";
import { idsIn } from "../../src/verify/ids.ts";
import { ideaStep, memoryTree, phaseOf } from "./memory-tree.ts";

const features = `# Features

## Feature list

| Id | Feature |
|---|---|
| REQ-001 | Shorten a URL |
| REQ-002 | Follow a link |

## Feature details

### REQ-001 Shorten a URL

- REQ-001: given a URL, a code is answered.
- REQ-001: given none, the field is marked.

### REQ-002 Follow a link

Opens the target.
`;

const screens = `# Screens

## Screen list

| Id | Screen | Features |
|---|---|---|
| SCR-001 | Start | REQ-001 |

## States

| Screen | State | Shown |
|---|---|---|
| SCR-001 | empty | nothing |
| SCR-001 | full | the list |
`;

const files = { "docs/planning/07_features.md": features, "docs/design/01_screens.md": screens };

async function unknown(added: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const { findings } = await checkIdsKnown(memoryTree({ ...files, ...added }));
  return findings.map(({ path, line, message }) => `${path}:${line} ${message}`);
}

describe("checkIdsKnown", () => {
  test("finds nothing where an id is defined in a table, explained below and traced elsewhere", async () => {
    expect(await unknown({ "docs/testing/01_test_plan.md": "| REQ-001 | a |\n| REQ-001 | b |\n" })).toEqual([]);
  });

  test.each([
    ["a heading", "## DEC-001 One process"],
    ["a numbered heading", "## 2.1 DEC-001: One process"],
    ["an item", "- DEC-001: one process"],
    ["a numbered item in bold", "1. **DEC-001 One process.** It fits."],
    ["a task", "- [x] DEC-001 one process"],
    ["a row", "| DEC-001 | One process |"],
    ["a row with code", "| `DEC-001` | One process |"],
    ["a row with a link", "| [DEC-001](#dec-001) | One process |\n\n## DEC-001"],
    ["a row behind an anchor", '| <a id="dec-001"></a>DEC-001 | One process |'],
    ["a paragraph that begins in bold", "**DEC-001 One process.** It fits."],
    ["a title that begins with a number", "- DEC-001 – 302 and no caching"],
  ])("takes %s for a definition", async (_, text) => {
    expect(await unknown({ "docs/design/05_architecture.md": `# A\n\n${text}\n\nSee DEC-001.\n` })).toEqual([]);
  });

  test.each([
    ["in prose", "As in REQ-009, it opens."],
    ["before a Korean particle", "REQ-009은 범위 밖이다."],
    ["at the end of a range", "REQ-001 to REQ-009 are built."],
    ["in a list of ids", "- REQ-009, REQ-001: both on the start screen"],
    ["as a part of one", "- REQ-009-1: the first part"],
    ["in a row of a document that gives out other ids", "| REQ-009 | SCR-001 |"],
    ["in a link", "[REQ-009](https://example.com)"],
  ])("finds an id that is cited %s and defined nowhere", async (_, text) => {
    expect(await unknown({ "docs/design/03_task_flow.md": `# Flows\n\n${text}\n` })).toEqual([
      expect.stringMatching(/^docs\/design\/03_task_flow\.md:3 "REQ-009" is cited and defined nowhere/u),
    ]);
  });

  test.each([
    ["in code", "`REQ-009`"],
    ["in a block of code", "```text\nREQ-009\n```"],
    ["in a comment", "<!-- REQ-009 -->"],
    ["with four digits", "REQ-0099"],
    ["in a longer word", "PREREQ-009 and REQ-009X and x-REQ-009"],
    ["as a month", "in DEC-2026 and DEC-25"],
    ["as a quantity behind an id", "REQ-001 to 500 people, REQ-001 - 302 redirects"],
    ["as a short range", "REQ-001–002"],
  ])("leaves alone what only looks like an unknown id %s", async (_, text) => {
    expect(await unknown({ "docs/design/03_task_flow.md": `# Flows\n\n${text}\n` })).toEqual([]);
  });

  test("says an unknown id once, however often it is cited", async () => {
    expect(await unknown({ "docs/a.md": "REQ-009\n\nREQ-009", "docs/b.md": "REQ-009" })).toHaveLength(1);
  });

  test.each([
    ["in one table", features.replace("| REQ-002 | Follow", "| REQ-001 | Follow"), 8, 7],
    [
      "in one row of headings",
      features.replace("### REQ-002", "### REQ-001").replace("| REQ-001 | Shorten a URL |\n", ""),
      16,
      11,
    ],
  ])("finds an id that is given twice %s", async (_, text, line, first) => {
    const [found] = await unknown({ "docs/planning/07_features.md": text });
    expect(found).toMatch(
      new RegExp(`07_features\\.md:${line} "REQ-001" is defined twice, first in .* on line ${first}:`, "u"),
    );
  });

  test("finds a decision that two documents give the same id, and not one that a later document repeats", async () => {
    const review = "# Review\n\n## Recommended stack\n\n| Id | Part |\n|---|---|\n| DEC-001 | Node.js |\n";
    const architecture = (text: string): string => `# Architecture\n\n## Decisions\n\n- DEC-001: ${text}\n`;
    const both = (text: string) => ({
      "docs/planning/08_tech_review.md": review,
      "docs/design/05_architecture.md": architecture(text),
    });
    expect(await unknown(both("Node.js, as reviewed."))).toEqual([]);
    expect(await unknown(both("one process. It fits."))).toEqual([
      expect.stringMatching(/05_architecture\.md:5 "DEC-001" is defined twice, first in .*08_tech_review\.md/u),
    ]);
  });
});

describe("checkIdsKnown in code", () => {
  const citing = (words: string, path = "src/links.ts") =>
    checkIdsKnown(memoryTree({ "docs/planning/07_features.md": features, [path]: words }));

  test("finds an id that no document defines, once, with its line", async () => {
    const { findings } = await citing("export {};\n// REQ-001, REQ-009\n// REQ-009 again\n");
    expect(findings).toMatchObject([{ path: "src/links.ts", line: 2, message: expect.stringContaining('"REQ-009"') }]);
  });

  test.each([
    ["what is defined", "// REQ-001 to REQ-002"],
    ["a kind that no document gives out", "// SCR-009"],
    ["a part of another word", "const x = 'REQ-0091 XREQ-009';"],
  ])("leaves %s alone", async (_, words) => {
    expect((await citing(words)).findings).toEqual([]);
  });

  test("opens no code where documents define nothing", async () => {
    const tree = { paths: ["src/links.ts"], read: () => Promise.reject(new Error("it was opened")) };
    expect((await checkIdsKnown(tree)).findings).toEqual([]);
  });
});

describe("checkIdsCited", () => {
  async function uncited(
    added: Readonly<Record<string, string>>,
    phase = phaseOf([ideaStep]),
  ): Promise<readonly string[]> {
    const { findings } = await checkIdsCited(memoryTree({ ...files, ...added }), phase);
    return findings.map(({ path, line, message }) => `${path}:${line} ${message.split(" ")[0]}`);
  }

  test("finds what nobody cites, at its definition", async () => {
    expect(await uncited({})).toEqual([
      'docs/planning/07_features.md:8 "REQ-002"',
      'docs/design/01_screens.md:7 "SCR-001"',
    ]);
  });

  test.each([
    ["a comment", { "src/a.ts": "// REQ-002, SCR-001" }],
    ["the name of a test", { "test/a.test.ts": 'test("REQ-002: opens", f); test("SCR-001", f);' }],
    ["a later document", { "docs/testing/01_test_plan.md": "REQ-002 and SCR-001" }],
    ["a diagram of a later document", { "docs/testing/01_test_plan.md": "```mermaid\nREQ-002 --> SCR-001\n```" }],
    ["the README", { "README.md": "REQ-002, SCR-001" }],
    ["a range", { "src/a.py": "# REQ-001 to REQ-003\n# SCR-001–004" }],
  ])("takes the word of %s", async (_, added) => {
    expect(await uncited(added)).toEqual([]);
  });

  test("does not take the word of an earlier document", async () => {
    expect(await uncited({ "docs/planning/01_idea.md": "REQ-002", "src/a.ts": "// SCR-001" })).toHaveLength(1);
  });

  test("leaves alone what the phase itself defines", async () => {
    const phase = phaseOf([{ ...ideaStep, outputs: ["docs/design/01_screens.md"] }]);
    expect(await uncited({}, phase)).toEqual(['docs/planning/07_features.md:8 "REQ-002"']);
  });

  test("says nothing where there is more code than it opens", async () => {
    const code = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`src/${index}.ts`, "x"]));
    expect(await uncited(code)).toEqual([]);
  });

  test("opens no code where documents cite all", async () => {
    const tree = memoryTree({ ...files, "docs/z.md": "REQ-002 SCR-001", "src/a.ts": "x" });
    expect((await checkIdsCited(tree, phaseOf([ideaStep]))).looked).toBe(3);
  });
});

test("idsIn gives the ends of a range, or all that lie in it", () => {
  expect(idsIn("REQ-001 to REQ-003", "ends")).toEqual(["REQ-001", "REQ-003"]);
  expect(new Set(idsIn("REQ-001~004", "all"))).toEqual(new Set(["REQ-001", "REQ-002", "REQ-003", "REQ-004"]));
  expect(idsIn("REQ-003–001", "all")).toEqual(["REQ-003"]);
});
