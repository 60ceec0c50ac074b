/** The shell on a real store, with GitHub, time, playbooks and the runner in memory. */
import { readdir, rm } from "node:fs/promises";
import path from "node:path";
import { expect, onTestFinished } from "vitest";
import type { CheckpointKey } from "../../src/control/checkpoint-keys.ts";
import { startEngine, type Engine, type Working } from "../../src/control/engine.ts";
import type { Intent, IssueAsSent } from "../../src/control/intents.ts";
import type { Playbooks, RepositoryFiles } from "../../src/control/ports/configuration.ts";
import type { Diagnosis } from "../../src/control/ports/diagnosis.ts";
import { webhookKeyOf } from "../../src/control/ports/queues.ts";
import type { RunnerIdentity } from "../../src/control/ports/runner-identity.ts";
import type { Store } from "../../src/control/ports/store.ts";
import type { Timer } from "../../src/control/ports/surroundings.ts";
import type { Change } from "../../src/core/change.ts";
import { createCheckpointSeal } from "../../src/control/checkpoints.ts";
import { rebuild } from "../../src/control/rebuild.ts";
import { rotateKey, type Rotated } from "../../src/control/rotate-key.ts";
import { createSeal } from "../../src/control/seal.ts";
import { takeCheckpoint, takeOutcome, takeRequest, takeStep } from "../../src/control/serve-runner/deliveries.ts";
import { takeEvents } from "../../src/control/serve-runner/telemetry.ts";
import { openSession } from "../../src/control/serve-runner/open-session.ts";
import { readCheckpoint } from "../../src/control/serve-runner/run-checkpoint.ts";
import type { ServingRunner } from "../../src/control/serve-runner/session.ts";
import { defaultPolicy } from "../../src/core/decide.ts";
import type { CiKind, CiState } from "../../src/core/ci.ts";
import type { Repository, TaskEvent } from "../../src/core/events.ts";
import { runIdFrom, type TaskId } from "../../src/core/ids.ts";
import type { Network } from "../../src/core/network.ts";
import type { Phase, Playbook } from "../../src/core/playbook.ts";
import type { Finding, RunnerReport, VerificationReport } from "../../src/core/report.ts";
import { stateFrom } from "../../src/core/evolve.ts";
import { currentPhaseOf, isSettled, liveRunOf, type ExistingTask } from "../../src/core/state.ts";
import type { Checkpoint } from "../../src/protocol/checkpoint.ts";
import {
  protocolVersion,
  type Acknowledgement,
  type Answer,
  type Job,
  type LiveEvent,
  type OutcomeRequest,
  type PriceOverride,
  type RunnerRequest,
  type SessionRequest,
  type StepRequest,
} from "../../src/protocol/runner.ts";
import { readIssueForm } from "../../src/github/issue-form.ts";
import { translateWebhook } from "../../src/github/webhook-to-command.ts";
import { openStore } from "../../src/store/open-store.ts";
import { compiledFrom, isDefinitionPath } from "../../src/verify/compile-workflow.ts";
import { isActiveSpec, specAfter, specToStart } from "../../src/verify/spec-commit.ts";
import { specFaults } from "../../src/verify/spec-valid.ts";
import { findCredential } from "../../src/verify/find-credential.ts";
import { changedItems, citing } from "../../src/verify/changed-items.ts";
import { stepFor, stepOfPath } from "../../src/verify/step-of-path.ts";
import type { CommandName } from "../../src/core/slash-commands.ts";
import { FakeGitHub } from "../support/fake-github.ts";
import { SimulatedTime } from "./simulated-time.ts";
import { plainPhase, plainPlaybook, plainStep } from "../support/playbook-parts.ts";

export const repository: Repository = { installationId: 1, repositoryId: 2, owner: "octo", name: "links" };
/** An intent whose text is that of the issue at the moment of sending, unless the test says otherwise. */
type WithText<Each> = Each extends { readonly issue: IssueAsSent }
  ? Omit<Each, Unsaid> & Partial<Pick<Each, Unsaid & keyof Each>>
  : Each;
type Unsaid = "issue" | "commentNodeId" | "body" | "answers" | "writtenAt";
export type SentIntent = WithText<Intent>;

export const otherRepository: Repository = { installationId: 1, repositoryId: 3, owner: "octo", name: "shop" };

/** Fingerprint of the model credential that the runners of a test have. */
export const account = "0123456789abcdef";

export const spent = {
  usage: { inputTokens: 10, outputTokens: 5, cacheCreationInputTokens: 0, cacheReadInputTokens: 0 },
  costUsd: 0.5,
};

/** Instead of an event of GitHub: the payload is an intent. */
const ownWords = "intent";

/** Any runner's first event, so that the app knows the session is in use. */
export const heartbeat = { events: [] };

/** The definition that the playbook `workflow` writes. */
export const workflowDefinition = ".github/phasegate/workflows/overdue-reminder.yml";

const playbooks = {
  create_app: playbookOf("create_app", [
    phaseOf(1, "planning", ["01_idea", "02_market"]),
    phaseOf(2, "design", ["01_screens"]),
  ]),
  workflow: playbookOf("workflow", [
    writing(phaseOf(1, "design", ["03_definition"]), workflowDefinition),
    writing(phaseOf(2, "development", ["04_steps"]), workflowDefinition, "scripts/**"),
    writing(phaseOf(3, "test", ["05_dry_run"]), workflowDefinition, "scripts/**"),
  ]),
  modify_app: playbookOf("modify_app", [phaseOf(1, "analysis", ["01_map"])]),
  run: playbookOf("run", [planningOf(phaseOf(1, "plan", ["01_phases"]))]),
};

/** Also under the name that it had before. */
const labels: Readonly<Record<string, Playbook>> = { ...playbooks, modify_project: playbooks.modify_app };

/** A file `playbooks/<name>.yml` of a repository is a playbook of one step; one that says `fault` has one. */
function ownPlaybooks(
  { files }: RepositoryFiles,
  change: (playbook: Playbook) => Playbook,
): ReturnType<Playbooks["forRepository"]> {
  const own = new Map(
    files.map(({ path, content }) => {
      const isFaulty = content.kind === "unread" || Buffer.from(content.bytes).toString("utf8") === "fault";
      const fault = { file: path, line: 3, rule: "wrong-type", message: '"phases": expected array, got "fault"' };
      return [/([^/]+)\.yml$/u.exec(path)?.[1] ?? path, isFaulty ? fault : null] as const;
    }),
  );
  return {
    faults: [...own.values()].flatMap((fault) => fault ?? []),
    labels: [...own.keys()],
    byLabel: (label) => {
      const fault = own.get(label);
      if (fault !== undefined && fault !== null) return { kind: "faulty", faults: [fault] };
      const builtIn = Object.hasOwn(labels, label) ? labels[label] : undefined;
      const named = fault === null ? playbookOf(label, [phaseOf(1, "own", ["01_own"])]) : builtIn;
      if (named === undefined) return null;
      const playbook = change(named);
      const hash = fault === null ? `hash of the repository's ${label}` : `hash of ${playbook.name}`;
      return { kind: "playbook", playbook, hash, json: JSON.stringify(playbook) };
    },
  };
}

function playbookOf(name: string, phases: readonly Phase[]): Playbook {
  return { ...plainPlaybook, name, title: name, phases };
}

function phaseOf(number: number, name: string, slugs: readonly string[]): Phase {
  const allowedPaths = ["docs/**"];
  const steps = slugs.map((slug) => ({
    slug,
    title: slug,
    guide: `Write ${slug}.`,
    outputs: [`docs/${slug}.md`],
    sections: [],
    minCharacters: 1,
    allowedPaths,
    tools: ["Write"],
    ...plainStep,
  }));
  const judging = { criteria: [], verifierGuide: "", testCommand: null };
  // The last phase of `create_app` may be skipped, the first may not.
  return {
    ...plainPhase,
    number,
    name,
    title: name,
    allowedPaths,
    ...judging,
    mayBeSkipped: number === 2,
    budgetUsd: 5,
    steps,
  };
}

function writing(phase: Phase, ...paths: readonly string[]): Phase {
  return { ...phase, allowedPaths: [...phase.allowedPaths, ...paths] };
}

/** Its tables become the phases that follow. */
function planningOf(phase: Phase): Phase {
  return {
    ...phase,
    allowedPaths: ["**"],
    steps: phase.steps.map((step) => ({ ...step, outputs: ["runs/run-001/db/phases.md"] })),
    plans: "tables",
    work: {
      guide: "Work by the plan.",
      criteria: [],
      verifierGuide: "",
      tools: ["Read", "Write"],
      sections: [],
      minCharacters: 10,
      source: "run/execute.md",
      role: null,
      reviewers: [],
      budgetUsd: 3,
    },
  };
}

interface LogLine {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  readonly fields: object;
}

/** One process of the app: from its start to its end, or its death. */
interface Life {
  readonly store: Store;
  readonly engine: Engine;
  readonly serving: ServingRunner;
  alive: boolean;
}

export interface WorldOptions {
  /** Where the store lies; without it in memory, and then no crash is survived. */
  readonly dataDir?: string;
  readonly taskBudgetUsd?: number;
  readonly phaseBudgetUsd?: number;
  readonly dayBudgetUsd?: number;
  readonly network?: Network;
  readonly namesEveryMs?: number;
  readonly prices?: readonly PriceOverride[];
  readonly mcpHosts?: readonly string[];
  /** Another one in the place of each. */
  readonly playbookOf?: (playbook: Playbook) => Playbook;
  /** Looks at the store of each life, e.g. to count or to break a call. */
  readonly storeOf?: (store: Store) => Store;
}

export class World {
  readonly github = new FakeGitHub();
  readonly time = new SimulatedTime("2026-11-21T10:00:00.000Z");
  readonly logged: LogLine[] = [];
  /** Faults that the app finds in changesets, and verdicts on phases; empty means all is well. */
  readonly changesetFindings: Finding[][] = [];
  readonly reports: VerificationReport[] = [];
  readonly verified: string[] = [];
  /** What the verifier was given of each run's own word. */
  readonly heldAgainst: (Partial<RunnerReport> | null)[] = [];
  /** What is found in a repository. */
  diagnoses: readonly Diagnosis[] = [{ check: "actions", level: "ok", message: "Actions are on", mend: null }];
  /** Read when the app starts, as are the keys. */
  onboardingVersion = "v1";
  checkpointKeys: readonly CheckpointKey[] = [{ id: "k1", key: Buffer.alloc(32, 1) }];
  readonly #options: WorldOptions;
  #life: Life | null = null;
  #serial = 0;
  #deliveries = 0;
  #crashed = Promise.withResolvers<void>();
  #death: { callsLeft: number; readonly moment: "before" | "after" } | null = null;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.github.permissions.set("owner", "write");
    this.github.permissions.set("reader", "read");
    this.github.openIssue(7);
  }

  get dataDir(): string {
    return this.#options.dataDir ?? ":memory:";
  }

  get store(): Store {
    return this.life().store;
  }

  get engine(): Engine {
    return this.life().engine;
  }

  get serving(): ServingRunner {
    return this.life().serving;
  }

  life(): Life {
    if (this.#life === null) throw new Error("the app is not running");
    return this.#life;
  }

  async start(): Promise<void> {
    const newId = () => `id-${(this.#serial += 1)}`;
    const opened = await openStore({
      dataDir: this.#options.dataDir ?? ":memory:",
      now: () => this.time.now(),
      newId,
    });
    const life: { alive: boolean } = { alive: true };
    const store = this.#mortal(life, this.#options.storeOf?.(opened) ?? opened);
    let engine: Engine | null = null;
    const log = (level: LogLine["level"]) => (fields: object, message: string) => {
      if (life.alive) this.logged.push({ level, message, fields });
    };
    const working: ServingRunner & Working = {
      store,
      clock: this.time,
      timer: this.time.timer,
      newId,
      log: { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") },
      github: this.#mortal(
        life,
        this.github.client(() => life.alive),
      ),
      policy: { ...defaultPolicy, namesEveryMs: this.#options.namesEveryMs ?? defaultPolicy.namesEveryMs },
      playbooks: {
        forRepository: (own) => ownPlaybooks(own, this.#options.playbookOf ?? ((playbook) => playbook)),
        fromJson: (json) => JSON.parse(json),
      },
      verifier: {
        verifyPhase: async (tree, phase, { report }) => {
          this.verified.push(`${phase.name}: ${tree.paths.join(" ")}`);
          this.heldAgainst.push(report);
          return this.reports.shift() ?? { passed: true, checks: [], findings: [], notes: [] };
        },
        changesetFindings: async (_changes: readonly Change[]) => this.changesetFindings.shift() ?? [],
        stepOfPath,
        stepFor,
        changedItems,
        citing,
        findCredential,
        isDefinitionPath,
        compiledFrom,
        isActiveSpec,
        specFaults,
        specAfter,
        specToStart,
      },
      examine: async () => this.diagnoses,
      onboardingVersion: this.onboardingVersion,
      seal: createCheckpointSeal(this.checkpointKeys),
      appSeal: createSeal(this.checkpointKeys),
      mcpHosts: this.#options.mcpHosts ?? [],
      prices: this.#options.prices ?? [],
      liveShownAt: new Map(),
      phaseBudgetUsd: this.#options.phaseBudgetUsd ?? null,
      dayBudgetUsd: this.#options.dayBudgetUsd ?? 50,
      network: this.#options.network ?? "open",
      model: "sonnet",
      language: "en",
      taskBudgetUsd: this.#options.taskBudgetUsd ?? 25,
      webUrl: "https://github.test",
      // What a test says in our own words passes as it is; a webhook goes the way of all webhooks.
      translate: (event, payload) => (event === ownWords ? (payload as Intent) : translateWebhook(event, payload)),
      readForm: readIssueForm,
      freeze: (raw) => ({ text: raw.replaceAll("\u200B", ""), hiddenRemoved: raw.split("\u200B").length - 1 }),
      verifyRunner: async (token) => JSON.parse(token),
      wake: () => engine?.wake(),
    };
    engine = startEngine(working);
    this.#life = Object.assign(life, { store: opened, engine, serving: working });
    this.#crashed = Promise.withResolvers();
  }

  /** The process ends without a word; what it had under way on GitHub ends there or not, but nobody hears of it. */
  async die(): Promise<void> {
    const { store } = this.life();
    this.life().alive = false;
    this.#life = null;
    this.time.forgetAlarms();
    await store.close();
  }

  /** The process ends, its database is gone and rebuilt from what GitHub has, and the app starts anew. Answers what the operator reads. */
  async loseDatabase(where = repository): Promise<readonly string[]> {
    if (this.#life !== null) await this.die();
    for (const file of await readdir(this.dataDir)) await rm(path.join(this.dataDir, file));
    const lines = await this.rebuild(where);
    await this.start();
    return lines;
  }

  /** How long each wait of a program was that an operator started. */
  readonly waits: number[] = [];

  readonly #atOnce: Timer = (ms, then) => {
    this.waits.push(ms);
    then();
    return silent;
  };

  /** While the app is stopped. */
  async rebuild(where = repository): Promise<readonly string[]> {
    const newId = () => `id-${(this.#serial += 1)}`;
    const clock = this.time;
    const store = await openStore({ dataDir: this.dataDir, now: () => clock.now(), newId });
    const log = { debug: silent, info: silent, warn: silent, error: silent };
    const appSeal = createSeal(this.checkpointKeys);
    const github = this.github.client();
    const lines: string[] = [];
    const rebuilding = { store, github, appSeal, clock, newId, policy: defaultPolicy, timer: this.#atOnce, log };
    await rebuild(rebuilding, where, (line) => lines.push(line));
    await store.close();
    return lines;
  }

  /** All is sealed anew, beside the app or while it is stopped. Answers what came of it, and what the operator reads. */
  async rotateKey(): Promise<{ readonly rotated: Rotated; readonly lines: readonly string[] }> {
    const beside = { dataDir: this.dataDir, beside: true };
    const store = await openStore({ ...beside, now: () => this.time.now(), newId: () => "none" });
    const log = { debug: silent, info: silent, warn: silent, error: silent };
    const [appSeal, checkpointSeal] = [createSeal(this.checkpointKeys), createCheckpointSeal(this.checkpointKeys)];
    const lines: string[] = [];
    const rotating = { store, github: this.github.client(), appSeal, checkpointSeal, timer: this.#atOnce, log };
    const rotated = await rotateKey(rotating, (line) => lines.push(line));
    await store.close();
    return { rotated, lines };
  }

  /** The process dies at its n-th call of the store or of GitHub from now on, before or after it took effect. */
  dieAtCall(count: number, moment: "before" | "after"): void {
    this.#death = { callsLeft: count, moment };
  }

  /** With the process that dies goes all that it has stored. */
  losesDatabase = false;

  /** Whether the process still has to die. */
  get isDoomed(): boolean {
    return this.#death !== null;
  }

  /** Nobody calls for a process that is dead, and nobody hears the answer. */
  #mortal<Port extends object>(life: { alive: boolean }, port: Port): Port {
    return new Proxy(port, {
      get: (methods, name) => {
        const method: unknown = Reflect.get(methods, name);
        if (typeof method !== "function") return method;
        return async (...args: unknown[]): Promise<unknown> => {
          if (!life.alive) return new Promise(() => undefined);
          const moment = this.#momentOfDeath();
          const answer: unknown = moment === "before" ? null : await Reflect.apply(method, methods, args);
          if (moment !== null) {
            life.alive = false;
            this.#crashed.resolve();
          }
          return life.alive ? answer : new Promise(() => undefined);
        };
      },
    });
  }

  #momentOfDeath(): "before" | "after" | null {
    if (this.#death === null) return null;
    this.#death.callsLeft -= 1;
    if (this.#death.callsLeft > 0) return null;
    const { moment } = this.#death;
    this.#death = null;
    return moment;
  }

  /** What a runner asks of the app it asks again, where the process died over it. */
  async insist<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    for (;;) {
      const asked = ask().then((answer) => ({ answer }));
      const outcome = await Promise.race([asked, this.#crashed.promise]);
      if (outcome !== undefined) return outcome.answer;
      await this.settle();
    }
  }

  /** The process dies when the next call of the method took effect, before its answer arrives. */
  dieAfter(method: Parameters<FakeGitHub["afterNext"]>[0]): void {
    this.github.afterNext(method, () => {
      this.life().alive = false;
      this.#crashed.resolve();
      return new Promise(() => undefined);
    });
  }

  /** Until nothing is due. A process that died meanwhile is started anew. */
  async settle(): Promise<void> {
    await Promise.race([this.engine.idle(), this.#crashed.promise]);
    if (this.life().alive) return;
    await this.die();
    if (this.losesDatabase) await this.loseDatabase();
    else await this.start();
    await this.settle();
  }

  async advance(ms: number): Promise<void> {
    await this.time.advance(ms, async () => this.settle());
  }

  /** Hours and days, in which the engine looks only once, at the end. */
  async leap(ms: number): Promise<void> {
    await this.time.leap(ms, async () => this.settle());
  }

  /** Moves on while something hangs: waits only until the engine has looked for work and naps again. */
  async advanceHanging(ms: number): Promise<void> {
    if (this.time.alarms().length === 0) await this.time.alarmSet();
    await this.time.advance(ms, (alarmSet) => alarmSet);
  }

  /** Stores a webhook without waiting for what comes of it. */
  async send(intent: SentIntent, delivery?: string): Promise<void> {
    const lane = "repository" in intent ? `repository:${intent.repository.repositoryId}` : "app";
    await this.store.takeIn({
      key: `webhook:${delivery ?? `delivery-${(this.#deliveries += 1)}`}`,
      kind: "webhook",
      lane,
      body: JSON.stringify({ event: ownWords, payload: this.#asSent(intent) }),
      receivedAt: this.time.now().toISOString(),
    });
    this.engine.wake();
  }

  /** With the issue's text of this moment, as GitHub puts it into the webhook. */
  #asSent(intent: SentIntent): object {
    if (!("issueNumber" in intent)) return intent;
    const { title, body } = this.github.issues.get(intent.issueNumber) ?? { title: "", body: "" };
    return { issue: { title, body }, commentNodeId: "IC_1", body: "", answers: [], writtenAt: null, ...intent };
  }

  async deliver(intent: SentIntent, delivery?: string): Promise<void> {
    await this.send(intent, delivery);
    await this.settle();
  }

  /** A webhook arrives as GitHub sends it. */
  async webhook(event: string, payload: object, delivery = `delivery-${(this.#deliveries += 1)}`): Promise<void> {
    const { repository: where } = payload as { readonly repository?: { readonly id: number } };
    await this.store.takeIn({
      key: webhookKeyOf(delivery),
      kind: "webhook",
      lane: where === undefined ? "app" : `repository:${where.id}`,
      body: JSON.stringify({ event, payload }),
      receivedAt: this.time.now().toISOString(),
    });
    this.engine.wake();
    await this.settle();
  }

  label(label = "create_app", { sender = "owner", issueNumber = 7, in: where = repository } = {}): Promise<void> {
    return this.deliver({ kind: "label-added", repository: where, issueNumber, label, sender });
  }

  comment(name: CommandName, sender = "owner", issueNumber = 7, argument = ""): Promise<void> {
    const commentId = (this.#serial += 1);
    const where = { repository, issueNumber, onPullRequest: false };
    return this.deliver({ kind: "command", ...where, commentId, sender, command: { name, argument } });
  }

  /** A review arrives, with its webhook. */
  async review(pullRequest: number, review: Parameters<FakeGitHub["review"]>[1] = {}): Promise<number> {
    const reviewId = this.github.review(pullRequest, review);
    await this.reviewsChanged(pullRequest);
    return reviewId;
  }

  reviewsChanged(pullRequest: number): Promise<void> {
    return this.deliver({ kind: "reviews-changed", repository, pullRequest });
  }

  /** A person ticks a box, or takes the tick away, and the webhook arrives. */
  async tick(pullRequest: number, box: number, { sender = "owner", ticked = true } = {}): Promise<void> {
    this.github.tick(pullRequest, box, ticked, sender);
    await this.gateEdited(pullRequest, sender);
  }

  gateEdited(pullRequest: number, sender = "owner"): Promise<void> {
    return this.deliver({ kind: "gate-edited", repository, pullRequest, sender });
  }

  /** The repository's checks come to another result on a commit, with their webhook. */
  async ciChanges(sha: string, ...said: readonly [kind: CiKind, rest?: Partial<CiState>]): Promise<void> {
    this.github.setCi(sha, ...said);
    await this.deliver({ kind: "ci-changed", repository, headSha: sha });
  }

  gateChanged(pullRequest: number, sender = "owner"): Promise<void> {
    return this.deliver({ kind: "gate-changed", repository, pullRequest, sender });
  }

  async mergeGate(pullRequest: number, by = "owner"): Promise<void> {
    this.github.merge(pullRequest, by);
    await this.gateChanged(pullRequest, by);
  }

  /** The newest task of issue 7. */
  async task(issueNumber = 7, where = repository): Promise<ExistingTask> {
    const [taskId] = await this.store.tasksOfIssue(where.repositoryId, issueNumber);
    if (taskId === undefined) throw new Error(`issue ${issueNumber} has no task`);
    return this.taskById(taskId);
  }

  async taskById(taskId: TaskId): Promise<ExistingTask> {
    const state = stateFrom(await this.store.readEvents(taskId));
    if (state.status === "absent") throw new Error(`task ${taskId} has no events`);
    return state;
  }

  async events(issueNumber = 7, where = repository): Promise<readonly TaskEvent[]> {
    return this.store.readEvents((await this.task(issueNumber, where)).taskId);
  }

  async types(): Promise<readonly TaskEvent["type"][]> {
    return (await this.events()).map(({ type }) => type);
  }

  /** The run that the task waits for. */
  async liveRun(issueNumber = 7): Promise<{ readonly runId: string; readonly workflowRunId: number }> {
    const run = liveRunOf(await this.task(issueNumber));
    if (run?.dispatched === null || run === null) throw new Error("no run was dispatched");
    return { runId: run.runId, workflowRunId: run.dispatched.workflowRunId };
  }

  /** What a job of the run shows to the app. Each has its own token id, as GitHub's have. */
  proof(runId: string, workflowRunId: number, identity: Partial<RunnerIdentity> = {}): SessionRequest {
    const whole: RunnerIdentity = {
      tokenId: `jti-${(this.#serial += 1)}`,
      expiresAt: new Date(this.time.now().getTime() + 600_000).toISOString(),
      repositoryId: repository.repositoryId,
      workflowRunId,
      runAttempt: 1,
      eventName: "workflow_dispatch",
      workflowRef: "octo/links/.github/workflows/phasegate.yml@refs/heads/main",
      ref: "refs/heads/main",
      ...identity,
    };
    return { protocol: protocolVersion, runId, account, limitsNetwork: true, oidcToken: JSON.stringify(whole) };
  }

  /** The job of the live run begins and gets its work. */
  async openRun(issueNumber = 7): Promise<Runner> {
    const { runId, workflowRunId } = await this.liveRun(issueNumber);
    this.github.changeRun(runId, { status: "in_progress" });
    const { runToken, job } = await this.insist(() => openSession(this.serving, this.proof(runId, workflowRunId)));
    return new Runner(this, runToken, job);
  }

  /** A job that does all that it is asked. */
  async runPhase(issueNumber = 7, report: OutcomeRequest["report"] = null): Promise<void> {
    await this.runOn(await this.openRun(issueNumber), report);
  }

  /** A job that has its work does all of it. */
  async runOn(runner: Runner, report: OutcomeRequest["report"] = null): Promise<void> {
    for (const step of runner.job.stepsToDo) {
      const answers = runner.job.feedback.filter((item) => item.step === step);
      const fixed = answers.map(({ id }) => ({ id, kind: "fixed", text: "Done." }) as const);
      const content = `${step} of ${runner.job.phase.name}, attempt ${runner.job.attempt}`;
      await this.insist(() => runner.step(step, content, spent.costUsd, fixed));
    }
    await this.insist(() => runner.end({ kind: "completed" }, report));
    await this.settle();
    this.github.changeRun(runner.job.runId, { status: "completed", conclusion: "success" });
  }

  /** Plays runner, reviewer and time until the task waits for nobody, or has ended. */
  async playOn(): Promise<ExistingTask> {
    for (let turn = 0; turn < 80; turn += 1) {
      await this.settle();
      const task = await this.task();
      const run = liveRunOf(task);
      const gate = currentPhaseOf(task)?.gate ?? null;
      if (isSettled(task)) {
        await this.advance(31_000);
        return this.task();
      }
      if (run !== null && run.dispatched !== null && !run.started) await this.runPhase();
      else if (task.status === "review" && gate !== null && this.github.pulls.get(gate.pullRequest)?.draft === false) {
        await this.mergeGate(gate.pullRequest);
      } else await this.advance(1_000);
    }
    throw new Error(`the task stands still as ${JSON.stringify(await this.types())}`);
  }

  complaints(): readonly string[] {
    return this.logged.filter(({ level }) => level === "warn" || level === "error").map(({ message }) => message);
  }
}

/** Decisions of an agent, each with what it did not choose. */
export function reportOf(...decisions: readonly string[]): RunnerReport & NonNullable<OutcomeRequest["report"]> {
  const taken = decisions.map((decision) => ({
    decision,
    alternative: `Not: ${decision}`,
    reason: "It is simpler.",
    confidence: "high" as const,
    files: ["docs/01_idea.md"],
  }));
  return { verdicts: [], judgeFault: null, tests: null, decisions: taken };
}

type QuestionAsked = Extract<RunnerRequest, { kind: "questions" }>["questions"][number];
type DependencyAsked = Extract<RunnerRequest, { kind: "dependency" }>["dependency"];
type Asking = RunnerRequest extends infer Each
  ? Each extends RunnerRequest
    ? Omit<Each, "id" | "step"> & { readonly step?: string }
    : never
  : never;

export function questionOf(question: string, rest: Partial<QuestionAsked> = {}): QuestionAsked {
  return { category: "choice", question, options: ["Red", "Green"], default: null, required: true, ...rest };
}

/** A job that speaks with the app. */
export class Runner {
  readonly #world: World;
  readonly token: string;
  readonly job: Job;
  #events = 0;
  #requests = 0;

  constructor(world: World, token: string, job: Job) {
    this.#world = world;
    this.token = token;
    this.job = job;
  }

  step(
    step: string,
    content = `${step} of ${this.job.phase.name}`,
    costUsd = spent.costUsd,
    answers: readonly Answer[] = [],
    told: StepRequest["told"] = [],
  ): Promise<Acknowledgement> {
    const contentBase64 = Buffer.from(content).toString("base64");
    return takeStep(this.#world.serving, this.token, {
      step,
      changes: [{ kind: "written", path: `docs/${step}.md`, mode: "100644", contentBase64 }],
      spent: { ...spent, costUsd },
      findings: [],
      answers: [...answers],
      told,
    });
  }

  /** A step with changes of its own. */
  handOver(step: string, changes: StepRequest["changes"], answers: readonly Answer[] = []): Promise<Acknowledgement> {
    const said = { spent, findings: [], answers: [...answers], told: [] };
    return takeStep(this.#world.serving, this.token, { step, changes, ...said });
  }

  /** A turn of a conversation: what it says to people, and the file that it changes. */
  async turn(reply: string, content: string | null = null): Promise<void> {
    const contentBase64 = Buffer.from(content ?? "").toString("base64");
    const changes: StepRequest["changes"] =
      content === null ? [] : [{ kind: "written", path: "docs/notes.md", mode: "100644", contentBase64 }];
    const step = this.job.stepsToDo[0] ?? "";
    await takeStep(this.#world.serving, this.token, {
      step,
      changes,
      spent,
      findings: [],
      answers: [],
      told: [],
      reply,
    });
    await this.end({ kind: "completed" });
    await this.#world.settle();
  }

  /** A step that changed no file. */
  idleStep(step: string, answers: readonly Answer[] = []) {
    const request = { step, changes: [], spent, findings: [], answers: [...answers], told: [] };
    return takeStep(this.#world.serving, this.token, request);
  }

  end(outcome: OutcomeRequest["outcome"], report: OutcomeRequest["report"] = null) {
    return takeOutcome(this.#world.serving, this.token, { outcome, report, spent: { ...spent, costUsd: 0 } });
  }

  /** What the agent asks of people; each goes under the next number. Answers its id. */
  async ask(request: Asking, number = (this.#requests += 1)): Promise<string> {
    const id = `${this.job.runId}/${number}`;
    const step = this.job.stepsToDo[0] ?? "";
    await takeRequest(this.#world.serving, this.token, { step, ...request, id });
    return id;
  }

  question(question: string, rest: Partial<QuestionAsked> = {}): Promise<string> {
    return this.ask({ kind: "questions", questions: [questionOf(question, rest)] });
  }

  needs(name: string, rest: Partial<DependencyAsked> = {}): Promise<string> {
    const whole = { type: "api_key", name, description: `What ${name} is for.`, required: true, ...rest } as const;
    return this.ask({ kind: "dependency", dependency: whole });
  }

  leave(checkpoint: Checkpoint) {
    return takeCheckpoint(this.#world.serving, this.token, checkpoint);
  }

  checkpoint() {
    return readCheckpoint(this.#world.serving, this.token);
  }

  say(...events: readonly LiveEvent[]) {
    const at = this.#world.time.now().toISOString();
    const numbered = events.map((event) => ({ number: (this.#events += 1), at, event }));
    return takeEvents(this.#world.serving, this.token, { events: numbered });
  }

  heartbeat() {
    return takeEvents(this.#world.serving, this.token, heartbeat);
  }
}

/** Starts the app. It is stopped when the test ends. */
export async function world(options: WorldOptions = {}): Promise<World> {
  const started = new World(options);
  await started.start();
  onTestFinished(() => started.die());
  return started;
}

function silent(): void {
  return undefined;
}

/** What people find on GitHub, without the ids that differ from one telling to the next. */
export function found({ github }: World) {
  const branches = [...github.branches.keys()].filter((branch) => branch !== "main");
  return {
    runs: github.runs.length,
    commits: branches.map((branch) => [branch, github.marksOf(branch).map((mark) => mark.replace(/^id-\d+\//u, ""))]),
    pulls: [...github.pulls.values()].map(({ branch, open, merged, draft }) => ({ branch, open, merged, draft })),
    comments: github.comments.map(({ notice, request }) => notice?.kind ?? request?.kind ?? "status"),
  };
}

export function runOf(world: World, place: number): string {
  const run = world.github.runs[place];
  expect(run).toBeDefined();
  return runIdFrom(run?.runId ?? "");
}
