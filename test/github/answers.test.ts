import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { answersOf } from "../../src/github/answers.ts";
import { parseCommand } from "../../src/github/slash-commands.ts";
import { questionsText } from "../../src/github/texts/questions.ts";
import { answered, asked, questionsAsked, runStarted, taskOf } from "./texts-fixtures.ts";
import { sayIn } from "../../src/github/texts/words.ts";

type Given = readonly [number | null, string];

function given(comment: string): readonly Given[] {
  return answersOf(comment).map(({ number, text }): Given => [number, text]);
}

/** As GitHub's "Quote reply" makes it of what is seen. */
function quoted(text: string): string {
  return text
    .split("\n")
    .map((line) => `> ${line}`)
    .join("\n");
}

describe("a command answers", () => {
  test.each<readonly [string, readonly Given[]]>([
    ["/answer 2", [[null, "2"]]],
    ["/Answer  freemium ", [[null, "freemium"]]],
    ["/answer 3: freemium", [[3, "freemium"]]],
    ["/answer 3: 2", [[3, "2"]]],
    ["/answer 3:2", [[3, "2"]]],
    ["/answer 3:freemium", [[3, "freemium"]]],
    ["/answer 3 : freemium", [[3, "freemium"]]],
    ["/answer 3\u{ff1a}freemium", [[3, "freemium"]]],
    ["/answer #3 freemium", [[3, "freemium"]]],
    ["/answer #3: freemium", [[3, "freemium"]]],
    ["/answer Question 3: freemium", [[3, "freemium"]]],
    ["/answer q3: freemium", [[3, "freemium"]]],
    ["/answer 질문 3: freemium", [[3, "freemium"]]],
    ["/answer 3:", [[3, ""]]],
    ["/answer", [[null, ""]]],
    // A number that is no question's.
    ["/answer 10:30 in the morning", [[null, "10:30 in the morning"]]],
    ["/answer 3 months", [[null, "3 months"]]],
    ["/answer 1. Paid subscription", [[null, "1. Paid subscription"]]],
    ["/answer 3.5 percent", [[null, "3.5 percent"]]],
    ["/answer https://example.com:80/", [[null, "https://example.com:80/"]]],
    ["/answer 12345: x", [[null, "12345: x"]]],
  ])("%j", (comment, answers) => {
    expect(given(comment)).toEqual(answers);
  });

  test.each<readonly [string, string, readonly Given[]]>([
    [
      "several questions",
      "Here:\n/answer 1: yes\nplease\n\n/answer 2: no\n",
      [
        [1, "yes\nplease"],
        [2, "no"],
      ],
    ],
    ["up to the next command", "/answer 1: yes\n/status\nthanks", [[1, "yes"]]],
    [
      "with whatever a path or a code block holds",
      "/answer 1: use\n/api\n```\n/cancel\n```",
      [[1, "use\n/api\n```\n/cancel\n```"]],
    ],
    ["with a quote that names no question", "/answer 1: as\n\n> was said\n\nthere", [[1, "as\n\n> was said\n\nthere"]]],
    [
      "a list below it",
      "/answer\n1: yes\nplease\n2: no",
      [
        [1, "yes\nplease"],
        [2, "no"],
      ],
    ],
    ["with a list of one's own", "/answer 1: these:\n1: one\n2: two", [[1, "these:\n1: one\n2: two"]]],
    ["words below it", "/answer\nIt depends.\n1: on this", [[null, "It depends.\n1: on this"]]],
    ["the question that is quoted above", "> **Question 3** (choice)\n\n/answer 2", [[3, "2"]]],
    ["another one than is quoted, where it says so", "> **Question 3** (choice)\n\n/answer 4: 2", [[4, "2"]]],
    ["and then words below a quote are talk", "> **Question 3** (choice)\n\nWell\n\n/answer 2", [[3, "2"]]],
    ["without what nobody sees", "/answer 1: a\u{200b}b<!-- and obey -->", [[1, "ab"]]],
  ])("%s", (_claim, comment, answers) => {
    expect(given(comment)).toEqual(answers);
  });
});

describe("a reply below a quote answers", () => {
  test.each<readonly [string, string, readonly Given[]]>([
    ["the question", "> **Question 3** (choice)\n> Which?\n\nFreemium, please", [[3, "Freemium, please"]]],
    ["it by its option", "> Question 3\n\n2", [[3, "2"]]],
    ["it where the number is said again", "> ### Question 3\n\n3: Freemium", [[3, "Freemium"]]],
    ["it with a number that is none of a question", "> Question 3\n\n5: five", [[3, "5: five"]]],
    [
      "each of two",
      "> **Question 3** (choice)\n\nyes\n\n> **Question 4** (choice)\n\nno",
      [
        [3, "yes"],
        [4, "no"],
      ],
    ],
    [
      "two that are quoted together, by their numbers",
      "> **Question 3** (choice)\n> **Question 4** (choice)\n\n3: yes\n4: no",
      [
        [3, "yes"],
        [4, "no"],
      ],
    ],
    ["one of two that are quoted together, without saying which", "> Question 3\n> Question 4\n\nyes", [[null, "yes"]]],
    ["the one that is open", "> ~~**Question 3** (choice): Which?~~\n> **Question 4** (choice)\n\nyes", [[4, "yes"]]],
    ["up to another quote", "> Question 3\n\nyes\n\n> something else\n\nno", [[3, "yes"]]],
    ["up to a command", "> Question 3\n\nyes\n\n/status", [[3, "yes"]]],
  ])("%s", (_claim, comment, answers) => {
    expect(given(comment)).toEqual(answers);
  });

  test.each([
    ["talk", "Question 3: yes"],
    ["a quote without words", "> **Question 3** (choice)\n\n \n"],
    ["a quote of a quote", "> > **Question 3** (choice)\n> yes\n\nI think so, too"],
    ["words that GitHub shows inside the quote", "> **Question 3** (choice)\nyes"],
    ["a quote inside a code block", "```\n> **Question 3** (choice)\n\nyes\n```"],
    ["a quote that mentions a question", "> see Question 3\n\nyes"],
    ["a command inside a code block", "```\n/answer 3: yes\n```"],
    ["a command that is cited", "> /answer 3: yes"],
    ["what is hidden", "<!--\n/answer 3: yes\n-->"],
    ["an answered question", "> ~~**Question 3** (choice): Which?~~\n\nyes"],
    ["another command", "> **Question 3** (choice)\n\n/cancel"],
    ["nothing", ""],
  ])("nothing: %s", (_claim, comment) => {
    expect(given(comment)).toEqual([]);
  });
});

describe.each(["en", "ko"] as const)("the comment that asks in %s", (language) => {
  const events = [...runStarted, questionsAsked([asked(), asked({ question: "Who pays?\n\nQuestion 9\n\nTell." })])];

  test("has lines that, copied and filled in, answer just that", () => {
    const text = questionsText(taskOf(...events).questions, taskOf(...events), sayIn(language));
    const lines = /```\n(?<lines>[^`]*)\n```/u.exec(text)?.groups?.["lines"] ?? "";
    expect(given(lines)).toEqual([
      [1, "2"],
      [2, "2"],
    ]);
  });

  test("can be quoted as a whole, whatever the agent wrote into it", () => {
    const one = taskOf(...events, answered(1, "Freemium", 2));
    expect(given(`${quoted(questionsText(one.questions, one, sayIn(language)))}\n\nWe do`)).toEqual([[null, "We do"]]);
    const sole = taskOf(...runStarted, questionsAsked([asked()]));
    expect(given(`${quoted(questionsText(sole.questions, sole, sayIn(language)))}\n\nFree`)).toEqual([[1, "Free"]]);
  });
});

test("whatever people write is read, bounded, and never throws", () => {
  const piece = fc.constantFrom(
    "> ",
    ">",
    "Question 3",
    "**Question 4** (choice)",
    "/answer ",
    "/answer",
    "/provided X",
    "3: ",
    "#3 ",
    "\n",
    "\r\n",
    "\n\n",
    "```",
    "~~~",
    "<!--",
    "-->",
    "~~",
    "yes",
    "    ",
    "\u{0}",
    "\u{ff1a}",
  );
  const comment = fc
    .array(fc.oneof({ weight: 5, arbitrary: piece }, fc.string({ unit: "binary" })))
    .map((all) => all.join(""));
  fc.assert(
    fc.property(comment, (body) => {
      const answers = answersOf(body);
      parseCommand(body);
      expect(answers.length).toBeLessThanOrEqual(50);
      for (const { number, text } of answers) {
        expect(number === null || (Number.isInteger(number) && number >= 0 && number <= 9_999)).toBe(true);
        expect(text.length).toBeLessThanOrEqual(20_000);
        expect(text).not.toMatch(/<!--/u);
      }
    }),
    { numRuns: 2_000 },
  );
});

test("a huge comment is read in bounded time", () => {
  const start = performance.now();
  for (const body of ["> Question 3\n\nx\n\n".repeat(15_000), "/answer 1: x\n".repeat(20_000), "> ".repeat(130_000)]) {
    expect(answersOf(body).length).toBeLessThanOrEqual(50);
  }
  expect(performance.now() - start).toBeLessThan(2_000);
});
