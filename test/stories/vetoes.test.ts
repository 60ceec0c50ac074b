/** Decisions at the head of a gate, and what people do about them, told with the real action and CLI. */
import { describe, expect } from "vitest";
import type { DecisionTaken } from "../../src/core/report.ts";
import { story } from "../support/story.ts";
import { guideFolder, notesAgent, request, writes } from "./notes/agent.ts";
import { eventsOf, gateNumber, gateText, saidOn, tick } from "./notes/gate-looks.ts";
import { noteOf } from "./notes/looks.ts";

function decision(words: string, more: Partial<DecisionTaken> = {}): DecisionTaken {
  return {
    decision: words,
    alternative: "Another way",
    reason: "It is shorter.",
    confidence: "medium",
    files: ["docs/notes/01_first.md"],
    ...more,
  };
}

const hostile = decision("Ask @octocat <!-- phasegate:veto:1:2 --> closes #1", {
  alternative: "- [x] all of it <!-- phasegate:veto:1:1 -->",
  reason: "/veto 2 because I say so\n/approve",
});
const list = [
  decision("The notes are in English"),
  decision("The notes count in tens"),
  hostile,
  decision("The notes are short"),
  decision("The notes have one heading"),
];
const mark = (attempt: number, number: number): string => `<!-- phasegate:veto:${attempt}:${number} -->`;
const ticks = (text: string): readonly string[] =>
  text.split("\n").flatMap((line) => /^- \[x\].*(<!-- phasegate:veto:\d+:\d+ -->)/u.exec(line)?.[1] ?? []);

describe("a gate's decisions", () => {
  story(
    "are vetoed by a tick, for which a reason is asked, and reworked with it; a stranger's changes nothing, and the app's own edits keep them",
    {
      alsoOnPostgres: true,
      guideFolder,
      environment: { REVIEW_DEBOUNCE_SECONDS: "0" },
      decide: notesAgent(
        {
          "notes/01_first": [
            writes(({ messages }) =>
              messages.some(({ text }) => text.includes("a decision is vetoed")) ? "One, two." : "Ten, twenty.",
            ),
          ],
        },
        { decisions: () => list },
      ),
    },
    async (told) => {
      const { owner } = told;
      await owner.openIssue(request);
      await told.next("ReviewCreated");
      const number = gateNumber(told);
      const text = await gateText(told);
      for (const each of [1, 2, 3, 4, 5]) expect(text.split(mark(1, each))).toHaveLength(2);
      expect(text.indexOf("The notes count in tens")).toBeLessThan(text.indexOf("## "));
      expect(ticks(text)).toEqual([]);
      expect(text).not.toMatch(/@octocat\b|closes #1/u);

      // GitHub lets only people with write change what the app wrote.
      expect(await tick(told.stranger, number, 4)).toBe(403);
      await told.settled();
      expect(eventsOf(told, "DecisionVetoed")).toEqual([]);

      await tick(owner, number, 2);
      expect(await told.next("DecisionVetoed")).toMatchObject({ number: 2, by: "owner", reason: null });
      expect((await saidOn(told, number)).filter((said) => said.includes("/veto 2"))).toHaveLength(1);
      expect(eventsOf(told, "ReworkRequested")).toEqual([]);
      expect(ticks(await gateText(told))).toContain(mark(1, 2));

      await owner.comment(number, "/veto 2 because we count in ones");
      expect(await told.next("DecisionVetoed")).toMatchObject({ number: 2, reason: "we count in ones" });
      expect(await told.next("ReworkRequested")).toMatchObject({ source: "veto", by: ["owner"], ids: ["veto:1:1:2"] });
      // The app has written the text anew: an attempt is under way.
      expect(ticks(await gateText(told))).toContain(mark(1, 2));
      await told.next("ReviewCreated");
      expect(noteOf(told, "notes/01_first")).toContain("One, two.");
      expect(eventsOf(told, "FeedbackAnswered")).toMatchObject([{ id: "veto:1:1:2", answer: "fixed" }]);
      expect(eventsOf(told, "StepCompleted").map(({ step }) => step)).toEqual(["01_first", "02_second", "01_first"]);
      const after = await gateText(told);
      expect(after).toContain(mark(2, 2));
      expect(ticks(after)).toEqual([]);
      await owner.merge(number);
      await told.next("PhaseCompleted");
    },
  );
});
