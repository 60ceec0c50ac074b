/** The key under which a run seals what it can't deliver. It is made from the app's own keys, so that none lies in the store. */
import type { RunSession } from "./ports/store.ts";
import type { Seal } from "./seal.ts";

const madeFrom = "of:";

/** What the store keeps: which key it is made from. */
export function newSealKey(seal: Pick<Seal, "keyId">): string {
  return `${madeFrom}${seal.keyId}`;
}

/** 32 bytes in base64. Throws where the app has the key no more that it is made from. */
export function sealKeyOf(
  seal: Pick<Seal, "keyFor">,
  { runId, sealKey }: Pick<RunSession, "runId" | "sealKey">,
): string {
  // A session that was opened by a version before this one has the key itself.
  if (!sealKey.startsWith(madeFrom)) return sealKey;
  return seal.keyFor(["envelope", runId], sealKey.slice(madeFrom.length)).toString("base64");
}
