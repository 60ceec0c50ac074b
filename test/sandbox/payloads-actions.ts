import { ACTIONS_APP, type Json, appJson, htmlUrl, repositoryJson, repositoryUrl, userJson } from "./payloads.ts";
import { nodeId } from "./state.ts";
import type {
  Artifact,
  Repository,
  SandboxContext,
  Secret,
  Variable,
  Workflow,
  WorkflowJob,
  WorkflowRun,
} from "./state.ts";

export function workflowJson(context: SandboxContext, repository: Repository, workflow: Workflow): Json {
  const file = workflow.path.split("/").at(-1) ?? "";
  return {
    id: workflow.id,
    node_id: `W_kwSB${workflow.id}`,
    name: workflow.name,
    path: workflow.path,
    state: workflow.state,
    created_at: workflow.createdAt,
    updated_at: workflow.updatedAt,
    url: `${repositoryUrl(context, repository)}/actions/workflows/${workflow.id}`,
    html_url: `${htmlUrl(context, repository)}/blob/${repository.defaultBranch}/${workflow.path}`,
    badge_url: `${htmlUrl(context, repository)}/actions/workflows/${file}/badge.svg`,
  };
}

export function runUrl(context: SandboxContext, repository: Repository, runId: number): string {
  return `${repositoryUrl(context, repository)}/actions/runs/${runId}`;
}

export function runHtmlUrl(context: SandboxContext, repository: Repository, runId: number): string {
  return `${htmlUrl(context, repository)}/actions/runs/${runId}`;
}

export async function runJson(context: SandboxContext, repository: Repository, run: WorkflowRun): Promise<Json> {
  const url = runUrl(context, repository, run.id);
  const api = repositoryUrl(context, repository);
  const earlier = run.attempt - 1;
  return {
    id: run.id,
    name: run.name,
    node_id: nodeId("WFR", run.id),
    head_branch: run.headBranch,
    head_sha: run.headSha,
    path: run.workflowPath,
    display_title: run.displayTitle,
    run_number: run.runNumber,
    event: run.event,
    status: run.status,
    conclusion: run.conclusion,
    workflow_id: run.workflowId,
    check_suite_id: run.id,
    check_suite_node_id: `CS_kwSB${run.id}`,
    url,
    html_url: runHtmlUrl(context, repository, run.id),
    pull_requests: [],
    created_at: run.createdAt,
    updated_at: run.updatedAt,
    actor: userJson(context, run.actor),
    run_attempt: run.attempt,
    referenced_workflows: [],
    run_started_at: run.startedAt,
    triggering_actor: userJson(context, run.triggeringActor),
    jobs_url: `${url}/jobs`,
    logs_url: `${url}/logs`,
    check_suite_url: `${api}/check-suites/${run.id}`,
    artifacts_url: `${url}/artifacts`,
    cancel_url: `${url}/cancel`,
    rerun_url: `${url}/rerun`,
    previous_attempt_url: earlier < 1 ? null : `${url}/attempts/${earlier}`,
    workflow_url: `${api}/actions/workflows/${run.workflowId}`,
    head_commit: await headCommitJson(context, repository, run.headSha),
    repository: repositoryJson(context, repository),
    head_repository: repositoryJson(context, repository),
    head_repository_id: repository.id,
  };
}

export function jobJson(context: SandboxContext, repository: Repository, run: WorkflowRun, job: WorkflowJob): Json {
  const api = repositoryUrl(context, repository);
  const started = job.startedAt !== null;
  return {
    id: job.id,
    run_id: run.id,
    workflow_name: run.name,
    head_branch: run.headBranch,
    run_url: runUrl(context, repository, run.id),
    run_attempt: job.attempt,
    node_id: nodeId("CR", job.id),
    head_sha: run.headSha,
    url: `${api}/actions/jobs/${job.id}`,
    html_url: `${runHtmlUrl(context, repository, run.id)}/job/${job.id}`,
    status: job.status,
    conclusion: job.conclusion,
    created_at: job.createdAt,
    started_at: job.startedAt ?? job.createdAt,
    completed_at: job.completedAt,
    name: job.name,
    steps: job.steps.map((step) => ({
      name: step.name,
      status: step.status,
      conclusion: step.conclusion,
      number: step.number,
      started_at: step.startedAt,
      completed_at: step.completedAt,
    })),
    check_run_url: `${api}/check-runs/${job.id}`,
    labels: job.labels,
    runner_id: started ? 1 : null,
    runner_name: started ? "GitHub Actions 1" : null,
    runner_group_id: started ? 0 : null,
    runner_group_name: started ? "GitHub Actions" : null,
  };
}

/** A job as the check run that GitHub shows on its commit. */
export function jobCheckJson(
  context: SandboxContext,
  repository: Repository,
  run: WorkflowRun,
  job: WorkflowJob,
): Json {
  const url = `${repositoryUrl(context, repository)}/check-runs/${job.id}`;
  const html = `${runHtmlUrl(context, repository, run.id)}/job/${job.id}`;
  return {
    id: job.id,
    name: job.name,
    node_id: nodeId("CR", job.id),
    head_sha: run.headSha,
    external_id: `${run.id}-${job.key}`,
    url,
    html_url: html,
    details_url: html,
    status: job.status,
    conclusion: job.conclusion,
    started_at: job.startedAt ?? job.createdAt,
    completed_at: job.completedAt,
    output: {
      title: null,
      summary: null,
      text: null,
      annotations_count: 0,
      annotations_url: `${url}/annotations`,
    },
    check_suite: { id: run.id },
    app: appJson(context, ACTIONS_APP),
    pull_requests: [],
  };
}

export function artifactJson(context: SandboxContext, repository: Repository, artifact: Artifact): Json {
  const url = `${repositoryUrl(context, repository)}/actions/artifacts/${artifact.id}`;
  const run = repository.runs.get(artifact.runId);
  return {
    id: artifact.id,
    node_id: `MDg6QXJ0aWZhY3Q${artifact.id}`,
    name: artifact.name,
    size_in_bytes: artifact.content.length,
    url,
    archive_download_url: `${url}/zip`,
    expired: isExpired(context, artifact),
    digest: artifact.digest,
    created_at: artifact.createdAt,
    updated_at: artifact.createdAt,
    expires_at: artifact.expiresAt,
    workflow_run: {
      id: artifact.runId,
      repository_id: repository.id,
      head_repository_id: repository.id,
      head_branch: run?.headBranch ?? repository.defaultBranch,
      head_sha: run?.headSha ?? "",
    },
  };
}

export function isExpired(context: SandboxContext, artifact: Artifact): boolean {
  return new Date(artifact.expiresAt) <= context.now();
}

/** Names and times: no API ever tells a value. */
export function secretJson({ name, createdAt, updatedAt }: Secret): Json {
  return { name, created_at: createdAt, updated_at: updatedAt };
}

export function variableJson({ name, value, createdAt, updatedAt }: Variable): Json {
  return { name, value, created_at: createdAt, updated_at: updatedAt };
}

export async function headCommitJson(
  context: SandboxContext,
  repository: Repository,
  sha: string,
): Promise<Json | null> {
  const commit = await context.git(repository).commit(sha);
  if (commit === null) return null;
  return {
    id: commit.sha,
    tree_id: commit.tree,
    message: commit.message,
    timestamp: commit.committer.date,
    author: { name: commit.author.name, email: commit.author.email },
    committer: { name: commit.committer.name, email: commit.committer.email },
  };
}
