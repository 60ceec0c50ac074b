/**
 * A store that was put back from a copy has lost webhooks that GitHub delivered to the one before it. So each start notes
 * when the last one was received, before it takes in any other, and asks for what came since then and is not there.
 */
import { webhookKeyOf, type ClaimedMessage } from "./ports/queues.ts";
import type { GitHub, WebhookDelivery } from "./ports/github.ts";
import { NotYet } from "./ports/retry-later.ts";
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
const lookAgainMs = 60_000;

/** Nothing in a store that never heard a webhook: what happened before it is not its own. */
export async function queueCatchUp({ store, clock }: Pick<CatchingUp, "store" | "clock">): Promise<void> {
  const lastAt = await store.lastWebhookAt();
  if (lastAt === null) return;
  const receivedAt = clock.now().toISOString();
  await store.takeIn({ key: `catch-up:${lastAt}`, kind: "catch-up", lane: "catch-up", body: lastAt, receivedAt });
}

/** Throws `NotYet` until all of them are there. What did not arrive before either is the sweep's. */
export async function catchUp({ store, github, log }: CatchingUp, { body: lastAt }: ClaimedMessage): Promise<void> {
  const since = new Date(Date.parse(lastAt) - overlapMs).toISOString();
  const lost: WebhookDelivery[] = [];
  for (const delivery of await github.arrivedDeliveries(since)) {
    if (!(await store.isKnown(webhookKeyOf(delivery.guid)))) lost.push(delivery);
  }
  if (lost.length === 0) return;
  // Oldest first, as they happened.
  for (const { deliveryId } of lost.toReversed()) await github.redeliver(deliveryId);
  log.info({ sent: lost.length, since }, "asked again for webhooks that the store does not know");
  // No sweep would miss one that does not arrive this time: it has arrived before.
  throw new NotYet(`${lost.length} webhooks were asked for again`, lookAgainMs);
}
