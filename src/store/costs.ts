import { sql } from "kysely";
import type { Store } from "../control/ports/store.ts";
import type { Db } from "./schema.ts";
import { timestampFrom } from "./timestamp.ts";

const costsMax = 20;

type Costs = Pick<Store, "usage" | "costsOfPhase">;

/** What the work has cost (H1). */
export function costs(db: Db): Costs {
  return {
    usage: async ({ account, taskId, since }) => {
      let query = db.selectFrom("usage_metrics");
      if (account !== undefined) query = query.where("account", "=", account);
      if (taskId !== undefined) query = query.where("task_id", "=", taskId);
      if (since !== undefined) query = query.where("recorded_at", ">=", timestampFrom(since));
      const row = await query
        .select(({ fn }) => [
          fn.sum<number | null>("input_tokens").as("input"),
          fn.sum<number | null>("output_tokens").as("output"),
          fn.sum<number | null>("cache_creation_input_tokens").as("cache_creation"),
          fn.sum<number | null>("cache_read_input_tokens").as("cache_read"),
          fn.sum<number | null>("cost_usd").as("cost"),
          fn.count<number>("task_id").distinct().as("tasks"),
        ])
        .executeTakeFirstOrThrow();
      return {
        usage: {
          inputTokens: row.input ?? 0,
          outputTokens: row.output ?? 0,
          cacheCreationInputTokens: row.cache_creation ?? 0,
          cacheReadInputTokens: row.cache_read ?? 0,
        },
        costUsd: row.cost ?? 0,
        tasks: row.tasks,
      };
    },

    costsOfPhase: async (repositoryId, playbook, phase) => {
      const rows = await db
        .selectFrom("tasks")
        .innerJoin("phases", "phases.task_id", "tasks.id")
        .select("phases.cost_usd")
        // The sign keeps the database from going through all tasks of the repository: the newest phases are few.
        .where(sql`+tasks.repository_id`, "=", repositoryId)
        .where("tasks.playbook", "=", playbook)
        .where("phases.name", "=", phase)
        .where("phases.completed_at", "is not", null)
        .orderBy("phases.completed_at", "desc")
        .orderBy("tasks.id")
        .limit(costsMax)
        .execute();
      return rows.map(({ cost_usd }) => cost_usd);
    },
  };
}
