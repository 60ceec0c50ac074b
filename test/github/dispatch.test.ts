import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DispatchRefused } from "../../src/control/ports/github.ts";
import { runIdFrom } from "../../src/core/ids.ts";
import { readWorkflowFile, saysOutdatedFile, workflowPath } from "../../src/github/workflow-file.ts";
import { startGitHubTestbed, type GitHubTestbed } from "./github-testbed.ts";
import { taskId } from "./texts-fixtures.ts";

let bed: GitHubTestbed;

beforeEach(async () => {
  bed = await startGitHubTestbed();
});

afterEach(() => bed.stop());

const asked = {
  runId: runIdFrom("0f3c9a1e-58d1-4c0e-9d53-9b8f6a3f1c11"),
  taskId,
  phase: "Planning · issue #7",
  ref: "main",
  grants: [],
};

function runs() {
  return [...bed.sandbox.repositoryOf("octo/shop").runs.values()];
}

describe("dispatching a run", () => {
  test("starts the workflow of the default branch with ids and nothing else", async () => {
    const started = await bed.github.dispatchRun(bed.repository, asked);
    const [run] = runs();
    expect(started).toMatchObject({ workflowRunId: run?.id, status: "queued" });
    expect(run).toMatchObject({
      displayTitle: "Phasegate · Planning · issue #7 · 0f3c9a1e",
      ref: "refs/heads/main",
      inputs: { run: asked.runId, task: "task-1", phase: "Planning · issue #7 · 0f3c9a1e" },
    });
  });

  test("tells the names that are lent, each in its slot, and no slot of those that are not", async () => {
    const grants = [
      { slot: 1, name: "STRIPE_KEY" },
      { slot: 10, name: "REGION" },
    ];
    await bed.github.dispatchRun(bed.repository, { ...asked, grants });
    expect(runs()[0]?.inputs).toMatchObject({ secret_1: "STRIPE_KEY", secret_10: "REGION" });
    expect(runs()[0]?.inputs["secret_2"] ?? "").toBe("");
  });

  test("in a repository whose workflow file is older than the slots is refused only where something is lent", async () => {
    const old = readWorkflowFile({ actionRef: "phasegate/phasegate@0123", appUrl: "https://phasegate.example" })
      .split("\n")
      .filter((line) => !line.includes("secret_"))
      .join("\n")
      .replace(/ +env:\n/u, "");
    await bed.stop();
    bed = await startGitHubTestbed({ files: { "README.md": "# Shop\n", [workflowPath]: old } });
    await bed.github.dispatchRun(bed.repository, asked);
    const refusal = bed.github.dispatchRun(bed.repository, {
      ...asked,
      phase: "Design · issue #7",
      grants: [{ slot: 1, name: "STRIPE_KEY" }],
    });
    await expect(refusal).rejects.toBeInstanceOf(DispatchRefused);
    await expect(refusal).rejects.toThrow("inputs secret_1 to secret_10, which the current file has");
    await expect(refusal).rejects.toSatisfy((error: Error) => saysOutdatedFile(error.message));
    expect(runs()).toHaveLength(1);
  });

  test("again, or after a lost answer, finds the run that is there", async () => {
    bed.failNext(/\/dispatches$/u, "lost-answer");
    // The list may miss it for a while, and then a second run would begin.
    await expect(bed.github.dispatchRun(bed.repository, asked)).rejects.toMatchObject({
      name: "RetryLater",
      retryAfterMs: 15_000,
    });
    const found = await bed.github.dispatchRun(bed.repository, asked);
    expect(await bed.anotherClient().dispatchRun(bed.repository, asked)).toMatchObject({
      workflowRunId: found.workflowRunId,
    });
    expect(runs().map(({ id }) => id)).toEqual([found.workflowRunId]);
  });

  test.each([
    ["another attempt", { runId: runIdFrom("7c1d20aa-0f3c-4a9e-8d53-9b8f6a3f1c11") }],
    ["an issue whose number begins alike", { phase: "Planning · issue #77" }],
    ["another phase of the issue", { phase: "Design · issue #7" }],
  ])("%s is another run", async (_claim, over) => {
    await bed.github.dispatchRun(bed.repository, { ...asked, ...over });
    await bed.github.dispatchRun(bed.repository, asked);
    expect(runs()).toHaveLength(2);
  });

  test("a ref that is not there is refused with GitHub's words", async () => {
    const refusal = bed.github.dispatchRun(bed.repository, { ...asked, ref: "nowhere" });
    await expect(refusal).rejects.toBeInstanceOf(DispatchRefused);
    await expect(refusal).rejects.toThrow("No ref found");
  });

  test("a workflow file of another version is named as such", async () => {
    bed.failNext(/\/dispatches$/u, { status: 422, message: 'Unexpected inputs provided: ["run"]' });
    const refusal = bed.github.dispatchRun(bed.repository, asked);
    await expect(refusal).rejects.toBeInstanceOf(DispatchRefused);
    await expect(refusal).rejects.toThrow("of another version than this app");
  });

  test("a missing workflow is refused with the path that is looked for", async () => {
    bed.failNext(/\/dispatches$/u, { status: 404, message: "Not Found" });
    const refusal = bed.github.dispatchRun(bed.repository, asked);
    await expect(refusal).rejects.toBeInstanceOf(DispatchRefused);
    await expect(refusal).rejects.toThrow(".github/workflows/phasegate.yml");
  });

  test("Actions that are off are refused", async () => {
    bed.sandbox.repositoryOf("octo/shop").actionsEnabled = false;
    await expect(bed.github.dispatchRun(bed.repository, asked)).rejects.toBeInstanceOf(DispatchRefused);
  });

  test("a rate limit is no refusal", async () => {
    bed.failNext(/\/dispatches$/u, { status: 403, headers: { "retry-after": "30" } });
    await expect(bed.github.dispatchRun(bed.repository, asked)).rejects.toMatchObject({
      name: "RateLimited",
      retryAfterMs: 30_000,
    });
  });
});

describe("a run that is under way", () => {
  test("is read, cancelled, and cancelled again without harm", async () => {
    const { workflowRunId } = await bed.github.dispatchRun(bed.repository, asked);
    const read = await bed.github.readRun(bed.repository, workflowRunId);
    expect(read).toMatchObject({ workflowRunId, conclusion: null });
    await bed.github.cancelRun(bed.repository, workflowRunId);
    await expect
      .poll(() => bed.github.readRun(bed.repository, workflowRunId))
      .toMatchObject({ status: "completed", conclusion: "cancelled" });
    await bed.github.cancelRun(bed.repository, workflowRunId);
    await bed.github.cancelRun(bed.repository, 4_711);
    expect(await bed.github.readRun(bed.repository, 4_711)).toBeNull();
  });
});
