/** A phase that is a conversation on the issue: each comment is a turn, each reply a comment, and `/done` ends it. */

import type { ChangesetId } from "./ids.ts";
import type { BlockReason } from "./outcome.ts";
import type { Finding } from "./report.ts";

/** What a person said; the words lie in the store under `textHash`. */
export interface TurnSaid {
  /** From 1, in the order in which they were said. */
  readonly number: number;
  readonly by: string;
  readonly commentId: number;
  readonly textHash: string;
  /** A run was given it, or one before it: it can't be changed any more. */
  readonly carried: boolean;
  /** The agent replied to it, or somebody ended the conversation before its turn came. */
  readonly settled: boolean;
}

/** What the agent said to all that was said before. */
export interface TurnReply {
  /** From 1. */
  readonly number: number;
  readonly textHash: string;
  readonly changesetId: ChangesetId;
  /** False where it changed no file. */
  readonly changed: boolean;
  /** Number of the last turn that it had heard; 0 for the reply to the issue itself. */
  readonly heard: number;
  /** Null before its changes are published. */
  readonly commitSha: string | null;
  /** What was found wanting at its end. */
  readonly findings: readonly Finding[];
}

export interface Conversation {
  readonly said: readonly TurnSaid[];
  readonly replies: readonly TurnReply[];
  /** Who ended it; null while it goes on. A comment takes it up again, until its pull request is merged. */
  readonly doneBy: string | null;
}

export const noConversation: Conversation = { said: [], replies: [], doneBy: null };

/** What the next reply is to; the issue itself is heard with the first. */
export function unsettledOf({ said }: Conversation): readonly TurnSaid[] {
  return said.filter(({ settled }) => !settled);
}

/** A person's words are all that it takes to go on. */
export function isLiftedByWords({ kind }: BlockReason): boolean {
  return kind === "conversation" || kind === "verification-failed" || kind === "no-progress";
}

/** Somebody or something stopped the task, or its pull request is gone: that `/done` needs no run any more mends none of it. */
export function outlastsDone({ kind }: BlockReason): boolean {
  switch (kind) {
    case "paused":
    case "issue-closed":
    case "repository-archived":
    case "no-access":
    case "gate-closed":
    case "gate-retargeted":
    case "approval-needed":
    case "runaway":
    case "effect-failed":
      return true;
    case "conversation":
    case "waiting-question":
    case "waiting-dependency":
    case "verification-failed":
    case "no-progress":
    case "budget-exhausted":
    case "rate-limited":
    case "environment":
    case "provider-refused":
    case "app-unreachable":
    case "dispatch-refused":
    case "settings-invalid":
    case "plan-invalid":
    case "workflow-file-awaited":
    case "no-workflow-file":
    case "actions-disabled":
    case "no-model-secret":
    case "empty-repository":
      return false;
  }
}
