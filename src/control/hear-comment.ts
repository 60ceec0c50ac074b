/** What people write on an issue or a gate of a task: commands, answers, and credentials that should not stand there. */
import { hasValue } from "../core/dialogue.ts";
import { inEnglish, type Phrase } from "../core/phrase.ts";
import { currentPhaseOf, isSettled, openQuestionsOf, type ExistingTask } from "../core/state.ts";
import { limits } from "../protocol/runner.ts";
import { saveTaskText } from "./gate-feedback.ts";
import { handleCommand, type Cause } from "./handle-command.ts";
import type { AnswerGiven, Intent } from "./intents.ts";
import { obeyCommand, obeyWithoutTask, wordsOf } from "./obey-command.ts";
import { noteSecurity } from "./note-security.ts";
import { keyOf, personOf, taskById } from "./people.ts";
import type { Notice } from "./ports/notices.ts";
import type { Processing } from "./process-message.ts";
import { lookAtRepository } from "./watch-names.ts";

type Said = Extract<Intent, { kind: "command" | "comment" }>;

export async function onComment(processing: Processing, said: Said, inboxKey: string): Promise<void> {
  const task = await taskOf(processing, said);
  if (task === null) return said.kind === "command" ? obeyWithoutTask(processing, said) : undefined;
  if (await holdsCredential(processing, said, task)) return;
  const cause = { inboxKey, userId: said.sender };
  if (said.kind === "comment" && said.change === "deleted") return withdraw(processing, said, task, cause);
  const isAnswer = said.kind === "command" && said.command.name === "answer";
  // A bare `/answer` is told what is missing.
  const answers = isAnswer && said.answers.length === 0 ? [{ number: null, text: "" }] : said.answers;
  // Whichever comes last marks the message.
  const isLast = said.kind === "comment" || isAnswer;
  if (answers.length > 0) await answer(processing, said, task, answers, isLast ? cause : { userId: said.sender });
  if (said.kind === "comment" && answers.length === 0) await takeTurn(processing, said, task, cause);
  if (said.kind === "command" && !isAnswer) await obeyCommand(processing, said, task, inboxKey);
  if (said.kind === "command" && (await whoIs(processing, said, task)).mayWrite) {
    // What they added is looked for at once (Q9).
    await lookAtRepository(processing, said.repository.repositoryId);
  }
}

async function taskOf(processing: Processing, said: Said): Promise<ExistingTask | null> {
  const { store } = processing;
  const { repository, issueNumber, onPullRequest } = said;
  const taskId = onPullRequest
    ? await store.taskOfPullRequest(repository.repositoryId, issueNumber)
    : ((await store.tasksOfIssue(repository.repositoryId, issueNumber))[0] ?? null);
  return taskById(processing, taskId);
}

/** Hidden, and counted for nothing: what it says must not reach an event, or the agent. */
async function holdsCredential(processing: Processing, said: Said, task: ExistingTask): Promise<boolean> {
  if (said.body === "") return false;
  const what = await processing.verifier.findCredential(said.body);
  if (what === null) return false;
  const { github, log } = processing;
  const hidden = await github.hideComment(said.repository, said.commentNodeId);
  log.info({ taskId: task.taskId, commentId: said.commentId, what, hidden }, "a comment holds a credential");
  const { mayWrite, isAuthor } = await whoIs(processing, said, task);
  const names = task.dependencies
    .filter(({ state, type }) => state === "open" && hasValue(type))
    .map(({ name }) => name);
  const notice: Notice = { kind: "secret-pasted", what, hidden, names };
  // A comment for each comment of a stranger would be a tool for spam: they are told once a task.
  const which = mayWrite || isAuthor ? said.commentId : `${task.taskId}:${said.sender}`;
  await github.notify(said.repository, said.issueNumber, keyOf(`credential:${which}`), notice, task);
  return true;
}

async function answer(
  processing: Processing,
  said: Said,
  task: ExistingTask,
  answers: readonly AnswerGiven[],
  cause: Cause,
): Promise<void> {
  const { github } = processing;
  const by = await whoIs(processing, said, task);
  if (!by.mayWrite && !by.isAuthor) {
    if (isSettled(task) || task.questions.every((question) => question.answer !== null)) return;
    const notice: Notice = { kind: "answer-not-yours", login: said.sender, author: task.issue.author };
    await github.notify(task.repository, task.issue.number, keyOf(`answer-not-yours:${task.taskId}`), notice, task);
    // Last and with the mark of the message: what is tried again is noted once.
    const refused = { kind: "person-refused", example: `an answer by ${said.sender}` } as const;
    return noteSecurity(processing, task.taskId, refused, cause);
  }
  // Who talks about what was asked when all is over wants nothing of us.
  if (said.kind === "comment" && isSettled(task)) return;
  const { commentId } = said;
  // Its edit was heard first: a webhook that was lost comes again with the words of then.
  const isFirst = said.kind === "command" || said.change === "created";
  if (isFirst && task.questions.some((question) => question.answer?.commentId === commentId)) return;
  const handled = await handleCommand(
    processing,
    task.taskId,
    { type: "AnswerQuestions", by, commentId, answers },
    cause,
  );
  if (handled.kind === "refused") await reply(processing, said, task, "/answer", wordsOf(handled.refusal));
}

/**
 * In a phase that is a conversation, what people write on the issue is for the agent. Where it waits for the answer to one
 * question, a comment is that answer: nobody who talks thinks of numbers.
 */
async function takeTurn(
  processing: Processing,
  said: Extract<Said, { kind: "comment" }>,
  task: ExistingTask,
  cause: Cause,
): Promise<void> {
  const phase = currentPhaseOf(task);
  const conversation = phase === null || phase.completed !== null ? null : phase.conversation;
  if (said.onPullRequest || isSettled(task) || conversation === null) return;
  const text = processing.freeze(said.body).text.trim().slice(0, limits.turnCharactersMax).toWellFormed();
  if (text === "") return;
  const by = await whoIs(processing, said, task);
  // A comment for each comment of a stranger would be a tool for spam.
  if (!by.mayWrite && !by.isAuthor) return;
  const { commentId } = said;
  const isEdit = said.change === "edited";
  const [question, ...others] = openQuestionsOf(task);
  const isTurn = conversation.said.some((turn) => turn.commentId === commentId);
  if (!isEdit && !isTurn && question !== undefined && others.length === 0) {
    return answer(processing, said, task, [{ number: question.number, text }], cause);
  }
  // Answers are the author's, too; to have the agent do something takes write.
  if (!by.mayWrite) return;
  const textHash = await saveTaskText(processing.store, task.taskId, text);
  await handleCommand(processing, task.taskId, { type: "SayTurn", by, commentId, isEdit, textHash }, cause);
}

async function withdraw(processing: Processing, said: Said, task: ExistingTask, cause: Cause): Promise<void> {
  const { commentId, sender: by } = said;
  const handled = await handleCommand(processing, task.taskId, { type: "WithdrawAnswer", commentId, by }, cause);
  if (handled.kind !== "refused") return;
  const { mayWrite, isAuthor } = await whoIs(processing, said, task);
  if (mayWrite || isAuthor) await reply(processing, said, task, "deleting your answer", wordsOf(handled.refusal));
}

async function reply(
  processing: Processing,
  said: Said,
  task: ExistingTask,
  command: string,
  reason: Phrase,
): Promise<void> {
  // One for each thing that a comment says: an edited one may be right the second time, and wrong in another way the first.
  const key = keyOf(`comment:${said.commentId}:${command}:${inEnglish(reason)}`);
  await processing.github.notify(said.repository, said.issueNumber, key, { kind: "refused", command, reason }, task);
}

/** The author of the issue may answer, and nothing more (Q8). */
async function whoIs(processing: Processing, said: Said, task: ExistingTask) {
  const person = await personOf(processing, said.repository, said.sender);
  return { ...person, isAuthor: said.sender === task.issue.author };
}
