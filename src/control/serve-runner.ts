import { createHash, randomBytes } from "node:crypto";
import type { Policy } from "../core/decide.ts";
import { changesetIdOf, runIdFrom, type RunId, type TaskId } from "../core/ids.ts";
import { serviceNamesOf, serviceValuesOf, withNamesHere } from "../core/services.ts";
import { limitsOf, mcpServersFor, type TaskSettings } from "../core/settings.ts";
import {
  branchOf,
  currentPhaseOf,
  grantsOf,
  liveRunOf,
  outlineOfPhase,
  unansweredOf,
  undeliveredAnswersOf,
  type Decision,
  type ExistingTask,
  type LiveRun,
  type PhaseProgress,
} from "../core/state.ts";
import { unsettledOf } from "../core/conversation.ts";
import { placeValuesOf } from "../core/place-values.ts";
import { tightest } from "../core/network.ts";
import { permissionsIn } from "../core/permission.ts";
import { verifierRole, type Phase, type Playbook } from "../core/playbook.ts";
import type { Finding } from "../core/report.ts";
import { redactTokens } from "../core/redact.ts";
import { redactValue } from "../core/redact-json.ts";
import { nothingSpent } from "../core/usage.ts";
import type { Checkpoint } from "../protocol/checkpoint.ts";
import {
  limits,
  protocolVersion,
  protocolVersionsServed,
  type EventsAnswer,
  type EventsRequest,
  type Acknowledgement,
  type Job,
  LiveEvent,
  type OutcomeRequest,
  type PersonAnswer,
  type PriceOverride,
  type RunnerError,
  type RunnerRequest,
  type SessionAnswer,
  type SessionAnswerOfVersion4,
  type SessionRequest,
  type StepRequest,
} from "../protocol/runner.ts";
import { baseOf } from "./base-branch.ts";
import { budgetLeft, limitInForce } from "./budget.ts";
import { storedChangesetFrom } from "./changeset.ts";
import type { CheckpointSeal } from "./checkpoints.ts";
import { handleCommand, queueStatus } from "./handle-command.ts";
import { readWords } from "./gate-feedback.ts";
import { installationOf, type Installed } from "./installation.ts";
import { noteSecurity } from "./note-security.ts";
import type { Performing } from "./performing.ts";
import { definedIn, playbookOf } from "./phase-definition.ts";
import { newSealKey, sealKeyOf } from "./run-seal.ts";
import type { Seal } from "./seal.ts";
import { FrozenText, StoredOutcome, StoredRequest, StoredStep } from "./stored-messages.ts";
import { RetryLater } from "./ports/retry-later.ts";
import type { RunnerIdentity, VerifyRunner } from "./ports/runner-identity.ts";
import type { RunSession } from "./ports/store.ts";
import type { LiveStatus } from "./ports/task-view.ts";
import { readTask } from "./read-task.ts";

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

/** Between two looks of people at what a run does (Q11). */
const liveStatusMs = 30_000;
const recentActionsMax = 5;
const actionCharactersMax = 300;

/** Lines of one run's log that are kept; a run of an hour writes some thousands. */
const runLogEventsMax = 50_000;
const messageCharactersMax = 2_000;

/** How long a run that has ended may still deliver its last events. */
const lastWordsMs = 10 * 60_000;

/** Of a conversation, what is told again to an agent that has lost it. */
const earlierMax = 20;

/** Conversations, plans of a task, and products in a folder of their own. */
const phasesSinceProtocol = 5;

const workflowPath = ".github/workflows/phasegate.yml";

export interface ServingRunner extends Performing, Installed {
  readonly policy: Policy;
  readonly verifyRunner: VerifyRunner;
  /** Where people see GitHub, e.g. `https://github.com`. */
  readonly webUrl: string;
  readonly seal: CheckpointSeal;
  readonly appSeal: Seal;
  readonly prices: readonly PriceOverride[];
  /** Of MCP servers that agents may reach. */
  readonly mcpHosts: readonly string[];
  /** When the status comment of a task last followed its run; for this process alone, since it only saves writes. */
  readonly liveShownAt: Map<TaskId, number>;
  /** Wakes the engine, since something was stored. */
  readonly wake: () => void;
}

/** A refusal that the runner prints into its job's log. */
export class RunnerRefused extends Error {
  override name = "RunnerRefused";
  readonly code: RunnerError["error"];

  constructor(code: RunnerError["error"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * Gives a job to the runner that proves to be the one that was dispatched.
 * Bound to ids and the workflow file, never to `sub`, whose form the owner of a repository can change.
 * `protocol` in the answer is the version that the runner speaks: `inVersionSpoken` puts the answer into its words.
 */
export async function openSession(serving: ServingRunner, request: SessionRequest): Promise<SessionAnswer> {
  if (!protocolVersionsServed.includes(request.protocol)) {
    throw new RunnerRefused(
      "unsupported-protocol",
      `the action speaks protocol ${request.protocol}, this app serves ${protocolVersionsServed.join(" and ")}: ` +
        "set the `uses:` line of .github/workflows/phasegate.yml to the app's ACTION_REF",
    );
  }
  const identity = await identify(serving, request.oidcToken);
  const runId = runIdFrom(request.runId);
  const taskId = await serving.store.taskOfRun(runId);
  const task = taskId === null ? null : await readTask(serving.store, taskId);
  if (taskId === null || task === null || task.status === "absent") throw unknownRun(runId);
  const base = await serving.github.defaultBranchOf(task.repository);
  const fault = otherJobFault(task, identity, base.name);
  if (fault !== null) {
    await note(serving, taskId, { runId, kind: "identity-refused", example: identity.workflowRef });
    throw new RunnerRefused("identity-refused", fault);
  }
  await refuseUnderLimit(serving, task, runId, request.account);
  await refuseOldPhase(serving, task, runId, request.protocol);
  if (request.limitsNetwork !== true) await refuseOpenNetwork(serving, task, runId);
  if (!(await serving.store.rememberTokenId(identity.tokenId, identity.expiresAt))) {
    await note(serving, taskId, { runId, kind: "identity-refused", example: "an identity token for the second time" });
    throw new RunnerRefused("identity-refused", "this identity token was used before");
  }
  const { token, session } = newSession(serving, runId, task);
  const opened = await handleCommand(serving, taskId, {
    type: "OpenSession",
    runId,
    workflowRunId: identity.workflowRunId,
    url: `${serving.webUrl}/${task.repository.owner}/${task.repository.name}/actions/runs/${identity.workflowRunId}`,
    account: request.account,
  });
  const state = opened.state;
  const run = state.status === "absent" ? null : liveRunOf(state);
  if (state.status === "absent" || run === null || run.runId !== runId) throw unknownRun(runId);
  if (opened.kind === "refused" && !(await answerWasLost(serving, run, identity))) {
    await note(serving, taskId, { runId, kind: "identity-refused", example: "a second job for the same run" });
    throw new RunnerRefused(
      "already-started",
      `run ${runId} has a runner already; re-run a task with /run on its issue`,
    );
  }
  const job = await jobOf(serving, state, run, base.headSha);
  // One token a run: what was given out before is void.
  await serving.store.closeRunSession(runId, session.openedAt);
  await serving.store.saveRunSession(session);
  // What is shown of the run before would pass for this one's.
  await serving.store.updateLive(taskId, emptyLive(session.openedAt));
  serving.wake();
  // The runner does not wait for a comment of ours.
  if (request.protocol < protocolVersion) void noteOutdatedAction(serving, taskId, request.protocol);
  return { protocol: request.protocol, runToken: token, sealKey: sealKeyOf(serving.appSeal, session), job };
}

/** As a runner of that version understands it (Q32). */
export function inVersionSpoken(answer: SessionAnswer): SessionAnswer | SessionAnswerOfVersion4 {
  if (answer.protocol >= protocolVersion) return answer;
  const {
    guides: _guides,
    maxTokens: _maxTokens,
    roles: _roles,
    questionRounds: _rounds,
    conversation: _conversation,
    ...job
  } = answer.job;
  const { mode: _mode, plans: _plans, root: _root, reviewers: _reviewers, afterFailure: _after, ...phase } = job.phase;
  const steps = phase.steps.map(({ source: _source, role: _role, questionRoundsMax: _max, ...step }) => step);
  const criteria = phase.criteria.filter((criterion) => criterion.kind === "judged" || isOfVersion4(criterion.check));
  const findings = job.findings.map((finding) => ({ ...finding, check: checkOfVersion4(finding.check) }));
  return { ...answer, job: { ...job, findings, phase: { ...phase, steps, criteria } } };
}

const checksOfVersion4: readonly string[] = [
  "outputs-exist",
  "long-enough",
  "sections-present",
  "no-placeholder",
  "env-ignored",
  "no-secrets",
  "tests-exist",
  "paths-allowed",
  "links-resolve",
  "code-exists",
  "ids-known",
  "ids-cited",
  "tests-pass",
];

function isOfVersion4(check: Finding["check"]): boolean {
  return check.startsWith("judged:") || checksOfVersion4.includes(check);
}

/** Its name only says where to look: what is to be mended stands in the message. */
function checkOfVersion4(check: Finding["check"]): Finding["check"] {
  return isOfVersion4(check) ? check : "outputs-exist";
}

/** Says on the issue, once a task, that the action should be updated. Never throws: the run goes on all the same. */
export async function noteOutdatedAction(serving: ServingRunner, taskId: TaskId, spoken: number): Promise<void> {
  try {
    const task = await readTask(serving.store, taskId);
    if (task.status === "absent") return;
    const key = hashOf(`action-outdated:${taskId}`).slice(0, 16);
    const notice = { kind: "action-outdated", spoken, current: protocolVersion } as const;
    await serving.github.notify(task.repository, task.issue.number, key, notice, task);
  } catch (error) {
    serving.log.warn({ taskId, err: error }, "telling that the action is outdated");
  }
}

async function identify(serving: ServingRunner, oidcToken: string): Promise<RunnerIdentity> {
  try {
    return await serving.verifyRunner(oidcToken);
  } catch (cause) {
    if (cause instanceof RetryLater) throw new RunnerRefused("unavailable", `${cause.message}; try again`, { cause });
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new RunnerRefused("identity-refused", `the identity token was refused: ${why}`, { cause });
  }
}

/** Whoever is refused is refused, also where nobody can write it down. */
async function note(
  serving: ServingRunner,
  taskId: TaskId,
  refused: Parameters<typeof noteSecurity>[2],
): Promise<void> {
  try {
    await noteSecurity(serving, taskId, refused);
  } catch (error) {
    serving.log.warn({ taskId, kind: refused.kind, err: error }, "noting what was refused");
  }
}

/** A message that is none of this run: refused, and noted. */
async function notOfRun(serving: ServingRunner, { taskId, runId }: RunSession, fault: string): Promise<RunnerRefused> {
  await note(serving, taskId, { runId, kind: "message-refused", example: fault });
  return new RunnerRefused("bad-request", fault);
}

/** Why a job is not the one that was dispatched; null where it is. */
function otherJobFault(task: ExistingTask, identity: RunnerIdentity, defaultBranch: string): string | null {
  const { repository } = task;
  // On the default branch alone: on any other, the file may be one that nobody reviewed. The repository is bound by its
  // id, since its name in the reference is the one of today, and ours may be the one before a rename.
  const [, , ...file] = identity.workflowRef.split("/");
  const expected = file.join("/") === `${workflowPath}@refs/heads/${defaultBranch}`;
  const faults = [
    identity.repositoryId === repository.repositoryId ? null : "another repository",
    identity.eventName === "workflow_dispatch" ? null : `the event ${identity.eventName}`,
    identity.runAttempt === 1 ? null : "a re-run by hand (use /run on the issue instead)",
    expected ? null : `the workflow ${identity.workflowRef}`,
  ].filter((fault) => fault !== null);
  return faults.length === 0 ? null : `the job comes from ${faults.join(" and ")}`;
}

/** Before the run counts as begun: all that it could do is be refused by the provider. */
async function refuseUnderLimit(
  serving: ServingRunner,
  task: ExistingTask,
  runId: RunId,
  account: string | null,
): Promise<void> {
  const run = liveRunOf(task);
  if (run?.runId !== runId || run.started) return;
  const limit = await limitInForce(serving, account);
  // Of which nobody knows when it ends, a run finds out.
  if (limit === null || limit.resetsAt === null) return;
  const { resetsAt, message } = limit;
  await handleCommand(serving, task.taskId, { type: "PauseTask", reason: { kind: "rate-limited", resetsAt, message } });
  serving.wake();
  throw new RunnerRefused(
    "unknown-run",
    `the model account has reached a limit that lasts until ${resetsAt}; the task goes on by itself after that`,
  );
}

/** It would do the steps of a conversation once, and write the plan of a task for nobody. */
async function refuseOldPhase(
  serving: ServingRunner,
  task: ExistingTask,
  runId: RunId,
  protocol: number,
): Promise<void> {
  const progress = currentPhaseOf(task);
  const run = liveRunOf(task);
  if (progress === null || protocol >= phasesSinceProtocol || run?.runId !== runId || run.started) return;
  const { mode, plans, title } = outlineOfPhase(task, progress.phase);
  const isPlain = mode === "steps" && plans === null && task.planned.length === 0;
  if (isPlain && placeValuesOf(task).root === "") return;
  const message =
    `the action is too old for the phase ${title} of this task: set the uses: line of ${workflowPath} to the app's ` +
    `ACTION_REF, then /run`;
  await handleCommand(serving, task.taskId, { type: "PauseTask", reason: { kind: "dispatch-refused", message } });
  serving.wake();
  throw new RunnerRefused("unsupported-protocol", message);
}

/** An action that does not know of networks would leave one open that is to be closed. */
async function refuseOpenNetwork(serving: ServingRunner, task: ExistingTask, runId: RunId): Promise<void> {
  const progress = currentPhaseOf(task);
  const run = liveRunOf(task);
  if (progress === null || run?.runId !== runId || run.started) return;
  const phase = definedIn(await playbookOf(serving, task), task, progress.phase);
  const network = networkOf(serving, task, phase);
  if (network === undefined) return;
  const message =
    `the action is too old to keep the network of this phase at "${network.access}": set the uses: line of ` +
    `${workflowPath} to the app's ACTION_REF, then /run`;
  await handleCommand(serving, task.taskId, { type: "PauseTask", reason: { kind: "dispatch-refused", message } });
  serving.wake();
  throw new RunnerRefused("unsupported-protocol", message);
}

/** The tightest of what the playbook, the repository and the operator say; undefined where the network is open. */
function networkOf(serving: ServingRunner, task: ExistingTask, phase: Phase): Job["network"] | undefined {
  const access = tightest(phase.network, task.settings.network, serving.network);
  if (access === "open") return undefined;
  const servers = mcpServersFor(task.settings, task.playbook.name, serving.mcpHosts);
  return { access, hosts: servers.map(({ url }) => new URL(url).host) };
}

/** The same job asks again and nobody has used the first token: the answer did not arrive. */
async function answerWasLost({ store }: ServingRunner, run: LiveRun, identity: RunnerIdentity): Promise<boolean> {
  if (run.dispatched?.workflowRunId !== identity.workflowRunId) return false;
  const first = await store.runSessionOf(run.runId);
  return first === null || first.lastHeardAt === first.openedAt;
}

function newSession(serving: ServingRunner, runId: RunId, task: ExistingTask): { token: string; session: RunSession } {
  const token = randomBytes(32).toString("base64url");
  const at = serving.clock.now().toISOString();
  return {
    token,
    session: {
      runId,
      taskId: task.taskId,
      tokenHash: hashOf(token),
      sealKey: newSealKey(serving.appSeal),
      openedAt: at,
      lastHeardAt: at,
      closedAt: null,
    },
  };
}

async function jobOf(serving: ServingRunner, task: ExistingTask, run: LiveRun, baseSha: string): Promise<Job> {
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

/** What people said and no completed step has heard, but for what the conversation was told; of very many the newest. */
function answersOf(task: ExistingTask, told: StepRequest["told"] = []): PersonAnswer[] {
  const said = undeliveredAnswersOf(task).flatMap(({ number, requestId, index, question, answer }) => {
    if (answer === null || told.some((each) => each.number === number && each.at === answer.at)) return [];
    const { by, at } = answer;
    const text = cut(answer.text, limits.personAnswerCharactersMax);
    return [{ number, requestId, index, question: cut(question, limits.questionCharactersMax), text, by, at }];
  });
  return said.toSorted((one, other) => Date.parse(one.at) - Date.parse(other.at)).slice(-limits.answersMax);
}

function cut(text: string, charactersMax: number): string {
  return text.slice(0, charactersMax).toWellFormed();
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

/** What the running rework was given and nobody has answered, at steps that are still to be done. */
async function feedbackFor({ store }: ServingRunner, phase: PhaseProgress): Promise<Job["feedback"]> {
  if (phase.rework === null) return [];
  const json = await store.readText(phase.rework.textHash);
  if (json === null) throw new Error(`reading the feedback ${phase.rework.textHash}: not stored`);
  const open = new Set(unansweredOf(phase).map(({ id }) => id));
  const todo = new Set(phase.steps.filter((step) => !step.completed).map(({ slug }) => slug));
  return readWords(json)
    .filter(({ id, step }) => open.has(id) && todo.has(step))
    .slice(0, limits.feedbackMax);
}

/** By step: questions that came together are one round. */
function questionRoundsOf({ questions }: ExistingTask, phase: number): Job["questionRounds"] {
  const rounds = new Map<string, Set<string>>();
  for (const question of questions.filter((each) => each.phase === phase && each.permission === null)) {
    rounds.set(question.step, (rounds.get(question.step) ?? new Set()).add(question.requestId));
  }
  return Object.fromEntries([...rounds].map(([step, requests]) => [step, requests.size]));
}

/** What nobody has replied to yet, and what was said before, by people and agent. Of very much the newest. */
async function conversationFor(
  { store }: ServingRunner,
  { conversation }: PhaseProgress,
): Promise<Job["conversation"]> {
  if (conversation === null) return null;
  const { said, replies } = conversation;
  const textOf = async (hash: string, max: number) => cut((await store.readText(hash)) ?? "", max);
  const spoken = (turns: typeof said) =>
    Promise.all(
      turns
        .slice(-limits.turnsMax)
        .map(async ({ by, textHash }) => ({ by, text: await textOf(textHash, limits.turnCharactersMax) })),
    );
  const earlier: { by: string | null; text: string }[] = [];
  let heard = 0;
  // Each reply stands behind the last turn that it had heard.
  for (const reply of replies) {
    earlier.push(...(await spoken(said.filter(({ number }) => number > heard && number <= reply.heard))));
    earlier.push({ by: null, text: await textOf(reply.textHash, limits.turnCharactersMax) });
    heard = Math.max(heard, reply.heard);
  }
  return { turns: await spoken(unsettledOf(conversation)), earlier: earlier.slice(-earlierMax) };
}

/** Without its number, which is ours, and without what people said of it, which comes as feedback. */
function decisionSpoken({ decision, alternative, reason, confidence, files }: Decision): Job["decisions"][number] {
  return { decision, alternative, reason, confidence, files: [...files] };
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

/** Stores live telemetry. The answer tells the runner what need not come again, and whether to stop. */
export async function takeEvents(serving: ServingRunner, token: string, said: EventsRequest): Promise<EventsAnswer> {
  const session = await sessionOf(serving, token);
  const events = said.events.map((each) => ({ ...each, event: LiveEvent.parse(withoutTokens(each.event)) }));
  const { runId, taskId } = session;
  const at = serving.clock.now().toISOString();
  const live = (await liveTaskOf(serving, session)) !== null;
  const last = Math.max(0, ...events.map(({ number }) => number));
  // Heard, and not kept: somebody had the texts of this task erased.
  if (!live && (await isErased(serving, session))) return { acknowledged: last, stop: true };
  const kept = events.filter(({ number }) => number <= runLogEventsMax);
  const stored = await serving.store.appendRunLog(
    runId,
    kept.map((event) => ({ number: event.number, line: JSON.stringify(event) })),
  );
  // Silent from here on: an ended run may flush its last words for some minutes, and then its token is worth nothing.
  if (live) await serving.store.touchRunSession(runId, at);
  // What a run that is over still has to say must not pass for its successor's.
  if (live && events.length > 0) {
    const before = (await serving.store.readLive(taskId)) ?? emptyLive(at);
    const after = events.reduce((status, { event }) => liveAfter(status, event, at), before);
    await serving.store.updateLive(taskId, after);
    for (const { event } of events) serving.log.info({ taskId, runId, live: event }, "live");
    if (showsMore(before, after)) await showLive(serving, taskId);
  }
  // Beyond the limit a line counts as heard, or the runner would send it for ever.
  return { acknowledged: stored >= runLogEventsMax ? Math.max(stored, last) : stored, stop: !live };
}

/** The status comment follows what the run does, as often as Q11 allows. */
async function showLive(serving: ServingRunner, taskId: TaskId): Promise<void> {
  const now = serving.clock.now().getTime();
  if (now - (serving.liveShownAt.get(taskId) ?? Number.NEGATIVE_INFINITY) < liveStatusMs) return;
  serving.liveShownAt.set(taskId, now);
  await queueStatus(serving, taskId, {}, "soon");
}

/** Stores what the agent asks for, acknowledged before anybody is told. */
export async function takeRequest(
  serving: ServingRunner,
  token: string,
  request: RunnerRequest,
): Promise<Acknowledgement> {
  const session = await sessionOf(serving, token);
  const { runId } = session;
  const task = await liveTaskOf(serving, session);
  if (task === null) return acknowledged(true);
  const fault = requestFault(task, runId, request);
  if (fault !== null) throw await notOfRun(serving, session, fault);
  await storeRequest(serving, task, runId, request);
  return acknowledge(serving, session);
}

/** Why a request is none that this run may send; null where it is. Its number counts it, so that no run fills an issue with comments. */
export function requestFault(task: ExistingTask, runId: RunId, { id, step }: RunnerRequest): string | null {
  const number = id.startsWith(`${runId}/`) ? id.slice(runId.length + 1) : "";
  if (!/^[1-9]\d{0,8}$/u.test(number)) return `the id of a request of run ${runId} is ${runId}/ and a number from 1`;
  if (Number(number) > limits.requestsMax) {
    return `run ${runId} has sent ${limits.requestsMax} requests, which is the most: let the agent go on with what it has`;
  }
  const isOfPhase = currentPhaseOf(task)?.steps.some(({ slug }) => slug === step) === true;
  return isOfPhase ? null : `the phase of run ${runId} has no step "${step}"`;
}

export async function takeCheckpoint(
  serving: ServingRunner,
  token: string,
  checkpoint: Checkpoint,
): Promise<Acknowledgement> {
  const session = await sessionOf(serving, token);
  const task = await liveTaskOf(serving, session);
  if (task === null) return acknowledged(true);
  const fault = checkpointFault(task, session.runId, checkpoint);
  if (fault !== null)
    throw await notOfRun(serving, session, `the checkpoint is none of run ${session.runId}: ${fault}`);
  await storeCheckpoint(serving, task, session.runId, checkpoint);
  return acknowledge(serving, session);
}

/** Why a checkpoint is none of this run; null where it is. */
export function checkpointFault(task: ExistingTask, runId: RunId, checkpoint: Checkpoint): string | null {
  if (checkpoint.taskId !== task.taskId || checkpoint.runId !== runId) return "it names another task or run";
  const phase = currentPhaseOf(task);
  const { currentPhase, currentStep } = checkpoint.executionState;
  if (phase === null) return "the task has no phase";
  const { name } = outlineOfPhase(task, phase.phase);
  if (currentPhase !== null && currentPhase !== name) return `the phase at work is "${name}", not "${currentPhase}"`;
  const isOfPhase = currentStep === null || phase.steps.some(({ slug }) => slug === currentStep);
  return isOfPhase ? null : `phase "${name}" has no step "${currentStep}"`;
}

/** Sealed before it is stored. */
export async function storeCheckpoint(
  { store, seal, clock }: Pick<ServingRunner, "store" | "seal" | "clock">,
  task: ExistingTask,
  runId: RunId,
  checkpoint: Checkpoint,
): Promise<void> {
  const phase = currentPhaseOf(task)?.phase;
  if (phase === undefined) return;
  const { taskId } = task;
  const { checkpointId } = checkpoint;
  const createdAt = clock.now().toISOString();
  await store.saveCheckpoint({ taskId, checkpointId, runId, phase, createdAt, ...seal.seal(checkpoint) });
}

/** What the session's job goes on from. Refused where it is gone or damaged: the runner then goes on from the branch. */
export async function readCheckpoint(serving: ServingRunner, token: string): Promise<Checkpoint> {
  const session = await sessionOf(serving, token);
  const task = await liveTaskOf(serving, session);
  const stored = task === null ? null : await serving.store.readCheckpoint(session.taskId);
  if (task === null || stored === null || stored.phase !== currentPhaseOf(task)?.phase) {
    throw new RunnerRefused("no-checkpoint", `run ${session.runId} has no checkpoint to go on from`);
  }
  try {
    return serving.seal.open(stored);
  } catch (cause) {
    serving.log.warn({ taskId: session.taskId, checkpointId: stored.checkpointId, err: cause }, "opening a checkpoint");
    throw new RunnerRefused("no-checkpoint", "the checkpoint can't be opened", { cause });
  }
}

/** Stores one step's changes, acknowledged before anything is published. */
export async function takeStep(serving: ServingRunner, token: string, request: StepRequest): Promise<Acknowledgement> {
  const session = await sessionOf(serving, token);
  const { runId } = session;
  const task = await liveTaskOf(serving, session);
  // Nothing could come of it, and it may be large.
  if (task === null) return acknowledged(true);
  if (currentPhaseOf(task)?.steps.some(({ slug }) => slug === request.step) !== true) {
    throw await notOfRun(serving, session, `the phase of run ${runId} has no step "${request.step}"`);
  }
  await storeStep(serving, task, runId, request);
  return acknowledge(serving, session, request.told);
}

function acknowledged(stop: boolean, answers: readonly PersonAnswer[] = []): Acknowledgement {
  return { acknowledged: true, stop, ...(answers.length === 0 ? {} : { answers: [...answers] }) };
}

export async function takeOutcome(
  serving: ServingRunner,
  token: string,
  request: OutcomeRequest,
): Promise<Acknowledgement> {
  const session = await sessionOf(serving, token);
  const task = await liveTaskOf(serving, session);
  if (task === null) return acknowledged(true);
  await storeOutcome(serving, task, session.runId, request);
  return acknowledge(serving, session);
}

type Storing = Pick<ServingRunner, "store" | "clock">;

/** However it came to us. The first hand-over of a step counts; what comes again is a repeat, whatever it holds. */
export async function storeStep(
  storing: Storing,
  task: ExistingTask,
  runId: RunId,
  request: StepRequest,
): Promise<void> {
  const { step, changes, spent, answers, told, reply, security } = request;
  await storing.store.saveChangeset(changesetIdOf(runId, step), storedChangesetFrom(changes));
  const said = { answers, reply, security };
  const stored = StoredStep.parse({ runId, step, files: changes.length, spent, told, ...withoutTokens(said) });
  await takeIn(storing, task, "step", `step:${runId}:${step}`, stored);
}

export async function storeRequest(
  storing: Storing,
  task: ExistingTask,
  runId: RunId,
  request: RunnerRequest,
): Promise<void> {
  const stored = StoredRequest.parse({ runId, request: withoutTokens(request) });
  await takeIn(storing, task, "request", `request:${request.id}`, stored);
}

export async function storeOutcome(
  storing: Storing,
  task: ExistingTask,
  runId: RunId,
  request: OutcomeRequest,
): Promise<void> {
  const { outcome, report, spent, security } = request;
  const said = withoutTokens({ outcome: bounded(outcome), report, security });
  const stored = StoredOutcome.parse({ ...said, spent, runId });
  await takeIn(storing, task, "outcome", outcomeKeyOf(runId), stored);
}

/** Under this key the inbox has what the runner declared. */
export function outcomeKeyOf(runId: RunId): string {
  return `outcome:${runId}`;
}

/** It becomes an event and is kept for good. */
function bounded(outcome: OutcomeRequest["outcome"]): OutcomeRequest["outcome"] {
  return "message" in outcome ? { ...outcome, message: outcome.message.slice(0, messageCharactersMax) } : outcome;
}

/** The runner has done so; but one that was taken over has not, and what it says goes to people and into events. */
function withoutTokens(said: object): object {
  const redacted = redactValue(said, redactTokens);
  return typeof redacted === "object" && redacted !== null ? redacted : {};
}

async function takeIn(
  { store, clock }: Storing,
  task: ExistingTask,
  kind: "step" | "request" | "outcome",
  key: string,
  body: object,
): Promise<void> {
  // The lane of the repository's webhooks, so that the end of the job never overtakes what the job declared.
  const lane = `repository:${task.repository.repositoryId}`;
  await store.takeIn({ key, kind, lane, body: JSON.stringify(body), receivedAt: clock.now().toISOString() });
}

/** After a step also with what people have said that the conversation was not `told`: the next step hears it (Q11). */
async function acknowledge(
  serving: ServingRunner,
  session: RunSession,
  told: StepRequest["told"] | null = null,
): Promise<Acknowledgement> {
  await serving.store.touchRunSession(session.runId, serving.clock.now().toISOString());
  serving.wake();
  const task = await liveTaskOf(serving, session);
  if (task === null) return acknowledged(true);
  return acknowledged(false, told === null ? [] : answersOf(task, told));
}

async function sessionOf(serving: ServingRunner, token: string): Promise<RunSession> {
  const session = await serving.store.runSessionByToken(hashOf(token));
  const silentMs = session === null ? 0 : serving.clock.now().getTime() - Date.parse(session.lastHeardAt);
  const isOver = session !== null && silentMs > lastWordsMs && (await liveTaskOf(serving, session)) === null;
  if (session === null || session.closedAt !== null || isOver) {
    if (session !== null) {
      const { taskId, runId } = session;
      await note(serving, taskId, { runId, kind: "token-refused", example: runId });
    }
    throw new RunnerRefused("token-refused", "the run token is unknown or its run has ended");
  }
  return session;
}

async function isErased({ store }: ServingRunner, { taskId }: RunSession): Promise<boolean> {
  const state = await readTask(store, taskId);
  return state.status !== "absent" && state.erasedBy !== null;
}

/** The task, while the session's run is the one that it waits for; null from then on. */
async function liveTaskOf({ store }: ServingRunner, session: RunSession): Promise<ExistingTask | null> {
  const state = await readTask(store, session.taskId);
  return state.status !== "absent" && liveRunOf(state)?.runId === session.runId ? state : null;
}

/** Whether people would see another status. */
function showsMore(before: LiveStatus, after: LiveStatus): boolean {
  const seen = ({ lastUpdate: _lastUpdate, recentActions, ...rest }: LiveStatus) =>
    JSON.stringify([rest, recentActions.map(({ text }) => text)]);
  return seen(before) !== seen(after);
}

function liveAfter(live: LiveStatus, event: LiveEvent, at: string): LiveStatus {
  switch (event.kind) {
    case "step-started":
      return { ...live, currentStep: event.step, currentAction: null, currentDocument: null, lastUpdate: at };
    case "action": {
      const text = cut(event.text, actionCharactersMax);
      return {
        ...live,
        currentStep: event.step,
        currentAction: text,
        // Whoever looks something up goes on with the document afterwards.
        currentDocument: event.document ?? live.currentDocument,
        recentActions: [{ at, text }, ...live.recentActions].slice(0, recentActionsMax),
        lastUpdate: at,
      };
    }
    case "round":
      return { ...live, currentStep: event.step, currentAction: `round ${event.round}`, lastUpdate: at };
    case "usage":
      return { ...live, spent: event.spent, lastUpdate: at };
    case "verifying":
      return { ...live, currentAction: "checking the phase", currentDocument: null, lastUpdate: at };
    case "log":
      return { ...live, lastUpdate: at };
  }
}

function emptyLive(at: string): LiveStatus {
  return {
    currentAction: null,
    currentStep: null,
    currentDocument: null,
    recentActions: [],
    spent: nothingSpent,
    lastUpdate: at,
  };
}

function unknownRun(runId: RunId): RunnerRefused {
  return new RunnerRefused(
    "unknown-run",
    `run ${runId} is not waiting for a runner; start work with a label or /run on the issue, not by dispatching the workflow`,
  );
}

function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
