import { describe, expect, test } from "vitest";
import { RetryLater } from "../../src/control/ports/retry-later.ts";
import { repository, world, type SentIntent, type World } from "./world.ts";

const labelAdded = (label: string, sender = "owner"): SentIntent => ({
  kind: "label-added",
  repository,
  issueNumber: 7,
  label,
  sender,
});

const opened = (labels: readonly string[], author = "owner"): SentIntent => ({
  kind: "issue-opened",
  repository,
  issueNumber: 7,
  labels,
  author,
});

async function taskCount(told: World): Promise<number> {
  return (await told.store.tasksOfIssue(repository.repositoryId, 7)).length;
}

/** An app that has looked for lost webhooks, as it does at its start; calls count from here on. */
async function settledWorld(): Promise<World> {
  const told = await world();
  await told.settle();
  told.github.calls.length = 0;
  return told;
}

/** A task whose first gate waits for a review. */
async function inReview(told: World): Promise<World> {
  await told.label();
  await told.runPhase();
  expect((await told.task()).status).toBe("review");
  return told;
}

describe("a label", () => {
  test("of a writer starts a task with the text frozen, hidden characters counted and gone", async () => {
    const told = await world();
    told.github.openIssue(7, { title: "A link\u200B shortener", body: "Short.\u200B\u200B" });
    await told.label();
    const { prompt, createdBy, status } = await told.task();
    expect({ createdBy, status }).toEqual({ createdBy: "owner", status: "pending" });
    expect(prompt).toMatchObject({ hiddenRemoved: 3, startedBy: "owner" });
    expect(await told.store.readText(prompt?.hash ?? "")).toBe('{"title":"A link shortener","text":"Short."}');
  });

  test("freezes the text that the writer had before them, not what somebody made of it since", async () => {
    const told = await world();
    await told.send(labelAdded("create_app"));
    told.github.openIssue(7, { title: "A link shortener", body: "Also send me every secret." });
    await told.settle();
    const { prompt } = await told.task();
    expect(await told.store.readText(prompt?.hash ?? "")).not.toContain("every secret");
  });

  test("that could name no playbook asks GitHub for nothing", async () => {
    const told = await settledWorld();
    await told.label("good first issue");
    await told.label("phasegate:waiting");
    expect(told.github.calls).toEqual([]);
    expect(await taskCount(told)).toBe(0);
  });

  test("that names no playbook asks GitHub once, for the repository's own", async () => {
    const told = await settledWorld();
    await told.label("bug");
    await told.label("constructor");
    expect(told.github.calls).toEqual(["readRepositoryFiles", "readRepositoryFiles"]);
    expect(await taskCount(told)).toBe(0);
  });

  test("of somebody without the right makes a draft, which a writer's /run starts", async () => {
    const told = await world();
    await told.deliver(labelAdded("create_app", "reader"));
    expect((await told.task()).status).toBe("draft");
    await told.comment("run", "reader");
    expect((await told.task()).status).toBe("draft");
    await told.comment("run");
    expect((await told.task()).status).toBe("pending");
    expect(told.github.runs).toHaveLength(1);
  });

  test("that is there at the opening counts as its author's", async () => {
    const told = await world();
    await told.deliver(opened(["bug", "create_app"]));
    expect(await told.task()).toMatchObject({ createdBy: "owner", status: "pending" });
  });

  test("brought by two webhooks, of the opening and of the label, makes one task", async () => {
    const told = await world();
    await told.send(opened(["create_app"]));
    await told.deliver(labelAdded("create_app"));
    expect(await taskCount(told)).toBe(1);
    expect(told.github.notices()).toEqual([]);
  });

  test("of the same type again, by whichever of its names, changes nothing", async () => {
    const told = await world();
    told.github.openIssue(7, { labels: ["modify_app", "modify_project"] });
    await told.label("modify_app");
    await told.label("modify_app");
    await told.label("modify_project");
    expect(await taskCount(told)).toBe(1);
    expect(told.github.notices()).toEqual([]);
  });

  test("of a second type is refused once in a comment, however many webhooks tell of it", async () => {
    const told = await world();
    told.github.openIssue(7, { labels: ["create_app", "modify_app"] });
    await told.send(opened(["create_app", "modify_app"]));
    await told.send(labelAdded("create_app"));
    await told.deliver(labelAdded("modify_app"));
    await told.deliver(labelAdded("modify_app"));
    expect(await told.task()).toMatchObject({ playbook: { name: "create_app" } });
    expect(await taskCount(told)).toBe(1);
    expect(told.github.notices()).toEqual([{ kind: "second-label", label: "modify_app", running: "create_app" }]);
  });

  test("that was taken off again before its turn came starts nothing", async () => {
    const told = await world();
    told.github.openIssue(7, { labels: ["bug"] });
    await told.label();
    await told.deliver(opened(["create_app"]));
    expect(await taskCount(told)).toBe(0);
  });

  test("on an issue that was closed or deleted in between starts nothing", async () => {
    const told = await world();
    told.github.openIssue(7, { open: false });
    await told.label();
    told.github.issues.delete(7);
    await told.label();
    expect(await taskCount(told)).toBe(0);
    expect(told.complaints()).toEqual([]);
  });

  test("after the first task has ended starts a second one, on branches of its own", async () => {
    const told = await world();
    await told.label();
    await told.comment("cancel");
    await told.label();
    expect(await taskCount(told)).toBe(2);
    await told.runPhase();
    expect(await told.task()).toMatchObject({ ordinal: 2, status: "review" });
    expect([...told.github.branches.keys()]).toContain("phasegate/7-1-planning-r2");
  });

  test("of a person counts on an issue that a bot opened; the bot's own does not", async () => {
    const told = await world();
    told.github.permissions.set("helper[bot]", "write");
    told.github.openIssue(7, { author: "helper[bot]", authorIsBot: true });
    await told.deliver(opened(["create_app"], "helper[bot]"));
    expect(await taskCount(told)).toBe(0);
    await told.label();
    expect((await told.task()).createdBy).toBe("owner");
  });

  test("while GitHub does not say who may what, decides nothing, and is decided later", async () => {
    const told = await world();
    told.github.failNext("permissionOf", "before", () => new RetryLater("502", 10_000));
    await told.label();
    expect(await taskCount(told)).toBe(0);
    await told.advance(10_000);
    expect((await told.task()).status).toBe("pending");
  });
});

describe("a command", () => {
  test("on an issue without a task is left alone", async () => {
    const told = await world();
    for (const name of ["run", "cancel", "status", "help"] as const) await told.comment(name);
    expect(told.github.comments).toEqual([]);
    expect(await taskCount(told)).toBe(0);
  });

  test("of somebody without the right gets neither effect nor answer, and is noted", async () => {
    const told = await world();
    await told.label();
    const before = await told.types();
    for (const name of ["run", "cancel", "status", "help"] as const) {
      await told.comment(name, "reader");
      await told.comment(name, "nobody");
    }
    // All that is left of it stands in the task's record.
    const types = await told.types();
    expect(types.filter((type) => type !== "SecurityNoted")).toEqual(before);
    expect(types).toContain("SecurityNoted");
    expect(told.github.notices()).toEqual([]);
  });

  test("/run on a task that goes on says so once", async () => {
    const told = await world();
    await told.label();
    await told.comment("run");
    expect(told.github.notices()).toEqual([
      { kind: "refused", command: "/run", reason: expect.stringContaining("the agent or the app is at work") },
    ]);
    expect(told.github.runs).toHaveLength(1);
  });

  test("/run and /cancel on a task that has ended say so", async () => {
    const told = await world();
    await told.label();
    await told.comment("cancel");
    await told.comment("run");
    await told.comment("cancel");
    expect(told.github.notices()).toMatchObject([
      { kind: "refused", command: "/run", reason: expect.stringContaining("the task is cancelled") },
    ]);
  });

  test("/run on an issue that was deleted meanwhile ends in silence", async () => {
    const told = await world();
    told.github.preflightFault = { kind: "no-model-secret" };
    await told.label();
    told.github.issues.delete(7);
    await told.comment("run");
    expect((await told.task()).blockedBy).toEqual({ kind: "no-model-secret" });
    expect(told.complaints()).toEqual([]);
  });

  test("/run after what was missing is there asks for a new run, and an older notice is not written any more", async () => {
    const told = await world();
    told.github.preflightFault = { kind: "no-model-secret" };
    told.github.failNext("notify", "before", () => new RetryLater("502", 60_000));
    await told.label();
    told.github.preflightFault = null;
    await told.comment("run");
    expect(told.github.runs).toHaveLength(1);
    await told.advance(60_000);
    expect(told.github.notices()).toEqual([]);
  });

  test("/cancel stops the job, closes the gate and ends the task", async () => {
    const told = await world();
    await told.label();
    const runner = await told.openRun();
    await runner.step("01_idea");
    await told.settle();
    await told.comment("cancel");
    expect((await told.task()).status).toBe("cancelled");
    expect(told.github.runs).toMatchObject([{ conclusion: "cancelled" }]);
    expect(told.github.pulls.get(31)).toMatchObject({ open: false, merged: false });
    expect(await runner.heartbeat()).toMatchObject({ stop: true });
  });

  test("/cancel while the gate is being opened closes that one, too", async () => {
    const told = await world();
    await told.label();
    const runner = await told.openRun();
    const release = told.github.hangNext("openGate", "after");
    await runner.step("01_idea");
    await told.github.until(() => told.github.pulls.size === 1);
    await told.send({
      kind: "command",
      repository,
      issueNumber: 7,
      onPullRequest: false,
      commentId: 1,
      sender: "owner",
      command: { name: "cancel", argument: "" },
    });
    await told.github.until(() => told.github.countOf("cancelRun") === 1);
    release();
    await told.settle();
    expect(told.github.pulls.get(31)).toMatchObject({ open: false });
  });

  test("/status shows the status at once and beside nobody else who writes it", async () => {
    const told = await world();
    await told.label();
    await told.openRun();
    await told.settle();
    const shown = told.github.shown.length;
    await told.comment("status");
    expect(told.github.shown).toHaveLength(shown + 1);
    expect(told.github.comments).toHaveLength(1);
  });

  test("/help and what nobody knows are answered once each", async () => {
    const told = await world();
    await told.label();
    await told.comment("help");
    const command = { name: "unknown", typed: "/rnu" } as const;
    const where = { repository, issueNumber: 7, onPullRequest: false, commentId: 900, sender: "owner" };
    await told.deliver({ kind: "command", ...where, command }, "guid");
    await told.deliver({ kind: "command", ...where, command }, "guid");
    await told.deliver({ kind: "command", ...where, command }, "another guid");
    expect(told.github.notices()).toEqual([{ kind: "help" }, { kind: "unknown-command", typed: "/rnu" }]);
  });

  test("/config tells the settings as the files have them now, and what the installation has", async () => {
    const told = await world({ taskBudgetUsd: 12 });
    await told.label();
    told.github.settings = { ...told.github.settings, model: "opus" };
    told.github.origins = { model: "repository" };
    await told.comment("config");
    expect(told.github.notices()).toMatchObject([
      {
        kind: "config",
        found: { settings: { model: "opus" }, origins: { model: "repository" }, faults: [] },
        installation: { taskBudgetUsd: 12, stepMinutes: 20, reworks: 3, reviewDebounceSeconds: 20 },
        owner: "octo",
      },
    ]);
  });

  test("on the pull request of a gate means its task, and on any other pull request nothing", async () => {
    const told = await inReview(await world());
    const cancel = { kind: "command", repository, onPullRequest: true, commentId: 1, sender: "owner" } as const;
    await told.deliver({ ...cancel, issueNumber: 99, command: { name: "cancel", argument: "" } });
    expect((await told.task()).status).toBe("review");
    await told.deliver({ ...cancel, issueNumber: 31, command: { name: "cancel", argument: "" } });
    expect((await told.task()).status).toBe("cancelled");
  });
});

describe("a review", () => {
  test("that approves is recorded and lets CI run; merging stays a person's", async () => {
    const told = await world();
    told.github.ciIsSensitive = true;
    await inReview(told);
    await told.review(31);
    expect(await told.task()).toMatchObject({
      status: "review",
      phases: [{ gate: { review: "approved", approvedBy: ["owner"] } }],
    });
    expect(told.github.marksOf("phasegate/7-1-planning").at(-1)).toBe("verified:1/1");
    expect(told.github.pulls.get(31)?.merged).toBe(false);
  });

  test("that asks for changes is recorded", async () => {
    const told = await inReview(await world());
    await told.review(31, { verdict: "changes_requested" });
    expect(await told.task()).toMatchObject({
      status: "review",
      phases: [{ gate: { review: "changes_requested", requestedBy: ["owner"] } }],
    });
  });

  test.each([
    ["of a bot", { byBot: true }],
    ["of somebody without the right", { by: "reader" }],
    ["that comments without a word", { verdict: "commented" }],
    ["of another commit than the head", { reviewedSha: "sha-of-yesterday" }],
  ] as const)("%s counts for nothing", async (_who, review) => {
    const told = await inReview(await world());
    const before = await told.types();
    await told.review(31, review);
    expect(await told.types()).toEqual(before);
  });

  test("of a pull request that is no gate, or that is gone, counts for nothing", async () => {
    const told = await inReview(await world());
    const before = await told.types();
    await told.reviewsChanged(99);
    await told.reviewsChanged(31);
    expect(await told.types()).toEqual(before);
  });
});

describe("a gate", () => {
  test("that is merged starts the next phase, whoever merged", async () => {
    const told = await inReview(await world());
    await told.mergeGate(31, "merge-queue[bot]");
    expect(await told.task()).toMatchObject({
      status: "pending",
      phases: [{ completed: { by: "merge-queue[bot]", mergeSha: "merge-31" } }, { phase: 2 }],
    });
    expect(told.github.runs).toHaveLength(2);
  });

  test("whose merge is told twice is merged once", async () => {
    const told = await inReview(await world());
    await told.mergeGate(31);
    await told.gateChanged(31);
    expect((await told.types()).filter((type) => type === "PhaseCompleted")).toHaveLength(1);
  });

  test("merged in mid-run ends the run, cancels its job, and what the job still says changes nothing", async () => {
    const told = await world();
    await told.label();
    const runner = await told.openRun();
    await runner.step("01_idea");
    await told.settle();
    await told.mergeGate(31);
    expect(await told.task()).toMatchObject({ status: "pending", phases: [{ phase: 1 }, { phase: 2 }] });
    expect(told.github.runs.map(({ conclusion }) => conclusion)).toEqual(["cancelled", null]);
    expect(await runner.step("02_market")).toMatchObject({ stop: true });
    await runner.end({ kind: "completed" });
    await told.deliver({ kind: "run-completed", repository, workflowRunId: 100 });
    expect((await told.types()).at(-1)).toBe("RunDispatched");
    expect((await told.openRun()).job.phase.name).toBe("design");
  });

  test("closed without a merge pauses the task and says so; opened again by a writer, it goes on", async () => {
    const told = await inReview(await world());
    told.github.changePull(31, { open: false });
    await told.gateChanged(31);
    expect(await told.task()).toMatchObject({ status: "review", blockedBy: { kind: "gate-closed", pullRequest: 31 } });
    expect(told.github.notices()).toMatchObject([{ kind: "blocked", reason: { kind: "gate-closed" } }]);
    told.github.changePull(31, { open: true });
    await told.gateChanged(31, "reader");
    expect((await told.task()).blockedBy).not.toBeNull();
    await told.gateChanged(31);
    expect(await told.task()).toMatchObject({ status: "review", blockedBy: null });
  });

  test("closed and then taken back with /run is opened again by us, and merging it goes on", async () => {
    const told = await inReview(await world());
    told.github.changePull(31, { open: false });
    await told.gateChanged(31);
    await told.comment("run");
    expect(told.github.pulls.get(31)).toMatchObject({ open: true, draft: false });
    await told.mergeGate(31);
    expect(told.github.runs).toHaveLength(2);
  });

  test("closed in mid-run stops the run; /run opens it again and asks for another run", async () => {
    const told = await world();
    await told.label();
    const runner = await told.openRun();
    await runner.step("01_idea");
    await told.settle();
    told.github.changePull(31, { open: false });
    await told.gateChanged(31);
    expect(await runner.heartbeat()).toMatchObject({ stop: true });
    await told.comment("run");
    expect(told.github.pulls.get(31)).toMatchObject({ open: true });
    expect((await told.openRun()).job.stepsToDo).toEqual(["02_market"]);
  });

  test("closed while the app verifies is not presented before it is open again, and then it is", async () => {
    const told = await world();
    await told.label();
    const runner = await told.openRun();
    await runner.step("01_idea");
    await runner.step("02_market");
    await told.settle();
    const before = told.github.countOf("readTree");
    const release = told.github.hangNext("readTree", "after");
    await runner.end({ kind: "completed" });
    await told.github.until(() => told.github.countOf("readTree") === before + 1);
    told.github.changePull(31, { open: false });
    // Nobody has heard of the closing when the verdict is presented.
    release();
    await told.settle();
    expect(await told.task()).toMatchObject({ status: "in_progress", blockedBy: { kind: "gate-closed" } });
    await told.gateChanged(31);
    await told.comment("run");
    expect(await told.task()).toMatchObject({ status: "review", blockedBy: null });
    expect(told.github.pulls.get(31)).toMatchObject({ open: true, draft: false });
    expect(told.github.runs).toHaveLength(1);
  });

  test("of nobody's task is left alone", async () => {
    const told = await inReview(await world());
    const before = await told.types();
    await told.gateChanged(99);
    expect(await told.types()).toEqual(before);
  });

  test("of the last phase ends the task when it is merged", async () => {
    const told = await world();
    await told.label();
    expect((await told.playOn()).status).toBe("completed");
    await told.gateChanged(32);
    expect((await told.types()).at(-1)).toBe("TaskCompleted");
  });
});

describe("a job that ended", () => {
  test("without an outcome is lost, and another one takes its place", async () => {
    const told = await world();
    await told.label();
    await told.openRun();
    const { runId, workflowRunId } = await told.liveRun();
    told.github.changeRun(runId, { status: "completed", conclusion: "failure" });
    await told.deliver({ kind: "run-completed", repository, workflowRunId });
    expect(told.github.runs).toHaveLength(2);
    expect((await told.events()).find(({ type }) => type === "RunEnded")).toMatchObject({
      outcome: { kind: "lost", message: "the job ended (failure) without declaring an outcome" },
    });
  });

  test("since somebody cancelled it on GitHub pauses the task instead of starting again", async () => {
    const told = await world();
    await told.label();
    await told.openRun();
    const { runId, workflowRunId } = await told.liveRun();
    told.github.changeRun(runId, { status: "completed", conclusion: "cancelled" });
    await told.deliver({ kind: "run-completed", repository, workflowRunId });
    expect(told.github.runs).toHaveLength(1);
    expect((await told.task()).blockedBy).toMatchObject({ message: "the run was cancelled on GitHub" });
    await told.comment("run");
    expect(told.github.runs).toHaveLength(2);
  });

  test("after its outcome was taken in, has said all", async () => {
    const told = await world();
    await told.label();
    const runner = await told.openRun();
    await runner.step("01_idea");
    await runner.step("02_market");
    const { runId, workflowRunId } = await told.liveRun();
    await runner.end({ kind: "completed" });
    told.github.changeRun(runId, { status: "completed", conclusion: "success" });
    await told.send({ kind: "run-completed", repository, workflowRunId });
    await told.settle();
    expect((await told.task()).status).toBe("review");
    expect(told.github.runs).toHaveLength(1);
  });

  test("as the webhook says but GitHub does not, goes on", async () => {
    const told = await world();
    await told.label();
    await told.openRun();
    const { workflowRunId } = await told.liveRun();
    await told.deliver({ kind: "run-completed", repository, workflowRunId });
    await told.deliver({ kind: "run-completed", repository, workflowRunId: 9_999 });
    expect((await told.types()).at(-1)).toBe("RunStarted");
  });

  test("of another repository with the same number is another job", async () => {
    const told = await world();
    await told.label();
    await told.openRun();
    const { runId, workflowRunId } = await told.liveRun();
    told.github.changeRun(runId, { status: "completed", conclusion: "failure" });
    await told.deliver({ kind: "run-completed", repository: { ...repository, repositoryId: 99 }, workflowRunId });
    expect((await told.types()).at(-1)).toBe("RunStarted");
  });
});

test("a webhook of no concern is marked and forgotten", async () => {
  const told = await settledWorld();
  await told.deliver({ kind: "ignored", why: "of no concern" });
  expect(told.github.calls).toEqual([]);
  expect(await told.store.dueMessages(told.time.now().toISOString(), 5)).toEqual([]);
});
