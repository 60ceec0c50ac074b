/** Which headers pass the model gateway, and what they say about limits. */

import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

export interface ModelCredential {
  readonly kind: "api-key" | "oauth-token";
  readonly value: string;
}

/** What the provider last said about the limits of this account. */
export interface ProviderLimit {
  /** `rejected` where a limit was hit; else e.g. `allowed`, `allowed_warning`. */
  readonly status: string;
  /** Seconds since 1970. */
  readonly resetsAt: number | null;
  /** e.g. `five_hour`, `seven_day`. */
  readonly type: string | null;
  readonly retryAfterSeconds: number | null;
}

// A list of what passes, since the agent writes the requests: an unknown header may name another account or another host.
const requestHeaders = /^(?:accept|content-type|user-agent|x-app|anthropic-.+|x-stainless-.+|x-claude-.+)$/;
/** What belongs to one connection, to the encoding that `fetch` has undone, or to a browser. */
const replyHeadersDropped = new Set([
  "connection",
  "content-encoding",
  "content-length",
  "keep-alive",
  "proxy-authenticate",
  "proxy-connection",
  "set-cookie",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** True where the request shows the token in the header of the credential's own kind. Takes the same time for any wrong token. */
export function carriesToken(headers: IncomingHttpHeaders, kind: ModelCredential["kind"], token: string): boolean {
  const shown = kind === "api-key" ? headers["x-api-key"] : bearerOf(headers.authorization);
  return typeof shown === "string" && timingSafeEqual(digest(shown), digest(token));
}

export function upstreamHeaders(headers: IncomingHttpHeaders, credential: ModelCredential): Headers {
  const passed = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === "string" && requestHeaders.test(name)) passed.set(name, value);
  }
  // Compressed replies could not be counted as they pass.
  passed.set("accept-encoding", "identity");
  if (credential.kind === "api-key") passed.set("x-api-key", credential.value);
  else passed.set("authorization", `Bearer ${credential.value}`);
  return passed;
}

export function replyHeaders(headers: Headers, redact: (text: string) => string): Record<string, string> {
  return Object.fromEntries(
    [...headers].filter(([name]) => !replyHeadersDropped.has(name)).map(([name, value]) => [name, redact(value)]),
  );
}

/** Null where the reply says nothing of limits, which is the rule for API keys until one is hit. */
export function providerLimitOf(status: number, headers: Headers, now: Date): ProviderLimit | null {
  const unified = headers.get("anthropic-ratelimit-unified-status");
  if (unified === null && status !== 429) return null;
  const retryAfterSeconds = retryAfterOf(headers.get("retry-after"), now);
  const reset = Number(headers.get("anthropic-ratelimit-unified-reset") ?? "");
  const retryAt = retryAfterSeconds === null ? null : Math.ceil(now.getTime() / 1000) + retryAfterSeconds;
  return {
    status: status === 429 ? "rejected" : (unified ?? "rejected"),
    resetsAt: Number.isSafeInteger(reset) && reset > 0 ? reset : status === 429 ? retryAt : null,
    type: headers.get("anthropic-ratelimit-unified-representative-claim"),
    retryAfterSeconds,
  };
}

/** Seconds, or a date. */
function retryAfterOf(value: string | null, now: Date): number | null {
  if (value === null || value.trim() === "") return null;
  const seconds = Number(value);
  const wait = Number.isNaN(seconds) ? (Date.parse(value) - now.getTime()) / 1000 : seconds;
  return Number.isFinite(wait) ? Math.max(0, Math.ceil(wait)) : null;
}

function bearerOf(authorization: string | undefined): string | undefined {
  return /^Bearer (.+)$/i.exec(authorization ?? "")?.[1];
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
