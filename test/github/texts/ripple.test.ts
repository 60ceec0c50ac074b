import { describe, expect, test } from "vitest";
import type { ItemsChanged } from "../../../src/core/ripple.ts";
import { gateBody } from "../../../src/github/texts/gate.ts";
import { noticeText } from "../../../src/github/texts/notices.ts";
import { statusText } from "../../../src/github/texts/status.ts";
import { at, context, gateOpened, inReview, taskOf, viewOf } from "../texts-fixtures.ts";

const changed: ItemsChanged = {
  since: "0123456789abcdef",
  sha: "fedcba9876543210",
  by: "owner",
  items: [
    { id: "REQ-002", kind: "changed", path: "docs/planning/07_features.md", phase: 1 },
    { id: "REQ-005", kind: "removed", path: "docs/planning/07_features.md", phase: 1 },
  ],
  touched: [{ phase: 1, step: "02_market", paths: ["docs/planning/02_market.md"] }],
  checked: [{ phase: 1, passed: true }],
  feedback: [],
  textHash: "task-1.hash",
};

function noticeOf(over: Partial<ItemsChanged> = {}, phase: number | null = 3): string {
  const whole = { ...changed, ...over };
  return noticeText({ kind: "ripple", task: taskOf(...inReview), phase, changed: whole }, context);
}

describe("the notice of a changed item", () => {
  test("names the items, the gates that they touch, what was checked again, and what comes next", () => {
    expect(noticeOf()).toMatchInlineSnapshot(`
      "**Approved items were changed** in [\`fedcba9\`](https://github.com/octo/shop/commit/fedcba9876543210) by **owner**:

      - \`REQ-002\` was changed in [\`docs/planning/07_features.md\`](https://github.com/octo/shop/blob/fedcba9876543210/docs/planning/07_features.md) (approved in phase 1)
      - \`REQ-005\` was removed from \`docs/planning/07_features.md\` (approved in phase 1)

      Gates that this touches:

      - Phase 1, Planning, [#8](https://github.com/octo/shop/pull/8): Market in \`docs/planning/02_market.md\`

      The checks of 1 approved phase were run again, and all pass.

      **What happens next:** phase 3 opens these parts again, and nothing else, as one small pull request. It begins once the phase that is under way is merged. To leave them as they are, comment \`/skip-phase\` when it has begun."
    `);
  });

  test("says of a phase that has begun with the merge that it has", () => {
    expect(noticeOf({}, 1)).toContain("It has begun. To leave them as they are, comment `/skip-phase`.");
  });

  test("says of phases that no longer pass which they are", () => {
    expect(noticeOf({ checked: [{ phase: 1, passed: false }] })).toContain("these no longer pass: phase 1, Planning.");
  });

  test("says where nothing follows", () => {
    expect(noticeOf({ touched: [] }, null)).toContain("No approved part cites them, so no gate opens again.");
    expect(noticeOf({ items: [], touched: [] })).toContain("read as they were approved again");
  });

  test("bounds what it lists", () => {
    const items = Array.from({ length: 50 }, (_, index) => ({
      id: `REQ-${String(index).padStart(3, "0")}`,
      kind: "changed" as const,
      path: `docs/${"x".repeat(900)}.md`,
      phase: 1,
    }));
    const paths = Array.from({ length: 30 }, (_, index) => `src/${"y".repeat(900)}${index}.ts`);
    const touched = Array.from({ length: 20 }, () => ({ phase: 1, step: "02_market", paths }));
    expect(noticeOf({ items, touched }).length).toBeLessThan(40_000);
  });
});

test("a gate that changes what was approved says so, and that its merge does not end the task", () => {
  const task = taskOf(...inReview, { type: "ApprovedItemsChanged", at, phase: 1, changed });
  const body = gateBody({
    view: { ...viewOf(inReview), task },
    phase: 1,
    links: context.links,
    say: context.say,
    ready: true,
    delivered: null,
  });
  expect(body).toContain("**Merging this pull request starts phase 3, What follows from REQ\\-002 and REQ\\-005.**");
  expect(body).toContain("## Changes what was approved before");
  expect(body).toContain("Market in `docs/planning/02_market.md`");
});

test("parts that hold as they are are told with the agent's reasons, as plain words", () => {
  const parts = [{ title: "Planning: Market", text: "It holds. @team\n/cancel" }];
  const text = noticeText({ kind: "ripple-settled", items: changed.items, parts }, context);
  expect(text).toContain("All parts that cite `REQ-002` and `REQ-005` hold as they are");
  expect(text).toContain("- Planning: Market: It holds.");
  expect(text).not.toMatch(/@team|^\/cancel/mu);
});

test("the status table has the phase that follows, and says when nothing had to change", () => {
  const found = taskOf(...inReview, gateOpened(), { type: "RippleFound", at, phase: 3, changed });
  const view = { ...viewOf(inReview), task: found };
  expect(statusText(view, context)).toContain("| 3 What follows from REQ\\-002 and REQ\\-005 | ○ to come |");
});
