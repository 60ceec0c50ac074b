import type { Transaction } from "kysely";
import { StaleVersion, type CommitUnit, type Store } from "../control/ports/store.ts";
import type { TaskEvent } from "../core/events.ts";
import { stateFrom } from "../core/evolve.ts";
import { taskIdFrom, type TaskId } from "../core/ids.ts";
import { invariant } from "../core/invariant.ts";
import type { Differences } from "./database.ts";
import { finishEffect, insertEffects } from "./effect-queue.ts";
import { eraseTask } from "./erase-task.ts";
import { decodeEvent, encodeEvent } from "./event-codec.ts";
import { prepared } from "./prepared.ts";
import { finishMessage } from "./inbox.ts";
import { rowsOfEvents, rowsOfState, type StateRows } from "./projections.ts";
import { Recent } from "./recent.ts";
import type { Db, EventRow, Schema } from "./schema.ts";
import { timestampFrom } from "./timestamp.ts";
import { changedRows, deletePhases, writeHistoryRows, writeStateRows } from "./write-projections.ts";

type Trx = Transaction<Schema>;
type EventStore = Pick<Store, "readEvents" | "newestVersions" | "commit" | "reconstructTaskState" | "eraseTask">;

/** Of all tasks together; some hundred tasks that are being worked on. */
const recentEventsMax = 20_000;
const recentTasksMax = 500;

interface Sources {
  readonly now: () => Date;
  readonly newId: () => string;
  /** Whoever keeps texts at hand lets this one go. */
  readonly forgetText: (hash: string) => void;
}

export function eventStore(db: Db, differences: Differences, { now, newId, forgetText }: Sources): EventStore {
  // What was committed stays as it is, so of a history that is known only what came since is read.
  const histories = new Recent<TaskId, readonly TaskEvent[]>(recentEventsMax, (events) => events.length);
  const written = new Recent<TaskId, Written>(recentTasksMax, () => 1);
  return {
    readEvents: async (taskId) => {
      const known = histories.get(taskId) ?? [];
      const { rows } = await rowsAfter(db, { taskId, version: known.length });
      if (rows.length === 0) return known;
      const events = [...known, ...rows.map((row) => decodeRow(taskId, row))];
      histories.set(taskId, events);
      return events;
    },

    newestVersions: async (taskIds) => {
      if (taskIds.length === 0) return new Map();
      const rows = await db
        .selectFrom("events")
        .select("stream_id")
        .select(({ fn }) => fn.max("version").as("version"))
        .where("stream_id", "in", taskIds)
        .groupBy("stream_id")
        .execute();
      return new Map(rows.map(({ stream_id, version }) => [taskIdFrom(stream_id), version]));
    },

    commit: async (unit) => {
      checkUnit(unit);
      const rows = unit.events.map((event, index) => eventRow(unit, event, index, newId()));
      const at = now().toISOString();
      const stateRows = unit.state.status === "absent" || rows.length === 0 ? null : rowsOfState(unit.state);
      const before = written.get(unit.taskId);
      const same = before?.version === unit.expectedVersion ? before.rows : null;
      await db.transaction().execute(async (trx) => {
        await insertEvents(trx, differences, unit, rows);
        if (stateRows !== null) await writeReadModels(trx, unit, same, stateRows);
        await insertEffects(trx, unit.taskId, unit.effects);
        if (unit.inboxKey !== undefined) await finishMessage(trx, unit.inboxKey, at);
        if (unit.effectKey !== undefined) await finishEffect(trx, differences, unit.effectKey, at);
      });
      if (stateRows !== null) {
        written.set(unit.taskId, { version: unit.expectedVersion + rows.length, rows: stateRows });
      }
    },

    eraseTask: async (taskId) => {
      for (const hash of await eraseTask(db, taskId)) forgetText(hash);
      // The one change that there is to what was committed.
      histories.delete(taskId);
      written.delete(taskId);
    },

    reconstructTaskState: async (taskId, at) => {
      const until = at === undefined ? null : timestampFrom(at);
      const { rows } = await rowsAfter(db, { taskId, version: 0 });
      // A clock that was set back must not cut a hole into the history: what counts is the first event after the moment.
      const end = until === null ? -1 : rows.findIndex(({ timestamp }) => timestamp > until);
      const state = stateFrom((end === -1 ? rows : rows.slice(0, end)).map((row) => decodeRow(taskId, row)));
      return state.status === "absent" ? null : state;
    },
  };
}

type StoredEvent = Pick<EventRow, "version" | "type" | "schema_version" | "payload" | "timestamp">;

/** The rows that this store itself wrote with a version: with the next one it need not write them again. */
interface Written {
  readonly version: number;
  readonly rows: StateRows;
}

const rowsAfter = prepared<{ readonly taskId: TaskId; readonly version: number }, StoredEvent>((db, given) =>
  db
    .selectFrom("events")
    .select(["version", "type", "schema_version", "payload", "timestamp"])
    .where("stream_id", "=", given.taskId)
    .where("version", ">", given.version)
    .orderBy("version"),
);

const newestVersion = prepared((db, given: { readonly taskId: TaskId }) =>
  db
    .selectFrom("events")
    .select(({ fn }) => fn.max("version").as("version"))
    .where("stream_id", "=", given.taskId),
);

const insertEvent = prepared((db, row: EventRow) => db.insertInto("events").values(row));

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
  const newest = (await newestVersion(trx, { taskId: unit.taskId })).rows[0]?.version ?? 0;
  if (newest !== unit.expectedVersion) throw new StaleVersion(unit.taskId, unit.expectedVersion);
  try {
    for (const row of rows) await insertEvent(trx, row);
  } catch (cause) {
    throw differences.isVersionConflict(cause) ? new StaleVersion(unit.taskId, unit.expectedVersion) : cause;
  }
}

async function writeReadModels(trx: Trx, unit: CommitUnit, before: StateRows | null, after: StateRows): Promise<void> {
  try {
    const account = await accountBefore(trx, unit, before);
    // What was found earlier and has not begun may be another phase now, or none.
    const isReplanned = unit.events.some(({ type }) => type === "RippleFound");
    if (isReplanned) await deletePhases(trx, unit.taskId);
    const kept = isReplanned && before !== null ? { ...before, phases: [], steps: [] } : before;
    await writeStateRows(trx, changedRows(kept, after));
    await writeHistoryRows(trx, rowsOfEvents(unit.taskId, unit.expectedVersion + 1, unit.events, account));
  } catch (cause) {
    throw new Error(`writing the read models of task ${unit.taskId}`, { cause });
  }
}

/** The model account that the task's last run worked under, where a run begins that may work under the same one. */
async function accountBefore(trx: Trx, unit: CommitUnit, before: StateRows | null): Promise<string | null> {
  const [known] = before?.tasks ?? [];
  if (known !== undefined) return known.account;
  if (unit.events.every(({ type }) => type !== "RunStarted")) return null;
  const task = await trx.selectFrom("tasks").select("account").where("id", "=", unit.taskId).executeTakeFirst();
  return task?.account ?? null;
}
