import type { Transaction } from "kysely";
import { StaleVersion, type CommitUnit, type Store } from "../control/ports.ts";
import type { TaskEvent } from "../core/events.ts";
import { stateFrom } from "../core/evolve.ts";
import type { TaskId } from "../core/ids.ts";
import { invariant } from "../core/invariant.ts";
import type { Differences } from "./database.ts";
import { finishEffect, insertEffects } from "./effect-queue.ts";
import { decodeEvent, encodeEvent } from "./event-codec.ts";
import { finishMessage } from "./inbox.ts";
import { rowsOfEvents, rowsOfState } from "./projections.ts";
import type { Db, EventRow, Schema } from "./schema.ts";
import { timestampFrom } from "./timestamp.ts";
import { writeHistoryRows, writeStateRows } from "./write-projections.ts";

type Trx = Transaction<Schema>;
type EventStore = Pick<Store, "readEvents" | "commit" | "reconstructTaskState">;

interface Sources {
  readonly now: () => Date;
  readonly newId: () => string;
}

export function eventStore(db: Db, differences: Differences, { now, newId }: Sources): EventStore {
  return {
    readEvents: async (taskId) => (await readRows(db, taskId)).map((row) => decodeRow(taskId, row)),

    commit: async (unit) => {
      checkUnit(unit);
      const rows = unit.events.map((event, index) => eventRow(unit, event, index, newId()));
      const at = now().toISOString();
      await db.transaction().execute(async (trx) => {
        await insertEvents(trx, differences, unit, rows);
        await writeReadModels(trx, unit);
        await insertEffects(trx, differences, unit.taskId, unit.effects);
        if (unit.inboxKey !== undefined) await finishMessage(trx, unit.inboxKey, at);
        if (unit.effectKey !== undefined) await finishEffect(trx, differences, unit.effectKey, at);
      });
    },

    reconstructTaskState: async (taskId, at) => {
      const until = at === undefined ? null : timestampFrom(at);
      const rows = await readRows(db, taskId);
      // A clock that was set back must not cut a hole into the history: what counts is the first event after the moment.
      const end = until === null ? -1 : rows.findIndex(({ timestamp }) => timestamp > until);
      const state = stateFrom((end === -1 ? rows : rows.slice(0, end)).map((row) => decodeRow(taskId, row)));
      return state.status === "absent" ? null : state;
    },
  };
}

type StoredEvent = Pick<EventRow, "version" | "type" | "schema_version" | "payload" | "timestamp">;

async function readRows(db: Db, taskId: TaskId): Promise<readonly StoredEvent[]> {
  return db
    .selectFrom("events")
    .select(["version", "type", "schema_version", "payload", "timestamp"])
    .where("stream_id", "=", taskId)
    .orderBy("version")
    .execute();
}

function decodeRow(taskId: TaskId, row: StoredEvent): TaskEvent {
  try {
    return decodeEvent(row);
  } catch (cause) {
    throw new Error(`reading event ${row.version} of task ${taskId}`, { cause });
  }
}

function checkUnit({ taskId, events, state }: CommitUnit): void {
  for (const event of events) {
    invariant(event.type !== "TaskCreated" || event.taskId === taskId, "an event is committed to its own task");
  }
  invariant(state.status === "absent" || state.taskId === taskId, "the state that is committed is that of the task");
  invariant(state.status !== "absent" || events.length === 0, "a task that has events has a state");
}

function eventRow(unit: CommitUnit, event: TaskEvent, index: number, id: string): EventRow {
  return {
    id,
    stream_id: unit.taskId,
    version: unit.expectedVersion + index + 1,
    user_id: unit.userId,
    ...encodeEvent(event),
  };
}

/** The look comes first, for units without events; the unique key holds also where two look at the same time. */
async function insertEvents(
  trx: Trx,
  differences: Differences,
  unit: CommitUnit,
  rows: readonly EventRow[],
): Promise<void> {
  const { version } = await trx
    .selectFrom("events")
    .select(({ fn }) => fn.max("version").as("version"))
    .where("stream_id", "=", unit.taskId)
    .executeTakeFirstOrThrow();
  if ((version ?? 0) !== unit.expectedVersion) throw new StaleVersion(unit.taskId, unit.expectedVersion);
  if (rows.length === 0) return;
  try {
    await trx.insertInto("events").values(rows).execute();
  } catch (cause) {
    throw differences.isVersionConflict(cause) ? new StaleVersion(unit.taskId, unit.expectedVersion) : cause;
  }
}

async function writeReadModels(trx: Trx, unit: CommitUnit): Promise<void> {
  if (unit.state.status === "absent" || unit.events.length === 0) return;
  try {
    await writeStateRows(trx, rowsOfState(unit.state));
    await writeHistoryRows(trx, rowsOfEvents(unit.taskId, unit.expectedVersion + 1, unit.events));
  } catch (cause) {
    throw new Error(`writing the read models of task ${unit.taskId}`, { cause });
  }
}
