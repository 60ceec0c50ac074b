import { sameName, type Question } from "../../core/dialogue.ts";
import { isSettled, openQuestionsOf, type ExistingTask } from "../../core/state.ts";
import { block, paragraphs, person, plain } from "./escape.ts";
import { moment } from "./format.ts";
import { listed, placeOf, whoAnswers } from "./places.ts";
import type { Say } from "./words.ts";

/** What stays of a comment after the way to answer, which must never be cut off. */
const questionsCharactersMax = 50_000;

interface Room {
  readonly question: number;
  readonly option: number;
  readonly answer: number;
}

/** The second only where escaping makes the first too long. */
const rooms: readonly Room[] = [
  { question: 2_000, option: 300, answer: 500 },
  { question: 350, option: 50, answer: 100 },
];

/** One to four questions of one message, what became of each, and how the others are answered. */
export function questionsText(questions: readonly Question[], task: ExistingTask, say: Say): string {
  const open = questions.filter(({ answer }) => answer === null);
  const numbers = new Set(openQuestionsOf(task).map(({ number }) => number));
  const waited = open.filter(({ number }) => numbers.has(number)).length;
  const [first] = questions;
  const where = first === undefined ? [] : [say`Asked in ${placeOf(task, first.phase, first.step, say)}.`];
  const texts = rooms.map((room) => questions.map((question) => questionText(question, room, say)).join("\n\n"));
  const asked = texts.find((text) => text.length <= questionsCharactersMax) ?? texts.at(-1) ?? "";
  return [
    `### ${headingOf(questions, { open, waited }, task, say)}`,
    ...where,
    asked,
    ...goOnOf(questions, { open, waited }, task, say),
  ].join("\n\n");
}

interface Open {
  readonly open: readonly Question[];
  /** Of these. */
  readonly waited: number;
}

function headingOf(questions: readonly Question[], { open, waited }: Open, task: ExistingTask, say: Say): string {
  if (open.length === 0) return say`Answered: ${namesOf(questions, say)}`;
  if (isSettled(task)) return say`Not answered: ${namesOf(open, say)}`;
  if (waited === 0) return say`The agent asks, and goes on meanwhile`;
  return waited === 1
    ? say`The agent waits for your answer`
    : say`The agent waits for your answers to ${say.count(waited, "question", "questions")}`;
}

function questionText(question: Question, room: Room, say: Say): string {
  const { number, category, answer, options } = question;
  const name = `${say`**Question ${number}**`} (${categoryIn(category, say)})`;
  if (answer !== null) {
    return [
      // Struck through, so that whoever quotes all of it answers what is open.
      `~~${name}: ${plain(question.question, room.question)}~~`,
      `${answerSentence(question, room.answer, say)}${answer.delivered ? ` ${say`The agent has it.`}` : ""}`,
    ].join("\n\n");
  }
  const mine = question.default;
  const choices = options.map((option, index) => {
    const isDefault = mine !== null && sameName(option, mine);
    return `${index + 1}. ${plain(option, room.option)}${isDefault ? ` ${say`*(the agent's own choice)*`}` : ""}`;
  });
  return [name, ...askedOf(question, room), choices.join("\n"), without(question, room, say)]
    .filter((part) => part !== "")
    .join("\n\n");
}

/** What would be allowed stands as it is, and whole. */
function askedOf({ question, permission }: Question, room: Room): readonly string[] {
  if (permission === null) return [paragraphs(question, room.question)];
  const [sentence = "", ...rest] = question.split("\n\n");
  return [plain(sentence, room.question), block(rest.join("\n\n"), rooms[0]?.question ?? room.question)];
}

/** e.g. `**owner** answered on 21 Nov 02:20 UTC: 2. Freemium`. */
function answerSentence({ answer }: Question, charactersMax: number, say: Say): string {
  if (answer === null) return "";
  const [by, on, text] = [person(answer.by), moment(answer.at, say), plain(answer.text, charactersMax)];
  return answer.option === null
    ? say`${by} answered on ${on}: ${text}`
    : say`${by} answered on ${on}: option ${answer.option}, ${text}`;
}

function without({ required, options, default: mine }: Question, room: Room, say: Say): string {
  const isListed = mine !== null && options.some((option) => sameName(option, mine));
  if (!required) {
    if (mine === null) return say`Without an answer the agent decides by itself. It does not wait.`;
    return isListed
      ? say`Without an answer the agent takes its own choice. It does not wait.`
      : say`Without an answer the agent takes its own choice: ${plain(mine, room.option)}. It does not wait.`;
  }
  return mine === null || isListed
    ? say`Without an answer the task waits.`
    : say`Without an answer the task waits. The agent proposes: ${plain(mine, room.option)}.`;
}

function goOnOf(
  questions: readonly Question[],
  { open, waited }: Open,
  task: ExistingTask,
  say: Say,
): readonly string[] {
  if (isSettled(task)) return [say`The task has ended: answers are not heard any more.`];
  if (open.length === 0) {
    const example = questions[0]?.number ?? 1;
    return [
      say`*Next:* nothing. To say something else, answer again (\`/answer ${example}: …\`) or edit your comment.`,
    ];
  }
  const then =
    waited > 0
      ? say`Nothing runs while the task waits, so waiting costs nothing; the last answer makes the agent go on at once.`
      : say`An answer reaches the agent with its next step.`;
  const isPermission = open.some(({ permission }) => permission !== null);
  const who = isPermission ? say`people with write access` : whoAnswers(task, say);
  const quote =
    open.length === 1
      ? say`Or quote the question and write the answer below the quote. Heard are ${who}.`
      : say`Or quote a question and write the answer below the quote. Heard are ${who}.`;
  return [say`*Next:* ${howToAnswer(open, say)}`, `${quote} ${then}`];
}

/** Lines to copy: pasted as they are, they choose what the agent would, or nothing. */
export function howToAnswer(open: readonly Question[], say: Say): string {
  const lines = open.map((question) => `/answer ${question.number}: ${exampleOf(question)}`);
  const [only, ...others] = open;
  if (only !== undefined && others.length === 0) {
    const how =
      only.permission !== null
        ? say`comment this line with 1 to allow it or with 2 to refuse it after the colon:`
        : only.options.length > 0
          ? say`comment this line with the number of an option, or with words of your own after the colon:`
          : say`comment this line with your answer after the colon:`;
    return `${how}\n\n${block(lines.join("\n"), 10_000)}`;
  }
  return `${say`comment these lines, each with the number of an option or with words of your own after the colon:`}\n\n${block(lines.join("\n"), 10_000)}`;
}

/** The agent's own choice, where it is one of the options. */
function exampleOf({ options, default: mine }: Question): string {
  const at = mine === null ? -1 : options.findIndex((option) => sameName(option, mine));
  return at === -1 ? "" : String(at + 1);
}

function namesOf(questions: readonly Question[], say: Say): string {
  const numbers = questions.map(({ number }) => String(number));
  return numbers.length === 1 ? say`question ${listed(numbers, say)}` : say`questions ${listed(numbers, say)}`;
}

/** One entry of a list: what was asked, and who answered what. */
export function answeredLine(question: Question, charactersMax: number, say: Say): string {
  const { number, answer, default: mine, required } = question;
  const asked = `- ${say`Question ${number}: ${plain(question.question, charactersMax)}`}`;
  if (answer !== null) return `${asked} ${person(answer.by)}: ${plain(answer.text, charactersMax)}`;
  if (required) return `${asked} ${say`*No answer yet.*`}`;
  return mine === null
    ? `${asked} ${say`*Not answered: the agent decided.*`}`
    : `${asked} ${say`*Not answered; the agent took:* ${plain(mine, charactersMax)}`}`;
}

/** Of what sort a question is, as it stands behind its number. */
export function categoryIn(category: Question["category"], say: Say): string {
  switch (category) {
    case "business":
      return say`business`;
    case "clarification":
      return say`clarification`;
    case "choice":
      return say`choice`;
    case "confirmation":
      return say`confirmation`;
  }
}
