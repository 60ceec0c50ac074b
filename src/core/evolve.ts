import type { TaskEvent } from "./events.ts";
import { approvedItemsChanged, phasesPlanned, rippleFound, rippleSettled } from "./evolve/added-phases.ts";
import { conversationClosed, conversationSettled, turnAnswered, turnSaid } from "./evolve/conversation.ts";
import { retryRequested } from "./evolve/counters.ts";
import { decisionVetoed, vetoWithdrawn, workReported } from "./evolve/decisions.ts";
import {
  answerWithdrawn,
  answersDelivered,
  dependencyGranted,
  dependencyRefused,
  dependencyRequested,
  dependencySkipped,
  errorReported,
  questionAnswered,
  questionsAsked,
} from "./evolve/dialogue.ts";
import { feedbackAnswered, feedbackGiven, feedbackResolvedOrReopened } from "./evolve/feedback.ts";
import {
  changesRequested,
  ciObserved,
  ciReleased,
  finalGateMerged,
  finalGateOpened,
  gateOpened,
  phaseApproved,
  reviewApproved,
  reviewCreated,
  reviewWithdrawn,
} from "./evolve/gate.ts";
import { phaseAccepted, phaseCompleted, phaseSkipped, phaseStarted } from "./evolve/phases.ts";
import { withRecentAction } from "./evolve/recent-actions.ts";
import { conflictFound, reworkRequested } from "./evolve/rework.ts";
import { runDispatched, runEnded, runRequested, runStarted } from "./evolve/runs.ts";
import { securityNoted } from "./evolve/security.ts";
import { changesetRefused, stepCompleted, stepPublished } from "./evolve/steps.ts";
import {
  accountIdentified,
  budgetSet,
  prioritySet,
  repositoryMoved,
  settingsRead,
  taskCancelled,
  taskCompleted,
  taskCreated,
  taskErased,
  taskFailed,
  taskPaused,
  taskResumed,
  taskStarted,
} from "./evolve/task.ts";
import { phaseVerified } from "./evolve/verification.ts";
import { invariant } from "./invariant.ts";
import { initialState, type ExistingTask, type TaskState } from "./state.ts";

export function stateFrom(events: Iterable<TaskEvent>, from: TaskState = initialState): TaskState {
  let state = from;
  for (const event of events) state = evolve(state, event);
  return state;
}

/** A task that exists with these events, too. */
export function after(state: ExistingTask, ...events: readonly TaskEvent[]): ExistingTask {
  const next = stateFrom(events, state);
  return next.status === "absent" ? state : next;
}

/** Folds one event. It judges nothing: what was accepted once is a fact. */
export function evolve(state: TaskState, event: TaskEvent): TaskState {
  if (event.type === "TaskCreated") {
    invariant(state.status === "absent", "a task is created once");
    return taskCreated(event);
  }
  invariant(state.status !== "absent", `${event.type} belongs to a task that exists`);
  return evolveExisting(withRecentAction(state, event), event);
}

function evolveExisting(state: ExistingTask, event: Exclude<TaskEvent, { type: "TaskCreated" }>): ExistingTask {
  switch (event.type) {
    case "TaskStarted":
      return taskStarted(state, event);
    case "PhaseStarted":
      return phaseStarted(state, event);
    case "RunRequested":
      return runRequested(state, event);
    case "RunDispatched":
      return runDispatched(state, event);
    case "RunStarted":
      return runStarted(state, event);
    case "StepCompleted":
      return stepCompleted(state, event);
    case "StepPublished":
      return stepPublished(state, event);
    case "ChangesetRefused":
      return changesetRefused(state, event);
    case "GateOpened":
      return gateOpened(state, event);
    case "RunEnded":
      return runEnded(state, event);
    case "PhaseVerified":
      return phaseVerified(state, event);
    case "WorkReported":
      return workReported(state, event);
    case "SecurityNoted":
      return securityNoted(state, event);
    case "SettingsRead":
      return settingsRead(state, event);
    case "DecisionVetoed":
      return decisionVetoed(state, event);
    case "VetoWithdrawn":
      return vetoWithdrawn(state, event);
    case "CiObserved":
      return ciObserved(state, event);
    case "ReviewCreated":
      return reviewCreated(state, event);
    case "ReviewApproved":
      return reviewApproved(state, event);
    case "PhaseApproved":
      return phaseApproved(state, event);
    case "ChangesRequested":
      return changesRequested(state, event);
    case "ReviewWithdrawn":
      return reviewWithdrawn(state, event);
    case "CiReleased":
      return ciReleased(state, event);
    case "FeedbackGiven":
      return feedbackGiven(state, event);
    case "FeedbackResolved":
    case "FeedbackReopened":
      return feedbackResolvedOrReopened(state, event);
    case "FeedbackAnswered":
      return feedbackAnswered(state, event);
    case "ReworkRequested":
      return reworkRequested(state, event);
    case "RetryRequested":
      return retryRequested(state, event);
    case "PhaseAccepted":
      return phaseAccepted(state, event);
    case "TurnSaid":
      return turnSaid(state, event);
    case "TurnAnswered":
      return turnAnswered(state, event);
    case "ConversationClosed":
      return conversationClosed(state, event);
    case "ConversationSettled":
      return conversationSettled(state, event);
    case "AccountIdentified":
      return accountIdentified(state, event);
    case "QuestionsAsked":
      return questionsAsked(state, event);
    case "QuestionAnswered":
      return questionAnswered(state, event);
    case "AnswersDelivered":
      return answersDelivered(state, event);
    case "AnswerWithdrawn":
      return answerWithdrawn(state, event);
    case "DependencyRequested":
      return dependencyRequested(state, event);
    case "DependencyGranted":
      return dependencyGranted(state, event);
    case "DependencySkipped":
      return dependencySkipped(state, event);
    case "DependencyRefused":
      return dependencyRefused(state, event);
    case "ErrorReported":
      return errorReported(state, event);
    case "PrioritySet":
      return prioritySet(state, event);
    case "BudgetSet":
      return budgetSet(state, event);
    case "RepositoryMoved":
      return repositoryMoved(state, event);
    case "PhaseCompleted":
      return phaseCompleted(state, event);
    case "PhaseSkipped":
      return phaseSkipped(state, event);
    case "ApprovedItemsChanged":
      return approvedItemsChanged(state, event);
    case "PhasesPlanned":
      return phasesPlanned(state, event);
    case "RippleFound":
      return rippleFound(state, event);
    case "RippleSettled":
      return rippleSettled(state, event);
    case "FinalGateOpened":
      return finalGateOpened(state, event);
    case "FinalGateMerged":
      return finalGateMerged(state);
    case "TaskPaused":
      return taskPaused(state, event);
    case "TaskResumed":
      return taskResumed(state);
    case "TaskCompleted":
      return taskCompleted(state, event);
    case "TaskFailed":
      return taskFailed(state, event);
    case "TaskCancelled":
      return taskCancelled(state, event);
    case "TaskErased":
      return taskErased(state, event);
    case "ConflictFound":
      return conflictFound(state, event);
  }
}
