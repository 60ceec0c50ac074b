import type { IssueRef, Repository, ReviewVerdict } from "./events.ts";
import type { AnswerKind, FeedbackItem, FeedbackSeen } from "./feedback.ts";
import type { ChangesetId, RunId, TaskId } from "./ids.ts";
import type { BlockReason, Outcome } from "./outcome.ts";
import type { PlaybookOutline } from "./playbook.ts";
import type { CheckResult, Finding } from "./report.ts";
import type { Spent } from "./usage.ts";

/** The issue's text as it was when somebody with write authorised it. */
export interface FrozenPrompt {
  readonly hash: string;
  readonly hiddenRemoved: number;
}

/** What every command brings along, since the core has neither clock nor randomness. */
export interface CommandFacts {
  /** ISO 8601, UTC. */
  readonly at: string;
  /** The id of the run, should the command make one due. */
  readonly newRunId: RunId;
  /** What the live run last said that it has spent in all; nothing where there is none. */
  readonly liveSpent?: Spent;
}

/** A person; `mayWrite` was asked of GitHub for this command. */
export interface Person {
  readonly login: string;
  readonly mayWrite: boolean;
}

/** What is asked, in the imperative. */
export type TaskCommand = CommandFacts &
  (
    | {
        readonly type: "CreateTask";
        readonly taskId: TaskId;
        readonly repository: Repository;
        readonly issue: IssueRef;
        readonly by: Person;
        readonly playbook: PlaybookOutline;
        readonly taskBudgetUsd: number;
        readonly ordinal: number;
        readonly prompt: FrozenPrompt;
      }
    /** `/run`: starts a draft, or goes on after a pause. */
    | { readonly type: "RunTask"; readonly by: Person; readonly prompt: FrozenPrompt }
    /** `/resume`: like `/run`, but never for a draft. */
    | { readonly type: "ResumeTask"; readonly by: Person }
    /** What stood in the way is gone, and no person had to say so. Nothing where something else does. */
    | { readonly type: "LiftBlock"; readonly kinds: readonly BlockReason["kind"][]; readonly by: string }
    /** Stops the run and waits: `/pause`, a closed issue, a repository out of reach. */
    | { readonly type: "SuspendTask"; readonly reason: BlockReason; readonly by: Person | null }
    | { readonly type: "RetryTask"; readonly by: Person }
    | { readonly type: "CancelTask"; readonly by: Person }
    /** The issue or the repository is gone, and with it whoever could be told. */
    | { readonly type: "AbandonTask"; readonly by: string | null; readonly message: string }
    | { readonly type: "DeleteTask"; readonly by: Person }
    | { readonly type: "ApprovePhase"; readonly by: Person; readonly headSha: string }
    | { readonly type: "AcceptPhase"; readonly by: Person }
    | {
        readonly type: "RequestRework";
        readonly by: readonly string[];
        readonly mayWrite: boolean;
        readonly source: "review" | "command";
        /** What the agent is to take up. */
        readonly feedback: readonly FeedbackItem[];
        /** Reviews whose wish is taken up by it. */
        readonly reviewIds: readonly number[];
        readonly textHash: string;
      }
    | { readonly type: "MoveRepository"; readonly repository: Repository }
    | { readonly type: "RecordDispatch"; readonly runId: RunId; readonly workflowRunId: number; readonly url: string }
    | { readonly type: "PauseTask"; readonly reason: BlockReason }
    | { readonly type: "OpenSession"; readonly runId: RunId; readonly workflowRunId: number; readonly url: string }
    | {
        readonly type: "CompleteStep";
        readonly runId: RunId;
        readonly step: string;
        readonly changesetId: ChangesetId;
        readonly files: number;
        readonly spent: Spent;
        readonly answers: readonly { readonly id: string; readonly kind: AnswerKind; readonly textHash: string }[];
      }
    | {
        readonly type: "RecordPublished";
        readonly phase: number;
        readonly step: string;
        readonly changesetId: ChangesetId;
        readonly commitSha: string;
      }
    | {
        readonly type: "RefuseChangeset";
        readonly phase: number;
        readonly step: string;
        readonly changesetId: ChangesetId;
        readonly findings: readonly Finding[];
      }
    | {
        readonly type: "RecordGateOpened";
        readonly phase: number;
        readonly pullRequest: number;
        readonly url: string;
        readonly draft: boolean;
      }
    | { readonly type: "EndRun"; readonly runId: RunId; readonly outcome: Outcome; readonly spent: Spent }
    | {
        readonly type: "RecordVerification";
        readonly phase: number;
        readonly attempt: number;
        readonly headSha: string;
        readonly passed: boolean;
        readonly checks: readonly CheckResult[];
        readonly findings: readonly Finding[];
      }
    | { readonly type: "RecordGateReady"; readonly phase: number; readonly headSha: string }
    /** The newest verdict of each person with write, and all feedback by such people, as GitHub shows them. */
    | {
        readonly type: "RecordReviews";
        readonly pullRequest: number;
        readonly headSha: string;
        readonly reviews: readonly {
          readonly reviewId: number;
          readonly by: string;
          readonly verdict: ReviewVerdict;
          readonly reviewedSha: string;
        }[];
        readonly feedback: readonly FeedbackSeen[];
      }
    | { readonly type: "RecordResolved"; readonly phase: number; readonly ids: readonly string[] }
    | { readonly type: "RecordCiReleased"; readonly phase: number; readonly headSha: string }
    | {
        readonly type: "RecordRetarget";
        readonly pullRequest: number;
        readonly base: string;
        readonly merged: boolean;
      }
    | { readonly type: "RecordMerge"; readonly pullRequest: number; readonly by: string; readonly mergeSha: string }
    | { readonly type: "RecordGateClosed"; readonly pullRequest: number }
  );

export type CommandOf<Type extends TaskCommand["type"]> = Extract<TaskCommand, { type: Type }>;
