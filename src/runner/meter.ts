import { addSpent, nothingSpent, type Spent } from "../core/usage.ts";

/** What a run has spent: in all, and since the app was last told. */
export interface Meter {
  /** Totals of the run so far. */
  set(total: Spent): void;
  total(): Spent;
  sinceMark(): Spent;
  /** All up to now has reached the app. */
  mark(told: Spent): void;
}

export function createMeter(): Meter {
  let total = nothingSpent;
  let marked = nothingSpent;
  return {
    set: (spent) => {
      total = spent;
    },
    total: () => total,
    sinceMark: () => difference(total, marked),
    mark: (told) => {
      marked = addSpent(marked, told);
    },
  };
}

/** Never below zero: money is added up in floating point. */
function difference(all: Spent, told: Spent): Spent {
  return combine(all, told, (a, b) => Math.max(0, a - b));
}

function combine(one: Spent, other: Spent, work: (a: number, b: number) => number): Spent {
  const [a, b] = [one.usage, other.usage];
  return {
    usage: {
      inputTokens: work(a.inputTokens, b.inputTokens),
      outputTokens: work(a.outputTokens, b.outputTokens),
      cacheCreationInputTokens: work(a.cacheCreationInputTokens, b.cacheCreationInputTokens),
      cacheReadInputTokens: work(a.cacheReadInputTokens, b.cacheReadInputTokens),
    },
    costUsd: work(one.costUsd, other.costUsd),
  };
}
