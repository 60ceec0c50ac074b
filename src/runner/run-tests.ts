/** Runs the project's own tests as the agent's user, bounded in time and output. They are the agent's code: hostile, like all of it. */

import { Buffer } from "node:buffer";
import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import type { TestRun } from "../core/report.ts";
import { limits } from "../protocol/runner.ts";
import type { AgentUser } from "./agent-user.ts";
import { pythonFolder, type TestPlan } from "./find-tests.ts";
import { commandCharactersMax, withoutControls } from "./run-texts.ts";

export interface TestOrder {
  readonly plan: TestPlan;
  readonly agent: AgentUser;
  /** How programs find their way out, where the run's network is limited. */
  readonly egress: Readonly<Record<string, string>>;
  /** What the network of the run has refused since the last call. */
  readonly takeRefused: () => readonly string[];
  readonly workTree: string;
  /** Empty folders of the agent's own. */
  readonly home: string;
  readonly tempDir: string;
  /** Value of PATH. */
  readonly path: string;
  /** For installing and testing together. */
  readonly msMax: number;
  readonly signal: AbortSignal;
  readonly now: () => Date;
  readonly redact: (text: string) => string;
  /** Tells what is being done. */
  readonly onStage: (text: string) => void;
}

const tailKeptBytes = 64 * 1024;
/** Output may be held open by a process that left its group; it is killed, and then this is enough for the rest. */
const drainMs = 1_000;
/** Where the network is at fault, the code is not. */
const networkWords =
  /\b(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|getaddrinfo|no such host|could not resolve|name resolution|network is unreachable|connection (?:refused|timed out|reset)|max retries exceeded)\b/i;

/** Also where the run is stopped meanwhile: then the result says nothing. What it leaves in the work tree stays there. */
export async function runTests(order: TestOrder): Promise<TestRun> {
  const { plan, now, msMax, onStage } = order;
  const startedAt = now().getTime();
  const tested = (result: TestRun["result"], exitCode: number | null, output: string): TestRun => ({
    command: plan.command.slice(0, commandCharactersMax),
    result,
    exitCode,
    seconds: Math.max(0, now().getTime() - startedAt) / 1_000,
    tail: tailOf(output, order.redact),
  });
  const missing = await run(order, findMissing, plan.programs, msMax);
  if (missing.exitCode !== 0) {
    return tested("could-not-run", null, `Not on this runner: ${missing.output.trim() || plan.programs.join(", ")}.`);
  }
  if (plan.install !== null) {
    onStage(`bringing what the tests need: ${plan.install}`);
    order.takeRefused();
    const installed = await run(order, plan.install, [], msMax - (now().getTime() - startedAt));
    if (installed.isLate) return tested("timed-out", null, installed.output);
    if (installed.exitCode !== 0) {
      const refused = order.takeRefused();
      const isNetwork = refused.length > 0 || networkWords.test(installed.output);
      const why = refused.length === 0 ? "" : `\nThe network of this run does not reach: ${refused.join(", ")}.`;
      return tested(isNetwork ? "could-not-run" : "failed", installed.exitCode, installed.output + why);
    }
  }
  onStage(`running the tests: ${plan.command}`);
  const { exitCode, isLate, output } = await run(order, plan.command, [], msMax - (now().getTime() - startedAt));
  if (isLate) return tested("timed-out", null, output);
  return tested(exitCode === 0 ? "passed" : "failed", exitCode, output);
}

/** Names come as arguments, so that none is read as a command. */
const findMissing =
  'missing=0; for name in "$@"; do command -v -- "$name" >/dev/null 2>&1 || { echo "$name"; missing=1; }; done; exit $missing';

interface Ended {
  /** Null where a signal ended it. */
  readonly exitCode: number | null;
  readonly isLate: boolean;
  readonly output: string;
}

async function run(order: TestOrder, script: string, args: readonly string[], msMax: number): Promise<Ended> {
  const { agent, workTree, signal } = order;
  if (signal.aborted || msMax <= 0) return { exitCode: null, isLate: true, output: "" };
  const { file, args: words } = agent.command("/bin/sh", ["-c", script, "sh", ...args]);
  const child = spawn(file, words, {
    cwd: workTree,
    env: environmentOf(order),
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = keepTail(child);
  let isLate = false;
  const end = (): void => signalGroup(child, "SIGKILL");
  const timer = setTimeout(() => {
    isLate = true;
    end();
  }, msMax);
  signal.addEventListener("abort", end, { once: true });
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  try {
    const exitCode = await new Promise<number | null>((resolve, reject) => {
      child.once("error", (cause) => reject(new Error("starting the project's tests", { cause })));
      child.once("exit", (code) => resolve(code));
    });
    end();
    await agent.killAll();
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, drainMs).unref())]);
    return { exitCode, isLate, output: output() };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
    child.stdout.destroy();
    child.stderr.destroy();
  }
}

/** An allow-list: no token of a model, no value that people lent, nothing of the job. */
function environmentOf({ path, home, tempDir, egress }: TestOrder): Record<string, string> {
  return {
    PATH: `${join(tempDir, pythonFolder, "bin")}:${path}`,
    HOME: home,
    TMPDIR: tempDir,
    LANG: "C.UTF-8",
    TERM: "dumb",
    NO_COLOR: "1",
    SHELL: "/bin/sh",
    // Without it many test programs wait for changes and never end.
    CI: "true",
    ...egress,
  };
}

/** From the start of a line, where something was cut off before it: half a secret is not recognised. */
function keepTail({ stdout, stderr }: Pick<ChildProcess, "stdout" | "stderr">): () => string {
  let tail = Buffer.alloc(0);
  let isCut = false;
  const take = (chunk: Buffer): void => {
    const all = Buffer.concat([tail, chunk]);
    isCut ||= all.length > tailKeptBytes;
    tail = all.subarray(-tailKeptBytes);
  };
  stdout?.on("data", take);
  stderr?.on("data", take);
  return () => {
    const text = tail.toString("utf8");
    return isCut ? text.slice(text.indexOf("\n") + 1) : text;
  };
}

function tailOf(output: string, redact: (text: string) => string): string {
  return redact(withoutControls(output)).trimEnd().slice(-limits.testTailCharactersMax).toWellFormed();
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // All of it has ended.
  }
}
