import { branchOf, liveRunOf, taskBranchOf, type ExistingTask } from "../core/state.ts";
import { recordNameOf } from "../core/task-record.ts";
import { dispatchRun } from "./dispatch-run.ts";
import { endDay, endLimit } from "./end-limit.ts";
import { compareItems, notifyRipple, notifySettled } from "./find-ripple.ts";
import { handleCommand, type Asked } from "./handle-command.ts";
import { mergeGate, notifyUnverified } from "./merge-gate.ts";
import { notifyBlocked } from "./notify-blocked.ts";
import { keyOf } from "./people.ts";
import type { Performing } from "./performing.ts";
import type { ClaimedEffect } from "./ports/queues.ts";
import { postSummary } from "./post-summary.ts";
import { publishStep } from "./publish-step.ts";
import { readPlanned } from "./read-planned.ts";
import { readTask } from "./read-task.ts";
import { openFinalGate, openGate, presentGate, releaseCi, reopenGate, showCheck } from "./show-gate.ts";
import { notifyRefused, remindQuestions, showReply, showRequest } from "./show-request.ts";
import { answerFeedback, readReviews, requestReview, startRework } from "./take-up-reviews.ts";
import { askVetoReason, startVetoRework } from "./take-up-vetoes.ts";
import { keepRecord } from "./task-record.ts";
import { viewOf } from "./task-view.ts";
import { verifyPhase } from "./verify-phase.ts";
import { lookAtBase } from "./watch-base.ts";
import { notifyCi, readCi, startCiRework } from "./watch-ci.ts";

/**
 * Does one effect and marks it, together with what it led to, in one transaction.
 * Each asks the state first whether it is still wanted: what was right when it was queued may be moot by now.
 */
export async function performEffect(performing: Performing, claimed: ClaimedEffect): Promise<void> {
  const { store } = performing;
  const state = await readTask(store, claimed.taskId);
  const asked = state.status === "absent" ? null : await perform(performing, state, claimed);
  if (asked === null) await store.markEffectDone(claimed.key);
  else {
    const handled = await handleCommand(performing, claimed.taskId, asked, { effectKey: claimed.key });
    // The task has gone another way meanwhile: what was done leads to nothing.
    if (handled.kind === "refused") await store.markEffectDone(claimed.key);
  }
}

async function perform(performing: Performing, state: ExistingTask, claimed: ClaimedEffect): Promise<Asked | null> {
  const { effect } = claimed;
  switch (effect.kind) {
    case "DispatchRun":
      return dispatchRun(performing, state, effect);
    case "CancelRun":
      await performing.github.cancelRun(state.repository, effect.workflowRunId);
      return null;
    case "PublishStep":
      return publishStep(performing, state, effect);
    case "OpenGate":
      return openGate(performing, state, effect.phase);
    case "VerifyPhase":
      return verifyPhase(performing, state, effect);
    case "PresentGate":
      return presentGate(performing, state, effect);
    case "ReleaseCi":
      return releaseCi(performing, state, effect.phase);
    case "ReadReviews":
      return readReviews(performing, state, effect.phase);
    case "StartRework":
      return startRework(performing, state, effect);
    case "AnswerFeedback":
      return answerFeedback(performing, state, effect, keyOf(claimed.key));
    case "RequestReview":
      return requestReview(performing, state, effect);
    case "DeleteBranch":
      await performing.github.deleteBranch(state.repository, branchOf(state, effect.phase));
      return null;
    case "ShowRequest":
      return showRequest(performing, state, effect.requestId);
    case "ShowReply":
      return showReply(performing, state, effect);
    case "NotifyRefused":
      return notifyRefused(performing, state, effect.name, keyOf(claimed.key));
    case "RemindQuestions":
      return remindQuestions(performing, state, effect.requestId, keyOf(claimed.key));
    case "EndLimit":
      return endLimit(performing, state, effect.pausedAt, claimed.putOffs);
    case "EndDay":
      return endDay(performing, state, effect.pausedAt);
    case "DropCheckpoint":
      // What a run left since is another one.
      if (liveRunOf(state)?.started === true) return null;
      await performing.store.dropCheckpoint(state.taskId);
      return null;
    case "DeleteTaskBranch": {
      const branch = taskBranchOf(state);
      if (branch !== null) await performing.github.deleteBranch(state.repository, branch);
      return null;
    }
    case "ReadPlan":
      return readPlanned(performing, state, effect.phase);
    case "CompareItems":
      return compareItems(performing, state);
    case "NotifyRipple":
      return notifyRipple(performing, state, effect.sha, keyOf(claimed.key));
    case "NotifySettled":
      return notifySettled(performing, state, effect.phase, keyOf(claimed.key));
    case "OpenFinalGate":
      return openFinalGate(performing, state);
    case "EraseTask":
      await performing.store.eraseTask(state.taskId);
      return null;
    case "KeepRecord":
      await keepRecord(performing, state);
      return null;
    case "DropRecord":
      await performing.github.dropRecord(state.repository, recordNameOf(state));
      return null;
    case "ReopenGate":
      return reopenGate(performing, state, effect.pullRequest);
    case "CloseIssue":
      await performing.github.closeIssue(state.repository, state.issue.number);
      return null;
    case "CloseGate":
      await performing.github.closeGate(state.repository, effect.pullRequest);
      return null;
    case "ShowCheck":
      return showCheck(performing, state, effect.phase);
    case "ReadCi":
      return readCi(performing, state, effect, claimed.putOffs);
    case "StartCiRework":
      return startCiRework(performing, state, effect);
    case "NotifyCi":
      return notifyCi(performing, state, effect);
    case "StartVetoRework":
      return startVetoRework(performing, state, effect);
    case "AskVetoReason":
      return askVetoReason(performing, state, effect, keyOf(claimed.key));
    case "MergeGate":
      return mergeGate(performing, state, effect, claimed.putOffs);
    case "NotifyUnverified":
      return notifyUnverified(performing, state, effect);
    case "LookAtBase":
      return lookAtBase(performing, state, effect, claimed.putOffs);
    case "PostSummary":
      return postSummary(performing, state);
    case "ShowStatus":
      await performing.github.showStatus(state.repository, await viewOf(performing, state));
      return null;
    case "NotifyBlocked":
      return notifyBlocked(performing, state, effect.reason, claimed.key);
  }
}
