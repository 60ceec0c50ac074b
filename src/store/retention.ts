import type { Transaction } from "kysely";
import type { Store } from "../control/ports/store.ts";
import type { TaskId } from "../core/ids.ts";
import type { Db, Schema } from "./schema.ts";
import { timestampFrom } from "./timestamp.ts";

type Retention = Pick<Store, "forgetMessages" | "forgetTraces">;

/** Takes away what has had its time. Events, and the texts and read models that go with them, are left alone. */
export function retention(db: Db): Retention {
  return {
    forgetMessages: async ({ processedBefore, failedBefore }, limit) => {
      // Along the key, oldest first: whoever asks again finds the next ones at once.
      const { numDeletedRows } = await db
        .deleteFrom("inbox")
        .where("seq", "in", (eb) =>
          eb
            .selectFrom("inbox as old")
            .select("old.seq")
            .where((old) =>
              old.or([
                old.and([
                  old("old.ended_at", "<", timestampFrom(processedBefore)),
                  old("old.status", "not in", ["waiting", "failed"]),
                ]),
                old.and([
                  old("old.ended_at", "<", timestampFrom(failedBefore)),
                  old("old.status", "not in", ["waiting", "processed"]),
                ]),
              ]),
            )
            .orderBy("old.seq")
            .limit(limit),
        )
        .executeTakeFirstOrThrow();
      return Number(numDeletedRows);
    },

    forgetTraces: async (endedBefore, limit) =>
      db.transaction().execute(async (trx) => {
        const tasks = await trx
          .selectFrom("tasks")
          .select("id")
          .where("ended_at", "<", timestampFrom(endedBefore))
          // Every task that ended has some, and they go with the rest: so it is picked once.
          .where((eb) =>
            eb.exists(
              eb
                .selectFrom("effects")
                .select("effects.seq")
                .whereRef("effects.task_id", "=", "tasks.id")
                .where("effects.status", "=", "done"),
            ),
          )
          .limit(limit)
          .execute();
        for (const { id } of tasks) {
          await dropTraces(trx, id);
          await trx.deleteFrom("run_sessions").where("run_id", "in", runsOf(trx, id)).execute();
          await trx.deleteFrom("effects").where("task_id", "=", id).where("status", "=", "done").execute();
        }
        return tasks.length;
      }),
  };
}

/** What lies beside the events of a task, and nothing of it is decided on once the task has ended. */
export async function dropTraces(trx: Transaction<Schema>, taskId: TaskId | string): Promise<void> {
  for (const { id } of await runsOf(trx, taskId).execute()) {
    // Ids of changesets begin with their run; `0` comes right after the slash.
    await trx.deleteFrom("changesets").where("id", ">", `${id}/`).where("id", "<", `${id}0`).execute();
  }
  await trx.deleteFrom("run_logs").where("run_id", "in", runsOf(trx, taskId)).execute();
  await trx.deleteFrom("checkpoints").where("task_id", "=", taskId).execute();
  await trx
    .updateTable("agent_statuses")
    .set({ current_action: null, current_step: null, current_document: null, agent_actions: "[]" })
    .where("task_id", "=", taskId)
    .execute();
}

function runsOf(trx: Transaction<Schema>, taskId: string) {
  return trx.selectFrom("runs").select("id").where("task_id", "=", taskId);
}
