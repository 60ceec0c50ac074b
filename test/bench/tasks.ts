/** Tasks per second from label to completed: the machinery's own time, with nobody to wait for. */
import { randomUUID } from "node:crypto";
import path from "node:path";
import pg from "pg";
import type { Store } from "../../src/control/ports/store.ts";
import { openStore } from "../../src/store/open-store.ts";
import { startPostgres } from "../store/postgres-server.ts";
import { atLeast, withoutGoal, type Figure } from "./figure.ts";
import { median } from "./rounds.ts";
import { inScratchFolder } from "./scratch-folder.ts";
import { label, startTaskWorld } from "./task-world.ts";

interface StoreUnderTest {
  readonly name: string;
  /** Tasks per second; null for what only explains another. */
  readonly goal: number | null;
  /** As many replicas, on one database. */
  readonly open: (folder: string) => Promise<readonly [Store, ...Store[]]>;
}

const sources = { now: () => new Date(), newId: randomUUID };

const sqlites: readonly StoreUnderTest[] = [
  {
    name: "SQLite",
    goal: 50,
    open: async (folder) => [await openStore({ dataDir: path.join(folder, randomUUID()), ...sources })],
  },
  // The same without waiting for a disk: what is left is the processor's part.
  { name: "SQLite in memory", goal: null, open: async () => [await openStore({ dataDir: ":memory:", ...sources })] },
];

/** A server that waits for its disk, on the same two cores. */
function postgresAt(url: string, replicas: 1 | 2): StoreUnderTest {
  return {
    name: replicas === 1 ? "PostgreSQL" : "PostgreSQL, two replicas",
    goal: replicas === 1 ? 10 : null,
    open: async () => {
      const name = `bench_${randomUUID().replaceAll("-", "")}`;
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      await client.query(`create database ${name}`);
      await client.end();
      const address = new URL(url);
      address.pathname = `/${name}`;
      const open = () => openStore({ dataDir: "", databaseUrl: address.href, ...sources });
      return replicas === 1 ? [await open()] : [await open(), await open()];
    },
  };
}

export async function measureTasks({ isQuick }: { readonly isQuick: boolean }): Promise<readonly Figure[]> {
  const server = await startPostgres({ durable: true });
  try {
    return await measureOn([...sqlites, postgresAt(server.url, 1), postgresAt(server.url, 2)], isQuick);
  } finally {
    await server.stop();
  }
}

async function measureOn(stores: readonly StoreUnderTest[], isQuick: boolean): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const { name, goal, open } of stores) {
    const rates: number[] = [];
    const events: number[] = [];
    const effects: number[] = [];
    await inScratchFolder(async (folder) => {
      const count = isQuick ? 8 : 24;
      for (let round = 0; round <= (isQuick ? 1 : 2); round += 1) {
        const counted = { effects: 0 };
        const [first, ...more] = await open(folder);
        const store = counting(first, counted);
        const world = await startTaskWorld(
          store,
          more.map((each) => counting(each, counted)),
        );
        const startedAt = performance.now();
        const tasks = await world.complete(count);
        const seconds = (performance.now() - startedAt) / 1_000;
        if (round > 0) {
          rates.push(count / seconds);
          effects.push(counted.effects / seconds);
          for (const { taskId } of tasks.slice(0, 1)) events.push((await store.readEvents(taskId)).length);
        }
        await world.stop();
      }
    });
    const perSecond = median(rates);
    const tasks = { name: `tasks from label to completed (${label}, ${name})`, value: perSecond, unit: "1/s" };
    figures.push(
      goal === null ? withoutGoal(tasks) : atLeast(goal, tasks),
      withoutGoal({ name: `events per second (${name})`, value: perSecond * median(events), unit: "1/s" }),
      withoutGoal({ name: `effects per second (${name})`, value: median(effects), unit: "1/s" }),
    );
  }
  return figures;
}

/** The same store, of which each effect that is done counts. */
function counting(store: Store, counted: { effects: number }): Store {
  return {
    ...store,
    commit: async (unit) => {
      await store.commit(unit);
      if (unit.effectKey !== undefined) counted.effects += 1;
    },
    markEffectDone: async (key) => {
      await store.markEffectDone(key);
      counted.effects += 1;
    },
  };
}
