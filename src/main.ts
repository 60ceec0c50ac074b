import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { pino } from "pino";
import { ConfigError, parseConfig, type Config } from "./control/config.ts";
import { AddressRefused, startApp } from "./start-app.ts";
import { StoreLocked } from "./store/data-folder.ts";

/** A drain that hangs must not hold the host: orchestrators kill after ten seconds. */
const stopMsMax = 9_500;
/** Time for the last lines of the log. Whoever should read them may have stopped reading, and must not hold the exit. */
const lastWordsMs = 500;
/** What waits for a slow reader of the log; beyond it lines are dropped. */
const logBytesMax = 16 * 1024 * 1024;

const config = readConfig();
const destination = pino.destination({ dest: 1, sync: false, maxLength: logBytesMax });
const log = pino({ level: config.logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination);

const starting = startApp(config, { clock: { now: () => new Date() }, newId: randomUUID, log });

// Before anything else, so that a signal in the midst of the start drains what has started, too.
let stopping = false;
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.on(signal, () => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, "draining");
    setTimeout(() => exit(1), stopMsMax).unref();
    void stop();
  });
}

try {
  const { port } = await starting;
  log.info({ host: config.host, port, publicUrl: config.publicUrl, dataDir: config.dataDir }, "listening");
} catch (error) {
  log.fatal({ err: error }, "starting the app");
  process.stderr.write(`phasegate: ${sentenceOf(error)}\n`);
  exit(1);
}

async function stop(): Promise<void> {
  try {
    await (await starting).stop();
    log.info({}, "stopped");
    exit(0);
  } catch (error) {
    log.error({ err: error }, "stopping");
    exit(1);
  }
}

/** Ends the process once the log is written, or without its last lines where nobody reads them: the log's own end would wait for ever. */
function exit(code: number): void {
  const end = () => {
    destination.destroy();
    process.exit(code);
  };
  setTimeout(end, lastWordsMs);
  destination.flush(end);
}

/** What went wrong and why. Where the error names the next step, its cause would only blur that. */
function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message, cause } = error;
  const saysAll = error instanceof StoreLocked || error instanceof AddressRefused;
  return cause instanceof Error && !saysAll ? `${message}: ${sentenceOf(cause)}` : message;
}

function readConfig(): Config {
  try {
    return parseConfig(process.env, (path) => readFileSync(path, "utf8"));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(
      `phasegate does not start: ${error.message}\n\nREADME.md, "Install it for real", walks through all of them.\n`,
    );
    process.exit(2);
  }
}
