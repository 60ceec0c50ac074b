import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DispatchRefused, RetryLater } from "../../src/control/ports.ts";
import { runIdFrom } from "../../src/core/ids.ts";
import { startGitHubTestbed, type GitHubTestbed } from "./github-testbed.ts";
import { taskId } from "./texts-fixtures.ts";

let bed: GitHubTestbed;

beforeEach(async () => {
  bed = await startGitHubTestbed();
});

afterEach(() => bed.stop());

const asked = { runId: runIdFrom("0f3c-1"), taskId, phase: "planning", ref: "main" };

function runs() {
  return [...bed.sandbox.repositoryOf("octo/shop").runs.values()];
}

describe("dispatching a run", () => {
  test("starts the workflow of the default branch with ids and nothing else", async () => {
    const started = await bed.github.dispatchRun(bed.repository, asked);
    const [run] = runs();
    expect(started).toMatchObject({ workflowRunId: run?.id, status: "queued" });
    expect(run).toMatchObject({
      displayTitle: "Phasegate planning (0f3c-1)",
      ref: "refs/heads/main",
      inputs: { run: "0f3c-1", task: "task-1", phase: "planning" },
    });
  });

  test("again, or after a lost answer, finds the run that is there", async () => {
    bed.failNext(/\/dispatches$/u, "lost-answer");
    await expect(bed.github.dispatchRun(bed.repository, asked)).rejects.toBeInstanceOf(RetryLater);
    const found = await bed.github.dispatchRun(bed.repository, asked);
    expect(await bed.anotherClient().dispatchRun(bed.repository, asked)).toMatchObject({
      workflowRunId: found.workflowRunId,
    });
    expect(runs().map(({ id }) => id)).toEqual([found.workflowRunId]);
  });

  test("another run id whose text contains this one is another run", async () => {
    await bed.github.dispatchRun(bed.repository, { ...asked, runId: runIdFrom("a0f3c-12") });
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
