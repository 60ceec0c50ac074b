import type { Store } from "../control/ports.ts";
import { runIdFrom, taskIdFrom } from "../core/ids.ts";
import { effectHeads } from "./effect-queue.ts";
import { messageHeads } from "./inbox.ts";
import type { Db } from "./schema.ts";

type Lookups = Pick<Store, "tasksOfIssue" | "taskOfPullRequest" | "taskOfRun" | "openRuns" | "openTasks" | "nextDueAt">;

/** `holder` names the open store, whose own leases are no reason to wait. */
export function lookups(db: Db, holder: string): Lookups {
  return {
    tasksOfIssue: async (repositoryId, issueNumber) => {
      const rows = await db
        .selectFrom("tasks")
        .select("id")
        .where("repository_id", "=", repositoryId)
        .where("issue_number", "=", issueNumber)
        .orderBy("ordinal", "desc")
        .execute();
      return rows.map(({ id }) => taskIdFrom(id));
    },

    taskOfPullRequest: async (repositoryId, pullRequest) => {
      const row = await db
        .selectFrom("reviews")
        .innerJoin("tasks", "tasks.id", "reviews.task_id")
        .select("tasks.id")
        .where("reviews.pull_request", "=", pullRequest)
        .where("tasks.repository_id", "=", repositoryId)
        .orderBy("tasks.created_at", "desc")
        .limit(1)
        .executeTakeFirst();
      return row === undefined ? null : taskIdFrom(row.id);
    },

    taskOfRun: async (runId) => {
      const row = await db.selectFrom("runs").select("task_id").where("id", "=", runId).executeTakeFirst();
      return row === undefined ? null : taskIdFrom(row.task_id);
    },

    openRuns: async () => {
      const rows = await db
        .selectFrom("tasks")
        .select(["id", "run_id", "run_requested_at", "workflow_run_id"])
        .select((eb) =>
          eb
            .selectFrom("run_sessions")
            .select((session) => session.fn.max("last_heard_at").as("last_heard_at"))
            .whereRef("run_sessions.run_id", "=", "tasks.run_id")
            .as("last_heard_at"),
        )
        .where("run_id", "is not", null)
        .orderBy("run_requested_at")
        .execute();
      return rows.flatMap((row) =>
        row.run_id === null || row.run_requested_at === null
          ? []
          : [
              {
                taskId: taskIdFrom(row.id),
                runId: runIdFrom(row.run_id),
                requestedAt: row.run_requested_at,
                workflowRunId: row.workflow_run_id,
                lastHeardAt: row.last_heard_at,
              },
            ],
      );
    },

    openTasks: async ({ repositoryId, installationId } = {}) => {
      const rows = await db
        .selectFrom("tasks")
        .select("id")
        .where("ended_at", "is", null)
        .$if(repositoryId !== undefined, (query) => query.where("repository_id", "=", repositoryId ?? 0))
        .$if(installationId !== undefined, (query) => query.where("installation_id", "=", installationId ?? 0))
        .orderBy("created_at")
        .orderBy("id")
        .execute();
      return rows.map(({ id }) => taskIdFrom(id));
    },

    nextDueAt: async (after = "") => {
      const effects = await effectHeads(db).select(["head.not_before", "head.lease_until"]).execute();
      const messages = await messageHeads(db).select(["head.not_before", "head.lease_until", "head.holder"]).execute();
      const moments = [
        // While somebody works on it, the next thing that can happen to an effect is the end of the lease.
        ...effects.map(({ not_before, lease_until }) => lease_until ?? not_before),
        ...messages.map((row) => (row.holder === holder ? row.not_before : (row.lease_until ?? row.not_before))),
      ];
      return moments
        .filter((moment) => moment > after)
        .reduce<string | null>(
          (earliest, moment) => (earliest === null || moment < earliest ? moment : earliest),
          null,
        );
    },
  };
}
