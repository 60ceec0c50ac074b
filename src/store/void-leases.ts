import type { Db } from "./schema.ts";

/**
 * Leases of a process that died before it could hand back what it held. Only for whoever has the store alone.
 * Its attempts stay counted, so that an effect that brings the process down does not do so for ever.
 */
export async function voidLeases(db: Db): Promise<void> {
  await db
    .updateTable("effects")
    .set({ lease_until: null, again_not_before: null })
    .where("status", "=", "waiting")
    .where("lease_until", "is not", null)
    .execute();
  await db
    .updateTable("inbox")
    .set({ lease_until: null, holder: null })
    .where("status", "=", "waiting")
    .where("lease_until", "is not", null)
    .execute();
}
