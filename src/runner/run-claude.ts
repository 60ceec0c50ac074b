/** One process of the CLI, from its start to the end of everything that it started. */

import { spawn, type ChildProcess } from "node:child_process";
import { Buffer } from "node:buffer";
import type { AgentUser } from "./agent-user.ts";
import { claudeOutcome, type ClaudeOutcome, type TimeOut } from "./claude-outcome.ts";
import type { AssistantErrorEvent, ResultEvent, StreamEvent } from "./stream-event.ts";
import { createStreamParser } from "./stream.ts";

export interface ClaudeProcess {
  readonly agent: AgentUser;
  readonly executable: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly prompt: string;
  readonly noOutputMs: number;
  readonly stepMs: number;
  /** What is left of the time after which another run goes on. */
  readonly sliceMs: number;
  /** Between SIGTERM, on which the CLI saves the conversation, and SIGKILL. */
  readonly graceMs: number;
  /** Aborted when the run is to stop. */
  readonly signal: AbortSignal;
  readonly onEvent: (event: StreamEvent) => void;
  /** What the model gateway saw; the CLI can't tell some of it apart. */
  readonly gateway: () => {
    readonly refusedForBudget: boolean;
    readonly rateLimit: { readonly status: string; readonly resetsAt: number | null } | null;
    /** The last failure of the provider, where nothing succeeded since. */
    readonly lastError: { readonly status: number } | null;
  };
  readonly redact: (text: string) => string;
  /** Names of the processes that it left running, which were ended. */
  readonly onLeftBehind?: (names: readonly string[]) => void;
}

const stderrKeptBytes = 16 * 1024;
const stderrTailLength = 2_000;
/** Output can be held open by a child that left; it is killed, and then this is enough for the rest to arrive. */
const drainMs = 2_000;
/** A timer takes no more. */
const timerMsMax = 2 ** 31 - 1;

interface Seen {
  readonly results: ResultEvent[];
  lastAssistantError: AssistantErrorEvent | null;
}

/** Never throws for what the CLI does; throws where the machine won't start it, or where its user can't be cleared. */
export async function runClaude(options: ClaudeProcess): Promise<ClaudeOutcome> {
  const { agent, signal, redact } = options;
  if (signal.aborted) return { kind: "cancelled" };
  const { file, args } = agent.command(options.executable, options.args);
  const child = spawn(file, args, { cwd: options.cwd, env: options.env, detached: true, stdio: "pipe" });
  const exited = new Promise<{ exitCode: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
    child.once("error", (cause) => reject(new Error(`starting "${options.executable}"`, { cause })));
    child.once("exit", (exitCode, signal) => resolve({ exitCode, signal }));
  });
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const seen: Seen = { results: [], lastAssistantError: null };
  const stderr = keepTail(child);
  const watch = startWatch(child, options);
  const parser = createStreamParser();
  const take = (events: readonly StreamEvent[]): void => {
    for (const event of events) {
      note(seen, event);
      options.onEvent(event);
    }
  };
  child.stdout.on("data", (chunk: Buffer) => {
    watch.heard();
    take(parser.push(chunk));
  });
  // The CLI may end before it has read its prompt. Its exit says why.
  child.stdin.on("error", () => {});
  child.stdin.end(options.prompt);
  try {
    const exit = await exited;
    // Its children may hold the output open, and may not outlive it in any case.
    signalGroup(child, "SIGKILL");
    const leftBehind = await agent.killAll();
    // Of a CLI that had to be killed, its own children are no news.
    if (exit.signal === null && leftBehind.length > 0) options.onLeftBehind?.(leftBehind);
    await Promise.race([closed, pause(drainMs)]);
    take(parser.end());
    const gateway = options.gateway();
    const outcome = claudeOutcome({
      ...exit,
      timedOut: watch.timedOut(),
      cancelled: signal.aborted,
      results: seen.results,
      lastAssistantError: seen.lastAssistantError,
      rateLimit: gateway.rateLimit,
      refusedForBudget: gateway.refusedForBudget,
      stderrTail: redact(stderr()).slice(-stderrTailLength),
    });
    if (outcome.kind === "rate-limited" && gateway.rateLimit?.status !== "rejected") return unseen(outcome);
    if (!isRefusal(outcome) || gateway.lastError !== null) return outcome;
    return outcome.reason === "model-not-found" ? notAllowed : unseen(outcome);
  } finally {
    watch.end();
    child.stdout.destroy();
    child.stderr.destroy();
  }
}

/** A limit and a refusal hold back work and call people, so the provider's own word counts, and not the CLI's, which the agent could imitate. */
function unseen({ message }: { readonly message: string }): ClaudeOutcome {
  return { kind: "failed", reason: "api", message, retryable: true };
}

/** The provider has refused nothing, so the gateway did. The CLI's own words would send people to the provider, or to a command that nobody has here. */
const notAllowed: ClaudeOutcome = {
  kind: "failed",
  reason: "model-not-allowed",
  message: "Claude Code asked for a model that this run may not use",
  retryable: false,
};

function isRefusal(outcome: ClaudeOutcome): outcome is Extract<ClaudeOutcome, { kind: "failed" }> {
  return outcome.kind === "failed" && ["authentication", "billing", "model-not-found"].includes(outcome.reason);
}

function note(seen: Seen, event: StreamEvent): void {
  // Only the last one counts, and an agent that reaches the CLI's output could write any number of them.
  if (event.kind === "result") seen.results.splice(0, 1, event);
  else if (event.kind === "assistant-error") seen.lastAssistantError = event;
}

/** SIGTERM first, on a silence, at the end of the step's or the run's time and on a stop; SIGKILL after the grace. */
function startWatch(child: ChildProcess, { noOutputMs, stepMs, sliceMs, graceMs, signal }: ClaudeProcess) {
  let timedOut: TimeOut | null = null;
  let killing: NodeJS.Timeout | undefined;
  const end = (why: TimeOut | null): void => {
    if (killing !== undefined) return;
    timedOut = why;
    signalGroup(child, "SIGTERM");
    killing = setTimeout(() => signalGroup(child, "SIGKILL"), graceMs);
  };
  const silence = setTimeout(() => end("no-output"), noOutputMs);
  const step = setTimeout(() => end("step-time"), stepMs);
  const slice = setTimeout(() => end("slice-end"), Math.min(sliceMs, timerMsMax));
  const onAbort = (): void => end(null);
  signal.addEventListener("abort", onAbort, { once: true });
  return {
    heard: () => silence.refresh(),
    timedOut: () => timedOut,
    end: () => {
      for (const timer of [silence, step, slice, killing]) clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    },
  };
}

function keepTail(child: ChildProcess): () => string {
  let tail = Buffer.alloc(0);
  child.stderr?.on("data", (chunk: Buffer) => {
    tail = Buffer.concat([tail, chunk]).subarray(-stderrKeptBytes);
  });
  return () => tail.toString("utf8");
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // The whole group is gone already, which is what the signal is for.
  }
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
