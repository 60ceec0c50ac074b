/** What comes after a run: another one, or the wait for what must come before it. */

import type { TaskCommand } from "../commands.ts";
import { unsettledOf } from "../conversation.ts";
import type { TaskEvent } from "../events.ts";
import { atMost } from "../settings.ts";
import { currentPhaseOf, unansweredOf, type ExistingTask, type PhaseProgress } from "../state.ts";
import { pause } from "./pause.ts";
import type { Policy } from "./policy.ts";
import { waitingFor } from "./waiting.ts";

/** Another attempt with what failed, or, after the last one, a pause in which a person decides (Q10). */
export function reworkOrPause(command: TaskCommand, state: ExistingTask, policy: Policy): readonly TaskEvent[] {
  const phase = currentPhaseOf(state);
  // Paused meanwhile: whoever resumes it gets the next attempt.
  if (phase === null || state.blockedBy !== null) return [];
  // The same again and again: another attempt would bring it once more.
  const isStuck =
    phase.failedAttempts > atMost(state.settings.limits.reworks, policy.reworksMax) ||
    phase.sameFindings >= sameFindingsMax;
  return isStuck
    ? [pause(command.at, { kind: "verification-failed", attempts: phase.failedAttempts })]
    : runOrStop(command, state, policy);
}

const sameFindingsMax = 3;
const idleAttemptsMax = 2;

/** The run that comes next, unless those before it took money and changed nothing. */
export function runOrStop(command: TaskCommand, state: ExistingTask, policy: Policy): readonly TaskEvent[] {
  const phase = currentPhaseOf(state);
  if (phase === null || state.blockedBy !== null) return [];
  const spentUsd = phase.spent.costUsd;
  if (phase.idleAttempts >= idleAttemptsMax) {
    return [pause(command.at, { kind: "no-progress", why: "no-change", spentUsd })];
  }
  if (phase.spentWithoutCommitUsd >= policy.withoutCommitUsdMax) {
    const without = {
      kind: "no-progress",
      why: "money-without-commits",
      spentUsd: phase.spentWithoutCommitUsd,
    } as const;
    return [pause(command.at, without)];
  }
  return runOrWait(command, state);
}

/**
 * The run that comes next, or the wait for what must come before it: a run that died after it had asked, or one that went on
 * all the same, must not have its question forgotten. Nothing where something else blocks the task: whoever resumes it asks again.
 */
export function runOrWait(command: TaskCommand, state: ExistingTask): readonly TaskEvent[] {
  const phase = currentPhaseOf(state);
  if (phase === null || state.blockedBy !== null) return [];
  const waiting = waitingFor(state);
  if (waiting !== null) return [pause(command.at, waiting)];
  if (command.type === "RetryTask" || !isAllSaid(phase)) return [requestRun(command, phase)];
  const by = phase.conversation?.doneBy ?? null;
  if (by === null) return [pause(command.at, { kind: "conversation" })];
  // What broke off had nothing left to say.
  return phase.toMend.length > 0
    ? [requestRun(command, phase)]
    : [{ type: "ConversationClosed", at: command.at, phase: phase.phase, by }];
}

/** Only with what is still to be mended: a run that goes on where another stopped must not begin anew. */
function requestRun(command: TaskCommand, { phase, attempt, toMend }: PhaseProgress): TaskEvent {
  return { type: "RunRequested", at: command.at, runId: command.newRunId, phase, attempt, findings: toMend };
}

/** A conversation in which everything has its reply: what comes next is a person's word. */
export function isAllSaid(phase: PhaseProgress): boolean {
  const { conversation } = phase;
  if (conversation === null || conversation.replies.length === 0) return false;
  return unsettledOf(conversation).length === 0 && unansweredOf(phase).length === 0;
}
