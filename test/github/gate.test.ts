import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RetryLater } from "../../src/control/ports/retry-later.ts";
import type { TaskView } from "../../src/control/ports/task-view.ts";
import { changesetIdOf, runIdFrom } from "../../src/core/ids.ts";
import { startGitHubTestbed, type GitHubTestbed } from "./github-testbed.ts";
import { decisionOf, gateOpened, reported, running, taskId, verified, viewOf } from "./texts-fixtures.ts";

const branch = "phasegate/7-1-planning";
let bed: GitHubTestbed;

beforeEach(async () => {
  bed = await startGitHubTestbed();
});

afterEach(() => bed.stop());

async function publishStep(step = "01_idea"): Promise<void> {
  await bed.github.publish(bed.repository, {
    branch,
    defaultBranch: "main",
    changesetId: changesetIdOf(runIdFrom("run-1"), step),
    taskId,
    message: `Phase 1 planning: ${step} (#7)`,
    mergedSha: null,
    changes: [
      { kind: "written", path: `docs/planning/${step}.md`, mode: "100644", content: Buffer.from(`# ${step}\n`) },
      { kind: "written", path: "package.json", mode: "100644", content: Buffer.from("{}\n") },
    ],
  });
}

async function open(): Promise<{ readonly pullRequest: number; readonly url: string; readonly draft: boolean }> {
  await publishStep();
  return bed.github.openGate(bed.repository, { branch, base: "main", view: viewOf(running), phase: 1 });
}

function verifiedView(pullRequest: number, passed = true): TaskView {
  return viewOf([...running, gateOpened(pullRequest), ...verified(passed)]);
}

function present(pullRequest: number, over: { readonly ready?: boolean; readonly ciLater?: boolean } = {}) {
  const { ready = true, ciLater = false } = over;
  const view = verifiedView(pullRequest, ready);
  return bed.github.presentGate(bed.repository, { view, phase: 1, ready, branch, ciLater });
}

async function subjects(): Promise<readonly string[]> {
  const { body } = await bed.owner.request("GET", `/commits?sha=${branch}&per_page=10`);
  if (!Array.isArray(body)) throw new Error("commits were expected");
  return body.map((entry: { commit: { message: string } }) => entry.commit.message.split("\n")[0] ?? "");
}

describe("opening a gate", () => {
  test("makes a draft that asks nobody to merge yet", async () => {
    const gate = await open();
    const pull = await bed.owner.pull(gate.pullRequest);
    expect(gate).toEqual({ pullRequest: pull.number, url: pull.html_url, draft: true });
    expect(pull).toMatchObject({
      draft: true,
      title: "Phase 1 of 2, Planning: A link shortener",
      base: { ref: "main" },
    });
    expect(pull.body).toContain("Please do not merge before the checks have passed");
    expect(pull.body).toContain("Part of #7");
    expect(pull.body).not.toContain("Closes");
  });

  test("again finds the one that is open", async () => {
    const gate = await open();
    bed.sent();
    const view = viewOf(running);
    expect(await bed.anotherClient().openGate(bed.repository, { branch, base: "main", view, phase: 1 })).toEqual(gate);
    expect(bed.sent().filter((line) => line.startsWith("POST"))).toEqual([]);
  });

  test.each(["lost-answer", "torn-answer"] as const)("after a %s the repeat opens no second one", async (fault) => {
    bed.failNext(/POST .*\/pulls$/u, fault);
    await expect(open()).rejects.toBeInstanceOf(RetryLater);
    const gate = await open();
    expect((await bed.owner.pulls("all")).map(({ number }) => number)).toEqual([gate.pullRequest]);
  });

  test("where the plan has no drafts, the title says that it is unfinished", async () => {
    await bed.stop();
    bed = await startGitHubTestbed({ private: true, plan: "free" });
    const gate = await open();
    expect(gate.draft).toBe(false);
    expect((await bed.owner.pull(gate.pullRequest)).title).toBe("WIP: Phase 1 of 2, Planning: A link shortener");
    await present(gate.pullRequest);
    expect((await bed.owner.pull(gate.pullRequest)).title).toBe("Phase 1 of 2, Planning: A link shortener");
  });

  test("a branch that GitHub does not know yet is a reason to try later", async () => {
    await expect(
      bed.github.openGate(bed.repository, {
        branch: "phasegate/7-1-nowhere",
        base: "main",
        view: viewOf(running),
        phase: 1,
      }),
    ).rejects.toBeInstanceOf(RetryLater);
  });
});

describe("presenting a gate", () => {
  test("ends the draft with a commit that lets CI run and changes nothing", async () => {
    const gate = await open();
    const before = await bed.owner.pull(gate.pullRequest);
    const { headSha } = await present(gate.pullRequest);
    const pull = await bed.owner.pull(gate.pullRequest);
    expect(pull).toMatchObject({ draft: false, head: { sha: headSha } });
    expect(headSha).not.toBe(before.head.sha);
    expect((await subjects()).slice(0, 2)).toEqual([
      "Phase 1 Planning: verified (#7)",
      "Phase 1 planning: 01_idea (#7) [skip ci]",
    ]);
    expect(pull.body).toContain("**Merging this pull request starts phase 2, Design.**");
    expect(pull.body).toContain(
      `[\`docs/planning/01_idea.md\`](https://github.com/octo/shop/blob/${headSha}/docs/planning/01_idea.md)`,
    );
    expect(pull.body).toContain("[`package.json`]");
  });

  test("writes text and end of the draft in one request, and a text that changed later by itself", async () => {
    const gate = await open();
    bed.sent();
    await present(gate.pullRequest, { ciLater: true });
    expect(bed.sent().filter((line) => !line.startsWith("GET"))).toEqual(["POST /graphql EndDraft"]);
    await present(gate.pullRequest);
    expect(bed.sent().filter((line) => line.startsWith("PATCH"))).toHaveLength(1);
    expect((await bed.owner.pull(gate.pullRequest)).body).not.toContain("until the app adds");
  });

  test("again changes nothing", async () => {
    const gate = await open();
    const first = await present(gate.pullRequest);
    bed.sent();
    expect(await present(gate.pullRequest)).toEqual(first);
    expect(bed.sent().filter((line) => !line.startsWith("GET"))).toEqual([]);
  });

  test.each([[/git\/commits$/u], [/MoveBranch/u], [/EndDraft/u]])(
    "when the answer to %s is lost, the repeat ends in the same gate",
    async (match) => {
      const gate = await open();
      bed.failNext(match, "lost-answer");
      await expect(present(gate.pullRequest)).rejects.toBeInstanceOf(RetryLater);
      await present(gate.pullRequest);
      expect((await bed.owner.pull(gate.pullRequest)).draft).toBe(false);
      expect((await subjects()).filter((subject) => subject.includes("verified"))).toHaveLength(1);
    },
  );

  test("where CI comes later, no commit is made until it is released, and then one", async () => {
    const gate = await open();
    await present(gate.pullRequest, { ciLater: true });
    const pull = await bed.owner.pull(gate.pullRequest);
    expect(pull.draft).toBe(false);
    expect(pull.body).toContain("it takes an approving review until the app adds an empty commit");
    expect((await subjects())[0]).toContain("[skip ci]");
    const view = verifiedView(gate.pullRequest);
    const released = await bed.github.releaseCi(bed.repository, { view, phase: 1, branch });
    expect(released).toBe((await bed.owner.pull(gate.pullRequest)).head.sha);
    expect(await bed.github.releaseCi(bed.repository, { view, phase: 1, branch })).toBe(released);
    expect((await subjects()).slice(0, 2)).toEqual([
      "Phase 1 Planning: verified (#7)",
      "Phase 1 planning: 01_idea (#7) [skip ci]",
    ]);
  });

  test("where a person pushed after the approval, no commit of ours lets CI run on what nobody approved", async () => {
    const gate = await open();
    await present(gate.pullRequest, { ciLater: true });
    const view = verifiedView(gate.pullRequest);
    const phases = view.task.phases.map((phase) => ({
      ...phase,
      gate: phase.gate === null ? null : { ...phase.gate, approvedSha: "0".repeat(40) },
    }));
    const pushed = { ...view, task: { ...view.task, phases } };
    expect(await bed.github.releaseCi(bed.repository, { view: pushed, phase: 1, branch })).toBeNull();
    expect((await subjects())[0]).toContain("[skip ci]");
  });

  test("keeps the ticks and the words that people put meanwhile, up to the moment of the edit", async () => {
    const gate = await open();
    const view = viewOf([
      ...running,
      gateOpened(gate.pullRequest),
      reported({ decisions: [decisionOf(), decisionOf({ decision: "Links never expire" })] }),
      ...verified(true),
    ]);
    const show = () => bed.github.presentGate(bed.repository, { view, phase: 1, ready: true, branch, ciLater: false });
    await show();
    const tick = async (number: number) => {
      const { body } = await bed.owner.pull(gate.pullRequest);
      const ticked = (body ?? "").replace(new RegExp(`- \\[ \\](.*phasegate:veto:1:${number} )`, "u"), "- [x]$1");
      await bed.owner.request("PATCH", `/pulls/${gate.pullRequest}`, { body: `${ticked}\r\nseen by wanda` });
    };
    await tick(1);
    bed.failNext(/GET .*\/files$/u, () => tick(2));
    await show();
    const { body } = await bed.owner.pull(gate.pullRequest);
    expect(body?.match(/seen by wanda/gu)).toHaveLength(2);
    expect(await bed.github.readVetoBoxes(bed.repository, gate.pullRequest)).toEqual([
      { attempt: 1, number: 1, ticked: true, writtenTicked: false },
      { attempt: 1, number: 2, ticked: true, writtenTicked: false },
    ]);
    expect(await bed.github.readVetoBoxes(bed.repository, 4_711)).toEqual([]);
  });

  test("a failed verification stays a draft and shows what is wanting", async () => {
    const gate = await open();
    await present(gate.pullRequest, { ready: false });
    const pull = await bed.owner.pull(gate.pullRequest);
    expect(pull.draft).toBe(true);
    expect(pull.body).toMatch(/- \[`docs\/planning\/01_idea\.md`\]\(https:[^)]*\): has 20 characters, needs 500/u);
    expect(await subjects()).not.toContain("Phase 1 Planning: verified (#7)");
  });

  test("a merged gate is left as it is, though its branch is gone", async () => {
    const gate = await open();
    await present(gate.pullRequest, { ciLater: true });
    await bed.owner.merge(gate.pullRequest);
    await bed.owner.request("DELETE", `/git/refs/heads/${branch}`);
    await present(gate.pullRequest);
    const view = verifiedView(gate.pullRequest);
    expect(await bed.github.releaseCi(bed.repository, { view, phase: 1, branch })).toBeNull();
    expect(await bed.github.headOf(bed.repository, branch)).toBeNull();
  });
});

describe("the text of a gate", () => {
  test("names the person who last edited it, and has a tick taken back that does not count", async () => {
    const { pullRequest } = await open();
    const { repository, github } = bed;
    expect(await github.lastEditorOf(repository, pullRequest)).toBeNull();
    const boxOf = (tick: string) => `- [${tick}] a <!-- phasegate:veto:1:1 -->\n- [x] b <!-- phasegate:veto:1:2 -->`;
    await bed.owner.request("PATCH", `/pulls/${pullRequest}`, { body: boxOf("x") });
    await github.setVetoBoxes(repository, pullRequest, [{ attempt: 1, number: 1, ticked: false }]);
    expect((await bed.owner.pull(pullRequest)).body).toBe(boxOf(" "));
    // What the app wrote since says nothing.
    expect(await github.lastEditorOf(repository, pullRequest)).toBe("wanda");
    expect(await github.lastEditorOf(repository, 4_711)).toBeNull();
  });
});

describe("the state of a gate", () => {
  test("is read as open, closed, reopened and merged", async () => {
    const { pullRequest } = await open();
    expect(await bed.github.readGate(bed.repository, pullRequest)).toMatchObject({
      open: true,
      merged: false,
      draft: true,
      base: "main",
    });
    await bed.github.closeGate(bed.repository, pullRequest);
    await bed.github.closeGate(bed.repository, pullRequest);
    expect(await bed.github.readGate(bed.repository, pullRequest)).toMatchObject({ open: false, mergeSha: null });
    await bed.github.reopenGate(bed.repository, pullRequest);
    await bed.github.reopenGate(bed.repository, pullRequest);
    await present(pullRequest);
    const { sha } = await bed.owner.merge(pullRequest);
    expect(await bed.github.readGate(bed.repository, pullRequest)).toMatchObject({
      open: false,
      merged: true,
      mergedBy: "wanda",
      mergeSha: sha,
    });
    await bed.github.closeGate(bed.repository, pullRequest);
    await bed.github.reopenGate(bed.repository, pullRequest);
    expect(await bed.github.readGate(bed.repository, 4_711)).toBeNull();
  });

  test("a gate whose branch is gone says how to bring it back", async () => {
    const { pullRequest } = await open();
    await bed.github.closeGate(bed.repository, pullRequest);
    bed.failNext(/PATCH .*\/pulls/u, { status: 422, message: "The branch has been deleted." });
    await expect(bed.github.reopenGate(bed.repository, pullRequest)).rejects.toThrow("Restore branch");
  });
});

describe("a branch", () => {
  test("is deleted once, and gone before is as good", async () => {
    await publishStep();
    await bed.github.deleteBranch(bed.repository, branch);
    expect(await bed.github.headOf(bed.repository, branch)).toBeNull();
    bed.sent();
    await bed.github.deleteBranch(bed.repository, branch);
    expect(bed.sent().filter((line) => !line.startsWith("GET"))).toEqual([]);
  });

  test("that somebody else deletes at the same time is no fault, one that a rule keeps is", async () => {
    await publishStep();
    bed.failNext(/DELETE .*\/git\/refs/u, async () => {
      await bed.owner.request("DELETE", `/git/refs/heads/${branch}`);
    });
    await bed.github.deleteBranch(bed.repository, branch);
    await publishStep();
    bed.failNext(/DELETE .*\/git\/refs/u, { status: 422, message: "Repository rule violations found" });
    await expect(bed.github.deleteBranch(bed.repository, branch)).rejects.toThrow("rule violations");
  });
});
