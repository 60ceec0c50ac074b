import { startApp } from "./app.js";
import { parseConfig } from "./config.js";

const SHUTDOWN_MS_MAX = 5_000;

const log = (line) => console.error(`${new Date().toISOString()} ${line}`);

try {
  const app = await startApp(parseConfig(process.env), { log });
  console.log(`linklet listening on ${app.url}`);
  for (const signal of ["SIGTERM", "SIGINT"]) process.once(signal, () => stop(app, signal));
} catch (error) {
  log(`starting: ${error.message}${error.cause ? `: ${error.cause.message}` : ""}`);
  process.exitCode = 1;
}

async function stop(app, signal) {
  log(`${signal}: shutting down`);
  setTimeout(() => process.exit(1), SHUTDOWN_MS_MAX).unref();
  try {
    await app.close();
  } catch (error) {
    log(`shutting down: ${error.stack}`);
    process.exitCode = 1;
  }
}
