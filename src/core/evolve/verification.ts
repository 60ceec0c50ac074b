import type { EventOf } from "../events.ts";
import { afterFailed, afterPassed } from "../rework.ts";
import { liveRunOf, type ExistingTask } from "../state.ts";
import { onReply } from "./conversation.ts";
import { factsOf } from "./facts.ts";
import { onPhase } from "./phases.ts";

export function phaseVerified(state: ExistingTask, event: EventOf<"PhaseVerified">): ExistingTask {
  const conversation = state.phases.find(({ phase }) => phase === event.phase)?.conversation ?? null;
  if (conversation !== null && conversation.doneBy === null) return turnVerified(state, event);
  const phases = onPhase(state, event.phase, (phase) => ({
    ...(event.passed ? afterPassed(phase, event.at) : afterFailed(phase, event.at, event.findings)),
    failedAttempts: phase.failedAttempts + (event.passed ? 0 : 1),
    attempt: event.passed ? phase.attempt : phase.attempt + 1,
    toMend: event.findings,
    verification: {
      attempt: event.attempt,
      headSha: event.headSha,
      passed: event.passed,
      checks: event.checks,
      findings: event.findings,
      notes: event.notes,
    },
  }));
  // The app has nothing left to do for what the run handed over: another run, or a person, is next.
  return event.passed ? { ...state, phases } : { ...factsOf(state), status: "pending", run: liveRunOf(state), phases };
}

/** Whatever was found is told with the next turn; nothing is counted, for nothing has failed. */
function turnVerified(state: ExistingTask, event: EventOf<"PhaseVerified">): ExistingTask {
  const { attempt, headSha, passed, checks, findings, notes } = event;
  return {
    ...factsOf(state),
    status: "pending",
    run: liveRunOf(state),
    phases: onPhase(state, event.phase, (phase) => ({
      ...phase,
      attempt: Math.max(phase.attempt, attempt + 1),
      toMend: findings,
      conversation: onReply(phase, phase.conversation?.replies.at(-1)?.changesetId ?? null, { findings }),
      verification: { attempt, headSha, passed, checks, findings, notes },
    })),
  };
}
