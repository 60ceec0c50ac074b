import { describe, expect, test } from "vitest";
import type { ProductScript } from "../model/load-product.ts";
import { parseModelRequest } from "../model/model-request.ts";
import { demoAgent, demoQuestion, demoSecret } from "./agent.ts";
import { decisionsOf, vetoed } from "./decisions.ts";
import { comparing } from "./judge.ts";

const workTree = "/work/tree";
const tools = ["Write", "Bash", "mcp__phasegate__ask_user", "mcp__phasegate__request_dependency"];
const product: ProductScript = {
  steps: [
    ["planning", "05_business_model", "docs/planning/05_business_model.md"],
    ["planning", "06_product", "docs/planning/06_product.md"],
    ["development", "06_deploy_prep", "Dockerfile"],
    ["test", "01_test_plan", vetoed.path],
  ].map(([phase = "", slug = "", path = ""]) => ({
    phase,
    slug,
    files: [{ path, text: path === vetoed.path ? `${vetoed.before}.\n` : `text of ${path}\n` }],
    firstTries: [],
    reads: [],
    runsTests: false,
    closing: `closing of ${slug}`,
  })),
};

type Block = { readonly type: string } & Readonly<Record<string, unknown>>;

/** A conversation with the agent; `ends` says where a call stops the turn. */
function conversation(resultOf: (call: Block) => string | null) {
  const decide = demoAgent(product);
  const messages: { role: "user" | "assistant"; content: readonly Block[] }[] = [];
  const calls: string[] = [];
  let pending: Block | null = null;

  /** Until the agent's turn is over; its last words, or the call that waits. */
  function goOn(): string {
    for (;;) {
      const answer = decide(
        parseModelRequest({ model: "m", tools: tools.map((name) => ({ name })), messages: [...messages] }),
      );
      if (!("blocks" in answer)) throw new Error("the agent always answers");
      const blocks: readonly Block[] = answer.blocks.map((block, at) =>
        block.type === "text" ? { ...block } : { id: `call-${messages.length}-${at}`, ...block },
      );
      messages.push({ role: "assistant", content: blocks });
      const used = blocks.filter(({ type }) => type === "tool_use");
      calls.push(...used.map(({ name }) => String(name)));
      if (used.some(({ name }) => name === "StructuredOutput")) {
        results(used.map((call) => [call, "Structured output provided successfully"] as const));
        return "";
      }
      if (used.length === 0) return blocks.map(({ text }) => text).join("\n");
      pending = used.find((call) => resultOf(call) === null) ?? null;
      if (pending !== null) return String(pending["name"]);
      results(used.map((call) => [call, resultOf(call) ?? ""] as const));
    }
  }

  function results(given: readonly (readonly [Block, string])[]): void {
    const content = given.map(([call, text]) => ({ type: "tool_result", tool_use_id: call["id"], content: text }));
    messages.push({ role: "user", content });
  }

  return {
    calls,
    written: () =>
      messages
        .flatMap(({ content }) => content)
        .filter(({ name }) => name === "Write")
        .map(({ input }) => (input as { content: string }).content),
    ask(step: string, more = ""): string {
      return this.say(`Step: ${step}\nWork tree: ${workTree}\n\n${more}`);
    },
    say(text: string): string {
      messages.push({ role: "user", content: [{ type: "text", text }] });
      return goOn();
    },
    output: () =>
      messages.flatMap(({ content }) => content).findLast(({ name }) => name === "StructuredOutput")?.["input"],
    answer(text: string): string {
      if (pending === null) throw new Error("answering: nothing waits");
      results([[pending, text]]);
      return goOn();
    },
  };
}

const answered = "b-1\nQuestion 1: May it?\nowner answers:\n| Never: what was printed works\nb-1";

describe("the demo's agent", () => {
  test("asks before it defines the product, and writes down what people decided", () => {
    const agent = conversation(({ name }) => (name === "mcp__phasegate__ask_user" ? null : "done"));
    expect(agent.ask("planning/05_business_model")).toBe("closing of 05_business_model");
    expect(agent.ask("planning/06_product")).toBe("mcp__phasegate__ask_user");
    expect(agent.answer(answered)).toBe("closing of 06_product");
    expect(agent.written().at(-1)).toBe(
      `text of docs/planning/06_product.md\n\n## Decided by you\n\n- ${demoQuestion.question} **Never: what was printed works.**\n`,
    );
    expect(agent.written()[0]).toBe("text of docs/planning/05_business_model.md\n");
  });

  test("asks no second time where the conversation is lost and its prompt has the answer", () => {
    const agent = conversation(() => "done");
    expect(agent.ask("planning/06_product", answered)).toBe("closing of 06_product");
    expect(agent.calls).toEqual(["Write"]);
  });

  test("ends its turn where a call did not stop it", () => {
    const agent = conversation(() => "This is with the people of the project now. End your turn now.");
    expect(agent.ask("planning/06_product")).toBe("I wait for your answer.");
  });

  test("needs the key once its files are there, tries it, and says nothing of it", () => {
    const trial = "opened again: the same\n";
    const agent = conversation(({ name }) =>
      name === "Bash" ? trial : name === "mcp__phasegate__request_dependency" ? null : "done",
    );
    expect(agent.ask("development/06_deploy_prep")).toBe("mcp__phasegate__request_dependency");
    const { name } = demoSecret;
    expect(agent.answer(`${name} is in your environment as the variable ${name}.`)).toBe(
      `closing of 06_deploy_prep\nA backup, sealed with \`${name}\`, opened again: the same.`,
    );
    expect(agent.calls).toEqual(["Write", "mcp__phasegate__request_dependency", "Bash"]);
  });

  const verify = `Verify: planning\nWork tree: ${workTree}\n\n## Criteria\n\n- \`${comparing.criterion}\` (must): They agree.\n- \`other\` (should): All is well.\n\n## What the phase made\n\n- Idea: \`docs/planning/01_idea.md\`\n`;
  const lines: Readonly<Record<string, string>> = {
    [`${workTree}/docs/planning/06_product.md`]:
      "     1\t# Product\n    14\t2. An alias of 3 to 32 letters, digits and hyphens.",
    [`${workTree}/docs/planning/07_features.md`]: "    23\t**REQ-002** 3 to 24 letters, digits, hyphens.",
  };

  test("judges as the verifier: two documents that differ contradict each other, at these lines", () => {
    const agent = conversation(({ input }) => lines[(input as { file_path?: string }).file_path ?? ""] ?? "done");
    agent.say(verify);
    expect(agent.output()).toMatchObject({
      verdicts: {
        [comparing.criterion]: {
          passed: false,
          evidence: [
            { path: "docs/planning/07_features.md", line: 23 },
            { path: "docs/planning/06_product.md", line: 14 },
          ],
        },
        other: { passed: true, evidence: [{ path: "docs/planning/01_idea.md" }] },
      },
    });
  });

  test("judges as the verifier: two documents that agree pass", () => {
    const agent = conversation(({ input }) =>
      (lines[(input as { file_path?: string }).file_path ?? ""] ?? "done").replace("3 to 24", "3 to 32"),
    );
    agent.say(verify);
    expect(agent.output()).toMatchObject({ verdicts: { [comparing.criterion]: { passed: true } } });
  });

  test("tells its decisions, and another one where people vetoed it", () => {
    const before = conversation(() => "done");
    before.ask("test/01_test_plan");
    before.say("Decisions: test\n");
    const after = conversation(() => "done");
    after.ask("test/01_test_plan", `owner says:\n| ${vetoed.reason}\n`);
    after.say("Decisions: test\n");
    expect(before.output()).toEqual({ decisions: decisionsOf("test", false) });
    expect(after.output()).toEqual({ decisions: decisionsOf("test", true) });
    expect([before.written(), after.written()]).toEqual([[`${vetoed.before}.\n`], [`${vetoed.after}.\n`]]);
    expect(decisionsOf("test", false)[vetoed.number - 1]?.decision).toBe(vetoed.decision);
  });
});
