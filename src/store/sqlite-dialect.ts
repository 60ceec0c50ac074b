import { DatabaseSync } from "node:sqlite";
import {
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type DatabaseIntrospector,
  type Dialect,
  type Driver,
  type Kysely,
  type QueryCompiler,
} from "kysely";
import { SqliteDriver } from "./sqlite-driver.ts";

const busyTimeoutMs = 5_000;

/** Of 4 KiB. The log is copied into the file, with two more waits for the disk, when it has grown to so many. */
const logPagesMax = 8_000;

/**
 * Kysely over one connection of `node:sqlite`.
 * The driver hands that connection to one query or transaction at a time, in order of asking; nothing slips into an open transaction.
 * So whoever holds a transaction must query through it: a query beside it would wait for ever.
 */
export class NodeSqliteDialect implements Dialect {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  createDriver(): Driver {
    return new SqliteDriver(this.#database);
  }

  createQueryCompiler(): QueryCompiler {
    return new SqliteQueryCompiler();
  }

  createAdapter(): SqliteAdapter {
    return new OurAdapter();
  }

  createIntrospector(db: Kysely<unknown>): DatabaseIntrospector {
    return new SqliteIntrospector(db);
  }
}

class OurAdapter extends SqliteAdapter {
  /** SQLite rolls back changes of the schema, too; with this a migration that fails halfway leaves nothing behind. */
  override get supportsTransactionalDdl(): boolean {
    return true;
  }

  /** There is one, and our driver shares it out; Kysely's own lock would be held until the commit. */
  override get supportsMultipleConnections(): boolean {
    return true;
  }
}

/** Opens the file, or memory for `:memory:`; each commit is on the disk before it is answered. */
export function openDatabase(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: busyTimeoutMs });
  try {
    const mode = String(database.prepare("pragma journal_mode = wal").get()?.["journal_mode"]);
    if (path !== ":memory:" && mode !== "wal") {
      throw new Error(`expected a file system that supports SQLite's write-ahead log, got journal mode "${mode}"`);
    }
    database.exec("pragma synchronous = full; pragma foreign_keys = on");
    database.exec(`pragma wal_autocheckpoint = ${logPagesMax}`);
  } catch (cause) {
    database.close();
    throw cause;
  }
  return database;
}
