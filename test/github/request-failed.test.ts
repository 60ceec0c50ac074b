import { describe, expect, test } from "vitest";
import { RetryLater } from "../../src/control/ports/retry-later.ts";
import { failureOf, RateLimited, RequestFailed } from "../../src/github/request-failed.ts";

const now = new Date("2026-11-21T02:00:00Z");

function answered(status: number, headers: Record<string, string> = {}, data: object = { message: "said so" }): Error {
  return Object.assign(new Error("HttpError"), { status, response: { status, headers, data } });
}

function graphql(...errors: readonly object[]): Error {
  return Object.assign(new Error("GraphQL"), { name: "GraphqlResponseError", errors });
}

const inTwoMinutes = String(now.getTime() / 1_000 + 120);

describe("what a failed request comes to", () => {
  test.each([
    ["a 500", answered(500), 10_000],
    ["a 503 with a time", answered(503, { "retry-after": "3" }), 3_000],
    ["a 429 with a time", answered(429, { "retry-after": "30" }), 30_000],
    ["a 429 without", answered(429), 60_000],
    [
      "a secondary limit by its words",
      answered(403, {}, { message: "You have exceeded a secondary rate limit" }),
      60_000,
    ],
    [
      "a spent primary limit",
      answered(403, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": inTwoMinutes }),
      121_000,
    ],
    ["a reset that has passed", answered(403, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1" }), 1_000],
    ["an absurd time", answered(429, { "retry-after": "9999999" }), 3_600_000],
    ["a time that is no number", answered(429, { "retry-after": "soon" }), 60_000],
    ["a network fault", Object.assign(new Error("ECONNRESET"), { status: 500 }), 10_000],
    ["GraphQL's limit", graphql({ type: "RATE_LIMITED", message: "API rate limit exceeded" }), 60_000],
  ])("%s is tried later", (_claim, error, retryAfterMs) => {
    const failure = failureOf("doing it", error, now);
    expect(failure).toBeInstanceOf(RetryLater);
    expect(failure).toMatchObject({ retryAfterMs });
    expect(failure.message).toMatch(/^doing it: /u);
  });

  test.each([
    ["404", answered(404), 404, "said so"],
    [
      "422 with its list",
      answered(
        422,
        {},
        { message: "Validation Failed", errors: [{ field: "head", code: "invalid" }, "bare", { message: "m" }] },
      ),
      422,
      "Validation Failed; head invalid; bare; m",
    ],
    [
      "403 with the permission that is missing",
      answered(403, { "X-Accepted-GitHub-Permissions": "secrets=read" }),
      403,
      "said so (the app needs the permission secrets=read here; accept it in its installation)",
    ],
    ["GraphQL's NOT_FOUND", graphql({ type: "NOT_FOUND", message: "gone" }), 404, "gone"],
    ["GraphQL's FORBIDDEN", graphql({ type: "FORBIDDEN", message: "no" }), 403, "no"],
    ["GraphQL's others", graphql({ message: "stale" }, { message: "too" }), 422, "stale; too"],
  ])("%s is a refusal", (_claim, error, status, reason) => {
    const failure = failureOf("doing it", error, now);
    expect(failure).toBeInstanceOf(RequestFailed);
    expect(failure).toMatchObject({ status, reason, cause: error });
    expect(failure.message).toBe(`doing it: GitHub answered ${status}: ${reason}`);
  });

  test("a fault of our own is neither", () => {
    const error = new TypeError("x is undefined");
    const failure = failureOf("doing it", error, now);
    expect(failure).toMatchObject({ name: "Error", message: "doing it: x is undefined", cause: error });
  });

  test("only limits make the others wait", () => {
    expect(failureOf("x", answered(429), now)).toBeInstanceOf(RateLimited);
    expect(failureOf("x", answered(500), now)).not.toBeInstanceOf(RateLimited);
  });

  test("a failure stays what it is", () => {
    const failure = failureOf("x", answered(404), now);
    expect(failureOf("y", failure, now)).toBe(failure);
  });
});
