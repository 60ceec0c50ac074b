/** Notices secrets and variables that people add: GitHub sends no event for them (Q9). Only names are ever read. */
import { hasValue, type Dependency } from "../core/dialogue.ts";
import { isSettled, type ExistingTask } from "../core/state.ts";
import { handleCommand } from "./handle-command.ts";
import { taskById } from "./people.ts";
import type { Processing } from "./process-message.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
/** The engine's minutes are not exact: what is nearly due is due. */
const slackMs = 5_000;

/** Between two looks, by the age of the newest request: whoever adds something does it soon. */
function paceOf(ageMs: number): number {
  if (ageMs < hourMs) return minuteMs;
  return ageMs < dayMs ? 5 * minuteMs : 15 * minuteMs;
}

function awaited({ dependencies }: ExistingTask): readonly Dependency[] {
  return dependencies.filter(({ type, state }) => hasValue(type) && state === "open");
}

/** Names that would let it go on, or that an agent would like to have. */
export function waitsForNames(task: ExistingTask): boolean {
  return !isSettled(task) && awaited(task).length > 0;
}

/** Reads the names of the tasks' one repository, and tells each task. */
export async function lookAtNames(processing: Processing, tasks: readonly ExistingTask[]): Promise<void> {
  const [first] = tasks;
  if (first === undefined) return;
  const names = await processing.github.listNames(first.repository);
  if (names === null) return;
  for (const { taskId } of tasks) await handleCommand(processing, taskId, { type: "RecordNames", names });
}

export interface NamesWatch {
  /** Looks where a look is due. */
  run(): Promise<void>;
}

/** Remembers when it looked at which repository; after a restart it looks at once. */
export function createNamesWatch(processing: Processing): NamesWatch {
  const lookedAt = new Map<number, number>();

  async function waitingByRepository(): Promise<ReadonlyMap<number, readonly ExistingTask[]>> {
    const found = new Map<number, ExistingTask[]>();
    for (const taskId of await processing.store.openTasks()) {
      const task = await taskById(processing, taskId);
      if (task === null || !waitsForNames(task)) continue;
      const { repositoryId } = task.repository;
      found.set(repositoryId, [...(found.get(repositoryId) ?? []), task]);
    }
    return found;
  }

  return {
    async run() {
      const waiting = await waitingByRepository();
      for (const repositoryId of lookedAt.keys()) if (!waiting.has(repositoryId)) lookedAt.delete(repositoryId);
      for (const [repositoryId, tasks] of waiting) {
        const now = processing.clock.now().getTime();
        const newest = Math.max(...tasks.flatMap(awaited).map(({ askedAt }) => Date.parse(askedAt)));
        const looked = lookedAt.get(repositoryId) ?? Number.NEGATIVE_INFINITY;
        if (now - looked < paceOf(now - newest) - slackMs) continue;
        lookedAt.set(repositoryId, now);
        try {
          await lookAtNames(processing, tasks);
        } catch (error) {
          // One repository that cannot be read must not hide the others.
          processing.log.warn({ repositoryId, err: error }, "looking for names that were added");
        }
      }
    },
  };
}
