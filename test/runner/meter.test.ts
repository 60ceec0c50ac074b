import { expect, test } from "vitest";
import { nothingSpent, type Spent } from "../../src/core/usage.ts";
import { createMeter } from "../../src/runner/meter.ts";

const spent = (costUsd: number): Spent => ({ ...nothingSpent, costUsd });

test("the totals of two gateways are added up, and what the app was told is taken off", () => {
  const meter = createMeter();
  const work = meter.open();
  work(spent(1));
  meter.mark(spent(1));
  const verifier = meter.open();
  verifier(spent(0.25));
  verifier(spent(0.5));
  work(spent(1.25));
  expect(meter.total().costUsd).toBe(1.75);
  expect(meter.sinceMark().costUsd).toBe(0.75);
});
