import type { Migration } from "kysely/migration";
import type { Columns } from "../database.ts";
import { createIndex, ofTask, required, withUsage, type AnyDb } from "./columns.ts";

export function initial(columns: Columns): Migration {
  return {
    up: async (db: AnyDb) => {
      await createTruth(db, columns);
      await createQueues(db, columns);
      await createRunTables(db, columns);
      await createTaskTables(db, columns);
      await createPhaseTables(db, columns);
    },
  };
}

async function createTruth(db: AnyDb, { text, integer, bytes }: Columns): Promise<void> {
  await db.schema
    .createTable("events")
    .addColumn("id", text, (column) => column.primaryKey())
    .addColumn("stream_id", text, required)
    .addColumn("version", integer, required)
    .addColumn("type", text, required)
    .addColumn("schema_version", integer, required)
    .addColumn("payload", text, required)
    .addColumn("timestamp", text, required)
    .addColumn("user_id", text)
    .addUniqueConstraint("events_stream_version", ["stream_id", "version"])
    .execute();
  await db.schema
    .createTable("texts")
    .addColumn("hash", text, (column) => column.primaryKey())
    .addColumn("gz", bytes, required)
    .execute();
  await db.schema
    .createTable("changesets")
    .addColumn("id", text, (column) => column.primaryKey())
    .addColumn("gz", bytes, required)
    .addColumn("stored_at", text, required)
    .execute();
}

/** Both queues are read by status first, so what is finished costs the others nothing. */
async function createQueues(db: AnyDb, { text, integer, sequence, asSequence }: Columns): Promise<void> {
  await db.schema
    .createTable("inbox")
    .addColumn("seq", sequence, asSequence)
    .addColumn("key", text, (column) => column.notNull().unique())
    .addColumn("kind", text, required)
    .addColumn("lane", text, required)
    .addColumn("body", text, required)
    .addColumn("received_at", text, required)
    .addColumn("status", text, required)
    .addColumn("not_before", text, required)
    .addColumn("attempts", integer, required)
    .addColumn("put_offs", integer, required)
    .addColumn("error", text)
    .addColumn("ended_at", text)
    .execute();
  await createIndex(db, "inbox", ["status", "lane", "seq"]);
  await db.schema
    .createTable("effects")
    .addColumn("seq", sequence, asSequence)
    .addColumn("key", text, (column) => column.notNull().unique())
    .addColumn("task_id", text, required)
    .addColumn("lane", text, required)
    .addColumn("effect", text, required)
    .addColumn("status", text, required)
    .addColumn("not_before", text, required)
    .addColumn("lease_until", text)
    .addColumn("again_not_before", text)
    .addColumn("attempts", integer, required)
    .addColumn("put_offs", integer, required)
    .addColumn("error", text)
    .addColumn("ended_at", text)
    .execute();
  await createIndex(db, "effects", ["status", "lane", "seq"]);
  await createIndex(db, "effects", ["task_id", "status"]);
}

async function createRunTables(db: AnyDb, { text, integer, bytes }: Columns): Promise<void> {
  await db.schema
    .createTable("run_sessions")
    .addColumn("token_hash", text, (column) => column.primaryKey())
    .addColumn("run_id", text, required)
    .addColumn("task_id", text, required)
    .addColumn("opened_at", text, required)
    .addColumn("last_heard_at", text, required)
    .addColumn("closed_at", text)
    .execute();
  await createIndex(db, "run_sessions", ["run_id"]);
  await db.schema
    .createTable("oidc_tokens")
    .addColumn("jti", text, (column) => column.primaryKey())
    .addColumn("expires_at", text, required)
    .execute();
  await createIndex(db, "oidc_tokens", ["expires_at"]);
  await db.schema
    .createTable("run_logs")
    .addColumn("run_id", text, required)
    .addColumn("first_number", integer, required)
    .addColumn("last_number", integer, required)
    .addColumn("gz", bytes, required)
    .addColumn("stored_at", text, required)
    .addPrimaryKeyConstraint("run_logs_key", ["run_id", "first_number"])
    .execute();
}

async function createTaskTables(db: AnyDb, columns: Columns): Promise<void> {
  const { text, integer, money } = columns;
  await db.schema
    .createTable("tasks")
    .addColumn("id", text, (column) => column.primaryKey())
    .addColumn("installation_id", integer, required)
    .addColumn("repository_id", integer, required)
    .addColumn("repository_owner", text, required)
    .addColumn("repository_name", text, required)
    .addColumn("issue_number", integer, required)
    .addColumn("issue_title", text, required)
    .addColumn("issue_author", text, required)
    .addColumn("ordinal", integer, required)
    .addColumn("status", text, required)
    .addColumn("playbook", text, required)
    .addColumn("playbook_hash", text, required)
    .addColumn("prompt_hash", text)
    .addColumn("created_by", text, required)
    .addColumn("created_at", text, required)
    .addColumn("started_by", text)
    .addColumn("ended_at", text)
    .addColumn("current_phase", integer)
    .addColumn("task_budget_usd", money, required)
    .addColumn("cost_usd", money, required)
    .addColumn("run_id", text)
    .addColumn("run_requested_at", text)
    .addColumn("workflow_run_id", integer)
    // Two tasks of one ordinal would share their branches.
    .addUniqueConstraint("tasks_issue_ordinal", ["repository_id", "issue_number", "ordinal"])
    .execute();
  await createIndex(db, "tasks", ["run_id"]);
  await db.schema
    .createTable("runs")
    .addColumn("id", text, (column) => column.primaryKey())
    .$call(ofTask(columns))
    .addColumn("phase", integer, required)
    .addColumn("attempt", integer, required)
    .addColumn("requested_at", text, required)
    .execute();
  await db.schema
    .createTable("agent_statuses")
    .addColumn("task_id", text, (column) => column.primaryKey().references("tasks.id"))
    .addColumn("status", text, required)
    .addColumn("current_phase", text)
    .addColumn("progress", integer, required)
    .addColumn("blocked_by", text)
    .addColumn("blocked_reason", text)
    .addColumn("recent_actions", text, required)
    .addColumn("current_action", text)
    .addColumn("current_step", text)
    .addColumn("last_update", text)
    .$call(withUsage(columns))
    .execute();
}

async function createPhaseTables(db: AnyDb, columns: Columns): Promise<void> {
  const { text, integer, money } = columns;
  await db.schema
    .createTable("phases")
    .$call(ofTask(columns))
    .addColumn("phase", integer, required)
    .addColumn("name", text, required)
    .addColumn("title", text, required)
    .addColumn("branch", text, required)
    .addColumn("budget_usd", money, required)
    .addColumn("started_at", text)
    .addColumn("failed_attempts", integer, required)
    .addColumn("environment_faults", integer, required)
    .addColumn("cost_usd", money, required)
    .addColumn("completed_by", text)
    .addColumn("completed_at", text)
    .addColumn("merge_sha", text)
    .addPrimaryKeyConstraint("phases_key", ["task_id", "phase"])
    .execute();
  await db.schema
    .createTable("steps")
    .$call(ofTask(columns))
    .addColumn("phase", integer, required)
    .addColumn("step", text, required)
    .addColumn("position", integer, required)
    .addColumn("title", text, required)
    .addColumn("completed", integer, required)
    .addColumn("changeset_id", text)
    .addColumn("commit_sha", text)
    .addPrimaryKeyConstraint("steps_key", ["task_id", "phase", "step"])
    .execute();
  await db.schema
    .createTable("reviews")
    .$call(ofTask(columns))
    .addColumn("phase", integer, required)
    .addColumn("pull_request", integer, required)
    .addColumn("url", text, required)
    .addColumn("draft", integer, required)
    .addColumn("status", text, required)
    .addColumn("approved_by", text, required)
    .addPrimaryKeyConstraint("reviews_key", ["task_id", "phase"])
    .execute();
  await createIndex(db, "reviews", ["pull_request"]);
  await db.schema
    .createTable("verifications")
    .$call(ofTask(columns))
    .addColumn("version", integer, required)
    .addColumn("phase", integer, required)
    .addColumn("attempt", integer, required)
    .addColumn("head_sha", text, required)
    .addColumn("passed", integer, required)
    .addColumn("checks", text, required)
    .addColumn("findings", text, required)
    .addColumn("verified_at", text, required)
    .addPrimaryKeyConstraint("verifications_key", ["task_id", "version"])
    .execute();
  await db.schema
    .createTable("usage_metrics")
    .$call(ofTask(columns))
    .addColumn("version", integer, required)
    .addColumn("run_id", text, required)
    .addColumn("phase", integer, required)
    .addColumn("step", text)
    .addColumn("recorded_at", text, required)
    .$call(withUsage(columns))
    .addPrimaryKeyConstraint("usage_metrics_key", ["task_id", "version"])
    .execute();
  await createIndex(db, "usage_metrics", ["recorded_at"]);
}
