/** What is kept of a task in its own repository, so that it outlives the database: its history, and the texts that this names. */
import type { TaskEvent, TaskEventType } from "./events.ts";
import type { TaskFacts } from "./state.ts";

/** Of the ref `refs/phasegate/tasks/<name>`: the issue's number, with the suffix of the task's branches. */
export function recordNameOf({ issue, ordinal }: Pick<TaskFacts, "issue" | "ordinal">): string {
  return `${issue.number}${ordinal > 1 ? `-r${ordinal}` : ""}`;
}

/** It begins, a gate opens, it waits or goes on. */
const atOnce: readonly TaskEventType[] = [
  "TaskCreated",
  "TaskStarted",
  "ReviewCreated",
  "FinalGateOpened",
  "TaskPaused",
  "TaskResumed",
];

const soon: readonly TaskEventType[] = [
  // Of a task that has ended nothing is done again: what its end makes due should be done by then.
  "PhaseCompleted",
  "TaskCompleted",
  "TaskFailed",
  "TaskCancelled",
  // Only a comment or the app said it, once: GitHub shows commits, reviews and checks to whoever looks again, and none of these.
  "PhaseApproved",
  "PhaseAccepted",
  "PhaseSkipped",
  "RetryRequested",
  "ReworkRequested",
  "DecisionVetoed",
  "VetoWithdrawn",
  "QuestionAnswered",
  "AnswerWithdrawn",
  "DependencyGranted",
  "DependencySkipped",
  "TurnSaid",
  "ConversationClosed",
  "PrioritySet",
  "BudgetSet",
  "PhasesPlanned",
  "RippleFound",
];

/** When the record is to be brought up to date after an event; null where that can wait for the next one. */
export function recordDue({ type }: TaskEvent): "now" | "soon" | null {
  if (atOnce.includes(type)) return "now";
  return soon.includes(type) ? "soon" : null;
}

/** Under which hashes the store has the texts that an event names. */
export function textHashesOf(event: TaskEvent): readonly string[] {
  if (event.type === "TaskCreated") return [event.playbook.hash];
  if (event.type === "PhasesPlanned") return [event.playbookHash];
  if (event.type === "TaskStarted") return [event.promptHash];
  // Empty where nothing was said.
  return "textHash" in event && event.textHash !== "" ? [event.textHash] : [];
}
