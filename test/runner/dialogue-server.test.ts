import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import {
  startDialogueServer,
  type DialogueServer,
  type Permit,
  type ToolCall,
} from "../../src/runner/dialogue-server.ts";
import { toolList, toolNamesOfCli } from "../../src/runner/dialogue-tools.ts";

const token = "a-throw-away-token-0123456789";
const toolName = "mcp__phasegate__ask_user";
const input = { questions: [{ category: "business", question: "Who pays?", required: true }] };

describe("the dialogue server", () => {
  let server: DialogueServer;
  let judged: ToolCall[];
  let used: ToolCall[];
  beforeEach(async () => {
    server = await startDialogueServer({ token, watchesTools: true });
    judged = [];
    used = [];
  });
  afterEach(() => server.stop());

  const addressOf = (json: string): string => /http:\/\/127\.0\.0\.1:\d+\/\w+/.exec(json)?.[0] ?? "";
  const post = (url: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
    fetch(url, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  const mcp = async (method: string, params: object = {}): Promise<unknown> =>
    (await post(addressOf(server.mcpConfig), { jsonrpc: "2.0", id: 7, method, params })).json();
  const hook = async (body: unknown): Promise<unknown> => (await post(addressOf(server.settings), body)).json();
  const attend = (verdict: "defer" | "pass"): void =>
    server.attend({
      judge: (call) => {
        judged.push(call);
        return verdict;
      },
      use: (call) => {
        used.push(call);
        return { text: "an answer", isError: false };
      },
    });

  test("shows its token in the environment alone", () => {
    expect(server.environment).toEqual({ PHASEGATE_DIALOGUE_TOKEN: token });
    expect(server.mcpConfig + server.settings).not.toContain(token);
  });

  test("answers nobody without its token, and nothing elsewhere", async () => {
    attend("defer");
    for (const url of [addressOf(server.mcpConfig), addressOf(server.settings)]) {
      for (const authorization of ["", "Bearer ", `Bearer ${token}x`, token]) {
        expect((await post(url, "{}", { authorization })).status).toBe(401);
      }
      expect((await fetch(url, { headers: { authorization: `Bearer ${token}` } })).status).toBe(405);
    }
    expect((await post(`${addressOf(server.mcpConfig)}/x`, "{}")).status).toBe(404);
    expect([judged, used]).toEqual([[], []]);
  });

  test("puts a call off where its desk says so, and says nothing of any other", async () => {
    attend("defer");
    const asked = { hook_event_name: "PreToolUse", tool_name: toolName, tool_use_id: "toolu_1", tool_input: input };
    expect(await hook(asked)).toEqual({
      hookSpecificOutput: { hookEventName: "PreToolUse", permissionDecision: "defer" },
    });
    expect(judged).toEqual([{ id: "toolu_1", name: "ask_user", input }]);
    expect(await hook({ ...asked, tool_name: "Bash" })).toEqual({});
    expect(await hook("no json")).toEqual({});
    expect(judged).toHaveLength(1);
    attend("pass");
    expect(await hook(asked)).toEqual({});
  });

  test("asks the desk about any other tool where it watches them, and passes on what it says", async () => {
    const asked = { hook_event_name: "PreToolUse", tool_name: "Bash", tool_use_id: "toolu_2", tool_input: input };
    const permits: Permit[] = [{ kind: "allow" }, { kind: "deny", reason: "People refused this." }, { kind: "pass" }];
    server.attend({
      judge: () => "pass",
      use: () => ({ text: "", isError: true }),
      permit: () => permits.shift() ?? { kind: "defer" },
    });
    const said = (permissionDecision: string, more: object = {}) => ({
      hookSpecificOutput: { hookEventName: "PreToolUse", permissionDecision, ...more },
    });
    expect(await hook(asked)).toEqual(said("allow"));
    expect(await hook(asked)).toEqual(said("deny", { permissionDecisionReason: "People refused this." }));
    expect(await hook(asked)).toEqual({});
    expect(await hook(asked)).toEqual(said("defer"));
    expect(server.settings).toContain('"matcher":".*"');
    await using quiet = {
      server: await startDialogueServer({ token, watchesTools: false }),
      [Symbol.asyncDispose]: async () => await quiet.server.stop(),
    };
    expect(quiet.server.settings).toContain('"matcher":"mcp__phasegate__.*"');
  });

  test("speaks the protocol of the CLI: a call goes to the desk with its own id", async () => {
    attend("pass");
    expect(await mcp("initialize", { protocolVersion: "2025-06-18" })).toMatchObject({
      id: 7,
      result: { protocolVersion: "2025-06-18", capabilities: { tools: {} } },
    });
    expect(await mcp("initialize", { protocolVersion: "2099-01-01" })).toMatchObject({
      result: { protocolVersion: "2025-11-25" },
    });
    expect(await mcp("ping")).toMatchObject({ result: {} });
    expect(await mcp("server/discover")).toMatchObject({ error: { code: -32_601 } });
    const _meta = { "claudecode/toolUseId": "toolu_1" };
    expect(await mcp("tools/call", { name: "ask_user", arguments: input, _meta })).toEqual({
      jsonrpc: "2.0",
      id: 7,
      result: { content: [{ type: "text", text: "an answer" }], isError: false },
    });
    expect(used).toEqual([{ id: "toolu_1", name: "ask_user", input }]);
    const url = addressOf(server.mcpConfig);
    expect((await post(url, { jsonrpc: "2.0", method: "notifications/initialized" })).status).toBe(202);
    expect(await (await post(url, "[]")).json()).toMatchObject({ id: null, error: { code: -32_600 } });
  });

  test("has nobody to ask before a step is under way", async () => {
    expect(await hook({ tool_name: toolName, tool_input: input })).toEqual({});
    expect(await mcp("tools/call", { name: "ask_user", arguments: input })).toMatchObject({
      result: { isError: true },
    });
  });

  test("refuses what is too large", async () => {
    expect((await post(addressOf(server.mcpConfig), "x".repeat(1024 * 1024 + 1))).status).toBe(413);
  });
});

test("the tools are listed with what a call of them may hold, small enough to go with every request", () => {
  expect(toolNamesOfCli).toContain(toolName);
  const schemas = z.array(
    z.object({ inputSchema: z.looseObject({ type: z.literal("object"), required: z.array(z.string()) }) }),
  );
  expect(schemas.parse(toolList).map(({ inputSchema }) => inputSchema.required)).toEqual([
    ["questions"],
    ["type", "name", "required"],
    ["type", "message"],
    ["phase", "files"],
  ]);
  expect(JSON.stringify(toolList)).toContain('"maxItems":4');
  // In characters, some four to a token.
  expect(JSON.stringify(toolList).length).toBeLessThan(4_500);
});
