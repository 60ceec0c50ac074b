import type { Repository } from "../core/events.ts";
import type { CommandName } from "../core/slash-commands.ts";

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
      readonly commentNodeId: string;
      readonly sender: string;
      /** By GitHub's clock; null where the webhook does not say. */
      readonly writtenAt: string | null;
      readonly command: SlashCommand;
      /** All of the comment, to be searched for what should not stand there. */
      readonly body: string;
      /** For `/answer`: every one that the comment holds. */
      readonly answers: readonly AnswerGiven[];
      readonly issue: IssueAsSent;
    }
  /** What a person said without a command: an answer where it quotes a question, or a credential that should not be there. */
  | {
      readonly kind: "comment";
      readonly repository: Repository;
      readonly issueNumber: number;
      readonly onPullRequest: boolean;
      readonly commentId: number;
      readonly commentNodeId: string;
      readonly sender: string;
      readonly change: "created" | "edited" | "deleted";
      /** As it is now; empty where it was deleted. */
      readonly body: string;
      /** What it answers, as `/answer` lines or as replies below a quoted question. */
      readonly answers: readonly AnswerGiven[];
      readonly issue: IssueAsSent;
    }
  /** Reviews, their threads, or the head: what counts is read from GitHub. */
  | {
      readonly kind: "reviews-changed";
      readonly repository: Repository;
      readonly pullRequest: number;
      /** Somebody pushed to its branch. */
      readonly isPush?: true;
      readonly pushed?: PushedEnds;
    }
  /** Opened, or pushed to by a bot: its files are new, and nothing else that concerns us. */
  | { readonly kind: "pull-request-pushed"; readonly repository: Repository; readonly pushed: PushedEnds }
  /** Somebody edited the gate's title or text: its boxes are read from GitHub. */
  | {
      readonly kind: "gate-edited";
      readonly repository: Repository;
      readonly pullRequest: number;
      readonly sender: string;
    }
  /** A check, a status or a workflow of the repository has something to say of a commit; what is read from GitHub. */
  | { readonly kind: "ci-changed"; readonly repository: Repository; readonly headSha: string }
  /** Somebody pushed to a branch that gates may be merged into. */
  | {
      readonly kind: "base-moved";
      readonly repository: Repository;
      readonly branch: string;
      readonly isDefault: boolean;
      /** Its head, where it changed specifications that are worked on. */
      readonly specsSha?: string;
      /** Specifications that a person added to the default branch with it. */
      readonly specs?: { readonly paths: readonly string[]; readonly sha: string; readonly sender: string };
    }
  /** Merged, closed, reopened or pointed at another branch: which of them is read from GitHub. */
  | {
      readonly kind: "gate-changed";
      readonly repository: Repository;
      readonly pullRequest: number;
      readonly sender: string;
    }
  /** Somebody edited the title or the text. */
  | {
      readonly kind: "issue-edited";
      readonly repository: Repository;
      readonly issueNumber: number;
      readonly sender: string;
      readonly issue: IssueAsSent;
    }
  | {
      readonly kind: "issue-changed";
      readonly repository: Repository;
      readonly issueNumber: number;
      readonly change: "closed" | "reopened" | "deleted" | "transferred";
      readonly sender: string;
    }
  | {
      readonly kind: "repository-changed";
      /** Named and installed as it is from now on. */
      readonly repository: Repository;
      readonly change: "renamed" | "transferred" | "archived" | "unarchived" | "deleted";
      readonly sender: string;
    }
  /** What the app may reach of an installation. */
  | {
      readonly kind: "access-changed";
      readonly installationId: number;
      readonly change: "suspended" | "removed" | "back";
      /** Null for all repositories of the installation. */
      readonly repositories: readonly Repository[] | null;
      readonly sender: string;
    }
  | { readonly kind: "run-completed"; readonly repository: Repository; readonly workflowRunId: number }
  | { readonly kind: "ignored"; readonly why: string };

/** Head of a pull request, and of what it would be merged into. */
export interface PushedEnds {
  readonly headSha: string;
  readonly baseSha: string;
}

export interface AnswerGiven {
  /** Null where it names none. */
  readonly number: number | null;
  readonly text: string;
}

export type SlashCommand =
  /** `argument` is what follows the name, to the end of the comment; empty where nothing does. */
  { readonly name: CommandName; readonly argument: string } | { readonly name: "unknown"; readonly typed: string };
