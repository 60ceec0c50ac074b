/** The repository's own checks on a gate's head: what the app makes of them. */
import { describe, expect } from "vitest";
import { story, type Story } from "../support/story.ts";
import { guideFolder, notesAgent, request, writes } from "./notes/agent.ts";
import { eventsOf, gateNumber, gateText, saidOn, wandaOf } from "./notes/gate-looks.ts";
import { asked, noteOf } from "./notes/looks.ts";

const workflow = `name: CI
on: pull_request
permissions: {}
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - name: Test
        run: npm test
`;

async function addWorkflow({ owner }: Story, settings = ""): Promise<void> {
  await owner.push({
    branch: "main",
    files: {
      ".github/workflows/ci.yml": workflow,
      ...(settings === "" ? {} : { ".github/phasegate.yml": settings }),
    },
    message: "Test each pull request",
  });
}

const isTold = (text: string) => text.includes("a check of the repository fails");
const kindsSeen = (told: Story) => eventsOf(told, "CiObserved").map(({ ci }) => ci.kind);

describe("the repository's own checks", () => {
  story(
    "that are red start a rework with the words of their log, until they are green; then an approved gate merges by itself",
    {
      guideFolder,
      environment: { REVIEW_DEBOUNCE_SECONDS: "0" },
      decide: notesAgent({
        "notes/02_second": [
          writes(({ messages }) => (messages.some(({ text }) => isTold(text)) ? "Spelt right." : "Spelt wrogn.")),
        ],
      }),
    },
    async (told) => {
      const { owner, sandbox } = told;
      let tries = 0;
      sandbox.ci.judges = () => {
        tries += 1;
        return tries > 1
          ? { conclusion: "success" }
          : { conclusion: "failure", step: "Test", log: ["docs/notes/02_second.md: wrogn is no word @octocat"] };
      };
      await addWorkflow(told, "merge: auto\n");
      await owner.openIssue(request);
      await told.next("ReviewCreated");
      const number = gateNumber(told);
      expect(await told.next("ReworkRequested")).toMatchObject({ source: "ci" });
      await told.next("ReviewCreated");
      await told.settled();
      const words = asked(told)
        .flatMap(({ messages }) => messages.map(({ text }) => text))
        .find(isTold);
      expect(words).toContain("wrogn is no word");
      expect(noteOf(told, "notes/02_second")).toContain("Spelt right.");
      expect(kindsSeen(told).filter((kind) => kind !== "waiting")).toEqual(["red", "green"]);
      expect(await saidOn(told, number)).toEqual([expect.stringContaining("The repository's own checks: **Done**")]);
      expect((await owner.pull(number)).merged).toBe(false);

      await owner.review({ number, event: "APPROVE" });
      expect(await told.next("PhaseCompleted")).toMatchObject({ phase: 1 });
      expect((await owner.pull(number)).merged).toBe(true);
    },
  );

  story(
    "that stay red after two reworks are told to people, once, and the gate waits for them",
    {
      guideFolder,
      environment: { REVIEW_DEBOUNCE_SECONDS: "0" },
      decide: notesAgent({ "notes/02_second": [writes(({ messages }) => `Try ${messages.length}: wrogn.`)] }),
    },
    async (told) => {
      const { owner, sandbox } = told;
      sandbox.ci.judges = () => ({ conclusion: "failure", step: "Test", log: ["wrogn is no word"] });
      await addWorkflow(told);
      await owner.openIssue(request);
      for (const attempt of [1, 2, 3]) {
        await told.next("ReviewCreated");
        expect(eventsOf(told, "ReviewCreated")).toHaveLength(attempt);
        const { ci } = await told.next("CiObserved");
        if (ci.kind === "waiting") await told.next("CiObserved");
      }
      const number = gateNumber(told);
      const said = (await saidOn(told, number)).filter((text) => text.includes("CI"));
      expect(eventsOf(told, "ReworkRequested").map(({ source }) => source)).toEqual(["ci", "ci"]);
      expect(said).toHaveLength(1);
      await wandaOf(told).review({ number, event: "APPROVE" });
      await owner.merge(number);
      await told.next("PhaseCompleted");
    },
  );

  story(
    "that never start are told with the likely reason; where there are none, the text says so",
    { guideFolder, decide: notesAgent({}) },
    async (told) => {
      const { owner, sandbox } = told;
      await owner.openIssue(request);
      await told.next("ReviewCreated");
      expect(await gateText(told)).toMatch(/own checks\*\* on .*: there are none\./u);
      expect(kindsSeen(told)).toEqual(["none"]);
      await addWorkflow(told);
      sandbox.ci.admits = () => "startup_failure";
      await told.acceptGate(1);
      await told.next("PhaseCompleted");

      await told.next("ReviewCreated");
      await told.settled();
      told.pass(6);
      await told.settled();
      const last = eventsOf(told, "CiObserved").at(-1);
      expect(last).toMatchObject({ phase: 2, ci: { kind: "never-started" } });
      const number = gateNumber(told);
      const said = (await saidOn(told, number)).filter((text) => text.includes("never started"));
      expect(said).toHaveLength(1);
      expect(said[0]).toMatch(/GitHub can't start .*; mend the file of that workflow\. See \[.*\]\(http/u);
      await owner.merge(number);
      await told.next("TaskCompleted");
    },
  );
});
