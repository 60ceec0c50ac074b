import { execFileSync } from "node:child_process";
import { describe, expect } from "vitest";
import { repositoryName } from "../support/github-world.ts";
import { story, type Story } from "../support/story.ts";

const request = { title: "A link shortener with a web page", body: "Paste a long URL, get a short one." };

/** Pushes of webhooks under two GUIDs would be two events; one GUID twice is a redelivery. */
const always = () => true;

function filesOnDefaultBranch({ sandbox }: Story): readonly string[] {
  const git = ["--git-dir", sandbox.gitDirOf(repositoryName), "ls-tree", "-r", "--name-only", "main"];
  return execFileSync("git", git, { encoding: "utf8" }).trim().split("\n");
}

function typesOf({ events }: Story): readonly string[] {
  return events.map((event) => event.type);
}

function count(types: readonly string[], type: string): number {
  return types.filter((candidate) => candidate === type).length;
}

describe("the main job", () => {
  story("goes from a label to four merged pull requests", { alsoOnPostgres: true }, async (told) => {
    const { owner } = told;
    const issue = await owner.openIssue({ ...request, labels: ["create_app"] });
    for (const phase of [1, 2, 3, 4]) {
      await told.next("ReviewCreated");
      await told.acceptGate(phase);
      await told.next("PhaseCompleted");
    }
    await told.next("TaskCompleted");
    await told.settled();

    const files = filesOnDefaultBranch(told);
    expect(files.filter((file) => file.startsWith("docs/planning/")).length).toBe(9);
    expect(files.filter((file) => file.startsWith("docs/design/")).length).toBe(5);
    expect(files.filter((file) => file.startsWith("docs/testing/")).length).toBe(5);
    expect(files).toContain("package.json");
    expect((await owner.issue(issue.number)).state).toBe("closed");
    const comments = await owner.comments(issue.number);
    expect(comments.map((comment) => comment.user.login)).toEqual(["phasegate[bot]", "phasegate[bot]"]);
    expect(comments[0]?.body).toContain("completed");
  });

  story("a duplicate delivery of every webhook changes nothing", {}, async (told) => {
    told.sandbox.webhooks.duplicate = always;
    await told.owner.openIssue({ ...request, labels: ["create_app"] });
    await told.next("ReviewCreated");
    await told.acceptGate(1);
    await told.next("PhaseCompleted");
    await told.next("ReviewCreated");
    await told.settled();
    const types = typesOf(told);
    expect(count(types, "TaskCreated")).toBe(1);
    expect(count(types, "RunRequested")).toBe(2);
    expect(count(types, "PhaseStarted")).toBe(2);
    expect((await told.owner.pulls("all")).length).toBe(2);
    expect((await told.owner.comments(1)).length).toBe(1);
  });

  story("a stranger labels and comments: nothing runs until somebody with write says so", {}, async (told) => {
    const { sandbox, owner, stranger } = told;
    // An issue form sets its labels for whoever submits it.
    const issue = await stranger.openIssue(request);
    const repository = sandbox.repositoryOf(repositoryName);
    repository.collaborators.set("stranger", "triage");
    await stranger.label(issue.number, "create_app");
    await told.next("TaskCreated");
    await stranger.comment(issue.number, "/run");
    await stranger.comment(issue.number, "/cancel");
    await told.settled();
    expect(typesOf(told)).toEqual(["TaskCreated"]);
    expect(repository.runs.size).toBe(0);
    const [draft] = (await owner.comments(issue.number)).filter((comment) => comment.user.login === "phasegate[bot]");
    expect(draft?.body).toContain("/run");

    await owner.comment(issue.number, "/run");
    await told.next("ReviewCreated");
    expect(repository.runs.size).toBe(1);
  });

  story(
    "a runner that dies is replaced, and the work goes on at the next step",
    {
      alsoOnPostgres: true,
      runner: { diesAfter: (job, step) => step === "03_persona" && job.stepsToDo.length === job.phase.steps.length },
    },
    async (told) => {
      await told.owner.openIssue({ ...request, labels: ["create_app"] });
      await told.next("ReviewCreated");
      await told.settled();
      const types = typesOf(told);
      expect(count(types, "RunRequested")).toBe(2);
      expect(count(types, "StepCompleted")).toBe(9);
      expect(count(types, "StepPublished")).toBe(9);
      expect(told.events.filter((event) => event.type === "RunEnded").map((event) => event.outcome.kind)).toEqual([
        "lost",
        "completed",
      ]);
      const git = [
        "--git-dir",
        told.sandbox.gitDirOf(repositoryName),
        "log",
        "--format=%s",
        "main..phasegate/1-1-planning",
      ];
      const commits = execFileSync("git", git, { encoding: "utf8" }).trim().split("\n");
      // Nine steps and the commit that lets CI run.
      expect(commits.length).toBe(10);
    },
  );
});
