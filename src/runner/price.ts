/** List prices of the Claude models, as the pinned CLI carries them. What is not known costs as much as the dearest. */

import type { Usage } from "../core/usage.ts";

/** US dollars for a million tokens. */
interface Price {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  /** Holds instead once the whole prompt, cache included, is longer than this. */
  readonly longPrompt?: { readonly aboveTokens: number; readonly timesDearer: number };
}

/** What a reply may carry beside its four token counts. */
export interface Surcharges {
  /** The part of `cacheCreationInputTokens` that lives an hour and not five minutes. */
  readonly longCacheTokens: number;
  readonly webSearches: number;
  readonly fastMode: boolean;
  /** Computed inside the United States only. */
  readonly pinnedRegion: boolean;
}

export const noSurcharges: Surcharges = {
  longCacheTokens: 0,
  webSearches: 0,
  fastMode: false,
  pinnedRegion: false,
};

const cacheWriteFactor = 1.25;
const longCacheWriteFactor = 2;
const fastModeFactor = 6;
const pinnedRegionFactor = 1.1;
const usdPerWebSearch = 0.01;

const dearest: Price = { input: 15, output: 75, cacheRead: 1.5 };

/** By name prefix; the first that fits counts, so the longer ones stand first. A bare family covers its unknown members. */
const priceByPrefix: readonly (readonly [prefix: string, price: Price])[] = [
  ["claude-opus-5-5", { input: 4, output: 20, cacheRead: 0.2 }],
  ["claude-opus-5", { input: 5, output: 25, cacheRead: 0.5 }],
  ["claude-opus-4-5", { input: 5, output: 25, cacheRead: 0.5 }],
  ["claude-opus-4-6", { input: 5, output: 25, cacheRead: 0.5 }],
  ["claude-opus-4-7", { input: 5, output: 25, cacheRead: 0.5 }],
  ["claude-opus-4-8", { input: 5, output: 25, cacheRead: 0.5 }],
  ["claude-sonnet-5-5", { input: 2, output: 10, cacheRead: 0.1 }],
  ["claude-sonnet-5", { input: 2, output: 10, cacheRead: 0.2 }],
  ["claude-sonnet", { input: 3, output: 15, cacheRead: 0.3 }],
  ["claude-3-7-sonnet", { input: 3, output: 15, cacheRead: 0.3 }],
  ["claude-3-5-sonnet", { input: 3, output: 15, cacheRead: 0.3 }],
  [
    "claude-haiku-5-5",
    { input: 0.1, output: 0.5, cacheRead: 0.01, longPrompt: { aboveTokens: 100_000, timesDearer: 5 } },
  ],
  ["claude-haiku", { input: 1, output: 5, cacheRead: 0.1 }],
  ["claude-3-5-haiku", { input: 0.8, output: 4, cacheRead: 0.08 }],
  ["claude-fable-5-2", { input: 8, output: 40, cacheRead: 0.2 }],
  ["claude-fable-5-1", { input: 10, output: 50, cacheRead: 0.25 }],
  ["claude-fable", { input: 10, output: 50, cacheRead: 1 }],
  ["claude-mythos-5-2", { input: 8, output: 40, cacheRead: 0.2 }],
  ["claude-mythos-5-1", { input: 10, output: 50, cacheRead: 0.25 }],
  ["claude-mythos", { input: 10, output: 50, cacheRead: 1 }],
];

/** What one model call costs at list price, in US dollars. */
export function costUsd(usage: Usage, model: string, surcharges: Surcharges = noSurcharges): number {
  const price = priceOf(model);
  const promptTokens = usage.inputTokens + usage.cacheCreationInputTokens + usage.cacheReadInputTokens;
  const longCacheTokens = Math.min(surcharges.longCacheTokens, usage.cacheCreationInputTokens);
  const shortCacheTokens = usage.cacheCreationInputTokens - longCacheTokens;
  const perMillion =
    usage.inputTokens * price.input +
    usage.outputTokens * price.output +
    usage.cacheReadInputTokens * price.cacheRead +
    (shortCacheTokens * cacheWriteFactor + longCacheTokens * longCacheWriteFactor) * price.input;
  const factor =
    (price.longPrompt !== undefined && promptTokens > price.longPrompt.aboveTokens ? price.longPrompt.timesDearer : 1) *
    (surcharges.fastMode ? fastModeFactor : 1) *
    (surcharges.pinnedRegion ? pinnedRegionFactor : 1);
  return (perMillion * factor) / 1e6 + surcharges.webSearches * usdPerWebSearch;
}

function priceOf(model: string): Price {
  return priceByPrefix.find(([prefix]) => model.startsWith(prefix))?.[1] ?? dearest;
}
