import { randomBytes, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { pino } from "pino";
import { sentenceOf } from "./command-line.ts";
import { ConfigError, parseConfig, secretsOf } from "./control/config.ts";
import { createRedactor, redactTokens } from "./core/redact.ts";
import { redactJsonLines } from "./core/redact-json.ts";
import { isNotSetUp, parseSetupSettings } from "./setup/setup-settings.ts";
import { startApp } from "./start-app.ts";
import { startSetup } from "./start-setup.ts";

/** A drain that hangs must not hold the host: orchestrators kill after ten seconds. */
const stopMsMax = 9_500;
/** Time for the last lines of the log. Whoever should read them may have stopped reading, and must not hold the exit. */
const lastWordsMs = 500;
/** What waits for a slow reader of the log; beyond it lines are dropped. */
const logBytesMax = 16 * 1024 * 1024;

const destination = pino.destination({ dest: 1, sync: false, maxLength: logBytesMax });
/** Of the settings, once they are known; until then whatever has the form of a token. */
let redact = redactTokens;
const log = pino(
  {
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    hooks: { streamWrite: (line) => redactJsonLines(line, redact) },
  },
  destination,
);
const clock = { now: () => new Date() };
const wantsSetup = process.argv.includes("--setup") || isNotSetUp(process.env);
const starting = wantsSetup ? setUp() : serve();

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
  await starting;
} catch (error) {
  log.fatal({ err: error }, "starting the app");
  process.stderr.write(redact(`phasegate: ${sentenceOf(error)}\n`));
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

async function serve(): Promise<{ stop(): Promise<void> }> {
  const config = settingsBy(() => parseConfig(process.env, (file) => readFileSync(file, "utf8")));
  redact = createRedactor(secretsOf(config));
  log.level = config.logLevel;
  const app = await startApp(config, { clock, newId: randomUUID, log });
  log.info({ host: config.host, port: app.port, publicUrl: config.publicUrl, dataDir: config.dataDir }, "listening");
  return app;
}

async function setUp(): Promise<{ stop(): Promise<void> }> {
  const settings = settingsBy(() => parseSetupSettings(process.env));
  const envFile = path.resolve(".env");
  const setup = await startSetup(settings, { clock, newId: randomUUID, random: randomBytes, log, envFile });
  log.info({ host: settings.host, port: setup.port }, "set-up mode");
  process.stderr.write(setup.instructions);
  return setup;
}

function settingsBy<Settings>(read: () => Settings): Settings {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(
      `phasegate does not start: ${error.message}\n\nREADME.md, "Install it for real", walks through all of them.\n`,
    );
    process.exit(2);
  }
}
