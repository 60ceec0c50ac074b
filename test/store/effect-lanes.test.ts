import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Store } from "../../src/control/ports/store.ts";
import { taskId } from "../core/given.ts";
import { onEachDatabase } from "./databases.ts";
import { effect, minute, queue } from "./temporary-store.ts";

const lanes = ["a", "b", "c"] as const;
const claimsMax = 2;
const leaseMinutes = 3;

/** What the queue should be, in the plainest way: a list. */
interface Row {
  readonly key: string;
  readonly lane: string;
  status: "waiting" | "done" | "failed";
  notBefore: number;
  leaseUntil: number | null;
  attempts: number;
}

const move = fc.oneof(
  { weight: 4, arbitrary: fc.record({ what: fc.constant("insert"), pick: fc.nat(2), delay: fc.nat(3) }) },
  { weight: 4, arbitrary: fc.record({ what: fc.constant("claim"), pick: fc.nat(2), delay: fc.nat(0) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      what: fc.constantFrom("done", "done", "retry", "fail", "release", "revive", "later"),
      pick: fc.nat(5),
      delay: fc.nat(4),
    }),
  },
);
type Move = typeof move extends fc.Arbitrary<infer T> ? T : never;

onEachDatabase(({ name, freshPlace, freshStore }) => {
  test("any history of the queue gives out the head of each lane, one at a time and in order", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(move, { minLength: 5, maxLength: 40 }), async (moves) => {
        const stores = name === "PostgreSQL" ? await twoStores() : ([await freshStore()] as const);
        await play(stores, moves);
        for (const store of stores) await store.close();
      }),
      { numRuns: name === "PostgreSQL" ? 8 : 60 },
    );
  });

  /** Whoever claims, marks and queues may be another process each time, where several are allowed. */
  async function twoStores() {
    const place = await freshPlace();
    return [await place.open(), await place.open()] as const;
  }
});

async function play(stores: readonly [Store, ...Store[]], moves: readonly Move[]): Promise<void> {
  const rows: Row[] = [];
  let now = 0;
  for (const [turn, { what, pick, delay }] of moves.entries()) {
    const store = stores[turn % stores.length] ?? stores[0];
    const leased = rows.filter((row) => row.status === "waiting" && row.leaseUntil !== null);
    const row = leased[pick % Math.max(leased.length, 1)];
    if (what === "insert") {
      const key = `effect-${rows.length}`;
      const lane = lanes[pick] ?? "a";
      await queue(store, effect(key, lane, { notBefore: minute(now + delay) }));
      rows.push({ key, lane, status: "waiting", notBefore: now + delay, leaseUntil: null, attempts: 0 });
    } else if (what === "claim") {
      await claim(store, rows, now);
    } else if (what === "later") {
      now += delay;
    } else if (what === "revive") {
      await store.reviveEffects(taskId, minute(now));
      for (const failed of rows.filter(({ status }) => status === "failed")) {
        Object.assign(failed, { status: "waiting", notBefore: now, attempts: 0, leaseUntil: null });
      }
    } else if (row !== undefined) {
      await settle(store, row, what, now + delay);
    }
  }
}

async function claim(store: Store, rows: readonly Row[], now: number): Promise<void> {
  const heads = lanes.flatMap((lane) => rows.find((row) => row.lane === lane && row.status !== "done") ?? []);
  const expected = heads
    .filter(
      ({ status, notBefore, leaseUntil }) => status === "waiting" && notBefore <= now && (leaseUntil ?? now) <= now,
    )
    .sort((one, other) => rows.indexOf(one) - rows.indexOf(other))
    .slice(0, claimsMax);
  const claimed = await store.claimEffects(minute(now), minute(now + leaseMinutes), claimsMax);
  expect(claimed.map(({ key, attempts }) => ({ key, attempts }))).toEqual(
    expected.map(({ key, attempts }) => ({ key, attempts })),
  );
  for (const row of expected) {
    row.leaseUntil = now + leaseMinutes;
    row.attempts += 1;
  }
  for (const lane of lanes) {
    const live = rows.filter((row) => row.lane === lane && row.status === "waiting" && (row.leaseUntil ?? now) > now);
    expect(live.length).toBeLessThanOrEqual(1);
  }
}

async function settle(store: Store, row: Row, what: string, retryAt: number): Promise<void> {
  row.leaseUntil = null;
  switch (what) {
    case "done":
      await store.markEffectDone(row.key);
      row.status = "done";
      break;
    case "retry":
      await store.markEffectFailed(row.key, "502", minute(retryAt));
      row.notBefore = retryAt;
      break;
    case "fail":
      await store.markEffectFailed(row.key, "403", null);
      row.status = "failed";
      break;
    default:
      await store.releaseEffect(row.key, { wasTried: false });
      row.attempts -= 1;
  }
}
