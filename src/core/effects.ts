import type { ChangesetId, RunId } from "./ids.ts";
import type { BlockReason } from "./outcome.ts";

/** What must be done in the world, as data. Each may be done again without harm. */
export type Effect =
  | { readonly kind: "DispatchRun"; readonly runId: RunId; readonly phase: number }
  | { readonly kind: "CancelRun"; readonly workflowRunId: number }
  | { readonly kind: "PublishStep"; readonly phase: number; readonly step: string; readonly changesetId: ChangesetId }
  | { readonly kind: "OpenGate"; readonly phase: number }
  | { readonly kind: "VerifyPhase"; readonly phase: number; readonly attempt: number }
  /** With `ready` the draft ends; without it the body shows the report of a failed verification. */
  | { readonly kind: "PresentGate"; readonly phase: number; readonly ready: boolean }
  | { readonly kind: "ReleaseCi"; readonly phase: number }
  /** What people said while the agent or the app was at work, about what is presented now. */
  | { readonly kind: "ReadReviews"; readonly phase: number }
  /** Due when nobody has asked for changes for a while; a later wish has its own effect. */
  | { readonly kind: "StartRework"; readonly phase: number; readonly requestedAt: string }
  /** `commitSha` is the commit of the changeset that answers; null for what the agent left without an answer. */
  | {
      readonly kind: "AnswerFeedback";
      readonly phase: number;
      readonly ids: readonly string[];
      readonly commitSha: string | null;
    }
  | { readonly kind: "RequestReview"; readonly phase: number; readonly from: readonly string[] }
  | { readonly kind: "DeleteBranch"; readonly phase: number }
  /** The task's own, where it has one. */
  | { readonly kind: "DeleteTaskBranch" }
  | { readonly kind: "EraseTask" }
  | { readonly kind: "ReopenGate"; readonly pullRequest: number }
  | { readonly kind: "CloseGate"; readonly pullRequest: number }
  /** The task is completed, and no merge has closed its issue. */
  | { readonly kind: "CloseIssue" }
  /** The comment of questions, a dependency or an error: made once, and brought up to date. */
  | { readonly kind: "ShowRequest"; readonly requestId: string }
  /** An edited comment calls nobody: whoever added a value that does not work is told. */
  | { readonly kind: "NotifyRefused"; readonly name: string }
  /** Once, a day after it was asked (Q11). */
  | { readonly kind: "RemindQuestions"; readonly requestId: string }
  /** Due when the provider's limit is over, or is to be tried. */
  | { readonly kind: "EndLimit"; readonly pausedAt: string }
  /** Due at the next midnight, UTC. */
  | { readonly kind: "EndDay"; readonly pausedAt: string }
  | { readonly kind: "DropCheckpoint" }
  /** The check run on the gate's head, as the verification stands: made with the gate, brought up to date with it. */
  | { readonly kind: "ShowCheck"; readonly phase: number | null }
  /** What the repository's own checks say of the head that is presented. */
  | { readonly kind: "ReadCi"; readonly phase: number; readonly headSha: string }
  /** One attempt with the logs of what failed. */
  | { readonly kind: "StartCiRework"; readonly phase: number; readonly headSha: string }
  /** Never started, or red after the last rework: a person is told, once for each head. */
  | { readonly kind: "NotifyCi"; readonly phase: number; readonly headSha: string }
  /** The comment with a reply of a conversation: made once, and brought up to date with what became of its changes. */
  | { readonly kind: "ShowReply"; readonly phase: number; readonly number: number }
  /** A decision was vetoed for a reason: an attempt starts once the reviewer has been silent for a while. */
  | { readonly kind: "StartVetoRework"; readonly phase: number; readonly vetoedAt: string }
  /** A tick without a word: whoever ticked is asked why. */
  | { readonly kind: "AskVetoReason"; readonly phase: number; readonly number: number }
  /** `merge: auto`: approved on its head, and nothing is red. */
  | { readonly kind: "MergeGate"; readonly phase: number; readonly headSha: string }
  /** People pushed on top of what was verified and approved that: the app does not merge it, and says so once for each head. */
  | { readonly kind: "NotifyUnverified"; readonly phase: number; readonly headSha: string }
  /** The last comment: what was built, where, and what it took. */
  | { readonly kind: "PostSummary" }
  /** The pull request from the task's own branch, once all phases are on it. */
  | { readonly kind: "OpenFinalGate" }
  /** The tables of a merged phase, which name the phases that follow. */
  | { readonly kind: "ReadPlan"; readonly phase: number }
  /** Whether what was approved reads otherwise on the base now. */
  | { readonly kind: "CompareItems" }
  /** Which gates a changed item touches, and what becomes of them. */
  | { readonly kind: "NotifyRipple"; readonly sha: string }
  /** Why each part holds as it is. */
  | { readonly kind: "NotifySettled"; readonly phase: number }
  | { readonly kind: "ShowStatus" }
  /** The task's history in its repository, sealed: what the database is rebuilt from. */
  | { readonly kind: "KeepRecord" }
  | { readonly kind: "DropRecord" }
  | { readonly kind: "NotifyBlocked"; readonly reason: BlockReason }
  /** Whether the gate can be merged into its base as that is now. `headSha` is the one that was presented. */
  | { readonly kind: "LookAtBase"; readonly phase: number; readonly headSha: string };
