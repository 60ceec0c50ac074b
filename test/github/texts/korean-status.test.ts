/** What a task with `language: ko` says on its issue: nothing that we say may be left in English. */
import { describe, expect, test } from "vitest";
import type { RequestShown } from "../../../src/control/ports/notices.ts";
import type { TaskView } from "../../../src/control/ports/task-view.ts";
import type { TaskEvent } from "../../../src/core/events.ts";
import type { BlockReason } from "../../../src/core/outcome.ts";
import { phrase } from "../../../src/core/phrase.ts";
import { defaultSettings, type TaskSettings } from "../../../src/core/settings.ts";
import { slashCommands } from "../../../src/core/slash-commands.ts";
import { readIssueForm } from "../../../src/github/issue-form.ts";
import { answerText } from "../../../src/github/texts/answers.ts";
import { blockText } from "../../../src/github/texts/blocked.ts";
import { commandTable } from "../../../src/github/texts/commands.ts";
import { formText } from "../../../src/github/texts/form.ts";
import { stateLabelOf } from "../../../src/github/texts/labels.ts";
import { requestText } from "../../../src/github/texts/requests.ts";
import { statusText } from "../../../src/github/texts/status.ts";
import { sayIn } from "../../../src/github/texts/words.ts";
import {
  answered,
  asked,
  at,
  context as english,
  created,
  decisionOf,
  englishIn,
  feedbackOf,
  gateOpened,
  inReview,
  needed,
  questionsAsked,
  reported,
  runId,
  running,
  runStarted,
  spent,
  started,
  taskOf,
  verified,
  viewOf,
  waitsForAnswer,
  withPhase,
} from "../texts-fixtures.ts";

const say = sayIn("ko");
const context = { ...english, say };
const url = "https://github.com/octo/shop/pull/8";
const sha = "0123456789abcdef";
const talk = { said: [], replies: [], doneBy: null };

const questions = [asked({ question: "수익 모델은?", options: ["구독", "광고"], default: "구독" })];
const waiting: readonly TaskEvent[] = [
  ...runStarted,
  questionsAsked(questions),
  needed({ description: "요약에 씁니다" }),
  ...waitsForAnswer,
];
const failed: readonly TaskEvent[] = [
  ...running,
  gateOpened(),
  reported({ decisions: [decisionOf({ decision: "링크는 SQLite에 둡니다" })] }),
  ...verified(false, "20자뿐입니다"),
];
const merged = (phase: number): TaskEvent => ({ type: "PhaseCompleted", at, phase, by: "wanda", mergeSha: sha });
const skipped = (phase: number, by: string): TaskEvent => ({ type: "PhaseSkipped", at, phase, by });
const paused = (reason: BlockReason): TaskEvent => ({ type: "TaskPaused", at, reason });

const live = {
  currentAction: "Write docs/planning/02_market.md",
  currentStep: "02_market",
  currentDocument: "docs/planning/02_market.md",
  recentActions: [{ at, text: "Read README.md" }],
  spent,
  lastUpdate: at,
};

function withSettings(view: TaskView, over: Partial<TaskSettings>): TaskView {
  return { ...view, task: { ...view.task, settings: { ...defaultSettings, ...over } } };
}

const reviewed = viewOf(inReview);
const gateIn = (review: "approved" | "changes_requested") =>
  withPhase(reviewed, ({ gate }) => ({
    gate: gate === null ? null : { ...gate, review, approvedBy: ["wanda"], requestedBy: ["wanda"] },
  }));
const reworkBy = (source: "veto" | "ci" | "conflict" | "ripple" | "command", by: readonly string[]) =>
  withPhase(viewOf(started), () => ({
    rework: { by, source, ids: ["a"], textHash: "h", base: source === "conflict" ? "main" : null },
  }));

const states: readonly (readonly [claim: string, view: TaskView])[] = [
  ["a draft", viewOf([])],
  ["before its first run", viewOf(started.slice(0, 2))],
  ["whose run is asked for", viewOf(started)],
  ["whose run waits for a machine", viewOf(running.slice(0, 4))],
  ["at work", viewOf([...running, gateOpened()], live)],
  ["with criteria that failed", viewOf(failed)],
  [
    "with feedback and a veto",
    withPhase(viewOf(failed), ({ decisions }) => ({
      feedback: feedbackOf(2),
      decisions: { ...decisions, list: decisions.list.map((each) => ({ ...each, veto: { by: "w", reason: "느림" } })) },
    })),
  ],
  ["in a conversation", withPhase(viewOf(running, live), () => ({ conversation: talk }))],
  ["in a rework of a veto", reworkBy("veto", ["wanda"])],
  ["in a rework of the repository's checks", reworkBy("ci", [])],
  ["in a rework of a conflict", reworkBy("conflict", [])],
  ["in a rework of a ripple", reworkBy("ripple", [])],
  ["in a rework that was asked for", reworkBy("command", ["a", "b"])],
  ["in review", reviewed],
  ["that the app merges", withSettings(reviewed, { merge: "auto" })],
  ["that others approve", withSettings(reviewed, { requesterMayApprove: false })],
  ["with a branch of its own", withSettings(reviewed, { integration: "task" })],
  ["accepted although it failed", withPhase(reviewed, () => ({ accepted: { by: "wanda", failed: [] } }))],
  ["whose conversation has ended", withPhase(reviewed, () => ({ conversation: talk }))],
  ["approved", gateIn("approved")],
  ["approved, for the app to merge", withSettings(gateIn("approved"), { merge: "auto" })],
  ["approved by who may not", withSettings(gateIn("approved"), { requesterMayApprove: false })],
  ["that is to be changed", gateIn("changes_requested")],
  ["in its last review", viewOf([...inReview, { type: "FinalGateOpened", at, pullRequest: 9, url }])],
  ["that waits for answers", viewOf(waiting)],
  ["that is merged", viewOf([...inReview, merged(1), skipped(2, "wanda"), { type: "TaskCompleted", at }])],
  ["without anything to merge", viewOf([...inReview, skipped(1, ""), skipped(2, ""), { type: "TaskCompleted", at }])],
  ["that failed", viewOf([...started, { type: "TaskFailed", at, message: "리포지토리가 없습니다" }])],
  ["that was cancelled", viewOf([...waiting, { type: "TaskCancelled", at, by: "wanda" }])],
  [
    "that was deleted",
    viewOf([...started, { type: "TaskCancelled", at, by: "wanda" }, { type: "TaskErased", at, by: "wanda" }]),
  ],
];

describe("in Korean the status of a task", () => {
  test.each(states)("%s leaves nothing of ours in English", (_claim, view) => {
    const text = statusText(view, context);
    expect(text).toMatch(/[가-힣]/u);
    expect(englishIn(text)).toEqual([]);
  });

  test("says what happened last, and what the agent does", () => {
    const text = statusText(viewOf([...running, gateOpened()], live), context);
    expect(text).toContain(
      "**2단계 중 1단계, Planning:** 에이전트가 세부 단계 2개 중 2번째 Market 작업을 하고 있습니다.",
    );
    expect(text).toContain("- 11월 21일 02:20 UTC: 풀 리퀘스트 \\#&#8203;8 열림");
    expect(text).toContain("| 1 Planning | ● 작업 중 | 1/2 |");
  });
});

const reasons: readonly BlockReason[] = [
  { kind: "no-workflow-file" },
  { kind: "actions-disabled" },
  { kind: "no-model-secret" },
  { kind: "empty-repository" },
  { kind: "app-unreachable", runUrl: url },
  { kind: "dispatch-refused", message: "거절" },
  { kind: "environment", faults: 2, message: "끊김" },
  { kind: "verification-failed", attempts: 3 },
  { kind: "budget-exhausted", scope: "day", spentUsd: 1, budgetUsd: 1 },
  { kind: "budget-exhausted", scope: "phase", spentUsd: 1, budgetUsd: 1 },
  { kind: "budget-exhausted", scope: "task", spentUsd: 1, budgetUsd: 1 },
  { kind: "rate-limited", resetsAt: null, message: "한도" },
  { kind: "rate-limited", resetsAt: at, message: "한도" },
  { kind: "waiting-question" },
  { kind: "waiting-dependency" },
  { kind: "conversation" },
  { kind: "provider-refused", why: "authentication", message: "거절" },
  { kind: "provider-refused", why: "billing", message: "" },
  { kind: "provider-refused", why: "model-not-found", message: "" },
  { kind: "gate-closed", pullRequest: 8 },
  { kind: "gate-retargeted", pullRequest: 8, base: "other", merged: false },
  { kind: "gate-retargeted", pullRequest: 8, base: "other", merged: true },
  { kind: "approval-needed", phase: 1, by: "wanda" },
  { kind: "settings-invalid", message: "틀림" },
  { kind: "workflow-file-awaited", path: ".github/workflows/x.yml", branch: "main" },
  { kind: "plan-invalid", phase: 1, faults: 2, message: "틀림" },
  { kind: "no-progress", why: "no-change", spentUsd: 1 },
  { kind: "no-progress", why: "money-without-commits", spentUsd: 1 },
  { kind: "runaway", events: 200 },
  { kind: "paused", by: "wanda" },
  { kind: "issue-closed", by: "wanda" },
  { kind: "repository-archived" },
  { kind: "no-access", why: "suspended" },
  { kind: "no-access", why: "removed" },
  { kind: "effect-failed", effect: "PublishStep", message: "실패" },
];

test.each(reasons)("in Korean the pause %o leaves nothing of ours in English", (reason) => {
  for (const view of [viewOf(failed), viewOf(started), withPhase(viewOf(failed), () => ({ conversation: talk }))]) {
    const { what, why, next } = blockText(reason, view.task, context, { forecast: { usd: 3, from: "history" } });
    // Names of GitHub's pages stand as GitHub shows them.
    const words = `${what}\n\n${why}\n\n${next}`.replaceAll(/Settings( → [\w ]+)+/gu, "");
    expect(englishIn(words)).toEqual([]);
    expect(
      englishIn(statusText(viewOf([...failed, paused(reason)]), context).replaceAll(/Settings( → [\w ]+)+/gu, "")),
    ).toEqual([]);
    expect(stateLabelOf(taskOf(...failed, paused(reason)), say).description).toMatch(/[가-힣]/u);
  }
});

const error = { requestId: "r", at, phase: 1, step: "01_idea", runId, message: "틀림", details: "끝" } as const;

function requestsOf(...events: readonly TaskEvent[]): readonly (readonly [RequestShown, readonly TaskEvent[]])[] {
  const { questions: list, dependencies } = taskOf(...events);
  return [
    ...(list.length === 0 ? [] : ([[{ kind: "questions", questions: list }, events]] as const)),
    ...dependencies.map((dependency) => [{ kind: "dependency", dependency, isNoticed: true }, events] as const),
    ...dependencies.map((dependency) => [{ kind: "dependency", dependency, isNoticed: false }, events] as const),
  ];
}

const cancelled: TaskEvent = { type: "TaskCancelled", at, by: "wanda" };
const types = ["env_variable", "service", "file", "permission", "package", "api_key"] as const;
const requests = [
  ...requestsOf(...waiting),
  ...requestsOf(...waiting, answered(1, "구독", 1)),
  ...requestsOf(...waiting, cancelled),
  ...requestsOf(
    ...runStarted,
    questionsAsked([...questions, asked({ question: "누구?", options: [], default: null })]),
  ),
  ...requestsOf(
    ...runStarted,
    questionsAsked([asked({ question: "누구?", options: [], default: "나", required: false })]),
  ),
  ...requestsOf(
    ...runStarted,
    questionsAsked([asked({ question: "누구?", options: [], default: null, required: false })]),
  ),
  ...types.flatMap((type) =>
    requestsOf(...runStarted, needed({ type, description: "요약", required: type !== "file" })),
  ),
  ...requestsOf(...waiting, { type: "DependencySkipped", at, name: "OPENAI_API_KEY", by: "wanda" }),
  ...(["missing_file", "execution_failed", "validation_error"] as const).flatMap((type) =>
    (["agent", "environment"] as const).map(
      (cause) => [{ kind: "error", error: { ...error, type, cause } }, runStarted] as const,
    ),
  ),
] as const;

test.each(requests)("in Korean the request %o leaves nothing of ours in English", (request, events) => {
  const text = requestText(request, taskOf(...events), context);
  expect(text).toMatch(/[가-힣]/u);
  expect(englishIn(text)).toEqual([]);
});

test("in Korean an answer in a thread leaves nothing of ours in English", () => {
  for (const kind of ["fixed", "declined", "question", "none"] as const) {
    for (const commitSha of [null, sha]) {
      expect(englishIn(answerText({ kind, text: "했습니다", commitSha }, context.links, say))).toEqual([]);
    }
  }
});

test("in Korean what a form lacks, and the help, leave nothing of ours in English", () => {
  const body = "### What do you want to build?\n\nx\n\n### Priority\n\nP1\n\n### Budget in US dollars\n\n99";
  const { faults } = readIssueForm({ title: "", body }, { budgetUsdMax: 25 });
  expect(faults.length).toBeGreaterThan(1);
  const unnamed = faults.map((fault) => ({ ...fault, field: "x" }));
  expect(englishIn(formText(unnamed, say).replaceAll(/critical, high, normal, low/gu, ""))).toEqual([]);
  expect(formText([{ field: "x", given: "", expected: phrase`English or 한국어 (Korean)` }], say)).toContain("또는");
  expect(formText([], say)).toMatch(/[가-힣]/u);
  expect(englishIn(commandTable(say))).toEqual([]);
  expect(commandTable(say).split("\n")).toHaveLength(slashCommands.length + 2);
});

test("an issue in Korean is created with the same marks and names as one in English", () => {
  const view = viewOf([created(), ...waiting]);
  const namesIn = (text: string) => text.match(/`[^`]+`|\]\([^)]*\)/gu)?.toSorted();
  const shown = namesIn(statusText(view, context));
  expect(shown?.filter((name) => !name.includes("답변"))).toEqual(
    namesIn(statusText(view, english))?.filter((name) => !name.includes("your words")),
  );
});
