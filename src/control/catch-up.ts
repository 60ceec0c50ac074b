/**
 * A store that was put back from a copy has lost webhooks that GitHub delivered to the one before it. So each start notes
 * when the last one was received, before it takes in any other, and asks for what came since then and is not there.
 */
import { webhookKeyOf, type ClaimedMessage } from "./ports/queues.ts";
import type { GitHub } from "./ports/github.ts";
import type { Store } from "./ports/store.ts";
import type { Clock, Log } from "./ports/surroundings.ts";

interface CatchingUp {
  readonly store: Store;
  readonly github: GitHub;
  readonly clock: Clock;
  readonly log: Log;
}

/** Two clocks differ, and what was delivered last may have been received late. */
const overlapMs = 15 * 60_000;

/** Nothing in a store that never heard a webhook: what happened before it is not its own. */
export async function queueCatchUp({ store, clock }: Pick<CatchingUp, "store" | "clock">): Promise<void> {
  const lastAt = await store.lastWebhookAt();
  if (lastAt === null) return;
  const receivedAt = clock.now().toISOString();
  await store.takeIn({ key: `catch-up:${lastAt}`, kind: "catch-up", lane: "catch-up", body: lastAt, receivedAt });
}

export async function catchUp({ store, github, log }: CatchingUp, { body: lastAt }: ClaimedMessage): Promise<void> {
  const since = new Date(Date.parse(lastAt) - overlapMs).toISOString();
  let sent = 0;
  // Oldest first, as they happened. Whatever does not arrive now is found by the sweeps.
  for (const { deliveryId, guid } of (await github.deliveriesSince(since)).toReversed()) {
    if (await store.isKnown(webhookKeyOf(guid))) continue;
    await github.redeliver(deliveryId);
    sent += 1;
  }
  if (sent > 0) log.info({ sent, since }, "asked again for webhooks that the store does not know");
}
