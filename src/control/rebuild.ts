/** Brings the tasks of a repository back from the records that it holds of them. */
import type { Repository } from "../core/events.ts";
import { taskIdFrom, type TaskId } from "../core/ids.ts";
import { currentPhaseOf, isSettled, liveRunOf, type ExistingTask } from "../core/state.ts";
import { recordNameOf } from "../core/task-record.ts";
import { nothingSpent } from "../core/usage.ts";
import { dueAgain, handleCommand, type CommandHandling } from "./handle-command.ts";
import type { GitHub } from "./ports/github.ts";
import type { RecordHead } from "./ports/records.ts";
import type { KeptTask, Restored } from "./ports/store.ts";
import type { Timer } from "./ports/surroundings.ts";
import { readTask } from "./read-task.ts";
import type { Seal } from "./seal.ts";
import { hasAllOf, openRecord } from "./task-record.ts";
import { waitForGitHub } from "./wait-for-github.ts";

export interface Rebuilding extends CommandHandling {
  readonly github: Pick<GitHub, "listRecords" | "recordHead" | "readRecord">;
  readonly appSeal: Seal;
  readonly timer: Timer;
}

/** How many tasks came to what end. */
export interface Rebuilt {
  readonly broughtBack: number;
  readonly alreadyThere: number;
  readonly refused: number;
}

/** One task after the other, each in one transaction; one that is refused stops no other. `say` hears a line for each. */
export async function rebuild(
  rebuilding: Rebuilding,
  repository: Repository,
  say: (line: string) => void,
): Promise<Rebuilt> {
  const { github, timer, log } = rebuilding;
  const rebuilt = { broughtBack: 0, alreadyThere: 0, refused: 0 };
  const records = await waitForGitHub(timer, say, () => github.listRecords(repository));
  for (const [place, { name }] of records.entries()) {
    const sayWaiting = (line: string) => say(`task ${name}, ${place + 1} of ${records.length}: ${line}`);
    try {
      const { taskId, ...restored } = await waitForGitHub(timer, sayWaiting, () =>
        bringBack(rebuilding, repository, name),
      );
      if (restored.before < restored.kept) rebuilt.broughtBack += 1;
      else rebuilt.alreadyThere += 1;
      const task = await readTask(rebuilding.store, taskId);
      say(`task ${name}: ${what(restored)}${task.status === "absent" ? "" : `; ${where(task)}`}`);
    } catch (error) {
      rebuilt.refused += 1;
      log.debug({ name, err: error }, "a record is refused");
      say(`task ${name}: refused, ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return rebuilt;
}

async function bringBack(
  rebuilding: Rebuilding,
  repository: Repository,
  name: string,
): Promise<Restored & { readonly taskId: TaskId }> {
  const { github, appSeal } = rebuilding;
  const head = await github.recordHead(repository, name);
  if (head === null) throw new Error("somebody deleted it meanwhile");
  const known = await knownAlready(rebuilding, repository, name, head);
  if (known !== null) {
    await move(rebuilding, known.taskId, repository);
    return known;
  }
  const files = await github.readRecord(repository, head.commitSha);
  const kept = openRecord(appSeal, repository.repositoryId, files);
  return { taskId: kept.taskId, ...(await restore(rebuilding, repository, kept)) };
}

/** Told by the newest commit alone: each file of a record is a request, and a rebuild that was broken off is begun anew. */
async function knownAlready(
  { store }: Rebuilding,
  repository: Repository,
  name: string,
  { mark }: RecordHead,
): Promise<(Restored & { readonly taskId: TaskId }) | null> {
  if (mark === null) return null;
  const taskId = taskIdFrom(mark.taskId);
  const task = await readTask(store, taskId);
  // Anybody could have put the mark of another task there.
  const isOfTask =
    task.status !== "absent" && task.repository.repositoryId === repository.repositoryId && recordNameOf(task) === name;
  if (!isOfTask) return null;
  const stored = await store.readStored(taskId);
  return hasAllOf(stored, mark) ? { taskId, before: stored.length, kept: mark.version } : null;
}

async function restore(rebuilding: Rebuilding, repository: Repository, kept: KeptTask): Promise<Restored> {
  const { store } = rebuilding;
  const { taskId } = kept;
  const restored = await store.restoreTask(kept, (events) => dueAgain(rebuilding, taskId, events));
  await move(rebuilding, taskId, repository);
  const task = await readTask(store, taskId);
  const run = task.status === "absent" ? null : liveRunOf(task);
  // Its token is unknown, and so is whether it ever got one.
  if (restored.before < restored.kept && run !== null && (await store.runSessionOf(run.runId)) === null) {
    const message = "the app's database was lost, and the session of the run with it";
    const outcome = { kind: "lost", message } as const;
    await handleCommand(rebuilding, taskId, {
      type: "EndRun",
      runId: run.runId,
      outcome,
      spent: nothingSpent,
      mayHaveBegun: true,
    });
  }
  return restored;
}

/** Renamed or installed anew since it was kept. */
async function move(rebuilding: Rebuilding, taskId: TaskId, repository: Repository): Promise<void> {
  await handleCommand(rebuilding, taskId, { type: "MoveRepository", repository });
}

function what({ before, kept }: Restored): string {
  if (before > kept) return `left as it is, the database knows ${before} events and the record ${kept}`;
  if (before === kept) return `already there with ${kept} events`;
  return before === 0
    ? `brought back with ${kept} events`
    : `${kept - before} events added to the ${before} that were there`;
}

function where(task: ExistingTask): string {
  const phase = currentPhaseOf(task);
  const at = phase === null || isSettled(task) ? "" : ` in phase ${phase.phase}`;
  const waits = isSettled(task) || task.blockedBy === null ? "" : `, and waits (${task.blockedBy.kind})`;
  return `it is ${task.status.replaceAll("_", " ")}${at}${waits}`;
}
