import type { Repository } from "../core/events.ts";

/**
 * What a webhook means to us. It only wakes: labels, permissions, heads and merges are read again from GitHub
 * when something is decided on them.
 */
/** The issue as the webhook shows it: the text that the sender had before them, whatever happens to it afterwards. */
export interface IssueAsSent {
  readonly title: string;
  readonly body: string;
}

export type Intent =
  | {
      readonly kind: "label-added";
      readonly repository: Repository;
      readonly issueNumber: number;
      readonly label: string;
      readonly sender: string;
      readonly issue: IssueAsSent;
    }
  | {
      readonly kind: "issue-opened";
      readonly repository: Repository;
      readonly issueNumber: number;
      readonly labels: readonly string[];
      readonly author: string;
      readonly issue: IssueAsSent;
    }
  | {
      readonly kind: "command";
      readonly repository: Repository;
      /** Of the issue, or of the pull request where the comment stands there. */
      readonly issueNumber: number;
      readonly onPullRequest: boolean;
      readonly commentId: number;
      readonly sender: string;
      readonly command: SlashCommand;
      readonly issue: IssueAsSent;
    }
  | {
      readonly kind: "review-submitted";
      readonly repository: Repository;
      readonly pullRequest: number;
      readonly reviewId: number;
    }
  /** Merged, closed or reopened: which of them is read from GitHub. */
  | {
      readonly kind: "gate-changed";
      readonly repository: Repository;
      readonly pullRequest: number;
      readonly sender: string;
    }
  | { readonly kind: "run-completed"; readonly repository: Repository; readonly workflowRunId: number }
  | { readonly kind: "ignored"; readonly why: string };

export type SlashCommand =
  | { readonly name: "run" | "cancel" | "status" | "help" }
  | { readonly name: "unknown"; readonly typed: string };
