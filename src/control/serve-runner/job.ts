import { tightest } from "../../core/network.ts";
import { permissionsIn } from "../../core/permission.ts";
import { verifierRole, type Phase, type Playbook } from "../../core/playbook.ts";
import { serviceNamesOf, serviceValuesOf, withNamesHere } from "../../core/services.ts";
import { limitsOf, mcpServersFor, type TaskSettings } from "../../core/settings.ts";
import {
  branchOf,
  currentPhaseOf,
  grantsOf,
  type ExistingTask,
  type LiveRun,
  type PhaseProgress,
} from "../../core/state.ts";
import { limits, type Job } from "../../protocol/runner.ts";
import { baseOf } from "../base-branch.ts";
import { budgetLeft } from "../budget.ts";
import { installationOf } from "../installation.ts";
import { definedIn, playbookOf } from "../phase-definition.ts";
import { FrozenText } from "../stored-messages.ts";
import { answersOf, conversationFor, decisionSpoken, feedbackFor, questionRoundsOf } from "./job-words.ts";
import { unknownRun, type ServingRunner } from "./session.ts";

/** Figures of Q11 that a run goes by. */
const runLimits = {
  moreRoundsMax: 2,
  noOutputMinutes: 6,
  heartbeatSeconds: 30,
  sliceMinutes: 50,
} as const;

/** Of a run's purse for its verifier: the work goes first. */
const verifierShare = 0.2;

const verifierUsdMax = 0.5;

const verifierMinutes = 10;

const testMinutes = 10;

/** After as many failures in a row with the same findings the agent is told to go about it another way. */
const sameFindingsMin = 2;

export async function jobOf(serving: ServingRunner, task: ExistingTask, run: LiveRun, baseSha: string): Promise<Job> {
  const progress = currentPhaseOf(task);
  if (progress === null || task.prompt === null) throw unknownRun(run.runId);
  const playbook = await playbookOf(serving, task);
  const phase = afterFailure(definedIn(playbook, task, progress.phase), progress);
  const frozen = await serving.store.readText(task.prompt.hash);
  if (frozen === null) throw new Error(`reading the frozen text of task ${task.taskId}: not stored`);
  const head = await serving.github.headOf(task.repository, branchOf(task, progress.phase));
  const { leftUsd: budgetUsd } = await budgetLeft(serving, task, "started");
  const headSha = head ?? (await baseOf(serving, task)).headSha;
  const { settings } = task;
  const model = settings.model ?? serving.model;
  const network = networkOf(serving, task, phase);
  return {
    runId: run.runId,
    taskId: task.taskId,
    attempt: run.attempt,
    repository: { owner: task.repository.owner, name: task.repository.name },
    issueNumber: task.issue.number,
    phase: mutablePhase(phase),
    stepsToDo: progress.steps.filter((step) => !step.completed).map((step) => step.slug),
    headSha,
    baseSha,
    prompt: FrozenText.parse(JSON.parse(frozen)),
    findings: [...run.findings],
    feedback: await feedbackFor(serving, progress),
    answers: answersOf(task),
    questionRounds: questionRoundsOf(task, progress.phase),
    dependencies: dependenciesOf(task, progress.phase),
    checkpoint: await checkpointFor(serving, task, progress.phase),
    prices: [...serving.prices],
    model,
    conversation: await conversationFor(serving, progress),
    guides: guidesOf(playbook, phase, settings),
    ...servicesOf(settings),
    ...serversOf(serving, task),
    ...permissionsOf(task, progress.phase),
    maxTokens: settings.maxTokens,
    ...(network === undefined ? {} : { network }),
    roles: rolesOf(playbook, phase, model, settings.models),
    language: task.input.language ?? settings.language ?? serving.language,
    budgetUsd,
    verification: {
      budgetUsd: Math.min(verifierUsdMax, verifierShare * budgetUsd),
      minutes: verifierMinutes,
      testMinutes,
    },
    isRepeated: progress.sameFindings >= sameFindingsMin,
    decisions: progress.decisions.list.map(decisionSpoken).slice(0, limits.decisionsMax),
    merge: await mergeOf(serving, task, progress, headSha),
    limits: { ...runLimits, stepMinutes: limitsOf(settings, installationOf(serving)).stepMinutes },
  };
}

/** The tightest of what the playbook, the repository and the operator say; undefined where the network is open. */
export function networkOf(serving: ServingRunner, task: ExistingTask, phase: Phase): Job["network"] | undefined {
  const access = tightest(phase.network, task.settings.network, serving.network);
  if (access === "open") return undefined;
  const servers = mcpServersFor(task.settings, task.playbook.name, serving.mcpHosts);
  return { access, hosts: servers.map(({ url }) => new URL(url).host) };
}

/** With the head as it is now: people may have pushed to it, or have merged the base by hand. */
async function mergeOf(
  { github }: ServingRunner,
  { repository }: ExistingTask,
  { merging }: PhaseProgress,
  headSha: string,
): Promise<Job["merge"]> {
  if (merging === null) return null;
  const { baseSha } = merging;
  const mergeBaseSha = await github.mergeBaseOf(repository, { headSha, baseSha });
  return mergeBaseSha === null || mergeBaseSha === baseSha ? null : { baseSha, mergeBaseSha };
}

function dependenciesOf(task: ExistingTask, phase: number): Job["dependencies"] {
  const slots = new Map(grantsOf(task).map(({ slot, dependency }) => [dependency.name, slot]));
  return task.dependencies.map(({ name, askedAs, type, state, steps }) => ({
    name,
    askedAs,
    type,
    state,
    steps: steps.filter((each) => each.phase === phase).map(({ step }) => step),
    slot: slots.get(name) ?? null,
  }));
}

/** Only of the same phase, since each phase has a conversation of its own. */
async function checkpointFor(
  { store, seal, log }: ServingRunner,
  { taskId }: ExistingTask,
  phase: number,
): Promise<Job["checkpoint"]> {
  const stored = await store.readCheckpoint(taskId);
  if (stored === null || stored.phase !== phase) return null;
  if (seal.knows(stored.keyId)) return { checkpointId: stored.checkpointId };
  log.warn(
    { taskId, keyId: stored.keyId },
    "the checkpoint's key is not among CHECKPOINT_KEYS: the phase goes on from its branch",
  );
  return null;
}

/** Guides of services speak of names as they are in this repository. */
function guidesOf({ common, integrations }: Playbook, { name }: Phase, settings: TaskSettings): Job["guides"] {
  const names = serviceNamesOf(settings);
  return {
    common,
    integrations: integrations
      .filter(({ phases }) => phases === null || phases.includes(name))
      .map(({ secrets, guide, phases: _phases, ...each }) => ({
        ...each,
        secrets: secrets.map((secret) => withNamesHere(secret, names)),
        guide: withNamesHere(guide, names),
      })),
  };
}

function serversOf({ mcpHosts }: ServingRunner, { settings, playbook }: ExistingTask): Pick<Job, "mcpServers"> {
  const servers = mcpServersFor(settings, playbook.name, mcpHosts);
  if (servers.length === 0) return {};
  return { mcpServers: servers.map(({ name, url, tokenSecret }) => ({ name, url, tokenSecret })) };
}

/** What was asked for in a phase stays in force in it, also where the settings change meanwhile. */
function permissionsOf({ settings, questions }: ExistingTask, phase: number): Pick<Job, "permissions"> {
  const hasAsked = questions.some(({ permission, phase: of }) => permission !== null && of === phase);
  return settings.autoAccept && !hasAsked ? {} : { permissions: [...permissionsIn(questions, phase)] };
}

function servicesOf(settings: TaskSettings): Pick<Job, "services"> {
  const [names, values] = [serviceNamesOf(settings), serviceValuesOf(settings)];
  return names.length === 0 && values.length === 0 ? {} : { services: { names: [...names], values: [...values] } };
}

/** Where an attempt of the agent failed, somebody else goes about it. */
function afterFailure(phase: Phase, { failedAttempts }: PhaseProgress): Phase {
  const { afterFailure: role, steps } = phase;
  return role === null || failedAttempts === 0 ? phase : { ...phase, steps: steps.map((step) => ({ ...step, role })) };
}

/** Those whom the phase names, and whoever judges it. What the settings say of a role goes before what its file says. */
function rolesOf(
  { roles }: Playbook,
  { reviewers, steps }: Phase,
  model: string,
  models: TaskSettings["models"],
): Job["roles"] {
  const named = new Set([verifierRole, ...reviewers, ...steps.map(({ role }) => role)]);
  return roles
    .filter(({ name }) => named.has(name))
    .map(({ name, tools, prompt, ...role }) => ({
      name,
      model: models[name] ?? (role.model === "inherit" ? model : role.model),
      tools: [...tools],
      prompt,
    }));
}

function mutablePhase({ network: _network, ...phase }: Phase): Job["phase"] {
  return {
    ...phase,
    reviewers: [...phase.reviewers],
    allowedPaths: [...phase.allowedPaths],
    criteria: [...phase.criteria],
    steps: phase.steps.map((step) => ({
      ...step,
      outputs: [...step.outputs],
      sections: [...step.sections],
      allowedPaths: [...step.allowedPaths],
      tools: [...step.tools],
    })),
  };
}
