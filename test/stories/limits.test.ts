/** What stops work that costs money, told with the real CLI: limits, refusals of the provider, and budgets. */
import { describe, expect } from "vitest";
import { story } from "../support/story.ts";
import { dear, guideFolder, notesAgent, refused, request, runs, writes } from "./notes/agent.ts";
import { asked, commentWith, earlierJobsAtWork, noteOf, runsRequested, workTreesIn, lastAsked } from "./notes/looks.ts";

const limit = { status: 429, type: "rate_limit_error", message: "This request would exceed your rate limit." };

describe("a limit of the provider", () => {
  for (const [when, headers, secret, minutes] of [
    ["whose end is known", { "retry-after": "180" }, { name: "ANTHROPIC_API_KEY", value: "sk-ant-story" }, 4],
    [
      "of which nobody says when it ends",
      { "anthropic-ratelimit-unified-status": "rejected" },
      { name: "CLAUDE_CODE_OAUTH_TOKEN", value: "sk-ant-oat01-story" },
      6,
    ],
  ] as const) {
    const provider = { isLimited: true };
    story(
      `${when} stops the task, which goes on by itself where it was`,
      {
        guideFolder,
        secret,
        decide: notesAgent({
          "notes/01_first": [
            runs("echo before the limit"),
            refused({ ...limit, headers }, () => provider.isLimited, writes("After the limit.")),
          ],
        }),
      },
      async (told) => {
        // Told once for each database.
        provider.isLimited = true;
        await told.owner.openIssue(request);
        const { reason } = await told.next("TaskPaused");
        expect(reason).toMatchObject({ kind: "rate-limited" });
        await told.settled();
        await commentWith(told, "Claude's usage limit is reached");

        provider.isLimited = false;
        told.pass(minutes);
        await told.next("TaskResumed");
        await told.next("ReviewCreated");
        expect(earlierJobsAtWork(told)).toBe(0);
        expect(noteOf(told, "notes/01_first")).toContain("After the limit.");
        expect(workTreesIn(lastAsked(told))).toHaveLength(2);
        expect(
          asked(told)
            .at(-1)
            ?.messages.some(({ text }) => text.includes("rate limit")),
        ).toBe(false);
        expect(told.events.filter(({ type }) => type === "PhaseVerified")).toHaveLength(1);
      },
    );
  }
});

describe("a provider that refuses the key", () => {
  const provider = { refuses: true };
  story(
    "is no limit: a person is asked, once",
    {
      guideFolder,
      decide: notesAgent({
        "notes/01_first": [
          refused(
            { status: 401, type: "authentication_error", message: "invalid x-api-key" },
            () => provider.refuses,
            writes("With the right key."),
          ),
        ],
      }),
    },
    async (told) => {
      provider.refuses = true;
      await told.owner.openIssue(request);
      expect((await told.next("TaskPaused")).reason).toMatchObject({
        kind: "provider-refused",
        why: "authentication",
      });
      told.pass(5);
      await told.settled();
      expect(runsRequested(told)).toBe(1);
      provider.refuses = false;
      await told.owner.comment(1, "/run");
      await told.next("ReviewCreated");
      expect(noteOf(told, "notes/01_first")).toContain("With the right key.");
    },
  );
});

describe("a budget", () => {
  story(
    "stops the task within one reply, `/budget` lets it go on, and `/approve up to` fills the next phase's purse",
    {
      guideFolder,
      environment: { PHASE_BUDGET_USD: "2" },
      decide: notesAgent({
        "notes/01_first": [dear(runs("echo dear")), runs("echo more"), writes("Paid for.")],
      }),
    },
    async (told) => {
      const { owner } = told;
      await owner.openIssue(request);
      const { reason } = await told.next("TaskPaused");
      expect(reason).toMatchObject({ kind: "budget-exhausted", scope: "phase", budgetUsd: 2 });
      // The reply that was dear, and no second one.
      const answers =
        asked(told)
          .at(-1)
          ?.messages.filter(({ role }) => role === "assistant") ?? [];
      expect(answers.length).toBeLessThanOrEqual(1);
      await told.settled();
      await commentWith(told, "/budget");

      await owner.comment(1, "/budget 40");
      expect(await told.next("BudgetSet")).toMatchObject({ phase: 1, usd: 40, by: "owner" });
      await told.next("ReviewCreated");
      expect(earlierJobsAtWork(told)).toBe(0);
      expect(noteOf(told, "notes/01_first")).toContain("Paid for.");
      const [gate] = await owner.pulls();
      const number = gate?.number ?? 0;
      expect(gate?.body).toContain("the playbook reckons with");

      await owner.comment(number, "/approve up to $6");
      expect(await told.next("BudgetSet")).toMatchObject({ phase: 2, usd: 6 });
      await owner.merge(number);
      await told.next("PhaseCompleted");
      await told.next("ReviewCreated");
    },
  );
});
