import type { HttpBindings } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Context, MiddlewareHandler } from "hono";
import { isSmartHttp } from "./routes/smart-http.ts";
import type { SandboxContext } from "./state.ts";

/** What a rule sees of a request. */
type FaultyRequest = {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Parsed JSON, or the text; empty for git's own protocol. */
  readonly body: unknown;
};

type FaultKind =
  /** Nothing is done, and the answer says so: a 5xx, a 404 of what is not known everywhere yet, a 422. */
  | { readonly kind: "error-before"; readonly status: number; readonly message?: string }
  /** The work is done and succeeds; the answer is an error. */
  | { readonly kind: "error-after"; readonly status: number }
  /** The connection breaks: `before` nothing is done, `after` all is. */
  | { readonly kind: "cut"; readonly when: "before" | "after" }
  /** The work is done; the answer waits for the promise. */
  | { readonly kind: "held"; readonly until: Promise<void> }
  | { readonly kind: "secondary-limit"; readonly status: 403 | 429; readonly retryAfterSeconds: number }
  | { readonly kind: "primary-limit"; readonly resetInSeconds: number }
  /** A list that has not caught up: it misses what the predicate names. */
  | { readonly kind: "lagging-list"; readonly misses: (item: Readonly<Record<string, unknown>>) => boolean };

export type FaultRule = FaultKind & {
  readonly matches: (request: FaultyRequest) => boolean;
  /** How many requests it strikes; then it is spent. */
  readonly times: number;
};

export type SetFault = {
  /** How many requests it struck so far. */
  hits(): number;
  /** Resolves when it strikes for the first time; with `held`, when the work is done and the answer waits. */
  readonly struck: Promise<void>;
  /** Spent from now on. */
  end(): void;
};

export type Faults = {
  /** The oldest rule that matches and is not spent strikes; a request is struck once. */
  add(rule: FaultRule): SetFault;
};

type Live = { readonly rule: FaultRule; left: number; hits: number; readonly tell: () => void };

/** Faults on the way to and from the API. They lie outside of everything else: what the sandbox records is what it did. */
export function createFaults(context: SandboxContext): {
  readonly faults: Faults;
  readonly middleware: MiddlewareHandler;
} {
  const live: Live[] = [];

  const faults: Faults = {
    add(rule) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const added: Live = { rule, left: rule.times, hits: 0, tell: resolve };
      live.push(added);
      return {
        hits: () => added.hits,
        struck: promise,
        end() {
          added.left = 0;
        },
      };
    },
  };

  const middleware: MiddlewareHandler = async (c, next) => {
    if (live.every(({ left }) => left === 0)) return next();
    const request = await requestOf(c);
    const found = live.find(({ rule, left }) => left > 0 && rule.matches(request));
    if (found === undefined) return next();
    found.left -= 1;
    found.hits += 1;
    if (await strike(context, c, found.rule, next)) {
      found.tell();
      if (found.rule.kind === "held") await found.rule.until;
    } else {
      // The work itself failed, so there was no success to spoil.
      found.left += 1;
      found.hits -= 1;
    }
  };
  return { faults, middleware };
}

/** A request of REST by method and the end of its path. */
export function rest(method: string, path: RegExp): FaultRule["matches"] {
  return (request) => request.method === method && path.test(request.path);
}

/** A GraphQL request that names this field. */
export function graphql(field: string): FaultRule["matches"] {
  return ({ path, body }) =>
    path === "/graphql" &&
    typeof body === "object" &&
    body !== null &&
    "query" in body &&
    String(body.query).includes(field);
}

/** For lists that miss what is made from now on. */
export function madeFromNowOn(context: SandboxContext): (item: Readonly<Record<string, unknown>>) => boolean {
  const newest = context.state.nextId;
  return ({ id }) => typeof id === "number" && id > newest;
}

async function requestOf(c: Context): Promise<FaultyRequest> {
  const { method, path } = c.req;
  const query = new URL(c.req.url).searchParams;
  const text = isSmartHttp(path) ? "" : await c.req.text();
  return { method, path, query, body: parsed(text) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: it is passed on as it is.
    return text;
  }
}

/** False where the rule needs a success and there was none. */
async function strike(
  context: SandboxContext,
  c: Context,
  rule: FaultRule,
  next: () => Promise<void>,
): Promise<boolean> {
  switch (rule.kind) {
    case "error-before":
      replace(c, errorAnswer(rule.status, rule.message ?? "Server Error"));
      return true;
    case "secondary-limit":
      replace(c, secondaryLimit(context, rule));
      return true;
    case "primary-limit":
      replace(c, primaryLimit(context, c, rule.resetInSeconds));
      return true;
    case "error-after":
      await next();
      if (c.res.status >= 400) return false;
      replace(c, errorAnswer(rule.status, "Server Error"));
      return true;
    case "cut":
      if (rule.when === "after") {
        await next();
        if (c.res.status >= 400) return false;
      }
      cut(c);
      return true;
    case "held":
      await next();
      return true;
    case "lagging-list":
      await next();
      if (c.res.status !== 200) return false;
      replace(c, await without(c.res, rule.misses));
      return true;
  }
}

function replace(c: Context, answer: Response): void {
  // Hono adds the headers of the answer before unless there is none.
  c.res = undefined;
  c.res = answer;
}

function errorAnswer(status: number, message: string, headers: Record<string, string> = {}): Response {
  return Response.json(
    { message, documentation_url: "https://docs.github.com/rest", status: String(status) },
    { status, headers },
  );
}

function cut(c: Context): void {
  const { outgoing } = c.env as HttpBindings;
  outgoing.destroy();
  replace(c, RESPONSE_ALREADY_SENT);
}

function secondaryLimit(
  context: SandboxContext,
  { status, retryAfterSeconds }: { readonly status: 403 | 429; readonly retryAfterSeconds: number },
): Response {
  const message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
  // The primary limit is not touched by it: there is plenty left.
  const headers = { "retry-after": String(retryAfterSeconds), ...figures(context, 4000, 3600) };
  return errorAnswer(status, message, headers);
}

/** REST says 403; GraphQL says 200 with an error inside. */
function primaryLimit(context: SandboxContext, c: Context, resetInSeconds: number): Response {
  const headers = figures(context, 0, resetInSeconds);
  const message = `API rate limit exceeded for installation.`;
  if (c.req.path !== "/graphql") return errorAnswer(403, message, headers);
  return Response.json({ errors: [{ type: "RATE_LIMITED", message }] }, { headers });
}

function figures(context: SandboxContext, remaining: number, resetInSeconds: number): Record<string, string> {
  return {
    "x-ratelimit-limit": "5000",
    "x-ratelimit-remaining": String(remaining),
    "x-ratelimit-used": String(5000 - remaining),
    "x-ratelimit-reset": String(Math.floor(context.now().getTime() / 1000) + resetInSeconds),
    "x-ratelimit-resource": "core",
  };
}

/** The same answer without some items, in a bare list or in the lists of an object. */
async function without(
  answer: Response,
  misses: (item: Readonly<Record<string, unknown>>) => boolean,
): Promise<Response> {
  const body: unknown = await answer.json();
  const kept = (items: readonly unknown[]) => items.filter((item) => !isRecord(item) || !misses(item));
  // Validators and page links speak of the full list.
  const headers = { "content-type": "application/json; charset=utf-8" };
  if (Array.isArray(body)) return Response.json(kept(body), { headers });
  if (!isRecord(body)) return Response.json(body, { headers });
  let missed = 0;
  const entries = Object.entries(body).map(([key, value]) => {
    if (!Array.isArray(value)) return [key, value] as const;
    const list = kept(value);
    missed += value.length - list.length;
    return [key, list] as const;
  });
  const lagging: Record<string, unknown> = Object.fromEntries(entries);
  if (typeof lagging["total_count"] === "number") lagging["total_count"] -= missed;
  return Response.json(lagging, { headers });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
