/** What each reason why a task waits allows: who or what takes it away, and what it outlasts. */

import type { BlockReason } from "./outcome.ts";

export function waits({ kind }: BlockReason): boolean {
  return kind === "waiting-question" || kind === "waiting-dependency";
}

/** Nobody's word is needed for it to go on, so it would not keep the task where somebody wants it stopped. */
export function liftsByItself(reason: BlockReason): boolean {
  return (
    waits(reason) ||
    reason.kind === "conversation" ||
    reason.kind === "rate-limited" ||
    (reason.kind === "budget-exhausted" && reason.scope === "day")
  );
}

export function outlastsMerge({ kind }: BlockReason): boolean {
  return kind === "paused" || kind === "issue-closed" || kind === "repository-archived" || kind === "no-access";
}

/** The attempts are over: people take the phase as it is, or say what is to become of it. */
export function isPeoplesTurn({ kind }: BlockReason): boolean {
  return kind === "verification-failed" || kind === "no-progress";
}

export function isFailure(reason: BlockReason): boolean {
  switch (reason.kind) {
    case "paused":
    case "issue-closed":
    case "gate-closed":
    case "gate-retargeted":
    case "repository-archived":
    case "no-access":
    case "waiting-question":
    case "waiting-dependency":
    case "conversation":
    case "approval-needed":
      return false;
    case "workflow-file-awaited":
    case "settings-invalid":
    case "plan-invalid":
    case "no-progress":
    case "runaway":
    case "provider-refused":
    case "no-workflow-file":
    case "actions-disabled":
    case "no-model-secret":
    case "empty-repository":
    case "app-unreachable":
    case "dispatch-refused":
    case "environment":
    case "verification-failed":
    case "budget-exhausted":
    case "rate-limited":
    case "effect-failed":
      return true;
  }
}

/** The reasons that come before a runner does any work: the requested run never existed. */
export function dropsRun(reason: BlockReason): boolean {
  switch (reason.kind) {
    case "no-workflow-file":
    case "actions-disabled":
    case "no-model-secret":
    case "empty-repository":
    case "dispatch-refused":
    case "workflow-file-awaited":
    case "settings-invalid":
    case "budget-exhausted":
    case "rate-limited":
      return true;
    case "plan-invalid":
    case "app-unreachable":
    case "environment":
    case "verification-failed":
    case "waiting-question":
    case "waiting-dependency":
    case "conversation":
    case "provider-refused":
    case "gate-closed":
    case "gate-retargeted":
    case "approval-needed":
    case "no-progress":
    case "runaway":
    case "paused":
    case "issue-closed":
    case "repository-archived":
    case "no-access":
    case "effect-failed":
      return false;
  }
}
