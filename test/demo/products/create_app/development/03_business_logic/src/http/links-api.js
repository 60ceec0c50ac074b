import { codeFromPath } from "../links/codes.js";
import { Refusal } from "../links/refusal.js";
import { readJson } from "./read-json.js";
import { respondError, respondJson } from "./respond.js";

/** Refusals that are not the usual 422. */
const STATUS_OF_REFUSAL = {
  "alias-taken": 409,
  "body-invalid": 400,
  "body-too-large": 413,
  "body-type": 415,
  "store-full": 507,
};

/** POST /api/links and GET /api/links/:code. There is no list of all links: nobody should browse other people's. */
export function createLinksApi({ links, rateLimit, clientOf, nowMs = Date.now }) {
  return {
    async create(request, response) {
      const waitSeconds = rateLimit.take(clientOf(request), nowMs());
      if (waitSeconds > 0) {
        const message = `Too many new links. Try again in ${waitSeconds} s.`;
        return respondError(response, 429, "rate-limited", message, { "retry-after": String(waitSeconds) });
      }
      try {
        const { url, alias } = await readJson(request);
        const link = await links.shorten({ url, alias });
        return respondJson(response, 201, link, { location: `/api/links/${link.code}` });
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        // The rest of a refused body is not read, so the connection can't serve another request.
        const headers = error.code === "body-too-large" ? { connection: "close" } : {};
        return respondError(response, STATUS_OF_REFUSAL[error.code] ?? 422, error.code, error.message, headers);
      }
    },

    show(segment, response) {
      const code = codeFromPath(segment);
      const link = code === null ? null : links.find(code);
      if (link === null) return respondError(response, 404, "link-unknown", "There is no such short link.");
      return respondJson(response, 200, link);
    },
  };
}
