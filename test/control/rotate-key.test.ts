/** A new key takes the place of an old one: all that lies sealed is sealed anew. */
import { expect, test } from "vitest";
import { temporaryFolder } from "../store/temporary-store.ts";
import { checkpointOf } from "./checkpoint-of.ts";
import { world, type World } from "./world.ts";

const k1 = { id: "k1", key: Buffer.alloc(32, 1) };
const k2 = { id: "k2", key: Buffer.alloc(32, 2) };

/** A run has left a checkpoint; the app is stopped, and knows a new key. */
async function leftSealed(): Promise<World> {
  const told = await world({ dataDir: await temporaryFolder() });
  await told.label();
  const runner = await told.openRun();
  await runner.leave(checkpointOf(runner.job));
  await runner.question("Which colour?");
  await runner.end({ kind: "waiting-question" });
  await told.settle();
  await told.die();
  told.checkpointKeys = [k2, k1];
  return told;
}

test("after it the old key is needed for nothing: the checkpoint opens, and the database can be rebuilt", async () => {
  const told = await leftSealed();
  expect(await told.rotateKey()).toEqual({ rotated: { checkpoints: 1, records: 1, failed: 0 }, lines: [] });
  told.checkpointKeys = [k2];
  await told.start();
  const { taskId } = await told.task();
  expect((await told.store.readCheckpoint(taskId))?.keyId).toBe("k2");
  const opening = told.serving.seal.open.bind(told.serving.seal);
  const stored = await told.store.readCheckpoint(taskId);
  expect(stored === null ? null : opening(stored).checkpointId).toBe(stored?.checkpointId);
  expect(await told.loseDatabase()).toEqual([expect.stringContaining("brought back")]);
});

test("again there is nothing to seal, and nothing is written", async () => {
  const told = await leftSealed();
  await told.rotateKey();
  const before = told.github.countOf("addToRecord");
  expect((await told.rotateKey()).rotated).toEqual({ checkpoints: 0, records: 1, failed: 0 });
  expect(told.github.countOf("addToRecord")).toBe(before);
  await told.start();
});

test("what can't be done is named and stops nothing else; started again, it is done", async () => {
  const told = await leftSealed();
  told.github.failNext("addToRecord", "before", () => new Error("GitHub answered 403"));
  const { rotated, lines } = await told.rotateKey();
  expect(rotated).toEqual({ checkpoints: 1, records: 0, failed: 1 });
  expect(lines).toEqual([expect.stringMatching(/^record of task .*: GitHub answered 403$/u)]);
  expect((await told.rotateKey()).rotated).toEqual({ checkpoints: 0, records: 1, failed: 0 });
  told.checkpointKeys = [k2];
  expect((await told.rotateKey()).rotated.failed).toBe(0);
  await told.start();
});

test("a checkpoint whose key is gone stays, and is named", async () => {
  const told = await leftSealed();
  told.checkpointKeys = [k2];
  const { rotated, lines } = await told.rotateKey();
  expect(rotated).toEqual({ checkpoints: 0, records: 1, failed: 1 });
  expect(lines[0]).toContain('no key has the id "k1"');
  await told.start();
});
