/** What a repository with `language: ko` reads: nothing that we say may be left in English. */
import { describe, expect, test } from "vitest";
import type { Diagnosis } from "../../../src/control/ports/diagnosis.ts";
import type { Notice } from "../../../src/control/ports/notices.ts";
import type { TaskView } from "../../../src/control/ports/task-view.ts";
import type { TaskEvent } from "../../../src/core/events.ts";
import type { CiState } from "../../../src/core/ci.ts";
import type { ItemsChanged } from "../../../src/core/ripple.ts";
import { defaultSettings, type TaskSettings } from "../../../src/core/settings.ts";
import { checkText, finalCheckText } from "../../../src/github/texts/check.ts";
import { configurationCheckText, specificationsCheckText } from "../../../src/github/texts/configuration.ts";
import { finalGateBody } from "../../../src/github/texts/final-gate.ts";
import { finishedTitle, gateBody, gateTitle } from "../../../src/github/texts/gate.ts";
import { noticeText } from "../../../src/github/texts/notices.ts";
import { onboardingBody, onboardingTitle } from "../../../src/github/texts/onboarding.ts";
import { sayIn } from "../../../src/github/texts/words.ts";
import { boxesIn, keepTicks } from "../../../src/github/veto-boxes.ts";
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
  needed,
  questionsAsked,
  reported,
  running,
  runStarted,
  verified,
  viewOf,
  withPhase,
} from "../texts-fixtures.ts";

const say = sayIn("ko");
const context = { ...english, say };
const { links } = context;
const sha = "0123456789abcdef";

/** As an agent that was told to write Korean says it. */
const koreanDecision = {
  decision: "링크는 SQLite에 둡니다",
  alternative: "PostgreSQL",
  reason: "쓰는 쪽이 하나입니다",
};
const events: readonly TaskEvent[] = [
  created({ title: "링크 단축기" }),
  ...runStarted,
  questionsAsked([asked({ question: "수익 모델은?", options: ["구독", "광고"], default: "구독" })]),
  answered(1, "구독"),
  needed({ description: "요약에 씁니다" }),
  ...running.slice(runStarted.length),
  gateOpened(),
  reported({
    verdicts: [
      { criterion: "agrees", passed: false, confidence: "medium", reason: "다릅니다", evidence: [] },
      { criterion: "friendly", passed: true, confidence: "high", reason: "", evidence: [] },
    ],
    judgeFault: "답이 없습니다",
    tests: { command: "npm test", result: "failed", exitCode: 1, seconds: 3, tail: "끝" },
    decisions: [decisionOf(koreanDecision), decisionOf({ ...koreanDecision, confidence: "low", alternative: "" })],
  }),
];
const atWork = viewOf(events.slice(0, -1));
const failed = whole(viewOf([...events, ...verified(false, "20자뿐입니다")]));
const passed = whole(viewOf([...events, ...verified(true), { type: "ReviewCreated", at, phase: 1, headSha: sha }]));
const merged: TaskEvent = { type: "PhaseCompleted", at, phase: 1, by: "wanda", mergeSha: sha };

/** With something in every section, and every check that has no words of a playbook. */
function whole(view: TaskView): TaskView {
  const changed = withPhase(view, (phase) => ({
    verification:
      phase.verification === null
        ? null
        : {
            ...phase.verification,
            checks: [
              ...phase.verification.checks,
              ...(["env-ignored", "no-secrets", "sections-present", "tests-exist", "links-resolve"] as const).map(
                (check) => ({ check, passed: true, looked: 3 }),
              ),
              { check: "judged:friendly", passed: true, looked: 1 },
            ],
            notes: [{ check: "ids-cited", step: null, path: "a.md", line: 2, message: "없습니다" }],
          },
    feedback: feedbackOf(2),
    decisions: {
      ...phase.decisions,
      list: phase.decisions.list.map((decision, index) => ({
        ...decision,
        veto: { by: "wanda", reason: index === 0 ? "느립니다" : null },
      })),
    },
    reworkAttempts: [
      {
        attemptNumber: 1,
        failedCriteria: ["plan-shape"],
        reworkPrompt: "",
        startedAt: at,
        completedAt: at,
        result: "partial",
      },
    ],
  }));
  return {
    ...changed,
    forecasts: new Map([
      [1, { usd: 3, from: "history" }],
      [2, { usd: 4, from: "playbook" }],
    ]),
    criteria: new Map([[1, []]]),
  };
}

function withSettings(view: TaskView, settings: Partial<TaskSettings>): TaskView {
  return { ...view, task: { ...view.task, settings: { ...view.task.settings, ...settings } } };
}

const changed: ItemsChanged = {
  since: sha,
  sha,
  by: "owner",
  items: [
    { id: "REQ-002", kind: "changed", path: "docs/planning/07_features.md", phase: 1 },
    { id: "REQ-005", kind: "removed", path: "docs/planning/07_features.md", phase: 1 },
  ],
  touched: [{ phase: 1, step: "02_market", paths: Array.from({ length: 9 }, (_, index) => `docs/${index}.md`) }],
  checked: [{ phase: 1, passed: false }],
  feedback: [],
  textHash: "task-1.hash",
};
const rework = { by: ["wanda"], source: "veto", ids: ["a"], textHash: "h", base: null } as const;
const talk = { said: [], replies: [], doneBy: null };
const second: readonly TaskEvent[] = [...events, ...verified(true), merged, { type: "PhaseStarted", at, phase: 2 }];
const accepted = withPhase(failed, () => ({ accepted: { by: "wanda", failed: ["long-enough", "no-secrets"] } }));

describe("in Korean the gate", () => {
  const delivered = {
    headSha: sha,
    files: [
      { path: "docs/planning/01_idea.md", deleted: false },
      { path: "src/a.ts", deleted: false },
      { path: "b.ts", deleted: true },
    ],
    complete: false,
    ciLater: true,
  };
  const body = (view: TaskView, ready: boolean, phase = 1) =>
    gateBody({ view, phase, links, say, ready, delivered: ready ? delivered : null });
  const ci = (kind: CiState["kind"]) => {
    const failed = kind === "red" ? [{ name: "lint", url: "https://ci" }] : [];
    return body(
      withPhase(passed, () => ({ ci: { kind, reason: null, failed, headSha: sha } })),
      true,
    );
  };

  test.each<readonly [claim: string, text: string]>([
    ["at work", body(atWork, false)],
    [
      "in a rework",
      body(
        withPhase(failed, () => ({ rework })),
        false,
      ),
    ],
    [
      "in a conversation",
      body(
        withPhase(failed, () => ({ conversation: talk })),
        false,
      ),
    ],
    ["whose checks failed", body(failed, false)],
    ["that was accepted although they failed", body(accepted, true)],
    [
      "that was accepted as it is",
      body(
        withPhase(failed, () => ({ accepted: { by: "wanda", failed: [] } })),
        true,
      ),
    ],
    ["ready for review", body(passed, true)],
    ["that the app merges", body(withSettings(passed, { merge: "auto", ci: "approved" }), true)],
    ["that others approve", body(withSettings(passed, { requesterMayApprove: false }), true)],
    [
      "that others approve and the app merges",
      body(withSettings(passed, { merge: "auto", requesterMayApprove: false }), true),
    ],
    ["of a task with a branch of its own", body(withSettings(viewOf(second), { integration: "task" }), false, 2)],
    ["whose own checks failed", ci("red")],
    ["whose own checks passed", ci("green")],
    ["whose own checks are under way", ci("waiting")],
    ["whose own checks never started", ci("never-started")],
    ["without own checks", ci("none")],
    ["whose own checks wait", ci("held")],
    [
      "that changes what was approved",
      body(
        withPhase(passed, () => ({ changed })),
        true,
      ),
    ],
    ["that is the last", finalGateBody(viewOf(second), "main", links, say)],
  ])("%s leaves nothing of ours in English", (_claim, text) => {
    // The title of a phase is English, like those of the playbooks.
    expect(englishIn(text.replaceAll("What follows from", ""))).toEqual([]);
  });

  test("says what to do before anything else, with GitHub's keyword and the app's marks as they are", () => {
    const text = body(passed, true);
    expect(text.split("\n\n").slice(0, 3)).toMatchInlineSnapshot(`
      [
        "**이 풀 리퀘스트를 병합하면 2단계(Design)가 시작됩니다.** 먼저 바꿀 것이 있으면 검토에서 변경을 요청하거나 \`/rework <바꿀 내용>\` 댓글을 쓰세요.",
        "이슈 #7의 일부입니다.",
        "<details><summary>여기서 더 할 수 있는 것</summary>",
      ]
    `);
    expect(boxesIn(text)).toEqual([
      { attempt: 1, number: 1, ticked: true, writtenTicked: true },
      { attempt: 1, number: 2, ticked: true, writtenTicked: true },
    ]);
    expect(body(viewOf(second), true, 2)).toMatch(/^Closes #7$/mu);
    expect(gateTitle(passed, 1, { unfinished: true }, say)).toBe("WIP: 1/2단계, Planning: 링크 단축기");
    expect(finishedTitle(gateTitle(passed, 1, { unfinished: true }, say))).toBe("1/2단계, Planning: 링크 단축기");
  });

  test("keeps what was ticked while the text was another language's", () => {
    const before = gateBody({ view: passed, phase: 1, links, say: english.say, ready: true, delivered });
    const ticked = before.replace(/\[x\](?<rest>.*veto:1:2 )/u, "[ ]$<rest>");
    expect(boxesIn(keepTicks(body(passed, true), ticked)).map((box) => box.ticked)).toEqual([true, false]);
  });
});

describe("in Korean the check", () => {
  const anyFault = { file: "a.yml", line: null, rule: "r", message: "x" };
  const check = (view: TaskView, isVerified = true) => checkText({ view, phase: 1, links, say, isVerified });
  test.each<readonly [claim: string, said: Pick<ReturnType<typeof check>, "title" | "summary">]>([
    ["of a phase to come", checkText({ view: atWork, phase: 2, links, say, isVerified: true })],
    ["of one at work", check(atWork)],
    ["of one in a rework", check(withPhase(failed, () => ({ rework })))],
    ["of one that failed", check(failed)],
    ["of one that was not judged", check({ ...passed, criteria: new Map([[1, [judged("x")]]]) })],
    ["of one that passed", check(viewOf([...events, ...verified(true)]))],
    ["of one that was accepted", check(accepted)],
    ["of one that was skipped", check(viewOf([...events, { type: "PhaseSkipped", at, phase: 1, by: "wanda" }]))],
    ["of one that was merged too early", check(viewOf([...events, merged]))],
    ["of a cancelled task", check(viewOf([...events, { type: "TaskCancelled", at, by: "wanda" }]))],
    ["with commits on top", check(passed, false)],
    ["with an attempt on top", check(failed, false)],
    ["of the last pull request", finalCheckText(viewOf(second), sha, links, say)],
    ["of the last one with more commits", finalCheckText(viewOf(second), "b", links, say)],
    ["of a configuration with faults", configurationCheckText({ faults: [anyFault], labels: [] }, say)],
    ["of specifications with faults", specificationsCheckText({ faults: [anyFault], looked: 2 }, say)],
    ["of specifications", specificationsCheckText({ faults: [], looked: 2 }, say)],
    ["of a configuration", configurationCheckText({ faults: [], labels: ["release"] }, say)],
  ])("%s leaves nothing of ours in English", (_claim, { title, summary }) => {
    expect(title).toMatch(/[가-힣]/u);
    expect(englishIn(`${title}\n${summary}`)).toEqual([]);
  });
});

function judged(text: string) {
  return { id: "y", text, severity: "must", kind: "judged" } as const;
}

describe("in Korean the notice", () => {
  const { task } = failed;
  const summed = viewOf([...second, { type: "TaskCompleted", at }]).task;
  const fault = { file: "playbooks/release.yml", line: 8, rule: "r", message: "x" };
  const ciOf = (kind: "red" | "never-started" | "green", failing = true, reason: string | null = null) => ({
    kind,
    reason,
    failed: failing ? [{ name: "lint", url: "https://ci" }] : [],
  });
  const conflict = { kind: "conflict", base: "main", paths: ["a.ts"], reworks: 2 } as const;
  const answer = { text: "", commitSha: null, kind: "fixed" } as const;
  const notices: readonly Notice[] = [
    { kind: "second-label", label: "a", running: "b" },
    { kind: "not-taken-up", label: "a", why: "`GitHub` 403" },
    { kind: "playbook-faulty", label: "a", faults: Array.from({ length: 30 }, () => fault) },
    { kind: "help" },
    { kind: "unknown-command", typed: "/x" },
    { kind: "doctor", findings: [finding("fault"), finding("warning"), finding("ok")] },
    {
      kind: "config",
      owner: "octo",
      installation: {
        language: "ko",
        model: "sonnet",
        phaseBudgetUsd: null,
        taskBudgetUsd: 25,
        dayBudgetUsd: 50,
        stepMinutes: 20,
        reworks: 3,
        reviewDebounceSeconds: 20,
        network: "open",
      },
      found: {
        settings: {
          ...defaultSettings,
          autoAccept: false,
          limits: { ...defaultSettings.limits, taskBudgetUsd: 90 },
        },
        origins: { "limits.task_budget_usd": "owner" },
        faults: ["merge"],
      },
    },
    {
      kind: "feedback-answered",
      answers: ["review:3", "comment:5", "veto:1:2:4", "ci:0", "conflict:1", "ripple:1"].map((id) => ({
        ...answer,
        by: "wanda",
        id,
      })),
    },
    { kind: "veto-reason", number: 3, decision: "링크", by: "wanda" },
    { kind: "ci", ci: ciOf("red"), reworks: 2, headSha: sha },
    { kind: "ci", ci: ciOf("red", false), reworks: 0, headSha: sha },
    { kind: "ci", ci: ciOf("never-started"), reworks: 0, headSha: sha },
    { kind: "ci", ci: ciOf("green"), reworks: 0, headSha: sha },
    { kind: "ripple", task, phase: 3, changed },
    { kind: "ripple", task, phase: 1, changed: { ...changed, by: "somebody", checked: [{ phase: 1, passed: true }] } },
    { kind: "ripple", task, phase: null, changed: { ...changed, touched: [], checked: [] } },
    { kind: "ripple", task, phase: null, changed: { ...changed, items: [], touched: [] } },
    { kind: "ripple-settled", items: changed.items, parts: [{ title: "시장", text: "그대로입니다" }] },
    { kind: "summary", task: summed },
    { kind: "summary", task: accepted.task },
    { kind: "review-required", pullRequest: 8 },
    { kind: "unverified-head", pullRequest: 8, by: "wanda", headSha: sha },
    { kind: "question-reminder", questions: task.questions },
    { kind: "question-reminder", questions: [...task.questions, ...task.questions] },
    ...task.dependencies.map(
      (dependency) => ({ kind: "value-refused", dependency: { ...dependency, refused: "키가 틀립니다" } }) as const,
    ),
    { kind: "answer-not-yours", login: "stranger", author: "owner" },
    { kind: "secret-pasted", what: "x", hidden: true, names: [] },
    { kind: "secret-pasted", what: "x", hidden: false, names: ["A_KEY"] },
    { ...conflict, why: "again" },
    { ...conflict, why: "not-ours" },
    { ...conflict, why: "unclear" },
    { kind: "action-outdated", spoken: 1, current: 2 },
  ];

  test.each(notices.map((notice) => [notice.kind, notice] as const))(
    "%s leaves nothing of ours in English",
    (_, notice) => {
      const text = noticeText(notice, context);
      expect(text).toMatch(/[가-힣]/u);
      expect(text.split("*다음 할 일:*").length).toBeLessThan(3);
      expect(englishIn(text)).toEqual([]);
    },
  );
});

function finding(level: Diagnosis["level"]): Diagnosis {
  return { check: "webhook", level, message: "x", mend: level === "fault" ? "https://github.com/x" : "y https://x" };
}

test("in Korean the pull request that sets a repository up leaves nothing of ours in English", () => {
  const files = [
    { kind: "settings", path: ".github/phasegate.yml", text: "", label: null },
    { kind: "form", path: ".github/ISSUE_TEMPLATE/phasegate-fix.yml", text: "", label: "fix" },
    { kind: "template", path: ".phasegate/specs/templates/spec.yaml", text: "", label: null },
  ] as const;
  const workflow = { kind: "workflow", path: ".github/workflows/phasegate.yml", label: null } as const;
  const about = { findings: [finding("ok")], links, branch: "phasegate/onboarding", defaultBranch: "main", say };
  const short = { ...workflow, text: "on: push" };
  const long = { ...workflow, text: "x".repeat(9_000) };
  for (const byHand of [[], [short], [long]]) {
    const body = onboardingBody({ ...about, files: [...files, short], byHand, labels: ["fix"] });
    expect(englishIn(body)).toEqual([]);
  }
  expect(onboardingTitle(say)).toBe("Phasegate 설정하기");
});
