import { codeFromPath } from "../links/codes.js";
import { respond } from "./respond.js";

/** Answers 302 and counts visits of people (REQ-003). Returns false where there is no such link, so that the caller can say so. */
export function answerRedirect({ links, segment, request, response }) {
  const code = codeFromPath(segment);
  const target = code === null ? null : countsAsOpen(request) ? links.open(code) : (links.find(code)?.url ?? null);
  if (target === null) return false;
  // 302 and no-store (DEC-004): a browser that remembered the target would not come back to be counted.
  respond(response, 302, "text/plain; charset=utf-8", "", { location: target });
  return true;
}

/**
 * Chat programs ask with HEAD to draw a preview, and browsers fetch ahead what might be clicked.
 * Nobody has opened the link then, so neither counts.
 */
function countsAsOpen(request) {
  const purpose = request.headers["sec-purpose"] ?? request.headers["purpose"] ?? "";
  return request.method === "GET" && !/\bprefetch\b/i.test(purpose);
}
