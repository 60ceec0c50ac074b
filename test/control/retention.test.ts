import { expect, test } from "vitest";
import { changesetIdFrom, runIdFrom } from "../../src/core/ids.ts";
import { rowsIn, temporaryFolder } from "../store/temporary-store.ts";
import { checkpointOf } from "./checkpoint-of.ts";
import { says } from "./payloads.ts";
import { repository, world, type Runner, type World } from "./world.ts";

const dayMs = 24 * 60 * 60_000;

async function onDisk(): Promise<World> {
  return world({ dataDir: await temporaryFolder() });
}

function keysLike(told: World, like: string): readonly unknown[] {
  return rowsIn(told.dataDir, `select key from inbox where key like '${like}' order by key`).flatMap(Object.values);
}

/** What the store has of a run beside the events: its changesets, the lines of its log, and what it left for the next one. */
async function tracesOf(told: World, { job }: Runner): Promise<readonly number[]> {
  const checkpoint = await told.store.readCheckpoint((await told.task()).taskId);
  const changeset = await told.store.readChangeset(changesetIdFrom(`${job.runId}/01_idea`));
  const log = await told.store.readRunLog(runIdFrom(job.runId));
  return [changeset, checkpoint].map((each) => Number(each !== null)).concat(log.length);
}

test("each day has one message of its own, however often the app starts", async () => {
  const told = await onDisk();
  await told.advance(20 * 60_000);
  await told.die();
  await told.start();
  await told.settle();
  expect(keysLike(told, "retention:%")).toEqual(["retention:2026-11-21"]);
  await told.leap(dayMs);
  expect(keysLike(told, "retention:%")).toEqual(["retention:2026-11-21", "retention:2026-11-22"]);
});

test("a webhook that comes again within its days is known, and starts nothing a second time; after two weeks its key is gone", async () => {
  const told = await onDisk();
  const labelled = { kind: "label-added", repository, issueNumber: 7, label: "create_app", sender: "owner" } as const;
  await told.deliver(labelled, "guid");
  await told.comment("cancel");
  await told.leap(13 * dayMs);
  await told.deliver(labelled, "guid");
  expect(await told.store.tasksOfIssue(repository.repositoryId, 7)).toHaveLength(1);
  await told.leap(2 * dayMs);
  expect(keysLike(told, "webhook:guid")).toEqual([]);
});

test("a task that waits loses nothing, whatever time passes, and goes on; of one that ended, only its events are left after the days that are set", async () => {
  const told = await onDisk();
  await told.label();
  const runner = await told.openRun();
  await runner.step("01_idea");
  await runner.say({ kind: "step-started", step: "02_market", number: 2, total: 7 });
  await runner.question("Which colour?");
  await runner.leave(checkpointOf(runner.job));
  await runner.end({ kind: "waiting-question" });
  await told.settle();
  const before = await tracesOf(told, runner);
  for (let leaps = 0; leaps < 3; leaps += 1) await told.leap(100 * dayMs);
  expect(await tracesOf(told, runner)).toEqual(before);
  expect(before).toEqual([1, 1, 1]);
  await says(told, "/answer 1");
  expect((await told.openRun()).job).toMatchObject({ checkpoint: { checkpointId: "c1" }, answers: [{ text: "Red" }] });

  await told.comment("cancel");
  await told.leap(89 * dayMs);
  expect(await tracesOf(told, runner)).toEqual([1, 0, 1]);
  const events = await told.events();
  await told.leap(2 * dayMs);
  expect(await tracesOf(told, runner)).toEqual([0, 0, 0]);
  expect(await told.events()).toEqual(events);
  expect(told.complaints()).toEqual([]);
});
