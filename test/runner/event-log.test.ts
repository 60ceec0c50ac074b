import { expect, test } from "vitest";
import { createEventLog } from "../../src/runner/event-log.ts";

test("the job's log has what happens, redacted, and ends where the agent would fill it", () => {
  const lines: string[] = [];
  const logEvent = createEventLog({
    log: (level, text) => lines.push(`${level}: ${text}`),
    redact: (text) => text.replaceAll("sk-secret", "***"),
    linesMax: 2,
  });
  const usage = { inputTokens: 1, outputTokens: 1, cacheCreationInputTokens: 0, cacheReadInputTokens: 0 };
  logEvent({ kind: "usage", spent: { usage, costUsd: 1 } });
  for (let at = 0; at < 5; at += 1)
    logEvent({ kind: "action", step: "01_idea", document: null, text: `Write sk-secret ${at}` });
  expect(lines).toEqual([
    "info:   Write *** 0",
    "info:   Write *** 1",
    "warn: 2 lines: what follows is not shown here",
  ]);
});
