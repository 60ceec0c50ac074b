import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createReplyMeter, type Reading } from "../../src/runner/reply-meter.ts";

const stream = "text/event-stream; charset=utf-8";
const start = {
  type: "message_start",
  message: {
    usage: {
      input_tokens: 100,
      cache_creation_input_tokens: 20,
      cache_read_input_tokens: 3000,
      output_tokens: 1,
      cache_creation: { ephemeral_1h_input_tokens: 15 },
    },
  },
};
const says = (text: string) => ({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text } });
const ends = (output: number) => ({ type: "message_delta", usage: { output_tokens: output } });

describe("the meter of a streamed reply", () => {
  test("takes the input from the start and the output from the end", () => {
    expect(metered(stream, sse(start, says("x".repeat(300)), ends(42), { type: "message_stop" }))).toEqual({
      usage: { inputTokens: 100, outputTokens: 42, cacheCreationInputTokens: 20, cacheReadInputTokens: 3000 },
      surcharges: { longCacheTokens: 15, webSearches: 0, fastMode: false, pinnedRegion: false },
      hasInput: true,
      error: null,
    });
  });

  test("takes the last of several cumulative counts, and keeps those that it leaves out", () => {
    const corrected = {
      type: "message_delta",
      usage: {
        output_tokens: 9,
        input_tokens: 150,
        cache_read_input_tokens: null,
        server_tool_use: { web_search_requests: 2 },
      },
    };
    const { usage, surcharges } = metered(stream, sse(start, ends(5), corrected));
    expect(usage).toMatchObject({ inputTokens: 150, outputTokens: 9, cacheReadInputTokens: 3000 });
    expect(surcharges).toMatchObject({ webSearches: 2, longCacheTokens: 15 });
  });

  test("reads the same in any chunks", () => {
    const bytes = Buffer.from(sse(start, says("naïve 🦉"), ends(42)));
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length)), (cuts) => {
        const meter = createReplyMeter(stream);
        const marks = [...cuts, bytes.length].sort((a, b) => a - b);
        marks.forEach((end, index) => meter.push(bytes.subarray(marks[index - 1] ?? 0, end)));
        meter.end();
        expect(meter.read()).toEqual(metered(stream, bytes.toString()));
      }),
    );
  });

  test("guesses rather too much output where the reply was cut", () => {
    const thinks = { type: "content_block_delta", delta: { type: "thinking_delta", thinking: "x".repeat(150) } };
    const { usage, hasInput } = metered(stream, sse(start, says("x".repeat(150)), thinks));
    expect(usage).toMatchObject({ inputTokens: 100, outputTokens: 100 });
    expect(hasInput).toBe(true);
  });

  test("knows no input where the reply was cut before its start", () => {
    expect(metered(stream, 'event: message_start\ndata: {"type":"mess')).toMatchObject({
      hasInput: false,
      error: null,
    });
  });

  test("tells of an error inside the stream", () => {
    const error = { type: "error", error: { type: "overloaded_error", message: "Overloaded" } };
    expect(metered(stream, sse({ type: "ping" }, error))).toMatchObject({
      hasInput: false,
      error: { type: "overloaded_error", message: "Overloaded" },
    });
  });

  test("adds up the parts where the provider compacted on the way", () => {
    const usage = { output_tokens: 5, iterations: [{ output_tokens: 30 }, { output_tokens: 5 }, null, 7] };
    expect(metered(stream, sse(start, { type: "message_delta", usage })).usage.outputTokens).toBe(35);
  });

  test.each(["", "data: [1]\n\n", "data:\n", ": ping\n\n", 'data: {"type":"message_start","message":7}\n\n'])(
    "makes nothing of %j",
    (text) => {
      expect(metered(stream, text)).toMatchObject({ hasInput: false, usage: { inputTokens: 0 } });
    },
  );

  test("never counts below zero", () => {
    expect(metered(stream, sse(start, ends(-5))).usage.outputTokens).toBe(0);
  });
});

describe("the meter of a whole reply", () => {
  test("reads its usage", () => {
    const reply = { type: "message", usage: { input_tokens: 7, output_tokens: 8, speed: "fast", inference_geo: "us" } };
    expect(metered("application/json", JSON.stringify(reply))).toMatchObject({
      usage: { inputTokens: 7, outputTokens: 8 },
      surcharges: { fastMode: true, pinnedRegion: true },
      hasInput: true,
    });
  });

  test.each(['{"type":"message","usage":{"input_tok', "<html>", "[]", '{"usage":"?"}'])(
    "guesses the output of %j",
    (text) => {
      expect(metered(null, text)).toMatchObject({
        hasInput: false,
        usage: { outputTokens: Math.ceil(text.length / 3) },
      });
    },
  );
});

function metered(contentType: string | null, text: string): Reading {
  const meter = createReplyMeter(contentType);
  meter.push(Buffer.from(text));
  meter.end();
  return meter.read();
}

function sse(...events: readonly { readonly type: string; readonly [key: string]: unknown }[]): string {
  return events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join("");
}
