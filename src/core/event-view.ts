/** What is told of an event to whoever watches a task: where it stands, and nothing that people or agents wrote. */
import type { TaskEvent, TaskEventType } from "./events.ts";
import type { BlockReason } from "./outcome.ts";
import { currentPhaseOf, isSettled, type ExistingTask, type TaskStatus } from "./state.ts";
import { addSpent, nothingSpent, tokensOf } from "./usage.ts";

export interface EventView {
  readonly version: number;
  readonly type: TaskEventType;
  readonly at: string;
  /** Of the task, as is all that follows, once the event had happened. */
  readonly status: TaskStatus;
  /** The one that the event is about, otherwise the current one; null before the first. */
  readonly phase: { readonly number: number; readonly name: string } | null;
  /** The one that the event is about. */
  readonly step: string | null;
  /** Where the pull request is: that of the phase, or the task's last one. */
  readonly gate: string | null;
  readonly blockedBy: BlockReason["kind"] | null;
  readonly spent: { readonly usd: number; readonly tokens: number };
}

/** `task` is the state after the event. */
export function eventView(task: ExistingTask, event: TaskEvent, version: number): EventView {
  const number = phaseOf(event) ?? currentPhaseOf(task)?.phase ?? null;
  const outline = task.playbook.phases.find((phase) => phase.number === number) ?? null;
  const step = "step" in event ? outline?.steps.find(({ slug }) => slug === event.step) : undefined;
  const spent = task.phases.reduce((sum, phase) => addSpent(sum, phase.spent), nothingSpent);
  return {
    version,
    type: event.type,
    at: event.at,
    status: task.status,
    phase: outline === null ? null : { number: outline.number, name: outline.name },
    step: step?.slug ?? null,
    gate: task.finalGate?.url ?? task.phases.find(({ phase }) => phase === number)?.gate?.url ?? null,
    blockedBy: isSettled(task) ? null : (task.blockedBy?.kind ?? null),
    spent: { usd: spent.costUsd, tokens: tokensOf(spent.usage) },
  };
}

function phaseOf(event: TaskEvent): number | null {
  return "phase" in event ? event.phase : null;
}
