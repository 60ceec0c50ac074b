import { arch, env as ownEnv } from "node:process";
import { valuesOf } from "./actions-settings.ts";
import { workflowRefOf } from "./actions-runtime.ts";
import type { ExpressionObject } from "./expression.ts";
import type { CommandFiles, JobFolders } from "./runner-files.ts";
import { fullName } from "./state.ts";
import type { Repository, SandboxContext, WorkflowJob, WorkflowRun } from "./state.ts";
import type { JobDefinition, WorkflowFile } from "./workflow-file.ts";

/** One job on its machine: what its steps, its environment and its expressions are made from. */
export type JobMachine = {
  readonly context: SandboxContext;
  readonly repository: Repository;
  readonly run: WorkflowRun;
  readonly job: WorkflowJob;
  readonly file: WorkflowFile;
  readonly definition: JobDefinition;
  readonly workflowName: string;
  readonly folders: JobFolders;
  /** The GITHUB_TOKEN of the job. */
  readonly token: string;
  /** ACTIONS_RUNTIME_TOKEN, which also asks for OIDC tokens. */
  readonly runtimeToken: string;
  readonly idTokenUrl: string | null;
  readonly secrets: Readonly<Record<string, string>>;
  readonly variables: Readonly<Record<string, string>>;
  /** Results of the jobs that this one needs. */
  readonly needs: ExpressionObject;
};

const RUNNER_NAME = "GitHub Actions 1";

/** GITHUB_*: the part of the `github` context that the runner exports. */
export function githubEnvironment(machine: JobMachine, action: string, files: CommandFiles): Record<string, string> {
  const { context, repository, run, job, folders } = machine;
  const { owner } = repository;
  return {
    GITHUB_ACTION: action,
    GITHUB_ACTIONS: "true",
    GITHUB_ACTOR: run.actor.login,
    GITHUB_ACTOR_ID: String(run.actor.id),
    GITHUB_API_URL: context.url(),
    GITHUB_BASE_REF: "",
    GITHUB_ENV: files.env,
    GITHUB_EVENT_NAME: run.event,
    GITHUB_EVENT_PATH: folders.eventPath,
    GITHUB_GRAPHQL_URL: `${context.url()}/graphql`,
    GITHUB_HEAD_REF: "",
    GITHUB_JOB: job.key,
    GITHUB_OUTPUT: files.output,
    GITHUB_PATH: files.path,
    GITHUB_REF: run.ref,
    GITHUB_REF_NAME: run.headBranch,
    GITHUB_REF_PROTECTED: "false",
    GITHUB_REF_TYPE: run.ref.startsWith("refs/tags/") ? "tag" : "branch",
    GITHUB_REPOSITORY: fullName(repository),
    GITHUB_REPOSITORY_ID: String(repository.id),
    GITHUB_REPOSITORY_OWNER: owner.login,
    GITHUB_REPOSITORY_OWNER_ID: String(owner.id),
    GITHUB_RETENTION_DAYS: "90",
    GITHUB_RUN_ATTEMPT: String(run.attempt),
    GITHUB_RUN_ID: String(run.id),
    GITHUB_RUN_NUMBER: String(run.runNumber),
    GITHUB_SERVER_URL: context.url(),
    GITHUB_SHA: run.headSha,
    GITHUB_STATE: files.state,
    GITHUB_STEP_SUMMARY: files.summary,
    GITHUB_TRIGGERING_ACTOR: run.triggeringActor.login,
    GITHUB_WORKFLOW: machine.workflowName,
    GITHUB_WORKFLOW_REF: workflowRefOf(repository, run),
    GITHUB_WORKFLOW_SHA: run.headSha,
    GITHUB_WORKSPACE: folders.workspace,
  };
}

/** What the machine itself brings: its image's variables and the runner's. */
export function machineEnvironment({ context, folders, job }: JobMachine): Record<string, string> {
  return {
    CI: "true",
    HOME: folders.home,
    LANG: "C.UTF-8",
    PATH: ownEnv["PATH"] ?? "/usr/local/bin:/usr/bin:/bin",
    ...context.options.actions.env,
    RUNNER_ARCH: arch === "arm64" ? "ARM64" : "X64",
    RUNNER_ENVIRONMENT: "github-hosted",
    RUNNER_NAME,
    RUNNER_OS: "Linux",
    RUNNER_TEMP: folders.temp,
    RUNNER_TOOL_CACHE: folders.toolCache,
    RUNNER_TRACKING_ID: `github_${job.id}`,
    RUNNER_WORKSPACE: folders.workspace.slice(0, folders.workspace.lastIndexOf("/")),
  };
}

/** Given to JavaScript actions; `run:` steps get only the part that asks for OIDC tokens. */
export function runtimeEnvironment(
  { context, runtimeToken, idTokenUrl }: JobMachine,
  kind: "action" | "script",
): Record<string, string> {
  const idToken: Record<string, string> =
    idTokenUrl === null
      ? {}
      : { ACTIONS_ID_TOKEN_REQUEST_URL: idTokenUrl, ACTIONS_ID_TOKEN_REQUEST_TOKEN: runtimeToken };
  if (kind === "script") return idToken;
  return {
    ACTIONS_RUNTIME_URL: `${context.url()}/_actions/`,
    ACTIONS_RESULTS_URL: `${context.url()}/_actions/`,
    ACTIONS_RUNTIME_TOKEN: runtimeToken,
    ...idToken,
  };
}

/** INPUT_*: names in upper case with spaces as underscores. */
export function inputEnvironment(inputs: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => [`INPUT_${name.replaceAll(" ", "_").toUpperCase()}`, value]),
  );
}

/** The contexts of `${{ }}` that do not change while the job runs. */
export function expressionContexts(machine: JobMachine): ExpressionObject {
  const { context, repository, run, job, folders, file } = machine;
  return {
    github: {
      action: "",
      actor: run.actor.login,
      actor_id: String(run.actor.id),
      api_url: context.url(),
      event: { inputs: { ...run.inputs }, ref: run.ref },
      event_name: run.event,
      event_path: folders.eventPath,
      graphql_url: `${context.url()}/graphql`,
      job: job.key,
      ref: run.ref,
      ref_name: run.headBranch,
      ref_type: run.ref.startsWith("refs/tags/") ? "tag" : "branch",
      repository: fullName(repository),
      repository_id: String(repository.id),
      repository_owner: repository.owner.login,
      repository_owner_id: String(repository.owner.id),
      run_attempt: String(run.attempt),
      run_id: String(run.id),
      run_number: String(run.runNumber),
      server_url: context.url(),
      sha: run.headSha,
      token: machine.token,
      triggering_actor: run.triggeringActor.login,
      workflow: machine.workflowName,
      workflow_ref: workflowRefOf(repository, run),
      workflow_sha: run.headSha,
      workspace: folders.workspace,
    },
    inputs: inputsContext(file, run),
    needs: machine.needs,
    runner: { name: RUNNER_NAME, os: "Linux", temp: folders.temp, tool_cache: folders.toolCache },
    secrets: { ...machine.secrets, GITHUB_TOKEN: machine.token },
    vars: { ...machine.variables },
  };
}

/** The contexts of `run-name`, `concurrency`, `runs-on` and `timeout-minutes`, where no job exists yet. */
export function earlyContexts(
  file: WorkflowFile,
  repository: Repository,
  run: Pick<WorkflowRun, "inputs" | "ref" | "headBranch" | "actor" | "event" | "runNumber">,
): ExpressionObject {
  return {
    github: {
      actor: run.actor.login,
      event_name: run.event,
      ref: run.ref,
      ref_name: run.headBranch,
      repository: fullName(repository),
      repository_owner: repository.owner.login,
      run_number: String(run.runNumber),
    },
    inputs: inputsContext(file, run),
    vars: valuesOf(repository).variables,
  };
}

/** In `inputs` a boolean is a boolean; in `github.event.inputs` everything is text. */
function inputsContext(file: WorkflowFile, run: Pick<WorkflowRun, "inputs">): ExpressionObject {
  return Object.fromEntries(
    Object.entries(run.inputs).map(([name, value]) => [
      name,
      file.dispatch?.[name]?.type === "boolean" ? value === "true" : value,
    ]),
  );
}
