import type { IncomingMessage, ServerResponse } from "node:http";

/** The shape of error that clients of the Messages API understand. Breaks the connection off where a reply had begun. */
export function sendError(response: ServerResponse, status: number, type: string, message: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  // After 413 the rest of the request still lies in the connection.
  response.writeHead(status, { "content-type": "application/json", ...(status === 413 && { connection: "close" }) });
  response.end(JSON.stringify({ type: "error", error: { type, message } }));
}

/** Null where the body is larger than it may be. */
export async function readBody(request: IncomingMessage, bytesMax: number): Promise<Buffer | null> {
  if (Number(request.headers["content-length"] ?? 0) > bytesMax) return null;
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Destroying the request would take away the connection that has to carry the refusal.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    bytes += chunk.length;
    if (bytes > bytesMax) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
