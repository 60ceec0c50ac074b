import type { CommandFacts, CommandOf } from "../commands.ts";
import type { TaskEvent } from "../events.ts";
import { isSettled, type ExistingTask } from "../state.ts";
import { accepted, notPermitted, wrongStatus, type Decision } from "./decision.ts";
import { cancelRunOf } from "./run-ended.ts";

export function cancelTask(command: CommandOf<"CancelTask">, state: ExistingTask): Decision {
  if (!command.by.mayWrite) return notPermitted(command.by);
  if (state.status === "cancelled") return accepted();
  if (isSettled(state)) return wrongStatus(command, state);
  return accepted(...cancelledBy(command, state, command.by.login));
}

export function abandonTask(command: CommandOf<"AbandonTask">, state: ExistingTask): Decision {
  if (isSettled(state)) return accepted();
  if (command.by !== null) return accepted(...cancelledBy(command, state, command.by));
  return accepted(...cancelRunOf(command, state), {
    type: "TaskFailed",
    at: command.at,
    message: command.message,
  });
}

/** Also for a task that has ended: its texts are still there. */
export function deleteTask(command: CommandOf<"DeleteTask">, state: ExistingTask): Decision {
  if (!command.by.mayWrite) return notPermitted(command.by);
  if (state.erasedBy !== null) return accepted();
  const ended = isSettled(state) ? [] : cancelledBy(command, state, command.by.login);
  return accepted(...ended, { type: "TaskErased", at: command.at, by: command.by.login });
}

function cancelledBy(facts: CommandFacts, state: ExistingTask, by: string): readonly TaskEvent[] {
  return [...cancelRunOf(facts, state), { type: "TaskCancelled", at: facts.at, by }];
}
