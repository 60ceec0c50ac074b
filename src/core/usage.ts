/** Tokens and money of model calls (requirement H1.1). */

export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheCreationInputTokens: number;
  readonly cacheReadInputTokens: number;
}

export interface Spent {
  readonly usage: Usage;
  readonly costUsd: number;
}

export const noUsage: Usage = {
  inputTokens: 0,
  outputTokens: 0,
  cacheCreationInputTokens: 0,
  cacheReadInputTokens: 0,
};

export const nothingSpent: Spent = { usage: noUsage, costUsd: 0 };

export function addSpent(one: Spent, other: Spent): Spent {
  return {
    usage: {
      inputTokens: one.usage.inputTokens + other.usage.inputTokens,
      outputTokens: one.usage.outputTokens + other.usage.outputTokens,
      cacheCreationInputTokens: one.usage.cacheCreationInputTokens + other.usage.cacheCreationInputTokens,
      cacheReadInputTokens: one.usage.cacheReadInputTokens + other.usage.cacheReadInputTokens,
    },
    costUsd: one.costUsd + other.costUsd,
  };
}

/** What the first has beyond the other; never less than nothing. */
export function spentBeyond(one: Spent, other: Spent): Spent {
  const beyond = (name: keyof Usage) => Math.max(0, one.usage[name] - other.usage[name]);
  return {
    usage: {
      inputTokens: beyond("inputTokens"),
      outputTokens: beyond("outputTokens"),
      cacheCreationInputTokens: beyond("cacheCreationInputTokens"),
      cacheReadInputTokens: beyond("cacheReadInputTokens"),
    },
    costUsd: Math.max(0, one.costUsd - other.costUsd),
  };
}

/** All tokens that went through the model, cached ones included. */
export function tokensOf(usage: Usage): number {
  return usage.inputTokens + usage.outputTokens + usage.cacheCreationInputTokens + usage.cacheReadInputTokens;
}
