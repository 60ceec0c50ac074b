import type { EventOf } from "../events.ts";
import { invariant } from "../invariant.ts";
import type { Finding } from "../report.ts";
import { afterFailed, beginningAttempt } from "../rework.ts";
import { currentPhaseOf, liveRunOf, type ExistingTask, type PhaseProgress } from "../state.ts";
import { addSpent, nothingSpent } from "../usage.ts";
import { inConversation } from "./conversation.ts";
import { carried } from "./dialogue.ts";
import { factsOf } from "./facts.ts";
import { onPhase } from "./phases.ts";
import { reopened, stepOfFinding } from "./steps.ts";

export function runRequested(state: ExistingTask, event: EventOf<"RunRequested">): ExistingTask {
  return {
    ...factsOf(state),
    status: "pending",
    run: {
      runId: event.runId,
      attempt: event.attempt,
      requestedAt: event.at,
      findings: event.findings,
      dispatched: null,
      started: false,
      spent: nothingSpent,
      asked: false,
      budgetSet: false,
    },
    // What a rework must mend may be any step; a run decides by the findings which ones it takes up again.
    phases: onPhase(state, event.phase, (phase) => ({
      ...beginningAttempt(phase, event.at, event.findings),
      toMend: event.findings,
      steps:
        phase.conversation === null
          ? reopened(phase.steps, new Set(event.findings.map((finding) => stepOfFinding(phase, finding))))
          : phase.steps.map((step) => ({ ...step, completed: false })),
    })),
  };
}

export function runDispatched(state: ExistingTask, event: EventOf<"RunDispatched">): ExistingTask {
  if (state.status !== "pending" && state.status !== "in_progress") return state;
  const run = state.run;
  if (run === null || run.runId !== event.runId) return state;
  return { ...state, run: { ...run, dispatched: { workflowRunId: event.workflowRunId, url: event.url } } };
}

export function runStarted(state: ExistingTask, event: EventOf<"RunStarted">): ExistingTask {
  const run = liveRunOf(state);
  invariant(run?.runId === event.runId, "the run that starts is the live one");
  const questions = carried(state.questions);
  const phases = inConversation(state, currentPhaseOf(state)?.phase ?? 0, (conversation) => ({
    ...conversation,
    said: conversation.said.map((turn) => ({ ...turn, carried: true })),
  }));
  return { ...factsOf(state), status: "in_progress", run: { ...run, started: true }, questions, phases };
}

export function runEnded(state: ExistingTask, event: EventOf<"RunEnded">): ExistingTask {
  const facts = factsOf(state);
  const { outcome } = event;
  const phases = onPhase(facts, event.phase, (phase) => ({
    ...(outcome.kind === "failed" ? afterFailed(phase, event.at, outcome.findings) : phase),
    spent: addSpent(phase.spent, event.spent),
    spentWithoutCommitUsd:
      phase.conversation !== null && outcome.kind === "completed"
        ? 0
        : phase.spentWithoutCommitUsd + event.spent.costUsd,
    failedAttempts: phase.failedAttempts + (outcome.kind === "failed" ? 1 : 0),
    attempt: phase.attempt + (outcome.kind === "failed" ? 1 : 0),
    toMend: outcome.kind === "failed" ? replacedBy(outcome.findings, phase) : phase.toMend,
    limitedRuns: phase.limitedRuns + (outcome.kind === "rate-limited" ? 1 : 0),
    environmentFaults: phase.environmentFaults + (outcome.kind === "lost" ? 1 : 0),
    emptySlices: phase.emptySlices + (outcome.kind === "slice-ended" ? 1 : 0),
  }));
  return outcome.kind === "completed" || outcome.kind === "nothing-to-do"
    ? { ...facts, status: "in_progress", run: null, phases }
    : { ...facts, status: "pending", run: null, phases };
}

/** Of a step, what was found last; of other steps, what is still to be mended. */
function replacedBy(findings: readonly Finding[], phase: PhaseProgress): readonly Finding[] {
  const named = new Set(findings.map((finding) => stepOfFinding(phase, finding)));
  return [...phase.toMend.filter((finding) => !named.has(stepOfFinding(phase, finding))), ...findings];
}
