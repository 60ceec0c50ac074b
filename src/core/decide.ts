import type { TaskCommand } from "./commands.ts";
import { recordPlan, recordRipple, settleRipple } from "./decide/added-phases.ts";
import { acceptPhase, approvePhase } from "./decide/approval.ts";
import { openSession, recordDispatch } from "./decide/begin-run.ts";
import { setBudget } from "./decide/budget.ts";
import { endConversation, sayTurn } from "./decide/conversation.ts";
import { refused, type Decision } from "./decide/decision.ts";
import {
  answerQuestions,
  askQuestions,
  provideDependency,
  recordNames,
  refuseValue,
  reportError,
  requestDependency,
  skipDependency,
  withdrawAnswer,
} from "./decide/dialogue.ts";
import { endRun, withReport } from "./decide/end-run.ts";
import { abandonTask, cancelTask, deleteTask } from "./decide/end-task.ts";
import { recordCi, recordCiReleased, recordGateOpened, recordGateReady } from "./decide/gate.ts";
import { liftBlock, resumeTask, retryTask } from "./decide/go-on.ts";
import { recordFinalGate, recordGateClosed, recordMerge, recordRetarget } from "./decide/merge.ts";
import { pauseTask, suspendTask } from "./decide/pause.ts";
import { skipPhase } from "./decide/phases.ts";
import { defaultPolicy, type Policy } from "./decide/policy.ts";
import { recordResolved, recordReviews } from "./decide/reviews.ts";
import { recordConflict, requestRework } from "./decide/rework.ts";
import { noteSecurity, withSecurity } from "./decide/security.ts";
import { createTask, runTask } from "./decide/start-task.ts";
import { completeStep, recordPublished, refuseChangeset } from "./decide/steps.ts";
import { moveRepository, recordSettings, setPriority } from "./decide/task-facts.ts";
import { recordVerification } from "./decide/verification.ts";
import { vetoDecision, withdrawVeto } from "./decide/vetoes.ts";
import type { TaskState } from "./state.ts";

export type { Decision, Refusal } from "./decide/decision.ts";
export { defaultPolicy, type Policy } from "./decide/policy.ts";

/** The only place where rules live. A repeated input is accepted with no events. */
export function decide(command: TaskCommand, state: TaskState, policy: Policy = defaultPolicy): Decision {
  if (command.type === "CreateTask") return createTask(command, state);
  if (state.status === "absent") return refused({ code: "no-such-task" });
  switch (command.type) {
    case "RunTask":
      return runTask(command, state);
    case "ResumeTask":
      return resumeTask(command, state);
    case "LiftBlock":
      return liftBlock(command, state);
    case "SuspendTask":
      return suspendTask(command, state);
    case "RetryTask":
      return retryTask(command, state);
    case "CancelTask":
      return cancelTask(command, state);
    case "AbandonTask":
      return abandonTask(command, state);
    case "DeleteTask":
      return deleteTask(command, state);
    case "ApprovePhase":
      return approvePhase(command, state);
    case "AcceptPhase":
      return acceptPhase(command, state);
    case "RequestRework":
      return requestRework(command, state, policy);
    case "VetoDecision":
      return vetoDecision(command, state);
    case "WithdrawVeto":
      return withdrawVeto(command, state);
    case "SkipPhase":
      return skipPhase(command, state);
    case "RecordPlan":
      return recordPlan(command, state);
    case "RecordRipple":
      return recordRipple(command, state);
    case "SettleRipple":
      return settleRipple(command, state);
    case "RecordSettings":
      return recordSettings(command, state);
    case "RecordCi":
      return recordCi(command, state);
    case "MoveRepository":
      return moveRepository(command, state);
    case "RecordDispatch":
      return recordDispatch(command, state);
    case "PauseTask":
      return pauseTask(command, state);
    case "OpenSession":
      return openSession(command, state);
    case "CompleteStep":
      return withSecurity(command, state, completeStep(command, state));
    case "RecordPublished":
      return recordPublished(command, state);
    case "RefuseChangeset":
      return refuseChangeset(command, state, policy);
    case "RecordGateOpened":
      return recordGateOpened(command, state);
    case "AskQuestions":
      return askQuestions(command, state);
    case "AnswerQuestions":
      return answerQuestions(command, state);
    case "WithdrawAnswer":
      return withdrawAnswer(command, state);
    case "RequestDependency":
      return requestDependency(command, state);
    case "ProvideDependency":
      return provideDependency(command, state);
    case "SkipDependency":
      return skipDependency(command, state);
    case "RecordNames":
      return recordNames(command, state);
    case "RefuseValue":
      return refuseValue(command, state);
    case "ReportError":
      return reportError(command, state);
    case "SayTurn":
      return sayTurn(command, state);
    case "EndConversation":
      return endConversation(command, state);
    case "SetBudget":
      return setBudget(command, state);
    case "SetPriority":
      return setPriority(command, state);
    case "NoteSecurity":
      return noteSecurity(command, state);
    case "EndRun":
      return withSecurity(command, state, withReport(command, state, endRun(command, state, policy)));
    case "RecordVerification":
      return recordVerification(command, state, policy);
    case "RecordGateReady":
      return recordGateReady(command, state);
    case "RecordReviews":
      return recordReviews(command, state);
    case "RecordResolved":
      return recordResolved(command, state);
    case "RecordCiReleased":
      return recordCiReleased(command, state);
    case "RecordRetarget":
      return recordRetarget(command, state);
    case "RecordMerge":
      return recordMerge(command, state);
    case "RecordFinalGate":
      return recordFinalGate(command, state);
    case "RecordGateClosed":
      return recordGateClosed(command, state);
    case "RecordConflict":
      return recordConflict(command, state, policy);
  }
}
