import { Webhooks } from "@octokit/webhooks";
import { describe, expect, test } from "vitest";
import type { InboxMessage } from "../../src/control/ports/queues.ts";
import type { Log } from "../../src/control/ports/surroundings.ts";
import { RunnerRefused } from "../../src/control/serve-runner/session.ts";
import { httpApp, webhookPath, type RunnerEndpoints } from "../../src/http/server.ts";
import { Checkpoint } from "../../src/protocol/checkpoint.ts";
import { limits, runnerRoutes } from "../../src/protocol/runner.ts";

const secret = "a-secret-of-the-tests";
const webhooks = new Webhooks({ secret });
const quiet: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** Of a run that is open. */
const token = "t".repeat(43);

const checkpoint = Checkpoint.parse({
  version: 1,
  taskId: "task-1",
  checkpointId: "c1",
  runId: "run-1",
  createdAt: "2026-11-21T10:00:00.000Z",
  reason: "auto",
  executionState: {
    conversation: null,
    lastMessageId: null,
    toolsUsed: [],
    currentPhase: null,
    currentStep: null,
    progress: 0,
  },
  resumeContext: {
    lastOutput: "",
    pendingActions: [],
    environment: [],
    headSha: "base-0",
    changes: [],
    round: 0,
    told: [],
  },
  rateLimitInfo: null,
});

function startServer(runner: Partial<RunnerEndpoints> = {}, ready = true) {
  const stored: InboxMessage[] = [];
  let woken = 0;
  const notAsked = () => Promise.reject(new Error("not asked in this test"));
  const app = httpApp({
    webhooks,
    log: quiet,
    clock: { now: () => new Date("2026-11-21T10:00:00.000Z") },
    wake: () => {
      woken += 1;
    },
    ready: () => ready,
    settingsSchema: '{"type":"object"}',
    webUrl: "https://github.com",
    trustedProxies: ["198.51.100.0/24"],
    github: {
      permissionOf: notAsked,
      callers: { loginOf: notAsked, reachesSecrets: notAsked, readsIssues: notAsked, findRepository: notAsked },
      environment: { list: notAsked, set: notAsked, remove: notAsked },
    },
    live: { open: notAsked },
    store: {
      tasksOfIssue: notAsked,
      readEvents: notAsked,
      takeIn(message) {
        const known = stored.some(({ key }) => key === message.key);
        if (!known) stored.push(message);
        return Promise.resolve(known ? "known" : "new");
      },
      nextDueAt: () => Promise.resolve(null),
    },
    runner: {
      openSession: notAsked,
      async requireSession(given) {
        if (given !== token) throw new RunnerRefused("token-refused", "the run token is unknown or its run has ended");
        return {};
      },
      takeEvents: notAsked,
      takeStep: notAsked,
      takeRequest: notAsked,
      takeCheckpoint: notAsked,
      readCheckpoint: notAsked,
      takeOutcome: notAsked,
      ...runner,
    },
  });
  return { app, stored, woken: () => woken };
}

async function delivery(body: string, headers: Record<string, string> = {}) {
  return {
    method: "POST",
    body,
    headers: {
      "content-type": "application/json",
      "x-github-delivery": "guid-1",
      "x-github-event": "issues",
      "x-hub-signature-256": await webhooks.sign(body),
      ...headers,
    },
  };
}

describe("a webhook", () => {
  const body = JSON.stringify({ action: "labeled", repository: { id: 5 } });

  test("with a valid signature is stored under its delivery id, answered 202, and nothing else happens", async () => {
    const { app, stored, woken } = startServer();
    const response = await app.request(webhookPath, await delivery(body));
    expect(response.status).toBe(202);
    expect(stored).toMatchObject([{ key: "webhook:guid-1", kind: "webhook", lane: "repository:5" }]);
    expect(woken()).toBe(1);
  });

  test("delivered twice is stored once and answered 202 both times", async () => {
    const { app, stored } = startServer();
    await app.request(webhookPath, await delivery(body));
    const again = await app.request(webhookPath, await delivery(body));
    expect(again.status).toBe(202);
    expect(stored.length).toBe(1);
  });

  test.each([
    ["a wrong signature", { "x-hub-signature-256": `sha256=${"0".repeat(64)}` }, 401],
    ["a signature that is none", { "x-hub-signature-256": "nonsense" }, 401],
    ["an endless delivery id", { "x-github-delivery": "x".repeat(5_000) }, 400],
  ])("with %s is refused and not stored", async (_what, headers, status) => {
    const { app, stored } = startServer();
    const response = await app.request(webhookPath, await delivery(body, headers));
    expect(response.status).toBe(status);
    expect(stored).toEqual([]);
  });

  test("without its headers, or signed but no JSON, is refused", async () => {
    const { app, stored } = startServer();
    expect((await app.request(webhookPath, { method: "POST", body })).status).toBe(400);
    expect((await app.request(webhookPath, await delivery("{torn"))).status).toBe(400);
    expect(stored).toEqual([]);
  });

  test.each(["null", "5", '"text"', "[]"])("that is signed %s is stored for the log and harms nothing", async (odd) => {
    const { app, stored } = startServer();
    expect((await app.request(webhookPath, await delivery(odd))).status).toBe(202);
    expect(stored[0]?.lane).toBe("app");
  });

  test("of megabytes waits its turn, while small ones pass", async () => {
    const { app, stored } = startServer();
    const large = JSON.stringify({ text: "x".repeat(1024 * 1024) });
    const open: ReadableStreamDefaultController<Uint8Array>[] = [];
    const slow = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const body = new ReadableStream<Uint8Array>({ start: (controller) => void open.push(controller) });
        return { ...(await delivery(large)), body, duplex: "half" as const };
      }),
    );
    const waiting = slow.map(async (request) => await app.request(webhookPath, request));
    const length = { "content-length": String(Buffer.byteLength(large)) };
    expect((await app.request(webhookPath, await delivery(large, length))).status).toBe(503);
    const small = { "content-length": String(body.length), "x-github-delivery": "guid-2" };
    expect((await app.request(webhookPath, await delivery(body, small))).status).toBe(202);
    for (const controller of open) controller.close();
    await Promise.all(waiting);
    expect((await app.request(webhookPath, await delivery(large, length))).status).toBe(202);
    expect(stored.map(({ key }) => key)).toEqual(["webhook:guid-2", "webhook:guid-1"]);
  });

  test("that is forged over and over is not read any more where it is large; a small one with its signature is", async () => {
    const { app, stored } = startServer();
    const bad = { "x-hub-signature-256": `sha256=${"0".repeat(64)}` };
    for (let count = 0; count < 60; count += 1) await app.request(webhookPath, await delivery(body, bad));
    const large = { ...bad, "content-length": String(1024 * 1024) };
    expect((await app.request(webhookPath, await delivery(body, large))).status).toBe(429);
    const small = { "content-length": String(body.length) };
    expect((await app.request(webhookPath, await delivery(body, small))).status).toBe(202);
    expect(stored).toHaveLength(1);
  });

  test("is taken in while the app drains, since GitHub would not send it again", async () => {
    const { app, stored } = startServer({}, false);
    expect((await app.request(webhookPath, await delivery(body))).status).toBe(202);
    expect(stored.length).toBe(1);
  });
});

describe("health", () => {
  test("/healthz says that the process lives, /readyz that it takes work", async () => {
    expect((await startServer().app.request("/healthz")).status).toBe(200);
    expect((await startServer().app.request("/readyz")).status).toBe(200);
    expect((await startServer({}, false).app.request("/readyz")).status).toBe(503);
  });
});

test("an editor gets the schema of the settings", async () => {
  const response = await startServer().app.request("/schemas/settings.json");
  expect(response.headers.get("content-type")).toBe("application/schema+json");
  expect(await response.json()).toEqual({ type: "object" });
});

describe("a runner", () => {
  const session = { protocol: 1, oidcToken: "token", runId: "run-1" };
  const post = (body: unknown, headers: Record<string, string> = {}) => ({
    method: "POST",
    body: typeof body === "string" ? body : JSON.stringify(body),
    headers: { "content-type": "application/json", ...headers },
  });

  const held = { authorization: `Bearer ${token}` };

  test("gets a refusal with its code and a status that tells whether to try again", async () => {
    const { app } = startServer({
      openSession: () => Promise.reject(new RunnerRefused("identity-refused", "the job comes from another repository")),
    });
    const response = await app.request(runnerRoutes.session, post(session));
    expect(response.status).toBe(403);
    expect(await response.json()).toEqual({
      error: "identity-refused",
      message: "the job comes from another repository",
    });
  });

  test("that is refused over and over is told to wait, in words that make it try again", async () => {
    const { app } = startServer({
      openSession: () => Promise.reject(new RunnerRefused("identity-refused", "no")),
    });
    for (let count = 0; count < 60; count += 1) await app.request(runnerRoutes.session, post(session));
    const held = await app.request(runnerRoutes.session, post(session));
    expect([held.status, held.headers.get("retry-after")]).toEqual([429, "60"]);
    expect(await held.json()).toMatchObject({ error: "unavailable" });
  });

  test("behind the operator's proxy is told apart from one that is refused there over and over", async () => {
    const { app } = startServer({
      openSession: () => Promise.reject(new RunnerRefused("identity-refused", "no")),
    });
    const ask = (of: string) =>
      app.request(runnerRoutes.session, post(session, { "x-forwarded-for": of }), {
        incoming: { socket: { remoteAddress: "198.51.100.9" } },
      });
    for (let count = 0; count < 60; count += 1) await ask("203.0.113.7");
    expect([(await ask("203.0.113.7")).status, (await ask("203.0.113.8")).status]).toEqual([429, 403]);
    const list = (of: string) =>
      app.request(
        "/api/repos/octo/shop/environment",
        { headers: { "x-forwarded-for": of } },
        {
          incoming: { socket: { remoteAddress: "198.51.100.9" } },
        },
      );
    for (let count = 0; count < 10; count += 1) await list("203.0.113.7");
    expect([(await list("203.0.113.7")).status, (await list("203.0.113.8")).status]).toEqual([429, 401]);
  });

  test("gets headers with every answer that forbid what an answer to a program never does", async () => {
    const { app } = startServer();
    for (const path of ["/healthz", "/nothing", runnerRoutes.events]) {
      const { headers } = await app.request(path);
      expect(headers.get("content-security-policy")).toContain("default-src 'none'");
      expect(headers.has("access-control-allow-origin")).toBe(false);
    }
  });

  test("learns nothing of an inner error", async () => {
    const { app } = startServer({ openSession: () => Promise.reject(new Error("secret detail of the store")) });
    const response = await app.request(runnerRoutes.session, post(session));
    expect(response.status).toBe(503);
    expect(await response.text()).not.toContain("secret detail");
  });

  test.each([["{torn"], [{}], [{ ...session, protocol: "one" }], [null]])(
    "that sends %j is told what was expected",
    async (body) => {
      const { app } = startServer();
      const response = await app.request(runnerRoutes.session, post(body));
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ error: "bad-request" });
    },
  );

  test("gives its token in the authorization header", async () => {
    const tokens: string[] = [];
    const { app } = startServer({
      takeEvents(token) {
        tokens.push(token);
        return Promise.resolve({ acknowledged: 0, stop: false });
      },
    });
    await app.request(runnerRoutes.events, post({ events: [] }, held));
    await app.request(runnerRoutes.events, post({ events: [] }));
    expect(tokens).toEqual([token]);
  });

  test.each([
    ["no token", {}],
    ["a token of nobody", { authorization: `Bearer ${"x".repeat(43)}` }],
    ["a token that opens nothing any more", { authorization: `Bearer ${"o".repeat(43)}` }],
  ])("with %s is refused before a byte of its body is read", async (_what, headers) => {
    const { app } = startServer();
    let pulled = 0;
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          pulled += 1;
          controller.enqueue(new Uint8Array(1024));
        },
      },
      { highWaterMark: 0 },
    );
    for (const route of [runnerRoutes.events, runnerRoutes.step, runnerRoutes.request, runnerRoutes.outcome]) {
      const response = await app.request(route, { method: "POST", body, headers, duplex: "half" as const });
      expect(response.status).toBe(401);
      expect(await response.json()).toMatchObject({ error: "token-refused" });
    }
    expect(pulled).toBe(0);
  });

  test("that sends nothing but brackets is refused before they are parsed", async () => {
    const { app } = startServer();
    const response = await app.request(runnerRoutes.step, post(`[${"{},".repeat(60_000)}{}]`, held));
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ message: "the body has more than 50000 braces and brackets" });
  });

  test("asks people by a request, leaves a checkpoint and gets it back", async () => {
    const asked: unknown[] = [];
    const { app } = startServer({
      takeRequest: (...args) => Promise.resolve({ acknowledged: asked.push(args) > 0, stop: false }),
      takeCheckpoint: (_token, { checkpointId }) =>
        Promise.resolve({ acknowledged: asked.push(checkpointId) > 0, stop: false }),
      readCheckpoint: () => Promise.resolve(checkpoint),
    });
    const request = { kind: "value-refused", id: "run-1/1", step: "01_idea", name: "STRIPE_KEY", message: "401" };
    expect((await app.request(runnerRoutes.request, post(request, held))).status).toBe(200);
    expect((await app.request(runnerRoutes.checkpoint, { ...post(checkpoint, held), method: "PUT" })).status).toBe(200);
    expect(asked).toEqual([[token, request], "c1"]);
    const got = await app.request(runnerRoutes.checkpoint, { headers: held });
    expect(await got.json()).toEqual(checkpoint);
    expect((await app.request(runnerRoutes.checkpoint)).status).toBe(401);
    expect((await app.request(runnerRoutes.checkpoint, { ...post(checkpoint), method: "PUT" })).status).toBe(401);
  });

  test("that has nothing to go on from is told so with 404, which is no fault", async () => {
    const { app } = startServer({
      readCheckpoint: () => Promise.reject(new RunnerRefused("no-checkpoint", "there is none")),
    });
    const response = await app.request(runnerRoutes.checkpoint, { headers: held });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: "no-checkpoint" });
  });

  test.each([
    ["no question at all", { kind: "questions", id: "run-1/1", step: "01_idea", questions: [] }],
    ["a kind that nobody knows", { kind: "wish", id: "run-1/1", step: "01_idea" }],
    ["a name without end", { kind: "value-refused", id: "run-1/1", step: "a", name: "x".repeat(101), message: "" }],
  ])("that asks with %s is told what was expected", async (_what, request) => {
    const response = await startServer().app.request(runnerRoutes.request, post(request, held));
    expect(response.status).toBe(400);
  });

  test.each([
    [runnerRoutes.request, "POST", 3 * 1024 * 1024],
    [runnerRoutes.checkpoint, "PUT", limits.checkpointBytesMax + 1],
  ])("that sends %s by %s more than it may is refused before it is read", async (route, method, bytes) => {
    const headers = { ...held, "content-length": String(bytes) };
    const response = await startServer().app.request(route, { method, headers, body: "x" });
    expect(response.status).toBe(413);
  });

  test("is told to try again while the app drains", async () => {
    const response = await startServer({}, false).app.request(runnerRoutes.events, post({ events: [] }, held));
    expect(response.status).toBe(503);
  });

  test("with a body beyond the limit is refused before it is read whole", async () => {
    const { app } = startServer();
    const response = await app.request(
      runnerRoutes.session,
      post({ ...session, oidcToken: "x".repeat(3 * 1024 * 1024) }),
    );
    expect(response.status).toBe(413);
  });
});
