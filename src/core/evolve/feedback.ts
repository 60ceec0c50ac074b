import type { EventOf } from "../events.ts";
import type { Feedback, FeedbackItem } from "../feedback.ts";
import type { ExistingTask, PhaseProgress, TaskFacts } from "../state.ts";
import { onPhase } from "./phases.ts";

export function feedbackGiven(state: ExistingTask, event: EventOf<"FeedbackGiven">): ExistingTask {
  return {
    ...state,
    phases: onPhase(state, event.phase, (phase) => ({
      ...phase,
      feedback: withItems(phase.feedback, event.feedback),
    })),
  };
}

export function feedbackResolvedOrReopened(
  state: ExistingTask,
  event: EventOf<"FeedbackResolved" | "FeedbackReopened">,
): ExistingTask {
  const now = event.type === "FeedbackResolved" ? "resolved" : "open";
  return {
    ...state,
    phases: onFeedback(state, event.phase, event.ids, (item) => ({ ...item, state: now })),
  };
}

export function feedbackAnswered(state: ExistingTask, event: EventOf<"FeedbackAnswered">): ExistingTask {
  const { answer: kind, textHash, changesetId, changed } = event;
  return {
    ...state,
    phases: onFeedback(state, event.phase, [event.id], (item) => ({
      ...item,
      answer: { kind, textHash, changesetId, changed },
    })),
  };
}

/** Somebody said more: where it belongs may be another step now, and what became of it stays. */
function withItems(known: readonly Feedback[], items: readonly FeedbackItem[]): readonly Feedback[] {
  const said = new Map(items.map((item) => [item.id, item]));
  const ids = new Set(known.map(({ id }) => id));
  return [
    ...known.map((item) => ({ ...item, ...said.get(item.id) })),
    ...items.filter(({ id }) => !ids.has(id)).map((item): Feedback => ({ ...item, state: "open", answer: null })),
  ];
}

function onFeedback(
  facts: TaskFacts,
  phase: number,
  ids: readonly string[],
  change: (item: Feedback) => Feedback,
): readonly PhaseProgress[] {
  return onPhase(facts, phase, (progress) => ({
    ...progress,
    feedback: progress.feedback.map((item) => (ids.includes(item.id) ? change(item) : item)),
  }));
}
