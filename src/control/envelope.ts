/** Takes in what a runner could not deliver and left sealed with its workflow run. */

import type { RunId } from "../core/ids.ts";
import { currentPhaseOf, liveRunOf } from "../core/state.ts";
import { openSealed, type Envelope } from "../protocol/envelope.ts";
import { sealKeyOf } from "./run-seal.ts";
import type { Seal } from "./seal.ts";
import type { GitHub } from "./ports/github.ts";
import { RetryLater } from "./ports/retry-later.ts";
import type { OpenRun, Store } from "./ports/store.ts";
import type { Clock, Log } from "./ports/surroundings.ts";
import { readTask } from "./read-task.ts";
import type { CheckpointSeal } from "./checkpoints.ts";
import { checkpointFault, storeCheckpoint } from "./serve-runner/run-checkpoint.ts";
import { outcomeKeyOf, requestFault, storeOutcome, storeRequest, storeStep } from "./serve-runner/store-delivery.ts";

interface TakingIn {
  readonly store: Store;
  readonly github: GitHub;
  readonly clock: Clock;
  readonly seal: CheckpointSeal;
  readonly appSeal: Seal;
  readonly log: Log;
}

/** Null for what was not sealed with the run's own key, or has another shape; said in the log. */
export async function openEnvelope(
  { store, appSeal, log }: Pick<TakingIn, "store" | "appSeal" | "log">,
  sealed: Uint8Array,
  runId: RunId,
): Promise<Envelope | null> {
  const session = await store.runSessionOf(runId);
  if (session === null) return null;
  try {
    return openSealed(sealed, sealKeyOf(appSeal, session), runId);
  } catch (error) {
    log.warn({ runId, err: error }, "opening the envelope of a run");
    return null;
  }
}

/**
 * Puts the steps and the outcome of the run's envelope into the inbox, as if the runner had delivered them; what did
 * arrive before is not doubled. True where an outcome waits there now: then the run is not lost. Throws `RetryLater`
 * alone, where GitHub does not answer now.
 */
export async function takeInEnvelope(taking: TakingIn, { taskId, runId, workflowRunId }: OpenRun): Promise<boolean> {
  const { store, log } = taking;
  if (await store.isWaiting(outcomeKeyOf(runId))) return true;
  const sealed = workflowRunId === null ? null : await fetchEnvelope(taking, { taskId, runId, workflowRunId });
  const envelope = sealed === null ? null : await openEnvelope(taking, sealed, runId);
  const task = await readTask(store, taskId);
  if (envelope === null || task.status === "absent" || liveRunOf(task)?.runId !== runId) return false;
  for (const step of envelope.steps) {
    if (currentPhaseOf(task)?.steps.some(({ slug }) => slug === step.step) === true) {
      await storeStep(taking, task, runId, step);
    } else log.warn({ taskId, runId, step: step.step }, "the envelope names a step that the phase has not");
  }
  for (const request of envelope.requests) {
    const fault = requestFault(task, runId, request);
    if (fault === null) await storeRequest(taking, task, runId, request);
    else log.warn({ taskId, runId, fault }, "the envelope has a request that is none of its run's");
  }
  const { checkpoint } = envelope;
  const fault = checkpoint === null ? null : checkpointFault(task, runId, checkpoint);
  if (fault !== null) log.warn({ taskId, runId, fault }, "the envelope has a checkpoint that is none of its run's");
  else if (checkpoint !== null) await storeCheckpoint(taking, task, runId, checkpoint);
  // Last, so that it is processed after all else.
  await storeOutcome(taking, task, runId, envelope.outcome);
  log.info({ taskId, runId, steps: envelope.steps.map(({ step }) => step) }, "envelope of a run taken in");
  return true;
}

async function fetchEnvelope(
  { store, github, log }: TakingIn,
  { taskId, runId, workflowRunId }: Pick<OpenRun, "taskId" | "runId"> & { readonly workflowRunId: number },
): Promise<Uint8Array | null> {
  const task = await readTask(store, taskId);
  if (task.status === "absent" || liveRunOf(task)?.runId !== runId) return null;
  try {
    const sealed = await github.readEnvelope(task.repository, workflowRunId, runId);
    if (sealed === null) log.info({ taskId, runId }, "the run left no envelope");
    return sealed;
  } catch (error) {
    if (error instanceof RetryLater) throw error;
    log.warn({ taskId, runId, err: error }, "fetching the envelope of a run");
    return null;
  }
}
