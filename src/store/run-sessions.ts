import type { Store } from "../control/ports.ts";
import { runIdFrom, taskIdFrom } from "../core/ids.ts";
import type { Db } from "./schema.ts";
import { timestampFrom } from "./timestamp.ts";

/** A token whose time is over is refused as such, some clock drift included; only until then must we know that it was used. */
const tokenKeptMs = 60 * 60 * 1_000;

type RunSessions = Pick<
  Store,
  "saveRunSession" | "runSessionByToken" | "touchRunSession" | "closeRunSession" | "rememberTokenId"
>;

export function runSessions(db: Db, now: () => Date): RunSessions {
  return {
    // A run has one session: saved again, the older token is worth nothing.
    saveRunSession: async (session) => {
      const row = {
        task_id: session.taskId,
        token_hash: session.tokenHash,
        opened_at: timestampFrom(session.openedAt),
        last_heard_at: timestampFrom(session.lastHeardAt),
        closed_at: session.closedAt === null ? null : timestampFrom(session.closedAt),
      };
      await db
        .insertInto("run_sessions")
        .values({ run_id: session.runId, ...row })
        .onConflict((conflict) => conflict.column("run_id").doUpdateSet(row))
        .execute();
    },

    runSessionByToken: async (tokenHash) => {
      const row = await db
        .selectFrom("run_sessions")
        .selectAll()
        .where("token_hash", "=", tokenHash)
        .executeTakeFirst();
      if (row === undefined) return null;
      return {
        runId: runIdFrom(row.run_id),
        taskId: taskIdFrom(row.task_id),
        tokenHash: row.token_hash,
        openedAt: row.opened_at,
        lastHeardAt: row.last_heard_at,
        closedAt: row.closed_at,
      };
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
