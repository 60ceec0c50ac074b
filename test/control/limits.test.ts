/** The provider's limits (H2): everything under the same model account waits, and goes on by itself, the oldest first. */
import { describe, expect, test } from "vitest";
import type { OutcomeRequest } from "../../src/protocol/runner.ts";
import { openSession } from "../../src/control/serve-runner/open-session.ts";
import type { RunnerRefused } from "../../src/control/serve-runner/session.ts";
import { temporaryFolder } from "../store/temporary-store.ts";
import { account, world, type Runner, type World } from "./world.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const resetsAt = "2026-11-21T13:00:00.000Z";
const untilReset = 3 * hourMs;

function limited(until: string | null = resetsAt): OutcomeRequest["outcome"] {
  return { kind: "rate-limited", resetsAt: until, message: "5-hour limit reached" };
}

async function start(told: World, issueNumber: number): Promise<Runner> {
  told.github.openIssue(issueNumber);
  await told.label("create_app", { issueNumber });
  return told.openRun(issueNumber);
}

async function end(told: World, runner: Runner, outcome: OutcomeRequest["outcome"]): Promise<void> {
  await runner.end(outcome);
  await told.settle();
}

/** Several tasks of one account, each with a run, the oldest first. */
async function tasks(numbers: readonly number[]): Promise<{ told: World; runners: readonly Runner[] }> {
  const told = await world();
  const runners: Runner[] = [];
  for (const issueNumber of numbers) {
    runners.push(await start(told, issueNumber));
    // So that one is older than the next.
    await told.advance(1);
  }
  return { told, runners };
}

async function blocksOf(told: World, numbers: readonly number[]): Promise<readonly (string | null)[]> {
  const blocks = [];
  for (const issueNumber of numbers) blocks.push((await told.task(issueNumber)).blockedBy?.kind ?? null);
  return blocks;
}

describe("a limit", () => {
  test("pauses the task without calling anybody, says in the status when it goes on, and does at that moment", async () => {
    const { told, runners } = await tasks([7]);
    for (const runner of runners) await end(told, runner, limited());
    expect(await told.task()).toMatchObject({ status: "pending", blockedBy: { kind: "rate-limited", resetsAt } });
    expect(told.github.notices()).toEqual([]);
    await told.advance(31_000);
    expect([...told.github.views.values()].at(-1)?.limitEndsAt).toBe(resetsAt);
    await told.leap(untilReset - minuteMs);
    expect(told.github.runs).toHaveLength(1);
    await told.leap(minuteMs);
    expect(told.github.runs).toHaveLength(2);
    expect((await told.task()).blockedBy).toBeNull();
  });

  test("holds back what else would be dispatched under the account, also of other repositories' tasks", async () => {
    const { told, runners } = await tasks([7]);
    for (const runner of runners) await end(told, runner, limited());
    told.github.openIssue(8);
    await told.label("create_app", { issueNumber: 8 });
    expect(await blocksOf(told, [8])).toEqual(["rate-limited"]);
    expect(told.github.runs).toHaveLength(1);
    await told.leap(untilReset);
    await told.advance(minuteMs);
    expect(told.github.runs).toHaveLength(3);
  });

  test("lets a person's /run wait like everything else", async () => {
    const { told, runners } = await tasks([7]);
    for (const runner of runners) await end(told, runner, limited());
    await told.comment("run");
    expect(await blocksOf(told, [7])).toEqual(["rate-limited"]);
    expect(told.github.runs).toHaveLength(1);
    await told.leap(untilReset);
    expect(told.github.runs).toHaveLength(2);
  });

  test("that is met by a job whose account nobody knew gives no session, and the task waits", async () => {
    const { told, runners } = await tasks([7]);
    for (const runner of runners) await end(told, runner, limited());
    const where = { installationId: 1, repositoryId: 3, owner: "octo", name: "shop" };
    await told.label("create_app", { in: where });
    const task = await told.task(7, where);
    const run = told.github.runs.at(-1);
    const proof = told.proof(run?.runId ?? "", run?.workflowRunId ?? 0, {
      repositoryId: 3,
      workflowRef: "octo/shop/.github/workflows/phasegate.yml@refs/heads/main",
    });
    const refused = await openSession(told.serving, proof).catch((error: RunnerRefused) => error.message);
    expect(refused).toContain(`until ${resetsAt}; the task goes on by itself`);
    await told.settle();
    expect((await told.taskById(task.taskId)).blockedBy).toMatchObject({ kind: "rate-limited", resetsAt });
    await told.leap(untilReset);
    expect(told.github.runs.length).toBeGreaterThan(2);
  });

  test("of which nobody says when it ends is tried after five minutes, then ever more rarely", async () => {
    const { told, runners } = await tasks([7]);
    const [first] = runners;
    if (first === undefined) throw new Error("no run");
    await end(told, first, limited(null));
    await told.leap(4 * minuteMs);
    expect(told.github.runs).toHaveLength(1);
    await told.leap(minuteMs + 1_000);
    expect(told.github.runs).toHaveLength(2);
    await end(told, await told.openRun(), limited(null));
    await told.leap(9 * minuteMs);
    expect(told.github.runs).toHaveLength(2);
    await told.leap(minuteMs + 1_000);
    expect(told.github.runs).toHaveLength(3);
  });

  test("that is said to last for longer than any window is tried like one of which nobody says when it ends", async () => {
    const { told, runners } = await tasks([7]);
    for (const runner of runners) await end(told, runner, limited("9999-01-01T00:00:00.000Z"));
    expect((await told.task()).blockedBy).toMatchObject({ kind: "rate-limited", resetsAt: null });
    await told.leap(5 * minuteMs);
    expect(told.github.runs).toHaveLength(2);
  });

  test("that ends lets the oldest task go first, and the others follow some seconds apart", async () => {
    const numbers = [7, 8, 9];
    const { told, runners } = await tasks(numbers);
    for (const runner of runners.toReversed()) await end(told, runner, limited());
    expect(await blocksOf(told, numbers)).toEqual(["rate-limited", "rate-limited", "rate-limited"]);
    await told.leap(untilReset);
    expect(await blocksOf(told, numbers)).toEqual([null, "rate-limited", "rate-limited"]);
    await told.advance(15_000);
    expect(await blocksOf(told, numbers)).toEqual([null, null, "rate-limited"]);
    await told.advance(15_000);
    expect(await blocksOf(told, numbers)).toEqual([null, null, null]);
  });

  test("that ends lets a task of higher priority go before an older one", async () => {
    const numbers = [7, 8];
    const { told, runners } = await tasks(numbers);
    await told.comment("priority", "owner", 8, "high");
    for (const runner of runners) await end(told, runner, limited());
    await told.leap(untilReset);
    expect(await blocksOf(told, numbers)).toEqual(["rate-limited", null]);
  });

  test("is over for all once a run that began under it has finished a step", async () => {
    const { told, runners } = await tasks([7, 8]);
    const [oldest, other] = runners;
    if (oldest === undefined || other === undefined) throw new Error("no runs");
    await end(told, other, limited("2026-11-21T20:00:00.000Z"));
    await end(told, oldest, limited(null));
    expect(await blocksOf(told, [7, 8])).toEqual(["rate-limited", "rate-limited"]);
    await told.leap(6 * minuteMs);
    const next = await told.openRun(7);
    await next.step("01_idea");
    await told.settle();
    expect(await blocksOf(told, [7, 8])).toEqual([null, null]);
    expect(await told.store.accountLimit(account)).toBeNull();
  });

  test("is not over because a run that was at work before it finishes a step", async () => {
    const { told, runners } = await tasks([7, 8]);
    const [oldest, other] = runners;
    if (oldest === undefined || other === undefined) throw new Error("no runs");
    await told.advance(1_000);
    await end(told, other, limited());
    await oldest.step("01_idea");
    await told.settle();
    expect(await blocksOf(told, [8])).toEqual(["rate-limited"]);
    expect(await told.store.accountLimit(account)).toMatchObject({ resetsAt });
  });

  test("met anew after it should have ended is waited for anew, and an old end does nothing", async () => {
    const { told, runners } = await tasks([7]);
    for (const runner of runners) await end(told, runner, limited("2026-11-21T10:10:00.000Z"));
    await told.comment("pause");
    await told.comment("resume");
    await told.leap(10 * minuteMs);
    expect(told.github.runs).toHaveLength(2);
    await end(told, await told.openRun(), limited());
    await told.leap(hourMs);
    expect(told.github.runs).toHaveLength(2);
    expect(await blocksOf(told, [7])).toEqual(["rate-limited"]);
  });

  test("that somebody tried in vain meanwhile is tried at its new time, not at the old one", async () => {
    const { told, runners } = await tasks([7]);
    for (const runner of runners) await end(told, runner, limited(null));
    await told.leap(minuteMs);
    await told.comment("run");
    await told.leap(4 * minuteMs);
    expect(told.github.runs).toHaveLength(1);
    await told.leap(minuteMs + 1_000);
    expect(told.github.runs).toHaveLength(2);
  });

  test("ends although the app was down at that moment", async () => {
    const told = await world({ dataDir: await temporaryFolder() });
    await end(told, await start(told, 7), limited());
    await told.die();
    await told.time.leap(untilReset + hourMs, async () => undefined);
    await told.start();
    await told.settle();
    expect(await blocksOf(told, [7])).toEqual([null]);
  });
});

describe("a provider that refuses the account", () => {
  const refused: OutcomeRequest["outcome"] = { kind: "provider-refused", why: "billing", message: "credit balance" };

  test("asks the operator once, whoever tries again how often; the next reason is asked for anew", async () => {
    const { told, runners } = await tasks([7]);
    for (const runner of runners) await end(told, runner, refused);
    await told.comment("run");
    await end(told, await told.openRun(), refused);
    expect(told.github.notices()).toMatchObject([
      { kind: "blocked", reason: { kind: "provider-refused", why: "billing" } },
    ]);
    await told.comment("run");
    await end(told, await told.openRun(), { ...refused, why: "authentication" });
    expect(told.github.notices()).toHaveLength(2);
    expect(await told.store.accountLimit(account)).toBeNull();
  });
});
