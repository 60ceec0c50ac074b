/** SQLite in a folder of our own: one process, one connection, so that nothing ever happens beside a transaction. */
import { Kysely } from "kysely";
import { openDataFolder, openedFolder, type DataFolder } from "./data-folder.ts";
import type { Database, Differences } from "./database.ts";
import type { Schema } from "./schema.ts";
import { NodeSqliteDialect, openDatabase } from "./sqlite-dialect.ts";

const SQLITE_CONSTRAINT_UNIQUE = 2067;

export const sqliteDifferences: Differences = {
  columns: {
    text: "text",
    integer: "bigint",
    money: "double precision",
    bytes: "blob",
    // SQLite counts up by itself only where the key is spelt exactly so.
    sequence: "integer",
    asSequence: (column) => column.primaryKey().autoIncrement(),
  },
  isVersionConflict: (error) =>
    error instanceof Error &&
    "errcode" in error &&
    error.errcode === SQLITE_CONSTRAINT_UNIQUE &&
    error.message.includes("events.stream_id, events.version"),
  holding: (query) => query,
  holdingFree: (query) => query,
  claiming: (db, _queue, claim) => db.transaction().execute(claim),
};

const inMemory: DataFolder = { databasePath: ":memory:", release: () => {} };

async function folderOf(dataDir: string, beside: boolean): Promise<DataFolder> {
  if (dataDir === ":memory:") return inMemory;
  return beside ? openedFolder(dataDir) : openDataFolder(dataDir);
}

/** Opens the folder, or memory for `:memory:`. Throws `StoreLocked` where another process has it open. */
export async function openSqlite(dataDir: string, { beside }: { readonly beside: boolean }): Promise<Database> {
  const folder = await folderOf(dataDir, beside);
  const place = `"${folder.databasePath}"`;
  try {
    const db = new Kysely<Schema>({ dialect: new NodeSqliteDialect(openDatabase(folder.databasePath)) });
    return {
      db,
      differences: sqliteDifferences,
      place,
      alone: true,
      holder: "the one process",
      migrating: (migrate) => migrate(db),
      close: async () => {
        try {
          // The connection is given in order of asking.
          await db.connection().execute(async () => {});
          await db.destroy();
        } finally {
          folder.release();
        }
      },
    };
  } catch (cause) {
    folder.release();
    throw new Error(`opening the store ${place}`, { cause });
  }
}
