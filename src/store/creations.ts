import type { Store } from "../control/ports/store.ts";
import { prepared } from "./prepared.ts";
import type { Db } from "./schema.ts";
import { timestampFrom } from "./timestamp.ts";

type Creations = Pick<Store, "beginCreation" | "dropCreation" | "forgetCreations">;

/** What is being made on GitHub, or was a moment ago: whoever looks for it there may not find it yet. */
export function creations(db: Db): Creations {
  return {
    beginCreation: async (key, now, earliest) => {
      const begun = { key, now: timestampFrom(now), earliest: timestampFrom(earliest) };
      for (;;) {
        const { numAffectedRows } = await begin(db, begun);
        if (numAffectedRows === 1n) return null;
        const { rows } = await begunAt(db, { key });
        // Dropped or forgotten in between: then it is nobody's.
        if (rows[0] !== undefined) return rows[0].begun_at;
      }
    },

    dropCreation: async (key) => {
      await db.deleteFrom("creations").where("key", "=", key).execute();
    },

    forgetCreations: async (begunBefore) => {
      await db.deleteFrom("creations").where("begun_at", "<", timestampFrom(begunBefore)).execute();
    },
  };
}

/** By one alone, of whatever process. */
const begin = prepared(
  (db, { key, now, earliest }: { readonly key: string; readonly now: string; readonly earliest: string }) =>
    db
      .insertInto("creations")
      .values({ key, begun_at: now })
      .onConflict((conflict) =>
        conflict.column("key").doUpdateSet({ begun_at: now }).where("creations.begun_at", "<=", earliest),
      ),
);

const begunAt = prepared((db, { key }: { readonly key: string }) =>
  db.selectFrom("creations").select("begun_at").where("key", "=", key),
);
