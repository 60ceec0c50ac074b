import { describe, expect, test } from "vitest";
import type { BlockReason } from "../../../src/core/outcome.ts";
import { noticeText } from "../../../src/github/texts/notices.ts";
import { context, gateOpened, inReview, running, started, taskOf } from "../texts-fixtures.ts";

function blocked(reason: BlockReason, events = [...running, gateOpened()]): string {
  return noticeText({ kind: "blocked", reason, task: taskOf(...events) }, context);
}

const runUrl = "https://github.com/octo/shop/actions/runs/99";

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
      "4 times in a row: gone quiet.",
      "to go on from the last finished step",
    ],
    [
      { kind: "verification-failed", attempts: 4 },
      "did not pass its checks after 4 attempts",
      "https://github.com/octo/shop/tree/phasegate/7-1-planning",
    ],
    [
      { kind: "budget-exhausted", scope: "phase", spentUsd: 5.014, budgetUsd: 5 },
      "phase 1, Planning, is used up: $5.01 of $5.00",
      "merge [#8]",
    ],
    [
      { kind: "budget-exhausted", scope: "task", spentUsd: 25, budgetUsd: 25 },
      "this task is used up: $25.00 of $25.00",
      "larger budget",
    ],
    [
      { kind: "rate-limited", resetsAt: "2026-11-21T07:00:00.000Z", message: "5-hour limit" },
      "usage limit",
      "after 21 Nov 07:00 UTC",
    ],
    [{ kind: "rate-limited", resetsAt: null, message: "limit" }, "usage limit", "when the limit has lifted"],
    [{ kind: "gate-closed", pullRequest: 8 }, "closed without a merge", "to reopen it"],
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
    expect(last).toMatch(/`\/run`|`\/cancel`/u);
    expect(text).not.toContain("undefined");
  });

  test("is whole before there is a gate", () => {
    expect(blocked({ kind: "verification-failed", attempts: 1 }, [...started])).not.toContain("undefined");
    expect(blocked({ kind: "budget-exhausted", scope: "phase", spentUsd: 5, budgetUsd: 5 }, [...started])).toContain(
      "*Next:* ask the operator",
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
    for (const command of ["/run", "/cancel", "/status", "/help"]) expect(help).toContain(`\`${command}\``);
    expect(noticeText({ kind: "unknown-command", typed: "/deploy" }, context)).toBe(
      `\`/deploy\` is no command of Phasegate.\n\n${help}`,
    );
  });

  test("a second label names the task that is at work", () => {
    expect(noticeText({ kind: "second-label", label: "modify_app", running: "create_app" }, context)).toContain(
      "The label `modify_app` starts nothing: `create_app` is at work on this issue.",
    );
  });

  test("a refusal gives its reason", () => {
    expect(noticeText({ kind: "refused", command: "/run", reason: "the task has ended" }, context)).toBe(
      "`/run` was not carried out: the task has ended",
    );
  });

  test("requested changes say honestly who has to make them", () => {
    const text = noticeText({ kind: "changes-requested", by: "reviewer", task: taskOf(...inReview) }, context);
    expect(text).toContain("**reviewer** asked for changes on [#8]");
    expect(text).toContain("does not work review comments in by itself");
    expect(text).toContain("[`phasegate/7-1-planning`](https://github.com/octo/shop/tree/phasegate/7-1-planning)");
  });
});
