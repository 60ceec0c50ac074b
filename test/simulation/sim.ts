/** One story, told by one seed: the whole app with GitHub, runners, people and time around it. */
import { createHash } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import { createCheckpointSeal } from "../../src/control/checkpoints.ts";
import { createSeal } from "../../src/control/seal.ts";
import { startEngine, type Engine, type Working } from "../../src/control/engine.ts";
import type { GitHub } from "../../src/control/ports/github.ts";
import type { RequestShown } from "../../src/control/ports/notices.ts";
import { webhookKeyOf } from "../../src/control/ports/queues.ts";
import { RetryLater } from "../../src/control/ports/retry-later.ts";
import type { RunnerIdentity } from "../../src/control/ports/runner-identity.ts";
import { StaleVersion, type Store } from "../../src/control/ports/store.ts";
import type { ServingRunner } from "../../src/control/serve-runner/session.ts";
import { defaultPolicy, type Policy } from "../../src/core/decide.ts";
import { noInput } from "../../src/core/task-input.ts";
import type { TaskEvent } from "../../src/core/events.ts";
import { unsettledOf } from "../../src/core/conversation.ts";
import { hasValue } from "../../src/core/dialogue.ts";
import {
  currentPhaseOf,
  isSettled,
  openDependenciesOf,
  pullRequestOf,
  type ExistingTask,
} from "../../src/core/state.ts";
import { openStore } from "../../src/store/open-store.ts";
import { deliver, forge, intentFrom, openDoor, type Door } from "./door.ts";
import { featuresFrom, namesOf, type Features } from "./features.ts";
import { Jobs } from "./jobs.ts";
import { lagMsMax, LaggingLists } from "./lagging-lists.ts";
import { Leases } from "./leases.ts";
import { People } from "./people.ts";
import { RepositoryChecks } from "./repository-checks.ts";
import { playbooks, verifier } from "./playbooks.ts";
import { Plans } from "./plans.ts";
import { Random } from "./random.ts";
import { Ripples } from "./ripples.ts";
import { SimClock } from "./sim-clock.ts";
import { Refused, requestIdOf, SimGitHub, type Webhook } from "./sim-github.ts";
import { Specifications } from "./specifications.ts";
import type { Subject } from "./subject.ts";
import { Turns, type CallFault } from "./turns.ts";
import { SparedLooks } from "./spared-looks.ts";
import { summaryOf, Violation, Watch } from "./watch.ts";

/** Things that happen while there is trouble. */
const actionsMax = 180;
/** Simulated time in which everything must have settled once the trouble is over. */
const settleMsMax = 96 * 60 * 60_000;
const minuteMs = 60_000;
/** Far above what a moment of the end takes. */
const roundsOfMomentMax = 5_000;
const patienceMs = 10 * minuteMs;
const redeliveryTriesMax = 3;
const deliveriesKeptMs = 3 * 24 * 60 * minuteMs;

/** Breaks a promise of the app's surroundings or of a part of the app, to see that somebody notices. */
export interface Mutant {
  readonly store?: (store: Store, sim: Sim) => Partial<Store>;
  readonly github?: (github: GitHub, sim: Sim) => Partial<GitHub>;
  readonly policy?: Partial<Policy>;
  /** Who a runner is taken for. */
  readonly runner?: (identity: RunnerIdentity, sim: Sim) => RunnerIdentity;
  /** Looks at the signature of a webhook. */
  readonly trusts?: (body: string, signature: string) => Promise<boolean>;
  /** It shows in stories without trouble, which are shorter. */
  readonly calm?: boolean;
  /** What the app finds when it reads what happened to a task. */
  readonly past?: (events: readonly TaskEvent[]) => readonly TaskEvent[];
}

export interface Told {
  readonly seed: number;
  readonly failure: string | null;
  readonly story: readonly string[];
  /** Simulated time that passed, in days. */
  readonly days: number;
  /** Of the whole story. */
  readonly hash: string;
}

interface App {
  readonly store: Store;
  readonly engine: Engine;
  readonly serving: ServingRunner;
  /** Calls of the app that the simulation made itself, e.g. the delivery of a webhook. */
  readonly underWay: Set<Webhook>;
  readonly door: Door;
}

/** What the comment of a request shows of it. */
function shownOf(request: RequestShown): string {
  switch (request.kind) {
    case "questions":
      return JSON.stringify(request.questions.map(({ number, answer }) => [number, answer?.text]));
    case "dependency":
      return JSON.stringify([request.dependency.name, request.dependency.state, request.dependency.refused]);
    case "error":
      return request.error.message;
    case "reply":
      return JSON.stringify([request.reply.number, request.reply.commitSha, request.text]);
  }
}

/** An error that the simulation brought about. */
const brought = new WeakSet<Error>();

export async function simulate(seed: number, dataDir: string, mutant: Mutant = {}): Promise<Told> {
  const sim = new Sim(seed, dataDir, mutant);
  return sim.tellAll();
}

export class Sim {
  readonly random: Random;
  readonly features: Features;
  readonly clock = new SimClock();
  readonly github: SimGitHub;
  readonly jobs: Jobs;
  readonly people: People;
  readonly checks: RepositoryChecks;
  readonly plans: Plans;
  readonly specifications: Specifications;
  readonly ripples: Ripples;
  readonly story: string[] = [];
  /** True once the trouble is over. */
  calm = false;
  /** Since when, in milliseconds. */
  calmSince = Number.POSITIVE_INFINITY;
  app: App | null = null;
  readonly #seed: number;
  readonly #dataDir: string;
  readonly #mutant: Mutant;
  readonly #turns: Turns;
  readonly #leases = new Leases();
  #watch: Watch | null = null;
  #serial = 0;
  #failure: string | null = null;
  #upAgainAt = 0;
  /** Until then GitHub answers nothing, nobody may call it, or it knows no token of ours. */
  #outageUntil = 0;
  #restUntil = 0;
  #revokedUntil = 0;
  readonly #lists = new LaggingLists(() => this.clock.passed);
  /** How often the app asked for a webhook again. */
  readonly #redeliveries = new Map<string, number>();

  constructor(seed: number, dataDir: string, mutant: Mutant) {
    this.#seed = seed;
    this.#dataDir = dataDir;
    this.#mutant = mutant;
    this.random = new Random(seed);
    this.features = featuresFrom(this.random);
    this.github = new SimGitHub(() => this.clock.now());
    this.#turns = new Turns(() => this.clock.passed);
    this.jobs = new Jobs(this);
    this.people = new People(this);
    this.checks = new RepositoryChecks(this);
    this.plans = new Plans(this);
    this.specifications = new Specifications(this);
    this.ripples = new Ripples(this);
  }

  get subjects(): readonly Subject[] {
    return [this.plans, this.specifications, this.ripples];
  }

  get watch(): Watch {
    if (this.#watch === null) throw new Error("the simulation has not begun");
    return this.#watch;
  }

  tasks(): readonly ExistingTask[] {
    return [...this.watch.tasks.values()].flatMap(({ state }) => (state.status === "absent" ? [] : [state]));
  }

  tell(actor: string, what: string): void {
    this.story.push(`${this.clock.now().toISOString().slice(5, 19)} ${actor}: ${what}`);
  }

  fail(what: string): void {
    this.#failure ??= what;
  }

  /** Whatever went wrong must be something that we brought about. */
  expectError(error: unknown, doing: string): void {
    for (let cause = error; cause instanceof Error; cause = cause.cause) {
      if (brought.has(cause) || cause instanceof Refused || cause instanceof RetryLater) return;
      // Crashes are brought about, too.
      if (cause.message.startsWith("the app ended in the midst of")) return;
    }
    this.fail(
      `no error of its own: ${doing}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
  }

  async tellAll(): Promise<Told> {
    try {
      await this.#start();
      this.story.push(`seed ${this.#seed}: ${namesOf(this.features).join(" ")}`);
      this.plans.prepare();
      this.people.prepare();
      this.checks.prepare();
      const actions = this.#mutant.calm === true ? 0 : actionsMax;
      for (let action = 0; action < actions && this.#failure === null; action += 1) await this.#step();
      if (this.#failure === null) await this.#settle();
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      this.fail(error.message);
    } finally {
      await this.#die();
      this.#watch?.close();
    }
    if (this.#failure !== null) this.story.push(`VIOLATED: ${this.#failure}`);
    const hash = createHash("sha256").update(this.story.join("\n")).digest("hex");
    const days = this.clock.passedSinceStart / (24 * 60 * minuteMs);
    return { seed: this.#seed, failure: this.#failure, story: this.story, days, hash };
  }

  async #step(): Promise<void> {
    const { random, features, github } = this;
    if (this.#turns.isEmpty) this.#rest();
    this.jobs.notice();
    for (let calls = random.below(12); calls > 0 && !this.#turns.isIdle; calls -= 1) await this.#next();
    if (this.#failure !== null) return;
    const active = this.jobs.active;
    const canDeliver = github.inTransit.length > 0;
    await random.weighted<() => Promise<void> | void>([
      [canDeliver ? 16 : 0, () => this.#deliver()],
      [active.length > 0 ? 20 : 0, () => this.jobs.act(random.pick(active))],
      [2.5, () => this.people.act()],
      [features.ci ? 2.5 : 0, () => this.checks.act()],
      [features.forgedWebhooks ? 0.6 : 0, () => this.#forge()],
      [features.strangersKnock ? 0.6 : 0, () => this.jobs.knock()],
      [this.#turns.isIdle ? 8 : 1, () => this.#passTime()],
      [features.clockLeaps ? 0.3 : 0, () => this.#leap()],
      [features.clockSetBack ? 0.2 : 0, () => this.#setBack()],
      [features.crashes && this.app !== null ? 0.5 : 0, () => this.#crash()],
      [features.stops && this.app !== null ? 0.3 : 0, () => this.#stop()],
      [features.outages ? 0.3 : 0, () => this.#outage()],
    ])();
    await turn();
    if (this.app === null && this.clock.passed >= this.#upAgainAt) await this.#start();
    this.watch.world();
  }

  #rest(): void {
    const lags = !this.calm && this.features.laggingLists;
    this.watch.gates.rest(this.clock.passed, lags ? lagMsMax : 0);
  }

  async #next(): Promise<void> {
    await this.#turns.next(this.random);
  }

  #passTime(): void {
    const due = this.watch.nextDue(this.clock.now().toISOString());
    const waitMs = due === null ? 30_000 : Date.parse(due) - this.clock.now().getTime();
    this.clock.advance(Math.min(Math.max(waitMs, 100), this.random.pick([1_000, 10_000, 30_000, 90_000])));
  }

  #leap(): void {
    const minutes = this.random.pick([4, 20, 180, 60 * 24]);
    this.tell("clock", `${minutes} minutes pass`);
    this.clock.advance(minutes * minuteMs);
  }

  #setBack(): void {
    const seconds = this.random.pick([1, 20, 90]);
    this.tell("clock", `is set back by ${seconds} seconds`);
    this.clock.setBack(seconds * 1_000);
  }

  #outage(): void {
    const minutes = this.random.pick([1, 3, 15]);
    this.tell("GitHub", `answers nothing for ${minutes} minutes`);
    this.#outageUntil = this.clock.passed + minutes * minuteMs;
  }

  /** One webhook arrives, or does not. */
  async #deliver(): Promise<void> {
    const { github, random, features, calm } = this;
    const place = !calm && features.reorderedWebhooks && random.chance(0.4) ? random.below(github.inTransit.length) : 0;
    const [webhook] = github.inTransit.splice(place, 1);
    if (webhook === undefined) return;
    const { kind } = webhook.intent;
    if (!calm && features.lateWebhooks && random.chance(0.15)) {
      github.inTransit.push(webhook);
      return;
    }
    if (this.app === null || (!calm && features.lostWebhooks && random.chance(0.15))) {
      this.tell("GitHub", `fails to deliver ${kind} (${webhook.guid})`);
      return github.failed(webhook);
    }
    if (!calm && features.doubledWebhooks && random.chance(0.2)) github.inTransit.push(webhook);
    const { app } = this;
    this.tell("GitHub", `delivers ${kind} (${webhook.guid})`);
    this.watch.handed.webhook.add(webhook.guid);
    app.underWay.add(webhook);
    await deliver(app.door, webhook, (status) => {
      if (status !== 202) this.fail(`GitHub's own webhooks are taken in: ${kind} was answered ${status}`);
      if (!this.watch.isStored(webhookKeyOf(webhook.guid)))
        this.fail(`what is acknowledged is stored: ${webhook.guid}`);
      app.underWay.delete(webhook);
    });
  }

  /** A stranger sends what GitHub would send, were it so: under a name of its own, or that of a webhook on its way. */
  async #forge(): Promise<void> {
    const { github, random, app } = this;
    if (app === null) return;
    const intent = this.people.falseIntent();
    const [onItsWay] = github.inTransit;
    const guid = onItsWay !== undefined && random.chance(0.3) ? onItsWay.guid : `forged-${random.below(1_000_000)}`;
    this.tell("stranger", `forges ${intent.kind} (${guid})`);
    const status = await forge(app.door, { guid, intent }, random);
    if (status !== 400 && status !== 401) this.fail(`a forged webhook is refused: ${intent.kind}`);
  }

  // ---------------------------------------------------------------- the process

  async #start(): Promise<void> {
    const { clock } = this;
    // Of one length, as real ids are: none is the beginning of another.
    const newId = () => `id-${String((this.#serial += 1)).padStart(4, "0")}`;
    const opened = await openStore({ dataDir: this.#dataDir, now: () => clock.now(), newId });
    this.#watch ??= new Watch(
      this.#dataDir,
      this.github,
      this.subjects,
      (line) => this.story.push(line),
      this.#mutant.past === undefined,
    );
    this.github.specifications = this.specifications;
    this.github.mergedByApp = (pull) => {
      const fault = this.watch.gates.mergedByApp(pull);
      this.tell("app", `merges #${pull.pullRequest}`);
      if (fault !== null) this.fail(fault);
    };
    const life = {};
    const store = this.#gatedStore(life, opened);
    const github = this.#gatedGitHub(life);
    const log = (level: string) => (fields: object, message: string) => {
      const error: unknown = Reflect.get(fields, "err");
      if (error !== undefined) this.expectError(error, `${message} ${String(Reflect.get(fields, "key"))}`);
      else if (level === "error") this.fail(`no error of its own: ${message}`);
    };
    let engine: Engine | null = null;
    const serving: ServingRunner & Working = {
      store,
      clock,
      timer: clock.timer,
      newId,
      log: { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") },
      github,
      policy: { ...defaultPolicy, ...this.#mutant.policy },
      playbooks,
      verifier,
      examine: async () => [],
      model: "sonnet",
      language: "en",
      taskBudgetUsd: this.features.smallPurse ? 3 : 25,
      phaseBudgetUsd: null,
      dayBudgetUsd: this.features.smallPurse ? 4 : 50,
      network: "open",
      onboardingVersion: "v1",
      seal: createCheckpointSeal([{ id: "k1", key: new Uint8Array(32) }]),
      appSeal: createSeal([{ id: "k1", key: new Uint8Array(32) }]),
      mcpHosts: [],
      prices: [],
      liveShownAt: new Map(),
      webUrl: "https://github.test",
      translate: (_event, payload) => intentFrom(payload),
      readForm: () => ({ input: noInput, faults: [] }),
      freeze: (raw) => ({ text: raw, hiddenRemoved: 0 }),
      verifyRunner: async (token) => {
        const identity = JSON.parse(token) as RunnerIdentity;
        return this.#mutant.runner?.(identity, this) ?? identity;
      },
      wake: () => engine?.wake(),
    };
    this.tell("app", "starts");
    engine = startEngine(serving);
    const door = openDoor(store, clock, () => engine?.wake(), this.#mutant.trusts);
    this.app = Object.assign(life, { store, engine, serving, underWay: new Set<Webhook>(), opened, door });
  }

  /** The process is gone between two of its steps, perhaps with one call that took effect unheard. */
  async #crash(): Promise<void> {
    this.tell("app", "crashes");
    const { app } = this;
    const unheard = this.random.chance(0.5) && !this.#turns.isIdle;
    if (unheard) {
      // Its answer is not seen: whatever it would lead to is dropped in the same moment.
      await this.#turns.next(this.random);
    }
    if (app !== null) await this.#die();
    this.#upAgainAt = this.clock.passed + this.random.pick([0, 0, 20_000, 4 * minuteMs]);
  }

  async #stop(): Promise<void> {
    this.tell("app", "is stopped");
    const { app } = this;
    const stopping = { ended: false };
    void app?.engine.stop(5_000).then(() => (stopping.ended = true));
    for (let tries = 0; !stopping.ended && tries < 500; tries += 1) {
      await turn();
      if (this.#turns.isIdle) this.clock.advance(5_000);
      else await this.#next();
      await turn();
    }
    if (!stopping.ended) this.fail("a stop ends");
    await this.#die();
    this.#upAgainAt = this.clock.passed + this.random.pick([0, 10_000]);
  }

  async #die(): Promise<void> {
    const { app } = this;
    if (app === null) return;
    this.app = null;
    this.#turns.forget(app);
    this.#leases.forget(app);
    this.clock.forgetAlarms();
    this.jobs.lifeEnded(app);
    for (const webhook of app.underWay) this.github.failed(webhook);
    await (app as App & { opened: Store }).opened.close();
  }

  #gatedStore(life: object, opened: Store): Store {
    const mutated: Store = { ...opened, ...this.#mutant.store?.(opened, this) };
    const looked = new SparedLooks(this.watch);
    return new Proxy(mutated, {
      get: (methods, name: keyof Store) => {
        const method = methods[name] as (...args: unknown[]) => Promise<unknown>;
        return (...args: unknown[]) => {
          const work = async (): Promise<unknown> => {
            const known = looked.known(name, String(args[0]));
            if (known !== null && name === "readEvents") return this.#past(known.answer as readonly TaskEvent[]);
            if (known !== null) return known.answer;
            const answer = await Reflect.apply(method, methods, args);
            looked.heard(name, String(args[0]), answer);
            this.#guarded(() => {
              if (name === "commit") this.watch.look();
              if (name === "eraseTask") this.watch.erased(String(args[0]));
              const fault = this.#leases.heard(
                life,
                (query, ...rest) => this.watch.rows(query, ...rest),
                name,
                args,
                answer,
              );
              if (fault !== null) this.fail(fault);
            });
            return answer;
          };
          return this.#turns.ask(life, name, work, () => (name === "commit" ? this.#staleness(args) : null));
        };
      },
    });
  }

  /** As though somebody else had been faster. */
  #staleness([unit]: readonly unknown[]): CallFault | null {
    if (this.calm || !this.features.staleVersions || !this.random.chance(0.06)) return null;
    const { taskId, expectedVersion } = unit as Parameters<Store["commit"]>[0];
    const error = new StaleVersion(taskId, expectedVersion);
    brought.add(error);
    return { moment: "before", error, hangMs: 0 };
  }

  #past(events: readonly TaskEvent[]): readonly TaskEvent[] {
    return this.#mutant.past?.(events) ?? events;
  }

  #guarded(look: () => void): void {
    try {
      look();
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      this.fail(error.message);
    }
  }

  #gatedGitHub(life: object): GitHub {
    const client = this.github.client();
    const mutated = this.#mutant.github?.(client, this) ?? {};
    return new Proxy(client, {
      get: (methods, name: keyof GitHub) => {
        const method = (mutated[name] ?? methods[name]) as (...args: unknown[]) => Promise<unknown>;
        return (...args: unknown[]) => {
          if (name === "redeliver") this.#countRedelivery(Number(args[0]));
          const work = async (): Promise<unknown> => {
            const before = this.github.fake.comments.length;
            const lags = !this.calm && this.features.laggingLists && this.random.chance(0.3);
            const answer = await this.#lists.read(name, args, lags, () => Reflect.apply(method, mutated, args));
            // By the key that the app gave, whatever became of it.
            if (name === "notify" && this.github.fake.comments.length > before) {
              this.github.comments.push(`#${String(args[1])} ${String(args[2])}`);
            }
            return answer;
          };
          return this.#turns.ask(life, name, work, () => this.#faultOf(name));
        };
      },
    });
  }

  #countRedelivery(deliveryId: number): void {
    const guid = this.github.fake.deliveries.find((each) => each.deliveryId === deliveryId)?.guid ?? "";
    this.#redeliveries.set(guid, (this.#redeliveries.get(guid) ?? 0) + 1);
  }

  #faultOf(name: string): CallFault | null {
    const { features, random, calm } = this;
    if (calm) return null;
    const moment = random.chance(0.5) ? "before" : "after";
    const fault = (error: Error, hangMs = 0): CallFault => {
      brought.add(error);
      this.tell("GitHub", `${name} fails ${moment} it took effect: ${error.message}`);
      return { moment, error, hangMs };
    };
    if (this.clock.passed < this.#outageUntil) return fault(new RetryLater("no answer", 10_000));
    const refused = this.#refusal();
    if (refused !== null) {
      brought.add(refused);
      return { moment: "before", error: refused, hangMs: 0 };
    }
    if (features.outages && random.chance(0.05)) return fault(new RetryLater("GitHub answered 502", 10_000));
    if (features.refusals && random.chance(0.03)) return fault(new Error("GitHub answered 403 for once"));
    if (features.hangs && random.chance(0.03)) return fault(new RetryLater("timed out", 10_000), 30_000);
    // Longer than the lease of an effect, now and then.
    const slowMs = random.pick([2_000, 20_000, 4 * minuteMs, 11 * minuteMs]);
    return features.slowAnswers && random.chance(0.03) ? { moment: "after", error: null, hangMs: slowMs } : null;
  }

  /** GitHub takes no call at all: a limit that lifts in a while, or a token that it does not know any more. */
  #refusal(): Error | null {
    const { features, random, clock } = this;
    const leftMs = this.#restUntil - clock.passed;
    if (leftMs > 0) return new RetryLater("waiting for GitHub's rate limit to lift", leftMs);
    if (clock.passed < this.#revokedUntil) return new Error("GitHub answered 401: bad credentials");
    if (features.throttling && random.chance(0.01)) {
      const [status, restMs] = random.pick([
        ["429", minuteMs],
        ["403, a secondary rate limit", 15 * minuteMs],
      ] as const);
      this.tell("GitHub", `answers ${status}, for ${restMs / minuteMs} minutes`);
      this.#restUntil = clock.passed + restMs;
      return new RetryLater(`GitHub answered ${status}`, restMs);
    }
    if (features.tokensRevoked && random.chance(0.01)) {
      const minutes = random.pick([0, 1, 8]);
      this.tell("GitHub", `knows no token of the app any more, for ${minutes} minutes`);
      this.#revokedUntil = clock.passed + minutes * minuteMs;
      return new RetryLater("GitHub answered 401: bad credentials", 5_000);
    }
    return null;
  }

  // ---------------------------------------------------------------- the end

  async #settle(): Promise<void> {
    const { random, github, clock } = this;
    this.calm = true;
    this.calmSince = this.clock.passed;
    const isHelpful = this.#mutant.calm === true || random.chance(0.7);
    this.tell("everybody", isHelpful ? "becomes helpful" : "falls silent; runners and GitHub do well");
    this.#outageUntil = 0;
    if (this.app === null) await this.#start();
    this.people.heal();
    const end = clock.passed + settleMsMax;
    let quietRounds = 0;
    let moment = { at: clock.passed, rounds: 0 };
    while (clock.passed < end) {
      moment = moment.at === clock.passed ? { ...moment, rounds: moment.rounds + 1 } : { at: clock.passed, rounds: 0 };
      if (moment.rounds > roundsOfMomentMax) return this.fail("time goes on: people and machines act without end");
      this.jobs.notice();
      if (this.#turns.isEmpty) this.#rest();
      if (!(await this.#turns.drain(random))) this.fail("the app comes to rest");
      if (this.#failure !== null) return;
      this.watch.world();
      if (github.inTransit.length > 0) await this.#deliver();
      else if (this.jobs.active.length > 0) this.jobs.act(random.pick(this.jobs.active));
      else if (this.checks.running.length > 0) this.checks.act();
      else if (this.jobs.stuck.length > 0) {
        clock.advance(60 * minuteMs);
        this.jobs.giveUpStuck();
      } else if (isHelpful && this.#isLongUntilNext() && this.#help()) quietRounds = 0;
      else if (this.watch.isWaiting() || this.#turns.nextEnd() !== null) {
        quietRounds = 0;
        const due = this.watch.nextDue(clock.now().toISOString());
        const waitMs = due === null ? minuteMs : Date.parse(due) - clock.now().getTime();
        clock.advance(Math.min(Math.max(waitMs, 1_000), 5 * minuteMs));
      } else if (isHelpful && this.#help()) quietRounds = 0;
      else if (quietRounds < 4) {
        quietRounds += 1;
        // Long enough for a look at what was missed, and for runners that fell silent.
        clock.advance(5 * minuteMs);
      } else break;
      await turn();
    }
    if (clock.passed >= end) return this.fail("everything settles in time");
    this.#isSettled(isHelpful);
  }

  /** Whoever comes to help finds that what was said before is heard. */
  #help(): boolean {
    for (const task of this.tasks()) {
      const unheard = this.watch.unheardOf(task);
      if (unheard !== null) this.fail(`${unheard}: ${summaryOf(task)}`);
    }
    return this.people.help();
  }

  /** People do not wait for a reminder. */
  /** Who has spoken and was not heard yet waits, and says no more. */
  #isLongUntilNext(): boolean {
    const now = this.clock.now().toISOString();
    return (
      this.#turns.nextEnd() === null &&
      !this.watch.isUnheard() &&
      this.watch.nextDue(now) !== null &&
      !this.watch.isDueWithin(now, patienceMs)
    );
  }

  #isSettled(isHelpful: boolean): void {
    const isKnown = (guid: string) =>
      this.watch.rows("select 1 from inbox where key = ? limit 1", webhookKeyOf(guid)).length > 0;
    const keptSince = new Date(this.clock.now().getTime() - deliveriesKeptMs).toISOString();
    const lost = this.github.fake.deliveries.filter(
      // After some tries in vain the app gives a webhook up, and GitHub keeps none for longer than three days.
      ({ guid, at }) => !isKnown(guid) && at > keptSince && (this.#redeliveries.get(guid) ?? 0) < redeliveryTriesMax,
    );
    if (lost.length > 0) return this.fail(`lost webhooks are asked for again: ${lost.map(({ guid }) => guid).join()}`);
    for (const task of this.tasks()) {
      const isWaiting = task.status === "draft" || task.status === "review" || task.blockedBy !== null;
      const rule = `task ${task.taskId}, ${summaryOf(task)}`;
      if (!isSettled(task) && (isHelpful || !isWaiting)) return this.fail(`every task settles: ${rule}`);
      const unkept = this.watch.atEnd(task);
      if (unkept !== null) return this.fail(`${unkept}: ${rule}`);
      if (!this.github.issueExists(task.issue.number)) continue;
      const shown = this.github.shown.get(task.taskId);
      const facts = (each: ExistingTask | undefined) =>
        each === undefined
          ? "nothing"
          : JSON.stringify([each.status, each.blockedBy?.kind, currentPhaseOf(each)?.gate?.review, each.phases.length]);
      if (facts(shown) !== facts(task) && !this.github.unshown.has(task.taskId)) {
        return this.fail(`people see how it is: ${rule}, shown ${facts(shown)}, is ${facts(task)}`);
      }
      if (!isSettled(task) && task.status === "review" && task.blockedBy === null) {
        const pull = this.github.fake.pulls.get(pullRequestOf(task) ?? 0);
        if (pull?.open !== true || pull.draft) return this.fail(`what waits for review can be reviewed: ${rule}`);
      }
      const unseen = this.#unseenOf(task);
      if (unseen !== null) return this.fail(`people see what is asked of them: ${rule}: ${unseen}`);
      if (isSettled(task) || task.blockedBy === null) continue;
      const { blockedBy } = task;
      if (blockedBy.kind === "rate-limited") return this.fail(`a limit holds nobody for ever: ${rule}`);
      if (blockedBy.kind === "waiting-dependency" && !this.github.namesHidden) {
        const added = openDependenciesOf(task).find(
          ({ name, type, askedAt }) => hasValue(type) && (this.github.names.get(name) ?? "") > askedAt,
        );
        if (added !== undefined) return this.fail(`what was added is noticed: ${rule}: ${added.name}`);
      }
      // The comments of what is asked for, and of replies, call people; they were looked at above.
      if (["waiting-question", "waiting-dependency", "conversation"].includes(blockedBy.kind)) continue;
      const isTold = this.github.fake.comments.some(
        ({ notice }) =>
          notice?.kind === "blocked" &&
          notice.task.taskId === task.taskId &&
          JSON.stringify(notice.reason) === JSON.stringify(blockedBy),
      );
      if (!isTold) return this.fail(`whoever is waited for was told: ${rule}`);
    }
  }

  /** The first request whose comment is not there, or shows what it was; null where all is as it is. */
  #unseenOf(task: ExistingTask): string | null {
    // Its words are gone, here and there at different times.
    if (task.erasedBy !== null) return null;
    const messages = new Set(task.questions.map(({ requestId }) => requestId));
    const due: RequestShown[] = [
      ...[...messages].map((id) => ({
        kind: "questions" as const,
        questions: task.questions.filter(({ requestId }) => requestId === id),
      })),
      ...task.dependencies.map((dependency) => ({ kind: "dependency" as const, dependency, isNoticed: true })),
    ];
    for (const request of due) {
      const shown = this.github.requests.get(`${task.taskId} ${requestIdOf(request)}`)?.request;
      if (shown === undefined || shownOf(shown) !== shownOf(request)) {
        return `shown ${shown === undefined ? "nothing" : shownOf(shown)}, is ${shownOf(request)}`;
      }
    }
    return this.#unrepliedOf(task);
  }

  /** In a conversation that waits for people all that they said has its reply, and each reply its comment. */
  #unrepliedOf({ taskId, phases, blockedBy, status }: ExistingTask): string | null {
    for (const { phase, conversation } of phases) {
      if (conversation === null || status === "cancelled") continue;
      const unsettled = unsettledOf(conversation).length;
      if (blockedBy?.kind === "conversation" && unsettled > 0) return `${unsettled} turns have no reply`;
      for (const { number, commitSha } of conversation.replies) {
        const shown = this.github.requests.get(`${taskId} reply ${phase}/${number}`)?.request;
        if (shown?.kind !== "reply") return `reply ${number} has no comment`;
        if (shown.reply.commitSha !== commitSha) return `reply ${number} is shown without its commit`;
      }
    }
    return null;
  }
}
