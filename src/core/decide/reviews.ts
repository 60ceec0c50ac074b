import type { CommandOf } from "../commands.ts";
import type { TaskEvent } from "../events.ts";
import { isSettled, type ExistingTask, type Gate, type PhaseProgress } from "../state.ts";
import { accepted, refused, type Decision } from "./decision.ts";
import { phaseOfGate } from "./merge.ts";

/**
 * Compares what GitHub shows with what we know (C2.1): only what was said about the current head counts.
 * The shell has left out bots and people without write.
 */
export function recordReviews(command: CommandOf<"RecordReviews">, state: ExistingTask): Decision {
  const phase = phaseOfGate(state, command.pullRequest);
  if (phase?.gate === null || phase === null)
    return refused({ code: "unknown-gate", pullRequest: command.pullRequest });
  if (phase.completed !== null || isSettled(state)) return accepted();
  const { at, headSha } = command;
  const { gate } = phase;
  // Our commits move the head under the reader: then a wish for changes stays one, and nothing but an approval falls.
  const onlyWeMoved = state.status !== "review" || reviewedHeadOf(headSha, gate) === gate.headSha;
  const byComment = gate.approvedByComment.filter((approval) => isOnHead(approval.headSha, headSha, gate));
  // What a rework has taken up is answered, even where the head stayed: or it would be taken up for ever.
  const standing = command.reviews.filter(
    ({ reviewId, by, verdict }) =>
      verdict === "changes_requested" &&
      !gate.takenUp.includes(reviewId) &&
      !isTakenBack(by, byComment, command, phase),
  );
  const approvers = command.reviews
    .filter(({ verdict, reviewedSha }) => verdict === "approved" && isOnHead(reviewedSha, headSha, gate))
    .map(({ by }) => by);
  const requesters = standing
    .filter(
      ({ reviewedSha }) => isOnHead(reviewedSha, headSha, gate) || (onlyWeMoved && isOurCommit(reviewedSha, phase)),
    )
    .map(({ by }) => by);
  const base = { at, phase: phase.phase };
  const events: TaskEvent[] = [...feedbackEvents(command, phase)];
  // Approvals last: none may look for a moment as if nobody objected, or as if one that is gone still counted.
  for (const by of requesters) {
    if (!gate.requestedBy.includes(by)) events.push({ type: "ChangesRequested", ...base, by, headSha });
  }
  const stillApproves = new Set([...approvers, ...byComment.map(({ login }) => login)]);
  const stillRequests = new Set(onlyWeMoved ? standing.map(({ by }) => by) : requesters);
  const withdrawn = [
    ...gate.approvedBy.filter((by) => !stillApproves.has(by) && !requesters.includes(by)),
    ...gate.requestedBy.filter((by) => !stillRequests.has(by) && !approvers.includes(by)),
  ];
  for (const by of withdrawn) events.push({ type: "ReviewWithdrawn", ...base, by });
  for (const by of approvers) {
    if (!gate.approvedBy.includes(by)) events.push({ type: "ReviewApproved", ...base, by, headSha });
  }
  return accepted(...events);
}

/** The commit whose content the head has: our empty commit adds nothing to it. */
function reviewedHeadOf(headSha: string, { releasedSha, releasedOnto }: Gate): string {
  return releasedSha === headSha ? (releasedOnto ?? headSha) : headSha;
}

function isOnHead(reviewedSha: string, headSha: string, gate: Gate): boolean {
  return reviewedSha === headSha || reviewedSha === reviewedHeadOf(headSha, gate);
}

function isOurCommit(sha: string, { gate, steps }: PhaseProgress): boolean {
  return sha === gate?.headSha || sha === gate?.releasedSha || steps.some(({ commitSha }) => commitSha === sha);
}

/** By an `/approve` of the same person, until they say something new: GitHub shows the older review all the same. */
function isTakenBack(
  by: string,
  byComment: Gate["approvedByComment"],
  { feedback }: CommandOf<"RecordReviews">,
  phase: PhaseProgress,
): boolean {
  if (!byComment.some(({ login, takesBack }) => login === by && takesBack)) return false;
  const known = new Set(phase.feedback.map(({ id }) => id));
  return !feedback.some((seen) => seen.by === by && seen.request === "change" && !known.has(seen.id));
}

function feedbackEvents(command: CommandOf<"RecordReviews">, phase: PhaseProgress): readonly TaskEvent[] {
  const base = { at: command.at, phase: phase.phase };
  const known = new Map(phase.feedback.map((item) => [item.id, item]));
  const fresh = command.feedback.filter(({ id }) => !known.has(id));
  const given = fresh.map(({ resolved: _resolved, ...item }) => item);
  const resolved = command.feedback.filter(
    (seen) => seen.resolved === true && known.get(seen.id)?.state !== "resolved",
  );
  const reopened = command.feedback.filter(
    (seen) => seen.resolved === false && known.get(seen.id)?.state === "resolved",
  );
  return [
    ...(given.length === 0 ? [] : [{ type: "FeedbackGiven", ...base, feedback: given } as const]),
    ...(resolved.length === 0
      ? []
      : [{ type: "FeedbackResolved", ...base, ids: resolved.map(({ id }) => id) } as const]),
    ...(reopened.length === 0
      ? []
      : [{ type: "FeedbackReopened", ...base, ids: reopened.map(({ id }) => id) } as const]),
  ];
}

export function recordResolved(command: CommandOf<"RecordResolved">, state: ExistingTask): Decision {
  const phase = state.phases.find((candidate) => candidate.phase === command.phase);
  const ids = command.ids.filter((id) => phase?.feedback.some((item) => item.id === id && item.state === "open"));
  return ids.length === 0
    ? accepted()
    : accepted({ type: "FeedbackResolved", at: command.at, phase: command.phase, ids });
}
