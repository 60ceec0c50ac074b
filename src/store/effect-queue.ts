import { sql, type Insertable, type QueryCreator, type Transaction } from "kysely";
import type { ClaimedEffect, NewEffect } from "../control/ports/queues.ts";
import type { Store } from "../control/ports/store.ts";
import { taskIdFrom, type TaskId } from "../core/ids.ts";
import { invariant } from "../core/invariant.ts";
import type { Effect } from "../core/effects.ts";
import type { Differences } from "./database.ts";
import { decodeEffect, encodeEffect } from "./effect-codec.ts";
import { prepared } from "./prepared.ts";
import type { Db, Schema } from "./schema.ts";
import { timestampFrom } from "./timestamp.ts";

type Trx = Transaction<Schema>;

const errorCharactersMax = 2_000;

type EffectQueue = Pick<
  Store,
  "claimEffects" | "markEffectDone" | "markEffectFailed" | "putOffEffect" | "releaseEffect" | "reviveEffects"
>;

export function effectQueue(db: Db, differences: Differences, now: () => Date): EffectQueue {
  const claim = claimQuery(differences);
  return {
    claimEffects: async (at, leaseUntil, limit) => {
      const moment = timestampFrom(at);
      // Most looks find nothing, and then nobody need be kept from claiming.
      const due = await dueHeads(db, { at: moment, limit });
      if (due.rows.length === 0) return [];
      const until = timestampFrom(leaseUntil);
      const rows = await differences.claiming(db, "effects", async (alone) => {
        const heads = await dueHeads(alone, { at: moment, limit });
        const claimed: ClaimedRow[] = [];
        for (const { seq } of heads.rows) claimed.push(...(await claim(alone, { seq, at: moment, until })).rows);
        return claimed;
      });
      return decodeClaimed(db, rows);
    },

    markEffectDone: async (key) => {
      const endedAt = now().toISOString();
      if (await finishAtOnce(db, key, endedAt)) return;
      await db.transaction().execute((trx) => finishEffect(trx, differences, key, endedAt));
    },

    markEffectFailed: async (key, error, retryAt) => {
      const endedAt = now().toISOString();
      await db
        .updateTable("effects")
        .set({
          ...(retryAt === null
            ? { status: "failed" as const, ended_at: endedAt }
            : { not_before: timestampFrom(retryAt) }),
          lease_until: null,
          // The next try looks at the world anew, which is all that was asked for.
          again_not_before: null,
          error: error.slice(0, errorCharactersMax),
        })
        .where("key", "=", key)
        .where("status", "=", "waiting")
        .execute();
    },

    putOffEffect: async (key, error, retryAt) => {
      await db
        .updateTable("effects")
        .set(({ eb }) => ({
          not_before: timestampFrom(retryAt),
          lease_until: null,
          again_not_before: null,
          put_offs: eb("put_offs", "+", 1),
          error: error.slice(0, errorCharactersMax),
        }))
        .where("key", "=", key)
        .where("status", "=", "waiting")
        .execute();
    },

    releaseEffect: async (key, { wasTried }) => {
      await db
        .updateTable("effects")
        .set(({ eb }) => ({
          lease_until: null,
          again_not_before: null,
          ...(wasTried ? {} : { attempts: eb("attempts", "-", 1) }),
        }))
        .where("key", "=", key)
        .where("status", "=", "waiting")
        .where("lease_until", "is not", null)
        .execute();
    },

    reviveEffects: async (taskId, at) => {
      await db
        .updateTable("effects")
        .set({
          status: "waiting",
          not_before: timestampFrom(at),
          attempts: 0,
          put_offs: 0,
          error: null,
          ended_at: null,
        })
        .where("task_id", "=", taskId)
        .where("status", "=", "failed")
        .execute();
    },
  };
}

/**
 * The oldest unfinished effect of each lane, where it waits; behind one that failed nothing moves.
 * From lane to lane along the index, as with messages; what is done lies elsewhere in it.
 */
export function effectHeads(db: QueryCreator<Schema>) {
  return db
    .withRecursive("lanes", (query) =>
      query
        .selectFrom("effects")
        .select(({ fn }) => fn.min<string | null>("lane").as("lane"))
        .where("status", "=", "waiting")
        .unionAll((part) =>
          part
            .selectFrom("lanes")
            .where("lanes.lane", "is not", null)
            .select((eb) =>
              eb
                .selectFrom("effects as next")
                .select(({ fn }) => fn.min("next.lane").as("lane"))
                .where("next.status", "=", "waiting")
                .whereRef("next.lane", ">", "lanes.lane")
                .as("lane"),
            ),
        ),
    )
    .selectFrom("lanes")
    .innerJoin("effects as head", (join) =>
      join.on("head.seq", "=", (eb) =>
        eb
          .selectFrom("effects as oldest")
          .select(({ fn }) => fn.min("oldest.seq").as("seq"))
          .where("oldest.status", "=", "waiting")
          .whereRef("oldest.lane", "=", "lanes.lane"),
      ),
    )
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom("effects as failed")
            .select("failed.seq")
            .where("failed.status", "=", "failed")
            .whereRef("failed.lane", "=", "lanes.lane")
            .whereRef("failed.seq", "<", "head.seq"),
        ),
      ),
    );
}

/** The heads that are due and that nobody works on. */
export function dueQuery(db: Db, { at, limit }: { readonly at: string; readonly limit: number }) {
  return (
    effectHeads(db)
      .where("head.not_before", "<=", at)
      .where((eb) => eb.or([eb("head.lease_until", "is", null), eb("head.lease_until", "<=", at)]))
      // What began before an earlier one of its lane could be seen goes on alone.
      .where((eb) =>
        eb.not(
          eb.exists(
            eb
              .selectFrom("effects as begun")
              .select("begun.seq")
              .where("begun.status", "=", "waiting")
              .whereRef("begun.lane", "=", "head.lane")
              .whereRef("begun.seq", ">", "head.seq")
              .where("begun.lease_until", ">", at),
          ),
        ),
      )
      .select("head.seq")
      .orderBy("head.seq")
      .limit(limit)
  );
}

const dueHeads = prepared(dueQuery);

/** Nothing where it was finished, put off or is being changed since the look. */
function claimQuery(differences: Differences) {
  return prepared((db, given: { readonly seq: number; readonly at: string; readonly until: string }) =>
    db
      .with(
        (name) => name("picked").materialized(),
        (query) =>
          differences.holdingFree(
            query
              .selectFrom("effects as head")
              .select("head.seq")
              .where("head.seq", "=", given.seq)
              .where("head.status", "=", "waiting")
              .where("head.not_before", "<=", given.at)
              .where((eb) => eb.or([eb("head.lease_until", "is", null), eb("head.lease_until", "<=", given.at)])),
          ),
      )
      .updateTable("effects")
      // What was asked for under a lease that ran out stays: whoever held it may still be at it, and end what is old.
      .set(({ eb }) => ({ lease_until: given.until, attempts: eb("attempts", "+", 1) }))
      .where("seq", "in", (eb) => eb.selectFrom("picked").select("picked.seq"))
      .returning(["key", "task_id", "effect", "attempts", "put_offs"]),
  );
}

interface ClaimedRow {
  readonly key: string;
  readonly task_id: string;
  readonly effect: string;
  readonly attempts: number;
  readonly put_offs: number;
}

/** An effect of a newer Phasegate must not stop the others: it is set aside as failed, and so its lane waits for a person. */
async function decodeClaimed(db: Db, rows: readonly ClaimedRow[]): Promise<readonly ClaimedEffect[]> {
  const claimed: ClaimedEffect[] = [];
  for (const row of rows) {
    let effect: Effect;
    try {
      effect = decodeEffect(row.effect);
    } catch (cause) {
      const error = `reading the effect: ${String(cause)}`.slice(0, errorCharactersMax);
      await db
        .updateTable("effects")
        .set({ status: "failed", lease_until: null, error })
        .where("key", "=", row.key)
        .execute();
      continue;
    }
    claimed.push({
      key: row.key,
      taskId: taskIdFrom(row.task_id),
      effect,
      attempts: row.attempts - 1,
      putOffs: row.put_offs,
    });
  }
  return claimed;
}

export async function insertEffects(trx: Trx, taskId: TaskId, effects: readonly NewEffect[]): Promise<void> {
  for (const { key, lane, effect, notBefore, coalesce } of effects) {
    const row = newRow({ key, taskId, lane, effect: encodeEffect(effect), notBefore: timestampFrom(notBefore) });
    if (!coalesce) {
      await insertOnce(trx, row);
      continue;
    }
    // Whoever finishes it at this moment is waited for: afterwards it is done, or sees that it was asked for again.
    const { numAffectedRows } = await askFor(trx, row);
    if (numAffectedRows !== 0n) continue;
    // One that is finished waits anew, and at the end of its lane, as what it is: the newest.
    await trx.deleteFrom("effects").where("key", "=", key).where("status", "=", "done").execute();
    await askFor(trx, row);
  }
}

type NewRow = Insertable<Schema["effects"]>;

const insertOnce = prepared((db, row: NewRow) =>
  db
    .insertInto("effects")
    .values(row)
    .onConflict((conflict) => conflict.column("key").doNothing()),
);

/** Changes no row where it is done. */
const askFor = prepared((db, row: NewRow) =>
  db
    .insertInto("effects")
    .values(row)
    .onConflict((conflict) =>
      conflict
        .column("key")
        .doUpdateSet({
          not_before: sql`case
            when effects.lease_until is null and excluded.not_before < effects.not_before then excluded.not_before
            else effects.not_before end`,
          again_not_before: sql`case
            when effects.lease_until is null then null
            when effects.again_not_before < excluded.not_before then effects.again_not_before
            else excluded.not_before end`,
        })
        .where("effects.status", "!=", "done"),
    ),
);

/** As nearly all are: they wait, and nobody asked for them again. */
async function finishAtOnce(db: Db, key: string, endedAt: string): Promise<boolean> {
  const { numAffectedRows } = await done(db, { key, endedAt });
  return numAffectedRows !== 0n;
}

const done = prepared((db, given: { readonly key: string; readonly endedAt: string }) =>
  db
    .updateTable("effects")
    .set({ status: "done", lease_until: null, error: null, ended_at: given.endedAt })
    .where("key", "=", given.key)
    .where("status", "!=", "done")
    .where("again_not_before", "is", null),
);

/** Keeps the row, so that its cause cannot queue it again; a coalesced one that was asked for meanwhile waits anew. */
export async function finishEffect(trx: Trx, differences: Differences, key: string, endedAt: string): Promise<void> {
  if (await finishAtOnce(trx, key, endedAt)) return;
  const row = await differences
    .holding(trx.selectFrom("effects").selectAll().where("key", "=", key))
    .executeTakeFirst();
  invariant(row !== undefined, `effect "${key}" is in the queue`);
  if (row.status === "done") return;
  if (row.again_not_before === null) {
    await trx
      .updateTable("effects")
      .set({ status: "done", lease_until: null, error: null, ended_at: endedAt })
      .where("key", "=", key)
      .execute();
    return;
  }
  await trx.deleteFrom("effects").where("key", "=", key).execute();
  const { task_id, lane, effect, again_not_before } = row;
  await trx
    .insertInto("effects")
    .values(newRow({ key, taskId: taskIdFrom(task_id), lane, effect, notBefore: again_not_before }))
    .execute();
}

function newRow(given: {
  readonly key: string;
  readonly taskId: TaskId;
  readonly lane: string;
  readonly effect: string;
  readonly notBefore: string;
}) {
  return {
    key: given.key,
    task_id: given.taskId,
    lane: given.lane,
    effect: given.effect,
    status: "waiting" as const,
    not_before: given.notBefore,
    lease_until: null,
    again_not_before: null,
    attempts: 0,
    put_offs: 0,
    error: null,
    ended_at: null,
  };
}
