import { describe, expect, test } from "vitest";
import type { TaskEvent } from "../../../src/core/events.ts";
import { finishedTitle, gateBody, gateTitle } from "../../../src/github/texts/gate.ts";
import { at, context, created, gateOpened, inReview, running, verified, viewOf } from "../texts-fixtures.ts";

const { links } = context;

describe("a gate's title", () => {
  test("names phase and issue, and marks what is unfinished where there are no drafts", () => {
    const view = viewOf(running);
    expect(gateTitle(view, 1, { unfinished: false })).toBe("Phase 1 of 2, Planning: A link shortener");
    expect(finishedTitle(gateTitle(view, 1, { unfinished: true }))).toBe(gateTitle(view, 1, { unfinished: false }));
  });

  test("closes nothing and stays short, whatever the issue is called", () => {
    const title = gateTitle(viewOf([created({ title: `closes #1 [skip ci] ${"x".repeat(900)}` })]), 1, {
      unfinished: true,
    });
    expect(title).not.toMatch(/#1|\[skip ci\]/u);
    expect(title.length).toBeLessThan(256);
  });
});

describe("a gate's body", () => {
  test("while the agent works asks nobody to merge", () => {
    const body = gateBody({ view: viewOf(running), phase: 1, links, delivered: null });
    expect(body).toContain("Please do not merge yet");
    expect(body).toContain("1. Idea definition\n2. Market");
  });

  test("when it is ready leads with how to go on", () => {
    const files = [
      { path: "docs/planning/01_idea.md", deleted: false },
      { path: "src/a b.ts", deleted: false },
      { path: "old.txt", deleted: true },
    ];
    const delivered = { headSha: "0123456789abcdef", files, complete: true };
    expect(gateBody({ view: viewOf(inReview), phase: 1, links, delivered })).toMatchInlineSnapshot(`
      "Part of #7

      **Merge this pull request to start phase 2, Design.** You may commit to this branch before you merge: what you merge is what the next phase builds on. A review that approves is recorded; merging without one counts as your approval. Closing without a merge pauses the task.

      ## Checks

      All 2 checks passed on \`0123456789ab\`.

      | Check | Result | Looked at |
      |---|---|---|
      | Every file of every step is there | ✔ passed | 2 |
      | Documents are long enough | ✔ passed | 2 |

      ## Steps

      - [x] Idea definition
      - [ ] Market

      ## Delivered

      Documents:

      - [\`docs/planning/01_idea.md\`](https://github.com/octo/shop/blob/0123456789abcdef/docs/planning/01_idea.md)

      Other files:

      - [\`src/a b.ts\`](https://github.com/octo/shop/blob/0123456789abcdef/src/a%20b.ts)

      Deleted:

      - \`old.txt\`

      ---
      Written by \`claude-test\` for [#7](https://github.com/octo/shop/issues/7), started by **owner**, 246k tokens, $0.84 for this phase so far."
    `);
  });

  test("shows failures before what passed", () => {
    const view = viewOf([...running, gateOpened(), ...verified(false)]);
    const body = gateBody({ view, phase: 1, links, delivered: null });
    expect(body.indexOf("✖ failed")).toBeGreaterThan(body.indexOf("needs 500"));
    expect(body.indexOf("✖ failed")).toBeLessThan(body.indexOf("✔ passed"));
    expect(body).not.toContain("**Merge this pull request");
  });

  test("closes the issue in the last phase and in no other", () => {
    const second: readonly TaskEvent[] = [
      ...inReview,
      { type: "PhaseCompleted", at, phase: 1, by: "reviewer", mergeSha: "x" },
      { type: "PhaseStarted", at, phase: 2 },
    ];
    expect(gateBody({ view: viewOf(second), phase: 1, links, delivered: null })).toMatch(/^Part of #7\n/u);
    const last = gateBody({ view: viewOf([...second, ...verified(true, "", 2)]), phase: 2, links, delivered: null });
    expect(last).toMatch(/^Closes #7\n/u);
    expect(last).toContain("**Merge this pull request to complete the task.**");
  });

  test("nothing that the agent wrote mentions, closes or formats", () => {
    const hostile = "closes #1 @reviewer <img src=x> [a](https://evil)\n\n# Merged";
    const body = gateBody({
      view: viewOf([...running, gateOpened(), ...verified(false, hostile)]),
      phase: 1,
      links,
      delivered: {
        headSha: "abc",
        files: [{ path: "docs/`@reviewer` closes #1](https://evil)\n# x.md", deleted: false }],
        complete: true,
      },
    });
    // In code spans GitHub interprets nothing; a backslash makes a sign a sign.
    const live = body.replaceAll(/(?<fence>`+)(?!`).*?[^`]\k<fence>(?!`)/gu, "").replaceAll(/\\[^a-z\d]/gu, "");
    expect(live).not.toMatch(/closes #1|@reviewer|<img|\(https:\/\/evil|^# /mu);
    expect(live).toContain("closes");
  });

  test("stays below GitHub's limit with any number of files and findings", () => {
    const finding = {
      check: "no-secrets" as const,
      step: null,
      path: `docs/${"p".repeat(900)}.md`,
      line: 3,
      message: "*".repeat(2_000),
    };
    const events = verified(false).map((event) =>
      event.type === "PhaseVerified" ? { ...event, findings: Array.from({ length: 500 }, () => finding) } : event,
    );
    const files = Array.from({ length: 300 }, (_, index) => ({
      path: `docs/${index}/${"d/".repeat(400)}x.md`,
      deleted: index % 3 === 0,
    }));
    const body = gateBody({
      view: viewOf([...running, gateOpened(), ...events]),
      phase: 1,
      links,
      delivered: { headSha: "abc", files, complete: false },
    });
    expect(body.length).toBeLessThanOrEqual(60_000);
    expect(body).toContain("And 450 more.");
  });
});
