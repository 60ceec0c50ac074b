import type { TaskEvent } from "../core/events.ts";
import { stateFrom } from "../core/evolve.ts";
import type { TaskId } from "../core/ids.ts";
import type { TaskState } from "../core/state.ts";
import type { Store } from "./ports/store.ts";

/** A store that has nothing new answers with the same list, which need not be folded again. */
const folded = new WeakMap<readonly TaskEvent[], TaskState>();

export async function readTask(store: Pick<Store, "readEvents">, taskId: TaskId): Promise<TaskState> {
  return stateOf(await store.readEvents(taskId));
}

export function stateOf(events: readonly TaskEvent[]): TaskState {
  const known = folded.get(events);
  if (known !== undefined) return known;
  const state = stateFrom(events);
  folded.set(events, state);
  return state;
}
