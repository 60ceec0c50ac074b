/**
 * Stands between the agent and the model provider. The agent holds a throw-away token; the real credential stays in this process.
 * Listens on loopback only. Assume that the agent calls it directly, with whatever it likes.
 */

import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Network } from "../core/network.ts";
import type { SecurityKind } from "../core/security.ts";
import { noUsage, type Usage } from "../core/usage.ts";
import { forwardRequest, type ForwardEnd } from "./forward-request.ts";
import {
  carriesToken,
  providerLimitOf,
  upstreamHeaders,
  type ModelCredential,
  type ProviderLimit,
} from "./gateway-headers.ts";
import { readBody, sendError } from "./gateway-http.ts";
import { readModelRequest, type ModelRequest } from "./model-request.ts";
import { noSurcharges, type PriceOverride } from "./price.ts";
import { createRedactor } from "../core/redact.ts";
import { createSpending, type Charge, type ModelSpending } from "./spending.ts";

export interface ModelGatewayOptions {
  /** `https:`, or `http:` on loopback. Its path, if any, is put before ours. */
  readonly upstream: URL;
  readonly credential: ModelCredential;
  /** What the agent shows instead, in the header of the credential's kind. */
  readonly token: string;
  readonly budgetUsd: number;
  /** Instead of the list's. */
  readonly prices?: readonly PriceOverride[];
  /** Spent out of this budget elsewhere: by another gateway of the run. */
  readonly spentUsd?: () => number;
  /** Full names, or beginnings such as `claude-sonnet`. All models where it is left out. */
  readonly allowedModels?: readonly string[] | undefined;
  /** Where it is not `open`, the provider may fetch nothing for the agent either. */
  readonly network?: Network | undefined;
  readonly now: () => Date;
  readonly fetch?: typeof globalThis.fetch;
  /** After each call that was counted. Must not throw. */
  readonly onUsage?: (snapshot: ModelGatewaySnapshot) => void;
  /** What the agent asked and did not get, in a few words. Must not throw. */
  readonly onRefusal?: (what: string, kind: SecurityKind) => void;
  readonly limits?: Partial<ModelGatewayLimits>;
}

interface ModelGatewayLimits {
  readonly requestBytesMax: number;
  readonly requestsAtOnceMax: number;
  /** Until the provider begins to reply. */
  readonly headersTimeoutMs: number;
  /** Between two pieces of a reply. */
  readonly idleTimeoutMs: number;
}

export interface ModelGatewaySnapshot {
  readonly usage: Usage;
  /** Spent here, without `spentUsd`. */
  readonly costUsd: number;
  readonly byModel: readonly ModelSpending[];
  /** Handed to the provider, without those that only count tokens. */
  readonly requests: number;
  readonly refusedForBudget: boolean;
  /** What the provider last said; null again once it replies and says nothing of limits. */
  readonly rateLimit: ProviderLimit | null;
  /** The last failure of the provider, redacted; null again after a success. */
  readonly lastError: { readonly status: number; readonly message: string } | null;
}

export interface ModelGateway {
  /** For `ANTHROPIC_BASE_URL`. */
  readonly url: string;
  snapshot(): ModelGatewaySnapshot;
  /** Breaks off what is under way, and waits until it is counted. */
  stop(): Promise<void>;
}

const limitsDefault: ModelGatewayLimits = {
  requestBytesMax: 32 * 1024 * 1024,
  requestsAtOnceMax: 8,
  headersTimeoutMs: 300_000,
  idleTimeoutMs: 300_000,
};
const nothing = (): number => 0;
const connectionsMax = 64;
const receiveTimeoutMs = 60_000;

export async function startModelGateway(options: ModelGatewayOptions): Promise<ModelGateway> {
  const {
    upstream,
    token,
    budgetUsd,
    spentUsd = nothing,
    allowedModels,
    network = "open",
    now,
    onUsage,
    onRefusal = () => {},
    fetch = globalThis.fetch,
  } = options;
  const credential = { ...options.credential, value: options.credential.value.trim() };
  checkOptions(options, credential);
  const limits = { ...limitsDefault, ...options.limits };
  const redact = createRedactor([credential.value, token]);
  const spending = createSpending(budgetUsd, spentUsd, options.prices);
  const underWay = new Set<Promise<void>>();
  const stopping = new AbortController();
  let requests = 0;
  let refusedForBudget = false;
  let rateLimit: ProviderLimit | null = null;
  let lastError: ModelGatewaySnapshot["lastError"] = null;

  const server = createServer({ requestTimeout: receiveTimeoutMs }, (request, response) => {
    const handled = handle(request, response)
      .catch((error: unknown) => sendError(response, 500, "api_error", redact(`serving the model: ${String(error)}`)))
      .finally(() => underWay.delete(handled));
    underWay.add(handled);
  });
  server.maxConnections = connectionsMax;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string")
    throw new Error("starting the model gateway: no port to listen on");

  return { url: `http://127.0.0.1:${address.port}`, snapshot, stop };

  function snapshot(): ModelGatewaySnapshot {
    return { ...spending.total(), requests, refusedForBudget, rateLimit, lastError };
  }

  async function stop(): Promise<void> {
    stopping.abort(new Error("the model gateway stops"));
    const closed = server.listening ? once(server, "close") : null;
    server.close();
    server.closeAllConnections();
    await Promise.all([closed, ...underWay]);
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = "", query = ""] = (request.url ?? "").split("?", 2);
    // The CLI looks whether anybody is there before it shows a token.
    if ((request.method === "HEAD" || request.method === "GET") && (path === "/api/hello" || path === "/")) {
      response.writeHead(200).end();
      return;
    }
    if (!carriesToken(request.headers, credential.kind, token)) {
      onRefusal("a request without the token of the gateway", "model-refused");
      sendError(response, 401, "authentication_error", "the token of the model gateway is missing or wrong");
      return;
    }
    const isMessage = path === "/v1/messages";
    if (request.method !== "POST" || !(isMessage || path === "/v1/messages/count_tokens")) {
      onRefusal(`${request.method ?? "?"} ${path}`, "model-refused");
      sendError(response, 404, "not_found_error", "the model gateway serves POST /v1/messages and its count_tokens");
      return;
    }
    // 529, since the CLI would take 429 for a limit of the account.
    if (underWay.size >= limits.requestsAtOnceMax) {
      sendError(response, 529, "overloaded_error", `more than ${limits.requestsAtOnceMax} requests at once`);
      return;
    }
    const received = await readBody(request, limits.requestBytesMax);
    if (received === null) {
      onRefusal("a request that is too large", "model-refused");
      sendError(response, 413, "request_too_large", `the request is larger than ${limits.requestBytesMax} bytes`);
      return;
    }
    const asked = readModelRequest(received);
    if (asked === null) {
      sendError(response, 400, "invalid_request_error", "expected a JSON object that names its model");
      return;
    }
    if (allowedModels?.some((allowed) => asked.model.startsWith(allowed)) === false) {
      onRefusal(`the model ${asked.model}`, "model-refused");
      sendError(response, 404, "not_found_error", `model "${asked.model}" is not among: ${allowedModels.join(", ")}`);
      return;
    }
    if (network !== "open" && asked.fetches !== null) {
      onRefusal(asked.fetches, "network-refused");
      // 403, since the CLI does not try that again.
      sendError(response, 403, "permission_error", `not in the network of this run (${network}): ${asked.fetches}`);
      return;
    }
    const { outputTokensMax: tokensMax, outputTokensMin: tokensMin, surcharges } = asked;
    if (isMessage && tokensMax === null) {
      sendError(response, 400, "invalid_request_error", "expected max_tokens as a whole number");
      return;
    }
    const reply = { tokensMax: tokensMax ?? 0, tokensMin, surcharges };
    const charge = isMessage ? spending.charge(asked.model, asked.inputTokens, reply) : null;
    if (isMessage && charge === null) {
      refusedForBudget = true;
      onRefusal(`a request that $${Math.max(0, spending.leftUsd()).toFixed(2)} do not pay for`, "model-refused");
      // 403, since the CLI does not try that again.
      sendError(response, 403, "permission_error", budgetMessage(budgetUsd, spending.leftUsd()));
      return;
    }
    requests += isMessage ? 1 : 0;
    try {
      await forward(asked, charge, path, query, request, response);
    } finally {
      charge?.close();
    }
    onUsage?.(snapshot());
  }

  async function forward(
    asked: ModelRequest,
    charge: Charge | null,
    path: string,
    query: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const url = new URL(upstream);
    url.pathname = upstream.pathname.replace(/\/+$/, "") + path;
    url.search = query;
    await forwardRequest(
      {
        fetch,
        url,
        headers: upstreamHeaders(request.headers, credential),
        // The last reply that the purse holds may have to be shorter than what was asked for.
        body:
          charge === null || charge.outputTokensMax === asked.outputTokensMax
            ? asked.body
            : asked.bodyWith(charge.outputTokensMax),
        redact,
        signal: stopping.signal,
        headersTimeoutMs: limits.headersTimeoutMs,
        idleTimeoutMs: limits.idleTimeoutMs,
        onReply(status, headers) {
          const said = providerLimitOf(status, headers, now());
          if (said !== null || status < 300) rateLimit = said;
        },
        onReading: ({ usage, surcharges }) => charge?.update(usage, surcharges),
        onEnd(end) {
          settle(asked, charge, end);
          if (!isOfClient(end)) lastError = errorOf(end, redact);
        },
      },
      response,
    );
  }
}

/** Where the provider did not tell what the input cost, but may have begun to work, our own estimate stands in. */
function settle(asked: ModelRequest, charge: Charge | null, end: ForwardEnd): void {
  const guessed = { ...noUsage, inputTokens: asked.inputTokens };
  if (end.kind === "abandoned") charge?.update(guessed, noSurcharges);
  if (end.kind === "replied") {
    const { usage, surcharges, hasInput, error } = end.reading;
    // A stream that holds an error and no message was refused like any other request.
    if (hasInput || error === null) {
      charge?.update(hasInput ? usage : { ...usage, inputTokens: asked.inputTokens }, surcharges);
    }
  }
  charge?.close();
}

function isOfClient(end: ForwardEnd): boolean {
  return (end.kind === "abandoned" && end.by === "client") || (end.kind === "replied" && end.cutBy === "client");
}

function errorOf(end: ForwardEnd, redact: (text: string) => string): ModelGatewaySnapshot["lastError"] {
  if (end.kind !== "replied") return { status: end.status, message: end.message };
  const { error } = end.reading;
  if (error !== null) return { status: error.type === "overloaded_error" ? 529 : 500, message: redact(error.message) };
  return end.cutBy !== null ? { status: 502, message: "the reply was cut off" } : null;
}

function budgetMessage(budgetUsd: number, leftUsd: number): string {
  const left = Math.max(0, leftUsd).toFixed(2);
  return `budget of $${budgetUsd.toFixed(2)} used up: the $${left} that are left do not pay for this request`;
}

/** Says nothing of the credential but what is wrong with it. */
function checkOptions({ upstream, token, budgetUsd }: ModelGatewayOptions, { value }: ModelCredential): void {
  const isLoopback = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(upstream.hostname);
  if (upstream.protocol !== "https:" && !(upstream.protocol === "http:" && isLoopback)) {
    throw new Error(
      `starting the model gateway: expected an https upstream, or http on loopback, got "${upstream.origin}"`,
    );
  }
  if (!/^[\x21-\x7e]+$/.test(value)) {
    throw new Error("starting the model gateway: the model credential is empty or holds characters that no key has");
  }
  if (!/^[\x21-\x7e]{16,}$/.test(token) || token === value) {
    throw new Error("starting the model gateway: expected a throw-away token of at least 16 characters");
  }
  if (!Number.isFinite(budgetUsd)) {
    throw new Error(`starting the model gateway: expected a budget in dollars, got ${budgetUsd}`);
  }
}
