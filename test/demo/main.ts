import { createTimeline } from "./timeline.ts";
import { canHaveSecondUser, readOptions, usage, type DemoOptions } from "./options.ts";
import { runDemo } from "./run-demo.ts";
import type { DemoEvent } from "./demo-event.ts";

const options = readOrExit();
const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    // A second one does not wait for what is stopping.
    if (stop.signal.aborted) process.exit(130);
    stop.abort();
  });
}

// A fault of the demo itself must not leave an app, a runner or an agent behind.
process.on("uncaughtException", (error) => {
  process.stderr.write(`demo: ${error.stack ?? error.message}\n`);
  if (stop.signal.aborted) process.exit(1);
  stop.abort();
});

// Whoever read along has gone (`| head`): nothing more can be said, and what was started must still be stopped.
let heard = true;
process.stdout.on("error", () => {
  heard = false;
  stop.abort();
});

function say(text: string): void {
  if (heard) process.stdout.write(text);
}

const timeline = createTimeline({ write: say, isTTY: process.stdout.isTTY, columns: process.stdout.columns }, () =>
  performance.now(),
);
let addresses: readonly string[] = [];

function show(event: DemoEvent): void {
  if (event.type === "ready")
    addresses = [
      `GitHub in a box  ${event.github}`,
      `app              ${event.app}`,
      `model            ${event.model}`,
      `folder           ${event.folder}`,
    ];
  if (options.json) say(`${JSON.stringify(event)}\n`);
  else timeline.show(event);
  if (event.type === "demo-finished" && options.keep && !options.json) {
    say(`\nEverything is still running; Ctrl-C stops it.\n${addresses.map((address) => `  ${address}`).join("\n")}\n`);
  }
}

try {
  const { status } = await runDemo(options, show, stop.signal);
  timeline.stop();
  process.exit(status === "completed" ? 0 : status === "stopped" ? 130 : 1);
} catch (error) {
  timeline.stop();
  process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

function readOrExit(): DemoOptions {
  try {
    const read = readOptions(process.argv.slice(2), process.env, canHaveSecondUser);
    if (read !== "help") return read;
    process.stdout.write(usage);
    process.exit(0);
  } catch (error) {
    process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    process.exit(2);
  }
}
