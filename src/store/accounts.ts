import { sql } from "kysely";
import type { Store } from "../control/ports/store.ts";
import { taskIdFrom } from "../core/ids.ts";
import type { Db } from "./schema.ts";
import { timestampFrom } from "./timestamp.ts";

type Accounts = Pick<
  Store,
  "limitAccount" | "accountLimit" | "freeAccount" | "accountOfRepository" | "openTasksOfAccount"
>;

/** Model accounts, their limits, and whose work goes on under them (H2). */
export function accounts(db: Db): Accounts {
  return {
    limitAccount: async (account, { since, resetsAt, message }) => {
      const row = {
        since: timestampFrom(since),
        resets_at: resetsAt === null ? null : timestampFrom(resetsAt),
        message,
      };
      await db
        .insertInto("account_limits")
        .values({ account, ...row })
        .onConflict((conflict) => conflict.column("account").doUpdateSet(row))
        .execute();
    },

    accountLimit: async (account) => {
      const row = await db.selectFrom("account_limits").selectAll().where("account", "=", account).executeTakeFirst();
      return row === undefined ? null : { since: row.since, resetsAt: row.resets_at, message: row.message };
    },

    freeAccount: async (account) => {
      await db.deleteFrom("account_limits").where("account", "=", account).execute();
    },

    accountOfRepository: async (repositoryId) => {
      const row = await db
        .selectFrom("tasks")
        .innerJoin("runs", "runs.task_id", "tasks.id")
        .select("runs.account")
        // The sign keeps the database from going through all tasks of the repository: one of its newest runs will do.
        .where(sql`+tasks.repository_id`, "=", repositoryId)
        .where("runs.account", "is not", null)
        .orderBy("runs.requested_at", "desc")
        .limit(1)
        .executeTakeFirst();
      return row?.account ?? null;
    },

    openTasksOfAccount: async (account) => {
      const rows = await db
        .selectFrom("tasks")
        .select("id")
        .where("account", "=", account)
        .where("ended_at", "is", null)
        .orderBy("created_at")
        .orderBy("id")
        .execute();
      return rows.map(({ id }) => taskIdFrom(id));
    },
  };
}
