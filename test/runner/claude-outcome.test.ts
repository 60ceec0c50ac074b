import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { claudeOutcome, type ClaudeExit, type ClaudeOutcome } from "../../src/runner/claude-outcome.ts";
import { createStreamParser } from "../../src/runner/stream.ts";
import type { ResultEvent } from "../../src/runner/stream-event.ts";
import { noUsage } from "../../src/core/usage.ts";

describe("claudeOutcome of a recorded session", () => {
  test.each<readonly [recording: string, exitCode: number, expected: Partial<ClaudeOutcome>]>([
    ["denied-tool", 0, { kind: "completed", text: "Done." }],
    ["two-results", 0, { kind: "completed", text: "Second turn over.", permissionDenials: [] }],
    ["deferred", 0, { kind: "question", deferred: { id: "toolu_1_1", name: "Bash", input: { command: "date" } } }],
    ["usage-limit", 1, { kind: "rate-limited", resetsAt: "2026-11-21T02:34:00.000Z" }],
    [
      "max-turns",
      1,
      { kind: "failed", reason: "max-turns", message: "Reached maximum number of turns (2)", retryable: false },
    ],
    ["wrong-key", 1, { kind: "failed", reason: "authentication", retryable: false }],
    ["overloaded", 1, { kind: "failed", reason: "api", retryable: true }],
  ])("%s, exit %i", (recording, exitCode, expected) => {
    expect(claudeOutcome(recorded(recording, exitCode))).toMatchObject(expected);
  });

  test("is an exhausted budget and no failed login where the model gateway refused", () => {
    const exit = recorded("refused-for-budget", 1);
    expect(claudeOutcome(exit)).toMatchObject({ kind: "failed", reason: "authentication" });
    expect(claudeOutcome({ ...exit, refusedForBudget: true })).toEqual({ kind: "budget-exhausted" });
  });

  test("is completed where the model gateway refused once and the agent ended well in spite of it", () => {
    expect(claudeOutcome({ ...recorded("denied-tool", 0), refusedForBudget: true })).toMatchObject({
      kind: "completed",
    });
  });
});

describe("claudeOutcome", () => {
  const apiError = { isError: true, terminalReason: "api_error" };

  test.each<readonly [story: string, exit: Partial<ClaudeExit>, expected: Partial<ClaudeOutcome>]>([
    ["we cancelled", { exitCode: 143, cancelled: true }, { kind: "cancelled" }],
    [
      "we cancelled, and it ended well before it noticed",
      { cancelled: true, results: [result()] },
      { kind: "cancelled" },
    ],
    ["we ended it for silence", { exitCode: 143, timedOut: "no-output" }, { kind: "timed-out", why: "no-output" }],
    [
      "we ended it by force",
      { exitCode: null, signal: "SIGKILL", timedOut: "step-time" },
      { kind: "timed-out", why: "step-time" },
    ],
    ["somebody else ended it", { exitCode: 143, results: [result()] }, { kind: "cancelled" }],
    ["somebody else sent SIGTERM that it did not handle", { exitCode: null, signal: "SIGTERM" }, { kind: "cancelled" }],
    [
      "it was interrupted in a tool",
      { results: [result({ subtype: "error_during_execution", isError: true, terminalReason: "aborted_tools" })] },
      { kind: "cancelled" },
    ],
    [
      "it was interrupted while it spoke",
      { results: [result({ subtype: "error_during_execution", terminalReason: "aborted_streaming" })] },
      { kind: "cancelled" },
    ],
    ["it said nothing and left", { exitCode: 0 }, { kind: "crashed", exitCode: 0, signal: null, stderrTail: "boom" }],
    ["a flag was wrong", { exitCode: 1 }, { kind: "crashed", exitCode: 1, stderrTail: "boom" }],
    [
      "the kernel killed it after a result",
      { exitCode: null, signal: "SIGKILL", results: [result()] },
      { kind: "crashed", exitCode: null, signal: "SIGKILL" },
    ],
    [
      "the last of several results is an error",
      { exitCode: 1, results: [result(), result({ ...apiError, apiErrorStatus: 500, text: "API Error: 500" })] },
      { kind: "failed", reason: "api", message: "API Error: 500", retryable: true },
    ],
    [
      "the last of several results is none",
      { results: [result({ ...apiError }), result({ text: "fine" })] },
      { kind: "completed", text: "fine" },
    ],
    [
      "a turn asked, and a later turn went on",
      { results: [result({ deferredToolUse: { id: "t", name: "ask", input: {} } }), result()] },
      { kind: "completed" },
    ],
    [
      "a deferred tool is gone",
      {
        exitCode: 1,
        results: [
          result({
            isError: true,
            terminalReason: "tool_deferred_unavailable",
            deferredToolUse: { id: "t", name: "ask", input: {} },
          }),
        ],
      },
      { kind: "failed", reason: "other" },
    ],
    [
      "429 without a word on when",
      { exitCode: 1, results: [result({ ...apiError, apiErrorStatus: 429, text: "limit" })] },
      { kind: "rate-limited", resetsAt: null, message: "limit" },
    ],
    [
      "429, and a limit that is not hit was seen before",
      {
        exitCode: 1,
        results: [result({ ...apiError, apiErrorStatus: 429 })],
        rateLimit: { status: "allowed", resetsAt: 1_795_228_440 },
      },
      { kind: "rate-limited", resetsAt: null },
    ],
    [
      "429 with a reset that is no date",
      {
        exitCode: 1,
        results: [result({ ...apiError, apiErrorStatus: 429 })],
        rateLimit: { status: "rejected", resetsAt: 1e300 },
      },
      { kind: "rate-limited", resetsAt: null },
    ],
    [
      "a rate limit without a status",
      { exitCode: 1, results: [result(apiError)], lastAssistantError: { error: "rate_limit", status: null } },
      { kind: "rate-limited" },
    ],
    [
      "the CLI's own budget",
      { exitCode: 1, results: [result({ subtype: "error_max_budget_usd", isError: true })] },
      { kind: "budget-exhausted" },
    ],
    [
      "no credit",
      {
        exitCode: 1,
        results: [result({ ...apiError, apiErrorStatus: 400 })],
        lastAssistantError: { error: "billing_error", status: 400 },
      },
      { kind: "failed", reason: "billing", retryable: false },
    ],
    [
      "403",
      { exitCode: 1, results: [result({ ...apiError, apiErrorStatus: 403 })] },
      { kind: "failed", reason: "authentication", retryable: false },
    ],
    [
      "no such model",
      { exitCode: 1, results: [result({ ...apiError, apiErrorStatus: 404 })] },
      { kind: "failed", reason: "model-not-found", retryable: false },
    ],
    [
      "400",
      {
        exitCode: 1,
        results: [result({ ...apiError, apiErrorStatus: 400 })],
        lastAssistantError: { error: "unknown", status: 400 },
      },
      { kind: "failed", reason: "invalid-request", retryable: false },
    ],
    [
      "a deferred call whose tool was not there in time",
      { exitCode: 1, results: [result({ isError: true, terminalReason: "tool_deferred_unavailable" })] },
      { kind: "failed", reason: "other", retryable: true },
    ],
    [
      "a session without a transcript",
      {
        exitCode: 1,
        results: [
          result({
            subtype: "error_during_execution",
            isError: true,
            errors: ["No conversation found with session ID: x"],
          }),
        ],
      },
      { kind: "failed", reason: "no-conversation", retryable: false },
    ],
    [
      "a prompt that is too long",
      { exitCode: 1, results: [result({ isError: true, terminalReason: "prompt_too_long", apiErrorStatus: 400 })] },
      { kind: "failed", reason: "invalid-request", retryable: false },
    ],
    [
      "an image that is too large",
      { exitCode: 1, results: [result({ isError: true, terminalReason: "image_error", apiErrorStatus: 413 })] },
      { kind: "failed", reason: "invalid-request" },
    ],
    [
      "no network",
      { exitCode: 1, results: [result(apiError)], lastAssistantError: { error: "server_error", status: null } },
      { kind: "failed", reason: "api", retryable: true },
    ],
    [
      "a reply that nobody could read",
      {
        exitCode: 1,
        results: [result({ ...apiError, text: "API Error: JSON Parse error" })],
        lastAssistantError: { error: "unknown", status: null },
      },
      { kind: "failed", reason: "api", retryable: true },
    ],
    [
      "a schema that the answer never met",
      { exitCode: 1, results: [result({ subtype: "error_max_structured_output_retries", isError: true })] },
      { kind: "failed", reason: "structured-output", retryable: false },
    ],
    [
      "a conversation that is not there",
      {
        exitCode: 1,
        results: [result({ subtype: "error_during_execution", isError: true, errors: ["No conversation found"] })],
      },
      { kind: "failed", reason: "other", message: "No conversation found", retryable: false },
    ],
    [
      "an old error of the API before another end",
      {
        exitCode: 1,
        results: [result({ subtype: "error_during_execution", isError: true })],
        lastAssistantError: { error: "rate_limit", status: 429 },
      },
      { kind: "failed", reason: "other" },
    ],
    [
      "an error subtype that forgot its flag",
      { exitCode: 1, results: [result({ subtype: "error_max_turns", isError: false })] },
      { kind: "failed", reason: "max-turns" },
    ],
    [
      "a hook that stopped it",
      { results: [result({ terminalReason: "hook_stopped", text: "stopped" })] },
      { kind: "completed", text: "stopped" },
    ],
  ])("%s", (_story, exit, expected) => {
    expect(claudeOutcome({ ...quietExit, ...exit })).toMatchObject(expected);
  });

  test("shortens a message that is too long for a comment", () => {
    const outcome = claudeOutcome({
      ...quietExit,
      exitCode: 1,
      results: [result({ isError: true, text: "x".repeat(9000) })],
    });
    expect(outcome).toMatchObject({ kind: "failed", message: "x".repeat(2000) });
  });
});

const quietExit: ClaudeExit = {
  exitCode: 0,
  signal: null,
  timedOut: null,
  cancelled: false,
  results: [],
  lastAssistantError: null,
  rateLimit: null,
  stderrTail: "boom",
};

function result(overrides: Partial<ResultEvent> = {}): ResultEvent {
  return {
    kind: "result",
    subtype: "success",
    isError: false,
    terminalReason: "completed",
    stopReason: "end_turn",
    apiErrorStatus: null,
    apiError: null,
    text: "",
    errors: [],
    costUsd: 0,
    numTurns: 1,
    usage: noUsage,
    modelUsage: [],
    permissionDenials: [],
    structuredOutput: undefined,
    deferredToolUse: null,
    resultIndex: 0,
    ...overrides,
  };
}

function recorded(name: string, exitCode: number): ClaudeExit {
  const parser = createStreamParser();
  const events = parser.push(readFileSync(new URL(`../fixtures/claude/${name}.jsonl`, import.meta.url)));
  return {
    ...quietExit,
    exitCode,
    results: events.filter((event) => event.kind === "result"),
    lastAssistantError: events.findLast((event) => event.kind === "assistant-error") ?? null,
    rateLimit: events.findLast((event) => event.kind === "rate-limit") ?? null,
  };
}
