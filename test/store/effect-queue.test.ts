import { sql } from "kysely";
import { describe, expect, test } from "vitest";
import type { Store } from "../../src/control/ports/store.ts";
import { taskIdFrom } from "../../src/core/ids.ts";
import { dueQuery } from "../../src/store/effect-queue.ts";
import { taskId } from "../core/given.ts";
import { onEachDatabase } from "./databases.ts";
import { effect, minute, queue, unitOf } from "./temporary-store.ts";

const lease = minute(5);

async function claimed(store: Store, at = minute(0), until = lease): Promise<readonly string[]> {
  return (await store.claimEffects(at, until, 10)).map(({ key }) => key);
}

onEachDatabase(({ name, freshPlace, freshStore }) => {
  describe("claiming", () => {
    test("the oldest effect of each lane is given out once, with what it takes to perform it", async () => {
      const store = await freshStore();
      const dispatch = { kind: "CancelRun", workflowRunId: 19_542_210_987 } as const;
      await queue(store, effect("a1", "a", { effect: dispatch }), effect("a2", "a"), effect("b1", "b"));
      expect(await store.claimEffects(minute(0), lease, 10)).toEqual([
        { key: "a1", taskId, effect: dispatch, attempts: 0, putOffs: 0 },
        { key: "b1", taskId, effect: { kind: "ShowStatus" }, attempts: 0, putOffs: 0 },
      ]);
      expect(await claimed(store)).toEqual([]);
    });

    test("what is done lets the next of its lane go", async () => {
      const store = await freshStore();
      await queue(store, effect("a1", "a"), effect("a2", "a"));
      expect(await claimed(store)).toEqual(["a1"]);
      await store.markEffectDone("a1");
      await store.markEffectDone("a1");
      expect(await claimed(store)).toEqual(["a2"]);
    });

    test("an effect that is not due holds its lane, and a later one does not overtake it", async () => {
      const store = await freshStore();
      await queue(store, effect("a1", "a", { notBefore: minute(3) }), effect("a2", "a"));
      expect(await claimed(store, minute(2))).toEqual([]);
      expect(await claimed(store, minute(3))).toEqual(["a1"]);
    });

    test("the limit is kept, oldest first", async () => {
      const store = await freshStore();
      await queue(store, effect("c", "c"), effect("a", "a"), effect("b", "b"));
      expect((await store.claimEffects(minute(0), lease, 2)).map(({ key }) => key)).toEqual(["c", "a"]);
      expect(await claimed(store)).toEqual(["b"]);
    });

    test("callers who claim at the same time share the effects without overlap", async () => {
      const store = await freshStore();
      await queue(store, ...Array.from({ length: 30 }, (_, index) => effect(`e${index}`, `lane-${index}`)));
      const shares = await Promise.all(Array.from({ length: 8 }, () => store.claimEffects(minute(0), lease, 5)));
      const keys = shares.flat().map(({ key }) => key);
      expect(keys).toHaveLength(30);
      expect(new Set(keys).size).toBe(30);
    });

    test("a lease that ran out gives the effect to the next who asks, and its attempts are counted", async () => {
      const store = await freshStore();
      await queue(store, effect("a1", "a"), effect("a2", "a"));
      await claimed(store);
      expect(await claimed(store, minute(4))).toEqual([]);
      expect(await store.claimEffects(minute(5), minute(9), 10)).toMatchObject([{ key: "a1", attempts: 1 }]);
    });

    test("an effect that nobody can read is set aside, and the other lanes go on", async () => {
      const place = await freshPlace();
      const store = await place.open();
      await queue(store, effect("a1", "a"), effect("a2", "a"), effect("b1", "b"));
      await place.outside((db) =>
        db.updateTable("effects").set({ effect: '{"kind":"SendFax"}' }).where("key", "=", "a1").execute(),
      );
      expect(await claimed(store)).toEqual(["b1"]);
      expect(await claimed(store, minute(9))).toEqual(["b1"]);
      expect(await place.rows("select key from effects where status = 'failed'")).toEqual([{ key: "a1" }]);
    });

    test("what is done costs a look nothing: it goes by the index of what is not", async () => {
      const place = await freshPlace();
      await place.open();
      const plan = await place.outside(async (db) => {
        const query = dueQuery(db, { at: minute(0), limit: 10 }).compile();
        // Without rows and without habits, PostgreSQL would read the whole of what is so small.
        if (name === "PostgreSQL") await sql`set enable_seqscan = off`.execute(db);
        const explain = name === "PostgreSQL" ? "explain" : "explain query plan";
        return JSON.stringify((await db.executeQuery({ ...query, sql: `${explain} ${query.sql}` })).rows);
      });
      expect(plan).toContain("effects_status_lane_seq");
      expect(plan).not.toMatch(/Seq Scan on effects|SCAN (?:head|next|oldest|failed|begun|effects)/u);
    });
  });

  describe("failing", () => {
    test("a failed try waits for its moment and keeps its place", async () => {
      const store = await freshStore();
      await queue(store, effect("a1", "a"), effect("a2", "a"));
      await claimed(store);
      await store.markEffectFailed("a1", "502 from GitHub", minute(2));
      expect(await claimed(store, minute(1))).toEqual([]);
      expect(await store.claimEffects(minute(2), lease, 10)).toMatchObject([{ key: "a1", attempts: 1 }]);
    });

    test("at its limit it holds its lane until it is revived, with fresh attempts", async () => {
      const store = await freshStore();
      await queue(store, effect("a1", "a"), effect("a2", "a"), effect("b1", "b"));
      await claimed(store);
      await store.markEffectFailed("a1", "403 from GitHub", null);
      await store.markEffectDone("b1");
      expect(await claimed(store, minute(60))).toEqual([]);
      await store.reviveEffects(taskIdFrom("another"), minute(61));
      expect(await claimed(store, minute(61))).toEqual([]);
      await store.reviveEffects(taskId, minute(61));
      expect(await claimed(store, minute(60))).toEqual([]);
      expect(await store.claimEffects(minute(61), minute(65), 10)).toMatchObject([{ key: "a1", attempts: 0 }]);
    });

    test("what the world put off waits for its moment, and is told from what failed", async () => {
      const store = await freshStore();
      await queue(store, effect("a1", "a"), effect("a2", "a"));
      await claimed(store);
      await store.putOffEffect("a1", "502 from GitHub", minute(2));
      expect(await claimed(store, minute(1))).toEqual([]);
      expect(await store.claimEffects(minute(2), lease, 10)).toMatchObject([{ key: "a1", attempts: 1, putOffs: 1 }]);
      await store.markEffectFailed("a1", "422 from GitHub", minute(6));
      expect(await store.claimEffects(minute(6), lease, 10)).toMatchObject([{ key: "a1", attempts: 2, putOffs: 1 }]);
      await store.markEffectFailed("a1", "422 from GitHub", null);
      await store.reviveEffects(taskId, minute(7));
      expect(await store.claimEffects(minute(7), lease, 10)).toMatchObject([{ key: "a1", attempts: 0, putOffs: 0 }]);
    });

    test("a late failure does not bring back what another try has done", async () => {
      const store = await freshStore();
      await queue(store, effect("a1", "a"));
      await claimed(store);
      await store.markEffectDone("a1");
      await store.markEffectFailed("a1", "timeout", minute(1));
      expect(await claimed(store, minute(60))).toEqual([]);
    });

    test("what is handed back is due again and counts as never tried", async () => {
      const store = await freshStore();
      await queue(store, effect("a1", "a"));
      await claimed(store);
      await store.releaseEffect("a1", { wasTried: false });
      await store.releaseEffect("a1", { wasTried: false });
      expect(await store.claimEffects(minute(0), lease, 10)).toMatchObject([{ key: "a1", attempts: 0 }]);
    });

    test("a key that the queue does not know is a mistake of ours", async () => {
      const store = await freshStore();
      await expect(store.markEffectDone("never queued")).rejects.toThrow(/effect "never queued" is in the queue/u);
    });
  });

  describe("inserting a key again", () => {
    test("is a no-op, also when it is done", async () => {
      const store = await freshStore();
      await queue(store, effect("a1", "a"));
      await queue(store, effect("a1", "a", { notBefore: minute(-9) }));
      await claimed(store);
      await store.markEffectDone("a1");
      await queue(store, effect("a1", "a"));
      expect(await claimed(store, minute(60))).toEqual([]);
    });

    const soon = (notBefore: string) => effect("show", "status", { coalesce: true, notBefore });

    test("coalesced while it waits, takes the earlier moment and runs once", async () => {
      const store = await freshStore();
      await queue(store, soon(minute(3)), soon(minute(1)), soon(minute(2)));
      expect(await store.nextDueAt()).toBe(minute(1));
      expect(await claimed(store, minute(1))).toEqual(["show"]);
      await store.markEffectDone("show");
      expect(await store.nextDueAt()).toBeNull();
    });

    test("coalesced while it is performed, runs once more afterwards", async () => {
      const store = await freshStore();
      await queue(store, soon(minute(0)));
      await claimed(store);
      await queue(store, soon(minute(4)), soon(minute(3)), soon(minute(4)));
      expect(await claimed(store, minute(4))).toEqual([]);
      await store.commit(unitOf([], [], { effectKey: "show" }));
      expect(await claimed(store, minute(2))).toEqual([]);
      expect(await store.claimEffects(minute(3), minute(9), 10)).toMatchObject([{ key: "show", attempts: 0 }]);
      await store.markEffectDone("show");
      expect(await claimed(store, minute(60))).toEqual([]);
    });

    test("coalesced while it is performed, needs no other run where that one is tried again anyway", async () => {
      const store = await freshStore();
      await queue(store, soon(minute(0)));
      await claimed(store);
      await queue(store, soon(minute(0)));
      await store.markEffectFailed("show", "502", minute(1));
      expect(await claimed(store, minute(1))).toEqual(["show"]);
      await store.markEffectDone("show");
      expect(await claimed(store, minute(60))).toEqual([]);
    });

    test("coalesced while it is performed for longer than its lease, runs once more afterwards", async () => {
      const store = await freshStore();
      await queue(store, soon(minute(0)));
      await claimed(store);
      await queue(store, soon(minute(1)));
      // The same process renews the lease, and goes on with what it read before.
      expect(await claimed(store, minute(6), minute(11))).toEqual(["show"]);
      await store.markEffectDone("show");
      expect(await claimed(store, minute(6), minute(11))).toEqual(["show"]);
      await store.markEffectDone("show");
      expect(await claimed(store, minute(60))).toEqual([]);
    });

    test("coalesced when it is done, waits anew at the end of its lane", async () => {
      const store = await freshStore();
      await queue(store, soon(minute(0)));
      await claimed(store);
      await store.markEffectDone("show");
      await queue(store, effect("other", "status"), soon(minute(0)));
      expect(await claimed(store)).toEqual(["other"]);
      await store.markEffectDone("other");
      expect(await claimed(store)).toEqual(["show"]);
    });

    test("coalesced when it has failed, goes on waiting for a person", async () => {
      const store = await freshStore();
      await queue(store, soon(minute(0)));
      await claimed(store);
      await store.markEffectFailed("show", "403", null);
      await queue(store, soon(minute(1)));
      expect(await claimed(store, minute(60))).toEqual([]);
    });
  });

  test("the next moment is the earliest at which a lane can move", async () => {
    const store = await freshStore();
    expect(await store.nextDueAt()).toBeNull();
    await queue(store, effect("a1", "a", { notBefore: minute(7) }), effect("a2", "a", { notBefore: minute(1) }));
    expect(await store.nextDueAt()).toBe(minute(7));
    await queue(store, effect("b1", "b", { notBefore: minute(2) }));
    expect(await store.nextDueAt()).toBe(minute(2));
    await claimed(store, minute(2), minute(5));
    expect(await store.nextDueAt()).toBe(minute(5));
    await store.markEffectFailed("b1", "403", null);
    expect(await store.nextDueAt()).toBe(minute(7));
    await store.takeIn({ key: "m", kind: "outcome", lane: "run:1", body: "", receivedAt: minute(3) });
    expect(await store.nextDueAt()).toBe(minute(3));
    // For whoever has begun all that was due by then.
    expect(await store.nextDueAt(minute(3))).toBe(minute(7));
    expect(await store.nextDueAt(minute(7))).toBeNull();
  });
});
