import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { pino } from "pino";
import { ConfigError, parseConfig, type Config } from "./control/config.ts";
import { startApp, type RunningApp } from "./start-app.ts";

/** A drain that hangs must not hold the host: orchestrators kill after ten seconds. */
const stopMsMax = 9_500;

const config = readConfig();
const log = pino({ level: config.logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime });

let app: RunningApp;
try {
  app = await startApp(config, { clock: { now: () => new Date() }, newId: randomUUID, log });
} catch (error) {
  log.fatal({ err: error }, "starting the app");
  process.stderr.write(`phasegate: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
log.info({ host: config.host, port: app.port, publicUrl: config.publicUrl, dataDir: config.dataDir }, "listening");

let stopping = false;
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.on(signal, () => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, "draining");
    setTimeout(() => process.exit(1), stopMsMax).unref();
    app.stop().then(
      () => {
        log.info({}, "stopped");
        process.exit(0);
      },
      (error: unknown) => {
        log.error({ err: error }, "stopping");
        process.exit(1);
      },
    );
  });
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
