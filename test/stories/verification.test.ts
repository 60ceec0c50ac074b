/** The verification of a phase, told with the real action and CLI: what is judged, what is tried, and what follows. */
import { describe, expect } from "vitest";
import { purposeOf } from "../model/answer-report.ts";
import type { Decide } from "../model/model-server.ts";
import { repositoryName } from "../support/github-world.ts";
import { story } from "../support/story.ts";
import { checkedRequest, guideFolder, notesAgent, writes } from "./notes/agent.ts";
import { checkOf, eventsOf, gateNumber, gateText, saidOn } from "./notes/gate-looks.ts";
import { asked, commentWith, noteOf } from "./notes/looks.ts";

const second = "docs/notes/02_second.md";
const contradiction = {
  passed: false,
  confidence: "high",
  reason: "The second note says nine, the first says ten.",
  evidence: [{ path: second, line: 5, quote: "It is nine." }],
} as const;
const isLeftOver = (text: string) => text.includes("## Left over from the last attempt");

describe("a criterion that is judged", () => {
  const judge = { agrees: false };
  story(
    "fails with its evidence, is mended by one rework that gets exactly that, and passes; the check run tells it all along",
    {
      alsoOnPostgres: true,
      guideFolder,
      prepare: ({ sandbox }) => sandbox.settings.requireChecks(repositoryName, "main", ["Phasegate"]),
      decide: notesAgent(
        {
          "notes/01_first": [writes("It is ten.")],
          "notes/02_second": [
            writes(({ messages }) => (messages.some(({ text }) => isLeftOver(text)) ? "It is ten." : "It is nine.")),
          ],
        },
        {
          verdict: ({ criterion }) =>
            criterion === "notes-agree" && !judge.agrees
              ? contradiction
              : criterion === "notes-are-plain"
                ? { ...contradiction, reason: "A word is rare." }
                : undefined,
        },
      ),
    },
    async (told) => {
      judge.agrees = false;
      const { owner } = told;
      await owner.openIssue(checkedRequest);
      const repository = told.sandbox.repositoryOf(repositoryName);
      const shown: string[] = [];
      told.sandbox.observe((event) => {
        if (event.kind !== "webhook" || event.delivery.event !== "check_run") return;
        const check = [...repository.checkRuns.values()].at(-1);
        shown.push(check?.conclusion ?? check?.status ?? "");
      });
      const failed = await told.next("PhaseVerified");
      expect(failed).toMatchObject({
        passed: false,
        findings: [{ check: "judged:notes-agree", path: second, line: 5 }],
        notes: [{ check: "judged:notes-are-plain" }],
      });
      judge.agrees = true;
      await told.next("RunRequested");
      const rework = await told.next("RunRequested");
      expect(rework).toMatchObject({ attempt: 2, findings: failed.findings });

      expect(await told.next("PhaseVerified")).toMatchObject({ passed: true, attempt: 2, findings: [] });
      await told.next("ReviewCreated");
      expect(await checkOf(told)).toMatchObject({ status: "completed", conclusion: "success" });
      expect([...new Set(shown)]).toEqual(["in_progress", "failure", "success"]);
      expect(noteOf(told, "notes/02_second")).toContain("It is ten.");
      const prompts = asked(told).flatMap(({ messages }) => messages.map(({ text }) => text));
      const leftOver = prompts.find(isLeftOver) ?? "";
      expect(leftOver).toContain(contradiction.reason);
      expect(leftOver).not.toContain("A word is rare.");
      // Only the step that the evidence lies in was done again.
      expect(eventsOf(told, "StepCompleted").map(({ step }) => step)).toEqual(["01_first", "02_second", "02_second"]);
      const text = await gateText(told);
      expect(text).toContain("A word is rare.");
      await owner.merge(gateNumber(told));
      await told.next("PhaseCompleted");
    },
  );
});

describe("a verifier that answers in prose twice", () => {
  const agent = notesAgent({});
  const decide: Decide = (request) => {
    if (purposeOf(request)?.kind !== "verify") return agent(request);
    return { blocks: [{ type: "text", text: "All is well, I think." }] };
  };
  story(
    "judges nothing: the gate says so, the check run is neutral, a person merges; a phase that may be left out is, and the task ends with one summary",
    { guideFolder, decide },
    async (told) => {
      const { owner } = told;
      await owner.openIssue(checkedRequest);
      const { report } = await told.next("WorkReported");
      expect(report).toMatchObject({ verdicts: [], judgeFault: expect.stringContaining("prose") as string });
      await told.next("ReviewCreated");
      expect(await gateText(told)).toMatch(/not judged/iu);
      expect(await checkOf(told)).toMatchObject({ status: "completed", conclusion: "neutral" });
      expect(eventsOf(told, "RunRequested")).toHaveLength(1);
      await owner.merge(gateNumber(told));
      await told.next("PhaseCompleted");

      await owner.comment(1, "/skip-phase");
      await told.next("PhaseSkipped");
      await told.next("TaskCompleted");
      await told.settled();
      const summary = (await saidOn(told, 1)).at(-1) ?? "";
      expect(summary).toContain(`#${gateNumber(told)}`);
      expect(await owner.pulls()).toEqual([]);
    },
  );
});

describe("the project's own tests", () => {
  story(
    "that fail send the phase back with what they printed, until they pass; a single comment in the review with /rework does, too",
    {
      guideFolder,
      decide: notesAgent({
        "code/01_sum": [
          writes(({ messages }) => {
            const said = messages.map(({ text }) => text).join("\n");
            if (said.includes("say which numbers")) return "echo one and one; test $((1 + 1)) -eq 2";
            return isLeftOver(said) ? "test $((1 + 1)) -eq 2" : "echo the sum is wrong; test $((1 + 1)) -eq 3";
          }),
        ],
      }),
    },
    async (told) => {
      const { owner } = told;
      await owner.openIssue({ ...checkedRequest, labels: ["check_code"] });
      await told.next("ReviewCreated");
      const attempts = eventsOf(told, "RunRequested");
      expect(attempts.map(({ findings }) => findings.map(({ check }) => check))).toEqual([[], ["tests-pass"]]);
      expect(attempts[1]?.findings[0]?.message).toContain("the sum is wrong");
      const text = await gateText(told);
      expect(text).toContain("sh docs/code/01_sum.md");

      await owner.request("POST", `/pulls/${gateNumber(told)}/comments`, {
        body: "/rework say which numbers",
        commit_id: (await owner.pull(gateNumber(told))).head.sha,
        path: "docs/code/01_sum.md",
        line: 5,
        side: "RIGHT",
      });
      expect(await told.next("ReworkRequested")).toMatchObject({ phase: 1, by: ["owner"] });
      await told.next("ReviewCreated");
      await owner.merge(gateNumber(told));
      await told.next("TaskCompleted");
    },
  );
});

describe("the very same findings three times", () => {
  story(
    "change the approach at the second, and stop the task at the third; /accept takes the phase as it is, with a neutral check run",
    {
      guideFolder,
      decide: notesAgent(
        { "notes/02_second": [writes("It is nine.")] },
        { verdict: ({ criterion }) => (criterion === "notes-agree" ? contradiction : undefined) },
      ),
    },
    async (told) => {
      const { owner } = told;
      await owner.openIssue(checkedRequest);
      expect((await told.next("TaskPaused")).reason).toMatchObject({ kind: "verification-failed" });
      expect(eventsOf(told, "PhaseVerified")).toHaveLength(3);
      const last = asked(told).findLast(({ messages }) => messages.some(({ text }) => isLeftOver(text)));
      expect(last?.messages.some(({ text }) => text.includes("Choose another approach"))).toBe(true);
      await told.settled();
      await commentWith(told, "/accept");
      expect(await checkOf(told)).toMatchObject({
        conclusion: "failure",
        annotations: [{ path: second, start_line: 5 }],
      });

      await owner.comment(1, "/accept");
      expect(await told.next("PhaseAccepted")).toMatchObject({ by: "owner", failed: ["judged:notes-agree"] });
      await told.next("ReviewCreated");
      expect(await checkOf(told)).toMatchObject({ status: "completed", conclusion: "neutral" });
      expect(await gateText(told)).toContain("Accepted by");
      await owner.merge(gateNumber(told));
      await told.next("PhaseCompleted");
    },
  );
});
