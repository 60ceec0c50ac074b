import type { EventOf } from "../events.ts";
import { isSettled, type ExistingTask, type Gate, type PhaseProgress, type Rework, type TaskFacts } from "../state.ts";
import { factsOf } from "./facts.ts";
import { onPhase } from "./phases.ts";

export function gateOpened(state: ExistingTask, event: EventOf<"GateOpened">): ExistingTask {
  return {
    ...state,
    phases: onPhase(state, event.phase, (phase) => ({
      ...phase,
      gate: {
        pullRequest: event.pullRequest,
        url: event.url,
        draft: event.draft,
        headSha: null,
        approvedSha: null,
        releasedSha: null,
        releasedOnto: null,
        review: "pending",
        approvedBy: [],
        approvedByComment: [],
        requestedBy: [],
        takenUp: [],
        requestedAt: null,
      },
    })),
  };
}

export function reviewCreated(state: ExistingTask, event: EventOf<"ReviewCreated">): ExistingTask {
  return {
    ...factsOf(state),
    status: "review",
    phases: onGate(asPresented(state, event.phase), event.phase, (gate) => ({
      ...gate,
      draft: false,
      headSha: event.headSha,
      approvedSha: null,
      releasedSha: null,
      releasedOnto: null,
      // What was said about an older head; whoever asked for changes meanwhile is still to be heard.
      approvedBy: [],
      approvedByComment: [],
    })),
  };
}

/** The rework is done, and nobody has looked at the checks of the new head. */
function asPresented(facts: TaskFacts, phase: number): TaskFacts {
  return { ...facts, phases: onPhase(facts, phase, (progress) => ({ ...progress, rework: null, ci: null })) };
}

export function ciReleased(state: ExistingTask, event: EventOf<"CiReleased">): ExistingTask {
  return {
    ...state,
    // Nobody has looked at the checks of this head.
    phases: onGate(withoutCi(state, event.phase), event.phase, (gate) => ({
      ...gate,
      releasedSha: event.headSha,
      releasedOnto: gate.approvedSha ?? gate.headSha,
    })),
  };
}

export function ciObserved(state: ExistingTask, event: EventOf<"CiObserved">): ExistingTask {
  return {
    ...state,
    phases: onPhase(state, event.phase, (phase) => ({ ...phase, ci: { ...event.ci, headSha: event.headSha } })),
  };
}

function withoutCi(facts: TaskFacts, phase: number): TaskFacts {
  return { ...facts, phases: onPhase(facts, phase, (progress) => ({ ...progress, ci: null })) };
}

export function reviewApproved(state: ExistingTask, event: EventOf<"ReviewApproved">): ExistingTask {
  return {
    ...state,
    phases: onGate(state, event.phase, (gate) => ({
      ...gate,
      approvedSha: event.headSha,
      approvedBy: [...without(gate.approvedBy, event.by), event.by],
      requestedBy: without(gate.requestedBy, event.by),
    })),
  };
}

export function phaseApproved(state: ExistingTask, event: EventOf<"PhaseApproved">): ExistingTask {
  return {
    ...state,
    phases: onGate(state, event.phase, (gate) => ({
      ...unsaid(gate, event.by),
      approvedSha: event.headSha,
      approvedBy: [...without(gate.approvedBy, event.by), event.by],
      approvedByComment: [
        ...unsaid(gate, event.by).approvedByComment,
        { login: event.by, headSha: event.headSha, takesBack: gate.requestedBy.includes(event.by) },
      ],
    })),
  };
}

export function changesRequested(state: ExistingTask, event: EventOf<"ChangesRequested">): ExistingTask {
  return {
    ...state,
    phases: onGate(state, event.phase, (gate) => ({
      ...unsaid(gate, event.by),
      requestedBy: [...without(gate.requestedBy, event.by), event.by],
      requestedAt: event.at,
    })),
  };
}

export function reviewWithdrawn(state: ExistingTask, event: EventOf<"ReviewWithdrawn">): ExistingTask {
  return {
    ...state,
    phases: onGate(state, event.phase, (gate) => unsaid(gate, event.by)),
  };
}

export function finalGateOpened(state: ExistingTask, event: EventOf<"FinalGateOpened">): ExistingTask {
  const finalGate = { pullRequest: event.pullRequest, url: event.url };
  return isSettled(state) ? { ...state, finalGate } : { ...factsOf(state), status: "review", finalGate };
}

export function finalGateMerged(state: ExistingTask): ExistingTask {
  return { ...state, blockedBy: null };
}

function onGate(facts: TaskFacts, phase: number, change: (gate: Gate) => Gate): readonly PhaseProgress[] {
  return onPhase(facts, phase, (progress) => ({
    ...progress,
    gate: progress.gate === null ? null : withVerdict(change(progress.gate), progress.rework),
  }));
}

/** Requirement C2.1: who asks for changes outweighs who approves, until the rework is presented. */
function withVerdict(gate: Gate, rework: Rework | null): Gate {
  const isAsked = rework !== null && rework.source !== "ripple";
  if (gate.requestedBy.length > 0 || isAsked) return { ...gate, review: "changes_requested" };
  if (gate.approvedBy.length > 0) return { ...gate, review: "approved" };
  return { ...gate, review: gate.headSha === null ? "pending" : "in_review" };
}

/** Without any verdict of this person. */
function unsaid(gate: Gate, by: string): Gate {
  return {
    ...gate,
    approvedBy: without(gate.approvedBy, by),
    approvedByComment: gate.approvedByComment.filter(({ login }) => login !== by),
    requestedBy: without(gate.requestedBy, by),
  };
}

function without(logins: readonly string[], login: string): readonly string[] {
  return logins.filter((candidate) => candidate !== login);
}
