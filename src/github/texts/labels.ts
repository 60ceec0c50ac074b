import { isSettled, type ExistingTask } from "../../core/state.ts";

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
  draft: { color: "d4d4d4", description: "Waits for somebody with write access to start it" },
  running: { color: "1d76db", description: "Phasegate is at work" },
  review: { color: "fbca04", description: "A pull request waits for your review" },
  "waiting-question": { color: "d876e3", description: "The agent asked something; answer on the issue" },
  "waiting-dependency": { color: "d876e3", description: "The agent needs something; the issue says what and where" },
  "waiting-approval": { color: "d876e3", description: "Merged; the next phase waits for somebody else's /approve" },
  conversation: { color: "d876e3", description: "The agent has replied; write a comment, or /done to end" },
  paused: { color: "d93f0b", description: "Waits for somebody; the status comment says for what" },
  completed: { color: "0e8a16", description: "All phases are done" },
  failed: { color: "b60205", description: "Ended without success" },
  cancelled: { color: "6e7781", description: "Ended by somebody" },
} as const;

/** The one label that shows in lists of issues how the task stands. */
export function stateLabelOf(task: ExistingTask): StateLabel {
  const state = stateOf(task);
  return { name: `${labelPrefix}${state}`, ...labels[state] };
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
