import { expect, test } from "vitest";
import { tightest, type Network } from "../../src/core/network.ts";

test.each<readonly [claim: string, said: readonly (Network | null | undefined)[], holds: Network]>([
  ["where nobody says anything, the network is open", [undefined, null], "open"],
  ["whoever says less takes away", ["open", "registries", null], "registries"],
  ["whoever says more gives nothing back", ["none", "open", "registries"], "none"],
])("%s", (_claim, said, holds) => {
  expect(tightest(...said)).toBe(holds);
  expect(tightest(...said.toReversed())).toBe(holds);
});
