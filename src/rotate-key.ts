/** `npm run rotate-key`: seals checkpoints and records with the first of CHECKPOINT_KEYS, so that the others can be taken away. */
import { randomUUID } from "node:crypto";
import { sentenceOf, settingsOrExit } from "./command-line.ts";
import { createCheckpointSeal } from "./control/checkpoints.ts";
import type { Config } from "./control/config.ts";
import type { Log } from "./control/ports/surroundings.ts";
import { rotateKey, type Rotated } from "./control/rotate-key.ts";
import { createSeal } from "./control/seal.ts";
import { openStore } from "./store/open-store.ts";
import { githubOf, realTimer } from "./wiring.ts";

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
  const store = await openStore({ dataDir, databaseUrl, beside: true, now: () => clock.now(), newId: randomUUID });
  try {
    const appSeal = createSeal(checkpointKeys);
    const checkpointSeal = createCheckpointSeal(checkpointKeys);
    const rotating = {
      store,
      github: githubOf(config, { clock, log, store: null }),
      appSeal,
      checkpointSeal,
      timer: realTimer,
      log,
    };
    const rotated = await rotateKey(rotating, say);
    for (const line of linesOf(rotated, checkpointKeys)) say(line);
    return isDone(rotated, appSeal.keyId) ? 0 : 1;
  } finally {
    await store.close();
  }
}

/** An app that was not started anew goes on with the key that it knows. */
function isDone({ failed, byKey }: Rotated, keyId: string): boolean {
  return failed === 0 && [...byKey.keys()].every((each) => each === keyId);
}

function linesOf(rotated: Rotated, keys: Config["checkpointKeys"]): readonly string[] {
  const [newest = "", ...older] = keys.map(({ id }) => id);
  const { checkpoints, records, outOfReach, failed, byKey } = rotated;
  const lines = [
    `sealed anew with "${newest}": checkpoints: ${checkpoints}; under it now: the records of tasks: ${records}`,
    ...[...byKey].map(([id, count]) => `checkpoints under "${id}": ${count}`),
    ...(outOfReach === 0
      ? []
      : [
          `records of tasks out of reach: ${outOfReach}; they stay as they are. Keep the older keys as long as you may want to rebuild those tasks, or let them go: nothing else needs these records`,
        ]),
  ];
  if (isDone(rotated, newest)) {
    const still = `runs that began under them${outOfReach === 0 ? "" : ", records out of reach"} and backups from before`;
    return older.length === 0 ? lines : [...lines, `nothing uses ${older.join(", ")} any more, but ${still}`];
  }
  const mend =
    failed > 0
      ? `${failed} could not be done; mend what is named above`
      : "an app sealed with an older key meanwhile; restart every app with the newest key in front";
  return [...lines, `${mend}, and start this again. Until then keep the older keys.`];
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
