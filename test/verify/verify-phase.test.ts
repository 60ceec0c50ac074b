import { describe, expect, test } from "vitest";
import type { Criterion, Phase } from "../../src/core/playbook.ts";
import type { RunnerReport, TestRun, Verdict } from "../../src/core/report.ts";
import { verifyPhase } from "../../src/verify/verify-phase.ts";
import { codeStep, criteriaOf, fakeToken, goodIdea, ideaStep, memoryTree, phaseOf } from "./memory-tree.ts";

const goodFiles = { "docs/idea.md": goodIdea, "src/a.ts": "export {};", ".gitignore": ".env\n", "test/a.test.ts": "x" };
const ofDocuments = criteriaOf("outputs-exist", "long-enough", "sections-present", "no-placeholder");
const phase = phaseOf([ideaStep, codeStep], {
  criteria: [...ofDocuments, ...criteriaOf("env-ignored", "tests-exist")],
});

describe("verifyPhase", () => {
  test("passes a good tree, and tells how much it looked at", async () => {
    expect(await verifyPhase(memoryTree(goodFiles), phase)).toEqual({
      passed: true,
      findings: [],
      notes: [],
      checks: [
        { check: "outputs-exist", passed: true, looked: 3 },
        { check: "long-enough", passed: true, looked: 1 },
        { check: "sections-present", passed: true, looked: 1 },
        { check: "no-placeholder", passed: true, looked: 1 },
        { check: "env-ignored", passed: true, looked: 4 },
        { check: "tests-exist", passed: true, looked: 4 },
        { check: "no-secrets", passed: true, looked: 4 },
      ],
    });
  });

  test("asks only for the criteria of the phase", async () => {
    const report = await verifyPhase(memoryTree({ "docs/idea.md": "TBD" }), phaseOf([ideaStep], { criteria: [] }));
    expect(report).toMatchObject({ passed: true, checks: [{ check: "no-secrets" }] });
  });

  test("fails each check on its own", async () => {
    const { "test/a.test.ts": _, ...files } = goodFiles;
    const report = await verifyPhase(memoryTree({ ...files, ".gitignore": "dist\n" }), phase);
    expect(report.passed).toBe(false);
    expect(report.checks.filter(({ passed }) => !passed).map(({ check }) => check)).toEqual([
      "env-ignored",
      "tests-exist",
    ]);
  });

  test("notes what should hold and does not, and passes all the same", async () => {
    const criteria = criteriaOf("env-ignored").map((criterion) => ({ ...criterion, severity: "should" as const }));
    const report = await verifyPhase(memoryTree({ "docs/idea.md": goodIdea }), phaseOf([ideaStep], { criteria }));
    expect(report).toMatchObject({ passed: true, findings: [], notes: [{ check: "env-ignored", path: ".gitignore" }] });
    expect(report.checks).toContainEqual({ check: "env-ignored", passed: false, looked: 1 });
  });

  test("never makes a note of a secret", async () => {
    const criteria = criteriaOf("no-secrets").map((criterion) => ({ ...criterion, severity: "should" as const }));
    const report = await verifyPhase(memoryTree({ "a.ts": `"${fakeToken}"` }), phaseOf([ideaStep], { criteria }));
    expect(report).toMatchObject({ passed: false, findings: [{ check: "no-secrets", path: "a.ts" }], notes: [] });
    expect(report.checks).toEqual([{ check: "no-secrets", passed: false, looked: 1 }]);
  });

  test("puts a secret first, however many other findings there are", async () => {
    const sections = Array.from({ length: 80 }, (_, index) => `Part ${index}`);
    const files = { ...goodFiles, "zz.ts": `"${fakeToken}"` };
    const report = await verifyPhase(memoryTree(files), phaseOf([{ ...ideaStep, sections }]));
    expect(report.findings).toHaveLength(50);
    expect(report.findings[0]).toMatchObject({ check: "no-secrets", path: "zz.ts" });
  });

  test("looks for secrets in the changed files alone where they are known", async () => {
    const files = { ...goodFiles, "old.ts": `"${fakeToken}"` };
    expect((await verifyPhase(memoryTree(files), phase, { changedPaths: ["src/a.ts", "gone.ts"] })).passed).toBe(true);
    expect((await verifyPhase(memoryTree(files), phase, { changedPaths: ["old.ts"] })).passed).toBe(false);
  });
});

const judged: Criterion = { id: "users-named", text: "The users are named.", severity: "must", kind: "judged" };
const softly: Criterion = { ...judged, id: "reads-well", severity: "should" };
const withJudged = phaseOf([ideaStep, codeStep], { criteria: [judged, softly, ...criteriaOf("tests-pass")] });

const failing: Verdict = {
  criterion: "users-named",
  passed: false,
  confidence: "high",
  reason: "Nobody is\nnamed.",
  evidence: [
    { path: "docs/gone.md", line: 3, quote: "" },
    { path: "docs/idea.md", line: 12, quote: "People" },
  ],
};
const passing: Verdict = { ...failing, passed: true };
const failedTests: TestRun = { command: "npm test", result: "failed", exitCode: 1, seconds: 3, tail: "1 failed" };

function said(fields: Partial<RunnerReport>): Pick<RunnerReport, "verdicts" | "judgeFault" | "tests"> {
  return { verdicts: [], judgeFault: null, tests: { ...failedTests, result: "passed" }, ...fields };
}

function look(fields: Partial<RunnerReport>, of: Phase = withJudged) {
  return verifyPhase(memoryTree(goodFiles), of, { changedPaths: [], report: said(fields) });
}

describe("verifyPhase, given what the run reports", () => {
  test.each([undefined, null])("speaks of no tests and no verdict where the report is %s", async (report) => {
    const { checks } = await verifyPhase(memoryTree(goodFiles), withJudged, { report });
    expect(checks.map(({ check }) => check)).toEqual(["no-secrets"]);
  });

  test("adds a check for each verdict, and none for a criterion without one", async () => {
    expect(await look({ verdicts: [passing] })).toEqual({
      passed: true,
      findings: [],
      notes: [],
      checks: [
        { check: "judged:users-named", passed: true, looked: 2 },
        { check: "tests-pass", passed: true, looked: 1 },
        { check: "no-secrets", passed: true, looked: 0 },
      ],
    });
  });

  test("makes a finding of a failing verdict, at its first evidence that is there", async () => {
    const { passed, findings } = await look({ verdicts: [failing] });
    expect(passed).toBe(false);
    expect(findings).toEqual([
      { check: "judged:users-named", step: "01_idea", path: "docs/idea.md", line: 12, message: "Nobody is named." },
    ]);
  });

  test.each([
    ["of low confidence", { ...failing, confidence: "low" as const }],
    ["on what only should hold", { ...failing, criterion: "reads-well" }],
  ])("makes a note of a failing verdict %s", async (_, verdict) => {
    const report = await look({ verdicts: [verdict] });
    expect(report).toMatchObject({ passed: true, findings: [], notes: [{ message: "Nobody is named." }] });
    expect(report.checks[0]).toMatchObject({ check: `judged:${verdict.criterion}`, passed: false });
  });

  test("finds nothing where the verifier itself failed", async () => {
    expect(await look({ judgeFault: "no answer" })).toMatchObject({ passed: true, notes: [] });
  });

  test.each([
    ["failed", 1, false, "tests fail with exit code 1 (npm test)"],
    ["failed", null, false, "tests fail (npm test)"],
    ["timed-out", null, false, "did not end within their time (npm test)"],
    ["could-not-run", null, true, "could not be run (npm test)"],
  ] as const)("tells of tests that %s with code %s", async (result, exitCode, passed, words) => {
    const report = await look({ tests: { ...failedTests, result, exitCode } });
    expect(report.passed).toBe(passed);
    expect(passed ? report.notes : report.findings).toMatchObject([
      { check: "tests-pass", path: null, message: expect.stringContaining(words) },
    ]);
  });

  test("has the same words for the same failure, however long the tests took and whatever they printed", async () => {
    const once = await look({ tests: failedTests });
    const again = await look({ tests: { ...failedTests, seconds: 99, tail: "another tail" } });
    expect(again.findings).toEqual(once.findings);
  });

  test("notes that the run kept silent about the tests", async () => {
    expect(await look({ tests: null })).toMatchObject({ passed: true, notes: [{ check: "tests-pass" }] });
  });

  test("leaves tests out that no criterion asks for", async () => {
    expect(await look({ tests: failedTests }, phaseOf([ideaStep], { criteria: [judged] }))).toMatchObject({
      passed: true,
    });
  });

  test.each([
    ["on a criterion that nobody has", { ...failing, criterion: "nobody-asked" }],
    ["on a criterion that is deterministic", { ...failing, criterion: "tests-pass" }],
    ["on a name of the language's own", { ...failing, criterion: "__proto__" }],
  ])("ignores a verdict %s", async (_, verdict) => {
    const report = await look({ verdicts: [verdict] });
    expect(report.checks.map(({ check }) => check)).toEqual(["tests-pass", "no-secrets"]);
    expect([...report.findings, ...report.notes]).toEqual([]);
  });

  test("takes the first of two verdicts on one criterion", async () => {
    expect((await look({ verdicts: [failing, passing] })).passed).toBe(false);
    expect((await look({ verdicts: [passing, failing] })).passed).toBe(true);
  });

  test("shows a reason as one line of a bounded length, and the criterion where there is no reason", async () => {
    const long = await look({ verdicts: [{ ...failing, reason: `a\u0000\n\u001b[2J${" b".repeat(100_000)}` }] });
    expect(long.findings[0]?.message).toMatch(/^a \[2J b b.*…$/u);
    expect(long.findings[0]?.message.length).toBeLessThanOrEqual(1_000);
    const none = await look({ verdicts: [{ ...failing, reason: " \n", evidence: [] }] });
    expect(none.findings).toMatchObject([
      { path: null, line: null, step: null, message: "this does not hold: The users are named." },
    ]);
  });
});
