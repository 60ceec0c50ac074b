import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { noSurcharges } from "../../src/runner/price.ts";
import { createSpending } from "../../src/runner/spending.ts";
import { noUsage } from "../../src/core/usage.ts";

// Three dollars for a million tokens of input.
const model = "claude-sonnet-4-6";
const oneDollar = 333_334;

describe("createSpending", () => {
  test("refuses a call whose input the purse does not hold", () => {
    expect(createSpending(1, () => 0).charge(model, oneDollar)).toBeNull();
    expect(createSpending(1.1, () => 0).charge(model, oneDollar)).not.toBeNull();
    expect(createSpending(5, () => 4).charge(model, oneDollar)).toBeNull();
  });

  test("counts at the prices that somebody set", () => {
    const prices = [{ model: "claude-sonnet", input: 300, output: 300, cacheRead: 30 }];
    expect(createSpending(1.1, () => 0, prices).charge(model, oneDollar)).toBeNull();
    const spending = createSpending(5, () => 0, prices);
    const charge = spending.charge(model, 1_000);
    charge?.update({ ...noUsage, inputTokens: 1_000 }, noSurcharges);
    charge?.close();
    expect(spending.total().costUsd).toBeCloseTo(0.3);
  });

  test("refuses everything where nothing is left", () => {
    expect(createSpending(0, () => 0).charge(model, 0)).toBeNull();
    expect(createSpending(1, () => 2).charge(model, 0)).toBeNull();
  });

  test("counts calls under way, until they are over", () => {
    const spending = createSpending(2.5, () => 0);
    const first = spending.charge(model, oneDollar);
    expect(spending.charge(model, oneDollar)).not.toBeNull();
    expect(spending.charge(model, oneDollar)).toBeNull();
    first?.close();
    expect(spending.charge(model, oneDollar)).not.toBeNull();
  });

  test("counts what a call under way has used beyond its input", () => {
    const spending = createSpending(10, () => 0);
    spending.charge(model, 1)?.update({ ...noUsage, outputTokens: 600_000 }, noSurcharges);
    expect(spending.leftUsd()).toBeCloseTo(1);
    expect(spending.total().costUsd).toBe(0);
  });

  test("books a call once, under its model", () => {
    const spending = createSpending(10, () => 0);
    const charge = spending.charge(model, 1000);
    charge?.update({ ...noUsage, inputTokens: 1 }, noSurcharges);
    charge?.update({ ...noUsage, inputTokens: 1000 }, noSurcharges);
    charge?.close();
    charge?.close();
    spending.charge("claude-opus-5", 1000)?.close();
    expect(spending.total()).toEqual({
      usage: { ...noUsage, inputTokens: 1000 },
      costUsd: 0.003,
      byModel: [{ model, usage: { ...noUsage, inputTokens: 1000 }, costUsd: 0.003 }],
    });
  });

  test("never lets in more input than the budget pays for, in whatever order calls come and go", () => {
    const call = fc.record({ inputTokens: fc.nat(200_000), isOver: fc.boolean() });
    fc.assert(
      fc.property(fc.array(call), (calls) => {
        const spending = createSpending(1, () => 0);
        let costOfInput = 0;
        for (const { inputTokens, isOver } of calls) {
          const charge = spending.charge(model, inputTokens);
          if (charge === null) continue;
          costOfInput += (inputTokens * 3) / 1e6;
          charge.update({ ...noUsage, inputTokens }, noSurcharges);
          if (isOver) charge.close();
        }
        expect(costOfInput).toBeLessThan(1 + 1e-9);
      }),
    );
  });

  test("lets nobody spend more than the budget, however long the replies and however many at once", () => {
    const call = fc.record({
      inputTokens: fc.nat(100_000),
      tokensMax: fc.integer({ min: 1, max: 128_000 }),
      fastMode: fc.boolean(),
      isOver: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(call), (calls) => {
        const spending = createSpending(1, () => 0);
        const open: (() => void)[] = [];
        for (const { inputTokens, tokensMax, fastMode, isOver } of calls) {
          const surcharges = { ...noSurcharges, fastMode };
          const charge = spending.charge(model, inputTokens, { tokensMax, tokensMin: 1, surcharges });
          if (charge === null) continue;
          charge.update({ ...noUsage, inputTokens, outputTokens: charge.outputTokensMax }, surcharges);
          if (isOver) charge.close();
          else open.push(() => charge.close());
        }
        for (const close of open) close();
        expect(spending.total().costUsd).toBeLessThan(1 + 1e-9);
      }),
    );
  });

  test("cuts the last reply to what the purse holds, and refuses one that would be of no use", () => {
    const reply = { tokensMax: 32_000, tokensMin: 1_000, surcharges: noSurcharges };
    // Fifteen dollars for a million tokens of output.
    expect(createSpending(1, () => 0).charge(model, 0, reply)?.outputTokensMax).toBe(32_000);
    expect(createSpending(0.3, () => 0).charge(model, 0, reply)?.outputTokensMax).toBe(20_000);
    expect(createSpending(0.01, () => 0).charge(model, 0, reply)).toBeNull();
    expect(createSpending(0.01, () => 0).charge(model, 0, { ...reply, tokensMax: 100 })?.outputTokensMax).toBe(100);
  });
});
