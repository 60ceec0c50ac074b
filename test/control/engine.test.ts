import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { RetryLater } from "../../src/control/ports/retry-later.ts";
import type { Store } from "../../src/control/ports/store.ts";
import { rowsIn, temporaryFolder } from "../store/temporary-store.ts";
import { otherRepository, repository, world, type Runner, type World } from "./world.ts";

const minuteMs = 60_000;

/** A task whose first run has handed over its first step, which nobody has published yet. */
async function withStep(told: World): Promise<Runner> {
  await told.label();
  const runner = await told.openRun();
  await runner.step("01_idea");
  return runner;
}

/** Counts the looks for work. */
function counted(counts: { claims: number }) {
  return (store: Store): Store => ({
    ...store,
    claimEffects: (...args) => {
      counts.claims += 1;
      return store.claimEffects(...args);
    },
  });
}

describe("an effect that fails for a reason of its own", () => {
  test("is tried eight times with longer and longer pauses, then pauses the task and tells the person", async () => {
    const told = await world();
    told.github.failNext("publish", "before", () => new Error("publishing: GitHub answered 403"), { times: 99 });
    await withStep(told);
    await told.settle();
    expect(told.github.countOf("publish")).toBe(1);
    await told.advance(999);
    expect(told.github.countOf("publish")).toBe(1);
    await told.advance(1);
    expect(told.github.countOf("publish")).toBe(2);
    await told.advance(10 * minuteMs);
    expect(told.github.countOf("publish")).toBe(8);
    const { blockedBy } = await told.task();
    expect(blockedBy).toEqual({
      kind: "effect-failed",
      effect: "PublishStep",
      message: "publishing: GitHub answered 403",
    });
    expect(told.github.notices()).toMatchObject([{ kind: "blocked", reason: blockedBy }]);
    expect(told.github.shown.at(-1)).toContain("effect-failed");
  });

  test("is tried again on /run, and the task goes on where it stood", async () => {
    const told = await world();
    told.github.failNext("publish", "before", () => new Error("403"), { times: 99 });
    const runner = await withStep(told);
    for (let minutes = 0; minutes < 4; minutes += 1) {
      await told.advance(minuteMs);
      await runner.heartbeat();
    }
    expect((await told.task()).blockedBy).toMatchObject({ kind: "effect-failed" });
    told.github.healAll();
    await told.comment("run");
    expect((await told.task()).blockedBy).toBeNull();
    expect(told.github.marksOf("phasegate/7-1-planning")).toHaveLength(1);
    // The run was alive all the time: no second one.
    expect(told.github.runs).toHaveLength(1);
  });

  test("counts anew after /run", async () => {
    const told = await world();
    told.github.failNext("publish", "before", () => new Error("403"), { times: 8 + 7 });
    await withStep(told);
    await told.advance(10 * minuteMs);
    await told.comment("run");
    await told.advance(10 * minuteMs);
    expect(told.github.marksOf("phasegate/7-1-planning")).toHaveLength(1);
    expect((await told.types()).filter((type) => type === "TaskPaused")).toHaveLength(1);
  });

  test("and only shows the status, is given up without stopping anything, and the next status is shown", async () => {
    const told = await world();
    told.github.failNext("showStatus", "before", () => new Error("403"), { times: 8 });
    await told.label();
    await told.advance(10 * minuteMs);
    expect(told.github.shown).toEqual([]);
    expect((await told.task()).blockedBy).toBeNull();
    await told.comment("cancel");
    expect(told.github.shown.at(-1)).toContain("cancelled");
  });
});

describe("an effect that GitHub puts off", () => {
  test("is not tried before the moment that GitHub named", async () => {
    const told = await world();
    told.github.failNext("publish", "before", () => new RetryLater("rate limit", 20 * minuteMs));
    await withStep(told);
    await told.settle();
    await told.advance(20 * minuteMs - 1);
    expect(told.github.countOf("publish")).toBe(1);
    await told.advance(1);
    expect(told.github.countOf("publish")).toBe(2);
    expect(told.github.marksOf("phasegate/7-1-planning")).toHaveLength(1);
  });

  test("is put off again and again without using up the tries for failures", async () => {
    const told = await world();
    told.github.failNext("publish", "before", () => new RetryLater("502", 1_000), { times: 12 });
    told.github.failNext("publish", "before", () => new Error("422"), { times: 7 });
    await withStep(told);
    await told.advance(80 * minuteMs);
    expect(told.github.countOf("publish")).toBe(20);
    expect((await told.task()).blockedBy).toBeNull();
    expect(told.github.marksOf("phasegate/7-1-planning")).toHaveLength(1);
  });
});

describe("what goes on at the same time", () => {
  test("a hanging effect of one task does not hold up another task, of whichever repository", async () => {
    const told = await world();
    told.github.openIssue(8);
    await told.label();
    await told.label("create_app", { issueNumber: 8 });
    const release = told.github.hangNext("publish", "before");
    const first = await told.openRun(7);
    const second = await told.openRun(8);
    await first.step("01_idea");
    await told.github.until(() => told.github.countOf("publish") === 1);
    await second.step("01_idea");
    await told.github.until(() => told.github.pulls.size === 1);
    expect(told.github.marksOf("phasegate/7-1-planning")).toEqual([]);
    expect(told.github.marksOf("phasegate/8-1-planning")).toHaveLength(1);
    release();
    await told.settle();
    expect(told.github.marksOf("phasegate/7-1-planning")).toHaveLength(1);
  });

  test("a message that hangs holds its own repository only", async () => {
    const told = await world();
    const release = told.github.hangNext("readIssue", "before");
    const intent = { kind: "label-added", issueNumber: 7, label: "create_app", sender: "owner" } as const;
    await told.send({ ...intent, repository });
    await told.send({ ...intent, repository });
    await told.send({ ...intent, repository: otherRepository });
    await told.github.until(() => told.github.runs.length === 1);
    expect(await told.store.tasksOfIssue(otherRepository.repositoryId, 7)).toHaveLength(1);
    expect(await told.store.tasksOfIssue(repository.repositoryId, 7)).toHaveLength(0);
    release();
    await told.settle();
    expect(await told.store.tasksOfIssue(repository.repositoryId, 7)).toHaveLength(1);
  });

  test("the steps of one task arrive in order, though the first one fails at first", async () => {
    const told = await world();
    await told.label();
    const runner = await told.openRun();
    told.github.failNext("publish", "before", () => new RetryLater("502", 5_000));
    await runner.step("01_idea");
    await runner.step("02_market");
    await runner.end({ kind: "completed" });
    await told.settle();
    expect(told.github.countOf("publish")).toBe(1);
    expect(told.verified).toEqual([]);
    await told.advance(5_000);
    expect(told.github.marksOf("phasegate/7-1-planning").map((mark) => mark.replace(/^.*\//u, ""))).toEqual([
      "01_idea",
      "02_market",
      "1",
    ]);
    expect(told.verified).toEqual(["planning: docs/01_idea.md docs/02_market.md"]);
  });

  test("GitHub's silence about an old run does not hold up the work that is due", async () => {
    const told = await world();
    await told.label();
    await told.advance(3 * minuteMs - 1);
    const release = told.github.hangNext("readRun", "before");
    await told.advanceHanging(2 * minuteMs);
    await told.github.until(() => told.github.countOf("readRun") === 1);
    told.github.openIssue(8);
    await told.send({ kind: "label-added", repository, issueNumber: 8, label: "create_app", sender: "owner" });
    await told.github.until(() => told.github.runs.length === 2);
    release();
    await told.settle();
  });

  test("an effect that takes longer than its lease is not begun a second time beside itself", async () => {
    const told = await world();
    await withStep(told);
    const release = told.github.hangNext("publish", "before");
    await told.github.until(() => told.github.countOf("publish") === 1);
    await told.advanceHanging(25 * minuteMs);
    expect(told.github.countOf("publish")).toBe(1);
    release();
    await told.github.until(() => told.github.pulls.size === 1);
    expect(told.github.marksOf("phasegate/7-1-planning")).toHaveLength(1);
  });
});

describe("the pace", () => {
  test("an effect that is due later is performed at its moment, not at the end of a nap", async () => {
    const told = await world();
    await told.label();
    await told.openRun();
    await told.settle();
    const shown = told.github.shown.length;
    await told.advance(29_999);
    expect(told.github.shown.length).toBe(shown);
    await told.advance(1);
    expect(told.github.shown.length).toBe(shown + 1);
  });

  test("with nothing to do it looks for work once a nap", async () => {
    const counts = { claims: 0 };
    const told = await world({ storeOf: counted(counts) });
    await told.settle();
    counts.claims = 0;
    await told.advanceHanging(10 * minuteMs);
    // Each nap, after each look at the open runs, and after the sweep.
    expect(counts.claims).toBe(120 + 10 + 1);
  });

  test("while an effect and a message are under way it does not turn in circles", async () => {
    const counts = { claims: 0 };
    const told = await world({ storeOf: counted(counts) });
    await withStep(told);
    told.github.hangNext("publish", "before");
    told.github.hangNext("readIssue", "before");
    await told.send({ kind: "label-added", repository, issueNumber: 9, label: "create_app", sender: "owner" });
    await told.github.until(() => told.github.countOf("publish") === 1 && told.github.countOf("readIssue") === 2);
    await told.advanceHanging(minuteMs);
    counts.claims = 0;
    await told.advanceHanging(minuteMs);
    expect(counts.claims).toBeLessThanOrEqual(14);
  });

  test("with a store that cannot write it waits for a nap between two tries", async () => {
    let failed = 0;
    let next = Promise.withResolvers<void>();
    const full = () => Promise.reject(new Error("database or disk is full"));
    const markFailed = () => {
      failed += 1;
      next.resolve();
      next = Promise.withResolvers();
      return full();
    };
    const told = await world({ storeOf: (store) => ({ ...store, commit: full, markFailed }) });
    let tried = next.promise;
    await told.send({ kind: "label-added", repository, issueNumber: 7, label: "create_app", sender: "owner" });
    for (let naps = 0; naps < 5; naps += 1) {
      await tried;
      tried = next.promise;
      await told.advanceHanging(5_000);
    }
    await tried;
    // Time stands still now; whoever turned in circles would go on.
    for (let turns = 0; turns < 200; turns += 1) await turn();
    expect(failed).toBe(6);
    expect(told.complaints()).toContain("work failed beyond its own handling");
  });
});

describe("an effect whose end the store could not take", () => {
  test("is done again as soon as the store answers, not when its lease ends", async () => {
    const down = { isDown: false };
    const orDown = <Result>(work: () => Promise<Result>): Promise<Result> =>
      down.isDown ? Promise.reject(new Error("the database is in recovery mode")) : work();
    const told = await world({
      storeOf: (store) => ({
        ...store,
        commit: (unit) => orDown(() => store.commit(unit)),
        markEffectDone: (key) => orDown(() => store.markEffectDone(key)),
        markEffectFailed: (...failed) => orDown(() => store.markEffectFailed(...failed)),
        putOffEffect: (...putOff) => orDown(() => store.putOffEffect(...putOff)),
      }),
    });
    told.github.failNext("dispatchRun", "after", () => {
      down.isDown = true;
      return new Error("no answer");
    });
    await told.label();
    expect((await told.types()).includes("RunDispatched")).toBe(false);
    down.isDown = false;
    await told.advance(10_000);
    expect(await told.types()).toContain("RunDispatched");
    // Found again on GitHub, and not made twice.
    expect(told.github.runs).toHaveLength(1);
  });
});

describe("a poison message", () => {
  test("is set aside after eight tries, and the messages behind it are processed", async () => {
    const dataDir = await temporaryFolder();
    const told = await world({ dataDir });
    told.github.openIssue(9);
    told.github.failNext("readIssue", "before", () => new Error("an issue that breaks us"), {
      times: 99,
      applies: ([, number]) => number === 9,
    });
    await told.label("create_app", { issueNumber: 9 });
    await told.label();
    expect(await told.store.tasksOfIssue(repository.repositoryId, 7)).toEqual([]);
    await told.advance(5 * minuteMs);
    expect((await told.task()).status).toBe("pending");
    expect(rowsIn(dataDir, "select status, attempts, error from inbox where kind = 'webhook' order by seq")).toEqual([
      { status: "failed", attempts: 8, error: "an issue that breaks us" },
      { status: "processed", attempts: 0, error: null },
    ]);
    expect(told.complaints()).toContain("message set aside");
    // A label that leads to nothing does not do so in silence.
    expect(told.github.notices()).toEqual([
      { kind: "not-taken-up", label: "create_app", why: "an issue that breaks us" },
    ]);
  });

  test("that GitHub puts off is no poison: it is processed when GitHub answers again", async () => {
    const told = await world();
    told.github.failNext("readIssue", "before", () => new RetryLater("502", 1_000), { times: 20 });
    await told.label();
    await told.advance(3 * 60 * minuteMs);
    expect((await told.task()).status).toBe("pending");
  });
});

describe("a stop", () => {
  test("waits for what is under way, and begins nothing more", async () => {
    const told = await world();
    await withStep(told);
    const release = told.github.hangNext("publish", "after");
    await told.github.until(() => told.github.countOf("publish") === 1);
    const stopped = told.engine.stop(8_000);
    told.engine.wake();
    release();
    await stopped;
    expect(told.github.marksOf("phasegate/7-1-planning")).toHaveLength(1);
    expect((await told.types()).at(-1)).toBe("StepPublished");
    expect(told.github.countOf("openGate")).toBe(0);
    expect(told.time.alarms()).toEqual([]);
  });

  test("hands back what does not end in time, and the next start takes it up as never tried", async () => {
    const dataDir = await temporaryFolder();
    const told = await world({ dataDir });
    await withStep(told);
    told.github.hangNext("publish", "after");
    await told.github.until(() => told.github.countOf("publish") === 1);
    let ended = false;
    const stopped = told.engine.stop(8_000).then(() => (ended = true));
    await told.time.advance(7_999, () => Promise.resolve());
    expect(ended).toBe(false);
    await told.time.advance(1, () => Promise.resolve());
    await stopped;
    expect(
      rowsIn(dataDir, "select attempts, lease_until, status from effects where effect like '%PublishStep%'"),
    ).toEqual([{ attempts: 0, lease_until: null, status: "waiting" }]);
    await told.die();
    await told.start();
    await told.settle();
    expect(told.github.marksOf("phasegate/7-1-planning")).toHaveLength(1);
    expect(told.github.pulls.size).toBe(1);
  });

  test("takes nothing that arrives later, nor does a wake-up after it", async () => {
    const told = await world();
    await told.settle();
    told.github.calls.length = 0;
    await told.engine.stop(8_000);
    await told.send({ kind: "label-added", repository, issueNumber: 7, label: "create_app", sender: "owner" });
    told.engine.wake();
    await told.engine.idle();
    await told.time.advance(minuteMs, () => Promise.resolve());
    expect(told.github.calls).toEqual([]);
    // It lies in the inbox for the next start.
    expect(await told.store.dueMessages(told.time.now().toISOString(), 5)).toHaveLength(1);
  });

  test("hands back what a look had claimed in the same moment", async () => {
    const { promise: claimed, resolve } = Promise.withResolvers<void>();
    const told = await world({
      storeOf: (store) => ({
        ...store,
        async claimEffects(...args) {
          const effects = await store.claimEffects(...args);
          if (effects.some(({ effect }) => effect.kind === "DispatchRun")) {
            resolve();
            await Promise.resolve();
          }
          return effects;
        },
      }),
    });
    await told.send({ kind: "label-added", repository, issueNumber: 7, label: "create_app", sender: "owner" });
    await claimed;
    await told.engine.stop(8_000);
    expect(told.github.countOf("preflight")).toBe(0);
    const now = told.time.now().toISOString();
    const effects = await told.store.claimEffects(now, now, 5);
    expect(effects.map(({ effect, attempts }) => `${effect.kind} ${attempts}`).sort()).toEqual([
      "DispatchRun 0",
      "KeepRecord 0",
      "ShowStatus 0",
    ]);
  });
});
