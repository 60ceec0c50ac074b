import type { LiveRun } from "./actions-runtime.ts";
import { createJobLog } from "./job-log.ts";
import type { Conclusion, SandboxContext, WorkflowJob, WorkflowRun } from "./state.ts";
import type { JobDefinition, StepDefinition } from "./workflow-file.ts";

/** What a job of the repository's own workflows is asked about. */
type CiJob = {
  readonly run: WorkflowRun;
  /** Its key in the workflow file. */
  readonly job: string;
};

type CiVerdict = {
  readonly conclusion: Conclusion;
  /** Title of the step that fails; the last one by default. */
  readonly step?: string;
  /** What that step prints. */
  readonly log?: readonly string[];
};

/**
 * The repository's own workflows, those that run on a push or a pull request: the sandbox starts them as GitHub would, and
 * runs nothing of what stands in them. A test assigns what they come to.
 */
export type Ci = {
  /** Before any job: a workflow that GitHub can't start, or that waits for somebody who approves it. */
  admits: (run: WorkflowRun) => "starts" | "startup_failure" | "action_required";
  /** A promise keeps the job in progress. */
  judges: (job: CiJob) => CiVerdict | Promise<CiVerdict>;
};

export function createCi(): Ci {
  return { admits: () => "starts", judges: () => ({ conclusion: "success" }) };
}

export function isOfRepository(run: Pick<WorkflowRun, "event">): boolean {
  return run.event === "push" || run.event === "pull_request";
}

/** Shows the steps and the log that a runner would have left. */
export async function runCiJob(
  context: SandboxContext,
  live: LiveRun,
  job: WorkflowJob,
  definition: JobDefinition,
): Promise<Conclusion> {
  const { repository, run } = live;
  const log = createJobLog(context, repository, run, job);
  const began = context.timestamp();
  const stop = AbortSignal.any([...(run.cancel === null ? [] : [run.cancel.signal]), live.force.signal]);
  const verdict = await Promise.race([context.ci.judges({ run, job: job.key }), cancelled(stop)]);
  const { conclusion } = verdict;
  const titles = definition.steps.map(titleOf);
  const culprit = verdict.step ?? titles.at(-1) ?? "";
  log.write("Current runner version: 'sandbox'");
  addStep("Set up job", "success");
  let failed = false;
  for (const title of titles) {
    if (failed) {
      addStep(title, "skipped");
      continue;
    }
    log.write(`##[group]${title.startsWith("Run ") ? title : `Run ${title}`}`);
    log.write("shell: /usr/bin/bash -e {0}");
    log.write("##[endgroup]");
    const isCulprit = title === culprit && conclusion !== "success";
    if (title === culprit) for (const line of verdict.log ?? []) log.write(line);
    failed = isCulprit;
    if (isCulprit) log.write(wordsOf(conclusion));
    addStep(title, isCulprit ? conclusion : "success");
  }
  log.write("Post job cleanup.");
  log.write("Cleaning up orphan processes");
  return conclusion;

  function addStep(name: string, concluded: Conclusion): void {
    const completedAt = context.timestamp();
    job.steps.push({
      number: job.steps.length + 1,
      name,
      status: "completed",
      conclusion: concluded === "timed_out" ? "failure" : concluded,
      startedAt: began,
      completedAt,
    });
  }
}

function wordsOf(conclusion: Conclusion): string {
  return conclusion === "cancelled"
    ? "##[error]The operation was canceled."
    : "##[error]Process completed with exit code 1.";
}

function cancelled(stop: AbortSignal): Promise<CiVerdict> {
  return new Promise((resolve) => {
    const end = (): void => resolve({ conclusion: "cancelled" });
    if (stop.aborted) end();
    else stop.addEventListener("abort", end, { once: true });
  });
}

function titleOf({ name, uses, run }: StepDefinition): string {
  return name ?? `Run ${uses ?? (run ?? "").trim().split("\n")[0] ?? ""}`;
}
