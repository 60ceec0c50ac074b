import { stateFrom } from "../core/evolve.ts";
import { liveRunOf } from "../core/state.ts";
import type { OpenRun } from "./ports.ts";
import { endRun, endSilentRun, type Processing } from "./process-message.ts";
import { outcomeKeyOf } from "./serve-runner.ts";

/** Silence after which a runner is looked for (Q11). */
const silenceMs = 3 * 60_000;

/**
 * Looks at the runs that should be heard of, and ends those that GitHub says are over or that fell silent.
 * Before `listeningSince` nobody could have heard them.
 */
export async function reconcileRuns(processing: Processing, listeningSince: Date): Promise<void> {
  for (const run of await processing.store.openRuns()) {
    try {
      await reconcileRun(processing, run, listeningSince);
    } catch (error) {
      processing.log.warn({ runId: run.runId, err: error }, "looking at a run");
    }
  }
}

async function reconcileRun(processing: Processing, run: OpenRun, listeningSince: Date): Promise<void> {
  const { clock, github, store } = processing;
  const { taskId, runId, workflowRunId } = run;
  // Before the dispatch is recorded there is nothing to look at: its effect is still at work.
  if (workflowRunId === null) return;
  const now = clock.now().getTime();
  const silentMs = now - Date.parse(run.lastHeardAt ?? run.requestedAt);
  if (silentMs < silenceMs) return;
  const task = stateFrom(await store.readEvents(taskId));
  if (task.status === "absent") return;
  const live = liveRunOf(task);
  if (live?.runId !== runId) return;
  const seen = await github.readRun(task.repository, workflowRunId);
  // What the runner declared may wait behind other messages of its repository; it counts, not our guess.
  if (await store.isWaiting(outcomeKeyOf(runId))) return;
  if (seen === null) {
    return endRun(processing, taskId, runId, { kind: "lost", message: "the workflow run no longer exists" });
  }
  if (seen.status === "completed") return endSilentRun(processing, run, seen.conclusion);
  // A job may wait long for a machine; only one that had spoken and then fell silent is given up.
  if (!live.started || now - listeningSince.getTime() < silenceMs) return;
  const minutes = Math.round(silentMs / 60_000);
  return endRun(processing, taskId, runId, { kind: "lost", message: `the runner was silent for ${minutes} minutes` });
}
