import type { DependencyType, QuestionAsked, ReportedErrorType } from "./dialogue.ts";
import type { CiState } from "./ci.ts";
import type { IssueRef, Repository, ReviewVerdict, ReworkSource } from "./events.ts";
import type { AnswerKind, FeedbackItem, FeedbackSeen } from "./feedback.ts";
import type { ChangesetId, RunId, TaskId } from "./ids.ts";
import type { BlockReason, Outcome } from "./outcome.ts";
import type { Permission } from "./permission.ts";
import type { PhaseOutline, PlaybookOutline } from "./playbook.ts";
import type { CheckResult, Finding, RunnerReport } from "./report.ts";
import type { ItemsChanged } from "./ripple.ts";
import type { SecurityNote } from "./security.ts";
import type { TaskSettings } from "./settings.ts";
import type { Priority, TaskInput } from "./task-input.ts";
import type { Spent } from "./usage.ts";

/** The issue's text as it was when somebody with write authorised it. */
export interface FrozenPrompt {
  readonly hash: string;
  readonly hiddenRemoved: number;
  /** What else its form says; null where that can't be read, and somebody has to mend it first. */
  readonly input: TaskInput | null;
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
    /** `purseUsd`: what the next phase may spend, where the person said so. */
    | {
        readonly type: "ApprovePhase";
        readonly by: Person;
        readonly headSha: string;
        readonly purseUsd: number | null;
      }
    | { readonly type: "AcceptPhase"; readonly by: Person }
    | {
        readonly type: "RequestRework";
        readonly by: readonly string[];
        readonly mayWrite: boolean;
        readonly source: ReworkSource;
        /** What the agent is to take up. */
        readonly feedback: readonly FeedbackItem[];
        /** Reviews whose wish is taken up by it. */
        readonly reviewIds: readonly number[];
        readonly textHash: string;
      }
    | { readonly type: "MoveRepository"; readonly repository: Repository }
    | { readonly type: "RecordDispatch"; readonly runId: RunId; readonly workflowRunId: number; readonly url: string }
    | { readonly type: "PauseTask"; readonly reason: BlockReason }
    | {
        readonly type: "OpenSession";
        readonly runId: RunId;
        readonly workflowRunId: number;
        readonly url: string;
        /** Null where the runner is too old to say. */
        readonly account: string | null;
      }
    | {
        readonly type: "AskQuestions";
        readonly runId: RunId;
        readonly step: string;
        readonly requestId: string;
        /** With a permission only what a runner asks for by itself. */
        readonly questions: readonly (QuestionAsked & { readonly permission?: Permission })[];
      }
    | {
        readonly type: "AnswerQuestions";
        /** `mayWrite` or the author of the issue (Q8). */
        readonly by: Person & { readonly isAuthor: boolean };
        readonly commentId: number;
        /** The comment was edited: what it answered before and does not now stays as it was. */
        readonly answers: readonly {
          /** Null where the person named none: right where one question is open. */
          readonly number: number | null;
          /** `2`, the words of an option, or words of one's own. */
          readonly text: string;
        }[];
      }
    | { readonly type: "WithdrawAnswer"; readonly commentId: number; readonly by: string }
    | {
        readonly type: "RequestDependency";
        readonly runId: RunId;
        readonly step: string;
        readonly requestId: string;
        readonly dependency: {
          readonly type: DependencyType;
          /** As the agent wrote it. */
          readonly name: string;
          readonly description: string;
          readonly required: boolean;
        };
      }
    /** `/provided NAME`: the grant (Q9). The shell has looked whether it is there. */
    | { readonly type: "ProvideDependency"; readonly by: Person; readonly name: string }
    | { readonly type: "SkipDependency"; readonly by: Person; readonly name: string }
    /** Names of secrets and variables as GitHub lists them; values are never read. */
    | {
        readonly type: "RecordNames";
        readonly names: readonly { readonly name: string; readonly updatedAt: string }[];
      }
    | {
        readonly type: "RefuseValue";
        readonly runId: RunId;
        readonly name: string;
        readonly message: string;
      }
    | {
        readonly type: "ReportError";
        readonly runId: RunId;
        readonly step: string;
        readonly requestId: string;
        readonly error: ReportedErrorType;
        readonly message: string;
        readonly details: string;
      }
    /** A comment on the issue of a conversation, new or edited. */
    | {
        readonly type: "SayTurn";
        readonly by: Person;
        readonly commentId: number;
        readonly isEdit: boolean;
        readonly textHash: string;
      }
    /** `/done` */
    | { readonly type: "EndConversation"; readonly by: Person }
    /** `/budget 8`: for what is used up, or else for the current phase; and the task goes on. */
    | { readonly type: "SetBudget"; readonly by: Person; readonly usd: number }
    /** `/priority high`; null for a word that is none. */
    | { readonly type: "SetPriority"; readonly by: Person; readonly priority: Priority | null }
    | {
        readonly type: "CompleteStep";
        readonly runId: RunId;
        readonly step: string;
        readonly changesetId: ChangesetId;
        readonly files: number;
        readonly spent: Spent;
        readonly answers: readonly { readonly id: string; readonly kind: AnswerKind; readonly textHash: string }[];
        /** Answers of people that the conversation had, each with its moment: a newer one is still to be told. */
        readonly told: readonly { readonly number: number; readonly at: string }[];
        /** Of the agent's reply, where the phase is a conversation. */
        readonly replyHash?: string | null;
        /** Since the step before; absent where there was nothing. */
        readonly security?: readonly SecurityNote[] | undefined;
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
    | {
        readonly type: "EndRun";
        readonly runId: RunId;
        readonly outcome: Outcome;
        readonly spent: Spent;
        /** Null or absent where the run ended before it had anything to say, or is too old to. */
        readonly report?: RunnerReport | null;
        /** Since its last step; absent where there was nothing. */
        readonly security?: readonly SecurityNote[] | undefined;
        /** Of the run's model account, where its purse was used up. */
        readonly day?: {
          readonly spentUsd: number;
          readonly budgetUsd: number;
          /** More of it is left than the run was given: others held that, or a new day has begun. */
          readonly isHeld: boolean;
        };
        /** Whoever would know was lost: that it was not heard says nothing of whether it can reach the app. */
        readonly mayHaveBegun?: boolean;
      }
    | {
        readonly type: "RecordVerification";
        readonly phase: number;
        readonly attempt: number;
        readonly headSha: string;
        readonly passed: boolean;
        readonly checks: readonly CheckResult[];
        readonly findings: readonly Finding[];
        readonly notes: readonly Finding[];
        /** What the phase changes of what was approved before; null or absent where nothing. */
        readonly changed?: ItemsChanged | null;
      }
    /** The app has refused something that has to do with the task. */
    | { readonly type: "NoteSecurity"; readonly runId: RunId | null; readonly notes: readonly SecurityNote[] }
    | { readonly type: "RecordSettings"; readonly settings: TaskSettings }
    /** `attempt` is that of the list which the person saw; null for a command, which means the newest. */
    | {
        readonly type: "VetoDecision";
        readonly by: Person;
        readonly attempt: number | null;
        readonly number: number;
        readonly reason: string | null;
      }
    | { readonly type: "WithdrawVeto"; readonly by: Person; readonly attempt: number; readonly number: number }
    | { readonly type: "RecordCi"; readonly phase: number; readonly headSha: string; readonly ci: CiState }
    /** `writtenAt`: when the person said it, of the phase that was current then; null where nobody knows. */
    | { readonly type: "SkipPhase"; readonly by: Person; readonly writtenAt: string | null }
    /** The plan of a merged phase as the base has it, or why it can't be worked by. */
    | {
        readonly type: "RecordPlan";
        readonly phase: number;
        readonly plan:
          | { readonly kind: "read"; readonly playbookHash: string; readonly phases: readonly PhaseOutline[] }
          | { readonly kind: "faulty"; readonly faults: number; readonly message: string };
      }
    /** What was approved reads otherwise on the base now. */
    | { readonly type: "RecordRipple"; readonly changed: ItemsChanged }
    /** The ripple's run has changed nothing, and said of each part why. */
    | { readonly type: "SettleRipple"; readonly phase: number }
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
    /** `gate` is null where the default branch has it all already. */
    | {
        readonly type: "RecordFinalGate";
        readonly gate: { readonly pullRequest: number; readonly url: string } | null;
      }
    | { readonly type: "RecordGateClosed"; readonly pullRequest: number }
    /** GitHub says that the gate can't be merged, and the shell has looked at what both sides changed. */
    | {
        readonly type: "RecordConflict";
        readonly phase: number;
        /** The head that was presented: another one is looked at anew. */
        readonly presentedSha: string;
        readonly headSha: string;
        readonly base: string;
        readonly baseSha: string;
        readonly mergeBaseSha: string;
        /** What the agent is told: a point for each path that both sides changed. */
        readonly feedback: readonly FeedbackItem[];
        readonly textHash: string;
      }
  );

export type CommandOf<Type extends TaskCommand["type"]> = Extract<TaskCommand, { type: Type }>;
