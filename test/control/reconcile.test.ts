import { describe, expect, test } from "vitest";
import { RetryLater } from "../../src/control/ports.ts";
import { temporaryFolder } from "../store/temporary-store.ts";
import { repository, world, type World } from "./world.ts";

const minuteMs = 60_000;

async function ends(told: World) {
  return (await told.events()).flatMap((event) => (event.type === "RunEnded" ? [event.outcome] : []));
}

describe("a runner that falls silent", () => {
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
