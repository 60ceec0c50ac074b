import { describe, expect, test } from "vitest";
import type { TaskEvent } from "../../../src/core/events.ts";
import type { BlockReason } from "../../../src/core/outcome.ts";
import { slashCommands, usageOf } from "../../../src/core/slash-commands.ts";
import { outdatedWorkflowFile } from "../../../src/github/workflow-file.ts";
import { noticeText } from "../../../src/github/texts/notices.ts";
import {
  asked,
  at,
  context,
  decisionOf,
  gateOpened,
  inReview,
  questionsAsked,
  reported,
  runStarted,
  running,
  started,
  taskOf,
  verified,
  viewOf,
  withPhase,
} from "../texts-fixtures.ts";
import { inEnglish, joined } from "../../../src/core/phrase.ts";

function blocked(reason: BlockReason, events: readonly TaskEvent[] = [...running, gateOpened()]): string {
  return noticeText({ kind: "blocked", reason, task: taskOf(...events) }, context);
}

const runUrl = "https://github.com/octo/shop/actions/runs/99";

describe("a notice about a workflow that a person has to bring in", () => {
  const path = ".github/workflows/phasegate-x.yml";
  const said = (text: string): string => {
    const reason = { kind: "workflow-file-awaited", path, branch: "main" } as const;
    return noticeText({ kind: "blocked", reason, task: taskOf(...running), awaited: { path, text } }, context);
  };

  test("has the link that fills the file in, and the file", () => {
    const text = said("on: push\n");
    expect(text).toContain("phasegate-x.yml&value=on%3A%20push%0A)");
    expect(text).toContain(`The current ${path}, to be copied`);
  });

  test("has the file alone where the link would be too long", () => {
    const text = said(`# ${"x".repeat(7_000)}\n`);
    expect(text).toContain("phasegate-x.yml&value=)");
    expect(text).toContain("xxxxx");
  });
});

describe("a notice about a pause", () => {
  test.each<readonly [BlockReason, string, string]>([
    [
      { kind: "no-workflow-file" },
      "`.github/workflows/phasegate.yml` is missing on `main`",
      "https://github.com/octo/shop/new/main?filename=.github%2Fworkflows%2Fphasegate.yml&value=%23%20Runs",
    ],
    [{ kind: "actions-disabled" }, "switched off", "https://github.com/octo/shop/settings/actions"],
    [{ kind: "no-model-secret" }, "no key for Claude", "https://github.com/octo/shop/settings/secrets/actions/new"],
    [{ kind: "empty-repository" }, "no commit yet", "https://github.com/octo/shop/new/main?filename=README.md"],
    [{ kind: "app-unreachable", runUrl }, "without ever reaching the Phasegate app", "`PUBLIC_URL`"],
    [
      { kind: "dispatch-refused", message: "No ref found for: main" },
      "No ref found for: main.",
      "https://github.com/octo/shop/settings/actions",
    ],
    [
      { kind: "environment", faults: 4, message: "gone quiet." },
      "4 times in a row, last because of this: gone quiet.",
      "to go on from the last finished step",
    ],
    [
      { kind: "rate-limited", resetsAt: "2026-11-21T07:00:00.000Z", message: "5-hour limit" },
      "usage limit",
      "the task goes on by itself at 21 Nov 07:00 UTC",
    ],
    [{ kind: "rate-limited", resetsAt: null, message: "limit" }, "usage limit", "when the limit has lifted"],
    [
      { kind: "budget-exhausted", scope: "day", spentUsd: 50.1, budgetUsd: 50 },
      "The day's budget of this repository's key for Claude is used up: $50.10 of $50.00",
      "after midnight, UTC. The operator of the app can raise `DAY_BUDGET_USD`",
    ],
    [
      { kind: "provider-refused", why: "authentication", message: "invalid x-api-key" },
      "does not take this repository's key. It said: invalid x\\-api\\-key.",
      "https://github.com/octo/shop/settings/secrets/actions)",
    ],
    [{ kind: "provider-refused", why: "billing", message: "" }, "nothing left to pay with", "adds credit"],
    [{ kind: "provider-refused", why: "model-not-found", message: "" }, "cannot use the model", "`CLAUDE_MODEL`"],
    [{ kind: "waiting-question" }, "The agent waits for answers", "`/answer 1: your words`"],
    [{ kind: "waiting-dependency" }, "what only people can provide", "`/skip NAME`"],
    [{ kind: "gate-closed", pullRequest: 8 }, "closed without a merge", "to reopen it"],
    [
      { kind: "approval-needed", phase: 1, by: "owner" },
      "Phase 1, Planning, was merged by **owner**, and nobody else has approved it.",
      "somebody else with write access looks at [#8](https://github.com/octo/shop/pull/8) and comments `/approve` here to start phase 2, Design.",
    ],
    [
      { kind: "settings-invalid", message: "line 3: merge: expected manual or auto\nline 4: ci: expected ready" },
      "- line 3: merge: expected manual or auto\n- line 4: ci: expected ready",
      "https://github.com/octo/shop/edit/main/.github/phasegate.yml) on `main` (or the file that is named above), or delete it",
    ],
    [
      { kind: "plan-invalid", phase: 1, faults: 2, message: "phases.md, line 3: expected PENDING." },
      "The plan of phase 1, Planning, can't be worked by: 2 cells or files are not as expected. phases.md, line 3: expected PENDING.",
      "mend the tables on `main` and comment `/run` here",
    ],
    [
      { kind: "workflow-file-awaited", path: ".github/workflows/phasegate-x.yml", branch: "main" },
      "The task waits for `.github/workflows/phasegate-x.yml` on `main`.",
      "https://github.com/octo/shop/new/main?filename=.github%2Fworkflows%2Fphasegate-x.yml&value=)",
    ],
    [
      { kind: "no-progress", why: "no-change", spentUsd: 1.5 },
      "Two attempts in a row at phase 1, Planning, changed no file; $1.50 are spent on the phase.",
      "comment `/retry` here to have it tried again, or `/cancel`",
    ],
    [
      { kind: "no-progress", why: "money-without-commits", spentUsd: 3.1 },
      "The last $3.10 spent on phase 1, Planning, changed no file.",
      "Or commit what is wanting yourself to [`phasegate/7-1-planning`]",
    ],
    [{ kind: "runaway", events: 130 }, "130 things happened to it within a minute", "comment `/resume` here to go on"],
    [{ kind: "paused", by: "owner" }, "**owner** paused the task", "comment `/resume` here"],
    [{ kind: "issue-closed", by: "owner" }, "**owner** closed its issue", "reopen the issue"],
    [
      { kind: "gate-retargeted", pullRequest: 8, base: "develop", merged: false },
      "[#8](https://github.com/octo/shop/pull/8) now points at `develop`",
      "set its base back to `main`",
    ],
    [
      { kind: "gate-retargeted", pullRequest: 8, base: "develop", merged: true },
      "was merged into `develop`",
      "bring `develop` into `main` and comment `/accept`",
    ],
    [{ kind: "repository-archived" }, "is archived", "https://github.com/octo/shop/settings)"],
    [{ kind: "no-access", why: "suspended" }, "is suspended here", "end the suspension"],
    [{ kind: "no-access", why: "removed" }, "has no access", "https://github.com/octo/shop/settings/installations"],
    [
      { kind: "effect-failed", effect: "PublishStep", message: "GitHub answered 403" },
      "could not go on: GitHub answered 403.",
      "https://github.com/octo/shop/settings/installations",
    ],
  ])("because of %o says what happened and what to do", (reason, what, next) => {
    const text = blocked(reason);
    const [first = "", ...rest] = text.split("\n\n");
    const last = rest.at(-1) ?? "";
    expect(first).toContain(what);
    expect(last).toMatch(/^\*Next:\* /u);
    expect(last).toContain(next);
    // Where nobody can comment, the task goes on without a command.
    expect(last).toMatch(/`\/(?:run|retry|resume|cancel)`|goes on by itself/u);
    expect(text).not.toContain("undefined");
  });

  test.each<readonly [string, readonly TaskEvent[], string, string]>([
    [
      "what the checks found",
      [...running, gateOpened(), ...verified(false)],
      "Phase 1, Planning, did not pass its checks in 4 attempts.",
      "[#8](https://github.com/octo/shop/pull/8) lists what is wanting.",
    ],
    [
      "the run of an agent that never came to the checks",
      [...running, gateOpened()],
      "Phase 1, Planning, was not finished in 4 attempts.",
      "the log of [the last run](https://github.com/octo/shop/actions/workflows/phasegate.yml)",
    ],
    [
      "the status comment where there is no gate",
      [...started, ...verified(false)],
      "Phase 1, Planning, did not pass its checks in 4 attempts.",
      "The details of the status comment list what is wanting.",
    ],
  ])("after the last attempt points at %s", (_claim, events, what, why) => {
    const [first, second] = blocked({ kind: "verification-failed", attempts: 4 }, events).split("\n\n");
    expect(first).toBe(what);
    expect(second).toContain(why);
  });

  test("after the last attempt says how to finish by hand, a draft included", () => {
    const reason: BlockReason = { kind: "verification-failed", attempts: 4 };
    const ready = { ...gateOpened(), draft: false };
    expect(blocked(reason)).toContain(
      "comment `/retry` here to have it tried again, `/accept` to take the phase as it is, or `/cancel` to end the task. Or commit the repair yourself to [`phasegate/7-1-planning`](https://github.com/octo/shop/tree/phasegate/7-1-planning), then press *Ready for review* on [#8](https://github.com/octo/shop/pull/8) and merge it to start phase 2, Design.",
    );
    expect(blocked(reason, [...running, ready])).toContain(
      ", then merge [#8](https://github.com/octo/shop/pull/8) to start phase 2, Design.",
    );
    expect(blocked(reason, started)).toContain("comment `/retry` here to have it tried again, or `/cancel`");
    expect(blocked(reason, started)).not.toMatch(/merge|`\/accept`|undefined/u);
  });

  test("because of the phase's budget gives the phase's sums and offers the merge", () => {
    // A run knows only what was left for itself.
    const text = blocked({ kind: "budget-exhausted", scope: "phase", spentUsd: 0.1, budgetUsd: 0.1 });
    expect(text).toContain("The budget of phase 1, Planning, is used up: $0.42 of $5.00 spent.");
    expect(text).toContain("comment `/budget 8` here to let the phase spend up to $8.00 in all and go on");
    expect(text).toContain("Or, to accept what is there, press *Ready for review*");
    expect(text).toContain("merge it to start phase 2, Design.");
  });

  test.each([
    [{ usd: 5, from: "playbook" }, "The playbook reckons with $5.00.", "`/budget 8`"],
    [{ usd: 12, from: "history" }, "Such phases have cost about $12.00 in this repository.", "`/budget 15`"],
  ] as const)("because of a budget proposes one that the forecast %j fits in", (forecast, what, next) => {
    const reason = { kind: "budget-exhausted", scope: "phase", spentUsd: 5, budgetUsd: 5 } as const;
    const text = noticeText({ kind: "blocked", reason, task: taskOf(...running), forecast }, context);
    expect(text).toContain(what);
    expect(text).toContain(next);
  });

  test("because of an old workflow file brings the new one, and the page where it is put in", () => {
    const message = outdatedWorkflowFile("main", true, 'Unexpected inputs provided: ["secret_1"]');
    const text = blocked({ kind: "dispatch-refused", message });
    expect(text).toContain("secret\\_1 to secret\\_10");
    expect(text).toContain("(https://github.com/octo/shop/edit/main/.github/workflows/phasegate.yml)");
    expect(text).toContain(`\`\`\`\n${context.workflowFile}\n\`\`\``);
  });

  test("because of the task's budget promises no next phase", () => {
    const text = blocked({ kind: "budget-exhausted", scope: "task", spentUsd: 25, budgetUsd: 25 });
    expect(text).toContain("The budget of this task is used up: $0.42 of $25.00 spent.");
    expect(text).toContain("comment `/budget 40` here to let the task spend up to $40.00 in all");
    expect(text).not.toMatch(/merge|`\/run`/u);
  });

  test("because of the task's budget lets the last phase be merged", () => {
    const merged: readonly TaskEvent[] = [
      ...inReview,
      { type: "PhaseCompleted", at, phase: 1, by: "reviewer", mergeSha: "x" },
      { type: "PhaseStarted", at, phase: 2 },
      gateOpened(9, 2),
    ];
    expect(blocked({ kind: "budget-exhausted", scope: "task", spentUsd: 25, budgetUsd: 25 }, merged)).toContain(
      "press *Ready for review* on [#9](https://github.com/octo/shop/pull/9) and merge it to complete the task.",
    );
  });

  test("cannot be taken over by a hostile message", () => {
    const message = "x\n\n*Next:* [click](https://evil) @reviewer closes #1 <script>";
    const text = blocked({ kind: "effect-failed", effect: "`x`", message });
    expect(text.match(/^\*Next:\*/gmu)).toHaveLength(1);
    expect(text).not.toMatch(/@reviewer|closes #1|<script>|\(https:\/\/evil/u);
  });
});

describe("other notices", () => {
  test("help lists the commands, as does an unknown one", () => {
    const help = noticeText({ kind: "help" }, context);
    for (const row of slashCommands) expect(help).toContain(`| \`${usageOf(row)}\` | ${inEnglish(row.does)} |`);
    expect(noticeText({ kind: "unknown-command", typed: "/deploy" }, context)).toBe(
      `Phasegate knows no command \`/deploy\`, so nothing was done. These are the commands:\n\n${help}`,
    );
  });

  test("a second label names the task that is at work", () => {
    expect(noticeText({ kind: "second-label", label: "modify_app", running: "create_app" }, context)).toContain(
      "The label `modify_app` starts nothing: `create_app` is at work on this issue.",
    );
  });

  test("a faulty playbook's faults are listed with file, line, field and what was expected", () => {
    const file = ".github/phasegate/playbooks/release.yml";
    const fault = { file, line: 8, rule: "wrong-type", message: '"phases.0.budgetUsd": expected number, got "much"' };
    const text = noticeText({ kind: "playbook-faulty", label: "release", faults: [fault] }, context);
    expect(text).toContain("The label `release` starts nothing: its playbook has 1 fault in this repository.");
    expect(text).toContain(`- \`${file}:8\`: "phases.0.budgetUsd": expected number, got "much"`);
    const many = noticeText(
      { kind: "playbook-faulty", label: "release", faults: Array.from({ length: 23 }, () => fault) },
      context,
    );
    expect(many).toMatch(/- and 3 more$/u);
  });

  test("a refusal gives its reason and says where to look", () => {
    const text = noticeText({ kind: "refused", command: "/run", reason: joined(["the task has ended"]) }, context);
    expect(text).toMatch(/^`\/run` was not carried out: the task has ended\.\n\n\*Next:\* the status comment/u);
  });

  test("answers to feedback outside of threads say for each what came of it", () => {
    const answers = [
      { kind: "fixed", text: "Added it.", commitSha: "0123456789abcdef", by: "reviewer", id: "review:3" },
      { kind: "fixed", text: "", commitSha: null, by: "owner", id: "comment:5" },
      {
        kind: "declined",
        text: "Not wanted\n\n*Next:* [x](https://evil)",
        commitSha: null,
        by: "owner",
        id: "comment:6",
      },
      { kind: "fixed", text: "", commitSha: "0123456789abcdef", by: "reviewer", id: "veto:1:2:4" },
      { kind: "fixed", text: "", commitSha: "0123456789abcdef", by: "checks", id: "ci:0123456789abcdef" },
    ] as const;
    expect(noticeText({ kind: "feedback-answered", answers }, context)).toMatchInlineSnapshot(`
      "What was asked for outside of threads is answered:

      - **reviewer** in a review: **Done** in [\`0123456\`](https://github.com/octo/shop/commit/0123456789abcdef). Added it.
      - **owner** with \`/rework\`: **Done, says the agent**, but it changed no file for it.
      - **owner** with \`/rework\`: **Not changed.** Not wanted \\*Next:\\* \\[x\\]\\(https:&#8203;//evil\\)
      - **reviewer**, who vetoed decision 4: **Done** in [\`0123456\`](https://github.com/octo/shop/commit/0123456789abcdef).
      - The repository's own checks: **Done** in [\`0123456\`](https://github.com/octo/shop/commit/0123456789abcdef).

      *Next:* look at the changes in the pull request. Where something is still missing, request changes in a review or comment \`/rework\` with what to change."
    `);
  });

  test("an approval that GitHub does not count says where to give one that it does", () => {
    expect(noticeText({ kind: "review-required", pullRequest: 8 }, context)).toMatchInlineSnapshot(`
      "Your approval is recorded, but GitHub does not let [#8](https://github.com/octo/shop/pull/8) be merged yet.

      A rule of its base branch wants an approving review, and GitHub counts only one that is given on the pull request itself. The app cannot give it for you.

      *Next:* open [*Files changed*](https://github.com/octo/shop/pull/8/files), choose *Approve* under *Review changes*, submit it, then merge [#8](https://github.com/octo/shop/pull/8)."
    `);
  });

  test("an approval of what nobody verified says why it is not merged, and the two ways on", () => {
    const notice = { kind: "unverified-head", pullRequest: 8, by: "wanda", headSha: "c0ffee0123" } as const;
    expect(noticeText(notice, context)).toMatchInlineSnapshot(`
      "**wanda** approved [\`c0ffee0\`](https://github.com/octo/shop/commit/c0ffee0123), which holds commits that were not verified, so the app does not merge [#8](https://github.com/octo/shop/pull/8) by itself.

      They were pushed on top of what the app verified. This repository's settings say \`merge: auto\`, which merges nothing that nobody verified.

      *Next:* merge [#8](https://github.com/octo/shop/pull/8) yourself, or comment \`/rework\` with what to change to have all of it verified."
    `);
  });

  test("a reminder repeats the questions and the lines that answer them", () => {
    const { questions } = taskOf(
      ...runStarted,
      questionsAsked([asked(), asked({ question: "Who pays?", options: [] })]),
    );
    expect(noticeText({ kind: "question-reminder", questions }, context)).toMatchInlineSnapshot(`
      "The agent has waited for a day for answers:

      - **Question 1:** Which revenue model shall it have?
      - **Question 2:** Who pays?

      *Next:* comment these lines, each with the number of an option or with words of your own after the colon:

      \`\`\`
      /answer 1: 2
      /answer 2: 
      \`\`\`

      This is the only reminder: the task waits for as long as it takes."
    `);
  });

  test("whoever may not answer is told who may", () => {
    const text = noticeText({ kind: "answer-not-yours", login: "stranger", author: "owner" }, context);
    expect(text).toContain("**stranger** answered a question of the agent, but that answer was not taken.");
    expect(text).toContain("from people with write access to the repository, and from **owner**, who opened the issue");
  });

  test.each([
    [true, "Phasegate hid the comment. Everybody can still unfold it"],
    [false, "GitHub did not let Phasegate hide the comment. Everybody can still read it"],
  ])("a pasted credential (hidden: %j) is to be revoked, and its place is named", (hidden, words) => {
    const notice = { kind: "secret-pasted", what: "an OpenAI key", hidden, names: ["OPENAI_API_KEY"] } as const;
    const text = noticeText(notice, context);
    expect(text).toContain("**A comment here holds what looks like a credential: an OpenAI key.**");
    expect(text).toContain(words);
    expect(text).toContain("1. revokes it where it was made");
    expect(text).toContain(
      "3. adds the new one as [a repository secret](https://github.com/octo/shop/settings/secrets/actions/new) with the name `OPENAI_API_KEY`, never as a comment.",
    );
    expect(noticeText({ ...notice, names: [] }, context)).toContain("actions/new), never as a comment.");
  });

  test("an outdated action is told with the line that mends it and the page to do so", () => {
    expect(noticeText({ kind: "action-outdated", spoken: 1, current: 2 }, context)).toMatchInlineSnapshot(`
      "This repository runs an older Phasegate action than the app: it speaks version 1 of their protocol, the app version 2.

      Runs still work, but what came with the newer version is missing, and an app after this one may refuse the old action.

      *Next:* [edit \`.github/workflows/phasegate.yml\`](https://github.com/octo/shop/edit/main/.github/workflows/phasegate.yml): let the line with \`uses:\` say \`uses: phasegate/phasegate@0123\`, and commit it to \`main\`. The next run takes it."
    `);
  });
});

describe("after the same faults again and again", () => {
  test("the notice says that another attempt would bring them once more", () => {
    const events = [...running, gateOpened(), ...verified(false)];
    const task = withPhase(viewOf(events), () => ({ sameFindings: 3 })).task;
    const reason: BlockReason = { kind: "verification-failed", attempts: 3 };
    const text = noticeText({ kind: "blocked", reason, task }, context);
    expect(text).toContain("did not pass its checks in 3 attempts, each time for the same faults: another attempt");
    expect(blocked(reason, events)).not.toContain("same faults");
  });
});

describe("a notice about no progress", () => {
  test("offers `/skip-phase` where the phase may be skipped", () => {
    const second: readonly TaskEvent[] = [
      ...inReview,
      { type: "PhaseCompleted", at, phase: 1, by: "owner", mergeSha: "x" },
      { type: "PhaseStarted", at, phase: 2 },
    ];
    const reason: BlockReason = { kind: "no-progress", why: "no-change", spentUsd: 1 };
    expect(blocked(reason, second)).toContain("`/skip-phase` to go on without this phase");
    expect(blocked(reason)).not.toContain("/skip-phase");
  });
});

describe("a notice about a veto", () => {
  test("asks for the reason, and says how to take it back", () => {
    const notice = { kind: "veto-reason", number: 3, decision: "Links are kept in SQLite", by: "wanda" } as const;
    expect(noticeText(notice, context)).toBe(
      "**wanda** vetoed decision 3: Links are kept in SQLite\n\n" +
        "Without a reason the agent could only guess what would be better, so nothing is changed yet.\n\n" +
        "*Next:* comment `/veto 3 because …` here, with your reason. Or take the tick away to let the decision stand.",
    );
  });
});

describe("a notice about the repository's own checks", () => {
  const headSha = "0123456789abcdef";
  test("that never started gives the likely reason, and what makes them start", () => {
    const ci = { kind: "never-started", reason: "Actions are switched off.", failed: [] } as const;
    expect(noticeText({ kind: "ci", ci, reworks: 0, headSha }, context)).toBe(
      "The repository's own checks never started on [`0123456`](https://github.com/octo/shop/commit/0123456789abcdef).\n\n" +
        "Actions are switched off.\n\n" +
        "*Next:* mend that and push a commit to this branch, which makes them start; or review the pull request without them and merge it.",
    );
  });

  test("that stay red links to what failed, and names every way on", () => {
    const failed = [{ name: "test", url: "https://github.com/octo/shop/runs/1" }];
    const text = noticeText({ kind: "ci", ci: { kind: "red", reason: null, failed }, reworks: 2, headSha }, context);
    expect(text).toContain(
      "failed on [`0123456`](https://github.com/octo/shop/commit/0123456789abcdef): [test](https://github.com/octo/shop/runs/1).",
    );
    expect(text).toContain("The agent was sent back for them 2 times.");
    expect(text).toContain("`/rework <what to change>`");
  });
});

describe("a notice about a conflict with the base", () => {
  const conflict = { kind: "conflict", base: "main", why: "again", paths: [], reworks: 2 } as const;

  test("that came back after two merges says how to go on by hand, and with the agent", () => {
    expect(noticeText(conflict, context)).toBe(
      "This pull request conflicts with `main`, and can't be merged as it is.\n\n" +
        "The agent has brought the two together 2 times, and `main` went on. It does not try again by itself.\n\n" +
        "*Next:* merge `main` into this branch by hand and push it here; or comment `/rework <what to change>` here, after which the agent resolves conflicts again.",
    );
  });

  test("that is not the agent's to resolve names the files", () => {
    const text = noticeText({ ...conflict, why: "not-ours", paths: ["a.yml", "b`c"] }, context);
    expect(text).toContain("can't be merged as text: `a.yml` and ``b`c``.");
    expect(text).toContain("*Next:* merge `main` into this branch by hand and push it here.");
  });

  test("that shows in no file says so", () => {
    expect(noticeText({ ...conflict, why: "unclear" }, context)).toContain("No file was found that both sides changed");
  });
});

test("an answer to a conflict says that nobody but the base asked", () => {
  const answer = {
    kind: "fixed",
    text: "Both are in.",
    commitSha: null,
    by: "GitHub",
    id: "conflict:c0ffee:a.md",
  } as const;
  const text = noticeText({ kind: "feedback-answered", answers: [answer] }, context);
  expect(text).toContain("- A conflict with the base branch: ");
});

describe("the last comment of a task", () => {
  test("says what was built, where, what each phase took, and what people had to do", () => {
    const later = "2026-11-21T05:20:00.000Z";
    const events: readonly TaskEvent[] = [
      ...runStarted,
      questionsAsked([asked()]),
      ...inReview.slice(runStarted.length, -1),
      reported({ decisions: [decisionOf()] }),
      ...inReview.slice(-1),
      { type: "DecisionVetoed", at, phase: 1, number: 1, by: "wanda", reason: "we run many" },
      { type: "PhaseCompleted", at, phase: 1, by: "owner", mergeSha: "fedcba9876543210" },
      { type: "PhaseStarted", at, phase: 2 },
      { type: "PhaseSkipped", at: later, phase: 2, by: "wanda" },
      { type: "TaskCompleted", at: later },
    ];
    const task = taskOf(...events);
    expect(noticeText({ kind: "summary", task }, context)).toMatchInlineSnapshot(`
      "### Done: A link shortener

      1 phase was merged; 1 was skipped. The result is on [\`main\`](https://github.com/octo/shop/tree/main).

      | Phase | PR | End | Tokens, cost |
      |---|---|---|---|
      | 1 Planning | [#8](https://github.com/octo/shop/pull/8) | merged by **owner** in [\`fedcba9\`](https://github.com/octo/shop/commit/fedcba9876543210) | 246k, $0.84 |
      | 2 Design |  | skipped by **wanda** | 0, $0.00 |

      - From 21 Nov 02:20 UTC to 21 Nov 05:20 UTC: 3 hours.
      - In all 246k tokens, $0.84 of $25.00.
      - People were asked 1 question, and vetoed 1 decision.

      *Next:* nothing. What should change now is a new issue; \`/delete\` erases what the app keeps of this task's texts and logs."
    `);
  });
});
