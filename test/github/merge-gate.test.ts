import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RetryLater } from "../../src/control/ports/retry-later.ts";
import { otherApp } from "../sandbox/other-app.ts";
import { startGitHubTestbed, type GitHubTestbed } from "./github-testbed.ts";
import { running, viewOf } from "./texts-fixtures.ts";

const branch = "phasegate/7-1-planning";
let bed: GitHubTestbed;
let gate: { readonly pullRequest: number; readonly headSha: string };

beforeEach(async () => {
  bed = await startGitHubTestbed();
  const headSha = await bed.owner.push({ branch, files: { "idea.md": "# Idea\n" }, message: "Step [skip ci]" });
  const { body } = await bed.owner.request("POST", "/pulls", {
    title: "Phase 1 of 2, Planning: fixes #1 [skip ci]",
    head: branch,
    base: "main",
  });
  gate = { pullRequest: (body as { number: number }).number, headSha };
});

afterEach(() => bed.stop());

const merge = () => bed.github.mergeGate(bed.repository, { ...gate, view: viewOf(running), phase: 1 });
const { requireReviews, requireChecks, requireMergeQueue, allowMerges, hideMergeability } = {
  requireReviews: () => bed.sandbox.settings.requireReviews("octo/shop", "main", 1),
  requireChecks: (...names: string[]) => bed.sandbox.settings.requireChecks("octo/shop", "main", names),
  requireMergeQueue: () => bed.sandbox.settings.requireMergeQueue("octo/shop", "main"),
  allowMerges: (...methods: ("merge" | "squash" | "rebase")[]) =>
    bed.sandbox.settings.allowMerges("octo/shop", ...methods),
  hideMergeability: () => bed.sandbox.settings.hideMergeability("octo/shop", 1),
};

async function newest(): Promise<{ readonly message: string; readonly parents: number }> {
  const { body } = await bed.owner.request("GET", "/commits/main");
  const commit = body as { commit: { message: string }; parents: unknown[] };
  return { message: commit.commit.message, parents: commit.parents.length };
}

describe("merging a gate", () => {
  test("makes a merge commit in words of our own, without what an issue's title could do", async () => {
    const result = await merge();
    expect(result).toEqual({ kind: "merged", mergeSha: await bed.github.headOf(bed.repository, "main") });
    expect(await newest()).toEqual({
      message: expect.stringMatching(/^Phase 1 of 2, Planning \(#\d+\)\n\nPart of #7\n?$/u),
      parents: 2,
    });
  });

  test("uses the method that the repository allows", async () => {
    allowMerges("squash", "rebase");
    expect((await merge()).kind).toBe("merged");
    expect(await newest()).toEqual({ message: expect.stringContaining("Phase 1 of 2, Planning"), parents: 1 });
  });

  test("rebases where nothing else is allowed", async () => {
    allowMerges("rebase");
    expect((await merge()).kind).toBe("merged");
    expect((await newest()).message).toContain("Step [skip ci]");
  });

  test("tries the next method where the settings were not shown and GitHub refuses one", async () => {
    bed.failNext(/^PUT .*\/merge$/u, { status: 405, message: "Merge commits are not allowed on this repository." });
    expect((await merge()).kind).toBe("merged");
    expect((await newest()).parents).toBe(1);
  });

  test("follows a rule that wants a linear history, and one that names methods", async () => {
    const rules = (list: readonly object[]) => bed.failNext(/\/rules\/branches\/main$/u, { status: 200, body: list });
    rules([
      { type: "pull_request", parameters: { allowed_merge_methods: ["rebase"] } },
      { type: "required_linear_history" },
    ]);
    expect((await merge()).kind).toBe("merged");
    expect((await newest()).message).toContain("Step [skip ci]");
  });

  test("says so where settings and rules leave no method", async () => {
    allowMerges("merge");
    bed.failNext(/\/rules\/branches\/main$/u, { status: 200, body: [{ type: "required_linear_history" }] });
    expect(await merge()).toEqual({
      kind: "refused",
      message: "the repository's settings and the rules of its branch leave no method to merge with",
    });
  });

  test("again finds what was merged, where the answer was lost", async () => {
    bed.failNext(/^PUT .*\/merge$/u, "lost-answer");
    await expect(merge()).rejects.toBeInstanceOf(RetryLater);
    bed.sent();
    expect(await merge()).toEqual({ kind: "merged", mergeSha: await bed.github.headOf(bed.repository, "main") });
    expect(bed.sent().filter((line) => line.startsWith("PUT"))).toEqual([]);
  });

  test("is not yet possible while GitHub works out whether it is", async () => {
    hideMergeability();
    expect(await merge()).toEqual({
      kind: "not-yet",
      message: "GitHub is still working out whether it can be merged",
    });
    expect((await merge()).kind).toBe("merged");
  });

  test("is no matter of waiting where it conflicts with its base", async () => {
    await bed.owner.push({ branch: "main", files: { "idea.md": "# Other\n" } });
    expect(await merge()).toEqual({ kind: "conflict" });
    expect((await bed.owner.pull(gate.pullRequest)).merged).toBe(false);
  });

  test("is not yet possible while a required check is missing or under way, and refused when it failed", async () => {
    requireChecks("build");
    const ci = otherApp(bed.sandbox, "octo/shop", "buildkite");
    expect(await merge()).toEqual({ kind: "not-yet", message: 'Required status check "build" is expected.' });
    await ci.check({ name: "build", headSha: gate.headSha, conclusion: null });
    expect(await merge()).toEqual({ kind: "not-yet", message: 'Required status check "build" is pending.' });
    await ci.check({ name: "build", headSha: gate.headSha, conclusion: "failure" });
    expect(await merge()).toEqual({ kind: "refused", message: 'Required status check "build" is failing.' });
  });

  test.each<readonly [string, () => unknown, string]>([
    [
      "a review is missing",
      () => requireReviews(),
      "At least 1 approving review is required by reviewers with write access.",
    ],
    [
      "only the queue merges",
      () => requireMergeQueue(),
      "main is merged into by GitHub's merge queue only; add the pull request to the queue",
    ],
    [
      "its head moved",
      () => bed.owner.push({ branch, files: { "more.md": "more" } }),
      "its head has moved since it was approved",
    ],
    ["it is closed", () => bed.owner.closePull(gate.pullRequest), "the pull request is closed"],
  ])("is refused where %s", async (_claim, prepare, message) => {
    await prepare();
    expect(await merge()).toEqual({ kind: "refused", message });
    expect((await bed.owner.pull(gate.pullRequest)).merged).toBe(false);
  });

  test.each([
    [409, "Head branch was modified. Review and try the merge again.", "refused"],
    [409, "Base branch was modified. Review and try the merge again.", "not-yet"],
    [405, "2 of 2 required status checks are expected.", "not-yet"],
    [405, 'Required status check "a" is expected. Required status check "b" is failing.', "refused"],
    [405, "Pull Request is not mergeable", "refused"],
    [422, "Validation Failed", "refused"],
    [403, "Resource not accessible by integration", "refused"],
    [404, "Not Found", "refused"],
  ])("%i %s is %s", async (status, message, kind) => {
    bed.failNext(/^PUT .*\/merge$/u, { status, message });
    expect((await merge()).kind).toBe(kind);
  });
});
