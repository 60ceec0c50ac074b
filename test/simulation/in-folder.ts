import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { simulate, type Mutant, type Told } from "./sim.ts";

/** Where files cost no disk, if there is such a place. */
const parent = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

/** Each story has a store of its own, in a folder that goes away with it. */
export async function simulateInFolder(seed: number, mutant: Mutant = {}): Promise<Told> {
  const folder = mkdtempSync(join(parent, "phasegate-simulation-"));
  try {
    return await simulate(seed, folder, mutant);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
