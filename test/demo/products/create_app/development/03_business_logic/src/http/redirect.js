import { codeFromPath } from "../links/codes.js";
import { respond } from "./respond.js";

/** Answers 302 and counts the open (REQ-003). Returns false where there is no such link, so that the caller can say so. */
export function answerRedirect({ links, segment, response }) {
  const code = codeFromPath(segment);
  const target = code === null ? null : links.open(code);
  if (target === null) return false;
  // 302 and no-store (DEC-004): a browser that remembered the target would not come back to be counted.
  respond(response, 302, "text/plain; charset=utf-8", "", { location: target });
  return true;
}
