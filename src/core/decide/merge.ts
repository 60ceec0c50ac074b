/** How a gate ends: merged, closed, or pointed elsewhere; and the task's last one. */

import { liftsByItself, outlastsMerge } from "../block.ts";
import type { CommandOf, TaskCommand } from "../commands.ts";
import type { TaskEvent } from "../events.ts";
import { after } from "../evolve.ts";
import { isAllDone, isSettled, type ExistingTask, type PhaseProgress } from "../state.ts";
import { rippleOf } from "./added-phases.ts";
import { accepted, refused, wrongStatus, type Decision } from "./decision.ts";
import { pause } from "./pause.ts";
import { afterPhase } from "./phases.ts";
import { cancelRunOf } from "./run-ended.ts";

export function recordMerge(command: CommandOf<"RecordMerge">, state: ExistingTask): Decision {
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
export function completePhase(
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

export function recordFinalGate({ at, gate }: CommandOf<"RecordFinalGate">, state: ExistingTask): Decision {
  if (state.finalGate !== null || !isAllDone(state)) return accepted();
  if (gate === null) return isSettled(state) ? accepted() : accepted({ type: "TaskCompleted", at });
  // Also where somebody cancelled the task meanwhile: then it is closed again.
  return accepted({ type: "FinalGateOpened", at, ...gate });
}

export function isFinalGate({ finalGate }: ExistingTask, pullRequest: number): boolean {
  return finalGate?.pullRequest === pullRequest;
}

/** The next phase builds on the default branch: what goes elsewhere is no acceptance of this one. */
export function recordRetarget(command: CommandOf<"RecordRetarget">, state: ExistingTask): Decision {
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

export function recordGateClosed(command: CommandOf<"RecordGateClosed">, state: ExistingTask): Decision {
  const isOpen = isGateInReview(state, command.pullRequest);
  if (isOpen === null) return refused({ code: "unknown-gate", pullRequest: command.pullRequest });
  if (!isOpen) return accepted();
  if (state.blockedBy !== null && !liftsByItself(state.blockedBy)) return accepted();
  return accepted(
    ...cancelRunOf(command, state),
    pause(command.at, { kind: "gate-closed", pullRequest: command.pullRequest }),
  );
}

/** Of a phase that is under way, or the task's last one; null where it is neither. */
function isGateInReview(state: ExistingTask, pullRequest: number): boolean | null {
  if (isFinalGate(state, pullRequest)) return !isSettled(state);
  const phase = phaseOfGate(state, pullRequest);
  return phase === null ? null : phase.completed === null && !isSettled(state);
}

export function phaseOfGate(state: ExistingTask, pullRequest: number): PhaseProgress | null {
  return state.phases.find((phase) => phase.gate?.pullRequest === pullRequest) ?? null;
}
