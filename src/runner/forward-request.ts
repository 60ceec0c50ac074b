/** Hands one request to the model provider and the reply back, as it comes, counting on the way. */

import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { replyHeaders } from "./gateway-headers.ts";
import { sendError } from "./gateway-http.ts";
import { objectAt, parseObject, stringAt } from "./narrow.ts";
import { createReplyMeter, type Reading } from "./reply-meter.ts";

export interface Forwarded {
  readonly fetch: typeof globalThis.fetch;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: string;
  readonly redact: (text: string) => string;
  /** Breaks the request off from our side. */
  readonly signal: AbortSignal;
  readonly headersTimeoutMs: number;
  readonly idleTimeoutMs: number;
  /** As soon as the provider answers. */
  onReply(status: number, headers: Headers): void;
  /** While the reply passes. */
  onReading(reading: Reading): void;
  /** Once, before the client can see the end of the reply. */
  onEnd(end: ForwardEnd): void;
}

export type ForwardEnd =
  | { readonly kind: "replied"; readonly reading: Reading; readonly cutBy: Side | null }
  /** The provider answered with an error, and bills nothing. */
  | { readonly kind: "refused"; readonly status: number; readonly message: string }
  | { readonly kind: "unreachable"; readonly status: number; readonly message: string }
  /** We or the client stopped waiting before there was a reply. The provider may have begun to work. */
  | { readonly kind: "abandoned"; readonly by: Side; readonly status: number; readonly message: string };

/** Who did not go on: the provider, with a time-out too; or the client, which also means that we stop. */
type Side = "provider" | "client";

const errorBytesMax = 64 * 1024;
const errorMessageLengthMax = 500;

export async function forwardRequest(call: Forwarded, response: ServerResponse): Promise<void> {
  const abort = new AbortController();
  const waiting = { signal: AbortSignal.any([call.signal, abort.signal]), timedOut: false };
  response.once("close", () => abort.abort(new Error("the client went away")));
  let timer = startTimer(call.headersTimeoutMs, "to begin its reply");
  try {
    const reply = await fetchReply(call, waiting, response);
    if (reply === null) return;
    clearTimeout(timer);
    timer = startTimer(call.idleTimeoutMs, "to go on with its reply");
    call.onReply(reply.status, reply.headers);
    if (reply.ok) await passReply(call, reply, response, waiting, timer);
    else await passError(call, reply, response);
  } finally {
    clearTimeout(timer);
  }

  function startTimer(ms: number, what: string): NodeJS.Timeout {
    return setTimeout(() => {
      waiting.timedOut = true;
      abort.abort(new Error(`waited ${ms} ms for the model provider ${what}`));
    }, ms);
  }
}

interface Waiting {
  /** Aborted by a time-out, by the client or by us. */
  readonly signal: AbortSignal;
  readonly timedOut: boolean;
}

async function fetchReply(call: Forwarded, waiting: Waiting, response: ServerResponse): Promise<Response | null> {
  try {
    // A redirect would carry the credential to a host that nobody chose.
    return await call.fetch(call.url, {
      method: "POST",
      headers: call.headers,
      body: call.body,
      redirect: "manual",
      signal: waiting.signal,
    });
  } catch (error) {
    const { aborted, reason } = waiting.signal;
    const message = shorten(call.redact(reasonOf(aborted ? reason : error)));
    const status = aborted ? 504 : 502;
    call.onEnd(
      aborted ? { kind: "abandoned", by: sideOf(waiting), status, message } : { kind: "unreachable", status, message },
    );
    sendError(response, status, "api_error", `asking the model provider: ${message}`);
    return null;
  }
}

async function passReply(
  call: Forwarded,
  reply: Response,
  response: ServerResponse,
  waiting: Waiting,
  timer: NodeJS.Timeout,
): Promise<void> {
  const meter = createReplyMeter(reply.headers.get("content-type"));
  let isEnded = false;
  response.writeHead(reply.status, replyHeaders(reply.headers, call.redact));
  response.flushHeaders();
  try {
    await pipeline(reply.body === null ? Readable.from([]) : Readable.fromWeb(reply.body), count, response);
  } catch {
    // The pipeline has broken off both sides, so the client sees the cut too. It was the client's, unless `count` knew better.
    finish("client");
  }

  async function* count(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of chunks) {
        timer.refresh();
        meter.push(chunk);
        call.onReading(meter.read());
        yield chunk;
      }
    } catch (error) {
      finish(sideOf(waiting));
      throw error;
    }
    finish(null);
  }

  function finish(cutBy: Side | null): void {
    if (isEnded) return;
    isEnded = true;
    meter.end();
    call.onEnd({ kind: "replied", reading: meter.read(), cutBy });
  }
}

function sideOf({ signal, timedOut }: Waiting): Side {
  return signal.aborted && !timedOut ? "client" : "provider";
}

async function passError(call: Forwarded, reply: Response, response: ServerResponse): Promise<void> {
  const text = call.redact(await readStart(reply, errorBytesMax));
  const isRedirect = reply.status < 400;
  const message = isRedirect ? "the model provider redirects, which is not followed" : messageIn(text);
  call.onEnd({ kind: "refused", status: reply.status, message });
  if (isRedirect) {
    sendError(response, 502, "api_error", message);
    return;
  }
  response.writeHead(reply.status, replyHeaders(reply.headers, call.redact));
  response.end(text);
}

async function readStart(reply: Response, bytesMax: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of reply.body ?? []) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= bytesMax) break;
    }
  } catch {
    // The status already says that it went wrong; what came of the text has to do.
  }
  return Buffer.concat(chunks).subarray(0, bytesMax).toString();
}

function messageIn(text: string): string {
  const error = objectAt(parseObject(text) ?? {}, "error") ?? {};
  return shorten(stringAt(error, "message") ?? text);
}

/** `fetch` hides what happened in the cause of its error. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

function shorten(text: string): string {
  return text.slice(0, errorMessageLengthMax);
}
