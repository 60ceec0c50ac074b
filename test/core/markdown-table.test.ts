import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readTables, tablesOf, tableText, withCell, withRow, writeTables } from "../../src/core/markdown-table.ts";

const textsOf = (text: string) => tablesOf(readTables(text)).map(({ rows }) => rows.map(({ texts }) => texts));

describe("reading a table", () => {
  test("gives what each cell says, with its line", () => {
    const [table] = tablesOf(readTables("# Plan\n\n| id | name |\n| :-- | --: |\n| 1 | one |\n| 2 |  |\n\nBelow.\n"));
    expect(table?.header.texts).toEqual(["id", "name"]);
    expect(table?.rows.map(({ line, texts }) => [line, ...texts])).toEqual([
      [5, "1", "one"],
      [6, "2", ""],
    ]);
  });

  test("takes an escaped pipe for text, also in a code span, and any other for the next cell", () => {
    const text = "| a | b |\n|---|---|\n| x \\| y | `p \\| q` |\n| `r | s` |\n";
    expect(textsOf(text)).toEqual([
      [
        ["x | y", "`p | q`"],
        ["`r", "s`"],
      ],
    ]);
  });

  test("reads <br> as a line break, however it is written", () => {
    expect(textsOf("| a |\n| - |\n| one<br>two<BR/>three<br />four |\n")).toEqual([[["one\ntwo\nthree\nfour"]]]);
  });

  test("needs no pipes at the borders", () => {
    expect(textsOf("a | b\n--- | ---\n1 | 2\n")).toEqual([[["1", "2"]]]);
  });

  test.each([
    ["in a fence", "```\n| a |\n|---|\n| 1 |\n```\n"],
    ["in a fence that is never closed", "~~~md\n| a |\n|---|\n| 1 |\n"],
    ["in a comment", "<!--\n| a |\n|---|\n| 1 |\n-->\n"],
    ["indented as code", "    | a |\n    |---|\n    | 1 |\n"],
    ["without a row of dashes", "| a |\n| 1 |\n"],
  ])("sees none %s", (_, text) => {
    expect(textsOf(text)).toEqual([]);
    expect(writeTables(readTables(text))).toBe(text);
  });

  test.each(["\n", "## Next\n", "- item\n", "> quote\n", "```\n", "<p>\n"])("ends before %j", (next) => {
    expect(textsOf(`| a |\n|---|\n| 1 |\n${next}| 2 |\n`)[0]).toEqual([["1"]]);
  });

  test("tells several tables of one text apart", () => {
    expect(textsOf("| a |\n|---|\n| 1 |\n\ntext\n\n| b |\n|---|\n| 2 |\n")).toEqual([[["1"]], [["2"]]]);
  });
});

/** Words, pipes, marks of tables, fences and line ends in any order. */
const anyText = fc
  .array(
    fc.constantFrom(
      "a",
      "| ",
      "|",
      "\\",
      "\\|",
      "`",
      "```",
      "---",
      "|---|---|",
      "| a | b |",
      "<!--",
      "-->",
      "\n",
      "\r\n",
      " ",
      "    ",
      "<br>",
      "#",
      "한",
    ),
  )
  .map((pieces) => pieces.join(""));
const cell = fc
  .array(fc.constantFrom("a", "|", "\\", "`", "-", ":", "\n", " ", "한", "#", ">", '["x"]'))
  .map((pieces) => pieces.join("").trim());

describe("writing a table", () => {
  test("gives any text back as it was read", () => {
    fc.assert(
      fc.property(fc.oneof(anyText, fc.string()), (text) => writeTables(readTables(text)) === text),
      {
        numRuns: 2_000,
      },
    );
  });

  test("says what was meant, whatever stands in a cell", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell), { maxLength: 5 }), (rows) => {
        expect(textsOf(`before\n\n${tableText(["one", "two"], rows)}\nafter\n`)).toEqual([rows]);
      }),
    );
  });

  test("changes one cell and nothing beside it", () => {
    fc.assert(
      fc.property(cell, fc.constantFrom("| a | b |", "a | b", "  |a|b|  "), (text, row) => {
        const before = "Intro | here.\r\n\r\n| x | y |\r\n|---|---|\r\n";
        const after = "| last | one |\r\n\r\nThe end.";
        for (const column of [0, 1]) {
          const written = writeTables(withCell(readTables(`${before}${row}\r\n${after}`), { line: 5, column, text }));
          expect(textsOf(written)).toEqual([[["a", "b"].with(column, text), ["last", "one"]]]);
          expect(written.startsWith(before)).toBe(true);
          expect(written.endsWith(`\r\n${after}`)).toBe(true);
        }
      }),
    );
  });

  test("leaves a text alone that has no such cell", () => {
    const text = "| a |\n|---|\n| 1 |\n";
    expect(writeTables(withCell(readTables(text), { line: 3, column: 4, text: "x" }))).toBe(text);
    expect(writeTables(withCell(readTables(text), { line: 9, column: 0, text: "x" }))).toBe(text);
  });

  test.each([
    ["| a | b |\n|---|---|\n| 1 | 2 |\n\nend\n", "| a | b |\n|---|---|\n| 1 | 2 |\n| 3 |  |\n\nend\n"],
    ["| a | b |\n|---|---|", "| a | b |\n|---|---|\n| 3 |  |"],
    ["no table\n", "no table\n"],
  ])("adds a row at the end of the last table of %j", (text, expected) => {
    expect(writeTables(withRow(readTables(text), ["3"]))).toBe(expected);
  });
});
