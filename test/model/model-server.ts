/** A stand-in for the Anthropic Messages API on loopback. What it answers comes from `decide`. */

import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { estimateTokens, estimateUsage } from "./estimate-usage.ts";
import { eventsOf, messageOf } from "./model-answer.ts";
import type { AnswerError, Message, ModelAnswer, SseEvent } from "./model-answer.ts";
import { InvalidRequest, parseModelRequest } from "./model-request.ts";
import type { ModelRequest } from "./model-request.ts";

export type Decide = (request: ModelRequest) => ModelAnswer | Promise<ModelAnswer>;

export interface ModelServerOptions {
  /** 0 or none: a free port. */
  readonly port?: number;
  readonly decide: Decide;
  readonly onRequest?: (request: ReceivedRequest) => void;
  /** Accepted values of `x-api-key` or of the bearer token. Without it any credential does, but there must be one. */
  readonly credentials?: readonly string[];
}

interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  /** Null where the request had no body or it could not be read as a request for a message. */
  readonly request: ModelRequest | null;
}

export interface ModelServer {
  readonly url: string;
  /** All requests so far, oldest first. */
  readonly requests: readonly ReceivedRequest[];
  /** Ends hanging answers too. */
  stop(): Promise<void>;
}

const BODY_BYTES_MAX = 32 * 1024 * 1024;

export async function startModelServer(options: ModelServerOptions): Promise<ModelServer> {
  const requests: ReceivedRequest[] = [];
  const server = createServer((incoming, response) => {
    void serve(incoming, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else respondError(response, failureOf(error));
    });
  });

  async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (incoming.url ?? "/").split("?")[0] ?? "/";
    const method = incoming.method ?? "GET";
    const record = (request: ModelRequest | null): void => {
      const received = { method, path, headers: incoming.headers, request };
      requests.push(received);
      options.onRequest?.(received);
    };
    if (method === "HEAD" && path === "/api/hello") {
      record(null);
      response.writeHead(200).end();
      return;
    }
    if (method !== "POST" || (path !== "/v1/messages" && path !== "/v1/messages/count_tokens")) {
      record(null);
      respondError(response, { status: 404, type: "not_found_error", message: `no such endpoint: ${method} ${path}` });
      return;
    }
    const body = await readBody(incoming);
    const refusal = refuseCaller(incoming, options.credentials);
    if (refusal !== null) {
      record(null);
      respondError(response, refusal);
      return;
    }
    const raw = parseJson(body);
    const request = parseModelRequest(raw);
    record(request);
    if (path === "/v1/messages/count_tokens") {
      const { system, tools, messages } = raw;
      const inputTokens = estimateTokens(system) + estimateTokens(tools) + estimateTokens(messages);
      respondJson(response, 200, { input_tokens: inputTokens });
      return;
    }
    const key = createHash("sha256").update(`${requests.length} ${body}`).digest("hex").slice(0, 24);
    await respond(response, { request, raw, key, answer: await options.decide(request) });
  }

  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("starting the model server: no port");

  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    async stop() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

interface Exchange {
  readonly request: ModelRequest;
  readonly raw: Readonly<Record<string, unknown>>;
  readonly key: string;
  readonly answer: ModelAnswer;
}

const HALF_AN_ANSWER = [
  { type: "text", text: "This answer is never finished, since the connection is. ".repeat(4) },
] as const;

async function respond(response: ServerResponse, { request, raw, key, answer }: Exchange): Promise<void> {
  if ("error" in answer) {
    respondError(response, answer.error);
    return;
  }
  if ("hang" in answer || "cut" in answer) {
    await respondInPart(response, answer, whole(HALF_AN_ANSWER));
    return;
  }
  const message = messageOf({
    key,
    model: request.model,
    blocks: answer.blocks,
    stopReason: answer.stopReason,
    usage: answer.usage ?? estimateUsage(raw, answer.blocks),
  });
  if (!request.stream) {
    respondJson(response, 200, message, answer.headers);
    return;
  }
  startStream(response, answer.headers);
  for (const event of eventsOf(message)) await writeEvent(response, event);
  response.end();

  function whole(blocks: typeof HALF_AN_ANSWER): Message {
    return messageOf({ key, model: request.model, blocks, usage: estimateUsage(raw, blocks) });
  }
}

async function respondInPart(
  response: ServerResponse,
  answer: Extract<ModelAnswer, { hang: string } | { cut: string }>,
  message: Message,
): Promise<void> {
  const where = "hang" in answer ? answer.hang : answer.cut;
  if (where === "headers" || where === "mid") startStream(response);
  if (where === "mid") {
    const events = eventsOf(message);
    for (const event of events.slice(0, Math.floor(events.length / 2))) await writeEvent(response, event);
  }
  if ("cut" in answer) response.destroy();
}

function startStream(response: ServerResponse, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
    ...headers,
  });
  response.flushHeaders();
}

/** Resolves when the bytes are with the kernel: a connection that is cut right after still delivers them. */
async function writeEvent(response: ServerResponse, event: SseEvent): Promise<void> {
  await new Promise<void>((resolve) => {
    response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`, () => resolve());
  });
}

function refuseCaller({ headers }: IncomingMessage, allowed: readonly string[] | undefined): AnswerError | null {
  const key = headers["x-api-key"];
  const bearer = /^Bearer (.+)$/i.exec(headers.authorization ?? "")?.[1];
  const credential = (typeof key === "string" && key !== "" ? key : undefined) ?? bearer;
  if (credential === undefined) {
    return { status: 401, type: "authentication_error", message: "x-api-key header is required" };
  }
  if (allowed !== undefined && !allowed.includes(credential)) {
    const message = credential === bearer ? "Invalid bearer token" : "invalid x-api-key";
    return { status: 401, type: "authentication_error", message };
  }
  if (headers["anthropic-version"] === undefined) {
    return { status: 400, type: "invalid_request_error", message: "anthropic-version: header is required" };
  }
  return null;
}

async function readBody(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming) {
    if (!Buffer.isBuffer(chunk)) continue;
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) throw new TooLarge(`a request may have ${BODY_BYTES_MAX} bytes at most`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

class TooLarge extends Error {
  override name = "TooLarge";
}

function parseJson(body: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  } catch (cause) {
    throw new InvalidRequest("The request body is not valid JSON", { cause });
  }
  throw new InvalidRequest("The request body is not a JSON object");
}

function failureOf(error: unknown): AnswerError {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof InvalidRequest) return { status: 400, type: "invalid_request_error", message };
  if (error instanceof TooLarge) return { status: 413, type: "request_too_large", message };
  return { status: 500, type: "api_error", message: `deciding on an answer: ${message}` };
}

function respondError(response: ServerResponse, { status, type, message, headers }: AnswerError): void {
  respondJson(response, status, { type: "error", error: { type, message } }, headers);
}

function respondJson(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(value));
}
