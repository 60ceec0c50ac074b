import { describe, expect, test } from "vitest";
import type { Tree } from "../../src/core/report.ts";
import { RunnerReport } from "../../src/protocol/runner.ts";
import { decisionsSchema, readDecisions } from "../../src/runner/ask-decisions.ts";
import { createRedactor } from "../../src/core/redact.ts";
import { readVerdicts, verdictSchema } from "../../src/runner/verdicts.ts";

const secret = "hush-hush-0123456789";
const files: Readonly<Record<string, string>> = { "docs/idea.md": "# Idea\n\nLinks.\n", "logo.png": "" };
const tree: Tree = {
  paths: Object.keys(files),
  read: async (path) => await Promise.resolve(path === "logo.png" ? null : (files[path] ?? null)),
};
const reading = { ids: ["agrees", "is-clear"], tree, workTree: "/judge/tree", redact: createRedactor([secret]) };

const evidence = { path: "docs/idea.md", line: 3, quote: "Links." };
const good = { passed: true, confidence: "high", reason: "It says so.", evidence: [evidence] };

const read = async (verdicts: unknown) => await readVerdicts({ verdicts }, reading);

describe("a verifier's answer", () => {
  test("gives a verdict for each criterion, in the order of the criteria", async () => {
    expect(await read({ "is-clear": { ...good, passed: false }, agrees: good })).toEqual([
      { ...good, criterion: "agrees" },
      { ...good, criterion: "is-clear", passed: false },
    ]);
  });

  test.each([
    ["prose", "All is well."],
    ["nothing", undefined],
    ["a list", { verdicts: [good] }],
    ["one verdict of two", { verdicts: { agrees: good } }],
    ["a verdict that is a word", { verdicts: { agrees: good, "is-clear": "passed" } }],
    ["a verdict of neither kind", { verdicts: { agrees: good, "is-clear": { ...good, passed: "yes" } } }],
    ["a confidence of its own", { verdicts: { agrees: good, "is-clear": { ...good, confidence: "absolute" } } }],
  ])("that is %s is none", async (_what, output) => {
    expect(await readVerdicts(output, reading)).toBeNull();
  });

  test("loses verdicts that nobody asked for", async () => {
    const more = Object.fromEntries([["secret-criterion", good], ["__proto__", good]]); // prettier-ignore
    expect((await read({ agrees: good, "is-clear": good, ...more }))?.map(({ criterion }) => criterion)).toEqual([
      "agrees",
      "is-clear",
    ]);
  });

  test("loses evidence in files that are not there; a failing verdict without any has low confidence", async () => {
    const made = ["docs/nowhere.md", "../etc/passwd", "/etc/passwd", `${secret}.md`];
    const verdict = {
      ...good,
      passed: false,
      evidence: [...made.map((path) => ({ ...evidence, path })), "words", null],
    };
    expect(await read({ agrees: verdict, "is-clear": { ...verdict, passed: true } })).toMatchObject([
      { passed: false, evidence: [], confidence: "low" },
      { passed: true, evidence: [], confidence: "high" },
    ]);
  });

  test("names files as the tree does, and only lines that they have", async () => {
    const pieces = [
      { ...evidence, path: "/judge/tree/docs/idea.md" },
      { ...evidence, path: "./docs/idea.md", line: 4 },
      { ...evidence, line: "3" },
      { ...evidence, path: "logo.png", line: 1 },
    ];
    const [verdict] = (await read({ agrees: { ...good, evidence: pieces }, "is-clear": good })) ?? [];
    expect(verdict?.evidence).toEqual([
      evidence,
      { ...evidence, line: null },
      { ...evidence, line: null },
      { ...evidence, path: "logo.png", line: null },
    ]);
  });

  test("is bounded, in one line and without secrets", async () => {
    const reason = `a\u001b[31m\n${secret} ${"x".repeat(2_000)}`;
    const verdict = { ...good, reason, evidence: Array.from({ length: 9 }, () => ({ ...evidence, quote: reason })) };
    const verdicts = await read({ agrees: verdict, "is-clear": verdict });
    expect(() => RunnerReport.parse({ verdicts, judgeFault: null, tests: null, decisions: [] })).not.toThrow();
    expect(verdicts?.[0]?.reason).toMatch(/^a \*\*\* x+$/u);
    expect(verdicts?.[0]?.evidence).toHaveLength(5);
  });

  test("is asked for by a schema that leaves out no criterion", () => {
    expect(JSON.parse(verdictSchema(["agrees", "is-clear"]))).toMatchObject({
      properties: {
        verdicts: {
          required: ["agrees", "is-clear"],
          properties: { agrees: { required: ["reason", "evidence", "passed", "confidence"] } },
        },
      },
      required: ["verdicts"],
    });
  });
});

describe("the decisions that an agent names", () => {
  const decision = {
    decision: "SQLite",
    alternative: "Files",
    reason: "Safe.",
    confidence: "low",
    files: ["docs/idea.md"],
  };
  const readThem = (decisions: unknown) => readDecisions({ decisions }, reading);

  test("are taken as they are, with the files that are there", () => {
    const files = ["/judge/tree/docs/idea.md", "docs/idea.md", "docs/nowhere.md"];
    expect(readThem([{ ...decision, files }])).toEqual([decision]);
  });

  test.each([
    ["prose", "SQLite"],
    ["an empty list", []],
    ["a list of nothing that can be read", ["SQLite", { ...decision, decision: " " }]],
  ])("are none where they are %s", (_what, decisions) => {
    expect(readThem(decisions)).toBeNull();
  });

  test("are twelve at most, bounded and without secrets", () => {
    const long = {
      ...decision,
      decision: `${secret} ${"x".repeat(900)}`,
      files: Array.from({ length: 60 }, () => "docs/idea.md"),
    };
    const decisions = readThem([{ nothing: 1 }, ...Array.from({ length: 20 }, () => long)]);
    expect(decisions).toHaveLength(12);
    expect(() => RunnerReport.parse({ verdicts: [], judgeFault: null, tests: null, decisions })).not.toThrow();
    expect(decisions?.[0]?.decision.startsWith("*** xxx")).toBe(true);
  });

  test("are asked for by a schema that names the most there may be", () => {
    expect(JSON.parse(decisionsSchema)).toMatchObject({ properties: { decisions: { maxItems: 12 } } });
  });
});
