import * as fc from "fast-check";
import { expect, test } from "vitest";
import { runIdFrom } from "../../src/core/ids.ts";
import { createTask, eventsOf, run1, spent, taskId } from "../core/given.ts";
import { onEachDatabase } from "./databases.ts";
import { minute, unitOf } from "./temporary-store.ts";

function numbered(...numbers: readonly number[]) {
  return numbers.map((number) => ({ number, line: `line ${number}` }));
}

onEachDatabase(({ freshPlace, freshStore }) => {
  test("lines are stored once and answered with the highest number", async () => {
    const place = await freshPlace();
    const store = await place.open();
    expect(await store.appendRunLog(run1, [])).toBe(0);
    expect(await store.appendRunLog(run1, numbered(1, 2, 3))).toBe(3);
    expect(await store.appendRunLog(run1, numbered(2, 3, 4))).toBe(4);
    expect(await store.appendRunLog(run1, numbered(1, 2))).toBe(4);
    expect(await store.readRunLog(run1)).toEqual(["line 1", "line 2", "line 3", "line 4"]);
    expect(await place.rows("select first_number, last_number from run_logs order by 1")).toEqual([
      { first_number: 1, last_number: 3 },
      { first_number: 4, last_number: 4 },
    ]);
  });

  test("behind a gap nothing is stored until the gap is filled", async () => {
    const store = await freshStore();
    expect(await store.appendRunLog(run1, numbered(2, 3))).toBe(0);
    expect(await store.appendRunLog(run1, numbered(1, 2, 5))).toBe(2);
    expect(await store.appendRunLog(run1, numbered(3, 4, 5))).toBe(5);
    expect(await store.readRunLog(run1)).toHaveLength(5);
  });

  test("however a log is cut, repeated and shuffled, it is read as it was written", async () => {
    const store = await freshStore();
    let serial = 0;
    const batch = fc.record({ from: fc.nat(20), size: fc.nat(12), reversed: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { maxLength: 12 }), async (batches) => {
        const run = runIdFrom(`run-of-${(serial += 1)}`);
        let acknowledged = 0;
        for (const { from, size, reversed } of batches) {
          const lines = numbered(...Array.from({ length: size }, (_, index) => from + index + 1));
          const answer = await store.appendRunLog(run, reversed ? lines.toReversed() : lines);
          const end = from + size;
          acknowledged = from <= acknowledged ? Math.max(acknowledged, end) : acknowledged;
          expect(answer).toBe(acknowledged);
        }
        expect(await store.readRunLog(run)).toEqual(
          Array.from({ length: acknowledged }, (_, index) => `line ${index + 1}`),
        );
      }),
      { numRuns: 60 },
    );
  });

  test("two that append at the same time store each line once", async () => {
    const store = await freshStore();
    await Promise.all(Array.from({ length: 6 }, () => store.appendRunLog(run1, numbered(1, 2, 3))));
    expect(await store.readRunLog(run1)).toEqual(["line 1", "line 2", "line 3"]);
  });

  test("lines may hold anything, and runs do not mix", async () => {
    const store = await freshStore();
    const strange = ['{"kind":"log"}\n', "\0", "", "\u2028한국어\u{1F600}", "x".repeat(500_000)];
    await store.appendRunLog(
      run1,
      strange.map((line, index) => ({ number: index + 1, line })),
    );
    expect(await store.readRunLog(run1)).toEqual(strange);
    expect(await store.readRunLog(runIdFrom("another"))).toEqual([]);
  });

  test("a damaged chunk is named", async () => {
    const place = await freshPlace();
    const store = await place.open();
    await store.appendRunLog(run1, numbered(1));
    await place.outside((db) =>
      db
        .updateTable("run_logs")
        .set({ gz: Buffer.alloc(1) })
        .execute(),
    );
    await expect(store.readRunLog(run1)).rejects.toThrow(/reading the log of run run-1 from line 1/u);
  });

  test("the live status is that of the last word, and null before the first", async () => {
    const store = await freshStore();
    const live = {
      currentAction: "thinking",
      currentStep: null,
      currentDocument: null,
      recentActions: [],
      spent,
      lastUpdate: minute(1),
    };
    await store.updateLive(taskId, live);
    expect(await store.readLive(taskId)).toBeNull();
    await store.commit(unitOf(eventsOf([createTask()])));
    expect(await store.readLive(taskId)).toBeNull();
    await store.updateLive(taskId, live);
    const next = {
      currentAction: null,
      currentStep: "01_idea",
      currentDocument: "docs/planning/01_idea.md",
      recentActions: [
        { at: minute(2), text: "Write docs/planning/01_idea.md" },
        { at: minute(1), text: "Read README.md" },
      ],
      spent,
      lastUpdate: minute(2),
    };
    await store.updateLive(taskId, next);
    expect(await store.readLive(taskId)).toEqual(next);
  });
});
