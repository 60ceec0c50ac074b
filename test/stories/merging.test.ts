/** What a repository sets in `.github/phasegate.yml`, and what it does to a merge. */
import { execFileSync } from "node:child_process";
import { describe, expect } from "vitest";
import { otherApp } from "../sandbox/other-app.ts";
import { repositoryName } from "../support/github-world.ts";
import { story } from "../support/story.ts";
import { guideFolder, notesAgent, request } from "./notes/agent.ts";
import { checkOf, eventsOf, gateNumber, saidOn, wandaOf } from "./notes/gate-looks.ts";
import { commentWith } from "./notes/looks.ts";

const settingsFile = ".github/phasegate.yml";
const push = (text: string) => ({
  branch: "main",
  files: { [settingsFile]: text },
  message: "Set what Phasegate may do",
});

/** What GitHub answered to each wish to merge. */
const mergeAnswers: number[] = [];

describe("merge: auto", () => {
  story(
    "merges a gate once somebody has approved it, and goes on; settings that can't be read stop the task until they are mended",
    {
      alsoOnPostgres: true,
      guideFolder,
      decide: notesAgent({}),
      onExchange({ method, url, status }) {
        if (method === "PUT" && url.endsWith("/merge")) mergeAnswers.push(status);
      },
    },
    async (told) => {
      const { owner, sandbox } = told;
      mergeAnswers.length = 0;
      await owner.push(push("merge: auto\nci: never\n"));
      await owner.openIssue(request);
      const { reason } = await told.next("TaskPaused");
      expect(reason).toMatchObject({ kind: "settings-invalid" });
      const { body } = await commentWith(told, settingsFile);
      expect(body).toMatch(/line 2/u);
      expect(body).toContain("ci");
      expect(eventsOf(told, "RunDispatched")).toEqual([]);

      await owner.push(push("merge: auto\n"));
      await owner.comment(1, "/config");
      expect((await commentWith(told, "These settings are in force")).body).toMatch(
        /\| `merge` \| auto \| \[`\.github/u,
      );
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
      expect(mergeAnswers).toEqual([200]);
      sandbox.settings.requireChecks(repositoryName, "main", ["build"]);
      const second = gateNumber(told);
      await owner.comment(second, "/approve");
      await told.next("PhaseApproved");
      await told.settled();
      expect(mergeAnswers).toEqual([200, 405]);
      expect((await owner.pull(second)).merged).toBe(false);
      expect(await saidOn(told, second)).toEqual([]);

      const { head } = await owner.pull(second);
      await otherApp(sandbox, repositoryName, "buildkite").check({
        name: "build",
        headSha: head.sha,
        conclusion: "success",
      });
      told.pass(1);
      await told.next("TaskCompleted");
      await told.settled();
      expect((await owner.issue(1)).state).toBe("closed");
    },
  );
});

describe("integration: task", () => {
  story(
    "collects the phases on a branch of the task's own, and its last pull request ends the task",
    { guideFolder, decide: notesAgent({}) },
    async (told) => {
      const { owner, sandbox } = told;
      const own = "phasegate/1-task";
      const git = ["--git-dir", sandbox.gitDirOf(repositoryName)];
      const filesOf = (branch: string) =>
        execFileSync("git", [...git, "ls-tree", "-r", "--name-only", branch, "docs"], { encoding: "utf8" });
      const notes = "docs/more/01_third.md\ndocs/notes/01_first.md\ndocs/notes/02_second.md\n";
      await owner.push(push("integration: task\n"));
      await owner.openIssue(request);
      for (const phase of [1, 2]) {
        await told.next("ReviewCreated");
        expect((await owner.pull(gateNumber(told))).base.ref).toBe(own);
        await told.acceptGate(phase);
      }
      const { pullRequest } = await told.next("FinalGateOpened");
      expect(filesOf(own)).toBe(notes);
      expect(filesOf("main")).toBe("");
      await told.settled();
      expect((await owner.issue(1)).state).toBe("open");
      expect(await checkOf(told, pullRequest)).toMatchObject({ conclusion: "success" });

      await owner.merge(pullRequest);
      await told.next("TaskCompleted");
      await told.settled();
      expect(filesOf("main")).toBe(notes);
      expect((await owner.issue(1)).state).toBe("closed");
      expect(execFileSync("git", [...git, "branch", "--list", own], { encoding: "utf8" })).toBe("");
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
