import type { Transaction } from "kysely";
import type { Store } from "../control/ports.ts";
import { invariant } from "../core/invariant.ts";
import type { Db, Schema } from "./schema.ts";
import { timestampFrom } from "./timestamp.ts";

const errorCharactersMax = 2_000;

type Inbox = Pick<Store, "takeIn" | "dueMessages" | "markProcessed" | "markFailed" | "putOff" | "isWaiting">;

export function inbox(db: Db, now: () => Date): Inbox {
  return {
    takeIn: async ({ key, kind, lane, body, receivedAt }) => {
      const received = timestampFrom(receivedAt);
      const { numInsertedOrUpdatedRows } = await db
        .insertInto("inbox")
        .values({
          key,
          kind,
          lane,
          body,
          received_at: received,
          status: "waiting",
          not_before: received,
          attempts: 0,
          put_offs: 0,
          error: null,
          ended_at: null,
        })
        .onConflict((conflict) => conflict.column("key").doNothing())
        .executeTakeFirstOrThrow();
      return numInsertedOrUpdatedRows === 0n ? "known" : "new";
    },

    dueMessages: async (at, limit) => {
      const rows = await messageHeads(db)
        .where("head.not_before", "<=", timestampFrom(at))
        .select(["head.key", "head.kind", "head.lane", "head.body", "head.received_at"])
        .select(["head.attempts", "head.put_offs as putOffs"])
        .orderBy("head.seq")
        .limit(limit)
        .execute();
      return rows.map(({ received_at, ...message }) => ({ ...message, receivedAt: received_at }));
    },

    markProcessed: (key) => db.transaction().execute((trx) => finishMessage(trx, key, now().toISOString())),

    putOff: async (key, error, retryAt) => {
      await db
        .updateTable("inbox")
        .set(({ eb }) => ({
          not_before: timestampFrom(retryAt),
          attempts: eb("attempts", "+", 1),
          put_offs: eb("put_offs", "+", 1),
          error: error.slice(0, errorCharactersMax),
        }))
        .where("key", "=", key)
        .where("status", "=", "waiting")
        .execute();
    },

    isWaiting: async (key) => {
      const row = await db
        .selectFrom("inbox")
        .select("seq")
        .where("key", "=", key)
        .where("status", "=", "waiting")
        .executeTakeFirst();
      return row !== undefined;
    },

    markFailed: async (key, error, retryAt) => {
      const endedAt = now().toISOString();
      const { numUpdatedRows } = await db
        .updateTable("inbox")
        .set(({ eb }) => ({
          ...(retryAt === null
            ? { status: "failed" as const, ended_at: endedAt }
            : { not_before: timestampFrom(retryAt) }),
          attempts: eb("attempts", "+", 1),
          error: error.slice(0, errorCharactersMax),
        }))
        .where("key", "=", key)
        .where("status", "=", "waiting")
        .executeTakeFirstOrThrow();
      if (numUpdatedRows === 0n) await requireMessage(db, key);
    },
  };
}

/** The oldest waiting message of each lane, also where it was put off: a later one must not overtake it. */
export function messageHeads(db: Db) {
  return db
    .selectFrom("inbox as head")
    .where("head.status", "=", "waiting")
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom("inbox as earlier")
            .select("earlier.seq")
            .where("earlier.status", "=", "waiting")
            .whereRef("earlier.lane", "=", "head.lane")
            .whereRef("earlier.seq", "<", "head.seq"),
        ),
      ),
    );
}

/** The key stays for good, so that a redelivery is known however late it comes. */
export async function finishMessage(trx: Transaction<Schema>, key: string, endedAt: string): Promise<void> {
  const { numUpdatedRows } = await trx
    .updateTable("inbox")
    .set({ status: "processed", body: "", error: null, ended_at: endedAt })
    .where("key", "=", key)
    .where("status", "!=", "processed")
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) await requireMessage(trx, key);
}

async function requireMessage(db: Db, key: string): Promise<void> {
  const row = await db.selectFrom("inbox").select("seq").where("key", "=", key).executeTakeFirst();
  invariant(row !== undefined, `message "${key}" is in the inbox`);
}
