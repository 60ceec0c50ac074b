import type { DependencyAsked, Question, QuestionAsked, ReportedErrorType } from "./dialogue.ts";
import type { AnswerKind, FeedbackItem } from "./feedback.ts";
import type { ChangesetId, RunId, TaskId } from "./ids.ts";
import type { BlockReason, Outcome } from "./outcome.ts";
import type { PhaseOutline, PlaybookOutline } from "./playbook.ts";
import type { CiState } from "./ci.ts";
import type { AnyCheck, CheckResult, Finding, RunnerReport } from "./report.ts";
import type { ItemsChanged } from "./ripple.ts";
import type { SecurityNote, SecuritySource } from "./security.ts";
import type { TaskSettings } from "./settings.ts";
import type { Priority, TaskInput } from "./task-input.ts";
import type { Spent } from "./usage.ts";

/** Where a task lives. Ids are what counts; names are those of the moment, for links. */
export interface Repository {
  readonly installationId: number;
  readonly repositoryId: number;
  readonly owner: string;
  readonly name: string;
}

export interface IssueRef {
  readonly number: number;
  readonly title: string;
  readonly author: string;
}

export type ReworkSource = "review" | "command" | "veto" | "ci" | "ripple" | "conflict";

export type ReviewVerdict = "approved" | "changes_requested";

/** What happened, in the past tense. A shape never changes after it shipped: a new version gets an upcaster. */
export type TaskEvent =
  | {
      readonly type: "TaskCreated";
      readonly at: string;
      readonly taskId: TaskId;
      readonly repository: Repository;
      readonly issue: IssueRef;
      /** Who set the label, or the author for labels present at the start. */
      readonly by: string;
      readonly playbook: PlaybookOutline;
      readonly taskBudgetUsd: number;
      /** 1 for the first task of an issue, 2 for the second: the suffix of its branches. */
      readonly ordinal: number;
    }
  /** Somebody with write started it; from here on the issue's text is frozen under `promptHash`. */
  | {
      readonly type: "TaskStarted";
      readonly at: string;
      readonly by: string;
      readonly promptHash: string;
      /** How many hidden characters or comments were stripped from the text. */
      readonly hiddenRemoved: number;
      readonly input: TaskInput;
    }
  | { readonly type: "PhaseStarted"; readonly at: string; readonly phase: number }
  | {
      readonly type: "RunRequested";
      readonly at: string;
      readonly runId: RunId;
      readonly phase: number;
      /** From 1; a rework is another attempt, a repeat after a fault of the environment is not. */
      readonly attempt: number;
      /** What the attempt must mend; empty for a first one. */
      readonly findings: readonly Finding[];
    }
  | {
      readonly type: "RunDispatched";
      readonly at: string;
      readonly runId: RunId;
      readonly workflowRunId: number;
      readonly url: string;
    }
  | { readonly type: "RunStarted"; readonly at: string; readonly runId: RunId }
  | {
      readonly type: "StepCompleted";
      readonly at: string;
      readonly runId: RunId;
      readonly phase: number;
      readonly step: string;
      readonly changesetId: ChangesetId;
      /** Files in the changeset, deletions included. */
      readonly files: number;
      readonly spent: Spent;
    }
  | {
      readonly type: "StepPublished";
      readonly at: string;
      readonly phase: number;
      readonly step: string;
      readonly changesetId: ChangesetId;
      readonly commitSha: string;
    }
  /** The app's own check refused what the runner handed over. */
  | {
      readonly type: "ChangesetRefused";
      readonly at: string;
      readonly phase: number;
      readonly step: string;
      readonly changesetId: ChangesetId;
      readonly findings: readonly Finding[];
    }
  | {
      readonly type: "GateOpened";
      readonly at: string;
      readonly phase: number;
      readonly pullRequest: number;
      readonly url: string;
      /** False where the repository's plan has no drafts (Q30). */
      readonly draft: boolean;
    }
  | {
      readonly type: "RunEnded";
      readonly at: string;
      readonly runId: RunId;
      readonly phase: number;
      readonly outcome: Outcome;
      /** Spent since the last completed step. */
      readonly spent: Spent;
    }
  | {
      readonly type: "PhaseVerified";
      readonly at: string;
      readonly phase: number;
      readonly attempt: number;
      readonly headSha: string;
      readonly passed: boolean;
      readonly checks: readonly CheckResult[];
      readonly findings: readonly Finding[];
      /** Of criteria that should hold, and do not: told, and not reworked. */
      readonly notes: readonly Finding[];
    }
  /** What the run says of its own work, at its end. Words of agents: data. */
  | {
      readonly type: "WorkReported";
      readonly at: string;
      readonly runId: RunId;
      readonly phase: number;
      readonly attempt: number;
      readonly report: RunnerReport;
    }
  /** Something was refused, taken away or contained. `runId` is null where no run had a part in it, `phase` before the first one. */
  | {
      readonly type: "SecurityNoted";
      readonly at: string;
      readonly runId: RunId | null;
      readonly phase: number | null;
      readonly source: SecuritySource;
      readonly notes: readonly SecurityNote[];
    }
  /** The repository's settings were read, and differ from what was known. */
  | { readonly type: "SettingsRead"; readonly at: string; readonly settings: TaskSettings }
  /** By a tick in the gate's body, or by `/veto`. A second one replaces the reason. Without a reason nothing is reworked yet. */
  | {
      readonly type: "DecisionVetoed";
      readonly at: string;
      readonly phase: number;
      readonly number: number;
      readonly by: string;
      readonly reason: string | null;
    }
  /** The tick was taken back before a rework took it up. */
  | {
      readonly type: "VetoWithdrawn";
      readonly at: string;
      readonly phase: number;
      readonly number: number;
      readonly by: string;
    }
  /** The repository's own checks on the gate's head have changed. */
  | {
      readonly type: "CiObserved";
      readonly at: string;
      readonly phase: number;
      readonly headSha: string;
      readonly ci: CiState;
    }
  /** The phase that is under way changes what an earlier gate approved. The newest look counts; without items nothing is changed. */
  | {
      readonly type: "ApprovedItemsChanged";
      readonly at: string;
      readonly phase: number;
      readonly changed: ItemsChanged;
    }
  /** What was approved has changed on the base. `phase` mends what cites it, and takes the place of one that was found before and has not begun; null where nothing cites it. */
  /** What a merged phase planned: the playbook is longer by these phases, and frozen anew. */
  | {
      readonly type: "PhasesPlanned";
      readonly at: string;
      /** Whose tables name them. */
      readonly phase: number;
      readonly playbookHash: string;
      readonly phases: readonly PhaseOutline[];
    }
  | { readonly type: "RippleFound"; readonly at: string; readonly phase: number | null; readonly changed: ItemsChanged }
  /** All that cites the changed items holds as it is: there was nothing to merge. */
  | { readonly type: "RippleSettled"; readonly at: string; readonly phase: number }
  /** `/skip-phase`, where the playbook allows it. The phase is over, and nothing of it was merged. */
  | { readonly type: "PhaseSkipped"; readonly at: string; readonly phase: number; readonly by: string }
  /** The gate became ready for review. */
  | { readonly type: "ReviewCreated"; readonly at: string; readonly phase: number; readonly headSha: string }
  | {
      readonly type: "ReviewApproved";
      readonly at: string;
      readonly phase: number;
      readonly by: string;
      readonly headSha: string;
    }
  | {
      readonly type: "ChangesRequested";
      readonly at: string;
      readonly phase: number;
      readonly by: string;
      readonly headSha: string;
    }
  /** What a person's review said no longer counts: dismissed, or the head moved on without us. */
  | { readonly type: "ReviewWithdrawn"; readonly at: string; readonly phase: number; readonly by: string }
  /** `/approve`: GitHub knows nothing of it. */
  | {
      readonly type: "PhaseApproved";
      readonly at: string;
      readonly phase: number;
      readonly by: string;
      readonly headSha: string;
    }
  /** Our empty commit lets CI run on what was approved (Q29). */
  | { readonly type: "CiReleased"; readonly at: string; readonly phase: number; readonly headSha: string }
  | {
      readonly type: "FeedbackGiven";
      readonly at: string;
      readonly phase: number;
      readonly feedback: readonly FeedbackItem[];
    }
  | { readonly type: "FeedbackResolved"; readonly at: string; readonly phase: number; readonly ids: readonly string[] }
  | { readonly type: "FeedbackReopened"; readonly at: string; readonly phase: number; readonly ids: readonly string[] }
  /** The agent's words lie in the store under `textHash`. */
  | {
      readonly type: "FeedbackAnswered";
      readonly at: string;
      readonly phase: number;
      readonly id: string;
      readonly answer: AnswerKind;
      readonly textHash: string;
      readonly changesetId: ChangesetId;
      /** False where the step that answers changed no file. */
      readonly changed: boolean;
    }
  /** People asked for changes, by a review, by `/rework` or by a veto, the repository's checks failed, or the gate conflicts with its base; the words lie in the store under `textHash`. */
  | {
      readonly type: "ReworkRequested";
      readonly at: string;
      readonly phase: number;
      readonly by: readonly string[];
      readonly source: ReworkSource;
      readonly ids: readonly string[];
      /** Reviews that are answered by it. */
      readonly reviewIds: readonly number[];
      readonly textHash: string;
    }
  /** `/retry`: what failed is tried again, with all attempts anew. */
  | { readonly type: "RetryRequested"; readonly at: string; readonly phase: number; readonly by: string }
  /** `/accept`: a phase is taken as it is although these checks failed (Q10). */
  | {
      readonly type: "PhaseAccepted";
      readonly at: string;
      readonly phase: number;
      readonly by: string;
      readonly failed: readonly AnyCheck[];
    }
  /** Under which model account a run works: a fingerprint of the credential, never the credential. */
  | { readonly type: "AccountIdentified"; readonly at: string; readonly runId: RunId; readonly account: string }
  | {
      readonly type: "QuestionsAsked";
      readonly at: string;
      readonly runId: RunId;
      readonly phase: number;
      readonly step: string;
      readonly requestId: string;
      readonly questions: readonly (QuestionAsked & Pick<Question, "number" | "permission">)[];
    }
  /** A second one replaces the first, and reaches the agent again. */
  | {
      readonly type: "QuestionAnswered";
      readonly at: string;
      readonly number: number;
      readonly by: string;
      readonly text: string;
      readonly option: number | null;
      readonly commentId: number;
    }
  /** A step was completed in a conversation that had these answers. */
  | { readonly type: "AnswersDelivered"; readonly at: string; readonly numbers: readonly number[] }
  /** Its comment was deleted before the agent had it. */
  | { readonly type: "AnswerWithdrawn"; readonly at: string; readonly number: number; readonly by: string }
  /** Asked for once more: another step gets it, too. */
  | {
      readonly type: "DependencyRequested";
      readonly at: string;
      readonly runId: RunId;
      readonly phase: number;
      readonly step: string;
      readonly requestId: string;
      readonly dependency: DependencyAsked;
    }
  /** `by` is null where its value was added after it had been asked for, and noticed (Q9). */
  | { readonly type: "DependencyGranted"; readonly at: string; readonly name: string; readonly by: string | null }
  | { readonly type: "DependencySkipped"; readonly at: string; readonly name: string; readonly by: string }
  /** The value was tried before the agent got it, and is wrong or not there. */
  | {
      readonly type: "DependencyRefused";
      readonly at: string;
      readonly runId: RunId;
      readonly name: string;
      readonly message: string;
    }
  | {
      readonly type: "ErrorReported";
      readonly at: string;
      readonly runId: RunId;
      readonly phase: number;
      readonly step: string;
      readonly requestId: string;
      readonly error: ReportedErrorType;
      readonly message: string;
      readonly details: string;
      readonly cause: "agent" | "environment";
    }
  /** Of the tasks that wait for the same thing, whose turn comes first. */
  | { readonly type: "PrioritySet"; readonly at: string; readonly by: string; readonly priority: Priority }
  /** `/budget 8`, or `/approve up to $6` for the phase that comes next. `phase` is null for the whole task. */
  | {
      readonly type: "BudgetSet";
      readonly at: string;
      readonly by: string;
      readonly phase: number | null;
      readonly usd: number;
    }
  /** A comment on the issue, in a phase that is a conversation; the words lie in the store under `textHash`. A second one of the same comment replaces the first. */
  | {
      readonly type: "TurnSaid";
      readonly at: string;
      readonly phase: number;
      readonly by: string;
      readonly commentId: number;
      readonly textHash: string;
    }
  /** The agent's reply to all that its run had heard; the words lie in the store under `textHash`. */
  | {
      readonly type: "TurnAnswered";
      readonly at: string;
      readonly runId: RunId;
      readonly phase: number;
      readonly changesetId: ChangesetId;
      readonly textHash: string;
      /** False where the turn changed no file. */
      readonly changed: boolean;
    }
  /** `/done`. What no run has heard yet is not answered any more. */
  | { readonly type: "ConversationClosed"; readonly at: string; readonly phase: number; readonly by: string }
  /** It was ended, and there is nothing to merge. */
  | { readonly type: "ConversationSettled"; readonly at: string; readonly phase: number }
  /** Renamed, transferred, or installed anew. */
  | { readonly type: "RepositoryMoved"; readonly at: string; readonly repository: Repository }
  /** The gate was merged. */
  | {
      readonly type: "PhaseCompleted";
      readonly at: string;
      readonly phase: number;
      readonly by: string;
      readonly mergeSha: string;
    }
  /** All phases are on the task's own branch; this pull request brings it into the default one (Q6). */
  | { readonly type: "FinalGateOpened"; readonly at: string; readonly pullRequest: number; readonly url: string }
  | { readonly type: "FinalGateMerged"; readonly at: string; readonly by: string; readonly mergeSha: string }
  | { readonly type: "TaskPaused"; readonly at: string; readonly reason: BlockReason }
  | { readonly type: "TaskResumed"; readonly at: string; readonly by: string }
  | { readonly type: "TaskCompleted"; readonly at: string }
  | { readonly type: "TaskFailed"; readonly at: string; readonly message: string }
  | { readonly type: "TaskCancelled"; readonly at: string; readonly by: string }
  /** `/delete` (Q33): from here on the texts of people and agents are gone, in the events before it, too. */
  | { readonly type: "TaskErased"; readonly at: string; readonly by: string }
  /** The gate conflicts with its base; the rework that follows merges the two. */
  | {
      readonly type: "ConflictFound";
      readonly at: string;
      readonly phase: number;
      /** The head that can't be merged; people may have pushed to it. */
      readonly headSha: string;
      /** Name of the branch, and its head. */
      readonly base: string;
      readonly baseSha: string;
      readonly mergeBaseSha: string;
    };

export type TaskEventType = TaskEvent["type"];
export type EventOf<Type extends TaskEventType> = Extract<TaskEvent, { type: Type }>;
