import { RetryLater } from "../control/ports/retry-later.ts";

/** GitHub said no, and another try as such would hear the same. Callers branch on `status`. */
export class RequestFailed extends Error {
  override name = "RequestFailed";
  /** HTTP status, or the one that fits best for an error of GraphQL. */
  readonly status: number;
  /** GitHub's own words, with the entries of its `errors` list. */
  readonly reason: string;

  constructor(doing: string, status: number, reason: string, options?: ErrorOptions) {
    super(`${doing}: GitHub answered ${status}: ${reason}`, options);
    this.status = status;
    this.reason = reason;
  }
}

/** What only somebody who manages the installation can give; the words are those of `failureOf` and `api.ts`. */
export function lacksPermission({ status, reason }: RequestFailed): boolean {
  return status === 403 && /^the installation does not grant |\(the app needs the permission /u.test(reason);
}

/** A limit of GitHub is reached: nobody of the installation should call before it lifts. */
export class RateLimited extends RetryLater {
  override name = "RateLimited";
}

const retryDefaultMs = 10_000;
/** What GitHub asks for where a secondary limit names no time. */
const secondaryLimitDefaultMs = 60_000;
const retryAfterMsMax = 60 * 60_000;
const reasonCharactersMax = 600;

/** What a failed call comes to: `RetryLater`, or `RequestFailed` for what only a change can mend. Our own faults stay plain errors. */
export function failureOf(doing: string, error: unknown, now: Date): Error {
  if (error instanceof RetryLater || error instanceof RequestFailed) return error;
  const graphql = graphqlErrorsOf(error);
  if (graphql !== null) return graphqlFailure(doing, graphql, error);
  const answer = answerOf(error);
  if (answer === null) {
    // Octokit gives a status to whatever went wrong on the way; without one the fault is in how we read the answer.
    if (typeof fieldOf(error, "status") !== "number")
      return new Error(`${doing}: ${messageOf(error)}`, { cause: error });
    return new RetryLater(`${doing}: no answer from GitHub: ${messageOf(error)}`, retryDefaultMs, { cause: error });
  }
  const { status, headers, reason } = answer;
  if (isLimit(status, headers, reason)) {
    const retryAfterMs = retryAfterOf(headers, now) ?? secondaryLimitDefaultMs;
    return new RateLimited(`${doing}: GitHub's rate limit: ${reason}`, retryAfterMs, { cause: error });
  }
  if (status >= 500 || status === 408) {
    return new RetryLater(
      `${doing}: GitHub answered ${status}: ${reason}`,
      retryAfterOf(headers, now) ?? retryDefaultMs,
      { cause: error },
    );
  }
  const accepted = headers["x-accepted-github-permissions"];
  const hint =
    status === 403 && accepted !== undefined
      ? ` (the app needs the permission ${accepted} here; accept it in its installation)`
      : "";
  return new RequestFailed(doing, status, `${reason}${hint}`, { cause: error });
}

function graphqlFailure(
  doing: string,
  errors: readonly { readonly type: string; readonly message: string }[],
  cause: unknown,
): RetryLater | RequestFailed {
  const reason = errors
    .map(({ message }) => message)
    .join("; ")
    .slice(0, reasonCharactersMax);
  if (errors.some(({ type }) => type === "RATE_LIMITED")) {
    return new RateLimited(`${doing}: GitHub's rate limit: ${reason}`, secondaryLimitDefaultMs, { cause });
  }
  const status = errors.some(({ type }) => type === "NOT_FOUND")
    ? 404
    : errors.some(({ type }) => type === "FORBIDDEN")
      ? 403
      : 422;
  return new RequestFailed(doing, status, reason, { cause });
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly reason: string;
}

/** Octokit's error, where GitHub did answer. Without a `response` its status 500 is made up. */
function answerOf(error: unknown): Answer | null {
  const response = fieldOf(error, "response");
  const status = fieldOf(response, "status");
  if (typeof status !== "number") return null;
  const headers: Record<string, string | undefined> = {};
  const given = fieldOf(response, "headers");
  if (typeof given === "object" && given !== null) {
    for (const [name, value] of Object.entries(given)) headers[name.toLowerCase()] = String(value);
  }
  const data = fieldOf(response, "data");
  const message = fieldOf(data, "message");
  const errors = fieldOf(data, "errors");
  const entries = Array.isArray(errors) ? errors.map(entryText).filter((text) => text !== "") : [];
  const reason = [typeof message === "string" ? message : messageOf(error), ...entries].join("; ");
  return { status, headers, reason: reason.slice(0, reasonCharactersMax) };
}

/** `{resource, field, code, message}`, or a bare sentence. */
function entryText(entry: unknown): string {
  if (typeof entry === "string") return entry;
  const message = fieldOf(entry, "message");
  if (typeof message === "string") return message;
  const words = [fieldOf(entry, "field"), fieldOf(entry, "code")].filter((word) => typeof word === "string");
  return words.join(" ");
}

function isLimit(status: number, headers: Answer["headers"], reason: string): boolean {
  if (status === 429) return true;
  if (status !== 403) return false;
  return (
    headers["retry-after"] !== undefined ||
    headers["x-ratelimit-remaining"] === "0" ||
    /secondary rate limit|rate limit exceeded|abuse detection/iu.test(reason)
  );
}

function retryAfterOf(headers: Answer["headers"], now: Date): number | null {
  const seconds = Number(headers["retry-after"] ?? Number.NaN);
  if (Number.isFinite(seconds) && seconds >= 0) return Math.min(seconds * 1_000, retryAfterMsMax);
  const reset = Number(headers["x-ratelimit-reset"] ?? Number.NaN);
  if (headers["x-ratelimit-remaining"] !== "0" || !Number.isFinite(reset)) return null;
  // One second more: the reset is given in whole seconds.
  return Math.min(Math.max(reset * 1_000 - now.getTime() + 1_000, 1_000), retryAfterMsMax);
}

function graphqlErrorsOf(error: unknown): readonly { readonly type: string; readonly message: string }[] | null {
  const errors = fieldOf(error, "errors");
  if (!(error instanceof Error) || error.name !== "GraphqlResponseError" || !Array.isArray(errors)) return null;
  return errors.map((entry: unknown) => ({
    type: textOf(fieldOf(entry, "type")),
    message: textOf(fieldOf(entry, "message")),
  }));
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
