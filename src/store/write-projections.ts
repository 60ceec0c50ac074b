import type { Transaction } from "kysely";
import type { TaskId } from "../core/ids.ts";
import { prepared } from "./prepared.ts";
import type { HistoryRows, NewUsageRow, RunAccount, StateRows } from "./projections.ts";
import type {
  AgentStatusRow,
  DependencyRow,
  FeedbackRow,
  PhaseRow,
  QuestionRow,
  ReportedErrorRow,
  ReviewRow,
  RunRow,
  Schema,
  StepRow,
  TaskRow,
  VerificationRow,
} from "./schema.ts";

type Trx = Transaction<Schema>;

/** No row of these ever goes away but with `deletePhases`, so writing over is enough; the live columns of `agent_statuses` are left alone. */
export async function writeStateRows(trx: Trx, rows: StateRows): Promise<void> {
  for (const row of rows.tasks) await writeTask(trx, row);
  for (const row of rows.agentStatuses) await writeAgentStatus(trx, row);
  for (const row of rows.phases) await writePhase(trx, row);
  for (const row of rows.steps) await writeStep(trx, row);
  for (const row of rows.reviews) await writeReview(trx, row);
  for (const row of rows.feedback) await writeFeedback(trx, row);
  for (const row of rows.questions) await writeQuestion(trx, row);
  for (const row of rows.dependencies) await writeDependency(trx, row);
}

/** With their steps; all of them are to be written again. */
export async function deletePhases(trx: Trx, taskId: TaskId): Promise<void> {
  await trx.deleteFrom("steps").where("task_id", "=", taskId).execute();
  await trx.deleteFrom("phases").where("task_id", "=", taskId).execute();
}

/** Those that are not there yet as they should be; all of them where it is not known what is there. */
export function changedRows(before: StateRows | null, after: StateRows): StateRows {
  if (before === null) return after;
  return {
    tasks: changed(before.tasks, after.tasks),
    agentStatuses: changed(before.agentStatuses, after.agentStatuses),
    phases: changed(before.phases, after.phases),
    steps: changed(before.steps, after.steps),
    reviews: changed(before.reviews, after.reviews),
    feedback: changed(before.feedback, after.feedback),
    questions: changed(before.questions, after.questions),
    dependencies: changed(before.dependencies, after.dependencies),
  };
}

/** Rows come in the order of the playbook, so most are compared with themselves; one that moved is written once more. */
function changed<Row extends object>(before: readonly Row[], after: readonly Row[]): readonly Row[] {
  return after.filter((row, index) => {
    const earlier = before[index];
    if (earlier === undefined) return true;
    return Object.entries(row).some(([column, value]) => Reflect.get(earlier, column) !== value);
  });
}

/** A run that was requested twice has one row; the other rows have the version of their event as key. */
export async function writeHistoryRows(trx: Trx, rows: HistoryRows): Promise<void> {
  for (const row of rows.runs) await writeRun(trx, row);
  // Before what was spent, which takes its account from its run.
  for (const row of rows.accounts) await writeAccount(trx, row);
  for (const row of rows.reportedErrors) await writeReportedError(trx, row);
  for (const row of rows.verifications) await writeVerification(trx, row);
  for (const row of rows.usageMetrics) await writeUsage(trx, row);
}

const withoutLive = {
  current_action: null,
  current_step: null,
  current_document: null,
  agent_actions: "[]",
  last_update: null,
  input_tokens: 0,
  output_tokens: 0,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  cost_usd: 0,
} as const;

const writeTask = prepared((db, row: TaskRow) =>
  db
    .insertInto("tasks")
    .values(row)
    .onConflict((conflict) => conflict.column("id").doUpdateSet(row)),
);

const writeAgentStatus = prepared((db, row: AgentStatusRow) =>
  db
    .insertInto("agent_statuses")
    .values({ ...row, ...withoutLive })
    .onConflict((conflict) => conflict.column("task_id").doUpdateSet(row)),
);

const writePhase = prepared((db, row: PhaseRow) =>
  db
    .insertInto("phases")
    .values(row)
    .onConflict((conflict) =>
      conflict.columns(["task_id", "phase"]).doUpdateSet((eb) => ({
        purse_usd: eb.ref("excluded.purse_usd"),
        started_at: eb.ref("excluded.started_at"),
        failed_attempts: eb.ref("excluded.failed_attempts"),
        environment_faults: eb.ref("excluded.environment_faults"),
        empty_slices: eb.ref("excluded.empty_slices"),
        limited_runs: eb.ref("excluded.limited_runs"),
        cost_usd: eb.ref("excluded.cost_usd"),
        completed_by: eb.ref("excluded.completed_by"),
        completed_at: eb.ref("excluded.completed_at"),
        merge_sha: eb.ref("excluded.merge_sha"),
      })),
    ),
);

const writeStep = prepared((db, row: StepRow) =>
  db
    .insertInto("steps")
    .values(row)
    .onConflict((conflict) =>
      conflict.columns(["task_id", "phase", "step"]).doUpdateSet((eb) => ({
        completed: eb.ref("excluded.completed"),
        changeset_id: eb.ref("excluded.changeset_id"),
        commit_sha: eb.ref("excluded.commit_sha"),
      })),
    ),
);

const writeReview = prepared((db, row: ReviewRow) =>
  db
    .insertInto("reviews")
    .values(row)
    .onConflict((conflict) =>
      conflict.columns(["task_id", "phase"]).doUpdateSet((eb) => ({
        pull_request: eb.ref("excluded.pull_request"),
        url: eb.ref("excluded.url"),
        draft: eb.ref("excluded.draft"),
        status: eb.ref("excluded.status"),
        approved_by: eb.ref("excluded.approved_by"),
        requested_by: eb.ref("excluded.requested_by"),
      })),
    ),
);

const writeFeedback = prepared((db, row: FeedbackRow) =>
  db
    .insertInto("feedback")
    .values(row)
    .onConflict((conflict) =>
      conflict.columns(["task_id", "id"]).doUpdateSet((eb) => ({
        status: eb.ref("excluded.status"),
        answer: eb.ref("excluded.answer"),
      })),
    ),
);

const writeQuestion = prepared((db, row: QuestionRow) =>
  db
    .insertInto("questions")
    .values(row)
    .onConflict((conflict) =>
      conflict.columns(["task_id", "number"]).doUpdateSet((eb) => ({
        answer: eb.ref("excluded.answer"),
        answer_option: eb.ref("excluded.answer_option"),
        answered_by: eb.ref("excluded.answered_by"),
        answered_at: eb.ref("excluded.answered_at"),
        answer_comment_id: eb.ref("excluded.answer_comment_id"),
        delivered: eb.ref("excluded.delivered"),
      })),
    ),
);

const writeDependency = prepared((db, row: DependencyRow) =>
  db
    .insertInto("dependencies")
    .values(row)
    .onConflict((conflict) =>
      conflict.columns(["task_id", "name"]).doUpdateSet((eb) => ({
        request_id: eb.ref("excluded.request_id"),
        required: eb.ref("excluded.required"),
        steps: eb.ref("excluded.steps"),
        asked_at: eb.ref("excluded.asked_at"),
        state: eb.ref("excluded.state"),
        decided_by: eb.ref("excluded.decided_by"),
        slot: eb.ref("excluded.slot"),
        refused: eb.ref("excluded.refused"),
      })),
    ),
);

const writeRun = prepared((db, row: RunRow) =>
  db
    .insertInto("runs")
    .values(row)
    .onConflict((conflict) => conflict.column("id").doNothing()),
);

const writeAccount = prepared((db, { id, account }: RunAccount) =>
  db.updateTable("runs").set({ account }).where("id", "=", id),
);

const writeReportedError = prepared((db, row: ReportedErrorRow) => db.insertInto("reported_errors").values(row));

const writeVerification = prepared((db, row: VerificationRow) => db.insertInto("verifications").values(row));

const writeUsage = prepared((db, row: NewUsageRow) =>
  db.insertInto("usage_metrics").values((eb) => ({
    ...row,
    attempt: eb.selectFrom("runs").select("runs.attempt").where("runs.id", "=", row.run_id),
    account: eb.selectFrom("runs").select("runs.account").where("runs.id", "=", row.run_id),
  })),
);
