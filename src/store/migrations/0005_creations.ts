import type { Migration } from "kysely/migration";
import type { Columns } from "../database.ts";
import { createIndex, required, type AnyDb } from "./columns.ts";

/** What was just made on GitHub, and may be missing from its lists; and the newest of phases and runs, however many tasks are open. */
export function creations({ text }: Columns): Migration {
  return {
    up: async (db: AnyDb) => {
      await db.schema
        .createTable("creations")
        .addColumn("key", text, (column) => column.primaryKey())
        .addColumn("begun_at", text, required)
        .execute();
      await createIndex(db, "creations", ["begun_at"]);
      await createIndex(db, "phases", ["name", "completed_at"]);
      await createIndex(db, "runs", ["requested_at"]);
    },
  };
}
