import { phrase } from "../../core/phrase.ts";
import { isSettled, type ExistingTask } from "../../core/state.ts";
import type { Say } from "./words.ts";

/** All labels of ours that are not a playbook's name begin so. */
export const labelPrefix = "phasegate:";

export interface StateLabel {
  readonly name: string;
  /** Six hexadecimal digits. */
  readonly color: string;
  /** GitHub takes 100 characters. */
  readonly description: string;
}

const labels = {
  draft: { color: "d4d4d4", description: phrase`Waits for somebody with write access to start it` },
  running: { color: "1d76db", description: phrase`Phasegate is at work` },
  review: { color: "fbca04", description: phrase`A pull request waits for your review` },
  "waiting-question": { color: "d876e3", description: phrase`The agent asked something; answer on the issue` },
  "waiting-dependency": {
    color: "d876e3",
    description: phrase`The agent needs something; the issue says what and where`,
  },
  "waiting-approval": {
    color: "d876e3",
    description: phrase`Merged; the next phase waits for somebody else's /approve`,
  },
  conversation: { color: "d876e3", description: phrase`The agent has replied; write a comment, or /done to end` },
  paused: { color: "d93f0b", description: phrase`Waits for somebody; the status comment says for what` },
  completed: { color: "0e8a16", description: phrase`All phases are done` },
  failed: { color: "b60205", description: phrase`Ended without success` },
  cancelled: { color: "6e7781", description: phrase`Ended by somebody` },
} as const;

/** The one label that shows in lists of issues how the task stands. */
export function stateLabelOf(task: ExistingTask, say: Say): StateLabel {
  const state = stateOf(task);
  const { color, description } = labels[state];
  return { name: `${labelPrefix}${state}`, color, description: say.of(description) };
}

function stateOf(task: ExistingTask): keyof typeof labels {
  if (task.blockedBy !== null && !isSettled(task)) {
    const { kind } = task.blockedBy;
    if (kind === "approval-needed") return "waiting-approval";
    if (kind === "waiting-question" || kind === "waiting-dependency" || kind === "conversation") return kind;
    return "paused";
  }
  return task.status === "pending" || task.status === "in_progress" ? "running" : task.status;
}
