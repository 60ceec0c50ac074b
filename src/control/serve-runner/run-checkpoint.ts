import type { RunId } from "../../core/ids.ts";
import { currentPhaseOf, outlineOfPhase, type ExistingTask } from "../../core/state.ts";
import type { Checkpoint } from "../../protocol/checkpoint.ts";
import { liveTaskOf, RunnerRefused, sessionOf, type ServingRunner } from "./session.ts";

/** Why a checkpoint is none of this run; null where it is. */
export function checkpointFault(task: ExistingTask, runId: RunId, checkpoint: Checkpoint): string | null {
  if (checkpoint.taskId !== task.taskId || checkpoint.runId !== runId) return "it names another task or run";
  const phase = currentPhaseOf(task);
  const { currentPhase, currentStep } = checkpoint.executionState;
  if (phase === null) return "the task has no phase";
  const { name } = outlineOfPhase(task, phase.phase);
  if (currentPhase !== null && currentPhase !== name) return `the phase at work is "${name}", not "${currentPhase}"`;
  const isOfPhase = currentStep === null || phase.steps.some(({ slug }) => slug === currentStep);
  return isOfPhase ? null : `phase "${name}" has no step "${currentStep}"`;
}

/** Sealed before it is stored. */
export async function storeCheckpoint(
  { store, seal, clock }: Pick<ServingRunner, "store" | "seal" | "clock">,
  task: ExistingTask,
  runId: RunId,
  checkpoint: Checkpoint,
): Promise<void> {
  const phase = currentPhaseOf(task)?.phase;
  if (phase === undefined) return;
  const { taskId } = task;
  const { checkpointId } = checkpoint;
  const createdAt = clock.now().toISOString();
  await store.saveCheckpoint({ taskId, checkpointId, runId, phase, createdAt, ...seal.seal(checkpoint) });
}

/** What the session's job goes on from. Refused where it is gone or damaged: the runner then goes on from the branch. */
export async function readCheckpoint(serving: ServingRunner, token: string): Promise<Checkpoint> {
  const session = await sessionOf(serving, token);
  const task = await liveTaskOf(serving, session);
  const stored = task === null ? null : await serving.store.readCheckpoint(session.taskId);
  if (task === null || stored === null || stored.phase !== currentPhaseOf(task)?.phase) {
    throw new RunnerRefused("no-checkpoint", `run ${session.runId} has no checkpoint to go on from`);
  }
  try {
    return serving.seal.open(stored);
  } catch (cause) {
    serving.log.warn({ taskId: session.taskId, checkpointId: stored.checkpointId, err: cause }, "opening a checkpoint");
    throw new RunnerRefused("no-checkpoint", "the checkpoint can't be opened", { cause });
  }
}
