import { expect, test } from "vitest";
import type { BlockReason } from "../../../src/core/outcome.ts";
import { stateLabelOf } from "../../../src/github/texts/labels.ts";
import { sayIn } from "../../../src/github/texts/words.ts";
import { at, inReview, taskOf } from "../texts-fixtures.ts";

test.each<readonly [reason: BlockReason, label: string, says: string]>([
  [{ kind: "waiting-question" }, "waiting-question", "answer on the issue"],
  [{ kind: "approval-needed", phase: 1, by: "owner" }, "waiting-approval", "waits for somebody else's /approve"],
  [{ kind: "paused", by: "wanda" }, "paused", "Waits for somebody"],
])("the label of a task tells whom it waits for: %o", (reason, name, says) => {
  const label = stateLabelOf(taskOf(...inReview, { type: "TaskPaused", at, reason }), sayIn("en"));
  expect(label).toMatchObject({ name: `phasegate:${name}`, description: expect.stringContaining(says) });
  // GitHub takes no longer description.
  expect(label.description.length).toBeLessThanOrEqual(100);
});
