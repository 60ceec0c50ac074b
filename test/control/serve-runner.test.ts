import { describe, expect, test } from "vitest";
import { takeStep } from "../../src/control/serve-runner/deliveries.ts";
import { takeEvents } from "../../src/control/serve-runner/telemetry.ts";
import { openSession } from "../../src/control/serve-runner/open-session.ts";
import type { RunnerRefused } from "../../src/control/serve-runner/session.ts";
import type { RunnerIdentity } from "../../src/control/ports/runner-identity.ts";
import { runIdFrom } from "../../src/core/ids.ts";
import { protocolVersion, type LiveEvent } from "../../src/protocol/runner.ts";
import { heartbeat, repository, runOf, spent, world, type World } from "./world.ts";

/** The code and the words of a refusal. */
async function refusalOf(asked: Promise<unknown>): Promise<string> {
  return asked.then(
    () => "granted",
    (error: RunnerRefused) => `${error.code}: ${error.message}`,
  );
}

async function dispatched(told: World): Promise<{ readonly runId: string; readonly workflowRunId: number }> {
  await told.label();
  return told.liveRun();
}

describe("a session", () => {
  test("of the dispatched job gives the work and a token, once", async () => {
    const told = await world();
    const { runId, workflowRunId } = await dispatched(told);
    const { runToken, job } = await openSession(told.serving, told.proof(runId, workflowRunId));
    expect(runToken).toMatch(/^[\w-]{43}$/u);
    expect(job).toMatchObject({
      runId,
      attempt: 1,
      repository: { owner: "octo", name: "links" },
      issueNumber: 7,
      stepsToDo: ["01_idea", "02_market"],
      headSha: "base-0",
      baseSha: "base-0",
      prompt: { title: "A link shortener", text: "Paste a long URL, get a short one." },
      findings: [],
      budgetUsd: 5,
    });
    expect((await told.types()).at(-1)).toBe("RunStarted");
    expect((await told.task()).status).toBe("in_progress");
  });

  const others: readonly (readonly [string, Partial<RunnerIdentity>, string])[] = [
    ["another repository", { repositoryId: 99 }, "another repository"],
    ["another event", { eventName: "push" }, "the event push"],
    ["a re-run by hand", { runAttempt: 2 }, "a re-run by hand"],
    [
      "another workflow file",
      { workflowRef: "octo/links/.github/workflows/evil.yml@refs/heads/main" },
      "the workflow octo/links/.github/workflows/evil.yml@refs/heads/main",
    ],
    [
      "the workflow file of another branch",
      { workflowRef: "octo/links/.github/workflows/phasegate.yml@refs/heads/phasegate/7-1-planning" },
      "the workflow",
    ],
    [
      "a file whose name begins alike",
      { workflowRef: "octo/links/.github/workflows/phasegate.yml.bak@refs/heads/main" },
      "the workflow",
    ],
  ];
  test.each(others)("for %s is refused, and the run waits on", async (_what, identity, words) => {
    const told = await world();
    const { runId, workflowRunId } = await dispatched(told);
    const answer = await refusalOf(openSession(told.serving, told.proof(runId, workflowRunId, identity)));
    expect(answer).toContain("identity-refused: the job comes from ");
    expect(answer).toContain(words);
    expect((await told.types()).slice(-2)).toEqual(["RunDispatched", "SecurityNoted"]);
    expect((await told.task()).security).toMatchObject([{ kind: "identity-refused", source: "app", phase: 1 }]);
  });

  test("names all that is wrong with a job at once", async () => {
    const told = await world();
    const { runId, workflowRunId } = await dispatched(told);
    const identity = { repositoryId: 99, runAttempt: 3 };
    expect(await refusalOf(openSession(told.serving, told.proof(runId, workflowRunId, identity)))).toBe(
      "identity-refused: the job comes from another repository and a re-run by hand (use /run on the issue instead)",
    );
  });

  test("is not opened for a name in another case of a repository that GitHub takes for the same", async () => {
    const told = await world();
    const { runId, workflowRunId } = await dispatched(told);
    const workflowRef = "Octo/Links/.github/workflows/phasegate.yml@refs/heads/main";
    expect(await refusalOf(openSession(told.serving, told.proof(runId, workflowRunId, { workflowRef })))).toBe(
      "granted",
    );
  });

  test("with a token that does not verify is refused with the reason", async () => {
    const told = await world();
    const { runId } = await dispatched(told);
    const serving = { ...told.serving, verifyRunner: () => Promise.reject(new Error("signature verification failed")) };
    expect(
      await refusalOf(openSession(serving, { protocol: protocolVersion, runId, account: null, oidcToken: "x" })),
    ).toBe("identity-refused: the identity token was refused: signature verification failed");
  });

  test("with a token that was used before is refused", async () => {
    const told = await world();
    const { runId, workflowRunId } = await dispatched(told);
    const proof = told.proof(runId, workflowRunId);
    await openSession(told.serving, proof);
    expect(await refusalOf(openSession(told.serving, proof))).toBe(
      "identity-refused: this identity token was used before",
    );
  });

  test("for a run that nobody knows, or that is over, is refused with what starts one", async () => {
    const told = await world();
    const { runId, workflowRunId } = await dispatched(told);
    const unknown = await refusalOf(openSession(told.serving, told.proof("run-of-nobody", workflowRunId)));
    expect(unknown).toContain("unknown-run");
    expect(unknown).toContain("start work with a label or /run");
    await told.comment("cancel");
    expect(await refusalOf(openSession(told.serving, told.proof(runId, workflowRunId)))).toContain("unknown-run");
  });

  test("for another job with the same run is refused", async () => {
    const told = await world();
    const { runId, workflowRunId } = await dispatched(told);
    const second = told.proof(runId, workflowRunId + 1);
    expect(await refusalOf(openSession(told.serving, second))).toContain("already-started");
    await openSession(told.serving, told.proof(runId, workflowRunId));
    expect(await refusalOf(openSession(told.serving, told.proof(runId, workflowRunId + 1)))).toContain(
      "already-started",
    );
  });

  test("of an action that speaks another protocol is refused with what to change", async () => {
    const told = await world();
    const { runId, workflowRunId } = await dispatched(told);
    const proof = { ...told.proof(runId, workflowRunId), protocol: 9 };
    const answer = await refusalOf(openSession(told.serving, proof));
    expect(answer).toContain("unsupported-protocol");
    expect(answer).toContain("ACTION_REF");
  });

  test("may be asked for again by the same job where the answer was lost; the first token is void then", async () => {
    const told = await world();
    const { runId, workflowRunId } = await dispatched(told);
    const first = await openSession(told.serving, told.proof(runId, workflowRunId));
    await told.advance(60_000);
    const second = await openSession(told.serving, told.proof(runId, workflowRunId));
    expect(second.job).toEqual(first.job);
    expect(await refusalOf(takeEvents(told.serving, first.runToken, heartbeat))).toContain("token-refused");
    expect(await takeEvents(told.serving, second.runToken, heartbeat)).toEqual({ acknowledged: 0, stop: false });
    expect((await told.types()).filter((type) => type === "RunStarted")).toHaveLength(1);
  });

  test("is not given again once the token was used: a second agent on the branch it would be", async () => {
    const told = await world();
    const { runId, workflowRunId } = await dispatched(told);
    const { runToken } = await openSession(told.serving, told.proof(runId, workflowRunId));
    await told.advance(30_000);
    await takeEvents(told.serving, runToken, heartbeat);
    expect(await refusalOf(openSession(told.serving, told.proof(runId, workflowRunId)))).toContain("already-started");
  });

  test("whose opening failed half-way on GitHub can be opened by the next try", async () => {
    const told = await world();
    const { runId, workflowRunId } = await dispatched(told);
    told.github.failNext("headOf", "before", () => new Error("502"));
    await expect(openSession(told.serving, told.proof(runId, workflowRunId))).rejects.toThrow("502");
    const { job } = await openSession(told.serving, told.proof(runId, workflowRunId));
    expect(job.runId).toBe(runId);
  });

  test("may begin before GitHub's answer to the dispatch has arrived", async () => {
    const told = await world();
    const release = told.github.hangNext("dispatchRun", "after");
    await told.send({ kind: "label-added", repository, issueNumber: 7, label: "create_app", sender: "owner" });
    await told.github.until(() => told.github.runs.length === 1);
    const runId = runOf(told, 0);
    const { job } = await openSession(told.serving, told.proof(runId, 100));
    release();
    await told.settle();
    expect(job.runId).toBe(runId);
    expect((await told.types()).slice(-3)).toEqual(["RunDispatched", "AccountIdentified", "RunStarted"]);
  });

  test("wins against a doubt whether a run could start at all", async () => {
    const told = await world();
    told.github.preflightFault = { kind: "no-workflow-file" };
    const release = told.github.hangNext("preflight", "after");
    await told.send({ kind: "label-added", repository, issueNumber: 7, label: "create_app", sender: "owner" });
    await told.github.until(() => told.github.countOf("preflight") === 1);
    const [taskId] = await told.store.tasksOfIssue(repository.repositoryId, 7);
    const runs = await told.store.openRuns();
    expect(runs).toMatchObject([{ taskId }]);
    await openSession(told.serving, told.proof(runs[0]?.runId ?? "", 100));
    release();
    await told.settle();
    expect(await told.task()).toMatchObject({ status: "in_progress", blockedBy: null });
  });

  test("without a token, or with a made-up one, nothing is taken", async () => {
    const told = await world();
    await dispatched(told);
    for (const token of ["", "made-up"]) {
      expect(await refusalOf(takeEvents(told.serving, token, heartbeat))).toContain("token-refused");
    }
  });
});

describe("the job", () => {
  test("of a run after a lost one holds only what is not done, on the head of the phase branch", async () => {
    const told = await world();
    await told.label();
    const first = await told.openRun();
    await first.step("01_idea", "an idea", 2);
    await first.end({ kind: "lost", message: "no disk" });
    await told.settle();
    const { job } = await told.openRun();
    expect(job).toMatchObject({
      attempt: 1,
      stepsToDo: ["02_market"],
      headSha: told.github.headOf("phasegate/7-1-planning"),
      baseSha: "base-0",
      budgetUsd: 3,
    });
    expect(job.headSha).not.toBe("base-0");
  });

  test("of a rework brings the findings, and the steps that they name", async () => {
    const told = await world();
    const finding = { check: "long-enough", step: "02_market", path: null, line: null, message: "say more" } as const;
    told.reports.push({ passed: false, checks: [], findings: [finding], notes: [] });
    await told.label();
    await told.runPhase();
    const { job } = await told.openRun();
    expect(job).toMatchObject({ attempt: 2, stepsToDo: ["02_market"], findings: [finding], budgetUsd: 4 });
  });

  test("may spend what the task has left, where that is less than its phase has", async () => {
    const told = await world({ taskBudgetUsd: 3 });
    await told.label();
    const { job } = await told.openRun();
    expect(job.budgetUsd).toBe(3);
  });

  test("has the text as it was frozen, whatever the issue says now", async () => {
    const told = await world();
    const { runId, workflowRunId } = await dispatched(told);
    told.github.openIssue(7, { title: "Something else", body: "rm -rf" });
    const { job } = await openSession(told.serving, told.proof(runId, workflowRunId));
    expect(job.prompt).toEqual({ title: "A link shortener", text: "Paste a long URL, get a short one." });
  });
});

describe("a budget that is used up", () => {
  test("starts no run that could do nothing: the task pauses and says what was spent", async () => {
    const told = await world();
    await told.label();
    const runner = await told.openRun();
    await runner.step("01_idea", "an idea", 4.995);
    await runner.end({ kind: "lost", message: "no disk" });
    await told.settle();
    expect((await told.task()).blockedBy).toEqual({
      kind: "budget-exhausted",
      scope: "phase",
      spentUsd: 4.995,
      budgetUsd: 5,
    });
    expect(told.github.runs).toHaveLength(1);
    expect(told.github.notices()).toMatchObject([{ kind: "blocked", reason: { kind: "budget-exhausted" } }]);
  });

  test("of the task counts over its phases", async () => {
    const told = await world({ taskBudgetUsd: 3 });
    await told.label();
    const runner = await told.openRun();
    await runner.step("01_idea", "an idea", 2);
    await runner.step("02_market", "a market", 1);
    await runner.end({ kind: "completed" });
    await told.settle();
    await told.mergeGate(31);
    expect((await told.task()).blockedBy).toEqual({
      kind: "budget-exhausted",
      scope: "task",
      spentUsd: 3,
      budgetUsd: 3,
    });
  });

  test("answers each /run with the same sentence, and merging what is there goes on with the next phase", async () => {
    const told = await world();
    await told.label();
    const runner = await told.openRun();
    await runner.step("01_idea", "an idea", 6);
    await runner.end({ kind: "budget-exhausted", spentUsd: 6, budgetUsd: 5 });
    await told.settle();
    await told.comment("run");
    expect((await told.task()).blockedBy).toMatchObject({ kind: "budget-exhausted", spentUsd: 6 });
    expect(told.github.runs).toHaveLength(1);
    expect(told.github.notices()).toHaveLength(2);
    await told.mergeGate(31);
    expect((await told.task()).blockedBy).toBeNull();
    expect((await told.openRun()).job).toMatchObject({ phase: { name: "design" }, budgetUsd: 5 });
  });
});

describe("a step", () => {
  test("that comes twice is acknowledged twice and published once, with what came first", async () => {
    const told = await world();
    await told.label();
    const runner = await told.openRun();
    expect(await runner.step("01_idea", "first")).toEqual({ acknowledged: true, stop: false });
    expect(await runner.step("01_idea", "second")).toEqual({ acknowledged: true, stop: false });
    await told.settle();
    expect(await runner.step("01_idea", "third")).toEqual({ acknowledged: true, stop: false });
    await told.settle();
    expect(told.github.filesOf("phasegate/7-1-planning").get("docs/01_idea.md")).toBe("first");
    expect((await told.types()).filter((type) => type === "StepCompleted")).toHaveLength(1);
  });

  test("that the phase does not have is refused, and nothing of it is kept", async () => {
    const told = await world();
    await told.label();
    const runner = await told.openRun();
    expect(await refusalOf(runner.step("01_screens"))).toContain("bad-request");
    expect(await refusalOf(runner.step("../../etc"))).toContain('has no step "../../etc"');
    await told.settle();
    expect((await told.types()).slice(-3)).toEqual(["RunStarted", "SecurityNoted", "SecurityNoted"]);
    expect((await told.task()).security).toMatchObject([{ kind: "message-refused", count: 2 }]);
  });

  test("of a run that is over is not kept: the runner is told to stop", async () => {
    const told = await world();
    await told.label();
    const runner = await told.openRun();
    await told.comment("cancel");
    expect(await runner.step("01_idea")).toEqual({ acknowledged: true, stop: true });
    expect(await runner.end({ kind: "completed" })).toEqual({ acknowledged: true, stop: true });
    expect(await runner.heartbeat()).toEqual({ acknowledged: 0, stop: true });
    await told.settle();
    expect(told.github.countOf("publish")).toBe(0);
    expect((await told.task()).status).toBe("cancelled");
  });

  test("that the app refuses ends the run, and the next attempt is told why", async () => {
    const told = await world();
    const finding = { check: "paths-allowed", step: "01_idea", path: ".env", line: null, message: "no" } as const;
    told.changesetFindings.push([finding]);
    await told.label();
    const runner = await told.openRun();
    await runner.step("01_idea");
    await told.settle();
    expect(await runner.heartbeat()).toMatchObject({ stop: true });
    expect(told.github.countOf("publish")).toBe(0);
    expect(told.github.runs[0]).toMatchObject({ conclusion: "cancelled" });
    const { job } = await told.openRun();
    expect(job).toMatchObject({ attempt: 2, findings: [finding] });
  });

  test("of one run's token never reaches another task", async () => {
    const told = await world();
    told.github.openIssue(8);
    await told.label();
    await told.label("create_app", { issueNumber: 8 });
    const runner = await told.openRun(7);
    const other = await told.openRun(8);
    await takeStep(told.serving, runner.token, {
      step: "01_idea",
      changes: [],
      spent,
      findings: [],
      answers: [],
      told: [],
    });
    await runner.say({ kind: "action", step: "01_idea", text: "of seven", document: null });
    await other.say({ kind: "action", step: "01_idea", text: "of eight", document: null });
    await told.settle();
    expect((await told.events(8)).some(({ type }) => type === "StepCompleted")).toBe(false);
    expect(await told.store.readLive((await told.task(7)).taskId)).toMatchObject({ currentAction: "of seven" });
    expect(await told.store.readLive((await told.task(8)).taskId)).toMatchObject({ currentAction: "of eight" });
  });
});

describe("an outcome", () => {
  test("that comes twice counts once", async () => {
    const told = await world();
    await told.label();
    const runner = await told.openRun();
    await runner.step("01_idea");
    await runner.end({ kind: "slice-ended" });
    await runner.end({ kind: "completed" });
    await told.settle();
    expect((await told.events()).filter(({ type }) => type === "RunEnded")).toMatchObject([
      { outcome: { kind: "slice-ended" } },
    ]);
    expect(told.github.runs).toHaveLength(2);
  });

  test("keeps of a message what a person would read", async () => {
    const told = await world();
    await told.label();
    const runner = await told.openRun();
    await runner.end({ kind: "rate-limited", resetsAt: null, message: "x".repeat(1_000_000) });
    await told.settle();
    expect(JSON.stringify((await told.task()).blockedBy).length).toBeLessThan(3_000);
  });

  test("completed without a single change is a failed attempt with a finding, and after the second one a pause that /run ends", async () => {
    const told = await world();
    await told.label();
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      const runner = await told.openRun();
      expect(runner.job.attempt).toBe(attempt);
      if (attempt > 1) expect(runner.job.findings[0]?.message).toContain("without a single change");
      await runner.end({ kind: "completed" });
      await told.settle();
    }
    expect((await told.task()).blockedBy).toMatchObject({ kind: "no-progress", why: "no-change" });
    await told.comment("run");
    expect((await told.openRun()).job.attempt).toBe(3);
  });
});

describe("a job's verifier", () => {
  test.each([
    ["half a dollar where there is plenty", 5, 0.5],
    ["a fifth of the purse where there is not", 1, 0.2],
  ])("may spend %s", async (_what, phaseBudgetUsd, usd) => {
    const told = await world({ phaseBudgetUsd });
    await told.label();
    const { job } = await told.openRun();
    expect(job.verification).toEqual({ budgetUsd: usd, minutes: 10, testMinutes: 10 });
  });

  test("that finds the same twice has the next run told to go about it another way, and the third time people are asked", async () => {
    const told = await world();
    const finding = { check: "judged:sense", step: "01_idea", path: null, line: null, message: "no sense" } as const;
    for (const words of ["no sense", "still no sense", "none at all"]) {
      told.reports.push({ passed: false, checks: [], findings: [{ ...finding, message: words }], notes: [] });
    }
    await told.label();
    const repeated: boolean[] = [];
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      const runner = await told.openRun();
      repeated.push(runner.job.isRepeated);
      await told.runOn(runner);
    }
    expect(repeated).toEqual([false, false, true]);
    expect((await told.task()).blockedBy).toEqual({ kind: "verification-failed", attempts: 3 });
  });
});

describe("telemetry", () => {
  const action = (text: string): LiveEvent => ({ kind: "action", step: "01_idea", text, document: null });

  test("that is sent again after a drop is stored once, and the numbers say what may be forgotten", async () => {
    const told = await world();
    await told.label();
    const { token, job } = await told.openRun();
    const at = told.time.now().toISOString();
    const event = (number: number) => ({ number, at, event: action(`action ${number}`) });
    const send = (...numbers: readonly number[]) =>
      takeEvents(told.serving, token, { events: numbers.map((number) => event(number)) });
    expect(await send(1, 2)).toEqual({ acknowledged: 2, stop: false });
    // The answer was lost: the batch comes again, and longer.
    expect(await send(1, 2, 3)).toEqual({ acknowledged: 3, stop: false });
    expect(await send(5)).toEqual({ acknowledged: 3, stop: false });
    expect(await send(4, 5)).toEqual({ acknowledged: 5, stop: false });
    const log = await told.store.readRunLog(runIdFrom(job.runId));
    expect(log.map((line) => JSON.parse(line).number)).toEqual([1, 2, 3, 4, 5]);
  });

  test("shows what the agent does, and what the run has spent", async () => {
    const told = await world();
    await told.label();
    const runner = await told.openRun();
    await runner.say({ kind: "step-started", step: "01_idea", number: 1, total: 2 }, action("Write docs/01_idea.md"));
    await runner.say({ kind: "usage", spent });
    const { taskId } = await told.task();
    expect(await told.store.readLive(taskId)).toMatchObject({
      currentStep: "01_idea",
      currentAction: "Write docs/01_idea.md",
      spent,
    });
  });

  test("of a run that is over is logged, and does not pass for its successor's", async () => {
    const told = await world();
    await told.label();
    const first = await told.openRun();
    await first.say({ kind: "usage", spent }, action("the first run at work"));
    await first.end({ kind: "lost", message: "no disk" });
    await told.settle();
    const second = await told.openRun();
    const { taskId } = await told.task();
    expect(await told.store.readLive(taskId)).toMatchObject({ currentAction: null, spent: { costUsd: 0 } });
    await second.say(action("the second run at work"));
    expect(await first.say(action("a late word"))).toMatchObject({ stop: true });
    expect(await told.store.readLive(taskId)).toMatchObject({ currentAction: "the second run at work" });
    expect((await told.store.readRunLog(runIdFrom(first.job.runId))).at(-1)).toContain("a late word");
  });

  test("without end is cut off, and the runner is not made to send it for ever", async () => {
    const told = await world();
    await told.label();
    const { token } = await told.openRun();
    const at = told.time.now().toISOString();
    const batch = (first: number, count: number) => ({
      events: Array.from({ length: count }, (_, index) => ({ number: first + index, at, event: action("again") })),
    });
    expect(await takeEvents(told.serving, token, batch(1, 50_000))).toMatchObject({ acknowledged: 50_000 });
    expect(await takeEvents(told.serving, token, batch(50_001, 200))).toMatchObject({ acknowledged: 50_200 });
  });
});
