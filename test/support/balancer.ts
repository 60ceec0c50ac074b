/** What stands in front of several replicas: each request goes to the next of them that takes it. */
import { createServer, request as send, type IncomingMessage, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";

export interface Balancer {
  /** Ports of the replicas that take requests now. */
  readonly ports: number[];
  close(): Promise<void>;
}

export async function startBalancer(port: number): Promise<Balancer> {
  const ports: number[] = [];
  let turn = 0;
  const server = createServer((request, response) => {
    passOn(request, response).catch((error: unknown) => response.writeHead(502).end(String(error)));
  });

  async function passOn(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    // One that was taken away after the choice refuses, and the next one takes it.
    for (let tries = 0; tries < ports.length; tries += 1) {
      turn += 1;
      const answer = await answerOf(request, body, ports[turn % ports.length] ?? 0).catch(() => null);
      if (answer === null) continue;
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
      response.once("close", () => answer.destroy());
      return;
    }
    response.writeHead(503).end();
  }

  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    ports,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answerOf({ method, url, headers }: IncomingMessage, body: Buffer, port: number): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, method, path: url, headers, agent: false };
    send(options, resolve).once("error", reject).end(body);
  });
}
