import type { MergeSides } from "../../core/merge-paths.ts";

export interface GateState {
  readonly pullRequest: number;
  /** The branch that it would be merged into. */
  readonly base: string;
  readonly open: boolean;
  readonly merged: boolean;
  readonly mergedBy: string | null;
  readonly mergeSha: string | null;
  readonly draft: boolean;
  readonly headSha: string;
  /** It can't be merged into its base; null while GitHub works that out, and where it is not open. */
  readonly conflicted: boolean | null;
}

/** What a head and a base have, and what stood where they parted. */
export interface MergeTrees extends MergeSides {
  readonly mergeBaseSha: string;
}

/** A box in the gate's body. */
export interface VetoBox {
  /** Of the list that the person saw. */
  readonly attempt: number;
  readonly number: number;
  readonly ticked: boolean;
  /** The app wrote it ticked: where it is empty now, a person took the tick away. */
  readonly writtenTicked: boolean;
}

/** What came of the wish to merge. Only `not-yet` is worth another try by itself. */
export type MergeResult =
  | { readonly kind: "merged"; readonly mergeSha: string }
  /** GitHub is still computing, or required checks are not done. */
  | { readonly kind: "not-yet"; readonly message: string }
  /** With its base. */
  | { readonly kind: "conflict" }
  /** A missing review, a rule, a head that moved, a closed pull request. */
  | { readonly kind: "refused"; readonly message: string };

export interface ReviewState {
  readonly reviewId: number;
  readonly by: string;
  readonly byBot: boolean;
  readonly verdict: "approved" | "changes_requested" | "commented" | "dismissed";
  readonly reviewedSha: string;
  /** Markdown as it was written. */
  readonly body: string;
}

/** A review thread with all its replies. */
export interface ThreadState {
  /** Node id. */
  readonly threadId: string;
  readonly path: string;
  /** Null for a thread about the whole file. */
  readonly line: number | null;
  readonly hunk: string;
  readonly resolved: boolean;
  /** Of the review that began it. */
  readonly request: "change" | "comment";
  /** Oldest first. */
  readonly comments: readonly {
    readonly by: string;
    readonly byBot: boolean;
    /** Written by this app. */
    readonly byUs: boolean;
    readonly text: string;
  }[];
}
