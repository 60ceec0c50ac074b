/** A new key takes the place of an old one: all that lies sealed is sealed anew. */
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { RetryLater } from "../../src/control/ports/retry-later.ts";
import { rotateKey, type Rotating } from "../../src/control/rotate-key.ts";
import { taskIdFrom } from "../../src/core/ids.ts";
import { temporaryFolder } from "../store/temporary-store.ts";
import { checkpointOf } from "./checkpoint-of.ts";
import { says } from "./payloads.ts";
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
  const byKey = new Map([["k2", 1]]);
  expect(await told.rotateKey()).toEqual({
    rotated: { checkpoints: 1, records: 1, outOfReach: 0, failed: 0, byKey },
    lines: [],
  });
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
  expect((await told.rotateKey()).rotated).toMatchObject({ checkpoints: 0, records: 1, failed: 0 });
  expect(told.github.countOf("addToRecord")).toBe(before);
  await told.start();
});

test("what can't be done is named and stops nothing else; started again, it is done", async () => {
  const told = await leftSealed();
  told.github.failNext("addToRecord", "before", () => new Error("GitHub answered 403"));
  const { rotated, lines } = await told.rotateKey();
  expect(rotated).toMatchObject({ checkpoints: 1, records: 0, failed: 1 });
  expect(lines).toEqual([expect.stringMatching(/^record of task .*: GitHub answered 403$/u)]);
  expect((await told.rotateKey()).rotated).toMatchObject({ checkpoints: 0, records: 1, failed: 0 });
  told.checkpointKeys = [k2];
  expect((await told.rotateKey()).rotated.failed).toBe(0);
  await told.start();
});

test("a limit of GitHub is waited for, and told, and nothing fails", async () => {
  const told = await leftSealed();
  told.github.failNext("addToRecord", "before", () => new RetryLater("GitHub's rate limit", 60_000), { times: 3 });
  const { rotated, lines } = await told.rotateKey();
  expect(rotated).toMatchObject({ checkpoints: 1, records: 1, failed: 0 });
  expect(told.waits).toEqual([60_000, 60_000, 60_000]);
  const waiting = expect.stringMatching(/^record of task .*: GitHub's rate limit; waiting 60 s$/u);
  expect(lines).toEqual([waiting, waiting, waiting]);
  await told.start();
});

test("after each hundred tasks it tells how far it is", async () => {
  const ids = Array.from({ length: 250 }, (_, number) => taskIdFrom(`task-${String(number).padStart(3, "0")}`));
  const store: Partial<Rotating["store"]> = {
    checkpointNotSealedWith: async () => null,
    tasksAfter: async (after, limit) => ids.filter((id) => id > (after ?? "")).slice(0, limit),
    readEvents: async () => [],
    checkpointsByKey: async () => new Map(),
  };
  const lines: string[] = [];
  await rotateKey({ store, appSeal: { keyId: "k2" } } as Rotating, (line) => lines.push(line));
  expect(lines).toEqual(["100 tasks are looked at, 0 failed", "200 tasks are looked at, 0 failed"]);
});

describe("what nobody can write", () => {
  /** A second task in the same repository. */
  async function twoLeftSealed(): Promise<World> {
    const told = await leftSealed();
    told.checkpointKeys = [k1];
    await told.start();
    told.github.openIssue(8);
    await told.label("create_app", { issueNumber: 8 });
    await told.settle();
    await told.die();
    told.checkpointKeys = [k2, k1];
    return told;
  }

  test("since its repository is gone is counted apart, asked for once, and fails no run of the program", async () => {
    const told = await twoLeftSealed();
    const noToken = () => new Error("getting a token for octo/links: GitHub answered 404: Not Found");
    told.github.failNext("recordHead", "before", noToken, { times: 9 });
    told.github.reach = "none";
    const before = told.github.countOf("recordHead");
    const { rotated, lines } = await told.rotateKey();
    expect(rotated).toMatchObject({ checkpoints: 1, records: 0, outOfReach: 2, failed: 0 });
    expect(lines).toEqual([
      "octo/links is out of reach: it is deleted, or the App is not installed there any more, or suspended",
    ]);
    expect(told.github.countOf("recordHead")).toBe(before + 1);
    told.github.healAll();
    await told.start();
  });

  test("since its repository is archived is counted apart, and what has the newest key there is not", async () => {
    const told = await twoLeftSealed();
    told.github.failNext("addToRecord", "before", () => new Error("GitHub answered 422"));
    expect((await told.rotateKey()).rotated).toMatchObject({ records: 1, failed: 1 });
    const archived = () => new Error("GitHub answered 403: Repository was archived so is read-only.");
    told.github.failNext("addToRecord", "before", archived, { times: 9 });
    told.github.reach = "read-only";
    const { rotated, lines } = await told.rotateKey();
    expect(rotated).toMatchObject({ records: 1, outOfReach: 1, failed: 0 });
    expect(lines).toEqual(["octo/links is out of reach: it is archived, or GitHub has switched it off"]);
    told.github.healAll();
    await told.start();
  });
});

describe("a task that is deleted", () => {
  /** A task of which nothing was kept before; the app knows the new key. */
  async function nothingKept(): Promise<World> {
    const told = await leftSealed();
    told.github.records.clear();
    await told.start();
    await told.settle();
    return told;
  }

  test("while its record is written does not come back", async () => {
    const told = await nothingKept();
    const write = told.github.hangNext("addToRecord", "before");
    const begun = told.github.countOf("addToRecord");
    const rotating = told.rotateKey();
    await told.github.until(() => told.github.countOf("addToRecord") > begun);
    await told.comment("delete");
    await told.advance(31_000);
    expect((await told.task()).erasedBy).toBe("owner");
    write();
    expect((await rotating).rotated).toMatchObject({ records: 1, failed: 0 });
    expect(told.github.records.has("7")).toBe(false);
  });

  test("loses what an earlier run of the program wrote before it was broken off", async () => {
    const told = await nothingKept();
    await told.rotateKey();
    const written = told.github.records.get("7") ?? [];
    await told.comment("delete");
    await told.advance(31_000);
    told.github.records.set("7", written);
    await told.rotateKey();
    expect(told.github.records.has("7")).toBe(false);
  });
});

test("beside the app that runs: the next run goes on from what was sealed anew", async () => {
  const told = await leftSealed();
  await told.start();
  await told.settle();
  await told.rotateKey();
  const { taskId } = await told.task();
  expect((await told.store.readCheckpoint(taskId))?.keyId).toBe("k2");
  await says(told, "/answer 1");
  const next = await told.openRun();
  expect(await next.checkpoint()).toMatchObject({ checkpointId: "c1" });
  expect(told.complaints()).toEqual([]);
});

test("what a run leaves at the same moment stays, and its key is counted", async () => {
  const told = await leftSealed();
  await told.start();
  const read = await told.store.readCheckpoint((await told.task()).taskId);
  if (read === null) throw new Error("nothing was stored");
  await told.store.saveCheckpoint({ ...read, checkpointId: "c2", sealed: Buffer.from("newer") });
  await told.store.resealCheckpoint(read, { keyId: "k2", sealed: Buffer.from("older") });
  expect(await told.store.readCheckpoint(read.taskId)).toMatchObject({ checkpointId: "c2", keyId: "k1" });
  expect(await told.store.checkpointsByKey()).toEqual(new Map([["k1", 1]]));
});

test("a store of another version is not touched", async () => {
  const told = await leftSealed();
  const database = new DatabaseSync(path.join(told.dataDir, "phasegate.sqlite"));
  database.exec("insert into kysely_migration values ('9999_from_tomorrow', '2030')");
  await expect(told.rotateKey()).rejects.toMatchObject({
    cause: { message: expect.stringContaining("start the app of this version once first") },
  });
  database.exec("delete from kysely_migration where name = '9999_from_tomorrow'");
  database.close();
  await told.start();
});

test("a checkpoint whose key is gone stays, and is named", async () => {
  const told = await leftSealed();
  told.checkpointKeys = [k2];
  const { rotated, lines } = await told.rotateKey();
  expect(rotated).toMatchObject({ checkpoints: 0, records: 1, failed: 1 });
  expect(lines[0]).toContain('no key has the id "k1"');
  await told.start();
});
