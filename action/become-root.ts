/**
 * On a hosted runner the job's user has sudo without a password. The action then starts itself once more as root, and lets the agent run as a user that has nothing.
 * Secrets reach the second process through its stdin: neither its arguments nor a file show them.
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { MachineTakenAway } from "../src/runner/run-phase.ts";

export const environmentFromStdin = "--environment-from-stdin";

/** Last words of the first process. */
const cancelled = "cancelled";
const machineTakenAway = "taken away";

interface RootOrder {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stop: AbortSignal;
  /** Name or path of sudo. */
  readonly sudo?: string;
}

/** Answers the exit code of the second process, or null where sudo would ask for a password or is missing. */
export async function runAsRoot({ command, env, stop, sudo = "sudo" }: RootOrder): Promise<number | null> {
  if (!(await maySudo(sudo))) return null;
  const args = ["-n", "--", ...command, environmentFromStdin];
  const child = spawn(sudo, args, { stdio: ["pipe", "inherit", "inherit"] });
  child.stdin.on("error", () => {});
  // Stays open: its end tells the second process that this one is gone.
  child.stdin.write(`${JSON.stringify(env)}\n`);
  const onStop = (): void => {
    child.stdin.end(`${stop.reason instanceof MachineTakenAway ? machineTakenAway : cancelled}\n`);
  };
  stop.addEventListener("abort", onStop, { once: true });
  if (stop.aborted) onStop();
  const [code] = await once(child, "exit");
  stop.removeEventListener("abort", onStop);
  return typeof code === "number" ? code : 1;
}

/** Takes over the environment that the first process hands on. `onEnd` is called once that process stops, or is gone, with why. */
export async function receiveEnvironment(onEnd: (why: Error) => void): Promise<Record<string, string>> {
  const lines = createInterface({ input: process.stdin });
  let lastWord = "";
  lines.on("line", (line) => {
    lastWord = line;
  });
  // Whoever is killed says nothing: nobody cancels a job so.
  lines.once("close", () =>
    onEnd(
      lastWord === cancelled ? new Error("the job was cancelled") : new MachineTakenAway("the job's own process ended"),
    ),
  );
  const [line] = await once(lines, "line");
  const received: unknown = JSON.parse(String(line));
  if (typeof received !== "object" || received === null)
    throw new Error("taking over the environment: expected an object");
  return Object.fromEntries(
    Object.entries(received).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}

async function maySudo(sudo: string): Promise<boolean> {
  const child = spawn(sudo, ["-n", "true"], { stdio: "ignore" });
  try {
    const [code] = await once(child, "exit");
    return code === 0;
  } catch {
    // There is no sudo here.
    return false;
  }
}
