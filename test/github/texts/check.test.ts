import { describe, expect, test } from "vitest";
import type { TaskView } from "../../../src/control/ports/task-view.ts";
import type { TaskEvent } from "../../../src/core/events.ts";
import { checkText, finalCheckText } from "../../../src/github/texts/check.ts";
import {
  at,
  context,
  gateOpened,
  inReview,
  inReviewWith,
  judgedCriteria,
  running,
  verified,
  viewOf,
  withPhase,
} from "../texts-fixtures.ts";

function textOf(view: TaskView, isVerified = true) {
  return checkText({ view, phase: 1, links: context.links, isVerified, say: context.say });
}

const failed = [...running, gateOpened(), ...verified(false)];
const merged: TaskEvent = { type: "PhaseCompleted", at, phase: 1, by: "wanda", mergeSha: "x" };
const withJudge = (report: Parameters<typeof inReviewWith>[0]) => ({
  ...viewOf(inReviewWith(report)),
  criteria: new Map([[1, judgedCriteria]]),
});

describe("the check run says", () => {
  test.each<readonly [claim: string, view: TaskView, conclusion: string | null, title: string, summary: string]>([
    [
      "of a phase at work that it is not verified",
      viewOf(running),
      null,
      "Not verified yet",
      "tells how far the agent is",
    ],
    ["of one that passed that it did", viewOf(inReview), "success", "Passed: all 2 criteria are met", "has it all"],
    [
      "of one that failed how much is wanting",
      viewOf(failed),
      "failure",
      "Not passed: 1 criterion is not met, 1 is met",
      "Attempt 1",
    ],
    [
      "of one that nobody judged that a person must look",
      withJudge({ judgeFault: "no answer" }),
      "neutral",
      "Not judged: 2 criteria were not judged, 2 are met",
      "A person should look at what was not judged: *The documents do not contradict each other* and *A stranger",
    ],
    [
      "of one that was accepted by whom, and what is not met",
      withPhase(viewOf(failed), () => ({ accepted: { by: "wanda", failed: ["long-enough"] } })),
      "neutral",
      "Accepted by wanda, not verified",
      "although this is not met: *Each document says enough*",
    ],
    [
      "during a rework that it is under way",
      withPhase(viewOf(inReview), () => ({
        attempt: 2,
        rework: { by: ["wanda"], source: "veto", ids: [], textHash: "h", base: null },
      })),
      null,
      "Attempt 2 is under way",
      "The agent takes anew what **wanda** vetoed.",
    ],
    [
      "of a cancelled task who cancelled it",
      viewOf([...inReview, { type: "TaskCancelled", at, by: "wanda" }]),
      "cancelled",
      "The task was cancelled",
      "**wanda** ended the task",
    ],
    [
      "of a skipped phase who skipped it",
      viewOf([...inReview, { type: "PhaseSkipped", at, phase: 1, by: "wanda" }]),
      "cancelled",
      "The phase was skipped",
      "**wanda** had the task go on",
    ],
    ["of a merged phase what it said before", viewOf([...inReview, merged]), "success", "Passed: all 2", ""],
    [
      "of one that was merged too early that it was",
      viewOf([...running, gateOpened(), merged]),
      "neutral",
      "Merged before it was verified",
      "**wanda** merged",
    ],
  ])("%s", (_claim, view, conclusion, title, summary) => {
    const text = textOf(view);
    expect(text.conclusion).toBe(conclusion);
    expect(text.title).toContain(title);
    expect(text.summary).toContain(summary);
    expect(text.summary).toContain("Phase 1 of 2, Planning.");
  });

  test("of commits on top of what was verified that nobody looked at them, or that an attempt makes them", () => {
    expect(textOf(viewOf(inReview), false)).toMatchObject({
      conclusion: "neutral",
      title: "Not verified: what was verified is 0123456",
    });
    expect(textOf(viewOf(failed), false)).toMatchObject({ conclusion: null, title: "Attempt 2 is under way" });
  });

  test("nothing of a fault without a line, and no more than GitHub shows", () => {
    const finding = { check: "no-placeholder", step: null, path: "a.md", message: " " } as const;
    const view = withPhase(viewOf(failed), ({ verification }) => ({
      verification:
        verification === null
          ? null
          : {
              ...verification,
              findings: [
                { ...finding, line: null },
                ...Array.from({ length: 200 }, (_, line) => ({ ...finding, line: line + 1 })),
              ],
            },
    }));
    const { annotations } = textOf(view);
    expect(annotations).toHaveLength(100);
    expect(annotations[0]).toEqual({
      path: "a.md",
      line: 1,
      level: "failure",
      title: "no-placeholder",
      message: "no-placeholder",
    });
  });
});

describe("the check of a task's last pull request", () => {
  const whole = viewOf([...inReview, merged]);
  const last = merged.mergeSha;

  test("passes where each phase was verified at its gate", () => {
    expect(finalCheckText(whole, last, context.links, context.say)).toMatchObject({
      conclusion: "success",
      title: "All phases were verified at their gates",
    });
  });

  test("says of commits that people put on top that no gate has seen them", () => {
    expect(finalCheckText(whole, "another", context.links, context.say)).toMatchObject({
      conclusion: "neutral",
      title: "Commits that no gate has seen",
    });
  });

  test("names phases that people took as they were", () => {
    const accepted = withPhase(whole, () => ({ accepted: { by: "wanda", failed: [] } }));
    expect(finalCheckText(accepted, last, context.links, context.say)).toMatchObject({
      conclusion: "neutral",
      summary: expect.stringContaining("phase 1, Planning"),
    });
  });

  test("ends with a cancelled task", () => {
    const cancelled = viewOf([...inReview, merged, { type: "TaskCancelled", at, by: "wanda" }]);
    expect(finalCheckText(cancelled, last, context.links, context.say).conclusion).toBe("cancelled");
  });
});
