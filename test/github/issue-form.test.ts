import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { noInput } from "../../src/core/task-input.ts";
import { inEnglish } from "../../src/core/phrase.ts";
import { readIssueForm } from "../../src/github/issue-form.ts";

const limits = { budgetUsdMax: 25 };

/** As GitHub renders it. */
/** With its faults as somebody reads them who reads English. */
function readForm(...given: Parameters<typeof readIssueForm>) {
  const { faults, ...form } = readIssueForm(...given);
  return { ...form, faults: faults.map((fault) => ({ ...fault, expected: inEnglish(fault.expected) })) };
}

function form(fields: Readonly<Record<string, string>>): string {
  const whole = { "What do you want to build?": "A page where neighbours lend out tools.", ...fields };
  return Object.entries(whole)
    .map(([label, value]) => `### ${label}\r\n\r\n${value === "" ? "_No response_" : value}`)
    .join("\r\n\r\n");
}

function read(fields: Readonly<Record<string, string>>) {
  return readForm({ title: "Tools", body: form(fields) }, limits);
}

describe("a form's text", () => {
  test("gives each field", () => {
    const { faults, ...found } = read({
      "Who will use it?": "Neighbours\r\n\r\n- lenders\r\n- borrowers",
      Platform: "Web",
      "Stack wishes": "Node, SQLite",
      Constraints: "No tracking.",
      "Language of the documents": "한국어 (Korean)",
      "Output directory": "./apps/tools/",
      "Base branch": "develop",
      "Budget in US dollars": "$12.50",
      Priority: "high",
      References: "- The design: https://www.figma.com/file/abc?node-id=1%3A2.\r\n- <https://example.org/a>",
    });

    expect(faults).toEqual([]);
    expect(found).toEqual({
      idea: "A page where neighbours lend out tools.",
      users: "Neighbours\n\n- lenders\n- borrowers",
      platform: "Web",
      stack: "Node, SQLite",
      constraints: "No tracking.",
      input: {
        language: "ko",
        outputDirectory: "apps/tools",
        baseBranch: "develop",
        budgetUsd: 12.5,
        priority: "high",
        references: ["https://www.figma.com/file/abc?node-id=1%3A2", "https://example.org/a"],
      },
    });
  });

  test("with empty fields sets nothing", () => {
    const { input, users, faults } = read({
      "Who will use it?": "",
      "Language of the documents": "",
      "Output directory": "",
      "Base branch": "",
      "Budget in US dollars": "",
      Priority: "",
      References: "",
    });

    expect({ input, users, faults }).toEqual({ input: noInput, users: "", faults: [] });
  });

  test("keeps headings that a person wrote into a long field, and leaves out fields that a repository added", () => {
    const body = [
      "### What do you want to build?",
      "A shop for bread.",
      "### Why",
      "People are hungry.",
      "### Priority",
      "low",
      "### Team",
      "Bakers",
    ].join("\n\n");

    const { idea, input, faults } = readForm({ title: "Bread", body }, limits);

    expect(idea).toBe("A shop for bread.\n\n### Why\n\nPeople are hungry.");
    expect({ priority: input.priority, faults }).toEqual({ priority: "low", faults: [] });
  });

  test.each([
    ["in a block of code", "```\n### Priority\n\ncritical\n```"],
    ["in a quote", "> quoted\n> ### Priority\n> critical"],
    ["in a comment", "<!--\n### Priority\n\ncritical\n-->"],
  ])("does not read what stands %s as a field", (_where, text) => {
    const { input, faults } = read({ "Who will use it?": text, Priority: "low" });

    expect({ priority: input.priority, faults }).toEqual({ priority: "low", faults: [] });
  });
});

describe("a free text", () => {
  test("is all idea, whatever other headings it has", () => {
    const body = "A page where neighbours lend out tools.\n\n### Priority\n\nP1\n\n### References\n\nthe wiki";

    const { idea, input, faults } = readForm({ title: "Tools", body }, limits);

    expect({ idea, input, faults }).toEqual({ idea: body, input: noInput, faults: [] });
  });

  test("may stand in the title alone", () => {
    expect(readForm({ title: "A shop for bread", body: "" }, limits).faults).toEqual([]);
    expect(readForm({ title: "빵 파는 가게", body: "" }, limits).faults).toEqual([]);
  });

  test.each([
    ["is empty", "App", ""],
    ["shows nothing", "App", "<!-- A page where neighbours lend out tools. -->"],
    ["has no letters", "App", "... !!! ??? --- ... !!!"],
  ])("that %s is asked for", (_how, title, body) => {
    expect(readForm({ title, body }, limits).faults).toEqual([
      { field: "Text", given: freezeless(body), expected: expect.stringContaining("what you want") },
    ]);
  });
});

/** A comment is not repeated. */
function freezeless(body: string): string {
  return body.startsWith("<!--") ? "" : body;
}

describe("a fault", () => {
  test.each([
    ["Budget in US dollars", "a lot", "an amount in US dollars from 0.01 to 25"],
    ["Budget in US dollars", "0", "an amount in US dollars from 0.01 to 25"],
    ["Budget in US dollars", "-5", "an amount in US dollars from 0.01 to 25"],
    ["Budget in US dollars", "1e9", "an amount in US dollars from 0.01 to 25"],
    ["Budget in US dollars", "NaN", "an amount in US dollars from 0.01 to 25"],
    ["Budget in US dollars", "25.01", "somebody with write access can allow more with /budget"],
    ["Budget in US dollars", "5 € or so", "an amount in US dollars from 0.01 to 25"],
    ["Language of the documents", "Klingon", "English or 한국어 (Korean)"],
    ["Language of the documents", "constructor", "English or 한국어 (Korean)"],
    ["Priority", "P1", "critical, high, normal or low"],
    ["Output directory", "../elsewhere", "a folder inside this repository"],
    ["Output directory", "apps/../../etc", "a folder inside this repository"],
    ["Output directory", "/etc", "a folder inside this repository"],
    ["Output directory", "C:\\apps", "a folder inside this repository"],
    ["Output directory", "~/apps", "a folder inside this repository"],
    ["Output directory", "apps//shop", "a folder inside this repository"],
    ["Output directory", "apps/.git/hooks", "a folder inside this repository"],
    ["Output directory", ".GitHub/workflows", "a folder inside this repository"],
    ["Output directory", "apps/$(rm -rf x)", "a folder inside this repository"],
    ["Output directory", "-rf", "a folder inside this repository"],
    ["Output directory", "apps. ./x", "a folder inside this repository"],
    ["Output directory", "a/".repeat(101), "a folder inside this repository"],
    ["Base branch", "a branch", "the name of a branch"],
    ["Base branch", "a..b", "the name of a branch"],
    ["Base branch", "a~1", "the name of a branch"],
    ["Base branch", "-D", "the name of a branch"],
    ["Base branch", "a@{1}", "the name of a branch"],
    ["Base branch", "feature/.x", "the name of a branch"],
    ["Base branch", "x.lock", "the name of a branch"],
    ["Base branch", "x/", "the name of a branch"],
    ["Base branch", "refs/heads/main", "the name of a branch"],
    ["Base branch", "main$(id)", "the name of a branch"],
    ["Base branch", "x".repeat(201), "the name of a branch"],
    ["References", "the wiki", "links that begin with https://"],
    ["References", "https://example.org\nand the wiki", "links that begin with https://"],
    ["References", "javascript:alert(1)", "links that begin with https://"],
    ["References", "https://wanda:hunter2@example.org/x", "links that begin with https://"],
    ["References", `https://example.org/${"x".repeat(2_000)}`, "links that begin with https://"],
    ["References", Array.from({ length: 21 }, (_, at) => `https://example.org/${at}`).join("\n"), "at most 20"],
  ])("in %s (%s) names the field, what was given and what was expected", (field, given, expected) => {
    const { faults, input } = read({ [field]: given });

    expect(faults).toEqual([{ field, given: expect.any(String), expected: expect.stringContaining(expected) }]);
    expect(given.replaceAll("\n", " ").startsWith(faults[0]?.given.replace(/…$/u, "") ?? "?")).toBe(true);
    expect(Array.from(faults[0]?.given ?? "").length).toBeLessThanOrEqual(100);
    expect(input).toEqual(noInput);
  });

  test("comes together with all others, and leaves the sound fields as they are", () => {
    const { faults, input } = read({
      "What do you want to build?": "",
      "Language of the documents": "Latin",
      "Output directory": "..",
      "Base branch": "a b",
      "Budget in US dollars": "99",
      Priority: "low",
      References: "none",
    });

    expect(faults.map(({ field }) => field)).toEqual([
      "What do you want to build?",
      "Language of the documents",
      "Output directory",
      "Base branch",
      "Budget in US dollars",
      "References",
    ]);
    expect(input).toEqual({ ...noInput, priority: "low" });
  });

  test("of two parts with the same heading is not settled by a guess", () => {
    const { faults, input } = read({
      "Who will use it?": "x\n\n### Budget in US dollars\n\n20",
      "Budget in US dollars": "2",
    });

    expect(faults).toEqual([
      {
        field: "Budget in US dollars",
        given: "20 / 2",
        expected: 'one part with the heading "Budget in US dollars", not several',
      },
    ]);
    expect(input.budgetUsd).toBeNull();
  });

  test("of a block of code that is never closed says why nothing behind it was read", () => {
    const { faults, input } = read({ "Who will use it?": "```\nnobody", Priority: "low" });

    expect(faults).toEqual([{ field: "Text", given: "```", expected: expect.stringContaining("to be closed") }]);
    expect(input.priority).toBe("normal");
  });
});

describe("whatever stands in an issue", () => {
  const piece = fc.oneof(
    fc.string({ unit: "binary", maxLength: 40 }),
    fc.constantFrom(
      "### What do you want to build?\n\n",
      "\n### Output directory\n\n",
      "\n### Base branch\n\n",
      "../",
      "```\n",
    ),
  );

  test("is read without an error, and never gives a folder or branch that leads elsewhere", () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const { input } = readForm({ title: "", body: pieces.join("") }, limits);
        expect((input.outputDirectory ?? "").split("/")).not.toContain("..");
        expect(input.outputDirectory ?? "").not.toMatch(/^[/~-]|[\\\n]/u);
        expect(input.baseBranch ?? "x").toMatch(/^[^\s~^:?*[\\-][^\s~^:?*[\\]*$/u);
      }),
    );
  });

  test.each([
    [`### What do you want to build?\n\n${"### ".repeat(15_000)}`],
    [`### What do you want to build?\n\nx\n\n### References\n\n${"https://".repeat(7_000)}`],
    [`### What do you want to build?\n\nx\n\n### Output directory\n\n${"a ".repeat(29_000)}`],
    [`### What do you want to build?\n\nx\n\n### Base branch\n\n${"a/.".repeat(19_000)}`],
    [`### What do you want to build?\n\nx\n\n### Budget in US dollars\n\n$${" ".repeat(59_000)}x`],
  ])("is read in bounded time: %#", (body) => {
    const start = performance.now();
    readForm({ title: "x", body }, limits);
    expect(performance.now() - start).toBeLessThan(1_000);
  });
});
