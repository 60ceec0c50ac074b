/** What a repository sets in `.github/phasegate/settings.yml`, and what it does to a merge. */
import { describe, expect } from "vitest";
import { repositoryName } from "../support/github-world.ts";
import { story } from "../support/story.ts";
import { guideFolder, notesAgent, request } from "./notes/agent.ts";
import { eventsOf, gateNumber, wandaOf } from "./notes/gate-looks.ts";
import { commentWith } from "./notes/looks.ts";

const settingsFile = ".github/phasegate/settings.yml";
const push = (text: string) => ({
  branch: "main",
  files: { [settingsFile]: text },
  message: "Set what Phasegate may do",
});

describe("merge: auto", () => {
  story(
    "merges a gate once somebody has approved it, and goes on; settings that can't be read stop the task until they are mended",
    { alsoOnPostgres: true, guideFolder, decide: notesAgent({}) },
    async (told) => {
      const { owner } = told;
      await owner.push(push("merge: auto\nci: never\n"));
      await owner.openIssue(request);
      const { reason } = await told.next("TaskPaused");
      expect(reason).toMatchObject({ kind: "settings-invalid" });
      const { body } = await commentWith(told, settingsFile);
      expect(body).toMatch(/line 2/u);
      expect(body).toContain("ci");
      expect(eventsOf(told, "RunDispatched")).toEqual([]);

      await owner.push(push("merge: auto\n"));
      await owner.comment(1, "/run");
      expect(await told.next("SettingsRead")).toMatchObject({ settings: { merge: "auto" } });
      await told.next("ReviewCreated");
      await told.settled();
      expect(eventsOf(told, "PhaseCompleted")).toEqual([]);
      const first = gateNumber(told);
      await owner.review({ number: first, event: "APPROVE" });
      expect(await told.next("PhaseCompleted")).toMatchObject({ phase: 1 });
      expect((await owner.pull(first)).merged).toBe(true);

      await told.next("ReviewCreated");
      await owner.comment(gateNumber(told), "/approve");
      await told.next("TaskCompleted");
      await told.settled();
      expect((await owner.issue(1)).state).toBe("closed");
    },
  );
});

describe("requester_may_approve: false", () => {
  story(
    "counts no approval of the requester: what they merge alone waits for another writer's /approve",
    { guideFolder, decide: notesAgent({}) },
    async (told) => {
      const { owner } = told;
      const wanda = wandaOf(told);
      await owner.push(push("requester_may_approve: false\n"));
      await owner.openIssue(request);
      await told.next("ReviewCreated");
      const number = gateNumber(told);
      await owner.comment(number, "/approve");
      await told.settled();
      expect(eventsOf(told, "PhaseApproved")).toEqual([]);

      await owner.merge(number);
      await told.next("PhaseCompleted");
      expect((await told.next("TaskPaused")).reason).toMatchObject({ kind: "approval-needed", phase: 1, by: "owner" });
      await told.settled();
      expect(eventsOf(told, "PhaseStarted")).toHaveLength(1);
      await commentWith(told, "/approve");
      await owner.comment(1, "/approve");
      await told.settled();
      expect(eventsOf(told, "PhaseStarted")).toHaveLength(1);

      await wanda.comment(1, "/approve");
      await told.next("ReviewCreated");
      expect(gateNumber(told)).not.toBe(number);
      expect(told.sandbox.repositoryOf(repositoryName).runs.size).toBe(2);
    },
  );
});
