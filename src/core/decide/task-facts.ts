/** What a task has from its start, and what changes of it on the way. */

import type { CommandOf } from "../commands.ts";
import type { TaskEvent } from "../events.ts";
import { after } from "../evolve.ts";
import { areSameSettings } from "../settings.ts";
import { isSettled, type ExistingTask } from "../state.ts";
import { goOnApproved } from "./approval.ts";
import { accepted, notPermitted, refused, type Decision } from "./decision.ts";

export function moveRepository(command: CommandOf<"MoveRepository">, state: ExistingTask): Decision {
  const { repositoryId, installationId, owner, name } = command.repository;
  const known = state.repository;
  if (known.repositoryId !== repositoryId || isSettled(state)) return accepted();
  if (known.installationId === installationId && known.owner === owner && known.name === name) return accepted();
  return accepted({ type: "RepositoryMoved", at: command.at, repository: command.repository });
}

/** On which branch the phases are collected is settled by the first commit. */
export function recordSettings(command: CommandOf<"RecordSettings">, state: ExistingTask): Decision {
  const { at, settings } = command;
  if (isSettled(state)) return accepted();
  const hasBegun = state.phases.some(({ gate, steps }) => gate !== null || steps.some((step) => step.completed));
  const known = state.settings;
  const next = hasBegun ? { ...settings, integration: known.integration } : settings;
  if (areSameSettings(next, known)) return accepted();
  const read: TaskEvent = { type: "SettingsRead", at, settings: next };
  return accepted(read, ...goOnApproved(command, after(state, read)));
}

export function setPriority({ at, by, priority, type }: CommandOf<"SetPriority">, state: ExistingTask): Decision {
  if (!by.mayWrite) return notPermitted(by);
  if (isSettled(state)) return refused({ code: "wrong-status", status: state.status, command: type });
  // What the form says of it counts once it is frozen.
  if (state.status === "draft") return refused({ code: "not-started" });
  if (priority === null) return refused({ code: "bad-priority" });
  return state.input.priority === priority ? accepted() : accepted({ type: "PrioritySet", at, by: by.login, priority });
}
