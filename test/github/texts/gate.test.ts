import { describe, expect, test } from "vitest";
import type { TaskEvent } from "../../../src/core/events.ts";
import { finishedTitle, gateBody, gateTitle } from "../../../src/github/texts/gate.ts";
import {
  answered,
  asked,
  at,
  context,
  created,
  feedbackOf,
  gateOpened,
  inReview,
  needed,
  questionsAsked,
  runStarted,
  running,
  verified,
  viewOf,
  withPhase,
} from "../texts-fixtures.ts";
import { linksOf } from "../../../src/github/texts/links.ts";

const { links, say } = context;

describe("a gate's title", () => {
  test("names phase and issue, and marks what is unfinished where there are no drafts", () => {
    const view = viewOf(running);
    expect(gateTitle(view, 1, { unfinished: false }, say)).toBe("Phase 1 of 2, Planning: A link shortener");
    expect(finishedTitle(gateTitle(view, 1, { unfinished: true }, say))).toBe(
      gateTitle(view, 1, { unfinished: false }, say),
    );
  });

  test("closes nothing and stays short, whatever the issue is called", () => {
    const title = gateTitle(
      viewOf([created({ title: `closes #1 [skip ci] ${"x".repeat(900)}` })]),
      1,
      {
        unfinished: true,
      },
      say,
    );
    expect(title).not.toMatch(/#1|\[skip ci\]/u);
    expect(title.length).toBeLessThan(256);
  });
});

describe("a gate's body", () => {
  test("while the agent works asks nobody to merge", () => {
    const body = gateBody({ view: viewOf(running), phase: 1, links, say, ready: false, delivered: null });
    expect(body).toContain("Please do not merge before the checks have passed");
    expect(body).not.toContain("Spent on this phase");
    expect(body).toContain("1. Idea definition\n2. Market");
  });

  test("when it is ready leads with how to go on", () => {
    const files = [
      { path: "docs/planning/01_idea.md", deleted: false },
      { path: "src/a b.ts", deleted: false },
      { path: "old.txt", deleted: true },
    ];
    const delivered = { headSha: "0123456789abcdef", files, complete: true, ciLater: false };
    expect(gateBody({ view: viewOf(inReview), phase: 1, links, say, ready: true, delivered })).toMatchInlineSnapshot(`
      "**Merging this pull request starts phase 2, Design.** To have something changed first, request changes in a review, or comment \`/rework <what to change>\`.

      Part of #7

      <details><summary>What else you can do here</summary>

      - You may commit to this branch before the merge: phase 2 builds on what is merged.
      - An approving review is recorded; merging without one counts as approval.
      - A review that requests changes starts a rework by itself. Closing without a merge pauses the task.
      - *Squash and merge*: take the lines that ask to skip CI out of the proposed message, or your workflows will not run on the merge.

      </details>

      **Decisions:** the agent named none for this phase.

      ## Verification

      On [\`0123456\`](https://github.com/octo/shop/commit/0123456789abcdef), attempt 1: all 2 criteria are met.

      <details><summary>2 criteria are met</summary>

      - ✔ Every file of every step is there (2 outputs)
      - ✔ Each document says enough (2 documents)

      </details>

      **The repository's own checks** run on an empty commit at the end of this branch; the commits of the steps ask GitHub to skip them.

      ## Cost

      - This phase: 246k tokens, $0.84 of $5.00.
      - Phase 2, Design: it may spend $5.00. To set another limit with your approval, comment \`/approve up to $6\`.

      ## Steps

      - ✔ Idea definition
      - ○ Market

      ## Delivered

      Documents:

      - [\`docs/planning/01_idea.md\`](https://github.com/octo/shop/blob/0123456789abcdef/docs/planning/01_idea.md)

      Other files:

      - [\`src/a b.ts\`](https://github.com/octo/shop/blob/0123456789abcdef/src/a%20b.ts)

      Deleted:

      - \`old.txt\`

      ---
      Issue: [#7](https://github.com/octo/shop/issues/7) · Started by **owner** · Model: \`claude-test\`"
    `);
  });

  test("says that CI waits for an approval, where it does", () => {
    const delivered = { headSha: "0123456789abcdef", files: [], complete: true };
    const bodyOf = (ciLater: boolean) =>
      gateBody({ view: viewOf(inReview), phase: 1, links, say, ready: true, delivered: { ...delivered, ciLater } });
    expect(bodyOf(true)).toContain("it takes an approving review until the app adds an empty commit");
    expect(bodyOf(false)).not.toContain("until the app adds");
  });

  test("names the unit of what each check looked at", () => {
    const checks = [
      { check: "outputs-exist", passed: true, looked: 12 },
      { check: "sections-present", passed: true, looked: 1 },
      { check: "env-ignored", passed: true, looked: 54 },
      { check: "tests-exist", passed: true, looked: 54 },
      { check: "no-secrets", passed: true, looked: 54 },
    ] as const;
    const events = [...running, gateOpened(), ...verified(true)].map((event) =>
      event.type === "PhaseVerified" ? { ...event, checks } : event,
    );
    const rows = gateBody({ view: viewOf(events), phase: 1, links, say, ready: false, delivered: null })
      .split("\n")
      .filter((line) => line.startsWith("- ✔") && !line.includes("Idea"));
    expect(rows).toEqual([
      "- ✔ Every file of every step is there (12 outputs)",
      "- ✔ Documents have their sections (1 document)",
      "- ✔ `.env` is ignored by git",
      "- ✔ There are tests",
      "- ✔ No secrets in the files (54 files)",
    ]);
  });

  test("silences no workflow when it becomes the message of a squash", () => {
    const delivered = {
      headSha: "abc",
      files: [{ path: "docs/[Skip CI] [actions skip].md", deleted: false }],
      complete: true,
      ciLater: false,
    };
    const body = gateBody({ view: viewOf(inReview), phase: 1, links, say, ready: true, delivered });
    expect(body).not.toMatch(/\[(?:skip ci|ci skip|no ci|skip actions|actions skip)\]|skip-checks/iu);
    expect(body).toContain("Skip CI] [\u200bactions skip].md`");
  });

  test("shows failures before what passed", () => {
    const view = viewOf([...running, gateOpened(), ...verified(false)]);
    const body = gateBody({ view, phase: 1, links, say, ready: false, delivered: null });
    expect(body).toContain(
      "On [`0123456`](https://github.com/octo/shop/commit/0123456789abcdef), attempt 1: 1 criterion is not met, 1 is met.\n\n**Not met:**\n\n- ✖ **Each document says enough**\n  - `docs/planning/01_idea.md`: has 20 characters, needs 500",
    );
    expect(body.indexOf("needs 500")).toBeLessThan(body.indexOf("✔ Every file"));
    expect(body).not.toContain("**Merging this pull request");
  });

  test("while a rework runs says what for, and offers no merge", () => {
    const rework = {
      by: ["reviewer", "owner"],
      source: "review",
      ids: ["thread:1", "review:2"],
      textHash: "h",
      base: null,
    } as const;
    const view = withPhase(viewOf(inReview), () => ({ rework, attempt: 2 }));
    const body = gateBody({ view, phase: 1, links, say, ready: false, delivered: null });
    expect(body).toContain("Attempt 2: the agent works on what **reviewer** and **owner** asked for (2 points).");
    expect(body).not.toContain("**Merging this pull request");
    expect(gateBody({ view, phase: 1, links, say, ready: true, delivered: null })).toContain(
      "**Merging this pull request",
    );
  });

  test("tells how much feedback is open, where there is any", () => {
    const bodyOf = (open: number) => {
      const view = withPhase(viewOf(inReview), () => ({ feedback: feedbackOf(open) }));
      return gateBody({ view, phase: 1, links, say, ready: true, delivered: null });
    };
    expect(bodyOf(1)).toContain("## Feedback\n\nOf 2 points of feedback, 1 was open when this was written.");
    expect(bodyOf(0)).toContain("Of 1 point of feedback, none was open when this was written.");
    expect(gateBody({ view: viewOf(inReview), phase: 1, links, say, ready: true, delivered: null })).not.toContain(
      "Feedback",
    );
  });

  test("tells what was asked and provided in its phase, and what people said", () => {
    const events = [
      ...runStarted,
      questionsAsked([asked()]),
      answered(1, "Half of each"),
      needed(),
      { type: "DependencyGranted", at, name: "OPENAI_API_KEY", by: "owner" },
      ...inReview.slice(runStarted.length),
    ] as const;
    const body = gateBody({ view: viewOf(events), phase: 1, links, say, ready: true, delivered: null });
    expect(body).toContain(
      "## Questions and answers\n\n- Question 1: Which revenue model shall it have? **owner**: Half of each\n\n## Provided\n\n- `OPENAI_API_KEY`: provided by **owner**\n",
    );
    const atWork = gateBody({ view: viewOf(events.slice(0, -3)), phase: 1, links, say, ready: false, delivered: null });
    expect(atWork).not.toContain("## Questions");
    const merged = [...events, { type: "PhaseCompleted", at, phase: 1, by: "reviewer", mergeSha: "x" }] as const;
    const next = viewOf([...merged, { type: "PhaseStarted", at, phase: 2 }, ...verified(true, "", 2)]);
    expect(gateBody({ view: next, phase: 2, links, say, ready: true, delivered: null })).not.toContain("## Questions");
  });

  test("gives the cost against what was expected, and what the next phase may spend", () => {
    const forecasts = new Map([
      [1, { usd: 5, from: "playbook" } as const],
      [2, { usd: 4.6, from: "history" } as const],
    ]);
    const body = gateBody({
      view: { ...viewOf(inReview), forecasts },
      phase: 1,
      links,
      say,
      ready: true,
      delivered: null,
    });
    expect(body).toContain(
      "- This phase: 246k tokens, $0.84 of $5.00; the playbook reckons with $5.00.\n- Phase 2, Design: such phases have cost about $4.60 in this repository, and it may spend $5.00. To set another limit with your approval, comment `/approve up to $6`.\n",
    );
  });

  test("of an accepted phase names who took it and which checks failed", () => {
    const accepted = { by: "owner", failed: ["long-enough", "no-secrets"] } as const;
    const view = withPhase(viewOf([...running, gateOpened(), ...verified(false)]), () => ({ accepted }));
    const body = gateBody({ view, phase: 1, links, say, ready: true, delivered: null });
    expect(body).toContain(
      "Accepted by **owner** although this is not met: *Each document says enough* and *No secrets in the files*.",
    );
    expect(body).toContain("**Merging this pull request starts phase 2, Design.**");
    const unfinished = withPhase(viewOf([...running, gateOpened()]), () => ({ accepted: { by: "owner", failed: [] } }));
    expect(gateBody({ view: unfinished, phase: 1, links, say, ready: true, delivered: null })).toContain("as it is.");
  });

  test("closes the issue in the last phase and in no other", () => {
    const second: readonly TaskEvent[] = [
      ...inReview,
      { type: "PhaseCompleted", at, phase: 1, by: "reviewer", mergeSha: "x" },
      { type: "PhaseStarted", at, phase: 2 },
    ];
    expect(gateBody({ view: viewOf(second), phase: 1, links, say, ready: false, delivered: null })).toMatch(
      /^Part of #7$/mu,
    );
    const last = gateBody({
      view: viewOf([...second, ...verified(true, "", 2)]),
      phase: 2,
      links,
      say,
      ready: false,
      delivered: null,
    });
    expect(last).toMatch(/^Closes #7$/mu);
    expect(last).toContain("**Merging this pull request completes the task.**");
    expect(last).not.toMatch(/phase 3|next phase|builds on/u);
  });

  test("nothing that the agent wrote mentions, closes or formats", () => {
    const hostile = "closes #1 @reviewer <img src=x> [a](https://evil)\n\n# Merged";
    const body = gateBody({
      view: viewOf([...running, gateOpened(), ...verified(false, hostile)]),
      phase: 1,
      links,
      say,
      ready: true,
      delivered: {
        headSha: "abc",
        files: [{ path: "docs/`@reviewer` closes #1](https://evil)\n# x.md", deleted: false }],
        complete: true,
        ciLater: false,
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
      say,
      ready: true,
      delivered: { headSha: "abc", files, complete: false, ciLater: false },
    });
    expect(body.length).toBeLessThanOrEqual(60_000);
    expect(body).toContain("And 485 more.");
    expect(body).toContain("The rest is too long for this page.");
  });
});

describe("the guides of a phase", () => {
  const sha = "c".repeat(40);
  const guides = new Map([
    [
      1,
      new Map([
        ["01_idea", "planning/01_idea.md"],
        ["02_market", ".github/phasegate/guides/planning/02_market.md"],
      ]),
    ],
  ]);

  test("are one click away: the app's own as of its version, the repository's where it has one", () => {
    const read = linksOf(
      "https://github.test",
      { installationId: 1, repositoryId: 2, owner: "octo", name: "shop" },
      `acme/phasegate@${sha}`,
    );
    const body = gateBody({
      view: { ...viewOf(running), guides },
      phase: 1,
      links: read,
      say,
      ready: false,
      delivered: null,
    });
    expect(body).toContain(
      `1. [Idea definition](https://github.test/acme/phasegate/blob/${sha}/guide/planning/01_idea.md)`,
    );
    expect(body).toContain(
      "2. [Market](https://github.test/octo/shop/blob/HEAD/.github/phasegate/guides/planning/02_market.md)",
    );
  });

  test("are named by their titles alone where nobody knows their place", () => {
    const body = gateBody({ view: viewOf(running), phase: 1, links, say, ready: false, delivered: null });
    expect(body).toContain("1. Idea definition\n2. Market");
  });
});
