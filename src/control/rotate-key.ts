/** Seals all that is sealed with the newest key, so that older ones can be taken away. */
import type { TaskId } from "../core/ids.ts";
import type { CheckpointSeal } from "./checkpoints.ts";
import type { Store } from "./ports/store.ts";
import { readTask } from "./read-task.ts";
import { keepRecord, type Keeping } from "./task-record.ts";

const tasksAtOnce = 100;

export interface Rotating extends Keeping {
  readonly store: Keeping["store"] &
    Pick<Store, "tasksAfter" | "checkpointNotSealedWith" | "resealCheckpoint" | "checkpointsByKey">;
  readonly checkpointSeal: CheckpointSeal;
}

export interface Rotated {
  readonly checkpoints: number;
  /** Records that have the newest key now. */
  readonly records: number;
  readonly failed: number;
  /** How many checkpoints there are under each key now. */
  readonly byKey: ReadonlyMap<string, number>;
}

/** One after the other, so that it can be broken off and begun again at any time. `say` hears what can't be done, and why. */
export async function rotateKey(rotating: Rotating, say: (line: string) => void): Promise<Rotated> {
  const rotated = { checkpoints: 0, records: 0, failed: 0 };
  const trying = async (what: string, done: () => Promise<"checkpoints" | "records">) => {
    try {
      rotated[await done()] += 1;
    } catch (error) {
      rotated.failed += 1;
      say(`${what}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  for await (const checkpoint of checkpointsOfOldKeys(rotating)) {
    await trying(`checkpoint of task ${checkpoint.taskId}`, async () => {
      const { store, checkpointSeal } = rotating;
      await store.resealCheckpoint(checkpoint, checkpointSeal.seal(checkpointSeal.open(checkpoint)));
      return "checkpoints";
    });
  }
  for await (const taskId of allTasks(rotating)) {
    await trying(`record of task ${taskId}`, async () => {
      const task = await readTask(rotating.store, taskId);
      if (task.status === "absent" || (await keepRecord(rotating, task))) return "records";
      throw new Error("it knows more than the database; npm run rebuild first");
    });
  }
  return { ...rotated, byKey: await rotating.store.checkpointsByKey() };
}

async function* checkpointsOfOldKeys({ store, appSeal }: Rotating) {
  for (let after: TaskId | null = null; ;) {
    const checkpoint = await store.checkpointNotSealedWith(appSeal.keyId, after);
    if (checkpoint === null) return;
    yield checkpoint;
    after = checkpoint.taskId;
  }
}

async function* allTasks({ store }: Rotating) {
  for (let after: TaskId | null = null; ;) {
    const tasks = await store.tasksAfter(after, tasksAtOnce);
    yield* tasks;
    const last = tasks.at(-1);
    if (last === undefined) return;
    after = last;
  }
}
