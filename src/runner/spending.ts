/** The purse of one phase: what was spent, and what is being spent at this moment. */

import { addSpent, nothingSpent, noUsage, type Spent, type Usage } from "../core/usage.ts";
import { costUsd, type Surcharges } from "./price.ts";

export interface ModelSpending extends Spent {
  readonly model: string;
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
  total(): Spent & { readonly byModel: readonly ModelSpending[] };
  leftUsd(): number;
}

export function createSpending(budgetUsd: number, spentUsd: number): Spending {
  const byModel = new Map<string, ModelSpending>();
  const reservations = new Set<{ usd: number }>();

  return { charge, total, leftUsd };

  function charge(model: string, inputTokens: number): Charge | null {
    const inputCostUsd = costUsd({ ...noUsage, inputTokens }, model);
    if (inputCostUsd >= leftUsd()) return null;
    const reservation = { usd: inputCostUsd };
    let spent: Spent | null = null;
    reservations.add(reservation);
    return {
      update(usage, surcharges) {
        spent = { usage, costUsd: costUsd(usage, model, surcharges) };
        reservation.usd = Math.max(inputCostUsd, spent.costUsd);
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
    return budgetUsd - spentUsd - total().costUsd - reservedUsd;
  }
}
