import type { CommandOf } from "../commands.ts";
import type { TaskEvent } from "../events.ts";
import { evolve } from "../evolve.ts";
import { nextPhaseOf, type ExistingTask, type TaskState } from "../state.ts";
import type { TaskInput } from "../task-input.ts";
import { accepted, notPermitted, refused, type Decision } from "./decision.ts";
import { goOn } from "./go-on.ts";
import { startPhase } from "./phases.ts";

export function createTask(command: CommandOf<"CreateTask">, state: TaskState): Decision {
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

export function runTask(command: CommandOf<"RunTask">, state: ExistingTask): Decision {
  if (!command.by.mayWrite) return notPermitted(command.by);
  if (state.status === "draft") {
    return command.prompt.input === null
      ? refused({ code: "input-faulty" })
      : accepted(...start(command, state, command.prompt.input));
  }
  return goOn(command, state, command.by.login);
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
