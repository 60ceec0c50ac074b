/** A process that takes webhooks: the app, or a bare Probot handler. Says its port, and on request what it costs. */
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { createNodeMiddleware, createProbot } from "probot";
import { parseConfig } from "../../src/control/config.ts";
import type { Log } from "../../src/control/ports/surroundings.ts";
import { webhookPath } from "../../src/http/server.ts";
import { startApp } from "../../src/start-app.ts";

const [kind = "", secret = "", dataDir = ""] = process.argv.slice(2);

const { privateKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});

process.send?.({ port: kind === "app" ? await listenAsApp() : await listenAsProbot() });
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuMs: (user + system) / 1_000, rssBytes: process.memoryUsage.rss() });
});
process.on("disconnect", () => process.exit());

/** Whole: what it takes in, it works off at the same time. GitHub is a port where nobody listens. */
async function listenAsApp(): Promise<number> {
  const config = parseConfig(
    {
      APP_ID: "4711",
      PRIVATE_KEY: privateKey,
      WEBHOOK_SECRET: secret,
      PUBLIC_URL: "http://127.0.0.1:3000",
      ACTION_REF: `acme/phasegate@${"a".repeat(40)}`,
      HOST: "127.0.0.1",
      PORT: "3000",
      GITHUB_API_URL: "http://127.0.0.1:9",
      GITHUB_WEB_URL: "http://127.0.0.1:9",
      OIDC_ISSUER: "http://127.0.0.1:9",
      DATA_DIR: dataDir,
    },
    () => "",
  );
  const silent = () => undefined;
  const log: Log = { debug: silent, info: silent, warn: silent, error: silent };
  const app = await startApp({ ...config, port: 0 }, { clock: { now: () => new Date() }, newId: randomUUID, log });
  return app.port;
}

/** Verifies, parses and calls a handler that does nothing. */
async function listenAsProbot(): Promise<number> {
  const probot = createProbot({ overrides: { appId: 4711, privateKey, secret, logLevel: "fatal" } });
  const middleware = await createNodeMiddleware(
    (app) => {
      app.on("issues.labeled", () => undefined);
    },
    { probot, webhooksPath: webhookPath },
  );
  const server = createServer((request, response) => void middleware(request, response));
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
}
