import type { CommitUnit } from "../../src/control/ports/store.ts";
import type { TaskEvent } from "../../src/core/events.ts";
import { changesetIdOf, runIdFrom, type TaskId } from "../../src/core/ids.ts";
import { stateFrom } from "../../src/core/evolve.ts";
import type { Spent } from "../../src/core/usage.ts";
import { nothingSpent } from "../../src/core/usage.ts";
import { createTask, eventsOf } from "../core/given.ts";

interface Work {
  readonly taskId: TaskId;
  readonly repositoryId: number;
  readonly issue?: number;
  readonly playbook?: string;
  /** When all of it happened. */
  readonly at: string;
  /** Null where the runner is too old to say. */
  readonly account: string | null;
  /** One a step, in the order of the playbook's first phase. */
  readonly spent?: readonly Spent[];
  readonly isMerged?: boolean;
}

/** A task that was created, and whose first run (`run-of-<task>`) did its first steps. */
export function workOf({
  taskId,
  repositoryId,
  issue = 7,
  playbook,
  at,
  account,
  spent = [],
  isMerged = false,
}: Work): CommitUnit {
  const runId = runIdFrom(`run-of-${taskId}`);
  const begun = eventsOf([createTask()]).map((event): TaskEvent => {
    if (event.type === "TaskCreated") {
      return {
        ...event,
        at,
        taskId,
        repository: { ...event.repository, repositoryId },
        issue: { ...event.issue, number: issue },
        playbook: { ...event.playbook, name: playbook ?? event.playbook.name },
      };
    }
    return event.type === "RunRequested" ? { ...event, at, runId } : { ...event, at };
  });
  const steps = spent.map((each, index): TaskEvent => {
    const step = index === 0 ? "01_idea" : "02_market";
    const changesetId = changesetIdOf(runId, step);
    return { type: "StepCompleted", at, runId, phase: 1, step, changesetId, files: 1, spent: each };
  });
  const outcome = { kind: "completed" } as const;
  const events: readonly TaskEvent[] = [
    ...begun,
    ...(account === null ? [] : [{ type: "AccountIdentified", at, runId, account } as const]),
    { type: "RunStarted", at, runId },
    ...steps,
    ...(isMerged
      ? ([
          { type: "RunEnded", at, runId, phase: 1, outcome, spent: nothingSpent },
          { type: "PhaseCompleted", at, phase: 1, by: "owner", mergeSha: "merge" },
        ] as const)
      : []),
  ];
  return { taskId, expectedVersion: 0, events, state: stateFrom(events), effects: [], userId: "owner" };
}
