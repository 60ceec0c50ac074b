import { createServer } from "node:http";
import { createLinksApi } from "./links-api.js";
import { createRateLimit } from "./rate-limit.js";
import { answerRedirect } from "./redirect.js";
import { respondError, respondJson } from "./respond.js";

const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 15_000;

/** The whole HTTP side, not listening yet. `log` gets one line for each fault of ours. */
export function createHttpServer({ links, config, log }) {
  const api = createLinksApi({
    links,
    rateLimit: createRateLimit(config.createLimitPerMinute),
    clientOf: (request) => clientAddress(request, config.trustProxy),
  });

  async function handle(request, response) {
    const path = request.url.split("?")[0];
    const reading = request.method === "GET" || request.method === "HEAD";
    if (path === "/healthz" && reading) return respondJson(response, 200, { status: "ok" });
    if (path === "/api/links" && request.method === "POST") return api.create(request, response);
    const shown = /^\/api\/links\/([^/]+)$/.exec(path);
    if (shown !== null && reading) return api.show(shown[1], response);
    const opened = /^\/([^/]+)$/.exec(path);
    if (opened !== null && reading && answerRedirect({ links, segment: opened[1], response })) return;
    respondError(response, 404, "not-found", "There is nothing at this address.");
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error) => {
      log(`${request.method} ${request.url}: ${error.stack}`);
      if (response.headersSent) response.destroy();
      else respondError(response, 500, "internal", "Something went wrong on our side. Try again later.");
    });
  });
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  return server;
}

/** X-Forwarded-For is believed only behind a proxy of our own: anyone else could write a new address each time. */
function clientAddress(request, trustProxy) {
  const forwarded = trustProxy ? request.headers["x-forwarded-for"]?.split(",").at(-1).trim() : undefined;
  return forwarded || (request.socket.remoteAddress ?? "unknown");
}
