import { expect, test } from "vitest";
import { OutcomeRequest, SecurityNotes } from "../../src/protocol/runner.ts";

const spent = {
  usage: { inputTokens: 0, outputTokens: 0, cacheCreationInputTokens: 0, cacheReadInputTokens: 0 },
  costUsd: 0,
};

test("an outcome of a runner that knows of no notes is whole", () => {
  expect(OutcomeRequest.parse({ outcome: { kind: "completed" }, spent })).toEqual({
    outcome: { kind: "completed" },
    report: null,
    spent,
  });
});

test("a kind that only a newer runner knows counts as another one", () => {
  expect(SecurityNotes.parse([{ kind: "moon-landing", count: 1, example: "x" }])).toEqual([
    { kind: "other", count: 1, example: "x" },
  ]);
});

test.each([
  ["no list", "x"],
  ["too long", Array.from({ length: 100 }, () => ({ kind: "other", count: 1, example: "" }))],
  ["of nothing", [{ kind: "other", count: 0, example: "" }]],
  ["endless", [{ kind: "other", count: 1, example: "x".repeat(10_000) }]],
])("notes that are %s are passed over, and the outcome counts", (_what, security) => {
  expect(OutcomeRequest.parse({ outcome: { kind: "completed" }, spent, security }).security).toBeUndefined();
});
