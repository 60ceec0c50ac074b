import type { Migration } from "kysely/migration";
import type { Columns } from "../database.ts";
import { createIndex, ofTask, required, type AnyDb } from "./columns.ts";

/** What reviewers said, and the key with which a runner seals what it could not deliver. */
export function feedback(columns: Columns): Migration {
  const { text, integer } = columns;
  return {
    up: async (db: AnyDb) => {
      await db.schema
        .createTable("feedback")
        .$call(ofTask(columns))
        .addColumn("id", text, required)
        .addColumn("phase", integer, required)
        .addColumn("request", text, required)
        .addColumn("given_by", text, required)
        .addColumn("path", text)
        .addColumn("line", integer)
        .addColumn("step", text, required)
        .addColumn("status", text, required)
        .addColumn("answer", text)
        .addPrimaryKeyConstraint("feedback_key", ["task_id", "id"])
        .execute();
      await db.schema
        .alterTable("reviews")
        .addColumn("requested_by", text, (column) => column.notNull().defaultTo("[]"))
        .execute();
      // Empty for the sessions that are there: an older action has no key, and seals nothing.
      await db.schema
        .alterTable("run_sessions")
        .addColumn("seal_key", text, (column) => column.notNull().defaultTo(""))
        .execute();
      await createIndex(db, "tasks", ["repository_id", "ended_at"]);
    },
  };
}
