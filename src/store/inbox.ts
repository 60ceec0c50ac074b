import type { QueryCreator, Transaction } from "kysely";
import type { Store } from "../control/ports.ts";
import { invariant } from "../core/invariant.ts";
import type { Database } from "./database.ts";
import type { Db, Schema } from "./schema.ts";
import { timestampFrom } from "./timestamp.ts";

const errorCharactersMax = 2_000;

/** Renewed with each look of its holder, so this is how long the messages of a process that died wait for another. */
const leaseMs = 3 * 60_000;

type Inbox = Pick<
  Store,
  "takeIn" | "dueMessages" | "markProcessed" | "markFailed" | "putOff" | "isWaiting" | "isKnown"
>;

/**
 * What is given out stays with this store until it is marked, or for as long as somebody here goes on asking:
 * another process gets no message of the same lane meanwhile, and asking again gets the same messages again.
 */
export function inbox(database: Database, now: () => Date): Inbox {
  const { db, holder } = database;
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
          lease_until: null,
          holder: null,
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
      const moment = timestampFrom(at);
      const due = await openHeads(db, holder, moment)
        .select(["head.seq", "head.key", "head.kind", "head.lane", "head.body", "head.received_at"])
        .select(["head.attempts", "head.put_offs", "head.lease_until", "head.holder"])
        .orderBy("head.seq")
        .limit(limit)
        .execute();
      const halfway = later(moment, leaseMs / 2);
      const toLease = due.filter((row) => row.holder !== holder || (row.lease_until ?? "") < halfway);
      const lost = await lease(database, moment, toLease);
      return due
        .filter(({ seq }) => !lost.has(seq))
        .map(({ key, kind, lane, body, received_at, attempts, put_offs }) => {
          return { key, kind, lane, body, receivedAt: received_at, attempts, putOffs: put_offs };
        });
    },

    markProcessed: (key) => db.transaction().execute((trx) => finishMessage(trx, key, now().toISOString())),

    putOff: async (key, error, retryAt) => {
      await db
        .updateTable("inbox")
        .set(({ eb }) => ({
          not_before: timestampFrom(retryAt),
          lease_until: null,
          holder: null,
          attempts: eb("attempts", "+", 1),
          put_offs: eb("put_offs", "+", 1),
          error: error.slice(0, errorCharactersMax),
        }))
        .where("key", "=", key)
        .where("status", "=", "waiting")
        .where(({ eb }) => eb.or([eb("holder", "is", null), eb("holder", "=", holder)]))
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

    isKnown: async (key) => {
      const row = await db.selectFrom("inbox").select("seq").where("key", "=", key).executeTakeFirst();
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
          lease_until: null,
          holder: null,
          attempts: eb("attempts", "+", 1),
          error: error.slice(0, errorCharactersMax),
        }))
        .where("key", "=", key)
        .where("status", "=", "waiting")
        // Whose lease ran out has no say any more in what another makes of it.
        .where(({ eb }) => eb.or([eb("holder", "is", null), eb("holder", "=", holder)]))
        .executeTakeFirstOrThrow();
      if (numUpdatedRows === 0n) await requireMessage(db, key);
    },
  };
}

/** The oldest waiting message of each lane, also where it was put off: a later one must not overtake it. */
export function messageHeads(db: QueryCreator<Schema>) {
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

/** The heads that are due and that nobody else holds, where nobody else is at work in their lane either. */
function openHeads(db: QueryCreator<Schema>, holder: string, at: string) {
  return messageHeads(db)
    .where("head.not_before", "<=", at)
    .where(({ eb }) =>
      eb.or([eb("head.lease_until", "is", null), eb("head.lease_until", "<=", at), eb("head.holder", "=", holder)]),
    )
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom("inbox as begun")
            .select("begun.seq")
            .where("begun.status", "=", "waiting")
            .whereRef("begun.lane", "=", "head.lane")
            .whereRef("begun.seq", ">", "head.seq")
            .where("begun.lease_until", ">", at)
            .where("begun.holder", "!=", holder),
        ),
      ),
    );
}

/** Leases what can still be had. Answers what others got first. */
async function lease(
  { db, differences, holder }: Database,
  at: string,
  rows: readonly { readonly seq: number }[],
): Promise<ReadonlySet<number>> {
  if (rows.length === 0) return new Set();
  const seqs = rows.map(({ seq }) => seq);
  const leased = await differences.claiming(db, "inbox", (alone) =>
    alone
      .with(
        (name) => name("picked").materialized(),
        (query) =>
          differences.holdingFree(openHeads(query, holder, at).where("head.seq", "in", seqs).select("head.seq")),
      )
      .updateTable("inbox")
      .set({ lease_until: later(at, leaseMs), holder })
      .where("seq", "in", (eb) => eb.selectFrom("picked").select("picked.seq"))
      .returning("seq")
      .execute(),
  );
  const mine = new Set(leased.map(({ seq }) => seq));
  return new Set(seqs.filter((seq) => !mine.has(seq)));
}

/** For a store that closes: what it holds is free for the others at once. */
export async function handBackMessages({ db, holder }: Database): Promise<void> {
  await db.updateTable("inbox").set({ lease_until: null, holder: null }).where("holder", "=", holder).execute();
}

function later(at: string, ms: number): string {
  return new Date(Date.parse(at) + ms).toISOString();
}

/** The key stays for good, so that a redelivery is known however late it comes. */
export async function finishMessage(trx: Transaction<Schema>, key: string, endedAt: string): Promise<void> {
  const { numUpdatedRows } = await trx
    .updateTable("inbox")
    .set({ status: "processed", body: "", lease_until: null, holder: null, error: null, ended_at: endedAt })
    .where("key", "=", key)
    .where("status", "!=", "processed")
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) await requireMessage(trx, key);
}

async function requireMessage(db: Db, key: string): Promise<void> {
  const row = await db.selectFrom("inbox").select("seq").where("key", "=", key).executeTakeFirst();
  invariant(row !== undefined, `message "${key}" is in the inbox`);
}
