/** After the last step: the checks, the project's own tests, the verifier, and the decisions that people see first. */

import { join } from "node:path";
import type { Outcome } from "../core/outcome.ts";
import type { Finding, RunnerReport, TestRun, Tree } from "../core/report.ts";
import { treeIn } from "../core/tree-in.ts";
import { createRunPlace } from "./agent-place.ts";
import { askDecisions, closedDesk } from "./ask-decisions.ts";
import { collectChanges } from "./changes.ts";
import type { Conversation } from "./conversation.ts";
import { findTests } from "./find-tests.ts";
import { judgePhase } from "./judge-phase.ts";
import { warn } from "./leave-checkpoint.ts";
import type { Run } from "./run-phase.ts";
import { runTests } from "./run-tests.ts";
import { graceMs, type Equipment } from "./work-steps.ts";
import type { Workspace } from "./workspace.ts";

export interface WorkEnd {
  readonly outcome: Outcome;
  /** Null where the work did not come so far. */
  readonly report: RunnerReport | null;
}

type Equipped = Pick<Equipment, "agent" | "place" | "dialogue" | "executable" | "egress">;

/**
 * A verdict never changes the outcome: what follows from it is for the app to say.
 * What is broken off here is done again by the next run, which has no step to do and goes on with this.
 */
export async function verifyWork(
  run: Run,
  equipment: Equipped,
  { workspace, conversation }: { readonly workspace: Workspace; readonly conversation: Conversation },
): Promise<WorkEnd> {
  const { job, redact, say } = run;
  const nothing: RunnerReport = { verdicts: [], judgeFault: null, tests: null, decisions: [] };
  say({ kind: "verifying" });
  const { tree } = await collectChanges(workspace, "");
  const { passed, findings } = await run.checks.verifyPhase(tree, job.phase);
  if (!passed) {
    const message = `verification of the phase found ${findings.length} faults`;
    return { outcome: { kind: "failed", message, findings }, report: null };
  }
  const tests = await testPhase(run, equipment, workspace, tree);
  if (tests !== null && "kind" in tests) return { outcome: tests, report: null };
  if (tests?.result === "failed" || tests?.result === "timed-out") {
    const message = `the project's tests ${tests.result === "failed" ? "fail" : "take too long"}: ${tests.command}`;
    return { outcome: { kind: "failed", message, findings: [findingOf(tests)] }, report: { ...nothing, tests } };
  }
  const judged = await judgePhase(run, { ...equipment, workspace, tree, graceMs });
  if (judged.kind === "ended") return { outcome: judged.outcome, report: null };
  equipment.dialogue.attend(closedDesk);
  say({ kind: "log", level: "info", text: "asking for the decisions of the phase" });
  const decisions = await askDecisions({
    job,
    conversation,
    workTree: workspace.workTree,
    tree,
    msMax: job.verification.minutes * 60_000,
    sliceEndsAt: run.sliceEndsAt,
    redact,
    onFault: (text) => warn(run, text),
  });
  if (run.stopped.aborted) return { outcome: { kind: "cancelled" }, report: null };
  const { verdicts, fault: judgeFault } = judged;
  return { outcome: { kind: "completed" }, report: { verdicts, judgeFault, tests, decisions } };
}

/**
 * A turn of a conversation is never held back: what the app finds is told with the next one. What only a run can say is
 * asked where files were changed.
 */
export async function verifyTurn(
  run: Run,
  equipment: Equipped,
  { workspace, hasChanged }: { readonly workspace: Workspace; readonly hasChanged: boolean },
): Promise<WorkEnd> {
  if (!hasChanged) return { outcome: { kind: "completed" }, report: null };
  run.say({ kind: "verifying" });
  const { tree } = await collectChanges(workspace, "");
  const tests = await testPhase(run, equipment, workspace, tree);
  if (tests !== null && "kind" in tests) return { outcome: tests, report: null };
  const judged = await judgePhase(run, { ...equipment, workspace, tree, graceMs });
  if (judged.kind === "ended") return { outcome: judged.outcome, report: null };
  const { verdicts, fault: judgeFault } = judged;
  return { outcome: { kind: "completed" }, report: { verdicts, judgeFault, tests, decisions: [] } };
}

/** Null where no criterion asks for them; an outcome where the run ends meanwhile. */
async function testPhase(
  run: Run,
  { agent, egress }: Equipped,
  { workTree }: Workspace,
  tree: Tree,
): Promise<TestRun | Outcome | null> {
  const { job, now, say } = run;
  const isAsked = job.phase.criteria.some((criterion) => "check" in criterion && criterion.check === "tests-pass");
  if (!isAsked) return null;
  const { root, testCommand } = job.phase;
  const plan = await findTests(treeIn(tree, root), testCommand);
  if (plan === null) {
    const tail = "Nothing at the root of the project says how its tests are run.";
    return { command: "", result: "could-not-run", exitCode: null, seconds: 0, tail };
  }
  const sliceMs = run.sliceEndsAt - now().getTime();
  const ownMs = job.verification.testMinutes * 60_000;
  const id = run.newId().replaceAll("-", "").slice(0, 8);
  const place = await createRunPlace({ id, runnerTemp: run.runnerTemp });
  run.leftovers.push({ what: "the folders of the tests", remove: () => place.remove() });
  for (const folder of [place.home, place.tempDir]) await agent.ownFolder(folder);
  const tests = await runTests({
    ...run,
    ...place,
    plan,
    agent,
    egress: egress.environment,
    takeRefused: () => egress.takeRefused(),
    workTree: join(workTree, root),
    msMax: Math.min(sliceMs, ownMs),
    signal: run.stopped,
    onStage: (text) => say({ kind: "log", level: "info", text }),
  });
  if (run.stopped.aborted) return { kind: "cancelled" };
  if (tests.result === "timed-out" && sliceMs < ownMs) return { kind: "slice-ended" };
  say({ kind: "log", level: "info", text: `tests: ${tests.result} after ${Math.round(tests.seconds)} s` });
  return tests;
}

const tailInFinding = 1_200;

function findingOf({ command, result, exitCode, tail }: TestRun): Finding {
  const how =
    result === "timed-out"
      ? "did not end in the time that it has"
      : `ended with ${exitCode === null ? "a signal" : `exit code ${exitCode}`}`;
  const message = `\`${command}\` ${how}: mend the code, or a test that is wrong, so that it passes, and take no test away. It ended with: ${tail.slice(-tailInFinding).toWellFormed()}`;
  return { check: "tests-pass", step: null, path: null, line: null, message };
}
