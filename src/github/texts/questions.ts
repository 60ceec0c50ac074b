import { sameName, type Question } from "../../core/dialogue.ts";
import { isSettled, openQuestionsOf, type ExistingTask } from "../../core/state.ts";
import { block, paragraphs, person, plain } from "./escape.ts";
import { count, moment } from "./format.ts";
import { listed, placeOf, whoAnswers } from "./places.ts";

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
export function questionsText(questions: readonly Question[], task: ExistingTask): string {
  const open = questions.filter(({ answer }) => answer === null);
  const numbers = new Set(openQuestionsOf(task).map(({ number }) => number));
  const waited = open.filter(({ number }) => numbers.has(number)).length;
  const [first] = questions;
  const where = first === undefined ? [] : [`Asked in ${placeOf(task, first.phase, first.step)}.`];
  const texts = rooms.map((room) => questions.map((question) => questionText(question, room)).join("\n\n"));
  const asked = texts.find((text) => text.length <= questionsCharactersMax) ?? texts.at(-1) ?? "";
  return [
    `### ${headingOf(questions, open, waited, task)}`,
    ...where,
    asked,
    ...goOnOf(questions, open, waited > 0, task),
  ].join("\n\n");
}

function headingOf(
  questions: readonly Question[],
  open: readonly Question[],
  waited: number,
  task: ExistingTask,
): string {
  if (open.length === 0) return `Answered: ${namesOf(questions)}`;
  if (isSettled(task)) return `Not answered: ${namesOf(open)}`;
  if (waited === 0) return "The agent asks, and goes on meanwhile";
  return `The agent waits for your ${waited === 1 ? "answer" : `answers to ${count(waited, "question", "questions")}`}`;
}

function questionText(question: Question, room: Room): string {
  const { number, category, answer, options } = question;
  const name = `**Question ${number}** (${category})`;
  if (answer !== null) {
    return [
      // Struck through, so that whoever quotes all of it answers what is open.
      `~~${name}: ${plain(question.question, room.question)}~~`,
      `${answerSentence(question, room.answer)}${answer.delivered ? " The agent has it." : ""}`,
    ].join("\n\n");
  }
  const mine = question.default;
  const choices = options.map((option, index) => {
    const isDefault = mine !== null && sameName(option, mine);
    return `${index + 1}. ${plain(option, room.option)}${isDefault ? " *(the agent's own choice)*" : ""}`;
  });
  return [name, ...askedOf(question, room), choices.join("\n"), without(question, room)]
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
function answerSentence({ answer }: Question, charactersMax: number): string {
  if (answer === null) return "";
  const option = answer.option === null ? "" : `option ${answer.option}, `;
  return `${person(answer.by)} answered on ${moment(answer.at)}: ${option}${plain(answer.text, charactersMax)}`;
}

function without({ required, options, default: mine }: Question, room: Room): string {
  const isListed = mine !== null && options.some((option) => sameName(option, mine));
  const choice = mine === null || isListed ? "its own choice" : `its own choice: ${plain(mine, room.option)}`;
  if (!required) {
    return mine === null
      ? "Without an answer the agent decides by itself. It does not wait."
      : `Without an answer the agent takes ${choice}. It does not wait.`;
  }
  const hint = mine === null || isListed ? "" : ` The agent proposes: ${plain(mine, room.option)}.`;
  return `Without an answer the task waits.${hint}`;
}

function goOnOf(
  questions: readonly Question[],
  open: readonly Question[],
  waits: boolean,
  task: ExistingTask,
): readonly string[] {
  if (isSettled(task)) return ["The task has ended: answers are not heard any more."];
  if (open.length === 0) {
    const example = questions[0]?.number ?? 1;
    return [`*Next:* nothing. To say something else, answer again (\`/answer ${example}: …\`) or edit your comment.`];
  }
  const then = waits
    ? "Nothing runs while the task waits, so waiting costs nothing; the last answer makes the agent go on at once."
    : "An answer reaches the agent with its next step.";
  return [
    `*Next:* ${howToAnswer(open)}`,
    `Or quote ${open.length === 1 ? "the question" : "a question"} and write the answer below the quote. Heard are ${open.some(({ permission }) => permission !== null) ? "people with write access" : whoAnswers(task)}. ${then}`,
  ];
}

/** Lines to copy: pasted as they are, they choose what the agent would, or nothing. */
export function howToAnswer(open: readonly Question[]): string {
  const lines = open.map((question) => `/answer ${question.number}: ${exampleOf(question)}`);
  const [only, ...others] = open;
  if (only !== undefined && others.length === 0) {
    const how =
      only.permission !== null
        ? "comment this line with 1 to allow it or with 2 to refuse it after the colon"
        : only.options.length > 0
          ? "comment this line with the number of an option, or with words of your own after the colon"
          : "comment this line with your answer after the colon";
    return `${how}:\n\n${block(lines.join("\n"), 10_000)}`;
  }
  return `comment these lines, each with the number of an option or with words of your own after the colon:\n\n${block(lines.join("\n"), 10_000)}`;
}

/** The agent's own choice, where it is one of the options. */
function exampleOf({ options, default: mine }: Question): string {
  const at = mine === null ? -1 : options.findIndex((option) => sameName(option, mine));
  return at === -1 ? "" : String(at + 1);
}

function namesOf(questions: readonly Question[]): string {
  const numbers = questions.map(({ number }) => String(number));
  return `${numbers.length === 1 ? "question" : "questions"} ${listed(numbers)}`;
}

/** One entry of a list: what was asked, and who answered what. */
export function answeredLine(question: Question, charactersMax: number): string {
  const { number, answer, default: mine, required } = question;
  const asked = `Question ${number}: ${plain(question.question, charactersMax)}`;
  if (answer !== null) return `- ${asked} ${person(answer.by)}: ${plain(answer.text, charactersMax)}`;
  if (required) return `- ${asked} *No answer yet.*`;
  return mine === null
    ? `- ${asked} *Not answered: the agent decided.*`
    : `- ${asked} *Not answered; the agent took:* ${plain(mine, charactersMax)}`;
}
