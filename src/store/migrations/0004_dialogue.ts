import { sql } from "kysely";
import type { Migration } from "kysely/migration";
import type { Columns } from "../database.ts";
import { createIndex, ofTask, required, type AnyDb } from "./columns.ts";

/** What the agent asks of people, what it can go on from, and what it costs under which model account. */
export function dialogue(columns: Columns): Migration {
  return {
    up: async (db: AnyDb) => {
      await createRequests(db, columns);
      await createCheckpoints(db, columns);
      await addAccounts(db, columns);
      await addToStatus(db, columns);
    },
  };
}

async function createRequests(db: AnyDb, columns: Columns): Promise<void> {
  const { text, integer } = columns;
  await db.schema
    .createTable("questions")
    .$call(ofTask(columns))
    .addColumn("number", integer, required)
    .addColumn("request_id", text, required)
    .addColumn("position", integer, required)
    .addColumn("phase", integer, required)
    .addColumn("step", text, required)
    .addColumn("category", text, required)
    .addColumn("question", text, required)
    .addColumn("options", text, required)
    .addColumn("default_answer", text)
    .addColumn("required", integer, required)
    .addColumn("asked_at", text, required)
    .addColumn("answer", text)
    .addColumn("answer_option", integer)
    .addColumn("answered_by", text)
    .addColumn("answered_at", text)
    .addColumn("answer_comment_id", integer)
    .addColumn("delivered", integer, required)
    .addPrimaryKeyConstraint("questions_key", ["task_id", "number"])
    .execute();
  await db.schema
    .createTable("dependencies")
    .$call(ofTask(columns))
    .addColumn("name", text, required)
    .addColumn("position", integer, required)
    .addColumn("request_id", text, required)
    .addColumn("asked_as", text, required)
    .addColumn("type", text, required)
    .addColumn("description", text, required)
    .addColumn("required", integer, required)
    .addColumn("steps", text, required)
    .addColumn("asked_at", text, required)
    .addColumn("state", text, required)
    .addColumn("decided_by", text)
    .addColumn("slot", integer)
    .addColumn("refused", text)
    .addPrimaryKeyConstraint("dependencies_key", ["task_id", "name"])
    .execute();
  await db.schema
    .createTable("reported_errors")
    .$call(ofTask(columns))
    .addColumn("version", integer, required)
    .addColumn("request_id", text, required)
    .addColumn("run_id", text, required)
    .addColumn("phase", integer, required)
    .addColumn("step", text, required)
    .addColumn("type", text, required)
    .addColumn("message", text, required)
    .addColumn("details", text, required)
    .addColumn("cause", text, required)
    .addColumn("reported_at", text, required)
    .addPrimaryKeyConstraint("reported_errors_key", ["task_id", "version"])
    .execute();
}

async function createCheckpoints(db: AnyDb, { text, integer, bytes }: Columns): Promise<void> {
  await db.schema
    .createTable("checkpoints")
    .addColumn("task_id", text, (column) => column.primaryKey().references("tasks.id"))
    .addColumn("checkpoint_id", text, required)
    .addColumn("run_id", text, required)
    .addColumn("phase", integer, required)
    .addColumn("created_at", text, required)
    .addColumn("key_id", text, required)
    .addColumn("sealed", bytes, required)
    .execute();
}

async function addAccounts(db: AnyDb, { text, integer }: Columns): Promise<void> {
  await db.schema
    .createTable("account_limits")
    .addColumn("account", text, (column) => column.primaryKey())
    .addColumn("since", text, required)
    .addColumn("resets_at", text)
    .addColumn("message", text, required)
    .execute();
  await db.schema.alterTable("tasks").addColumn("account", text).execute();
  await createIndex(db, "tasks", ["account", "ended_at"]);
  await db.schema.alterTable("runs").addColumn("account", text).execute();
  await createIndex(db, "runs", ["task_id"]);
  await db.schema.alterTable("usage_metrics").addColumn("attempt", integer).execute();
  await db.schema.alterTable("usage_metrics").addColumn("account", text).execute();
  // No runner had said yet under which account it works, but which attempt a run was is known.
  await sql`update usage_metrics
    set attempt = (select runs.attempt from runs where runs.id = usage_metrics.run_id)`.execute(db);
  await createIndex(db, "usage_metrics", ["account", "recorded_at"]);
}

async function addToStatus(db: AnyDb, { text, integer, money }: Columns): Promise<void> {
  for (const counter of ["empty_slices", "limited_runs"]) {
    await db.schema
      .alterTable("phases")
      .addColumn(counter, integer, (column) => column.notNull().defaultTo(0))
      .execute();
  }
  await db.schema.alterTable("phases").addColumn("purse_usd", money).execute();
  await db.schema.alterTable("agent_statuses").addColumn("current_document", text).execute();
  await db.schema
    .alterTable("agent_statuses")
    .addColumn("agent_actions", text, (column) => column.notNull().defaultTo("[]"))
    .execute();
}
