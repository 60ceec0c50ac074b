import type { BlockReason } from "../core/outcome.ts";
import { currentPhaseOf, isSettled, type ExistingTask } from "../core/state.ts";
import { awaitedWorkflow } from "./own-changes.ts";
import { keyOf } from "./people.ts";
import type { Performing } from "./performing.ts";
import { forecastsOf } from "./task-view.ts";

export async function notifyBlocked(
  performing: Performing,
  state: ExistingTask,
  reason: BlockReason,
  key: string,
): Promise<null> {
  // A person was faster, or another reason took its place and has its own notice.
  if (isSettled(state) || state.blockedBy?.kind !== reason.kind) return null;
  const notice = {
    kind: "blocked",
    reason,
    task: state,
    forecast: (await forecastsOf(performing, state)).get(currentPhaseOf(state)?.phase ?? 0),
    awaited: await fileAwaited(performing, state, reason),
  } as const;
  const number = state.issue.number;
  await performing.github.notify(state.repository, number, keyOfBlock(state, reason, key), notice, state);
  return null;
}

async function fileAwaited(
  performing: Performing,
  task: ExistingTask,
  { kind }: BlockReason,
): Promise<{ readonly path: string; readonly text: string } | undefined> {
  const phase = kind === "workflow-file-awaited" ? currentPhaseOf(task) : null;
  const awaited = phase === null ? null : await awaitedWorkflow(performing, task, phase.phase);
  return awaited === null ? undefined : { path: awaited.path, text: awaited.text };
}

/** Whose account is at fault is asked once: a comment for each try would be noise, and the status comment says it all the same. */
function keyOfBlock({ taskId, account }: ExistingTask, reason: BlockReason, key: string): string {
  return keyOf(reason.kind === "provider-refused" ? `refused:${taskId}:${account ?? ""}:${reason.why}` : key);
}
