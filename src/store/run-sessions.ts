import type { RunSession, Store } from "../control/ports/store.ts";
import { runIdFrom, taskIdFrom } from "../core/ids.ts";
import type { Db, RunSessionRow } from "./schema.ts";
import { timestampFrom } from "./timestamp.ts";

/** A token whose time is over is refused as such, some clock drift included; only until then must we know that it was used. */
const tokenKeptMs = 60 * 60 * 1_000;

type RunSessions = Pick<
  Store,
  "saveRunSession" | "runSessionByToken" | "runSessionOf" | "touchRunSession" | "closeRunSession" | "rememberTokenId"
>;

export function runSessions(db: Db, now: () => Date): RunSessions {
  return {
    saveRunSession: async (session) => {
      const row = {
        run_id: session.runId,
        task_id: session.taskId,
        seal_key: session.sealKey,
        opened_at: timestampFrom(session.openedAt),
        last_heard_at: timestampFrom(session.lastHeardAt),
        closed_at: session.closedAt === null ? null : timestampFrom(session.closedAt),
      };
      await db
        .insertInto("run_sessions")
        .values({ token_hash: session.tokenHash, ...row })
        .onConflict((conflict) => conflict.column("token_hash").doUpdateSet(row))
        .execute();
    },

    runSessionByToken: async (tokenHash) => {
      const row = await db
        .selectFrom("run_sessions")
        .selectAll()
        .where("token_hash", "=", tokenHash)
        .executeTakeFirst();
      return row === undefined ? null : sessionFrom(row);
    },

    runSessionOf: async (runId) => {
      const row = await db
        .selectFrom("run_sessions")
        .selectAll()
        .where("run_id", "=", runId)
        .where("closed_at", "is", null)
        .orderBy("opened_at", "desc")
        .limit(1)
        .executeTakeFirst();
      return row === undefined ? null : sessionFrom(row);
    },

    touchRunSession: async (runId, at) => {
      const heardAt = timestampFrom(at);
      await db
        .updateTable("run_sessions")
        .set({ last_heard_at: heardAt })
        .where("run_id", "=", runId)
        .where("last_heard_at", "<", heardAt)
        .execute();
    },

    closeRunSession: async (runId, at) => {
      await db
        .updateTable("run_sessions")
        .set({ closed_at: timestampFrom(at) })
        .where("run_id", "=", runId)
        .where("closed_at", "is", null)
        .execute();
    },

    rememberTokenId: async (jti, expiresAt) => {
      const forgetBefore = new Date(now().getTime() - tokenKeptMs).toISOString();
      await db.deleteFrom("oidc_tokens").where("expires_at", "<", forgetBefore).execute();
      const { numInsertedOrUpdatedRows } = await db
        .insertInto("oidc_tokens")
        .values({ jti, expires_at: timestampFrom(expiresAt) })
        .onConflict((conflict) => conflict.column("jti").doNothing())
        .executeTakeFirstOrThrow();
      return numInsertedOrUpdatedRows === 1n;
    },
  };
}

function sessionFrom(row: RunSessionRow): RunSession {
  return {
    runId: runIdFrom(row.run_id),
    taskId: taskIdFrom(row.task_id),
    tokenHash: row.token_hash,
    sealKey: row.seal_key,
    openedAt: row.opened_at,
    lastHeardAt: row.last_heard_at,
    closedAt: row.closed_at,
  };
}
