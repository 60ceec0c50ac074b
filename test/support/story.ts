/** The whole app against the sandbox, in one process, told as a story. */
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, test, type TestContext } from "vitest";
import { parseConfig } from "../../src/control/config.ts";
import type { Log } from "../../src/control/ports/surroundings.ts";
import type { EventOf, TaskEvent, TaskEventType } from "../../src/core/events.ts";
import { startApp, type RunningApp } from "../../src/start-app.ts";
import { canHaveSecondUser } from "../demo/options.ts";
import type { Decide, ModelServer } from "../model/model-server.ts";
import { startModelServer } from "../model/model-server.ts";
import { isApiPath, loadOracle } from "../sandbox/oracle.ts";
import type { Exchange } from "../sandbox/state.ts";
import { temporaryDatabase } from "../store/databases.ts";
import { claudeBinaryPath } from "./claude-binary-path.ts";
import { fakeRunner, type FakeRunnerOptions } from "./fake-runner.ts";
import { startWorld, type World, type WorldOptions } from "./github-world.ts";

/** Far above what a story takes on two busy cores, and below the limit of the test runner, so that it can say where it stood. */
const storyMsMax = 100_000;

export interface Story extends World {
  readonly app: RunningApp;
  /** Everything that happened to all tasks, oldest first. */
  readonly events: readonly TaskEvent[];
  /** The model of a story that is told with the real CLI. */
  readonly model: ModelServer;
  /** Resolves with the next event of that type that nobody waited for yet. */
  next<Type extends TaskEventType>(type: Type): Promise<EventOf<Type>>;
  /** Resolves when all webhooks were answered and the app has nothing left that is due. */
  settled(): Promise<void>;
  /** Stops the app, and starts another one with the same settings once `meanwhile` is over. */
  restart(meanwhile: () => Promise<void>): Promise<void>;
  /** Minutes go by at once; ten in all at most, since tokens are signed by the machine's own clock. */
  pass(minutes: number): void;
  /** Approves and merges the gate of a phase as the owner. */
  acceptGate(phase: number): Promise<void>;
  /** Hears of each event, as it happens. */
  onEvent(listener: (event: TaskEvent) => void): void;
}

/**
 * What the store does differently on PostgreSQL shows in the main job, with a run that dies and one that is refused, and in
 * what pauses and goes on: those stories say `alsoOnPostgres`. The others would tell the same again of GitHub and the
 * runner, and a person waits for `npm test`. STORIES_ON_POSTGRES=all tells every story on both.
 */
const allOnPostgres = process.env["STORIES_ON_POSTGRES"] === "all";

export type WorldTold = Partial<WorldOptions> & {
  readonly runner?: FakeRunnerOptions;
  /** Who answers as the model: then the action and the CLI are the real ones, and `runner` is not used. */
  readonly decide?: Decide;
  /** Playbooks of its own; by default those of the product. */
  readonly guideFolder?: string;
  /** Settings of the app beside those of the world. */
  readonly environment?: Readonly<Record<string, string>>;
  /** What is already so before the app starts. */
  readonly prepare?: (world: World) => void;
  /** Messages of the warnings and errors that the story provokes; any other one fails it. */
  readonly provokes?: readonly string[];
};

type StoryOptions = WorldTold & { readonly alsoOnPostgres?: boolean };

/** Declares the story on SQLite and, where it asks for that, once more on PostgreSQL. */
export function story(name: string, options: StoryOptions, tell: (story: Story) => Promise<void>): void {
  const msMax = storyMsMax + 20_000;
  test(name, () => tellOn({}, options, tell), msMax);
  if (options.alsoOnPostgres !== true && !allOnPostgres) return;
  describe("on PostgreSQL", () => {
    test(name, (context) => tellOnPostgres(context, options, tell), msMax);
  });
}

async function tellOnPostgres(
  context: TestContext,
  options: StoryOptions,
  tell: (story: Story) => Promise<void>,
): Promise<void> {
  const database = await temporaryDatabase();
  if (database.url === null) return context.skip(database.why);
  try {
    await tellOn({ DATABASE_URL: database.url }, options, tell);
  } finally {
    await database.drop();
  }
}

async function tellOn(
  settings: Readonly<Record<string, string>>,
  options: StoryOptions,
  tell: (story: Story) => Promise<void>,
): Promise<void> {
  const opened = await openStory(options, settings);
  const { story, heard, violations, complaints } = opened;
  try {
    await withinTime(tell(story), heard);
    expect(violations).toEqual([]);
    expect(complaints).toEqual([]);
  } catch (error) {
    throw error instanceof Error && complaints.length + violations.length > 0
      ? new Error(
          `${error.message}\nthe app's log: ${complaints.join("\n")}\nagainst GitHub's description: ${violations.join("\n")}`,
          { cause: error },
        )
      : error;
  } finally {
    await opened.close();
  }
}

interface OpenStory {
  readonly story: Story;
  readonly heard: Heard;
  /** What GitHub's description finds wrong in the exchanges so far. */
  readonly violations: readonly string[];
  /** Warnings and errors of the app that nobody announced. */
  readonly complaints: readonly string[];
  /** Stops all that was started, and leaves nothing behind. */
  close(): Promise<void>;
}

/** `settings` are those of the app's store. */
export async function openStory(
  options: WorldTold,
  settings: Readonly<Record<string, string>> = {},
): Promise<OpenStory> {
  const folder = await mkdtemp(path.join(tmpdir(), "phasegate-story-"));
  const oracle = loadOracle();
  const violations: string[] = [];
  const complaints: string[] = [];
  const heard = new Heard();
  const clock = new ImpatientClock();
  const model = options.decide === undefined ? null : await startModelServer({ decide: options.decide });
  const world = await startWorld({
    ...options,
    ...(model === null ? { execute: await fakeRunner(options.runner), ...options } : await realRunner(model, options)),
    folder,
    clock: () => clock.now(),
    onExchange(exchange) {
      options.onExchange?.(exchange);
      violations.push(...violationsOf(oracle, exchange));
    },
  });
  options.prepare?.(world);
  const appEnvironment = { ...world.appEnvironment, ...options.environment, ...settings };
  const config = parseConfig(appEnvironment, () => "");
  const start = () =>
    startApp(config, {
      clock,
      newId: randomUUID,
      ...(options.guideFolder === undefined ? {} : { guideFolder: options.guideFolder }),
      log: listening({ heard, complaints, clock, provoked: new Set(["run lost", ...(options.provokes ?? [])]) }),
    });
  let app = await start();
  const story: Story = {
    ...world,
    appEnvironment,
    get app() {
      return app;
    },
    events: heard.events,
    get model() {
      if (model === null) throw new Error("asking for the model: the story is told without one, so give it `decide`");
      return model;
    },
    next: (type) => heard.next(type),
    onEvent: (listener) => heard.listeners.push(listener),
    async settled() {
      await world.sandbox.webhooks.idle();
      await app.engine.idle();
    },
    async restart(meanwhile) {
      await app.stop();
      await meanwhile();
      app = await start();
    },
    pass(minutes) {
      clock.jumpTo(new Date(clock.now().getTime() + minutes * 60_000).toISOString());
      app.engine.wake();
    },
    async acceptGate(phase) {
      const pullRequest = heard.events.findLast((event) => event.type === "GateOpened" && event.phase === phase);
      if (pullRequest?.type !== "GateOpened") throw new Error(`accepting the gate of phase ${phase}: none is open`);
      await world.owner.review({ number: pullRequest.pullRequest, event: "APPROVE" });
      await world.owner.merge(pullRequest.pullRequest);
    },
  };
  return {
    story,
    heard,
    violations,
    complaints,
    async close() {
      await app.stop();
      await world.sandbox.stop();
      await model?.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The action and the CLI as processes; the agent is another user where the machine allows it. */
async function realRunner(model: ModelServer, { jobEnvironment }: WorldTold): Promise<Partial<WorldOptions>> {
  return {
    modelUrl: model.url,
    claudePath: await claudeBinaryPath(),
    jobEnvironment: { ...(canHaveSecondUser() ? {} : { PHASEGATE_UNSAFE_SAME_USER: "1" }), ...jobEnvironment },
  };
}

/** A story that hangs says how far it came, instead of only that it took too long. */
async function withinTime(telling: Promise<void>, heard: Heard): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const path = heard.events.map((event) => event.type).join(", ");
      reject(new Error(`the story stands still after: ${path || "nothing"}`));
    }, storyMsMax);
  });
  try {
    await Promise.race([telling, tooLong]);
  } finally {
    clearTimeout(timer);
  }
}

/** Every request of the app and every answer of the sandbox, held against GitHub's own description. */
function violationsOf(oracle: ReturnType<typeof loadOracle>, exchange: Exchange): readonly string[] {
  if (!isApiPath(exchange.url)) return [];
  return oracle
    .checkExchange(exchange)
    .map((violation) => `${exchange.method} ${exchange.url} → ${exchange.status}: ${violation}`);
}

class Heard {
  readonly events: TaskEvent[] = [];
  readonly listeners: ((event: TaskEvent) => void)[] = [];
  readonly #claimed = new Set<TaskEvent>();
  readonly #waiting: { readonly type: TaskEventType; readonly resolve: (event: TaskEvent) => void }[] = [];

  hear(event: TaskEvent): void {
    this.events.push(event);
    for (const listener of this.listeners) listener(event);
    const index = this.#waiting.findIndex(({ type }) => type === event.type);
    const [waiting] = index < 0 ? [] : this.#waiting.splice(index, 1);
    if (waiting === undefined) return;
    this.#claimed.add(event);
    waiting.resolve(event);
  }

  next<Type extends TaskEventType>(type: Type): Promise<EventOf<Type>> {
    const isWanted = (event: TaskEvent): event is EventOf<Type> => event.type === type;
    const past = this.events.find((event) => isWanted(event) && !this.#claimed.has(event));
    if (past !== undefined && isWanted(past)) {
      this.#claimed.add(past);
      return Promise.resolve(past);
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({
        type,
        resolve: (event) =>
          isWanted(event) ? resolve(event) : reject(new Error(`waited for ${type}, got ${event.type}`)),
      });
    });
  }
}

/**
 * The time of app and GitHub. Where the app is put off, it jumps to the next try instead of letting a story wait.
 * Octokit signs by the machine's time: after jumps of ten minutes in all its signatures are out of date.
 */
class ImpatientClock {
  #aheadMs = 0;

  now(): Date {
    return new Date(Date.now() + this.#aheadMs);
  }

  jumpTo(moment: string): void {
    this.#aheadMs = Math.max(this.#aheadMs, Date.parse(moment) - Date.now());
  }
}

/** The app tells of each event in its log; warnings and errors that no story provokes fail it. */
function listening(listener: {
  readonly heard: Heard;
  readonly complaints: string[];
  readonly clock: ImpatientClock;
  readonly provoked: ReadonlySet<string>;
}): Log {
  const { heard, complaints, clock, provoked } = listener;
  const complain = (fields: object, message: string) => {
    if (provoked.has(message)) return;
    const error = "err" in fields && fields.err instanceof Error ? `: ${fields.err.stack ?? fields.err.message}` : "";
    complaints.push(`${message}${error} ${JSON.stringify({ ...fields, err: undefined })}`);
  };
  return {
    debug: () => undefined,
    info(fields, message) {
      if (message === "event" && "event" in fields) heard.hear(fields.event as TaskEvent);
    },
    warn(fields, message) {
      complain(fields, message);
      if ("retryAt" in fields && typeof fields.retryAt === "string") clock.jumpTo(fields.retryAt);
    },
    error: complain,
  };
}
