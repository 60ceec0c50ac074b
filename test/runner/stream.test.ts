import { readdirSync, readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createStreamParser } from "../../src/runner/stream.ts";
import type { ResultEvent, StreamEvent } from "../../src/runner/stream-event.ts";

/** Recorded from the CLI of the pinned version, against a scripted model. */
const folder = new URL("../fixtures/claude/", import.meta.url);
const recordings = readdirSync(folder).filter((name) => name.endsWith(".jsonl"));

describe("a recorded session", () => {
  test("of a tool that was denied tells what was said, called, denied and spent", () => {
    const events = eventsOf(recorded("denied-tool.jsonl"));
    expect(events.map(({ kind }) => kind)).toEqual([
      "init",
      "text",
      "tool-use",
      "tool-use",
      "tool-result",
      "permission-denied",
      "tool-result",
      "text",
      "result",
    ]);
    expect(events[0]).toMatchObject({
      model: "claude-sonnet-5-5",
      tools: ["Bash", "Edit", "Read", "Write"],
      apiKeySource: "ANTHROPIC_API_KEY",
      version: "2.1.329",
      cwd: "/home/agent/work",
    });
    expect(events[1]).toMatchObject({ text: "I will write the file — naïve ✓." });
    expect(events[2]).toMatchObject({ name: "Write", summary: "/home/agent/work/hello.txt", parentToolUseId: null });
    expect(events[3]).toMatchObject({ name: "Bash", summary: "curl http://example.com" });
    expect(events[5]).toMatchObject({ toolName: "Bash", toolUseId: "toolu_1_2", reason: "mode" });
    expect(events[6]).toMatchObject({ id: "toolu_1_2", isError: true });
    expect(resultsOf(events)).toMatchObject([
      {
        isError: false,
        text: "Done.",
        costUsd: 0.001696,
        usage: { inputTokens: 203, outputTokens: 84, cacheCreationInputTokens: 100, cacheReadInputTokens: 2000 },
        permissionDenials: [{ toolName: "Bash", summary: "curl http://example.com" }],
        structuredOutput: undefined,
        deferredToolUse: null,
        resultIndex: 0,
      },
    ]);
  });

  test("of a background command has two results, and the last one counts all", () => {
    const results = resultsOf(eventsOf(recorded("two-results.jsonl")));
    expect(results.map(({ text, resultIndex, usage }) => [text, resultIndex, usage.outputTokens])).toEqual([
      ["First turn over.", 0, 84],
      ["Second turn over.", 1, 126],
    ]);
  });

  test("of a usage limit tells when it lifts, and that the agent did not say so", () => {
    const events = eventsOf(recorded("usage-limit.jsonl"));
    expect(events).toContainEqual({
      kind: "rate-limit",
      status: "rejected",
      resetsAt: 1_795_228_440,
      type: "five_hour",
    });
    expect(events).toContainEqual(
      expect.objectContaining({ kind: "assistant-error", error: "rate_limit", status: 429 }),
    );
    expect(events.filter(({ kind }) => kind === "text")).toEqual([]);
    expect(resultsOf(events)).toMatchObject([{ subtype: "success", isError: true, apiError: "usage_limit_reached" }]);
  });

  test("of a deferred tool call holds the call", () => {
    expect(resultsOf(eventsOf(recorded("deferred.jsonl")))).toMatchObject([
      { terminalReason: "tool_deferred", deferredToolUse: { name: "Bash", input: { command: "date" } } },
    ]);
  });

  test("of a wrong key tells of the retry", () => {
    expect(eventsOf(recorded("wrong-key.jsonl"))).toContainEqual(
      expect.objectContaining({ kind: "api-retry", attempt: 1, attemptsMax: 1, status: 401 }),
    );
  });

  test.each(recordings)("%s gives the same events in any chunks of bytes", (name) => {
    const bytes = recorded(name);
    const expected = eventsOf(bytes);
    expect(expected.length).toBeGreaterThan(2);
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 60 }), (cuts) => {
        expect(eventsInPieces(cut(bytes, cuts))).toEqual(expected);
      }),
      { numRuns: 30 },
    );
  });

  test.each(recordings)("%s gives the same events in any chunks of text", (name) => {
    const text = recorded(name).toString().replaceAll("naïve", "naïve 🦉🦉");
    const expected = eventsOf(Buffer.from(text));
    fc.assert(
      fc.property(fc.array(fc.nat(text.length), { maxLength: 60 }), (cuts) => {
        expect(eventsInPieces(cut(text, cuts))).toEqual(expected);
      }),
      { numRuns: 30 },
    );
  });

  test("gives the same events byte by byte", () => {
    const bytes = recorded("denied-tool.jsonl");
    expect(eventsInPieces(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(eventsOf(bytes));
  });
});

describe("createStreamParser", () => {
  test("reads a last line without a line feed", () => {
    const parser = createStreamParser();
    expect(parser.push('{"type":"tool_progress","tool_use_id":"t1","elapsed_time_seconds":30}')).toEqual([]);
    expect(parser.end()).toEqual([{ kind: "heartbeat", toolUseId: "t1", elapsedSeconds: 30 }]);
    expect(parser.end()).toEqual([]);
  });

  test("reports a torn last line, in one line and shortened", () => {
    const parser = createStreamParser();
    parser.push(`{"type":"result",\t"result":"${"x".repeat(500)}`);
    expect(parser.end()).toEqual([
      { kind: "unreadable-line", excerpt: `{"type":"result", "result":"${"x".repeat(172)}` },
    ]);
  });

  test.each(["Error: boom", "[1,2]", "null", '"text"', '{"type":"assistant"', "\u0000"])(
    "reports the unreadable line %j and goes on",
    (line) => {
      const events = eventsOf(Buffer.from(`${line}\n{"type":"tool_progress"}\n`));
      expect(events.map(({ kind }) => kind)).toEqual(["unreadable-line", "heartbeat"]);
    },
  );

  test("drops a line over the limit, tells its size, and reads the next one", () => {
    const parser = createStreamParser({ lineBytesMax: 100 });
    const events = ["{", "x".repeat(150), "y".repeat(1000), "z", '\n{"type":"tool_progress"}\n'].flatMap((chunk) =>
      parser.push(chunk),
    );
    expect(events).toEqual([
      { kind: "oversized-line", bytes: 1152 },
      { kind: "heartbeat", toolUseId: null, elapsedSeconds: 0 },
    ]);
  });

  test("reads a line of exactly the limit, and drops one that is a byte longer", () => {
    const line = '{"type":"tool_progress"}';
    expect(eventsOf(Buffer.from(`${line}\n${line} \n`), line.length).map(({ kind }) => kind)).toEqual([
      "heartbeat",
      "oversized-line",
    ]);
  });

  test("reports a line over the limit that never ends", () => {
    const parser = createStreamParser({ lineBytesMax: 10 });
    parser.push("x".repeat(11));
    expect(parser.end()).toEqual([{ kind: "oversized-line", bytes: 11 }]);
  });

  test("joins a character that was cut in two between pieces of text", () => {
    const parser = createStreamParser();
    const line = JSON.stringify({ type: "system", subtype: "permission_denied", message: "🦉🦉" });
    const middle = line.indexOf("🦉") + 1;
    const events = [line.slice(0, middle), line.slice(middle, middle + 2), line.slice(middle + 2), "\n"].flatMap(
      (piece) => parser.push(piece),
    );
    expect(events).toMatchObject([{ kind: "permission-denied", message: "🦉🦉" }]);
  });

  test("does not keep the memory of its caller's buffer", () => {
    const parser = createStreamParser();
    const chunk = Buffer.from('{"type":"tool_pro');
    parser.push(chunk);
    chunk.fill(0);
    expect(parser.push('gress"}\r\n\r\n  \n')).toMatchObject([{ kind: "heartbeat" }]);
  });

  test("ignores lines of types that it does not know", () => {
    const lines = ['{"type":"stream_event"}', '{"type":"system","subtype":"hook_started"}', "{}", '{"type":7}'];
    expect(eventsOf(Buffer.from(lines.join("\n")))).toEqual([]);
  });

  test("takes the prose of the main conversation only, and the tool calls of subagents too", () => {
    const content = [
      { type: "text", text: "aside" },
      { type: "tool_use", id: "t2", name: "Read", input: { file_path: "a" } },
    ];
    const message = { id: "m", model: "claude", content };
    expect(lineEvents({ type: "assistant", parent_tool_use_id: "t1", message })).toEqual([
      { kind: "tool-use", id: "t2", messageId: "m", name: "Read", writes: null, summary: "a", parentToolUseId: "t1" },
    ]);
    expect(lineEvents({ type: "assistant", parent_tool_use_id: null, message }).map(({ kind }) => kind)).toEqual([
      "text",
      "tool-use",
    ]);
  });

  test("names the file that a tool writes", () => {
    const calls = [
      { name: "Write", input: { file_path: "/tree/docs/a.md", content: "" } },
      { name: "Edit", input: { file_path: "/tree/docs/b.md" } },
      { name: "NotebookEdit", input: { notebook_path: "/tree/c.ipynb" } },
      { name: "Read", input: { file_path: "/tree/d.md" } },
      { name: "Write", input: { file_path: 7 } },
    ];
    const content = calls.map((call, at) => ({ type: "tool_use", id: `t${at}`, ...call }));
    const events = lineEvents({ type: "assistant", message: { id: "m", content } });
    const written = ["/tree/docs/a.md", "/tree/docs/b.md", "/tree/c.ipynb", null, null];
    expect(events).toMatchObject(written.map((writes) => ({ writes })));
  });

  test("does not take notices of the CLI for words of the agent", () => {
    const message = { model: "<synthetic>", content: [{ type: "text", text: "No response requested." }] };
    expect(lineEvents({ type: "assistant", parent_tool_use_id: null, message })).toEqual([]);
  });

  test("shortens a command to 200 characters, none of them cut in half", () => {
    const message = { content: [{ type: "tool_use", id: "t", name: "Bash", input: { command: "🦉".repeat(300) } }] };
    expect(lineEvents({ type: "assistant", message })).toMatchObject([{ summary: "🦉".repeat(200) }]);
  });

  test("tells of a compaction", () => {
    const compact_metadata = { trigger: "auto", pre_tokens: 150_000 };
    expect(lineEvents({ type: "system", subtype: "compact_boundary", compact_metadata })).toEqual([
      { kind: "compacted", trigger: "auto", tokensBefore: 150_000 },
    ]);
  });

  test("never throws, whatever shapes stand in the fields", () => {
    const names =
      "message content usage modelUsage error permission_denials deferred_tool_use errors rate_limit_info compact_metadata mcp_servers tools is_error __proto__";
    const keys = fc.constantFrom(...names.split(" "));
    const line = fc.record({
      type: fc.constantFrom("system", "assistant", "user", "result", "rate_limit_event", "tool_progress"),
      subtype: fc.constantFrom("init", "permission_denied", "api_retry", "compact_boundary", "success"),
      rest: fc.dictionary(keys, fc.oneof(fc.jsonValue(), fc.array(fc.dictionary(keys, fc.jsonValue())))),
    });
    fc.assert(
      fc.property(line, ({ type, subtype, rest }) => {
        for (const event of lineEvents({ ...rest, type, subtype })) {
          expect(event.kind).not.toBe("unreadable-line");
        }
      }),
    );
  });
});

function recorded(name: string): Buffer {
  return readFileSync(new URL(name, folder));
}

function eventsOf(bytes: Uint8Array, lineBytesMax?: number): readonly StreamEvent[] {
  const parser = createStreamParser(lineBytesMax === undefined ? undefined : { lineBytesMax });
  return [...parser.push(bytes), ...parser.end()];
}

function eventsInPieces(pieces: readonly (Uint8Array | string)[]): readonly StreamEvent[] {
  const parser = createStreamParser();
  return [...pieces.flatMap((piece) => parser.push(piece)), ...parser.end()];
}

function lineEvents(line: object): readonly StreamEvent[] {
  return eventsOf(Buffer.from(JSON.stringify(line)));
}

function resultsOf(events: readonly StreamEvent[]): readonly ResultEvent[] {
  return events.filter((event) => event.kind === "result");
}

function cut(whole: Uint8Array | string, cuts: readonly number[]): readonly (Uint8Array | string)[] {
  const ends = [...cuts, whole.length].sort((a, b) => a - b);
  return ends.map((end, index) => whole.slice(ends[index - 1] ?? 0, end));
}
