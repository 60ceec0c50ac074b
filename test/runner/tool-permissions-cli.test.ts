/** What the pinned CLI has to do where people are asked for tools outside a step's list. The model is scripted, everything else is real. */

import { describe, expect, test } from "vitest";
import type { PersonAnswer, RunnerRequest } from "../../src/protocol/runner.ts";
import { runPhase } from "../../src/runner/run-phase.ts";
import type { AnswerBlock, ModelAnswer } from "../model/model-answer.ts";
import type { ModelRequest } from "../model/model-request.ts";
import { startModelServer } from "../model/model-server.ts";
import { resumeOf, stepWorld } from "./dialogue-world.ts";
import { startFakeApp } from "./fake-app.ts";
import { aJob, aStep, makeFolder, makeRepository, runOptions, secrets } from "./run-world.ts";

const say = (...blocks: readonly AnswerBlock[]): ModelAnswer => ({ blocks });
const done: ModelAnswer = say({ type: "text", text: "Done." });
const bash = (command: string): AnswerBlock => ({
  type: "tool_use",
  name: "Bash",
  input: { command, description: "x" },
});
const results = (request: ModelRequest | undefined) =>
  request?.messages.flatMap(({ toolResults }) => toolResults) ?? [];
/** As the agent heard it last. */
const workTreeOf = ({ messages }: ModelRequest): string =>
  messages
    .flatMap(({ text, toolResults }) => [text, ...toolResults.map((result) => result.text)])
    .flatMap((text) => /^(?:Work tree: (\S+)|The work tree is (\S+) now\.)$/mu.exec(text)?.slice(1) ?? [])
    .findLast((path) => path !== undefined) ?? "";
const document = "# Idea\n\n## Problem\n\nLong links break in mails, and nobody can read them out on the phone.\n";
const write = (request: ModelRequest): AnswerBlock => ({
  type: "tool_use",
  name: "Write",
  input: { file_path: `${workTreeOf(request)}/docs/01_idea.md`, content: document },
});
const steps = [aStep({ slug: "01_idea", tools: ["Write"] })];

function said(request: RunnerRequest | undefined, isAllowed: boolean) {
  if (request?.kind !== "permission") throw new Error("that asked for no permission");
  const { id: requestId, tool, command } = request;
  const answer: PersonAnswer = {
    number: 1,
    requestId,
    index: 0,
    question: `May the agent use ${tool}?`,
    text: isAllowed ? "Allow" : "Refuse",
    by: "owner",
    at: "2026-11-21T00:00:00Z",
  };
  return { permissions: [{ requestId, tool, command, isAllowed }], answers: [answer] };
}

describe("a call of a tool outside the step's list", () => {
  test("stops the step; allowed, it is made on another machine, there in its own work tree", async () => {
    await using world = await stepWorld(
      (request) => {
        const ran = results(request).findLast(({ text }) => text.includes("counted"));
        if (ran !== undefined) return results(request).at(-1) === ran ? say(write(request)) : done;
        return say(bash(`echo counted $(wc -l < ${workTreeOf(request)}/README.md) > /dev/stdout`));
      },
      { steps },
    );
    const first = await world.run({ permissions: [] });
    const command = "echo counted $(wc -l < <work tree>/README.md) > /dev/stdout";
    expect(first.requests).toMatchObject([{ kind: "permission", step: "01_idea", tool: "Bash", command }]);
    expect(first.end).toMatchObject({
      outcome: { kind: "waiting-question" },
      pending: [{ kind: "tool-call", toolName: "Bash", requestIds: ["run-1/1"] }],
    });
    expect(first.asked).toHaveLength(1);

    const from = { resume: resumeOf(first), machine: first.machine };
    const second = await world.run({ from, ...said(first.requests[0], true) });
    expect(second.end).toMatchObject({ kind: "done", findings: [], told: [{ number: 1 }] });
    expect(second.requests).toEqual([]);
    const heard = results(second.asked.at(-1)).map(({ text }) => text);
    expect(heard[0]).toContain("People allowed this use of Bash.");
    expect(heard[1]).toBe("counted 1");
    expect(second.workTree).not.toBe(first.workTree);
  });

  test("that people refused is told to the agent, and not made", async () => {
    await using world = await stepWorld(
      (request) => {
        const last = results(request).at(-1);
        if (last?.text.includes("People refused this") === true) return say(write(request));
        return last === undefined ? say(bash("touch docs/stray")) : done;
      },
      { steps },
    );
    const first = await world.run({ permissions: [] });
    const from = { resume: resumeOf(first), machine: first.machine };
    const second = await world.run({ from, ...said(first.requests[0], false) });
    expect(second.end).toMatchObject({ kind: "done", changes: [{ path: "docs/01_idea.md" }] });
    expect(second.requests).toEqual([]);
  });

  test("is asked for also where it only reads, and no person can allow what outlives its step", async () => {
    await using world = await stepWorld(
      (request) => {
        if (results(request).length > 0)
          return say({ type: "tool_use", name: "Read", input: { file_path: `${workTreeOf(request)}/README.md` } });
        return say({ type: "tool_use", name: "Agent", input: { description: "x", prompt: "x", subagent_type: "x" } });
      },
      { steps },
    );
    const { requests, asked } = await world.run({ permissions: [] });
    expect(results(asked.at(-1))).toMatchObject([
      { isError: true, text: expect.stringContaining("No such tool available") },
    ]);
    expect(requests).toMatchObject([{ kind: "permission", tool: "Read", command: null }]);
    expect(asked[0]?.tools).not.toContain("Agent");
  });

  test("is refused by the CLI itself where the hook can't be reached", async () => {
    await using world = await stepWorld(
      (request) => {
        const heard = results(request);
        if (heard.length === 0) return say(bash("echo 1 > docs/stray.md"));
        return heard.length === 1 ? say(write(request)) : done;
      },
      { steps },
    );
    const { requests, asked, end } = await world.run({ permissions: [], hookIsGone: true });
    expect(results(asked.at(-1))[0]).toMatchObject({ isError: true });
    expect(requests).toEqual([]);
    expect(end).toMatchObject({ kind: "done", changes: [{ path: "docs/01_idea.md" }] });
  });

  test("does not exist for the agent where the settings ask nobody", async () => {
    await using world = await stepWorld(
      (request) => {
        const heard = results(request);
        if (heard.length === 0) return say(bash("ls"));
        return heard.length === 1 ? say(write(request)) : done;
      },
      { steps },
    );
    const { requests, asked } = await world.run();
    expect(results(asked.at(-1))[0]?.text).toContain("No such tool available");
    expect(requests).toEqual([]);
  });
});

/** A whole run, where people are asked for tools; the model says what `decide` says. */
async function runAsking(decide: (request: ModelRequest) => ModelAnswer) {
  await using folder = await makeFolder();
  const repository = await makeRepository(folder.path, { "README.md": "A product\n" });
  const app = await startFakeApp(aJob({ headSha: repository.sha, steps, permissions: [] }));
  const model = await startModelServer({ decide });
  const end = await runPhase(runOptions(folder.path, { appUrl: app.url, modelUrl: model.url }, []));
  await model.stop();
  await app.close();
  return { end, app };
}

test("a run whose job asks for tools ends with the question and a checkpoint; the app has both", async () => {
  const { end, app } = await runAsking(() => say(bash("ls")));
  expect(end.outcome).toEqual({ kind: "waiting-question" });
  expect(app.requests).toEqual([
    { kind: "permission", id: "run-1/1", step: "01_idea", tool: "Bash", command: "ls", input: "ls" },
  ]);
  expect(app.checkpoints.at(-1)?.resumeContext.pendingActions).toMatchObject([
    { kind: "tool-call", toolName: "Bash", requestIds: ["run-1/1"] },
  ]);
});

test("a command with a secret is asked for nowhere, and counts once, as what people see of the agent's work", async () => {
  const { app } = await runAsking((request) => {
    const heard = results(request);
    if (heard.length === 0) return say(bash(`echo ${secrets.oidcRequestToken}`));
    return heard.length === 1 ? say(write(request)) : done;
  });
  expect(app.requests).toEqual([]);
  const notes = app.steps.flatMap(({ security }) => security ?? []);
  expect(notes.filter(({ kind }) => kind === "secret-masked")).toMatchObject([{ count: 1 }]);
});
