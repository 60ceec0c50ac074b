import { withoutTexts } from "../core/without-texts.ts";
import { decodeEvent, encodeEvent } from "./event-codec.ts";
import type { Transaction } from "kysely";
import type { TaskEvent } from "../core/events.ts";
import { stateFrom } from "../core/evolve.ts";
import type { TaskId } from "../core/ids.ts";
import { rowsOfEvents, rowsOfState } from "./projections.ts";
import { dropTraces } from "./retention.ts";
import type { Db, Schema } from "./schema.ts";
import { writeHistoryRows, writeStateRows } from "./write-projections.ts";

/** Takes what people and agents wrote out of the store (Q33). The events stay, in number, order and kind. Answers the hashes of the texts that went. */
export async function eraseTask(db: Db, taskId: TaskId): Promise<readonly string[]> {
  return db.transaction().execute(async (trx) => {
    const rows = await trx
      .selectFrom("events")
      .selectAll()
      .where("stream_id", "=", taskId)
      .orderBy("version")
      .execute();
    const hashes: string[] = [];
    const events = rows.map((row) => withoutTexts(decodeEvent(row)));
    for (const [index, event] of events.entries()) {
      if (event.type === "ReworkRequested" || event.type === "FeedbackAnswered") hashes.push(event.textHash);
      const row = rows[index];
      const { payload, schema_version } = encodeEvent(event);
      if (row === undefined || payload === row.payload) continue;
      await trx.updateTable("events").set({ payload, schema_version }).where("id", "=", row.id).execute();
    }
    await writeReadModelsAnew(trx, taskId, events);
    const task = await trx.selectFrom("tasks").select("prompt_hash").where("id", "=", taskId).executeTakeFirst();
    const promptHash = task?.prompt_hash ?? null;
    if (promptHash !== null) {
      // The same words may have started another task.
      const other = await trx
        .selectFrom("tasks")
        .select("id")
        .where("prompt_hash", "=", promptHash)
        .where("id", "<>", taskId)
        .limit(1)
        .executeTakeFirst();
      if (other === undefined) hashes.push(promptHash);
    }
    // Words that led to nothing, too: of a refused command, or of a draft that was started with others.
    const own = await trx.selectFrom("texts").select("hash").where("hash", "like", `${taskId}.%`).execute();
    hashes.push(...own.map(({ hash }) => hash));
    if (hashes.length > 0) await trx.deleteFrom("texts").where("hash", "in", hashes).execute();
    const runs = await trx.selectFrom("runs").select("id").where("task_id", "=", taskId).execute();
    for (const { id } of runs) {
      await trx.updateTable("inbox").set({ body: "" }).where("key", "like", `%:${id}%`).execute();
    }
    await dropTraces(trx, taskId);
    return hashes;
  });
}

/** So that read models equal a fresh fold afterwards, too. */
async function writeReadModelsAnew(
  trx: Transaction<Schema>,
  taskId: TaskId,
  events: readonly TaskEvent[],
): Promise<void> {
  const state = stateFrom(events);
  if (state.status === "absent") return;
  for (const table of ["feedback", "verifications", "questions", "dependencies", "reported_errors"] as const) {
    await trx.deleteFrom(table).where("task_id", "=", taskId).execute();
  }
  await writeStateRows(trx, rowsOfState(state));
  await writeHistoryRows(trx, { ...rowsOfEvents(taskId, 1, events, null), usageMetrics: [] });
}
