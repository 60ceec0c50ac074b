import { createServer } from "node:http";
import { codeFromPath } from "../links/codes.js";
import { createLinksApi } from "./links-api.js";
import { errorPage } from "./pages.js";
import { createRateLimit } from "./rate-limit.js";
import { answerRedirect } from "./redirect.js";
import { respond, respondError, respondJson } from "./respond.js";

const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 15_000;

/** The whole HTTP side, not listening yet. `log` gets one line for each fault of ours. */
export function createHttpServer({ links, pages, config, log }) {
  const api = createLinksApi({
    links,
    rateLimit: createRateLimit(config.createLimitPerMinute),
    clientOf: (request) => clientAddress(request, config.trustProxy),
  });

  // The first pattern that fits decides. HEAD is answered wherever GET is.
  const routes = [
    { path: /^\/$/, GET: (request, response) => pages.send("page", request, response) },
    { path: /^\/healthz$/, GET: (_request, response) => respondJson(response, 200, { status: "ok" }) },
    { path: /^\/robots\.txt$/, GET: (request, response) => pages.send("robots", request, response) },
    { path: /^\/assets\/(app\.css|app\.js)$/, GET: (request, response, [name]) => pages.send(name, request, response) },
    { path: /^\/api\/links$/, POST: (request, response) => api.create(request, response) },
    { path: /^\/api\/links\/([^/]+)$/, GET: (_request, response, [code]) => api.show(code, response) },
    { path: /^\/stats\/([^/]+)$/, GET: showStats },
    { path: /^\/([^/]+)$/, GET: followLink },
  ];

  function showStats(request, response, [segment]) {
    const code = codeFromPath(segment);
    if (code === null || links.find(code) === null) return sendNotFound(request, response);
    return pages.send("page", request, response);
  }

  function followLink(request, response, [segment]) {
    if (!answerRedirect({ links, segment, request, response })) sendNotFound(request, response);
  }

  async function handle(request, response) {
    const path = request.url.split("?")[0];
    for (const route of routes) {
      const match = route.path.exec(path);
      if (match === null) continue;
      const handler = route[request.method === "HEAD" ? "GET" : request.method];
      if (handler !== undefined) return handler(request, response, match.slice(1));
      const allow = route.GET === undefined ? "POST" : "GET, HEAD";
      return respondError(response, 405, "method", `This address takes ${allow}.`, { allow });
    }
    return sendNotFound(request, response);
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

function sendNotFound(request, response) {
  if (!request.headers.accept?.includes("text/html")) {
    return respondError(response, 404, "not-found", "There is nothing at this address.");
  }
  const text = "This short link does not exist. Check it for a typing error, or ask the person who sent it.";
  return respond(response, 404, "text/html; charset=utf-8", errorPage({ title: "Link not found", text }));
}

/** X-Forwarded-For is believed only behind a proxy of our own: anyone else could write a new address each time. */
function clientAddress(request, trustProxy) {
  const forwarded = trustProxy ? request.headers["x-forwarded-for"]?.split(",").at(-1).trim() : undefined;
  return forwarded || (request.socket.remoteAddress ?? "unknown");
}
