import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { onTestFinished } from "vitest";
import type { NewEffect } from "../../src/control/ports/queues.ts";
import type { CommitUnit, Store } from "../../src/control/ports/store.ts";
import type { TaskEvent } from "../../src/core/events.ts";
import { stateFrom } from "../../src/core/evolve.ts";
import { openStore } from "../../src/store/open-store.ts";
import { taskId } from "../core/given.ts";

/** A moment of the tests' day, in minutes after ten. */
export function minute(count: number): string {
  return new Date(Date.UTC(2026, 10, 21, 10, count)).toISOString();
}

/** Opens a store that is closed when the test ends. */
export async function storeAt(dataDir: string): Promise<Store> {
  let serial = 0;
  const store = await openStore({
    dataDir,
    now: () => new Date(minute(0)),
    newId: () => `id-${(serial += 1)}`,
  });
  onTestFinished(() => store.close());
  return store;
}

/** A folder that is removed when the test ends. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "phasegate-store-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** What lies in a table, seen by somebody else than the store. */
export function rowsIn(dataDir: string, query: string): readonly object[] {
  const database = new DatabaseSync(join(dataDir, "phasegate.sqlite"), { readOnly: true });
  try {
    return database.prepare(query).all();
  } finally {
    database.close();
  }
}

/** The commit of `events` after `before`, without anything else. */
export function unitOf(
  events: readonly TaskEvent[],
  before: readonly TaskEvent[] = [],
  more: Partial<CommitUnit> = {},
): CommitUnit {
  return {
    taskId,
    expectedVersion: before.length,
    events,
    state: stateFrom([...before, ...events]),
    effects: [],
    userId: "owner",
    ...more,
  };
}

export function effect(key: string, lane: string, more: Partial<NewEffect> = {}): NewEffect {
  return { key, lane, effect: { kind: "ShowStatus" }, notBefore: minute(0), coalesce: false, ...more };
}

/** Queues effects of a task that has no events. */
export async function queue(store: Store, ...effects: readonly NewEffect[]): Promise<void> {
  await store.commit(unitOf([], [], { effects }));
}
