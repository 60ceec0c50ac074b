import { expect, test } from "vitest";
import { createBlockParser } from "../../src/runner/dialogue-blocks.ts";
import { askFirst, textBlock, toolOfRunner } from "./ask-first.ts";
import type { ModelAnswer } from "./model-answer.ts";
import { parseModelRequest } from "./model-request.ts";

const work: ModelAnswer = { blocks: [{ type: "text", text: "I work." }] };
const asks = {
  "planning/01_idea": [toolOfRunner("ask_user", { n: 1 }), toolOfRunner("ask_user", { n: 2 })],
  "planning/02_market": [
    { type: "text" as const, text: textBlock("ERROR", { type: "missing_file", message: "a.md" }) },
  ],
};
const decide = askFirst(() => work, asks);
const request = (...messages: readonly object[]) => parseModelRequest({ model: "claude", messages });
const prompt = (step: string) => ({ role: "user", content: `Step: planning/${step}\nWork tree: /tree` });

test("a model asks once in the steps that are named, and works in all others", () => {
  expect(decide(request(prompt("01_idea")))).toEqual({ blocks: asks["planning/01_idea"] });
  expect(decide(request(prompt("03_other")))).toEqual(work);
  const call = { type: "tool_use", id: "toolu_1", ...asks["planning/01_idea"][1] };
  const result = { type: "tool_result", tool_use_id: "toolu_1", content: "Users" };
  const answered = [prompt("01_idea"), { role: "assistant", content: [call] }, { role: "user", content: [result] }];
  expect(decide(request(...answered))).toEqual(work);
  const next = [...answered, { role: "assistant", content: "Done." }, prompt("02_market")];
  expect(decide(request(...next))).toEqual({ blocks: asks["planning/02_market"] });
  const said = { role: "assistant", content: asks["planning/02_market"] };
  expect(decide(request(...next, said, { role: "user", content: "Mend: go on." }))).toEqual(work);
});

test("a block of text is one that the runner reads", () => {
  const fields = { category: "choice", question: "Which?", options: ["a", "b"], default: "a", required: true };
  const parser = createBlockParser();
  expect([...parser.push(textBlock("USER_QUESTION", fields)), ...parser.end()]).toEqual([
    { kind: "question", question: fields },
  ]);
});
