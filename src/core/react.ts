import type { TaskEvent } from "./events.ts";
import type { ChangesetId, RunId } from "./ids.ts";
import type { BlockReason } from "./outcome.ts";
import { currentPhaseOf, isSettled, type ExistingTask } from "./state.ts";

/** What must be done in the world, as data. Each may be done again without harm. */
export type Effect =
  | { readonly kind: "DispatchRun"; readonly runId: RunId; readonly phase: number }
  | { readonly kind: "CancelRun"; readonly workflowRunId: number }
  | { readonly kind: "PublishStep"; readonly phase: number; readonly step: string; readonly changesetId: ChangesetId }
  | { readonly kind: "OpenGate"; readonly phase: number }
  | { readonly kind: "VerifyPhase"; readonly phase: number; readonly attempt: number }
  /** With `ready` the draft ends; without it the body shows the report of a failed verification. */
  | { readonly kind: "PresentGate"; readonly phase: number; readonly ready: boolean }
  | { readonly kind: "ReleaseCi"; readonly phase: number }
  | { readonly kind: "ReopenGate"; readonly pullRequest: number }
  | { readonly kind: "CloseGate"; readonly pullRequest: number }
  | { readonly kind: "ShowStatus" }
  | { readonly kind: "NotifyBlocked"; readonly reason: BlockReason }
  | { readonly kind: "NotifyChangesRequested"; readonly by: string };

/** A status that changed is shown at once; mere progress waits for its turn (Q11). */
type Urgency = "now" | "soon";

export interface Reaction {
  readonly effect: Effect;
  readonly urgency: Urgency;
}

/** Lists what an event makes due. `before` and `after` are the states around it. */
export function react(event: TaskEvent, before: ExistingTask | null, after: ExistingTask): readonly Reaction[] {
  switch (event.type) {
    case "TaskCreated":
      return [now({ kind: "ShowStatus" })];
    case "TaskStarted":
    case "PhaseStarted":
      return [];
    case "RunRequested":
      return [now({ kind: "DispatchRun", runId: event.runId, phase: event.phase }), now({ kind: "ShowStatus" })];
    case "RunDispatched":
      return [now({ kind: "ShowStatus" })];
    case "RunStarted":
      return [soon({ kind: "ShowStatus" })];
    case "StepCompleted":
      return [
        now({ kind: "PublishStep", phase: event.phase, step: event.step, changesetId: event.changesetId }),
        soon({ kind: "ShowStatus" }),
      ];
    case "StepPublished":
      return gateOf(after, event.phase) === null ? [now({ kind: "OpenGate", phase: event.phase })] : [];
    case "ChangesetRefused":
      return [];
    case "GateOpened":
      // It was being opened while somebody cancelled the task.
      return isSettled(after)
        ? [now({ kind: "CloseGate", pullRequest: event.pullRequest }), now({ kind: "ShowStatus" })]
        : [now({ kind: "ShowStatus" })];
    case "RunEnded":
      return runEnded(event, before);
    case "PhaseVerified":
      return [now({ kind: "PresentGate", phase: event.phase, ready: event.passed })];
    case "ReviewCreated":
      return [now({ kind: "ShowStatus" })];
    case "ReviewApproved":
      return [now({ kind: "ReleaseCi", phase: event.phase }), now({ kind: "ShowStatus" })];
    case "ChangesRequested":
      return [now({ kind: "NotifyChangesRequested", by: event.by }), now({ kind: "ShowStatus" })];
    case "PhaseCompleted":
      return [now({ kind: "ShowStatus" })];
    case "TaskPaused":
      return [now({ kind: "NotifyBlocked", reason: event.reason }), now({ kind: "ShowStatus" })];
    case "TaskResumed":
      return [...reopened(before), now({ kind: "ShowStatus" })];
    case "TaskCompleted":
    case "TaskFailed":
      return [now({ kind: "ShowStatus" })];
    case "TaskCancelled":
      return [...openGates(after), now({ kind: "ShowStatus" })];
  }
}

function runEnded(event: Extract<TaskEvent, { type: "RunEnded" }>, before: ExistingTask | null): readonly Reaction[] {
  switch (event.outcome.kind) {
    case "completed":
    case "nothing-to-do": {
      const attempt = before !== null && "run" in before ? (before.run?.attempt ?? 1) : 1;
      return [now({ kind: "VerifyPhase", phase: event.phase, attempt }), soon({ kind: "ShowStatus" })];
    }
    // The app ended it: the job may still be there. A runner that is gone makes this a no-op.
    case "cancelled":
    case "failed":
    case "lost": {
      const dispatched = before !== null && "run" in before ? (before.run?.dispatched ?? null) : null;
      return dispatched === null ? [] : [now({ kind: "CancelRun", workflowRunId: dispatched.workflowRunId })];
    }
    case "rate-limited":
    case "budget-exhausted":
    case "slice-ended":
      return [];
  }
}

function reopened(before: ExistingTask | null): readonly Reaction[] {
  const reason = before?.blockedBy;
  if (before === null || reason?.kind !== "gate-closed") return [];
  const phase = currentPhaseOf(before);
  const reopen = now({ kind: "ReopenGate", pullRequest: reason.pullRequest });
  // What was verified while the gate was closed could not be presented there.
  return phase?.verification?.passed === true
    ? [reopen, now({ kind: "PresentGate", phase: phase.phase, ready: true })]
    : [reopen];
}

function openGates(state: ExistingTask): readonly Reaction[] {
  return state.phases.flatMap(({ gate, completed }) =>
    gate === null || completed !== null ? [] : [now({ kind: "CloseGate", pullRequest: gate.pullRequest })],
  );
}

function gateOf(state: ExistingTask, phase: number) {
  return state.phases.find((candidate) => candidate.phase === phase)?.gate ?? null;
}

function now(effect: Effect): Reaction {
  return { effect, urgency: "now" };
}

function soon(effect: Effect): Reaction {
  return { effect, urgency: "soon" };
}
