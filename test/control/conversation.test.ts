/** A conversation on the issue, from comments to replies, over runs, to `/done` and the merge. */
import { describe, expect, test } from "vitest";
import type { Playbook } from "../../src/core/playbook.ts";
import { currentPhaseOf } from "../../src/core/state.ts";
import { takeStep } from "../../src/control/serve-runner/deliveries.ts";
import { openSession } from "../../src/control/serve-runner/open-session.ts";
import { fakeToken } from "../verify/memory-tree.ts";
import { spent } from "../core/given.ts";
import { says } from "./payloads.ts";
import { world, type World } from "./world.ts";

/** The first phase of the playbook, alone, as a conversation. */
function talking(playbook: Playbook): Playbook {
  const phases = playbook.phases.slice(0, 1).map((phase) => ({
    ...phase,
    mode: "conversation" as const,
    steps: phase.steps
      .slice(0, 1)
      .map((step) => ({ ...step, slug: "01_turn", title: "Turn", outputs: [], sections: [] })),
  }));
  return { ...playbook, phases };
}

async function begun(author = "owner"): Promise<World> {
  const told = await world({ playbookOf: talking });
  told.github.openIssue(7, { author });
  await told.label();
  return told;
}

/** It has replied to the issue, and changed what it says. */
async function replied(content: string | null = null, author = "owner"): Promise<World> {
  const told = await begun(author);
  await (await told.openRun()).turn("Hello.", content);
  return told;
}

/** A run that ends with its own tests failing. */
async function failing(told: World) {
  const runner = await told.openRun();
  const finding = { check: "tests-pass", step: null, path: null, line: null, message: "the tests fail" } as const;
  const outcome = { kind: "failed", message: "the tests do not pass", findings: [finding] } as const;
  return { token: runner.token, end: () => runner.end({ ...outcome, findings: [finding] }) };
}

function repliesOf(told: World) {
  return told.github.requests().flatMap((request) => (request.kind === "reply" ? [request] : []));
}

describe("a turn", () => {
  test("of the issue is given nothing but the issue, and its reply is one comment", async () => {
    const told = await begun();
    const runner = await told.openRun();
    expect(runner.job).toMatchObject({ conversation: { turns: [], earlier: [] }, phase: { mode: "conversation" } });
    await runner.turn("The links expire after a year.");
    expect(repliesOf(told)).toMatchObject([{ text: "The links expire after a year.", reply: { changed: false } }]);
    expect(await told.task()).toMatchObject({ status: "pending", blockedBy: { kind: "conversation" } });
    expect(told.github.notices()).toEqual([]);
  });

  test("by a comment starts a run at once, which gets the words and who said them", async () => {
    const told = await replied();
    await says(told, "Make it two years.");
    const { job } = await told.openRun();
    expect(job.conversation).toEqual({
      turns: [{ by: "owner", text: "Make it two years." }],
      earlier: [{ by: null, text: "Hello." }],
    });
    expect(job.stepsToDo).toEqual(["01_turn"]);
  });

  test("gets all that was said while the run before was at work", async () => {
    const told = await replied();
    await says(told, "First.");
    const runner = await told.openRun();
    await says(told, "Second.");
    await says(told, "Third.");
    expect(told.github.runs).toHaveLength(2);
    await runner.turn("To the first.");
    const { job } = await told.openRun();
    expect(job.conversation?.turns.map(({ text }) => text)).toEqual(["Second.", "Third."]);
    expect(job.conversation?.earlier.map(({ text }) => text)).toEqual(["Hello.", "First.", "To the first."]);
  });

  test("counts from somebody with write alone, whoever opened the issue", async () => {
    const told = await replied(null, "reader");
    await says(told, "Me, too!", { sender: "stranger" });
    await says(told, "Longer, please.", { sender: "reader" });
    expect(told.github.runs).toHaveLength(1);
    await says(told, "Shorter, please.", { sender: "owner" });
    expect(told.github.runs).toHaveLength(2);
    expect(told.github.notices()).toEqual([]);
  });

  test("that holds a credential is hidden, and reaches no run", async () => {
    const told = await replied();
    await says(told, `Use ${fakeToken} for it.`);
    expect(told.github.runs).toHaveLength(1);
    expect(told.github.notices()).toMatchObject([{ kind: "secret-pasted" }]);
  });

  test("answers the one question that the agent waits for", async () => {
    const told = await begun();
    const runner = await told.openRun();
    await runner.question("Which colour?");
    await runner.end({ kind: "waiting-question" });
    await told.settle();
    await says(told, "Green");
    const { job } = await told.openRun();
    expect(job).toMatchObject({ answers: [{ text: "Green" }], conversation: { turns: [] } });
  });
});

describe("what a turn changes", () => {
  test("opens one draft, which the turns after it add to", async () => {
    const told = await replied("# Notes");
    const gate = currentPhaseOf(await told.task())?.gate ?? null;
    expect(gate).toMatchObject({ draft: true });
    expect(repliesOf(told)).toMatchObject([{ reply: { changed: true, commitSha: expect.any(String), findings: [] } }]);
    await says(told, "More.");
    await (await told.openRun()).turn("Added.", "# Notes\n\nMore.");
    expect(told.github.pulls.size).toBe(1);
    expect(told.github.pulls.get(gate?.pullRequest ?? 0)).toMatchObject({ draft: true, open: true });
    expect(await told.task()).toMatchObject({ blockedBy: { kind: "conversation" } });
  });

  test("is shown with its commit, also where the run says that it failed", async () => {
    const told = await begun();
    const { token, end } = await failing(told);
    const contentBase64 = Buffer.from("# Notes").toString("base64");
    const change = { kind: "written", path: "docs/notes.md", mode: "100644", contentBase64 } as const;
    const rest = { spent, findings: [], answers: [], told: [] };
    await takeStep(told.serving, token, { step: "01_turn", changes: [change], reply: "Done.", ...rest });
    await end();
    await told.settle();
    expect(await told.task()).toMatchObject({ blockedBy: { kind: "conversation" } });
    expect(repliesOf(told)).toMatchObject([{ reply: { changed: true, commitSha: expect.any(String) } }]);
  });

  test("and is found wanting is told below the reply, and to the next turn", async () => {
    const told = await begun();
    const finding = { check: "no-secrets", step: null, path: "docs/notes.md", line: 1, message: "a key" } as const;
    told.reports.push({ passed: false, checks: [], findings: [finding], notes: [] });
    await (await told.openRun()).turn("Done.", "# Notes");
    expect(await told.task()).toMatchObject({ blockedBy: { kind: "conversation" } });
    expect(repliesOf(told)).toMatchObject([{ reply: { findings: [finding] } }]);
    await says(told, "Go on.");
    expect((await told.openRun()).job.findings).toEqual([finding]);
  });
});

describe("/done", () => {
  test("has what was changed shown for review, and the merge ends the task", async () => {
    const told = await replied("# Notes");
    await told.comment("done");
    const task = await told.task();
    expect(task).toMatchObject({ status: "review", blockedBy: null });
    const pullRequest = currentPhaseOf(task)?.gate?.pullRequest ?? 0;
    expect(told.github.pulls.get(pullRequest)).toMatchObject({ draft: false });
    await told.mergeGate(pullRequest);
    expect(await told.task()).toMatchObject({ status: "completed" });
  });

  test("without a change completes the task with its summary", async () => {
    const told = await replied();
    await told.comment("done");
    expect(await told.task()).toMatchObject({ status: "completed" });
    expect(told.github.notices()).toMatchObject([{ kind: "summary" }]);
    expect(told.github.pulls.size).toBe(0);
  });

  test("is taken back by a comment, until the merge", async () => {
    const told = await replied("# Notes");
    await told.comment("done");
    await says(told, "One more thing.");
    expect(await told.task()).toMatchObject({ status: "pending", blockedBy: null });
    await (await told.openRun()).turn("Here it is.", "# Notes\n\nOne more.");
    expect(await told.task()).toMatchObject({ blockedBy: { kind: "conversation" } });
    await told.comment("done");
    expect(await told.task()).toMatchObject({ status: "review" });
  });

  test("of anybody else than people with write counts for nothing", async () => {
    const told = await replied(null, "reader");
    await told.comment("done", "reader");
    expect(await told.task()).toMatchObject({ blockedBy: { kind: "conversation" } });
  });
});

test("/delete takes the words of people and agent with it", async () => {
  const told = await replied();
  await says(told, "A secret wish.");
  await (await told.openRun()).turn("Granted.");
  const { conversation } = currentPhaseOf(await told.task()) ?? {};
  const hashes = [...(conversation?.said ?? []), ...(conversation?.replies ?? [])].map(({ textHash }) => textHash);
  expect(hashes).toHaveLength(3);
  await told.comment("delete");
  for (const hash of hashes) expect(await told.store.readText(hash)).toBeNull();
});

test("a comment on the pull request is no turn: there people review", async () => {
  const told = await replied("# Notes");
  const pullRequest = currentPhaseOf(await told.task())?.gate?.pullRequest ?? 0;
  await says(told, "Looks good.", { number: pullRequest, onPullRequest: true });
  expect(told.github.runs).toHaveLength(1);
});

test("an older runner is not given a conversation", async () => {
  const told = await begun();
  const { runId, workflowRunId } = await told.liveRun();
  const old = { ...told.proof(runId, workflowRunId), protocol: 4 };
  await expect(openSession(told.serving, old)).rejects.toThrow(/too old/u);
});
