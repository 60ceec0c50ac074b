/** Counts what a reply of the Messages API costs while it passes by, whole or streamed, ended or cut. */

import { noUsage, type Usage } from "../core/usage.ts";
import { createLineSplitter } from "./line-splitter.ts";
import { amountAt, numberAt, objectAt, objectsAt, stringAt, type Json, parseObject } from "./narrow.ts";
import { noSurcharges, type Surcharges } from "./price.ts";

export interface ReplyMeter {
  push(chunk: Uint8Array): void;
  /** The reply is over, whether it was complete or not. */
  end(): void;
  read(): Reading;
}

export interface Reading {
  readonly usage: Usage;
  readonly surcharges: Surcharges;
  /** The provider has told what the input cost; without it, `usage` knows of the output alone. */
  readonly hasInput: boolean;
  /** An error inside a stream that began well. */
  readonly error: { readonly type: string; readonly message: string } | null;
}

const wholeReplyBytesMax = 32 * 1024 * 1024;
const eventBytesMax = 8 * 1024 * 1024;
/** English needs about four bytes a token. Where we have to guess, we guess too much. */
const bytesPerTokenAtLeast = 3;

export function createReplyMeter(contentType: string | null): ReplyMeter {
  return contentType?.startsWith("text/event-stream") === true ? meterStream() : meterWhole();
}

function meterStream(): ReplyMeter {
  const splitter = createLineSplitter(eventBytesMax);
  let counts: Counts = noCounts;
  let hasInput = false;
  let isFinal = false;
  let error: Reading["error"] = null;
  let outputBytes = 0;

  return {
    push: (chunk) => splitter.push(chunk).forEach(take),
    end: () => splitter.end().forEach(take),
    read() {
      // Until the last word of the provider, the count stands where the message began.
      const guess = isFinal ? 0 : Math.ceil(outputBytes / bytesPerTokenAtLeast);
      const usage = { ...counts.usage, outputTokens: Math.max(counts.usage.outputTokens, guess) };
      return { usage, surcharges: counts.surcharges, hasInput, error };
    },
  };

  function take(line: ReturnType<typeof splitter.end>[number]): void {
    if (line.kind === "oversized") {
      outputBytes += line.bytes;
      return;
    }
    if (!line.text.startsWith("data:")) return;
    const event = parseObject(line.text.slice("data:".length));
    if (event === null) {
      outputBytes += Buffer.byteLength(line.text);
      return;
    }
    switch (stringAt(event, "type") ?? "") {
      case "message_start": {
        const usage = objectAt(objectAt(event, "message") ?? {}, "usage");
        if (usage !== null) counts = countsOf(usage, noCounts);
        hasInput ||= usage !== null;
        break;
      }
      case "content_block_delta":
        outputBytes += textBytes(objectAt(event, "delta") ?? {});
        break;
      case "message_delta": {
        // Cumulative: each value replaces the one before, and a value that is left out stays.
        const usage = objectAt(event, "usage");
        if (usage !== null) counts = countsOf(usage, counts);
        isFinal ||= usage !== null;
        break;
      }
      case "error": {
        const detail = objectAt(event, "error") ?? {};
        error = { type: stringAt(detail, "type") ?? "api_error", message: stringAt(detail, "message") ?? "" };
        break;
      }
      default:
        break;
    }
  }
}

function meterWhole(): ReplyMeter {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  let counts: Counts | null = null;

  return {
    push(chunk) {
      bytes += chunk.length;
      if (bytes > wholeReplyBytesMax) chunks.length = 0;
      else chunks.push(chunk);
    },
    end() {
      const usage = objectAt(parseObject(Buffer.concat(chunks).toString()) ?? {}, "usage");
      chunks.length = 0;
      if (usage !== null) counts = countsOf(usage, noCounts);
    },
    read: () => ({
      ...(counts ?? {
        usage: { ...noUsage, outputTokens: Math.ceil(bytes / bytesPerTokenAtLeast) },
        surcharges: noSurcharges,
      }),
      hasInput: counts !== null,
      error: null,
    }),
  };
}

interface Counts {
  readonly usage: Usage;
  readonly surcharges: Surcharges;
}

const noCounts: Counts = { usage: noUsage, surcharges: noSurcharges };

function countsOf(usage: Json, before: Counts): Counts {
  const cacheCreation = objectAt(usage, "cache_creation") ?? {};
  const serverTools = objectAt(usage, "server_tool_use") ?? {};
  return {
    usage: {
      inputTokens: tokensAt(usage, "input_tokens", before.usage.inputTokens),
      outputTokens: tokensAt(usage, "output_tokens", before.usage.outputTokens),
      cacheCreationInputTokens: tokensAt(usage, "cache_creation_input_tokens", before.usage.cacheCreationInputTokens),
      cacheReadInputTokens: tokensAt(usage, "cache_read_input_tokens", before.usage.cacheReadInputTokens),
    },
    surcharges: {
      longCacheTokens: numberAt(cacheCreation, "ephemeral_1h_input_tokens") ?? before.surcharges.longCacheTokens,
      webSearches: numberAt(serverTools, "web_search_requests") ?? before.surcharges.webSearches,
      fastMode: before.surcharges.fastMode || stringAt(usage, "speed") === "fast",
      pinnedRegion: before.surcharges.pinnedRegion || stringAt(usage, "inference_geo") === "us",
    },
  };
}

/** Where the provider had to compact on the way, the parts stand in `iterations` and the total leaves some of them out. */
function tokensAt(usage: Json, key: string, before: number): number {
  const ofParts = objectsAt(usage, "iterations").reduce((sum, part) => sum + amountAt(part, key), 0);
  const total = numberAt(usage, key);
  return Math.max(0, ofParts, total ?? before);
}

function textBytes(delta: Json): number {
  return ["text", "thinking", "partial_json"].reduce(
    (sum, key) => sum + Buffer.byteLength(stringAt(delta, key) ?? ""),
    0,
  );
}
