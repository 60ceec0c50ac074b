import { sameName } from "./dialogue.ts";
import type { Effect } from "./effects.ts";
import type { EventOf, TaskEvent } from "./events.ts";
import { dayMs, later, laterOf, nextMidnight } from "./moment.ts";
import type { BlockReason } from "./outcome.ts";
import {
  appIsAtWork,
  currentPhaseOf,
  isAllDone,
  isOver,
  isReadyToShow,
  isSettled,
  liveRunOf,
  mergeableHeadOf,
  planDueOf,
  taskBranchOf,
  unansweredOf,
  unverifiedHeadOf,
  type ExistingTask,
  type Gate,
  type PhaseProgress,
} from "./state.ts";
import { recordDue } from "./task-record.ts";

/** A status that changed is shown at once; mere progress waits for its turn, and a review for the reviewer's last word (Q11). */
type Urgency = "now" | "soon" | "after-review" | { readonly at: string };

export interface Reaction {
  readonly effect: Effect;
  readonly urgency: Urgency;
}

/** Lists what an event makes due. `before` and `after` are the states around it. */
export function react(event: TaskEvent, before: ExistingTask | null, after: ExistingTask): readonly Reaction[] {
  const urgency = recordDue(event);
  const keeping: readonly Reaction[] = urgency === null ? [] : [{ effect: { kind: "KeepRecord" }, urgency }];
  return [...workDue(event, before, after), ...keeping];
}

function workDue(event: TaskEvent, before: ExistingTask | null, after: ExistingTask): readonly Reaction[] {
  switch (event.type) {
    case "TaskCreated":
      return [now({ kind: "ShowStatus" })];
    case "TaskStarted":
    case "PhaseStarted":
      return [];
    case "RunRequested":
      return [now({ kind: "DispatchRun", runId: event.runId, phase: event.phase }), now({ kind: "ShowStatus" })];
    case "RunDispatched":
      return [now({ kind: "ShowStatus" })];
    case "RunStarted":
      return [soon({ kind: "ShowStatus" })];
    case "StepCompleted":
      return [
        now({ kind: "PublishStep", phase: event.phase, step: event.step, changesetId: event.changesetId }),
        soon({ kind: "ShowStatus" }),
      ];
    case "StepPublished": {
      const ids = (phaseOf(after, event.phase)?.feedback ?? []).flatMap(({ id, answer }) =>
        answer?.changesetId === event.changesetId ? [id] : [],
      );
      return [
        ...(gateOf(after, event.phase) !== null
          ? [soon({ kind: "ShowCheck", phase: event.phase })]
          : // Skipped before it had anything to show.
            isOver(after, event.phase)
            ? []
            : [now({ kind: "OpenGate", phase: event.phase })]),
        ...answering(event.phase, ids, event.commitSha),
        // Its run may have failed, and then nothing is verified that would show it.
        ...replyShown(after, event.phase),
        ...branchOfErased(after, event.phase),
      ];
    }
    case "ChangesetRefused":
      return replyShown(after, event.phase);
    case "GateOpened":
      // It was being opened while somebody cancelled the task, or skipped the phase.
      return isSettled(after) || isOver(after, event.phase)
        ? [
            now({ kind: "CloseGate", pullRequest: event.pullRequest }),
            ...branchOfErased(after, event.phase),
            now({ kind: "ShowStatus" }),
          ]
        : [now({ kind: "ShowCheck", phase: event.phase }), now({ kind: "ShowStatus" })];
    case "RunEnded":
      return runEnded(event, before);
    case "PhaseVerified": {
      const verified = phaseOf(after, event.phase);
      return [
        ...(event.passed ? leftUnanswered(after, event.phase) : []),
        ...replyShown(after, event.phase),
        now({ kind: "PresentGate", phase: event.phase, ready: verified !== null && isReadyToShow(verified) }),
        now({ kind: "ShowCheck", phase: event.phase }),
        now({ kind: "ShowStatus" }),
      ];
    }
    case "PhaseAccepted":
      return [
        ...leftUnanswered(after, event.phase),
        now({ kind: "PresentGate", phase: event.phase, ready: true }),
        now({ kind: "ShowCheck", phase: event.phase }),
        now({ kind: "ShowStatus" }),
      ];
    case "ReviewCreated": {
      const rework = (before === null ? null : phaseOf(before, event.phase))?.rework ?? null;
      return [
        ...(rework === null ? [] : [now({ kind: "RequestReview", phase: event.phase, from: rework.by })]),
        now({ kind: "ReadReviews", phase: event.phase }),
        // Somebody asked for changes while the agent was at work.
        ...reworkDue(after, "now"),
        ...vetoReworkDue(after, "now"),
        now({ kind: "ShowCheck", phase: event.phase }),
        now({ kind: "ReadCi", phase: event.phase, headSha: event.headSha }),
        now({ kind: "LookAtBase", phase: event.phase, headSha: event.headSha }),
        now({ kind: "ShowStatus" }),
      ];
    }
    case "ReviewApproved":
    case "PhaseApproved":
      // While a run is at work CI would run on what nobody has verified (Q29).
      return [
        ...(after.status === "review" ? [now({ kind: "ReleaseCi", phase: event.phase })] : []),
        ...mergeDue(after),
        now({ kind: "ShowStatus" }),
      ];
    case "ChangesRequested":
      return [...reworkDue(after, "after-review"), now({ kind: "ShowStatus" })];
    case "ReviewWithdrawn":
      // It may have been the wish for changes that kept it from being merged.
      return [...mergeDue(after), now({ kind: "ShowStatus" })];
    case "CiReleased":
      return [
        now({ kind: "ShowCheck", phase: event.phase }),
        now({ kind: "ReadCi", phase: event.phase, headSha: event.headSha }),
      ];
    case "CiObserved":
      return ciObserved(event, after);
    case "DecisionVetoed":
      return [
        ...(event.reason === null
          ? [now({ kind: "AskVetoReason", phase: event.phase, number: event.number })]
          : vetoReworkDue(after, "after-review")),
        ...shownAnew(after, event.phase),
        soon({ kind: "ShowStatus" }),
      ];
    case "VetoWithdrawn":
      return [...mergeDue(after), ...shownAnew(after, event.phase), soon({ kind: "ShowStatus" })];
    case "SettingsRead":
      return mergeDue(after);
    case "WorkReported":
      return [];
    case "SecurityNoted":
      // Shown with whatever is shown next: nobody who is refused may have us write.
      return [];
    case "PhaseSkipped": {
      const gate = gateOf(after, event.phase);
      return [
        ...(gate === null ? [] : [now({ kind: "CloseGate", pullRequest: gate.pullRequest })]),
        ...openRequests(after),
        ...finalGateDue(after),
        now({ kind: "ShowCheck", phase: event.phase }),
        now({ kind: "ShowStatus" }),
      ];
    }
    case "ApprovedItemsChanged":
      return [];
    case "PhasesPlanned":
      return [now({ kind: "ShowStatus" })];
    case "RippleFound":
      return [
        now({ kind: "NotifyRipple", sha: event.changed.sha }),
        // Which phase comes next, and whether the merge completes the task, may have changed.
        ...shownAnew(after, currentPhaseOf(after)?.phase ?? 0),
        now({ kind: "ShowStatus" }),
      ];
    case "RippleSettled":
      return [
        now({ kind: "NotifySettled", phase: event.phase }),
        ...openRequests(after),
        ...finalGateDue(after),
        now({ kind: "ShowStatus" }),
      ];
    case "FeedbackAnswered":
    case "ReworkRequested":
      return [];
    case "RetryRequested":
      // Machine after machine broke off at what it went on from: the next begins at the last finished step.
      return before?.blockedBy?.kind === "environment" ? [now({ kind: "DropCheckpoint" })] : [];
    case "FeedbackGiven":
    case "FeedbackResolved":
    case "FeedbackReopened":
    case "TurnSaid":
    case "RepositoryMoved":
      return [soon({ kind: "ShowStatus" })];
    case "TurnAnswered":
      return replyShown(after, event.phase);
    case "ConversationClosed": {
      // What is at work, or what it handed over, is checked in its turn.
      const isUnderWay = liveRunOf(after) !== null || (before !== null && appIsAtWork(before));
      const attempt = phaseOf(after, event.phase)?.attempt ?? 1;
      return [
        ...(isUnderWay ? [] : [now({ kind: "VerifyPhase", phase: event.phase, attempt })]),
        now({ kind: "ShowStatus" }),
      ];
    }
    case "ConversationSettled":
      return [...openRequests(after), ...finalGateDue(after), now({ kind: "ShowStatus" })];
    case "AccountIdentified":
    case "AnswersDelivered":
      return [];
    case "QuestionsAsked":
      return [
        now({ kind: "ShowRequest", requestId: event.requestId }),
        ...(event.questions.some(({ required }) => required) ? [reminder(event)] : []),
        soon({ kind: "ShowStatus" }),
      ];
    case "QuestionAnswered":
    case "AnswerWithdrawn":
      return showingQuestion(after, event.number);
    case "DependencyRequested":
      return showingDependency(after, event.dependency.name);
    case "DependencyGranted":
    case "DependencySkipped":
      return showingDependency(after, event.name);
    case "DependencyRefused":
      return [...showingDependency(after, event.name), now({ kind: "NotifyRefused", name: event.name })];
    case "ErrorReported":
      return [now({ kind: "ShowRequest", requestId: event.requestId }), soon({ kind: "ShowStatus" })];
    case "PrioritySet":
    case "BudgetSet":
      return [now({ kind: "ShowStatus" })];
    case "PhaseCompleted":
      return [
        ...openRequests(after),
        ...finalGateDue(after),
        ...planDue(after),
        // Of an attempt that was under way when somebody merged it.
        now({ kind: "ShowCheck", phase: event.phase }),
        now({ kind: "ShowStatus" }),
      ];
    case "FinalGateOpened":
      // It was being opened while somebody cancelled the task.
      return [
        ...(isSettled(after) ? [now({ kind: "CloseGate", pullRequest: event.pullRequest })] : []),
        // A rule of the default branch may ask for it here, too.
        now({ kind: "ShowCheck", phase: null }),
        now({ kind: "ShowStatus" }),
      ];
    case "FinalGateMerged":
      return [];
    case "TaskPaused":
      return taskPaused(event, after);
    case "TaskResumed":
      return [
        ...reopened(before),
        ...reworkDue(after, "now"),
        ...vetoReworkDue(after, "now"),
        ...ciReworkDue(after),
        ...mergeDue(after),
        ...planDue(after),
        now({ kind: "ShowStatus" }),
      ];
    case "TaskCompleted":
      return [
        ...openRequests(after),
        now({ kind: "DropCheckpoint" }),
        ...(isClosedByMerge(after) ? [] : [now({ kind: "CloseIssue" })]),
        // The app made it, and the base has all that is on it.
        ...(taskBranchOf(after) === null ? [] : [now({ kind: "DeleteTaskBranch" })]),
        now({ kind: "PostSummary" }),
        now({ kind: "ShowStatus" }),
      ];
    case "TaskFailed":
      return [...openRequests(after), now({ kind: "DropCheckpoint" }), now({ kind: "ShowStatus" })];
    case "TaskCancelled":
      return [
        ...openGates(after),
        ...openRequests(after),
        ...after.phases.flatMap(({ phase, gate, completed }) =>
          gate === null || completed !== null ? [] : [now({ kind: "ShowCheck", phase })],
        ),
        now({ kind: "DropCheckpoint" }),
        now({ kind: "ShowStatus" }),
      ];
    case "TaskErased":
      return [
        ...after.phases.map(({ phase }) => now({ kind: "DeleteBranch", phase })),
        ...(taskBranchOf(after) === null ? [] : [now({ kind: "DeleteTaskBranch" })]),
        now({ kind: "EraseTask" }),
        now({ kind: "DropRecord" }),
        now({ kind: "ShowStatus" }),
      ];
    case "ConflictFound":
      return [];
  }
}

function taskPaused({ at, reason }: EventOf<"TaskPaused">, after: ExistingTask): readonly Reaction[] {
  const status = now({ kind: "ShowStatus" });
  // The comments of what is asked for say all that is to be done.
  if (reason.kind === "waiting-question" || reason.kind === "waiting-dependency") return [status];
  // The reply itself has called whoever follows the issue.
  if (reason.kind === "conversation") return [status];
  // It goes on by itself: nobody is called for that.
  if (reason.kind === "rate-limited") {
    return [{ effect: { kind: "EndLimit", pausedAt: at }, urgency: { at: limitEndsAt(at, reason, after) } }, status];
  }
  const endsAtMidnight = reason.kind === "budget-exhausted" && reason.scope === "day";
  return [
    now({ kind: "NotifyBlocked", reason }),
    ...(endsAtMidnight
      ? [{ effect: { kind: "EndDay", pausedAt: at }, urgency: { at: nextMidnight(at) } } as const]
      : []),
    status,
  ];
}

const minuteMs = 60_000;
/** Pauses before a limit of which nobody said when it ends is tried, the more the longer it lasts. */
const limitTriesMs: readonly number[] = [5, 10, 20, 40, 60].map((minutes) => minutes * minuteMs);

/** When work under a limit is tried again. Whoever said when it ends is believed the first time; the next time it was not over then. */
export function limitEndsAt(
  at: string,
  { resetsAt }: Extract<BlockReason, { kind: "rate-limited" }>,
  state: ExistingTask,
): string {
  const limitedRuns = currentPhaseOf(state)?.limitedRuns ?? 0;
  const tries = resetsAt === null ? Math.max(limitedRuns, 1) : limitedRuns - 1;
  const earliest = later(at, limitTriesMs[Math.min(tries, limitTriesMs.length) - 1] ?? 1_000);
  return resetsAt === null ? earliest : laterOf(resetsAt, earliest);
}

function reminder({ at, requestId }: EventOf<"QuestionsAsked">): Reaction {
  return { effect: { kind: "RemindQuestions", requestId }, urgency: { at: later(at, dayMs) } };
}

function showingQuestion(state: ExistingTask, number: number): readonly Reaction[] {
  return showing(state.questions.find((question) => question.number === number)?.requestId);
}

function showingDependency(state: ExistingTask, name: string): readonly Reaction[] {
  return showing(state.dependencies.find((dependency) => sameName(dependency.name, name))?.requestId);
}

function showing(requestId: string | undefined): readonly Reaction[] {
  return [...(requestId === undefined ? [] : [now({ kind: "ShowRequest", requestId })]), soon({ kind: "ShowStatus" })];
}

/** Only while the gate waits for people: until then the run that is at work may still change what they saw. */
function reworkDue(state: ExistingTask, urgency: Urgency): readonly Reaction[] {
  const phase = currentPhaseOf(state);
  const requestedAt = phase?.gate?.requestedAt ?? null;
  if (state.status !== "review" || phase === null || requestedAt === null || phase.gate?.requestedBy.length === 0) {
    return [];
  }
  return [{ effect: { kind: "StartRework", phase: phase.phase, requestedAt }, urgency }];
}

/** A veto waits like a wish for changes: for the gate to be in review, and for the reviewer's last word. */
function vetoReworkDue(state: ExistingTask, urgency: Urgency): readonly Reaction[] {
  const phase = currentPhaseOf(state);
  if (state.status !== "review" || phase === null || phase.vetoedAt === null || phase.completed !== null) return [];
  return [{ effect: { kind: "StartVetoRework", phase: phase.phase, vetoedAt: phase.vetoedAt }, urgency }];
}

/** Red while something else held the task, or nothing was done about it. */
function ciReworkDue(state: ExistingTask): readonly Reaction[] {
  const phase = currentPhaseOf(state);
  if (state.status !== "review" || phase === null || phase.completed !== null || phase.ci?.kind !== "red") return [];
  return [now({ kind: "StartCiRework", phase: phase.phase, headSha: phase.ci.headSha })];
}

/** Its body says what is vetoed, and what the repository's checks say. */
function shownAnew(state: ExistingTask, phase: number): readonly Reaction[] {
  return state.status === "review" ? [now({ kind: "PresentGate", phase, ready: true })] : [];
}

function ciObserved({ phase, headSha, ci }: EventOf<"CiObserved">, after: ExistingTask): readonly Reaction[] {
  const wake =
    ci.kind === "never-started"
      ? [now({ kind: "NotifyCi", phase, headSha })]
      : [...ciReworkDue(after), ...mergeDue(after)];
  return [...wake, ...shownAnew(after, phase), soon({ kind: "ShowStatus" })];
}

/** `merge: auto`: approved by one who may, nothing red or under way, nobody wants anything changed. */
function mergeDue(state: ExistingTask): readonly Reaction[] {
  const headSha = mergeableHeadOf(state);
  const phase = currentPhaseOf(state)?.phase ?? 0;
  const unverified = unverifiedHeadOf(state);
  if (unverified !== null) return [now({ kind: "NotifyUnverified", phase, headSha: unverified })];
  return headSha === null ? [] : [now({ kind: "MergeGate", phase, headSha })];
}

/** The agent had its turn. */
function leftUnanswered(state: ExistingTask, phase: number): readonly Reaction[] {
  const progress = phaseOf(state, phase);
  return answering(phase, progress === null ? [] : unansweredOf(progress).map(({ id }) => id), null);
}

/** What was under way when somebody had it erased has made the branch anew. */
function branchOfErased(state: ExistingTask, phase: number): readonly Reaction[] {
  return state.erasedBy === null ? [] : [now({ kind: "DeleteBranch", phase })];
}

function answering(phase: number, ids: readonly string[], commitSha: string | null): readonly Reaction[] {
  return ids.length === 0 ? [] : [now({ kind: "AnswerFeedback", phase, ids, commitSha })];
}

function runEnded(event: Extract<TaskEvent, { type: "RunEnded" }>, before: ExistingTask | null): readonly Reaction[] {
  switch (event.outcome.kind) {
    case "completed":
    case "nothing-to-do": {
      const attempt = before !== null && "run" in before ? (before.run?.attempt ?? 1) : 1;
      return [now({ kind: "VerifyPhase", phase: event.phase, attempt }), soon({ kind: "ShowStatus" })];
    }
    // The app ended it: the job may still be there. A runner that is gone makes this a no-op.
    case "cancelled":
    case "failed":
    case "lost": {
      const dispatched = before !== null && "run" in before ? (before.run?.dispatched ?? null) : null;
      return [
        ...(dispatched === null ? [] : [now({ kind: "CancelRun", workflowRunId: dispatched.workflowRunId })]),
        now({ kind: "ShowStatus" }),
      ];
    }
    case "rate-limited":
    case "budget-exhausted":
    case "waiting-question":
    case "waiting-dependency":
    case "provider-refused":
    case "slice-ended":
      return [now({ kind: "ShowStatus" })];
  }
}

function reopened(before: ExistingTask | null): readonly Reaction[] {
  const reason = before?.blockedBy;
  if (before === null || reason?.kind !== "gate-closed") return [];
  const phase = currentPhaseOf(before);
  const reopen = now({ kind: "ReopenGate", pullRequest: reason.pullRequest });
  const isReady = phase !== null && isReadyToShow(phase);
  // What was verified or accepted while the gate was closed could not be presented there.
  return isReady && (appIsAtWork(before) || before.status === "review")
    ? [reopen, now({ kind: "PresentGate", phase: phase.phase, ready: true })]
    : [reopen];
}

/** The newest: what was found, and where its changes are. */
function replyShown(state: ExistingTask, phase: number): readonly Reaction[] {
  const number = phaseOf(state, phase)?.conversation?.replies.at(-1)?.number ?? null;
  return number === null ? [] : [now({ kind: "ShowReply", phase, number })];
}

/** Their comments must not go on asking for what nobody waits for now. */
function openRequests(state: ExistingTask): readonly Reaction[] {
  const ids = [
    ...state.questions.flatMap(({ requestId, answer }) => (answer === null ? [requestId] : [])),
    ...state.dependencies.flatMap(({ requestId, state: now }) => (now === "open" ? [requestId] : [])),
  ];
  return [...new Set(ids)].map((requestId) => now({ kind: "ShowRequest", requestId }));
}

function openGates(state: ExistingTask): readonly Reaction[] {
  const ofPhases = state.phases.flatMap(({ gate, completed }) => (gate === null || completed !== null ? [] : [gate]));
  const gates = state.finalGate === null ? ofPhases : [...ofPhases, state.finalGate];
  return gates.map(({ pullRequest }) => now({ kind: "CloseGate", pullRequest }));
}

/** The last pull request names the issue that it closes; a task that ends with a skip, or had nothing left to merge, has none. */
function isClosedByMerge(state: ExistingTask): boolean {
  // GitHub closes issues by merges into the default branch alone.
  if (state.input.baseBranch !== null) return false;
  if (taskBranchOf(state) !== null) return state.finalGate !== null;
  return currentPhaseOf(state)?.completed?.skipped !== true;
}

/** The last phase that is merged says what follows, and nobody holds it up. */
function planDue(state: ExistingTask): readonly Reaction[] {
  const phase = planDueOf(state);
  const isHeld = isSettled(state) || state.blockedBy !== null;
  return phase === null || isHeld ? [] : [now({ kind: "ReadPlan", phase })];
}

/** The last phase is on the task's own branch. */
function finalGateDue(state: ExistingTask): readonly Reaction[] {
  return isAllDone(state) && !isSettled(state) && taskBranchOf(state) !== null ? [now({ kind: "OpenFinalGate" })] : [];
}

function phaseOf(state: ExistingTask, phase: number): PhaseProgress | null {
  return state.phases.find((candidate) => candidate.phase === phase) ?? null;
}

function gateOf(state: ExistingTask, phase: number): Gate | null {
  return phaseOf(state, phase)?.gate ?? null;
}

function now(effect: Effect): Reaction {
  return { effect, urgency: "now" };
}

function soon(effect: Effect): Reaction {
  return { effect, urgency: "soon" };
}
