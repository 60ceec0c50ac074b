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

const timeline = createTimeline(
  { write: (text) => process.stdout.write(text), isTTY: process.stdout.isTTY, columns: process.stdout.columns },
  () => performance.now(),
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
  if (options.json) process.stdout.write(`${JSON.stringify(event)}\n`);
  else timeline.show(event);
  if (event.type === "demo-finished" && options.keep && !options.json) {
    process.stdout.write(
      `\nEverything is still running; Ctrl-C stops it.\n${addresses.map((address) => `  ${address}`).join("\n")}\n`,
    );
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
