import { describe, expect, test } from "vitest";
import { answerText } from "../../../src/github/texts/answers.ts";
import { sayIn } from "../../../src/github/texts/words.ts";
import { context } from "../texts-fixtures.ts";

const { links } = context;
const commitSha = "0123456789abcdef";
const commit = "[`0123456`](https://github.com/octo/shop/commit/0123456789abcdef)";

describe("an answer in a thread", () => {
  test.each([
    ["fixed", commitSha, `**Done** in ${commit}.`, null],
    ["fixed", null, "**Done, says the agent**, but it changed no file for it.", "resolve this thread if that is right"],
    ["declined", null, "**Not changed.**", "resolve this thread if you agree"],
    ["declined", commitSha, `**Not changed** as asked; ${commit} has what was changed instead.`, "resolve this thread"],
    ["question", null, "**The agent asks back.**", "answer in this thread"],
    ["none", null, "**The agent gave no answer.**", "comment `/rework`"],
    ["none", commitSha, `**The agent gave no answer**, but changed something in ${commit}.`, "comment `/rework`"],
  ] as const)("%s with commit %s says what came of it and what is left to do", (kind, sha, verdict, next) => {
    const [first, words, last] = answerText({ kind, text: "Because of it.", commitSha: sha }, links, sayIn("en")).split(
      "\n\n",
    );
    expect(first).toBe(verdict);
    expect(words).toBe("Because of it.");
    if (next === null) expect(last).toBeUndefined();
    else expect(last).toMatch(new RegExp(`^\\*Next:\\* .*${next}`, "u"));
  });

  test("shows the agent's paragraphs as they were typed, and nothing where there are none", () => {
    const text = "One @reviewer.\n\n\n# Two\nlines <img src=x>\n\n*Next:* [x](https://evil)";
    expect(answerText({ kind: "fixed", text, commitSha }, links, sayIn("en"))).toBe(
      [
        `**Done** in ${commit}.`,
        "One @&#8203;reviewer.",
        "\\# Two lines \\<img src\\=x\\>",
        "\\*Next:\\* \\[x\\]\\(https:&#8203;//evil\\)",
      ].join("\n\n"),
    );
    expect(answerText({ kind: "fixed", text: " \n\n", commitSha }, links, sayIn("en"))).toBe(`**Done** in ${commit}.`);
  });
});
