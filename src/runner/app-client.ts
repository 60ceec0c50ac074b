/** Speaks with the app. Retries what may pass, and gives up on what the app has refused. */

import { z } from "zod";
import { Checkpoint } from "../protocol/checkpoint.ts";
import {
  Acknowledged,
  EventsAnswer,
  protocolVersion,
  runnerRoutes,
  RunnerError,
  SessionAnswer,
  limits,
  type EventsRequest,
  type Job,
  type OutcomeRequest,
  type RunnerRequest,
  type StepRequest,
} from "../protocol/runner.ts";

/** The app's last word. The message names the next step for the person who reads the job's log. */
export class AppRefused extends Error {
  override name = "AppRefused";
  readonly code: RunnerError["error"];

  constructor(code: RunnerError["error"], message: string) {
    super(message);
    this.code = code;
  }
}

/** Nobody answered, until there was no time left. */
export class AppUnreachable extends Error {
  override name = "AppUnreachable";
}

export interface AppOptions {
  /** Without a slash at the end. */
  readonly appUrl: string;
  readonly fetch: typeof globalThis.fetch;
  /** Rejects when the signal is aborted. */
  readonly wait: Wait;
}

export type Wait = (ms: number, signal: AbortSignal) => Promise<void>;

export interface RunSession {
  readonly job: Job;
  readonly runToken: string;
  /** 32 bytes in base64. */
  readonly sealKey: string;
  /** One try. Throws for whoever keeps the queue to try again. */
  sendEvents(request: EventsRequest, signal: AbortSignal): Promise<EventsAnswer>;
  handOverStep(request: StepRequest, signal: AbortSignal): Promise<Acknowledged>;
  /** What the agent asks of people. Stored once this resolves. */
  ask(request: RunnerRequest, signal: AbortSignal): Promise<Acknowledged>;
  /** Gives up sooner than the others: the work does not wait for it. */
  saveCheckpoint(checkpoint: Checkpoint, signal: AbortSignal): Promise<Acknowledged>;
  /** Throws also where the app has none, and for one of another shape. */
  readCheckpoint(signal: AbortSignal): Promise<Checkpoint>;
  declareOutcome(request: OutcomeRequest, signal: AbortSignal): Promise<Acknowledged>;
}

const backOffMs: readonly number[] = [1_000, 2_000, 4_000, 8_000, 15_000, 30_000];
/** With the longest pause ten more times: over five minutes. */
const triesMax = 16;
const sessionTriesMax = 7;
const checkpointTriesMax = 3;
const requestTimeoutMs = 60_000;
const answerBytesMax = limits.checkpointBytesMax;

export async function openSession(
  options: AppOptions,
  run: { readonly runId: string; readonly account: string; readonly getOidcToken: () => Promise<string> },
  signal: AbortSignal,
): Promise<RunSession> {
  const answer = await retry(options, sessionTriesMax, signal, async () => {
    // A token counts once, so each try has its own.
    const oidcToken = await run.getOidcToken();
    const body = { protocol: protocolVersion, oidcToken, runId: run.runId, account: run.account, limitsNetwork: true };
    return await post(options, runnerRoutes.session, null, body, AnySessionAnswer, signal).catch(sayWhatToUpdate);
  });
  const { job, runToken, sealKey } = answer;
  const repeat = async <T>(tries: number, route: string, body: unknown, shape: z.ZodType<T>, signal: AbortSignal) =>
    await retry(options, tries, signal, () => post(options, route, runToken, body, shape, signal));
  return {
    job,
    runToken,
    sealKey,
    sendEvents: (request, signal) => post(options, runnerRoutes.events, runToken, request, EventsAnswer, signal),
    handOverStep: (request, signal) => repeat(triesMax, runnerRoutes.step, request, Acknowledged, signal),
    ask: (request, signal) => repeat(triesMax, runnerRoutes.request, request, Acknowledged, signal),
    declareOutcome: (request, signal) => repeat(triesMax, runnerRoutes.outcome, request, Acknowledged, signal),
    saveCheckpoint: async (checkpoint, signal) => {
      const body = textOf(runnerRoutes.checkpoint, checkpoint, limits.checkpointBytesMax);
      const put = { method: "PUT", body, route: runnerRoutes.checkpoint, runToken, shape: Acknowledged };
      return await retry(options, checkpointTriesMax, signal, () => ask(options, put, signal));
    },
    readCheckpoint: async (signal) => {
      const get = { method: "GET", route: runnerRoutes.checkpoint, runToken, shape: Checkpoint };
      return await retry(options, sessionTriesMax, signal, () => ask(options, get, signal));
    },
  };
}

/** Whatever else it holds: an answer in another version is no answer in ours. */
const AnySessionAnswer = z.looseObject({ protocol: z.int() }).transform((answer, context) => {
  if (answer.protocol !== protocolVersion) throw otherProtocol();
  const parsed = SessionAnswer.safeParse(answer);
  if (parsed.success) return parsed.data;
  context.addIssue("of another shape");
  return z.NEVER;
});

function sayWhatToUpdate(error: unknown): never {
  throw error instanceof AppRefused && error.code === "unsupported-protocol" ? otherProtocol() : error;
}

function otherProtocol(): AppRefused {
  return new AppRefused(
    "unsupported-protocol",
    `this action speaks protocol ${protocolVersion} and the app does not: update the app, or set the \`uses:\` line of .github/workflows/phasegate.yml to the app's ACTION_REF`,
  );
}

async function retry<T>(
  { appUrl, wait }: AppOptions,
  triesMax: number,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof AppRefused) throw error;
      if (tried === triesMax || signal.aborted) {
        const message = `reaching the app at ${appUrl}: ${wordsOf(error)}. Check that the app runs and that this runner can reach its PUBLIC_URL`;
        throw new AppUnreachable(message, { cause: error });
      }
    }
    await wait(backOffMs[Math.min(tried, backOffMs.length) - 1] ?? 0, signal).catch(() => {
      // Aborted: the next try ends at once and says so.
    });
  }
}

async function post<T>(
  options: AppOptions,
  route: string,
  runToken: string | null,
  body: unknown,
  shape: z.ZodType<T>,
  signal: AbortSignal,
): Promise<T> {
  const text = textOf(route, body, limits.stepBodyBytesMax);
  return await ask(options, { method: "POST", route, runToken, body: text, shape }, signal);
}

function textOf(route: string, body: unknown, bytesMax: number): string {
  const text = JSON.stringify(body);
  if (Buffer.byteLength(text) <= bytesMax) return text;
  throw new AppRefused("too-large", `the message to ${route} is larger than ${bytesMax} bytes`);
}

interface Asking<T> {
  readonly method: string;
  readonly route: string;
  readonly runToken: string | null;
  readonly body?: string;
  readonly shape: z.ZodType<T>;
}

async function ask<T>({ appUrl, fetch }: AppOptions, asking: Asking<T>, signal: AbortSignal): Promise<T> {
  const { method, route, runToken, body, shape } = asking;
  const response = await fetch(`${appUrl}${route}`, {
    method,
    headers: {
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      accept: "application/json",
      ...(runToken === null ? {} : { authorization: `Bearer ${runToken}` }),
    },
    ...(body === undefined ? {} : { body }),
    // A redirect could carry the tokens to another host.
    redirect: "error",
    signal: AbortSignal.any([signal, AbortSignal.timeout(requestTimeoutMs)]),
  });
  const answer = await readJson(response);
  if (response.ok) {
    const parsed = shape.safeParse(answer);
    if (parsed.success) return parsed.data;
    throw new Error(`the answer of ${route} has another shape than expected`);
  }
  const refusal = RunnerError.safeParse(answer);
  if (refusal.success && refusal.data.error !== "unavailable" && response.status < 500 && response.status !== 429) {
    throw new AppRefused(refusal.data.error, refusal.data.message);
  }
  throw new Error(`${route} answered ${response.status}${refusal.success ? `: ${refusal.data.message}` : ""}`);
}

/** Null for what is no JSON, e.g. the page of a proxy in between. */
async function readJson(response: Response): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > answerBytesMax) throw new Error(`the answer is larger than ${answerBytesMax} bytes`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    return null;
  }
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
