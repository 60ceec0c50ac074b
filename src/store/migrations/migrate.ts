import { Migrator, type Migration } from "kysely/migration";
import type { Columns, Differences } from "../database.ts";
import type { Db } from "../schema.ts";
import { initial } from "./0001_initial.ts";
import { messageLeases } from "./0002_message_leases.ts";
import { feedback } from "./0003_feedback.ts";
import { dialogue } from "./0004_dialogue.ts";
import { creations } from "./0005_creations.ts";

/** In order; forward only. What shipped is never edited: a change is a new entry. */
function migrationsOf(columns: Columns): Record<string, Migration> {
  return {
    "0001_initial": initial(columns),
    "0002_message_leases": messageLeases(columns),
    "0003_feedback": feedback(columns),
    "0004_dialogue": dialogue(columns),
    "0005_creations": creations(columns),
  };
}

/** Names, in order. */
export function migrationsKnown({ columns }: Differences): readonly string[] {
  return Object.keys(migrationsOf(columns));
}

/** Throws where the tables are those of another version. */
export async function requireUpToDate(db: Db, differences: Differences): Promise<void> {
  const seen = await db
    .withTables<{ readonly kysely_migration: { readonly name: string } }>()
    .selectFrom("kysely_migration")
    .select("name")
    .orderBy("name")
    .execute();
  if (seen.map(({ name }) => name).join() === migrationsKnown(differences).join()) return;
  throw new Error("the store is of another version of Phasegate; start the app of this version once first");
}

/** Brings the tables up to date, or up to `last`; a migration that fails leaves nothing behind. */
export async function migrate(db: Db, { columns }: Differences, last?: string): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrationsOf(columns) } });
  const { error, results } = await (last === undefined ? migrator.migrateToLatest() : migrator.migrateTo(last));
  if (error === undefined) return;
  const failed = results?.find(({ status }) => status === "Error");
  if (failed !== undefined) throw new Error(`migrating the store to "${failed.migrationName}"`, { cause: error });
  if (error instanceof Error && error.message.includes("previously executed migration")) {
    const message = "migrating the store: it was written by a newer Phasegate; start that version, or restore a backup";
    throw new Error(message, { cause: error });
  }
  throw new Error("migrating the store", { cause: error });
}
