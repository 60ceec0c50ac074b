import { expect, test } from "vitest";
import { differences } from "./differences.ts";
import { killApp } from "./kill-app.ts";
import { killRuns } from "./kill-runs.ts";

const quiet = { phases: 1, seed: 3, say: () => undefined };
const msMax = 300_000;

test(
  "five kills of the machine under the runs, and five of the app, lose no accepted step, double nothing, and leave the same",
  async () => {
    const undisturbed = await killRuns({ ...quiet, kills: 0 });
    const runsKilled = await killRuns({ ...quiet, kills: 5 });
    expect([...undisturbed.faults, ...runsKilled.faults]).toEqual([]);
    expect(runsKilled.kills).toBe(5);
    expect(runsKilled.lost).toBeGreaterThan(0);
    expect(differences(undisturbed, runsKilled)).toEqual([]);
    const appKilled = await killApp({ ...quiet, kills: 5, database: null });
    expect(appKilled.faults).toEqual([]);
    expect(appKilled.kills).toBe(5);
    expect(differences(undisturbed, appKilled)).toEqual([]);
  },
  msMax,
);
