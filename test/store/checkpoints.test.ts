import { expect, test } from "vitest";
import type { StoredCheckpoint } from "../../src/control/ports/store.ts";
import type { TaskEvent } from "../../src/core/events.ts";
import { runIdFrom, taskIdFrom } from "../../src/core/ids.ts";
import { createTask, eventsOf, run1, taskId } from "../core/given.ts";
import { onEachDatabase, onPostgres, somebodyWaits } from "./databases.ts";
import { minute, unitOf } from "./temporary-store.ts";

const checkpoint: StoredCheckpoint = {
  taskId,
  checkpointId: "checkpoint-1",
  runId: run1,
  phase: 1,
  createdAt: minute(1),
  keyId: "key-1",
  sealed: Buffer.from("00ff80", "hex"),
};
const next: StoredCheckpoint = {
  taskId,
  checkpointId: "checkpoint-2",
  runId: runIdFrom("run-2"),
  phase: 2,
  createdAt: minute(2),
  keyId: "key-2",
  sealed: Buffer.from("another"),
};

const past = eventsOf([createTask()]);
const cancelled: TaskEvent = { type: "TaskCancelled", at: minute(3), by: "owner" };

/** With bytes that two databases give in the same form. */
function asRead(given: StoredCheckpoint | null) {
  return given === null ? null : { ...given, sealed: Buffer.from(given.sealed).toString("base64") };
}

onEachDatabase(({ freshPlace, freshStore }) => {
  test("a task has one checkpoint: the newest takes the place of the one before", async () => {
    const place = await freshPlace();
    const store = await place.open();
    await store.commit(unitOf(past));
    expect(await store.readCheckpoint(taskId)).toBeNull();
    await store.saveCheckpoint(checkpoint);
    expect(asRead(await store.readCheckpoint(taskId))).toEqual(asRead(checkpoint));
    await store.saveCheckpoint(next);
    expect(asRead(await store.readCheckpoint(taskId))).toEqual(asRead(next));
    expect(await place.rows("select checkpoint_id from checkpoints")).toEqual([{ checkpoint_id: "checkpoint-2" }]);
  });

  test("a checkpoint of 20 MB comes back whole", async () => {
    const store = await freshStore();
    await store.commit(unitOf(past));
    const sealed = Buffer.alloc(20 * 1024 * 1024, "deadbeef");
    await store.saveCheckpoint({ ...checkpoint, sealed });
    const read = await store.readCheckpoint(taskId);
    expect(sealed.equals(read?.sealed ?? Buffer.alloc(0))).toBe(true);
  });

  test("a checkpoint that is dropped is gone, and may be dropped again", async () => {
    const store = await freshStore();
    await store.commit(unitOf(past));
    await store.saveCheckpoint(checkpoint);
    await store.dropCheckpoint(taskId);
    await store.dropCheckpoint(taskId);
    expect(await store.readCheckpoint(taskId)).toBeNull();
    await store.saveCheckpoint(next);
    expect(await store.readCheckpoint(taskId)).toMatchObject({ checkpointId: "checkpoint-2" });
  });

  test("a task that has ended keeps no checkpoint that comes late, and one that never was has none", async () => {
    const store = await freshStore();
    await store.commit(unitOf(past));
    await store.commit(unitOf([cancelled], past));
    await store.saveCheckpoint(checkpoint);
    expect(await store.readCheckpoint(taskId)).toBeNull();
    const never = taskIdFrom("task-never");
    await store.saveCheckpoint({ ...checkpoint, taskId: never });
    expect(await store.readCheckpoint(never)).toBeNull();
  });
});

onPostgres(({ freshPlace }) => {
  test("a checkpoint that comes while its task ends waits for that, and is not kept", async () => {
    const place = await freshPlace();
    const store = await place.open();
    await store.commit(unitOf(past));
    const saving = await place.outside((db) =>
      db.transaction().execute(async (trx) => {
        await trx
          .updateTable("tasks")
          .set({ ended_at: minute(3) })
          .where("id", "=", taskId)
          .execute();
        const begun = { saved: store.saveCheckpoint(checkpoint) };
        await somebodyWaits(trx);
        return begun;
      }),
    );
    await saving.saved;
    expect(await store.readCheckpoint(taskId)).toBeNull();
  });
});
