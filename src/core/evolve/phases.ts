import { noConversation } from "../conversation.ts";
import type { EventOf } from "../events.ts";
import { outlineOfPhase, type ExistingTask, type PhaseProgress, type TaskFacts } from "../state.ts";
import { nothingSpent } from "../usage.ts";
import { factsOf } from "./facts.ts";

export function phaseStarted(state: ExistingTask, event: EventOf<"PhaseStarted">): ExistingTask {
  return {
    ...factsOf(state),
    status: "pending",
    run: null,
    phases: [...state.phases, newPhase(state, event.phase, event.at)],
  };
}

function newPhase(facts: TaskFacts, phase: number, startedAt: string): PhaseProgress {
  return {
    phase,
    startedAt,
    steps: outlineOfPhase(facts, phase).steps.map(({ slug }) => ({
      slug,
      completed: false,
      changesetId: null,
      commitSha: null,
    })),
    gate: null,
    attempt: 1,
    failedAttempts: 0,
    environmentFaults: 0,
    emptySlices: 0,
    limitedRuns: 0,
    verification: null,
    toMend: [],
    accepted: null,
    feedback: [],
    rework: null,
    conversation: outlineOfPhase(facts, phase).mode === "conversation" ? noConversation : null,
    spent: nothingSpent,
    completed: null,
    changed: null,
    report: null,
    decisions: { attempt: 0, list: [] },
    vetoedAt: null,
    sameFindings: 0,
    failedWith: [],
    idleAttempts: 0,
    hasChanged: false,
    reworkAttempts: [],
    ci: null,
    ciReworks: 0,
    merging: null,
    conflictReworks: 0,
    spentWithoutCommitUsd: 0,
  };
}

export function phaseAccepted(state: ExistingTask, event: EventOf<"PhaseAccepted">): ExistingTask {
  return {
    ...factsOf(state),
    status: "in_progress",
    run: null,
    blockedBy: null,
    phases: onPhase(state, event.phase, (phase) => ({
      ...phase,
      accepted: { by: event.by, failed: event.failed },
      conversation:
        phase.conversation === null ? null : { ...phase.conversation, doneBy: phase.conversation.doneBy ?? event.by },
    })),
  };
}

export function phaseCompleted(state: ExistingTask, event: EventOf<"PhaseCompleted">): ExistingTask {
  return {
    ...factsOf(state),
    status: "pending",
    run: null,
    blockedBy: null,
    itemsAt: event.mergeSha === "" ? state.itemsAt : event.mergeSha,
    phases: onPhase(state, event.phase, (phase) => ({
      ...phase,
      completed: { by: event.by, mergeSha: event.mergeSha, at: event.at, skipped: false },
    })),
  };
}

export function phaseSkipped(state: ExistingTask, event: EventOf<"PhaseSkipped">): ExistingTask {
  return { ...withoutMerge(state, event, event.by), blockedBy: null };
}

/** A phase that is over, and of which nothing was merged. */
export function withoutMerge(
  state: ExistingTask,
  { phase: number, at }: { readonly phase: number; readonly at: string },
  by: string,
): Extract<ExistingTask, { status: "pending" }> {
  const completed = { by, mergeSha: "", at, skipped: true };
  const phases = onPhase(state, number, (phase) => ({ ...phase, completed }));
  return { ...factsOf(state), status: "pending", run: null, phases };
}

export function onPhase(
  facts: TaskFacts,
  phase: number,
  change: (phase: PhaseProgress) => PhaseProgress,
): readonly PhaseProgress[] {
  return facts.phases.map((candidate) => (candidate.phase === phase ? change(candidate) : candidate));
}
