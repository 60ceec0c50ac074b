/** Who holds what of the queues: nothing is in two hands at once, and each lane gives out one thing at a time. */
import type { ClaimedEffect, ClaimedMessage } from "../../src/control/ports/queues.ts";

interface Lease {
  readonly life: object;
  readonly until: string;
}

type Rows = (query: string, ...parameters: readonly string[]) => readonly Record<string, unknown>[];

/** Methods that hand an effect back. */
const handBacks: readonly string[] = ["markEffectDone", "markEffectFailed", "putOffEffect", "releaseEffect"];

export class Leases {
  readonly #held = new Map<string, Lease>();

  /** One call of a process to its store, with its answer. Says what is not as it must be. */
  heard(life: object, rows: Rows, name: string, args: readonly unknown[], answer: unknown): string | null {
    const [first, second] = args;
    if (name === "claimEffects") {
      const lease = { life, until: String(second) };
      return this.#claimed(rows, lease, String(first), answer as readonly ClaimedEffect[]);
    }
    if (name === "dueMessages") return ordered(rows, answer as readonly ClaimedMessage[]);
    if (handBacks.includes(name)) this.#held.delete(String(first));
    if (name === "commit") this.#held.delete(String((first as { readonly effectKey?: string }).effectKey));
    return null;
  }

  /** What a dead process held is nobody's. */
  forget(life: object): void {
    for (const [key, lease] of this.#held) if (lease.life === life) this.#held.delete(key);
  }

  #claimed(rows: Rows, lease: Lease, at: string, claimed: readonly ClaimedEffect[]): string | null {
    for (const { key } of claimed) {
      const held = this.#held.get(key);
      if (held !== undefined && held.until > at) return `no two workers hold a lease: ${key}, held until ${held.until}`;
      this.#held.set(key, lease);
      const [other] = rows(
        `select other.key as key from effects as one join effects as other on other.lane = one.lane
         where one.key = ? and other.key <> one.key and other.status = 'waiting' and other.lease_until > ?`,
        key,
        at,
      );
      if (other !== undefined) return `one effect of a lane at a time: ${key} beside ${String(other["key"])}`;
    }
    return null;
  }
}

function ordered(rows: Rows, due: readonly ClaimedMessage[]): string | null {
  for (const { key, lane } of due) {
    const [oldest] = rows("select key from inbox where lane = ? and status = 'waiting' order by seq limit 1", lane);
    if (oldest !== undefined && oldest["key"] !== key) {
      return `messages of a lane keep their order: ${key} before ${String(oldest["key"])}`;
    }
  }
  return null;
}
