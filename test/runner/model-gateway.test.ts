import { once } from "node:events";
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import {
  startModelGateway,
  type ModelGateway,
  type ModelGatewayOptions,
  type ModelGatewaySnapshot,
} from "../../src/runner/model-gateway.ts";

const key = "sk-ant-api03-the-real-credential-0123456789";
const token = "throw-away-token-0123456789";
const model = "claude-sonnet-4-6";
const asked = { model, max_tokens: 100, messages: [{ role: "user", content: "hello" }] };
const usage = { input_tokens: 1000, output_tokens: 100, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 };
const usageCounted = { inputTokens: 1000, outputTokens: 100, cacheCreationInputTokens: 0, cacheReadInputTokens: 0 };
const now = new Date("2026-11-21T00:00:00Z");
const nowSeconds = now.getTime() / 1000;

describe("the credential", () => {
  test("takes the place of the token, in the same header", async () => {
    const { gateway, seen } = await given({});
    await send(gateway, { headers: { "x-api-key": token, "anthropic-version": "2023-06-01", "x-app": "cli" } });
    expect(seen[0]?.headers).toMatchObject({
      "x-api-key": key,
      "anthropic-version": "2023-06-01",
      "x-app": "cli",
      "accept-encoding": "identity",
    });
    expect(JSON.stringify(seen)).not.toContain(token);
  });

  test("of the OAuth kind is a bearer token on both sides", async () => {
    const { gateway, seen } = await given({ credential: { kind: "oauth-token", value: `${key}\n` } });
    await send(gateway, { headers: { authorization: `Bearer ${token}` } });
    expect(seen[0]?.headers.authorization).toBe(`Bearer ${key}`);
    expect(seen[0]?.headers["x-api-key"]).toBeUndefined();
  });

  test("goes nowhere without the token in its own header", async () => {
    const { gateway, seen } = await given({});
    const tries = [{}, { "x-api-key": "" }, { "x-api-key": `${token}x` }, { authorization: `Bearer ${token}` }];
    for (const headers of tries) {
      const response = await send(gateway, { headers });
      expect(response.status).toBe(401);
      expect(await response.json()).toMatchObject({ type: "error", error: { type: "authentication_error" } });
    }
    expect(seen).toEqual([]);
  });

  test("travels with no cookie, no foreign account and no header that we do not know", async () => {
    const { gateway, seen } = await given({});
    await send(gateway, {
      headers: {
        "x-api-key": token,
        authorization: "Bearer other",
        cookie: "a=b",
        "x-forwarded-host": "evil",
        te: "x",
      },
    });
    const names = Object.keys(seen[0]?.headers ?? {});
    for (const name of ["authorization", "cookie", "x-forwarded-host", "te"]) expect(names).not.toContain(name);
  });

  test("never comes back, even where the provider repeats it", async () => {
    const { gateway } = await given({}, (_request, response) => {
      response.writeHead(401, { "content-type": "application/json", "x-echo": key, "set-cookie": "a=b" });
      response.end(
        JSON.stringify({ type: "error", error: { type: "authentication_error", message: `bad key ${key}` } }),
      );
    });
    const response = await send(gateway);
    expect(response.status).toBe(401);
    expect(response.headers.get("x-echo")).toBe("***");
    expect(response.headers.get("set-cookie")).toBeNull();
    expect(await response.text()).toContain("bad key ***");
    expect(gateway.snapshot().lastError).toEqual({ status: 401, message: "bad key ***" });
  });

  test("follows no redirect", async () => {
    const { gateway, seen } = await given({}, (_request, response) => {
      response.writeHead(307, { location: "/v1/elsewhere" }).end();
    });
    const response = await send(gateway);
    expect(response.status).toBe(502);
    expect(response.headers.get("location")).toBeNull();
    expect(seen).toHaveLength(1);
    expect(gateway.snapshot().lastError).toMatchObject({ status: 307 });
  });

  test.each<readonly [what: string, options: Partial<ModelGatewayOptions>, message: string]>([
    ["an http upstream elsewhere", { upstream: new URL("http://example.com") }, "https upstream"],
    ["a credential of two lines", { credential: { kind: "api-key", value: "sk-ant-\nsecret" } }, "model credential"],
    ["no credential", { credential: { kind: "api-key", value: " " } }, "model credential"],
    ["a short token", { token: "abc" }, "throw-away token"],
    ["a token that is the credential", { token: key }, "throw-away token"],
    ["a budget that is no number", { budgetUsd: Number.NaN }, "budget in dollars"],
  ])("is not served with %s", async (_what, options, message) => {
    const start = startModelGateway({ ...minimal, upstream: new URL("https://localhost"), ...options });
    await expect(start).rejects.toThrow(message);
    await expect(start).rejects.not.toThrow("secret");
  });
});

describe("the paths", () => {
  test("are two; any other is not there, and the provider hears nothing of it", async () => {
    const { gateway, seen } = await given({});
    const others = [
      "/v1/files",
      "/v1/messages/",
      "/v1/messages/batches",
      "//v1/messages",
      "/v1/../v1/messages",
      "/V1/messages",
    ];
    for (const path of [...others, "http://evil.example/v1/messages"]) {
      expect(await rawStatus(gateway, "POST", path)).toBe(404);
    }
    expect(await rawStatus(gateway, "GET", "/v1/messages")).toBe(404);
    expect(seen).toEqual([]);
  });

  test("keep their query, behind the path of the upstream", async () => {
    const { gateway, seen } = await given({ path: "/anthropic/" });
    await send(gateway, { path: "/v1/messages?beta=true" });
    expect(seen[0]?.url).toBe("/anthropic/v1/messages?beta=true");
  });

  test("answer the CLI that asks whether anybody is there", async () => {
    const { gateway, seen } = await given({});
    expect((await fetch(`${gateway.url}/api/hello`, { method: "HEAD" })).status).toBe(200);
    expect(seen).toEqual([]);
  });

  test("let tokens be counted for nothing", async () => {
    const { gateway, seen } = await given({ budgetUsd: 0 }, (_request, response) =>
      json(response, { input_tokens: 5 }),
    );
    const response = await send(gateway, { path: "/v1/messages/count_tokens" });
    expect(await response.json()).toEqual({ input_tokens: 5 });
    expect(seen).toHaveLength(1);
    expect(gateway.snapshot()).toMatchObject({ costUsd: 0, requests: 0 });
  });
});

describe("the request", () => {
  test.each(["", "{", "[]", "{}", '{"model":7}', '{"model":""}', `{"model":"${"x".repeat(300)}"}`])(
    "%j names no model and goes no further",
    async (body) => {
      const { gateway, seen } = await given({});
      expect((await send(gateway, { body })).status).toBe(400);
      expect(seen).toEqual([]);
    },
  );

  test("is refused where it is too large, announced or not", async () => {
    const { gateway, seen } = await given({ limits: { requestBytesMax: 1000 } });
    const body = JSON.stringify({ ...asked, system: "x".repeat(1_000_000) });
    expect((await send(gateway, { body })).status).toBe(413);
    const unannounced = new Blob([body]).stream();
    expect((await send(gateway, { body: unannounced })).status).toBe(413);
    expect(seen).toEqual([]);
  });

  test("names its model once, for us and for the provider", async () => {
    const { gateway, seen } = await given({ allowedModels: ["claude-sonnet"] });
    const twice = `{"model":"claude-opus-4-1",${JSON.stringify(asked).slice(1)}`;
    await send(gateway, { body: twice });
    expect(seen[0]?.body).toBe(JSON.stringify(asked));
  });

  test("for a model outside the list gets the answer for a model that is not there", async () => {
    const { gateway, seen } = await given({ allowedModels: ["claude-sonnet", "claude-haiku-5-5"] });
    const response = await send(gateway, { body: JSON.stringify({ ...asked, model: "claude-opus-5" }) });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { message: expect.stringContaining('"claude-opus-5"') } });
    expect(seen).toEqual([]);
    expect((await send(gateway)).status).toBe(200);
  });

  describe("that would have the provider fetch for the agent", () => {
    const url = "https://evil.example/?stolen=VALUE";
    const picture = { type: "image", source: { type: "url", url } };
    const page = { type: "document", source: { type: "url", url } };
    const says = (...content: readonly unknown[]) => ({ messages: [{ role: "user", content }] });
    const result = { type: "tool_result", tool_use_id: "toolu_1", content: [picture] };
    const wrapped = { type: "document", source: { type: "content", content: [picture] } };
    const fetching: readonly (readonly [what: string, body: object])[] = [
      ["servers of tools", { mcp_servers: [{ type: "url", url, name: "x" }] }],
      [
        "a fetch",
        {
          tools: [
            { name: "Read", input_schema: {} },
            { type: "web_fetch_20250910", name: "web_fetch" },
          ],
        },
      ],
      ["a search", { tools: [{ type: "web_search_20250305", name: "web_search" }] }],
      ["a program", { tools: [{ type: "code_execution_20250825", name: "code_execution" }] }],
      ["a container", { container: "container_1" }],
      ["a tool that nobody knows yet", { tools: [{ type: "bash_20250124_web", name: "bash" }] }],
      ["a picture", says({ type: "text", text: "look" }, picture)],
      ["a document", says(page)],
      ["a picture in the result of a tool", says(result)],
      ["a picture in a document", says(wrapped)],
      ["a picture in the system prompt", { system: [picture] }],
    ];

    test.each(fetching)("is refused and noted where the network is limited: %s", async (_what, body) => {
      for (const network of ["none", "registries"] as const) {
        const notes: string[] = [];
        const { gateway, seen } = await given({ network, onRefusal: (_noted, kind) => notes.push(kind) });
        const headers = { "x-api-key": token, "anthropic-beta": "web-fetch-2025-09-10,mcp-client-2025-11-20" };
        const response = await send(gateway, { headers, body: JSON.stringify({ ...asked, ...body }) });
        expect(response.status).toBe(403);
        expect(notes).toEqual(["network-refused"]);
        expect(seen).toEqual([]);
      }
    });

    test("passes where the network is open", async () => {
      const { gateway, seen } = await given({ network: "open" });
      for (const [, body] of fetching) await send(gateway, { body: JSON.stringify({ ...asked, ...body }) });
      expect(seen).toHaveLength(fetching.length);
    });
  });

  test("of the CLI passes where the network is limited: tools of its own, pictures with their bytes, whatever calls were given", async () => {
    const { gateway, seen } = await given({ network: "none" });
    const body = {
      ...asked,
      tools: [
        { name: "Read", input_schema: {} },
        { type: "custom", name: "x", input_schema: {} },
      ],
      messages: [
        { role: "user", content: "https://evil.example" },
        {
          role: "assistant",
          content: [
            { type: "tool_use", id: "toolu_1", name: "x", input: { source: { type: "url", url: "https://a" } } },
          ],
        },
        {
          role: "user",
          content: [{ type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } }],
        },
      ],
    };
    expect((await send(gateway, { body: JSON.stringify(body) })).status).toBe(200);
    expect(seen).toHaveLength(1);
  });

  test("waits its turn no longer than the others let it", async () => {
    const upstream = Promise.withResolvers<ServerResponse>();
    const { gateway } = await given({ limits: { requestsAtOnceMax: 1 } }, (_request, response) =>
      upstream.resolve(response),
    );
    const first = send(gateway);
    const held = await upstream.promise;
    const second = await send(gateway);
    expect(second.status).toBe(529);
    json(held, { usage });
    expect((await first).status).toBe(200);
  });
});

describe("the reply", () => {
  test("passes piece by piece, and is counted at its end", async () => {
    const upstream = Promise.withResolvers<ServerResponse>();
    const { gateway } = await given({}, (_request, response) => upstream.resolve(response));
    const responding = send(gateway);
    const held = await upstream.promise;
    held.writeHead(200, { "content-type": "text/event-stream", "request-id": "req_1" });
    held.flushHeaders();
    const response = await responding;
    expect(response.headers.get("request-id")).toBe("req_1");
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    // Each piece arrives before the next one is sent, and cuts words and characters in two.
    const whole = sse(
      { type: "message_start", message: { usage } },
      { type: "message_delta", usage: { output_tokens: 500 } },
    );
    const pieces = whole.match(/[^]{1,37}/g) ?? [];
    for (const piece of pieces) {
      held.write(piece);
      expect((await reader?.read())?.value).toBe(piece);
    }
    expect(gateway.snapshot().costUsd).toBe(0);
    held.end();
    expect((await reader?.read())?.done).toBe(true);
    expect(gateway.snapshot()).toMatchObject({
      usage: { ...usageCounted, outputTokens: 500 },
      costUsd: 0.0105,
      byModel: [{ model, costUsd: 0.0105 }],
      requests: 1,
      lastError: null,
    });
  });

  test("that comes whole is counted too, and told to whom it concerns", async () => {
    const told: ModelGatewaySnapshot[] = [];
    const { gateway } = await given({ onUsage: (snapshot) => told.push(snapshot) });
    expect(await (await send(gateway)).json()).toEqual({ usage });
    await gateway.stop();
    expect(told).toMatchObject([{ usage: usageCounted, costUsd: 0.0045, requests: 1 }]);
  });

  test("that the provider cuts counts its input and what came of its output, and is cut for the client", async () => {
    const { gateway } = await given({}, (_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      const delta = { type: "content_block_delta", delta: { type: "text_delta", text: "x".repeat(300) } };
      const start = { type: "message_start", message: { usage: { ...usage, output_tokens: 1 } } };
      response.write(sse(start, delta), () => response.destroy());
    });
    await expect(send(gateway).then((response) => response.text())).rejects.toThrow("terminated");
    await gateway.stop();
    expect(gateway.snapshot()).toMatchObject({
      usage: { inputTokens: 1000, outputTokens: 100 },
      lastError: { status: 502, message: "the reply was cut off" },
    });
  });

  test("that is cut before it began counts our estimate of the input", async () => {
    const { gateway } = await given({}, (_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("event: message_start\n", () => response.destroy());
    });
    await expect(send(gateway).then((response) => response.text())).rejects.toThrow("terminated");
    await gateway.stop();
    expect(gateway.snapshot().usage.inputTokens).toBe(Math.ceil(JSON.stringify(asked).length / 4));
  });

  test("is broken off at the provider where the client goes away, and still counted", async () => {
    const upstream = Promise.withResolvers<ServerResponse>();
    const { gateway } = await given({}, (_request, response) => upstream.resolve(response));
    const client = new AbortController();
    const responding = send(gateway, { signal: client.signal });
    const held = await upstream.promise;
    held.writeHead(200, { "content-type": "text/event-stream" });
    held.write(sse({ type: "message_start", message: { usage } }));
    const response = await responding;
    await response.body?.getReader().read();
    const broken = once(held, "close");
    client.abort();
    await broken;
    await gateway.stop();
    expect(gateway.snapshot()).toMatchObject({ usage: usageCounted, lastError: null });
  });

  test("is broken off on both sides where the gateway stops", async () => {
    const upstream = Promise.withResolvers<ServerResponse>();
    const { gateway } = await given({}, (_request, response) => upstream.resolve(response));
    const responding = send(gateway).catch((error: unknown) => String(error));
    const broken = once(await upstream.promise, "close");
    await gateway.stop();
    await gateway.stop();
    expect(await responding).toMatch(/fetch failed/);
    await broken;
    expect(gateway.snapshot().usage.inputTokens).toBeGreaterThan(0);
  });

  test("that never begins ends in a time-out that says so", async () => {
    const { gateway } = await given({ limits: { headersTimeoutMs: 20 } }, () => undefined);
    const response = await send(gateway);
    expect(response.status).toBe(504);
    expect(gateway.snapshot().lastError).toMatchObject({ status: 504, message: expect.stringContaining("to begin") });
  });

  test("that stops in the middle is cut after a while", async () => {
    const { gateway } = await given({ limits: { idleTimeoutMs: 20 } }, (_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(sse({ type: "message_start", message: { usage } }));
    });
    await expect(send(gateway).then((response) => response.text())).rejects.toThrow("terminated");
    await gateway.stop();
    expect(gateway.snapshot()).toMatchObject({ usage: usageCounted, lastError: { status: 502 } });
  });

  test("may take any time, as long as something comes", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const upstream = Promise.withResolvers<ServerResponse>();
    const { gateway } = await given({ limits: { idleTimeoutMs: 100 } }, (_request, response) =>
      upstream.resolve(response),
    );
    const responding = send(gateway);
    const held = await upstream.promise;
    held.writeHead(200, { "content-type": "text/event-stream" });
    held.flushHeaders();
    const reader = (await responding).body?.getReader();
    for (const piece of ["data", ": ", "{}", "\n\n"]) {
      held.write(piece);
      expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe(piece);
      vi.advanceTimersByTime(90);
    }
    held.end();
    expect((await reader?.read())?.done).toBe(true);
    expect(gateway.snapshot().lastError).toBeNull();
  });

  test("of a provider that is not there costs nothing", async () => {
    const gateway = await start({ ...minimal, upstream: new URL("http://127.0.0.1:1") });
    const response = await send(gateway);
    expect(response.status).toBe(502);
    expect(gateway.snapshot()).toMatchObject({ costUsd: 0, lastError: { status: 502 } });
  });

  test("that is an error costs nothing, and a success wipes it out", async () => {
    let calls = 0;
    const { gateway } = await given({}, (_request, response) => {
      calls += 1;
      if (calls > 1) json(response, { usage });
      else response.writeHead(500).end("x".repeat(100_000));
    });
    expect((await (await send(gateway)).text()).length).toBe(64 * 1024);
    expect(gateway.snapshot()).toMatchObject({ costUsd: 0, lastError: { status: 500, message: "x".repeat(500) } });
    await (await send(gateway)).text();
    expect(gateway.snapshot()).toMatchObject({ requests: 2, lastError: null });
  });

  test("that holds an error in its stream and no message costs nothing", async () => {
    const { gateway } = await given({}, (_request, response) => {
      const error = { type: "error", error: { type: "overloaded_error", message: "Overloaded" } };
      response.writeHead(200, { "content-type": "text/event-stream" }).end(sse(error));
    });
    await (await send(gateway)).text();
    expect(gateway.snapshot()).toMatchObject({ costUsd: 0, lastError: { status: 529, message: "Overloaded" } });
  });
});

describe("the budget", () => {
  test("refuses a request whose input it does not pay for, with 403 and without the provider", async () => {
    const { gateway, seen } = await given({ budgetUsd: 1, spentUsd: () => 0.99 });
    expect((await send(gateway)).status).toBe(200);
    const body = JSON.stringify({ ...asked, system: "x".repeat(4 * 5000) });
    const response = await send(gateway, { body });
    expect(response.status).toBe(403);
    expect(await response.json()).toEqual({
      type: "error",
      error: { type: "permission_error", message: expect.stringMatching(/^budget of \$1\.00 /) },
    });
    expect(seen).toHaveLength(1);
    expect(gateway.snapshot()).toMatchObject({ refusedForBudget: true, requests: 1 });
  });

  test("refuses what comes after it is used up", async () => {
    const { gateway } = await given({ budgetUsd: 0.0045 });
    expect((await send(gateway)).status).toBe(200);
    expect((await send(gateway)).status).toBe(403);
  });

  test("holds for several requests at once", async () => {
    const { gateway, seen } = await given({ budgetUsd: 0.1 });
    const body = JSON.stringify({ ...asked, system: "x".repeat(4 * 20_000) });
    const statuses = await Promise.all([1, 2, 3].map(async () => (await send(gateway, { body })).status));
    expect(statuses.sort((a, b) => a - b)).toEqual([200, 403, 403]);
    expect(seen).toHaveLength(1);
  });

  test("shortens the last reply to what is left, however much was asked for", async () => {
    const { gateway, seen } = await given({ budgetUsd: 0.1 });
    expect((await send(gateway, { body: JSON.stringify({ ...asked, max_tokens: 64_000 }) })).status).toBe(200);
    const { max_tokens: longest } = JSON.parse(seen[0]?.body ?? "{}");
    expect(longest).toBeGreaterThan(6_000);
    // Fifteen dollars for a million tokens of output.
    expect(longest).toBeLessThan(0.1 / 15e-6);
  });

  test("does not pay for thoughts that leave no room for a reply", async () => {
    const { gateway } = await given({ budgetUsd: 0.1 });
    const thinking = { type: "enabled", budget_tokens: 10_000 };
    const response = await send(gateway, { body: JSON.stringify({ ...asked, max_tokens: 64_000, thinking }) });
    expect(response.status).toBe(403);
  });

  test.each([undefined, null, "64000", -1, 1.5, {}])("lets no request through whose max_tokens is %j", async (odd) => {
    const { gateway, seen } = await given({});
    const response = await send(gateway, { body: JSON.stringify({ ...asked, max_tokens: odd }) });
    expect(response.status).toBe(400);
    expect(seen).toEqual([]);
  });

  test("does not take the letters of a picture for words", async () => {
    const { gateway } = await given({ budgetUsd: 0.1 });
    const image = { type: "image", source: { type: "base64", media_type: "image/png", data: "A".repeat(1_000_000) } };
    const content = [image, { type: "tool_result", tool_use_id: "t", content: [image] }];
    const body = JSON.stringify({ ...asked, messages: [{ role: "user", content }] });
    expect((await send(gateway, { body })).status).toBe(200);
  });
});

describe("the limits of the account", () => {
  test.each<readonly [what: string, status: number, headers: Record<string, string>, expected: unknown]>([
    [
      "of a subscription",
      429,
      {
        "anthropic-ratelimit-unified-status": "rejected",
        "anthropic-ratelimit-unified-reset": "1795228440",
        "anthropic-ratelimit-unified-representative-claim": "five_hour",
      },
      { status: "rejected", resetsAt: 1_795_228_440, type: "five_hour", retryAfterSeconds: null },
    ],
    [
      "of a key, in seconds",
      429,
      { "retry-after": "90" },
      { status: "rejected", resetsAt: nowSeconds + 90, type: null, retryAfterSeconds: 90 },
    ],
    [
      "of a key, as a date",
      429,
      { "retry-after": "Sat, 21 Nov 2026 01:00:00 GMT" },
      { status: "rejected", resetsAt: nowSeconds + 3600, type: null, retryAfterSeconds: 3600 },
    ],
    [
      "that say nothing",
      429,
      { "retry-after": "soon", "anthropic-ratelimit-unified-reset": "never" },
      { status: "rejected", resetsAt: null, type: null, retryAfterSeconds: null },
    ],
    [
      "that are near",
      200,
      { "anthropic-ratelimit-unified-status": "allowed_warning", "anthropic-ratelimit-unified-reset": "1795228440" },
      { status: "allowed_warning", resetsAt: 1_795_228_440, type: null, retryAfterSeconds: null },
    ],
    ["that are far", 200, {}, null],
    ["of a server that is too busy", 503, { "retry-after": "5" }, null],
  ])("%s are on record, and reach the CLI", async (_what, status, headers, expected) => {
    const { gateway } = await given({}, (_request, response) => json(response, { usage }, status, headers));
    const response = await send(gateway);
    await response.text();
    expect(gateway.snapshot().rateLimit).toEqual(expected);
    for (const [name, value] of Object.entries(headers)) expect(response.headers.get(name)).toBe(value);
  });

  test("are forgotten once the provider replies again", async () => {
    let calls = 0;
    const { gateway } = await given({}, (_request, response) => {
      calls += 1;
      json(response, { usage }, calls === 1 ? 429 : 200);
    });
    await (await send(gateway)).text();
    expect(gateway.snapshot().rateLimit?.status).toBe("rejected");
    await (await send(gateway)).text();
    expect(gateway.snapshot().rateLimit).toBeNull();
  });
});

const minimal = { credential: { kind: "api-key", value: key }, token, budgetUsd: 5, now: () => now } as const;

interface Seen {
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

type Serve = (request: IncomingMessage, response: ServerResponse) => Promise<void>;
type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A gateway before a provider that answers every request in the same way. */
async function given(
  { path = "", ...options }: Partial<ModelGatewayOptions> & { readonly path?: string },
  answer: Answer = (_request, response) => json(response, { usage }),
): Promise<{ readonly gateway: ModelGateway; readonly seen: readonly Seen[] }> {
  const seen: Seen[] = [];
  const upstream = createServer((request, response) => void serve(request, response));
  const serve: Serve = async (request, response) => {
    seen.push({ url: request.url ?? "", headers: request.headers, body: await text(request) });
    answer(request, response);
  };
  upstream.listen(0, "127.0.0.1");
  await once(upstream, "listening");
  onTestFinished(() => {
    upstream.closeAllConnections();
    upstream.close();
  });
  const address = upstream.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    gateway: await start({ ...minimal, upstream: new URL(`http://127.0.0.1:${port}${path}`), ...options }),
    seen,
  };
}

async function start(options: ModelGatewayOptions): Promise<ModelGateway> {
  const gateway = await startModelGateway(options);
  onTestFinished(() => gateway.stop());
  return gateway;
}

function send(
  gateway: ModelGateway,
  {
    path = "/v1/messages",
    headers = { "x-api-key": token },
    body = JSON.stringify(asked),
    signal,
  }: {
    readonly path?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string | ReadableStream;
    readonly signal?: AbortSignal;
  } = {},
): Promise<Response> {
  return fetch(gateway.url + path, { method: "POST", headers, body, duplex: "half", signal: signal ?? null });
}

/** Sends a path as it is written, which `fetch` would tidy up first. */
async function rawStatus(gateway: ModelGateway, method: string, path: string): Promise<number | undefined> {
  const { port } = new URL(gateway.url);
  const sent = httpRequest({ host: "127.0.0.1", port, method, path, headers: { "x-api-key": token }, agent: false });
  sent.end();
  const replies = once(sent, "response");
  const [reply] = await replies;
  reply.resume();
  return reply.statusCode;
}

function json(response: ServerResponse, body: unknown, status = 200, headers: Record<string, string> = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}

function sse(...events: readonly { readonly type: string; readonly [key: string]: unknown }[]): string {
  return events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join("");
}
