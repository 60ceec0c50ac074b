import { Kysely } from "kysely";
import type { Store } from "../control/ports.ts";
import { openDataFolder, type DataFolder } from "./data-folder.ts";
import { documents } from "./documents.ts";
import { effectQueue, voidLeases } from "./effect-queue.ts";
import { eventStore } from "./event-store.ts";
import { inbox } from "./inbox.ts";
import { lookups } from "./lookups.ts";
import { migrate } from "./migrations/migrate.ts";
import { runSessions } from "./run-sessions.ts";
import type { Db, Schema } from "./schema.ts";
import { NodeSqliteDialect, openDatabase } from "./sqlite-dialect.ts";
import { telemetry } from "./telemetry.ts";

export interface StoreOptions {
  /** Folder that holds the store; `:memory:` for one that ends with the process. */
  readonly dataDir: string;
  readonly now: () => Date;
  readonly newId: () => string;
}

const inMemory: DataFolder = { databasePath: ":memory:", release: () => {} };

/** Opens the store and brings its tables up to date. Throws `StoreLocked` where another process has it open. */
export async function openStore({ dataDir, now, newId }: StoreOptions): Promise<Store> {
  const folder = dataDir === ":memory:" ? inMemory : await openDataFolder(dataDir);
  try {
    const db = await openTables(folder.databasePath);
    let closed: Promise<void> | null = null;
    return {
      ...eventStore(db, { now, newId }),
      ...lookups(db),
      ...inbox(db, now),
      ...effectQueue(db, now),
      ...documents(db, now),
      ...runSessions(db, now),
      ...telemetry(db, now),
      close: () => (closed ??= closeTables(db).finally(() => folder.release())),
    };
  } catch (cause) {
    folder.release();
    throw new Error(`opening the store "${folder.databasePath}"`, { cause });
  }
}

/** What was asked before ends first; what is asked from now on is refused. */
async function closeTables(db: Db): Promise<void> {
  await db.connection().execute(async () => {});
  await db.destroy();
}

async function openTables(path: string): Promise<Db> {
  const db = new Kysely<Schema>({ dialect: new NodeSqliteDialect(openDatabase(path)) });
  try {
    await migrate(db);
    // The folder's lock says that nobody else is at work.
    await voidLeases(db);
    return db;
  } catch (cause) {
    await db.destroy();
    throw cause;
  }
}
