/** The commands that people write in comments. The table is `core/slash-commands.ts`, the rules are `core/decide.ts`. */
import type { Person } from "../core/commands.ts";
import type { Refusal } from "../core/decide.ts";
import { slashCommands, type CommandName } from "../core/slash-commands.ts";
import { hasValue, sameName, type Dependency } from "../core/dialogue.ts";
import { inEnglish, joined, phrase, type Phrase } from "../core/phrase.ts";
import { branchOf, currentPhaseOf, type ExistingTask, type TaskStatus } from "../core/state.ts";
import { priorities, type Priority } from "../core/task-input.ts";
import { baseOf } from "./base-branch.ts";
import { commandWords, itemOfWords, readGateSaid, saveWords, wordsToTakeUp } from "./gate-feedback.ts";
import { handleCommand, queueStatus, type Asked, type Cause } from "./handle-command.ts";
import { installationOf } from "./installation.ts";
import type { Intent } from "./intents.ts";
import { noteSecurity } from "./note-security.ts";
import { keyOf, personOf } from "./people.ts";
import type { Notice } from "./ports/notices.ts";
import type { Processing } from "./process-message.ts";
import { freezePrompt, showFaults, wordsOfFaults } from "./task-form.ts";
import { wordsOfVetoes } from "./take-up-vetoes.ts";

/** A comment that names more is none that a person wrote. */
const namesMax = 10;

type Command = Extract<Intent, { kind: "command" }>;

interface Order {
  readonly intent: Command;
  readonly task: ExistingTask;
  readonly by: Person;
  readonly cause: { readonly inboxKey: string; readonly userId: string };
  readonly reply: (notice: Notice) => Promise<void>;
}

export async function obeyCommand(
  processing: Processing,
  intent: Command,
  task: ExistingTask,
  inboxKey: string,
): Promise<void> {
  const { github } = processing;
  const { repository, issueNumber, command, sender } = intent;
  const by = await personOf(processing, repository, sender);
  // Whoever may not command gets no answer either: a comment for each comment would be a tool for spam.
  if (!by.mayWrite) {
    if (command.name === "unknown") return;
    const refused = { kind: "person-refused", example: `/${command.name} by ${by.login}` } as const;
    return noteSecurity(processing, task.taskId, refused, { inboxKey });
  }
  const tell = (key: string, notice: Notice) => github.notify(repository, issueNumber, keyOf(key), notice, task);
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

/** On an issue without a task only one command has a sense. */
export async function obeyWithoutTask(processing: Processing, intent: Command): Promise<void> {
  const { github, examine } = processing;
  const { repository, issueNumber, command, commentId, sender } = intent;
  if (command.name !== "doctor" || !(await personOf(processing, repository, sender)).mayWrite) return;
  const findings = await examine(repository);
  await github.notify(repository, issueNumber, keyOf(`comment:${commentId}`), { kind: "doctor", findings }, null);
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
      return approve(processing, order, argument);
    case "answer":
      // Heard before, with all the answers of the comment.
      return;
    case "provided":
      return eachName(processing, order, name, argument, (named) => provide(processing, order, named));
    case "skip":
      return eachName(processing, order, name, argument, (named) => skip(processing, order, named));
    case "budget":
      // What failed while nothing could be spent is tried again with it.
      await revive(processing, task);
      return ask(processing, order, name, { type: "SetBudget", by, usd: amountOf(argument) ?? Number.NaN });
    case "priority":
      return ask(processing, order, name, { type: "SetPriority", by, priority: priorityIn(argument) });
    case "accept":
      await revive(processing, task);
      return ask(processing, order, name, { type: "AcceptPhase", by });
    case "veto":
      return veto(processing, order, argument);
    case "skip-phase":
      await revive(processing, task);
      return ask(processing, order, name, { type: "SkipPhase", by, writtenAt: order.intent.writtenAt });
    case "rework":
      return rework(processing, order, argument);
    case "done":
      return ask(processing, order, name, { type: "EndConversation", by });
    case "status":
      return queueStatus(processing, task.taskId, cause);
    case "doctor":
      return reply({ kind: "doctor", findings: await processing.examine(order.intent.repository) });
    case "config":
      return config(processing, order);
    case "help":
      return reply({ kind: "help" });
  }
}

/** As the files are now: the next run goes by them. */
async function config(processing: Processing, { intent, reply }: Order): Promise<void> {
  const { repository } = intent;
  const found = await processing.github.readSettings(repository);
  await reply({ kind: "config", found, installation: installationOf(processing), owner: repository.owner });
}

/** Effects that failed for good are due again: whoever goes on wants them done. */
async function revive({ store, clock }: Processing, task: ExistingTask): Promise<void> {
  await store.reviveEffects(task.taskId, clock.now().toISOString());
}

function priorityIn(argument: string): Priority | null {
  const word = argument.trim().toLowerCase();
  return priorities.find((priority) => priority === word) ?? null;
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
  const known =
    task.prompt === null
      ? null
      : { hash: task.prompt.hash, hiddenRemoved: task.prompt.hiddenRemoved, input: task.input };
  if (known === null) return startDraft(processing, order);
  await revive(processing, task);
  return ask(processing, order, "run", { type: "RunTask", by, prompt: known });
}

/** Its text counts as the writer has it before them. */
async function startDraft(processing: Processing, { task, by, intent, cause, reply }: Order): Promise<void> {
  const { prompt, faults, spoken } = await freezePrompt(processing, task.taskId, task.repository, intent.issue);
  const { repository, ordinal, issue } = task;
  await showFaults(processing, { repository, issueNumber: issue.number, ordinal, spoken }, faults);
  await revive(processing, task);
  const handled = await handleCommand(processing, task.taskId, { type: "RunTask", by, prompt }, cause);
  if (handled.kind !== "refused") return;
  const reason = handled.refusal.code === "input-faulty" ? wordsOfFaults(faults) : wordsOf(handled.refusal);
  await reply({ kind: "refused", command: "/run", reason });
}

/** One a line, or none where one thing is open; what comes of them is one answer. */
async function eachName(
  processing: Processing,
  { task, reply }: Order,
  command: CommandName,
  argument: string,
  obeyOne: (name: string) => Promise<Phrase | null>,
): Promise<void> {
  const typed = argument.split("\n").map((line) => line.trim().replaceAll(/^`+|`+$/gu, ""));
  const names = [...new Set(typed.filter((name) => name !== ""))].slice(0, namesMax);
  const open = task.dependencies.filter(({ state }) => state === "open").map(({ name }) => name);
  const meant = names.length === 0 && open.length === 1 ? open : names.length === 0 ? [""] : names;
  const reasons: Phrase[] = [];
  for (const name of meant) {
    const reason = await obeyOne(name);
    if (reason !== null) reasons.push(reason);
  }
  if (reasons.length > 0) await reply({ kind: "refused", command: `/${command}`, reason: joined(reasons) });
}

/** Why not, as half a sentence. GitHub is asked whether it is there: a run that finds nothing would come back with the same question. */
async function provide(processing: Processing, { task, by, cause }: Order, name: string): Promise<Phrase | null> {
  const found = task.dependencies.find((each) => sameName(each.name, name) || sameName(each.askedAs, name));
  const missing = found === undefined || found.state === "granted" ? null : await missingOf(processing, task, found);
  if (missing !== null) return missing;
  return oneOfMany(processing, task, cause, { type: "ProvideDependency", by, name });
}

async function skip(processing: Processing, { task, by, cause }: Order, name: string): Promise<Phrase | null> {
  return oneOfMany(processing, task, cause, { type: "SkipDependency", by, name });
}

/** Without the message's mark: others may follow. */
async function oneOfMany(
  processing: Processing,
  { taskId }: ExistingTask,
  { userId }: Order["cause"],
  asked: Asked,
): Promise<Phrase | null> {
  const handled = await handleCommand(processing, taskId, asked, { userId });
  return handled.kind === "refused" ? wordsOf(handled.refusal) : null;
}

/** Half a sentence; null where it is there, or nobody can tell. */
async function missingOf(
  { github }: Processing,
  task: ExistingTask,
  { name, type, askedAs }: Dependency,
): Promise<Phrase | null> {
  if (hasValue(type)) {
    const names = await github.listNames(task.repository);
    if (names === null || names.some((each) => sameName(each.name, name))) return null;
    return phrase`this repository has no secret or variable named ${name} yet; add it by the link in the comment that asks for it, and it is noticed by itself`;
  }
  const path = askedAs.trim().replace(/^(?:\.?\/)+/u, "");
  // Only of a path GitHub can say whether it is there.
  if (type !== "file" || /\s/u.test(path) || !/[./]/u.test(path)) return null;
  const base = await baseOf({ github }, task);
  const phase = currentPhaseOf(task);
  const branch = phase === null || phase.completed !== null ? null : branchOf(task, phase.phase);
  const head = branch === null ? null : await github.headOf(task.repository, branch);
  // Where the next run stands: what is elsewhere it does not find.
  const { paths } = await github.readTree(task.repository, head ?? base.headSha);
  if (paths.some((each) => each === path || each.startsWith(`${path.replace(/\/+$/u, "")}/`))) return null;
  return phrase`there is no file ${path} on ${branch === null || head === null ? base.name : branch}, where the next run would look; commit it there, then comment /provided again`;
}

/** `8`, `$8`, `8.50 USD`, `up to $6`; null for anything else. */
function amountOf(argument: string): number | null {
  const found = /^(?:up\s+to\s+)?\$?\s*(\d{1,6}(?:[.,]\d{1,2})?)\s*(?:\$|usd|dollars?)?\s*[.!]?$/iu.exec(
    argument.trim(),
  )?.[1];
  return found === undefined ? null : Number(found.replace(",", "."));
}

/** What the next phase may spend; null where nothing is said of it: people approve with a word of thanks, too. */
function nextPurseOf(argument: string): number | null {
  const speaksOfMoney = /\d|\$|\bup\s+to\b/iu.test(argument);
  return speaksOfMoney ? (amountOf(argument) ?? Number.NaN) : null;
}

const reasonCharactersMax = 2_000;

const vetoesMax = 20;
/** What follows another command is no reason. */
const anotherCommand = new RegExp(`^ {0,3}/(?:${slashCommands.map(({ name }) => name).join("|")})(?!\\S)`, "imu");

/** A comment may hold several, each with its words up to the next command; what comes of them is one answer. */
async function veto(processing: Processing, order: Order, argument: string): Promise<void> {
  const said = argument.split(/^ {0,3}\/veto(?!\S)/imu).slice(0, vetoesMax);
  const reasons: Phrase[] = [];
  for (const each of said) {
    const reason = await vetoOne(processing, order, (each.split(anotherCommand)[0] ?? "").trim());
    if (reason !== null && !reasons.map(inEnglish).includes(inEnglish(reason))) reasons.push(reason);
  }
  if (reasons.length > 0) await order.reply({ kind: "refused", command: "/veto", reason: joined(reasons) });
}

/** `3 because it is slow`, `3: it is slow`, `#3, it is slow`, or the number alone: then whoever said it is asked why. */
async function vetoOne(processing: Processing, { task, by, cause }: Order, said: string): Promise<Phrase | null> {
  const found = /^(?:decision\s+)?#?(?<number>\d{1,3})(?!\d)[\s:.,;–—-]*(?:because\b[\s:,]*)?(?<reason>.*)$/isu.exec(
    said,
  )?.groups;
  if (found === undefined) {
    return phrase`it takes the number of a decision and a reason, e.g. /veto 3 because visitors have no account`;
  }
  const why = processing
    .freeze((found["reason"] ?? "").trim())
    .text.slice(0, reasonCharactersMax)
    .toWellFormed();
  const reason = why === "" ? null : why;
  return oneOfMany(processing, task, cause, {
    type: "VetoDecision",
    by,
    attempt: null,
    number: Number(found["number"]),
    reason,
  });
}

async function approve(processing: Processing, order: Order, argument: string): Promise<void> {
  const { github } = processing;
  const { task, by, reply, intent } = order;
  // The next phase begins with it.
  if (task.blockedBy?.kind === "approval-needed") await revive(processing, task);
  const gate = currentPhaseOf(task)?.gate ?? null;
  const seen = gate === null ? null : await github.readGate(intent.repository, gate.pullRequest);
  const asked = { type: "ApprovePhase", by, headSha: seen?.headSha ?? "", purseUsd: nextPurseOf(argument) } as const;
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
  const open = said === null || phase === null ? [] : wordsToTakeUp(said, phase);
  // Said in a thread, it is taken up with that thread.
  const isInThread = open.some(({ path, comments }) => path !== null && isSaidIn(intent, comments, by.login));
  const own =
    phase === null || argument.trim() === "" || isInThread
      ? []
      : [await commandWords(processing, task, phase, { commentId: intent.commentId, by: by.login, text: argument })];
  const vetoes = phase === null ? [] : await wordsOfVetoes(processing, task, phase);
  const words = [...open, ...vetoes, ...own];
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

/** GitHub names no thread in the webhook of its comment: the words tell. */
function isSaidIn(
  { body }: Command,
  comments: readonly { readonly by: string; readonly text: string }[],
  sender: string,
): boolean {
  const words = body.trim();
  return words !== "" && comments.some(({ by, text }) => by === sender && text.trim() === words);
}

const statusWords: Readonly<Record<TaskStatus, Phrase>> = {
  draft: phrase`draft`,
  pending: phrase`pending`,
  in_progress: phrase`in_progress`,
  review: phrase`review`,
  completed: phrase`completed`,
  failed: phrase`failed`,
  cancelled: phrase`cancelled`,
};

function waitedFor({ questions, dependencies }: Extract<Refusal, { code: "waiting" }>): Phrase {
  const answers = phrase`an answer to question ${questions.join(", ")} (/answer ${questions[0] ?? 1}: your words)`;
  const things = phrase`${dependencies.join(", ")} (add it, or /skip ${dependencies[0] ?? ""} to go on without)`;
  if (dependencies.length === 0) return answers;
  return questions.length === 0 ? things : phrase`${answers}, and ${things}`;
}

/** Why a command was refused, as half a sentence to the person who gave it. */
export function wordsOf(refusal: Refusal): Phrase {
  switch (refusal.code) {
    case "already-running":
      if (refusal.status === "review") return phrase`the pull request waits for review: merge it, or ask for changes`;
      return phrase`the agent or the app is at work; wait until the pull request is ready, or stop it with /pause`;
    case "input-faulty":
      return phrase`the issue's form is not complete yet; the comment on it names what is missing`;
    case "not-started":
      return phrase`the task has not started; /run starts it`;
    case "already-paused":
      return phrase`the task is paused; the status comment says why and what lets it go on`;
    case "nothing-failed":
      return phrase`nothing has failed`;
    case "nothing-to-review":
      return phrase`no pull request of this task waits for review`;
    case "nothing-to-change":
      return phrase`there is no open thread to take up; say what to change: /rework and your words`;
    case "no-gate":
      return phrase`the phase has no pull request yet, so there is nothing that could be accepted; /retry tries again`;
    case "wrong-status":
      return phrase`the task is ${statusWords[refusal.status]}; to start a new one on this issue, take the label off and set it again`;
    case "not-permitted":
      return phrase`it takes write access to this repository`;
    case "waiting":
      return phrase`the agent still waits for ${waitedFor(refusal)}`;
    case "your-turn":
      return phrase`the agent waits for what you say next: write a comment, or /done to end the conversation`;
    case "no-conversation":
      return phrase`there is no conversation to end; a phase is accepted by merging its pull request, and /cancel ends the task`;
    case "no-question":
      return phrase`the agent has asked nothing in this task; to have something changed, say it with /rework once the pull request is ready`;
    case "unknown-question":
      return phrase`there is no question ${refusal.number}; the status comment lists those that were asked`;
    case "which-question":
      return phrase`questions ${refusal.numbers.join(", ")} are open: name one, e.g. /answer ${refusal.numbers[0] ?? 1}: your words`;
    case "no-such-option":
      return phrase`question ${refusal.number} has options 1 to ${refusal.options}; to answer in your own words, write more than a number`;
    case "allow-or-refuse":
      return phrase`question ${refusal.number} asks whether the agent may use a tool: answer with 1 to allow it or with 2 to refuse it`;
    case "empty-answer":
      return refusal.number === null
        ? phrase`it says nothing; write /answer and an option's number or your words`
        : phrase`it says nothing; write /answer ${refusal.number}: and an option's number or your words`;
    case "answer-used":
      return phrase`the agent has heard your answer to question ${refusal.numbers.join(", ")} already; to change it, answer again: /answer ${refusal.numbers[0] ?? 1}: your words`;
    case "unknown-dependency":
      return refusal.known.length === 0
        ? phrase`the agent waits for nothing by that name, nor for anything else; nothing is left to do`
        : phrase`the agent asked for nothing by that name; open are ${refusal.known.join(", ")}`;
    case "too-many-grants":
      return phrase`a task can be lent ${refusal.max} values, and has them; have the agent go on without this one: /skip and its name`;
    case "bad-amount":
      return phrase`it takes an amount in US dollars from 0.01 to 10000, e.g. 8 or $7.50`;
    case "bad-priority":
      return phrase`it takes one of critical, high, normal and low, e.g. /priority high`;
    case "unknown-decision":
      return refusal.decisions === 0
        ? phrase`the agent has named no decisions in this phase; to have something changed, say it with /rework`
        : phrase`there is no decision ${refusal.number}; the pull request lists decisions 1 to ${refusal.decisions}`;
    case "decision-replaced":
      return phrase`the agent has decided anew since: what was decision ${refusal.number} may be gone, or have another number; the pull request shows the list as it is now`;
    case "not-skippable":
      return phrase`the playbook does not allow to go on without ${refusal.phase}`;
    case "said-before-phase":
      return phrase`${refusal.phase} began after you wrote it, so nothing of it was skipped; to go on without ${refusal.phase}, too, say it again`;
    case "requester-may-not":
      return phrase`${refusal.login} asked for this task, and the settings of this repository (requester_may_approve: false) want the approval of somebody else with write access`;
    case "below-spent":
      return phrase`$${refusal.spentUsd.toFixed(2)} are spent already; name more than that`;
    case "day-budget":
      return phrase`what the model account may spend a day is set by whoever runs the app (DAY_BUDGET_USD); the task goes on by itself at midnight UTC`;
    case "no-such-task":
    case "task-exists":
    case "unknown-run":
    case "unknown-gate":
      return phrase`the task has moved on since; look at the status comment`;
  }
}
