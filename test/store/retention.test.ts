import { expect, test } from "vitest";
import type { InboxMessage } from "../../src/control/ports/queues.ts";
import type { Store } from "../../src/control/ports/store.ts";
import type { TaskEvent } from "../../src/core/events.ts";
import { changesetIdOf, runIdFrom, taskIdFrom, type TaskId } from "../../src/core/ids.ts";
import { nothingSpent } from "../../src/core/usage.ts";
import { onEachDatabase } from "./databases.ts";
import { workOf } from "./given-work.ts";
import { effect, minute, unitOf } from "./temporary-store.ts";

const spent = { usage: nothingSpent.usage, costUsd: 1 };

function webhook(key: string): InboxMessage {
  return { key, kind: "webhook", lane: key, body: "{}", receivedAt: minute(0) };
}

function runOf(taskId: TaskId) {
  return runIdFrom(`run-of-${taskId}`);
}

/** A task with a step done, and all that lies beside its events; it is cancelled at `endsAt`, where that is given. */
async function lived(store: Store, issue: number, endsAt: string | null): Promise<TaskId> {
  const taskId = taskIdFrom(`task-${issue}`);
  const runId = runOf(taskId);
  const work = workOf({ taskId, repositoryId: 2, issue, at: minute(0), account: null, spent: [spent] });
  const effects = [effect(`${taskId}:1`, `task:${taskId}`), effect(`${taskId}:2`, `notice:${taskId}`)];
  await store.commit({ ...work, effects });
  await store.markEffectDone(`${taskId}:1`);
  await store.markEffectFailed(`${taskId}:2`, "refused", null);
  await store.saveChangeset(changesetIdOf(runId, "01_idea"), "[]");
  await store.appendRunLog(runId, [{ number: 1, line: "a line" }]);
  await store.saveText(`${taskId}.words`, "what somebody said");
  const of = { runId, taskId, tokenHash: `hash-of-${taskId}`, sealKey: "" };
  await store.saveRunSession({ ...of, openedAt: minute(0), lastHeardAt: minute(0), closedAt: null });
  const sealed = { checkpointId: "c1", phase: 1, createdAt: minute(0), keyId: "k1", sealed: Buffer.from("sealed") };
  await store.saveCheckpoint({ taskId, runId, ...sealed });
  if (endsAt === null) return taskId;
  const cancelled: TaskEvent = { type: "TaskCancelled", at: endsAt, by: "owner" };
  await store.commit(unitOf([cancelled], work.events, { taskId }));
  return taskId;
}

/** What there is of a task beside its events. */
async function tracesOf(store: Store, taskId: TaskId) {
  return {
    changeset: await store.readChangeset(changesetIdOf(runOf(taskId), "01_idea")),
    log: await store.readRunLog(runOf(taskId)),
    session: (await store.runSessionByToken(`hash-of-${taskId}`))?.runId ?? null,
    checkpoint: (await store.readCheckpoint(taskId))?.checkpointId ?? null,
  };
}

onEachDatabase(({ freshPlace }) => {
  test("a message that was processed in time is forgotten, a younger one, a waiting one and one set aside are not", async () => {
    const place = await freshPlace();
    let now = minute(0);
    const store = await place.open({ now: () => new Date(now) });
    for (const key of ["old", "waiting", "failed", "young", "failed-young"]) await store.takeIn(webhook(key));
    await store.markProcessed("old");
    await store.markFailed("failed", "no", null);
    now = minute(10);
    await store.markProcessed("young");
    await store.markFailed("failed-young", "no", null);
    const old = { processedBefore: minute(10), failedBefore: minute(0) };
    expect(await store.forgetMessages(old, 10)).toBe(1);
    expect(await store.takeIn(webhook("young"))).toBe("known");
    expect(await store.forgetMessages({ ...old, failedBefore: minute(10) }, 10)).toBe(1);
    expect(await place.rows("select key from inbox order by key")).toEqual([
      { key: "failed-young" },
      { key: "waiting" },
      { key: "young" },
    ]);
  });

  test("messages are forgotten a few at a time, oldest first, until none is left", async () => {
    const place = await freshPlace();
    const store = await place.open();
    for (const key of ["a", "b", "c"]) {
      await store.takeIn(webhook(key));
      await store.markProcessed(key);
    }
    const old = { processedBefore: minute(1), failedBefore: minute(1) };
    expect(await store.forgetMessages(old, 2)).toBe(2);
    expect(await place.rows("select key from inbox")).toEqual([{ key: "c" }]);
    expect([await store.forgetMessages(old, 2), await store.forgetMessages(old, 2)]).toEqual([1, 0]);
  });

  test("of a task that ended long ago the traces go, and its events, texts, failures and read models stay", async () => {
    const place = await freshPlace();
    const store = await place.open();
    const [gone, young, open] = [
      await lived(store, 7, minute(1)),
      await lived(store, 8, minute(5)),
      await lived(store, 9, null),
    ];
    const whole = { changeset: "[]", log: ["a line"], session: runOf(young), checkpoint: "c1" };
    const models = "select id, status, ended_at, cost_usd from tasks order by id";
    const before = [await store.readEvents(gone), await place.rows(models)];
    expect(await store.forgetTraces(minute(5), 10)).toBe(1);
    expect(await tracesOf(store, gone)).toEqual({ changeset: null, log: [], session: null, checkpoint: null });
    expect([await store.readEvents(gone), await place.rows(models)]).toEqual(before);
    expect(await store.readText(`${gone}.words`)).toBe("what somebody said");
    expect(await tracesOf(store, young)).toEqual(whole);
    expect(await tracesOf(store, open)).toEqual({ ...whole, session: runOf(open) });
    const ofThree = "select task_id, status from effects order by task_id, status";
    expect(await place.rows(ofThree)).toEqual([
      { task_id: gone, status: "failed" },
      { task_id: young, status: "done" },
      { task_id: young, status: "failed" },
      { task_id: open, status: "done" },
      { task_id: open, status: "failed" },
    ]);
  });

  test("tasks are looked at a few at a time, and each of them once", async () => {
    const store = await (await freshPlace()).open();
    for (const issue of [7, 8, 9]) await lived(store, issue, minute(1));
    const counts = [];
    for (let look = 0; look < 3; look += 1) counts.push(await store.forgetTraces(minute(5), 2));
    expect(counts).toEqual([2, 1, 0]);
  });
});
