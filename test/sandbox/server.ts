import { serve } from "@hono/node-server";
import type { ServerType } from "@hono/node-server";
import { Hono } from "hono";
import type { Context, MiddlewareHandler } from "hono";
import { etag } from "hono/etag";
import { actionsRoutes } from "./actions.ts";
import { actorOfToken, bearerOf } from "./auth.ts";
import { GitHubError } from "./errors.ts";
import { graphqlRoutes } from "./graphql.ts";
import { oidcRoutes } from "./oidc.ts";
import { notFoundPage, pageRoutes } from "./pages/page-routes.ts";
import { appRoutes } from "./routes/app.ts";
import { checkRoutes } from "./routes/checks.ts";
import { commentRoutes } from "./routes/comments.ts";
import { commitRoutes } from "./routes/commits.ts";
import { contentsRoutes } from "./routes/contents.ts";
import { gitDataRoutes } from "./routes/git-data.ts";
import { issueRoutes } from "./routes/issues.ts";
import { labelRoutes } from "./routes/labels.ts";
import { mergeRoutes } from "./routes/merge.ts";
import { pullRoutes } from "./routes/pulls.ts";
import { repositoryRoutes } from "./routes/repositories.ts";
import { reviewCommentRoutes } from "./routes/review-comments.ts";
import { reviewRoutes } from "./routes/reviews.ts";
import { isSmartHttp, smartHttp } from "./routes/smart-http.ts";
import { statusRoutes } from "./routes/statuses.ts";
import { userRoutes } from "./routes/users.ts";
import type { RequestRecord, SandboxContext } from "./state.ts";
import type { Webhooks } from "./webhooks.ts";

const RATE_LIMIT = 5000;
const HOUR_SECONDS = 3600;

/** The whole of the HTTP side: git's protocol, the API, and pages for people. */
export function sandboxApp(
  context: SandboxContext,
  webhooks: Webhooks,
  homeDir: string,
  faults: MiddlewareHandler,
): Hono {
  const app = new Hono();
  const writing = oneAtATime();
  const limits = rateLimits(context);
  app.use("*", faults);
  app.use("*", recordRequests(context));
  app.use("*", smartHttp(context, homeDir, writing));
  app.use("*", passOnExchanges(context));
  app.use("*", async (c, next) => {
    await (isWrite(c) ? writing(next) : next());
    if (!c.req.path.startsWith("/_")) limits.spend(c);
  });
  app.use("*", etag({ weak: true, retainedHeaders: ["link"] }));

  app.route("/", appRoutes(context, webhooks));
  app.route("/", userRoutes(context));
  app.route("/", repositoryRoutes(context));
  app.route("/", gitDataRoutes(context));
  app.route("/", contentsRoutes(context));
  app.route("/", checkRoutes(context));
  app.route("/", statusRoutes(context));
  app.route("/", commitRoutes(context));
  app.route("/", commentRoutes(context));
  app.route("/", labelRoutes(context));
  app.route("/", issueRoutes(context));
  app.route("/", reviewCommentRoutes(context));
  app.route("/", reviewRoutes(context));
  app.route("/", mergeRoutes(context));
  app.route("/", pullRoutes(context));
  app.route("/", actionsRoutes(context));
  app.route("/", graphqlRoutes(context));
  app.route("/", oidcRoutes(context));
  app.get("/rate_limit", (c) => c.json(limits.json(c)));

  app.route("/", pageRoutes(context));
  app.notFound((c) => notFoundPage(context, c) ?? failure(context, c, new GitHubError(404, "Not Found")));
  app.onError((error, c) => {
    if (error instanceof GitHubError) return failure(context, c, error);
    // A fault of the sandbox: its own text, so that a failing test shows where.
    return c.json({ message: `sandbox fault: ${error.stack ?? error.message}`, documentation_url: DOCUMENTATION }, 500);
  });
  return app;
}

export async function listen(app: Hono): Promise<{ port: number; close: () => Promise<void> }> {
  const { server, port } = await new Promise<{ server: ServerType; port: number }>((resolve, reject) => {
    const started = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 }, (info) =>
      resolve({ server: started, port: info.port }),
    );
    started.on("error", (cause) => reject(new Error("starting the sandbox's server", { cause })));
  });
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      if ("closeAllConnections" in server) server.closeAllConnections();
    });
  return { port, close };
}

const DOCUMENTATION = "https://docs.github.com/rest";

function failure(context: SandboxContext, c: Context, error: GitHubError): Response {
  const { status, message, errors } = error;
  const { Location: location, ...headers } = error.headers;
  for (const [name, value] of Object.entries(headers)) c.header(name, value);
  const target = location === undefined ? undefined : new URL(location, context.url()).href;
  if (target !== undefined) c.header("Location", target);
  const body = {
    message,
    documentation_url: DOCUMENTATION,
    ...(errors === undefined ? {} : { errors }),
    ...(target === undefined ? {} : { url: target }),
    status: String(status),
  };
  return c.json(body, status);
}

function isWrite(c: Context): boolean {
  return c.req.method !== "GET" && c.req.method !== "HEAD" && !c.req.path.startsWith("/_");
}

/** Writes follow each other, so that no rule is checked on a state that another write is changing. */
function oneAtATime(): <T>(work: () => Promise<T>) => Promise<T> {
  let tail: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = tail.then(work);
    tail = result.catch(() => undefined);
    return result;
  };
}

function recordRequests(context: SandboxContext): MiddlewareHandler {
  return async (c, next) => {
    const actor = actorName(context, c.req.header("authorization"));
    await next();
    const request: RequestRecord = {
      method: c.req.method,
      path: c.req.path,
      status: c.res.status,
      actor,
      at: context.now().toISOString(),
    };
    context.state.requests.push(request);
    context.announce({ kind: "request", request });
  };
}

function actorName(context: SandboxContext, header: string | undefined): string {
  const basic = /^basic\s+(\S+)$/i.exec(header ?? "")?.[1];
  const token =
    basic === undefined
      ? bearerOf(header)
      : Buffer.from(basic, "base64")
          .toString("utf8")
          .replace(/^[^:]*:/, "");
  if (token === null) return "anonymous";
  const actor = actorOfToken(context, token);
  if (actor !== null) return actor.account.login;
  return token.startsWith("eyJ") ? context.options.appSlug : "anonymous";
}

function passOnExchanges(context: SandboxContext): MiddlewareHandler {
  return async (c, next) => {
    const { onExchange } = context.options;
    if (onExchange === undefined || isSmartHttp(c.req.path)) return next();
    // As bytes first: read as text, an upload would be garbled for its route.
    const requestBody = parsed(Buffer.from(await c.req.arrayBuffer()).toString("utf8"));
    await next();
    const url = new URL(c.req.url);
    onExchange({
      method: c.req.method,
      url: url.pathname + url.search,
      requestHeaders: c.req.header(),
      requestBody,
      status: c.res.status,
      responseBody: parsed(await c.res.clone().text()),
    });
  };
}

function parsed(text: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: a raw file, say. It is passed on as it is.
    return text;
  }
}

type RateLimits = { spend(c: Context): void; json(c: Context): Record<string, unknown> };

/** Counts, but refuses nobody: the figures on the answers are what clients read. */
function rateLimits(context: SandboxContext): RateLimits {
  const windows = new Map<string, { used: number; reset: number }>();
  function windowOf(c: Context): { used: number; reset: number } {
    const key = c.req.header("authorization") ?? "";
    const now = Math.floor(context.now().getTime() / 1000);
    const open = windows.get(key);
    if (open !== undefined && open.reset > now) return open;
    const fresh = { used: 0, reset: now + HOUR_SECONDS };
    windows.set(key, fresh);
    return fresh;
  }
  const figures = ({ used, reset }: { used: number; reset: number }) => ({
    limit: RATE_LIMIT,
    used,
    remaining: Math.max(RATE_LIMIT - used, 0),
    reset,
  });
  return {
    spend(c) {
      const window = windowOf(c);
      // An answer that has not changed is free, and so is the question how much is left.
      if (c.req.path !== "/rate_limit" && c.res.status !== 304) window.used += 1;
      for (const [name, value] of Object.entries(figures(window)))
        c.res.headers.set(`X-RateLimit-${name}`, String(value));
      c.res.headers.set("X-RateLimit-Resource", c.req.path === "/graphql" ? "graphql" : "core");
    },
    json(c) {
      const core = figures(windowOf(c));
      return { resources: { core, search: { ...core, limit: 30, remaining: 30, used: 0 }, graphql: core }, rate: core };
    },
  };
}
