/** What the server does about callers that it does not know. */
import { once } from "node:events";
import { connect } from "node:net";
import { setImmediate } from "node:timers/promises";
import { Hono } from "hono";
import { describe, expect, onTestFinished, test } from "vitest";
import { addressBehind } from "../../src/http/client-address.ts";
import { holdBackRefused } from "../../src/http/refused-often.ts";
import { securityHeaders } from "../../src/http/security-headers.ts";
import { listen } from "../../src/http/server.ts";

function answering() {
  const app = new Hono();
  app.use(securityHeaders());
  app.get("/page", (context) => context.html("x", 200, { "content-security-policy": "default-src 'self'" }));
  app.post("/data", async (context) => context.json({ bytes: (await context.req.text()).length }));
  app.get("/broken", () => {
    throw new Error("broken");
  });
  app.onError((_error, context) => context.json({}, 503));
  return app;
}

describe("the headers of an answer", () => {
  test.each(["/data", "/broken", "/nothing"])("of %s forbid what an answer to a program never does", async (path) => {
    const { headers } = await answering().request(path, { method: path === "/data" ? "POST" : "GET" });
    expect(headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("strict-transport-security")).toMatch(/max-age=\d{7,}/u);
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
  });

  test("leave a page the policy that it brings", async () => {
    const { headers } = await answering().request("/page");
    expect(headers.get("content-security-policy")).toBe("default-src 'self'");
    expect(headers.get("x-frame-options")).toBe("DENY");
  });

  test("let no script of another origin in, whichever asks", async () => {
    const asked = { origin: "https://evil.example", "access-control-request-method": "POST" };
    for (const method of ["OPTIONS", "POST"]) {
      const { headers } = await answering().request("/data", { method, headers: asked });
      expect([...headers.keys()].filter((name) => name.startsWith("access-control-"))).toEqual([]);
    }
  });
});

describe("an address that is refused over and over", () => {
  function guarded() {
    let now = Date.parse("2026-11-21T10:00:00.000Z");
    const app = new Hono();
    const guard = holdBackRefused({
      clock: { now: () => new Date(now) },
      addressOf: addressBehind([]),
      isLight: (context) => context.req.header("content-length") === "1",
      refuse: (context, message) => context.json({ message }, 429),
    });
    let heard = 0;
    app.post("/", guard, async (context) => {
      heard += 1;
      // Whatever was asked in the same turn arrives before the first is answered.
      await setImmediate();
      return context.json({}, context.req.header("x-good") === "yes" ? 200 : 401);
    });
    const ask = async (remoteAddress: string, headers: Record<string, string> = {}) =>
      await app.request("/", { method: "POST", headers }, { incoming: { socket: { remoteAddress } } });
    return { ask, heard: () => heard, later: (ms: number) => (now += ms) };
  }

  test("is not heard any more until a minute is over, and told how long", async () => {
    const { ask, heard, later } = guarded();
    for (let count = 0; count < 60; count += 1) expect((await ask("203.0.113.7")).status).toBe(401);
    const held = await ask("203.0.113.7", { "x-good": "yes" });
    expect([held.status, held.headers.get("retry-after")]).toEqual([429, "60"]);
    expect(heard()).toBe(60);
    later(60_000);
    expect((await ask("203.0.113.7", { "x-good": "yes" })).status).toBe(200);
  });

  test("is heard no more often where it asks all at once", async () => {
    const { ask, heard } = guarded();
    const answers = await Promise.all(Array.from({ length: 900 }, () => ask("203.0.113.7")));
    expect(heard()).toBe(60);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(840);
    expect((await ask("203.0.113.7", { "x-good": "yes" })).headers.get("retry-after")).toBe("60");
  });

  test("asks too much at once, though all of it is good, and may come again in a second", async () => {
    const { ask } = guarded();
    const answers = await Promise.all(Array.from({ length: 61 }, () => ask("203.0.113.7", { "x-good": "yes" })));
    const held = answers.filter(({ status }) => status === 429);
    expect(held.map(({ headers }) => headers.get("retry-after"))).toEqual(["1"]);
    expect((await ask("203.0.113.7", { "x-good": "yes" })).status).toBe(200);
  });

  test("holds up nobody else, and not what costs next to nothing", async () => {
    const { ask } = guarded();
    for (let count = 0; count < 61; count += 1) await ask("203.0.113.7");
    expect((await ask("203.0.113.8", { "x-good": "yes" })).status).toBe(200);
    expect((await ask("203.0.113.7", { "x-good": "yes", "content-length": "1" })).status).toBe(200);
  });

  test("was not held back by what was let in, however much that is", async () => {
    const { ask } = guarded();
    for (let count = 0; count < 200; count += 1) await ask("203.0.113.7", { "x-good": "yes" });
    expect((await ask("203.0.113.7", { "x-good": "yes" })).status).toBe(200);
  });
});

describe("who connects and says little", () => {
  const impatient = { headersTimeout: 50, requestTimeout: 100, connectionsCheckingInterval: 10 };

  /** What came back until the other side closed. */
  async function said(words: string): Promise<string> {
    const server = await listen(answering(), "127.0.0.1", 0, impatient);
    onTestFinished(() => server.close());
    const socket = connect(server.port, "127.0.0.1");
    socket.write(words);
    let answer = "";
    socket.setEncoding("utf8").on("data", (text: string) => (answer += text));
    await once(socket, "close");
    return answer;
  }

  test.each([
    ["half a header", "POST /data HTTP/1.1\r\nHost: x\r\nX-Slow: "],
    ["half a body", "POST /data HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc"],
    ["a chunk without end", "POST /data HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nabc"],
  ])("with %s is shut out in time", async (_what, words) => {
    expect(await said(words)).toMatch(/^HTTP\/1\.1 408/u);
  });

  test("with a length and chunks at once, where two readers could see two requests, is refused", async () => {
    const words =
      "POST /data HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /";
    expect(await said(words)).toMatch(/^HTTP\/1\.1 400/u);
  });
});
