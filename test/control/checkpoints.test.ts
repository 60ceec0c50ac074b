/** What a run leaves for the next one: sealed, kept while the task lives, and never in anybody's way (I1). */
import { generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import { derivedCheckpointKey, parseCheckpointKeys } from "../../src/control/checkpoint-keys.ts";
import { createCheckpointSeal } from "../../src/control/checkpoints.ts";
import type { StoredCheckpoint } from "../../src/control/ports/store.ts";
import type { RunnerRefused } from "../../src/control/serve-runner/session.ts";
import { runIdFrom, taskIdFrom } from "../../src/core/ids.ts";
import { rowsIn, temporaryFolder } from "../store/temporary-store.ts";
import { says } from "./payloads.ts";
import { checkpointOf, lastOutput } from "./checkpoint-of.ts";
import { world, type Runner, type World } from "./world.ts";

const k1 = { id: "k1", key: Buffer.alloc(32, 1) };
const k2 = { id: "k2", key: Buffer.alloc(32, 2) };

async function codeOf(asked: Promise<unknown>): Promise<string> {
  return asked.then(
    () => "granted",
    (error: RunnerRefused) => error.code,
  );
}

async function atWork(options: Parameters<typeof world>[0] = {}): Promise<{ told: World; runner: Runner }> {
  const told = await world(options);
  await told.label();
  return { told, runner: await told.openRun() };
}

/** The run leaves a checkpoint and ends; the next one begins. */
async function nextAfter(told: World, runner: Runner, leave = checkpointOf(runner.job)): Promise<Runner> {
  await runner.leave(leave);
  await runner.end({ kind: "slice-ended" });
  await told.settle();
  return told.openRun();
}

describe("a sealed checkpoint", () => {
  const whole = checkpointOf({ taskId: "t", runId: "r" });
  const stored = (keys = [k1]): StoredCheckpoint => ({
    taskId: taskIdFrom("t"),
    checkpointId: "c1",
    runId: runIdFrom("r"),
    phase: 1,
    createdAt: "2026-11-21T10:00:00.000Z",
    ...createCheckpointSeal(keys).seal(whole),
  });

  test("opens to what it was, and shows nothing of it before", () => {
    const sealed = stored();
    expect(Buffer.from(sealed.sealed).includes(lastOutput)).toBe(false);
    expect(createCheckpointSeal([k1]).open(sealed)).toEqual(whole);
  });

  test("is never the same twice", () => {
    expect(Buffer.from(stored().sealed).equals(Buffer.from(stored().sealed))).toBe(false);
  });

  test("opens with an older key after a new one came in front, which seals from then on", () => {
    const old = stored([k1]);
    const rotated = createCheckpointSeal([k2, k1]);
    expect(rotated.open(old)).toEqual(whole);
    expect(rotated.seal(whole).keyId).toBe("k2");
    expect(rotated.knows("k1")).toBe(true);
    expect(createCheckpointSeal([k2]).knows("k1")).toBe(false);
  });

  test("opens with nothing else: no other key, task or id, and not where a bit was changed or cut off", () => {
    const sealed = stored();
    const flipped = Buffer.from(sealed.sealed);
    flipped[flipped.length - 1] = (flipped.at(-1) ?? 0) ^ 1;
    const seal = createCheckpointSeal([k1]);
    const open = (change: Partial<StoredCheckpoint>) => () => seal.open({ ...sealed, ...change });
    expect(open({ sealed: flipped })).toThrow();
    expect(open({ sealed: sealed.sealed.subarray(0, 20) })).toThrow("it is cut");
    expect(open({ taskId: taskIdFrom("other") })).toThrow();
    expect(open({ checkpointId: "c2" })).toThrow();
    expect(open({ keyId: "k9" })).toThrow('no key has the id "k9"');
    expect(() => createCheckpointSeal([{ id: "k1", key: k2.key }]).open(sealed)).toThrow();
  });
});

describe("keys", () => {
  test("are read from a list, the first in front", () => {
    const faults: string[] = [];
    const text = `k2:${k2.key.toString("base64")}, k1:${k1.key.toString("base64")}`;
    expect(parseCheckpointKeys(text, faults).map(({ id, key }) => [id, Buffer.from(key)])).toEqual([
      ["k2", k2.key],
      ["k1", k1.key],
    ]);
    expect(faults).toEqual([]);
  });

  test.each([
    ["nonsense", "expected a list of id:key"],
    ["k1:dG9vIHNob3J0", 'expected 32 bytes in base64 for "k1", got 9'],
    [`k1:${k1.key.toString("base64")},k1:${k2.key.toString("base64")}`, '"k1" is named twice'],
    [`k1:${k1.key.toString("base64")},`, "expected a list of id:key"],
  ])("such as %j are faults that show no key", (text, fault) => {
    const faults: string[] = [];
    parseCheckpointKeys(text, faults);
    expect(faults).toEqual([expect.stringContaining(fault)]);
    expect(faults.join()).toContain("openssl rand -base64 32");
    expect(faults.join()).not.toContain(k1.key.toString("base64"));
  });

  test("that nobody set come from the app's private key, and are others for another app", () => {
    const pem = () =>
      generateKeyPairSync("rsa", { modulusLength: 2048 })
        .privateKey.export({ type: "pkcs8", format: "pem" })
        .toString();
    const [one, other] = [pem(), pem()];
    expect(derivedCheckpointKey(one)).toEqual(derivedCheckpointKey(one));
    expect(derivedCheckpointKey(one).key).toHaveLength(32);
    expect(derivedCheckpointKey(one).id).not.toBe(derivedCheckpointKey(other).id);
  });
});

describe("the next run of a phase", () => {
  test("is given the newest checkpoint, as it was left", async () => {
    const { told, runner } = await atWork();
    expect(runner.job.checkpoint).toBeNull();
    await runner.leave(checkpointOf(runner.job, "c1"));
    const next = await nextAfter(told, runner, checkpointOf(runner.job, "c2"));
    expect(next.job.checkpoint).toEqual({ checkpointId: "c2" });
    expect(await next.checkpoint()).toEqual(checkpointOf(runner.job, "c2"));
    expect(told.complaints()).toEqual([]);
  });

  test("gets it after a change of keys, and after a restart", async () => {
    const { told, runner } = await atWork({ dataDir: await temporaryFolder() });
    await runner.leave(checkpointOf(runner.job));
    await runner.end({ kind: "slice-ended" });
    await told.settle();
    await told.die();
    told.checkpointKeys = [k2, k1];
    await told.start();
    const next = await told.openRun();
    expect(await next.checkpoint()).toEqual(checkpointOf(runner.job));
  });

  test("goes on from the branch where its key is gone, and the log says so", async () => {
    const { told, runner } = await atWork({ dataDir: await temporaryFolder() });
    await runner.leave(checkpointOf(runner.job));
    await runner.end({ kind: "slice-ended" });
    await told.settle();
    await told.die();
    told.checkpointKeys = [k2];
    await told.start();
    const next = await told.openRun();
    expect(next.job.checkpoint).toBeNull();
    expect(await codeOf(next.checkpoint())).toBe("no-checkpoint");
    expect(told.complaints().join()).toContain("goes on from its branch");
    await next.step("01_idea");
    await told.settle();
    expect(await told.types()).toContain("StepPublished");
  });

  test("goes on from the branch where it is damaged, and the log says so", async () => {
    const { told, runner } = await atWork();
    const next = await nextAfter(told, runner);
    const stored = await told.store.readCheckpoint((await told.task()).taskId);
    if (stored === null) throw new Error("nothing was stored");
    await told.store.saveCheckpoint({ ...stored, sealed: stored.sealed.subarray(0, 60) });
    expect(await codeOf(next.checkpoint())).toBe("no-checkpoint");
    expect(told.complaints()).toEqual(["opening a checkpoint"]);
  });

  test("of another phase begins without it", async () => {
    const { told, runner } = await atWork();
    for (const step of runner.job.stepsToDo) await runner.step(step);
    await runner.leave(checkpointOf(runner.job));
    await runner.end({ kind: "completed" });
    await told.settle();
    await told.mergeGate(31);
    const next = await told.openRun();
    expect(next.job).toMatchObject({ phase: { name: "design" }, checkpoint: null });
    expect(await codeOf(next.checkpoint())).toBe("no-checkpoint");
  });
});

describe("a checkpoint is refused", () => {
  test.each([
    ["of another task", { taskId: "task-of-nobody" }],
    ["of another run", { runId: "run-of-nobody" }],
  ])("%s", async (_what, change) => {
    const { told, runner } = await atWork();
    expect(await codeOf(runner.leave({ ...checkpointOf(runner.job), ...change }))).toBe("bad-request");
    expect(await told.store.readCheckpoint((await told.task()).taskId)).toBeNull();
  });

  test.each([
    ["of a phase that is not at work", { currentPhase: "design" }],
    ["of a step that the phase has not", { currentStep: "01_screens" }],
  ])("%s", async (_what, change) => {
    const { told, runner } = await atWork();
    const whole = checkpointOf(runner.job);
    const other = { ...whole, executionState: { ...whole.executionState, ...change } };
    expect(await codeOf(runner.leave(other))).toBe("bad-request");
    expect(await told.store.readCheckpoint((await told.task()).taskId)).toBeNull();
  });

  test("by a run that is over: it is told to stop, and its successor's stays", async () => {
    const { told, runner } = await atWork();
    const next = await nextAfter(told, runner, checkpointOf(runner.job, "c1"));
    await next.leave(checkpointOf(next.job, "c2"));
    expect(await runner.leave(checkpointOf(runner.job, "c3"))).toEqual({ acknowledged: true, stop: true });
    expect(await codeOf(runner.checkpoint())).toBe("no-checkpoint");
    expect(await next.checkpoint()).toMatchObject({ checkpointId: "c2" });
  });
});

describe("what is kept", () => {
  test("goes with the end of the task", async () => {
    const { told, runner } = await atWork({ dataDir: await temporaryFolder() });
    await runner.leave(checkpointOf(runner.job));
    await told.comment("cancel");
    expect(rowsIn(told.dataDir, "select task_id from checkpoints")).toEqual([]);
  });

  test("goes when the task is deleted, and comes not back with a late word", async () => {
    const { told, runner } = await atWork({ dataDir: await temporaryFolder() });
    await runner.leave(checkpointOf(runner.job));
    await says(told, "/delete");
    await runner.leave(checkpointOf(runner.job));
    expect(rowsIn(told.dataDir, "select task_id from checkpoints")).toEqual([]);
  });

  test.each([
    ["/run", { checkpointId: "c1" }],
    ["/retry", null],
  ])("when machine after machine broke off at it is, after %s, %j", async (typed, checkpoint) => {
    const told = await world();
    await told.label();
    for (let run = 0; run < 4; run += 1) {
      const runner = await told.openRun();
      await runner.leave(checkpointOf(runner.job));
      await runner.end({ kind: "lost", message: "Claude Code crashed" });
      await told.settle();
    }
    expect((await told.task()).blockedBy?.kind).toBe("environment");
    await says(told, typed);
    expect((await told.openRun()).job.checkpoint).toEqual(checkpoint);
  });

  test("stays through a wait of days", async () => {
    const { told, runner } = await atWork();
    await runner.question("Which colour?");
    await runner.leave(checkpointOf(runner.job));
    await runner.end({ kind: "waiting-question" });
    await told.settle();
    await told.leap(9 * 24 * 60 * 60_000);
    await says(told, "/answer 1");
    expect((await told.openRun()).job).toMatchObject({
      checkpoint: { checkpointId: "c1" },
      answers: [{ text: "Red" }],
    });
  });
});
