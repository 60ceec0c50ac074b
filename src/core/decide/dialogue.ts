/** What the agent asks of people while it works, and what comes of it. */

import type { CommandOf } from "../commands.ts";
import { namedAmong } from "../dependency-name.ts";
import { grantsMax, hasValue, sameName, type Dependency, type Question } from "../dialogue.ts";
import type { EventOf, TaskEvent } from "../events.ts";
import { after } from "../evolve.ts";
import { isBeforeSecondOf } from "../moment.ts";
import {
  currentPhaseOf,
  isSettled,
  liveRunOf,
  openQuestionsOf,
  type ExistingTask,
  type PhaseProgress,
} from "../state.ts";
import { accepted, notPermitted, refused, wrongStatus, type Decision, type Refusal } from "./decision.ts";
import { goOnIfReady } from "./go-on.ts";

export function askQuestions(command: CommandOf<"AskQuestions">, state: ExistingTask): Decision {
  const { at, runId, step, requestId } = command;
  const phase = runOfRequest(state, runId, step);
  if (phase === null) return refused({ code: "unknown-run" });
  if (command.questions.length === 0 || state.questions.some((question) => question.requestId === requestId)) {
    return accepted();
  }
  const first = state.questions.length + 1;
  const questions = command.questions.map((question, index) => ({
    ...question,
    permission: question.permission ?? null,
    number: first + index,
  }));
  return accepted({ type: "QuestionsAsked", at, runId, phase: phase.phase, step, requestId, questions });
}

/** All of a comment's answers or none: half a comment that counts would surprise whoever wrote it. */
export function answerQuestions(command: CommandOf<"AnswerQuestions">, state: ExistingTask): Decision {
  const { by, at, commentId } = command;
  if (!by.mayWrite && !by.isAuthor) return notPermitted(by);
  if (isSettled(state)) return wrongStatus(command, state);
  /** By number: what a comment says last of a question counts. */
  const answered = new Map<number, EventOf<"QuestionAnswered">>();
  for (const given of command.answers) {
    const question = questionNamed(
      after(state, ...answered.values()),
      given.number,
      commentId,
      new Set(answered.keys()),
    );
    if ("code" in question) return refused(question);
    const { number, options, permission } = question;
    // The author of an issue answers for what is built, not for what may be run.
    if (permission !== null && !by.mayWrite) return notPermitted(by);
    const said = given.text.trim();
    if (said === "") return refused({ code: "empty-answer", number });
    const option = optionOf(said, options);
    if (permission !== null && (option === null || option > options.length)) {
      return refused({ code: "allow-or-refuse", number });
    }
    if (option !== null && option > options.length) {
      return refused({ code: "no-such-option", number, options: options.length });
    }
    const text = option === null ? said : (options[option - 1] ?? said);
    answered.set(number, { type: "QuestionAnswered", at, number, by: by.login, text, option, commentId });
  }
  const events = [...answered.values()].filter((event) => !isKnownAnswer(state, event));
  return accepted(...events, ...goOnIfReady(command, after(state, ...events), by.login));
}

function isKnownAnswer(
  { questions }: ExistingTask,
  { number, by, text, option }: EventOf<"QuestionAnswered">,
): boolean {
  const answer = questions.find((question) => question.number === number)?.answer ?? null;
  return answer !== null && answer.text === text && answer.option === option && answer.by === by;
}

/** `said` are those that the comment has answered in the lines before. */
function questionNamed(
  state: ExistingTask,
  number: number | null,
  commentId: number,
  said: ReadonlySet<number>,
): Question | Refusal {
  if (number !== null) {
    return state.questions.find((question) => question.number === number) ?? { code: "unknown-question", number };
  }
  // An edited comment still speaks of what it answered, not of what was asked since.
  const own = state.questions.filter(
    (question) => question.answer?.commentId === commentId && !said.has(question.number),
  );
  if (own.length > 0) return onlyOf(own);
  const open = state.questions.filter(({ answer }) => answer === null);
  const required = openQuestionsOf(state);
  // Who answers at all answers what the task waits for.
  return onlyOf(required.length > 0 ? required : open.length > 0 ? open : state.questions);
}

function onlyOf(questions: readonly Question[]): Question | Refusal {
  const [only, ...others] = questions;
  if (only === undefined) return { code: "no-question" };
  return others.length === 0 ? only : { code: "which-question", numbers: questions.map(({ number }) => number) };
}

/** From 1, also as `2.` or `(2)`; a number beyond the list is one that names nothing. Null for words of one's own. */
function optionOf(said: string, options: readonly string[]): number | null {
  if (options.length === 0) return null;
  const digits = /^\(?(\d{1,3})[.)]?$/u.exec(said)?.[1];
  const number = digits === undefined ? null : Number(digits);
  if (number !== null && number >= 1 && number <= options.length) return number;
  // The options may be numbers themselves.
  const at = options.findIndex((option) => sameName(option, said));
  if (at !== -1) return at + 1;
  return number === null ? null : options.length + 1;
}

/** Only what no run was given, nor is about to be: what the agent was told stays said. */
export function withdrawAnswer(command: CommandOf<"WithdrawAnswer">, state: ExistingTask): Decision {
  const { at, by } = command;
  const given = state.questions.filter(({ answer }) => answer?.commentId === command.commentId);
  if (given.length === 0 || isSettled(state)) return accepted();
  const isOnItsWay = liveRunOf(state)?.started === false;
  const free = given.filter(({ answer }) => answer?.carried === false && !isOnItsWay);
  if (free.length === 0) return refused({ code: "answer-used", numbers: given.map(({ number }) => number) });
  const events = free.map(({ number }): TaskEvent => ({ type: "AnswerWithdrawn", at, number, by }));
  return accepted(...events, ...goOnIfReady(command, after(state, ...events), by));
}

export function requestDependency(command: CommandOf<"RequestDependency">, state: ExistingTask): Decision {
  const { at, runId, step, requestId } = command;
  const phase = runOfRequest(state, runId, step);
  if (phase === null) return refused({ code: "unknown-run" });
  const { type, name: askedAs, description, required } = command.dependency;
  const { name, known } = namedAmong(state.dependencies, type, askedAs);
  if (known !== undefined && known.steps.some((each) => each.phase === phase.phase && each.step === step)) {
    // What was skipped is asked for anew, and what was wished for may be needed now; all else is known.
    const isNews = known.state === "skipped" || (required && !known.required);
    if (known.requestId === requestId || !isNews) return accepted();
  }
  const dependency = { name, askedAs, type: known?.type ?? type, description, required };
  return accepted({ type: "DependencyRequested", at, runId, phase: phase.phase, step, requestId, dependency });
}

function dependencyNamed(state: ExistingTask, name: string): Dependency | Refusal {
  const found =
    state.dependencies.find((dependency) => sameName(dependency.name, name)) ??
    state.dependencies.find((dependency) => sameName(dependency.askedAs, name));
  if (found !== undefined) return found;
  const known = state.dependencies.filter((dependency) => dependency.state === "open");
  return { code: "unknown-dependency", name, known: known.map((dependency) => dependency.name) };
}

export function provideDependency(command: CommandOf<"ProvideDependency">, state: ExistingTask): Decision {
  const { at, by } = command;
  if (!by.mayWrite) return notPermitted(by);
  if (isSettled(state)) return wrongStatus(command, state);
  const found = dependencyNamed(state, command.name);
  if ("code" in found) return refused(found);
  if (found.state === "granted") return accepted();
  if (!hasSlot(state, found)) return refused({ code: "too-many-grants", max: grantsMax });
  const granted: TaskEvent = { type: "DependencyGranted", at, name: found.name, by: by.login };
  return accepted(granted, ...goOnIfReady(command, after(state, granted), by.login));
}

function hasSlot(state: ExistingTask, { type, grant }: Dependency): boolean {
  const taken = state.dependencies.filter((dependency) => dependency.grant !== null).length;
  return !hasValue(type) || grant !== null || taken < grantsMax;
}

export function skipDependency(command: CommandOf<"SkipDependency">, state: ExistingTask): Decision {
  const { at, by } = command;
  if (!by.mayWrite) return notPermitted(by);
  if (isSettled(state)) return wrongStatus(command, state);
  const found = dependencyNamed(state, command.name);
  if ("code" in found) return refused(found);
  if (found.state === "skipped") return accepted();
  const skipped: TaskEvent = { type: "DependencySkipped", at, name: found.name, by: by.login };
  return accepted(skipped, ...goOnIfReady(command, after(state, skipped), by.login));
}

/** What was added or changed since it was asked for was meant for this task (Q9); GitHub tells whole seconds. */
export function recordNames(command: CommandOf<"RecordNames">, state: ExistingTask): Decision {
  const { at } = command;
  if (isSettled(state)) return accepted();
  const events: TaskEvent[] = [];
  for (const { name, type, askedAt, state: now } of state.dependencies) {
    const seen = command.names.find((each) => sameName(each.name, name));
    if (now !== "open" || !hasValue(type) || seen === undefined) continue;
    if (isBeforeSecondOf(seen.updatedAt, askedAt)) continue;
    const current = after(state, ...events);
    const dependency = current.dependencies.find((each) => each.name === name);
    if (dependency === undefined || !hasSlot(current, dependency)) continue;
    events.push({ type: "DependencyGranted", at, name, by: null });
  }
  return accepted(...events, ...(events.length === 0 ? [] : goOnIfReady(command, after(state, ...events), "GitHub")));
}

export function refuseValue(command: CommandOf<"RefuseValue">, state: ExistingTask): Decision {
  const { at, runId, name, message } = command;
  if (liveRunOf(state)?.runId !== runId) return refused({ code: "unknown-run" });
  const found = state.dependencies.find((dependency) => sameName(dependency.name, name));
  if (found?.state !== "granted") return accepted();
  return accepted({ type: "DependencyRefused", at, runId, name: found.name, message });
}

export function reportError(command: CommandOf<"ReportError">, state: ExistingTask): Decision {
  const { at, runId, step, requestId, error, message, details } = command;
  const phase = runOfRequest(state, runId, step);
  if (phase === null) return refused({ code: "unknown-run" });
  if (state.errors.some((known) => known.requestId === requestId)) return accepted();
  // What does not run may be the machine's fault; what is missing or wrong is the agent's own work (Q12).
  const cause = error === "execution_failed" ? "environment" : "agent";
  const where = { phase: phase.phase, step, requestId };
  return accepted({ type: "ErrorReported", at, runId, ...where, error, message, details, cause });
}

function runOfRequest(state: ExistingTask, runId: string, step: string): PhaseProgress | null {
  const run = liveRunOf(state);
  const phase = currentPhaseOf(state);
  if (run?.runId !== runId || !run.started || phase === null) return null;
  return phase.steps.some(({ slug }) => slug === step) ? phase : null;
}
