import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../store/temporary-store.ts";
import { RetryLater } from "../../src/control/ports/retry-later.ts";
import { currentPhaseOf } from "../../src/core/state.ts";
import { found, reportOf, world, type World, type WorldOptions } from "./world.ts";

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const branch = "phasegate/7-1-planning";

/** The first gate, #31, waits for review; its checks run from the moment at which it is presented. */
async function presented(options: WorldOptions = {}, prepare: (told: World) => void = () => undefined): Promise<World> {
  const told = await world(options);
  told.github.ciDefault = "waiting";
  prepare(told);
  await told.label();
  await told.runPhase();
  expect((await told.task()).status).toBe("review");
  return told;
}

function headOf(told: World): string {
  return told.github.headOf(branch) ?? "";
}

async function ciOf(told: World) {
  return currentPhaseOf(await told.task())?.ci ?? null;
}

async function reworks(told: World) {
  return (await told.events()).flatMap((event) => (event.type === "ReworkRequested" ? [event.source] : []));
}

/** Another attempt is handed over and comes to its gate. */
async function reworked(told: World): Promise<void> {
  await told.settle();
  await told.runPhase();
  await told.settle();
  expect((await told.task()).status).toBe("review");
}

describe("the repository's own checks", () => {
  test("are read when the gate is presented; where there are none, that is known", async () => {
    const told = await presented({}, ({ github }) => (github.ciDefault = "none"));
    expect(await ciOf(told)).toMatchObject({ kind: "none", headSha: headOf(told) });
    told.github.calls.length = 0;
    await told.advance(60 * minuteMs);
    expect(told.github.countOf("readCi")).toBe(0);
  });

  test("are looked at again while they run, ever more rarely, and not for ever", async () => {
    const told = await presented();
    expect(await ciOf(told)).toMatchObject({ kind: "waiting" });
    const looks: number[] = [];
    for (let minute = 1; minute <= 30; minute += 1) {
      const before = told.github.countOf("readCi");
      await told.advance(minuteMs);
      if (told.github.countOf("readCi") > before) looks.push(minute);
    }
    expect(looks.length).toBeGreaterThan(3);
    expect(looks.length).toBeLessThan(15);
    expect((await told.types()).filter((type) => type === "CiObserved")).toHaveLength(1);
    // That checks take their time is nothing to complain of.
    expect(told.complaints()).toEqual([]);
  });

  test("hold up nothing else of the task while they run", async () => {
    const told = await presented();
    await told.mergeGate(31);
    expect(await told.task()).toMatchObject({ status: "pending", phases: [{ phase: 1 }, { phase: 2 }] });
  });

  test("are read again soon after a webhook of that commit, once for many", async () => {
    const told = await presented();
    told.github.setCi(headOf(told), "green");
    const before = told.github.countOf("readCi");
    for (let sent = 0; sent < 20; sent += 1) await told.ciChanges(headOf(told), "green");
    await told.advance(5 * secondMs);
    expect(await ciOf(told)).toMatchObject({ kind: "green" });
    expect(told.github.countOf("readCi")).toBe(before + 1);
  });

  test("of another commit wake nobody", async () => {
    const told = await presented();
    const before = told.github.countOf("readCi");
    await told.ciChanges("base-0", "red");
    await told.advance(10 * secondMs);
    expect(told.github.countOf("readCi")).toBe(before);
  });

  test("whose webhooks are lost are seen all the same", async () => {
    const told = await presented();
    told.github.setCi(headOf(told), "green");
    await told.advance(11 * minuteMs);
    expect(await ciOf(told)).toMatchObject({ kind: "green" });
  });

  test("that somebody has run again until they pass are seen although the webhook is lost", async () => {
    const told = await presented({}, ({ github }) => (github.ciDefault = "never-started"));
    expect(await ciOf(told)).toMatchObject({ kind: "never-started" });
    told.github.setCi(headOf(told), "green");
    await told.advance(6 * minuteMs);
    expect(await ciOf(told)).toMatchObject({ kind: "green" });
  });

  test("are asked of since the moment at which they may run", async () => {
    const told = await presented();
    await told.advance(minuteMs);
    const [, head] = told.github.argumentsOf("readCi").at(-1) ?? [];
    expect(head).toEqual({
      sha: headOf(told),
      branch,
      releasedAt: "2026-11-21T10:00:00.000Z",
      now: expect.stringMatching(/^2026-11-21T10:0[01]/u),
    });
  });

  test("that fail while GitHub answers nothing are read later", async () => {
    const told = await presented({}, ({ github }) =>
      github.failNext("readCi", "before", () => new RetryLater("GitHub is down", 60_000)),
    );
    expect(await ciOf(told)).toBeNull();
    await told.advance(2 * minuteMs);
    expect(await ciOf(told)).toMatchObject({ kind: "waiting" });
  });
});

describe("checks that are held back until the approval", () => {
  test.each([
    ["where the repository's workflows hold secrets", null, true],
    ["where its settings say so", "approved", false],
  ] as const)("%s, are said to be held, and asked for by nobody", async (_where, ci, sensitive) => {
    const told = await presented({}, ({ github }) => {
      github.ciIsSensitive = sensitive;
      github.settings = { ...github.settings, ci };
    });
    expect(told.github.marksOf(branch)).not.toContain("verified:1/1");
    expect(await ciOf(told)).toMatchObject({ kind: "held" });
    const before = told.github.countOf("readCi");
    await told.advance(30 * minuteMs);
    expect(told.github.countOf("readCi")).toBe(before);
  });

  test("run at once where the settings say ready, whatever the workflows hold", async () => {
    const told = await presented({}, ({ github }) => {
      github.ciIsSensitive = true;
      github.settings = { ...github.settings, ci: "ready" };
    });
    expect(told.github.marksOf(branch)).toContain("verified:1/1");
    expect(await ciOf(told)).toMatchObject({ kind: "waiting" });
  });

  test("are read on the commit that the approval let go", async () => {
    const told = await presented({}, ({ github }) => (github.ciIsSensitive = true));
    const before = headOf(told);
    await told.review(31);
    expect(headOf(told)).not.toBe(before);
    expect(await ciOf(told)).toMatchObject({ kind: "waiting", headSha: headOf(told) });
    await told.ciChanges(headOf(told), "green");
    await told.advance(5 * secondMs);
    expect(await ciOf(told)).toMatchObject({ kind: "green", headSha: headOf(told) });
  });
});

describe("a check of the repository that fails", () => {
  test("starts one rework, whose agent gets the ends of the logs at the last step", async () => {
    const told = await presented();
    const sha = headOf(told);
    told.github.failedLogs.set(sha, [
      { name: "test", log: `${"x".repeat(9_000)}\nexpected 2, got 3 <b>\u200B` },
      { name: "lint", log: "unused variable" },
    ]);
    await told.ciChanges(sha, "red");
    await told.advance(5 * secondMs);
    expect(await reworks(told)).toEqual(["ci"]);
    const { job } = await told.openRun();
    expect(job.feedback).toMatchObject([
      { id: `ci:${sha}`, request: "change", step: "02_market", path: null, line: null, hunk: null },
    ]);
    const [what, tests, lint] = job.feedback[0]?.comments ?? [];
    expect(what).toMatchObject({ by: "checks", text: expect.stringContaining(`failed on the commit ${sha}: test.`) });
    expect(tests?.by).toBe("test");
    expect(tests?.text).toHaveLength(4_000);
    expect(tests?.text).toMatch(/expected 2, got 3 <b>$/u);
    expect(lint).toEqual({ by: "lint", text: "unused variable" });
  });

  test("without logs that can be read still says what failed", async () => {
    const told = await presented();
    await told.ciChanges(headOf(told), "red");
    await told.advance(5 * secondMs);
    const { job } = await told.openRun();
    expect(job.feedback[0]?.comments).toEqual([
      { by: "checks", text: expect.stringMatching(/: test\. Their logs could not be read/u) },
    ]);
  });

  test("is reworked twice; then people are told, once for the commit", async () => {
    const told = await presented();
    for (let failures = 1; failures <= 3; failures += 1) {
      await told.ciChanges(headOf(told), "red");
      await told.advance(5 * secondMs);
      if (failures <= 2) await reworked(told);
    }
    expect(await reworks(told)).toEqual(["ci", "ci"]);
    await told.ciChanges(headOf(told), "red");
    await told.advance(10 * minuteMs);
    expect(told.github.comments.filter(({ notice }) => notice?.kind === "ci")).toMatchObject([
      { issueNumber: 31, notice: { ci: { kind: "red" }, reworks: 2, headSha: headOf(told) } },
    ]);
    expect((await told.task()).status).toBe("review");
  });

  test("and passes when it is run again before the logs are read, starts nothing", async () => {
    const told = await presented();
    told.github.failNext("readFailedLogs", "before", () => new RetryLater("GitHub is down", 120_000));
    await told.ciChanges(headOf(told), "red");
    await told.advance(5 * secondMs);
    await told.ciChanges(headOf(told), "green");
    await told.advance(10 * minuteMs);
    expect(await reworks(told)).toEqual([]);
  });

  test("on a head that a review's rework is about to replace is not reworked beside it", async () => {
    const told = await presented();
    const threadId = told.github.thread(31);
    await told.review(31, { verdict: "changes_requested" });
    await told.ciChanges(headOf(told), "red");
    await told.advance(20 * secondMs);
    expect(await reworks(told)).toEqual(["review"]);
    expect((await told.openRun()).job.feedback.map(({ id }) => id)).toEqual([`thread:${threadId}`]);
  });
});

describe("checks that never started", () => {
  test("are told with the likely reason, once for the commit", async () => {
    const told = await presented({}, ({ github }) => (github.ciDefault = "never-started"));
    await told.advance(30 * minuteMs);
    expect(told.github.comments.filter(({ notice }) => notice?.kind === "ci")).toMatchObject([
      { issueNumber: 31, notice: { ci: { kind: "never-started", reason: "its workflow is disabled" } } },
    ]);
    expect(await reworks(told)).toEqual([]);
  });
});

describe("our own check", () => {
  test("stands on the gate's head from its opening, and says what came of the verification", async () => {
    const told = await world();
    await told.label();
    const runner = await told.openRun();
    await runner.step("01_idea");
    await told.settle();
    expect([...told.github.checks.values()]).toMatchObject([{ headSha: headOf(told), phase: 1, verified: null }]);
    await runner.step("02_market");
    await runner.end({ kind: "completed" });
    await told.settle();
    expect(told.github.checks.get(headOf(told))).toMatchObject({ phase: 1, verified: "passed" });
  });

  test("stands on what people pushed on top, too: branch protection waits for it there", async () => {
    const told = await presented();
    const pushed = told.github.push(branch, "docs/note.md", "A note.");
    await told.deliver({ kind: "reviews-changed", repository: (await told.task()).repository, pullRequest: 31 });
    expect(told.github.checks.get(pushed)).toMatchObject({ phase: 1 });
  });

  test("that GitHub refuses holds up nothing", async () => {
    const told = await world();
    told.github.failNext("showCheck", "before", () => new Error("403"), { times: 1_000 });
    await told.label();
    expect((await told.playOn()).status).toBe("completed");
  });
});

describe("a process that dies over the checks", () => {
  test.each(["readCi", "readFailedLogs", "showCheck"] as const)(
    "after %s: one rework, and nothing is doubled",
    async (method) => {
      const told = await presented({ dataDir: await temporaryFolder() });
      told.dieAfter(method);
      await told.ciChanges(headOf(told), "red");
      await told.advance(5 * secondMs);
      await reworked(told);
      expect(await reworks(told)).toEqual(["ci"]);
      expect(found(told)).toMatchObject({ runs: 2 });
      expect((await ciOf(told))?.headSha).toBe(headOf(told));
    },
  );

  test("after it told people: they are told once", async () => {
    const told = await presented({ dataDir: await temporaryFolder() }, (doomed) => {
      doomed.github.ciDefault = "never-started";
      doomed.dieAfter("notify");
    });
    expect(told.github.countOf("notify")).toBe(2);
    expect(told.github.notices().map(({ kind }) => kind)).toEqual(["ci"]);
  });
});

/** Checks fail, a rework mends them, a person approves, and the app merges. */
async function mended(count: number, moment: "before" | "after"): Promise<World> {
  const told = await presented({ dataDir: await temporaryFolder() }, ({ github }) => {
    github.settings = { ...github.settings, merge: "auto" };
  });
  told.dieAtCall(count, moment);
  await told.ciChanges(headOf(told), "red");
  await told.advance(6 * secondMs);
  const runner = await told.insist(() => told.openRun());
  await told.insist(() => runner.step("02_market", "mended", 0.5, [answerTo(runner.job.feedback[0]?.id ?? "")]));
  await told.insist(() => runner.end({ kind: "completed" }));
  await told.settle();
  await told.advance(2 * secondMs);
  told.github.review(31);
  await told.reviewsChanged(31);
  await told.ciChanges(headOf(told), "green");
  await told.advance(31 * secondMs);
  return told;
}

function answerTo(id: string) {
  return { id, kind: "fixed", text: "Done." } as const;
}

async function endOf(told: World) {
  const { status, blockedBy } = await told.task();
  const notices = told.github.notices().map(({ kind }) => kind);
  // How often checks were seen to run depends on when the process looked.
  const types = (await told.types()).filter((type) => type !== "CiObserved");
  return { ...found(told), status, blockedBy, notices, types: types.toSorted(), sources: await reworks(told) };
}

/** A prime number meets each kind of call within a few steps. */
const stride = 17;

describe("a process that dies once between a failed check and the merge, at whatever call", () => {
  test.each(["before", "after"] as const)(
    "%s it took effect, leaves what an undisturbed one leaves",
    async (moment) => {
      const undisturbed = await endOf(await mended(Number.POSITIVE_INFINITY, moment));
      expect(undisturbed).toMatchObject({ status: "pending", blockedBy: null, runs: 3, sources: ["ci"] });
      const others: object[] = [];
      let calls = 0;
      for (let isOver = false; !isOver; calls += stride) {
        const told = await mended(calls + 1, moment);
        isOver = told.isDoomed;
        const end = await endOf(told);
        if (!isDeepStrictEqual(end, undisturbed)) others.push({ call: calls + 1, end });
      }
      expect(others).toEqual([]);
      expect(calls).toBeGreaterThan(50);
    },
    300_000,
  );
});

describe("what the run says of its own work", () => {
  test("reaches the verifier of its attempt, and no later one", async () => {
    const told = await world();
    told.reports.push({
      passed: false,
      checks: [],
      findings: [{ check: "judged:sense", step: "01_idea", path: null, line: null, message: "it contradicts itself" }],
      notes: [],
    });
    await told.label();
    const report = { ...reportOf("One table"), judgeFault: "no answer" };
    await told.runPhase(7, report);
    await told.runPhase();
    expect(told.heldAgainst).toMatchObject([{ judgeFault: "no answer", verdicts: [], tests: null }, null]);
  });

  test("is known to the task, with what should be better and need not", async () => {
    const told = await world();
    const note = { check: "judged:tone", step: null, path: null, line: null, message: "dry" } as const;
    told.reports.push({ passed: true, checks: [], findings: [], notes: [note] });
    await told.label();
    await told.runPhase(7, reportOf("One table"));
    expect(await told.task()).toMatchObject({
      status: "review",
      phases: [
        { verification: { notes: [note] }, decisions: { attempt: 1, list: [{ number: 1, decision: "One table" }] } },
      ],
    });
  });
});
