import { describe, expect, test } from "vitest";
import { RetryLater } from "../../src/control/ports/retry-later.ts";
import { openSession } from "../../src/control/serve-runner/open-session.ts";
import { temporaryFolder } from "../store/temporary-store.ts";
import { repository, world, type SentIntent, type World } from "./world.ts";

const minuteMs = 60_000;

async function ends(told: World) {
  return (await told.events()).flatMap((event) => (event.type === "RunEnded" ? [event.outcome] : []));
}

describe("what is read of GitHub by itself", () => {
  test("given sixty tasks at their gates and an hour, then it stays below a third of the requests that GitHub allows, and each was looked at", async () => {
    const told = await world({ dayBudgetUsd: 10_000 });
    const issues = Array.from({ length: 60 }, (_, at) => 100 + at);
    for (const issue of issues) {
      told.github.openIssue(issue);
      await told.label("create_app", { issueNumber: issue });
      await told.runPhase(issue);
    }
    told.github.calls.length = 0;
    told.github.issuesRead.clear();
    await told.advance(60 * minuteMs);
    expect(told.github.calls.length).toBeLessThan(5_000 / 3);
    expect([...told.github.issuesRead].toSorted((one, other) => one - other)).toEqual(issues);
  });
});

describe("runs that ended unheard", () => {
  test("given more of them than one look takes, and names looked at every 45 seconds, are all found", async () => {
    const told = await world({ dayBudgetUsd: 10_000, namesEveryMs: 45_000 });
    const issues = Array.from({ length: 25 }, (_, at) => 100 + at);
    for (const issue of issues) {
      told.github.openIssue(issue);
      await told.label("create_app", { issueNumber: issue });
    }
    expect(told.github.runs).toHaveLength(25);
    for (const { runId } of told.github.runs)
      told.github.changeRun(runId, { status: "completed", conclusion: "failure" });
    await told.advance(12 * minuteMs);
    for (const issue of issues) {
      expect((await told.events(issue)).some(({ type }) => type === "RunEnded")).toBe(true);
    }
  });
});

describe("a runner that falls silent", () => {
  test("is given up after three minutes, however many others are at work", async () => {
    const told = await world({ dayBudgetUsd: 10_000 });
    const issues = Array.from({ length: 40 }, (_, at) => 100 + at);
    for (const issue of issues) {
      told.github.openIssue(issue);
      await told.label("create_app", { issueNumber: issue });
    }
    const runners = [];
    for (const issue of issues) runners.push(await told.openRun(issue));
    const speaking = runners.slice(8);
    for (let minute = 0; minute < 5; minute += 1) {
      for (const runner of speaking) await runner.heartbeat();
      await told.advance(minuteMs);
    }
    const lost = [];
    for (const issue of issues)
      if ((await told.events(issue)).some(({ type }) => type === "RunEnded")) lost.push(issue);
    expect(lost).toEqual(issues.slice(0, 8));
  });

  test("is looked up on GitHub after three minutes, not before", async () => {
    const told = await world();
    await told.label();
    const runner = await told.openRun();
    await told.advance(2 * minuteMs);
    await runner.heartbeat();
    await told.advance(2 * minuteMs);
    expect(told.github.countOf("readRun")).toBe(0);
    await told.advance(2 * minuteMs);
    expect(told.github.countOf("readRun")).toBe(1);
  });

  test("whose job ended without an outcome is lost, although no webhook said so", async () => {
    const told = await world();
    await told.label();
    await told.openRun();
    const { runId } = await told.liveRun();
    told.github.changeRun(runId, { status: "completed", conclusion: "failure" });
    await told.advance(4 * minuteMs);
    expect(await ends(told)).toEqual([
      { kind: "lost", message: "the job ended (failure) without declaring an outcome" },
    ]);
    expect(told.github.runs).toHaveLength(2);
  });

  test("whose job somebody cancelled on GitHub pauses the task", async () => {
    const told = await world();
    await told.label();
    await told.openRun();
    const { runId } = await told.liveRun();
    told.github.changeRun(runId, { status: "completed", conclusion: "cancelled" });
    await told.advance(10 * minuteMs);
    expect(await ends(told)).toEqual([{ kind: "cancelled" }]);
    expect(told.github.runs).toHaveLength(1);
  });

  test("while its job still runs is lost, and the job is cancelled before it can go on beside its successor", async () => {
    const told = await world();
    await told.label();
    const runner = await told.openRun();
    await told.advance(4 * minuteMs);
    expect(await ends(told)).toEqual([{ kind: "lost", message: "the runner was silent for 3 minutes" }]);
    expect(told.github.runs.map(({ conclusion }) => conclusion)).toEqual(["cancelled", null]);
    expect(await runner.heartbeat()).toMatchObject({ stop: true });
  });

  test("of a workflow run that was deleted is lost", async () => {
    const told = await world();
    await told.label();
    await told.openRun();
    told.github.runs.length = 0;
    await told.advance(4 * minuteMs);
    expect((await ends(told))[0]).toEqual({ kind: "lost", message: "the workflow run no longer exists" });
  });

  test("while it waits for a machine is left alone, however long", async () => {
    const told = await world();
    await told.label();
    await told.advance(60 * minuteMs);
    expect(await ends(told)).toEqual([]);
    expect(told.github.runs).toMatchObject([{ status: "queued" }]);
    // One look a minute, and not a word to people.
    expect(told.github.countOf("readRun")).toBeLessThanOrEqual(58);
    expect(told.github.comments).toHaveLength(1);
    await told.runPhase();
    expect((await told.task()).status).toBe("review");
  });

  test("again and again pauses the task after the fourth time, and then nothing more is asked", async () => {
    const told = await world();
    await told.label();
    for (let runs = 1; runs <= 4; runs += 1) {
      await told.openRun();
      await told.advance(4 * minuteMs);
    }
    expect((await told.task()).blockedBy).toMatchObject({ kind: "environment", faults: 4 });
    told.github.calls.length = 0;
    await told.advance(30 * minuteMs);
    // But for the look for lost webhooks, every five minutes.
    expect(new Set(told.github.calls)).toEqual(new Set(["failedDeliveries", "readIssue"]));
    expect(told.github.countOf("failedDeliveries")).toBe(6);
    expect(told.github.notices()).toHaveLength(1);
  });

  test("since the app was away gets its time to speak again", async () => {
    const told = await world({ dataDir: await temporaryFolder() });
    await told.label();
    const runner = await told.openRun();
    await told.die();
    await told.time.advance(20 * minuteMs, () => Promise.resolve());
    await told.start();
    await told.settle();
    await told.advance(2 * minuteMs);
    await runner.heartbeat();
    await told.advance(2 * minuteMs);
    expect(await ends(told)).toEqual([]);
    await told.advance(2 * minuteMs);
    expect((await ends(told)).map(({ kind }) => kind)).toEqual(["lost"]);
  });

  test("after it declared its outcome is believed, though the message waits behind others", async () => {
    const told = await world();
    await told.label();
    const runner = await told.openRun();
    await runner.step("01_idea");
    await runner.step("02_market");
    await told.settle();
    told.github.failNext("readIssue", "before", () => new RetryLater("rate limit", 30 * minuteMs));
    const { runId } = await told.liveRun();
    await told.deliver({ kind: "label-added", repository, issueNumber: 9, label: "create_app", sender: "owner" });
    await runner.end({ kind: "completed" });
    told.github.changeRun(runId, { status: "completed", conclusion: "success" });
    await told.advance(20 * minuteMs);
    expect(told.github.countOf("readRun")).toBeGreaterThan(0);
    expect(await ends(told)).toEqual([]);
    await told.advance(20 * minuteMs);
    expect(await ends(told)).toEqual([{ kind: "completed" }]);
    expect((await told.task()).status).toBe("review");
  });

  test("while GitHub does not answer is neither lost nor forgotten, and the other runs are looked at", async () => {
    const told = await world();
    told.github.openIssue(8);
    await told.label();
    await told.label("create_app", { issueNumber: 8 });
    await told.openRun(7);
    await told.openRun(8);
    told.github.failNext("readRun", "before", () => new RetryLater("502", 1_000), {
      times: 5,
      applies: ([, workflowRunId]) => workflowRunId === 100,
    });
    await told.advance(4 * minuteMs);
    expect(await ends(told)).toEqual([]);
    expect((await told.events(8)).some(({ type }) => type === "RunEnded")).toBe(true);
    await told.advance(6 * minuteMs);
    expect((await ends(told)).map(({ kind }) => kind)).toEqual(["lost"]);
  });
});

describe("webhooks that did not arrive", () => {
  /** For an hour nothing arrives; meanwhile people do something. */
  async function deaf(told: World): Promise<void> {
    await told.label();
    await told.runPhase();
  }

  /** GitHub holds the webhook back, and sends it when it is asked to. */
  function lost(told: World, guid: string, send: () => Promise<void>): void {
    told.github.deliveries.push({
      deliveryId: told.github.deliveries.length + 1,
      guid,
      at: told.time.now().toISOString(),
      send,
    });
  }

  test("are asked for, oldest first, and then everything is as if they had arrived, comments included", async () => {
    const told = await world();
    await deaf(told);
    const command = { name: "rework", argument: "Say more." } as const;
    const where = { repository, issueNumber: 7, onPullRequest: false, commentId: 900, sender: "owner" };
    lost(told, "lost-1", () => told.send({ kind: "command", ...where, command }, "lost-1"));
    await told.advance(5 * minuteMs);
    expect(told.github.countOf("redeliver")).toBe(1);
    expect((await told.openRun()).job.feedback.map(({ id }) => id)).toEqual(["comment:900"]);
  });

  test("although GitHub tells of no delivery: merges, closed gates and reviews are seen", async () => {
    const told = await world();
    await deaf(told);
    told.github.thread(31);
    told.github.review(31, { verdict: "changes_requested" });
    await told.advance(6 * minuteMs);
    expect((await told.types()).filter((type) => type === "ReworkRequested")).toHaveLength(1);
    await told.runPhase();
    told.github.changePull(31, { open: false });
    await told.advance(5 * minuteMs);
    expect((await told.task()).blockedBy).toMatchObject({ kind: "gate-closed" });
    told.github.changePull(31, { open: true });
    await told.advance(5 * minuteMs);
    expect((await told.task()).blockedBy).toBeNull();
    told.github.merge(31, "reviewer");
    await told.advance(5 * minuteMs);
    expect(await told.task()).toMatchObject({ phases: [{ completed: { by: "reviewer" } }, { phase: 2 }] });
    expect(told.complaints()).toEqual([]);
  });

  test("are asked for ever more rarely where they fail each time", async () => {
    const told = await world();
    await deaf(told);
    lost(told, "poison", () => Promise.resolve());
    await told.advance(60 * minuteMs);
    expect(told.github.countOf("redeliver")).toBe(3);
    await told.advance(4 * 60 * minuteMs);
    expect(told.github.countOf("redeliver")).toBe(5);
  });

  test("for a whole hour, while people label, review, comment and merge: then all of it is repaired", async () => {
    const told = await world();
    await deaf(told);
    const hearsAgainAt = told.time.now().getTime() + 60 * minuteMs;
    /** Nothing gets through for an hour, whoever asks for it. */
    const cutOff = (guid: string, intent: SentIntent): void =>
      lost(told, guid, async () => {
        if (told.time.now().getTime() >= hearsAgainAt) await told.send(intent, guid);
      });
    // Gates are looked at all the same; what nobody can look at are words and labels.
    told.github.openIssue(8);
    cutOff("label", { kind: "label-added", repository, issueNumber: 8, label: "create_app", sender: "owner" });
    await told.advance(10 * minuteMs);
    told.github.thread(31);
    const reviewId = told.github.review(31, { verdict: "changes_requested" });
    cutOff("review", { kind: "reviews-changed", repository, pullRequest: 31 });
    await told.advance(10 * minuteMs);
    await told.runPhase();
    expect((await told.task()).phases[0]?.gate?.takenUp).toEqual([reviewId]);
    told.github.merge(31, "owner");
    cutOff("merge", { kind: "gate-changed", repository, pullRequest: 31, sender: "owner" });
    await told.advance(10 * minuteMs);
    const where = { repository, issueNumber: 7, onPullRequest: false, commentId: 901, sender: "owner" };
    cutOff("pause", { kind: "command", ...where, command: { name: "pause", argument: "" } });
    await told.advance(25 * minuteMs);
    expect((await told.task()).blockedBy).toBeNull();
    expect(await told.store.tasksOfIssue(repository.repositoryId, 8)).toEqual([]);

    await told.advance(90 * minuteMs);
    expect(await told.task()).toMatchObject({ phases: [{ completed: { by: "owner" } }, { phase: 2 }] });
    expect((await told.task()).blockedBy).toEqual({ kind: "paused", by: "owner" });
    expect(await told.store.tasksOfIssue(repository.repositoryId, 8)).toHaveLength(1);
    const types = await told.types();
    expect(types.filter((type) => type === "ReworkRequested")).toHaveLength(1);
    expect(types.filter((type) => type === "PhaseCompleted")).toHaveLength(1);
    expect(told.complaints()).toEqual([]);
  });

  test("are not asked for where the app knows them", async () => {
    const told = await world();
    await deaf(told);
    await told.deliver({ kind: "ignored", why: "test" }, "known");
    lost(told, "known", () => Promise.resolve());
    await told.advance(11 * minuteMs);
    expect(told.github.countOf("redeliver")).toBe(0);
  });

  test("do not hide a task from the look for what was missed, though GitHub does not list them", async () => {
    const told = await world();
    await deaf(told);
    told.github.failNext("failedDeliveries", "before", () => new RetryLater("502", 1_000), { times: 9 });
    told.github.merge(31, "owner");
    await told.advance(6 * minuteMs);
    expect((await told.task()).phases).toHaveLength(2);
  });
});

describe("a runner that comes after its time", () => {
  test("and reports after it was declared lost changes nothing, and is told to stop", async () => {
    const told = await world();
    await told.label();
    const runner = await told.openRun();
    await told.advance(4 * minuteMs);
    const before = await told.types();
    expect(await runner.step("01_idea")).toMatchObject({ stop: true });
    expect(await runner.end({ kind: "completed" })).toMatchObject({ stop: true });
    await told.settle();
    expect(await told.types()).toEqual(before);
    expect((await told.openRun()).job.stepsToDo).toEqual(["01_idea", "02_market"]);
  });

  test("and is re-run by hand gets no work", async () => {
    const told = await world();
    await told.label();
    const { runId, workflowRunId } = await told.liveRun();
    const again = openSession(told.serving, told.proof(runId, workflowRunId, { runAttempt: 2 }));
    await expect(again).rejects.toThrow("a re-run by hand");
    expect((await told.types()).slice(-2)).toEqual(["RunDispatched", "SecurityNoted"]);
  });

  test("and speaks for another task's run gets no work", async () => {
    const told = await world();
    told.github.openIssue(8);
    await told.label();
    await told.label("create_app", { issueNumber: 8 });
    const { runId } = await told.liveRun(8);
    const { workflowRunId } = await told.liveRun(7);
    await expect(openSession(told.serving, told.proof(runId, workflowRunId))).rejects.toThrow(runId);
    expect((await told.events(8)).slice(-2).map(({ type }) => type)).toEqual(["RunDispatched", "SecurityNoted"]);
  });

  test("whose job never started and is gone pauses the task with the way out", async () => {
    const told = await world();
    await told.label();
    const { runId } = await told.liveRun();
    told.github.changeRun(runId, { status: "completed", conclusion: "startup_failure" });
    await told.advance(4 * minuteMs);
    expect((await told.task()).blockedBy).toMatchObject({ kind: "app-unreachable" });
  });
});
