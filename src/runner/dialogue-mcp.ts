/** The part of the Model Context Protocol that a server of tools without any state needs, over JSON-RPC. Pure. */

import type { ToolAnswer, ToolCall } from "./dialogue-server.ts";
import { toolList } from "./dialogue-tools.ts";
import { objectAt, stringAt, type Json } from "./narrow.ts";

/** The newest that this was tried with; a client that asks for an older one of these gets it. */
const protocolVersions = ["2025-11-25", "2025-06-18", "2025-03-26"] as const;

const noRequest = -32_600;
const noMethod = -32_601;

/** Null for what needs no answer. A message that can't be read is answered as an error. */
export function answerMcp(message: Json | null, use: (call: ToolCall) => ToolAnswer): object | null {
  const method = message === null ? null : stringAt(message, "method");
  if (message === null || method === null) return failure(null, noRequest, "expected one JSON-RPC request");
  const id = message["id"];
  // A notification.
  if (typeof id !== "string" && typeof id !== "number") return null;
  const params = objectAt(message, "params") ?? {};
  switch (method) {
    case "initialize": {
      const asked = stringAt(params, "protocolVersion");
      const protocolVersion = protocolVersions.find((version) => version === asked) ?? protocolVersions[0];
      const serverInfo = { name: "phasegate", version: "1" };
      return success(id, { protocolVersion, capabilities: { tools: {} }, serverInfo });
    }
    case "ping":
      return success(id, {});
    case "tools/list":
      return success(id, { tools: toolList });
    case "tools/call": {
      const call = {
        id: stringAt(objectAt(params, "_meta") ?? {}, "claudecode/toolUseId"),
        name: stringAt(params, "name") ?? "",
        input: objectAt(params, "arguments"),
      };
      const { text, isError } = use(call);
      return success(id, { content: [{ type: "text", text }], isError });
    }
    default:
      return failure(id, noMethod, `there is no method ${method.slice(0, 100)}`);
  }
}

function success(id: string | number, result: object): object {
  return { jsonrpc: "2.0", id, result };
}

function failure(id: string | number | null, code: number, message: string): object {
  return { jsonrpc: "2.0", id, error: { code, message } };
}
