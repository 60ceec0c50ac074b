/** What the work may cost (H1, Q11): nothing begins that could cost more than people allowed. */
import { describe, expect, test } from "vitest";
import { says } from "./payloads.ts";
import { world, type World } from "./world.ts";

const hourMs = 60 * 60_000;

/** A phase of issue 7 is merged, for so much. */
async function phaseFor(told: World, costUsd: number, issueNumber = 7): Promise<void> {
  const runner = await told.openRun(issueNumber);
  for (const step of runner.job.stepsToDo) await runner.step(step, step, costUsd / runner.job.stepsToDo.length);
  await runner.end({ kind: "completed" });
  await told.settle();
}

describe("the budget of a phase", () => {
  test("is the playbook's unless the installation sets another, which is frozen with the task", async () => {
    const told = await world({ phaseBudgetUsd: 2 });
    await told.label();
    expect((await told.openRun()).job.budgetUsd).toBe(2);
    expect((await told.task()).playbook.phases.map(({ budgetUsd }) => budgetUsd)).toEqual([2, 2]);
  });

  test.each([
    ["/approve up to $6", 6],
    ["/approve $6.50", 6.5],
    ["/approve 6,5 USD", 6.5],
    ["/approve up to 6 dollars.", 6],
  ])("of the next phase is set with %j", async (typed, usd) => {
    const told = await world();
    await told.label();
    await told.runPhase();
    await says(told, typed, { number: 31, onPullRequest: true });
    expect(await told.task()).toMatchObject({
      phases: [{ gate: { review: "approved" } }],
      purses: [{ phase: 2, usd }],
    });
    await told.mergeGate(31);
    expect((await told.openRun()).job.budgetUsd).toBe(usd);
  });

  test("stays as it is where somebody approves with thanks, and is asked for again where the amount is none", async () => {
    const told = await world();
    await told.label();
    await told.runPhase();
    await says(told, "/approve up to six dollars");
    await says(told, "/approve up to $0");
    await says(told, "/approve $20000");
    expect(told.github.notices().map((notice) => (notice.kind === "refused" ? notice.reason : notice.kind))).toEqual([
      expect.stringContaining("0.01 to 10000"),
      expect.stringContaining("0.01 to 10000"),
      expect.stringContaining("0.01 to 10000"),
    ]);
    expect(await told.task()).toMatchObject({ phases: [{ gate: { review: "in_review" } }] });
    await says(told, "/approve Great work, thanks!");
    expect(await told.task()).toMatchObject({ phases: [{ gate: { review: "approved" } }], purses: [] });
  });

  test("that is used up is told with its forecast, and /budget goes on", async () => {
    const told = await world();
    await told.label();
    const runner = await told.openRun();
    await runner.step("01_idea", "an idea", 5);
    await runner.end({ kind: "budget-exhausted", spentUsd: 5, budgetUsd: 5 });
    await told.settle();
    expect(told.github.notices()).toMatchObject([
      { reason: { scope: "phase", spentUsd: 5, budgetUsd: 5 }, forecast: { usd: 5, from: "playbook" } },
    ]);
    await says(told, "/budget 4");
    await says(told, "/budget");
    expect(told.github.notices().slice(1)).toMatchObject([
      { kind: "refused", reason: expect.stringContaining("$5.00 are spent already") },
      { kind: "refused", reason: expect.stringContaining("0.01 to 10000") },
    ]);
    await says(told, "/budget $8");
    expect((await told.openRun()).job).toMatchObject({ stepsToDo: ["02_market"], budgetUsd: 3 });
  });
});

describe("the day's budget of a model account", () => {
  test("is what a run may spend where it has less left than phase and task", async () => {
    const told = await world({ dayBudgetUsd: 6 });
    await told.label();
    await phaseFor(told, 4);
    await told.mergeGate(31);
    expect((await told.openRun()).job.budgetUsd).toBe(2);
  });

  test("binds the very first run, too, whose account nobody knows yet", async () => {
    const told = await world({ dayBudgetUsd: 3 });
    await told.label();
    expect((await told.openRun()).job.budgetUsd).toBe(3);
  });

  test("is shared: what other live runs of the account may still spend is not given twice", async () => {
    const told = await world({ dayBudgetUsd: 8 });
    told.github.openIssue(8);
    await told.label();
    const first = await told.openRun();
    await told.label("create_app", { issueNumber: 8 });
    const second = await told.openRun(8);
    expect([first.job.budgetUsd, second.job.budgetUsd]).toEqual([5, 3]);
  });

  test("that others hold keeps the next run waiting in the queue, and what they leave is its own", async () => {
    const told = await world({ dayBudgetUsd: 5 });
    told.github.openIssue(8);
    await told.label();
    const first = await told.openRun();
    await told.label("create_app", { issueNumber: 8 });
    expect(told.github.runs).toHaveLength(1);
    expect((await told.task(8)).blockedBy).toBeNull();
    for (const step of first.job.stepsToDo) await first.step(step, step, 0.5);
    await first.end({ kind: "completed" });
    await told.settle();
    await told.advance(61_000);
    expect((await told.openRun(8)).job.budgetUsd).toBe(4);
  });

  test("that is spent pauses until midnight UTC, says what all spent, and then goes on by itself", async () => {
    const told = await world({ dayBudgetUsd: 4 });
    await told.label();
    await phaseFor(told, 4);
    await told.mergeGate(31);
    expect((await told.task()).blockedBy).toEqual({
      kind: "budget-exhausted",
      scope: "day",
      spentUsd: 4,
      budgetUsd: 4,
    });
    expect(told.github.notices()).toMatchObject([{ kind: "blocked", reason: { scope: "day" } }]);
    await told.leap(13 * hourMs);
    expect(told.github.runs).toHaveLength(1);
    await told.leap(hourMs);
    expect(told.github.runs).toHaveLength(2);
    expect((await told.openRun()).job.budgetUsd).toBe(4);
  });

  test("that two runs were dispatched for at once goes to the first to begin, and the other has its turn after it", async () => {
    const told = await world({ dayBudgetUsd: 5 });
    told.github.openIssue(8);
    await told.label();
    await phaseFor(told, 0);
    const looks = told.github.countOf("preflight");
    const release = told.github.hangNext("preflight", "before");
    const merging = told.mergeGate(31);
    await told.github.until(() => told.github.countOf("preflight") > looks);
    const labelling = told.label("create_app", { issueNumber: 8 });
    await told.github.until(() => told.github.runs.length === 2);
    release();
    await Promise.all([merging, labelling]);
    expect(told.github.runs).toHaveLength(3);
    const [first, second] = [await told.openRun(7), await told.openRun(8)];
    expect([first.job.budgetUsd, second.job.budgetUsd]).toEqual([5, 0]);
    await second.end({ kind: "budget-exhausted", spentUsd: 0, budgetUsd: 0 });
    await told.settle();
    expect(await told.task(8)).toMatchObject({ blockedBy: null, run: { dispatched: null } });
    for (const step of first.job.stepsToDo) await first.step(step, step, 0.5);
    await first.end({ kind: "completed" });
    await told.settle();
    await told.advance(61_000);
    expect((await told.openRun(8)).job.budgetUsd).toBeGreaterThan(3);
  });

  test("used up in the midst of a run says what the day has cost, and /budget says whose it is", async () => {
    const told = await world({ dayBudgetUsd: 4 });
    told.github.openIssue(8);
    await told.label();
    await phaseFor(told, 3);
    await told.label("create_app", { issueNumber: 8 });
    const runner = await told.openRun(8);
    expect(runner.job.budgetUsd).toBe(1);
    await runner.step("01_idea", "an idea", 1);
    await runner.end({ kind: "budget-exhausted", spentUsd: 1, budgetUsd: 1 });
    await told.settle();
    expect((await told.task(8)).blockedBy).toMatchObject({ scope: "day", spentUsd: 4, budgetUsd: 4 });
    await says(told, "/budget 20", { number: 8 });
    expect(told.github.notices().at(-1)).toMatchObject({ reason: expect.stringContaining("DAY_BUDGET_USD") });
  });
});

describe("a forecast", () => {
  test("is the playbook's until three such phases were merged here, then their median", async () => {
    const told = await world();
    for (const [index, costUsd] of [1, 9, 2].entries()) {
      const issueNumber = 20 + index;
      told.github.openIssue(issueNumber, { labels: ["modify_app"] });
      await told.label("modify_app", { issueNumber });
      await phaseFor(told, costUsd, issueNumber);
      await told.mergeGate([...told.github.pulls.keys()].at(-1) ?? 0);
      await told.advance(31_000);
      expect(told.github.views.get((await told.task(issueNumber)).taskId)?.forecasts.get(1)).toEqual(
        index < 2 ? { usd: 5, from: "playbook" } : { usd: 2, from: "history" },
      );
    }
  });

  test("is there for the phase at work and for the next one", async () => {
    const told = await world();
    await told.label();
    await told.advance(31_000);
    expect([...(told.github.views.get((await told.task()).taskId)?.forecasts.keys() ?? [])]).toEqual([1, 2]);
  });
});

test("prices that the operator set go with the job", async () => {
  const prices = [{ model: "claude-sonnet", input: 3, output: 15, cacheRead: 0.3 }];
  const told = await world({ prices });
  await told.label();
  expect((await told.openRun()).job.prices).toEqual(prices);
});
