import type { Seal } from "./seal.ts";
import { z } from "zod";
import type { CommandOf } from "../core/commands.ts";
import type { Policy } from "../core/decide.ts";
import type { Repository } from "../core/events.ts";
import { changesetIdOf, runIdFrom, taskIdFrom, type RunId, type TaskId } from "../core/ids.ts";
import type { Outcome } from "../core/outcome.ts";
import { redactTokens } from "../core/redact.ts";
import { permissionOptions, permissionQuestion } from "../core/permission.ts";
import { outlineOf, playbookNamePattern, type PlaybookOutline } from "../core/playbook.ts";
import { limitsOf } from "../core/settings.ts";
import { isSettled, liveRunOf, type ExistingTask } from "../core/state.ts";
import { nothingSpent } from "../core/usage.ts";
import type { RunnerRequest } from "../protocol/runner.ts";
import { heldUsdMin, limitedTasks, spentToday } from "./budget.ts";
import { checkConfiguration } from "./check-configuration.ts";
import { checkSpecifications, checkSpecificationsOfPull } from "./check-specifications.ts";
import { takeInEnvelope } from "./envelope.ts";
import { saveTaskText } from "./gate-feedback.ts";
import { onComment } from "./hear-comment.ts";
import { handleCommand, type Asked, type CommandHandling } from "./handle-command.ts";
import { onCiChanged, onGateChanged, onGateEdited, onReviewsChanged } from "./hear-gate.ts";
import { onAccessChanged, onIssueChanged, onRepositoryChanged } from "./hear-world.ts";
import { installationOf, type Installed } from "./installation.ts";
import type { Intent, IssueAsSent, PushedEnds } from "./intents.ts";
import { keyOf, personOf, taskById } from "./people.ts";
import { onboard, type Examine } from "./onboard.ts";
import type { Playbooks } from "./ports/configuration.ts";
import type { GitHub } from "./ports/github.ts";
import type { ClaimedMessage } from "./ports/queues.ts";
import type { OpenRun } from "./ports/store.ts";
import type { Verifier } from "./ports/verifier.ts";
import type { CheckpointSeal } from "./checkpoints.ts";
import { catchUp } from "./catch-up.ts";
import { forgetOld } from "./retention.ts";
import { openSpecIssues } from "./start-from-spec.ts";
import { StoredOutcome, StoredRequest, StoredStep } from "./stored-messages.ts";
import { freezePrompt, onIssueEdited, showFaults, type ReadForm } from "./task-form.ts";
import { onBaseMoved } from "./watch-base.ts";

export interface Processing extends CommandHandling, Installed {
  readonly policy: Policy;
  readonly github: GitHub;
  readonly playbooks: Playbooks;
  readonly verifier: Verifier;
  readonly examine: Examine;
  /** Of the files that repositories are set up with: the same for the same files. */
  readonly onboardingVersion: string;
  readonly seal: CheckpointSeal;
  readonly appSeal: Seal;
  /** Pure translation of a stored webhook. */
  readonly translate: (event: string, payload: unknown) => Intent;
  /** Strips what a person could not see from the text that the agent will get. */
  readonly freeze: (raw: string) => { readonly text: string; readonly hiddenRemoved: number };
  readonly readForm: ReadForm;
}

const StoredWebhook = z.object({ event: z.string(), payload: z.unknown() });

/** A label that leads to nothing must not do so in silence. What another message wanted shows where it is read again. */
export async function tellSetAside(
  processing: Processing,
  { key, kind, body }: ClaimedMessage,
  error: unknown,
): Promise<void> {
  if (kind !== "webhook" || body === "") return;
  const { event, payload } = StoredWebhook.parse(JSON.parse(body));
  const intent = processing.translate(event, payload);
  if (intent.kind !== "label-added" && intent.kind !== "issue-opened") return;
  // Which of its own the repository has, nobody could see.
  const { byLabel } = processing.playbooks.forRepository({ sha: "", files: [] });
  const labels = intent.kind === "label-added" ? [intent.label] : intent.labels;
  const label = labels.find((each) => byLabel(each) !== null);
  if (label === undefined) return;
  const why = redactTokens(error instanceof Error ? error.message : String(error));
  const { repository, issueNumber } = intent;
  await processing.github.notify(
    repository,
    issueNumber,
    keyOf(`set-aside:${key}`),
    { kind: "not-taken-up", label, why },
    null,
  );
}

/** Turns one stored message into commands. Marked as processed with the last of them, in the same transaction. */
export async function processMessage(processing: Processing, message: ClaimedMessage): Promise<void> {
  // Its task was erased while it waited: nobody wants anything of it any more.
  if (message.body === "") return processing.store.markProcessed(message.key);
  switch (message.kind) {
    case "webhook": {
      const { event, payload } = StoredWebhook.parse(JSON.parse(message.body));
      await onIntent(processing, processing.translate(event, payload), message.key);
      break;
    }
    case "step": {
      await onStep(processing, StoredStep.parse(JSON.parse(message.body)), message.key);
      break;
    }
    case "request": {
      const { runId, request } = StoredRequest.parse(JSON.parse(message.body));
      await onRun(processing, runIdFrom(runId), message.key, askedBy(runIdFrom(runId), request));
      break;
    }
    case "onboard": {
      await onboard(processing, message);
      break;
    }
    case "catch-up": {
      await catchUp(processing, message);
      break;
    }
    case "retention": {
      await forgetOld(processing);
      break;
    }
    case "sweep": {
      throw new Error("processing a sweep: the engine sweeps, which knows what it asked for before");
    }
    case "outcome": {
      const { runId, spent, report, security, ...said } = StoredOutcome.parse(JSON.parse(message.body));
      const outcome = believable(processing, said.outcome);
      const id = runIdFrom(runId);
      if (outcome.kind === "rate-limited") await noteLimit(processing, id, outcome);
      const day = outcome.kind === "budget-exhausted" ? await dayOf(processing, id, outcome, spent.costUsd) : {};
      await onRun(processing, id, message.key, { type: "EndRun", runId: id, outcome, spent, report, security, ...day });
      break;
    }
  }
  // Whatever did not end in events of its own is settled here; a second mark changes nothing.
  await processing.store.markProcessed(message.key);
}

async function onStep(processing: Processing, stored: StoredStep, inboxKey: string): Promise<void> {
  const { step, files, spent } = stored;
  const runId = runIdFrom(stored.runId);
  const taskId = await processing.store.taskOfRun(runId);
  if (taskId === null) return;
  const answers = [];
  for (const { id, kind, text } of stored.answers) {
    answers.push({ id, kind, textHash: await saveTaskText(processing.store, taskId, text) });
  }
  const asked = {
    type: "CompleteStep",
    runId,
    step,
    changesetId: changesetIdOf(runId, step),
    files,
    spent,
    answers,
    told: stored.told,
    replyHash: stored.reply === undefined ? null : await saveTaskText(processing.store, taskId, stored.reply),
    security: stored.security,
  } as const;
  await noteFree(processing, taskId, runId);
  await handleCommand(processing, taskId, asked, { inboxKey });
}

function askedBy(runId: RunId, request: RunnerRequest): Asked {
  const { id: requestId, step } = request;
  switch (request.kind) {
    case "questions":
      return { type: "AskQuestions", runId, step, requestId, questions: request.questions };
    case "dependency":
      return { type: "RequestDependency", runId, step, requestId, dependency: request.dependency };
    case "error": {
      const { type: error, message, details } = request.error;
      return { type: "ReportError", runId, step, requestId, error, message, details };
    }
    case "permission": {
      const { tool, command, input } = request;
      const question = permissionQuestion({ tool, command }, { step, input });
      const asked = { category: "confirmation", question, options: permissionOptions, default: null } as const;
      const questions = [{ ...asked, required: true, permission: { tool, command } }];
      return { type: "AskQuestions", runId, step, requestId, questions };
    }
    case "value-refused":
      return { type: "RefuseValue", runId, name: request.name, message: request.message };
  }
}

/** The longest window of a model account is a week. */
const limitMsMax = 8 * 24 * 60 * 60_000;

/** What would hold back an account for longer is a runner's or a proxy's mistake: when that limit ends, nobody knows. */
function believable({ clock }: Processing, outcome: Outcome): Outcome {
  if (outcome.kind !== "rate-limited" || outcome.resetsAt === null) return outcome;
  const isFar = Date.parse(outcome.resetsAt) - clock.now().getTime() > limitMsMax;
  return isFar ? { ...outcome, resetsAt: null } : outcome;
}

/** Everything under the same model account waits with it (Q12). */
async function noteLimit(
  { store, clock, log }: Processing,
  runId: RunId,
  { resetsAt, message }: Extract<Outcome, { kind: "rate-limited" }>,
): Promise<void> {
  const task = await taskById({ store }, await store.taskOfRun(runId));
  if (task === null || task.account === null || liveRunOf(task)?.runId !== runId) return;
  await store.limitAccount(task.account, { since: clock.now().toISOString(), resetsAt, message });
  log.info({ account: task.account, resetsAt }, "the model account has reached a limit");
}

/** What the run's account has spent today with it. */
async function dayOf(
  processing: Processing,
  runId: RunId,
  purse: Extract<Outcome, { kind: "budget-exhausted" }>,
  costUsd: number,
): Promise<Pick<CommandOf<"EndRun">, "day">> {
  const task = await taskById(processing, await processing.store.taskOfRun(runId));
  if (task === null) return {};
  const { spentUsd, budgetUsd } = await spentToday(processing, task);
  const leftUsd = budgetUsd - spentUsd - costUsd;
  const isHeld = leftUsd - Math.max(0, purse.budgetUsd - purse.spentUsd) >= heldUsdMin;
  return { day: { spentUsd: spentUsd + costUsd, budgetUsd, isHeld } };
}

/** A run that began under the limit of its account has finished a step: it is over, and whoever waits for it goes on, oldest first. */
async function noteFree(processing: Processing, taskId: TaskId, runId: RunId): Promise<void> {
  const { store, log } = processing;
  const task = await taskById(processing, taskId);
  const run = task === null ? null : liveRunOf(task);
  if (task === null || task.account === null || run?.runId !== runId) return;
  const limit = await store.accountLimit(task.account);
  // Whoever was at work before the limit was met may end a step behind it.
  if (limit === null || Date.parse(run.requestedAt) <= Date.parse(limit.since)) return;
  // First, or those that go on would be held back at their dispatch. Should we die here, their own time comes.
  await store.freeAccount(task.account);
  log.info({ account: task.account }, "the model account works again");
  for (const { taskId: limited } of await limitedTasks(store, task.account)) {
    await handleCommand(processing, limited, {
      type: "LiftBlock",
      kinds: ["rate-limited"],
      by: "the end of the limit",
    });
  }
}

async function onRun(processing: Processing, runId: RunId, inboxKey: string, asked: Asked): Promise<void> {
  const taskId = await processing.store.taskOfRun(runId);
  if (taskId !== null) await handleCommand(processing, taskId, asked, { inboxKey });
}

async function onIntent(processing: Processing, intent: Intent, inboxKey: string): Promise<void> {
  const { log } = processing;
  switch (intent.kind) {
    case "ignored":
      log.debug({ deliveryId: inboxKey, why: intent.why }, "webhook ignored");
      return;
    case "label-added":
      return onLabels(processing, { ...intent, labels: [intent.label] }, inboxKey);
    case "issue-opened":
      return onLabels(processing, { ...intent, sender: intent.author }, inboxKey);
    case "command":
    case "comment":
      return onComment(processing, intent, inboxKey);
    case "reviews-changed":
      // Marked at the end where something follows, or that would be lost with whatever fails.
      await onReviewsChanged(processing, intent, intent.pushed === undefined ? { inboxKey } : {});
      if (intent.pushed !== undefined) await checkPull(processing, intent.repository, intent.pushed);
      return;
    case "pull-request-pushed":
      return checkPull(processing, intent.repository, intent.pushed);
    case "gate-changed":
      return onGateChanged(processing, intent, inboxKey);
    case "gate-edited":
      return onGateEdited(processing, intent);
    case "ci-changed":
      return onCiChanged(processing, intent);
    case "base-moved": {
      await onBaseMoved(processing, intent);
      for (const { label, ...issue } of await openSpecIssues(processing, intent)) {
        // Without the message's mark: there may be another one, and the check.
        await onLabels(processing, { repository: intent.repository, ...issue, labels: [label] }, null);
      }
      if (intent.specsSha !== undefined) await checkSpecifications(processing, intent.repository, intent.specsSha);
      return;
    }
    case "issue-edited":
      return onIssueEdited(processing, intent, inboxKey);
    case "issue-changed":
      return onIssueChanged(processing, intent, inboxKey);
    case "repository-changed":
      return onRepositoryChanged(processing, intent, inboxKey);
    case "access-changed":
      return onAccessChanged(processing, intent, inboxKey);
    case "run-completed":
      return onRunCompleted(processing, intent.repository, intent.workflowRunId);
  }
}

async function checkPull(processing: Processing, repository: Repository, pushed: PushedEnds): Promise<void> {
  await checkConfiguration(processing, repository, pushed);
  await checkSpecificationsOfPull(processing, repository, pushed);
}

interface Labelled {
  readonly repository: Repository;
  readonly issueNumber: number;
  readonly labels: readonly string[];
  readonly sender: string;
  readonly issue: IssueAsSent;
}

async function onLabels(processing: Processing, labelled: Labelled, inboxKey: string | null): Promise<void> {
  const { store, github, playbooks } = processing;
  const { repository, issueNumber, sender } = labelled;
  if (!labelled.labels.some((label) => playbookNamePattern.test(label))) return;
  // Any other label may be that of a playbook of the repository. Nothing tells us of each push for certain, so one request asks
  // whether its folder is still the same; the answer of yesterday would make a new playbook's first label start nothing.
  const { byLabel } = playbooks.forRepository(await github.readRepositoryFiles(repository, null));
  if (!labelled.labels.some((label) => byLabel(label) !== null)) return;
  const issue = await github.readIssue(repository, issueNumber);
  if (issue === null || !issue.open) return;
  // A bot commands nothing, its own issue included; what a person labels is that person's wish.
  if (issue.authorIsBot && issue.author === sender) return;
  // Taken off again before its turn came: then nobody wants it any more.
  const labels = labelled.labels.filter((label) => issue.labels.includes(label));
  const meant = labels.flatMap((label) => {
    const found = byLabel(label);
    return found === null ? [] : [{ label, ...found }];
  });
  if (meant.length === 0) return;
  const earlier = await store.tasksOfIssue(repository.repositoryId, issueNumber);
  const running = await firstUnsettled(processing, earlier);
  const first = meant.find((each) => each.kind === "playbook");
  const name = running?.playbook.name ?? first?.playbook.name ?? "";
  const ordinal = running?.ordinal ?? earlier.length + 1;
  for (const each of meant) {
    const { label } = each;
    if (each.kind === "faulty" && running === null) {
      // Once for the same faults; after a change that left some, the label brings those.
      const key = keyOf(
        `playbook-faulty:${repository.repositoryId}:${issueNumber}:${label}:${JSON.stringify(each.faults)}`,
      );
      await github.notify(repository, issueNumber, key, { kind: "playbook-faulty", label, faults: each.faults }, null);
      continue;
    }
    if (name === (each.kind === "playbook" ? each.playbook.name : label)) continue;
    // One comment for each label and task, whichever webhook brings it: an opened issue sends one for each label, too.
    const key = keyOf(`second-label:${repository.repositoryId}:${issueNumber}:${ordinal}:${label}`);
    await github.notify(repository, issueNumber, key, { kind: "second-label", label, running: name }, running);
  }
  if (running !== null || first === undefined) return;
  const by = await personOf(processing, repository, sender);
  // Of a file that can't be read nothing counts; the first run says so.
  const { settings } = await github.readSettings(repository);
  const ofPlaybook = {
    ...settings.limits,
    taskBudgetUsd: settings.limits.taskBudgetUsd ?? first.playbook.taskBudgetUsd,
  };
  const { phaseBudgetUsd, taskBudgetUsd } = limitsOf({ limits: ofPlaybook }, installationOf(processing));
  const taskId = taskIdFrom(processing.newId());
  const { prompt, faults, spoken } = await freezePrompt(processing, taskId, repository, labelled.issue);
  // Before the task, so that no crash in between keeps it secret.
  if (faults.length > 0) await showFaults(processing, { repository, issueNumber, ordinal, spoken }, faults);
  await store.saveText(first.hash, first.json);
  await handleCommand(
    processing,
    taskId,
    {
      type: "CreateTask",
      taskId,
      repository,
      issue: { number: issueNumber, title: labelled.issue.title, author: issue.author },
      by,
      playbook: withBudget(outlineOf(first.playbook, first.hash), phaseBudgetUsd),
      taskBudgetUsd,
      ordinal,
      prompt,
    },
    { ...(inboxKey === null ? {} : { inboxKey }), userId: sender },
  );
}

/** A figure of the installation or the repository goes before the playbook's; frozen with the task. */
function withBudget(outline: PlaybookOutline, budgetUsd: number | null): PlaybookOutline {
  if (budgetUsd === null) return outline;
  return { ...outline, phases: outline.phases.map((phase) => ({ ...phase, budgetUsd })) };
}

async function onRunCompleted(processing: Processing, repository: Repository, workflowRunId: number): Promise<void> {
  const open = (await processing.store.openRuns()).find((run) => run.workflowRunId === workflowRunId);
  if (open === undefined) return;
  const task = await taskById(processing, open.taskId);
  if (task?.repository.repositoryId !== repository.repositoryId) return;
  if (liveRunOf(task)?.runId !== open.runId) return;
  const run = await processing.github.readRun(task.repository, workflowRunId);
  if (run?.status === "completed") await endSilentRun(processing, open, run.conclusion);
}

/** A job that ended without having declared an outcome is lost, whatever colour GitHub gave it; or somebody stopped it there. */
export async function endSilentRun(processing: Processing, run: OpenRun, conclusion: string | null): Promise<void> {
  const { taskId, runId } = run;
  if (conclusion === "cancelled") return endRun(processing, taskId, runId, { kind: "cancelled" });
  // It may have spoken when nobody could hear it.
  if (await takeInEnvelope(processing, run)) return;
  const message = `the job ended (${conclusion ?? "no conclusion"}) without declaring an outcome`;
  return endRun(processing, taskId, runId, { kind: "lost", message });
}

export async function endRun(
  processing: Processing,
  taskId: TaskId,
  runId: RunId,
  outcome: Extract<Outcome, { kind: "lost" | "cancelled" }>,
): Promise<void> {
  processing.log.warn({ taskId, runId, outcome }, "run lost");
  await handleCommand(processing, taskId, { type: "EndRun", runId, outcome, spent: nothingSpent });
}

async function firstUnsettled(processing: Processing, ids: readonly TaskId[]): Promise<ExistingTask | null> {
  for (const id of ids) {
    const task = await taskById(processing, id);
    if (task !== null && !isSettled(task)) return task;
  }
  return null;
}
