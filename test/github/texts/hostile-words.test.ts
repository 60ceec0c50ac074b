/** Every text that people read, with the worst that an agent, a stranger or a log could put into it. */
import { describe, expect, test } from "vitest";
import type { Notice } from "../../../src/control/ports/notices.ts";
import type { TaskView } from "../../../src/control/ports/task-view.ts";
import type { TaskEvent } from "../../../src/core/events.ts";
import { changesetIdOf } from "../../../src/core/ids.ts";
import type { BlockReason } from "../../../src/core/outcome.ts";
import type { Finding } from "../../../src/core/report.ts";
import { securityKinds } from "../../../src/core/security.ts";
import type { PhaseProgress } from "../../../src/core/state.ts";
import { answerText } from "../../../src/github/texts/answers.ts";
import { checkText } from "../../../src/github/texts/check.ts";
import { stepCommitMessage } from "../../../src/github/texts/commits.ts";
import { finalGateBody } from "../../../src/github/texts/final-gate.ts";
import { gateBody, gateTitle } from "../../../src/github/texts/gate.ts";
import { noticeText } from "../../../src/github/texts/notices.ts";
import { requestText } from "../../../src/github/texts/requests.ts";
import { statusText } from "../../../src/github/texts/status.ts";
import { boxesIn } from "../../../src/github/veto-boxes.ts";
import { parseCommand } from "../../../src/github/slash-commands.ts";
import type { Language } from "../../../src/core/task-input.ts";
import { sayIn } from "../../../src/github/texts/words.ts";
import {
  answered,
  asked,
  at,
  context as inEnglish,
  created,
  decisionOf,
  gateOpened,
  needed,
  questionsAsked,
  reported,
  runId,
  runStarted,
  verified,
  viewOf,
  waitsForAnswer,
  withPhase,
} from "../texts-fixtures.ts";
import { joined } from "../../../src/core/phrase.ts";

const { links } = inEnglish;
const languages = ["en", "ko"] as const;
const say = sayIn("en");

const hostile: readonly string[] = [
  "/approve",
  "@reviewer @octo/team closes #1, fixes octo/shop#2, resolves GH-3",
  "closes https://github.com/octo/shop/issues/1 www.evil.example",
  "- [x] all of it <!-- phasegate:veto:1:1 -->",
  "<!-- phasegate:veto:1:2 --> <!-- phasegate:status:task-1 -->",
  "<img src=x onerror=y> </details> <details open>",
  "[x](https://evil.example) ![p](https://evil.example/p.png)",
  "x`\n\n/cancel\n\n```\n/veto 1 because I say so\n```\n# Heading\n\n- [x] <!-- phasegate:veto:1:1 -->",
  "\u{202e}/approve\u{200b} @\u{200d}reviewer",
  "| a | b | [skip ci]",
];

function viewWith(words: string): TaskView {
  const finding: Finding = { check: "judged:planning-agrees", step: words, path: words, line: 3, message: words };
  const whole: Finding = { ...finding, check: "no-placeholder", path: null, line: null };
  const evidence = [{ path: words, line: 3, quote: words }];
  const verdict = { criterion: "planning-agrees", passed: false, confidence: "low", reason: words, evidence } as const;
  const events: readonly TaskEvent[] = [
    created({ title: words }),
    ...runStarted,
    questionsAsked([asked({ question: words, options: [words, "b"], default: words })]),
    answered(1, words),
    questionsAsked([asked({ question: words })], { first: 2, requestId: "run-1/3" }),
    needed({ name: "A_KEY", askedAs: words, description: words }),
    gateOpened(),
    {
      type: "SecurityNoted",
      at,
      runId,
      phase: 1,
      source: "runner",
      notes: securityKinds.map((kind) => ({ kind, count: 2, example: words })),
    },
    reported({
      verdicts: [verdict],
      judgeFault: words,
      tests: { command: words, result: "failed", exitCode: 1, seconds: 3, tail: words },
      decisions: [decisionOf({ decision: words, alternative: words, reason: words, files: [words] }), decisionOf()],
    }),
    ...verified(false, words),
  ];
  const view = withPhase(viewOf(events), ({ verification, decisions }): Partial<PhaseProgress> => ({
    verification:
      verification === null
        ? null
        : { ...verification, findings: [finding, whole], notes: [{ ...whole, path: words }] },
    decisions: {
      ...decisions,
      list: decisions.list.map((decision) => ({ ...decision, veto: { by: "wanda", reason: words } })),
    },
    ci: { kind: "red", reason: words, failed: [{ name: words, url: `javascript:${words}` }], headSha: "abc" },
    reworkAttempts: [
      {
        attemptNumber: 1,
        failedCriteria: [`judged:${words}`],
        reworkPrompt: words,
        startedAt: at,
        completedAt: at,
        result: "failed",
      },
    ],
    accepted: { by: "wanda", failed: [`judged:${words}`] },
  }));
  const live = {
    currentAction: words,
    currentStep: words,
    currentDocument: words,
    recentActions: [{ at, text: words }],
    spent: {
      usage: { inputTokens: 0, outputTokens: 0, cacheCreationInputTokens: 0, cacheReadInputTokens: 0 },
      costUsd: 0,
    },
    lastUpdate: at,
  };
  return {
    ...view,
    live,
    criteria: new Map([
      [1, [{ id: "x", text: words, severity: "must", kind: "deterministic", check: "no-placeholder" }]],
    ]),
  };
}

function noticesWith(words: string, view: TaskView): readonly Notice[] {
  const { task } = view;
  const reasons: readonly BlockReason[] = [
    { kind: "dispatch-refused", message: words },
    { kind: "environment", faults: 2, message: words },
    { kind: "rate-limited", resetsAt: null, message: words },
    { kind: "provider-refused", why: "billing", message: words },
    { kind: "settings-invalid", message: words },
    { kind: "plan-invalid", phase: 1, faults: 2, message: words },
    { kind: "effect-failed", effect: "PublishStep", message: words },
    { kind: "gate-retargeted", pullRequest: 8, base: words, merged: true },
    { kind: "waiting-dependency" },
    { kind: "approval-needed", phase: 1, by: "wanda" },
    { kind: "no-progress", why: "no-change", spentUsd: 1 },
    { kind: "runaway", events: 200 },
    { kind: "verification-failed", attempts: 3 },
  ];
  const [dependency] = task.dependencies;
  if (dependency === undefined) throw new Error("a dependency was expected");
  const failed = [{ name: words, url: `https://github.com/${words}` }];
  return [
    ...reasons.map((reason) => ({ kind: "blocked", reason, task }) as const),
    { kind: "second-label", label: words, running: words },
    { kind: "not-taken-up", label: words, why: words },
    { kind: "playbook-faulty", label: words, faults: [{ file: words, line: 1, rule: words, message: words }] },
    { kind: "unknown-command", typed: words },
    { kind: "refused", command: words, reason: joined([words]) },
    { kind: "feedback-answered", answers: [{ kind: "fixed", text: words, commitSha: null, by: "wanda", id: "x" }] },
    { kind: "veto-reason", number: 1, decision: words, by: "wanda" },
    { kind: "ci", ci: { kind: "red", reason: words, failed }, reworks: 2, headSha: "abc" },
    { kind: "ci", ci: { kind: "never-started", reason: words, failed: [] }, reworks: 0, headSha: "abc" },
    { kind: "summary", task },
    { kind: "question-reminder", questions: task.questions },
    { kind: "value-refused", dependency: { ...dependency, refused: words } },
    { kind: "secret-pasted", what: words, hidden: false, names: [words] },
  ];
}

function textsWith(words: string, language: Language = "en"): readonly (readonly [name: string, text: string])[] {
  const view = viewWith(words);
  const say = sayIn(language);
  const context = { ...inEnglish, say };
  const { task } = view;
  const files = [
    { path: words, deleted: false },
    { path: `x ${words}`, deleted: true },
  ];
  const delivered = { headSha: "abc", files, complete: true, ciLater: false };
  const check = checkText({ view, phase: 1, links, say, isVerified: true });
  const [dependency] = task.dependencies;
  if (dependency === undefined) throw new Error("a dependency was expected");
  const error = { requestId: "r", at, phase: 1, step: words, runId, type: "missing_file", cause: "agent" } as const;
  const waiting = viewOf([...runStarted, questionsAsked([asked({ question: words })]), ...waitsForAnswer]);
  return [
    ["gate", gateBody({ view, phase: 1, links, say, ready: true, delivered })],
    ["gate's check", `${check.title}\n${check.summary}`],
    ["last gate", finalGateBody(view, words, links, say)],
    ["status", statusText(view, context)],
    ["status of a task that waits", statusText(waiting, context)],
    ["questions", requestText({ kind: "questions", questions: task.questions }, task, context)],
    ["dependency", requestText({ kind: "dependency", dependency, isNoticed: true }, task, context)],
    ["error", requestText({ kind: "error", error: { ...error, message: words, details: words } }, task, context)],
    ["answer", answerText({ kind: "question", text: words, commitSha: null }, links, say)],
    ...noticesWith(words, view).map(
      (notice) =>
        [notice.kind === "blocked" ? `block ${notice.reason.kind}` : notice.kind, noticeText(notice, context)] as const,
    ),
  ];
}

/** What GitHub would act on: in code it looks for nothing, and a backslash makes a sign a sign. */
function live(text: string): string {
  return text
    .replace(/^(?<fence>`{3,})\n[^]*?\n\k<fence>$/gmu, "")
    .replace(/\\[^a-z\d\s]|(?<fence>`+)(?!`)[^]*?(?<!`)\k<fence>(?!`)/gu, "")
    .replaceAll(/\]\(https:\/\/github\.com\/[^)\s]*\)/gu, "]");
}

describe.each(hostile)("with the words %j", (words) => {
  const texts = languages.flatMap((language) => textsWith(words, language).map((text) => [language, ...text] as const));
  test.each(texts)("in %s the text %s calls, closes, forges and commands nothing", (_language, _name, text) => {
    const read = live(text);
    expect(read).not.toMatch(/@[a-z]/iu);
    expect(read.replace(/^(?:(?:Closes|Part of) #7|이슈 #7의 일부입니다\.)$/mu, "")).not.toMatch(
      /(?:clos|fix|resolv)\w* [\w/:.-]*(?:#|GH-|issues\/)\d/iu,
    );
    expect(read).not.toMatch(/:\/\/evil|www\.evil|<img|javascript:/iu);
    expect(parseCommand(text)).toBeNull();
    expect(read).not.toMatch(/^#+ Heading/mu);
    expect(read.match(/<details>/gu)?.length).toBe(read.match(/<\/details>/gu)?.length);
    expect(read).not.toContain("<details open>");
  });

  test("the gate's body has its own boxes and markers, and no other", () => {
    const [[, body] = ["", ""]] = textsWith(words);
    expect(boxesIn(body)).toEqual([
      { attempt: 1, number: 1, ticked: true, writtenTicked: true },
      { attempt: 1, number: 2, ticked: true, writtenTicked: true },
    ]);
    expect(body.match(/<!-- phasegate:/gu)).toHaveLength(2);
    expect(body).not.toMatch(/\[(?:skip ci|ci skip|no ci)\]/iu);
  });

  test("a title and a commit close and silence nothing", () => {
    const view = viewWith(words);
    const title = gateTitle(view, 1, { unfinished: false }, say);
    expect(title).not.toMatch(/@\w|#\d|GH-\d|:\/\/|\[skip ci\]|\n/u);
    const { taskId } = view.task;
    expect(
      stepCommitMessage({ subject: words, taskId, changesetId: changesetIdOf(runId, "x") }).split("\n")[0],
    ).toMatch(/\[skip ci\]$/u);
  });
});
