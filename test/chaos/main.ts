/** `npm run chaos -- --runner --kills 50 --seed 1`: an undisturbed run, then one with kills, and what differs. */
import { parseArgs } from "node:util";
import { runChaos } from "./chaos.ts";

const usage = "usage: npm run chaos -- --runner [--kills 50] [--seed 1] [--phases 4]\n";

const { values } = parseArgs({
  options: {
    runner: { type: "boolean", default: false },
    kills: { type: "string", default: "50" },
    seed: { type: "string", default: "1" },
    phases: { type: "string", default: "4" },
  },
});

const [kills, seed, phases] = [values.kills, values.seed, values.phases].map(Number) as [number, number, number];
if (!values.runner || ![kills, seed, phases].every(Number.isSafeInteger) || phases < 1 || phases > 4) {
  process.stderr.write(usage);
  process.exit(2);
}

const say = (line: string) => process.stdout.write(`${line}\n`);
const startedAt = performance.now();
const undisturbed = await runChaos({ kills: 0, seed, phases, say });
say(`undisturbed: ${undisturbed.dispatches} dispatches, ${undisturbed.tree.length} files, ${seconds()} s`);
const disturbed = await runChaos({ kills, seed, phases, say });
const faults = [
  ...undisturbed.faults.map((fault) => `undisturbed: ${fault}`),
  ...disturbed.faults,
  ...(disturbed.kills === kills ? [] : [`${disturbed.kills} of ${kills} kills met a run at work`]),
  ...differences(undisturbed.tree, disturbed.tree),
];
for (const fault of faults) say(`FAULT ${fault}`);
say(`${disturbed.kills} kills, ${disturbed.dispatches} dispatches, ${faults.length} faults, ${seconds()} s`);
process.exit(faults.length === 0 ? 0 : 1);

function seconds(): string {
  return ((performance.now() - startedAt) / 1_000).toFixed(0);
}

function differences(one: readonly string[], other: readonly string[]): readonly string[] {
  return [
    ...one.filter((line) => !other.includes(line)).map((line) => `only undisturbed: ${line}`),
    ...other.filter((line) => !one.includes(line)).map((line) => `only disturbed: ${line}`),
  ];
}
