/** A server of one tool, over HTTP, that wants a bearer token: `mcp__<name>__shelf` says what lies on a shelf. */

import { once } from "node:events";
import { createServer } from "node:http";
import { z } from "zod";

const Message = z.object({
  id: z.union([z.string(), z.number()]).optional(),
  method: z.string(),
  params: z.looseObject({ protocolVersion: z.string().optional() }).optional(),
});

export interface TinyMcp {
  readonly url: string;
  /** Calls of the tool. */
  readonly calls: unknown[];
  [Symbol.asyncDispose](): Promise<void>;
}

export async function startTinyMcp(token: string): Promise<TinyMcp> {
  const calls: unknown[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (request.headers.authorization !== `Bearer ${token}`) return void response.writeHead(401).end();
      if (request.method !== "POST") return void response.writeHead(405).end();
      const { id, method, params } = Message.parse(JSON.parse(Buffer.concat(chunks).toString("utf8")));
      if (id === undefined) return void response.writeHead(202).end();
      if (method === "tools/call") calls.push(params);
      const result = resultOf(method, params?.protocolVersion ?? "2025-06-18");
      response
        .writeHead(200, { "content-type": "application/json" })
        .end(JSON.stringify({ jsonrpc: "2.0", id, result }));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return {
    url: `http://127.0.0.1:${address.port}/mcp`,
    calls,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function resultOf(method: string, protocolVersion: string): object {
  switch (method) {
    case "initialize":
      return { protocolVersion, capabilities: { tools: {} }, serverInfo: { name: "shelf", version: "1" } };
    case "tools/list":
      return {
        tools: [{ name: "shelf", description: "What lies there.", inputSchema: { type: "object", properties: {} } }],
      };
    case "tools/call":
      return { content: [{ type: "text", text: "three blue books" }] };
    default:
      return {};
  }
}
