/** `npm run simulate -- --seeds 1000`, `-- --seed 7`, `-- --mutants`. */
import { parseArgs } from "node:util";
import { simulateInFolder } from "./in-folder.ts";
import { mutants } from "./mutants.ts";
import type { Mutant, Told } from "./sim.ts";

const linesShown = 60;
const mutantSeedsMax = 500;

const { values } = parseArgs({
  options: {
    seeds: { type: "string" },
    from: { type: "string", default: "0" },
    seed: { type: "string" },
    mutants: { type: "boolean", default: false },
  },
});

function show({ seed, failure, story }: Told, lines: number): void {
  process.stdout.write(`${story.slice(-lines).join("\n")}\n`);
  if (failure !== null)
    process.stdout.write(`seed ${seed} fails; see it again: npm run simulate -- --seed ${seed}\n\n`);
}

/** The first seed that fails; null where none does. */
async function firstFailure(mutant: Mutant): Promise<Told | null> {
  for (let seed = 0; seed < mutantSeedsMax; seed += 1) {
    const told = await simulateInFolder(seed, mutant);
    if (told.failure !== null) return told;
  }
  return null;
}

async function tellOne(seed: number): Promise<number> {
  const told = await simulateInFolder(seed);
  show(told, Number.POSITIVE_INFINITY);
  return told.failure === null ? 0 : 1;
}

async function tellMany(from: number, count: number): Promise<number> {
  const begun = performance.now();
  const failed: number[] = [];
  for (let seed = from; seed < from + count; seed += 1) {
    const told = await simulateInFolder(seed);
    if (told.failure === null) continue;
    failed.push(seed);
    show(told, linesShown);
  }
  const msEach = Math.round((performance.now() - begun) / count);
  process.stdout.write(`${count} seeds, ${msEach} ms each, ${failed.length} failed ${failed.join(" ")}\n`);
  return failed.length;
}

async function huntMutants(): Promise<number> {
  let survivors = 0;
  for (const [name, mutant] of Object.entries(mutants)) {
    const told = await firstFailure(mutant);
    if (told === null) survivors += 1;
    const found = told === null ? `SURVIVED ${mutantSeedsMax} seeds` : `seed ${told.seed}: ${told.failure ?? ""}`;
    process.stdout.write(`${name}: ${found.slice(0, 160).split("\n")[0] ?? ""}\n`);
  }
  return survivors;
}

const faults = values.mutants
  ? await huntMutants()
  : values.seed !== undefined
    ? await tellOne(Number(values.seed))
    : await tellMany(Number(values.from), Number(values.seeds ?? "1000"));
process.exitCode = faults === 0 ? 0 : 1;
