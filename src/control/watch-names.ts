/** Notices secrets and variables that people add: GitHub sends no event for them (Q9). Only names are ever read. */
import type { TaskId } from "../core/ids.ts";
import { hasValue, type Dependency } from "../core/dialogue.ts";
import { isSettled, type ExistingTask } from "../core/state.ts";
import { handleCommand } from "./handle-command.ts";
import { taskById } from "./people.ts";
import type { Processing } from "./process-message.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
/** The engine's looks are not exact: what is nearly due is due. */
const slackMs = 5_000;

const cannotLook = "looking for names that were added";

/** Between two looks, by the age of the newest request: whoever adds something does it soon. */
function paceOf(ageMs: number, namesEveryMs: number): number {
  if (ageMs < hourMs) return namesEveryMs;
  return Math.max(namesEveryMs, ageMs < dayMs ? 5 * minuteMs : 15 * minuteMs);
}

function awaited({ dependencies }: ExistingTask): readonly Dependency[] {
  return dependencies.filter(({ type, state }) => hasValue(type) && state === "open");
}

/** Names that would let it go on, or that an agent would like to have. */
function waitsForNames(task: ExistingTask): boolean {
  return !isSettled(task) && awaited(task).length > 0;
}

/** Reads the names of the tasks' one repository, and tells each task. */
async function lookAtNames(processing: Processing, tasks: readonly ExistingTask[]): Promise<void> {
  const [first] = tasks;
  if (first === undefined) return;
  const names = await processing.github.listNames(first.repository);
  if (names === null) return;
  for (const { taskId } of tasks) await handleCommand(processing, taskId, { type: "RecordNames", names });
}

/** At once, since somebody is at work there. Never throws: the next minute looks again. */
export async function lookAtRepository(processing: Processing, repositoryId: number): Promise<void> {
  try {
    const tasks = await waitingTasks(processing, await processing.store.openTasks({ repositoryId, awaitsNames: true }));
    await lookAtNames(processing, tasks);
  } catch (error) {
    processing.log.warn({ repositoryId, err: error }, cannotLook);
  }
}

async function waitingTasks(processing: Processing, taskIds: readonly TaskId[]): Promise<readonly ExistingTask[]> {
  const waiting: ExistingTask[] = [];
  for (const taskId of taskIds) {
    const task = await taskById(processing, taskId);
    if (task !== null && waitsForNames(task)) waiting.push(task);
  }
  return waiting;
}

export interface NamesWatch {
  /** Looks where a look is due. */
  run(): Promise<void>;
}

/** Remembers when it looked at which repository; after a restart it looks at once. */
export function createNamesWatch(processing: Processing): NamesWatch {
  const lookedAt = new Map<number, number>();

  return {
    async run() {
      const tasks = await waitingTasks(processing, await processing.store.openTasks({ awaitsNames: true }));
      const waiting = Map.groupBy(tasks, ({ repository }) => repository.repositoryId);
      for (const repositoryId of lookedAt.keys()) if (!waiting.has(repositoryId)) lookedAt.delete(repositoryId);
      for (const [repositoryId, there] of waiting) {
        const now = processing.clock.now().getTime();
        const newest = Math.max(...there.flatMap(awaited).map(({ askedAt }) => Date.parse(askedAt)));
        const looked = lookedAt.get(repositoryId) ?? Number.NEGATIVE_INFINITY;
        if (now - looked < paceOf(now - newest, processing.policy.namesEveryMs) - slackMs) continue;
        lookedAt.set(repositoryId, now);
        try {
          await lookAtNames(processing, there);
        } catch (error) {
          // One repository that cannot be read must not hide the others.
          processing.log.warn({ repositoryId, err: error }, cannotLook);
        }
      }
    },
  };
}
