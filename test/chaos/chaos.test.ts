import { expect, test } from "vitest";
import { runChaos } from "./chaos.ts";

test("five kills of the machine under the runs lose no accepted step, double nothing, and leave the same tree", async () => {
  const quiet = { phases: 1, seed: 3, say: () => undefined };
  const undisturbed = await runChaos({ ...quiet, kills: 0 });
  const disturbed = await runChaos({ ...quiet, kills: 5 });
  expect([...undisturbed.faults, ...disturbed.faults]).toEqual([]);
  expect(disturbed.kills).toBe(5);
  expect(disturbed.dispatches).toBeGreaterThan(undisturbed.dispatches);
  expect(disturbed.tree).toEqual(undisturbed.tree);
}, 300_000);
