import { dropsRun } from "../block.ts";
import type { EventOf } from "../events.ts";
import { phrase } from "../phrase.ts";
import { defaultSettings } from "../settings.ts";
import { currentPhaseOf, type ExistingTask } from "../state.ts";
import { noInput } from "../task-input.ts";
import { afresh } from "./counters.ts";
import { factsOf } from "./facts.ts";
import { onPhase } from "./phases.ts";

export function taskCreated(event: EventOf<"TaskCreated">): ExistingTask {
  return {
    status: "draft",
    taskId: event.taskId,
    repository: event.repository,
    issue: event.issue,
    createdBy: event.by,
    createdAt: event.at,
    ordinal: event.ordinal,
    playbook: event.playbook,
    taskBudgetUsd: event.taskBudgetUsd,
    settings: defaultSettings,
    input: noInput,
    purses: [],
    account: null,
    questions: [],
    dependencies: [],
    errors: [],
    prompt: null,
    blockedBy: null,
    security: [],
    erasedBy: null,
    finalGate: null,
    planned: [],
    ripples: [],
    itemsAt: null,
    phases: [],
    recentActions: [{ at: event.at, text: phrase`task created` }],
  };
}

export function taskStarted(state: ExistingTask, event: EventOf<"TaskStarted">): ExistingTask {
  return {
    ...factsOf(state),
    status: "pending",
    run: null,
    input: event.input,
    taskBudgetUsd: event.input.budgetUsd ?? state.taskBudgetUsd,
    prompt: { hash: event.promptHash, hiddenRemoved: event.hiddenRemoved, startedBy: event.by },
  };
}

export function settingsRead(state: ExistingTask, event: EventOf<"SettingsRead">): ExistingTask {
  return { ...state, settings: event.settings };
}

export function accountIdentified(state: ExistingTask, event: EventOf<"AccountIdentified">): ExistingTask {
  return { ...state, account: event.account };
}

export function prioritySet(state: ExistingTask, event: EventOf<"PrioritySet">): ExistingTask {
  return { ...state, input: { ...state.input, priority: event.priority } };
}

export function budgetSet(state: ExistingTask, event: EventOf<"BudgetSet">): ExistingTask {
  const { phase, usd } = event;
  const other = withBudgetSet(state);
  if (phase === null) return { ...other, taskBudgetUsd: usd };
  return { ...other, purses: [...state.purses.filter((purse) => purse.phase !== phase), { phase, usd }] };
}

function withBudgetSet(state: ExistingTask): ExistingTask {
  if (state.status !== "pending" && state.status !== "in_progress") return state;
  return state.run === null ? state : { ...state, run: { ...state.run, budgetSet: true } };
}

export function repositoryMoved(state: ExistingTask, event: EventOf<"RepositoryMoved">): ExistingTask {
  return { ...state, repository: event.repository };
}

export function taskPaused(state: ExistingTask, event: EventOf<"TaskPaused">): ExistingTask {
  const paused = { ...state, blockedBy: event.reason };
  return dropsRun(event.reason) ? { ...factsOf(paused), status: "pending", run: null } : paused;
}

export function taskResumed(state: ExistingTask): ExistingTask {
  const phase = currentPhaseOf(state)?.phase;
  // A counter that stopped the task must not stop it again at its next step.
  const phases = phase === undefined ? state.phases : onPhase(state, phase, afresh(state.blockedBy));
  return { ...state, blockedBy: null, phases };
}

export function taskCompleted(state: ExistingTask, event: EventOf<"TaskCompleted">): ExistingTask {
  return { ...factsOf(state), status: "completed", endedAt: event.at };
}

export function taskFailed(state: ExistingTask, event: EventOf<"TaskFailed">): ExistingTask {
  return { ...factsOf(state), status: "failed", endedAt: event.at, message: event.message };
}

export function taskCancelled(state: ExistingTask, event: EventOf<"TaskCancelled">): ExistingTask {
  return { ...factsOf(state), status: "cancelled", endedAt: event.at, cancelledBy: event.by };
}

export function taskErased(state: ExistingTask, event: EventOf<"TaskErased">): ExistingTask {
  return { ...state, erasedBy: event.by };
}
