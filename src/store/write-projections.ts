import type { Transaction } from "kysely";
import type { HistoryRows, StateRows } from "./projections.ts";
import type { Schema } from "./schema.ts";

type Trx = Transaction<Schema>;

/** No row of these ever goes away, so writing over is enough; the live columns of `agent_statuses` are left alone. */
export async function writeStateRows(trx: Trx, rows: StateRows): Promise<void> {
  const { task, agentStatus, phases, steps, reviews, feedback } = rows;
  await trx
    .insertInto("tasks")
    .values(task)
    .onConflict((conflict) => conflict.column("id").doUpdateSet(task))
    .execute();
  await trx
    .insertInto("agent_statuses")
    .values({ ...agentStatus, ...withoutLive })
    .onConflict((conflict) => conflict.column("task_id").doUpdateSet(agentStatus))
    .execute();
  if (phases.length > 0) await writePhases(trx, phases);
  if (steps.length > 0) await writeSteps(trx, steps);
  if (reviews.length > 0) await writeReviews(trx, reviews);
  if (feedback.length > 0) await writeFeedback(trx, feedback);
}

/** A run that was requested twice has one row; the other rows have the version of their event as key. */
export async function writeHistoryRows(trx: Trx, rows: HistoryRows): Promise<void> {
  const { runs, verifications, usageMetrics } = rows;
  if (runs.length > 0) {
    await trx
      .insertInto("runs")
      .values(runs)
      .onConflict((conflict) => conflict.column("id").doNothing())
      .execute();
  }
  if (verifications.length > 0) await trx.insertInto("verifications").values(verifications).execute();
  if (usageMetrics.length > 0) await trx.insertInto("usage_metrics").values(usageMetrics).execute();
}

const withoutLive = {
  current_action: null,
  current_step: null,
  last_update: null,
  input_tokens: 0,
  output_tokens: 0,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  cost_usd: 0,
} as const;

async function writePhases(trx: Trx, phases: StateRows["phases"]): Promise<void> {
  await trx
    .insertInto("phases")
    .values(phases)
    .onConflict((conflict) =>
      conflict.columns(["task_id", "phase"]).doUpdateSet((eb) => ({
        started_at: eb.ref("excluded.started_at"),
        failed_attempts: eb.ref("excluded.failed_attempts"),
        environment_faults: eb.ref("excluded.environment_faults"),
        cost_usd: eb.ref("excluded.cost_usd"),
        completed_by: eb.ref("excluded.completed_by"),
        completed_at: eb.ref("excluded.completed_at"),
        merge_sha: eb.ref("excluded.merge_sha"),
      })),
    )
    .execute();
}

async function writeSteps(trx: Trx, steps: StateRows["steps"]): Promise<void> {
  await trx
    .insertInto("steps")
    .values(steps)
    .onConflict((conflict) =>
      conflict.columns(["task_id", "phase", "step"]).doUpdateSet((eb) => ({
        completed: eb.ref("excluded.completed"),
        changeset_id: eb.ref("excluded.changeset_id"),
        commit_sha: eb.ref("excluded.commit_sha"),
      })),
    )
    .execute();
}

async function writeReviews(trx: Trx, reviews: StateRows["reviews"]): Promise<void> {
  await trx
    .insertInto("reviews")
    .values(reviews)
    .onConflict((conflict) =>
      conflict.columns(["task_id", "phase"]).doUpdateSet((eb) => ({
        pull_request: eb.ref("excluded.pull_request"),
        url: eb.ref("excluded.url"),
        draft: eb.ref("excluded.draft"),
        status: eb.ref("excluded.status"),
        approved_by: eb.ref("excluded.approved_by"),
        requested_by: eb.ref("excluded.requested_by"),
      })),
    )
    .execute();
}

async function writeFeedback(trx: Trx, feedback: StateRows["feedback"]): Promise<void> {
  await trx
    .insertInto("feedback")
    .values(feedback)
    .onConflict((conflict) =>
      conflict.columns(["task_id", "id"]).doUpdateSet((eb) => ({
        status: eb.ref("excluded.status"),
        answer: eb.ref("excluded.answer"),
      })),
    )
    .execute();
}
