/** What the run says of its work, added to what the tree shows. It is not trusted: a word of it never hides a finding. */
import type { Criterion, Phase } from "../core/playbook.ts";
import type { Finding, TestRun, Tree, Verdict } from "../core/report.ts";
import type { Answer } from "./tree-check.ts";
import { stepOfPath } from "./step-of-path.ts";

const MESSAGE_LENGTH_MAX = 1_000;
const COMMAND_LENGTH_MAX = 200;

/** What the verifier found of a criterion. A failure of which it is not sure is told to people, and not reworked. */
export function saidByVerdict(tree: Tree, phase: Phase, criterion: Criterion, verdict: Verdict): Answer {
  const check = `judged:${criterion.id}` as const;
  const result = { check, passed: verdict.passed, looked: verdict.evidence.length };
  if (verdict.passed) return { result, findings: [], isMust: false };
  // Only a place that is there can be shown; a verifier may also name what it missed.
  const place = verdict.evidence.find(({ path }) => tree.paths.includes(path));
  const path = place?.path ?? null;
  const finding: Finding = {
    check,
    step: path === null ? null : stepOfPath(phase, path),
    path,
    line: place?.line ?? null,
    message: oneLine(verdict.reason, MESSAGE_LENGTH_MAX) || `this does not hold: ${criterion.text}`,
  };
  return { result, findings: [finding], isMust: criterion.severity === "must" && verdict.confidence !== "low" };
}

/** How the project's own tests went. Words that stay the same from run to run, so that the same failure is known again. */
export function saidByTests(criterion: Criterion, tests: TestRun | null): Answer {
  const result = { check: "tests-pass", passed: tests?.result === "passed", looked: tests === null ? 0 : 1 } as const;
  const say = (message: string, isMust: boolean): Answer => ({
    result,
    findings: [{ check: "tests-pass", step: null, path: null, line: null, message }],
    isMust: isMust && criterion.severity === "must",
  });
  const command = oneLine(tests?.command ?? "", COMMAND_LENGTH_MAX);
  const by = command === "" ? "" : ` (${command})`;
  switch (tests?.result) {
    case "passed":
      return { result, findings: [], isMust: false };
    case "failed": {
      const exit = tests.exitCode === null ? "" : ` with exit code ${tests.exitCode}`;
      return say(`the project's own tests fail${exit}${by}: run them, and make them pass.`, true);
    }
    case "timed-out":
      return say(
        `the project's own tests did not end within their time${by}: find what hangs, or make them faster.`,
        true,
      );
    case "could-not-run":
      return say(`the project's own tests could not be run${by}: nobody has seen them pass.`, false);
    case undefined:
      return say("the run did not say how the project's own tests went.", false);
  }
}

/** The first verdict on each criterion; what is judged twice was not judged by our verifier. */
export function verdictsOf(all: readonly Verdict[]): ReadonlyMap<string, Verdict> {
  const verdicts = new Map<string, Verdict>();
  for (const verdict of all) if (!verdicts.has(verdict.criterion)) verdicts.set(verdict.criterion, verdict);
  return verdicts;
}

function oneLine(text: string, lengthMax: number): string {
  const plain = text
    .slice(0, 4 * lengthMax)
    .replaceAll(/[\s\p{Cc}]+/gu, " ")
    .trim();
  return plain.length > lengthMax ? `${plain.slice(0, lengthMax - 1)}…` : plain;
}
