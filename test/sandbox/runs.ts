import { valuesOf } from "./actions-settings.ts";
import { type LiveRun, actionsRuntimeOf } from "./actions-runtime.ts";
import { isOfRepository, runCiJob } from "./ci.ts";
import { enterConcurrencyGroup } from "./concurrency.ts";
import { GitHubError } from "./errors.ts";
import { type ExpressionObject, evaluateCondition, interpolate } from "./expression.ts";
import { earlyContexts } from "./job-environment.ts";
import { secretsOfJob } from "./job-secrets.ts";
import { jobCheckJson, jobJson, runJson, workflowJson } from "./payloads-actions.ts";
import { runJob } from "./run-job.ts";
import { fullName } from "./state.ts";
import type { Account, Conclusion, Repository, SandboxContext, Workflow, WorkflowJob, WorkflowRun } from "./state.ts";
import { killProcessTree } from "./step-process.ts";
import type { JobDefinition, WorkflowFile } from "./workflow-file.ts";
import { workflowFileAt } from "./workflows.ts";

export type RunToStart = {
  readonly repository: Repository;
  readonly workflow: Workflow;
  readonly file: WorkflowFile;
  /** Full name. */
  readonly ref: string;
  readonly sha: string;
  readonly actor: Account;
  readonly event: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly pullNumber?: number;
  /** Where the workflow names none: the commit's first line, or the pull request's title. */
  readonly title?: string;
};

/** Queues a run; it goes on by itself and tells of its steps by webhooks. */
export async function startRun(context: SandboxContext, start: RunToStart): Promise<WorkflowRun> {
  const { repository, workflow, file, ref, actor } = start;
  const now = context.timestamp();
  const workflowRuns = [...repository.runs.values()].filter((run) => run.workflowId === workflow.id);
  const basics = {
    inputs: start.inputs,
    ref,
    headBranch: ref.replace(/^refs\/(heads|tags)\//, ""),
    actor,
    event: start.event,
    runNumber: workflowRuns.length + 1,
  };
  const run: WorkflowRun = {
    ...basics,
    id: context.newId(),
    workflowId: workflow.id,
    workflowPath: workflow.path,
    attempt: 1,
    name: workflow.name,
    pullNumber: start.pullNumber ?? null,
    displayTitle: displayTitle(repository, file, basics) || (start.title ?? workflow.name),
    headSha: start.sha,
    triggeringActor: actor,
    status: "queued",
    conclusion: null,
    createdAt: now,
    updatedAt: now,
    startedAt: now,
    jobs: [],
    cancel: null,
  };
  repository.runs.set(run.id, run);
  await tellRun(context, repository, run, "requested", {});
  const admitted = isOfRepository(run) ? context.ci.admits(run) : "starts";
  if (admitted !== "starts") {
    await tellRun(context, repository, run, "completed", { status: "completed", conclusion: admitted });
    return run;
  }
  beginAttempt(context, repository, run, file);
  return run;
}

/** Cancels a run that is not over; 409 otherwise. Force also stops what `always()` keeps going. */
export async function cancelRun(
  context: SandboxContext,
  repository: Repository,
  run: WorkflowRun,
  force: "gently" | "force",
): Promise<void> {
  const live = actionsRuntimeOf(context).liveRuns.get(run.id);
  if (run.status === "completed" || live === undefined || live.repository.id !== repository.id) {
    throw new GitHubError(409, `Cannot cancel a workflow run that is completed.`);
  }
  run.cancel?.abort();
  if (force === "gently") return;
  live.force.abort();
  await Promise.all([...live.processGroups].map(killProcessTree));
}

/** The next attempt of a run that is over: same id, same commit, same inputs. GitHub sends no `requested` for it. */
export async function rerunRun(
  context: SandboxContext,
  repository: Repository,
  run: WorkflowRun,
  actor: Account,
): Promise<void> {
  if (run.status !== "completed") throw new GitHubError(403, "The workflow run is already running");
  const file = await workflowFileAt(context, repository, run.workflowPath, run.headSha);
  if (file === null) throw new GitHubError(403, "Unable to retry this workflow run because its workflow file is gone");
  run.attempt += 1;
  run.triggeringActor = actor;
  run.status = "queued";
  run.conclusion = null;
  run.startedAt = context.timestamp();
  run.updatedAt = run.startedAt;
  beginAttempt(context, repository, run, file);
}

function beginAttempt(context: SandboxContext, repository: Repository, run: WorkflowRun, file: WorkflowFile): void {
  const runtime = actionsRuntimeOf(context);
  run.cancel = new AbortController();
  const live: LiveRun = {
    repository,
    run,
    done: Promise.resolve(),
    force: new AbortController(),
    processGroups: new Set(),
    lost: null,
    lossNoticed: new AbortController(),
  };
  runtime.liveRuns.set(run.id, live);
  // Read now: what is added later reaches only the next run.
  const values = valuesOf(repository);
  const jobs = file.jobs.map((definition) => queueJob(context, repository, run, file, definition));
  live.done = runAttempt(context, live, file, values, jobs)
    .catch((error: unknown): Conclusion => {
      for (const { job } of jobs) job.log += `##[error]${error instanceof Error ? error.message : String(error)}\n`;
      return "failure";
    })
    .then((conclusion) => {
      for (const { job } of jobs) {
        if (job.status === "completed") continue;
        endJob(context, job, conclusion);
        tellJob(context, live, job, "completed");
      }
      return tellRun(context, repository, run, "completed", { status: "completed", conclusion, cancel: null });
    })
    .finally(() => {
      // The next attempt may have taken the place already.
      if (runtime.liveRuns.get(run.id) === live) runtime.liveRuns.delete(run.id);
    });
}

type QueuedValues = ReturnType<typeof valuesOf>;
type QueuedJob = { readonly job: WorkflowJob; readonly definition: JobDefinition };

async function runAttempt(
  context: SandboxContext,
  live: LiveRun,
  file: WorkflowFile,
  values: QueuedValues,
  jobs: readonly QueuedJob[],
): Promise<Conclusion> {
  const { repository, run } = live;
  for (const { job } of jobs) tellJob(context, live, job, "queued");
  const leave = await enterConcurrencyGroup(context, live, file);
  try {
    if (isStopped(live)) return "cancelled";
    await tellRun(context, repository, run, "in_progress", { status: "in_progress" });
    const results = new Map<string, Conclusion>();
    // One job after the other, each after those that it needs.
    for (const { job, definition } of inOrder(jobs)) {
      const needed = definition.needs.map((key) => results.get(key) ?? "skipped");
      const conclusion = shouldRun(live, file, definition, needed)
        ? await startJob(context, live, { job, file, definition, values, results })
        : isStopped(live)
          ? "cancelled"
          : "skipped";
      results.set(job.key, conclusion);
      endJob(context, job, conclusion);
      tellJob(context, live, job, "completed");
    }
    return conclusionOf([...results.values()]);
  } finally {
    leave();
  }
}

type JobStart = {
  readonly job: WorkflowJob;
  readonly file: WorkflowFile;
  readonly definition: JobDefinition;
  readonly values: QueuedValues;
  readonly results: ReadonlyMap<string, Conclusion>;
};

async function startJob(context: SandboxContext, live: LiveRun, start: JobStart): Promise<Conclusion> {
  const { job, definition, results, file, values } = start;
  job.status = "in_progress";
  job.startedAt = context.timestamp();
  tellJob(context, live, job, "in_progress");
  const needs: ExpressionObject = Object.fromEntries(
    definition.needs.map((key) => [key, { result: results.get(key) ?? "skipped" }]),
  );
  const secrets = secretsOfJob(file, definition, values.secrets);
  const { variables } = values;
  if (isOfRepository(live.run)) return runCiJob(context, live, job, definition);
  return runJob(context, { live, job, file, definition, secrets, variables, needs, workflowName: live.run.name });
}

function shouldRun(
  live: LiveRun,
  file: WorkflowFile,
  definition: JobDefinition,
  needed: readonly Conclusion[],
): boolean {
  if (live.force.signal.aborted) return false;
  const failed = needed.some((conclusion) => conclusion !== "success");
  return evaluateCondition(definition.condition, {
    contexts: earlyContexts(file, live.repository, live.run),
    job: { failed, cancelled: isStopped(live) },
  });
}

function inOrder(jobs: readonly QueuedJob[]): QueuedJob[] {
  const ordered: QueuedJob[] = [];
  const open = [...jobs];
  while (open.length > 0) {
    const done = new Set(ordered.map(({ job }) => job.key));
    const next = open.findIndex(({ definition }) => definition.needs.every((key) => done.has(key)));
    if (next === -1) throw new Error(`ordering jobs: "${open[0]?.job.key}" needs a job that is missing or needs it`);
    ordered.push(...open.splice(next, 1));
  }
  return ordered;
}

function queueJob(
  context: SandboxContext,
  repository: Repository,
  run: WorkflowRun,
  file: WorkflowFile,
  definition: JobDefinition,
): QueuedJob {
  const scope = { contexts: earlyContexts(file, repository, run), job: { failed: false, cancelled: false } };
  const job: WorkflowJob = {
    id: context.newId(),
    attempt: run.attempt,
    key: definition.key,
    name: interpolate(definition.name ?? definition.key, scope),
    status: "queued",
    conclusion: null,
    createdAt: context.timestamp(),
    startedAt: null,
    completedAt: null,
    labels: definition.runsOn.map((label) => interpolate(label, scope)),
    steps: [],
    log: "",
  };
  run.jobs.push(job);
  return { job, definition };
}

function endJob(context: SandboxContext, job: WorkflowJob, conclusion: Conclusion): void {
  job.status = "completed";
  job.conclusion = conclusion;
  job.completedAt = context.timestamp();
  for (const step of job.steps) {
    if (step.status === "completed") continue;
    step.status = "completed";
    step.conclusion = "cancelled";
    step.completedAt = job.completedAt;
  }
}

function conclusionOf(jobs: readonly Conclusion[]): Conclusion {
  if (jobs.includes("failure") || jobs.includes("timed_out")) return "failure";
  if (jobs.includes("cancelled")) return "cancelled";
  return jobs.every((conclusion) => conclusion === "skipped") ? "skipped" : "success";
}

function isStopped({ run, force }: LiveRun): boolean {
  return run.cancel?.signal.aborted === true || force.signal.aborted;
}

function displayTitle(repository: Repository, file: WorkflowFile, run: Parameters<typeof earlyContexts>[2]): string {
  const scope = { contexts: earlyContexts(file, repository, run), job: { failed: false, cancelled: false } };
  return file.runName === undefined ? "" : interpolate(file.runName, scope).trim();
}

/** Changes the run and tells of it, with nothing in between: whoever sees the new state finds its webhook queued. */
async function tellRun(
  context: SandboxContext,
  repository: Repository,
  run: WorkflowRun,
  action: "requested" | "in_progress" | "completed",
  change: Partial<Pick<WorkflowRun, "status" | "conclusion" | "cancel">>,
): Promise<void> {
  const changed = { ...change, updatedAt: context.timestamp() };
  const json = await runJson(context, repository, { ...run, ...changed });
  Object.assign(run, changed);
  const workflow = repository.workflows.get(run.workflowPath);
  const payload = {
    workflow: workflow === undefined ? null : workflowJson(context, repository, workflow),
    workflow_run: json,
  };
  context.emit({ event: "workflow_run", action, repository, sender: run.triggeringActor, payload });
  const { status, conclusion } = run;
  context.announce({ kind: "run", repository: fullName(repository), run, status, conclusion });
}

function tellJob(
  context: SandboxContext,
  { repository, run }: LiveRun,
  job: WorkflowJob,
  action: "queued" | "in_progress" | "completed",
): void {
  const payload = { workflow_job: jobJson(context, repository, run, job) };
  context.emit({ event: "workflow_job", action, repository, sender: run.triggeringActor, payload });
  // GitHub does so for every job; those that people dispatch tell nobody anything new here.
  if (!isOfRepository(run) || action === "in_progress") return;
  const check = { check_run: jobCheckJson(context, repository, run, job) };
  const told = action === "queued" ? "created" : "completed";
  context.emit({ event: "check_run", action: told, repository, sender: run.triggeringActor, payload: check });
}
