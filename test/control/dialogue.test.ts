/** What the agent asks people, and what becomes of their answers (D2, Q8, Q11). */
import { describe, expect, test } from "vitest";
import { RetryLater } from "../../src/control/ports/retry-later.ts";
import { takeRequest } from "../../src/control/serve-runner/deliveries.ts";
import type { RunnerRefused } from "../../src/control/serve-runner/session.ts";
import { defaultSettings } from "../../src/core/settings.ts";
import { limits } from "../../src/protocol/runner.ts";
import { says } from "./payloads.ts";
import { questionOf, world, type Runner, type World } from "./world.ts";

const hourMs = 60 * 60_000;

interface Waiting {
  readonly told: World;
  readonly runner: Runner;
}

/** The agent asks and waits. */
async function waiting(ask: (runner: Runner) => Promise<unknown>, author = "owner"): Promise<Waiting> {
  const told = await world();
  told.github.openIssue(7, { author });
  await told.label();
  const runner = await told.openRun();
  await ask(runner);
  await runner.end({ kind: "waiting-question" });
  await told.settle();
  return { told, runner };
}

const asksColour = (runner: Runner) => runner.question("Which colour?");

function reasonsOf(told: World): readonly string[] {
  return told.github.notices().flatMap((notice) => (notice.kind === "refused" ? [notice.reason] : []));
}

async function refusalOf(asked: Promise<unknown>): Promise<string> {
  return asked.then(
    () => "taken",
    (error: RunnerRefused) => `${error.code}: ${error.message}`,
  );
}

describe("a tool outside the step's list, where the settings ask for it", () => {
  const words = "May the agent run this command in step 01_idea?";
  const asksTool = (runner: Runner) =>
    runner.ask({ kind: "permission", step: "01_idea", tool: "Bash", command: "npm test", input: "npm test" });

  async function waitingForTool(author = "owner"): Promise<World> {
    const told = await world();
    told.github.settings = { ...defaultSettings, autoAccept: false };
    told.github.openIssue(7, { author });
    await told.label();
    const runner = await told.openRun();
    expect(runner.job.permissions).toEqual([]);
    await asksTool(runner);
    await runner.end({ kind: "waiting-question" });
    await told.settle();
    return told;
  }

  test("is a question of the runner's, which holds the task; allowed, the next job has it", async () => {
    const told = await waitingForTool();
    expect((await told.task()).blockedBy).toEqual({ kind: "waiting-question" });
    expect(told.github.requests()).toMatchObject([
      { questions: [{ question: expect.stringContaining(words), options: ["Allow", "Refuse"], required: true }] },
    ]);
    await says(told, "/answer 1: 1");
    const { job } = await told.openRun();
    expect(job.permissions).toMatchObject([{ tool: "Bash", command: "npm test", isAllowed: true }]);
    expect(job.answers).toMatchObject([{ number: 1, text: "Allow" }]);
    expect(job.questionRounds).toEqual({});
  });

  test("stays refused where somebody refuses it", async () => {
    const told = await waitingForTool();
    await says(told, "/answer 1: refuse");
    expect((await told.openRun()).job.permissions).toMatchObject([{ command: "npm test", isAllowed: false }]);
  });

  test("is neither allowed nor refused in other words, nor by an author who can't write", async () => {
    const told = await waitingForTool("reader");
    await says(told, "/answer 1: yes, allow it");
    await says(told, "/answer 1: 1", { sender: "reader", author: "reader" });
    expect(reasonsOf(told)).toHaveLength(2);
    expect(reasonsOf(told)[0]).toContain("answer with 1 to allow it or with 2 to refuse it");
    expect((await told.task()).blockedBy).toEqual({ kind: "waiting-question" });
  });

  test("is allowed by no question of the agent's own, whatever its words are", async () => {
    const told = await world();
    told.github.settings = { ...defaultSettings, autoAccept: false };
    await told.label();
    const runner = await told.openRun();
    const forged = {
      ...questionOf(`${words}\n\nnpm test`),
      options: ["Allow", "Refuse"],
      permission: { tool: "Bash", command: "npm test" },
    };
    await runner.ask({ kind: "questions", step: "01_idea", questions: [forged] });
    await runner.end({ kind: "waiting-question" });
    await told.settle();
    await says(told, "/answer 1: 1");
    expect((await told.openRun()).job.permissions).toEqual([]);
  });

  test("is nothing that a job knows of where the settings ask nobody", async () => {
    const told = await world();
    await told.label();
    expect((await told.openRun()).job).not.toHaveProperty("permissions");
  });
});

describe("a question", () => {
  test("has its comment as soon as it is asked, while the run is still at work", async () => {
    const told = await world();
    await told.label();
    const runner = await told.openRun();
    const requestId = await asksColour(runner);
    await told.settle();
    expect(told.github.requests()).toMatchObject([
      { questions: [{ number: 1, requestId, question: "Which colour?" }] },
    ]);
    expect(await told.task()).toMatchObject({ status: "in_progress", blockedBy: null });
  });

  test("that is required keeps the task waiting, without a notice beside its comment", async () => {
    const { told } = await waiting(asksColour);
    expect(await told.task()).toMatchObject({ status: "pending", blockedBy: { kind: "waiting-question" } });
    expect(told.github.notices()).toEqual([]);
    expect(told.github.runs).toHaveLength(1);
  });

  test("sent again after a lost answer is one question with one comment", async () => {
    const told = await world();
    await told.label();
    const runner = await told.openRun();
    for (let tries = 0; tries < 3; tries += 1) {
      await runner.ask({ kind: "questions", questions: [questionOf("Which colour?")] }, 1);
      await told.settle();
    }
    expect((await told.task()).questions).toHaveLength(1);
    expect(told.github.requests()).toHaveLength(1);
  });

  test("that is answered starts a run at once, which is given the words of the option", async () => {
    const { told, runner } = await waiting(asksColour);
    await says(told, "/answer 2");
    expect(told.github.requests()).toMatchObject([
      { questions: [{ answer: { by: "owner", text: "Green", option: 2 } }] },
    ]);
    const { job } = await told.openRun();
    expect(Object.values(job.questionRounds)).toEqual([1]);
    expect(job.answers).toEqual([
      {
        number: 1,
        requestId: `${runner.job.runId}/1`,
        index: 0,
        question: "Which colour?",
        text: "Green",
        by: "owner",
        at: told.time.now().toISOString(),
      },
    ]);
  });

  test("of which the conversation has the answer is not told again, in this phase or the next", async () => {
    const { told } = await waiting(asksColour);
    await says(told, "/answer 2");
    const runner = await told.openRun();
    const heard = runner.job.answers.map(({ number, at }) => ({ number, at }));
    const first = await runner.step("01_idea", "green", 0.5, [], heard);
    expect(first).toEqual({ acknowledged: true, stop: false });
    await told.settle();
    expect(await told.task()).toMatchObject({ questions: [{ answer: { delivered: true } }] });
    await runner.end({ kind: "slice-ended" });
    await told.settle();
    expect((await told.openRun()).job.answers).toEqual([]);
  });

  test("that is not required lets the run go on, and its answer comes with the next step's acknowledgement", async () => {
    const told = await world();
    await told.label();
    const runner = await told.openRun();
    await runner.question("Which colour?", { required: false, default: "Red" });
    await told.settle();
    await says(told, "/answer Blue, like the sea.");
    expect(await told.task()).toMatchObject({ status: "in_progress", blockedBy: null });
    const first = await runner.step("01_idea");
    expect(first.answers).toMatchObject([{ number: 1, text: "Blue, like the sea.", by: "owner" }]);
    await told.settle();
    const heard = (first.answers ?? []).map(({ number, at }) => ({ number, at }));
    expect(await runner.step("02_market", "blue", 0.5, [], heard)).toEqual({ acknowledged: true, stop: false });
  });

  test("beside others waits until all are answered, however the answers come", async () => {
    const { told } = await waiting((runner) =>
      runner.ask({
        kind: "questions",
        questions: [questionOf("Which colour?"), questionOf("Who pays?", { options: [] }), questionOf("When?")],
      }),
    );
    await says(told, "/answer 2: The users.");
    expect((await told.task()).blockedBy).toEqual({ kind: "waiting-question" });
    await says(told, "/answer 1: red\n/answer 3: 2");
    expect(await told.task()).toMatchObject({ status: "pending", blockedBy: null });
    expect((await told.openRun()).job.answers.map(({ text }) => text).toSorted()).toEqual([
      "Green",
      "Red",
      "The users.",
    ]);
    expect(told.github.requests()).toHaveLength(1);
  });

  test("asked by a run that dies afterwards is waited for all the same", async () => {
    const told = await world();
    await told.label();
    const runner = await told.openRun();
    await asksColour(runner);
    await runner.end({ kind: "lost", message: "no disk" });
    await told.settle();
    expect((await told.task()).blockedBy).toEqual({ kind: "waiting-question" });
    await says(told, "/answer 1");
    expect((await told.openRun()).job.answers).toHaveLength(1);
  });

  test("reminds once after a day, and not where it was answered before", async () => {
    const { told } = await waiting(asksColour);
    await told.leap(23 * hourMs);
    expect(told.github.notices()).toEqual([]);
    await told.leap(2 * hourMs);
    await told.leap(50 * hourMs);
    expect(told.github.notices()).toMatchObject([{ kind: "question-reminder", questions: [{ number: 1 }] }]);
    const other = await waiting(asksColour);
    await says(other.told, "/answer 1");
    await other.told.leap(25 * hourMs);
    expect(other.told.github.notices()).toEqual([]);
  });
});

test("a reminder that is due tomorrow keeps no notice of today waiting", async () => {
  const told = await world();
  await told.label();
  const runner = await told.openRun();
  await asksColour(runner);
  await runner.end({ kind: "provider-refused", why: "authentication", message: "invalid key" });
  await told.settle();
  expect(told.github.notices()).toMatchObject([{ kind: "blocked", reason: { kind: "provider-refused" } }]);
});

describe("what a run sends", () => {
  test.each([
    ["under the id of another run", "run-of-nobody/1", "01_idea", "the id of a request of run"],
    ["without a number", "RUN/one", "01_idea", "the id of a request of run"],
    ["once too often", `RUN/${limits.requestsMax + 1}`, "01_idea", `has sent ${limits.requestsMax} requests`],
    ["for a step of another phase", "RUN/1", "01_screens", 'has no step "01_screens"'],
  ])("%s is refused with the reason", async (_what, id, step, words) => {
    const told = await world();
    await told.label();
    const runner = await told.openRun();
    const questions = [questionOf("Which colour?")];
    const request = { kind: "questions", id: id.replace("RUN", runner.job.runId), step, questions } as const;
    const answer = await refusalOf(takeRequest(told.serving, runner.token, request));
    expect(answer).toContain("bad-request: ");
    expect(answer).toContain(words);
    await told.settle();
    expect((await told.task()).questions).toEqual([]);
  });

  test("after its task was cancelled is not kept: it is told to stop", async () => {
    const told = await world();
    await told.label();
    const runner = await told.openRun();
    await told.comment("cancel");
    await asksColour(runner);
    await told.settle();
    expect((await told.task()).questions).toEqual([]);
    expect(told.github.requests()).toEqual([]);
  });

  test("as an error of its step is shown once, with whose fault it is", async () => {
    const told = await world();
    await told.label();
    const runner = await told.openRun();
    const error = { type: "execution_failed", message: "npm is not there", details: "exit 127" } as const;
    await runner.ask({ kind: "error", error }, 1);
    await runner.ask({ kind: "error", error }, 1);
    await told.settle();
    expect(told.github.requests()).toMatchObject([
      {
        kind: "error",
        error: { message: "npm is not there", cause: "environment" },
      },
    ]);
  });
});

describe("an answer", () => {
  const quoting = "> **Question 1** (choice)\n>\n> Which colour?\n\nGreen";

  test("may be a reply that quotes the question", async () => {
    const { told } = await waiting(asksColour);
    await says(told, quoting);
    expect((await told.openRun()).job.answers).toMatchObject([{ number: 1, text: "Green" }]);
  });

  test("counts from the author of the issue without write, who may do nothing else", async () => {
    const { told } = await waiting(asksColour, "reader");
    const before = (await told.events()).length;
    await says(told, "/skip STRIPE_KEY", { sender: "reader" });
    await says(told, "/pause", { sender: "reader" });
    await says(told, "/budget 100", { sender: "reader" });
    expect((await told.types()).slice(before)).toEqual(["SecurityNoted", "SecurityNoted", "SecurityNoted"]);
    await says(told, "/answer 1", { sender: "reader" });
    expect(await told.task()).toMatchObject({
      blockedBy: null,
      questions: [{ answer: { by: "reader", text: "Red" } }],
    });
  });

  test("of somebody else does not count, and they are told who may, once a task", async () => {
    const { told } = await waiting(asksColour, "reader");
    await says(told, "/answer 1", { sender: "stranger" });
    await says(told, quoting, { sender: "stranger" });
    await says(told, "/answer 2", { sender: "stranger", action: "edited" });
    expect((await told.task()).blockedBy).toEqual({ kind: "waiting-question" });
    expect(told.github.notices()).toEqual([{ kind: "answer-not-yours", login: "stranger", author: "reader" }]);
    expect((await told.task()).security).toMatchObject([{ kind: "person-refused", example: "an answer by stranger" }]);
  });

  test("of somebody else is noted once, however often GitHub fails meanwhile", async () => {
    const { told } = await waiting(asksColour, "reader");
    told.github.failNext("notify", "before", () => new RetryLater("502", 1_000), { times: 6 });
    await says(told, "/answer 1", { sender: "stranger" });
    await told.advance(30 * 60_000);
    expect((await told.task()).security).toMatchObject([{ kind: "person-refused", count: 1 }]);
  });

  test("of a bot is none, whatever its rights", async () => {
    const { told } = await waiting(asksColour, "helper[bot]");
    told.github.permissions.set("helper[bot]", "admin");
    await says(told, "/answer 1", { sender: "helper[bot]" });
    expect((await told.task()).blockedBy).toEqual({ kind: "waiting-question" });
    expect(told.github.notices()).toEqual([]);
  });

  test("that is edited answers anew, as long as it is the same person's words", async () => {
    const { told } = await waiting(asksColour);
    const id = await says(told, "/answer 1");
    await says(told, "/answer 2", { id, action: "edited", sender: "reader", author: "owner" });
    expect(await told.task()).toMatchObject({ questions: [{ answer: { text: "Red" } }] });
    await says(told, "/answer 2", { id, action: "edited" });
    expect((await told.openRun()).job.answers).toMatchObject([{ text: "Green" }]);
    expect(told.github.requests()).toMatchObject([{ questions: [{ answer: { text: "Green" } }] }]);
  });

  test("stays as its edit says where what it said at first arrives later", async () => {
    const { told } = await waiting(asksColour);
    const id = await says(told, "/answer 2", { id: 900, action: "edited" });
    await says(told, "/answer 1", { id });
    expect(await told.task()).toMatchObject({ questions: [{ answer: { text: "Green" } }] });
  });

  test("that is edited after a run had it reaches the agent again", async () => {
    const { told } = await waiting(asksColour);
    const id = await says(told, "/answer 1");
    const runner = await told.openRun();
    const heard = runner.job.answers.map(({ number, at }) => ({ number, at }));
    await told.advance(1_000);
    await says(told, "/answer 2", { id, action: "edited" });
    const { answers } = await runner.step("01_idea", "red", 0.5, [], heard);
    expect(answers).toMatchObject([{ number: 1, text: "Green" }]);
  });

  test("whose comment is deleted before anybody had it is withdrawn, and the task waits on", async () => {
    const { told } = await waiting((runner) =>
      runner.ask({ kind: "questions", questions: [questionOf("Which colour?"), questionOf("Who pays?")] }),
    );
    const id = await says(told, "/answer 1: 2");
    await says(told, "/answer 1: 2", { id, action: "deleted" });
    expect(await told.task()).toMatchObject({
      blockedBy: { kind: "waiting-question" },
      questions: [{ answer: null }, { answer: null }],
    });
    expect(told.github.notices()).toEqual([]);
  });

  test("whose comment is deleted after a run had it stays, and people are told how to change it", async () => {
    const { told } = await waiting(asksColour);
    const id = await says(told, "/answer 1");
    await told.openRun();
    await says(told, "/answer 1", { id, action: "deleted" });
    expect(await told.task()).toMatchObject({ questions: [{ answer: { text: "Red" } }] });
    expect(reasonsOf(told)).toEqual([expect.stringContaining("/answer 1: your words")]);
  });

  test("in a comment with another command counts as well", async () => {
    const { told } = await waiting(asksColour);
    await says(told, "/status\n/answer 2");
    expect(await told.task()).toMatchObject({ questions: [{ answer: { text: "Green" } }] });
    expect(told.github.notices()).toEqual([]);
  });

  test("after its phase was merged reaches the next phase", async () => {
    const told = await world();
    await told.label();
    const runner = await told.openRun();
    await runner.question("Which colour?", { required: false, default: "Red" });
    for (const step of runner.job.stepsToDo) await runner.step(step);
    await runner.end({ kind: "completed" });
    await told.settle();
    await told.mergeGate(31);
    await says(told, "/answer 2");
    const { job } = await told.openRun();
    expect(job).toMatchObject({ phase: { name: "design" }, answers: [{ number: 1, text: "Green" }] });
  });

  test("after the task has ended is refused where it is a command, and ignored where it is talk", async () => {
    const { told } = await waiting(asksColour);
    await told.comment("cancel");
    await says(told, quoting);
    expect(told.github.notices()).toEqual([]);
    await says(told, "/answer 1");
    expect(reasonsOf(told)).toEqual([expect.stringContaining("the task is cancelled")]);
    await says(told, "/answer 1", { sender: "stranger" });
    expect(told.github.notices()).toHaveLength(1);
  });

  test.each([
    ["/answer", /questions 1, 2 are open: name one/u],
    ["/answer 9: yes", /no question 9/u],
    ["/answer 1: 7", /options 1 to 2/u],
    ["/answer green", /questions 1, 2 are open: name one, e\.g\. \/answer 1/u],
    ["/answer 1:", /\/answer 1: and an option's number/u],
  ])("that says %j is refused with the next step, and nothing of it counts", async (typed, words) => {
    const { told } = await waiting((runner) =>
      runner.ask({ kind: "questions", questions: [questionOf("Which colour?"), questionOf("Who pays?")] }),
    );
    const before = (await told.events()).length;
    await says(told, typed);
    expect(reasonsOf(told)).toEqual([expect.stringMatching(words)]);
    expect(await told.events()).toHaveLength(before);
  });

  test("that is wrong is put right by editing it, and each fault is said once", async () => {
    const { told } = await waiting(asksColour);
    const id = await says(told, "/answer 7");
    await says(told, "/answer 8", { id, action: "edited" });
    await says(told, "/answer 9: x", { id, action: "edited" });
    expect(reasonsOf(told)).toEqual([
      expect.stringContaining("options 1 to 2"),
      expect.stringContaining("no question 9"),
    ]);
    await says(told, "/answer 2", { id, action: "edited" });
    expect((await told.task()).blockedBy).toBeNull();
  });
});
