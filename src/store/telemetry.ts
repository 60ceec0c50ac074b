import { gzipSync } from "node:zlib";
import { z } from "zod";
import type { Store } from "../control/ports/store.ts";
import { decompressText } from "./compression.ts";
import { usageColumns } from "./projections.ts";
import type { Db } from "./schema.ts";
import { timestampFrom } from "./timestamp.ts";

const Lines = z.array(z.string());
const Actions = z.array(z.object({ at: z.string(), text: z.string() }));

interface NumberedLine {
  readonly number: number;
  readonly line: string;
}

type Telemetry = Pick<Store, "appendRunLog" | "readRunLog" | "updateLive" | "readLive">;

/** What is shown while it happens (Q27); nothing is decided on it. */
export function telemetry(db: Db, now: () => Date): Telemetry {
  return {
    appendRunLog: async (runId, lines) => {
      for (;;) {
        const { last } = await db
          .selectFrom("run_logs")
          .select(({ fn }) => fn.max("last_number").as("last"))
          .where("run_id", "=", runId)
          .executeTakeFirstOrThrow();
        const stored = last ?? 0;
        const fresh = nextLines(stored, lines);
        if (fresh.length === 0) return stored;
        const lastNumber = stored + fresh.length;
        const { numInsertedOrUpdatedRows } = await db
          .insertInto("run_logs")
          .values({
            run_id: runId,
            first_number: stored + 1,
            last_number: lastNumber,
            gz: gzipSync(JSON.stringify(fresh)),
            stored_at: now().toISOString(),
          })
          // Somebody else has just gone on from the same line: the next look knows how far. Each turn has made progress.
          .onConflict((conflict) => conflict.columns(["run_id", "first_number"]).doNothing())
          .executeTakeFirstOrThrow();
        if (numInsertedOrUpdatedRows === 1n) return lastNumber;
      }
    },

    readRunLog: async (runId) => {
      const chunks = await db
        .selectFrom("run_logs")
        .select(["first_number", "gz"])
        .where("run_id", "=", runId)
        .orderBy("first_number")
        .execute();
      const lines: string[] = [];
      for (const { first_number, gz } of chunks) {
        try {
          lines.push(...Lines.parse(JSON.parse(await decompressText(gz))));
        } catch (cause) {
          throw new Error(`reading the log of run ${runId} from line ${first_number}`, { cause });
        }
      }
      return lines;
    },

    updateLive: async (taskId, { currentAction, currentStep, currentDocument, recentActions, spent, lastUpdate }) => {
      await db
        .updateTable("agent_statuses")
        .set({
          current_action: currentAction,
          current_step: currentStep,
          current_document: currentDocument,
          agent_actions: JSON.stringify(recentActions),
          last_update: timestampFrom(lastUpdate),
          ...usageColumns(spent),
        })
        .where("task_id", "=", taskId)
        .execute();
    },

    readLive: async (taskId) => {
      const row = await db.selectFrom("agent_statuses").selectAll().where("task_id", "=", taskId).executeTakeFirst();
      if (row === undefined || row.last_update === null) return null;
      return {
        currentAction: row.current_action,
        currentStep: row.current_step,
        currentDocument: row.current_document,
        recentActions: Actions.parse(JSON.parse(row.agent_actions)),
        spent: {
          usage: {
            inputTokens: row.input_tokens,
            outputTokens: row.output_tokens,
            cacheCreationInputTokens: row.cache_creation_input_tokens,
            cacheReadInputTokens: row.cache_read_input_tokens,
          },
          costUsd: row.cost_usd,
        },
        lastUpdate: row.last_update,
      };
    },
  };
}

/** Goes on right after what is stored. Behind a gap it stops: the sender repeats all that was not acknowledged. */
function nextLines(stored: number, lines: readonly NumberedLine[]): readonly string[] {
  const byNumber = new Map(lines.map(({ number, line }) => [number, line]));
  const fresh: string[] = [];
  for (;;) {
    const line = byNumber.get(stored + fresh.length + 1);
    if (line === undefined) return fresh;
    fresh.push(line);
  }
}
