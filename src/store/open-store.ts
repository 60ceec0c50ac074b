import type { Store } from "../control/ports/store.ts";
import { accounts } from "./accounts.ts";
import { checkpoints } from "./checkpoints.ts";
import { costs } from "./costs.ts";
import { creations } from "./creations.ts";
import type { Database } from "./database.ts";
import { documents, recentTexts } from "./documents.ts";
import { effectQueue } from "./effect-queue.ts";
import { eventStore } from "./event-store.ts";
import { handBackMessages, inbox } from "./inbox.ts";
import { lookups } from "./lookups.ts";
import { migrate, requireUpToDate } from "./migrations/migrate.ts";
import { openPostgres } from "./postgres.ts";
import { retention } from "./retention.ts";
import { runSessions } from "./run-sessions.ts";
import { openSqlite } from "./sqlite.ts";
import { storedTasks } from "./stored-tasks.ts";
import { telemetry } from "./telemetry.ts";
import { voidLeases } from "./void-leases.ts";

export interface StoreOptions {
  /** Folder that holds the store; `:memory:` for one that ends with the process. */
  readonly dataDir: string;
  /** `postgres://…`, which several processes may share. Where it is given, `dataDir` is left alone. */
  readonly databaseUrl?: string | null;
  /** Beside the app that has the folder, for programs that claim no work: nothing is locked, and nothing is brought up to date. */
  readonly beside?: boolean;
  readonly now: () => Date;
  readonly newId: () => string;
}

/** Opens the store and brings its tables up to date. Throws `StoreLocked` where another process has the folder open. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { dataDir, databaseUrl = null, beside = false, now, newId } = options;
  const database = databaseUrl === null ? await openSqlite(dataDir, { beside }) : await openPostgres(databaseUrl);
  try {
    if (beside) await requireUpToDate(database.db, database.differences);
    else await prepare(database);
  } catch (cause) {
    await database.close();
    throw new Error(`opening the store ${database.place}`, { cause });
  }
  const { db, differences, holder } = database;
  const texts = recentTexts();
  let closed: Promise<void> | null = null;
  return {
    ...eventStore(db, differences, { now, newId, forgetText: (hash) => texts.delete(hash) }),
    ...storedTasks(db, newId),
    ...lookups(db, holder),
    ...inbox(database, now),
    ...effectQueue(db, differences, now),
    ...documents(db, now, texts),
    ...runSessions(db, now),
    ...telemetry(db, now),
    ...checkpoints(db, differences),
    ...accounts(db),
    ...costs(db),
    ...retention(db),
    ...creations(db),
    close: () => (closed ??= close(database)),
  };
}

async function prepare(database: Database): Promise<void> {
  await database.migrating((db) => migrate(db, database.differences));
  // Where others may be at work, only the end of a lease says that its holder is gone.
  if (database.alone) await voidLeases(database.db);
}

async function close(database: Database): Promise<void> {
  // Where this is in vain, the leases end by themselves.
  if (!database.alone) await handBackMessages(database).catch(() => undefined);
  await database.close();
}
