import { describe, expect, test } from "vitest";
import type { EventsAnswer, EventsRequest, LiveEvent } from "../../src/protocol/runner.ts";
import { AppRefused } from "../../src/runner/app-client.ts";
import { startLiveFeed, type LiveFeed } from "../../src/runner/live-feed.ts";

const note = (text: string): LiveEvent => ({ kind: "log", level: "info", text });
const never = new AbortController().signal;

interface World {
  readonly feed: LiveFeed;
  readonly sent: EventsRequest[];
  readonly stops: string[];
  /** Ends the feed's present pause, and waits until it pauses again. */
  readonly tick: () => Promise<number>;
}

/** Time passes only by `tick`. The answers are used up one a batch; then all is acknowledged. */
async function startFeed(answers: (EventsAnswer | Error)[] = []): Promise<World> {
  const sent: EventsRequest[] = [];
  const stops: string[] = [];
  let pausing = Promise.withResolvers<{ readonly ms: number; readonly end: () => void }>();
  const feed = startLiveFeed({
    now: () => new Date(0),
    heartbeatMs: 3_000,
    redact: (text) => text.replaceAll("secret", "***"),
    onStop: (reason) => stops.push(reason),
    wait: async (ms, signal) => {
      const ended = Promise.withResolvers<void>();
      signal.addEventListener("abort", () => ended.resolve(), { once: true });
      pausing.resolve({ ms, end: ended.resolve });
      await ended.promise;
    },
    send: async (request) => {
      await Promise.resolve();
      sent.push(request);
      const answer = answers.shift();
      if (answer instanceof Error) throw answer;
      return answer ?? { acknowledged: Math.max(0, ...request.events.map(({ number }) => number)), stop: false };
    },
  });
  const tick = async (): Promise<number> => {
    const { ms, end } = await pausing.promise;
    pausing = Promise.withResolvers();
    end();
    await pausing.promise;
    return ms;
  };
  return { feed, sent, stops, tick };
}

const numbersOf = ({ events }: EventsRequest): readonly number[] => events.map(({ number }) => number);

describe("the live feed", () => {
  test("sends what came within a second as one batch, numbered, without secrets", async () => {
    const { feed, sent, tick } = await startFeed();
    feed.push(note("the secret plan"));
    feed.push({ kind: "action", step: "01_idea", text: "x".repeat(5_000), document: "docs/secret.md" });
    const found = {
      check: "no-secrets",
      step: "01_idea",
      path: "docs/secret.md",
      line: null,
      message: "a secret",
    } as const;
    feed.push({ kind: "round", step: "01_idea", round: 0, findings: [found] });
    await tick();
    expect(sent).toHaveLength(1);
    expect(sent[0]?.events[0]).toEqual({ number: 1, at: "1970-01-01T00:00:00.000Z", event: note("the *** plan") });
    expect(sent[0]?.events[1]?.event).toMatchObject({ text: "x".repeat(4_000), document: "docs/***.md" });
    expect(sent[0]?.events[2]?.event).toMatchObject({ findings: [{ path: "docs/***.md", message: "a ***" }] });
    await feed.close(never);
  });

  test("beats with an empty batch where nothing happens", async () => {
    const { feed, sent, tick } = await startFeed();
    await tick();
    await tick();
    expect(sent).toEqual([]);
    await tick();
    expect(sent).toEqual([{ events: [] }]);
    await feed.close(never);
  });

  test("sends again what was not acknowledged, under the same numbers, each once, and more slowly", async () => {
    const { feed, sent, tick } = await startFeed([
      new Error("dropped"),
      new Error("dropped"),
      { acknowledged: 1, stop: false },
    ]);
    feed.push(note("one"));
    feed.push(note("two"));
    await tick();
    feed.push(note("three"));
    const pauses = [await tick(), await tick(), await tick(), await tick()];
    expect(pauses).toEqual([2_000, 4_000, 1_000, 1_000]);
    expect(sent.map(numbersOf)).toEqual([[1, 2], [1, 2], [1, 2], [2], [3]]);
    await feed.close(never);
  });

  test("says once that the run must stop", async () => {
    const { feed, stops, tick } = await startFeed([
      { acknowledged: 1, stop: true },
      new AppRefused("token-refused", "the run is over"),
    ]);
    feed.push(note("one"));
    await tick();
    feed.push(note("two"));
    await tick();
    expect(stops).toEqual(["the app says that this run is over"]);
    await feed.close(never);
  });

  test("drops the oldest lines of a queue that is full, and never what carries the run", async () => {
    const { feed, sent } = await startFeed();
    feed.push({ kind: "step-started", step: "01_idea", number: 1, total: 2 });
    for (let at = 0; at < 2_500; at += 1) feed.push(note(`line ${at}`));
    await feed.close(never);
    const events = sent.flatMap((batch) => batch.events.map(({ event }) => event));
    expect(events.some(({ kind }) => kind === "step-started")).toBe(true);
    expect(events.at(-1)).toEqual(note("line 2499"));
    expect(events).toContainEqual({
      ...note("501 lines were left out: the app could not be reached for a while"),
      level: "warn",
    });
    expect(sent.flatMap(numbersOf)).toEqual(events.map((_, at) => at + 1));
    expect(Math.max(...sent.map((batch) => batch.events.length))).toBe(200);
  });

  test("keeps only the newest totals", async () => {
    const { feed, sent } = await startFeed();
    const usage = { inputTokens: 1, outputTokens: 1, cacheCreationInputTokens: 0, cacheReadInputTokens: 0 };
    for (const costUsd of [1, 2, 3]) feed.push({ kind: "usage", spent: { usage, costUsd } });
    await feed.close(never);
    expect(sent.flatMap(({ events }) => events.map(({ event }) => event))).toMatchObject([{ spent: { costUsd: 3 } }]);
  });

  test("gives up on closing where nobody answers", async () => {
    const { feed, sent } = await startFeed([new Error("a"), new Error("b"), new Error("c"), new Error("d")]);
    feed.push(note("one"));
    await feed.close(never);
    expect(sent).toHaveLength(3);
  });
});
