import { describe, expect, test } from "vitest";
import { changedItems, citing } from "../../src/verify/changed-items.ts";
import { memoryTree } from "./memory-tree.ts";

const features = [
  "# Features",
  "",
  "## Feature list",
  "",
  "| Id | Feature | Priority |",
  "|---|---|---|",
  "| REQ-001 | Short links of seven characters | must |",
  "| REQ-002 | Count each opening | should |",
  "",
  "## Decisions",
  "",
  "### DEC-001 No accounts",
  "",
  "Visitors stay anonymous.",
  "",
  "#### Why",
  "",
  "Nobody wants another password.",
  "",
  "- SCR-001 Start page",
  "  with one field",
  "",
].join("\n");

const path = "docs/planning/07_features.md";

function changedBy(edit: (text: string) => string) {
  return changedItems(memoryTree({ [path]: features }), memoryTree({ [path]: edit(features) }));
}

describe("an approved item", () => {
  test("is changed when its row says something else", async () => {
    expect(await changedBy((text) => text.replace("seven characters", "five characters"))).toEqual([
      {
        id: "REQ-001",
        path,
        before: "REQ-001 Short links of seven characters must",
        now: "REQ-001 Short links of five characters must",
      },
    ]);
  });

  test("is removed when nothing defines it any more", async () => {
    expect(await changedBy((text) => text.replace(/^\| REQ-002.*\n/mu, ""))).toMatchObject([
      { id: "REQ-002", path, now: null },
    ]);
  });

  test.each([
    ["a section of its heading", "Nobody wants another password.", "Passwords leak.", "DEC-001"],
    ["a line below its list item", "with one field", "with two fields", "SCR-001"],
  ])("is changed when %s says something else", async (_, old, fresh, id) => {
    expect((await changedBy((text) => text.replace(old, fresh))).map((item) => item.id)).toContain(id);
  });

  test.each([
    [
      "white space and the marks of Markdown",
      (text: string) => text.replace("| REQ-001 | Short", "|  **REQ-001**  |  Short"),
    ],
    ["what stands around it", (text: string) => `${text}\n## Notes\n\nMore to read.\n`],
    ["a new item beside it", (text: string) => text.replace("| REQ-002", "| REQ-003 | Own names | may |\n| REQ-002")],
  ])("stays as it is when only %s change", async (_, edit) => {
    expect(await changedBy(edit)).toEqual([]);
  });

  test("stays as it is when its document moves", async () => {
    const moved = memoryTree({ "docs/planning/08_features.md": features });
    expect(await changedItems(memoryTree({ [path]: features }), moved)).toEqual([]);
  });

  test("costs no reading where all documents are the same", async () => {
    const unread = (id: string) => ({
      paths: [path],
      contentId: () => id,
      read: () => Promise.reject(new Error("it was read")),
    });
    expect(await changedItems(unread("a"), unread("a"))).toEqual([]);
    await expect(changedItems(unread("a"), unread("b"))).rejects.toThrow("it was read");
  });
});

test("what cites an item is found in documents, code and tests, in ranges too, and nowhere else", async () => {
  const tree = memoryTree({
    [path]: features,
    "docs/design/01_screens.md": "The start page (REQ-001) is all.\n",
    "docs/design/04_api.md": "Covers REQ-001 to REQ-004.\n",
    "docs/design/05_architecture.md": "Nothing of it.\n",
    "src/links.js": "// REQ-002: each opening counts\nexport {};\n",
    "test/links.test.js": 'test("REQ-0021 is another one", () => {});\n',
    "assets/logo.svg": "<!-- REQ-002 -->",
  });
  expect(await citing(tree, new Set(["REQ-002"]))).toEqual([
    { path, ids: ["REQ-002"] },
    { path: "docs/design/04_api.md", ids: ["REQ-002"] },
    { path: "src/links.js", ids: ["REQ-002"] },
  ]);
});
