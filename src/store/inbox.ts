import type { Insertable, QueryCreator } from "kysely";
import type { Store } from "../control/ports/store.ts";
import { invariant } from "../core/invariant.ts";
import type { Database } from "./database.ts";
import { prepared } from "./prepared.ts";
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
    takeIn: async ({ key, kind, lane, body, receivedAt, notBefore = receivedAt }) => {
      const received = timestampFrom(receivedAt);
      const { numAffectedRows } = await insertMessage(db, {
        key,
        kind,
        lane,
        body,
        received_at: received,
        status: "waiting",
        not_before: timestampFrom(notBefore),
        lease_until: null,
        holder: null,
        attempts: 0,
        put_offs: 0,
        error: null,
        ended_at: null,
      });
      return numAffectedRows === 0n ? "known" : "new";
    },

    dueMessages: async (at, limit) => {
      const moment = timestampFrom(at);
      const look = { holder, at: moment, limit };
      const { rows: due } = await (database.alone ? dueHeadsAlone : dueHeads)(db, look);
      const halfway = later(moment, leaseMs / 2);
      // Where nobody else can ask there is nobody to keep them from.
      const toLease = database.alone
        ? []
        : due.filter((row) => row.holder !== holder || (row.lease_until ?? "") < halfway);
      const lost = await lease(database, moment, toLease);
      return due
        .filter(({ seq }) => !lost.has(seq))
        .map(({ key, kind, lane, body, received_at, attempts, put_offs }) => {
          return { key, kind, lane, body, receivedAt: received_at, attempts, putOffs: put_offs };
        });
    },

    markProcessed: (key) => finishMessage(db, key, now().toISOString()),

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
      const { rows } = await waitingMessage(db, { key });
      return rows.length > 0;
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

const insertMessage = prepared((db, row: Insertable<Schema["inbox"]>) =>
  db
    .insertInto("inbox")
    .values(row)
    .onConflict((conflict) => conflict.column("key").doNothing()),
);

const waitingMessage = prepared((db, given: { readonly key: string }) =>
  db.selectFrom("inbox").select("seq").where("key", "=", given.key).where("status", "=", "waiting"),
);

interface Look {
  readonly holder: string;
  readonly at: string;
  readonly limit: number;
}

const columns = [
  ...(["head.seq", "head.key", "head.kind", "head.lane", "head.body", "head.received_at"] as const),
  ...(["head.attempts", "head.put_offs", "head.lease_until", "head.holder"] as const),
] as const;

const dueHeads = prepared((db, given: Look) =>
  openHeads(db, given.holder, given.at).select(columns).orderBy("head.seq").limit(given.limit),
);

/** For whoever has the store alone: nobody else holds anything, so what waits behind a head need not be looked through. */
const dueHeadsAlone = prepared((db, given: Look) =>
  messageHeads(db).where("head.not_before", "<=", given.at).select(columns).orderBy("head.seq").limit(given.limit),
);

/**
 * The oldest waiting message of each lane, also where it was put off: a later one must not overtake it.
 * From lane to lane along the index, so that it costs nothing how many wait behind it.
 */
export function messageHeads(db: QueryCreator<Schema>) {
  return db
    .withRecursive("lanes", (query) =>
      query
        .selectFrom("inbox")
        .select(({ fn }) => fn.min<string | null>("lane").as("lane"))
        .where("status", "=", "waiting")
        .unionAll((part) =>
          part
            .selectFrom("lanes")
            .where("lanes.lane", "is not", null)
            .select((eb) =>
              eb
                .selectFrom("inbox as next")
                .select(({ fn }) => fn.min("next.lane").as("lane"))
                .where("next.status", "=", "waiting")
                .whereRef("next.lane", ">", "lanes.lane")
                .as("lane"),
            ),
        ),
    )
    .selectFrom("lanes")
    .innerJoin("inbox as head", (join) =>
      join.on("head.seq", "=", (eb) =>
        eb
          .selectFrom("inbox as oldest")
          .select(({ fn }) => fn.min("oldest.seq").as("seq"))
          .where("oldest.status", "=", "waiting")
          .whereRef("oldest.lane", "=", "lanes.lane"),
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

/** The key stays until `forgetMessages`, so that a redelivery is known. */
export async function finishMessage(db: Db, key: string, endedAt: string): Promise<void> {
  const { numAffectedRows } = await processed(db, { key, endedAt });
  if (numAffectedRows === 0n) await requireMessage(db, key);
}

const processed = prepared((db, given: { readonly key: string; readonly endedAt: string }) =>
  db
    .updateTable("inbox")
    .set({ status: "processed", body: "", lease_until: null, holder: null, error: null, ended_at: given.endedAt })
    .where("key", "=", given.key)
    .where("status", "!=", "processed"),
);

async function requireMessage(db: Db, key: string): Promise<void> {
  const { rows } = await messageOf(db, { key });
  invariant(rows.length > 0, `message "${key}" is in the inbox`);
}

const messageOf = prepared((db, given: { readonly key: string }) =>
  db.selectFrom("inbox").select("seq").where("key", "=", given.key),
);
