import { addSpent, nothingSpent, type Spent } from "../core/usage.ts";

/** What a run has spent: in all, and since the app was last told. */
export interface Meter {
  /** Of one gateway: it tells its totals, and those of all are added up. */
  open(): (total: Spent) => void;
  total(): Spent;
  sinceMark(): Spent;
  /** All up to now has reached the app. */
  mark(told: Spent): void;
}

export function createMeter(): Meter {
  const totals: Spent[] = [];
  const total = (): Spent => totals.reduce(addSpent, nothingSpent);
  let marked = nothingSpent;
  return {
    open: () => {
      const at = totals.push(nothingSpent) - 1;
      return (spent) => {
        totals[at] = spent;
      };
    },
    total,
    sinceMark: () => difference(total(), marked),
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
