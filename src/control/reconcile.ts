import { stateFrom } from "../core/evolve.ts";
import { liveRunOf } from "../core/state.ts";
import type { OpenRun } from "./ports.ts";
import { declareLost, type Processing } from "./process-message.ts";

/** Silence after which a runner is looked for (Q11). */
const silenceMs = 3 * 60_000;

/** Looks at the runs that should be heard of, and declares lost what GitHub says is over or what fell silent. */
export async function reconcileRuns(processing: Processing): Promise<void> {
  for (const run of await processing.store.openRuns()) {
    try {
      await reconcileRun(processing, run);
    } catch (error) {
      processing.log.warn({ runId: run.runId, err: error }, "looking at a run");
    }
  }
}

async function reconcileRun(processing: Processing, run: OpenRun): Promise<void> {
  const { clock, github, store } = processing;
  // Before the dispatch is recorded there is nothing to look at: its effect is still at work.
  if (run.workflowRunId === null) return;
  const silentMs = clock.now().getTime() - Date.parse(run.lastHeardAt ?? run.requestedAt);
  if (silentMs < silenceMs) return;
  const task = stateFrom(await store.readEvents(run.taskId));
  if (task.status === "absent") return;
  const live = liveRunOf(task);
  if (live?.runId !== run.runId) return;
  const seen = await github.readRun(task.repository, run.workflowRunId);
  const minutes = Math.round(silentMs / 60_000);
  if (seen === null) return declareLost(processing, run.taskId, run.runId, "the workflow run no longer exists");
  if (seen.status === "completed") {
    const how = seen.conclusion ?? "no conclusion";
    return declareLost(processing, run.taskId, run.runId, `the job ended (${how}) without declaring an outcome`);
  }
  // A job may wait long for a machine; only one that had spoken and then fell silent is given up.
  if (live.started)
    return declareLost(processing, run.taskId, run.runId, `the runner was silent for ${minutes} minutes`);
}
