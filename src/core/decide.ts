import type { CommandOf, Person, TaskCommand } from "./commands.ts";
import { dropsRun, evolve, nextPhaseOf, stateFrom } from "./evolve.ts";
import type { TaskEvent } from "./events.ts";
import type { Outcome } from "./outcome.ts";
import type { Finding } from "./report.ts";
import {
  currentPhaseOf,
  isSettled,
  liveRunOf,
  outlineOfPhase,
  type ExistingTask,
  type LiveRun,
  type PhaseProgress,
  type TaskState,
  type TaskStatus,
} from "./state.ts";

/** Figures that the core goes by (Q11, Q12); a deployment may set them. */
export interface Policy {
  /** Reworks after the first attempt. */
  readonly reworksMax: number;
  readonly environmentFaultsMax: number;
}

export const defaultPolicy: Policy = { reworksMax: 3, environmentFaultsMax: 3 };

/** A refusal is a normal answer; `src/github/texts.ts` turns those that a person caused into words. */
export type Refusal =
  | { readonly code: "no-such-task" }
  | { readonly code: "task-exists" }
  | { readonly code: "not-permitted"; readonly login: string }
  | { readonly code: "wrong-status"; readonly status: TaskStatus; readonly command: TaskCommand["type"] }
  | { readonly code: "already-running"; readonly status: TaskStatus }
  | { readonly code: "unknown-run" }
  | { readonly code: "unknown-gate"; readonly pullRequest: number }
  | { readonly code: "stale-review"; readonly reviewedSha: string; readonly headSha: string };

export type Decision =
  | { readonly kind: "accepted"; readonly events: readonly TaskEvent[] }
  | { readonly kind: "refused"; readonly refusal: Refusal };

/** The only place where rules live. A repeated input is accepted with no events. */
export function decide(command: TaskCommand, state: TaskState, policy: Policy = defaultPolicy): Decision {
  if (command.type === "CreateTask") return createTask(command, state);
  if (state.status === "absent") return refused({ code: "no-such-task" });
  switch (command.type) {
    case "RunTask":
      return runTask(command, state);
    case "CancelTask":
      return cancelTask(command, state);
    case "RecordDispatch":
      return recordDispatch(command, state);
    case "PauseTask":
      return pauseTask(command, state);
    case "OpenSession":
      return openSession(command, state);
    case "CompleteStep":
      return completeStep(command, state);
    case "RecordPublished":
      return recordPublished(command, state);
    case "RefuseChangeset":
      return refuseChangeset(command, state, policy);
    case "RecordGateOpened":
      return recordGateOpened(command, state);
    case "EndRun":
      return endRun(command, state, policy);
    case "RecordVerification":
      return recordVerification(command, state, policy);
    case "RecordGateReady":
      return recordGateReady(command, state);
    case "RecordReview":
      return recordReview(command, state);
    case "RecordMerge":
      return recordMerge(command, state);
    case "RecordGateClosed":
      return recordGateClosed(command, state);
  }
}

function createTask(command: CommandOf<"CreateTask">, state: TaskState): Decision {
  if (state.status !== "absent") return refused({ code: "task-exists" });
  const created: TaskEvent = {
    type: "TaskCreated",
    at: command.at,
    taskId: command.taskId,
    repository: command.repository,
    issue: command.issue,
    by: command.by.login,
    playbook: command.playbook,
    taskBudgetUsd: command.taskBudgetUsd,
    ordinal: command.ordinal,
  };
  if (!command.by.mayWrite) return accepted(created);
  return accepted(created, ...start(command, evolve(state, created)));
}

function runTask(command: CommandOf<"RunTask">, state: ExistingTask): Decision {
  if (!command.by.mayWrite) return notPermitted(command.by);
  if (state.status === "draft") return accepted(...start(command, state));
  if (isSettled(state)) return wrongStatus(command, state);
  if (state.blockedBy === null) return refused({ code: "already-running", status: state.status });
  const resumed: TaskEvent = { type: "TaskResumed", at: command.at, by: command.by.login };
  const phase = currentPhaseOf(state);
  const verification = phase?.verification ?? null;
  if (phase === null) return accepted(resumed);
  // The gate is up again, or an effect is tried again; neither needs a run.
  if (state.status === "review" || liveRunOf(state) !== null) return accepted(resumed);
  // The app's own work on what the last run handed over is still in the queue, or is there again.
  const ownWork = state.blockedBy.kind === "effect-failed" || state.blockedBy.kind === "gate-closed";
  if (ownWork && state.status === "in_progress") return accepted(resumed);
  const findings = verification !== null && !verification.passed ? verification.findings : [];
  return accepted(resumed, requestRun(command, phase, phase.failedAttempts + 1, findings));
}

function cancelTask(command: CommandOf<"CancelTask">, state: ExistingTask): Decision {
  if (!command.by.mayWrite) return notPermitted(command.by);
  if (state.status === "cancelled") return accepted();
  if (isSettled(state)) return wrongStatus(command, state);
  const run = liveRunOf(state);
  const phase = currentPhaseOf(state);
  const ended: TaskEvent[] =
    run === null || phase === null ? [] : [endOf(command.at, run, phase, { kind: "cancelled" })];
  return accepted(...ended, { type: "TaskCancelled", at: command.at, by: command.by.login });
}

function recordDispatch(command: CommandOf<"RecordDispatch">, state: ExistingTask): Decision {
  const run = liveRunOf(state);
  if (run?.runId !== command.runId) return refused({ code: "unknown-run" });
  if (run.dispatched !== null) return accepted();
  return accepted({
    type: "RunDispatched",
    at: command.at,
    runId: command.runId,
    workflowRunId: command.workflowRunId,
    url: command.url,
  });
}

function pauseTask(command: CommandOf<"PauseTask">, state: ExistingTask): Decision {
  if (isSettled(state) || state.status === "draft") return wrongStatus(command, state);
  if (state.blockedBy !== null) return accepted();
  // The runner was faster than our doubts whether one could start.
  if (dropsRun(command.reason) && liveRunOf(state)?.started === true) return accepted();
  return accepted({ type: "TaskPaused", at: command.at, reason: command.reason });
}

function openSession(command: CommandOf<"OpenSession">, state: ExistingTask): Decision {
  const run = liveRunOf(state);
  if (run?.runId !== command.runId) return refused({ code: "unknown-run" });
  // The runner may be faster than GitHub's answer to the dispatch. Who comes first is the run; no other may follow.
  if (run.dispatched !== null && run.dispatched.workflowRunId !== command.workflowRunId) {
    return refused({ code: "unknown-run" });
  }
  // A session is opened once: a second job with the same run would be a second agent on one branch.
  if (run.started) return refused({ code: "already-running", status: state.status });
  const { at, runId, workflowRunId, url } = command;
  const dispatched: TaskEvent[] =
    run.dispatched === null ? [{ type: "RunDispatched", at, runId, workflowRunId, url }] : [];
  return accepted(...dispatched, { type: "RunStarted", at, runId });
}

function completeStep(command: CommandOf<"CompleteStep">, state: ExistingTask): Decision {
  const run = liveRunOf(state);
  const phase = currentPhaseOf(state);
  if (run?.runId !== command.runId || !run.started || phase === null) return refused({ code: "unknown-run" });
  const step = phase.steps.find((candidate) => candidate.slug === command.step);
  if (step === undefined) return refused({ code: "unknown-run" });
  if (step.changesetId === command.changesetId) return accepted();
  return accepted({
    type: "StepCompleted",
    at: command.at,
    runId: command.runId,
    phase: phase.phase,
    step: command.step,
    changesetId: command.changesetId,
    files: command.files,
    spent: command.spent,
  });
}

function recordPublished(command: CommandOf<"RecordPublished">, state: ExistingTask): Decision {
  const step = stepOf(state, command.phase, command.step);
  if (step === null || step.changesetId !== command.changesetId || step.commitSha !== null) return accepted();
  return accepted({
    type: "StepPublished",
    at: command.at,
    phase: command.phase,
    step: command.step,
    changesetId: command.changesetId,
    commitSha: command.commitSha,
  });
}

function refuseChangeset(command: CommandOf<"RefuseChangeset">, state: ExistingTask, policy: Policy): Decision {
  const step = stepOf(state, command.phase, command.step);
  if (step === null || step.changesetId !== command.changesetId) return accepted();
  const refusedEvent: TaskEvent = {
    type: "ChangesetRefused",
    at: command.at,
    phase: command.phase,
    step: command.step,
    changesetId: command.changesetId,
    findings: command.findings,
  };
  const run = liveRunOf(state);
  const phase = currentPhaseOf(state);
  if (phase === null || phase.phase !== command.phase || phase.completed !== null) return accepted(refusedEvent);
  // What follows would stand on changes that never arrive: the run ends here, as the agent's failure.
  const outcome: Outcome = {
    kind: "failed",
    message: `the changes of step ${command.step} were refused`,
    findings: command.findings,
  };
  if (run === null) {
    const failed: TaskEvent = {
      type: "PhaseVerified",
      at: command.at,
      phase: command.phase,
      attempt: phase.failedAttempts + 1,
      headSha: "",
      passed: false,
      checks: [],
      findings: command.findings,
    };
    return accepted(
      refusedEvent,
      failed,
      ...reworkOrPause(command, after(state, refusedEvent, failed), policy, command.findings),
    );
  }
  const ended = endOf(command.at, run, phase, outcome);
  return accepted(
    refusedEvent,
    ended,
    ...reworkOrPause(command, after(state, refusedEvent, ended), policy, command.findings),
  );
}

function recordGateOpened(command: CommandOf<"RecordGateOpened">, state: ExistingTask): Decision {
  const phase = state.phases.find((candidate) => candidate.phase === command.phase);
  if (phase === undefined) return wrongStatus(command, state);
  if (phase.gate !== null) return accepted();
  return accepted({
    type: "GateOpened",
    at: command.at,
    phase: command.phase,
    pullRequest: command.pullRequest,
    url: command.url,
    draft: command.draft,
  });
}

function endRun(command: CommandOf<"EndRun">, state: ExistingTask, policy: Policy): Decision {
  const run = liveRunOf(state);
  const phase = currentPhaseOf(state);
  if (run?.runId !== command.runId || phase === null) return refused({ code: "unknown-run" });
  const ended: TaskEvent = { ...endOf(command.at, run, phase, command.outcome), spent: command.spent };
  const next = after(state, ended);
  switch (command.outcome.kind) {
    case "completed":
    case "nothing-to-do":
      return accepted(ended);
    case "cancelled":
      // Stopped from outside, in GitHub's own pages: somebody's wish, so nothing starts again by itself.
      return accepted(
        ended,
        pause(command.at, { kind: "dispatch-refused", message: "the run was cancelled on GitHub" }),
      );
    case "slice-ended":
      return accepted(ended, requestRun(command, phase, run.attempt, run.findings));
    case "rate-limited":
      return accepted(
        ended,
        pause(command.at, {
          kind: "rate-limited",
          resetsAt: command.outcome.resetsAt,
          message: command.outcome.message,
        }),
      );
    case "budget-exhausted":
      return accepted(
        ended,
        pause(command.at, {
          kind: "budget-exhausted",
          scope:
            phase.spent.costUsd + command.spent.costUsd >= outlineOfPhase(state, phase.phase).budgetUsd
              ? "phase"
              : "task",
          spentUsd: command.outcome.spentUsd,
          budgetUsd: command.outcome.budgetUsd,
        }),
      );
    case "failed":
      return accepted(ended, ...reworkOrPause(command, next, policy, command.outcome.findings));
    case "lost": {
      const faults = phase.environmentFaults + 1;
      if (!run.started && run.dispatched !== null) {
        return accepted(ended, pause(command.at, { kind: "app-unreachable", runUrl: run.dispatched.url }));
      }
      return faults <= policy.environmentFaultsMax
        ? accepted(ended, requestRun(command, phase, run.attempt, run.findings))
        : accepted(ended, pause(command.at, { kind: "environment", faults, message: command.outcome.message }));
    }
  }
}

function recordVerification(command: CommandOf<"RecordVerification">, state: ExistingTask, policy: Policy): Decision {
  const phase = currentPhaseOf(state);
  if (phase === null || phase.phase !== command.phase || phase.completed !== null) return accepted();
  if (state.status !== "in_progress" || state.run !== null) return accepted();
  if (phase.verification?.headSha === command.headSha && phase.verification.attempt === command.attempt) {
    return accepted();
  }
  const verified: TaskEvent = {
    type: "PhaseVerified",
    at: command.at,
    phase: command.phase,
    attempt: command.attempt,
    headSha: command.headSha,
    passed: command.passed,
    checks: command.checks,
    findings: command.findings,
  };
  if (command.passed) return accepted(verified);
  return accepted(verified, ...reworkOrPause(command, after(state, verified), policy, command.findings));
}

function recordGateReady(command: CommandOf<"RecordGateReady">, state: ExistingTask): Decision {
  const phase = currentPhaseOf(state);
  if (phase === null || phase.phase !== command.phase || phase.gate === null) return accepted();
  if (state.status !== "in_progress" || phase.completed !== null) return accepted();
  return accepted({ type: "ReviewCreated", at: command.at, phase: command.phase, headSha: command.headSha });
}

function recordReview(command: CommandOf<"RecordReview">, state: ExistingTask): Decision {
  const phase = phaseOfGate(state, command.pullRequest);
  if (phase === null) return refused({ code: "unknown-gate", pullRequest: command.pullRequest });
  if (!command.by.mayWrite) return notPermitted(command.by);
  if (phase.completed !== null || isSettled(state)) return wrongStatus(command, state);
  if (command.reviewedSha !== command.headSha) {
    return refused({ code: "stale-review", reviewedSha: command.reviewedSha, headSha: command.headSha });
  }
  const { by, headSha, at } = command;
  if (command.verdict === "approved") {
    if (phase.gate?.review === "approved" && phase.gate.approvedBy.includes(by.login)) return accepted();
    return accepted({ type: "ReviewApproved", at, phase: phase.phase, by: by.login, headSha });
  }
  if (phase.gate?.review === "changes_requested") return accepted();
  return accepted({ type: "ChangesRequested", at, phase: phase.phase, by: by.login, headSha });
}

function recordMerge(command: CommandOf<"RecordMerge">, state: ExistingTask): Decision {
  const phase = phaseOfGate(state, command.pullRequest);
  if (phase === null) return refused({ code: "unknown-gate", pullRequest: command.pullRequest });
  if (phase.completed !== null) return accepted();
  if (isSettled(state)) return wrongStatus(command, state);
  // Merged while a run is live: whoever merged has accepted what is there (Q5).
  const run = liveRunOf(state);
  const ended: TaskEvent[] = run === null ? [] : [endOf(command.at, run, phase, { kind: "cancelled" })];
  const completed: TaskEvent = {
    type: "PhaseCompleted",
    at: command.at,
    phase: phase.phase,
    by: command.by,
    mergeSha: command.mergeSha,
  };
  const next = nextPhaseOf(state);
  if (next === null) return accepted(...ended, completed, { type: "TaskCompleted", at: command.at });
  return accepted(...ended, completed, ...startPhase(command, next));
}

function recordGateClosed(command: CommandOf<"RecordGateClosed">, state: ExistingTask): Decision {
  const phase = phaseOfGate(state, command.pullRequest);
  if (phase === null) return refused({ code: "unknown-gate", pullRequest: command.pullRequest });
  if (phase.completed !== null || isSettled(state) || state.blockedBy !== null) return accepted();
  const run = liveRunOf(state);
  const ended: TaskEvent[] = run === null ? [] : [endOf(command.at, run, phase, { kind: "cancelled" })];
  return accepted(...ended, pause(command.at, { kind: "gate-closed", pullRequest: command.pullRequest }));
}

function start(command: CommandOf<"CreateTask" | "RunTask">, state: TaskState): readonly TaskEvent[] {
  const started: TaskEvent = {
    type: "TaskStarted",
    at: command.at,
    by: command.by.login,
    promptHash: command.prompt.hash,
    hiddenRemoved: command.prompt.hiddenRemoved,
  };
  const first = state.status === "absent" ? null : nextPhaseOf(state);
  return first === null ? [started] : [started, ...startPhase(command, first)];
}

function startPhase(command: TaskCommand, phase: number): readonly TaskEvent[] {
  return [
    { type: "PhaseStarted", at: command.at, phase },
    { type: "RunRequested", at: command.at, runId: command.newRunId, phase, attempt: 1, findings: [] },
  ];
}

function requestRun(
  command: TaskCommand,
  phase: PhaseProgress,
  attempt: number,
  findings: readonly Finding[],
): TaskEvent {
  return { type: "RunRequested", at: command.at, runId: command.newRunId, phase: phase.phase, attempt, findings };
}

/** Another attempt with what failed, or, after the last one, a pause in which a person decides (Q10). */
function reworkOrPause(
  command: TaskCommand,
  state: ExistingTask,
  policy: Policy,
  findings: readonly Finding[],
): readonly TaskEvent[] {
  const phase = currentPhaseOf(state);
  if (phase === null) return [];
  return phase.failedAttempts <= policy.reworksMax
    ? [requestRun(command, phase, phase.failedAttempts + 1, findings)]
    : [pause(command.at, { kind: "verification-failed", attempts: phase.failedAttempts })];
}

function pause(at: string, reason: Extract<TaskEvent, { type: "TaskPaused" }>["reason"]): TaskEvent {
  return { type: "TaskPaused", at, reason };
}

function endOf(
  at: string,
  run: LiveRun,
  phase: PhaseProgress,
  outcome: Outcome,
): Extract<TaskEvent, { type: "RunEnded" }> {
  return {
    type: "RunEnded",
    at,
    runId: run.runId,
    phase: phase.phase,
    outcome,
    spent: {
      usage: { inputTokens: 0, outputTokens: 0, cacheCreationInputTokens: 0, cacheReadInputTokens: 0 },
      costUsd: 0,
    },
  };
}

function after(state: ExistingTask, ...events: readonly TaskEvent[]): ExistingTask {
  const next = stateFrom(events, state);
  return next.status === "absent" ? state : next;
}

function stepOf(state: ExistingTask, phase: number, slug: string) {
  const progress = state.phases.find((candidate) => candidate.phase === phase);
  return progress?.steps.find((step) => step.slug === slug) ?? null;
}

function phaseOfGate(state: ExistingTask, pullRequest: number): PhaseProgress | null {
  return state.phases.find((phase) => phase.gate?.pullRequest === pullRequest) ?? null;
}

function accepted(...events: readonly TaskEvent[]): Decision {
  return { kind: "accepted", events };
}

function refused(refusal: Refusal): Decision {
  return { kind: "refused", refusal };
}

function notPermitted(person: Person): Decision {
  return refused({ code: "not-permitted", login: person.login });
}

function wrongStatus(command: TaskCommand, state: ExistingTask): Decision {
  return refused({ code: "wrong-status", status: state.status, command: command.type });
}
