import { describe, expect, test } from "vitest";
import type { TaskEvent } from "../../../src/core/events.ts";
import { defaultSettings, type TaskSettings } from "../../../src/core/settings.ts";
import { statusText } from "../../../src/github/texts/status.ts";
import {
  answered,
  asked,
  at,
  context,
  created,
  decisionOf,
  feedbackOf,
  gateOpened,
  inReview,
  inReviewWith,
  needed,
  questionsAsked,
  runId,
  runStarted,
  running,
  spent,
  started,
  verified,
  viewOf,
  waitsForAnswer,
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

      Commands, for people with write access: \`/run\`, \`/pause\`, \`/resume\`, \`/retry\`, \`/rework <what to change>\`, \`/answer <number or words>\`, \`/provided <NAME>\`, \`/skip <NAME>\`, \`/budget <dollars>\`, \`/priority <critical, high, normal or low>\`, \`/approve [up to $6]\`, \`/accept\`, \`/veto <number> because <reason>\`, \`/skip-phase\`, \`/done\`, \`/cancel\`, \`/delete\`, \`/status\`, \`/doctor\`, \`/config\`, \`/help\`.

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
    const rework = {
      by: ["reviewer"],
      source: "review",
      ids: ["thread:0", "thread:1"],
      textHash: "h",
      base: null,
    } as const;
    const view = withPhase(viewOf(running), () => ({ rework, attempt: 2, feedback: feedbackOf(2) }));
    const text = statusText(view, context);
    expect(text).toContain("Attempt 2: the agent works on what **reviewer** asked for (2 points).");
    expect(text).not.toContain("what the checks found");
    expect(text).toContain("- 2 of 3 points of feedback are open.\n");
    expect(textOf(running)).not.toContain("feedback");
  });

  test("while a conflict is resolved names the branch, for as long as anybody knows it", () => {
    const rework = { by: [], source: "conflict", ids: ["conflict:1:a.md"], textHash: "h", base: "main" } as const;
    const textWith = (base: string | null) =>
      statusText(
        withPhase(viewOf(running), () => ({ rework: { ...rework, base }, attempt: 2 })),
        context,
      );
    expect(textWith("main")).toContain("Attempt 2: the agent is resolving a conflict with `main`.");
    expect(textWith("")).toContain("Attempt 2: the agent is resolving a conflict with the base branch.");
  });

  test("of a deleted task is one line", () => {
    const view = viewOf([...running, { type: "TaskCancelled", at, by: "owner" }]);
    const text = statusText({ ...view, task: { ...view.task, erasedBy: "owner" } }, context);
    expect(text).toBe(
      "Phasegate: **owner** had this task deleted, and with it the texts and logs that the app kept of it. Its phase branches are deleted, too, where the repository's rules allow it.",
    );
  });

  test("of a task that waits for people lists what is open first, with links, and then what to type", () => {
    const events = [...runStarted, questionsAsked([asked(), asked({ required: false })]), needed(), ...waitsForAnswer];
    const requests = new Map([[`${runId}/1`, "https://github.com/octo/shop/issues/7#issuecomment-1"]]);
    const text = statusText(viewOf(events), { ...context, requests });
    expect(text.slice(0, text.indexOf("`░"))).toMatchInlineSnapshot(`
      "### Phasegate: create\\_app

      **Waits for you.** The agent waits for an answer.

      - [**Question 1**](https://github.com/octo/shop/issues/7#issuecomment-1) (choice): Which revenue model shall it have?
      - **\`OPENAI_API_KEY\`**: To summarise what people write.

      *Next:* answer here, for example \`/answer 1: your words\`. The task goes on by itself when nothing is open any more.

      "
    `);
    expect(text).toContain("| 1 Planning | ‖ waits for you |");
  });

  test("of a task that waits for a key names it, and what was wrong with the last one", () => {
    const events: readonly TaskEvent[] = [
      ...runStarted,
      needed(),
      { type: "DependencyGranted", at, name: "OPENAI_API_KEY", by: null },
      { type: "DependencyRefused", at, runId, name: "OPENAI_API_KEY", message: "OpenAI answered 401" },
      { type: "TaskPaused", at, reason: { kind: "waiting-dependency" } },
    ];
    const text = textOf(events);
    expect(text).toContain("**Waits for you.** The agent needs what only people can provide.");
    expect(text).toContain("- **`OPENAI_API_KEY`**: its value does not work: OpenAI answered 401\n");
    expect(nextOf(text)).toContain("comment `/skip OPENAI_API_KEY` to have the agent go on without");
  });

  test("keeps in its details what was asked and what came of it", () => {
    const text = textOf([
      ...runStarted,
      questionsAsked([asked(), asked({ question: "Where?", required: false }), asked({ question: "When?" })]),
      answered(1, "Freemium", 2),
      needed(),
      { type: "DependencySkipped", at, name: "OPENAI_API_KEY", by: "owner" },
      {
        type: "ErrorReported",
        at,
        runId,
        phase: 1,
        step: "01_idea",
        requestId: `${runId}/3`,
        error: "execution_failed",
        message: "npm ci fails",
        details: "",
        cause: "environment",
      },
    ]);
    const details = text.slice(text.indexOf("Questions and answers:"), text.indexOf("What happened last"));
    expect(details).toMatchInlineSnapshot(`
      "Questions and answers:

      - Question 1: Which revenue model shall it have? **owner**: Freemium
      - Question 2: Where? *Not answered; the agent took:* Freemium
      - Question 3: When? *No answer yet.*

      What the agent needed:

      - \`OPENAI_API_KEY\`: skipped by **owner**

      Errors that the agent reported, newest first:

      - 21 Nov 02:20 UTC: npm ci fails

      "
    `);
  });

  test("shows of long histories the newest, and how many came before", () => {
    const many = Array.from({ length: 12 }, (_, index) => asked({ question: `Number ${index + 1}?` }));
    const text = textOf([...runStarted, questionsAsked(many)]);
    const history = text.slice(text.indexOf("Questions and answers:"));
    expect(history).toContain("- 2 earlier\n- Question 3: Number 3?");
    expect(text.slice(0, text.indexOf("Questions and answers:"))).toContain("(choice): Number 10?\n- and 2 more\n");
  });

  test("shows live what the agent does, which document it writes, and what it did before", () => {
    const live = {
      currentAction: "Write docs/planning/02_market.md",
      currentStep: "02_market",
      currentDocument: "docs/planning/02_market.md",
      recentActions: [{ at, text: "Read README.md" }],
      spent: { ...spent, costUsd: spent.costUsd + 1 },
      lastUpdate: at,
    };
    const text = textOf(running, live);
    expect(text).toContain("Right now: `Write docs/planning/02_market.md` · Document: `docs/planning/02_market.md`\n");
    expect(text).toContain("What the agent did last, newest first:\n\n- 21 Nov 02:20 UTC: `Read README.md`\n");
    // One dollar since the last step was handed over.
    expect(text).toContain("tokens, $1.42 of $25.00; of this on phase 1: $1.42 of $5.00.");
    expect(textOf(running, { ...live, lastUpdate: "2026-11-21T02:19:00.000Z" })).toContain("$0.42 of $25.00");
    expect(textOf(inReview, live)).not.toContain("What the agent did last");
  });

  test("gives cost against the purse that a person set, and what such phases cost here", () => {
    const view = viewOf([...running, { type: "BudgetSet", at, by: "owner", phase: 1, usd: 8 }]);
    const forecasts = new Map([[1, { usd: 6.1, from: "history" } as const]]);
    expect(statusText({ ...view, forecasts }, context)).toContain(
      "of this on phase 1: $0.42 of $8.00. Such phases have cost about $6.10 in this repository.",
    );
  });

  test("of a task under a limit says until when, and that nobody has to do anything", () => {
    const reason = { kind: "rate-limited", resetsAt: null, message: "5-hour limit" } as const;
    const view = viewOf([...running, { type: "TaskPaused", at, reason }]);
    const text = statusText({ ...view, limitEndsAt: "2026-11-21T07:00:00.000Z" }, context);
    expect(text).toContain("**Paused.** Claude's usage limit is reached: 5\\-hour limit.");
    expect(nextOf(text)).toBe("*Next:* nothing to do: the task goes on by itself at 21 Nov 07:00 UTC.");
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

  test("in review tells what the repository's own checks say of what is shown", () => {
    const failed = [{ name: "test", url: "https://github.com/octo/shop/runs/1" }];
    const textWith = (headSha: string) =>
      statusText(
        withPhase(viewOf(inReview), () => ({ ci: { kind: "red", reason: null, failed, headSha } })),
        context,
      );
    const words = "The repository's own checks: failed: [test](https://github.com/octo/shop/runs/1).";
    expect(textWith("0123456789abcdef")).toContain(words);
    expect(textWith("f00")).not.toContain(words);
  });

  test("counts decisions and vetoes, and says how the verification went", () => {
    const decisions = [decisionOf(), decisionOf()];
    const vetoed: TaskEvent = { type: "DecisionVetoed", at, phase: 1, number: 2, by: "wanda", reason: null };
    const text = textOf([...inReviewWith({ decisions }), vetoed]);
    expect(text).toContain("- Verification, attempt 1: all 2 criteria are met.");
    expect(text).toContain("- The agent took 2 decisions in this phase; 1 is vetoed.");
    expect(textOf(inReviewWith({ decisions }))).toContain("- The agent took 2 decisions in this phase.");
  });

  test.each<readonly [claim: string, settings: Partial<TaskSettings>, approvedBy: string | null, next: string]>([
    ["`merge: auto` before an approval", { merge: "auto" }, null, "Phasegate then merges it to start phase 2, Design."],
    [
      "`merge: auto` after one, while something stands against it",
      { merge: "auto" },
      "wanda",
      "as soon as nothing stands against it",
    ],
    [
      "`requester_may_approve: false`",
      { requesterMayApprove: false },
      null,
      "Approvals by **owner** do not count here.",
    ],
    [
      "`requester_may_approve: false` after an approval that does not count",
      { requesterMayApprove: false },
      "owner",
      "somebody else reviews and approves",
    ],
    ["`requester_may_approve: false` after one that counts", { requesterMayApprove: false }, "wanda", "merge [#8]"],
  ])("with %s says what comes next", (_claim, settings, approvedBy, next) => {
    const view = withPhase(viewOf(inReview), ({ gate }) => ({
      gate: gate === null || approvedBy === null ? gate : { ...gate, review: "approved", approvedBy: [approvedBy] },
    }));
    const task = { ...view.task, settings: { ...defaultSettings, ...settings } };
    expect(nextOf(statusText({ ...view, task }, context))).toContain(next);
  });

  test("with `merge: auto` and nothing against it says that nobody has to do anything", () => {
    const headSha = "0123456789abcdef";
    const view = withPhase(viewOf(inReview), ({ gate }) => ({
      ci: { kind: "none", reason: null, failed: [], headSha },
      gate: gate === null ? null : { ...gate, review: "approved", approvedBy: ["wanda"], approvedSha: headSha },
    }));
    const task = { ...view.task, settings: { ...defaultSettings, merge: "auto" as const } };
    expect(nextOf(statusText({ ...view, task }, context))).toContain("nothing to do: Phasegate merges");
  });

  test("tells skipped phases from merged ones", () => {
    const skipped: readonly TaskEvent[] = [
      ...inReview,
      { type: "PhaseCompleted", at, phase: 1, by: "owner", mergeSha: "x" },
      { type: "PhaseStarted", at, phase: 2 },
      { type: "PhaseSkipped", at, phase: 2, by: "wanda" },
      { type: "TaskCompleted", at },
    ];
    expect(textOf(skipped)).toContain("| 2 Design | ↷ skipped |");
    expect(textOf(skipped)).toContain("1 phase is merged, 1 was skipped.");
  });

  test("after the last phase of a task with a branch of its own points at the last pull request", () => {
    const task = viewOf(inReview).task;
    const finalGate = { pullRequest: 9, url: "https://github.com/octo/shop/pull/9" };
    const text = statusText({ ...viewOf(inReview), task: { ...task, finalGate } }, context);
    expect(nextOf(text)).toBe(
      "*Next:* review [#9](https://github.com/octo/shop/pull/9) and merge it to complete the task.",
    );
  });
});
