/** Brings the tasks of a repository back from the records that it holds of them. */
import type { Repository } from "../core/events.ts";
import { currentPhaseOf, isSettled, liveRunOf, type ExistingTask } from "../core/state.ts";
import { nothingSpent } from "../core/usage.ts";
import { dueAgain, handleCommand, type CommandHandling } from "./handle-command.ts";
import type { GitHub } from "./ports/github.ts";
import type { KeptTask, Restored } from "./ports/store.ts";
import { readTask } from "./read-task.ts";
import type { Seal } from "./seal.ts";
import { openRecord } from "./task-record.ts";

export interface Rebuilding extends CommandHandling {
  readonly github: Pick<GitHub, "listRecords" | "readRecord">;
  readonly appSeal: Seal;
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
  const { github, log } = rebuilding;
  const rebuilt = { broughtBack: 0, alreadyThere: 0, refused: 0 };
  for (const { name, commitSha } of await github.listRecords(repository)) {
    try {
      const kept = openRecord(
        rebuilding.appSeal,
        repository.repositoryId,
        await github.readRecord(repository, commitSha),
      );
      const { before, kept: events } = await restore(rebuilding, repository, kept);
      if (before < events) rebuilt.broughtBack += 1;
      else rebuilt.alreadyThere += 1;
      const task = await readTask(rebuilding.store, kept.taskId);
      say(`task ${name}: ${what({ before, kept: events })}${task.status === "absent" ? "" : `; ${where(task)}`}`);
    } catch (error) {
      rebuilt.refused += 1;
      log.debug({ name, commitSha, err: error }, "a record is refused");
      say(`task ${name}: refused, ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return rebuilt;
}

async function restore(rebuilding: Rebuilding, repository: Repository, kept: KeptTask): Promise<Restored> {
  const { store } = rebuilding;
  const { taskId } = kept;
  const restored = await store.restoreTask(kept, (events) => dueAgain(rebuilding, taskId, events));
  // Renamed or installed anew since it was kept.
  await handleCommand(rebuilding, taskId, { type: "MoveRepository", repository });
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
