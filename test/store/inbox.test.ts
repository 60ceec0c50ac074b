import { expect, test } from "vitest";
import type { InboxMessage } from "../../src/control/ports/queues.ts";
import type { Store } from "../../src/control/ports/store.ts";
import { onEachDatabase } from "./databases.ts";
import { minute } from "./temporary-store.ts";

function message(key: string, lane: string, receivedAt = minute(0)): InboxMessage {
  return { key, kind: "webhook", lane, body: `body of ${key}`, receivedAt };
}

async function due(store: Store, at = minute(0), limit = 10): Promise<readonly string[]> {
  return (await store.dueMessages(at, limit)).map(({ key }) => key);
}

onEachDatabase(({ freshPlace, freshStore }) => {
  test("a message is known once it was taken in, whatever came of it", async () => {
    const store = await freshStore();
    const message = { key: "webhook:1", kind: "webhook", lane: "a", body: "{}", receivedAt: minute(0) } as const;
    expect(await store.isKnown("webhook:1")).toBe(false);
    await store.takeIn(message);
    await store.markProcessed("webhook:1");
    expect([await store.isKnown("webhook:1"), await store.isWaiting("webhook:1")]).toEqual([true, false]);
  });

  test("a message that came before is known, processed or not", async () => {
    const store = await freshStore();
    expect(await store.takeIn(message("m1", "a"))).toBe("new");
    expect(await store.takeIn({ ...message("m1", "b"), body: "another" })).toBe("known");
    expect(await store.dueMessages(minute(0), 10)).toEqual([{ ...message("m1", "a"), attempts: 0, putOffs: 0 }]);
    await store.markProcessed("m1");
    expect(await store.takeIn(message("m1", "a"))).toBe("known");
    expect(await due(store)).toEqual([]);
  });

  test("of one message that arrives often at the same time, one is new", async () => {
    const store = await freshStore();
    const answers = await Promise.all(Array.from({ length: 12 }, () => store.takeIn(message("m1", "a"))));
    expect(answers.filter((answer) => answer === "new")).toHaveLength(1);
  });

  test("each lane gives its oldest message, and the next one after that is processed", async () => {
    const store = await freshStore();
    for (const [key, lane] of [
      ["a1", "a"],
      ["a2", "a"],
      ["b1", "b"],
      ["c1", "c"],
    ] as const) {
      await store.takeIn(message(key, lane));
    }
    expect(await due(store)).toEqual(["a1", "b1", "c1"]);
    expect(await due(store, minute(0), 2)).toEqual(["a1", "b1"]);
    await store.markProcessed("a1");
    await store.markProcessed("a1");
    expect(await due(store)).toEqual(["a2", "b1", "c1"]);
  });

  test("a message that is not to be processed yet waits for its moment, and holds its lane", async () => {
    const store = await freshStore();
    await store.takeIn({ ...message("a1", "a"), notBefore: minute(2) });
    await store.takeIn(message("a2", "a"));
    expect(await due(store, minute(1))).toEqual([]);
    expect(await store.nextDueAt()).toBe(minute(2));
    expect(await due(store, minute(2))).toEqual(["a1"]);
  });

  test("a message that was put off holds its lane until its moment", async () => {
    const store = await freshStore();
    await store.takeIn(message("a1", "a"));
    await store.takeIn(message("a2", "a"));
    await store.markFailed("a1", "GitHub answered 502", minute(2));
    expect(await due(store, minute(1))).toEqual([]);
    expect(await store.dueMessages(minute(2), 10)).toMatchObject([{ key: "a1", attempts: 1 }]);
  });

  test("a message that the world put off is told from one that failed", async () => {
    const store = await freshStore();
    await store.takeIn(message("a1", "a"));
    await store.putOff("a1", "GitHub answered 502", minute(2));
    expect(await due(store, minute(1))).toEqual([]);
    await store.markFailed("a1", "no such issue", minute(3));
    expect(await store.dueMessages(minute(3), 10)).toMatchObject([{ key: "a1", attempts: 2, putOffs: 1 }]);
  });

  test("a message waits until it is processed or set aside", async () => {
    const store = await freshStore();
    expect(await store.isWaiting("a1")).toBe(false);
    await store.takeIn(message("a1", "a"));
    await store.takeIn(message("b1", "b"));
    expect(await store.isWaiting("a1")).toBe(true);
    await store.markFailed("a1", "502", minute(1));
    expect(await store.isWaiting("a1")).toBe(true);
    await store.markProcessed("a1");
    await store.markFailed("b1", "502", null);
    expect([await store.isWaiting("a1"), await store.isWaiting("b1")]).toEqual([false, false]);
  });

  test("a message that is set aside lets its lane go on, and keeps its body for whoever looks into it", async () => {
    const place = await freshPlace();
    const store = await place.open();
    await store.takeIn(message("a1", "a"));
    await store.takeIn(message("a2", "a"));
    await store.markFailed("a1", `no JSON ${"x".repeat(10_000)}`, null);
    await store.markFailed("a1", "again", minute(1));
    expect(await due(store, minute(60))).toEqual(["a2"]);
    expect(await store.takeIn(message("a1", "a"))).toBe("known");
    expect(
      await place.rows("select status, body, attempts, length(error) as length from inbox where key = 'a1'"),
    ).toEqual([{ status: "failed", body: "body of a1", attempts: 1, length: 2_000 }]);
  });

  test("a large and strange body comes back as it was", async () => {
    const store = await freshStore();
    const body = `{"text":"${"\u{1F600}\u202Eé".repeat(300_000)}"}`;
    await store.takeIn({ ...message("m1", "a"), kind: "step", body });
    expect((await store.dueMessages(minute(0), 1))[0]?.body === body).toBe(true);
  });

  test("a key that never came is a mistake of ours, and a moment must be one", async () => {
    const store = await freshStore();
    await expect(store.markProcessed("m1")).rejects.toThrow(/message "m1" is in the inbox/u);
    await expect(store.markFailed("m1", "", null)).rejects.toThrow(/message "m1" is in the inbox/u);
    await expect(store.takeIn(message("m1", "a", "now"))).rejects.toThrow(/got "now"/u);
  });
});
