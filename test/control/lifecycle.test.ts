/** What people do beside reviewing: each has a defined end. Single webhooks are in lifecycle-table.test.ts. */
import { describe, expect, test } from "vitest";
import {
  commentPayload,
  installationPayload,
  issuePayload,
  listed,
  payloadOf,
  pullRequestPayload,
} from "./payloads.ts";
import { repository, world, type World } from "./world.ts";

const branch = "phasegate/7-1-planning";

async function inReview(): Promise<World> {
  const told = await world();
  await told.label();
  await told.runPhase();
  return told;
}

async function atWork() {
  const told = await world();
  await told.label();
  const runner = await told.openRun();
  await runner.step("01_idea");
  await told.settle();
  return { told, runner };
}

const gate = (told: World, action: string, rest: object = {}) =>
  told.webhook("pull_request", pullRequestPayload(action, { rest }));
const issue = (told: World, action: string, sender = "owner") =>
  told.webhook("issues", issuePayload(action, { sender }));
const blockedBy = async (told: World) => (await told.task()).blockedBy?.kind ?? null;

describe("a gate", () => {
  test.each(["owner", "stranger", "merge-queue[bot]"])("merged by %s starts the next phase", async (by) => {
    const told = await inReview();
    told.github.merge(31, by);
    await gate(told, "closed");
    expect(await told.task()).toMatchObject({ phases: [{ completed: { by } }, { phase: 2 }] });
  });

  test("pointed at another branch pauses, and back again goes on", async () => {
    const told = await inReview();
    told.github.changePull(31, { base: "develop" });
    await gate(told, "edited", { changes: { base: {} } });
    expect(await blockedBy(told)).toBe("gate-retargeted");
    told.github.changePull(31, { base: "main" });
    await gate(told, "edited", { changes: { base: {} } });
    expect(await told.task()).toMatchObject({ status: "review", blockedBy: null });
  });

  test("merged into another branch pauses until somebody accepts it", async () => {
    const told = await inReview();
    told.github.changePull(31, { base: "develop" });
    told.github.merge(31, "owner");
    await gate(told, "closed");
    expect((await told.task()).blockedBy).toMatchObject({ kind: "gate-retargeted", merged: true });
    await told.comment("accept");
    expect(await told.task()).toMatchObject({ blockedBy: null, phases: [{ phase: 1 }, { phase: 2 }] });
  });

  test("whose branch somebody deleted is closed with it, and the task pauses", async () => {
    const told = await inReview();
    told.github.branches.delete(branch);
    told.github.changePull(31, { open: false });
    await gate(told, "closed");
    expect(await blockedBy(told)).toBe("gate-closed");
    await told.comment("cancel");
    expect((await told.task()).status).toBe("cancelled");
  });

  test("that a person pushed to keeps their commit, and the agent's next one is on top", async () => {
    const { told, runner } = await atWork();
    told.github.push(branch, "docs/own.md", "By hand.");
    await gate(told, "synchronize");
    await runner.step("02_market");
    await runner.end({ kind: "completed" });
    await told.settle();
    expect([...told.github.filesOf(branch).keys()]).toEqual(["docs/01_idea.md", "docs/own.md", "docs/02_market.md"]);
    expect((await told.task()).status).toBe("review");
  });

  test("whose newest commit somebody threw away goes on with what is there", async () => {
    const told = await inReview();
    await told.review(31, { verdict: "approved" });
    told.github.forcePush(branch, 1);
    await gate(told, "synchronize");
    expect(await told.task()).toMatchObject({ status: "review", phases: [{ gate: { approvedBy: [] } }] });
    await told.mergeGate(31);
    expect((await told.task()).phases).toHaveLength(2);
  });
});

describe("an issue", () => {
  test("closed in mid-run stops the run, and reopened by a writer goes on with the steps that are left", async () => {
    const { told, runner } = await atWork();
    told.github.openIssue(7, { open: false });
    await issue(told, "closed");
    expect(await blockedBy(told)).toBe("issue-closed");
    expect(await runner.heartbeat()).toMatchObject({ stop: true });
    told.github.openIssue(7);
    await issue(told, "reopened", "reader");
    expect(await blockedBy(told)).toBe("issue-closed");
    await issue(told, "reopened");
    expect((await told.openRun()).job.stepsToDo).toEqual(["02_market"]);
  });

  test("closed by the merge of the last gate completes the task, whichever webhook is first", async () => {
    const told = await inReview();
    await told.mergeGate(31);
    await told.runPhase();
    told.github.merge(32, "owner");
    told.github.openIssue(7, { open: false });
    await issue(told, "closed");
    expect((await told.task()).status).toBe("completed");
  });

  test("edited keeps the text that was started", async () => {
    const told = await world();
    await told.label();
    told.github.openIssue(7, { title: "Another", body: "Something else." });
    await issue(told, "edited");
    expect((await told.openRun()).job.prompt.text).toBe("Paste a long URL, get a short one.");
  });

  test.each(["transferred", "deleted"])("%s ends the task, its job and its gate", async (action) => {
    const { told } = await atWork();
    told.github.issues.delete(7);
    await issue(told, action);
    expect((await told.task()).status).toBe("cancelled");
    expect(told.github.runs).toMatchObject([{ conclusion: "cancelled" }]);
    expect(told.github.pulls.get(31)).toMatchObject({ open: false });
  });
});

describe("a repository", () => {
  test("renamed is known by its new name, and the work goes on there", async () => {
    const { told, runner } = await atWork();
    await told.webhook("repository", payloadOf("renamed", {}, "owner", { ...repository, name: "shortener" }));
    expect((await told.task()).repository).toMatchObject({ name: "shortener" });
    await runner.step("02_market");
    await runner.end({ kind: "completed" });
    await told.settle();
    expect((await told.task()).status).toBe("review");
  });

  test("archived pauses, and unarchived goes on", async () => {
    const { told } = await atWork();
    await told.webhook("repository", payloadOf("archived", {}));
    expect(await blockedBy(told)).toBe("repository-archived");
    await told.webhook("repository", payloadOf("unarchived", {}));
    expect((await told.openRun()).job.stepsToDo).toEqual(["02_market"]);
  });
});

describe("the app", () => {
  test("suspended pauses, and let in again goes on", async () => {
    const { told } = await atWork();
    await told.webhook("installation", installationPayload("suspend"));
    expect(await blockedBy(told)).toBe("no-access");
    await told.webhook("installation", installationPayload("unsuspend"));
    expect((await told.openRun()).job.stepsToDo).toEqual(["02_market"]);
  });

  test("uninstalled and installed again goes on under its new number", async () => {
    const { told } = await atWork();
    await told.webhook("installation", installationPayload("deleted"));
    expect(await blockedBy(told)).toBe("no-access");
    const again = { ...installationPayload("created", { repositories: [listed()] }), installation: { id: 9 } };
    await told.webhook("installation", again);
    expect(await told.task()).toMatchObject({ blockedBy: null, repository: { installationId: 9 } });
    expect((await told.openRun()).job.stepsToDo).toEqual(["02_market"]);
    await told.webhook("issue_comment", commentPayload("/cancel"));
    expect((await told.task()).status).toBe("cancelled");
  });
});
