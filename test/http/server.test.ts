import { Webhooks } from "@octokit/webhooks";
import { describe, expect, test } from "vitest";
import type { InboxMessage, Log } from "../../src/control/ports.ts";
import { RunnerRefused } from "../../src/control/serve-runner.ts";
import { httpApp, webhookPath, type RunnerEndpoints } from "../../src/http/server.ts";
import { runnerRoutes } from "../../src/protocol/runner.ts";

const secret = "a-secret-of-the-tests";
const webhooks = new Webhooks({ secret });
const quiet: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

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
    store: {
      takeIn(message) {
        const known = stored.some(({ key }) => key === message.key);
        if (!known) stored.push(message);
        return Promise.resolve(known ? "known" : "new");
      },
      nextDueAt: () => Promise.resolve(null),
    },
    runner: { openSession: notAsked, takeEvents: notAsked, takeStep: notAsked, takeOutcome: notAsked, ...runner },
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

describe("a runner", () => {
  const session = { protocol: 1, oidcToken: "token", runId: "run-1" };
  const post = (body: unknown, headers: Record<string, string> = {}) => ({
    method: "POST",
    body: typeof body === "string" ? body : JSON.stringify(body),
    headers: { "content-type": "application/json", ...headers },
  });

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
    const token = "t".repeat(43);
    await app.request(runnerRoutes.events, post({ events: [] }, { authorization: `Bearer ${token}` }));
    await app.request(runnerRoutes.events, post({ events: [] }));
    expect(tokens).toEqual([token, ""]);
  });

  test("is told to try again while the app drains", async () => {
    const response = await startServer({}, false).app.request(runnerRoutes.events, post({ events: [] }));
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
