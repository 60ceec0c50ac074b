import { expect, test } from "vitest";
import type { NewEffect } from "../../src/control/ports/queues.ts";
import { NotRestored, type KeptTask } from "../../src/control/ports/store.ts";
import type { TaskEvent } from "../../src/core/events.ts";
import { taskIdFrom } from "../../src/core/ids.ts";
import { createTask, eventsOf, taskId } from "../core/given.ts";
import { onEachDatabase } from "./databases.ts";
import { minute, unitOf } from "./temporary-store.ts";

const past = eventsOf([createTask()]);
const paused: TaskEvent = { type: "TaskPaused", at: minute(3), reason: { kind: "paused", by: "owner" } };
const whole = [...past, paused];
const texts = [{ hash: "hash of the prompt", text: "A link shortener" }];
const status: NewEffect = {
  key: `status:${taskId}`,
  lane: `status:${taskId}`,
  effect: { kind: "ShowStatus" },
  notBefore: minute(3),
  coalesce: true,
};

onEachDatabase(({ freshStore }) => {
  /** As another store has it. */
  async function kept(events: readonly TaskEvent[] = whole): Promise<KeptTask> {
    const store = await freshStore();
    await store.commit(unitOf(events));
    return { taskId, events: await store.readStored(taskId), texts };
  }

  test("a task that was kept elsewhere comes back with its history, texts, read models and what is due", async () => {
    const task = await kept();
    const store = await freshStore();
    const seen: TaskEvent[] = [];
    const restored = await store.restoreTask(task, (events) => {
      seen.push(...events);
      return [status];
    });
    expect(restored).toEqual({ before: 0, kept: whole.length });
    expect(seen).toEqual(whole);
    expect(await store.readEvents(taskId)).toEqual(whole);
    expect(await store.readStored(taskId)).toEqual(task.events);
    expect(task.events.every(({ userId }) => userId === "owner")).toBe(true);
    expect(await store.readText("hash of the prompt")).toBe("A link shortener");
    expect(await store.openTasks()).toEqual([taskId]);
    expect((await store.claimEffects(minute(4), minute(9), 5)).map(({ effect }) => effect)).toEqual([status.effect]);
  });

  test("of one that is there to its middle only the rest is added, and work goes on from there", async () => {
    const store = await freshStore();
    await store.commit(unitOf(past));
    expect(await store.restoreTask(await kept(), () => [])).toEqual({ before: past.length, kept: whole.length });
    expect(await store.readEvents(taskId)).toEqual(whole);
    await store.commit(unitOf([{ type: "TaskResumed", at: minute(5), by: "owner" }], whole));
    expect(await store.readEvents(taskId)).toHaveLength(whole.length + 1);
  });

  test("of one that is there, or further on, nothing is changed and nothing becomes due", async () => {
    const store = await freshStore();
    await store.commit(unitOf(whole));
    expect(await store.restoreTask(await kept(past), () => [status])).toEqual({
      before: whole.length,
      kept: past.length,
    });
    expect(await store.restoreTask(await kept(), () => [status])).toEqual({ before: whole.length, kept: whole.length });
    expect(await store.claimEffects(minute(4), minute(9), 5)).toEqual([]);
    expect(await store.readText("hash of the prompt")).toBeNull();
  });

  test("one that went another way, or stands in another's place, is refused, and the store stays as it is", async () => {
    const store = await freshStore();
    await store.commit(unitOf([...past, { type: "TaskCancelled", at: minute(2), by: "owner" }]));
    const restoring = store.restoreTask(await kept(), () => []);
    await expect(restoring).rejects.toThrow(NotRestored);
    await expect(restoring).rejects.toThrow(`from event ${past.length + 1} on the database went another way`);
    const elsewhere = await freshStore();
    const other = taskIdFrom("another-task");
    const events = past.map((event) => (event.type === "TaskCreated" ? { ...event, taskId: other } : event));
    await elsewhere.commit(unitOf(events, [], { taskId: other }));
    await expect(elsewhere.restoreTask(await kept(), () => [])).rejects.toThrow("has another task of issue #");
    expect(await elsewhere.readEvents(taskId)).toEqual([]);
  });

  test("what this Phasegate cannot read is refused before anything of it is stored", async () => {
    const store = await freshStore();
    const { events, ...task } = await kept();
    const [first, ...rest] = events;
    if (first === undefined) throw new Error("there is an event");
    const newer = { ...task, events: [first, ...rest.map((event) => ({ ...event, schemaVersion: 99 }))] };
    await expect(store.restoreTask(newer, () => [])).rejects.toThrow("its event 2 can't be read: decoding event");
    await expect(store.restoreTask({ ...task, events: rest }, () => [])).rejects.toThrow(NotRestored);
    expect(await store.readEvents(taskId)).toEqual([]);
  });
});
