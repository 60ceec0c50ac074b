import { expect, test } from "vitest";
import { changesetIdFrom, runIdFrom } from "../../src/core/ids.ts";
import type { BlockReason } from "../../src/core/outcome.ts";
import type { Effect } from "../../src/core/effects.ts";
import { decodeEffect, encodeEffect } from "../../src/store/effect-codec.ts";

/** One of each kind; `tsc` names a kind that is missing. */
const effects: { readonly [Kind in Effect["kind"]]: Extract<Effect, { readonly kind: Kind }> } = {
  DispatchRun: { kind: "DispatchRun", runId: runIdFrom("run-1"), phase: 1 },
  CancelRun: { kind: "CancelRun", workflowRunId: 19_542_210_987 },
  PublishStep: { kind: "PublishStep", phase: 1, step: "01_idea", changesetId: changesetIdFrom("run-1/01_idea") },
  OpenGate: { kind: "OpenGate", phase: 1 },
  VerifyPhase: { kind: "VerifyPhase", phase: 1, attempt: 2 },
  PresentGate: { kind: "PresentGate", phase: 1, ready: true },
  ReleaseCi: { kind: "ReleaseCi", phase: 1 },
  ReadReviews: { kind: "ReadReviews", phase: 1 },
  StartRework: { kind: "StartRework", phase: 1, requestedAt: "2026-11-21T10:00:00.000Z" },
  AnswerFeedback: { kind: "AnswerFeedback", phase: 1, ids: ["thread:T1"], commitSha: null },
  RequestReview: { kind: "RequestReview", phase: 1, from: ["owner"] },
  DeleteBranch: { kind: "DeleteBranch", phase: 1 },
  EraseTask: { kind: "EraseTask" },
  ReopenGate: { kind: "ReopenGate", pullRequest: 31 },
  CloseGate: { kind: "CloseGate", pullRequest: 31 },
  ShowRequest: { kind: "ShowRequest", requestId: "run-1/1" },
  RemindQuestions: { kind: "RemindQuestions", requestId: "run-1/1" },
  EndLimit: { kind: "EndLimit", pausedAt: "2026-11-21T10:00:00.000Z" },
  EndDay: { kind: "EndDay", pausedAt: "2026-11-21T10:00:00.000Z" },
  DropCheckpoint: { kind: "DropCheckpoint" },
  KeepRecord: { kind: "KeepRecord" },
  DropRecord: { kind: "DropRecord" },
  ShowCheck: { kind: "ShowCheck", phase: 1 },
  ReadCi: { kind: "ReadCi", phase: 1, headSha: "c0ffee" },
  StartCiRework: { kind: "StartCiRework", phase: 1, headSha: "c0ffee" },
  CloseIssue: { kind: "CloseIssue" },
  NotifyUnverified: { kind: "NotifyUnverified", phase: 1, headSha: "c0ffee" },
  NotifyCi: { kind: "NotifyCi", phase: 1, headSha: "c0ffee" },
  StartVetoRework: { kind: "StartVetoRework", phase: 1, vetoedAt: "2026-11-21T10:00:00.000Z" },
  AskVetoReason: { kind: "AskVetoReason", phase: 1, number: 3 },
  MergeGate: { kind: "MergeGate", phase: 1, headSha: "c0ffee" },
  LookAtBase: { kind: "LookAtBase", phase: 1, headSha: "c0ffee" },
  ShowReply: { kind: "ShowReply", phase: 1, number: 2 },
  PostSummary: { kind: "PostSummary" },
  OpenFinalGate: { kind: "OpenFinalGate" },
  DeleteTaskBranch: { kind: "DeleteTaskBranch" },
  CompareItems: { kind: "CompareItems" },
  ReadPlan: { kind: "ReadPlan", phase: 1 },
  NotifyRipple: { kind: "NotifyRipple", sha: "c0ffee" },
  NotifySettled: { kind: "NotifySettled", phase: 5 },
  ShowStatus: { kind: "ShowStatus" },
  NotifyRefused: { kind: "NotifyRefused", name: "OPENAI_API_KEY" },
  NotifyBlocked: { kind: "NotifyBlocked", reason: { kind: "waiting-question" } },
};

const reasons: { readonly [Kind in BlockReason["kind"]]: Extract<BlockReason, { readonly kind: Kind }> } = {
  "no-workflow-file": { kind: "no-workflow-file" },
  "actions-disabled": { kind: "actions-disabled" },
  "no-model-secret": { kind: "no-model-secret" },
  "empty-repository": { kind: "empty-repository" },
  "app-unreachable": { kind: "app-unreachable", runUrl: "https://github.test/runs/100" },
  "dispatch-refused": { kind: "dispatch-refused", message: "no ref main" },
  environment: { kind: "environment", faults: 3, message: "silence" },
  "verification-failed": { kind: "verification-failed", attempts: 3 },
  "budget-exhausted": { kind: "budget-exhausted", scope: "day", spentUsd: 50.5, budgetUsd: 50 },
  "rate-limited": { kind: "rate-limited", resetsAt: null, message: "too many requests" },
  "waiting-question": { kind: "waiting-question" },
  "waiting-dependency": { kind: "waiting-dependency" },
  conversation: { kind: "conversation" },
  "provider-refused": { kind: "provider-refused", why: "billing", message: "no credit" },
  "gate-closed": { kind: "gate-closed", pullRequest: 31 },
  "gate-retargeted": { kind: "gate-retargeted", pullRequest: 31, base: "next", merged: false },
  "approval-needed": { kind: "approval-needed", phase: 1, by: "owner" },
  "workflow-file-awaited": {
    kind: "workflow-file-awaited",
    path: ".github/workflows/phasegate-x.yml",
    branch: "main",
  },
  "settings-invalid": { kind: "settings-invalid", message: "line 2: merge" },
  "plan-invalid": { kind: "plan-invalid", phase: 1, faults: 2, message: "line 3: phase_id" },
  "no-progress": { kind: "no-progress", why: "money-without-commits", spentUsd: 3.2 },
  runaway: { kind: "runaway", events: 121 },
  paused: { kind: "paused", by: "owner" },
  "issue-closed": { kind: "issue-closed", by: "owner" },
  "repository-archived": { kind: "repository-archived" },
  "no-access": { kind: "no-access", why: "removed" },
  "effect-failed": { kind: "effect-failed", effect: "OpenGate", message: "422" },
};

test.each(Object.values(effects))("$kind is read as it was written", (effect) => {
  expect(decodeEffect(encodeEffect(effect))).toEqual(effect);
});

test.each(Object.values(reasons))("that $kind blocks a task is read as it was written", (reason) => {
  const effect: Effect = { kind: "NotifyBlocked", reason };
  expect(decodeEffect(encodeEffect(effect))).toEqual(effect);
});

test("an effect of the future is refused", () => {
  expect(() => decodeEffect('{"kind":"SendLetter"}')).toThrow(/kind/u);
});
