/** Seals all that is sealed with the newest key, so that older ones can be taken away. */
import type { Repository } from "../core/events.ts";
import type { TaskId } from "../core/ids.ts";
import { recordNameOf } from "../core/task-record.ts";
import type { CheckpointSeal } from "./checkpoints.ts";
import type { GitHub } from "./ports/github.ts";
import { RetryLater } from "./ports/retry-later.ts";
import type { Store } from "./ports/store.ts";
import type { Timer } from "./ports/surroundings.ts";
import { readTask } from "./read-task.ts";
import { keepRecord, type Keeping } from "./task-record.ts";
import { waitForGitHub } from "./wait-for-github.ts";

const tasksAtOnce = 100;

export interface Rotating extends Keeping {
  readonly store: Keeping["store"] &
    Pick<Store, "tasksAfter" | "checkpointNotSealedWith" | "resealCheckpoint" | "checkpointsByKey">;
  readonly github: Keeping["github"] & Pick<GitHub, "dropRecord" | "reachOf">;
  readonly checkpointSeal: CheckpointSeal;
  readonly timer: Timer;
}

export interface Rotated {
  readonly checkpoints: number;
  /** Records that have the newest key now. */
  readonly records: number;
  /** Tasks of repositories where nobody can write a record: trying again would change nothing. */
  readonly outOfReach: number;
  readonly failed: number;
  /** How many checkpoints there are under each key now. */
  readonly byKey: ReadonlyMap<string, number>;
}

/** One after the other, so that it can be broken off and begun again at any time. `say` hears what can't be done, and why. */
export async function rotateKey(rotating: Rotating, say: (line: string) => void): Promise<Rotated> {
  const rotated = { checkpoints: 0, records: 0, outOfReach: 0, failed: 0 };
  const trying = async (what: string, done: () => Promise<"checkpoints" | "records" | "outOfReach">) => {
    try {
      rotated[await waitForGitHub(rotating.timer, (line) => say(`${what}: ${line}`), done)] += 1;
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
  const reach = createReach(rotating, say);
  let tasks = 0;
  for await (const taskId of allTasks(rotating)) {
    await trying(`record of task ${taskId}`, () => sealAnew(rotating, reach, taskId));
    tasks += 1;
    if (tasks % tasksAtOnce === 0) say(`${tasks} tasks are looked at, ${rotated.failed} failed`);
  }
  return { ...rotated, byKey: await rotating.store.checkpointsByKey() };
}

async function sealAnew(rotating: Rotating, reach: Reach, taskId: TaskId): Promise<"records" | "outOfReach"> {
  const { store, github } = rotating;
  const task = await readTask(store, taskId);
  if (task.status === "absent") return "records";
  return reach.writing(task.repository, async () => {
    if (!(await keepRecord(rotating, task))) {
      throw new Error("it knows more than the database; npm run rebuild first");
    }
    // The app may have deleted it beside us, and before this wrote it; its words must not come back.
    const now = await readTask(store, taskId);
    if (now.status !== "absent" && now.erasedBy !== null) await github.dropRecord(now.repository, recordNameOf(now));
  });
}

interface Reach {
  /** Does `write`, unless nothing can be written there, whoever tries. */
  writing(repository: Repository, write: () => Promise<void>): Promise<"records" | "outOfReach">;
}

/** Asks of a repository only when a write in it fails, and tells of each that is out of reach once. */
function createReach({ github }: Rotating, say: (line: string) => void): Reach {
  const outOfReach = new Map<string, "read-only" | "none">();
  return {
    async writing(repository, write) {
      const { installationId, repositoryId, owner, name } = repository;
      const key = `${installationId}/${repositoryId}`;
      if (outOfReach.get(key) === "none") return "outOfReach";
      try {
        await write();
        return "records";
      } catch (error) {
        if (error instanceof RetryLater) throw error;
        const reach = await github.reachOf(repository);
        if (reach === "writable") throw error;
        if (!outOfReach.has(key)) say(`${owner}/${name} is out of reach: ${why[reach]}`);
        outOfReach.set(key, reach);
        return "outOfReach";
      }
    },
  };
}

const why = {
  "read-only": "it is archived, or GitHub has switched it off",
  none: "it is deleted, or the App is not installed there any more, or suspended",
} as const;

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
