import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type ActionManifest, readActionManifest } from "./action-manifest.ts";
import { type LiveRun, actionsRuntimeOf, runtimeTokenOf } from "./actions-runtime.ts";
import type { ExpressionObject } from "./expression.ts";
import type { JobMachine } from "./job-environment.ts";
import { createJobLog } from "./job-log.ts";
import { idTokenRequestUrl } from "./oidc.ts";
import { repositoryJson, userJson } from "./payloads.ts";
import { type StepPass, type StepRunner, runStepPass, stepEnvironment } from "./run-step.ts";
import { type JobFolders, makeJobFolders } from "./runner-files.ts";
import type { Account, Conclusion, Repository, SandboxContext, WorkflowJob, WorkflowRun } from "./state.ts";
import type { JobDefinition, StepDefinition, WorkflowFile } from "./workflow-file.ts";

export type JobToRun = {
  readonly live: LiveRun;
  readonly job: WorkflowJob;
  readonly file: WorkflowFile;
  readonly definition: JobDefinition;
  readonly workflowName: string;
  /** As they were when the run was queued: GitHub reads them then. Only those that the job's text reaches. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly variables: Readonly<Record<string, string>>;
  readonly needs: ExpressionObject;
};

const JOB_TOKEN_BYTES = 27;
/** After a cancel, steps with always() get this long before GitHub ends the machine. */
const CANCEL_LIMIT_MS = 300_000;

/** Runs one job on a fresh machine (a folder) as an Actions runner does; resolves when its last step is over. */
export async function runJob(context: SandboxContext, work: JobToRun): Promise<Conclusion> {
  const { live, job, definition } = work;
  const { repository, run } = live;
  const log = createJobLog(context, repository, run, job);
  const timeout = new AbortController();
  const stop = AbortSignal.any([...(run.cancel === null ? [] : [run.cancel.signal]), timeout.signal]);
  const machine = await bootMachine(context, work);
  const timers = [setTimeout(() => timeout.abort(), definition.timeoutMinutes * 60_000)];
  const onStop = (): void => {
    if (timeout.signal.aborted) {
      log.write(`##[error]The job has exceeded the maximum execution time of ${definition.timeoutMinutes}m0s`);
    }
    log.write("##[error]The operation was canceled.");
    timers.push(setTimeout(() => live.force.abort(), CANCEL_LIMIT_MS));
  };
  stop.addEventListener("abort", onStop, { once: true });
  const progress = { failed: false, cancelled: false, env: {}, path: [], steps: {} };
  const runner: StepRunner = {
    machine,
    log,
    progress,
    processGroups: live.processGroups,
    stop,
    force: live.force.signal,
  };
  try {
    for (const secret of [...Object.values(work.secrets), machine.token, machine.runtimeToken]) log.mask(secret);
    log.write("Current runner version: 'sandbox'");
    const conclusion = await runSteps(runner, work, live);
    if (live.lost !== null) {
      log.write(
        "##[error]The hosted runner lost communication with the server. Anything in your workflow that terminates " +
          "the runner process, starves it for CPU/Memory, or blocks its network access can cause this error.",
      );
    }
    return conclusion;
  } finally {
    for (const timer of timers) clearTimeout(timer);
    stop.removeEventListener("abort", onStop);
    context.state.tokens.delete(machine.token);
    actionsRuntimeOf(context).identities.delete(machine.runtimeToken);
    actionsRuntimeOf(context).uploaders.delete(machine.runtimeToken);
    await writeFile(join(machine.folders.root, "job.log"), job.log);
  }
}

async function runSteps(runner: StepRunner, work: JobToRun, live: LiveRun): Promise<Conclusion> {
  const { machine, log, progress, stop } = runner;
  const { context } = machine;
  const { execute } = context.options.actions;
  const noticeStop = (): void => {
    progress.cancelled = true;
  };
  stop.addEventListener("abort", noticeStop, { once: true });
  if (stop.aborted) noticeStop();

  if (execute === undefined) await runEachStep(runner, work.definition.steps);
  else {
    const pass = await passToShow(runner, work.definition.steps);
    const { env } = await stepEnvironment(runner, pass);
    const { repository, run, job } = machine;
    const signal = AbortSignal.any([stop, runner.force]);
    const result = await execute({
      repository,
      run,
      job,
      inputs: run.inputs,
      env,
      signal,
      log: (line) => log.write(line),
    });
    if (live.lost === null && !progress.cancelled) return result.conclusion;
  }
  if (live.lost === "silent" && !progress.cancelled) {
    // The machine is gone, but GitHub does not know yet.
    await settled(AbortSignal.any([live.lossNoticed.signal, stop]));
  }
  if (progress.cancelled) return "cancelled";
  return progress.failed || live.lost !== null ? "failure" : "success";
}

async function runEachStep(runner: StepRunner, definitions: readonly StepDefinition[]): Promise<void> {
  const prepared: { definition: StepDefinition; manifest: ActionManifest | null; state: Record<string, string> }[] = [];
  try {
    // All actions are fetched before the first step runs, so that a wrong one fails the job at once.
    for (const definition of definitions) {
      prepared.push({ definition, manifest: await manifestOf(runner, definition), state: {} });
    }
  } catch (error) {
    runner.log.write(`##[error]${error instanceof Error ? error.message : String(error)}`);
    runner.progress.failed = true;
    return;
  }
  const posts: StepPass[] = [];
  for (const { definition, manifest, state } of prepared) {
    if (manifest?.pre === undefined) continue;
    const action = { manifest, script: manifest.pre, phase: "pre" } as const;
    const title = `Pre ${titleOf(definition)}`;
    await runStepPass(runner, { definition, title, condition: manifest.preCondition, action, state });
  }
  for (const { definition, manifest, state } of prepared) {
    const action = manifest === null ? null : ({ manifest, script: manifest.main, phase: "main" } as const);
    const title = titleOf(definition);
    const conclusion = await runStepPass(runner, { definition, title, condition: definition.condition, action, state });
    // A step that never ran has nothing to clean up.
    if (manifest?.post === undefined || conclusion === "skipped") continue;
    const post = { manifest, script: manifest.post, phase: "post" } as const;
    posts.unshift({ definition, title: `Post ${title}`, condition: manifest.postCondition, action: post, state });
  }
  for (const pass of posts) await runStepPass(runner, pass);
}

/** What a test's `execute` stands in for: the first step that uses one of the mapped actions. */
async function passToShow(runner: StepRunner, definitions: readonly StepDefinition[]): Promise<StepPass> {
  const { uses } = runner.machine.context.options.actions;
  const [first] = definitions;
  const definition = definitions.find((step) => step.uses !== undefined && step.uses in uses) ?? first;
  if (definition === undefined) throw new Error("a job has at least one step");
  const title = titleOf(definition);
  if (definition.uses === undefined) return { definition, title, condition: undefined, action: null, state: {} };
  const manifest: ActionManifest = await manifestOf(runner, definition).then(
    (found) => found ?? bareManifest(definition),
    // Such a test often maps no action at all: the inputs of the workflow are then all that it sees.
    () => bareManifest(definition),
  );
  const action = { manifest, script: manifest.main, phase: "main" } as const;
  return { definition, title, condition: undefined, action, state: {} };
}

function bareManifest({ with: inputs }: StepDefinition): ActionManifest {
  const inputDefaults = Object.fromEntries(Object.keys(inputs).map((name) => [name, ""]));
  const conditions = { preCondition: "always()", postCondition: "always()" };
  return { folder: "", name: "", inputDefaults, main: "", pre: undefined, post: undefined, ...conditions };
}

async function manifestOf({ machine }: StepRunner, { uses }: StepDefinition): Promise<ActionManifest | null> {
  if (uses === undefined) return null;
  if (uses.startsWith("./")) return readActionManifest(join(machine.folders.workspace, uses));
  const folder = machine.context.options.actions.uses[uses];
  if (folder === undefined) {
    const known = Object.keys(machine.context.options.actions.uses).join(", ") || "none";
    throw new Error(`Unable to resolve action \`${uses}\`, repository not found (the sandbox maps: ${known})`);
  }
  return readActionManifest(folder);
}

async function bootMachine(context: SandboxContext, work: JobToRun): Promise<JobMachine> {
  const { live, job, definition } = work;
  const { repository, run } = live;
  const root = join(context.options.actions.tempDir, `run-${run.id}-${run.attempt}-${job.key}`);
  const folders: JobFolders = await makeJobFolders(root, repository.name, dispatchEvent(context, repository, run));
  const runtime = actionsRuntimeOf(context);
  const runtimeToken = runtimeTokenOf(run, job, randomBytes(JOB_TOKEN_BYTES).toString("base64url"));
  runtime.uploaders.set(runtimeToken, { repository, run, job });
  if (definition.permissions.idToken) {
    const { environment } = definition;
    runtime.identities.set(runtimeToken, { repository, run, job, workflowName: work.workflowName, environment });
  }
  return {
    context,
    repository,
    run,
    job,
    file: work.file,
    definition,
    workflowName: work.workflowName,
    folders,
    token: issueJobToken(context, repository, definition),
    runtimeToken,
    idTokenUrl: definition.permissions.idToken ? idTokenRequestUrl(context, job.id) : null,
    secrets: work.secrets,
    variables: work.variables,
    needs: work.needs,
  };
}

/** The job's GITHUB_TOKEN, with what the workflow's `permissions` leave of it; revoked when the job ends. */
function issueJobToken(context: SandboxContext, repository: Repository, definition: JobDefinition): string {
  const token = `ghs_${randomBytes(JOB_TOKEN_BYTES).toString("base64url").replaceAll("-", "_")}`;
  context.state.tokens.set(token, {
    token,
    kind: "job",
    account: actionsBot(context),
    installationId: null,
    repositoryIds: new Set([repository.id]),
    permissions: { metadata: "read", ...definition.permissions.token },
    expiresAt: null,
  });
  return token;
}

function actionsBot(context: SandboxContext): Account {
  const account = context.state.accounts.get("github-actions[bot]");
  if (account === undefined) throw new Error("issuing a job token: the sandbox has no github-actions[bot]");
  return account;
}

/** The file behind GITHUB_EVENT_PATH. */
function dispatchEvent(context: SandboxContext, repository: Repository, run: WorkflowRun): unknown {
  return {
    inputs: run.inputs,
    ref: run.ref,
    repository: repositoryJson(context, repository),
    sender: userJson(context, run.actor),
    workflow: run.workflowPath,
  };
}

function titleOf({ name, uses, run }: StepDefinition): string {
  return name ?? `Run ${uses ?? (run ?? "").trim().split("\n")[0] ?? ""}`;
}

function settled(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
