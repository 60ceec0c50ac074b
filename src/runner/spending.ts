/** The purse of one phase: what was spent, and what is being spent at this moment. */

import { costUsd, noSurcharges, type Surcharges } from "./price.ts";
import { addUsage, zeroUsage, type Usage } from "./usage.ts";

export interface ModelSpending {
  readonly model: string;
  readonly usage: Usage;
  readonly costUsd: number;
}

/** One call that is under way. */
export interface Charge {
  /** What the call has used up to now; replaces what was said before. */
  update(usage: Usage, surcharges: Surcharges): void;
  /** The call is over, at what was said last, or at nothing. A second time changes nothing. */
  close(): void;
}

export interface Spending {
  /**
   * Null where the purse does not hold the cost of the input.
   * Calls under way count with at least the cost of their input, so that many at once cannot overdraw it by as many prompts.
   */
  charge(model: string, inputTokens: number): Charge | null;
  /** Of the calls that are over; without what had been spent before. */
  total(): { readonly usage: Usage; readonly costUsd: number; readonly byModel: readonly ModelSpending[] };
  leftUsd(): number;
}

export function createSpending(budgetUsd: number, spentUsd: number): Spending {
  const byModel = new Map<string, ModelSpending>();
  const reservations = new Set<{ usd: number }>();

  return { charge, total, leftUsd };

  function charge(model: string, inputTokens: number): Charge | null {
    const inputCostUsd = costUsd({ ...zeroUsage, inputTokens }, model);
    if (inputCostUsd >= leftUsd()) return null;
    const reservation = { usd: inputCostUsd };
    let usage = zeroUsage;
    let surcharges = noSurcharges;
    reservations.add(reservation);
    return {
      update(usageNow, surchargesNow) {
        usage = usageNow;
        surcharges = surchargesNow;
        reservation.usd = Math.max(inputCostUsd, costUsd(usage, model, surcharges));
      },
      close() {
        if (!reservations.delete(reservation) || usage === zeroUsage) return;
        const before = byModel.get(model) ?? { model, usage: zeroUsage, costUsd: 0 };
        byModel.set(model, {
          model,
          usage: addUsage(before.usage, usage),
          costUsd: before.costUsd + costUsd(usage, model, surcharges),
        });
      },
    };
  }

  function total(): ReturnType<Spending["total"]> {
    const all = [...byModel.values()];
    return {
      usage: all.reduce((sum, { usage }) => addUsage(sum, usage), zeroUsage),
      costUsd: all.reduce((sum, { costUsd }) => sum + costUsd, 0),
      byModel: all,
    };
  }

  function leftUsd(): number {
    const reservedUsd = [...reservations].reduce((sum, { usd }) => sum + usd, 0);
    return budgetUsd - spentUsd - total().costUsd - reservedUsd;
  }
}
