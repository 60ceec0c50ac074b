import { describe, expect, test } from "vitest";
import type { ClaudeOutcome } from "../../src/runner/claude-outcome.ts";
import { outcomeOfRun } from "../../src/runner/run-outcome.ts";
import { asDeclared, isGreen, outcomeAsDeclared } from "../../src/runner/run-texts.ts";

const money = { spentUsd: 5.1, budgetUsd: 5 };
const facts = { step: "s", money, model: "saga-1", allowedModels: ["saga-1", "claude-haiku"], isStopped: false };
const refused = (
  reason: Extract<ClaudeOutcome, { kind: "failed" }>["reason"],
): Extract<ClaudeOutcome, { kind: "failed" }> => ({
  kind: "failed",
  reason,
  message: "no",
  retryable: false,
});

describe("the end of a process means for the run", () => {
  test("the agent's fault: an attempt is used up", () => {
    for (const reason of ["max-turns", "invalid-request", "structured-output", "other"] as const) {
      expect(outcomeOfRun(refused(reason), facts).kind).toBe("failed");
    }
    expect(outcomeOfRun({ kind: "timed-out", why: "step-time" }, facts).kind).toBe("failed");
  });

  test("the environment's fault: no attempt is used up", () => {
    for (const reason of ["api", "no-conversation"] as const) {
      expect(outcomeOfRun(refused(reason), facts).kind).toBe("lost");
    }
    expect(outcomeOfRun({ kind: "timed-out", why: "no-output" }, facts).kind).toBe("lost");
    expect(outcomeOfRun({ kind: "cancelled" }, facts).kind).toBe("lost");
    const crash = { kind: "crashed" as const, exitCode: null, signal: "SIGSEGV", stderrTail: "" };
    expect(outcomeOfRun(crash, facts)).toEqual({
      kind: "lost",
      message: "step s: Claude Code crashed (SIGSEGV):",
    });
  });

  test("the account's fault: whoever keeps it is asked", () => {
    for (const why of ["authentication", "billing", "model-not-found"] as const) {
      const expected = { kind: "provider-refused", why, message: "step s: no" };
      expect(outcomeOfRun(refused(why), facts)).toEqual(expected);
    }
  });

  test("a model that is not allowed: what the settings say, and what would be", () => {
    expect(outcomeOfRun(refused("model-not-allowed"), facts)).toEqual({
      kind: "failed",
      message:
        'step s: no: its setting is "saga-1", which lets it use names that begin with saga-1 or claude-haiku. Another model in .github/phasegate.yml (`model`, or `models` for a role), or CLAUDE_MODEL of the app, mends it',
      findings: [],
    });
  });

  test("nobody's fault at the end of its slice: another run goes on", () => {
    expect(outcomeOfRun({ kind: "timed-out", why: "slice-end" }, facts)).toEqual({ kind: "slice-ended" });
  });

  test("cancelled, whatever it was, where the run was stopped", () => {
    expect(outcomeOfRun(refused("api"), { ...facts, isStopped: true })).toEqual({ kind: "cancelled" });
  });

  test("money and limits as they are", () => {
    expect(outcomeOfRun({ kind: "budget-exhausted" }, facts)).toEqual({
      kind: "budget-exhausted",
      ...money,
    });
    const limited = { kind: "rate-limited" as const, resetsAt: null, message: "wait" };
    expect(outcomeOfRun(limited, facts)).toEqual(limited);
  });
});

test("only what reached its end is green", () => {
  const kinds = ["completed", "nothing-to-do", "slice-ended", "cancelled"] as const;
  expect(kinds.filter((kind) => isGreen({ kind }))).toEqual(["completed", "nothing-to-do", "slice-ended"]);
  expect(isGreen({ kind: "lost", message: "" })).toBe(false);
  expect(isGreen({ kind: "failed", message: "", findings: [] })).toBe(false);
});

test("what is declared is bounded and has no secrets", () => {
  const redact = (text: string): string => text.replaceAll("secret", "***");
  const finding = {
    check: "no-secrets" as const,
    step: "s",
    path: "secret.txt",
    line: 1,
    message: `secret ${"x".repeat(3_000)}`,
  };
  const [declared] = asDeclared(
    Array.from({ length: 60 }, () => finding),
    redact,
  );
  expect(declared?.path).toBe("***.txt");
  expect(declared?.message).toHaveLength(2_000);
  const outcome = outcomeAsDeclared(
    { kind: "failed", message: "secret", findings: Array.from({ length: 60 }, () => finding) },
    redact,
  );
  expect(outcome).toMatchObject({ message: "***" });
  expect(outcome.kind === "failed" && outcome.findings.length).toBe(50);
});
