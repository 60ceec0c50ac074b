import { describe, expect, test } from "vitest";
import { noUsage, type Usage } from "../../src/core/usage.ts";
import { createUsageAudit } from "../../src/runner/audit-usage.ts";
import type { Conversation } from "../../src/runner/conversation.ts";
import type { ResultEvent } from "../../src/runner/stream-event.ts";

/** One process: what the CLI says at its end, of the whole conversation, and what passed the gateway meanwhile. */
interface Process {
  readonly said: Partial<Usage> | null;
  readonly passed: Partial<Usage>;
}

async function differenceAfter(processes: readonly Process[], isResumed = false): Promise<string | null> {
  const left = [...processes];
  let counted: Usage = noUsage;
  const conversation: Conversation = {
    state: () => ({ sessionId: "s", hasSpoken: true, lastMessageId: null, lastOutput: "", toolsUsed: [] }),
    say: async ({ onEvent }) => {
      const process = left.shift();
      const entries = Object.entries(process?.passed ?? {}).map(([kind, tokens]) => [
        kind,
        Reflect.get(counted, kind) + tokens,
      ]);
      counted = { ...counted, ...Object.fromEntries(entries) };
      if (process !== undefined && process.said !== null) onEvent(aResult({ ...noUsage, ...process.said }));
      return await Promise.resolve({ kind: "completed", text: "", permissionDenials: [] });
    },
  };
  const audit = createUsageAudit(() => counted, isResumed);
  const watched = audit.watch(conversation);
  for (const _ of processes) {
    await watched.say({
      prompt: "",
      answersCall: false,
      tools: [],
      lent: {},
      stepMs: 1,
      sliceEndsAt: 1,
      onEvent: () => {},
    });
  }
  return audit.difference();
}

function aResult(usage: Usage): ResultEvent {
  return {
    kind: "result",
    subtype: "success",
    isError: false,
    terminalReason: "completed",
    stopReason: null,
    apiErrorStatus: null,
    apiError: null,
    text: "",
    errors: [],
    costUsd: 0,
    numTurns: 1,
    usage,
    modelUsage: [{ model: "claude-sonnet-5-5", usage, costUsd: 0 }],
    permissionDenials: [],
    structuredOutput: undefined,
    deferredToolUse: null,
    resultIndex: 0,
  };
}

describe("what the CLI says it used", () => {
  test("is held against the gateway's count, process by process, since it tells totals", async () => {
    const agreeing = [
      { said: { inputTokens: 10_000 }, passed: { inputTokens: 10_000 } },
      { said: { inputTokens: 15_000 }, passed: { inputTokens: 5_050 } },
    ];
    expect(await differenceAfter(agreeing)).toBeNull();
    const differing = [...agreeing, { said: { inputTokens: 25_000 }, passed: { inputTokens: 11_000 } }];
    expect(await differenceAfter(differing)).toBe(
      "the counts of tokens differ: inputTokens: Claude Code 25000, the gateway 26050. The gateway's are charged.",
    );
  });

  test("is not compared where earlier runs are in it, or where a process was broken off before it said anything", async () => {
    expect(await differenceAfter([{ said: { outputTokens: 90_000 }, passed: { outputTokens: 10 } }], true)).toBeNull();
    const brokenOff = [
      { said: null, passed: { outputTokens: 5_000 } },
      { said: { outputTokens: 6_000 }, passed: { outputTokens: 1_000 } },
    ];
    expect(await differenceAfter(brokenOff)).toBeNull();
  });

  test("may begin anew with a conversation that was lost", async () => {
    const lost = [
      { said: { outputTokens: 5_000 }, passed: { outputTokens: 5_000 } },
      { said: { outputTokens: 1_000 }, passed: { outputTokens: 1_000 } },
    ];
    expect(await differenceAfter(lost)).toBeNull();
  });
});
