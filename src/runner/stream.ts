/** Claude Code's `stream-json` output as events of our own. Pure; unknown lines are normal and say nothing. */

import { addSpent, nothingSpent, type Spent, type Usage } from "../core/usage.ts";
import { createLineSplitter, type Line } from "./line-splitter.ts";
import {
  amountAt,
  asObject,
  numberAt,
  objectAt,
  objectsAt,
  stringAt,
  parseObject,
  stringsAt,
  type Json,
} from "./narrow.ts";
import type { ResultEvent, StreamEvent } from "./stream-event.ts";

export interface StreamParser {
  push(chunk: Uint8Array | string): readonly StreamEvent[];
  /** Reads what stands after the last line feed: the process may have died in mid-line. */
  end(): readonly StreamEvent[];
}

export interface StreamLimits {
  readonly lineBytesMax: number;
}

const lineBytesMaxDefault = 8 * 1024 * 1024;
const excerptLengthMax = 200;
const summaryLengthMax = 200;

export function createStreamParser(limits: StreamLimits = { lineBytesMax: lineBytesMaxDefault }): StreamParser {
  const splitter = createLineSplitter(limits.lineBytesMax);
  return {
    push: (chunk) => splitter.push(chunk).flatMap(eventsOfLine),
    end: () => splitter.end().flatMap(eventsOfLine),
  };
}

function eventsOfLine(line: Line): readonly StreamEvent[] {
  if (line.kind === "oversized") return [{ kind: "oversized-line", bytes: line.bytes }];
  if (line.text.trim() === "") return [];
  const json = parseObject(line.text);
  if (json === null) return [{ kind: "unreadable-line", excerpt: oneLine(line.text, excerptLengthMax) }];
  switch (stringAt(json, "type") ?? "") {
    case "system":
      return systemEvents(json);
    case "assistant":
      return assistantEvents(json);
    case "user":
      return toolResults(json);
    case "result":
      return [resultOf(json)];
    case "rate_limit_event":
      return rateLimits(json);
    case "tool_progress":
      return [
        {
          kind: "heartbeat",
          toolUseId: stringAt(json, "tool_use_id"),
          elapsedSeconds: amountAt(json, "elapsed_time_seconds"),
        },
      ];
    default:
      return [];
  }
}

function systemEvents(json: Json): readonly StreamEvent[] {
  switch (stringAt(json, "subtype") ?? "") {
    case "init":
      return [
        {
          kind: "init",
          sessionId: stringAt(json, "session_id") ?? "",
          model: stringAt(json, "model") ?? "",
          tools: stringsAt(json, "tools"),
          mcpServers: objectsAt(json, "mcp_servers").map((server) => ({
            name: stringAt(server, "name") ?? "",
            status: stringAt(server, "status") ?? "",
          })),
          apiKeySource: stringAt(json, "apiKeySource"),
          version: stringAt(json, "claude_code_version"),
          cwd: stringAt(json, "cwd"),
        },
      ];
    case "permission_denied":
      return [
        {
          kind: "permission-denied",
          toolUseId: stringAt(json, "tool_use_id"),
          toolName: stringAt(json, "tool_name") ?? "",
          reason: stringAt(json, "decision_reason_type"),
          message: stringAt(json, "message") ?? "",
        },
      ];
    case "api_retry":
      return [
        {
          kind: "api-retry",
          attempt: amountAt(json, "attempt"),
          attemptsMax: amountAt(json, "max_retries"),
          delayMs: amountAt(json, "retry_delay_ms"),
          status: numberAt(json, "error_status"),
          error: stringAt(json, "error"),
        },
      ];
    case "compact_boundary": {
      const metadata = objectAt(json, "compact_metadata") ?? {};
      return [
        { kind: "compacted", trigger: stringAt(metadata, "trigger"), tokensBefore: amountAt(metadata, "pre_tokens") },
      ];
    }
    default:
      return [];
  }
}

function assistantEvents(json: Json): readonly StreamEvent[] {
  const message = objectAt(json, "message") ?? {};
  const blocks = objectsAt(message, "content");
  const error = stringAt(json, "error");
  // The CLI writes its own notices as assistant messages. The agent did not say them.
  if (error !== null) {
    const text = blocks.map((block) => stringAt(block, "text") ?? "").join("\n");
    return [{ kind: "assistant-error", error, status: numberAt(json, "api_error_status"), text }];
  }
  if (stringAt(message, "model") === "<synthetic>") return [];
  const parentToolUseId = stringAt(json, "parent_tool_use_id");
  return blocks.flatMap((block): readonly StreamEvent[] => {
    switch (stringAt(block, "type") ?? "") {
      case "text": {
        const text = stringAt(block, "text") ?? "";
        return parentToolUseId === null && text !== ""
          ? [{ kind: "text", messageId: stringAt(message, "id"), text }]
          : [];
      }
      case "tool_use": {
        const name = stringAt(block, "name") ?? "";
        const input = objectAt(block, "input") ?? {};
        return [
          {
            kind: "tool-use",
            id: stringAt(block, "id") ?? "",
            messageId: stringAt(message, "id"),
            name,
            writes: writingTools.includes(name)
              ? (stringAt(input, "file_path") ?? stringAt(input, "notebook_path"))
              : null,
            summary: summaryOf(input),
            parentToolUseId,
          },
        ];
      }
      default:
        return [];
    }
  });
}

function toolResults(json: Json): readonly StreamEvent[] {
  return objectsAt(objectAt(json, "message") ?? {}, "content").flatMap((block) =>
    stringAt(block, "type") === "tool_result"
      ? { kind: "tool-result" as const, id: stringAt(block, "tool_use_id") ?? "", isError: block["is_error"] === true }
      : [],
  );
}

function rateLimits(json: Json): readonly StreamEvent[] {
  const limit = objectAt(json, "rate_limit_info");
  const status = limit === null ? null : stringAt(limit, "status");
  if (limit === null || status === null) return [];
  return [
    { kind: "rate-limit", status, resetsAt: numberAt(limit, "resetsAt"), type: stringAt(limit, "rateLimitType") },
  ];
}

function resultOf(json: Json): ResultEvent {
  const modelUsage = Object.entries(objectAt(json, "modelUsage") ?? {}).map(([model, value]) => {
    const counts = asObject(value) ?? {};
    return { model, usage: usageOf(counts), costUsd: amountAt(counts, "costUSD") };
  });
  const deferred = objectAt(json, "deferred_tool_use");
  return {
    kind: "result",
    subtype: stringAt(json, "subtype") ?? "",
    isError: json["is_error"] === true,
    terminalReason: stringAt(json, "terminal_reason"),
    stopReason: stringAt(json, "stop_reason"),
    apiErrorStatus: numberAt(json, "api_error_status"),
    apiError: stringAt(json, "api_error"),
    text: stringAt(json, "result") ?? "",
    errors: stringsAt(json, "errors"),
    costUsd: amountAt(json, "total_cost_usd"),
    numTurns: amountAt(json, "num_turns"),
    usage: modelUsage.reduce<Spent>(addSpent, nothingSpent).usage,
    modelUsage,
    permissionDenials: objectsAt(json, "permission_denials").map((denial) => ({
      toolName: stringAt(denial, "tool_name") ?? "",
      toolUseId: stringAt(denial, "tool_use_id"),
      summary: summaryOf(objectAt(denial, "tool_input") ?? {}),
    })),
    structuredOutput: json["structured_output"],
    deferredToolUse:
      deferred === null
        ? null
        : {
            id: stringAt(deferred, "id") ?? "",
            name: stringAt(deferred, "name") ?? "",
            input: objectAt(deferred, "input") ?? {},
          },
    resultIndex: numberAt(json, "result_index"),
  };
}

function usageOf(counts: Json): Usage {
  return {
    inputTokens: amountAt(counts, "inputTokens"),
    outputTokens: amountAt(counts, "outputTokens"),
    cacheCreationInputTokens: amountAt(counts, "cacheCreationInputTokens"),
    cacheReadInputTokens: amountAt(counts, "cacheReadInputTokens"),
  };
}

const writingTools = ["Write", "Edit", "NotebookEdit"];
const telling = ["command", "file_path", "notebook_path", "pattern", "path", "url", "query", "question", "description"];

function summaryOf(input: Json): string {
  const key = telling.find((key) => stringAt(input, key) !== null);
  return key === undefined ? "" : oneLine(stringAt(input, key) ?? "", summaryLengthMax);
}

/** Counts in code points, so that no character is cut in half. */
function oneLine(text: string, lengthMax: number): string {
  const start = text
    .slice(0, lengthMax * 4)
    .replaceAll(/\s+/g, " ")
    .trim();
  return Array.from(start).slice(0, lengthMax).join("");
}
