/** Many tasks, of one history. */
import { randomUUID } from "node:crypto";
import type { Store } from "../../src/control/ports/store.ts";
import type { TaskEvent } from "../../src/core/events.ts";
import { stateFrom } from "../../src/core/evolve.ts";
import type { TaskId } from "../../src/core/ids.ts";
import { openStore } from "../../src/store/open-store.ts";
import { startTaskWorld } from "./task-world.ts";

export async function eventsOfOneTask(): Promise<readonly TaskEvent[]> {
  const store = await openStore({ dataDir: ":memory:", now: () => new Date(), newId: randomUUID });
  const world = await startTaskWorld(store);
  try {
    const [task] = await world.complete(1);
    return task === undefined ? [] : await store.readEvents(task.taskId);
  } finally {
    await world.stop();
  }
}

/** The same history under ids of its own, for an issue of its own. */
export async function storeCopy(store: Store, pattern: readonly TaskEvent[], issueNumber: number): Promise<TaskId> {
  const ids = new Set(JSON.stringify(pattern).match(/[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/gu));
  let json = JSON.stringify(pattern);
  for (const id of ids) json = json.replaceAll(id, randomUUID());
  const copied: readonly TaskEvent[] = JSON.parse(json);
  const events = copied.map((event) =>
    event.type === "TaskCreated" ? { ...event, issue: { ...event.issue, number: issueNumber } } : event,
  );
  const state = stateFrom(events);
  if (state.status === "absent") throw new Error("copying a history: it creates no task");
  await store.commit({ taskId: state.taskId, expectedVersion: 0, events, state, effects: [], userId: null });
  return state.taskId;
}
