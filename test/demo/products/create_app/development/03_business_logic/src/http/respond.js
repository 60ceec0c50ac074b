/** Sent with everything: the pages need nothing from other origins, and short links should leak no referrer. */
const COMMON_HEADERS = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; " +
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

export function respond(response, status, type, body, headers = {}) {
  const bytes = Buffer.from(body);
  response.writeHead(status, {
    ...COMMON_HEADERS,
    "content-type": type,
    "content-length": bytes.length,
    "cache-control": "no-store",
    ...headers,
  });
  // Node leaves the body out by itself when the request was HEAD.
  response.end(bytes);
}

export function respondJson(response, status, value, headers) {
  respond(response, status, "application/json; charset=utf-8", JSON.stringify(value), headers);
}

export function respondError(response, status, code, message, headers) {
  respondJson(response, status, { error: { code, message } }, headers);
}
