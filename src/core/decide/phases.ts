import { outlastsMerge } from "../block.ts";
import type { CommandOf, TaskCommand } from "../commands.ts";
import type { TaskEvent } from "../events.ts";
import { after } from "../evolve.ts";
import { isBeforeSecondOf } from "../moment.ts";
import type { Finding } from "../report.ts";
import {
  awaitsApproval,
  currentPhaseOf,
  isAllDone,
  isSettled,
  nextPhaseOf,
  outlineOfPhase,
  taskBranchOf,
  type ExistingTask,
  type PhaseProgress,
} from "../state.ts";
import { accepted, notPermitted, refused, wrongStatus, type Decision } from "./decision.ts";
import { pause } from "./pause.ts";
import { cancelRunOf } from "./run-ended.ts";

/** Nothing of it is merged; what it left undone is told to the next one. */
export function skipPhase(command: CommandOf<"SkipPhase">, state: ExistingTask): Decision {
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

export function startPhase(
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
export function leftOver(state: ExistingTask, { phase, steps }: PhaseProgress, next: number): readonly Finding[] {
  const before = outlineOfPhase(state, phase);
  const missing = before.steps.filter(({ slug }) => steps.some((step) => step.slug === slug && !step.completed));
  if (missing.length === 0) return [];
  const titles = missing.map(({ title }) => title).join(", ");
  const isSkipped = state.phases.find((candidate) => candidate.phase === phase)?.completed?.skipped === true;
  const message = `phase ${phase}, ${before.title}, was ${isSkipped ? "skipped" : "merged"} without: ${titles}. Make up for what this phase needs of it`;
  const [first] = outlineOfPhase(state, next).steps;
  return [{ check: "outputs-exist", step: first?.slug ?? null, path: null, line: null, message }];
}

/** The next phase, or the wait for what must come before it, or the end. */
export function afterPhase(command: TaskCommand, state: ExistingTask, phase: PhaseProgress): readonly TaskEvent[] {
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

export function approvalNeeded(at: string, { phase }: PhaseProgress, by: string): TaskEvent {
  return pause(at, { kind: "approval-needed", phase, by });
}

/** Nothing where the task's own branch is still to be merged: the task ends with that. */
function lastOf(state: ExistingTask, at: string): readonly TaskEvent[] {
  return taskBranchOf(state) === null ? [{ type: "TaskCompleted", at }] : [];
}
