/** What the routes for people and their programs have in common: how they refuse. */
import type { Context } from "hono";
import { RetryLater } from "../control/ports/retry-later.ts";
import type { Log } from "../control/ports/surroundings.ts";

const statusOf = {
  "bad-request": 400,
  "token-refused": 401,
  "not-allowed": 403,
  "not-found": 404,
  "not-granted": 409,
  "read-only": 409,
  "too-large": 413,
  "bad-name": 422,
  "bad-value": 422,
  "too-many-requests": 429,
  unavailable: 503,
} as const;

/** Told to the caller as it is: `{"error": <code>, "message": <what happened, and what next>}`. */
export class ApiRefused extends Error {
  override name = "ApiRefused";
  readonly code: keyof typeof statusOf;
  /** After which a new try makes sense; null where time changes nothing. */
  readonly retryAfterSeconds: number | null;

  constructor(code: keyof typeof statusOf, message: string, retryAfterSeconds: number | null = null) {
    super(message);
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

export interface Answering {
  readonly log: Log;
  /** False while the app starts or drains. */
  readonly ready: () => boolean;
}

/** Answers with what `serve` comes to, as JSON where it is no answer yet, or says why not. Anything else that goes wrong is left to the server. */
export async function answerApi(
  { log, ready }: Answering,
  context: Context,
  serve: () => Promise<object>,
): Promise<Response> {
  context.header("cache-control", "no-store");
  try {
    if (!ready()) throw new ApiRefused("unavailable", "The app is starting or stopping; try again in a moment.", 5);
    const served = await serve();
    return served instanceof Response ? served : context.json(served);
  } catch (error) {
    if (error instanceof ApiRefused) return refuseApi(context, error);
    if (!(error instanceof RetryLater)) throw error;
    log.warn({ err: error, path: context.req.path }, "answering a request of the API");
    const seconds = Math.max(1, Math.ceil(error.retryAfterMs / 1_000));
    return refuseApi(
      context,
      new ApiRefused("unavailable", "GitHub does not answer just now; try again later.", seconds),
    );
  }
}

export function refuseApi(context: Context, { code, message, retryAfterSeconds }: ApiRefused): Response {
  if (retryAfterSeconds !== null) context.header("retry-after", String(retryAfterSeconds));
  if (code === "token-refused") context.header("www-authenticate", 'Bearer realm="GitHub"');
  return context.json({ error: code, message }, statusOf[code]);
}
