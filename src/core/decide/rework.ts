import { isPeoplesTurn } from "../block.ts";
import type { CommandOf } from "../commands.ts";
import type { TaskEvent } from "../events.ts";
import { after } from "../evolve.ts";
import {
  appIsAtWork,
  currentPhaseOf,
  isHeadShown,
  isSettled,
  liveRunOf,
  type ExistingTask,
  type PhaseProgress,
} from "../state.ts";
import { accepted, refused, wrongStatus, type Decision } from "./decision.ts";
import { runOrWait } from "./next-run.ts";
import type { Policy } from "./policy.ts";
import { isWaiting, stillWaiting } from "./waiting.ts";

/** Starts one attempt with what people said. */
export function requestRework(command: CommandOf<"RequestRework">, state: ExistingTask, policy: Policy): Decision {
  const [first = "somebody"] = command.by;
  if (!command.mayWrite) return refused({ code: "not-permitted", login: first });
  if (isSettled(state)) return wrongStatus(command, state);
  const phase = currentPhaseOf(state);
  if (phase === null) return refused({ code: "not-started" });
  if (isWaiting(state)) return stillWaiting(state);
  const reason = state.blockedBy;
  if (reason !== null && !isPeoplesTurn(reason) && reason.kind !== "conversation") {
    return refused({ code: "already-paused", reason: reason.kind });
  }
  if (liveRunOf(state) !== null || appIsAtWork(state)) {
    return refused({ code: "already-running", status: state.status });
  }
  if (phase.completed !== null) return refused({ code: "nothing-to-review" });
  if (command.source === "ci" && phase.ciReworks >= policy.ciReworksMax) return refused({ code: "nothing-to-change" });
  // The rework for their review is about to start, and has more to say; this one would pass over it.
  const isReviewed = (phase.gate?.requestedBy.length ?? 0) > 0;
  if (isReviewed && (command.source === "ci" || command.source === "veto")) return accepted();
  if (command.feedback.length === 0) return refused({ code: "nothing-to-change" });
  const stepsKnown = new Map(phase.feedback.map(({ id, step }) => [id, step]));
  const fresh = command.feedback.filter(({ id, step }) => stepsKnown.get(id) !== step);
  const given: TaskEvent[] =
    fresh.length === 0 ? [] : [{ type: "FeedbackGiven", at: command.at, phase: phase.phase, feedback: fresh }];
  const rework: TaskEvent = {
    type: "ReworkRequested",
    at: command.at,
    phase: phase.phase,
    // Whoever asked in a review has the same claim to the result.
    by: [...new Set([...command.by, ...(phase.gate?.requestedBy ?? [])])],
    source: command.source,
    ids: command.feedback.map(({ id }) => id),
    reviewIds: command.reviewIds,
    textHash: command.textHash,
  };
  return accepted(...given, rework, ...runOrWait(command, after(state, ...given, rework)));
}

/** Only while the gate waits for people, and nobody wants it changed: the base is looked at again with the next presentation. */
export function recordConflict(command: CommandOf<"RecordConflict">, state: ExistingTask, policy: Policy): Decision {
  const { at, phase: number, headSha, base, baseSha, mergeBaseSha } = command;
  const phase = currentPhaseOf(state);
  const isShown = isHeadShown(state, { phase: number, headSha: command.presentedSha });
  if (!isShown || phase === null || state.blockedBy !== null || isContested(phase)) return accepted();
  if (phase.conflictReworks >= policy.conflictReworksMax) return refused({ code: "nothing-to-change" });
  const found: TaskEvent = { type: "ConflictFound", at, phase: number, headSha, base, baseSha, mergeBaseSha };
  const asked = { by: [], mayWrite: true, source: "conflict", reviewIds: [] } as const;
  const rework = requestRework({ ...command, type: "RequestRework", ...asked }, after(state, found), policy);
  return rework.kind === "refused" ? rework : accepted(found, ...rework.events);
}

/** A rework for what people want is about to start. */
function isContested(phase: PhaseProgress): boolean {
  return (phase.gate?.requestedBy.length ?? 0) > 0 || phase.vetoedAt !== null;
}
