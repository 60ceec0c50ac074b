/** `npm run rotate-key`: seals checkpoints and records with the first of CHECKPOINT_KEYS, so that the others can be taken away. */
import { randomUUID } from "node:crypto";
import { sentenceOf, settingsOrExit } from "./command-line.ts";
import { createCheckpointSeal } from "./control/checkpoints.ts";
import type { Config } from "./control/config.ts";
import type { Log } from "./control/ports.ts";
import { rotateKey } from "./control/rotate-key.ts";
import { createSeal } from "./control/seal.ts";
import { openStore } from "./store/open-store.ts";
import { githubOf } from "./wiring.ts";

const clock = { now: () => new Date() };
const log: Log = { debug: nothing, info: nothing, warn: tell, error: tell };

try {
  process.exitCode = await run(settingsOrExit(process.env));
} catch (error) {
  process.stderr.write(`phasegate: ${sentenceOf(error)}\n`);
  process.exitCode = 1;
}

async function run(config: Config): Promise<number> {
  const { dataDir, databaseUrl, checkpointKeys } = config;
  const store = await openStore({ dataDir, databaseUrl, now: () => clock.now(), newId: randomUUID });
  try {
    const recordSeal = createSeal(checkpointKeys);
    const checkpointSeal = createCheckpointSeal(checkpointKeys);
    const rotating = { store, github: githubOf(config, { clock, log }), recordSeal, checkpointSeal, log };
    const { checkpoints, records, failed } = await rotateKey(rotating, say);
    say(`sealed with "${recordSeal.keyId}" now: ${checkpoints} checkpoints and the records of ${records} tasks`);
    if (failed === 0) say("keys behind the first of CHECKPOINT_KEYS are not needed any more");
    else
      say(`${failed} could not be done; keep the older keys, and start this again once what is named above is mended`);
    return failed === 0 ? 0 : 1;
  } finally {
    await store.close();
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function tell(_fields: object, message: string): void {
  process.stderr.write(`${message}\n`);
}

function nothing(): void {
  return undefined;
}
