import { expect, test } from "vitest";
import type { InboxMessage } from "../../src/control/ports/queues.ts";
import { StaleVersion, type Store } from "../../src/control/ports/store.ts";
import type { EventOf } from "../../src/core/events.ts";
import { createTask, eventsOf, run1, taskId } from "../core/given.ts";
import { onPostgres, somebodyWaits } from "./databases.ts";
import { effect, minute, queue, unitOf } from "./temporary-store.ts";

const created = eventsOf([createTask()]);
const resumed: EventOf<"TaskResumed"> = { type: "TaskResumed", at: minute(1), by: "owner" };

function message(key: string, lane: string): InboxMessage {
  return { key, kind: "webhook", lane, body: "{}", receivedAt: minute(0) };
}

async function claimed(store: Store, at = minute(0), until = minute(5)): Promise<readonly string[]> {
  return (await store.claimEffects(at, until, 10)).map(({ key }) => key);
}

async function due(store: Store, at = minute(0)): Promise<readonly string[]> {
  return (await store.dueMessages(at, 10)).map(({ key }) => key);
}

onPostgres(({ freshPlace }) => {
  /** Two processes, as far as the database can tell; their ids differ, as real ones do. */
  async function twoStores() {
    const place = await freshPlace();
    let serial = 0;
    const newId = () => `id-${(serial += 1)}`;
    return { place, one: await place.open({ newId }), other: await place.open({ newId }) };
  }

  test("16 callers of two processes who load again when stale all get their turn, though they really collide", async () => {
    const { one, other } = await twoStores();
    await one.commit(unitOf(created));
    let collisions = 0;
    const turn = async (store: Store, by: string): Promise<void> => {
      for (;;) {
        const before = await store.readEvents(taskId);
        try {
          return await store.commit(unitOf([{ ...resumed, by }], before));
        } catch (error) {
          if (!(error instanceof StaleVersion)) throw error;
          collisions += 1;
        }
      }
    };
    const callers = Array.from({ length: 16 }, (_, caller) => `caller-${caller}`);
    await Promise.all(callers.map((by, place) => turn(place % 2 === 0 ? one : other, by)));
    const events = (await other.readEvents(taskId)).slice(created.length);
    expect(events.map((event) => (event.type === "TaskResumed" ? event.by : "")).toSorted()).toEqual(
      callers.toSorted(),
    );
    expect(collisions).toBeGreaterThan(0);
  });

  test("a version that is written between the look and the insert is stale, and nothing is left behind", async () => {
    const { place, one } = await twoStores();
    await one.commit(unitOf(created));
    const unit = unitOf([resumed], created, { effects: [effect("next", "task")] });
    const outcome = await place.outside((db) =>
      db.transaction().execute(async (trx) => {
        const [row] = await trx.selectFrom("events").selectAll().where("version", "=", 1).execute();
        if (row === undefined) throw new Error("the first event is stored");
        await trx
          .insertInto("events")
          .values({ ...row, id: "of another", version: created.length + 1 })
          .execute();
        const committing = one.commit(unit).catch((error: unknown) => error);
        await somebodyWaits(trx);
        return { committing };
      }),
    );
    expect(await outcome.committing).toBeInstanceOf(StaleVersion);
    expect(await place.rows("select key from effects")).toEqual([]);
  });

  test("two processes that claim and finish at once never hold two effects of one lane, and keep its order", async () => {
    const { one, other } = await twoStores();
    const lanes = ["a", "b", "c", "d", "e"];
    const keys = lanes.flatMap((lane) => [1, 2, 3, 4].map((place) => ({ lane, key: `${lane}${place}` })));
    await queue(one, ...keys.map(({ lane, key }) => effect(key, lane)));
    const held = new Set<string>();
    const done: string[] = [];
    const work = async (store: Store): Promise<void> => {
      while (done.length < keys.length) {
        for (const { key } of await store.claimEffects(minute(0), minute(5), 2)) {
          const lane = key.charAt(0);
          expect(held).not.toContain(lane);
          held.add(lane);
          // A turn of the other one, at least.
          await store.readEvents(taskId);
          done.push(key);
          held.delete(lane);
          await store.markEffectDone(key);
        }
      }
    };
    await Promise.all([work(one), work(other), work(one), work(other)]);
    expect(done.toSorted()).toEqual(keys.map(({ key }) => key));
    for (const lane of lanes) {
      expect(done.filter((key) => key.startsWith(lane))).toEqual([1, 2, 3, 4].map((place) => `${lane}${place}`));
    }
  });

  test("two processes that work through the inbox at once never hold one lane together, and keep its order", async () => {
    const { one, other } = await twoStores();
    const lanes = ["a", "b", "c", "d"];
    const keys = lanes.flatMap((lane) => [1, 2, 3].map((place) => ({ lane, key: `${lane}${place}` })));
    for (const { lane, key } of keys) await one.takeIn(message(key, lane));
    const holders = new Map<string, Store>();
    const done: string[] = [];
    const work = async (store: Store): Promise<void> => {
      while (done.length < keys.length) {
        const messages = await store.dueMessages(minute(0), 2);
        for (const { lane } of messages) {
          expect(holders.get(lane) ?? store).toBe(store);
          holders.set(lane, store);
        }
        for (const { key, lane } of messages) {
          done.push(key);
          holders.delete(lane);
          await store.markProcessed(key);
        }
      }
    };
    await Promise.all([work(one), work(other)]);
    expect(done.toSorted()).toEqual(keys.map(({ key }) => key));
    for (const lane of lanes) {
      expect(done.filter((key) => key.startsWith(lane))).toEqual([1, 2, 3].map((place) => `${lane}${place}`));
    }
  });

  test("an effect whose lease ran out is taken by the other process, not before, and the try stays counted", async () => {
    const { one, other } = await twoStores();
    await queue(one, effect("a1", "a"), effect("a2", "a"));
    expect(await claimed(one)).toEqual(["a1"]);
    expect(await claimed(other, minute(4))).toEqual([]);
    expect(await other.nextDueAt(minute(0))).toBe(minute(5));
    expect(await other.claimEffects(minute(5), minute(9), 10)).toMatchObject([{ key: "a1", attempts: 1 }]);
    expect(await claimed(one, minute(5))).toEqual([]);
  });

  test("a store that opens leaves the leases of the others alone", async () => {
    const { place, one } = await twoStores();
    await queue(one, effect("a1", "a"));
    await one.takeIn(message("m1", "m"));
    await claimed(one);
    await due(one);
    const late = await place.open();
    expect([await claimed(late), await due(late)]).toEqual([[], []]);
  });

  test("a message is one process's as long as that goes on asking, then the other's", async () => {
    const { one, other } = await twoStores();
    await one.takeIn(message("m1", "m"));
    await one.takeIn(message("m2", "m"));
    expect(await due(one)).toEqual(["m1"]);
    expect(await due(other)).toEqual([]);
    expect(await due(one, minute(2))).toEqual(["m1"]);
    expect(await due(other, minute(4))).toEqual([]);
    expect(await other.nextDueAt(minute(4))).toBe(minute(5));
    expect(await due(other, minute(5))).toEqual(["m1"]);
    expect(await due(one, minute(5))).toEqual([]);
    // Late, and no longer its own.
    await one.markFailed("m1", "502", minute(60));
    await one.putOff("m1", "502", minute(60));
    expect(await other.dueMessages(minute(6), 10)).toMatchObject([{ key: "m1", attempts: 0 }]);
  });

  test("a message that was tried and waits again is for anybody", async () => {
    const { one, other } = await twoStores();
    await one.takeIn(message("m1", "m"));
    await due(one);
    await one.markFailed("m1", "502", minute(1));
    expect(await due(other, minute(1))).toEqual(["m1"]);
    await other.putOff("m1", "502", minute(2));
    expect(await due(one, minute(2))).toEqual(["m1"]);
  });

  test("a process that closes hands its messages back", async () => {
    const { one, other } = await twoStores();
    await one.takeIn(message("m1", "m"));
    await due(one);
    expect(await due(other)).toEqual([]);
    await one.close();
    expect(await due(other)).toEqual(["m1"]);
  });

  test("a row that somebody holds in a transaction is left out of a claim, not waited for", async () => {
    const { place, one } = await twoStores();
    await queue(one, effect("a1", "a"), effect("b1", "b"));
    await place.outside((db) =>
      db.transaction().execute(async (trx) => {
        await trx.selectFrom("effects").select("key").where("key", "=", "a1").forUpdate().execute();
        expect(await claimed(one)).toEqual(["b1"]);
      }),
    );
    expect(await claimed(one)).toEqual(["a1"]);
  });

  test("what becomes visible behind a later one of its lane waits for that one's end", async () => {
    const { place, one, other } = await twoStores();
    const early = {
      received_at: minute(0),
      status: "waiting",
      not_before: minute(0),
      attempts: 0,
      put_offs: 0,
    } as const;
    const nobody = { lease_until: null, holder: null, error: null, ended_at: null };
    await place.outside((db) =>
      db.transaction().execute(async (trx) => {
        const row = { key: "m1", kind: "webhook", lane: "m", body: "{}", ...early, ...nobody } as const;
        await trx.insertInto("inbox").values(row).execute();
        await one.takeIn(message("m2", "m"));
        expect(await due(one)).toEqual(["m2"]);
      }),
    );
    expect(await due(other)).toEqual([]);
    await one.markProcessed("m2");
    expect(await due(other)).toEqual(["m1"]);
  });

  test("an effect that becomes visible behind a later one of its lane waits for that one's end", async () => {
    const { place, one, other } = await twoStores();
    await queue(one, effect("a0", "b"));
    await place.outside((db) =>
      db.transaction().execute(async (trx) => {
        const [model] = await trx.selectFrom("effects").selectAll().execute();
        if (model === undefined) throw new Error("an effect is queued");
        const { seq: _, ...row } = model;
        await trx
          .insertInto("effects")
          .values({ ...row, key: "a1", lane: "a" })
          .execute();
        await queue(one, effect("a2", "a"));
        expect(await claimed(one)).toEqual(["a0", "a2"]);
      }),
    );
    expect(await claimed(other)).toEqual([]);
    await one.markEffectDone("a2");
    expect(await claimed(other)).toEqual(["a1"]);
  });

  test("what is asked for again while another process finishes it is not lost", async () => {
    const { place, one } = await twoStores();
    const show = effect("show", "status", { coalesce: true });
    await queue(one, show);
    await claimed(one);
    const asked = await place.outside((db) =>
      db.transaction().execute(async (trx) => {
        await trx.updateTable("effects").set({ status: "done", lease_until: null }).execute();
        const asking = queue(one, show);
        await somebodyWaits(trx);
        return { asking };
      }),
    );
    await asked.asking;
    expect(await claimed(one)).toEqual(["show"]);
    const finished = await place.outside((db) =>
      db.transaction().execute(async (trx) => {
        await trx
          .updateTable("effects")
          .set({ again_not_before: minute(1) })
          .execute();
        const finishing = one.markEffectDone("show");
        await somebodyWaits(trx);
        return { finishing };
      }),
    );
    await finished.finishing;
    expect(await claimed(one, minute(1))).toEqual(["show"]);
  });

  test("of one message that reaches both processes often, one is new", async () => {
    const { one, other } = await twoStores();
    const answers = await Promise.all([one, other, one, other, one].map((store) => store.takeIn(message("m1", "m"))));
    expect(answers.filter((answer) => answer === "new")).toHaveLength(1);
  });

  test("two processes that append to one log store each line once", async () => {
    const { one, other } = await twoStores();
    const lines = [1, 2, 3].map((number) => ({ number, line: `line ${number}` }));
    const answers = await Promise.all([one, other, one, other].map((store) => store.appendRunLog(run1, lines)));
    expect(answers).toEqual([3, 3, 3, 3]);
    expect(await other.readRunLog(run1)).toEqual(["line 1", "line 2", "line 3"]);
  });

  test("three processes that start on an empty database all start: one migrates, the others wait", async () => {
    const place = await freshPlace();
    const stores = await Promise.all([place.open(), place.open(), place.open()]);
    await stores[0].takeIn(message("m1", "m"));
    expect(await stores[2].isWaiting("m1")).toBe(true);
    const names = await place.rows("select name from kysely_migration");
    expect(new Set(names.map((row) => JSON.stringify(row))).size).toBe(names.length);
  });
});
