import type { Migration } from "kysely/migration";
import type { Columns } from "../database.ts";
import type { AnyDb } from "./columns.ts";

/** Several processes that share a store must not work on one lane at the same time. */
export function messageLeases({ text }: Columns): Migration {
  return {
    up: async (db: AnyDb) => {
      await db.schema.alterTable("inbox").addColumn("lease_until", text).execute();
      await db.schema.alterTable("inbox").addColumn("holder", text).execute();
    },
  };
}
