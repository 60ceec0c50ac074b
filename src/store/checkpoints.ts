import type { Store, StoredCheckpoint } from "../control/ports/store.ts";
import { runIdFrom, taskIdFrom } from "../core/ids.ts";
import type { Differences } from "./database.ts";
import type { Db, Schema } from "./schema.ts";
import { timestampFrom } from "./timestamp.ts";

type Checkpoints = Pick<
  Store,
  | "saveCheckpoint"
  | "readCheckpoint"
  | "dropCheckpoint"
  | "checkpointNotSealedWith"
  | "resealCheckpoint"
  | "checkpointsByKey"
>;

/** What the next run of a task goes on from. */
export function checkpoints(db: Db, differences: Differences): Checkpoints {
  return {
    saveCheckpoint: async ({ taskId, checkpointId, runId, phase, createdAt, keyId, sealed }) => {
      const row = {
        checkpoint_id: checkpointId,
        run_id: runId,
        phase,
        created_at: timestampFrom(createdAt),
        key_id: keyId,
        sealed,
      };
      await db.transaction().execute(async (trx) => {
        // Held, so that the task cannot end meanwhile: what its end drops would be there again.
        const open = trx.selectFrom("tasks").select("id").where("id", "=", taskId).where("ended_at", "is", null);
        if ((await differences.holding(open).executeTakeFirst()) === undefined) return;
        await trx
          .insertInto("checkpoints")
          .values({ task_id: taskId, ...row })
          .onConflict((conflict) => conflict.column("task_id").doUpdateSet(row))
          .execute();
      });
    },

    readCheckpoint: async (taskId) => {
      const row = await db.selectFrom("checkpoints").selectAll().where("task_id", "=", taskId).executeTakeFirst();
      return row === undefined ? null : checkpointFrom(row);
    },

    checkpointNotSealedWith: async (keyId, after) => {
      const row = await db
        .selectFrom("checkpoints")
        .selectAll()
        .where("key_id", "<>", keyId)
        .where("task_id", ">", after ?? "")
        .orderBy("task_id")
        .limit(1)
        .executeTakeFirst();
      return row === undefined ? null : checkpointFrom(row);
    },

    resealCheckpoint: async ({ taskId, checkpointId, createdAt, keyId }, anew) => {
      await db
        .updateTable("checkpoints")
        .set({ key_id: anew.keyId, sealed: anew.sealed })
        .where("task_id", "=", taskId)
        .where("checkpoint_id", "=", checkpointId)
        .where("created_at", "=", createdAt)
        .where("key_id", "=", keyId)
        .execute();
    },

    checkpointsByKey: async () => {
      const rows = await db
        .selectFrom("checkpoints")
        .select(({ fn }) => ["key_id", fn.countAll<number>().as("count")])
        .groupBy("key_id")
        .orderBy("key_id")
        .execute();
      return new Map(rows.map(({ key_id, count }) => [key_id, count]));
    },

    dropCheckpoint: async (taskId) => {
      await db.deleteFrom("checkpoints").where("task_id", "=", taskId).execute();
    },
  };
}

function checkpointFrom(row: Schema["checkpoints"]): StoredCheckpoint {
  return {
    taskId: taskIdFrom(row.task_id),
    checkpointId: row.checkpoint_id,
    runId: runIdFrom(row.run_id),
    phase: row.phase,
    createdAt: row.created_at,
    keyId: row.key_id,
    sealed: row.sealed,
  };
}
