import { once } from "node:events";
import { createServer } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import { Checkpoint } from "../../src/protocol/checkpoint.ts";
import {
  EventsRequest,
  OutcomeRequest,
  protocolVersion,
  RunnerRequest,
  runnerRoutes,
  SessionRequest,
  StepRequest,
  type Job,
} from "../../src/protocol/runner.ts";

/** The app's side of the wire, as a runner meets it. Every body is parsed by the protocol: what does not fit answers 400. */
export interface FakeApp {
  readonly url: string;
  readonly sessions: SessionRequest[];
  readonly batches: EventsRequest[];
  readonly steps: StepRequest[];
  readonly requests: RunnerRequest[];
  /** In the order in which they came; the newest is what a run that asks gets. */
  readonly checkpoints: Checkpoint[];
  readonly outcomes: OutcomeRequest[];
  /** What came, in its order, without events. */
  readonly order: string[];
  /** Answers of the next requests to a route, before it works as usual; null for one that it takes as usual. */
  readonly faults: Map<string, ({ readonly status: number; readonly body: unknown } | null)[]>;
  stopRun(): void;
  close(): Promise<void>;
}

export const runToken = "run-token-0123456789abcdef";

/** In base64, as the session gives it. */
export const sealKey = Buffer.alloc(32, 7).toString("base64");

interface FakeAppOptions {
  readonly onStep?: (step: StepRequest) => void;
  /** What an earlier run left, as the app would give it out. */
  readonly stored?: unknown;
}

export async function startFakeApp(job: Job, options: FakeAppOptions = {}): Promise<FakeApp> {
  const sessions: SessionRequest[] = [];
  const batches: EventsRequest[] = [];
  const steps: StepRequest[] = [];
  const requests: RunnerRequest[] = [];
  const checkpoints: Checkpoint[] = [];
  const outcomes: OutcomeRequest[] = [];
  const order: string[] = [];
  const faults: FakeApp["faults"] = new Map();
  let stop = false;
  let acknowledged = 0;
  const app = new Hono();
  app.use(async (context, next) => {
    const fault = faults.get(context.req.path)?.shift();
    if (fault !== undefined && fault !== null) return Response.json(fault.body, { status: fault.status });
    if (context.req.path !== runnerRoutes.session && context.req.header("authorization") !== `Bearer ${runToken}`) {
      return context.json({ error: "token-refused", message: "the run token is wrong" }, 401);
    }
    await next();
  });
  app.post(runnerRoutes.session, async (context) => {
    sessions.push(SessionRequest.parse(await context.req.json()));
    return context.json({ protocol: protocolVersion, runToken, sealKey, job });
  });
  app.post(runnerRoutes.events, async (context) => {
    const batch = EventsRequest.parse(await context.req.json());
    batches.push(batch);
    acknowledged = Math.max(acknowledged, ...batch.events.map(({ number }) => number));
    return context.json({ acknowledged, stop });
  });
  app.post(runnerRoutes.step, async (context) => {
    const step = StepRequest.parse(await context.req.json());
    steps.push(step);
    order.push(`step ${step.step}`);
    options.onStep?.(step);
    return context.json({ acknowledged: true, stop });
  });
  app.post(runnerRoutes.request, async (context) => {
    const request = RunnerRequest.parse(await context.req.json());
    requests.push(request);
    order.push(`request ${request.id}`);
    return context.json({ acknowledged: true, stop });
  });
  app.put(runnerRoutes.checkpoint, async (context) => {
    checkpoints.push(Checkpoint.parse(await context.req.json()));
    order.push("checkpoint");
    return context.json({ acknowledged: true, stop });
  });
  app.get(runnerRoutes.checkpoint, (context) => {
    const stored = checkpoints.at(-1) ?? options.stored;
    return stored === undefined
      ? context.json({ error: "no-checkpoint", message: "there is none" }, 404)
      : context.json(stored);
  });
  app.post(runnerRoutes.outcome, async (context) => {
    outcomes.push(OutcomeRequest.parse(await context.req.json()));
    order.push("outcome");
    return context.json({ acknowledged: true, stop });
  });
  app.onError((error, context) => context.json({ error: "bad-request", message: error.message }, 400));
  const listener = getRequestListener(app.fetch);
  const server = createServer((request, response) => void listener(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("starting the fake app: no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    sessions,
    batches,
    steps,
    requests,
    checkpoints,
    outcomes,
    order,
    faults,
    stopRun: () => {
      stop = true;
    },
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
