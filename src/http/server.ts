import { serve, type ServerType } from "@hono/node-server";
import type { Webhooks } from "@octokit/webhooks";
import { Hono, type Context, type Next } from "hono";
import { bodyLimit } from "hono/body-limit";
import { z } from "zod";
import { webhookKeyOf } from "../control/ports/queues.ts";
import type { Store } from "../control/ports/store.ts";
import type { Clock, Log } from "../control/ports/surroundings.ts";
import { createCallers, type CallerOptions } from "./callers.ts";
import { addressBehind } from "./client-address.ts";
import { environmentRoutes, type EnvironmentOptions } from "./environment.ts";
import { streamRoutes, type StreamOptions } from "./stream.ts";
import { announcedLimit, bracketFault, inSlots } from "./body-limits.ts";
import { holdBackRefused } from "./refused-often.ts";
import { securityHeaders } from "./security-headers.ts";
import { Checkpoint } from "../protocol/checkpoint.ts";
import {
  EventsRequest,
  limits,
  OutcomeRequest,
  RunnerRequest,
  runnerRoutes,
  SessionRequest,
  StepRequest,
  type EventsAnswer,
  RunnerError as RunnerErrorShape,
  type RunnerError,
} from "../protocol/runner.ts";

/** GitHub sends nothing larger. */
const webhookBytesMax = 25 * 1024 * 1024;
/** An identity token and an id: strangers may send no more. */
const sessionBodyBytesMax = 64 * 1024;
const smallBodyBytesMax = 2 * 1024 * 1024;
/** Nearly all of them are smaller. */
const lightWebhookBytesMax = 128 * 1024;
/** Webhooks are signed, but that shows only once they are read: so many large ones are in memory at once. */
const largeWebhooksAtOnceMax = 8;

export const webhookPath = "/api/github/webhooks";
const settingsSchemaPath = "/schemas/settings.json";

/** What the runner's endpoints do; the shell implements it. */
export interface RunnerEndpoints {
  openSession(request: SessionRequest): Promise<object>;
  /** Throws for a token that opens nothing (any more). */
  requireSession(token: string): Promise<object>;
  takeEvents(token: string, request: EventsRequest): Promise<EventsAnswer>;
  takeStep(token: string, request: StepRequest): Promise<object>;
  takeRequest(token: string, request: RunnerRequest): Promise<object>;
  takeCheckpoint(token: string, checkpoint: Checkpoint): Promise<object>;
  readCheckpoint(token: string): Promise<Checkpoint>;
  takeOutcome(token: string, request: OutcomeRequest): Promise<object>;
}

export interface ServerOptions {
  readonly store: Pick<Store, "takeIn" | "nextDueAt"> & StreamOptions["store"];
  readonly live: StreamOptions["live"];
  readonly webhooks: Pick<Webhooks, "verify">;
  readonly runner: RunnerEndpoints;
  readonly clock: Clock;
  readonly log: Log;
  readonly wake: () => void;
  readonly github: CallerOptions["github"] & EnvironmentOptions["github"];
  /** Addresses and ranges of reverse proxies; see `addressBehind`. */
  readonly trustedProxies: readonly string[];
  /** Where people see GitHub, e.g. `https://github.com`. */
  readonly webUrl: string;
  /** JSON Schema of what repositories may set. */
  readonly settingsSchema: string;
  /** False while the app starts or drains. */
  readonly ready: () => boolean;
}

/** Has a code of the protocol: shown to the runner as it is. */
interface Refusal {
  readonly code: RunnerError["error"];
  readonly message: string;
}

const statusOf = {
  "bad-request": 400,
  "unsupported-protocol": 426,
  "identity-refused": 403,
  "unknown-run": 404,
  "already-started": 409,
  "token-refused": 401,
  "no-checkpoint": 404,
  "too-large": 413,
  unavailable: 503,
} as const satisfies Record<RunnerError["error"], number>;

export function httpApp(options: ServerOptions): Hono {
  const { clock } = options;
  const addressOf = addressBehind(options.trustedProxies);
  const app = new Hono();
  app.use(securityHeaders());
  app.get("/healthz", (context) => context.json({ status: "ok" }));
  app.get("/readyz", async (context) => {
    if (!options.ready()) return context.json({ status: "draining" }, 503);
    try {
      await options.store.nextDueAt();
      return context.json({ status: "ready" });
    } catch {
      return context.json({ status: "the store does not answer" }, 503);
    }
  });
  // For editors: https://host/schemas/settings.json stands in the first line of a repository's settings.
  app.get(settingsSchemaPath, (context) =>
    context.body(options.settingsSchema, 200, { "content-type": "application/schema+json" }),
  );
  const forged = holdBackRefused({
    clock,
    addressOf,
    isLight: (context) => Number(context.req.header("content-length") ?? Number.NaN) <= lightWebhookBytesMax,
    refuse: (context, message) => context.json({ message }, 429),
  });
  const inPlace = inSlots({ slots: largeWebhooksAtOnceMax });
  app.post(webhookPath, forged, inPlace, announcedLimit(webhookBytesMax), (context) => takeWebhook(options, context));
  // Shared, so that a caller's limits hold for all of the API together.
  const callerOf = createCallers({ ...options, addressOf });
  app.route("/", environmentRoutes({ ...options, callerOf }));
  app.route("/", streamRoutes({ ...options, callerOf }));
  const tooLarge = (context: Context) =>
    refuse(context, { code: "too-large", message: "the body is larger than this route takes" });
  const tiny = bodyLimit({ maxSize: sessionBodyBytesMax, onError: tooLarge });
  const small = bodyLimit({ maxSize: smallBodyBytesMax, onError: tooLarge });
  const large = bodyLimit({ maxSize: limits.stepBodyBytesMax, onError: tooLarge });
  const ofCheckpoint = bodyLimit({ maxSize: limits.checkpointBytesMax, onError: tooLarge });
  const known = (context: Context, next: Next) => refuseStrangers(options, context, next);
  // Any workflow on GitHub can get an identity token for us; runners take this answer for one to try again after.
  const strangers = holdBackRefused({
    clock,
    addressOf,
    isLight: () => false,
    refuse: (context, message) => context.json({ error: "unavailable", message } satisfies RunnerError, 429),
  });
  app.post(runnerRoutes.session, strangers, tiny, (context) =>
    answer(options, context, SessionRequest, (body) => options.runner.openSession(body)),
  );
  app.post(runnerRoutes.events, known, small, (context) =>
    answer(options, context, EventsRequest, (body) => options.runner.takeEvents(tokenOf(context), body)),
  );
  app.post(runnerRoutes.step, known, large, (context) =>
    answer(options, context, StepRequest, (body) => options.runner.takeStep(tokenOf(context), body)),
  );
  app.post(runnerRoutes.request, known, small, (context) =>
    answer(options, context, RunnerRequest, (body) => options.runner.takeRequest(tokenOf(context), body)),
  );
  // What is inside is packed, so no more brackets are in it than in any other message.
  app.put(runnerRoutes.checkpoint, known, ofCheckpoint, (context) =>
    answer(options, context, Checkpoint, (body) => options.runner.takeCheckpoint(tokenOf(context), body)),
  );
  app.get(runnerRoutes.checkpoint, known, (context) =>
    answered(options, context, () => options.runner.readCheckpoint(tokenOf(context))),
  );
  app.post(runnerRoutes.outcome, known, small, (context) =>
    answer(options, context, OutcomeRequest, (body) => options.runner.takeOutcome(tokenOf(context), body)),
  );
  app.notFound((context) => context.json({ error: "not-found", message: "no such route" }, 404));
  app.onError((error, context) => {
    // What went wrong inside is for the log; whoever asked learns that it may be tried again.
    options.log.error({ err: error, path: context.req.path }, "answering a request");
    return refuse(context, { code: "unavailable", message: "the app could not answer; try again" });
  });
  return app;
}

/** How long Node waits for whoever connects and says little, in milliseconds, and for how many at once. */
const patience = {
  /** From the connection to the end of the headers. */
  headersTimeout: 10_000,
  /** To the end of the body: a changeset over a slow line takes less. */
  requestTimeout: 120_000,
  connectionsCheckingInterval: 5_000,
} as const;
const connectionsMax = 1_000;

/** Listens and answers with the address that was really taken (port 0 takes any). */
export function listen(
  app: Hono,
  host: string,
  port: number,
  serverOptions: Readonly<Record<keyof typeof patience, number>> = patience,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  return new Promise((resolve, reject) => {
    const server: ServerType = serve({ fetch: app.fetch, hostname: host, port, serverOptions }, (info) =>
      resolve({
        port: info.port,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            if ("closeIdleConnections" in server) server.closeIdleConnections();
          }),
      }),
    );
    if ("maxConnections" in server) server.maxConnections = connectionsMax;
    server.once("error", (cause) => reject(new Error(`listening on ${host}:${port}`, { cause })));
  });
}

/** Before the body is read: only who holds a run's token may make us read and parse one of megabytes. */
async function refuseStrangers({ runner }: ServerOptions, context: Context, next: Next): Promise<Response | undefined> {
  try {
    await runner.requireSession(tokenOf(context));
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === null) throw error;
    return refuse(context, refusal);
  }
  await next();
  return undefined;
}

/** Verified, stored, answered: nothing else happens in the request. */
async function takeWebhook({ store, webhooks, clock, wake }: ServerOptions, context: Context): Promise<Response> {
  const delivery = context.req.header("x-github-delivery");
  const event = context.req.header("x-github-event");
  const signature = context.req.header("x-hub-signature-256");
  if (delivery === undefined || event === undefined || signature === undefined || delivery.length > 100) {
    return context.json(
      { message: "expected the headers X-GitHub-Delivery, X-GitHub-Event and X-Hub-Signature-256" },
      400,
    );
  }
  const raw = await context.req.text();
  if (!(await webhooks.verify(raw, signature).catch(() => false))) {
    return context.json({ message: "the signature does not match WEBHOOK_SECRET" }, 401);
  }
  const payload = parseJson(raw);
  if (payload === undefined)
    return context.json({ message: "expected a JSON body (content type application/json)" }, 400);
  const known = await store.takeIn({
    key: webhookKeyOf(delivery),
    kind: "webhook",
    lane: laneOf(payload),
    // Known to be JSON, so it need not be written anew.
    body: `{"event":${JSON.stringify(event)},"payload":${raw}}`,
    receivedAt: clock.now().toISOString(),
  });
  wake();
  return context.json({ message: known === "new" ? "stored" : "known" }, 202);
}

const WithRepository = z.object({ repository: z.object({ id: z.int() }) });

function laneOf(payload: unknown): string {
  const parsed = WithRepository.safeParse(payload);
  return parsed.success ? `repository:${parsed.data.repository.id}` : "app";
}

async function answer<Body>(
  options: ServerOptions,
  context: Context,
  schema: z.ZodType<Body>,
  serve: (body: Body) => Promise<object>,
): Promise<Response> {
  if (!options.ready()) return refuse(context, { code: "unavailable", message: "the app is stopping; try again" });
  const text = await context.req.text();
  const fault = bracketFault(text);
  if (fault !== null) return refuse(context, { code: "bad-request", message: fault });
  const parsed = schema.safeParse(parseJson(text));
  if (!parsed.success) {
    return refuse(context, { code: "bad-request", message: z.prettifyError(parsed.error).slice(0, 1_000) });
  }
  return answered(options, context, () => serve(parsed.data));
}

async function answered(options: ServerOptions, context: Context, serve: () => Promise<object>): Promise<Response> {
  if (!options.ready()) return refuse(context, { code: "unavailable", message: "the app is stopping; try again" });
  try {
    return context.json(await serve());
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === null) throw error;
    options.log.warn({ path: context.req.path, code: refusal.code, why: refusal.message }, "runner refused");
    return refuse(context, refusal);
  }
}

function refuse(context: Context, { code, message }: Refusal): Response {
  return context.json({ error: code, message } satisfies RunnerError, statusOf[code]);
}

const RefusalShape = z.object({ code: RunnerErrorShape.shape.error, message: z.string() });

function refusalOf(error: unknown): Refusal | null {
  if (!(error instanceof Error) || error.name !== "RunnerRefused") return null;
  const parsed = RefusalShape.safeParse({ code: "code" in error ? error.code : null, message: error.message });
  return parsed.success ? parsed.data : null;
}

function tokenOf(context: Context): string {
  return /^Bearer (\S{20,200})$/u.exec(context.req.header("authorization") ?? "")?.[1] ?? "";
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
