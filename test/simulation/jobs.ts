/** Jobs of GitHub Actions that speak with the app: helpful ones, and all others. */
import type { RunnerIdentity } from "../../src/control/ports/runner-identity.ts";
import { takeOutcome, takeRequest, takeStep } from "../../src/control/serve-runner/deliveries.ts";
import { takeEvents } from "../../src/control/serve-runner/telemetry.ts";
import { openSession } from "../../src/control/serve-runner/open-session.ts";
import { RunnerRefused, type ServingRunner } from "../../src/control/serve-runner/session.ts";
import {
  protocolVersion,
  protocolVersionsServed,
  type Answer,
  type Job,
  type OutcomeRequest,
  type PersonAnswer,
  type RunnerRequest,
} from "../../src/protocol/runner.ts";
import { badWord, hostileWord, notesPath } from "./playbooks.ts";
import type { Sim } from "./sim.ts";

/** A run stops as soon as its purse is empty, and one reply more may be on its way. */
export const replyUsdMax = 1;

/** No machine takes a job up: GitHub gives it up after that. */
const queuedMsMax = 24 * 60 * 60_000;

/** Of all agents of a story, so that it comes to an end. */
const requestsMax = 12;
const faultsMax = 14;

interface Request {
  readonly life: object;
}

export interface SimJob {
  readonly runId: string;
  readonly workflowRunId: number;
  mode: "queued" | "opening" | "working" | "hung" | "over";
  token: string;
  job: Job | null;
  todo: string[];
  spentUsd: number;
  /** Spent and not reported yet. */
  owedUsd: number;
  outcome: OutcomeRequest["outcome"] | null;
  report: OutcomeRequest["report"];
  events: number;
  /** Requests to people that it made. */
  requests: number;
  /** Its work tree, as far as it has been handed over. */
  files: ReadonlyMap<string, string>;
  /** What people answered, as far as it was told. */
  told: readonly PersonAnswer[];
  tries: number;
  request: Request | null;
  lastStep: (() => void) | null;
  /** The hand-over whose answer did not arrive: it comes again as it was. */
  unanswered: (() => void) | null;
  /** Since when it waits for a machine that never comes; null where one takes it. */
  stuckSince: number | null;
}

export class Jobs {
  readonly #sim: Sim;
  readonly all: SimJob[] = [];
  #tokens = 0;
  #drafts = 0;
  #requests = 0;
  #replies = 0;
  /** The repository's workflow file names the newest action by now. */
  #isUpdated = false;
  /** Times that finished work may still be found wanting. */
  #faults = faultsMax;
  /** Jobs that no machine takes; each costs a day. */
  #stuckLeft = 1;

  constructor(sim: Sim) {
    this.#sim = sim;
  }

  /** Takes up what was dispatched since. */
  notice(): void {
    for (const { runId, workflowRunId } of this.#sim.github.fake.runs) {
      if (this.all.some((job) => job.runId === runId && job.workflowRunId === workflowRunId)) continue;
      this.all.push({
        runId,
        workflowRunId,
        mode: "queued",
        token: "",
        job: null,
        todo: [],
        spentUsd: 0,
        owedUsd: 0,
        outcome: null,
        report: null,
        events: 0,
        requests: 0,
        files: new Map(),
        told: [],
        tries: 0,
        request: null,
        lastStep: null,
        unanswered: null,
        stuckSince: this.#staysQueued() ? this.#sim.clock.passed : null,
      });
    }
  }

  get active(): readonly SimJob[] {
    return this.all.filter(
      ({ mode, request, stuckSince }) => mode !== "over" && request === null && stuckSince === null,
    );
  }

  get stuck(): readonly SimJob[] {
    return this.all.filter(({ mode, stuckSince }) => mode !== "over" && stuckSince !== null);
  }

  #staysQueued(): boolean {
    const { features, random, calm } = this.#sim;
    if (calm || !features.runnersNeverStart || this.#stuckLeft === 0 || random.chance(0.6)) return false;
    this.#stuckLeft -= 1;
    return true;
  }

  giveUpStuck(): void {
    const { github, clock } = this.#sim;
    for (const job of this.stuck) {
      const isOver = github.fake.runs.find(({ runId }) => runId === job.runId)?.status === "completed";
      if (!isOver && clock.passed < (job.stuckSince ?? 0) + queuedMsMax) continue;
      this.#end(job, "cancelled", isOver ? "is gone" : "was never taken up by a machine");
    }
  }

  /** Whoever is no job of ours wants work, or says something in the name of one. */
  knock(): void {
    const { app, random, github, clock } = this.#sim;
    const run = github.fake.runs.findLast(({ status }) => status !== "completed");
    if (app === null || run === undefined) return;
    const honest: RunnerIdentity = {
      tokenId: `jti-${(this.#tokens += 1)}`,
      expiresAt: new Date(clock.now().getTime() + 600_000).toISOString(),
      repositoryId: github.repository.repositoryId,
      workflowRunId: run.workflowRunId,
      runAttempt: 1,
      eventName: "workflow_dispatch",
      workflowRef,
      ref: "refs/heads/main",
    };
    const [what, identity] = random.pick<readonly [string, Partial<RunnerIdentity>]>([
      ["a job of another repository", { repositoryId: 99 }],
      ["a job that a push started", { eventName: "push" }],
      ["a job of another workflow", { workflowRef: workflowRef.replace("phasegate.yml", "ci.yml") }],
      ["a job of another branch's workflow", { workflowRef: workflowRef.replace("heads/main", "heads/mine") }],
      ["a second job for the same run", { workflowRunId: 7 }],
    ]);
    this.#sim.tell("stranger", `${what} asks for the work of ${run.runId}`);
    const request = {
      protocol: protocolVersion,
      runId: run.runId,
      oidcToken: JSON.stringify({ ...honest, ...identity }),
      account: modelAccount,
    };
    const refused = (doing: string) => (error: unknown) => {
      if (!(error instanceof RunnerRefused)) this.#sim.expectError(error, doing);
    };
    const isFirst = what.startsWith("a second") && !this.all.some((job) => job.runId === run.runId && job.token !== "");
    // Whoever comes first is the run; that the app heard of another one is not certain before it recorded its dispatch.
    if (isFirst) return;
    openSession(app.serving, request).then(
      () => this.#sim.fail(`work is given to the job that was dispatched alone: ${what}`),
      refused("a stranger asks for work"),
    );
    const body = { step: "01_idea", changes: [], spent: spentOf(0), findings: [], answers: [], told: [] };
    takeStep(app.serving, `prt_${"0".repeat(40)}`, body).then(
      () => this.#sim.fail("nobody hands over in the name of a run without its token"),
      refused("a stranger hands over"),
    );
  }

  /** The connection broke; the runner will ask again. */
  lifeEnded(life: object): void {
    for (const job of this.all) if (job.request?.life === life) job.request = null;
  }

  act(job: SimJob): void {
    const { github, random, features, calm } = this.#sim;
    const run = github.fake.runs.find((each) => each.runId === job.runId);
    // Cancelled on GitHub: the job goes away at once, or after another word.
    // One that hangs hears nothing of it, and may speak again when it was given up long ago.
    const goes = calm || random.chance(job.mode === "hung" ? 0.2 : 0.6);
    if (run === undefined || (run.status === "completed" && goes)) {
      this.#say(job, "is gone");
      job.mode = "over";
      return;
    }
    switch (job.mode) {
      case "queued":
        if (run.status === "queued") github.fake.changeRun(job.runId, { status: "in_progress" });
        this.#say(job, "starts");
        job.mode = "opening";
        return;
      case "opening":
        if (!calm && features.runnersDie && random.chance(0.05))
          return this.#end(job, "failure", "dies before it speaks");
        return this.#open(job);
      case "hung":
        if (calm || random.chance(0.2)) {
          this.#say(job, "wakes up");
          job.mode = "working";
        }
        return;
      case "working":
        return this.#work(job);
      case "over":
        return;
    }
  }

  #open(job: SimJob): void {
    const { random, features, calm, clock, github } = this.#sim;
    const stolen = !calm && features.runnersRepeat && random.chance(0.15);
    const identity: RunnerIdentity = {
      tokenId: `jti-${(this.#tokens += 1)}`,
      expiresAt: new Date(clock.now().getTime() + 600_000).toISOString(),
      repositoryId: github.repository.repositoryId,
      workflowRunId: job.workflowRunId,
      runAttempt: stolen ? 2 : 1,
      eventName: "workflow_dispatch",
      workflowRef,
      ref: "refs/heads/main",
    };
    this.#say(job, stolen ? "is run again by hand" : "asks for its work");
    const protocol = features.oldAction && !this.#isUpdated ? Math.min(...protocolVersionsServed) : protocolVersion;
    const request = { protocol, runId: job.runId, oidcToken: JSON.stringify(identity), account: modelAccount };
    this.#ask(
      job,
      (serving) => openSession(serving, request),
      (answer) => {
        if (answer instanceof Error) {
          if (stolen) return;
          job.tries += 1;
          if (answer instanceof RunnerRefused && answer.code === "unsupported-protocol") {
            // Conversations and plans are newer than the oldest action: somebody does as its job's log says.
            this.#isUpdated ||= answer.message.includes("too old for the phase");
            if (!this.#isUpdated)
              this.#sim.fail(`every action that is served gets its work: version ${protocol}: ${answer.message}`);
          }
          const isFinal = answer instanceof RunnerRefused && answer.code !== "unavailable";
          if (isFinal || job.tries > 8) this.#end(job, "failure", `gives up: ${answer.message.slice(0, 60)}`);
          return;
        }
        if (stolen) this.#sim.fail(`a re-run by hand gets no work: run ${job.runId}`);
        job.token = answer.runToken;
        job.job = answer.job;
        job.todo = [...answer.job.stepsToDo];
        job.files = github.fake.filesAt(answer.job.headSha);
        if (!github.hasCommit(answer.job.headSha)) return this.#end(job, "failure", "finds no commit to work on");
        job.told = "answers" in answer.job ? answer.job.answers : [];
        job.mode = "working";
        this.#say(job, `has work: ${job.todo.join(", ")} for $${answer.job.budgetUsd}`);
      },
    );
  }

  #work(job: SimJob): void {
    const { random, features, calm } = this.#sim;
    const trouble = !calm;
    const [step] = job.todo;
    const { unanswered } = job;
    const next =
      step === undefined || job.outcome !== null ? () => this.#declare(job) : () => this.#handOver(job, step);
    const act = random.weighted<() => void>([
      [1, () => this.#heartbeat(job)],
      [1, () => this.#speak(job)],
      [10, unanswered ?? next],
      [trouble && features.runnersDie ? 0.6 : 0, () => this.#end(job, "failure", "dies")],
      [trouble && features.runnersDie ? 0.2 : 0, () => this.#end(job, "cancelled", "is cancelled on GitHub's pages")],
      [
        trouble && features.runnersHang ? 0.8 : 0,
        () => {
          this.#say(job, "hangs");
          job.mode = "hung";
        },
      ],
      [trouble && features.runnersRepeat && job.lastStep !== null ? 1 : 0, () => job.lastStep?.()],
      [trouble && features.runnersFail ? 1 : 0, () => this.#breakOff(job)],
      [trouble && features.runnersBabble ? 2 : 0, () => this.#babble(job)],
      [trouble && features.limits ? 2 : 0, () => this.#meetLimit(job)],
      [step !== undefined && this.#mayAsk(job) ? 8 : 0, () => this.#request(job, step ?? "")],
    ]);
    act();
  }

  #breakOff(job: SimJob): void {
    const { random } = this.#sim;
    const step = job.todo[0] ?? null;
    const finding = { check: "outputs-exist", step, path: null, line: null, message: "nothing was written" } as const;
    job.outcome ??= random.pick<OutcomeRequest["outcome"]>([
      { kind: "nothing-to-do" },
      { kind: "completed" },
      { kind: "slice-ended" },
      { kind: "waiting-question" },
      { kind: "waiting-dependency" },
      { kind: "provider-refused", why: "billing", message: "no credit" },
      { kind: "failed", message: "the agent gave up", findings: [finding] },
      { kind: "failed", message: "the agent gave up", findings: [] },
      { kind: "lost", message: "the provider did not answer" },
      { kind: "cancelled" },
    ]);
    this.#declare(job);
  }

  /** What no job of this run could mean; it goes on as though it had not said it. */
  #babble(job: SimJob): void {
    const { random } = this.#sim;
    const spent = spentOf(0);
    const step = job.todo[0] ?? "01_idea";
    const error = { type: "missing_file", message: "?", details: "" } as const;
    const [what, say] = random.pick<readonly [string, (serving: ServingRunner) => Promise<unknown>]>([
      [
        "a step that there is not",
        (serving) =>
          takeStep(serving, job.token, { step: "99_none", changes: [], spent, findings: [], answers: [], told: [] }),
      ],
      [
        "a request of another run",
        (serving) => takeRequest(serving, job.token, { kind: "error", id: "id-0000/1", step, error }),
      ],
      [
        "a request without a number",
        (serving) => takeRequest(serving, job.token, { kind: "error", id: `${job.runId}/x`, step, error }),
      ],
      [
        "one request too many",
        (serving) => takeRequest(serving, job.token, { kind: "error", id: `${job.runId}/999`, step, error }),
      ],
    ]);
    this.#say(job, `says nonsense: ${what}`);
    this.#ask(job, say, (answer) => {
      if (answer instanceof RunnerRefused && answer.code !== "bad-request") this.#end(job, "failure", "is refused");
      else if (!(answer instanceof Error) && !(answer as { readonly stop: boolean }).stop) {
        this.#sim.fail(`nonsense of a runner is refused: ${what}`);
      }
    });
  }

  #meetLimit(job: SimJob): void {
    const { random, clock } = this.#sim;
    const minutes = random.pick([null, 0, 3, 40, 300]);
    const resetsAt = minutes === null ? null : new Date(clock.now().getTime() + minutes * 60_000).toISOString();
    job.outcome ??= { kind: "rate-limited", resetsAt, message: "the provider's limit" };
    this.#declare(job);
  }

  #mayAsk(job: SimJob): boolean {
    const { features } = this.#sim;
    const isTalker = features.questions || features.dependencies;
    return isTalker && this.#requests < requestsMax && job.outcome === null && job.unanswered === null;
  }

  /** Sent until the app has it; whoever needs what it asked for ends to wait, but for some that go on. */
  #request(job: SimJob, step: string): void {
    const { random, features } = this.#sim;
    const request = this.#requestOf(job, step);
    const waits = waitOf(request);
    const goesOn = features.runnersFail && random.chance(0.2);
    const send = () => {
      this.#say(job, `asks: ${JSON.stringify(request).slice(0, 120)}`);
      this.#sim.watch.handed.request.add(request.id);
      this.#ask(
        job,
        (serving) => takeRequest(serving, job.token, request),
        (answer) => {
          if (answer instanceof RunnerRefused) return this.#end(job, "failure", "is refused");
          if (answer instanceof Error) return;
          job.unanswered = null;
          if (waits !== null && !goesOn) job.outcome ??= { kind: waits };
          if (answer.stop) this.#end(job, "success", "is told to stop");
        },
      );
    };
    job.lastStep = send;
    job.unanswered = send;
    send();
  }

  #requestOf(job: SimJob, step: string): RunnerRequest {
    const { random, features } = this.#sim;
    this.#requests += 1;
    const base = { id: `${job.runId}/${(job.requests += 1)}`, step };
    const required = random.chance(0.6);
    const lent = (job.job?.dependencies ?? []).filter(({ slot }) => slot !== null);
    if (lent.length > 0 && random.chance(0.3)) {
      return { kind: "value-refused", ...base, name: random.pick(lent).name, message: "it does not work" };
    }
    if (random.chance(0.1)) {
      const type = random.pick(["missing_file", "execution_failed"] as const);
      return { kind: "error", ...base, error: { type, message: "it does not run", details: "" } };
    }
    if (features.dependencies && (!features.questions || random.chance(0.5))) {
      const [name, type] = random.pick(things);
      return { kind: "dependency", ...base, dependency: { type, name, description: "for the work", required } };
    }
    const questions = Array.from({ length: 1 + random.below(3) }, (_, index) => ({
      category: "choice" as const,
      question: `Which one, ${index}?`,
      options: index === 2 ? [] : ["this", "that"],
      default: "this",
      required: index === 0 ? required : random.chance(0.5),
    }));
    return { kind: "questions", ...base, questions };
  }

  /** Asks the model once more. False where the purse is empty. */
  #spend(job: SimJob): boolean {
    const budget = job.job?.budgetUsd ?? 0;
    if (job.spentUsd >= budget) {
      job.outcome ??= { kind: "budget-exhausted", spentUsd: job.spentUsd, budgetUsd: budget };
      return false;
    }
    const usd = (1 + this.#sim.random.below(this.#sim.features.smallPurse ? 10 : 4)) / 10;
    job.spentUsd += usd;
    job.owedUsd += usd;
    return true;
  }

  #handOver(job: SimJob, step: string): void {
    const { random, features, calm } = this.#sim;
    if (!this.#spend(job)) return this.#declare(job);
    const trouble = !calm;
    const words = [
      `Document ${step}, draft ${(this.#drafts += 1)}.`,
      trouble && features.badWork && random.chance(0.4) ? badWord : "",
      trouble && features.hostileWork && random.chance(0.2) ? hostileWord : "",
    ].join(" ");
    const isTalk = job.job?.conversation != null;
    // Who talks need not change anything, nor whoever looks again at what was made before.
    const mayBeIdle = isTalk ? 0.4 : job.job?.phase.name === "ripple" ? 0.6 : 0;
    const isEmpty = (trouble && features.emptyWork && random.chance(0.3)) || random.chance(mayBeIdle);
    const reply = isTalk ? { reply: `Reply ${(this.#replies += 1)}.` } : {};
    const answers: Answer[] = (job.job?.feedback ?? [])
      .filter((item) => item.step === step && (calm || random.chance(0.8)))
      .map(({ id }) => ({ id, kind: random.pick(["fixed", "fixed", "declined", "question"] as const), text: "Done." }));
    const spent = spentOf(job.owedUsd);
    const work = this.#workOf(job, step, isEmpty ? null : words);
    job.owedUsd = 0;
    const send = () => {
      this.#say(job, `hands ${step} over${isEmpty ? " without a change" : ""}: ${words.slice(0, 60)}`);
      this.#sim.watch.handed.step.add(`${job.runId} ${step}`);
      const told = job.told.map(({ number, at }) => ({ number, at }));
      this.#ask(
        job,
        async (serving) => {
          const changes = [...(await work)].map(([path, text]) => written(path, text));
          return takeStep(serving, job.token, { step, changes, spent, findings: [], answers, told, ...reply });
        },
        (answer) => {
          if (answer instanceof RunnerRefused)
            return this.#end(job, "failure", `is refused: ${answer.message.slice(0, 60)}`);
          if (answer instanceof Error) return;
          this.#isKept(answer, `step:${job.runId}:${step}`);
          job.told = [...job.told, ...(answer.answers ?? [])];
          if (job.todo[0] === step) {
            job.todo.shift();
            job.unanswered = null;
          }
          if (answer.stop) this.#end(job, "success", "is told to stop");
        },
      );
    };
    job.lastStep = send;
    job.unanswered = send;
    send();
  }

  /** What a step leaves, by its path; `words` are null where it changes nothing of its own. */
  async #workOf(job: SimJob, slug: string, words: string | null): Promise<ReadonlyMap<string, string>> {
    const { random, features, calm, ripples, plans } = this.#sim;
    const work = new Map<string, string>();
    const step = job.job?.phase.steps.find((each) => each.slug === slug);
    if (job.job === null || step === undefined) return work;
    const both = `Of both sides, ${this.#drafts}.`;
    // Of a merge, all that both sides changed; an agent may forget some of it.
    const isForgetful = !calm && features.badWork && random.chance(0.3);
    const conflicted = job.job.merge == null || isForgetful ? [] : conflictsAt(job.job, slug);
    for (const path of conflicted) work.set(path, both);
    if (words !== null) {
      const [path = notesPath] = step.outputs;
      const changed = ripples.changedByAgent(job.job.phase.number, job.files);
      if (changed !== null) work.set(changed.path, changed.text);
      const ofPlan = await plans.workOf(job.job, step, words, job.files);
      const own = ofPlan ?? new Map([[path, ripples.textFor(path, words)]]);
      for (const [each, text] of own) work.set(each, text);
    }
    job.files = new Map([...job.files, ...work]);
    return work;
  }

  #declare(job: SimJob): void {
    if (job.outcome === null) this.#completed(job);
    const outcome = (job.outcome ??= { kind: "completed" });
    this.#say(job, `declares ${outcome.kind}${job.report === null ? "" : `: ${textOfReport(job.report)}`}`);
    this.#sim.watch.handed.outcome.add(job.runId);
    const body = { outcome, report: job.report, spent: spentOf(job.owedUsd) };
    this.#ask(
      job,
      (serving) => takeOutcome(serving, job.token, body),
      (answer) => {
        if (answer instanceof RunnerRefused) return this.#end(job, "failure", "is refused");
        if (answer instanceof Error) return;
        this.#isKept(answer, `outcome:${job.runId}`);
        this.#end(job, "success", "ends");
      },
    );
  }

  /** The last step is done: the work is tested, judged, and asked what it decided. */
  #completed(job: SimJob): void {
    const { random, features, calm } = this.#sim;
    if (features.oldAction || random.chance(0.03)) return;
    // A story must come to an end: in the calm the work gets good in the end.
    const fails = (feature: boolean, chance: number) => feature && this.#faults > 0 && random.chance(chance);
    const isUntested = fails(features.testsFail, 0.1);
    const fail = fails(features.testsFail, calm ? 0.2 : 0.4);
    const failure = random.pick(["failed", "timed-out"] as const);
    const result = isUntested ? ("could-not-run" as const) : fail ? failure : ("passed" as const);
    const tests = { command: "npm test", result, exitCode: result === "failed" ? 1 : null, seconds: 3, tail: "" };
    const isUnjudged = fails(features.judgeFaults, 0.4);
    const verdicts = isUnjudged
      ? []
      : ["agrees", "is-brief"].map((criterion) => {
          const isStubborn = features.judgeIsStubborn && criterion === "agrees";
          const passed = !fails(features.judging || isStubborn, isStubborn ? 0.9 : calm ? 0.3 : 0.6);
          const confidence = isStubborn ? "high" : random.pick(["high", "high", "medium", "low"] as const);
          const reason = passed ? "It holds." : `It does not hold, ${random.pick(["as I see", "it seems"])}.`;
          return { criterion, passed, confidence, reason, evidence: [] };
        });
    const decisions = Array.from({ length: random.below(4) }, (_, index) => ({
      decision: `This one, ${index}.`,
      alternative: "That one.",
      reason: "It is smaller.",
      confidence: "medium" as const,
      files: index === 0 ? [`docs/${job.job?.phase.steps[0]?.slug ?? ""}.md`] : [],
    }));
    job.report = { verdicts, judgeFault: isUnjudged ? "no answer" : null, tests, decisions };
    if (verdicts.some(({ passed }) => !passed) || result !== "passed") this.#faults -= 1;
    if (result !== "failed" && result !== "timed-out") return;
    const message = `the project's own tests ${result === "failed" ? "fail" : "take too long"}`;
    const finding = { check: "tests-pass", step: null, path: null, line: null, message } as const;
    job.outcome = { kind: "failed", message: "the tests do not pass", findings: [finding] };
  }

  /** Nothing is kept of what a run says that is over. */
  #isKept({ stop }: { readonly stop: boolean }, key: string): void {
    if (!stop && !this.#sim.watch.isStored(key)) this.#sim.fail(`what is acknowledged is stored: ${key}`);
  }

  #heartbeat(job: SimJob): void {
    this.#ask(
      job,
      (serving) => takeEvents(serving, job.token, { events: [] }),
      (answer) => this.#heard(job, answer),
    );
  }

  #speak(job: SimJob): void {
    const number = (job.events += 1);
    const event = { kind: "action", step: job.todo[0] ?? "", text: "writes", document: null } as const;
    const body = { events: [{ number, at: this.#sim.clock.now().toISOString(), event }] };
    this.#ask(
      job,
      (serving) => takeEvents(serving, job.token, body),
      (answer) => this.#heard(job, answer),
    );
  }

  #heard(job: SimJob, answer: { readonly stop: boolean } | Error): void {
    if (answer instanceof RunnerRefused) return this.#end(job, "failure", "is refused");
    if (!(answer instanceof Error) && answer.stop) this.#end(job, "success", "is told to stop");
  }

  /** One request to the app; what is lost on the way there or back is an error to the runner. */
  #ask<T>(job: SimJob, send: (serving: ServingRunner) => Promise<T>, then: (answer: T | Error) => void): void {
    const { random, features, calm, app } = this.#sim;
    const isLost = () => !calm && features.lostAnswers && random.chance(0.15);
    if (app === null || isLost()) return then(new Error("the app cannot be reached"));
    const request = { life: app };
    job.request = request;
    const hear = (answer: T | Error) => {
      if (job.request !== request) return;
      job.request = null;
      if (job.mode !== "over") then(isLost() ? new Error("no answer from the app") : answer);
    };
    send(app.serving).then(hear, (error: unknown) => {
      if (!(error instanceof RunnerRefused)) this.#sim.expectError(error, "serving a runner");
      hear(error as Error);
    });
  }

  #end(job: SimJob, conclusion: string, why: string): void {
    this.#say(job, why);
    job.mode = "over";
    this.#sim.github.endRun(job.runId, conclusion);
  }

  #say(job: SimJob, what: string): void {
    this.#sim.tell(`job ${job.runId}`, what);
  }
}

const workflowRef = "octo/links/.github/workflows/phasegate.yml@refs/heads/main";

/** Of every job: one credential of one repository. */
const modelAccount = "0123456789abcdef";

/** What agents ask for; two of them come to the same name, and one has no value. */
const things = [
  ["OPENAI_API_KEY", "api_key"],
  ["OpenAI API key", "env_variable"],
  ["GITHUB_TOKEN", "api_key"],
  ["비밀", "api_key"],
  ["the logo", "file"],
] as const;

function conflictsAt({ feedback }: Job, step: string): readonly string[] {
  return feedback.flatMap((item) =>
    item.step === step && item.id.startsWith("conflict:") && item.path !== null ? [item.path] : [],
  );
}

function written(path: string, text: string) {
  const contentBase64 = Buffer.from(text).toString("base64");
  return { kind: "written", path, mode: "100644", contentBase64 } as const;
}

function waitOf(request: RunnerRequest): "waiting-question" | "waiting-dependency" | null {
  switch (request.kind) {
    case "questions":
      return request.questions.some(({ required }) => required) ? "waiting-question" : null;
    case "dependency":
      return request.dependency.required ? "waiting-dependency" : null;
    case "permission":
      return "waiting-question";
    case "value-refused":
      return "waiting-dependency";
    case "error":
      return null;
  }
}

function textOfReport({ verdicts, judgeFault, tests, decisions }: NonNullable<OutcomeRequest["report"]>): string {
  const failed = verdicts
    .filter(({ passed }) => !passed)
    .map(({ criterion, confidence }) => `${criterion} ${confidence}`);
  return `tests ${tests?.result ?? "none"}, not met: ${failed.join(", ")}${judgeFault ?? ""}, ${decisions.length} decisions`;
}

function spentOf(costUsd: number) {
  const usage = { inputTokens: 10, outputTokens: 5, cacheCreationInputTokens: 0, cacheReadInputTokens: 0 };
  return { usage, costUsd: Math.round(costUsd * 10) / 10 };
}
