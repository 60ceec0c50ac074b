import { expect, test } from "vitest";
import { StaleVersion, type Store } from "../../src/control/ports/store.ts";
import type { EventOf } from "../../src/core/events.ts";
import { stateFrom } from "../../src/core/evolve.ts";
import { taskIdFrom } from "../../src/core/ids.ts";
import { createTask, eventsOf, phase1Ready, taskId } from "../core/given.ts";
import { onEachDatabase } from "./databases.ts";
import { effect, minute, queue, unitOf } from "./temporary-store.ts";

const created = eventsOf([createTask()]);
const resumed: EventOf<"TaskResumed"> = { type: "TaskResumed", at: minute(1), by: "owner" };

async function outcomeOf(promise: Promise<void>): Promise<"won" | "stale"> {
  try {
    await promise;
    return "won";
  } catch (error) {
    if (error instanceof StaleVersion) return "stale";
    throw error;
  }
}

onEachDatabase(({ freshPlace, freshStore }) => {
  test("events are read back as they were committed, in order", async () => {
    const store = await freshStore();
    const events = eventsOf(phase1Ready);
    await store.commit(unitOf(events.slice(0, 4)));
    await store.commit(unitOf(events.slice(4), events.slice(0, 4)));
    expect(await store.readEvents(taskId)).toEqual(events);
    expect(await store.readEvents(taskIdFrom("another"))).toEqual([]);
  });

  test("each event lies in the log with its id, version, moment and who caused it", async () => {
    const place = await freshPlace();
    const store = await place.open();
    await store.commit(unitOf(created));
    await store.commit(unitOf([resumed], created, { userId: null }));
    const last = created.length + 1;
    const rows = await place.rows(
      "select id, stream_id, version, type, timestamp, user_id from events order by version",
    );
    expect(rows).toHaveLength(last);
    expect(rows[0]).toEqual({
      id: "id-1",
      stream_id: taskId,
      version: 1,
      type: "TaskCreated",
      timestamp: "2026-11-21T10:00:00.000Z",
      user_id: "owner",
    });
    expect(rows.at(-1)).toEqual({
      id: `id-${last}`,
      stream_id: taskId,
      version: last,
      type: "TaskResumed",
      timestamp: minute(1),
      user_id: null,
    });
  });

  test("a commit that is stale leaves nothing behind", async () => {
    const place = await freshPlace();
    const store = await place.open();
    await store.takeIn({ key: "delivery", kind: "webhook", lane: "repository:2", body: "{}", receivedAt: minute(0) });
    await queue(store, effect("running", "task"));
    await store.claimEffects(minute(0), minute(5), 1);
    await store.commit(unitOf(created));

    const stale = unitOf([resumed], created, {
      expectedVersion: 0,
      effects: [effect("new", "task")],
      inboxKey: "delivery",
      effectKey: "running",
    });
    await expect(store.commit(stale)).rejects.toThrow(StaleVersion);
    await expect(store.commit({ ...stale, events: [] })).rejects.toMatchObject({ taskId, expected: 0 });

    expect(await store.readEvents(taskId)).toEqual(created);
    expect(await place.rows("select key, status from effects")).toEqual([{ key: "running", status: "waiting" }]);
    expect(await place.rows("select status from inbox")).toEqual([{ status: "waiting" }]);
  });

  test("an event whose id is taken is a mistake of ours, not a lost race", async () => {
    const place = await freshPlace();
    const store = await place.open({ newId: () => "id" });
    const [first] = created;
    if (first === undefined) throw new Error("a task begins with an event");
    await store.commit(unitOf([first]));
    const second = store.commit(unitOf([resumed], [first]));
    await expect(second).rejects.toThrow(/unique/iu);
    await expect(second).rejects.not.toThrow(StaleVersion);
  });

  test("the same unit twice is stale the second time", async () => {
    const store = await freshStore();
    await store.commit(unitOf(created));
    await expect(store.commit(unitOf(created))).rejects.toThrow(StaleVersion);
  });

  test("a commit that fails at its end leaves nothing behind", async () => {
    const place = await freshPlace();
    const store = await place.open();
    const unit = unitOf(created, [], { effects: [effect("new", "task")], inboxKey: "never taken in" });
    await expect(store.commit(unit)).rejects.toThrow(/message "never taken in" is in the inbox/u);
    expect(await store.readEvents(taskId)).toEqual([]);
    expect(await place.rows("select (select count(*) from effects) + (select count(*) from tasks) as rows")).toEqual([
      { rows: 0 },
    ]);
  });

  test("events, effects, inbox and the finished effect move in one step", async () => {
    const place = await freshPlace();
    const store = await place.open();
    await store.takeIn({
      key: "delivery",
      kind: "webhook",
      lane: "repository:2",
      body: "secret words",
      receivedAt: minute(0),
    });
    await queue(store, effect("running", "task"));
    await store.commit(
      unitOf(created, [], { effects: [effect("next", "task")], inboxKey: "delivery", effectKey: "running" }),
    );
    expect(await place.rows("select key, status from effects order by seq")).toEqual([
      { key: "running", status: "done" },
      { key: "next", status: "waiting" },
    ]);
    expect(await place.rows("select status, body from inbox")).toEqual([{ status: "processed", body: "" }]);
  });

  test("of 16 callers who decided on one version, one wins", async () => {
    const place = await freshPlace();
    const store = await place.open();
    await store.commit(unitOf(created));
    const outcomes = await Promise.all(
      Array.from({ length: 16 }, (_, caller) =>
        outcomeOf(store.commit(unitOf([resumed], created, { effects: [effect(`of-${caller}`, "task")] }))),
      ),
    );
    expect(outcomes.filter((outcome) => outcome === "won")).toHaveLength(1);
    expect(await store.readEvents(taskId)).toHaveLength(created.length + 1);
    expect(await place.rows("select key from effects")).toEqual([{ key: `of-${outcomes.indexOf("won")}` }]);
  });

  test("16 callers who load again when stale all get their turn, one a version", async () => {
    const store = await freshStore();
    await store.commit(unitOf(created));
    const turns = 3;
    await Promise.all(
      Array.from({ length: 16 }, async (_, caller) => {
        for (let turn = 0; turn < turns; turn += 1) await commitWhenFresh(store, `caller-${caller}-${turn}`);
      }),
    );
    const events = (await store.readEvents(taskId)).slice(created.length);
    const names = events.map((event) => (event.type === "TaskResumed" ? event.by : ""));
    expect(names).toHaveLength(16 * turns);
    expect(new Set(names).size).toBe(16 * turns);
  });

  async function commitWhenFresh(store: Store, by: string): Promise<void> {
    for (;;) {
      const before = await store.readEvents(taskId);
      if ((await outcomeOf(store.commit(unitOf([{ ...resumed, by }], before)))) === "won") return;
    }
  }

  test("the state at a moment is the fold of what had happened by then", async () => {
    const store = await freshStore();
    const events = eventsOf(phase1Ready).map((event, index) => ({ ...event, at: minute(index) }));
    await store.commit(unitOf(events));
    expect(await store.reconstructTaskState(taskId)).toEqual(stateFrom(events));
    expect(await store.reconstructTaskState(taskId, minute(3))).toEqual(stateFrom(events.slice(0, 4)));
    expect(await store.reconstructTaskState(taskId, "2026-11-21T10:03:00Z")).toEqual(stateFrom(events.slice(0, 4)));
    expect(await store.reconstructTaskState(taskId, minute(-1))).toBeNull();
    expect(await store.reconstructTaskState(taskIdFrom("another"))).toBeNull();
    await expect(store.reconstructTaskState(taskId, "soon")).rejects.toThrow(
      /expected an ISO 8601 timestamp, got "soon"/u,
    );
  });

  test("a clock that was set back cuts no hole into the history", async () => {
    const store = await freshStore();
    const events = eventsOf(phase1Ready).map((event, index) => ({ ...event, at: minute(index === 4 ? 0 : index) }));
    await store.commit(unitOf(events));
    expect(await store.reconstructTaskState(taskId, minute(2))).toEqual(stateFrom(events.slice(0, 3)));
  });

  test("an event that is unknown stops the reading and names the place", async () => {
    const place = await freshPlace();
    const store = await place.open();
    await store.commit(unitOf(created));
    await store.close();
    await place.outside((db) =>
      db.updateTable("events").set({ type: "PhaseForgotten" }).where("version", "=", 2).execute(),
    );
    const again = await place.open();
    await expect(again.readEvents(taskId)).rejects.toMatchObject({
      message: "reading event 2 of task task-1",
      cause: { message: expect.stringContaining("PhaseForgotten version 2") },
    });
  });

  test("a unit that mixes two tasks is a mistake of ours", async () => {
    const store = await freshStore();
    await expect(store.commit({ ...unitOf(created), taskId: taskIdFrom("another") })).rejects.toThrow(/own task/u);
    await expect(store.commit({ ...unitOf([resumed], created), taskId: taskIdFrom("another") })).rejects.toThrow(
      /state/u,
    );
  });

  test("two tasks of one issue cannot have one ordinal", async () => {
    const store = await freshStore();
    await store.commit(unitOf(created));
    const other = taskIdFrom("task-2");
    const twin = created.map((event) => (event.type === "TaskCreated" ? { ...event, taskId: other } : event));
    await expect(store.commit({ ...unitOf(twin), taskId: other })).rejects.toThrow(/read models of task task-2/u);
    expect(await store.readEvents(other)).toEqual([]);
  });
});
