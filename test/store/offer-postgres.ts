/** Runs once a test run: its workers share one PostgreSQL, which is started when the first of them asks for it. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { TestProject } from "vitest/node";
import { startPostgres, type PostgresServer } from "./postgres-server.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Address that answers with the address of the server, or with 503 and why there is none. */
    readonly postgresOffer: string;
  }
}

export default async function offerPostgres({ provide }: TestProject): Promise<() => Promise<void>> {
  let server: Promise<PostgresServer> | null = null;
  const offer = createServer((_request, response) => {
    server ??= startOrSay();
    server.then(
      ({ url }) => response.end(url),
      (error: unknown) => response.writeHead(503).end(textOf(error)),
    );
  });
  offer.listen(0, "127.0.0.1");
  await once(offer, "listening");
  const address = offer.address();
  if (address !== null && typeof address === "object") provide("postgresOffer", `http://127.0.0.1:${address.port}`);
  return async () => {
    offer.closeAllConnections();
    offer.close();
    // One that did not start has cleaned up after itself.
    await server?.then(
      (started) => started.stop(),
      () => undefined,
    );
  };
}

async function startOrSay(): Promise<PostgresServer> {
  try {
    return await startPostgres();
  } catch (error) {
    process.stderr.write(`Tests on PostgreSQL are left out, and fail where CI=true: ${textOf(error)}\n`);
    throw error;
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
