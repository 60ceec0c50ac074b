import { describe, expect, test } from "vitest";
import { verifyPhase } from "../../src/verify/verify-phase.ts";
import { codeStep, fakeToken, goodIdea, ideaStep, memoryTree, phaseOf } from "./memory-tree.ts";

const goodFiles = { "docs/idea.md": goodIdea, "src/a.ts": "export {};", ".gitignore": ".env\n", "test/a.test.ts": "x" };
const phase = phaseOf([ideaStep, codeStep], { checks: ["env-ignored", "tests-exist"] });

describe("verifyPhase", () => {
  test("passes a good tree, and tells how much it looked at", async () => {
    expect(await verifyPhase(memoryTree(goodFiles), phase)).toEqual({
      passed: true,
      findings: [],
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

  test("asks only for the checks of the phase", async () => {
    const report = await verifyPhase(memoryTree({ "docs/idea.md": goodIdea }), phaseOf([ideaStep]));
    expect(report.passed).toBe(true);
    expect(report.checks.map(({ check }) => check)).not.toContain("tests-exist");
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
