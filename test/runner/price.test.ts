import { describe, expect, test } from "vitest";
import { costUsd, noSurcharges } from "../../src/runner/price.ts";
import prices from "../../src/runner/prices.json" with { type: "json" };
import { noUsage } from "../../src/core/usage.ts";

const million = 1_000_000;

test("the list says of when and of whom it is", () => {
  expect(prices.date).toMatch(/^\d{4}-\d\d-\d\d$/u);
  expect(prices.source).not.toBe("");
  // A shorter name in front would hide a longer one behind it.
  const names = prices.models.map(({ model }) => model);
  const hidden = names.filter((name, at) => names.slice(0, at).some((earlier) => name.startsWith(earlier)));
  expect(hidden).toEqual([]);
});

describe("costUsd", () => {
  test.each<readonly [model: string, input: number, output: number]>([
    ["claude-opus-4-1-20250805", 15, 75],
    ["claude-opus-4-20250514", 15, 75],
    ["claude-opus-4-5-20251101", 5, 25],
    ["claude-opus-5", 5, 25],
    ["claude-opus-5-5", 4, 20],
    ["claude-sonnet-4-6", 3, 15],
    ["claude-sonnet-5", 2, 10],
    ["claude-sonnet-9", 3, 15],
    ["claude-haiku-4-5-20251001", 1, 5],
    ["claude-3-5-haiku-20241022", 0.8, 4],
  ])("knows the list price of %s", (model, input, output) => {
    expect(costUsd({ ...noUsage, inputTokens: million }, model)).toBeCloseTo(input);
    expect(costUsd({ ...noUsage, outputTokens: million }, model)).toBeCloseTo(output);
  });

  test.each(["", "gpt-x", "claude-", "claude-opus", "constructor"])("takes the dearest price for %j", (model) => {
    expect(costUsd({ ...noUsage, inputTokens: million, outputTokens: million }, model)).toBeCloseTo(90);
  });

  test("charges a quarter more for writing the cache, double for an hour of it, and a tenth for reading", () => {
    const model = "claude-sonnet-4-6";
    const written = { ...noUsage, cacheCreationInputTokens: million };
    expect(costUsd(written, model)).toBeCloseTo(3.75);
    expect(costUsd(written, model, { ...noSurcharges, longCacheTokens: million })).toBeCloseTo(6);
    expect(costUsd({ ...noUsage, cacheReadInputTokens: million }, model)).toBeCloseTo(0.3);
  });

  test("takes the price that somebody set, of several the closest, and the list's for all others", () => {
    const set = (model: string, input: number) => ({ model, input, output: 7, cacheRead: 0.1 });
    const overrides = [set("claude-sonnet", 9), set("claude-sonnet-5", 11)];
    const cost = (model: string): number =>
      costUsd({ ...noUsage, inputTokens: million }, model, noSurcharges, overrides);
    expect(cost("claude-sonnet-5-5")).toBeCloseTo(11);
    expect(cost("claude-sonnet-4-6")).toBeCloseTo(9);
    expect(cost("claude-haiku-4-5")).toBeCloseTo(1);
    expect(
      costUsd({ ...noUsage, cacheCreationInputTokens: million }, "claude-sonnet-5", noSurcharges, overrides),
    ).toBeCloseTo(13.75);
  });

  test("never counts more hour-long cache than there is cache", () => {
    expect(costUsd(noUsage, "claude-sonnet-4-6", { ...noSurcharges, longCacheTokens: million })).toBe(0);
  });

  test("agrees with what the CLI says about a recorded session", () => {
    const usage = {
      inputTokens: 203,
      outputTokens: 84,
      cacheCreationInputTokens: 100,
      cacheReadInputTokens: 2000,
    };
    expect(costUsd(usage, "claude-sonnet-5-5")).toBeCloseTo(0.001696, 9);
  });

  test("charges more for a long prompt where the model does, cache included", () => {
    const model = "claude-haiku-5-5";
    expect(costUsd({ ...noUsage, inputTokens: 100_000 }, model)).toBeCloseTo(0.01);
    expect(costUsd({ ...noUsage, inputTokens: 1, cacheReadInputTokens: 100_000 }, model)).toBeCloseTo(0.0050005);
  });

  test("charges for fast mode, a pinned region and web searches", () => {
    const usage = { ...noUsage, inputTokens: million };
    const surcharges = { ...noSurcharges, fastMode: true, pinnedRegion: true, webSearches: 3 };
    expect(costUsd(usage, "claude-opus-5", surcharges)).toBeCloseTo(33.03);
  });
});
