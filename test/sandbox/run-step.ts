import { join } from "node:path";
import { type ActionManifest } from "./action-manifest.ts";
import { type ExpressionObject, type ExpressionScope, evaluateCondition, interpolate } from "./expression.ts";
import {
  type JobMachine,
  expressionContexts,
  githubEnvironment,
  inputEnvironment,
  machineEnvironment,
  runtimeEnvironment,
} from "./job-environment.ts";
import type { JobLog, StepCommands } from "./job-log.ts";
import { type CommandFiles, makeCommandFiles, readCommandFiles } from "./runner-files.ts";
import type { Conclusion, JobStep } from "./state.ts";
import { GITHUB_CANCEL_GRACE, runStepProcess } from "./step-process.ts";
import type { StepDefinition } from "./workflow-file.ts";

/** What changes while the steps of one job run. */
type JobProgress = {
  failed: boolean;
  cancelled: boolean;
  /** Written by steps to GITHUB_ENV and GITHUB_PATH. */
  env: Record<string, string>;
  path: string[];
  /** The `steps` context. */
  steps: Record<string, ExpressionObject>;
};

export type StepRunner = {
  readonly machine: JobMachine;
  readonly log: JobLog;
  readonly progress: JobProgress;
  readonly processGroups: Set<number>;
  /** Aborted by a cancel or the job's timeout: the step that runs is asked to stop. */
  readonly stop: AbortSignal;
  /** Aborted when the machine is gone: nothing runs any more, not even `always()`. */
  readonly force: AbortSignal;
};

/** One use of a step: an action's pre, main or post script, or a `run:` script. */
export type StepPass = {
  readonly definition: StepDefinition;
  readonly title: string;
  readonly condition: string | undefined;
  /** A JavaScript action and which of its scripts, or null for `run:`. */
  readonly action: { readonly manifest: ActionManifest; readonly script: string; readonly phase: Phase } | null;
  /** STATE_*: shared by the passes of one step. */
  readonly state: Record<string, string>;
};

type Phase = "pre" | "main" | "post";

/** Runs one pass; never throws: what goes wrong is the step's failure and stands in the log. */
export async function runStepPass(runner: StepRunner, pass: StepPass): Promise<Conclusion> {
  const { machine, log, progress } = runner;
  const step = addStep(runner, pass.title);
  const startedBeforeStop = !runner.stop.aborted;
  let conclusion: Conclusion;
  try {
    const due = !runner.force.aborted && evaluateCondition(pass.condition, scopeOf(runner, {}));
    conclusion = due ? await runDueStep(runner, pass) : "skipped";
  } catch (error) {
    log.write(`##[error]${messageOf(error)}`);
    conclusion = "failure";
  }
  // The step that a cancel met is cancelled, even when its process said 0.
  if (conclusion !== "skipped" && startedBeforeStop && runner.stop.aborted) conclusion = "cancelled";
  if (conclusion === "failure" && !pass.definition.continueOnError) progress.failed = true;
  step.status = "completed";
  step.conclusion = conclusion;
  step.completedAt = machine.context.timestamp();
  return conclusion;
}

/** The environment of a step as the process gets it; also what a test's `execute` is shown. */
export async function stepEnvironment(
  runner: StepRunner,
  pass: StepPass,
): Promise<{ env: Record<string, string>; files: CommandFiles }> {
  const { machine, progress } = runner;
  const files = await makeCommandFiles(machine.folders, machine.context.newGuid());
  const written = {
    ...namedEnv(runner, machine.file.env),
    ...namedEnv(runner, machine.definition.env),
    ...progress.env,
  };
  const own = interpolateAll(pass.definition.env, scopeOf(runner, written));
  const scope = scopeOf(runner, { ...written, ...own });
  const base = machineEnvironment(machine);
  const path = [...progress.path.toReversed(), base["PATH"] ?? ""].join(":");
  const env = {
    ...base,
    ...written,
    ...own,
    PATH: path,
    ...githubEnvironment(machine, actionNameOf(pass), files),
    ...runtimeEnvironment(machine, pass.action === null ? "script" : "action"),
    ...(pass.action === null ? {} : inputEnvironment(inputsOf(runner, pass, pass.action.manifest, scope))),
    ...Object.fromEntries(Object.entries(pass.state).map(([name, value]) => [`STATE_${name}`, value])),
  };
  return { env, files };
}

async function runDueStep(runner: StepRunner, pass: StepPass): Promise<Conclusion> {
  const { machine, log, progress } = runner;
  const { env, files } = await stepEnvironment(runner, pass);
  const commands: StepCommands = { outputs: {}, state: pass.state, stoppedBy: null };
  const command = commandOf(runner, pass);
  log.write(`##[group]Run ${pass.definition.uses ?? firstLineOf(pass.definition.run ?? "")}`);
  log.write("##[endgroup]");
  const exitCode = await runStepProcess({
    ...command,
    cwd: machine.folders.workspace,
    env,
    // A step that starts after the cancel, by always(), is not stopped by it again.
    signal: runner.stop.aborted ? runner.force : AbortSignal.any([runner.stop, runner.force]),
    grace: machine.context.options.actions.cancelGrace ?? GITHUB_CANCEL_GRACE,
    onLine: (line) => log.takeOutput(line, commands),
    processGroups: runner.processGroups,
  });
  const results = await readCommandFiles(files);
  progress.env = { ...progress.env, ...results.env };
  progress.path = [...progress.path, ...results.path];
  Object.assign(pass.state, results.state);
  const conclusion: Conclusion = exitCode === 0 ? "success" : "failure";
  if (conclusion === "failure") log.write(`##[error]Process completed with exit code ${exitCode ?? "by a signal"}.`);
  if (pass.definition.id !== undefined && pass.action?.phase !== "post") {
    progress.steps[pass.definition.id] = {
      outputs: { ...commands.outputs, ...results.outputs },
      outcome: conclusion,
      conclusion: pass.definition.continueOnError ? "success" : conclusion,
    };
  }
  return conclusion;
}

function commandOf(runner: StepRunner, pass: StepPass): { file: string; args: string[] } {
  const { machine } = runner;
  if (pass.action !== null) {
    const { manifest, script } = pass.action;
    return { file: machine.context.options.actions.node, args: [join(manifest.folder, script)] };
  }
  const script = interpolate(pass.definition.run ?? "", scopeOf(runner, runner.progress.env));
  return { file: "bash", args: ["--noprofile", "--norc", "-eo", "pipefail", "-c", script] };
}

function inputsOf(
  runner: StepRunner,
  pass: StepPass,
  manifest: ActionManifest,
  scope: ExpressionScope,
): Record<string, string> {
  const known = Object.keys(manifest.inputDefaults).map((name) => name.toLowerCase());
  const unexpected = Object.keys(pass.definition.with).filter((name) => !known.includes(name.toLowerCase()));
  if (unexpected.length > 0 && pass.action?.phase === "main") {
    const valid = Object.keys(manifest.inputDefaults).map((name) => `'${name}'`);
    const names = unexpected.map((name) => `'${name}'`).join(", ");
    runner.log.write(`##[warning]Unexpected input(s) ${names}, valid inputs are [${valid.join(", ")}]`);
  }
  const given = new Map(Object.entries(pass.definition.with).map(([name, value]) => [name.toLowerCase(), value]));
  const defaults = Object.entries(manifest.inputDefaults).filter(([name]) => !given.has(name.toLowerCase()));
  return interpolateAll({ ...Object.fromEntries(defaults), ...Object.fromEntries(given) }, scope);
}

function scopeOf({ machine, progress }: StepRunner, env: Readonly<Record<string, string>>): ExpressionScope {
  const job = { failed: progress.failed, cancelled: progress.cancelled };
  const status = job.cancelled ? "cancelled" : job.failed ? "failure" : "success";
  return {
    contexts: { ...expressionContexts(machine), env, steps: progress.steps, job: { status } },
    job,
  };
}

function namedEnv(runner: StepRunner, env: Readonly<Record<string, string>>): Record<string, string> {
  return interpolateAll(env, scopeOf(runner, {}));
}

function interpolateAll(values: Readonly<Record<string, string>>, scope: ExpressionScope): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, interpolate(value, scope)]));
}

function addStep({ machine }: StepRunner, title: string): JobStep {
  const step: JobStep = {
    number: machine.job.steps.length + 1,
    name: title,
    status: "in_progress",
    conclusion: null,
    startedAt: machine.context.timestamp(),
    completedAt: null,
  };
  machine.job.steps.push(step);
  return step;
}

/** The id of the step, or as the runner names a step without one: "__owner_repo", "__run". */
function actionNameOf({ definition }: StepPass): string {
  const action = definition.uses?.split("@")[0]?.replaceAll(/[^A-Za-z0-9-]/g, "_");
  return definition.id ?? (action === undefined ? "__run" : `__${action}`);
}

function firstLineOf(text: string): string {
  return text.trim().split("\n")[0] ?? "";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
