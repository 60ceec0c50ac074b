import { request as httpRequest } from "node:http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import type { ModelAnswer } from "./model-answer.ts";
import { startModelServer } from "./model-server.ts";
import type { Decide, ModelServer, ModelServerOptions } from "./model-server.ts";

const hello: Decide = () => ({ blocks: [{ type: "text", text: "Hello there." }] });

describe("the model server", () => {
  let servers: ModelServer[];
  beforeEach(() => {
    servers = [];
  });
  afterEach(() => Promise.all(servers.map((server) => server.stop())));

  async function start(decide: Decide, options: Partial<ModelServerOptions> = {}): Promise<ModelServer> {
    const server = await startModelServer({ decide, ...options });
    servers.push(server);
    return server;
  }

  test("streams the events of a message in the order of the API", async () => {
    const server = await start(() => ({
      blocks: [
        { type: "text", text: "I write it." },
        { type: "tool_use", name: "Write", input: { file_path: "/a", content: "x".repeat(5_000) } },
      ],
    }));
    const answer = await post(server, { stream: true });
    expect(answer.headers.get("content-type")).toContain("text/event-stream");
    const events = eventsIn(await answer.text());
    expect(events.map(({ type }) => type).filter((type, at, all) => type !== all[at - 1])).toEqual([
      "message_start",
      "ping",
      "content_block_start",
      "content_block_delta",
      "content_block_stop",
      "content_block_start",
      "content_block_delta",
      "content_block_stop",
      "message_delta",
      "message_stop",
    ]);
    const json = events.flatMap(({ delta }) => delta?.partial_json ?? []);
    expect(json.length).toBeGreaterThan(1);
    expect(JSON.parse(json.join(""))).toEqual({ file_path: "/a", content: "x".repeat(5_000) });
    expect(events.findLast(({ type }) => type === "message_delta")?.delta?.stop_reason).toBe("tool_use");
  });

  test("streamed text arrives whole, also where a piece ends inside an emoji", async () => {
    const text = "👩‍🚀".repeat(100);
    const server = await start(() => ({ blocks: [{ type: "text", text }] }));
    const events = eventsIn(await (await post(server, { stream: true })).text());
    expect(events.flatMap(({ delta }) => delta?.text ?? []).join("")).toBe(text);
  });

  test("answers without stream with the whole message", async () => {
    const server = await start(hello);
    const message = await (await post(server, {})).json();
    expect(message).toMatchObject({
      type: "message",
      role: "assistant",
      model: "claude-sonnet-5-5",
      content: [{ type: "text", text: "Hello there." }],
      stop_reason: "end_turn",
    });
  });

  test("gives each tool call an id of its own, also when the same request comes twice", async () => {
    const call = { type: "tool_use", name: "Read", input: {} } as const;
    const server = await start(() => ({ blocks: [call, call] }));
    const ids = [await (await post(server, {})).text(), await (await post(server, {})).text()].flatMap((text) =>
      [...text.matchAll(/toolu_\w+/g)].map(([id]) => id),
    );
    expect(new Set(ids).size).toBe(4);
  });

  test("reads more from the cache the longer the conversation is", async () => {
    const server = await start(hello);
    const usageOf = async (rounds: number): Promise<Record<string, number>> => {
      const messages = Array.from({ length: rounds }, (_, round) => [
        { role: "assistant", content: `answer ${round} `.repeat(100) },
        { role: "user", content: `question ${round} `.repeat(100) },
      ]).flat();
      const answer = await post(server, { messages: [{ role: "user", content: "hi" }, ...messages] });
      return z.object({ usage: z.record(z.string(), z.number()) }).parse(await answer.json()).usage;
    };
    const [first, second, third] = [await usageOf(0), await usageOf(1), await usageOf(2)];
    expect(first["cache_read_input_tokens"]).toBe(0);
    expect(first["cache_creation_input_tokens"]).toBeGreaterThan(0);
    expect(second["cache_read_input_tokens"]).toBeGreaterThan(0);
    expect(third["cache_read_input_tokens"]).toBeGreaterThan((second["cache_read_input_tokens"] ?? 0) + 400);
    expect(third["output_tokens"]).toBe(first["output_tokens"]);
  });

  test("takes an x-api-key and a bearer token, and refuses others and none with 401", async () => {
    const server = await start(hello, { credentials: ["sk-good"] });
    const statusOf = async (headers: Record<string, string>): Promise<number> =>
      (await post(server, {}, { "x-api-key": "", ...headers })).status;
    expect(await statusOf({ "x-api-key": "sk-good" })).toBe(200);
    expect(await statusOf({ authorization: "Bearer sk-good" })).toBe(200);
    expect(await statusOf({ "x-api-key": "sk-bad" })).toBe(401);
    expect(await statusOf({ authorization: "Bearer sk-bad" })).toBe(401);
    expect(await statusOf({})).toBe(401);
    expect(server.requests.map(({ request }) => request === null)).toEqual([false, false, true, true, true]);
  });

  test("hands an error on with its status, type and headers", async () => {
    const server = await start(() => ({
      error: { status: 429, type: "rate_limit_error", message: "slow down", headers: { "retry-after": "90" } },
    }));
    const answer = await post(server, { stream: true });
    expect(answer.status).toBe(429);
    expect(answer.headers.get("retry-after")).toBe("90");
    expect(await answer.json()).toEqual({ type: "error", error: { type: "rate_limit_error", message: "slow down" } });
  });

  test.each([
    ["torn JSON", "{", 400],
    ["a list", "[]", 400],
    ["no messages", JSON.stringify({ model: "m", messages: [] }), 400],
    ["an assistant first", JSON.stringify({ model: "m", messages: [{ role: "assistant", content: "hi" }] }), 400],
    ["more than 32 MiB", "x".repeat(32 * 1024 * 1024 + 1), 413],
  ])("refuses %s", async (_name, body, status) => {
    const answer = await post(await start(hello), body);
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({ type: "error" });
  });

  test("refuses a tool result without its call, and a call without its result", async () => {
    const server = await start(hello);
    const call = { role: "assistant", content: [{ type: "tool_use", id: "t1", name: "Read", input: {} }] };
    const result = { role: "user", content: [{ type: "tool_result", tool_use_id: "t1", content: "ok" }] };
    const statusOf = async (...messages: unknown[]): Promise<number> =>
      (await post(server, { messages: [{ role: "user", content: "hi" }, ...messages] })).status;
    expect(await statusOf(call, result)).toBe(200);
    expect(await statusOf(call, { role: "system", content: "a reminder" }, result)).toBe(200);
    expect(await statusOf(result)).toBe(400);
    expect(await statusOf(call, { role: "user", content: "and?" })).toBe(400);
    expect(await statusOf(call, result, result)).toBe(400);
  });

  test("says what failed when the script fails", async () => {
    const server = await start(() => {
      throw new Error("no such scene");
    });
    const answer = await post(server, {});
    expect(answer.status).toBe(500);
    expect(await answer.text()).toContain("no such scene");
  });

  test("counts tokens, answers the greeting of the CLI, and knows nothing else", async () => {
    const server = await start(hello);
    const counted = await post(server, {}, {}, "/v1/messages/count_tokens");
    expect(await counted.json()).toEqual({ input_tokens: expect.any(Number) });
    expect((await fetch(`${server.url}/api/hello`, { method: "HEAD" })).status).toBe(200);
    expect((await fetch(`${server.url}/v1/models`)).status).toBe(404);
    expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      "POST /v1/messages/count_tokens",
      "HEAD /api/hello",
      "GET /v1/models",
    ]);
  });

  test.each<[string, ModelAnswer, readonly string[]]>([
    ["cut at the start", { cut: "start" }, ["closed"]],
    ["cut in the middle", { cut: "mid" }, ["headers", "message_start", "closed"]],
    ["hang before the headers", { hang: "connect" }, ["still open", "closed"]],
    ["hang after the headers", { hang: "headers" }, ["headers", "still open", "closed"]],
    ["hang in the middle", { hang: "mid" }, ["headers", "message_start", "still open", "closed"]],
  ])("can %s, and stop ends it", async (_name, answer, expected) => {
    const decided = Promise.withResolvers<void>();
    const server = await start(() => {
      decided.resolve();
      return answer;
    });
    const seen: string[] = [];
    const closed = Promise.withResolvers<void>();
    // What a hanging answer sends has been sent when its last expected part is seen; then the server is stopped.
    const reached = Promise.withResolvers<void>();
    const note = (what: string): void => {
      seen.push(what);
      if (expected[seen.length] === "still open") reached.resolve();
    };
    const outgoing = httpRequest(`${server.url}/v1/messages`, { method: "POST", headers: HEADERS }, (incoming) => {
      note("headers");
      incoming.setEncoding("utf8");
      incoming.once("data", (text: string) => note(/event: (\w+)/.exec(text)?.[1] ?? "nothing"));
      incoming.on("error", () => {});
      incoming.on("close", () => closed.resolve());
    });
    outgoing.on("error", () => closed.resolve());
    outgoing.end(JSON.stringify(BODY));
    if ("hang" in answer) {
      await Promise.all([decided.promise, expected[0] === "still open" ? null : reached.promise]);
      seen.push("still open");
      await server.stop();
      servers.pop();
    }
    await closed.promise;
    expect([...seen, "closed"]).toEqual(expected);
  });
});

const HEADERS = {
  "content-type": "application/json",
  "anthropic-version": "2023-06-01",
  "x-api-key": "sk-any",
};
const BODY = { model: "claude-sonnet-5-5", stream: true, messages: [{ role: "user", content: "hi" }] };

function post(
  server: ModelServer,
  body: object | string,
  headers: Readonly<Record<string, string>> = {},
  path = "/v1/messages?beta=true",
): Promise<Response> {
  const text = typeof body === "string" ? body : JSON.stringify({ ...BODY, stream: false, ...body });
  return fetch(server.url + path, { method: "POST", headers: { ...HEADERS, ...headers }, body: text });
}

const SeenEvent = z.looseObject({
  type: z.string(),
  delta: z.object({ text: z.string(), partial_json: z.string(), stop_reason: z.string() }).partial().optional(),
});
type SeenEvent = z.infer<typeof SeenEvent>;

function eventsIn(stream: string): readonly SeenEvent[] {
  return stream
    .split("\n\n")
    .filter((block) => block !== "")
    .map((block) => {
      const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(block) ?? [];
      const event = SeenEvent.parse(JSON.parse(data ?? "null"));
      expect(event.type).toBe(name);
      return event;
    });
}
