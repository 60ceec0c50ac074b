import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { SqliteAdapter, SqliteDialect, type SqliteDatabase, type SqliteStatement } from "kysely";

const busyTimeoutMs = 5_000;

/**
 * Kysely over one connection of `node:sqlite`.
 * Kysely hands that connection to one query or transaction at a time, in order of asking; nothing slips into an open transaction.
 * So whoever holds a transaction must query through it: a query beside it would wait for ever.
 */
export class NodeSqliteDialect extends SqliteDialect {
  constructor(database: DatabaseSync) {
    super({ database: sqliteDatabase(database) });
  }

  override createAdapter(): SqliteAdapter {
    return new TransactionalDdlAdapter();
  }
}

/** SQLite rolls back changes of the schema, too; with this a migration that fails halfway leaves nothing behind. */
class TransactionalDdlAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
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
  } catch (cause) {
    database.close();
    throw cause;
  }
  return database;
}

function sqliteDatabase(database: DatabaseSync): SqliteDatabase {
  return {
    close: () => database.close(),
    prepare: (sql) => sqliteStatement(database.prepare(sql)),
  };
}

function sqliteStatement(statement: StatementSync): SqliteStatement {
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...parameters.map(inputValue)),
    run: (parameters) => statement.run(...parameters.map(inputValue)),
    iterate: (parameters) => statement.iterate(...parameters.map(inputValue)),
  };
}

/** `node:sqlite` would store `true` as 1 and refuse the rest without saying which; we have 0 and 1, text, and null. */
function inputValue(value: unknown): SQLInputValue {
  if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "bigint")
    return value;
  if (value instanceof Uint8Array) return value;
  throw new TypeError(`expected a text, number, bytes or null as parameter of a query, got ${typeof value}`);
}
