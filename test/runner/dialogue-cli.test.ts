/** What the pinned CLI has to do for the dialogue to work. The model is scripted, everything else is real. */

import { describe, expect, test } from "vitest";
import type { JobDependency } from "../../src/protocol/runner.ts";
import { limitOfKey, limitOfSubscription, refusals, textBlock, toolOfRunner } from "../model/ask-first.ts";
import type { AnswerBlock, ModelAnswer } from "../model/model-answer.ts";
import type { ModelRequest } from "../model/model-request.ts";
import { answerOf, resumeOf, stepWorld } from "./dialogue-world.ts";
import { aStep } from "./run-world.ts";

const text = (words: string): AnswerBlock => ({ type: "text", text: words });
const question = (words: string, required: boolean) => ({
  category: "business",
  question: words,
  options: ["Subscription", "Advertising"],
  default: "Subscription",
  required,
});
const ask = (...questions: readonly object[]): AnswerBlock => toolOfRunner("ask_user", { questions });
const say = (...blocks: readonly AnswerBlock[]): ModelAnswer => ({ blocks });
const bash = (command: string): AnswerBlock => ({
  type: "tool_use",
  name: "Bash",
  input: { command, description: "x" },
});
const document = "# Idea\n\n## Problem\n\nLong links break in mails, and nobody can read them out on the phone.\n";
/** In the folder that the CLI runs in: on a second machine that is another one. */
const write = (line = ""): AnswerBlock =>
  bash(`mkdir -p docs && cat > docs/01_idea.md <<'END'\n${document}${line}\nEND`);
const results = (request: ModelRequest | undefined): readonly string[] =>
  request?.messages.flatMap(({ toolResults }) => toolResults.map(({ text }) => text)) ?? [];
const isSaid = (request: ModelRequest, words: string): boolean =>
  request.messages.some(({ text }) => text.includes(words));

describe("a question that the step must wait for", () => {
  test("ends the turn, and on another machine its answer is the result of the call", async () => {
    await using world = await stepWorld((request) => {
      if (results(request).some((result) => result.includes("| Advertising"))) {
        return results(request).length === 1 ? say(write()) : say(text("Done."));
      }
      return say(text("I think MANGO."), ask(question("Who pays?", true), question("Which colour?", false)));
    });
    const first = await world.run();
    expect(first.asked).toHaveLength(1);
    expect(first.requests).toMatchObject([{ kind: "questions", step: "01_idea", id: "run-1/1" }]);
    expect(first.end).toMatchObject({
      kind: "ended",
      outcome: { kind: "waiting-question" },
      pending: [{ kind: "tool-call", toolName: "mcp__phasegate__ask_user", requestIds: ["run-1/1"] }],
      round: 0,
      told: [],
    });
    expect(first.state).toMatchObject({ hasSpoken: true, lastOutput: "I think MANGO." });
    expect(first.state.toolsUsed).toEqual(["mcp__phasegate__ask_user"]);

    const answer = answerOf(first.requests[0], "Advertising");
    const from = { resume: resumeOf(first, ["docs/x.md"]), machine: first.machine };
    const second = await world.run({ from, answers: [answer] });
    expect(second.end).toMatchObject({ kind: "done", told: [{ number: 1, at: answer.at }], findings: [] });
    expect(second.requests).toEqual([]);
    const [resumed] = second.asked;
    expect(resumed?.messages.filter(({ role }) => role !== "system").map(({ role }) => role)).toEqual([
      "user",
      "assistant",
      "user",
    ]);
    expect(resumed?.messages.some(({ role, text }) => role === "assistant" && text.includes("MANGO"))).toBe(true);
    const [result = ""] = results(resumed);
    expect(result).toContain("Question 1: Who pays?\nowner answers:\n| Advertising\nboundary-7c1d");
    expect(result).toContain('"Which colour?": go on with the default: Subscription');
    expect(result).toContain(`The work tree is ${second.workTree} now.`);
    expect(result).toContain("- docs/x.md");
    expect(second.workTree).not.toBe(first.workTree);
  });

  test("is asked again afresh: only the call that was answered is let through", async () => {
    await using world = await stepWorld((request) =>
      results(request).length === 0 ? say(ask(question("Who pays?", true))) : say(ask(question("How much?", true))),
    );
    const first = await world.run();
    const from = { resume: resumeOf(first), machine: first.machine };
    const second = await world.run({ from, answers: [answerOf(first.requests[0], "Nobody")] });
    expect(second.requests).toMatchObject([{ kind: "questions", questions: [{ question: "How much?" }] }]);
    expect(second.end).toMatchObject({
      outcome: { kind: "waiting-question" },
      pending: [{ kind: "tool-call", requestIds: ["run-2/1"] }],
      told: [{ number: 1 }],
    });
  });

  test("in a call that vanishes beside another is sent all the same, and answered with the other", async () => {
    await using world = await stepWorld((request) => {
      if (results(request).length === 0) {
        return say(ask(question("Who pays?", true)), bash("echo sibling"), ask(question("How much?", true)));
      }
      return results(request).length === 2 ? say(write()) : say(text("Done."));
    });
    const first = await world.run();
    expect(first.requests).toMatchObject([
      { questions: [{ question: "Who pays?" }] },
      { questions: [{ question: "How much?" }] },
    ]);
    expect(first.end).toMatchObject({
      outcome: { kind: "waiting-question" },
      pending: [
        { kind: "tool-call", requestIds: ["run-1/2"] },
        { kind: "requests", requestIds: ["run-1/1"] },
      ],
    });
    const answers = [answerOf(first.requests[0], "Advertising"), { ...answerOf(first.requests[1], "Five"), number: 2 }];
    const second = await world.run({ from: { resume: resumeOf(first), machine: first.machine }, answers });
    const result = results(second.asked[0]).at(-1);
    expect(result).toContain("Question 2: How much?\nowner answers:\n| Five");
    expect(result).toContain("Question 1: Who pays?\nowner answers:\n| Advertising");
    // Neither the CLI nor we have told the model of the call that is gone.
    expect(second.asked[0]?.messages.flatMap(({ toolCalls }) => toolCalls).map(({ name }) => name)).toEqual([
      "Bash",
      "mcp__phasegate__ask_user",
    ]);
  });

  test("is refused by the tool itself where the hook can't be reached, and is sent all the same", async () => {
    await using world = await stepWorld((request) => {
      if (isSaid(request, "| Advertising")) return results(request).length === 1 ? say(write()) : say(text("Done."));
      return results(request).length === 0 ? say(ask(question("Who pays?", true))) : say(text("I wait."));
    });
    const first = await world.run({ hookIsGone: true });
    expect(results(first.asked.at(-1))[0]).toContain("End your turn now");
    expect(first.requests).toHaveLength(1);
    expect(first.end).toMatchObject({
      outcome: { kind: "waiting-question" },
      pending: [{ kind: "requests", requestIds: ["run-1/1"] }],
    });
    const from = { resume: resumeOf(first), machine: first.machine };
    const second = await world.run({ from, answers: [answerOf(first.requests[0], "Advertising")] });
    expect(second.end).toMatchObject({ kind: "done", told: [{ number: 1 }] });
    expect(second.asked[0]?.lastUserText).toContain("| Advertising");
  });

  test("whose conversation is lost has its answer in the prompt of the step", async () => {
    await using world = await stepWorld((request) => {
      if (results(request).length > 0) return say(text("Done."));
      return isSaid(request, "| Advertising") ? say(write()) : say(ask(question("Who pays?", true)));
    });
    const first = await world.run();
    const answers = [answerOf(first.requests[0], "Advertising")];
    const nothing = await world.run({ from: { resume: resumeOf(first), machine: null }, answers });
    expect(nothing.end).toMatchObject({ kind: "done", told: [{ number: 1 }] });
    expect(nothing.asked[0]?.lastUserText).toContain("in a conversation that is lost");
    // The app's word for it was wrong: there is no such transcript.
    const wrong = { ...first.machine, sessionId: "5f0c1f3e-3b0a-4f5c-9a54-0d7b8f2f7c11" };
    const second = await world.run({ from: { resume: resumeOf(first), machine: wrong }, answers });
    expect(second.end).toMatchObject({ kind: "done", told: [{ number: 1 }] });
    expect(second.said).toContainEqual(
      expect.objectContaining({ level: "warn", text: expect.stringContaining("is lost") }),
    );
  });
});

describe("a question that the step need not wait for", () => {
  test("is answered with its default at once, and sent", async () => {
    await using world = await stepWorld((request) => {
      const { length } = results(request);
      if (length === 0) return say(ask(question("Which colour?", false)));
      return length === 1 ? say(write()) : say(text("Done."));
    });
    const { end, requests, asked } = await world.run();
    expect(end).toMatchObject({ kind: "done", told: [] });
    expect(requests).toMatchObject([
      { kind: "questions", questions: [{ question: "Which colour?", required: false }] },
    ]);
    expect(results(asked[1])[0]).toContain("go on with the default: Subscription");
  });

  test("whose answer comes later reaches the next step", async () => {
    const steps = [aStep({ slug: "01_idea" }), aStep({ slug: "02_market" })];
    await using world = await stepWorld(() => say(text("Done.")), { steps, limits: limitsOf(0) });
    const late = {
      number: 4,
      requestId: "run-0/1",
      index: 0,
      question: "Which colour?",
      text: "Red",
      by: "owner",
      at: "2026-11-21T00:00:00Z",
    };
    const { end, asked } = await world.run({ step: "02_market", answers: [late] });
    expect(asked[0]?.lastUserText).toContain("Question 4: Which colour?\nowner answers:\n| Red");
    expect(end).toMatchObject({ kind: "done", told: [{ number: 4, at: late.at }] });
    const again = await world.run({ step: "02_market", answers: [late], told: [{ number: 4, at: late.at }] });
    expect(again.asked[0]?.lastUserText).not.toContain("Which colour?");
  });
});

test("what the settings say of a service, and is no secret, is in the agent's environment", async () => {
  const services = { names: [], values: [{ service: "Slack", name: "SLACK_DEFAULT_CHANNEL", value: "releases" }] };
  await using world = await stepWorld(
    (request) =>
      results(request).length === 0
        ? say(bash("printenv SLACK_DEFAULT_CHANNEL"))
        : say(results(request).length === 1 ? write() : text("Done.")),
    { services },
  );
  const { asked } = await world.run();
  expect(results(asked[1])).toEqual(["releases"]);
});

describe("something that only people can provide", () => {
  const key = { type: "api_key", name: "STRIPE_KEY", description: "Charges cards.", required: true };
  const granted: JobDependency = {
    name: "STRIPE_KEY",
    askedAs: "STRIPE_KEY",
    type: "api_key",
    state: "granted",
    steps: [],
    slot: 1,
  };

  test("is waited for, and is in the environment of the step that asked, on the next machine", async () => {
    await using world = await stepWorld((request) => {
      const { length } = results(request);
      if (length === 0) return say(toolOfRunner("request_dependency", key));
      if (length === 1) return say(bash('echo "length ${#STRIPE_KEY}"'));
      return length === 2 ? say(write()) : say(text("Done."));
    });
    const first = await world.run();
    expect(first.requests).toMatchObject([{ kind: "dependency", dependency: key }]);
    expect(first.end).toMatchObject({
      outcome: { kind: "waiting-dependency" },
      pending: [{ kind: "tool-call", requestIds: ["run-1/1"] }],
    });
    const second = await world.run({
      from: { resume: resumeOf(first), machine: first.machine },
      dependencies: [{ ...granted, steps: ["01_idea"] }],
      held: { STRIPE_KEY: "sk_test_0123456789" },
    });
    expect(second.end.kind).toBe("done");
    const [answer, length] = results(second.asked.at(-1));
    expect(answer).toContain("STRIPE_KEY is in your environment");
    expect(length).toBe("length 18");
    expect(JSON.stringify(second.asked)).not.toContain("sk_test_0123456789");
  });

  test("and is held by the job already, is lent without a wait: the CLI starts again with it", async () => {
    await using world = await stepWorld((request) => {
      const { length } = results(request);
      if (length === 0) return say(bash('echo "length ${#STRIPE_KEY}"'));
      if (length === 1) return say(toolOfRunner("request_dependency", key));
      if (length === 2) return say(bash('echo "length ${#STRIPE_KEY}"'));
      return length === 3 ? say(write()) : say(text("Done."));
    });
    const { end, requests, asked } = await world.run({
      dependencies: [granted],
      held: { STRIPE_KEY: "sk_test_0123456789" },
    });
    expect(end.kind).toBe("done");
    expect(requests).toMatchObject([{ kind: "dependency" }]);
    const [before, answer, after] = results(asked.at(-1));
    expect([before, after]).toEqual(["length 0", "length 18"]);
    expect(answer).toContain("STRIPE_KEY is in your environment");
  });

  test("is never in the way of what the runner sets itself", async () => {
    await using world = await stepWorld((request) => {
      const { length } = results(request);
      if (length === 0) return say(bash("echo $HOME"));
      return length === 1 ? say(write()) : say(text("Done."));
    });
    const held = { HOME: "/elsewhere", PHASEGATE_DIALOGUE_TOKEN: "x" };
    const dependencies = Object.keys(held).map((name) => ({ ...granted, name, steps: ["01_idea"] }));
    const { end, asked, machine } = await world.run({ dependencies, held });
    expect(end.kind).toBe("done");
    expect(results(asked[1])[0]).toBe(machine.configDir.replace(/config$/, "home"));
  });
});

describe("in words", () => {
  const fields = { category: "business", question: "Who pays?", options: ["Users"], default: "Users" };
  const asked = textBlock("USER_QUESTION", { ...fields, required: true });

  test("a question is waited for, and its answer is the next thing that the agent hears", async () => {
    await using world = await stepWorld((request) => {
      if (results(request).length > 0) return say(text("Done."));
      return request.lastUserText.includes("| Advertisers") ? say(write()) : say(text(`First:\n${asked}\n`));
    });
    const first = await world.run();
    expect(first.requests).toMatchObject([
      { kind: "questions", questions: [{ question: "Who pays?", required: true }] },
    ]);
    expect(first.end).toMatchObject({
      outcome: { kind: "waiting-question" },
      pending: [{ kind: "requests", requestIds: ["run-1/1"] }],
    });
    const from = { resume: resumeOf(first), machine: first.machine };
    const second = await world.run({ from, answers: [answerOf(first.requests[0], "Advertisers")] });
    expect(second.end).toMatchObject({ kind: "done", told: [{ number: 1 }] });
    expect(second.asked[0]?.messages.some(({ text }) => text.includes("[USER_QUESTION]"))).toBe(true);
    // The guide is in the conversation already.
    expect(second.asked[0]?.lastUserText).not.toContain("## Guide");
  });

  test("a block that is not in order goes back, and an optional question is told its default there", async () => {
    await using world = await stepWorld((request) => {
      if (results(request).length > 0) return say(text("Done."));
      const broken = textBlock("ERROR", { type: "bad", message: "x" });
      return request.lastUserText.includes("Mend:")
        ? say(write())
        : say(text(`${broken}\n${asked.replace("required: true", "required: false")}`));
    });
    const { end, requests, asked: prompts } = await world.run();
    expect(end.kind).toBe("done");
    expect(requests).toMatchObject([{ kind: "questions", questions: [{ required: false }] }]);
    const mending = prompts[1]?.lastUserText ?? "";
    expect(mending).toMatch(/^- \[ERROR\]: .*type/m);
    expect(mending).toContain('"Who pays?": go on with the default: Users');
  });

  test("a key that the job holds is lent, and the agent is told", async () => {
    await using world = await stepWorld((request) => {
      const { length } = results(request);
      if (length === 0 && !request.lastUserText.includes("The work on this step goes on."))
        return say(text("Need API key for STRIPE_KEY"));
      if (length === 0) return say(bash('echo "length ${#STRIPE_KEY}"'));
      return length === 1 ? say(write()) : say(text("Done."));
    });
    const dependency = {
      name: "STRIPE_KEY",
      askedAs: "STRIPE_KEY",
      type: "api_key" as const,
      state: "granted" as const,
      steps: [],
      slot: 1,
    };
    const {
      end,
      requests,
      asked: prompts,
    } = await world.run({ dependencies: [dependency], held: { STRIPE_KEY: "sk_test_0123456789" } });
    expect(end.kind).toBe("done");
    expect(requests).toMatchObject([{ kind: "dependency", dependency: { name: "STRIPE_KEY" } }]);
    expect(results(prompts.at(-1))[0]).toBe("length 18");
    const without = await world.run();
    expect(without.end).toMatchObject({ outcome: { kind: "waiting-dependency" }, pending: [{ kind: "requests" }] });
  });

  test("a key that is named when all is done is asked for, and not waited for", async () => {
    await using world = await stepWorld((request) =>
      results(request).length === 0 ? say(write()) : say(text("Done. OPENAI_API_KEY 환경 변수가 필요합니다.")),
    );
    const { end, requests } = await world.run();
    expect(end.kind).toBe("done");
    expect(requests).toMatchObject([{ kind: "dependency", dependency: { name: "OPENAI_API_KEY", required: false } }]);
  });

  test("a claim that is not true goes back with the difference", async () => {
    await using world = await stepWorld((request) => {
      const claim = "=== PHASE 2 COMPLETE ===\nDocuments created:\n- docs/01_idea.md\n- docs/02_market.md";
      if (request.lastUserText.includes("Mend:")) return say(text("It is only docs/01_idea.md."));
      return results(request).length === 0 ? say(write()) : say(text(claim));
    });
    const { end, asked: prompts } = await world.run();
    expect(end).toMatchObject({ kind: "done", findings: [] });
    const mending = prompts.at(-1)?.lastUserText ?? "";
    expect(mending).toContain("- you said that phase 2 is complete, but this is phase 1.");
    expect(mending).toContain("- you named files that are not there: docs/02_market.md.");
  });
});

describe("an error that the agent reports", () => {
  const report = (type: string) =>
    toolOfRunner("report_error", { type, message: "npm can't be run", details: "exit 127" });

  test("ends the step where its deliverable is missing", async () => {
    await using world = await stepWorld((request) =>
      results(request).length === 0 ? say(report("execution_failed")) : say(text("I end here.")),
    );
    const { end, requests, asked } = await world.run();
    const error = { type: "execution_failed", message: "npm can't be run", details: "exit 127" };
    expect(requests).toMatchObject([{ kind: "error", error }]);
    const message = "step 01_idea: the agent reported execution_failed: npm can't be run";
    expect(end).toMatchObject({ outcome: { kind: "lost", message }, pending: [{ kind: "step" }] });
    expect(asked).toHaveLength(2);
  });

  test("is only reported where the deliverable is there", async () => {
    await using world = await stepWorld((request) => {
      const { length } = results(request);
      if (length === 0) return say(report("execution_failed"), write());
      return say(text("Done."));
    });
    const { end, requests } = await world.run();
    expect(end.kind).toBe("done");
    expect(requests).toHaveLength(1);
  });
});

describe("a step that is stopped in the midst of a tool", () => {
  const slow = (request: ModelRequest): ModelAnswer => {
    const { length } = results(request);
    if (length === 0) return say(text("I begin. PAPAYA."), bash("touch begun; exec tail -f /dev/null"));
    return isSaid(request, "This step was interrupted") && length === 1 ? say(write()) : say(text("Done."));
  };

  test("by the end of its slice goes on in the same conversation elsewhere", async () => {
    await using world = await stepWorld(slow);
    // The CLI has to come as far as its tool, however busy this machine is.
    const startedAt = performance.now();
    const stop = new AbortController();
    await world.run({ signal: stop.signal, onSay: ({ kind }) => kind === "action" && stop.abort() });
    const first = await world.run({ sliceMs: 1_000 + 2 * (performance.now() - startedAt) });
    expect(first.end).toMatchObject({ outcome: { kind: "slice-ended" }, pending: [{ kind: "step" }] });
    const second = await world.run({ from: { resume: resumeOf(first), machine: first.machine } });
    expect(second.end.kind).toBe("done");
    expect(second.asked[0]?.messages.some(({ role, text }) => role === "assistant" && text.includes("PAPAYA"))).toBe(
      true,
    );
    expect(second.asked[0]?.lastUserText).toContain("Step: planning/01_idea");
  });

  test("by a cancelled job is cancelled, and goes on all the same", async () => {
    await using world = await stepWorld(slow);
    const stop = new AbortController();
    const first = await world.run({
      signal: stop.signal,
      onSay: (event) => {
        if (event.kind === "action") setImmediate(() => stop.abort());
      },
    });
    expect(first.end).toMatchObject({ outcome: { kind: "cancelled" }, pending: [{ kind: "step" }] });
    const second = await world.run({ from: { resume: resumeOf(first), machine: first.machine } });
    expect(second.end.kind).toBe("done");
    expect(second.asked[0]?.messages.some(({ text }) => text.includes("PAPAYA"))).toBe(true);
  });
});

describe("a provider that does not serve", () => {
  test("for a limit says until when, or nothing", async () => {
    let answer = limitOfKey(3_600);
    await using world = await stepWorld(() => answer);
    const limited = await world.run();
    const resetsAt = expect.stringMatching(/^20/);
    expect(limited.end).toMatchObject({ outcome: { kind: "rate-limited", resetsAt }, pending: [{ kind: "step" }] });
    answer = limitOfSubscription(1_795_228_440);
    const exact = await world.run();
    expect(exact.end).toMatchObject({ outcome: { kind: "rate-limited", resetsAt: "2026-11-21T02:34:00.000Z" } });
    answer = limitOfKey(null);
    const unsaid = await world.run();
    expect(unsaid.end).toMatchObject({ outcome: { kind: "rate-limited", resetsAt: null } });
  });

  test("for the sake of the account asks whoever keeps it", async () => {
    let answer: ModelAnswer = refusals.authentication;
    await using world = await stepWorld(() => answer);
    for (const why of ["authentication", "billing", "model-not-found"] as const) {
      answer = refusals[why];
      const { end } = await world.run();
      expect(end).toMatchObject({ outcome: { kind: "provider-refused", why }, pending: [{ kind: "step" }] });
    }
  });
});

function limitsOf(moreRoundsMax: number) {
  return { moreRoundsMax, stepMinutes: 2, noOutputMinutes: 1, heartbeatSeconds: 30, sliceMinutes: 50 };
}
