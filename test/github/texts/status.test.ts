import { describe, expect, test } from "vitest";
import type { TaskEvent } from "../../../src/core/events.ts";
import { statusText } from "../../../src/github/texts/status.ts";
import {
  at,
  context,
  created,
  feedbackOf,
  gateOpened,
  inReview,
  runId,
  running,
  spent,
  started,
  verified,
  viewOf,
  withPhase,
} from "../texts-fixtures.ts";

function textOf(events: readonly TaskEvent[], live: Parameters<typeof viewOf>[1] = null): string {
  return statusText(viewOf(events, live), context);
}

const quiet = { spent, currentDocument: null, recentActions: [] };

function nextOf(text: string): string | undefined {
  return text.split("\n").find((line) => line.startsWith("*Next:*"));
}

describe("the status comment", () => {
  test("of a run shows where it is, what it does, and what it costs", () => {
    const live = {
      currentAction: "Write docs/planning/02_market.md",
      currentStep: "02_market",
      ...quiet,
      lastUpdate: at,
    };
    expect(textOf([...running, gateOpened()], live)).toMatchInlineSnapshot(`
      "### Phasegate: create\\_app

      **Phase 1 of 2, Planning:** the agent works on step 2 of 2, Market. [Watch the run](https://github.com/octo/shop/actions/runs/99).

      Right now: \`Write docs/planning/02_market.md\`

      *Next:* nothing to do now. \`/pause\` stops the task for a while, \`/cancel\` ends it.

      \`███████░░░░░░░░░░░░░\` 33%

      | Phase | State | Steps | PR | Tokens, cost |
      |---|---|---|---|---|
      | 1 Planning | ● at work | 1/2 | [#8](https://github.com/octo/shop/pull/8) | 123k, $0.42 |
      | 2 Design | ○ to come | 0/1 |  |  |

      Spent on this task: 123k tokens, $0.42 of $25.00; of this on phase 1: $0.42 of $5.00.

      <details><summary>Details and what happened last</summary>

      - Model: \`claude-test\`
      - The agent reads the issue as it was when **owner** started the task (SHA-256 \`abcdef012345\`); later edits change nothing.
      - 3 hidden pieces of the issue's text (invisible characters, comments, alternative texts) were taken out before.

      What happened last, newest first:

      - 21 Nov 02:20 UTC: pull request \\#&#8203;8 opened
      - 21 Nov 02:20 UTC: step completed: Idea definition
      - 21 Nov 02:20 UTC: run started
      - 21 Nov 02:20 UTC: run dispatched
      - 21 Nov 02:20 UTC: phase 1 started: Planning

      Commands, for people with write access: \`/run\`, \`/pause\`, \`/resume\`, \`/retry\`, \`/rework <what to change>\`, \`/answer <2, or 3: your words>\`, \`/provided <NAME>\`, \`/skip <NAME>\`, \`/budget <8>\`, \`/approve <up to $6>\`, \`/accept\`, \`/cancel\`, \`/delete\`, \`/status\`, \`/help\`.

      </details>"
    `);
  });

  test.each([
    ["what the runner says, where it is still open", "02_market", "step 2 of 2, Market"],
    ["the first open one, where the runner's word is older than what it handed over", "01_idea", "step 2 of 2, Market"],
    ["the first open one, where the runner names none of this phase", "07_other", "step 2 of 2, Market"],
    ["the first open one, where the runner said nothing", null, "step 2 of 2, Market"],
  ])("takes as current step %s", (_claim, currentStep, words) => {
    const live = { currentAction: null, currentStep, ...quiet, lastUpdate: at };
    const text = textOf(running, live);
    expect(text).toContain(`the agent works on ${words}.`);
    expect(text).toContain("| 1/2 |");
  });

  test("shows no action of a step that is completed", () => {
    const live = { currentAction: "Write docs/planning/01_idea.md", currentStep: "01_idea", ...quiet, lastUpdate: at };
    expect(textOf(running, live)).not.toContain("Right now");
    expect(textOf(running, { ...live, currentStep: null })).toContain("Right now: `Write docs/planning/01_idea.md`");
  });

  test("believes the runner where it works on a later open step than the first", () => {
    const reopened: readonly TaskEvent[] = [
      ...started,
      { type: "RunDispatched", at, runId, workflowRunId: 99, url: "https://github.com/octo/shop/actions/runs/99" },
      { type: "RunStarted", at, runId },
    ];
    const live = { currentAction: null, currentStep: "02_market", ...quiet, lastUpdate: at };
    expect(textOf(reopened, live)).toContain("the agent works on step 2 of 2, Market.");
  });

  test("has no list whose entries stand wide apart", () => {
    const lines = textOf([...running, ...verified(false)]).split("\n");
    for (const [index, line] of lines.entries()) {
      const neighbours = line === "" && /^ *- /u.test(lines[index - 1] ?? "") && /^ *- /u.test(lines[index + 1] ?? "");
      expect(neighbours).toBe(false);
    }
  });

  test.each<readonly [string, readonly TaskEvent[], string, string]>([
    [
      "a draft",
      [],
      "**Not started.** **owner** set the label `create_app` without write access",
      "somebody with write access reads the issue and comments `/run` here",
    ],
    ["a task that asks for its run", started, "a run is being asked for", "nothing to do now"],
    [
      "a run that waits for a machine",
      [...started, { type: "RunDispatched", at, runId, workflowRunId: 9, url: "https://github.com/r/9" }],
      "[the run](https://github.com/r/9) waits for a machine",
      "nothing to do now",
    ],
    ["a run that is over", [...running, ...verified(true).slice(0, 1)], "is being checked", "nothing to do now"],
    [
      "a gate in review",
      inReview,
      "waits for review in [#8]",
      "review [#8](https://github.com/octo/shop/pull/8) and merge it to start phase 2, Design.",
    ],
    [
      "an approved gate",
      [...inReview, { type: "ReviewApproved", at, phase: 1, by: "reviewer", headSha: "x" }],
      "is approved by **reviewer**",
      "merge [#8](https://github.com/octo/shop/pull/8) to start phase 2, Design.",
    ],
    [
      "a gate with changes requested",
      [...inReview, { type: "ChangesRequested", at, phase: 1, by: "reviewer", headSha: "x" }],
      "was reviewed, and **reviewer** asked for changes in [#8]",
      "the agent takes the changes up by itself",
    ],
    [
      "a paused task",
      [...inReview, { type: "TaskPaused", at, reason: { kind: "gate-closed", pullRequest: 8 } }],
      "**Paused.** Pull request [#8]",
      "comment `/run` here to reopen it",
    ],
    [
      "a cancelled task",
      [...running, { type: "TaskCancelled", at, by: "reviewer" }],
      "**Cancelled** by **reviewer**",
      "take the label `create_app` off and set it again",
    ],
    [
      "a completed task",
      [
        ...inReview,
        { type: "PhaseCompleted", at, phase: 1, by: "reviewer", mergeSha: "x" },
        { type: "TaskCompleted", at },
      ],
      "**Completed** on 21 Nov 02:20 UTC",
      "The result is on the default branch",
    ],
    [
      "a failed task",
      [...running, { type: "TaskFailed", at, message: "odd @reviewer" }],
      "odd @&#8203;reviewer",
      "take the label `create_app` off and set it again",
    ],
  ])("of %s says what is so and what comes next", (_claim, events, now, next) => {
    const text = textOf(events);
    expect(text).toContain(now);
    expect(nextOf(text)).toContain(next);
  });

  test("while a rework runs says whose wishes it is about, and how much is open", () => {
    const rework = { by: ["reviewer"], source: "review", ids: ["thread:0", "thread:1"], textHash: "h" } as const;
    const view = withPhase(viewOf(running), () => ({ rework, attempt: 2, feedback: feedbackOf(2) }));
    const text = statusText(view, context);
    expect(text).toContain("Attempt 2: the agent works on what **reviewer** asked for (2 points).");
    expect(text).not.toContain("what the checks found");
    expect(text).toContain("- 2 of 3 points of feedback are open.\n");
    expect(textOf(running)).not.toContain("feedback");
  });

  test("of a deleted task is one line", () => {
    const view = viewOf([...running, { type: "TaskCancelled", at, by: "owner" }]);
    const text = statusText({ ...view, task: { ...view.task, erasedBy: "owner" } }, context);
    expect(text).toBe(
      "Phasegate: **owner** had this task deleted, and with it the texts and logs that the app kept of it. Its phase branches are deleted, too, where the repository's rules allow it.",
    );
  });

  test("has a row for each phase", () => {
    const merged: TaskEvent = { type: "PhaseCompleted", at, phase: 1, by: "reviewer", mergeSha: "x" };
    const rows = textOf([...inReview, merged])
      .split("\n")
      .filter((line) => /^\| \d/u.test(line));
    expect(rows).toEqual([
      "| 1 Planning | ✔ merged | 2/2 | [#8](https://github.com/octo/shop/pull/8) | 246k, $0.84 |",
      "| 2 Design | ○ to come | 0/1 |  |  |",
    ]);
  });

  test("tells what was hidden in the issue, and which text is used", () => {
    const text = textOf(started);
    expect(text).toContain("(SHA-256 `abcdef012345`)");
    expect(text).toContain("3 hidden pieces of the issue's text");
  });

  test("shows what the last check found", () => {
    expect(textOf([...running, ...verified(false)])).toContain(
      "- The last check found 1 fault:\n  - `docs/planning/01_idea.md`: has 20 characters, needs 500\n",
    );
  });

  test("nobody is called or referred to by what a stranger wrote", () => {
    const text = textOf([created({ by: "eve @reviewer closes #1", title: "closes #1 @reviewer <img>" })]);
    expect(text).not.toMatch(/@reviewer|closes #1|<img>/u);
  });
});
