import { type LiveRun, actionsRuntimeOf } from "./actions-runtime.ts";
import { interpolate } from "./expression.ts";
import { earlyContexts } from "./job-environment.ts";
import type { SandboxContext } from "./state.ts";
import type { WorkflowFile } from "./workflow-file.ts";

/**
 * Waits until the run may go: one runs in a group at a time. Without `queue: max` one more may wait, and a newer one
 * cancels it. Returns what gives the place to the next.
 */
export async function enterConcurrencyGroup(
  context: SandboxContext,
  live: LiveRun,
  file: WorkflowFile,
): Promise<() => void> {
  if (file.concurrency === undefined) return () => undefined;
  const { repository, run } = live;
  const groups = actionsRuntimeOf(context).concurrencyGroups;
  const scope = { contexts: earlyContexts(file, repository, run), job: { failed: false, cancelled: false } };
  const key = `${repository.id}/${interpolate(file.concurrency.group, scope).toLowerCase()}`;
  const line = groups.get(key) ?? [];
  groups.set(key, line);
  const others = line.map(({ runId }) => repository.runs.get(runId));
  const replaced = file.concurrency.cancelInProgress ? others : file.concurrency.keepsPending ? [] : others.slice(1);
  for (const other of replaced) other?.cancel?.abort();
  await new Promise<void>((resolve) => {
    const entry = { runId: run.id, admit: resolve };
    line.push(entry);
    if (line[0] === entry) resolve();
    else run.cancel?.signal.addEventListener("abort", () => resolve(), { once: true });
  });
  return () => {
    const place = line.findIndex(({ runId }) => runId === run.id);
    if (place >= 0) line.splice(place, 1);
    if (place === 0) line[0]?.admit();
    if (line.length === 0) groups.delete(key);
  };
}
