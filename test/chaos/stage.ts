/** Where chaos plays: a GitHub, a model, and an app that can be killed; what happened is read from the app's own database. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Kysely } from "kysely";
import type { TaskEvent } from "../../src/core/events.ts";
import { decodeEvent } from "../../src/store/event-codec.ts";
import { PhasegatePostgresDialect } from "../../src/store/postgres-dialect.ts";
import { postgresPool } from "../../src/store/postgres-pool.ts";
import type { Db, Schema } from "../../src/store/schema.ts";
import { NodeSqliteDialect, openDatabase } from "../../src/store/sqlite-dialect.ts";
import { startAppProcess, type AppProcess } from "../demo/app-process.ts";
import { canHaveSecondUser } from "../demo/options.ts";
import { startModelServer, type Decide } from "../model/model-server.ts";
import type { Exchange } from "../sandbox/state.ts";
import { claudeBinaryPath } from "../support/claude-binary-path.ts";
import { startWorld, type World } from "../support/github-world.ts";
import { openStory, type Story } from "../support/story.ts";

export interface Stage extends World {
  /** Everything that happened so far, oldest first. */
  readonly events: readonly TaskEvent[];
  /** Hears of each event once, in order. */
  onEvent(listener: (event: TaskEvent) => void): void;
  /** Resolves when GitHub has nothing more to tell and the app nothing left that is due. */
  settled(): Promise<void>;
  /** What app or GitHub's description found wrong. */
  complaints(): readonly string[];
  close(): Promise<void>;
}

/** The app as a program of its own. */
export interface ProcessStage extends Stage {
  /** Kills the app as it stands, and starts it again on the same data. */
  killApp(): Promise<void>;
}

/** Of a stage whose app may be killed or lose its database. */
export interface ProcessOptions {
  readonly decide: Decide;
  /** Null: the embedded database. */
  readonly databaseUrl: string | null;
  /** Hears of each request to GitHub when it was carried out and not answered yet. */
  readonly onExchange?: (exchange: Exchange) => void;
  /** What the app says when its database goes away under it. */
  readonly databaseGoesAway?: boolean;
}

const environment = { REVIEW_DEBOUNCE_SECONDS: "0", NAMES_SECONDS: "1" };
/** How often the harness reads what happened: the person is as slow as that. */
const readEveryMs = 50;
const settlesWithinMs = 60_000;
const warnLevel = 40;
/** What an app says while its database is away. Whatever is left undone shows in what came of the task. */
const withoutDatabase = new Set([
  "looking for work",
  "work failed beyond its own handling",
  "answering a request",
  "processing a message",
  "performing an effect",
  "reconciling",
  "looking for what was missed",
  "looking at a run",
]);
/** What an app says that was killed, or whose run was: expected here. */
const expected = new Set(["run lost", "command refused"]);

/** With a clock that can be moved on: what the app would do in an hour it does at once. */
export async function stageInProcess(
  decide: Decide,
  { provokes = [] }: { readonly provokes?: readonly string[] } = {},
): Promise<Stage & Pick<Story, "pass">> {
  const opened = await openStory({ decide, provokes: [...expected, ...provokes], environment });
  const { story } = opened;
  return {
    sandbox: story.sandbox,
    appEnvironment: story.appEnvironment,
    appUrl: story.appUrl,
    owner: story.owner,
    stranger: story.stranger,
    events: story.events,
    onEvent: (listener) => story.onEvent(listener),
    settled: () => story.settled(),
    pass: (minutes) => story.pass(minutes),
    complaints: () => [...opened.complaints, ...opened.violations],
    close: () => opened.close(),
  };
}

export async function stageAsProcess(options: ProcessOptions): Promise<ProcessStage> {
  const folder = await mkdtemp(path.join(tmpdir(), "phasegate-chaos-"));
  const model = await startModelServer({ decide: options.decide });
  const world = await startWorld({
    folder,
    modelUrl: model.url,
    claudePath: await claudeBinaryPath(),
    jobEnvironment: canHaveSecondUser() ? {} : { PHASEGATE_UNSAFE_SAME_USER: "1" },
    ...(options.onExchange === undefined ? {} : { onExchange: options.onExchange }),
  });
  const complaints: string[] = [];
  const start = (): Promise<AppProcess> =>
    startAppProcess({
      environment: {
        ...world.appEnvironment,
        ...environment,
        ...(options.databaseUrl === null ? {} : { DATABASE_URL: options.databaseUrl }),
      },
      logFile: path.join(folder, "app.log"),
      onLine({ level = 0, msg, ...fields }) {
        const isExpected = expected.has(msg) || (options.databaseGoesAway === true && withoutDatabase.has(msg));
        if (level >= warnLevel && !isExpected) complaints.push(`${msg} ${JSON.stringify(fields)}`);
      },
      onDeath: (message) => complaints.push(message),
    });
  let app = await start();
  const db = connect(options.databaseUrl, path.join(folder, "data", "phasegate.sqlite"));
  const events: TaskEvent[] = [];
  const listeners: ((event: TaskEvent) => void)[] = [];
  const closing = new AbortController();
  const reading = readOn();

  async function readOn(): Promise<void> {
    while (!closing.signal.aborted) {
      for (const event of await eventsAfter(db, events.length).catch(() => [])) {
        events.push(event);
        for (const listener of listeners) listener(event);
      }
      await delay(readEveryMs);
    }
  }

  return {
    ...world,
    events,
    complaints: () => complaints,
    onEvent: (listener) => listeners.push(listener),
    async killApp() {
      await app.kill();
      app = await start();
    },
    async settled() {
      const until = performance.now() + settlesWithinMs;
      for (;;) {
        await world.sandbox.webhooks.idle();
        if ((await waitingIn(db).catch(() => 1)) === 0) return;
        if (performance.now() > until) throw new Error("settling: the app still has work that is due");
        await delay(readEveryMs);
      }
    },
    async close() {
      closing.abort();
      await reading;
      await db.destroy();
      await app.stop();
      await world.sandbox.stop();
      await model.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Beside the app, as somebody who only reads. */
function connect(databaseUrl: string | null, file: string): Db {
  if (databaseUrl === null) return new Kysely<Schema>({ dialect: new NodeSqliteDialect(openDatabase(file)) });
  const pool = postgresPool(databaseUrl, { connectionsMax: 1, statementMsMax: 10_000 });
  return new Kysely<Schema>({ dialect: new PhasegatePostgresDialect(pool) });
}

/** There is one task, so its versions count the events. */
async function eventsAfter(db: Db, version: number): Promise<readonly TaskEvent[]> {
  const rows = await db.selectFrom("events").selectAll().where("version", ">", version).orderBy("version").execute();
  return rows.map((row) => decodeEvent(row));
}

async function waitingIn(db: Db): Promise<number> {
  const messages = await db.selectFrom("inbox").select("seq").where("status", "=", "waiting").execute();
  const effects = await db
    .selectFrom("effects")
    .select("seq")
    .where("status", "=", "waiting")
    .where("not_before", "<=", new Date().toISOString())
    .execute();
  return messages.length + effects.length;
}
