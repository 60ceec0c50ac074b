/** The commands that people write in comments. The table is `core/slash-commands.ts`, the rules are `core/decide.ts`. */
import type { Person } from "../core/commands.ts";
import type { Refusal } from "../core/decide.ts";
import type { CommandName } from "../core/slash-commands.ts";
import { currentPhaseOf, type ExistingTask } from "../core/state.ts";
import { commandWords, itemOfWords, readGateSaid, saveWords, wordsToTakeUp } from "./gate-feedback.ts";
import { handleCommand, queueStatus, type Asked, type Cause } from "./handle-command.ts";
import type { Intent } from "./intents.ts";
import { keyOf, personOf, taskById } from "./people.ts";
import type { Notice } from "./ports.ts";
import { freezePrompt, type Processing } from "./process-message.ts";

type Command = Extract<Intent, { kind: "command" }>;

interface Order {
  readonly intent: Command;
  readonly task: ExistingTask;
  readonly by: Person;
  readonly cause: { readonly inboxKey: string; readonly userId: string };
  readonly reply: (notice: Notice) => Promise<void>;
}

export async function onSlashCommand(processing: Processing, intent: Command, inboxKey: string): Promise<void> {
  const { store, github } = processing;
  const { repository, issueNumber, command, sender } = intent;
  const taskId = intent.onPullRequest
    ? await store.taskOfPullRequest(repository.repositoryId, issueNumber)
    : ((await store.tasksOfIssue(repository.repositoryId, issueNumber))[0] ?? null);
  const task = await taskById(processing, taskId);
  if (task === null) return;
  const by = await personOf(processing, repository, sender);
  // Whoever may not command gets no answer either: a comment for each comment would be a tool for spam.
  if (!by.mayWrite) return;
  const tell = (key: string, notice: Notice) => github.notify(repository, issueNumber, keyOf(key), notice);
  if (command.name === "unknown") {
    // Once for each issue: who types at random gets no conversation.
    const key = `unknown-command:${repository.repositoryId}:${issueNumber}`;
    return tell(key, { kind: "unknown-command", typed: command.typed });
  }
  const order: Order = {
    intent,
    task,
    by,
    cause: { inboxKey, userId: sender },
    reply: (notice) => tell(`comment:${intent.commentId}`, notice),
  };
  return obey(processing, order, command.name, command.argument);
}

async function obey(processing: Processing, order: Order, name: CommandName, argument: string): Promise<void> {
  const { task, by, cause, reply } = order;
  switch (name) {
    case "run":
      return run(processing, order);
    case "resume":
      await revive(processing, task);
      return ask(processing, order, name, { type: "ResumeTask", by });
    case "retry":
      await revive(processing, task);
      return ask(processing, order, name, { type: "RetryTask", by });
    case "pause":
      return ask(processing, order, name, { type: "SuspendTask", by, reason: { kind: "paused", by: by.login } });
    case "cancel":
      return ask(processing, order, name, { type: "CancelTask", by });
    case "delete":
      // What could not be deleted before is tried again.
      await revive(processing, task);
      return ask(processing, order, name, { type: "DeleteTask", by });
    case "approve":
      return approve(processing, order);
    case "accept":
      await revive(processing, task);
      return ask(processing, order, name, { type: "AcceptPhase", by });
    case "rework":
      return rework(processing, order, argument);
    case "status":
      return queueStatus(processing, task.taskId, cause);
    case "help":
      return reply({ kind: "help" });
  }
}

/** Effects that failed for good are due again: whoever goes on wants them done. */
async function revive({ store, clock }: Processing, task: ExistingTask): Promise<void> {
  await store.reviveEffects(task.taskId, clock.now().toISOString());
}

async function ask(
  processing: Processing,
  order: Order,
  name: CommandName,
  asked: Asked,
  cause: Cause = order.cause,
): Promise<void> {
  const handled = await handleCommand(processing, order.task.taskId, asked, cause);
  if (handled.kind === "refused") {
    await order.reply({ kind: "refused", command: `/${name}`, reason: wordsOf(handled.refusal) });
  }
}

async function run(processing: Processing, order: Order): Promise<void> {
  const { task, by, intent } = order;
  // An issue that is gone has nobody to go on for.
  if ((await processing.github.readIssue(intent.repository, task.issue.number)) === null) return;
  // On a pull request of the task the text stays what it was; only a draft's is not frozen yet, and has none.
  const known = task.prompt === null ? null : { hash: task.prompt.hash, hiddenRemoved: task.prompt.hiddenRemoved };
  const prompt = known ?? (await freezePrompt(processing, task.taskId, intent.issue));
  await revive(processing, task);
  return ask(processing, order, "run", { type: "RunTask", by, prompt });
}

async function approve(processing: Processing, order: Order): Promise<void> {
  const { github } = processing;
  const { task, by, reply, intent } = order;
  const gate = currentPhaseOf(task)?.gate ?? null;
  const seen = gate === null ? null : await github.readGate(intent.repository, gate.pullRequest);
  const asked = { type: "ApprovePhase", by, headSha: seen?.headSha ?? "" } as const;
  // Without the message's mark: the reply below belongs to it, too.
  await ask(processing, order, "approve", asked, { userId: by.login });
  if (gate === null || seen?.open !== true || task.status !== "review") return;
  if (await github.requiresReview(intent.repository, gate.pullRequest)) {
    await reply({ kind: "review-required", pullRequest: gate.pullRequest });
  }
}

/** With words of its own, and with whatever open threads say. */
async function rework(processing: Processing, order: Order, argument: string): Promise<void> {
  const { task, by, intent } = order;
  await revive(processing, task);
  const phase = currentPhaseOf(task);
  const gate = phase?.gate ?? null;
  const said = phase === null || gate === null ? null : await readGateSaid(processing, task, phase, gate.pullRequest);
  const own =
    phase === null || argument.trim() === ""
      ? []
      : [await commandWords(processing, task, phase, { commentId: intent.commentId, by: by.login, text: argument })];
  const words = [...(said === null || phase === null ? [] : wordsToTakeUp(said, phase)), ...own];
  return ask(processing, order, "rework", {
    type: "RequestRework",
    by: [by.login],
    mayWrite: by.mayWrite,
    source: "command",
    feedback: words.map(itemOfWords),
    reviewIds:
      said?.asked.reviews.filter(({ verdict }) => verdict !== "approved").map(({ reviewId }) => reviewId) ?? [],
    textHash: await saveWords(processing.store, task.taskId, words),
  });
}

/** Why a command was refused, as half a sentence to the person who gave it. */
function wordsOf(refusal: Refusal): string {
  switch (refusal.code) {
    case "already-running":
      if (refusal.status === "review") return "the pull request waits for review: merge it, or ask for changes";
      return "the agent or the app is at work; wait until the pull request is ready, or stop it with /pause";
    case "not-started":
      return "the task has not started; /run starts it";
    case "already-paused":
      return "the task is paused; the status comment says why and what lets it go on";
    case "nothing-failed":
      return "nothing has failed";
    case "nothing-to-review":
      return "no pull request of this task waits for review";
    case "nothing-to-change":
      return "there is no open thread to take up; say what to change: /rework and your words";
    case "no-gate":
      return "the phase has no pull request yet, so there is nothing that could be accepted; /retry tries again";
    case "wrong-status":
      return `the task is ${refusal.status}; to start a new one on this issue, take the label off and set it again`;
    case "not-permitted":
      return "it takes write access to this repository";
    case "no-such-task":
    case "task-exists":
    case "unknown-run":
    case "unknown-gate":
      return "the task has moved on since; look at the status comment";
  }
}
