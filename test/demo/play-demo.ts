import { execa } from "execa";
import path from "node:path";
import { createInterface } from "node:readline";
import type { DemoEvent } from "./demo-event.ts";

const main = path.join(import.meta.dirname, "main.ts");
/** The whole main job on two busy cores. */
export const demoMsMax = 240_000;

/** Starts the demo as a program of its own; `onEvent` may send it a signal. */
export async function playDemo(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  onEvent: (event: DemoEvent, kill: (signal: NodeJS.Signals) => void) => void,
) {
  const child = execa(process.execPath, [main, "--json", ...args], {
    env: { ...environment, PATH: process.env["PATH"] ?? "" },
    extendEnv: false,
    reject: false,
    stdin: "ignore",
    buffer: { stdout: false },
  });
  const events: DemoEvent[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => {
    // The demo's own lines, written by the program under test.
    const event = JSON.parse(line) as DemoEvent;
    events.push(event);
    onEvent(event, (signal) => child.kill(signal));
  });
  const { exitCode, stderr } = await child;
  return { events, exitCode, stderr };
}
