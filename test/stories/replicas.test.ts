import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { parseConfig } from "../../src/control/config.ts";
import type { Log } from "../../src/control/ports/surroundings.ts";
import type { TaskEvent } from "../../src/core/events.ts";
import { startApp, type RunningApp } from "../../src/start-app.ts";
import { temporaryDatabase } from "../store/databases.ts";
import { startBalancer, type Balancer } from "../support/balancer.ts";
import { fakeRunner } from "../support/fake-runner.ts";
import { repositoryName, startWorld, type World } from "../support/github-world.ts";

const phases = 4;

/** Two at any time; while one is replaced, its successor is there before it goes. */
class Replicas {
  readonly #world: World;
  readonly #databaseUrl: string;
  readonly #balancer: Balancer;
  readonly #running: RunningApp[] = [];
  #started = 0;
  /** What each of them did, by its number. */
  readonly eventsOf = new Map<number, TaskEvent[]>();
  readonly complaints: string[] = [];
  /** Their numbers, by the port of each. */
  readonly numberOf = new Map<number, number>();
  onEvent: (event: TaskEvent) => void = () => undefined;

  constructor(world: World, databaseUrl: string, balancer: Balancer) {
    this.#world = world;
    this.#databaseUrl = databaseUrl;
    this.#balancer = balancer;
  }

  async start(): Promise<void> {
    const number = (this.#started += 1);
    this.eventsOf.set(number, []);
    const environment = { ...this.#world.appEnvironment, DATABASE_URL: this.#databaseUrl, PORT: "0" };
    const app = await startApp(
      parseConfig(environment, () => ""),
      { clock: { now: () => new Date() }, newId: randomUUID, log: this.#log(number) },
    );
    this.#running.push(app);
    this.numberOf.set(app.port, number);
    this.#balancer.ports.push(app.port);
  }

  async replaceOldest(): Promise<void> {
    await this.start();
    const oldest = this.#running.shift();
    if (oldest === undefined) throw new Error("replacing a replica: none runs");
    this.#balancer.ports.splice(this.#balancer.ports.indexOf(oldest.port), 1);
    await oldest.stop();
  }

  /** The one that is replaced next. */
  get oldestPort(): number {
    return this.#running[0]?.port ?? 0;
  }

  async settled(): Promise<void> {
    await this.#world.sandbox.webhooks.idle();
    for (const app of this.#running) await app.engine.idle();
  }

  async stop(): Promise<void> {
    for (const app of this.#running.splice(0)) await app.stop();
  }

  #log(number: number): Log {
    return {
      debug: () => undefined,
      info: (fields, message) => {
        if (message !== "event" || !("event" in fields)) return;
        const event = fields.event as TaskEvent;
        this.eventsOf.get(number)?.push(event);
        this.onEvent(event);
      },
      warn: (fields, message) => this.complaints.push(`${message} ${JSON.stringify(fields)}`),
      error: (fields, message) => this.complaints.push(`${message} ${JSON.stringify(fields)}`),
    };
  }
}

interface Heard {
  readonly id: string;
  readonly type: string;
  readonly at: string;
  /** The replica that told it. */
  readonly from: number;
}

/** Listens to the task of an issue until it has ended, each time at the replica that goes next; also says how each stream ended. */
async function follow(replicas: Replicas, token: string, issue: number) {
  const heard: Heard[] = [];
  const ends: string[] = [];
  while (ends.at(-1) !== "settled") {
    const port = replicas.oldestPort;
    const last = heard.at(-1)?.id;
    const response = await fetch(`http://127.0.0.1:${port}/api/repos/${repositoryName}/tasks/${issue}/stream`, {
      headers: { authorization: `Bearer ${token}`, ...(last === undefined ? {} : { "last-event-id": last }) },
    });
    if (!response.ok || response.body === null) throw new Error(`listening: ${await response.text()}`);
    let rest = "";
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      const told = (rest + chunk).split("\n\n");
      rest = told.pop() ?? "";
      for (const each of told) {
        const {
          id = "",
          type = "",
          data = "",
        } = /^(?:id: (?<id>.+)\n)?event: (?<type>.+)\ndata: (?<data>.+)$/u.exec(each)?.groups ?? {};
        if (data === "") continue;
        const { at = "", reason = "" } = JSON.parse(data) as { readonly at?: string; readonly reason?: string };
        if (type === "end") ends.push(reason);
        else heard.push({ id, type, at, from: replicas.numberOf.get(port) ?? 0 });
      }
    }
  }
  return { heard, ends };
}

test("given two replicas on one PostgreSQL that are replaced in turn while a task goes on, then it goes on without a pause, nothing is doubled, and who listens hears each event once", async (context) => {
  const database = await temporaryDatabase();
  if (database.url === null) return context.skip(database.why);
  const folder = await mkdtemp(path.join(tmpdir(), "phasegate-replicas-"));
  const world = await startWorld({ folder, execute: await fakeRunner() });
  const balancer = await startBalancer(Number(world.appEnvironment["PORT"]));
  const replicas = new Replicas(world, database.url, balancer);
  try {
    await replicas.start();
    await replicas.start();
    const created = Promise.withResolvers<void>();
    const completed = Promise.withResolvers<void>();
    const gates = new Map<number, number>();
    const replacing: Promise<void>[] = [];
    const hear = async (event: TaskEvent): Promise<void> => {
      if (event.type === "TaskCreated") created.resolve();
      if (event.type === "GateOpened") {
        gates.set(event.phase, event.pullRequest);
        // The runner hands over its steps at the same time.
        replacing.push(replicas.replaceOldest());
      }
      if (event.type === "ReviewCreated") {
        const pullRequest = gates.get(event.phase) ?? 0;
        await world.owner.review({ number: pullRequest, event: "APPROVE" });
        await world.owner.merge(pullRequest);
      }
      if (event.type === "TaskCompleted") completed.resolve();
    };
    replicas.onEvent = (event) => {
      hear(event).catch((error: unknown) => completed.reject(error));
    };
    const issue = await world.owner.openIssue({
      title: "A link shortener",
      body: "Short links.",
      labels: ["create_app"],
    });
    const [token = ""] = [...world.sandbox.context.state.tokens.values()].flatMap(({ account, token: its }) =>
      account.login === "owner" ? [its] : [],
    );
    await created.promise;
    const following = follow(replicas, token, issue.number);
    await completed.promise;
    await Promise.all(replacing);
    await replicas.settled();

    expect(replicas.complaints).toEqual([]);
    const events = [...replicas.eventsOf.values()].flat();
    const shares = [...replicas.eventsOf.values()].filter(({ length }) => length > 0);
    expect(shares.length).toBeGreaterThan(2);

    const { heard, ends } = await following;
    expect(heard.map(({ id }) => id)).toEqual(events.map((_, at) => String(at + 1)));
    expect(heard.map(({ type }) => type).toSorted()).toEqual(events.map(({ type }) => type).toSorted());
    expect([...new Set(ends)].toSorted()).toEqual(["draining", "settled"]);
    // What one replica stored while the client listened to the other.
    const ofOthers = heard.filter(
      ({ from, type, at }) => !replicas.eventsOf.get(from)?.some((event) => event.type === type && event.at === at),
    );
    expect(ofOthers.length).toBeGreaterThan(0);

    const { context: github } = world.sandbox;
    // That of the installation comes before anybody listens.
    const [, ...told] = github.state.deliveries;
    expect(told.filter(({ outcome }) => outcome !== "answered").map(({ event, status }) => [event, status])).toEqual(
      [],
    );
    const repository = world.sandbox.repositoryOf(repositoryName);
    expect(repository.runs.size).toBe(phases);
    expect([...repository.pulls.values()].filter(({ merged }) => merged)).toHaveLength(phases);
    expect(repository.pulls.size).toBe(phases);
    const markers = [...repository.issueComments.values()].map(({ body }) => body.split("\n")[0]);
    expect(new Set(markers).size).toBe(markers.length);
    const stepsDone = events.flatMap((event) => (event.type === "StepPublished" ? [event.changesetId] : []));
    expect(new Set(stepsDone).size).toBe(stepsDone.length);
  } finally {
    await replicas.stop();
    await balancer.close();
    await world.sandbox.stop();
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  }
}, 120_000);
