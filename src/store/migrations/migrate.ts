import { Migrator, type Migration } from "kysely/migration";
import type { Db } from "../schema.ts";
import { initial } from "./0001_initial.ts";

/** In order; forward only. What shipped is never edited: a change is a new entry. */
const migrations: Record<string, Migration> = {
  "0001_initial": initial,
};

/** Brings the tables up to date; a migration that fails leaves nothing behind. */
export async function migrate(db: Db): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
  const { error, results } = await migrator.migrateToLatest();
  if (error === undefined) return;
  const failed = results?.find(({ status }) => status === "Error");
  if (failed !== undefined) throw new Error(`migrating the store to "${failed.migrationName}"`, { cause: error });
  if (error instanceof Error && error.message.includes("previously executed migration")) {
    const message = "migrating the store: it was written by a newer Phasegate; start that version, or restore a backup";
    throw new Error(message, { cause: error });
  }
  throw new Error("migrating the store", { cause: error });
}
