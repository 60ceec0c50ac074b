/** `npm run fuzz -- --minutes 10 --seed 1`: what it found, and whether memory stayed flat. */
import { parseArgs } from "node:util";
import { fuzz } from "./fuzz.ts";

const mebibyte = 1024 * 1024;
/** What a process may keep after its first minute or fifth that it has not given back in the end. */
const keptBytesMax = 48 * mebibyte;
const everyMs = 10_000;
const shownMax = 20;

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "10" }, seed: { type: "string", default: "1" } },
});
const ms = Number(values.minutes) * 60_000;
const seed = Number(values.seed);
const begun = performance.now();
const elapsed = (): number => performance.now() - begun;
let warm: number | null = null;
let toldAt = 0;

/** What is in use once all garbage is gone. */
function used(): number {
  globalThis.gc?.();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return heapUsed + external + arrayBuffers;
}

function inMebibytes(bytes: number): string {
  return `${Math.round(bytes / mebibyte)} MiB`;
}

const { rounds, messages, answers, faults } = await fuzz({
  seed,
  goesOn: () => elapsed() < ms,
  onRound: ({ rounds, messages, faults }) => {
    if (warm === null && elapsed() > Math.min(60_000, ms / 5)) warm = used();
    if (elapsed() - toldAt < everyMs) return;
    toldAt = elapsed();
    const memory = `${inMebibytes(used())} in use, ${inMebibytes(process.memoryUsage().rss)} resident`;
    process.stdout.write(
      `${Math.round(elapsed() / 1_000)} s: ${rounds} rounds, ${messages} messages, ${faults.length} faults, ${memory}\n`,
    );
  },
});
const kept = warm === null ? 0 : used() - warm;
for (const fault of faults.slice(0, shownMax)) process.stdout.write(`${fault}\n`);
const table = Object.entries(answers).toSorted(([one], [other]) => one.localeCompare(other));
process.stdout.write(`${table.map(([answer, count]) => `${answer}: ${count}`).join("\n")}\n`);
process.stdout.write(
  `seed ${seed}: ${rounds} rounds, ${messages} messages, ${faults.length} faults, ${inMebibytes(kept)} kept since it was warm\n`,
);
process.exitCode = faults.length === 0 && kept <= keptBytesMax ? 0 : 1;
