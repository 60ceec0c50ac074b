import { createSign } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Headers;
}

interface Call {
  readonly token?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** GitHub said nothing about what was asked: the network, a fault of its own, or a limit. */
export class NoAnswer extends Error {
  override name = "NoAnswer";
}

/** Going on may get the App banned. */
export class RateLimited extends NoAnswer {
  override name = "RateLimited";
}

/** GitHub's API with nothing in between: what is looked at are its own statuses, headers and words. */
export interface Client {
  /** Throws `NoAnswer`. */
  readonly call: (method: string, path: string, call?: Call) => Promise<Answer>;
  /** As the App itself; the claims replace the usual ones. */
  readonly jwt: (claims?: Readonly<Record<string, unknown>>) => string;
}

const jwtLifeSeconds = 540;
const timeoutMs = 30_000;

export function createClient(options: {
  readonly appId: number;
  readonly privateKey: string;
  readonly apiUrl: string;
  readonly writeIntervalMs: number;
}): Client {
  return {
    async call(method, path, { token, body, headers } = {}) {
      // GitHub asks for a pause between writes.
      if (method !== "GET") await sleep(options.writeIntervalMs);
      const response = await send(options.apiUrl + path, {
        method,
        redirect: "manual",
        signal: AbortSignal.timeout(timeoutMs),
        headers: {
          accept: "application/vnd.github+json",
          "user-agent": "phasegate-probe",
          "x-github-api-version": "2022-11-28",
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      requireAnswer(response, `${method} ${path}`);
      const text = await response.text();
      const isJson = (response.headers.get("content-type") ?? "").includes("json");
      return {
        status: response.status,
        body: isJson && text !== "" ? JSON.parse(text) : text,
        headers: response.headers,
      };
    },
    jwt(claims = {}) {
      const seconds = Math.floor(Date.now() / 1000);
      const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
      const usual = { iss: String(options.appId), iat: seconds - 60, exp: seconds + jwtLifeSeconds };
      const text = `${encode({ alg: "RS256", typ: "JWT" })}.${encode({ ...usual, ...claims })}`;
      return `${text}.${createSign("sha256").update(text).sign(options.privateKey).toString("base64url")}`;
    },
  };
}

async function send(url: string, request: RequestInit): Promise<Response> {
  try {
    return await fetch(url, request);
  } catch (cause) {
    throw new NoAnswer(`no answer from ${url}`, { cause });
  }
}

/** Throws at answers that say nothing about a rule. */
function requireAnswer({ status, headers }: Response, what: string): void {
  if (status >= 500) throw new NoAnswer(`${what}: GitHub answered ${status}; try again later`);
  const limited = headers.has("retry-after") || headers.get("x-ratelimit-remaining") === "0";
  if (status !== 429 && !(status === 403 && limited)) return;
  throw new RateLimited(`${what}: a rate limit of GitHub is reached; try again in an hour`);
}

/** Walks into an answer; a wrong turn is undefined. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let found = value;
  for (const step of path) {
    if (typeof found !== "object" || found === null) return undefined;
    found = Reflect.get(found, step);
  }
  return found;
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
