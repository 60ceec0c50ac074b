import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore } from "../../src/store/open-store.ts";
import { simulate, type Mutant, type Told } from "./sim.ts";

/** Where files cost no disk, if there is such a place. */
const parent = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

const file = "phasegate.sqlite";
let template: Promise<Buffer> | null = null;

/** An empty store whose tables are there: making them anew would cost more than many a story. */
async function makeTemplate(): Promise<Buffer> {
  const folder = mkdtempSync(join(parent, "phasegate-template-"));
  try {
    const store = await openStore({ dataDir: folder, now: () => new Date(0), newId: () => "none" });
    await store.close();
    return readFileSync(join(folder, file));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Each story has a store of its own, in a folder that goes away with it. */
export async function simulateInFolder(seed: number, mutant: Mutant = {}): Promise<Told> {
  const folder = mkdtempSync(join(parent, "phasegate-simulation-"));
  try {
    template ??= makeTemplate();
    writeFileSync(join(folder, file), await template);
    return await simulate(seed, folder, mutant);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
