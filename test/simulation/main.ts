/** `npm run simulate -- --seeds 1000`, `-- --seed 7`, `-- --mutants`, `-- --mutant "gates stay open"`. */
import { execFile } from "node:child_process";
import { parseArgs, promisify } from "node:util";
import { simulateInFolder } from "./in-folder.ts";
import { mutants } from "./mutants.ts";
import type { Told } from "./sim.ts";

const linesShown = 60;
const mutantSeedsMax = 500;
/** Hunts at the same time, each a process of its own. */
const huntsMax = 2;

const { values } = parseArgs({
  options: {
    seeds: { type: "string" },
    from: { type: "string", default: "0" },
    seed: { type: "string" },
    mutants: { type: "boolean", default: false },
    mutant: { type: "string" },
  },
});

function show({ seed, failure, story }: Told, lines: number): void {
  process.stdout.write(`${story.slice(-lines).join("\n")}\n`);
  if (failure !== null)
    process.stdout.write(`seed ${seed} fails; see it again: npm run simulate -- --seed ${seed}\n\n`);
}

async function tellOne(seed: number): Promise<number> {
  const told = await simulateInFolder(seed);
  show(told, Number.POSITIVE_INFINITY);
  return told.failure === null ? 0 : 1;
}

async function tellMany(from: number, count: number): Promise<number> {
  const begun = performance.now();
  const failed: number[] = [];
  let days = 0;
  for (let seed = from; seed < from + count; seed += 1) {
    const told = await simulateInFolder(seed);
    days += told.days;
    if (told.failure === null) continue;
    failed.push(seed);
    show(told, linesShown);
  }
  const seconds = (performance.now() - begun) / 1_000;
  const pace = `${Math.round((seconds / count) * 1_000)} ms each, ${(seconds / days).toFixed(2)} s a simulated day`;
  process.stdout.write(`seeds ${from} to ${from + count - 1}, ${pace}, ${failed.length} failed ${failed.join(" ")}\n`);
  return failed.length;
}

/** A row of the table: after how many seeds somebody noticed, and the promise that was broken. */
async function hunt(name: string): Promise<number> {
  const mutant = mutants[name];
  if (mutant === undefined) throw new Error(`there is no mutant "${name}": see test/simulation/mutants.ts`);
  for (let seed = Number(values.from); seed < mutantSeedsMax; seed += 1) {
    const { failure } = await simulateInFolder(seed, mutant);
    if (failure === null) continue;
    process.stdout.write(`| ${name} | ${seed} | ${promiseOf(failure)} |\n`);
    return 0;
  }
  process.stdout.write(`| ${name} | SURVIVED ${mutantSeedsMax} seeds | |\n`);
  return 1;
}

function promiseOf(failure: string): string {
  return (failure.split(/[:\n]/u)[0] ?? "").replaceAll("|", "/").slice(0, 100);
}

async function huntAll(): Promise<number> {
  process.stdout.write("| fault | seed | promise that it breaks |\n|---|---|---|\n");
  const waiting = Object.keys(mutants);
  let survivors = 0;
  const hunter = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const asked = [import.meta.filename, "--mutant", name];
      const { stdout, code } = await promisify(execFile)(process.execPath, asked).then(
        ({ stdout: said }) => ({ stdout: said, code: 0 }),
        (error: { readonly stdout: string }) => ({ stdout: error.stdout, code: 1 }),
      );
      survivors += code;
      process.stdout.write(stdout);
    }
  };
  await Promise.all(Array.from({ length: huntsMax }, hunter));
  process.stdout.write(`\n${Object.keys(mutants).length} faults, ${survivors} unnoticed\n`);
  return survivors;
}

async function run(): Promise<number> {
  if (values.mutants) return huntAll();
  if (values.mutant !== undefined) return hunt(values.mutant);
  if (values.seed !== undefined) return tellOne(Number(values.seed));
  return tellMany(Number(values.from), Number(values.seeds ?? "1000"));
}

process.exitCode = (await run()) === 0 ? 0 : 1;
