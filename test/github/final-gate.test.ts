/** The pull request that brings a task's own branch into the default one (Q6). */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RetryLater } from "../../src/control/ports/retry-later.ts";
import { changesetIdOf, runIdFrom } from "../../src/core/ids.ts";
import { startGitHubTestbed, type GitHubTestbed } from "./github-testbed.ts";
import { gateOpened, running, taskId, verified, viewOf } from "./texts-fixtures.ts";

const branch = "phasegate/7-task";
const view = viewOf([...running, gateOpened(), ...verified(true)]);
let bed: GitHubTestbed;

beforeEach(async () => {
  bed = await startGitHubTestbed();
});

afterEach(() => bed.stop());

async function make(): Promise<string> {
  const { headSha } = await bed.github.defaultBranchOf(bed.repository);
  return bed.github.makeBranch(bed.repository, branch, headSha);
}

async function collect(): Promise<void> {
  await bed.github.publish(bed.repository, {
    branch,
    defaultBranch: "main",
    changesetId: changesetIdOf(runIdFrom("run-1"), "01_idea"),
    taskId,
    message: "Phase 1 planning: idea (#7)",
    mergedSha: null,
    changes: [{ kind: "written", path: "docs/planning/01_idea.md", mode: "100644", content: Buffer.from("# Idea\n") }],
  });
}

function open() {
  return bed.github.openFinalGate(bed.repository, { branch, base: "main", view });
}

describe("the branch of a task", () => {
  test("begins where the default branch stands, and stays where it is when it is made again", async () => {
    const { headSha } = await bed.github.defaultBranchOf(bed.repository);
    expect(await make()).toBe(headSha);
    await collect();
    const moved = await bed.github.headOf(bed.repository, branch);
    expect(moved).not.toBe(headSha);
    expect(await make()).toBe(moved);
  });

  test("is there although the answer got lost", async () => {
    bed.failNext(/MoveBranch/u, "lost-answer");
    await expect(make().catch((error: unknown) => error)).resolves.toSatisfy(
      (made) => typeof made === "string" || made instanceof RetryLater,
    );
    expect(await make()).toBe((await bed.github.defaultBranchOf(bed.repository)).headSha);
  });
});

describe("the final gate", () => {
  test("names every phase with its gate, closes the issue, and is no draft", async () => {
    await make();
    await collect();
    const gate = await open();
    const pull = await bed.owner.pull(gate?.pullRequest ?? 0);
    expect(gate).toEqual({ pullRequest: pull.number, url: pull.html_url });
    expect(pull).toMatchObject({ draft: false, title: "All 2 phases: A link shortener", base: { ref: "main" } });
    expect(pull.body).toContain("Closes #7");
    expect(pull.body).toContain("| 1 Planning | [#8](https://github.com/octo/shop/pull/8) |");
  });

  test("is opened once, also where an answer got lost", async () => {
    await make();
    await collect();
    bed.failNext(/POST .*\/pulls$/u, "lost-answer");
    await expect(open()).rejects.toBeInstanceOf(RetryLater);
    const gate = await open();
    expect(await open()).toEqual(gate);
    expect((await bed.owner.pulls("all")).map(({ number }) => number)).toEqual([gate?.pullRequest]);
  });

  test("is not opened where the default branch has all that is on the task's", async () => {
    expect(await open()).toBeNull();
    await make();
    expect(await open()).toBeNull();
  });
});
