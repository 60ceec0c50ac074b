/** Reading 100,000 events from the store and folding them into the states of their tasks. */
import { randomUUID } from "node:crypto";
import path from "node:path";
import type { TaskEvent } from "../../src/core/events.ts";
import { stateFrom } from "../../src/core/evolve.ts";
import type { TaskId } from "../../src/core/ids.ts";
import { openStore } from "../../src/store/open-store.ts";
import { eventsOfOneTask, storeCopy } from "./copied-history.ts";
import { atMost, withoutGoal, type Figure } from "./figure.ts";
import { median } from "./rounds.ts";
import { inScratchFolder } from "./scratch-folder.ts";

const eventsGoal = 100_000;

export async function measureReplay({ isQuick }: { readonly isQuick: boolean }): Promise<readonly Figure[]> {
  const count = isQuick ? eventsGoal / 10 : eventsGoal;
  return inScratchFolder(async (folder) => {
    const pattern = await eventsOfOneTask();
    const store = await openStore({ dataDir: path.join(folder, "many"), now: () => new Date(), newId: randomUUID });
    try {
      const tasks: TaskId[] = [];
      for (let stored = 0; stored < count; stored += pattern.length)
        tasks.push(await storeCopy(store, pattern, tasks.length + 1));
      const times: number[] = [];
      const foldTimes: number[] = [];
      let events = 0;
      for (let round = 0; round <= 3; round += 1) {
        const before = performance.now();
        const histories: (readonly TaskEvent[])[] = [];
        for (const taskId of tasks) histories.push(await store.readEvents(taskId));
        const read = performance.now();
        for (const history of histories) stateFrom(history);
        const folded = performance.now();
        if (round === 0) continue;
        events = histories.reduce((sum, history) => sum + history.length, 0);
        times.push((folded - before) / 1_000);
        foldTimes.push((folded - read) / 1_000);
      }
      const scale = eventsGoal / events;
      return [
        atMost(1, { name: "replay of 100,000 events, from the store", value: median(times) * scale, unit: "s" }),
        withoutGoal({ name: "of these: folding alone", value: median(foldTimes) * scale, unit: "s" }),
      ];
    } finally {
      await store.close();
    }
  });
}
