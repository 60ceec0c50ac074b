import type { EventOf, TaskEvent } from "../events.ts";
import type { BlockReason, Outcome } from "../outcome.ts";
import { phrase, type Phrase } from "../phrase.ts";
import type { PlaybookOutline } from "../playbook.ts";
import type { ExistingTask } from "../state.ts";

const recentActionsMax = 5;

export function withRecentAction(
  state: ExistingTask,
  event: Exclude<TaskEvent, { type: "TaskCreated" }>,
): ExistingTask {
  const text = actionTextOf(event, state.playbook);
  if (text === null) return state;
  return { ...state, recentActions: [{ at: event.at, text }, ...state.recentActions].slice(0, recentActionsMax) };
}

/** A few words for the list of recent actions; null for what people need not hear of. */
function actionTextOf(event: Exclude<TaskEvent, { type: "TaskCreated" }>, playbook: PlaybookOutline): Phrase | null {
  switch (event.type) {
    case "TaskStarted":
      return phrase`started by ${event.by}`;
    case "PhaseStarted":
      return phrase`phase ${event.phase} started${titled(playbook, event.phase)}`;
    case "RunRequested":
      return null;
    case "RunDispatched":
      return phrase`run dispatched`;
    case "RunStarted":
      return phrase`run started`;
    case "StepCompleted":
      return phrase`step completed${titled(playbook, event.phase, event.step)}`;
    case "StepPublished":
      return null;
    case "ChangesetRefused":
      return phrase`changes refused${titled(playbook, event.phase, event.step)}`;
    case "GateOpened":
      return phrase`pull request #${event.pullRequest} opened`;
    case "RunEnded":
      return phrase`run ended: ${kindWords[event.outcome.kind]}`;
    case "PhaseVerified":
      return event.passed ? phrase`phase ${event.phase} verified` : phrase`phase ${event.phase} failed verification`;
    case "ReviewCreated":
      return phrase`phase ${event.phase} ready for review`;
    case "ReviewApproved":
      return phrase`approved by ${event.by}`;
    case "ChangesRequested":
      return phrase`changes requested by ${event.by}`;
    case "ReviewWithdrawn":
      return phrase`review by ${event.by} no longer counts`;
    case "PhaseApproved":
      return phrase`approved by ${event.by} with /approve`;
    case "CiReleased":
    case "FeedbackResolved":
    case "FeedbackReopened":
    case "FeedbackAnswered":
      return null;
    case "FeedbackGiven":
      return event.feedback.length === 1
        ? phrase`one point of feedback`
        : phrase`${event.feedback.length} points of feedback`;
    case "ReworkRequested":
      if (event.source === "ci") return phrase`rework of phase ${event.phase}: checks of the repository failed`;
      if (event.source === "ripple") return null;
      return event.source === "conflict"
        ? phrase`rework of phase ${event.phase}: it conflicts with its base`
        : phrase`rework of phase ${event.phase} asked for by ${event.by.join(", ")}`;
    case "RetryRequested":
      return phrase`retried by ${event.by}`;
    case "PhaseAccepted":
      return phrase`phase ${event.phase} accepted by ${event.by} with failed checks`;
    case "AccountIdentified":
    case "AnswersDelivered":
    case "AnswerWithdrawn":
      return null;
    case "QuestionsAsked":
      return event.questions.length === 1
        ? phrase`question ${event.questions[0]?.number ?? ""} asked`
        : phrase`${event.questions.length} questions asked`;
    case "QuestionAnswered":
      return phrase`question ${event.number} answered by ${event.by}`;
    case "DependencyRequested":
      return phrase`${event.dependency.name} asked for`;
    case "DependencyGranted":
      return event.by === null ? phrase`${event.name} noticed` : phrase`${event.name} provided by ${event.by}`;
    case "DependencySkipped":
      return phrase`${event.name} skipped by ${event.by}`;
    case "DependencyRefused":
      return phrase`${event.name} was tried and does not work`;
    case "ErrorReported":
      return phrase`error reported${titled(playbook, event.phase, event.step)}`;
    case "PrioritySet":
      return phrase`priority ${event.priority} set by ${event.by}`;
    case "BudgetSet":
      return event.phase === null
        ? phrase`the task may spend $${event.usd.toFixed(2)}, says ${event.by}`
        : phrase`phase ${event.phase} may spend $${event.usd.toFixed(2)}, says ${event.by}`;
    case "WorkReported":
    case "SecurityNoted":
    case "CiObserved":
    case "ConflictFound":
      return null;
    case "SettingsRead":
      return phrase`settings of the repository read`;
    case "DecisionVetoed":
      return phrase`decision ${event.number} vetoed by ${event.by}`;
    case "VetoWithdrawn":
      return phrase`veto of decision ${event.number} withdrawn by ${event.by}`;
    case "ApprovedItemsChanged":
      return null;
    case "PhasesPlanned":
      return event.phases.length === 1
        ? phrase`${event.phases.length} phase planned`
        : phrase`${event.phases.length} phases planned`;
    case "RippleFound":
      return event.changed.items.length === 0
        ? phrase`approved items read as before again`
        : phrase`${idsOf(event.changed)} changed after approval`;
    case "RippleSettled":
      return phrase`phase ${event.phase}: nothing had to change`;
    case "PhaseSkipped":
      return phrase`phase ${event.phase} skipped by ${event.by}`;
    case "TurnSaid":
      return phrase`${event.by} spoke`;
    case "TurnAnswered":
      return event.changed ? phrase`the agent replied, and changed files` : phrase`the agent replied`;
    case "ConversationClosed":
      return phrase`conversation ended by ${event.by}`;
    case "ConversationSettled":
      return phrase`nothing to merge`;
    case "RepositoryMoved":
      return phrase`the repository is ${event.repository.owner}/${event.repository.name} now`;
    case "PhaseCompleted":
      return phrase`phase ${event.phase} merged by ${event.by}`;
    case "FinalGateOpened":
      return phrase`final pull request #${event.pullRequest} opened`;
    case "FinalGateMerged":
      return phrase`final pull request merged by ${event.by}`;
    case "TaskPaused":
      return event.reason.kind === "conversation" ? null : phrase`paused: ${kindWords[event.reason.kind]}`;
    case "TaskResumed":
      return phrase`resumed by ${event.by}`;
    case "TaskCompleted":
      return phrase`task completed`;
    case "TaskFailed":
      return phrase`task failed`;
    case "TaskCancelled":
      return phrase`cancelled by ${event.by}`;
    case "TaskErased":
      return phrase`texts erased by ${event.by}`;
  }
}

function idsOf({ items }: EventOf<"RippleFound">["changed"]): string {
  return items.map(({ id }) => id).join(", ");
}

/** `: Planning`, or the step's title in its stead. A slug says less, but more than nothing. */
function titled(playbook: PlaybookOutline, phase: number, slug: string | null = null): string {
  const outline = playbook.phases.find((candidate) => candidate.number === phase);
  const title =
    slug === null ? outline?.title : (outline?.steps.find((candidate) => candidate.slug === slug)?.title ?? slug);
  return title === undefined ? "" : `: ${title}`;
}

/** How a run ended, and why a task waits. */
const kindWords: Readonly<Record<Outcome["kind"] | BlockReason["kind"], Phrase>> = {
  completed: phrase`completed`,
  "nothing-to-do": phrase`nothing to do`,
  "rate-limited": phrase`rate limited`,
  "budget-exhausted": phrase`budget exhausted`,
  "slice-ended": phrase`slice ended`,
  "waiting-question": phrase`waiting question`,
  "waiting-dependency": phrase`waiting dependency`,
  "provider-refused": phrase`provider refused`,
  failed: phrase`failed`,
  lost: phrase`lost`,
  cancelled: phrase`cancelled`,
  "no-workflow-file": phrase`no workflow file`,
  "actions-disabled": phrase`actions disabled`,
  "no-model-secret": phrase`no model secret`,
  "empty-repository": phrase`empty repository`,
  "app-unreachable": phrase`app unreachable`,
  "dispatch-refused": phrase`dispatch refused`,
  environment: phrase`environment`,
  "verification-failed": phrase`verification failed`,
  conversation: phrase`conversation`,
  "gate-closed": phrase`gate closed`,
  "gate-retargeted": phrase`gate retargeted`,
  "approval-needed": phrase`approval needed`,
  "settings-invalid": phrase`settings invalid`,
  "workflow-file-awaited": phrase`workflow file awaited`,
  "plan-invalid": phrase`plan invalid`,
  "no-progress": phrase`no progress`,
  runaway: phrase`runaway`,
  paused: phrase`paused`,
  "issue-closed": phrase`issue closed`,
  "repository-archived": phrase`repository archived`,
  "no-access": phrase`no access`,
  "effect-failed": phrase`effect failed`,
};
