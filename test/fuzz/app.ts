/** The real server with the real control behind it, on a store in memory, and what a round of fuzzing knows of it. */
import { createServer } from "node:http";
import { Webhooks } from "@octokit/webhooks";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { createCheckpointSeal } from "../../src/control/checkpoints.ts";
import type { InboxMessage } from "../../src/control/ports/queues.ts";
import type { CommitUnit, Store, StoredCheckpoint } from "../../src/control/ports/store.ts";
import { takeCheckpoint, takeOutcome, takeRequest, takeStep } from "../../src/control/serve-runner/deliveries.ts";
import { takeEvents } from "../../src/control/serve-runner/telemetry.ts";
import { inVersionSpoken } from "../../src/control/serve-runner/older-runners.ts";
import { openSession } from "../../src/control/serve-runner/open-session.ts";
import { sessionOf } from "../../src/control/serve-runner/session.ts";
import { readCheckpoint } from "../../src/control/serve-runner/run-checkpoint.ts";
import { httpApp, listen } from "../../src/http/server.ts";
import { verifyRunnerWith } from "../../src/http/verify-runner.ts";
import { audienceOf } from "../../src/protocol/runner.ts";
import { World, type Runner } from "../control/world.ts";

export const webhookSecret = "a-secret-of-the-fuzzer";
const audience = audienceOf("https://app.test");
const impatient = { headersTimeout: 1_000, requestTimeout: 2_000, connectionsCheckingInterval: 100 };

/** Signs identity tokens, as GitHub does. */
export interface Issuer {
  readonly url: string;
  sign(claims: Readonly<Record<string, string>>, at: Date): Promise<string>;
  close(): void;
}

export async function startIssuer(): Promise<Issuer> {
  const { publicKey, privateKey } = await generateKeyPair("RS256");
  const keys = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: "k", alg: "RS256", use: "sig" }] });
  const server = createServer((_request, response) => response.setHeader("content-type", "application/json").end(keys));
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" ? (address?.port ?? 0) : 0}`;
  return {
    url,
    sign: (claims, at) =>
      new SignJWT({ ...claims })
        .setProtectedHeader({ alg: "RS256", kid: "k" })
        .setIssuer(url)
        .setAudience(audience)
        .setIssuedAt(at)
        .setExpirationTime(Math.floor(at.getTime() / 1_000) + 300)
        .sign(privateKey),
    close: () => server.close(),
  };
}

export interface FuzzedApp {
  readonly told: World;
  readonly port: number;
  /** Runs at work on issues 7 and 8, and one on issue 9 that was dispatched and is not open yet. */
  readonly one: Runner;
  readonly other: Runner;
  readonly waiting: { readonly runId: string; readonly workflowRunId: number };
  /** Calls of the store that change something, since the last call. */
  changes(): readonly string[];
  /** Whose word was taken in since the last call: the run that it is stored under, and those that it names itself. */
  taken(): readonly (readonly string[])[];
  /** What went wrong inside. */
  errors(): readonly string[];
  stop(): Promise<void>;
}

/** The routes for people have suites of their own: here nobody is known to them. */
const nobody = {
  loginOf: () => Promise.resolve(null),
  findRepository: () => Promise.resolve(null),
  reachesSecrets: () => Promise.resolve(false),
  readsIssues: () => Promise.resolve(false),
};
const unasked = {
  list: () => Promise.reject(new Error("nobody may ask")),
  set: () => Promise.reject(new Error("nobody may ask")),
  remove: () => Promise.reject(new Error("nobody may ask")),
};

/** These change nothing that anybody decides on. */
const harmless: ReadonlySet<string> = new Set(["rememberTokenId"]);
const reading = /^(?:read|task|open|due|is|next|run|account|usage|costs|reconstruct|claim|close$)/u;

const fuzzKeys = [{ id: "k1", key: Buffer.alloc(32, 1) }];

/** None for what no run said. `step:<run>:<step>`, `request:<run>/<number>`, `outcome:<run>`. */
function runsIn({ kind, key, body }: InboxMessage): readonly string[] {
  if (kind !== "step" && kind !== "request" && kind !== "outcome") return [];
  const { runId = "none" } = JSON.parse(body) as { readonly runId?: string };
  const [, ofKey = "none"] = /^[a-z]+:([^:/]+)/u.exec(key) ?? [];
  return [runId, ofKey];
}

/** That something was refused stands in the task's record, and changes nothing else. */
function isNote({ events }: CommitUnit): boolean {
  return events.length > 0 && events.every(({ type }) => type === "SecurityNoted");
}

export async function startFuzzedApp(issuer: Issuer): Promise<FuzzedApp> {
  let changed: string[] = [];
  let taken: (readonly string[])[] = [];
  const seal = createCheckpointSeal(fuzzKeys);
  const watched = (store: Store): Store =>
    new Proxy(store, {
      get: (methods, name) => {
        const method: unknown = Reflect.get(methods, name);
        if (typeof method !== "function") return method;
        return (...args: readonly unknown[]): unknown => {
          const isChange = !reading.test(String(name)) && !harmless.has(String(name));
          if (isChange && !(name === "commit" && isNote(args[0] as CommitUnit))) changed.push(String(name));
          if (name === "takeIn") taken.push(runsIn(args[0] as InboxMessage));
          if (name === "saveCheckpoint") {
            const stored = args[0] as StoredCheckpoint;
            const { runId, taskId } = seal.open(stored);
            taken.push(taskId === stored.taskId ? [stored.runId, runId] : [`of task ${taskId}`]);
          }
          return Reflect.apply(method, methods, args);
        };
      },
    });
  const told = new World({ storeOf: watched });
  told.checkpointKeys = fuzzKeys;
  await told.start();
  for (const issue of [8, 9]) told.github.openIssue(issue);
  for (const issueNumber of [7, 8, 9]) await told.label("create_app", { issueNumber });
  const one = await told.openRun(7);
  const other = await told.openRun(8);
  const waiting = await told.liveRun(9);
  const verifyRunner = verifyRunnerWith({ issuer: issuer.url, audience, clock: told.time });
  const working = { ...told.serving, verifyRunner };
  const app = httpApp({
    store: working.store,
    live: { open: () => Promise.reject(new Error("nobody may listen")) },
    clock: told.time,
    log: working.log,
    webhooks: new Webhooks({ secret: webhookSecret }),
    wake: () => told.engine.wake(),
    settingsSchema: "{}",
    ready: () => true,
    github: { permissionOf: () => Promise.resolve("none"), callers: nobody, environment: unasked },
    webUrl: "https://github.test",
    trustedProxies: [],
    runner: {
      openSession: async (request) => inVersionSpoken(await openSession(working, request)),
      requireSession: (token) => sessionOf(working, token),
      takeEvents: (token, request) => takeEvents(working, token, request),
      takeStep: (token, request) => takeStep(working, token, request),
      takeRequest: (token, request) => takeRequest(working, token, request),
      takeCheckpoint: (token, checkpoint) => takeCheckpoint(working, token, checkpoint),
      readCheckpoint: (token) => readCheckpoint(working, token),
      takeOutcome: (token, request) => takeOutcome(working, token, request),
    },
  });
  const server = await listen(app, "127.0.0.1", 0, impatient);
  return {
    told,
    port: server.port,
    one,
    other,
    waiting,
    changes() {
      const since = changed;
      changed = [];
      return since;
    },
    taken() {
      const since = taken;
      taken = [];
      return since.filter((runs) => runs.length > 0);
    },
    errors: () =>
      told.logged.flatMap(({ level, message, fields }) => {
        if (level !== "error") return [];
        const err: unknown = "err" in fields ? fields.err : null;
        return [`${message}: ${err instanceof Error ? (err.stack ?? err.message) : JSON.stringify(fields)}`];
      }),
    async stop() {
      await server.close();
      await told.die();
    },
  };
}
