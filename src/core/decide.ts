import { unsettledOf } from "./conversation.ts";
import type { CommandFacts, CommandOf, Person, TaskCommand } from "./commands.ts";
import { dropsRun, evolve, stateFrom } from "./evolve.ts";
import { namedAmong } from "./dependency-name.ts";
import { grantsMax, hasValue, sameName, type Dependency, type Question } from "./dialogue.ts";
import type { EventOf, TaskEvent } from "./events.ts";
import { invariant } from "./invariant.ts";
import { isBeforeSecondOf } from "./moment.ts";
import type { BlockReason, Outcome } from "./outcome.ts";
import type { AnyCheck, Finding } from "./report.ts";
import type { TaskInput } from "./task-input.ts";
import { nothingSpent, spentBeyond } from "./usage.ts";
import { notesToKeep } from "./security.ts";
import { areSameSettings, atMost } from "./settings.ts";
import {
  appIsAtWork,
  awaitsApproval,
  budgetLeftOf,
  currentPhaseOf,
  freshPhaseNumber,
  isHeadShown,
  isAllDone,
  isSettled,
  liveRunOf,
  mayApprove,
  nextPhaseOf,
  openDependenciesOf,
  openQuestionsOf,
  openVetoesOf,
  outlineOfPhase,
  pendingRippleOf,
  planDueOf,
  purseOf,
  taskBranchOf,
  unansweredOf,
  vetoIdOf,
  type ExistingTask,
  type Gate,
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
  /** Runs in a row that end with their slice and finish no step, before a person is asked. */
  readonly emptySlicesMax: number;
  /** Reworks for failed checks of the repository, before people are asked (Q12). */
  readonly ciReworksMax: number;
  /** Reworks of a phase for conflicts with its base, before people are asked. */
  readonly conflictReworksMax: number;
  /** US dollars that a phase may spend without a step that changes a file, before a person is asked. */
  readonly withoutCommitUsdMax: number;
  /** Events of one task in a minute; more is a loop. */
  readonly eventsPerMinuteMax: number;
  /** Silence after a review that requests changes, before a rework starts. */
  readonly reviewDebounceMs: number;
  /** Between two looks at the names of secrets and variables that a task waits for, in the first hour (Q9). */
  readonly namesEveryMs: number;
  /** From the end of a task until its logs and changesets are deleted. */
  readonly logsKeptMs: number;
}

export const defaultPolicy: Policy = {
  reworksMax: 3,
  environmentFaultsMax: 3,
  emptySlicesMax: 3,
  ciReworksMax: 2,
  conflictReworksMax: 2,
  withoutCommitUsdMax: 3,
  eventsPerMinuteMax: 120,
  reviewDebounceMs: 20_000,
  namesEveryMs: 60_000,
  logsKeptMs: 90 * 24 * 60 * 60_000,
};

/** A refusal is a normal answer; `src/github/texts.ts` turns those that a person caused into words. */
export type Refusal =
  | { readonly code: "no-such-task" }
  | { readonly code: "task-exists" }
  | { readonly code: "not-permitted"; readonly login: string }
  | { readonly code: "wrong-status"; readonly status: TaskStatus; readonly command: TaskCommand["type"] }
  | { readonly code: "already-running"; readonly status: TaskStatus }
  /** What the issue's form says can't be read; a comment names each fault. */
  | { readonly code: "input-faulty" }
  /** It takes a pause, a draft, or a failure to go on from. */
  | { readonly code: "not-started" }
  | { readonly code: "already-paused"; readonly reason: BlockReason["kind"] }
  | { readonly code: "nothing-failed" }
  | { readonly code: "nothing-to-review" }
  | { readonly code: "nothing-to-change" }
  | { readonly code: "no-gate" }
  /** It waits for people's answers and provisions, and goes on by itself once it has them. */
  | { readonly code: "waiting"; readonly questions: readonly number[]; readonly dependencies: readonly string[] }
  /** The agent has replied: what goes on is the next comment. */
  | { readonly code: "your-turn" }
  | { readonly code: "no-conversation" }
  | { readonly code: "no-question" }
  | { readonly code: "unknown-question"; readonly number: number }
  /** Several are open, and the answer names none. */
  | { readonly code: "which-question"; readonly numbers: readonly number[] }
  | { readonly code: "no-such-option"; readonly number: number; readonly options: number }
  /** A tool is allowed or refused, and nothing else. */
  | { readonly code: "allow-or-refuse"; readonly number: number }
  | { readonly code: "empty-answer"; readonly number: number | null }
  /** Deleting its comment takes nothing back: the agent has it, or is about to. */
  | { readonly code: "answer-used"; readonly numbers: readonly number[] }
  | { readonly code: "unknown-dependency"; readonly name: string; readonly known: readonly string[] }
  | { readonly code: "too-many-grants"; readonly max: number }
  | { readonly code: "bad-amount" }
  | { readonly code: "bad-priority" }
  | { readonly code: "unknown-decision"; readonly number: number; readonly decisions: number }
  /** The person saw a list that an attempt has replaced since. */
  | { readonly code: "decision-replaced"; readonly number: number }
  | { readonly code: "not-skippable"; readonly phase: string }
  /** The phase began after the person had said it: they meant the one before. */
  | { readonly code: "said-before-phase"; readonly phase: string }
  /** They asked for it, and the repository's settings keep them from approving it (Q5). */
  | { readonly code: "requester-may-not"; readonly login: string }
  | { readonly code: "below-spent"; readonly spentUsd: number }
  | { readonly code: "day-budget" }
  | { readonly code: "unknown-run" }
  | { readonly code: "unknown-gate"; readonly pullRequest: number };

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
    case "ResumeTask":
      return resumeTask(command, state);
    case "LiftBlock":
      return liftBlock(command, state);
    case "SuspendTask":
      return suspendTask(command, state);
    case "RetryTask":
      return retryTask(command, state);
    case "CancelTask":
      return cancelTask(command, state);
    case "AbandonTask":
      return abandonTask(command, state);
    case "DeleteTask":
      return deleteTask(command, state);
    case "ApprovePhase":
      return approvePhase(command, state);
    case "AcceptPhase":
      return acceptPhase(command, state);
    case "RequestRework":
      return requestRework(command, state, policy);
    case "VetoDecision":
      return vetoDecision(command, state);
    case "WithdrawVeto":
      return withdrawVeto(command, state);
    case "SkipPhase":
      return skipPhase(command, state);
    case "RecordPlan":
      return recordPlan(command, state);
    case "RecordRipple":
      return recordRipple(command, state);
    case "SettleRipple":
      return settleRipple(command, state);
    case "RecordSettings":
      return recordSettings(command, state);
    case "RecordCi":
      return recordCi(command, state);
    case "MoveRepository":
      return moveRepository(command, state);
    case "RecordDispatch":
      return recordDispatch(command, state);
    case "PauseTask":
      return pauseTask(command, state);
    case "OpenSession":
      return openSession(command, state);
    case "CompleteStep":
      return withSecurity(command, state, completeStep(command, state));
    case "RecordPublished":
      return recordPublished(command, state);
    case "RefuseChangeset":
      return refuseChangeset(command, state, policy);
    case "RecordGateOpened":
      return recordGateOpened(command, state);
    case "AskQuestions":
      return askQuestions(command, state);
    case "AnswerQuestions":
      return answerQuestions(command, state);
    case "WithdrawAnswer":
      return withdrawAnswer(command, state);
    case "RequestDependency":
      return requestDependency(command, state);
    case "ProvideDependency":
      return provideDependency(command, state);
    case "SkipDependency":
      return skipDependency(command, state);
    case "RecordNames":
      return recordNames(command, state);
    case "RefuseValue":
      return refuseValue(command, state);
    case "ReportError":
      return reportError(command, state);
    case "SayTurn":
      return sayTurn(command, state);
    case "EndConversation":
      return endConversation(command, state);
    case "SetBudget":
      return setBudget(command, state);
    case "SetPriority":
      return setPriority(command, state);
    case "NoteSecurity":
      return noteSecurity(command, state);
    case "EndRun":
      return withSecurity(command, state, withReport(command, state, endRun(command, state, policy)));
    case "RecordVerification":
      return recordVerification(command, state, policy);
    case "RecordGateReady":
      return recordGateReady(command, state);
    case "RecordReviews":
      return recordReviews(command, state);
    case "RecordResolved":
      return recordResolved(command, state);
    case "RecordCiReleased":
      return recordCiReleased(command, state);
    case "RecordRetarget":
      return recordRetarget(command, state);
    case "RecordMerge":
      return recordMerge(command, state);
    case "RecordFinalGate":
      return recordFinalGate(command, state);
    case "RecordGateClosed":
      return recordGateClosed(command, state);
    case "RecordConflict":
      return recordConflict(command, state, policy);
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
  if (!command.by.mayWrite || command.prompt.input === null) return accepted(created);
  return accepted(created, ...start(command, evolve(state, created), command.prompt.input));
}

function runTask(command: CommandOf<"RunTask">, state: ExistingTask): Decision {
  if (!command.by.mayWrite) return notPermitted(command.by);
  if (state.status === "draft") {
    return command.prompt.input === null
      ? refused({ code: "input-faulty" })
      : accepted(...start(command, state, command.prompt.input));
  }
  return goOn(command, state, command.by.login);
}

function resumeTask(command: CommandOf<"ResumeTask">, state: ExistingTask): Decision {
  if (!command.by.mayWrite) return notPermitted(command.by);
  if (state.status === "draft") return refused({ code: "not-started" });
  return goOn(command, state, command.by.login);
}

function liftBlock(command: CommandOf<"LiftBlock">, state: ExistingTask): Decision {
  if (isSettled(state) || state.blockedBy === null || !command.kinds.includes(state.blockedBy.kind)) return accepted();
  return goOn(command, state, command.by);
}

/**
 * Takes the block away and goes on from there.
 *
 * While the task waits for people, their commands do this: `/run`, `/resume`, `/retry` and `/rework` are refused with what is
 * open, since a run without it would only ask again; `/skip` takes a required dependency away as well. `/pause` stands in the
 * place of the wait, and whoever resumes it then gets the wait back, or a run where all has come meanwhile. `/budget` sets its
 * figure and wakes nobody. `/approve` and `/accept` have nothing before them. A merge ends the phase, and with it the wait.
 */
function goOn(command: TaskCommand, state: ExistingTask, by: string): Decision {
  if (isSettled(state)) return wrongStatus(command, state);
  if (state.blockedBy === null) return refused({ code: "already-running", status: state.status });
  // Another writer's approval lifts it, and nothing else (Q5).
  if (state.blockedBy.kind === "approval-needed") {
    return refused({ code: "already-paused", reason: state.blockedBy.kind });
  }
  const resumed: TaskEvent = { type: "TaskResumed", at: command.at, by };
  const phase = currentPhaseOf(state);
  if (phase === null || state.status === "draft") return accepted(resumed);
  if (isWaiting(state)) return stillWaiting(state);
  if (state.blockedBy.kind === "conversation" && isAllSaid(phase)) return refused({ code: "your-turn" });
  // Its gate was merged during the pause.
  if (phase.completed !== null) {
    if (isAllDone(state)) return accepted(resumed);
    if (awaitsApproval(state, phase)) return accepted(resumed, approvalNeeded(command.at, phase, phase.completed.by));
    const next = nextPhaseOf(state);
    if (next === null) return accepted(resumed);
    return accepted(resumed, ...startPhase(command, state, next, leftOver(state, phase, next)));
  }
  // The gate is up again, or an effect is tried again, or the app's own work is in the queue: none of them needs a run.
  if (state.status === "review" || liveRunOf(state) !== null || appIsAtWork(state)) return accepted(resumed);
  return accepted(resumed, ...runOrWait(command, after(state, resumed)));
}

function waits({ kind }: BlockReason): boolean {
  return kind === "waiting-question" || kind === "waiting-dependency";
}

function isWaiting(state: ExistingTask): boolean {
  return state.blockedBy !== null && waits(state.blockedBy) && waitingFor(state) !== null;
}

function stillWaiting(state: ExistingTask): Decision {
  const questions = openQuestionsOf(state).map(({ number }) => number);
  return refused({ code: "waiting", questions, dependencies: openDependenciesOf(state).map(({ name }) => name) });
}

/** What must come from people before a run could go on; null where nothing must. */
function waitingFor(state: ExistingTask): BlockReason | null {
  if (openQuestionsOf(state).length > 0) return { kind: "waiting-question" };
  return openDependenciesOf(state).length > 0 ? { kind: "waiting-dependency" } : null;
}

/** After something that it waited for has come: goes on where nothing is left, at once. */
function goOnIfReady(command: TaskCommand, state: ExistingTask, by: string): readonly TaskEvent[] {
  if (isSettled(state) || state.blockedBy === null || !waits(state.blockedBy)) return [];
  const waiting = waitingFor(state);
  if (waiting !== null) return waiting.kind === state.blockedBy.kind ? [] : [pause(command.at, waiting)];
  const goingOn = goOn(command, state, by);
  return goingOn.kind === "accepted" ? goingOn.events : [];
}

/** Steps that are finished stay; what the run had under way is lost. */
function suspendTask(command: CommandOf<"SuspendTask">, state: ExistingTask): Decision {
  if (command.by?.mayWrite === false) return notPermitted(command.by);
  if (isSettled(state)) return wrongStatus(command, state);
  if (state.status === "draft") return refused({ code: "not-started" });
  const ended = cancelRunOf(command, state);
  if (state.blockedBy === null || liftsByItself(state.blockedBy)) {
    return accepted(...ended, pause(command.at, command.reason));
  }
  // Something failed beside a run that goes on: the run stops, and what failed still has to be mended.
  return ended.length > 0 ? accepted(...ended) : refused({ code: "already-paused", reason: state.blockedBy.kind });
}

/** Nobody's word is needed for it to go on, so it would not keep the task where somebody wants it stopped. */
function liftsByItself(reason: BlockReason): boolean {
  return (
    waits(reason) ||
    reason.kind === "conversation" ||
    reason.kind === "rate-limited" ||
    (reason.kind === "budget-exhausted" && reason.scope === "day")
  );
}

/** What a person may order anew: everything that went wrong, and nothing that somebody decided. */
function retryTask(command: CommandOf<"RetryTask">, state: ExistingTask): Decision {
  if (!command.by.mayWrite) return notPermitted(command.by);
  if (isSettled(state)) return wrongStatus(command, state);
  if (state.status === "draft") return refused({ code: "not-started" });
  if (isWaiting(state)) return stillWaiting(state);
  const phase = currentPhaseOf(state);
  if (state.blockedBy === null || phase === null || !isFailure(state.blockedBy))
    return refused({ code: "nothing-failed" });
  const retried: TaskEvent = {
    type: "RetryRequested",
    at: command.at,
    phase: phase.phase,
    by: command.by.login,
  };
  const goingOn = goOn(command, after(state, retried), command.by.login);
  return goingOn.kind === "refused" ? goingOn : accepted(retried, ...goingOn.events);
}

function isFailure(reason: BlockReason): boolean {
  switch (reason.kind) {
    case "paused":
    case "issue-closed":
    case "gate-closed":
    case "gate-retargeted":
    case "repository-archived":
    case "no-access":
    case "waiting-question":
    case "waiting-dependency":
    case "conversation":
    case "approval-needed":
      return false;
    case "workflow-file-awaited":
    case "settings-invalid":
    case "plan-invalid":
    case "no-progress":
    case "runaway":
    case "provider-refused":
    case "no-workflow-file":
    case "actions-disabled":
    case "no-model-secret":
    case "empty-repository":
    case "app-unreachable":
    case "dispatch-refused":
    case "environment":
    case "verification-failed":
    case "budget-exhausted":
    case "rate-limited":
    case "effect-failed":
      return true;
  }
}

function cancelTask(command: CommandOf<"CancelTask">, state: ExistingTask): Decision {
  if (!command.by.mayWrite) return notPermitted(command.by);
  if (state.status === "cancelled") return accepted();
  if (isSettled(state)) return wrongStatus(command, state);
  return accepted(...cancelledBy(command, state, command.by.login));
}

function cancelledBy(facts: CommandFacts, state: ExistingTask, by: string): readonly TaskEvent[] {
  return [...cancelRunOf(facts, state), { type: "TaskCancelled", at: facts.at, by }];
}

function abandonTask(command: CommandOf<"AbandonTask">, state: ExistingTask): Decision {
  if (isSettled(state)) return accepted();
  if (command.by !== null) return accepted(...cancelledBy(command, state, command.by));
  return accepted(...cancelRunOf(command, state), {
    type: "TaskFailed",
    at: command.at,
    message: command.message,
  });
}

/** Also for a task that has ended: its texts are still there. */
function deleteTask(command: CommandOf<"DeleteTask">, state: ExistingTask): Decision {
  if (!command.by.mayWrite) return notPermitted(command.by);
  if (state.erasedBy !== null) return accepted();
  const ended = isSettled(state) ? [] : cancelledBy(command, state, command.by.login);
  return accepted(...ended, { type: "TaskErased", at: command.at, by: command.by.login });
}

/** The run that is live ends here, by our own wish. */
function cancelRunOf(facts: CommandFacts, state: ExistingTask): readonly TaskEvent[] {
  const run = liveRunOf(state);
  const phase = currentPhaseOf(state);
  return run === null || phase === null ? [] : [endOf(facts, run, phase, { kind: "cancelled" })];
}

function approvePhase(command: CommandOf<"ApprovePhase">, state: ExistingTask): Decision {
  if (!command.by.mayWrite) return notPermitted(command.by);
  if (isSettled(state)) return wrongStatus(command, state);
  const phase = currentPhaseOf(state);
  if (!mayApprove(state, command.by.login)) {
    return refused({ code: "requester-may-not", login: command.by.login });
  }
  if (state.blockedBy?.kind === "approval-needed" && phase !== null) return approveMerged(command, state, phase);
  if (phase === null || phase.gate === null || phase.completed !== null || state.status !== "review") {
    return refused({ code: "nothing-to-review" });
  }
  // Nobody could merge what is approved there.
  if (state.blockedBy?.kind === "gate-closed" || state.blockedBy?.kind === "gate-retargeted") {
    return refused({ code: "nothing-to-review" });
  }
  const { login } = command.by;
  const { at, purseUsd, headSha } = command;
  if (purseUsd !== null && !isAmount(purseUsd)) return refused({ code: "bad-amount" });
  const next = nextPhaseOf(state);
  const purse = purseUsd === null || next === null ? [] : budgetSet(state, at, login, next, purseUsd);
  if (phase.gate.approvedBy.includes(login)) return accepted(...purse);
  return accepted(...purse, { type: "PhaseApproved", at, phase: phase.phase, by: login, headSha });
}

/** Merged by one who may not approve: this is the word that the next phase waited for. */
function approveMerged(command: CommandOf<"ApprovePhase">, state: ExistingTask, phase: PhaseProgress): Decision {
  const { at, purseUsd, headSha, by } = command;
  if (purseUsd !== null && !isAmount(purseUsd)) return refused({ code: "bad-amount" });
  const next = nextPhaseOf(state);
  const purse = purseUsd === null || next === null ? [] : budgetSet(state, at, by.login, next, purseUsd);
  const approved: TaskEvent = { type: "PhaseApproved", at, phase: phase.phase, by: by.login, headSha };
  const resumed: TaskEvent = { type: "TaskResumed", at, by: by.login };
  const following = next === null ? [] : startPhase(command, state, next, leftOver(state, phase, next));
  return accepted(...purse, approved, resumed, ...following);
}

/** After the last rework a person decides (Q10); what was merged into another branch counts by somebody's word, too. */
function acceptPhase(command: CommandOf<"AcceptPhase">, state: ExistingTask): Decision {
  if (!command.by.mayWrite) return notPermitted(command.by);
  if (isSettled(state)) return wrongStatus(command, state);
  const phase = currentPhaseOf(state);
  const reason = state.blockedBy;
  if (phase === null || reason === null) return refused({ code: "nothing-failed" });
  const { login } = command.by;
  if (reason.kind === "gate-retargeted" && reason.merged && isFinalGate(state, reason.pullRequest)) {
    const merged: TaskEvent = { type: "FinalGateMerged", at: command.at, by: login, mergeSha: "" };
    return accepted(merged, { type: "TaskCompleted", at: command.at });
  }
  if (reason.kind === "gate-retargeted" && reason.merged) {
    return accepted(...completePhase(command, state, phase, login, ""));
  }
  if (!isPeoplesTurn(reason)) return refused({ code: "nothing-failed" });
  if (phase.gate === null) return refused({ code: "no-gate" });
  const { checks = [], findings = [], notes = [] } = phase.verification ?? {};
  // What is only noted is no failure: a point that should be better, or tests that could not be run.
  const isNoted = (check: AnyCheck) => hasOf(notes, check) && !hasOf(findings, check);
  const failed = checks.filter(({ check, passed }) => !passed && !isNoted(check)).map(({ check }) => check);
  return accepted({ type: "PhaseAccepted", at: command.at, phase: phase.phase, by: login, failed });
}

function hasOf(found: readonly Finding[], check: AnyCheck): boolean {
  return found.some((finding) => finding.check === check);
}

/** The attempts are over: people take the phase as it is, or say what is to become of it. */
function isPeoplesTurn({ kind }: BlockReason): boolean {
  return kind === "verification-failed" || kind === "no-progress";
}

/** Starts one attempt with what people said. */
function requestRework(command: CommandOf<"RequestRework">, state: ExistingTask, policy: Policy): Decision {
  const [first = "somebody"] = command.by;
  if (!command.mayWrite) return refused({ code: "not-permitted", login: first });
  if (isSettled(state)) return wrongStatus(command, state);
  const phase = currentPhaseOf(state);
  if (phase === null) return refused({ code: "not-started" });
  if (isWaiting(state)) return stillWaiting(state);
  const reason = state.blockedBy;
  if (reason !== null && !isPeoplesTurn(reason) && reason.kind !== "conversation") {
    return refused({ code: "already-paused", reason: reason.kind });
  }
  if (liveRunOf(state) !== null || appIsAtWork(state)) {
    return refused({ code: "already-running", status: state.status });
  }
  if (phase.completed !== null) return refused({ code: "nothing-to-review" });
  if (command.source === "ci" && phase.ciReworks >= policy.ciReworksMax) return refused({ code: "nothing-to-change" });
  // The rework for their review is about to start, and has more to say; this one would pass over it.
  const isReviewed = (phase.gate?.requestedBy.length ?? 0) > 0;
  if (isReviewed && (command.source === "ci" || command.source === "veto")) return accepted();
  if (command.feedback.length === 0) return refused({ code: "nothing-to-change" });
  const stepsKnown = new Map(phase.feedback.map(({ id, step }) => [id, step]));
  const fresh = command.feedback.filter(({ id, step }) => stepsKnown.get(id) !== step);
  const given: TaskEvent[] =
    fresh.length === 0 ? [] : [{ type: "FeedbackGiven", at: command.at, phase: phase.phase, feedback: fresh }];
  const rework: TaskEvent = {
    type: "ReworkRequested",
    at: command.at,
    phase: phase.phase,
    // Whoever asked in a review has the same claim to the result.
    by: [...new Set([...command.by, ...(phase.gate?.requestedBy ?? [])])],
    source: command.source,
    ids: command.feedback.map(({ id }) => id),
    reviewIds: command.reviewIds,
    textHash: command.textHash,
  };
  return accepted(...given, rework, ...runOrWait(command, after(state, ...given, rework)));
}

/** Only while the gate waits for people, and nobody wants it changed: the base is looked at again with the next presentation. */
function recordConflict(command: CommandOf<"RecordConflict">, state: ExistingTask, policy: Policy): Decision {
  const { at, phase: number, headSha, base, baseSha, mergeBaseSha } = command;
  const phase = currentPhaseOf(state);
  const isShown = isHeadShown(state, { phase: number, headSha: command.presentedSha });
  if (!isShown || phase === null || state.blockedBy !== null || isContested(phase)) return accepted();
  if (phase.conflictReworks >= policy.conflictReworksMax) return refused({ code: "nothing-to-change" });
  const found: TaskEvent = { type: "ConflictFound", at, phase: number, headSha, base, baseSha, mergeBaseSha };
  const asked = { by: [], mayWrite: true, source: "conflict", reviewIds: [] } as const;
  const rework = requestRework({ ...command, type: "RequestRework", ...asked }, after(state, found), policy);
  return rework.kind === "refused" ? rework : accepted(found, ...rework.events);
}

/** A rework for what people want is about to start. */
function isContested(phase: PhaseProgress): boolean {
  return (phase.gate?.requestedBy.length ?? 0) > 0 || phase.vetoedAt !== null;
}

/** A tick says that somebody wants it otherwise; with a reason it is reworked. */
function vetoDecision(command: CommandOf<"VetoDecision">, state: ExistingTask): Decision {
  const { at, by, number, reason } = command;
  if (!by.mayWrite) return notPermitted(by);
  if (isSettled(state)) return wrongStatus(command, state);
  const phase = currentPhaseOf(state);
  if (phase === null || phase.completed !== null) return refused({ code: "nothing-to-review" });
  const { attempt, list } = phase.decisions;
  if (command.attempt !== null && command.attempt !== attempt) return refused({ code: "decision-replaced", number });
  const decision = list.find((each) => each.number === number);
  if (decision === undefined) return refused({ code: "unknown-decision", number, decisions: list.length });
  // The rework is under way, or its list named nothing new.
  if (phase.feedback.some(({ id }) => id === vetoIdOf(phase, number))) {
    return reason === null ? accepted() : refused({ code: "decision-replaced", number });
  }
  const { veto } = decision;
  if (veto !== null && (reason === null || (veto.reason === reason && veto.by === by.login))) return accepted();
  return accepted({ type: "DecisionVetoed", at, phase: phase.phase, number, by: by.login, reason });
}

function withdrawVeto({ at, by, attempt, number }: CommandOf<"WithdrawVeto">, state: ExistingTask): Decision {
  if (!by.mayWrite) return notPermitted(by);
  const phase = currentPhaseOf(state);
  if (isSettled(state) || phase === null || phase.completed !== null) return accepted();
  const isOpen = phase.decisions.attempt === attempt && openVetoesOf(phase).some((each) => each.number === number);
  return isOpen ? accepted({ type: "VetoWithdrawn", at, phase: phase.phase, number, by: by.login }) : accepted();
}

/** Nothing of it is merged; what it left undone is told to the next one. */
function skipPhase(command: CommandOf<"SkipPhase">, state: ExistingTask): Decision {
  const { at, by } = command;
  if (!by.mayWrite) return notPermitted(by);
  if (isSettled(state)) return wrongStatus(command, state);
  const phase = currentPhaseOf(state);
  if (phase === null) return refused({ code: "not-started" });
  if (phase.completed !== null) return refused({ code: "nothing-to-review" });
  const { mayBeSkipped, title } = outlineOfPhase(state, phase.phase);
  // Said twice, the second means the phase that the first has skipped.
  const { writtenAt } = command;
  if (writtenAt !== null && isBeforeSecondOf(writtenAt, phase.startedAt)) {
    return refused({ code: "said-before-phase", phase: title });
  }
  if (!mayBeSkipped) return refused({ code: "not-skippable", phase: title });
  const skipped: TaskEvent = { type: "PhaseSkipped", at, phase: phase.phase, by: by.login };
  const { blockedBy } = state;
  const following =
    nextPhaseOf(state) !== null && blockedBy !== null && outlastsMerge(blockedBy)
      ? [pause(at, blockedBy)]
      : afterPhase(command, after(state, skipped), phase);
  return accepted(...cancelRunOf(command, state), skipped, ...following);
}

/** On which branch the phases are collected is settled by the first commit. */
function recordSettings(command: CommandOf<"RecordSettings">, state: ExistingTask): Decision {
  const { at, settings } = command;
  if (isSettled(state)) return accepted();
  const hasBegun = state.phases.some(({ gate, steps }) => gate !== null || steps.some((step) => step.completed));
  const known = state.settings;
  const next = hasBegun ? { ...settings, integration: known.integration } : settings;
  if (areSameSettings(next, known)) return accepted();
  const read: TaskEvent = { type: "SettingsRead", at, settings: next };
  return accepted(read, ...goOnApproved(command, after(state, read)));
}

/** Whoever merged may approve now: nobody's word is missing any more. */
function goOnApproved(command: TaskCommand, state: ExistingTask): readonly TaskEvent[] {
  const phase = currentPhaseOf(state);
  if (state.blockedBy?.kind !== "approval-needed" || phase === null || awaitsApproval(state, phase)) return [];
  const resumed: TaskEvent = { type: "TaskResumed", at: command.at, by: "the repository's settings" };
  const next = nextPhaseOf(state);
  return next === null ? [resumed] : [resumed, ...startPhase(command, state, next, leftOver(state, phase, next))];
}

/** Only of the head that people see. */
function recordCi({ at, phase: number, headSha, ci }: CommandOf<"RecordCi">, state: ExistingTask): Decision {
  const phase = currentPhaseOf(state);
  if (phase === null || !isHeadShown(state, { phase: number, headSha })) return accepted();
  const known = phase.ci;
  const isKnown =
    known?.headSha === headSha &&
    known.kind === ci.kind &&
    known.reason === ci.reason &&
    JSON.stringify(known.failed) === JSON.stringify(ci.failed);
  return isKnown ? accepted() : accepted({ type: "CiObserved", at, phase: number, headSha, ci });
}

function moveRepository(command: CommandOf<"MoveRepository">, state: ExistingTask): Decision {
  const { repositoryId, installationId, owner, name } = command.repository;
  const known = state.repository;
  if (known.repositoryId !== repositoryId || isSettled(state)) return accepted();
  if (known.installationId === installationId && known.owner === owner && known.name === name) return accepted();
  return accepted({ type: "RepositoryMoved", at: command.at, repository: command.repository });
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
  // What failed while it waited must be said: nothing would be done behind it, whatever people answer.
  const isHeld = state.blockedBy !== null && !liftsByItself(state.blockedBy);
  if (isHeld && !dropsRun(command.reason)) return accepted();
  // The runner was faster than our doubts whether one could start, or nobody wants that run any more.
  if (dropsRun(command.reason) && liveRunOf(state)?.started !== false) return accepted();
  // No runner will ever take it: whoever mends what holds the task gets another run, and hears what is in that one's way.
  if (isHeld) return accepted(...cancelRunOf(command, state));
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
  const { account } = command;
  const identified: TaskEvent[] =
    account === null || account === state.account ? [] : [{ type: "AccountIdentified", at, runId, account }];
  return accepted(...dispatched, ...identified, { type: "RunStarted", at, runId });
}

function completeStep(command: CommandOf<"CompleteStep">, state: ExistingTask): Decision {
  const run = liveRunOf(state);
  const phase = currentPhaseOf(state);
  if (run?.runId !== command.runId || !run.started || phase === null) return refused({ code: "unknown-run" });
  const step = phase.steps.find((candidate) => candidate.slug === command.step);
  if (step === undefined) return refused({ code: "unknown-run" });
  if (step.changesetId === command.changesetId) return accepted();
  const asked = new Set(unansweredOf(phase).map(({ id }) => id));
  const answers = command.answers.filter(({ id }) => asked.delete(id));
  const told = state.questions.filter(({ number, answer }) =>
    command.told.some((each) => answer?.delivered === false && each.number === number && each.at === answer.at),
  );
  const numbers = told.map(({ number }) => number);
  const delivered: TaskEvent[] = numbers.length === 0 ? [] : [{ type: "AnswersDelivered", at: command.at, numbers }];
  return accepted(
    {
      type: "StepCompleted",
      at: command.at,
      runId: command.runId,
      phase: phase.phase,
      step: command.step,
      changesetId: command.changesetId,
      files: command.files,
      spent: command.spent,
    },
    ...replyOf(command, phase),
    ...answers.map(({ id, kind, textHash }): TaskEvent => ({
      type: "FeedbackAnswered",
      at: command.at,
      phase: phase.phase,
      id,
      answer: kind,
      textHash,
      changesetId: command.changesetId,
      changed: command.files > 0,
    })),
    ...delivered,
  );
}

function replyOf(command: CommandOf<"CompleteStep">, { phase, conversation }: PhaseProgress): readonly TaskEvent[] {
  if (conversation === null) return [];
  const { at, runId, changesetId, files, replyHash } = command;
  return [{ type: "TurnAnswered", at, runId, phase, changesetId, textHash: replyHash ?? "", changed: files > 0 }];
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
  if (isSettled(state) || step === null || step.changesetId !== command.changesetId) return accepted();
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
      attempt: phase.attempt,
      headSha: "",
      passed: false,
      checks: [],
      findings: command.findings,
      notes: [],
    };
    const next = after(state, refusedEvent, failed);
    if (isOpen(phase)) return accepted(refusedEvent, failed, ...afterTurn(command, next));
    return accepted(refusedEvent, failed, ...reworkOrPause(command, next, policy));
  }
  const ended = endOf(command, run, phase, outcome);
  const next = after(state, refusedEvent, ended);
  if (isOpen(phase)) return accepted(refusedEvent, ended, ...afterTurn(command, next));
  return accepted(refusedEvent, ended, ...reworkOrPause(command, next, policy));
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

function noteSecurity({ at, runId, notes }: CommandOf<"NoteSecurity">, state: ExistingTask): Decision {
  // A draft has nothing yet that anybody could be after, and whoever settles it was heard.
  if (state.status === "draft" || isSettled(state) || state.erasedBy !== null) return accepted();
  const phase = currentPhaseOf(state)?.phase ?? null;
  const kept = notesToKeep(state.security, phase, notes);
  if (kept.length === 0) return accepted();
  return accepted({ type: "SecurityNoted", at, runId, phase, source: "app", notes: kept });
}

/** What the run saw goes before what it did; of a message that was heard before, it counted then. */
function withSecurity(
  { at, runId, security }: CommandOf<"EndRun"> | CommandOf<"CompleteStep">,
  state: ExistingTask,
  decision: Decision,
): Decision {
  const phase = currentPhaseOf(state)?.phase ?? null;
  if (decision.kind === "refused" || decision.events.length === 0) return decision;
  if (security === undefined || security.length === 0) return decision;
  return accepted({ type: "SecurityNoted", at, runId, phase, source: "runner", notes: security }, ...decision.events);
}

/** What the run says of its work stands before its end. */
function withReport({ at, runId, report }: CommandOf<"EndRun">, state: ExistingTask, decision: Decision): Decision {
  const run = liveRunOf(state);
  const phase = currentPhaseOf(state)?.phase;
  if (decision.kind === "refused" || run === null || phase === undefined || !report) return decision;
  return accepted({ type: "WorkReported", at, runId, phase, attempt: run.attempt, report }, ...decision.events);
}

function endRun(command: CommandOf<"EndRun">, state: ExistingTask, policy: Policy): Decision {
  const run = liveRunOf(state);
  const phase = currentPhaseOf(state);
  if (run?.runId !== command.runId || phase === null) return refused({ code: "unknown-run" });
  const unsaid = endOf(command, run, phase, command.outcome);
  // The app declares a run lost or cancelled without knowing more than what it heard live.
  const isDeclared =
    command.spent.costUsd > 0 || (command.outcome.kind !== "lost" && command.outcome.kind !== "cancelled");
  const ended = isDeclared ? { ...unsaid, spent: command.spent } : unsaid;
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
      // One in which no step was finished brought nothing: such a run must not go on for ever.
      if (phase.emptySlices + 1 > policy.emptySlicesMax) {
        const message = "its runs end without finishing a step";
        const faults = phase.emptySlices + 1;
        return accepted(ended, pause(command.at, { kind: "environment", faults, message }));
      }
      return accepted(ended, ...runOrStop(command, next, policy));
    case "waiting-question":
    case "waiting-dependency": {
      if (state.blockedBy !== null) return accepted(ended);
      if (waitingFor(next) !== null) return accepted(ended, ...runOrWait(command, next));
      // All of it came before the run was over.
      if (run.asked) return accepted(ended, ...runOrWait(command, next));
      // It waits for nothing that anybody could give: such a run must not be repeated for ever.
      return lost(
        command,
        state,
        { ...ended, outcome: { kind: "lost", message: "it waits, and asked for nothing" } },
        policy,
      );
    }
    case "provider-refused": {
      const { why, message } = command.outcome;
      return accepted(ended, pause(command.at, { kind: "provider-refused", why, message }));
    }
    case "rate-limited": {
      const { resetsAt, message } = command.outcome;
      return accepted(ended, ...pauseBeside(state, command.at, { kind: "rate-limited", resetsAt, message }));
    }
    case "budget-exhausted":
      // It had the purse of before: whether the new one is enough is seen when the next run is dispatched.
      if (run.budgetSet && budgetLeftOf(next).leftUsd > 0) return accepted(ended, ...runOrWait(command, next));
      return accepted(ended, ...withoutMoney(command, command.outcome, state, next, phase, run));
    case "failed":
      return accepted(ended, ...reworkOrPause(command, next, policy));
    case "lost":
      if (!run.started && run.dispatched !== null && command.mayHaveBegun !== true) {
        return accepted(ended, pause(command.at, { kind: "app-unreachable", runUrl: run.dispatched.url }));
      }
      return lost(command, state, { ...ended, outcome: command.outcome }, policy);
  }
}

/** Tried again, up to a limit, as nobody's failure (Q12). */
function lost(
  command: CommandOf<"EndRun">,
  state: ExistingTask,
  ended: EventOf<"RunEnded"> & { readonly outcome: Extract<Outcome, { kind: "lost" }> },
  policy: Policy,
): Decision {
  const next = after(state, ended);
  const faults = currentPhaseOf(next)?.environmentFaults ?? 0;
  return faults <= policy.environmentFaultsMax
    ? accepted(ended, ...runOrStop(command, next, policy))
    : accepted(ended, pause(command.at, { kind: "environment", faults, message: ended.outcome.message }));
}

/** What others hold of the day is waited for where the next run is dispatched; what is used up stops the task. */
function withoutMoney(
  command: CommandOf<"EndRun">,
  outcome: Extract<Outcome, { kind: "budget-exhausted" }>,
  before: ExistingTask,
  ended: ExistingTask,
  phase: PhaseProgress,
  run: LiveRun,
): readonly TaskEvent[] {
  const reason = exhausted(outcome, command.day, before, ended, phase, run);
  const isOfDay = reason.kind === "budget-exhausted" && reason.scope === "day";
  if (isOfDay && command.day?.isHeld === true) return runOrWait(command, ended);
  return pauseBeside(before, command.at, reason);
}

/** What people are told is what they set: the whole phase's, task's or day's, however many runs had a part of it. */
function exhausted(
  { spentUsd, budgetUsd }: Extract<Outcome, { kind: "budget-exhausted" }>,
  day: CommandOf<"EndRun">["day"],
  before: ExistingTask,
  ended: ExistingTask,
  phase: PhaseProgress,
  run: LiveRun,
): BlockReason {
  const kind = "budget-exhausted";
  const scope = scopeOfPurse(before, phase, run, budgetUsd);
  switch (scope) {
    case "phase":
      return { kind, scope, spentUsd: spentOf(ended, phase.phase), budgetUsd: purseOf(ended, phase.phase) };
    case "task":
      return { kind, scope, spentUsd: spentOf(ended, null), budgetUsd: ended.taskBudgetUsd };
    case "day":
      return { kind, scope, spentUsd: day?.spentUsd ?? spentUsd, budgetUsd: day?.budgetUsd ?? budgetUsd };
  }
}

/** US dollars, of one phase or of the whole task. */
function spentOf(state: ExistingTask, phase: number | null): number {
  return state.phases.reduce(
    (sum, each) => (phase === null || each.phase === phase ? sum + each.spent.costUsd : sum),
    0,
  );
}

/** Which of the budgets made the purse that is used up: the run was given the smallest. */
function scopeOfPurse(
  state: ExistingTask,
  phase: PhaseProgress,
  run: LiveRun,
  purseUsd: number,
): "phase" | "task" | "day" {
  const centUsd = 0.01;
  const atStart = phase.spent.costUsd - run.spent.costUsd;
  const phaseUsd = purseOf(state, phase.phase) - atStart;
  const others = state.phases.reduce((sum, each) => (each === phase ? sum : sum + each.spent.costUsd), 0);
  const taskUsd = state.taskBudgetUsd - others - atStart;
  if (purseUsd < Math.min(phaseUsd, taskUsd) - centUsd) return "day";
  return phaseUsd <= taskUsd ? "phase" : "task";
}

function runOfRequest(state: ExistingTask, runId: string, step: string): PhaseProgress | null {
  const run = liveRunOf(state);
  const phase = currentPhaseOf(state);
  if (run?.runId !== runId || !run.started || phase === null) return null;
  return phase.steps.some(({ slug }) => slug === step) ? phase : null;
}

function askQuestions(command: CommandOf<"AskQuestions">, state: ExistingTask): Decision {
  const { at, runId, step, requestId } = command;
  const phase = runOfRequest(state, runId, step);
  if (phase === null) return refused({ code: "unknown-run" });
  if (command.questions.length === 0 || state.questions.some((question) => question.requestId === requestId)) {
    return accepted();
  }
  const first = state.questions.length + 1;
  const questions = command.questions.map((question, index) => ({
    ...question,
    permission: question.permission ?? null,
    number: first + index,
  }));
  return accepted({ type: "QuestionsAsked", at, runId, phase: phase.phase, step, requestId, questions });
}

/** All of a comment's answers or none: half a comment that counts would surprise whoever wrote it. */
function answerQuestions(command: CommandOf<"AnswerQuestions">, state: ExistingTask): Decision {
  const { by, at, commentId } = command;
  if (!by.mayWrite && !by.isAuthor) return notPermitted(by);
  if (isSettled(state)) return wrongStatus(command, state);
  /** By number: what a comment says last of a question counts. */
  const answered = new Map<number, EventOf<"QuestionAnswered">>();
  for (const given of command.answers) {
    const question = questionNamed(
      after(state, ...answered.values()),
      given.number,
      commentId,
      new Set(answered.keys()),
    );
    if ("code" in question) return refused(question);
    const { number, options, permission } = question;
    // The author of an issue answers for what is built, not for what may be run.
    if (permission !== null && !by.mayWrite) return notPermitted(by);
    const said = given.text.trim();
    if (said === "") return refused({ code: "empty-answer", number });
    const option = optionOf(said, options);
    if (permission !== null && (option === null || option > options.length)) {
      return refused({ code: "allow-or-refuse", number });
    }
    if (option !== null && option > options.length) {
      return refused({ code: "no-such-option", number, options: options.length });
    }
    const text = option === null ? said : (options[option - 1] ?? said);
    answered.set(number, { type: "QuestionAnswered", at, number, by: by.login, text, option, commentId });
  }
  const events = [...answered.values()].filter((event) => !isKnownAnswer(state, event));
  return accepted(...events, ...goOnIfReady(command, after(state, ...events), by.login));
}

function isKnownAnswer(
  { questions }: ExistingTask,
  { number, by, text, option }: EventOf<"QuestionAnswered">,
): boolean {
  const answer = questions.find((question) => question.number === number)?.answer ?? null;
  return answer !== null && answer.text === text && answer.option === option && answer.by === by;
}

/** `said` are those that the comment has answered in the lines before. */
function questionNamed(
  state: ExistingTask,
  number: number | null,
  commentId: number,
  said: ReadonlySet<number>,
): Question | Refusal {
  if (number !== null) {
    return state.questions.find((question) => question.number === number) ?? { code: "unknown-question", number };
  }
  // An edited comment still speaks of what it answered, not of what was asked since.
  const own = state.questions.filter(
    (question) => question.answer?.commentId === commentId && !said.has(question.number),
  );
  if (own.length > 0) return onlyOf(own);
  const open = state.questions.filter(({ answer }) => answer === null);
  const required = openQuestionsOf(state);
  // Who answers at all answers what the task waits for.
  return onlyOf(required.length > 0 ? required : open.length > 0 ? open : state.questions);
}

function onlyOf(questions: readonly Question[]): Question | Refusal {
  const [only, ...others] = questions;
  if (only === undefined) return { code: "no-question" };
  return others.length === 0 ? only : { code: "which-question", numbers: questions.map(({ number }) => number) };
}

/** From 1, also as `2.` or `(2)`; a number beyond the list is one that names nothing. Null for words of one's own. */
function optionOf(said: string, options: readonly string[]): number | null {
  if (options.length === 0) return null;
  const digits = /^\(?(\d{1,3})[.)]?$/u.exec(said)?.[1];
  const number = digits === undefined ? null : Number(digits);
  if (number !== null && number >= 1 && number <= options.length) return number;
  // The options may be numbers themselves.
  const at = options.findIndex((option) => sameName(option, said));
  if (at !== -1) return at + 1;
  return number === null ? null : options.length + 1;
}

/** Only what no run was given, nor is about to be: what the agent was told stays said. */
function withdrawAnswer(command: CommandOf<"WithdrawAnswer">, state: ExistingTask): Decision {
  const { at, by } = command;
  const given = state.questions.filter(({ answer }) => answer?.commentId === command.commentId);
  if (given.length === 0 || isSettled(state)) return accepted();
  const isOnItsWay = liveRunOf(state)?.started === false;
  const free = given.filter(({ answer }) => answer?.carried === false && !isOnItsWay);
  if (free.length === 0) return refused({ code: "answer-used", numbers: given.map(({ number }) => number) });
  const events = free.map(({ number }): TaskEvent => ({ type: "AnswerWithdrawn", at, number, by }));
  return accepted(...events, ...goOnIfReady(command, after(state, ...events), by));
}

function requestDependency(command: CommandOf<"RequestDependency">, state: ExistingTask): Decision {
  const { at, runId, step, requestId } = command;
  const phase = runOfRequest(state, runId, step);
  if (phase === null) return refused({ code: "unknown-run" });
  const { type, name: askedAs, description, required } = command.dependency;
  const { name, known } = namedAmong(state.dependencies, type, askedAs);
  if (known !== undefined && known.steps.some((each) => each.phase === phase.phase && each.step === step)) {
    // What was skipped is asked for anew, and what was wished for may be needed now; all else is known.
    const isNews = known.state === "skipped" || (required && !known.required);
    if (known.requestId === requestId || !isNews) return accepted();
  }
  const dependency = { name, askedAs, type: known?.type ?? type, description, required };
  return accepted({ type: "DependencyRequested", at, runId, phase: phase.phase, step, requestId, dependency });
}

function dependencyNamed(state: ExistingTask, name: string): Dependency | Refusal {
  const found =
    state.dependencies.find((dependency) => sameName(dependency.name, name)) ??
    state.dependencies.find((dependency) => sameName(dependency.askedAs, name));
  if (found !== undefined) return found;
  const known = state.dependencies.filter((dependency) => dependency.state === "open");
  return { code: "unknown-dependency", name, known: known.map((dependency) => dependency.name) };
}

function provideDependency(command: CommandOf<"ProvideDependency">, state: ExistingTask): Decision {
  const { at, by } = command;
  if (!by.mayWrite) return notPermitted(by);
  if (isSettled(state)) return wrongStatus(command, state);
  const found = dependencyNamed(state, command.name);
  if ("code" in found) return refused(found);
  if (found.state === "granted") return accepted();
  if (!hasSlot(state, found)) return refused({ code: "too-many-grants", max: grantsMax });
  const granted: TaskEvent = { type: "DependencyGranted", at, name: found.name, by: by.login };
  return accepted(granted, ...goOnIfReady(command, after(state, granted), by.login));
}

function hasSlot(state: ExistingTask, { type, grant }: Dependency): boolean {
  const taken = state.dependencies.filter((dependency) => dependency.grant !== null).length;
  return !hasValue(type) || grant !== null || taken < grantsMax;
}

function skipDependency(command: CommandOf<"SkipDependency">, state: ExistingTask): Decision {
  const { at, by } = command;
  if (!by.mayWrite) return notPermitted(by);
  if (isSettled(state)) return wrongStatus(command, state);
  const found = dependencyNamed(state, command.name);
  if ("code" in found) return refused(found);
  if (found.state === "skipped") return accepted();
  const skipped: TaskEvent = { type: "DependencySkipped", at, name: found.name, by: by.login };
  return accepted(skipped, ...goOnIfReady(command, after(state, skipped), by.login));
}

/** What was added or changed since it was asked for was meant for this task (Q9); GitHub tells whole seconds. */
function recordNames(command: CommandOf<"RecordNames">, state: ExistingTask): Decision {
  const { at } = command;
  if (isSettled(state)) return accepted();
  const events: TaskEvent[] = [];
  for (const { name, type, askedAt, state: now } of state.dependencies) {
    const seen = command.names.find((each) => sameName(each.name, name));
    if (now !== "open" || !hasValue(type) || seen === undefined) continue;
    if (isBeforeSecondOf(seen.updatedAt, askedAt)) continue;
    const current = after(state, ...events);
    const dependency = current.dependencies.find((each) => each.name === name);
    if (dependency === undefined || !hasSlot(current, dependency)) continue;
    events.push({ type: "DependencyGranted", at, name, by: null });
  }
  return accepted(...events, ...(events.length === 0 ? [] : goOnIfReady(command, after(state, ...events), "GitHub")));
}

function refuseValue(command: CommandOf<"RefuseValue">, state: ExistingTask): Decision {
  const { at, runId, name, message } = command;
  if (liveRunOf(state)?.runId !== runId) return refused({ code: "unknown-run" });
  const found = state.dependencies.find((dependency) => sameName(dependency.name, name));
  if (found?.state !== "granted") return accepted();
  return accepted({ type: "DependencyRefused", at, runId, name: found.name, message });
}

function reportError(command: CommandOf<"ReportError">, state: ExistingTask): Decision {
  const { at, runId, step, requestId, error, message, details } = command;
  const phase = runOfRequest(state, runId, step);
  if (phase === null) return refused({ code: "unknown-run" });
  if (state.errors.some((known) => known.requestId === requestId)) return accepted();
  // What does not run may be the machine's fault; what is missing or wrong is the agent's own work (Q12).
  const cause = error === "execution_failed" ? "environment" : "agent";
  const where = { phase: phase.phase, step, requestId };
  return accepted({ type: "ErrorReported", at, runId, ...where, error, message, details, cause });
}

/** More than anybody means. */
const usdMax = 10_000;

function isAmount(usd: number): boolean {
  return Number.isFinite(usd) && usd > 0 && usd <= usdMax;
}

function setPriority({ at, by, priority, type }: CommandOf<"SetPriority">, state: ExistingTask): Decision {
  if (!by.mayWrite) return notPermitted(by);
  if (isSettled(state)) return refused({ code: "wrong-status", status: state.status, command: type });
  // What the issue's form says of it counts once it is frozen.
  if (state.status === "draft") return refused({ code: "not-started" });
  if (priority === null) return refused({ code: "bad-priority" });
  return state.input.priority === priority ? accepted() : accepted({ type: "PrioritySet", at, by: by.login, priority });
}

function setBudget(command: CommandOf<"SetBudget">, state: ExistingTask): Decision {
  const { at, by, usd } = command;
  if (!by.mayWrite) return notPermitted(by);
  if (isSettled(state)) return wrongStatus(command, state);
  const current = currentPhaseOf(state);
  if (current === null) return refused({ code: "not-started" });
  if (!isAmount(usd)) return refused({ code: "bad-amount" });
  const reason = state.blockedBy?.kind === "budget-exhausted" ? state.blockedBy : null;
  if (reason?.scope === "day") return refused({ code: "day-budget" });
  // Its gate was merged during a pause: what is yet to be spent is the next one's.
  const phase = current.completed === null ? current.phase : (nextPhaseOf(state) ?? current.phase);
  const target = reason?.scope === "task" ? null : phase;
  const spentUsd = spentOf(state, target);
  if (usd <= spentUsd) return refused({ code: "below-spent", spentUsd });
  const set = budgetSet(state, at, by.login, target, usd);
  if (reason === null) return accepted(...set);
  const goingOn = goOn(command, after(state, ...set), by.login);
  return goingOn.kind === "accepted" ? accepted(...set, ...goingOn.events) : goingOn;
}

function budgetSet(
  { taskBudgetUsd, purses }: ExistingTask,
  at: string,
  by: string,
  phase: number | null,
  usd: number,
): readonly TaskEvent[] {
  const known = phase === null ? taskBudgetUsd : purses.find((purse) => purse.phase === phase)?.usd;
  return known === usd ? [] : [{ type: "BudgetSet", at, by, phase, usd }];
}

function recordVerification(command: CommandOf<"RecordVerification">, state: ExistingTask, policy: Policy): Decision {
  const phase = currentPhaseOf(state);
  if (phase === null || phase.phase !== command.phase || phase.completed !== null) return accepted();
  if (state.status !== "in_progress" || state.run !== null) return accepted();
  // A turn that changes nothing leaves the head where it was.
  const isSeen = phase.verification?.headSha === command.headSha && phase.verification.attempt === command.attempt;
  if (isSeen && !isOpen(phase)) return accepted();
  const verified: TaskEvent = {
    type: "PhaseVerified",
    at: command.at,
    phase: command.phase,
    attempt: command.attempt,
    headSha: command.headSha,
    passed: command.passed,
    checks: command.checks,
    findings: command.findings,
    notes: command.notes,
  };
  const seen = changesSeen(command, phase);
  if (phase.conversation !== null) {
    return accepted(...seen, verified, ...afterTurn(command, after(state, ...seen, verified)));
  }
  if (command.passed) return accepted(...seen, verified);
  return accepted(...seen, verified, ...reworkOrPause(command, after(state, ...seen, verified), policy));
}

function changesSeen(
  { at, changed = null }: CommandOf<"RecordVerification">,
  { phase, changed: known }: PhaseProgress,
) {
  if (changed !== null) return [{ type: "ApprovedItemsChanged", at, phase, changed } as const];
  return known === null
    ? []
    : [
        {
          type: "ApprovedItemsChanged",
          at,
          phase,
          changed: { ...known, items: [], touched: [], feedback: [] },
        } as const,
      ];
}

/**
 * Compares what GitHub shows with what we know (C2.1): only what was said about the current head counts.
 * The shell has left out bots and people without write.
 */
function recordReviews(command: CommandOf<"RecordReviews">, state: ExistingTask): Decision {
  const phase = phaseOfGate(state, command.pullRequest);
  if (phase?.gate === null || phase === null)
    return refused({ code: "unknown-gate", pullRequest: command.pullRequest });
  if (phase.completed !== null || isSettled(state)) return accepted();
  const { at, headSha } = command;
  const { gate } = phase;
  // Our commits move the head under the reader: then a wish for changes stays one, and nothing but an approval falls.
  const onlyWeMoved = state.status !== "review" || reviewedHeadOf(headSha, gate) === gate.headSha;
  const byComment = gate.approvedByComment.filter((approval) => isOnHead(approval.headSha, headSha, gate));
  // What a rework has taken up is answered, even where the head stayed: or it would be taken up for ever.
  const standing = command.reviews.filter(
    ({ reviewId, by, verdict }) =>
      verdict === "changes_requested" &&
      !gate.takenUp.includes(reviewId) &&
      !isTakenBack(by, byComment, command, phase),
  );
  const approvers = command.reviews
    .filter(({ verdict, reviewedSha }) => verdict === "approved" && isOnHead(reviewedSha, headSha, gate))
    .map(({ by }) => by);
  const requesters = standing
    .filter(
      ({ reviewedSha }) => isOnHead(reviewedSha, headSha, gate) || (onlyWeMoved && isOurCommit(reviewedSha, phase)),
    )
    .map(({ by }) => by);
  const base = { at, phase: phase.phase };
  const events: TaskEvent[] = [...feedbackEvents(command, phase)];
  // Approvals last: none may look for a moment as if nobody objected, or as if one that is gone still counted.
  for (const by of requesters) {
    if (!gate.requestedBy.includes(by)) events.push({ type: "ChangesRequested", ...base, by, headSha });
  }
  const stillApproves = new Set([...approvers, ...byComment.map(({ login }) => login)]);
  const stillRequests = new Set(onlyWeMoved ? standing.map(({ by }) => by) : requesters);
  const withdrawn = [
    ...gate.approvedBy.filter((by) => !stillApproves.has(by) && !requesters.includes(by)),
    ...gate.requestedBy.filter((by) => !stillRequests.has(by) && !approvers.includes(by)),
  ];
  for (const by of withdrawn) events.push({ type: "ReviewWithdrawn", ...base, by });
  for (const by of approvers) {
    if (!gate.approvedBy.includes(by)) events.push({ type: "ReviewApproved", ...base, by, headSha });
  }
  return accepted(...events);
}

/** The commit whose content the head has: our empty commit adds nothing to it. */
function reviewedHeadOf(headSha: string, { releasedSha, releasedOnto }: Gate): string {
  return releasedSha === headSha ? (releasedOnto ?? headSha) : headSha;
}

function isOnHead(reviewedSha: string, headSha: string, gate: Gate): boolean {
  return reviewedSha === headSha || reviewedSha === reviewedHeadOf(headSha, gate);
}

function isOurCommit(sha: string, { gate, steps }: PhaseProgress): boolean {
  return sha === gate?.headSha || sha === gate?.releasedSha || steps.some(({ commitSha }) => commitSha === sha);
}

/** By an `/approve` of the same person, until they say something new: GitHub shows the older review all the same. */
function isTakenBack(
  by: string,
  byComment: Gate["approvedByComment"],
  { feedback }: CommandOf<"RecordReviews">,
  phase: PhaseProgress,
): boolean {
  if (!byComment.some(({ login, takesBack }) => login === by && takesBack)) return false;
  const known = new Set(phase.feedback.map(({ id }) => id));
  return !feedback.some((seen) => seen.by === by && seen.request === "change" && !known.has(seen.id));
}

function feedbackEvents(command: CommandOf<"RecordReviews">, phase: PhaseProgress): readonly TaskEvent[] {
  const base = { at: command.at, phase: phase.phase };
  const known = new Map(phase.feedback.map((item) => [item.id, item]));
  const fresh = command.feedback.filter(({ id }) => !known.has(id));
  const given = fresh.map(({ resolved: _resolved, ...item }) => item);
  const resolved = command.feedback.filter(
    (seen) => seen.resolved === true && known.get(seen.id)?.state !== "resolved",
  );
  const reopened = command.feedback.filter(
    (seen) => seen.resolved === false && known.get(seen.id)?.state === "resolved",
  );
  return [
    ...(given.length === 0 ? [] : [{ type: "FeedbackGiven", ...base, feedback: given } as const]),
    ...(resolved.length === 0
      ? []
      : [{ type: "FeedbackResolved", ...base, ids: resolved.map(({ id }) => id) } as const]),
    ...(reopened.length === 0
      ? []
      : [{ type: "FeedbackReopened", ...base, ids: reopened.map(({ id }) => id) } as const]),
  ];
}

function recordResolved(command: CommandOf<"RecordResolved">, state: ExistingTask): Decision {
  const phase = state.phases.find((candidate) => candidate.phase === command.phase);
  const ids = command.ids.filter((id) => phase?.feedback.some((item) => item.id === id && item.state === "open"));
  return ids.length === 0
    ? accepted()
    : accepted({ type: "FeedbackResolved", at: command.at, phase: command.phase, ids });
}

function recordCiReleased(command: CommandOf<"RecordCiReleased">, state: ExistingTask): Decision {
  const gate = state.phases.find((candidate) => candidate.phase === command.phase)?.gate ?? null;
  // Without a commit of our own in between there is nothing to look through.
  const known = [gate?.headSha, gate?.approvedSha, gate?.releasedSha];
  if (gate === null || known.includes(command.headSha)) return accepted();
  return accepted({ type: "CiReleased", at: command.at, phase: command.phase, headSha: command.headSha });
}

/** The next phase builds on the default branch: what goes elsewhere is no acceptance of this one. */
function recordRetarget(command: CommandOf<"RecordRetarget">, state: ExistingTask): Decision {
  const isOpen = isGateInReview(state, command.pullRequest);
  if (isOpen === null) return refused({ code: "unknown-gate", pullRequest: command.pullRequest });
  if (!isOpen) return accepted();
  const { pullRequest, base, merged } = command;
  const known = state.blockedBy;
  const isNews =
    known?.kind === "gate-retargeted"
      ? known.merged !== merged || known.base !== base
      : known === null || liftsByItself(known);
  if (!isNews) return accepted();
  return accepted(
    ...cancelRunOf(command, state),
    pause(command.at, { kind: "gate-retargeted", pullRequest, base, merged }),
  );
}

function recordGateReady(command: CommandOf<"RecordGateReady">, state: ExistingTask): Decision {
  const phase = currentPhaseOf(state);
  if (phase === null || phase.phase !== command.phase || phase.gate === null) return accepted();
  // A run that began meanwhile changes what was to be shown.
  if (!appIsAtWork(state) || !isPresentable(phase)) return accepted();
  return accepted({ type: "ReviewCreated", at: command.at, phase: command.phase, headSha: command.headSha });
}

/** Verified in this very attempt, or taken as it is by a person. */
function isPresentable({ verification, attempt, accepted: taken, completed, conversation }: PhaseProgress): boolean {
  if (completed !== null || isOpen({ conversation })) return false;
  return taken !== null || (verification?.passed === true && verification.attempt === attempt);
}

function recordMerge(command: CommandOf<"RecordMerge">, state: ExistingTask): Decision {
  if (isFinalGate(state, command.pullRequest)) {
    if (state.status === "completed") return accepted();
    if (isSettled(state)) return wrongStatus(command, state);
    const { at, by, mergeSha } = command;
    return accepted({ type: "FinalGateMerged", at, by, mergeSha }, { type: "TaskCompleted", at });
  }
  const phase = phaseOfGate(state, command.pullRequest);
  if (phase === null) return refused({ code: "unknown-gate", pullRequest: command.pullRequest });
  if (phase.completed !== null) return accepted();
  if (isSettled(state)) return wrongStatus(command, state);
  return accepted(...completePhase(command, state, phase, command.by, command.mergeSha));
}

/** Merged while a run is live: whoever merged has accepted what is there (Q5). */
function completePhase(
  command: TaskCommand,
  state: ExistingTask,
  phase: PhaseProgress,
  by: string,
  mergeSha: string,
): readonly TaskEvent[] {
  const ended = cancelRunOf(command, state);
  const completed: TaskEvent = { type: "PhaseCompleted", at: command.at, phase: phase.phase, by, mergeSha };
  const events = [completed, ...rippleOf(state, phase, command.at, mergeSha)];
  const next = after(state, ...events);
  // A merge is heard during a pause, but what a person stopped starts again by a person's word.
  const { blockedBy } = state;
  if (!isAllDone(next) && blockedBy !== null && outlastsMerge(blockedBy)) {
    return [...ended, ...events, pause(command.at, blockedBy)];
  }
  return [...ended, ...events, ...afterPhase(command, next, phase)];
}

/** What the phase changed of what was approved before is merged with it. */
function rippleOf(state: ExistingTask, { changed }: PhaseProgress, at: string, mergeSha: string): readonly TaskEvent[] {
  if (changed === null) return [];
  const phase = changed.touched.length === 0 ? null : freshPhaseNumber(state);
  return [{ type: "RippleFound", at, phase, changed: { ...changed, sha: mergeSha === "" ? changed.sha : mergeSha } }];
}

/** The phases that a merged one has planned, of which the first begins; or a pause, where its tables can't be worked by. */
function recordPlan(command: CommandOf<"RecordPlan">, state: ExistingTask): Decision {
  const { at, phase, plan } = command;
  if (isSettled(state) || state.blockedBy !== null || planDueOf(state) !== phase) return accepted();
  if (plan.kind === "faulty") {
    return accepted(pause(at, { kind: "plan-invalid", phase, faults: plan.faults, message: plan.message }));
  }
  const expected = freshPhaseNumber(state);
  invariant(
    plan.phases.every(({ number }, index) => number === expected + index),
    `planned phases count on from ${expected}`,
  );
  const { playbookHash, phases } = plan;
  const planned: TaskEvent = { type: "PhasesPlanned", at, phase, playbookHash, phases };
  const current = currentPhaseOf(state);
  return accepted(planned, ...(current === null ? [] : afterPhase(command, after(state, planned), current)));
}

/** Somebody changed on the base what was approved. What has not begun yet is found anew, as it is now. */
function recordRipple({ at, changed }: CommandOf<"RecordRipple">, state: ExistingTask): Decision {
  // After the last phase nobody builds on it.
  if (isSettled(state) || state.itemsAt === null || changed.sha === state.itemsAt || isAllDone(state))
    return accepted();
  // The plan's phases are numbered first; the next look finds it again.
  if (planDueOf(state) !== null) return accepted();
  const pending = pendingRippleOf(state);
  if (changed.items.length === 0 && pending === null) return accepted();
  const phase = pending?.phase ?? (changed.touched.length === 0 ? null : freshPhaseNumber(state));
  return accepted({ type: "RippleFound", at, phase, changed });
}

function settleRipple(command: CommandOf<"SettleRipple">, state: ExistingTask): Decision {
  const phase = currentPhaseOf(state);
  const isRipple = state.ripples.some((ripple) => ripple.phase === command.phase);
  if (phase?.phase !== command.phase || !isRipple || phase.completed !== null || !appIsAtWork(state)) return accepted();
  const settled: TaskEvent = { type: "RippleSettled", at: command.at, phase: command.phase };
  // Whatever blocks the task outlasts it; whoever lifts that goes on.
  const following = state.blockedBy === null ? afterPhase(command, after(state, settled), phase) : [];
  return accepted(settled, ...following);
}

/** The next phase, or the wait for what must come before it, or the end. */
function afterPhase(command: TaskCommand, state: ExistingTask, phase: PhaseProgress): readonly TaskEvent[] {
  const next = nextPhaseOf(state);
  if (isAllDone(state)) return lastOf(state, command.at);
  const merged = currentPhaseOf(state);
  if (merged !== null && merged.completed !== null && awaitsApproval(state, merged)) {
    return [approvalNeeded(command.at, phase, merged.completed.by)];
  }
  // The plan is to be read first.
  if (next === null) return [];
  return startPhase(command, state, next, leftOver(state, phase, next));
}

function approvalNeeded(at: string, { phase }: PhaseProgress, by: string): TaskEvent {
  return pause(at, { kind: "approval-needed", phase, by });
}

/** Nothing where the task's own branch is still to be merged: the task ends with that. */
function lastOf(state: ExistingTask, at: string): readonly TaskEvent[] {
  return taskBranchOf(state) === null ? [{ type: "TaskCompleted", at }] : [];
}

function recordFinalGate({ at, gate }: CommandOf<"RecordFinalGate">, state: ExistingTask): Decision {
  if (state.finalGate !== null || !isAllDone(state)) return accepted();
  if (gate === null) return isSettled(state) ? accepted() : accepted({ type: "TaskCompleted", at });
  // Also where somebody cancelled the task meanwhile: then it is closed again.
  return accepted({ type: "FinalGateOpened", at, ...gate });
}

function isFinalGate({ finalGate }: ExistingTask, pullRequest: number): boolean {
  return finalGate?.pullRequest === pullRequest;
}

/** Of a phase that is under way, or the task's last one; null where it is neither. */
function isGateInReview(state: ExistingTask, pullRequest: number): boolean | null {
  if (isFinalGate(state, pullRequest)) return !isSettled(state);
  const phase = phaseOfGate(state, pullRequest);
  return phase === null ? null : phase.completed === null && !isSettled(state);
}

function outlastsMerge({ kind }: BlockReason): boolean {
  return kind === "paused" || kind === "issue-closed" || kind === "repository-archived" || kind === "no-access";
}

function recordGateClosed(command: CommandOf<"RecordGateClosed">, state: ExistingTask): Decision {
  const isOpen = isGateInReview(state, command.pullRequest);
  if (isOpen === null) return refused({ code: "unknown-gate", pullRequest: command.pullRequest });
  if (!isOpen) return accepted();
  if (state.blockedBy !== null && !liftsByItself(state.blockedBy)) return accepted();
  return accepted(
    ...cancelRunOf(command, state),
    pause(command.at, { kind: "gate-closed", pullRequest: command.pullRequest }),
  );
}

function start(command: CommandOf<"CreateTask" | "RunTask">, state: TaskState, input: TaskInput): readonly TaskEvent[] {
  const started: TaskEvent = {
    type: "TaskStarted",
    at: command.at,
    by: command.by.login,
    promptHash: command.prompt.hash,
    hiddenRemoved: command.prompt.hiddenRemoved,
    input,
  };
  const first = state.status === "absent" ? null : nextPhaseOf(state);
  return first === null || state.status === "absent" ? [started] : [started, ...startPhase(command, state, first)];
}

function startPhase(
  { at, newRunId: runId }: TaskCommand,
  { ripples }: Pick<ExistingTask, "ripples">,
  phase: number,
  findings: readonly Finding[] = [],
): readonly TaskEvent[] {
  const started: TaskEvent = { type: "PhaseStarted", at, phase };
  const requested: TaskEvent = { type: "RunRequested", at, runId, phase, attempt: 1, findings };
  const ripple = ripples.find((each) => each.phase === phase);
  if (ripple === undefined) return [started, requested];
  // What has changed reaches the agent like what people say of a gate: it answers for each part.
  const { feedback, textHash, by } = ripple;
  const ids = feedback.map(({ id }) => id);
  return [
    started,
    { type: "FeedbackGiven", at, phase, feedback },
    { type: "ReworkRequested", at, phase, by: [by], source: "ripple", ids, reviewIds: [], textHash },
    requested,
  ];
}

/** What the phase before was merged or skipped without goes into the first prompt of the next one (Q5). */
function leftOver(state: ExistingTask, { phase, steps }: PhaseProgress, next: number): readonly Finding[] {
  const before = outlineOfPhase(state, phase);
  const missing = before.steps.filter(({ slug }) => steps.some((step) => step.slug === slug && !step.completed));
  if (missing.length === 0) return [];
  const titles = missing.map(({ title }) => title).join(", ");
  const isSkipped = state.phases.find((candidate) => candidate.phase === phase)?.completed?.skipped === true;
  const message = `phase ${phase}, ${before.title}, was ${isSkipped ? "skipped" : "merged"} without: ${titles}. Make up for what this phase needs of it`;
  const [first] = outlineOfPhase(state, next).steps;
  return [{ check: "outputs-exist", step: first?.slug ?? null, path: null, line: null, message }];
}

/** Only with what is still to be mended: a run that goes on where another stopped must not begin anew. */
function requestRun(command: TaskCommand, { phase, attempt, toMend }: PhaseProgress): TaskEvent {
  return { type: "RunRequested", at: command.at, runId: command.newRunId, phase, attempt, findings: toMend };
}

/**
 * The run that comes next, or the wait for what must come before it: a run that died after it had asked, or one that went on
 * all the same, must not have its question forgotten. Nothing where something else blocks the task: whoever resumes it asks again.
 */
function runOrWait(command: TaskCommand, state: ExistingTask): readonly TaskEvent[] {
  const phase = currentPhaseOf(state);
  if (phase === null || state.blockedBy !== null) return [];
  const waiting = waitingFor(state);
  if (waiting !== null) return [pause(command.at, waiting)];
  if (command.type === "RetryTask" || !isAllSaid(phase)) return [requestRun(command, phase)];
  const by = phase.conversation?.doneBy ?? null;
  if (by === null) return [pause(command.at, { kind: "conversation" })];
  // What broke off had nothing left to say.
  return phase.toMend.length > 0
    ? [requestRun(command, phase)]
    : [{ type: "ConversationClosed", at: command.at, phase: phase.phase, by }];
}

/** A conversation that nobody has ended. */
function isOpen({ conversation }: Pick<PhaseProgress, "conversation">): boolean {
  return conversation !== null && conversation.doneBy === null;
}

/** A conversation in which everything has its reply: what comes next is a person's word. */
function isAllSaid(phase: PhaseProgress): boolean {
  const { conversation } = phase;
  if (conversation === null || conversation.replies.length === 0) return false;
  return unsettledOf(conversation).length === 0 && unansweredOf(phase).length === 0;
}

/** A turn never fails: it goes on with what was said meanwhile, waits for the next comment, or, after `/done`, comes to its end. */
function afterTurn(command: TaskCommand, state: ExistingTask): readonly TaskEvent[] {
  const phase = currentPhaseOf(state);
  const conversation = phase?.conversation ?? null;
  if (phase === null || conversation === null) return [];
  if (conversation.doneBy === null) return runOrWait(command, state);
  if (phase.verification?.passed !== true) {
    const { failedAttempts: attempts } = phase;
    return state.blockedBy === null ? [pause(command.at, { kind: "verification-failed", attempts })] : [];
  }
  return phase.gate === null ? settleConversation(command, state, phase) : [];
}

/** There is nothing to merge: the phase is over with the word that ended it. */
function settleConversation(command: TaskCommand, state: ExistingTask, phase: PhaseProgress): readonly TaskEvent[] {
  const { blockedBy } = state;
  const settled: TaskEvent = { type: "ConversationSettled", at: command.at, phase: phase.phase };
  const next = after(state, settled);
  if (nextPhaseOf(next) !== null && blockedBy !== null && outlastsMerge(blockedBy)) {
    return [settled, pause(command.at, blockedBy)];
  }
  return [settled, ...afterPhase(command, next, phase)];
}

/** In a phase that is a conversation a comment is a turn. While a run is at work the next one takes it up. */
function sayTurn(command: CommandOf<"SayTurn">, state: ExistingTask): Decision {
  const { at, by, commentId, isEdit, textHash } = command;
  // A turn has the agent work and spend, whoever opened the issue: it is a command like any other (Q8).
  if (!by.mayWrite) return notPermitted(by);
  const phase = currentPhaseOf(state);
  const conversation = phase?.conversation ?? null;
  if (isSettled(state) || phase === null || conversation === null || phase.completed !== null) return accepted();
  const known = conversation.said.find((turn) => turn.commentId === commentId);
  if (isEdit !== (known !== undefined)) return accepted();
  // What the agent has heard stays said.
  const isSaid = known !== undefined && (known.carried || known.settled || known.by !== by.login);
  if (isSaid || known?.textHash === textHash) return accepted();
  const said: TaskEvent = { type: "TurnSaid", at, phase: phase.phase, by: by.login, commentId, textHash };
  const next = after(state, said);
  const isBusy = liveRunOf(next) !== null || appIsAtWork(next);
  return accepted(said, ...(isBusy ? [] : runOrWait(command, next)));
}

/** What a run has heard is still answered. Then the whole is checked, and shown for review where there is anything to merge. */
function endConversation(command: CommandOf<"EndConversation">, state: ExistingTask): Decision {
  const { at, by } = command;
  if (!by.mayWrite) return notPermitted(by);
  if (isSettled(state)) return wrongStatus(command, state);
  const phase = currentPhaseOf(state);
  if (phase === null) return refused({ code: "not-started" });
  if (phase.conversation === null || phase.completed !== null) return refused({ code: "no-conversation" });
  const run = liveRunOf(state);
  const isUnderWay = run !== null || appIsAtWork(state) || state.status === "review";
  if (phase.conversation.doneBy !== null && isUnderWay) return accepted();
  const ended = run?.started === false ? cancelRunOf(command, state) : [];
  return accepted(...ended, { type: "ConversationClosed", at, phase: phase.phase, by: by.login });
}

/** Another attempt with what failed, or, after the last one, a pause in which a person decides (Q10). */
function reworkOrPause(command: TaskCommand, state: ExistingTask, policy: Policy): readonly TaskEvent[] {
  const phase = currentPhaseOf(state);
  // Paused meanwhile: whoever resumes it gets the next attempt.
  if (phase === null || state.blockedBy !== null) return [];
  // The same again and again: another attempt would bring it once more.
  const isStuck =
    phase.failedAttempts > atMost(state.settings.limits.reworks, policy.reworksMax) ||
    phase.sameFindings >= sameFindingsMax;
  return isStuck
    ? [pause(command.at, { kind: "verification-failed", attempts: phase.failedAttempts })]
    : runOrStop(command, state, policy);
}

const sameFindingsMax = 3;
const idleAttemptsMax = 2;

/** The run that comes next, unless those before it took money and changed nothing. */
function runOrStop(command: TaskCommand, state: ExistingTask, policy: Policy): readonly TaskEvent[] {
  const phase = currentPhaseOf(state);
  if (phase === null || state.blockedBy !== null) return [];
  const spentUsd = phase.spent.costUsd;
  if (phase.idleAttempts >= idleAttemptsMax) {
    return [pause(command.at, { kind: "no-progress", why: "no-change", spentUsd })];
  }
  if (phase.spentWithoutCommitUsd >= policy.withoutCommitUsdMax) {
    const without = {
      kind: "no-progress",
      why: "money-without-commits",
      spentUsd: phase.spentWithoutCommitUsd,
    } as const;
    return [pause(command.at, without)];
  }
  return runOrWait(command, state);
}

function pause(at: string, reason: Extract<TaskEvent, { type: "TaskPaused" }>["reason"]): TaskEvent {
  return { type: "TaskPaused", at, reason };
}

/** What goes by itself takes no place of what a person has to mend: the task would go on, and what failed stay undone. */
function pauseBeside({ blockedBy }: ExistingTask, at: string, reason: BlockReason): readonly TaskEvent[] {
  const isMoot = blockedBy !== null && !liftsByItself(blockedBy) && liftsByItself(reason);
  return isMoot ? [] : [pause(at, reason)];
}

/** With what the run said that it spent beyond its steps: an end that it does not declare itself costs money, too. */
function endOf(
  { at, liveSpent = nothingSpent }: CommandFacts,
  run: LiveRun,
  phase: PhaseProgress,
  outcome: Outcome,
): EventOf<"RunEnded"> {
  const spent = spentBeyond(liveSpent, run.spent);
  return { type: "RunEnded", at, runId: run.runId, phase: phase.phase, outcome, spent };
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
