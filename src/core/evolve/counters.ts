import type { EventOf } from "../events.ts";
import type { BlockReason } from "../outcome.ts";
import type { ExistingTask, PhaseProgress } from "../state.ts";
import { onPhase } from "./phases.ts";

export function retryRequested(state: ExistingTask, event: EventOf<"RetryRequested">): ExistingTask {
  return {
    ...state,
    phases: onPhase(state, event.phase, (phase) => ({ ...phase, ...countersAfresh })),
  };
}

export const countersAfresh = {
  failedAttempts: 0,
  sameFindings: 0,
  idleAttempts: 0,
  spentWithoutCommitUsd: 0,
  environmentFaults: 0,
  emptySlices: 0,
  limitedRuns: 0,
} as const;

/** The counter that stopped the task, and no other. */
export function afresh(reason: BlockReason | null): (phase: PhaseProgress) => PhaseProgress {
  return (phase) => {
    if (reason?.kind === "environment") return { ...phase, environmentFaults: 0, emptySlices: 0 };
    if (reason?.kind === "no-progress") return { ...phase, idleAttempts: 0, spentWithoutCommitUsd: 0 };
    return reason?.kind === "verification-failed" ? { ...phase, failedAttempts: 0, sameFindings: 0 } : phase;
  };
}
