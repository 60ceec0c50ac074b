import type { ChangesetId } from "./ids.ts";

/** What a reviewer said about a gate: a thread at a line, the words of a review, or those of `/rework`. */
export interface FeedbackItem {
  /** `thread:<node id>`, `review:<id>` or `comment:<id>`: found again on GitHub. */
  readonly id: string;
  /** A comment in a review that requests changes, or one that does not (requirement C2.2). */
  readonly request: "change" | "comment";
  readonly by: string;
  /** Null where it is about the gate as a whole. */
  readonly path: string | null;
  readonly line: number | null;
  /** The step that takes it up. */
  readonly step: string;
}

/** What the agent did about it. */
export type AnswerKind = "fixed" | "declined" | "question";

interface FeedbackAnswer {
  readonly kind: AnswerKind;
  /** Under this hash the store has the agent's words. */
  readonly textHash: string;
  readonly changesetId: ChangesetId;
  /** False where the step that answers changed no file: then "fixed" is only a claim. */
  readonly changed: boolean;
}

export interface Feedback extends FeedbackItem {
  readonly state: "open" | "resolved";
  readonly answer: FeedbackAnswer | null;
}

/** Feedback as GitHub shows it at the moment of reading. */
export interface FeedbackSeen extends FeedbackItem {
  /** Null where GitHub has no such state: only threads can be resolved there. */
  readonly resolved: boolean | null;
}
