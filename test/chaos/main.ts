/** `npm run chaos`: an undisturbed run of the main job, then one with each kind of trouble, and what differs. */
import { parseArgs } from "node:util";
import { cutWebhooks } from "./cut-webhooks.ts";
import { differences } from "./differences.ts";
import { killApp, killDatabase } from "./kill-app.ts";
import { killRuns } from "./kill-runs.ts";

const usage = `usage: npm run chaos -- [--app] [--database] [--runner] [--webhooks] [--kills 100] [--seed 1] [--phases 4]
Without a choice each of the four has its turn: the app is killed, PostgreSQL is killed, the runs are killed, no webhook arrives for an hour.
`;

const { values } = parseArgs({
  options: {
    app: { type: "boolean", default: false },
    database: { type: "boolean", default: false },
    runner: { type: "boolean", default: false },
    webhooks: { type: "boolean", default: false },
    kills: { type: "string", default: "100" },
    seed: { type: "string", default: "1" },
    phases: { type: "string", default: "4" },
  },
});

const [kills, seed, phases] = [values.kills, values.seed, values.phases].map(Number) as [number, number, number];
if (![kills, seed, phases].every(Number.isSafeInteger) || kills < 0 || phases < 1 || phases > 4) {
  process.stderr.write(usage);
  process.exit(2);
}

const say = (line: string) => process.stdout.write(`${line}\n`);
const all = !values.app && !values.database && !values.runner && !values.webhooks;
const given = { kills, seed, phases, say };
/** A run costs seconds, and PostgreSQL takes as long to come back. */
const fewer = { ...given, kills: Math.ceil(kills / 4) };
const startedAt = performance.now();
const undisturbed = await killRuns({ ...given, kills: 0 });
say(`undisturbed: ${JSON.stringify(undisturbed.seen)}, ${undisturbed.dispatches} dispatches, ${seconds()} s`);
for (const fault of undisturbed.faults) say(`FAULT undisturbed: ${fault}`);
let faults = undisturbed.faults.length;

if (all || values.app) tell("app", kills, await killApp({ ...given, database: null }));
if (all || values.database) tell("database", fewer.kills, await killDatabase(fewer));
if (all || values.runner) tell("runner", fewer.kills, await killRuns(fewer));
if (all || values.webhooks) tell("webhooks", 0, { ...(await cutWebhooks(given)), kills: 0 });

say(`${faults} faults, ${seconds()} s`);
process.exit(faults === 0 ? 0 : 1);

function tell(trouble: string, planned: number, disturbed: Awaited<ReturnType<typeof killRuns>>): void {
  const found = [
    ...disturbed.faults,
    ...(disturbed.kills === planned ? [] : [`${disturbed.kills} of ${planned} kills met something at work`]),
    ...differences(undisturbed, disturbed),
  ];
  for (const fault of found) say(`FAULT ${trouble}: ${fault}`);
  faults += found.length;
  const { seen, dispatches, lost } = disturbed;
  say(
    `${trouble}: ${disturbed.kills} kills, ${JSON.stringify(seen)}, ${dispatches} dispatches (${lost} for lost runs), ${found.length} faults, ${seconds()} s`,
  );
}

function seconds(): string {
  return ((performance.now() - startedAt) / 1_000).toFixed(0);
}
