/** What became of one process of the CLI. Pure: exit, signals and events in, one verdict out. */

import type {
  AssistantErrorEvent,
  DeferredToolUse,
  PermissionDenial,
  RateLimitEvent,
  ResultEvent,
} from "./stream-event.ts";

export type ClaudeOutcome =
  | {
      readonly kind: "completed";
      readonly text: string;
      readonly permissionDenials: readonly PermissionDenial[];
      /** Undefined without a schema, and also with one where the model answers in prose. */
      readonly structuredOutput?: unknown;
    }
  | { readonly kind: "question"; readonly deferred: DeferredToolUse }
  /** `resetsAt` in ISO 8601, null where nobody said when. */
  | { readonly kind: "rate-limited"; readonly resetsAt: string | null; readonly message: string }
  | { readonly kind: "budget-exhausted" }
  | { readonly kind: "cancelled" }
  | { readonly kind: "timed-out"; readonly why: TimeOut }
  | {
      readonly kind: "failed";
      readonly reason: ClaudeFailure;
      readonly message: string;
      /** The same call may succeed later, with nothing changed. */
      readonly retryable: boolean;
    }
  | {
      readonly kind: "crashed";
      readonly exitCode: number | null;
      readonly signal: string | null;
      readonly stderrTail: string;
    };

export type TimeOut = "no-output" | "step-time" | "slice-end";

type ClaudeFailure =
  | "authentication"
  | "billing"
  | "model-not-found"
  /** Not by the provider: the gateway did not let it through. */
  | "model-not-allowed"
  | "max-turns"
  | "api"
  | "invalid-request"
  | "structured-output"
  /** There is no transcript to resume. */
  | "no-conversation"
  | "other";

export interface ClaudeExit {
  /** Null where a signal ended the process. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** Set where we ended it. */
  readonly timedOut: TimeOut | null;
  readonly cancelled: boolean;
  readonly results: readonly ResultEvent[];
  readonly lastAssistantError: Pick<AssistantErrorEvent, "error" | "status"> | null;
  /** The last one seen, by the stream or by the model gateway. */
  readonly rateLimit: Pick<RateLimitEvent, "status" | "resetsAt"> | null;
  /** The model gateway refused a request for want of money; the CLI takes that for a failed login. */
  readonly refusedForBudget?: boolean;
  /** Already redacted. */
  readonly stderrTail: string;
}

type Failure = Pick<Extract<ClaudeOutcome, { kind: "failed" }>, "reason" | "retryable">;

const messageLengthMax = 2000;
/** 128 + SIGINT and 128 + SIGTERM. */
const exitCodesOfCancel = new Set([130, 143]);
const signalsOfCancel = new Set(["SIGINT", "SIGTERM", "SIGHUP"]);

export function claudeOutcome(exit: ClaudeExit): ClaudeOutcome {
  if (exit.cancelled) return { kind: "cancelled" };
  if (exit.timedOut !== null) return { kind: "timed-out", why: exit.timedOut };
  if (endedFromOutside(exit)) return { kind: "cancelled" };
  // A background shell or a resumed call gives a second result. Only the last one tells how the run ended.
  const result = exit.results.at(-1);
  if (result === undefined || exit.signal !== null) {
    return { kind: "crashed", exitCode: exit.exitCode, signal: exit.signal, stderrTail: exit.stderrTail };
  }
  if (result.terminalReason === "aborted_tools" || result.terminalReason === "aborted_streaming") {
    return { kind: "cancelled" };
  }
  // Every failure of the API ends in the subtype "success"; the flag and the subtype have to agree on no error.
  if (!result.isError && !result.subtype.startsWith("error_")) {
    return result.deferredToolUse === null
      ? {
          kind: "completed",
          text: result.text,
          permissionDenials: result.permissionDenials,
          structuredOutput: result.structuredOutput,
        }
      : { kind: "question", deferred: result.deferredToolUse };
  }
  if (isBudget(exit, result)) return { kind: "budget-exhausted" };
  const message = messageOf(result);
  if (isRateLimit(exit, result)) return { kind: "rate-limited", resetsAt: resetOf(exit.rateLimit), message };
  return { kind: "failed", message, ...failureOf(exit, result) };
}

function endedFromOutside({ exitCode, signal }: ClaudeExit): boolean {
  return (signal !== null && signalsOfCancel.has(signal)) || (exitCode !== null && exitCodesOfCancel.has(exitCode));
}

function isBudget(exit: ClaudeExit, result: ResultEvent): boolean {
  return (
    exit.refusedForBudget === true ||
    result.subtype === "error_max_budget_usd" ||
    result.terminalReason === "budget_exhausted"
  );
}

function isRateLimit(exit: ClaudeExit, result: ResultEvent): boolean {
  return (
    result.apiErrorStatus === 429 ||
    result.apiError === "usage_limit_reached" ||
    (result.terminalReason === "api_error" && exit.lastAssistantError?.error === "rate_limit")
  );
}

function resetOf(rateLimit: ClaudeExit["rateLimit"]): string | null {
  if (rateLimit === null || rateLimit.status !== "rejected" || rateLimit.resetsAt === null) return null;
  const at = new Date(rateLimit.resetsAt * 1000);
  return rateLimit.resetsAt > 0 && !Number.isNaN(at.getTime()) ? at.toISOString() : null;
}

function failureOf(
  { lastAssistantError }: ClaudeExit,
  { subtype, terminalReason, apiErrorStatus, errors }: ResultEvent,
): Failure {
  if (errors.some((error) => error.startsWith("No conversation found with session ID"))) {
    return { reason: "no-conversation", retryable: false };
  }
  // Our server of tools was not there in time. The next try says a prompt, and then the CLI gets by without.
  if (terminalReason === "tool_deferred_unavailable") return { reason: "other", retryable: true };
  if (subtype === "error_max_turns" || terminalReason === "max_turns") return { reason: "max-turns", retryable: false };
  if (subtype === "error_max_structured_output_retries" || terminalReason === "structured_output_retry_exhausted") {
    // The CLI has had it mended five times.
    return { reason: "structured-output", retryable: false };
  }
  if (terminalReason === "prompt_too_long" || terminalReason === "image_error") {
    return { reason: "invalid-request", retryable: false };
  }
  // A subtype of its own tells of something else than the API, and an error from an earlier turn would mislead.
  if (subtype.startsWith("error_")) return { reason: "other", retryable: false };
  return failureOfApi(
    lastAssistantError?.error ?? null,
    apiErrorStatus ?? lastAssistantError?.status ?? null,
    terminalReason,
  );
}

function failureOfApi(error: string | null, status: number | null, terminalReason: string | null): Failure {
  switch (error ?? "") {
    case "billing_error":
      return { reason: "billing", retryable: false };
    case "authentication_failed":
    case "oauth_org_not_allowed":
      return { reason: "authentication", retryable: false };
    case "model_not_found":
      return { reason: "model-not-found", retryable: false };
    case "invalid_request":
      return { reason: "invalid-request", retryable: false };
    case "server_error":
    case "overloaded":
      return { reason: "api", retryable: true };
    default:
      return failureOfStatus(status, terminalReason);
  }
}

function failureOfStatus(status: number | null, terminalReason: string | null): Failure {
  if (status === 401 || status === 403) return { reason: "authentication", retryable: false };
  if (status === 402) return { reason: "billing", retryable: false };
  if (status === 404) return { reason: "model-not-found", retryable: false };
  if (status !== null && status >= 400 && status < 500 && status !== 408) {
    return { reason: "invalid-request", retryable: false };
  }
  // No status at all means that the network failed, or that the reply could not be read.
  if (status !== null || terminalReason === "api_error") return { reason: "api", retryable: true };
  return { reason: "other", retryable: false };
}

function messageOf({ text, errors, subtype, terminalReason }: ResultEvent): string {
  const message = [text, errors.join("; "), terminalReason ?? "", subtype].find((candidate) => candidate.trim() !== "");
  return (message ?? "no reason given").trim().slice(0, messageLengthMax);
}
