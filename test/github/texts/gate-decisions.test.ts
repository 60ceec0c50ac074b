import { describe, expect, test } from "vitest";
import type { TaskView } from "../../../src/control/ports/task-view.ts";
import type { CiState } from "../../../src/core/ci.ts";
import type { TaskEvent } from "../../../src/core/events.ts";
import type { TaskSettings } from "../../../src/core/settings.ts";
import { defaultSettings } from "../../../src/core/settings.ts";
import type { Finding, RunnerReport, Verdict } from "../../../src/core/report.ts";
import { checkText } from "../../../src/github/texts/check.ts";
import { gateBody } from "../../../src/github/texts/gate.ts";
import { boxesIn } from "../../../src/github/veto-boxes.ts";
import {
  at,
  context,
  decisionOf,
  gateOpened,
  inReview,
  inReviewWith,
  judgedCriteria,
  running,
  verified,
  viewOf,
  withPhase,
} from "../texts-fixtures.ts";

const { links, say } = context;
const headSha = "0123456789abcdef";
const files = [{ path: "docs/planning/01_idea.md", deleted: false }];

function bodyOf(view: TaskView, over: { readonly phase?: number; readonly ciLater?: boolean } = {}): string {
  const { phase = 1, ciLater = false } = over;
  return gateBody({ view, phase, links, say, ready: true, delivered: { headSha, files, complete: true, ciLater } });
}

function withSettings(over: Partial<TaskSettings>): TaskView {
  const view = viewOf(inReview);
  return { ...view, task: { ...view.task, settings: { ...defaultSettings, ...over } } };
}

/** Judged, with what the verifier and the app made of it. */
function judged(
  report: Partial<RunnerReport>,
  found: { readonly findings?: readonly Finding[]; readonly notes?: readonly Finding[] } = {},
): TaskView {
  const { findings = [], notes = [] } = found;
  const passed = findings.length === 0;
  const events = inReviewWith(report).map((event): TaskEvent => {
    if (event.type !== "PhaseVerified") return event;
    const verdicts = report.verdicts ?? [];
    const checks = verdicts.map(({ criterion, passed: isMet }) => ({
      check: `judged:${criterion}` as const,
      passed: isMet,
      looked: 1,
    }));
    return { ...event, passed, checks: [...event.checks, ...checks], findings, notes };
  });
  const view = viewOf(passed ? events : events.filter(({ type }) => type !== "ReviewCreated"));
  return { ...view, criteria: new Map([[1, judgedCriteria]]) };
}

const contradiction: Verdict = {
  criterion: "planning-agrees",
  passed: false,
  confidence: "high",
  reason: "Idea and market name different customers.",
  evidence: [{ path: "docs/planning/02_market.md", line: 12, quote: "for banks" }],
};
const finding: Finding = {
  check: "judged:planning-agrees",
  step: null,
  path: "docs/planning/02_market.md",
  line: 12,
  message: "Idea and market name different customers.",
};

describe("the decisions of a gate", () => {
  const decisions = [decisionOf(), decisionOf({ decision: "Links never expire", alternative: "", files: ["gone.md"] })];

  test("stand before all that has a heading, each with a box, and its files as links where they are", () => {
    const body = bodyOf(viewOf(inReviewWith({ decisions })));
    expect(body.slice(0, body.indexOf("## "))).toContain(
      "**Decisions** that the agent took. To have one taken another way, with all that follows from it, tick its box and say why in a comment: `/veto 1 because …`\n\n" +
        "- [ ] **1. Links are kept in SQLite** instead of: PostgreSQL<br>Why: One process writes.<br>Confidence: high. Shows in [`docs/planning/01_idea.md`](https://github.com/octo/shop/blob/0123456789abcdef/docs/planning/01_idea.md) <!-- phasegate:veto:1:1 -->\n" +
        "- [ ] **2. Links never expire**<br>Why: One process writes.<br>Confidence: high. Shows in `gone.md` <!-- phasegate:veto:1:2 -->\n",
    );
    expect(boxesIn(body)).toHaveLength(2);
  });

  test("that are vetoed say by whom and why, and what is missing", () => {
    const vetoed = (number: number, reason: string | null): TaskEvent => ({
      type: "DecisionVetoed",
      at,
      phase: 1,
      number,
      by: "wanda",
      reason,
    });
    const view = viewOf([...inReviewWith({ decisions }), vetoed(1, "we run many"), vetoed(2, null)]);
    const body = bodyOf(view);
    expect(body).toContain("<br>**Vetoed** by **wanda**: we run many <!-- phasegate:veto:1:1 --><!-- vetoed -->");
    expect(body).toContain("who has not said why: without a reason nothing is changed. <!-- phasegate:veto:1:2 -->");
    expect(boxesIn(body).map(({ ticked }) => ticked)).toEqual([true, true]);
    const takenUp = withPhase(view, () => ({
      feedback: [
        {
          id: "veto:1:1:1",
          request: "change",
          by: "wanda",
          path: null,
          line: null,
          step: "01_idea",
          state: "open",
          answer: null,
        },
      ],
    }));
    expect(bodyOf(takenUp)).toContain("we run many *(given to the agent)* <!-- phasegate:veto:1:1 -->");
  });

  test("of which the agent named none are one line", () => {
    expect(bodyOf(viewOf(inReviewWith({})))).toContain("**Decisions:** the agent named none for this phase.");
    const atWork = gateBody({ view: viewOf(running), phase: 1, links, say, ready: false, delivered: null });
    expect(atWork).not.toContain("Decisions");
  });

  test("cannot make a box, tick one, or call anybody, whatever the agent says", () => {
    const words =
      "- [x] all <!-- phasegate:veto:1:2 --> @reviewer closes #1\n- [x] <!-- phasegate:veto:1:1 -->\n/approve";
    const hostile = decisionOf({ decision: words, alternative: words, reason: words, files: [words] });
    const body = bodyOf(viewOf(inReviewWith({ decisions: [hostile, decisionOf()] })));
    expect(boxesIn(body).map(({ number, ticked }) => [number, ticked])).toEqual([
      [1, false],
      [2, false],
    ]);
    for (const number of [1, 2]) expect(body.split(`<!-- phasegate:veto:1:${number} -->`)).toHaveLength(2);
  });

  test("are never cut off, at their longest", () => {
    const long = decisionOf({
      decision: "@".repeat(500),
      alternative: "@".repeat(500),
      reason: "@".repeat(500),
      files: Array.from({ length: 20 }, () => "d/".repeat(100)),
    });
    const body = bodyOf(viewOf(inReviewWith({ decisions: Array.from({ length: 12 }, () => long) })));
    expect(body.length).toBeLessThanOrEqual(60_000);
    expect(boxesIn(body)).toHaveLength(12);
    expect(body).toContain("## Delivered");
  });
});

describe("the verification in a gate", () => {
  test("shows what is not met first, with the verifier's reason and what stands there", () => {
    const body = bodyOf(judged({ verdicts: [contradiction] }, { findings: [finding] }));
    expect(body).toContain("attempt 1: 1 criterion is not met, 1 criterion was not judged, 2 are met.");
    expect(body).toContain(
      "**Not met:**\n\n- ✖ **The documents do not contradict each other**: Idea and market name different customers. *(judged by a separate session of Claude, with high confidence)*\n" +
        "  - [`docs/planning/02_market.md:12`](https://github.com/octo/shop/blob/0123456789abcdef/docs/planning/02_market.md?plain=1#L12): “for banks”",
    );
    expect(body.indexOf("Not met")).toBeLessThan(body.indexOf("criteria are met</summary>"));
  });

  test("takes what was said of another attempt for nothing", () => {
    const view = withPhase(judged({ verdicts: [contradiction] }, { findings: [finding] }), ({ report }) => ({
      report: report === null ? null : { ...report, attempt: 7 },
    }));
    expect(bodyOf(view)).not.toContain("for banks");
    expect(bodyOf(view)).toContain("?plain=1#L12): Idea and market name different customers.");
  });

  test("notes what should be better, and holds nothing up for it", () => {
    const verdict = { ...contradiction, criterion: "reader-friendly", confidence: "low" } as const;
    const note: Finding = { ...finding, check: "judged:reader-friendly" };
    const met = { ...contradiction, passed: true };
    const body = bodyOf(judged({ verdicts: [met, verdict] }, { notes: [note] }));
    expect(body).toContain("1 point is noted, 3 are met");
    expect(body).toContain("**Noted, and nothing is held up by it:**\n\n- △ **A stranger understands it**");
    expect(body).toContain("with low confidence");
    expect(body).toContain("**Merging this pull request");
    expect(body).toContain("- ✔ The documents do not contradict each other (judged, high confidence)");
  });

  test("says what was not judged, why, and what a person does about it", () => {
    const body = bodyOf(judged({ judgeFault: "its answer had no verdicts, twice." }));
    expect(body).toContain(
      "**Not judged:** *The documents do not contradict each other* and *A stranger understands it*. Why: its answer had no verdicts, twice. That is no fault of the work: please look at these points yourself before you merge.",
    );
  });

  test.each([
    [{ result: "passed", exitCode: 0 }, "**Tests:** `npm test` passed after 12 seconds, as reported by the runner."],
    [{ result: "failed", exitCode: 1 }, "`npm test` failed with exit code 1 after 12 seconds"],
    [{ result: "timed-out", exitCode: null }, "`npm test` did not end in time after 12 seconds"],
    [{ result: "could-not-run", exitCode: null }, "`npm test` could not be run after 12 seconds"],
  ] as const)("tells that the project's own tests %o", (over, words) => {
    const tests = { command: "npm test", seconds: 12.3, tail: "ok 1\n```\n<!-- phasegate:veto:1:1 -->", ...over };
    const body = bodyOf(judged({ tests }));
    expect(body).toContain(words);
    expect(body).toContain("````\nok 1\n```\n<! -- phasegate:veto:1:1 -->\n````\n\n</details>");
  });

  test("does not show tests that could not be run as failed", () => {
    const message = "the project's own tests could not be run (npm test): nobody has seen them pass.";
    const note: Finding = { check: "tests-pass", step: null, path: null, line: null, message };
    const tests = { command: "npm test", result: "could-not-run", exitCode: null, seconds: 0, tail: "" } as const;
    const view = withPhase(judged({ tests }, { notes: [note] }), ({ verification }) => ({
      verification: verification && {
        ...verification,
        checks: [...verification.checks, { check: "tests-pass", passed: false, looked: 1 }],
      },
    }));
    const body = bodyOf(view);
    expect(body).toContain("the tests could not be run, 2 criteria were not judged, 2 are met");
    expect(body).toContain(
      `**Could not be run:**\n\n- △ **The project's own tests pass**\n  - ${message.replace("(npm test)", "\\(npm test\\)")}`,
    );
    expect(body).not.toMatch(/Not met|noted/u);
    const unknown = withPhase(view, ({ report }) => ({
      report: report && { ...report, tests: { ...tests, command: "" } },
    }));
    expect(bodyOf(unknown)).toContain("**Tests:** could not be run, as reported by the runner.");
    const bare = { ...view, criteria: new Map() };
    expect(checkText({ view: bare, phase: 1, links, say, isVerified: true })).toMatchObject({
      conclusion: "success",
      title: "Passed: the tests could not be run, 2 are met",
    });
  });

  test("lists the reworks, and what each brought", () => {
    const attempt = { reworkPrompt: "", startedAt: at, completedAt: at };
    const view = withPhase(viewOf(inReview), () => ({
      reworkAttempts: [
        { ...attempt, attemptNumber: 1, failedCriteria: ["long-enough", "no-secrets"], result: "partial" },
        { ...attempt, attemptNumber: 2, failedCriteria: ["no-secrets"], result: "success" },
      ],
    }));
    expect(bodyOf(view)).toContain(
      "- Rework 1, for *Each document says enough* and *No secrets in the files*: some of it was mended.\n- Rework 2, for *No secrets in the files*: mended.",
    );
  });
});

describe("the repository's own checks in a gate", () => {
  const failed = [{ name: "test (20)", url: "https://github.com/octo/shop/runs/1" }];
  test.each<readonly [CiState["kind"], string | null, string]>([
    ["none", null, "when this was written: there are none."],
    ["waiting", null, "when this was written: under way."],
    ["never-started", "Actions are off.", "when this was written: never started: Actions are off."],
    ["red", null, "when this was written: failed: [test \\(20\\)](https://github.com/octo/shop/runs/1)."],
    ["green", null, "when this was written: passed."],
  ])("that are %s are told as of when it was written", (kind, reason, words) => {
    const view = withPhase(viewOf(inReview), () => ({ ci: { kind, reason, failed, headSha } }));
    expect(bodyOf(view)).toContain(
      `**The repository's own checks** on [\`0123456\`](https://github.com/octo/shop/commit/0123456789abcdef), ${words}`,
    );
    const older = withPhase(viewOf(inReview), () => ({ ci: { kind, reason, failed, headSha: "f00" } }));
    expect(bodyOf(older)).not.toContain(words);
  });

  test("that are held say what holds them, and nothing of it once they are let go", () => {
    expect(bodyOf(viewOf(inReview), { ciLater: true })).toContain("Your workflows can use secrets or a write token");
    const bySetting = withSettings({ ci: "approved" });
    expect(bodyOf(bySetting, { ciLater: true })).toContain("The settings of this repository hold its workflows back");
    const released = withPhase(viewOf(inReview), ({ gate }) => ({
      gate: gate === null ? null : { ...gate, releasedSha: "f00" },
    }));
    expect(bodyOf(released, { ciLater: true })).not.toContain("approving review until");
  });
});

describe("how to go on from a gate", () => {
  test("with `merge: auto` is to approve", () => {
    const body = bodyOf(withSettings({ merge: "auto" }));
    expect(body).toMatch(
      /^\*\*Approve this pull request, and Phasegate merges it as soon as .*starts phase 2, Design/u,
    );
    expect(body).not.toContain("merging without one counts as approval");
  });

  test("with `requester_may_approve: false` is for somebody else", () => {
    const body = bodyOf(withSettings({ requesterMayApprove: false }));
    expect(body).toContain("Approvals by **owner**, who asked for this work, do not count here: somebody else");
    expect(body).toContain("the task waits for somebody else's `/approve`; then phase 2 starts.");
    expect(body).not.toContain("merging without one counts as approval");
  });

  test("names `/skip-phase` where the phase may be skipped, and nowhere else", () => {
    expect(bodyOf(viewOf(inReview))).not.toContain("/skip-phase");
    const second: readonly TaskEvent[] = [
      ...inReview,
      { type: "PhaseCompleted", at, phase: 1, by: "reviewer", mergeSha: "x" },
      { type: "PhaseStarted", at, phase: 2 },
      ...verified(true, "", 2),
    ];
    expect(bodyOf(viewOf(second), { phase: 2 })).toContain("`/skip-phase` goes on without this phase");
    const collected = viewOf(second);
    const task = { ...collected.task, settings: { ...defaultSettings, integration: "task" as const } };
    const body = bodyOf({ ...collected, task }, { phase: 2 });
    expect(body).toContain("**Merging this pull request opens the last pull request, from `phasegate/7-task`.**");
    expect(body).toMatch(/^Part of #7$/mu);
  });

  test.each([
    ["veto", ["wanda"], "the agent takes anew what **wanda** vetoed (1 point)"],
    ["ci", [], "the agent works on what the repository's own checks found"],
  ] as const)("while a rework for %s runs says so", (source, by, words) => {
    const rework = { by, source, ids: ["x"], textHash: "h", base: null };
    const view = withPhase(viewOf(inReview), () => ({ rework, attempt: 2 }));
    expect(gateBody({ view, phase: 1, links, say, ready: false, delivered: null })).toMatch(
      new RegExp(`^Attempt 2: ${words.replaceAll(/[*()]/gu, "\\$&")}\\. `, "u"),
    );
  });

  test("after a failed verification does not offer the merge", () => {
    const body = bodyOf(viewOf([...running, gateOpened(), ...verified(false)]));
    expect(body).toMatch(/^The checks found faults, listed below\./u);
  });
});
