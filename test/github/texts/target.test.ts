/** A task that its form sends to another branch than the default one says so, wherever it speaks of where its work ends. */
import { describe, expect, test } from "vitest";
import type { TaskEvent } from "../../../src/core/events.ts";
import { blockText } from "../../../src/github/texts/blocked.ts";
import { statusText } from "../../../src/github/texts/status.ts";
import { summaryText } from "../../../src/github/texts/summary.ts";
import { at, context, running, viewOf } from "../texts-fixtures.ts";

const toDevelop = (events: readonly TaskEvent[]): readonly TaskEvent[] =>
  events.map((event) =>
    event.type === "TaskStarted" ? { ...event, input: { ...event.input, baseBranch: "develop" } } : event,
  );
const told = (...more: readonly TaskEvent[]) => viewOf([...toDevelop(running), ...more]);

describe("a task for another branch", () => {
  test("says where its pull request belongs", () => {
    const reason = { kind: "gate-retargeted", pullRequest: 31, base: "main", merged: false } as const;
    const { why, next } = blockText(reason, told().task, context);
    expect(why).toContain("Each phase starts from `develop`, the branch that this task is for");
    expect(next).toContain("set its base back to `develop`");
  });

  test("says where the tables of its plan are mended", () => {
    const reason = { kind: "plan-invalid", phase: 1, faults: 1, message: "phases.md, line 3: no such phase" } as const;
    expect(statusText(told({ type: "TaskPaused", at, reason }), context)).toContain("mend the tables on `develop`");
  });

  test("says where its result is", () => {
    const view = told({ type: "TaskCompleted", at });
    expect(statusText(view, context)).toContain("The result is on `develop`.");
    expect(summaryText(view.task, context)).toMatch(/The result is on \[`develop`\]\(.*\/tree\/develop\)/u);
  });
});
