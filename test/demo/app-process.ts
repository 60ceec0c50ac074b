import { execa } from "execa";
import { createWriteStream } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import { startFlags } from "../support/start-flags.ts";

const root = path.join(import.meta.dirname, "..", "..");

/** What the app says while it starts must come within this time. */
const startMsMax = 20_000;
/** What is shown of its last words when it dies. */
const complaintCharactersMax = 2_000;

/** One line of the app's log; the fields that the timeline is made from. */
const Line = z.object({
  msg: z.string(),
  level: z.number().optional(),
  taskId: z.string().optional(),
  event: z.unknown().optional(),
  live: z.unknown().optional(),
});
export type AppLine = z.infer<typeof Line>;

export interface AppProcess {
  stop(): Promise<void>;
  /** Ends it at once, as the loss of its machine does. */
  kill(): Promise<void>;
}

/** Starts the app as `npm start` does, as a program of its own, and hands on its log line by line. */
export async function startAppProcess(options: {
  readonly environment: Readonly<Record<string, string>>;
  readonly logFile: string;
  readonly onLine: (line: AppLine) => void;
  readonly onDeath: (message: string) => void;
}): Promise<AppProcess> {
  const child = execa(process.execPath, [...startFlags(), "src/main.ts"], {
    cwd: root,
    env: { PATH: process.env["PATH"] ?? "", ...options.environment },
    extendEnv: false,
    stdin: "ignore",
    buffer: false,
    reject: false,
    // The demo stops it itself, in its own order; a Ctrl-C of the terminal must not reach it first.
    detached: true,
    forceKillAfterDelay: 10_000,
  });
  const lastResort = () => child.kill("SIGKILL");
  process.once("exit", lastResort);
  const log = createWriteStream(options.logFile, { flags: "a" });
  let stopping = false;
  let up = false;
  let complaint = "";
  const listening = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`starting the app: not listening after ${startMsMax / 1000} s; see ${options.logFile}`)),
      startMsMax,
    );
    createInterface({ input: child.stdout }).on("line", (text) => {
      log.write(`${text}\n`);
      const line = parseLine(text);
      if (line === null) return;
      if (line.msg === "listening") {
        clearTimeout(timer);
        up = true;
        resolve();
      }
      options.onLine(line);
    });
    child.stderr.on("data", (chunk: Buffer) => {
      log.write(chunk);
      complaint = `${complaint}${chunk.toString()}`.slice(-complaintCharactersMax);
    });
    void child.then((result) => {
      clearTimeout(timer);
      const how = result.exitCode ?? result.signal ?? "no code";
      const message = `the app ended with ${how}; its log is ${options.logFile}\n${complaint}`.trimEnd();
      if (!up) reject(new Error(message));
      else if (!stopping) options.onDeath(message);
    });
  });
  await listening;
  return { stop: () => end("SIGTERM"), kill: () => end("SIGKILL") };

  async function end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    stopping = true;
    child.kill(signal);
    await child;
    process.removeListener("exit", lastResort);
    log.end();
  }
}

function parseLine(text: string): AppLine | null {
  try {
    return Line.parse(JSON.parse(text));
  } catch {
    // Not every line of a program that crashes is JSON; it is in the log file all the same.
    return null;
  }
}
