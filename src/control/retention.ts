/** Once a day, what has had its time is forgotten: a message in the inbox named after its day, so that one replica does it. */
import type { Policy } from "../core/decide.ts";
import type { Store } from "./ports/store.ts";
import type { Clock, Log } from "./ports/surroundings.ts";

interface Forgetting {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly policy: Policy;
}

const dayMs = 24 * 60 * 60_000;

/**
 * A message is known again by its key. GitHub sends a webhook again for three days; one that somebody has sent again on
 * the last of them may be sent again for three more.
 */
const messagesKeptMs = 14 * dayMs;
/** At a time: whoever has work waits no longer than for these. */
const messagesMax = 500;
/** Far longer than GitHub's lists miss anything. */
const creationsKeptMs = dayMs;
const tasksMax = 5;

/** In UTC. */
export function dayOf(moment: Date): string {
  return moment.toISOString().slice(0, "2026-11-26".length);
}

/** Nothing where somebody did that day. */
export async function queueRetention(
  { store, clock }: Pick<Forgetting, "store" | "clock">,
  day: string,
): Promise<void> {
  const receivedAt = clock.now().toISOString();
  await store.takeIn({ key: `retention:${day}`, kind: "retention", lane: "retention", body: day, receivedAt });
}

/** May break off anywhere; whoever takes it up goes on with what is left. */
export async function forgetOld({ store, clock, log, policy }: Forgetting): Promise<void> {
  const before = (ms: number) => new Date(clock.now().getTime() - ms).toISOString();
  const processedBefore = before(messagesKeptMs);
  const failedBefore = before(policy.logsKeptMs);
  const messages = await untilNone(() => store.forgetMessages({ processedBefore, failedBefore }, messagesMax));
  const tasks = await untilNone(() => store.forgetTraces(failedBefore, tasksMax));
  await store.forgetCreations(before(creationsKeptMs));
  if (messages + tasks > 0)
    log.info({ messages, tasks }, "forgot old messages, and the logs of tasks that ended long ago");
}

async function untilNone(forget: () => Promise<number>): Promise<number> {
  let all = 0;
  for (;;) {
    const some = await forget();
    if (some === 0) return all;
    all += some;
  }
}
