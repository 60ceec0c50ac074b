/** Tasks as they lie in the store, to be kept elsewhere and brought back from there. */
import type { Transaction } from "kysely";
import { NotRestored, type KeptTask, type Store, type StoredEvent } from "../control/ports/store.ts";
import type { TaskEvent } from "../core/events.ts";
import { stateFrom } from "../core/evolve.ts";
import { taskIdFrom, type TaskId } from "../core/ids.ts";
import { invariant } from "../core/invariant.ts";
import { compressText } from "./compression.ts";
import { insertEffects } from "./effect-queue.ts";
import { decodeEvent } from "./event-codec.ts";
import { rowsOfEvents, rowsOfState } from "./projections.ts";
import type { Db, Schema } from "./schema.ts";
import { timestampFrom } from "./timestamp.ts";
import { writeHistoryRows, writeStateRows } from "./write-projections.ts";

type StoredTasks = Pick<Store, "tasksAfter" | "readStored" | "restoreTask">;

export function storedTasks(db: Db, newId: () => string): StoredTasks {
  return {
    tasksAfter: async (taskId, limit) => {
      const rows = await db
        .selectFrom("tasks")
        .select("id")
        .where("id", ">", taskId ?? "")
        .orderBy("id")
        .limit(limit)
        .execute();
      return rows.map(({ id }) => taskIdFrom(id));
    },

    readStored: (taskId) => readStored(db, taskId),

    restoreTask: async (kept, dueOf) => {
      const { taskId } = kept;
      const events = decoded(kept);
      const [created] = events;
      if (created?.type !== "TaskCreated" || created.taskId !== taskId) {
        throw new NotRestored(`it does not begin with the creation of task ${taskId}`);
      }
      const state = stateFrom(events);
      invariant(state.status !== "absent", "a task that was created has a state");
      const texts = await Promise.all(
        kept.texts.map(async ({ hash, text }) => ({ hash, gz: await compressText(text) })),
      );
      return db.transaction().execute(async (trx) => {
        const known = await readStored(trx, taskId);
        refuseWhatDiffers(kept, known);
        const before = known.length;
        const restored = { before, kept: kept.events.length };
        if (before >= restored.kept) return restored;
        await refuseAnother(trx, taskId, state.repository.repositoryId, state.issue.number, state.ordinal);
        for (const [index, { at }] of events.entries()) {
          const stored = kept.events[index];
          if (index < before || stored === undefined) continue;
          const { type, schemaVersion, payload, userId } = stored;
          const row = {
            id: newId(),
            stream_id: taskId,
            version: index + 1,
            type,
            schema_version: schemaVersion,
            payload,
            timestamp: timestampFrom(at),
            user_id: userId,
          };
          await trx.insertInto("events").values(row).execute();
        }
        for (const text of texts) {
          await trx
            .insertInto("texts")
            .values(text)
            .onConflict((conflict) => conflict.column("hash").doNothing())
            .execute();
        }
        await writeStateRows(trx, rowsOfState(state));
        const earlier = stateFrom(events.slice(0, before));
        const account = earlier.status === "absent" ? null : earlier.account;
        await writeHistoryRows(trx, rowsOfEvents(taskId, before + 1, events.slice(before), account));
        await insertEffects(trx, taskId, dueOf(events));
        return restored;
      });
    },
  };
}

async function readStored(db: Db, taskId: TaskId): Promise<readonly StoredEvent[]> {
  const rows = await db
    .selectFrom("events")
    .select(["type", "schema_version", "payload", "user_id"])
    .where("stream_id", "=", taskId)
    .orderBy("version")
    .execute();
  return rows.map((row) => ({
    type: row.type,
    schemaVersion: row.schema_version,
    payload: row.payload,
    userId: row.user_id,
  }));
}

/** What this Phasegate can't read would stop the task for good once it lies in the store. */
function decoded({ events }: KeptTask): readonly TaskEvent[] {
  return events.map(({ type, schemaVersion, payload }, index) => {
    try {
      return decodeEvent({ type, schema_version: schemaVersion, payload });
    } catch (cause) {
      throw new NotRestored(`its event ${index + 1} can't be read: ${cause instanceof Error ? cause.message : ""}`, {
        cause,
      });
    }
  });
}

function refuseWhatDiffers({ events }: KeptTask, known: readonly StoredEvent[]): void {
  const shared = Math.min(events.length, known.length);
  const at = known.slice(0, shared).findIndex((event, index) => !isSame(event, events[index]));
  if (at >= 0) {
    throw new NotRestored(
      `from event ${at + 1} on the database went another way, and stays as it is; to have what is kept here instead, set the database aside and rebuild into an empty one`,
    );
  }
}

function isSame(one: StoredEvent, other: StoredEvent | undefined): boolean {
  return one.type === other?.type && one.schemaVersion === other.schemaVersion && one.payload === other.payload;
}

async function refuseAnother(
  trx: Transaction<Schema>,
  taskId: TaskId,
  repositoryId: number,
  issueNumber: number,
  ordinal: number,
): Promise<void> {
  const other = await trx
    .selectFrom("tasks")
    .select("id")
    .where("repository_id", "=", repositoryId)
    .where("issue_number", "=", issueNumber)
    .where("ordinal", "=", ordinal)
    .where("id", "<>", taskId)
    .executeTakeFirst();
  if (other !== undefined) {
    throw new NotRestored(`the database has another task of issue #${issueNumber} in its place, ${other.id}`);
  }
}
