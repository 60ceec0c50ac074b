import { isDeepStrictEqual } from "node:util";
import type { BlockReason } from "../core/outcome.ts";
import { withPathsOfPhase, type Phase } from "../core/playbook.ts";
import type { Effect } from "../core/react.ts";
import type { Finding, Tree } from "../core/report.ts";
import type { ItemsChanged } from "../core/ripple.ts";
import {
  appIsAtWork,
  branchOf,
  currentPhaseOf,
  grantsOf,
  isReadyToShow,
  isSettled,
  liveRunOf,
  openQuestionsOf,
  outlineOfPhase,
  taskBranchOf,
  type ExistingTask,
} from "../core/state.ts";
import { recordNameOf } from "../core/task-record.ts";
import { hasValue } from "../core/dialogue.ts";
import { baseOf, targetNameOf } from "./base-branch.ts";
import {
  accountOf,
  budgetLeft,
  heldUsdMin,
  limitedTasks,
  limitEndOf,
  limitInTheWay,
  pausedSince,
  type Budgeting,
} from "./budget.ts";
import { readStoredChangeset } from "./changeset.ts";
import { changesBetween, compareItems, notifyRipple, notifySettled } from "./find-ripple.ts";
import { itemOfWords, readGateSaid, saveWords, wordsOfReview } from "./gate-feedback.ts";
import { handleCommand, type Asked, type CommandHandling } from "./handle-command.ts";
import { awaitedWorkflow, ownChanges } from "./own-changes.ts";
import { definedIn, phaseDefinition, playbookOf } from "./phase-definition.ts";
import { readPlanned } from "./read-planned.ts";
import type { Playbooks } from "./ports/configuration.ts";
import { DispatchRefused, type GitHub, type Preflight } from "./ports/github.ts";
import type { AnswerShown, RequestShown } from "./ports/notices.ts";
import type { ClaimedEffect } from "./ports/queues.ts";
import { RetryLater } from "./ports/retry-later.ts";
import type { Verifier } from "./ports/verifier.ts";
import { keyOf } from "./people.ts";
import { readTask } from "./read-task.ts";
import type { Seal } from "./seal.ts";
import { keepRecord } from "./task-record.ts";
import { forecastsOf, viewOf } from "./task-view.ts";
import { askVetoReason, startVetoRework, wordsOfVetoes } from "./take-up-vetoes.ts";
import { lookAtBase } from "./watch-base.ts";
import { isCiLater, notifyCi, readCi, startCiRework } from "./watch-ci.ts";
import { mergeGate, notifyUnverified } from "./merge-gate.ts";

const nothingChanged: Finding = {
  check: "outputs-exist",
  step: null,
  path: null,
  line: null,
  message:
    "the run ended without a single change in the repository; write the files that the steps of this phase ask for",
};

/** With less a run could not pay for its first question. */
const runUsdMin = 0.01;

const heldMs = 60_000;

export interface Performing extends CommandHandling, Pick<Budgeting, "dayBudgetUsd"> {
  readonly github: GitHub;
  readonly appSeal: Seal;
  readonly verifier: Verifier;
  readonly playbooks: Playbooks;
  readonly model: string;
  /** Strips what a person could not see from the text that the agent will get. */
  readonly freeze: (raw: string) => { readonly text: string; readonly hiddenRemoved: number };
}

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
    case "ReleaseCi": {
      if (isSettled(state) || gateOf(state, effect.phase) === null) return null;
      const headSha = await performing.github.releaseCi(state.repository, {
        view: await viewOf(performing, state),
        phase: effect.phase,
        branch: branchOf(state, effect.phase),
      });
      return headSha === null ? null : { type: "RecordCiReleased", phase: effect.phase, headSha };
    }
    case "ReadReviews": {
      const phase = state.phases.find((candidate) => candidate.phase === effect.phase);
      const pullRequest = phase?.gate?.pullRequest ?? null;
      if (isSettled(state) || phase === undefined || phase.completed !== null || pullRequest === null) return null;
      const said = await readGateSaid(performing, state, phase, pullRequest);
      return said?.asked ?? null;
    }
    case "StartRework":
      return startRework(performing, state, effect);
    case "AnswerFeedback":
      return answerFeedback(performing, state, effect, keyOf(claimed.key));
    case "RequestReview": {
      const gate = gateOf(state, effect.phase);
      if (isSettled(state) || gate === null) return null;
      await performing.github.requestReview(state.repository, gate.pullRequest, effect.from);
      return null;
    }
    case "DeleteBranch":
      await performing.github.deleteBranch(state.repository, branchOf(state, effect.phase));
      return null;
    case "ShowRequest":
      return showRequest(performing, state, effect.requestId);
    case "ShowReply":
      return showReply(performing, state, effect);
    case "NotifyRefused": {
      const dependency = state.dependencies.find(({ name }) => name === effect.name);
      // Skipped, or another value is there already.
      if (isSettled(state) || dependency?.state !== "open" || dependency.refused === null) return null;
      const notice = { kind: "value-refused", dependency } as const;
      await performing.github.notify(state.repository, state.issue.number, keyOf(claimed.key), notice, state);
      return null;
    }
    case "RemindQuestions":
      return remindQuestions(performing, state, effect.requestId, keyOf(claimed.key));
    case "EndLimit":
      return endLimit(performing, state, effect.pausedAt, claimed.putOffs);
    case "EndDay": {
      const reason = state.blockedBy;
      if (reason?.kind !== "budget-exhausted" || reason.scope !== "day") return null;
      if (effect.pausedAt !== (await pausedSince(performing.store, state))) return null;
      return { type: "LiftBlock", kinds: ["budget-exhausted"], by: "the new day" };
    }
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
      // Cancelled or closed once more since: what somebody wants now goes before what somebody wanted then.
      if (isSettled(state) || state.blockedBy?.kind === "gate-closed") return null;
      await performing.github.reopenGate(state.repository, effect.pullRequest);
      return null;
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
      // Its words are gone.
      if (state.erasedBy !== null) return null;
      await performing.github.notify(
        state.repository,
        state.issue.number,
        keyOf(`summary:${state.taskId}`),
        {
          kind: "summary",
          task: state,
        },
        state,
      );
      return null;
    case "ShowStatus":
      await performing.github.showStatus(state.repository, await viewOf(performing, state));
      return null;
    case "NotifyBlocked":
      // A person was faster, or another reason took its place and has its own notice.
      if (isSettled(state) || state.blockedBy?.kind !== effect.reason.kind) return null;
      await performing.github.notify(
        state.repository,
        state.issue.number,
        keyOfBlock(state, effect.reason, claimed),
        {
          kind: "blocked",
          reason: effect.reason,
          task: state,
          forecast: (await forecastsOf(performing, state)).get(currentPhaseOf(state)?.phase ?? 0),
          awaited: await fileAwaited(performing, state, effect.reason),
        },
        state,
      );
      return null;
  }
}

async function fileAwaited(
  performing: Performing,
  task: ExistingTask,
  { kind }: BlockReason,
): Promise<{ readonly path: string; readonly text: string } | undefined> {
  const phase = kind === "workflow-file-awaited" ? currentPhaseOf(task) : null;
  const awaited = phase === null ? null : await awaitedWorkflow(performing, task, phase.phase);
  return awaited === null ? undefined : { path: awaited.path, text: awaited.text };
}

/** Whose account is at fault is asked once: a comment for each try would be noise, and the status comment says it all the same. */
function keyOfBlock({ taskId, account }: ExistingTask, reason: BlockReason, { key }: ClaimedEffect): string {
  return keyOf(reason.kind === "provider-refused" ? `refused:${taskId}:${account ?? ""}:${reason.why}` : key);
}

/** The one comment of a request, as things stand now. */
async function showRequest({ github }: Performing, task: ExistingTask, requestId: string): Promise<null> {
  // Its words are gone.
  if (task.erasedBy !== null) return null;
  const request = await requestShown(github, task, requestId);
  if (request !== null) await github.showRequest(task.repository, { task, key: requestId, request });
  return null;
}

/** The one comment of a reply, with what is known by now of its changes. */
async function showReply(
  { github, store }: Performing,
  task: ExistingTask,
  { phase, number }: Extract<Effect, { kind: "ShowReply" }>,
): Promise<null> {
  const progress = task.phases.find((candidate) => candidate.phase === phase);
  const reply = progress?.conversation?.replies.find((each) => each.number === number);
  // Its words are gone, or were never said.
  if (task.erasedBy !== null || reply === undefined) return null;
  const text = reply.textHash === "" ? "" : ((await store.readText(reply.textHash)) ?? "");
  const key = `${task.taskId}/${phase}/reply-${number}`;
  await github.showRequest(task.repository, { task, key, request: { kind: "reply", reply, phase, text } });
  return null;
}

async function requestShown(github: GitHub, task: ExistingTask, requestId: string): Promise<RequestShown | null> {
  const questions = task.questions.filter((question) => question.requestId === requestId);
  if (questions.length > 0) return { kind: "questions", questions };
  const error = task.errors.find((each) => each.requestId === requestId);
  if (error !== undefined) return { kind: "error", error };
  const dependency = task.dependencies.find((each) => each.requestId === requestId);
  if (dependency === undefined) return null;
  const isAwaited = hasValue(dependency.type) && dependency.state === "open";
  const isNoticed = isAwaited && !isSettled(task) && (await github.listNames(task.repository)) !== null;
  return { kind: "dependency", dependency, isNoticed };
}

/** Whoever has answered meanwhile is not reminded. */
async function remindQuestions(
  { github }: Performing,
  task: ExistingTask,
  requestId: string,
  key: string,
): Promise<null> {
  if (isSettled(task) || task.blockedBy?.kind !== "waiting-question") return null;
  const questions = openQuestionsOf(task).filter((question) => question.requestId === requestId);
  if (questions.length > 0) {
    await github.notify(task.repository, task.issue.number, key, { kind: "question-reminder", questions }, task);
  }
  return null;
}

/** Between two tasks that go on when a limit ends. */
const afterEachOtherMs = 10_000;

/** The oldest task of the account goes first; the others follow one after the other. */
async function endLimit(
  { store, clock }: Performing,
  task: ExistingTask,
  pausedAt: string,
  putOffs: number,
): Promise<Asked | null> {
  if (isSettled(task) || task.blockedBy?.kind !== "rate-limited") return null;
  if (pausedAt !== (await pausedSince(store, task))) return null;
  const now = clock.now().getTime();
  const limit = await limitInTheWay({ store, clock }, task);
  // Another run has met it anew.
  if (limit !== null) {
    throw new RetryLater("the limit of the model account goes on", Date.parse(limit.endsAt) - now);
  }
  const account = await accountOf(store, task);
  let older = 0;
  for (const other of account === null ? [] : await limitedTasks(store, account)) {
    if (other.taskId === task.taskId) break;
    // One that has longer to wait is not waited for.
    const endsAt = await limitEndOf({ store, clock }, other);
    if (endsAt !== null && Date.parse(endsAt) <= now) older += 1;
  }
  // Once: an older one that does not go on must not keep the others.
  if (older > 0 && putOffs === 0) {
    throw new RetryLater("an older task under the same model account goes first", older * afterEachOtherMs);
  }
  return { type: "LiftBlock", kinds: ["rate-limited"], by: "the end of the limit" };
}

/** One attempt with all that is open, once the reviewers have been silent for a while. */
async function startRework(
  performing: Performing,
  state: ExistingTask,
  effect: Extract<Effect, { kind: "StartRework" }>,
): Promise<Asked | null> {
  // Somebody asked again since (that wish has its own effect), or the gate does not wait for people now.
  if (state.status !== "review" || state.blockedBy !== null) return null;
  const gate = gateOf(state, effect.phase);
  if (currentPhaseOf(state)?.phase !== effect.phase || gate?.requestedAt !== effect.requestedAt) return null;
  const phase = currentPhaseOf(state);
  const said = phase === null ? null : await readGateSaid(performing, state, phase, gate.pullRequest);
  if (said === null) return null;
  // Dismissed, approved or out of date by now: the review counts as it stands at this moment.
  const handled = await handleCommand(performing, state.taskId, said.asked);
  if (handled.state.status !== "review") return null;
  const current = currentPhaseOf(handled.state);
  const requestedBy = current?.gate?.requestedBy ?? [];
  if (current === null || requestedBy.length === 0 || current.gate?.requestedAt !== effect.requestedAt) return null;
  const words = [
    ...wordsOfReview(said, current, requestedBy[0] ?? "reviewer"),
    ...(await wordsOfVetoes(performing, state, current)),
  ];
  // All that stand, whoever is behind them: a wish that a push made void must not count again later.
  const asking = said.asked.reviews.filter(({ verdict }) => verdict !== "approved");
  return {
    type: "RequestRework",
    by: requestedBy,
    mayWrite: true,
    source: "review",
    feedback: words.map(itemOfWords),
    reviewIds: asking.map(({ reviewId }) => reviewId),
    textHash: await saveWords(performing.store, state.taskId, words),
  };
}

/** Answers each thread where it stands, and all other feedback in one comment on the gate. */
async function answerFeedback(
  { github, store }: Performing,
  state: ExistingTask,
  { phase: number, ids, commitSha }: Extract<Effect, { kind: "AnswerFeedback" }>,
  key: string,
): Promise<Asked | null> {
  const phase = state.phases.find((candidate) => candidate.phase === number);
  const gate = phase?.gate ?? null;
  if (phase === undefined || gate === null || state.erasedBy !== null) return null;
  const elsewhere: (AnswerShown & { by: string; id: string })[] = [];
  const resolved: string[] = [];
  for (const item of phase.feedback.filter(({ id }) => ids.includes(id))) {
    const text = item.answer === null ? "" : ((await store.readText(item.answer.textHash)) ?? "");
    const answer: AnswerShown = {
      kind: item.answer?.kind ?? "none",
      text,
      commitSha: item.answer?.changed === true ? commitSha : null,
    };
    const resolve = answer.kind === "fixed" && answer.commitSha !== null;
    const threadId = item.id.startsWith("thread:") ? item.id.slice("thread:".length) : null;
    if (threadId === null) elsewhere.push({ ...answer, by: item.by, id: item.id });
    else {
      const replyKey = keyOf(`${key}:${item.id}`);
      const where = { pullRequest: gate.pullRequest, threadId, key: replyKey };
      await github.answerThread(state.repository, { ...where, answer, resolve, spoken: state });
    }
    if (resolve) resolved.push(item.id);
  }
  if (elsewhere.length > 0) {
    await github.notify(
      state.repository,
      gate.pullRequest,
      key,
      { kind: "feedback-answered", answers: elsewhere },
      state,
    );
  }
  return resolved.length === 0 ? null : { type: "RecordResolved", phase: number, ids: resolved };
}

async function dispatchRun(
  performing: Performing,
  state: ExistingTask,
  effect: Extract<Effect, { kind: "DispatchRun" }>,
): Promise<Asked | null> {
  const run = liveRunOf(state);
  if (run?.runId !== effect.runId || run.dispatched !== null) return null;
  const { github } = performing;
  const limit = await limitInTheWay(performing, state);
  if (limit !== null) {
    const { resetsAt, message } = limit;
    return { type: "PauseTask", reason: { kind: "rate-limited", resetsAt, message } };
  }
  const { leftUsd, isHeld, ...budget } = await budgetLeft(performing, await asOfNow(performing, state), "dispatched");
  // It is not spent: whoever has it may leave some of it.
  if (leftUsd < heldUsdMin && isHeld) {
    throw new RetryLater("other runs of the model account may still spend what is left of its day", heldMs);
  }
  if (leftUsd < runUsdMin) return { type: "PauseTask", reason: { kind: "budget-exhausted", ...budget } };
  const preflight = await github.preflight(state.repository);
  if (preflight.fault !== null) return { type: "PauseTask", reason: preflight.fault };
  await noteSettings(performing, state, preflight);
  const awaited = await awaitedWorkflow(performing, state, effect.phase);
  if (awaited !== null) {
    const { path, branch } = awaited;
    return { type: "PauseTask", reason: { kind: "workflow-file-awaited", path, branch } };
  }
  try {
    const dispatched = await github.dispatchRun(state.repository, {
      runId: effect.runId,
      taskId: state.taskId,
      phase: phaseLabel(state, effect.phase),
      ref: preflight.defaultBranch,
      grants: grantsOf(state).map(({ slot, dependency }) => ({ slot, name: dependency.name })),
    });
    return {
      type: "RecordDispatch",
      runId: effect.runId,
      workflowRunId: dispatched.workflowRunId,
      url: dispatched.url,
    };
  } catch (error) {
    if (error instanceof DispatchRefused) {
      return { type: "PauseTask", reason: { kind: "dispatch-refused", message: error.message } };
    }
    throw error;
  }
}

/** Whoever raises the day's budget in the repository's file wants to go on: what was read at the last dispatch would hold the task. */
async function asOfNow({ github }: Performing, state: ExistingTask): Promise<ExistingTask> {
  if (state.settings.limits.dayBudgetUsd === null) return state;
  const { settings, faults } = await github.readSettings(state.repository);
  return faults.length > 0 ? state : { ...state, settings };
}

/** What the repository's people set counts for the task from now on. */
async function noteSettings(
  performing: Performing,
  { taskId, settings: known }: ExistingTask,
  { settings, fault }: Preflight,
): Promise<void> {
  if (fault?.kind === "settings-invalid" || isDeepStrictEqual(settings, known)) return;
  await handleCommand(performing, taskId, { type: "RecordSettings", settings });
}

async function publishStep(
  performing: Performing,
  state: ExistingTask,
  effect: Extract<Effect, { kind: "PublishStep" }>,
): Promise<Asked | null> {
  const { store, github, verifier } = performing;
  const phase = state.phases.find((candidate) => candidate.phase === effect.phase);
  const step = phase?.steps.find((candidate) => candidate.slug === effect.step);
  if (isSettled(state) || phase === undefined || phase.completed !== null) return null;
  if (step?.changesetId !== effect.changesetId || step.commitSha !== null) return null;
  const playbook = await playbookOf(performing, state);
  const definition = definedIn(playbook, state, effect.phase);
  const stored = await store.readChangeset(effect.changesetId);
  if (stored === null) return publishedBefore(performing, state, effect);
  const changes = readStoredChangeset(stored, effect.changesetId);
  const { merging } = phase;
  const allowed = merging === null ? definition : withPathsOfPhase(definition);
  const findings = await verifier.changesetFindings(changes, allowed, effect.step);
  const { step: slug, changesetId } = effect;
  const refusal = { type: "RefuseChangeset", phase: effect.phase, step: slug, changesetId } as const;
  if (findings.length > 0) return { ...refusal, findings };
  const { name, headSha: baseSha } = await baseOf(performing, state);
  const branch = branchOf(state, effect.phase);
  // A merge holds what both sides say and nothing else; the next commit catches up.
  const own =
    merging === null
      ? await ownChanges(performing, state, { playbook, phase: definition, changes, branch, baseSha })
      : [];
  const published = await github.publish(state.repository, {
    branch,
    defaultBranch: name,
    changesetId,
    message: commitSubject(definition, slug, state),
    taskId: state.taskId,
    changes: [...changes, ...own],
    mergedSha: merging?.baseSha ?? null,
  });
  if ("replaced" in published) return { ...refusal, findings: refusedPaths(published.replaced, slug, replacedMessage) };
  if ("unmerged" in published) return { ...refusal, findings: refusedPaths(published.unmerged, slug, unmergedMessage) };
  const { commitSha } = published;
  return { type: "RecordPublished", phase: effect.phase, step: slug, changesetId, commitSha };
}

/** Its changes were lost with a database: either they have become a commit, or they are to be made again. */
async function publishedBefore(
  { github }: Performing,
  state: ExistingTask,
  { phase, step, changesetId }: Extract<Effect, { kind: "PublishStep" }>,
): Promise<Asked> {
  const which = { phase, step, changesetId } as const;
  const commitSha = await github.findPublished(state.repository, branchOf(state, phase), changesetId);
  if (commitSha !== null) return { type: "RecordPublished", ...which, commitSha };
  return { type: "RefuseChangeset", ...which, findings: [{ ...changesLost, step }] };
}

const changesLost: Finding = {
  check: "outputs-exist",
  step: null,
  path: null,
  line: null,
  message: "what this step changed was lost before it was published; make it again",
};

/** One is enough to refuse; people are shown some more. */
const pathsShownMax = 20;

/** Files that would vanish, since a written one takes their place. */
const replacedMessage =
  "a changed file would take this file's place without deleting it: choose another name, or delete this file first.";
/** Somebody pushed to the branch what the run could not see: another attempt has it before it. */
const unmergedMessage =
  "the branch and its base both changed this file, and the merge says nothing of it: make one text of both sides.";

function refusedPaths(paths: readonly string[], step: string, message: string): readonly Finding[] {
  return paths
    .slice(0, pathsShownMax)
    .map((path) => ({ check: "paths-allowed", step, path: path.slice(0, 200), line: null, message }));
}

/** Brings the task's own branch in where its work is to end. */
async function openFinalGate(performing: Performing, state: ExistingTask): Promise<Asked | null> {
  const branch = taskBranchOf(state);
  if (isSettled(state) || branch === null || state.finalGate !== null) return null;
  const base = await targetNameOf(performing, state);
  const view = await viewOf(performing, state);
  return {
    type: "RecordFinalGate",
    gate: await performing.github.openFinalGate(state.repository, { branch, base, view }),
  };
}

async function openGate(performing: Performing, state: ExistingTask, phase: number): Promise<Asked | null> {
  const { github } = performing;
  const progress = state.phases.find((candidate) => candidate.phase === phase);
  if (isSettled(state) || progress === undefined || progress.gate !== null || progress.completed !== null) return null;
  const branch = branchOf(state, phase);
  const base = await baseOf(performing, state);
  const head = await github.headOf(state.repository, branch);
  // A step without changes has nothing to show yet; the next one opens the gate.
  if (head === null || head === base.headSha) return null;
  const opened = await github.openGate(state.repository, {
    branch,
    base: base.name,
    view: await viewOf(performing, state),
    phase,
  });
  return { type: "RecordGateOpened", phase, ...opened };
}

async function verifyPhase(
  performing: Performing,
  state: ExistingTask,
  effect: Extract<Effect, { kind: "VerifyPhase" }>,
): Promise<Asked | null> {
  const { github, verifier } = performing;
  if (state.status !== "in_progress" || state.run !== null) return null;
  if (currentPhaseOf(state)?.phase !== effect.phase) return null;
  const head = await github.headOf(state.repository, branchOf(state, effect.phase));
  // A run of one step may end before the gate's own turn has come.
  const gate = gateOf(state, effect.phase) ?? (await openGate(performing, state, effect.phase));
  const conversation = currentPhaseOf(state)?.conversation ?? null;
  // People may talk, and change nothing.
  if (conversation !== null && (head === null || gate === null)) {
    const { headSha } = await baseOf(performing, state);
    const nothing = { passed: true, checks: [], findings: [], notes: [] } as const;
    return {
      type: "RecordVerification",
      phase: effect.phase,
      attempt: effect.attempt,
      headSha: head ?? headSha,
      ...nothing,
    };
  }
  // All of it may hold as it is, where the agent has said so of each part.
  if (gate === null && isRippleAnswered(state, effect.phase)) return { type: "SettleRipple", phase: effect.phase };
  if (head === null || gate === null) {
    // Nothing that a person could merge: the agent's failure, and the next attempt is told so.
    const { headSha } = await baseOf(performing, state);
    return {
      type: "RecordVerification",
      phase: effect.phase,
      attempt: effect.attempt,
      headSha: head ?? headSha,
      passed: false,
      checks: [],
      findings: [nothingChanged],
      notes: [],
    };
  }
  if ("type" in gate) await handleCommand(performing, state.taskId, gate);
  const tree = await github.readTree(state.repository, head);
  const definition = await phaseDefinition(performing, state, effect.phase);
  const changedPaths = await pathsOfPhase(performing, state, effect.phase, { head, tree });
  const said = currentPhaseOf(state)?.report ?? null;
  // What an earlier attempt said of its work says nothing of this one's.
  const report = await verifier.verifyPhase(tree, definition, {
    changedPaths,
    // That of a conversation's turn holds for as long as no turn changes anything.
    report: said?.attempt === effect.attempt || conversation !== null ? said : null,
  });
  return {
    type: "RecordVerification",
    phase: effect.phase,
    attempt: effect.attempt,
    headSha: head,
    passed: report.passed,
    checks: report.checks,
    findings: report.findings,
    notes: report.notes,
    changed: await changedByPhase(performing, state, head, tree),
  };
}

/** What the phase changes of what was approved before it: since its branch and the base parted, for the base may have moved. */
async function changedByPhase(
  performing: Performing,
  state: ExistingTask,
  sha: string,
  tree: Tree,
): Promise<ItemsChanged | null> {
  if (state.itemsAt === null) return null;
  const { headSha: baseSha } = await baseOf(performing, state);
  const since = await performing.github.mergeBaseOf(state.repository, { headSha: sha, baseSha });
  const by = state.prompt?.startedBy ?? state.createdBy;
  return since === null ? null : changesBetween(performing, state, { since, sha, tree, by: async () => by });
}

function isRippleAnswered(state: ExistingTask, number: number): boolean {
  const phase = state.phases.find((candidate) => candidate.phase === number);
  const isRipple = state.ripples.some((ripple) => ripple.phase === number);
  return isRipple && phase?.feedback.every(({ answer }) => answer !== null) === true;
}

async function showCheck(performing: Performing, state: ExistingTask, phase: number | null): Promise<null> {
  const gate = phase === null ? state.finalGate : gateOf(state, phase);
  const branch = phase === null ? taskBranchOf(state) : branchOf(state, phase);
  if (gate === null || branch === null) return null;
  const view = await viewOf(performing, state);
  await performing.github.showCheck(state.repository, { view, phase, branch });
  return null;
}

async function presentGate(
  performing: Performing,
  state: ExistingTask,
  effect: Extract<Effect, { kind: "PresentGate" }>,
): Promise<Asked | null> {
  const phase = state.phases.find((candidate) => candidate.phase === effect.phase);
  if (isSettled(state) || phase === undefined || phase.gate === null || phase.completed !== null) return null;
  // A newer verdict has its own effect behind this one.
  if (isReadyToShow(phase) !== effect.ready) return null;
  // Nothing is ready for people while a run is at work on it.
  if (effect.ready && !appIsAtWork(state) && state.status !== "review") return null;
  const { pullRequest } = phase.gate;
  const seen = effect.ready ? await performing.github.readGate(state.repository, pullRequest) : null;
  // Nobody could review it: the task waits until the gate is open again, and then presents it anew.
  if (seen !== null && !seen.open && !seen.merged) return { type: "RecordGateClosed", pullRequest };
  const preflight = effect.ready ? await performing.github.preflight(state.repository) : null;
  if (preflight !== null) await noteSettings(performing, state, preflight);
  const { headSha } = await performing.github.presentGate(state.repository, {
    view: await viewOf(performing, state),
    phase: effect.phase,
    ready: effect.ready,
    branch: branchOf(state, effect.phase),
    // What was held back when it was presented is let go by the approval alone.
    ciLater: preflight === null || phase.ci?.kind === "held" || isCiLater(preflight),
  });
  return effect.ready ? { type: "RecordGateReady", phase: effect.phase, headSha } : null;
}

/** What the steps of the phase wrote, by the changesets that were published. */
async function pathsOfPhase(
  performing: Performing,
  state: ExistingTask,
  phase: number,
  at: { readonly head: string; readonly tree: Tree },
): Promise<readonly string[]> {
  const paths = new Set<string>();
  const progress = state.phases.find((candidate) => candidate.phase === phase);
  const turns = progress?.conversation?.replies.filter(({ changed, commitSha }) => changed && commitSha !== null) ?? [];
  const ids = new Set([...(progress?.steps ?? []), ...turns].map(({ changesetId }) => changesetId));
  for (const changesetId of ids) {
    if (changesetId === null) continue;
    const stored = await performing.store.readChangeset(changesetId);
    if (stored === null) return pathsOnBranch(performing, state, at);
    for (const change of readStoredChangeset(stored, changesetId)) {
      if (change.kind === "written") paths.add(change.path);
    }
  }
  return [...paths];
}

/** Where the changesets were lost with a database: whatever the branch has otherwise than where it began. */
async function pathsOnBranch(
  performing: Performing,
  state: ExistingTask,
  { head, tree }: { readonly head: string; readonly tree: Tree },
): Promise<readonly string[]> {
  const { github } = performing;
  const { headSha: baseSha } = await baseOf(performing, state);
  const since = await github.mergeBaseOf(state.repository, { headSha: head, baseSha });
  if (since === null) return tree.paths;
  const before = await github.readTree(state.repository, since);
  return tree.paths.filter((path) => {
    const id = before.contentId?.(path) ?? null;
    return id === null || tree.contentId?.(path) !== id;
  });
}

function gateOf(state: ExistingTask, phase: number) {
  return state.phases.find((candidate) => candidate.phase === phase)?.gate ?? null;
}

/** What GitHub's list of runs shows. Nothing of it comes from the issue's text or the model. */
function phaseLabel(state: ExistingTask, phase: number): string {
  return `${outlineOfPhase(state, phase).title} · issue #${state.issue.number}`;
}

/** First line of a step's commit. Nothing of it comes from the issue or the model. */
function commitSubject(phase: Phase, slug: string, state: ExistingTask): string {
  const title = phase.steps.find((step) => step.slug === slug)?.title ?? slug;
  const attempt = state.phases.find((candidate) => candidate.phase === phase.number)?.attempt ?? 1;
  const again = attempt > 1 ? `, attempt ${attempt}` : "";
  return `Phase ${phase.number} ${phase.title}: ${title}${again} (#${state.issue.number})`;
}
