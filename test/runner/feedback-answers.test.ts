import { describe, expect, test } from "vitest";
import type { Feedback } from "../../src/protocol/runner.ts";
import { readAnswers } from "../../src/runner/feedback-answers.ts";

const items = ["A", "B", "C"].map((id, at) => ({ number: `F${at + 1}`, item: remark(`thread:${id}`) }));

function remark(id: string): Feedback {
  return { id, request: "change", step: "01_idea", path: null, line: null, hunk: null, comments: [] };
}

function block(id: string, answer: string, text: string): string {
  return `[FEEDBACK_ANSWER]\nid: ${id}\nanswer: ${answer}\ntext: ${text}\n[/FEEDBACK_ANSWER]`;
}

describe("answers to feedback", () => {
  test("are read from several blocks of one message, in the order of the feedback", () => {
    const said = `Done.\n\n${block("F2", "declined", "It is out of scope.")}\n${block("F1", "fixed", "Done so.")}`;
    expect(readAnswers([said], items)).toEqual([
      { id: "thread:A", kind: "fixed", text: "Done so." },
      { id: "thread:B", kind: "declined", text: "It is out of scope." },
    ]);
  });

  test.each([
    [
      "case and white space",
      "  [ feedback_answer ]\r\n  ID :  f1 \r\n\tANSWER:Fixed.\r\n Text :  yes \r\n[/Feedback_Answer]",
    ],
    [
      "marks of lists and stress",
      "[FEEDBACK_ANSWER]\n- **id:** `F1`\n- **answer:** *fixed*\n- **text:** yes\n[/FEEDBACK_ANSWER]",
    ],
    ["a wide colon", "[FEEDBACK_ANSWER]\nid：F1\nanswer：fixed\ntext：yes\n[/FEEDBACK_ANSWER]"],
    ["another order", "[FEEDBACK_ANSWER]\ntext: yes\nanswer: fixed\nid: F01\n[/FEEDBACK_ANSWER]"],
    ["no line of their own", `Here it is: ${block("F1", "fixed", "yes")} and that is all.`],
  ])("are read in spite of %s", (_what, said) => {
    expect(readAnswers([said], items)).toEqual([{ id: "thread:A", kind: "fixed", text: "yes" }]);
  });

  test("may be Korean, in several lines, with a colon in them", () => {
    const text = "누가 지불하는지 적었습니다.\n\nanswer: 이 줄도 글입니다.\n표도 고쳤습니다.";
    expect(readAnswers([block("F1", "fixed", text)], items)).toEqual([{ id: "thread:A", kind: "fixed", text }]);
  });

  test("in a code fence are examples", () => {
    const fenced = `~~~text\n${block("F1", "fixed", "no")}\n~~~\n\`\`\`\`\n\`\`\`\n${block("F2", "fixed", "no")}\n\`\`\`\`\n`;
    expect(readAnswers([`${fenced}${block("F3", "question", "Which?")}`], items)).toEqual([
      { id: "thread:C", kind: "question", text: "Which?" },
    ]);
  });

  test("of later messages replace earlier ones, and a fence ends with its message", () => {
    const said = [block("F1", "declined", "No."), "```\nnever closed", block("F1", "fixed", "After all.")];
    expect(readAnswers(said, items)).toEqual([{ id: "thread:A", kind: "fixed", text: "After all." }]);
  });

  test.each([
    ["that nobody asked for", block("F4", "fixed", "yes")],
    ["of another kind", block("F1", "done", "yes")],
    ["without words", block("F1", "fixed", " ")],
    ["without an end", block("F1", "fixed", "yes").replace("[/FEEDBACK_ANSWER]", "")],
    ["with another thing as id", block("thread:A", "fixed", "yes")],
  ])("%s are none", (_what, said) => {
    expect(readAnswers([said], items)).toEqual([]);
  });

  test("after talk about a block are read all the same", () => {
    const said = `I end with a [FEEDBACK_ANSWER] block.\n${block("F1", "fixed", "yes")}`;
    expect(readAnswers([said], items)).toEqual([{ id: "thread:A", kind: "fixed", text: "yes" }]);
  });

  test("of any length are bounded, and read in no time", () => {
    const [answer] = readAnswers([block("F1", "fixed", "long ".repeat(200_000))], items);
    expect(answer?.text.length).toBeLessThanOrEqual(8_000);
    expect(readAnswers(["[FEEDBACK_ANSWER]\n".repeat(20_000)], items)).toEqual([]);
  });
});
