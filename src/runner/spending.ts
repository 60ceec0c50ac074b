/** The purse of one phase: what was spent, and what is being spent at this moment. */

import { addSpent, nothingSpent, noUsage, type Spent, type Usage } from "../core/usage.ts";
import { costUsd as listCostUsd, noSurcharges, type PriceOverride, type Surcharges } from "./price.ts";

export interface ModelSpending extends Spent {
  readonly model: string;
}

/** What a call may cost beyond its input. */
interface Reply {
  /** The longest reply that was asked for. */
  readonly tokensMax: number;
  /** A shorter one is of no use. */
  readonly tokensMin: number;
  readonly surcharges: Surcharges;
}

/** One call that is under way. */
export interface Charge {
  /** The longest reply that the purse holds; at most what was asked for. */
  readonly outputTokensMax: number;
  /** What the call has used up to now; replaces what was said before. */
  update(usage: Usage, surcharges: Surcharges): void;
  /** The call is over, at what was said last, or at nothing. A second time changes nothing. */
  close(): void;
}

export interface Spending {
  /**
   * Null where the purse does not hold the cost of the input and of a useful reply.
   * Calls under way count with all that they may cost, so that neither one nor many at once can overdraw it.
   */
  charge(model: string, inputTokens: number, reply?: Reply): Charge | null;
  /** Of the calls that are over; without what had been spent before. */
  total(): Spent & { readonly byModel: readonly ModelSpending[] };
  leftUsd(): number;
}

const noReply: Reply = { tokensMax: 0, tokensMin: 0, surcharges: noSurcharges };

/** `spentUsd`: out of the same budget, elsewhere. */
export function createSpending(
  budgetUsd: number,
  spentUsd: () => number,
  prices: readonly PriceOverride[] = [],
): Spending {
  const costUsd = (usage: Usage, model: string, surcharges: Surcharges): number =>
    listCostUsd(usage, model, surcharges, prices);
  const byModel = new Map<string, ModelSpending>();
  const reservations = new Set<{ usd: number }>();

  return { charge, total, leftUsd };

  function charge(model: string, inputTokens: number, reply = noReply): Charge | null {
    const left = leftUsd();
    const inputCostUsd = costUsd({ ...noUsage, inputTokens }, model, reply.surcharges);
    if (inputCostUsd >= left) return null;
    const outputTokens = 1_000_000;
    const usdPerToken =
      (costUsd({ ...noUsage, inputTokens, outputTokens }, model, reply.surcharges) - inputCostUsd) / outputTokens;
    const outputTokensMax = Math.min(reply.tokensMax, Math.floor((left - inputCostUsd) / usdPerToken));
    if (outputTokensMax < Math.min(reply.tokensMax, reply.tokensMin)) return null;
    const reservation = { usd: inputCostUsd + outputTokensMax * usdPerToken };
    const reservedUsd = reservation.usd;
    let spent: Spent | null = null;
    reservations.add(reservation);
    return {
      outputTokensMax,
      update(usage, surcharges) {
        spent = { usage, costUsd: costUsd(usage, model, surcharges) };
        reservation.usd = Math.max(reservedUsd, spent.costUsd);
      },
      close() {
        if (!reservations.delete(reservation) || spent === null) return;
        byModel.set(model, { model, ...addSpent(byModel.get(model) ?? nothingSpent, spent) });
      },
    };
  }

  function total(): ReturnType<Spending["total"]> {
    const all = [...byModel.values()];
    return { ...all.reduce<Spent>(addSpent, nothingSpent), byModel: all };
  }

  function leftUsd(): number {
    const reservedUsd = [...reservations].reduce((sum, { usd }) => sum + usd, 0);
    return budgetUsd - spentUsd() - total().costUsd - reservedUsd;
  }
}
