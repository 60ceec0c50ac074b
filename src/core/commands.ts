import type { IssueRef, Repository, ReviewVerdict } from "./events.ts";
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
    | { readonly type: "CancelTask"; readonly by: Person }
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
    | {
        readonly type: "RecordReview";
        readonly pullRequest: number;
        readonly by: Person;
        readonly verdict: ReviewVerdict;
        /** The commit that was reviewed, and the head of the gate, both read from GitHub. */
        readonly reviewedSha: string;
        readonly headSha: string;
      }
    | { readonly type: "RecordMerge"; readonly pullRequest: number; readonly by: string; readonly mergeSha: string }
    | { readonly type: "RecordGateClosed"; readonly pullRequest: number }
  );

export type CommandOf<Type extends TaskCommand["type"]> = Extract<TaskCommand, { type: Type }>;
