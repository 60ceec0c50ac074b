/** What the CLI says while it runs, in our words. `stream.ts` reads it from the output. */

import type { Spent, Usage } from "../core/usage.ts";
import type { Json } from "./narrow.ts";

export type StreamEvent =
  | InitEvent
  | { readonly kind: "text"; readonly messageId: string | null; readonly text: string }
  | ToolUseEvent
  | { readonly kind: "tool-result"; readonly id: string; readonly isError: boolean }
  | {
      readonly kind: "permission-denied";
      readonly toolUseId: string | null;
      readonly toolName: string;
      readonly reason: string | null;
      readonly message: string;
    }
  | {
      readonly kind: "api-retry";
      readonly attempt: number;
      readonly attemptsMax: number;
      readonly delayMs: number;
      /** Null where the network failed. */
      readonly status: number | null;
      readonly error: string | null;
    }
  | RateLimitEvent
  | ResultEvent
  | AssistantErrorEvent
  | { readonly kind: "heartbeat"; readonly toolUseId: string | null; readonly elapsedSeconds: number }
  | { readonly kind: "compacted"; readonly trigger: string | null; readonly tokensBefore: number }
  | { readonly kind: "oversized-line"; readonly bytes: number }
  /** The excerpt is raw output: redact it before it goes anywhere. */
  | { readonly kind: "unreadable-line"; readonly excerpt: string };

/** Comes once a turn, so several times in a run, and not always first. */
interface InitEvent {
  readonly kind: "init";
  readonly sessionId: string;
  readonly model: string;
  readonly tools: readonly string[];
  readonly mcpServers: readonly { readonly name: string; readonly status: string }[];
  readonly apiKeySource: string | null;
  readonly version: string | null;
  readonly cwd: string | null;
}

interface ToolUseEvent {
  readonly kind: "tool-use";
  readonly id: string;
  readonly messageId: string | null;
  readonly name: string;
  /** The file that it writes, as the agent named it; null for tools that write none. */
  readonly writes: string | null;
  /** One line for a log: the path, the command, the pattern. Raw agent text. */
  readonly summary: string;
  /** The call that started the subagent; null in the main conversation. */
  readonly parentToolUseId: string | null;
}

/** Also comes on success; only `status: "rejected"` is a limit that was hit. */
export interface RateLimitEvent {
  readonly kind: "rate-limit";
  readonly status: string;
  /** Seconds since 1970. */
  readonly resetsAt: number | null;
  /** e.g. `five_hour`, `seven_day`. */
  readonly type: string | null;
}

export interface AssistantErrorEvent {
  readonly kind: "assistant-error";
  /** e.g. `authentication_failed`, `rate_limit`, `server_error`. */
  readonly error: string;
  readonly status: number | null;
  readonly text: string;
}

/** The verdict over one turn. A run can have several; the last one counts. */
export interface ResultEvent {
  readonly kind: "result";
  /** `success` says nothing: look at `isError`. */
  readonly subtype: string;
  readonly isError: boolean;
  readonly terminalReason: string | null;
  readonly stopReason: string | null;
  readonly apiErrorStatus: number | null;
  readonly apiError: string | null;
  readonly text: string;
  readonly errors: readonly string[];
  /** Of the whole conversation, resumed parts included. */
  readonly costUsd: number;
  readonly numTurns: number;
  /** Of the whole conversation, all models together. */
  readonly usage: Usage;
  readonly modelUsage: readonly (Spent & { readonly model: string })[];
  readonly permissionDenials: readonly PermissionDenial[];
  /** Undefined where the model gave none, which can happen in spite of a schema and without an error. */
  readonly structuredOutput: unknown;
  readonly deferredToolUse: DeferredToolUse | null;
  readonly resultIndex: number | null;
}

export interface PermissionDenial {
  readonly toolName: string;
  readonly toolUseId: string | null;
  readonly summary: string;
}

/** A tool call that stopped the run before it was made; a resumed run makes it. */
export interface DeferredToolUse {
  readonly id: string;
  readonly name: string;
  readonly input: Json;
}
