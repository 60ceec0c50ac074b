import { describe, expect, test } from "vitest";
import type { TaskEvent } from "../../../src/core/events.ts";
import type { BlockReason } from "../../../src/core/outcome.ts";
import { defaultSettings } from "../../../src/core/settings.ts";
import type { ExistingTask } from "../../../src/core/state.ts";
import { noticeText } from "../../../src/github/texts/notices.ts";
import { requestText } from "../../../src/github/texts/requests.ts";
import { answered, asked, context, needed, questionsAsked, runStarted, taskOf } from "../texts-fixtures.ts";

/** A task in a repository whose settings name these people. */
function taskThatCalls(mention: readonly string[], ...events: readonly TaskEvent[]): ExistingTask {
  return { ...taskOf(...runStarted, ...events), settings: { ...defaultSettings, mention } };
}

function blocked(reason: BlockReason, mention: readonly string[] = ["wanda", "rita"]): string {
  return noticeText({ kind: "blocked", reason, task: taskThatCalls(mention) }, context);
}

describe("those whom the settings name", () => {
  test("are called where a person must mend something", () => {
    expect(blocked({ kind: "no-workflow-file" })).toMatch(/\n\ncc @wanda @rita$/u);
    expect(blocked({ kind: "verification-failed", attempts: 4 })).toMatch(/\n\ncc @wanda @rita$/u);
  });

  test.each<BlockReason>([
    { kind: "rate-limited", resetsAt: null, message: "limit" },
    { kind: "paused", by: "owner" },
    { kind: "issue-closed", by: "owner" },
    { kind: "budget-exhausted", scope: "day", spentUsd: 1, budgetUsd: 1 },
  ])("are left alone by %j", (reason) => {
    expect(blocked(reason)).not.toContain("cc @");
  });

  test("are called by a question until it is answered", () => {
    const open = taskThatCalls(["wanda"], questionsAsked([asked()]));
    expect(requestText({ kind: "questions", questions: open.questions }, open, context)).toMatch(/\n\ncc @wanda$/u);
    const done = taskThatCalls(["wanda"], questionsAsked([asked()]), answered(1, "2"));
    expect(requestText({ kind: "questions", questions: done.questions }, done, context)).not.toContain("cc @");
    const optional = taskThatCalls(["wanda"], questionsAsked([asked({ required: false })]));
    expect(requestText({ kind: "questions", questions: optional.questions }, optional, context)).not.toContain("cc @");
  });

  test("are called by what the agent cannot go on without", () => {
    const task = taskThatCalls(["wanda"], needed());
    const [dependency] = task.dependencies;
    if (dependency === undefined) throw new Error("a dependency was expected");
    expect(requestText({ kind: "dependency", dependency, isNoticed: true }, task, context)).toMatch(/\n\ncc @wanda$/u);
  });

  test("are nobody where the settings name none, or what is no login", () => {
    expect(blocked({ kind: "no-workflow-file" }, [])).not.toContain("cc ");
    expect(blocked({ kind: "no-workflow-file" }, ["octo/team", "x](https://evil.example)"])).not.toContain("cc ");
  });
});
