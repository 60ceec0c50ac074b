import { dropsRun, liftsByItself } from "../block.ts";
import type { CommandOf } from "../commands.ts";
import type { TaskEvent } from "../events.ts";
import type { BlockReason } from "../outcome.ts";
import { isSettled, liveRunOf, type ExistingTask } from "../state.ts";
import { accepted, notPermitted, refused, wrongStatus, type Decision } from "./decision.ts";
import { cancelRunOf } from "./run-ended.ts";

/** Steps that are finished stay; what the run had under way is lost. */
export function suspendTask(command: CommandOf<"SuspendTask">, state: ExistingTask): Decision {
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

export function pauseTask(command: CommandOf<"PauseTask">, state: ExistingTask): Decision {
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

export function pause(at: string, reason: Extract<TaskEvent, { type: "TaskPaused" }>["reason"]): TaskEvent {
  return { type: "TaskPaused", at, reason };
}

/** What goes by itself takes no place of what a person has to mend: the task would go on, and what failed stay undone. */
export function pauseBeside({ blockedBy }: ExistingTask, at: string, reason: BlockReason): readonly TaskEvent[] {
  const isMoot = blockedBy !== null && !liftsByItself(blockedBy) && liftsByItself(reason);
  return isMoot ? [] : [pause(at, reason)];
}
