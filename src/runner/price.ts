/** What model calls cost, by the list prices of `prices.json`. What is not known costs as much as the dearest. */

import prices from "./prices.json" with { type: "json" };
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

/** A price that somebody set takes the place of the table's for models whose name begins so. */
export type PriceOverride = Price & { readonly model: string };

/** What one model call costs at list price, in US dollars. */
export function costUsd(
  usage: Usage,
  model: string,
  surcharges: Surcharges = noSurcharges,
  overrides: readonly PriceOverride[] = [],
): number {
  const price = priceOf(model, overrides);
  const promptTokens = usage.inputTokens + usage.cacheCreationInputTokens + usage.cacheReadInputTokens;
  const longCacheTokens = Math.min(surcharges.longCacheTokens, usage.cacheCreationInputTokens);
  const shortCacheTokens = usage.cacheCreationInputTokens - longCacheTokens;
  const perMillion =
    usage.inputTokens * price.input +
    usage.outputTokens * price.output +
    usage.cacheReadInputTokens * price.cacheRead +
    (shortCacheTokens * timesInput.cacheWrite + longCacheTokens * timesInput.longCacheWrite) * price.input;
  const factor =
    (price.longPrompt !== undefined && promptTokens > price.longPrompt.aboveTokens ? price.longPrompt.timesDearer : 1) *
    (surcharges.fastMode ? timesAll.fastMode : 1) *
    (surcharges.pinnedRegion ? timesAll.pinnedRegion : 1);
  return (perMillion * factor) / 1e6 + surcharges.webSearches * prices.usdPerWebSearch;
}

const { timesInput, timesAll } = prices;
const listed: readonly PriceOverride[] = prices.models;

function priceOf(model: string, overrides: readonly PriceOverride[]): Price {
  // Of several that fit, the one that names the model most closely.
  const [set] = overrides
    .filter((each) => model.startsWith(each.model))
    .sort((a, b) => b.model.length - a.model.length);
  return set ?? listed.find((each) => model.startsWith(each.model)) ?? prices.dearest;
}
