/** When a run makes a checkpoint, and when it sends it. */

import type { Outcome } from "../core/outcome.ts";
import type { Checkpoint } from "../protocol/checkpoint.ts";
import { AppUnreachable } from "./app-client.ts";
import { makeCheckpoint } from "./checkpoint.ts";
import { messageOf } from "./run-texts.ts";
import type { Run } from "./run-phase.ts";

/** Made at the end of a step and sent at once: a run that is killed after it loses nothing before it. Never throws. */
export async function checkpointAfterStep(run: Run): Promise<void> {
  const checkpoint = await make(run, "auto", null);
  if (checkpoint === null) return;
  try {
    await run.session.saveCheckpoint(checkpoint, run.stopped);
  } catch (error) {
    if (!run.stopped.aborted) warn(run, `the checkpoint after the step was not stored: ${messageOf(error)}`);
  }
}

/** What a run that ends so leaves to the next; null where what the app has will do. Never throws. */
export async function checkpointAtEnd(run: Run, outcome: Outcome): Promise<Checkpoint | null> {
  const standing = run.standing();
  if (standing === null) return null;
  switch (outcome.kind) {
    case "completed":
    case "nothing-to-do":
      return null;
    case "failed":
      // Whoever began in the midst of a step and failed at it would begin there again, and fail again.
      return standing.position.stepsDone.length === 0 && standing.isRestored ? await makeFresh(run) : null;
    case "rate-limited":
      return await make(run, "rate_limit", outcome);
    case "cancelled":
      return await make(run, "manual", null);
    case "lost":
      return await make(run, run.stopped.aborted ? "manual" : "error", null);
    case "waiting-question":
    case "waiting-dependency":
    case "provider-refused":
    case "budget-exhausted":
    case "slice-ended":
      return await make(run, "auto", null);
  }
}

async function makeFresh(run: Run): Promise<Checkpoint | null> {
  const made = await make(run, "error", null, { step: null, stepsDone: [], pending: [], round: 0, told: [] });
  if (made === null) return null;
  return { ...made, executionState: { ...made.executionState, conversation: null } };
}

async function make(
  run: Run,
  reason: Checkpoint["reason"],
  rateLimit: Extract<Outcome, { kind: "rate-limited" }> | null,
  instead: NonNullable<ReturnType<Run["standing"]>>["position"] | null = null,
): Promise<Checkpoint | null> {
  const standing = run.standing();
  if (standing === null) return null;
  try {
    // What was broken off may still be there.
    if (run.stopped.aborted) await standing.agent.killAll();
    const { checkpoint, faults } = await makeCheckpoint({
      ...run,
      ...standing,
      redact: run.security.redact,
      position: instead ?? standing.position,
      conversation: standing.conversation.state(),
      checkpointId: run.newId(),
      createdAt: run.now().toISOString(),
      reason,
      rateLimit,
    });
    for (const fault of faults) warn(run, fault);
    return checkpoint;
  } catch (error) {
    warn(run, `no checkpoint could be made: ${messageOf(error)}`);
    return null;
  }
}

/** What this run goes on from; null where it begins at the branch. Never throws. */
export async function fetchCheckpoint(
  run: Pick<Run, "job" | "session" | "stopped" | "say">,
  misfit: (checkpoint: Checkpoint) => string | null,
): Promise<Checkpoint | null> {
  const { job } = run;
  if (job.checkpoint === null) {
    const isBegun = job.stepsToDo.length < job.phase.steps.length || job.answers.length > 0;
    if (isBegun && job.attempt === 1) warn(run, goesOnFromBranch("the app has none"));
    return null;
  }
  try {
    const checkpoint = await run.session.readCheckpoint(run.stopped);
    const fault = misfit(checkpoint);
    if (fault === null) return checkpoint;
    warn(run, goesOnFromBranch(fault));
  } catch (error) {
    if (error instanceof AppUnreachable && run.stopped.aborted) return null;
    warn(run, goesOnFromBranch(messageOf(error)));
  }
  return null;
}

export function goesOnFromBranch(why: string): string {
  return `the checkpoint can't be used: ${why}. The phase goes on from its branch, in a new conversation`;
}

export function warn({ say }: Pick<Run, "say">, text: string): void {
  say({ kind: "log", level: "warn", text });
}
