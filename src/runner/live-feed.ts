/** What people see while a run works: sent in batches, numbered, sent again after a drop, each once. Also the heartbeat. */

import { limits, type EventsAnswer, type EventsRequest, type LiveEvent } from "../protocol/runner.ts";
import { AppRefused, type Wait } from "./app-client.ts";

export interface LiveFeed {
  push(event: LiveEvent): void;
  /** Sends what is left, as far as the signal allows, and ends. Never throws. */
  close(signal: AbortSignal): Promise<void>;
}

export interface LiveFeedOptions {
  send(request: EventsRequest, signal: AbortSignal): Promise<EventsAnswer>;
  readonly now: () => Date;
  readonly wait: Wait;
  readonly heartbeatMs: number;
  readonly redact: (text: string) => string;
  /** The app says that this run must end, or that it no longer knows its token. Called once. */
  readonly onStop: (reason: string) => void;
}

type Numbered = EventsRequest["events"][number];

const batchPauseMs = 1_000;
const batchSize = 50;
const queuedMax = 2_000;
const backOffMsMax = 30_000;

export function startLiveFeed(options: LiveFeedOptions): LiveFeed {
  const { now, wait, redact } = options;
  let queued: { readonly at: string; readonly event: LiveEvent }[] = [];
  /** Numbered and perhaps sent, and not yet acknowledged. */
  let unacknowledged: readonly Numbered[] = [];
  let lastNumber = 0;
  let dropped = 0;
  let failures = 0;
  let stopped = false;
  let closing = false;
  let wake = (): void => {};
  const ending = new AbortController();
  const finished = run();

  return { push, close };

  function push(event: LiveEvent): void {
    if (closing) return;
    const entry = { at: now().toISOString(), event: tidy(event, redact) };
    // Totals replace each other: only the newest says anything.
    if (event.kind === "usage") queued = queued.filter((other) => other.event.kind !== "usage");
    queued.push(entry);
    if (queued.length > queuedMax) {
      const at = queued.findIndex(({ event: { kind } }) => kind === "action" || kind === "log");
      if (at !== -1) {
        queued.splice(at, 1);
        dropped += 1;
      }
    }
    if (queued.length >= batchSize) wake();
  }

  async function run(): Promise<void> {
    let sinceSentMs = 0;
    while (!ending.signal.aborted) {
      const pauseMs = failures === 0 ? batchPauseMs : Math.min(batchPauseMs * 2 ** failures, backOffMsMax);
      await pauseOrWake(pauseMs);
      if (ending.signal.aborted) return;
      sinceSentMs += pauseMs;
      if (queued.length === 0 && unacknowledged.length === 0 && sinceSentMs < options.heartbeatMs) continue;
      if (await sendBatch(ending.signal)) sinceSentMs = 0;
    }
  }

  async function pauseOrWake(ms: number): Promise<void> {
    const woken = new AbortController();
    // After a failure the pause is kept, however much there is to send.
    wake = () => {
      if (failures === 0) woken.abort();
    };
    await wait(ms, AbortSignal.any([woken.signal, ending.signal])).catch(() => {
      // Woken or ended, which the loop looks at.
    });
  }

  async function sendBatch(signal: AbortSignal): Promise<boolean> {
    if (unacknowledged.length === 0) unacknowledged = takeBatch();
    try {
      const answer = await options.send({ events: [...unacknowledged] }, signal);
      unacknowledged = unacknowledged.filter(({ number }) => number > answer.acknowledged);
      failures = 0;
      if (answer.stop) stop("the app says that this run is over");
      return true;
    } catch (error) {
      failures += 1;
      if (error instanceof AppRefused) {
        // The same batch would be refused for ever; what comes after it may pass.
        if (error.code === "token-refused" || error.code === "unknown-run") stop(error.message);
        else unacknowledged = [];
      }
      return false;
    }
  }

  function takeBatch(): readonly Numbered[] {
    if (dropped > 0) {
      const text = `${dropped} lines were left out: the app could not be reached for a while`;
      queued.unshift({ at: now().toISOString(), event: { kind: "log", level: "warn", text } });
      dropped = 0;
    }
    const batch = queued.splice(0, limits.eventsPerBatchMax);
    return batch.map((entry) => {
      lastNumber += 1;
      return { number: lastNumber, ...entry };
    });
  }

  function stop(reason: string): void {
    if (stopped) return;
    stopped = true;
    options.onStop(reason);
  }

  async function close(signal: AbortSignal): Promise<void> {
    closing = true;
    ending.abort();
    await finished;
    let tries = 0;
    while ((queued.length > 0 || unacknowledged.length > 0) && !signal.aborted && tries < 3) {
      if (!(await sendBatch(signal))) tries += 1;
    }
  }
}

/** Bounded and without secrets: it comes from the agent, and people will read it. */
function tidy(event: LiveEvent, redact: (text: string) => string): LiveEvent {
  const text = (value: string): string => cut(redact(value), limits.eventTextCharactersMax);
  switch (event.kind) {
    case "log":
      return { ...event, text: text(event.text) };
    case "action":
      return { ...event, text: text(event.text), document: event.document === null ? null : redact(event.document) };
    case "round": {
      const findings = event.findings.slice(0, limits.findingsMax);
      const path = (of: string | null): string | null => (of === null ? null : redact(of));
      return {
        ...event,
        findings: findings.map((each) => ({ ...each, path: path(each.path), message: text(each.message) })),
      };
    }
    case "step-started":
    case "usage":
    case "verifying":
      return event;
  }
}

/** In code points, so that no character is cut in half. */
function cut(text: string, lengthMax: number): string {
  return text.length <= lengthMax ? text : Array.from(text).slice(0, lengthMax).join("");
}
