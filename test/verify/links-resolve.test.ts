import { describe, expect, test } from "vitest";
import { checkLinksResolve } from "../../src/verify/links-resolve.ts";
import { memoryTree } from "./memory-tree.ts";

const plan = `# Plan

## Getting started

## 문제 정의

## What's \`new\`? (v1.2)

## Steps

## Steps

Older form
----------

> ### Said elsewhere

<h3>Raw <b>title</b></h3>
<a id="By-Hand"></a>
`;

const others = {
  "docs/planning/plan.md": plan,
  "docs/img/a (1).png": null,
  "src/main.ts": "x",
  "README.md": "# Read me",
};

async function broken(text: string, files: Readonly<Record<string, string | null>> = {}): Promise<readonly string[]> {
  const { findings } = await checkLinksResolve(memoryTree({ ...others, ...files, "docs/design/a.md": text }));
  return findings.map(({ path, line, message }) => `${path}:${line} ${message}`);
}

describe("checkLinksResolve", () => {
  test.each([
    "[plan](../planning/plan.md)",
    "[plan](../planning/plan.md#getting-started)",
    "[plan](/docs/planning/plan.md)",
    "[plan](<../planning/plan.md> 'with a title')",
    '[plan](../planning/plan.md "with a title")',
    "[ko](../planning/plan.md#문제-정의)",
    "[ko](../planning/plan.md#%EB%AC%B8%EC%A0%9C-%EC%A0%95%EC%9D%98)",
    "[new](../planning/plan.md#whats-new-v12)",
    "[second](../planning/plan.md#steps-1)",
    "[old](../planning/plan.md#older-form)",
    "[quoted](../planning/plan.md#said-elsewhere)",
    "[raw](../planning/plan.md#raw-title)",
    "[hand](../planning/plan.md#by-hand)",
    "[top](../planning/plan.md#top)",
    "[here](#links)",
    "[folder](../planning/) and [root](../..)",
    "[code](../../src/main.ts#L1)",
    "[readme](../../README.md#read-me)",
    "![picture](../img/a%20%281%29.png)",
    "![picture](<../img/a (1).png>)",
    "![picture](../img/a\\ (1).png) is no link at all",
    "[site](https://example.com/nowhere.md) and [mail](mailto:ada@example.com) and [other](//example.com/x.md)",
    "[issue](../../../../issues/5)",
    "[start](/) and [stats](/stats/:code) are addresses of the product",
    "`[code](nowhere.md)`",
    "``[code](nowhere.md) ` ``",
    "```md\n[code](nowhere.md)\n```",
    "text\n\n    [indented](nowhere.md)\n",
    "<!-- [hidden](nowhere.md) -->",
    "<!--\n[hidden](nowhere.md)\n-->",
    "\\[no](nowhere.md) link",
    "foo](nowhere.md)",
    "[x] (nowhere.md)",
    "[^1]: ./nowhere.md is a footnote",
    "[remark]: careful",
    "[text][undefined] is shown as it is",
    "[]()",
    "[empty](#)",
  ])("leaves %j alone", async (text) => {
    expect(await broken(`# Links\n\n${text}\n`)).toEqual([]);
  });

  test.each([
    ["[plan](plan.md)", '"docs/design/plan.md" does not exist'],
    ["[plan](../planning/Plan.md)", 'write "docs/planning/plan.md", since upper and lower case differ'],
    ["[plan](../planning/plan.md#nowhere)", 'has none whose anchor is "#nowhere"'],
    ["[plan](../planning/plan.md#steps-2)", 'anchor is "#steps-2"'],
    ["[here](#nowhere)", 'anchor is "#nowhere"'],
    ["[readme](../../README.md#nowhere)", 'anchor is "#nowhere"'],
    ["![picture](../img/b.png)", '"docs/img/b.png" does not exist'],
    ["![picture](/docs/img/b.png)", '"docs/img/b.png" does not exist'],
    ["[plan](../planning/planning.md?raw=true)", "does not exist"],
    ["- item\n\n    [still in the item](nowhere.md)", "does not exist"],
    ["[![badge](https://example.com/b.svg)](nowhere.md)", "does not exist"],
    ["[over\nlines](nowhere.md)", "does not exist"],
    ["[text][plan]\n\n[plan]: nowhere.md 'title'", "does not exist"],
    ["| cell | [in a table](nowhere.md) |", "does not exist"],
    ["`code` and [link](nowhere.md) and `code`", "does not exist"],
    ["[[1]](nowhere.md)", "does not exist"],
  ])("finds that %j leads nowhere", async (text, message) => {
    expect(await broken(`# Links\n\n${text}\n`)).toEqual([expect.stringContaining(message)]);
  });

  test("names the line of the link", async () => {
    expect(await broken("---\na: b\n---\n# Links\n\nFirst.\n[link](nowhere.md)\n")).toEqual([
      expect.stringMatching(/^docs\/design\/a\.md:7 /u),
    ]);
  });

  test("tells of ten broken links of a document, and goes on with the next", async () => {
    const findings = await broken("[link](nowhere.md)\n".repeat(30), { "docs/z.md": "[link](nowhere.md)" });
    expect(findings).toHaveLength(11);
  });

  test("opens only documents, and of others those of which a heading is named", async () => {
    const read: string[] = [];
    const tree = memoryTree({ ...others, "docs/design/a.md": "[a](../../README.md#read-me) [b](../../src/main.ts#x)" });
    const { looked } = await checkLinksResolve({
      paths: tree.paths,
      read: (path) => {
        read.push(path);
        return tree.read(path);
      },
    });
    expect(read.toSorted()).toEqual(["README.md", "docs/design/a.md", "docs/planning/plan.md"]);
    expect(looked).toBe(2);
  });

  test("does not open more than 200 documents", async () => {
    const files = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`docs/${index}.md`, "# A"]));
    expect((await checkLinksResolve(memoryTree(files))).looked).toBe(200);
  });
});
