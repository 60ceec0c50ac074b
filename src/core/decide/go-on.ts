import { isFailure, waits } from "../block.ts";
import type { CommandOf, TaskCommand } from "../commands.ts";
import type { TaskEvent } from "../events.ts";
import { after } from "../evolve.ts";
import {
  appIsAtWork,
  awaitsApproval,
  currentPhaseOf,
  isAllDone,
  isSettled,
  liveRunOf,
  nextPhaseOf,
  type ExistingTask,
} from "../state.ts";
import { accepted, notPermitted, refused, wrongStatus, type Decision } from "./decision.ts";
import { isAllSaid, runOrWait } from "./next-run.ts";
import { pause } from "./pause.ts";
import { approvalNeeded, leftOver, startPhase } from "./phases.ts";
import { isWaiting, stillWaiting, waitingFor } from "./waiting.ts";

export function resumeTask(command: CommandOf<"ResumeTask">, state: ExistingTask): Decision {
  if (!command.by.mayWrite) return notPermitted(command.by);
  if (state.status === "draft") return refused({ code: "not-started" });
  return goOn(command, state, command.by.login);
}

export function liftBlock(command: CommandOf<"LiftBlock">, state: ExistingTask): Decision {
  if (isSettled(state) || state.blockedBy === null || !command.kinds.includes(state.blockedBy.kind)) return accepted();
  return goOn(command, state, command.by);
}

/** What a person may order anew: everything that went wrong, and nothing that somebody decided. */
export function retryTask(command: CommandOf<"RetryTask">, state: ExistingTask): Decision {
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

/**
 * Takes the block away and goes on from there.
 *
 * While the task waits for people, their commands do this: `/run`, `/resume`, `/retry` and `/rework` are refused with what is
 * open, since a run without it would only ask again; `/skip` takes a required dependency away as well. `/pause` stands in the
 * place of the wait, and whoever resumes it then gets the wait back, or a run where all has come meanwhile. `/budget` sets its
 * figure and wakes nobody. `/approve` and `/accept` have nothing before them. A merge ends the phase, and with it the wait.
 */
export function goOn(command: TaskCommand, state: ExistingTask, by: string): Decision {
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

/** After something that it waited for has come: goes on where nothing is left, at once. */
export function goOnIfReady(command: TaskCommand, state: ExistingTask, by: string): readonly TaskEvent[] {
  if (isSettled(state) || state.blockedBy === null || !waits(state.blockedBy)) return [];
  const waiting = waitingFor(state);
  if (waiting !== null) return waiting.kind === state.blockedBy.kind ? [] : [pause(command.at, waiting)];
  const goingOn = goOn(command, state, by);
  return goingOn.kind === "accepted" ? goingOn.events : [];
}
