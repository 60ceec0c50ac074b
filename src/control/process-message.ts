import { createHash } from "node:crypto";
import { z } from "zod";
import type { FrozenPrompt, Person } from "../core/commands.ts";
import type { Repository } from "../core/events.ts";
import { stateFrom } from "../core/evolve.ts";
import { changesetIdOf, runIdFrom, taskIdFrom, type RunId, type TaskId } from "../core/ids.ts";
import type { Outcome } from "../core/outcome.ts";
import { outlineOf } from "../core/playbook.ts";
import { isSettled, liveRunOf, type ExistingTask } from "../core/state.ts";
import { nothingSpent } from "../core/usage.ts";
import { OutcomeRequest, Spent } from "../protocol/runner.ts";
import type { Refusal } from "../core/decide.ts";
import { handleCommand, queueStatus, type Asked, type CommandHandling } from "./handle-command.ts";
import type { Intent, IssueAsSent } from "./intents.ts";
import type { ClaimedMessage, GitHub, OpenRun, Playbooks } from "./ports.ts";

export interface Processing extends CommandHandling {
  readonly github: GitHub;
  readonly playbooks: Playbooks;
  readonly taskBudgetUsd: number;
  readonly model: string;
  /** Pure translation of a stored webhook. */
  readonly translate: (event: string, payload: unknown) => Intent;
  /** Strips what a person could not see from the text that the agent will get. */
  readonly freeze: (raw: string) => { readonly text: string; readonly hiddenRemoved: number };
}

const StoredWebhook = z.object({ event: z.string(), payload: z.unknown() });

/** A step or an outcome as a runner handed it over; the changeset lies beside it in the store. */
export const StoredStep = z.object({ runId: z.string(), step: z.string(), files: z.int(), spent: Spent });
export const StoredOutcome = OutcomeRequest.extend({ runId: z.string() });

/** Turns one stored message into commands. Marked as processed with the last of them, in the same transaction. */
export async function processMessage(processing: Processing, message: ClaimedMessage): Promise<void> {
  switch (message.kind) {
    case "webhook": {
      const { event, payload } = StoredWebhook.parse(JSON.parse(message.body));
      await onIntent(processing, processing.translate(event, payload), message.key);
      break;
    }
    case "step": {
      const { runId, step, files, spent } = StoredStep.parse(JSON.parse(message.body));
      const id = runIdFrom(runId);
      const changesetId = changesetIdOf(id, step);
      await onRun(processing, id, message.key, { type: "CompleteStep", runId: id, step, changesetId, files, spent });
      break;
    }
    case "outcome": {
      const { runId, outcome, spent } = StoredOutcome.parse(JSON.parse(message.body));
      const id = runIdFrom(runId);
      await onRun(processing, id, message.key, { type: "EndRun", runId: id, outcome, spent });
      break;
    }
  }
  // Whatever did not end in events of its own is settled here; a second mark changes nothing.
  await processing.store.markProcessed(message.key);
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
      return onSlashCommand(processing, intent, inboxKey);
    case "review-submitted":
      return onReview(processing, intent, inboxKey);
    case "gate-changed":
      return onGateChanged(processing, intent, inboxKey);
    case "run-completed":
      return onRunCompleted(processing, intent.repository, intent.workflowRunId);
  }
}

interface Labelled {
  readonly repository: Repository;
  readonly issueNumber: number;
  readonly labels: readonly string[];
  readonly sender: string;
  readonly issue: IssueAsSent;
}

async function onLabels(processing: Processing, labelled: Labelled, inboxKey: string): Promise<void> {
  const { store, github, playbooks } = processing;
  const { repository, issueNumber, sender } = labelled;
  if (!labelled.labels.some((label) => playbooks.byLabel(label) !== null)) return;
  const issue = await github.readIssue(repository, issueNumber);
  if (issue === null || !issue.open) return;
  // A bot commands nothing, its own issue included; what a person labels is that person's wish.
  if (issue.authorIsBot && issue.author === sender) return;
  // Taken off again before its turn came: then nobody wants it any more.
  const labels = labelled.labels.filter((label) => issue.labels.includes(label));
  const [first, ...others] = labels.flatMap((label) => {
    const found = playbooks.byLabel(label);
    return found === null ? [] : [{ label, ...found }];
  });
  if (first === undefined) return;
  const earlier = await store.tasksOfIssue(repository.repositoryId, issueNumber);
  const running = await firstUnsettled(processing, earlier);
  const name = running?.playbook.name ?? first.playbook.name;
  const ordinal = running?.ordinal ?? earlier.length + 1;
  for (const { label, playbook } of running === null ? others : [first, ...others]) {
    if (playbook.name === name) continue;
    // One comment for each label and task, whichever webhook brings it: an opened issue sends one for each label, too.
    const key = keyOf(`second-label:${repository.repositoryId}:${issueNumber}:${ordinal}:${label}`);
    await github.notify(repository, issueNumber, key, { kind: "second-label", label, running: name });
  }
  if (running !== null) return;
  const by = await personOf(processing, repository, sender);
  const prompt = await freezePrompt(processing, labelled.issue);
  await store.saveText(first.hash, first.json);
  const taskId = taskIdFrom(processing.newId());
  await handleCommand(
    processing,
    taskId,
    {
      type: "CreateTask",
      taskId,
      repository,
      issue: { number: issueNumber, title: labelled.issue.title, author: issue.author },
      by,
      playbook: outlineOf(first.playbook, first.hash),
      taskBudgetUsd: processing.taskBudgetUsd,
      ordinal,
      prompt,
    },
    { inboxKey, userId: sender },
  );
}

async function onSlashCommand(
  processing: Processing,
  intent: Extract<Intent, { kind: "command" }>,
  inboxKey: string,
): Promise<void> {
  const { store, github } = processing;
  const { repository, issueNumber, command, sender } = intent;
  const task = intent.onPullRequest
    ? await taskById(processing, await store.taskOfPullRequest(repository.repositoryId, issueNumber))
    : await newest(processing, await store.tasksOfIssue(repository.repositoryId, issueNumber));
  if (task === null) return;
  const by = await personOf(processing, repository, sender);
  // Whoever may not command gets no answer either: a comment for each comment would be a tool for spam.
  if (!by.mayWrite) return;
  const cause = { inboxKey, userId: sender };
  const reply = (notice: Parameters<GitHub["notify"]>[3]) =>
    github.notify(repository, issueNumber, keyOf(`comment:${intent.commentId}`), notice);
  switch (command.name) {
    case "run": {
      // An issue that is gone has nobody to go on for.
      if ((await github.readIssue(repository, task.issue.number)) === null) return;
      // On a pull request of the task the text stays what it was; only a draft's is not frozen yet, and has none.
      const known = task.prompt === null ? null : { hash: task.prompt.hash, hiddenRemoved: task.prompt.hiddenRemoved };
      const prompt = known ?? (await freezePrompt(processing, intent.issue));
      await store.reviveEffects(task.taskId, processing.clock.now().toISOString());
      const handled = await handleCommand(processing, task.taskId, { type: "RunTask", by, prompt }, cause);
      if (handled.kind === "refused")
        await reply({ kind: "refused", command: "/run", reason: wordsOf(handled.refusal) });
      return;
    }
    case "cancel": {
      const handled = await handleCommand(processing, task.taskId, { type: "CancelTask", by }, cause);
      if (handled.kind === "refused") {
        await reply({ kind: "refused", command: "/cancel", reason: wordsOf(handled.refusal) });
      }
      return;
    }
    case "status":
      return queueStatus(processing, task.taskId, cause);
    case "help":
      return reply({ kind: "help" });
    case "unknown":
      return reply({ kind: "unknown-command", typed: command.typed });
  }
}

async function onReview(
  processing: Processing,
  { repository, pullRequest, reviewId }: Extract<Intent, { kind: "review-submitted" }>,
  inboxKey: string,
): Promise<void> {
  const { store, github } = processing;
  const taskId = await store.taskOfPullRequest(repository.repositoryId, pullRequest);
  if (taskId === null) return;
  const review = await github.readReview(repository, pullRequest, reviewId);
  const gate = await github.readGate(repository, pullRequest);
  if (review === null || gate === null || review.byBot || review.verdict === "other") return;
  await handleCommand(
    processing,
    taskId,
    {
      type: "RecordReview",
      pullRequest,
      by: await personOf(processing, repository, review.by),
      verdict: review.verdict,
      reviewedSha: review.reviewedSha,
      headSha: gate.headSha,
    },
    { inboxKey, userId: review.by },
  );
}

/** Merged, closed or open again, as GitHub says at this moment. */
async function onGateChanged(
  processing: Processing,
  { repository, pullRequest, sender }: Extract<Intent, { kind: "gate-changed" }>,
  inboxKey: string,
): Promise<void> {
  const { store, github } = processing;
  const task = await taskById(processing, await store.taskOfPullRequest(repository.repositoryId, pullRequest));
  const gate = task === null ? null : await github.readGate(repository, pullRequest);
  if (task === null || gate === null) return;
  const cause = { inboxKey, userId: gate.mergedBy ?? sender };
  if (gate.merged) {
    const asked: Asked = {
      type: "RecordMerge",
      pullRequest,
      by: gate.mergedBy ?? "unknown",
      mergeSha: gate.mergeSha ?? "",
    };
    await handleCommand(processing, task.taskId, asked, cause);
  } else if (!gate.open) {
    await handleCommand(processing, task.taskId, { type: "RecordGateClosed", pullRequest }, cause);
  } else if (task.blockedBy?.kind === "gate-closed" && task.blockedBy.pullRequest === pullRequest) {
    const by = await personOf(processing, repository, sender);
    const prompt = { hash: task.prompt?.hash ?? "", hiddenRemoved: task.prompt?.hiddenRemoved ?? 0 };
    if (by.mayWrite) await handleCommand(processing, task.taskId, { type: "RunTask", by, prompt }, cause);
  }
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
export async function endSilentRun(
  processing: Processing,
  { taskId, runId }: OpenRun,
  conclusion: string | null,
): Promise<void> {
  if (conclusion === "cancelled") return endRun(processing, taskId, runId, { kind: "cancelled" });
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

async function personOf({ github }: Processing, repository: Repository, login: string): Promise<Person> {
  const permission = await github.permissionOf(repository, login);
  return { login, mayWrite: permission === "admin" || permission === "write" };
}

/**
 * The text as the authorised webhook shows it. GitHub is not asked again: between the label and that answer somebody else
 * could have changed the text, and nobody with write would have seen it.
 */
async function freezePrompt({ store, freeze }: Processing, issue: IssueAsSent): Promise<FrozenPrompt> {
  const title = freeze(issue.title);
  const body = freeze(issue.body);
  const frozen = JSON.stringify({ title: title.text, text: body.text });
  const hash = createHash("sha256").update(frozen).digest("hex");
  await store.saveText(hash, frozen);
  return { hash, hiddenRemoved: title.hiddenRemoved + body.hiddenRemoved };
}

export const FrozenText = z.object({ title: z.string(), text: z.string() });

async function firstUnsettled(processing: Processing, ids: readonly TaskId[]): Promise<ExistingTask | null> {
  for (const id of ids) {
    const task = await taskById(processing, id);
    if (task !== null && !isSettled(task)) return task;
  }
  return null;
}

async function newest(processing: Processing, ids: readonly TaskId[]): Promise<ExistingTask | null> {
  return taskById(processing, ids[0] ?? null);
}

async function taskById({ store }: Processing, taskId: TaskId | null): Promise<ExistingTask | null> {
  if (taskId === null) return null;
  const state = stateFrom(await store.readEvents(taskId));
  return state.status === "absent" ? null : state;
}

/** Marks a comment of ours, so that a repeat finds it. */
function keyOf(what: string): string {
  return createHash("sha256").update(what).digest("hex").slice(0, 16);
}

/** Why a command was refused, as half a sentence to the person who gave it. */
function wordsOf(refusal: Refusal): string {
  switch (refusal.code) {
    case "already-running":
      return "the task is going on by itself and waits for nobody";
    case "wrong-status":
      return `the task is ${refusal.status}; to start a new one on this issue, take the label off and set it again`;
    case "not-permitted":
      return "it takes write access to this repository";
    case "no-such-task":
    case "task-exists":
    case "unknown-run":
    case "unknown-gate":
    case "stale-review":
      return "the task has moved on since; look at the status comment";
  }
}
