import { connect } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { Hono } from "hono";
import { describe, expect, onTestFinished, test } from "vitest";
import { RetryLater } from "../../src/control/ports/retry-later.ts";
import type { Store } from "../../src/control/ports/store.ts";
import type { Log } from "../../src/control/ports/surroundings.ts";
import type { Repository, TaskEvent } from "../../src/core/events.ts";
import { stateFrom } from "../../src/core/evolve.ts";
import { taskIdFrom } from "../../src/core/ids.ts";
import { addressBehind } from "../../src/http/client-address.ts";
import { createCallers } from "../../src/http/callers.ts";
import { createLiveStreams } from "../../src/http/live-streams.ts";
import { listen } from "../../src/http/server.ts";
import { streamRoutes } from "../../src/http/stream.ts";
import { SimulatedTime } from "../control/simulated-time.ts";
import { asks, createTask, dispatched, eventsOf, phase1Ready, sessionOpened, taskId } from "../core/given.ts";
import { startGitHubTestbed } from "../github/github-testbed.ts";
import { onEachDatabase, onPostgres } from "../store/databases.ts";
import { unitOf } from "../store/temporary-store.ts";

const links: Repository = { installationId: 1, repositoryId: 2, owner: "octo", name: "links" };
const address = "/api/repos/octo/links/tasks/7/stream";
const tokenOf = (login: string) => `ghp_${login.padEnd(36, "x")}`;

type Told = Pick<Store, "tasksOfIssue" | "readEvents" | "newestVersions">;

/** A store of one task that a test adds to. */
function memoryOf(events: readonly TaskEvent[]) {
  let all = events;
  const store: Told = {
    tasksOfIssue: (repositoryId, number) =>
      Promise.resolve(repositoryId === links.repositoryId && number === 7 ? [taskId] : []),
    readEvents: () => Promise.resolve(all),
    newestVersions: () => Promise.resolve(new Map([[taskId, all.length]])),
  };
  return { store, add: (...more: readonly TaskEvent[]) => (all = [...all, ...more]) };
}

interface Given {
  /** Who reads the issues; everybody where absent. */
  readonly readers?: ReadonlySet<string>;
  readonly readsIssues?: () => Promise<boolean>;
  readonly ready?: () => boolean;
}

function api(store: Told, { readers, readsIssues, ready = () => true }: Given = {}) {
  const time = new SimulatedTime("2026-11-21T10:00:00.000Z");
  const logged: string[] = [];
  const line = (fields: object, message: string) => void logged.push(`${message} ${JSON.stringify(fields)}`);
  const log: Log = { debug: line, info: line, warn: line, error: line };
  const loginIn = (token: string) => /^ghp_(.+?)x+$/u.exec(token)?.[1] ?? "";
  let asked = 0;
  let cutOff = 0;
  const live = createLiveStreams({ store, clock: time, timer: time.timer, log });
  const callerOf = createCallers({
    clock: time,
    addressOf: addressBehind([]),
    github: {
      permissionOf: () => Promise.reject(new Error("not asked in this test")),
      callers: {
        loginOf: (token) => Promise.resolve(loginIn(token) === "nobody" ? null : loginIn(token)),
        reachesSecrets: () => Promise.reject(new Error("not asked in this test")),
        readsIssues(token) {
          asked += 1;
          return readsIssues?.() ?? Promise.resolve(readers === undefined || readers.has(loginIn(token)));
        },
        findRepository: (owner, name) => Promise.resolve(owner === "octo" && name === "links" ? links : null),
      },
    },
  });
  const app = new Hono().route("/", streamRoutes({ log, ready, callerOf, store, live }));

  async function call(
    how: {
      readonly as?: string | null;
      readonly after?: string;
      readonly path?: string;
      readonly from?: string;
      readonly method?: string;
    } = {},
  ) {
    const { as = "rita", after, path = address, from = "203.0.113.7", method = "GET" } = how;
    const headers: Record<string, string> = {
      ...(as === null ? {} : { authorization: `Bearer ${tokenOf(as)}` }),
      ...(after === undefined ? {} : { "last-event-id": after }),
    };
    const socket = { remoteAddress: from, destroy: () => void (cutOff += 1) };
    return await app.request(path, { method, headers }, { incoming: { socket } });
  }
  return {
    app,
    time,
    live,
    logged,
    call,
    /** Calls, and reads what is told. */
    hear: async (how: Parameters<typeof call>[0] = {}) => listenTo(await call(how)),
    asked: () => asked,
    cutOff: () => cutOff,
    pass: (ms: number) => time.advance(ms, () => turn()),
  };
}

interface Heard {
  readonly id?: string;
  readonly event?: string;
  readonly data?: Record<string, unknown>;
  readonly comment?: string;
}

function listenTo(response: Response) {
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  if (response.body === null) throw new Error("the answer has no words");
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  /** The next that is told; null at the end. */
  async function next(): Promise<Heard | null> {
    for (;;) {
      const end = rest.indexOf("\n\n");
      if (end >= 0) {
        const lines = rest.slice(0, end).split("\n");
        rest = rest.slice(end + 2);
        if (lines[0]?.startsWith("retry: ") !== true) return heardIn(lines);
        continue;
      }
      const { done, value } = await reader.read();
      if (done) return null;
      rest += decoder.decode(value, { stream: true });
    }
  }
  return {
    next,
    async some(count: number): Promise<readonly (Heard | null)[]> {
      const all: (Heard | null)[] = [];
      while (all.length < count) all.push(await next());
      return all;
    },
    async toEnd(): Promise<readonly Heard[]> {
      const all: Heard[] = [];
      for (let each = await next(); each !== null; each = await next()) all.push(each);
      return all;
    },
    leave: () => reader.cancel(),
  };
}

function heardIn(lines: readonly string[]): Heard {
  const field = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
  const [id, event, data] = [field("id"), field("event"), field("data")];
  return {
    ...(id === undefined ? {} : { id }),
    ...(event === undefined ? {} : { event }),
    ...(data === undefined ? {} : { data: JSON.parse(data) as Record<string, unknown> }),
    ...(lines[0]?.startsWith(":") === true ? { comment: lines[0].slice(1).trim() } : {}),
  };
}

const begun = eventsOf([createTask(), dispatched(), sessionOpened()]);
const cancelled: TaskEvent = { type: "TaskCancelled", at: "2026-11-21T11:00:00.000Z", by: "owner" };
const priority: TaskEvent = { type: "PrioritySet", at: "2026-11-21T10:30:00.000Z", by: "owner", priority: "high" };
const idsOf = (heard: readonly (Heard | null)[]) => heard.map((each) => each?.id);
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => String(from + at));

onEachDatabase(({ freshStore }) => {
  test("tells all that happened in order, then what is new, and ends with the task", async () => {
    const store = await freshStore();
    await store.commit(unitOf(begun));
    const { hear, pass } = api(store);
    const client = await hear();
    const told = await client.some(begun.length);
    expect(idsOf(told)).toEqual(numbers(1, begun.length));
    expect(told.map((each) => each?.event)).toEqual(begun.map(({ type }) => type));

    await store.commit(unitOf([priority], begun));
    await pass(1_000);
    expect(await client.next()).toMatchObject({ id: String(begun.length + 1), event: "PrioritySet" });

    await store.commit(unitOf([cancelled], [...begun, priority]));
    await pass(1_000);
    expect(await client.next()).toMatchObject({ event: "TaskCancelled", data: { status: "cancelled" } });
    expect(await client.next()).toMatchObject({ event: "end", data: { reason: "settled" } });
    expect(await client.next()).toBeNull();
  });

  test("goes on after the last id, through a long history, with neither gap nor repetition", async () => {
    const store = await freshStore();
    const many = Array.from({ length: 130 }, () => priority);
    const all = [...begun, ...many];
    await store.commit(unitOf(all));
    const { hear } = api(store);
    for (const after of [1, 49, 100, all.length - 1]) {
      const client = await hear({ after: String(after) });
      expect(idsOf(await client.some(all.length - after))).toEqual(numbers(after + 1, all.length));
      await client.leave();
    }
  });

  test("knows the newest version of tasks that have events", async () => {
    const store = await freshStore();
    await store.commit(unitOf(begun));
    const newest = await store.newestVersions([taskId, taskIdFrom("task-of-nobody")]);
    expect([...newest]).toEqual([[taskId, begun.length]]);
    expect([...(await store.newestVersions([]))]).toEqual([]);
  });
});

onPostgres(({ freshPlace }) => {
  test("what another process stored is told within a second", async () => {
    const place = await freshPlace();
    let serial = 0;
    const newId = () => `id-${(serial += 1)}`;
    const here = await place.open({ newId });
    const elsewhere = await place.open({ newId });
    await elsewhere.commit(unitOf(begun));
    const { hear, pass } = api(here);
    const client = await hear();
    await client.some(begun.length);
    await elsewhere.commit(unitOf([priority], begun));
    await pass(1_000);
    expect(await client.next()).toMatchObject({ id: String(begun.length + 1), event: "PrioritySet" });
  });
});

describe("what is told of an event", () => {
  test("is where the task stands then", async () => {
    const ready = eventsOf(phase1Ready);
    const { hear } = api(memoryOf(ready).store);
    const told = await (await hear()).some(ready.length);
    const [first] = told;
    expect(first?.data).toEqual({
      version: 1,
      type: "TaskCreated",
      at: ready[0]?.at,
      status: "draft",
      phase: null,
      step: null,
      gate: null,
      blockedBy: null,
      spent: { usd: 0, tokens: 0 },
    });
    const step = told.find((each) => each?.event === "StepCompleted");
    expect(step?.data).toMatchObject({
      status: "in_progress",
      phase: { number: 1, name: "planning" },
      step: "01_idea",
      gate: null,
      spent: { usd: 0.01, tokens: 15 },
    });
    expect(told.at(-1)?.data).toMatchObject({ status: "review", gate: "https://github.test/pull/31" });
  });

  test("is nothing that people or agents wrote, and why it waits in one word", async () => {
    const secret = "sk-ant-api03-7hQ2vXk9LmN4pRtYw8ZbCdEf";
    const waiting = eventsOf([
      createTask(),
      dispatched(),
      sessionOpened(),
      asks("1", [{ question: `Is ${secret} right?` }]),
    ]);
    const gate: TaskEvent = {
      type: "GateOpened",
      at: "2026-11-21T10:30:00.000Z",
      phase: 1,
      pullRequest: 31,
      url: `https://github.test/pull/31?token=${secret}`,
      draft: true,
    };
    const paused: TaskEvent = {
      type: "TaskPaused",
      at: gate.at,
      reason: { kind: "dispatch-refused", message: secret },
    };
    const all = [...waiting, gate, paused];
    const { hear } = api(memoryOf(all).store);
    const told = await (await hear()).some(all.length);
    expect(told.at(-1)?.data).toMatchObject({
      blockedBy: "dispatch-refused",
      gate: "https://github.test/pull/31?token=***",
    });
    const words = JSON.stringify(told);
    for (const text of [secret, "right?", "A link shortener", "freemium"]) expect(words).not.toContain(text);
    const names = new Set(told.flatMap((each) => Object.keys(each?.data ?? {})));
    expect([...names].toSorted()).toEqual(
      ["at", "blockedBy", "gate", "phase", "spent", "status", "step", "type", "version"].toSorted(),
    );
  });
});

describe("the last id", () => {
  /** An issue whose first task ended before its second one began. */
  function twoTasks() {
    const another = taskIdFrom("task-2");
    const second = begun.map((event) =>
      event.type === "TaskCreated" ? { ...event, taskId: another, ordinal: 2 } : event,
    );
    const first = [...begun, cancelled];
    const store: Told = {
      tasksOfIssue: () => Promise.resolve([another, taskId]),
      readEvents: (id) => Promise.resolve(id === taskId ? first : second),
      newestVersions: () => Promise.resolve(new Map()),
    };
    return { store, first, second };
  }

  test("of a later task of the issue has its suffix, and who asks without one hears the newest task", async () => {
    const { store, second } = twoTasks();
    const { hear } = api(store);
    const ids = idsOf(await (await hear()).some(second.length));
    expect(ids).toEqual(numbers(1, second.length).map((id) => `${id}-r2`));
    expect(await (await hear({ after: "2-r2" })).next()).toMatchObject({ id: "3-r2" });
  });

  test("of an earlier task goes on with that one to its end", async () => {
    const { store, first } = twoTasks();
    const client = await api(store).hear({ after: String(first.length - 1) });
    expect(await client.some(2)).toMatchObject([{ event: "TaskCancelled" }, { event: "end" }]);
  });

  test("of a task that ended and was all told hears the end again", async () => {
    const { store, first } = twoTasks();
    const client = await api(store).hear({ after: String(first.length) });
    expect(await client.some(2)).toMatchObject([{ event: "end", data: { reason: "settled" } }, null]);
  });

  test.each(["99", "1-r3", "x", "-1", "1.5", "9".repeat(40)])(
    "%s of no event of the issue is refused",
    async (after) => {
      const response = await api(twoTasks().store).call({ after });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ error: "bad-request" });
    },
  );
});

describe("who may listen", () => {
  async function refusal(response: Response) {
    const { error, message } = (await response.json()) as { error: string; message: string };
    return { status: response.status, error, message };
  }

  test("is whoever the token lets read the issues; a stranger hears the same as of a repository that is not there", async () => {
    const { call, hear } = api(memoryOf(begun).store, { readers: new Set(["rita"]) });
    await (await hear()).leave();
    const there = await refusal(await call({ as: "stranger" }));
    const absent = await refusal(await call({ as: "stranger", path: address.replace("links", "nothing") }));
    expect(there).toMatchObject({ status: 404, error: "not-found" });
    expect(absent).toEqual({ ...there, message: there.message.replace("octo/links", "octo/nothing") });
    const without = await refusal(await call({ path: address.replace("links", "nothing") }));
    expect(without).toEqual({ ...absent, message: absent.message.replace("stranger", "rita") });
  });

  test.each([[null], ["nobody"]])("is nobody without a person's token (%s)", async (as) => {
    const { call, asked } = api(memoryOf(begun).store);
    expect(await refusal(await call({ as }))).toMatchObject({ status: 401, error: "token-refused" });
    expect(asked()).toBe(0);
  });

  test.each(["8", "0", "7x", "9".repeat(30)])("hears of issue %s without a task that there is none", async (issue) => {
    const { call } = api(memoryOf(begun).store);
    expect(await refusal(await call({ path: address.replace("/7/", `/${issue}/`) }))).toMatchObject({ status: 404 });
  });

  test("is asked of GitHub again every five minutes, and who may not any more is told so", async () => {
    const readers = new Set(["rita"]);
    const { hear, asked, pass } = api(memoryOf(begun).store, { readers });
    const client = await hear();
    await client.some(begun.length);
    readers.clear();
    const rest = client.toEnd();
    await pass(299_000);
    expect(asked()).toBe(1);
    await pass(1_000);
    const heard = await rest;
    expect(heard.slice(0, -1).every(({ comment }) => comment === "still here")).toBe(true);
    expect(heard.at(-1)).toMatchObject({ event: "end", data: { reason: "no-access" } });
    expect(asked()).toBe(2);
  });

  test("is nobody for whom GitHub does not answer then", async () => {
    let down = false;
    const readsIssues = () => (down ? Promise.reject(new RetryLater("GitHub is down", 0)) : Promise.resolve(true));
    const { hear, call, pass } = api(memoryOf(begun).store, { readsIssues });
    const client = await hear();
    await client.some(begun.length);
    down = true;
    const rest = client.toEnd();
    await pass(300_000);
    expect((await rest).at(-1)).toMatchObject({ event: "end", data: { reason: "unavailable" } });
    expect(await refusal(await call())).toMatchObject({ status: 503 });
  });

  test("listens five times at once and no more, until one of them is left", async () => {
    const { hear, call } = api(memoryOf(begun).store);
    const clients = [await hear(), await hear(), await hear(), await hear(), await hear()];
    expect(await refusal(await call())).toMatchObject({ status: 429, error: "too-many-requests" });
    await (await hear({ as: "wanda" })).leave();
    await clients[0]?.leave();
    await hear();
  });

  test("is two hundred at once and no more", async () => {
    const { hear, call } = api(memoryOf(begun).store);
    for (let person = 0; person < 40; person += 1) {
      for (let time = 0; time < 5; time += 1) await hear({ as: `person-${person}`, from: `203.0.113.${person}` });
    }
    expect(await refusal(await call())).toMatchObject({ status: 503, error: "unavailable" });
  });

  test("asks with GET: a HEAD takes nobody's place", async () => {
    const { call, time } = api(memoryOf(begun).store);
    expect((await call({ method: "HEAD" })).status).toBe(400);
    expect(time.alarms()).toEqual([]);
  });
});

describe("a stream", () => {
  test("says every fifteen seconds that it is there, and goes by one timer with all others", async () => {
    const { hear, pass, time } = api(memoryOf(begun).store);
    const [client, other] = [await hear(), await hear({ as: "wanda" })];
    for (const each of [client, other]) await each.some(begun.length);
    const heard = [client.next(), other.next()];
    expect(time.alarms()).toEqual([1_000]);
    await pass(15_000);
    expect(await Promise.all(heard)).toEqual([{ comment: "still here" }, { comment: "still here" }]);
  });

  test("asks the store nothing while nobody listens", async () => {
    const { hear, pass, time } = api(memoryOf(begun).store);
    await (await hear()).leave();
    await pass(1_000);
    expect(time.alarms()).toEqual([]);
  });

  test("ends after an hour", async () => {
    const { hear, pass } = api(memoryOf(begun).store);
    const client = await hear();
    await client.some(begun.length);
    const rest = client.toEnd();
    await pass(3_600_000);
    expect((await rest).at(-1)).toMatchObject({ event: "end", data: { reason: "too-long" } });
  });

  test("ends when the app drains, in the midst of a history, too; what was not told is told elsewhere", async () => {
    const all = [...begun, ...Array.from({ length: 130 }, () => priority)];
    const { hear, call, live } = api(memoryOf(all).store);
    const client = await hear();
    const told = [...(await client.some(50))];
    live.drain();
    told.push(...(await client.toEnd()));
    expect(told.at(-1)).toMatchObject({ event: "end", data: { reason: "draining" } });
    expect((await call()).status).toBe(503);

    const last = told.at(-2)?.id ?? "";
    const elsewhere = await api(memoryOf(all).store).hear({ after: last });
    const rest = await elsewhere.some(all.length - Number(last));
    expect([...idsOf(told.slice(0, -1)), ...idsOf(rest)]).toEqual(numbers(1, all.length));
  });

  test("is not begun while the app starts or drains", async () => {
    expect((await api(memoryOf(begun).store, { ready: () => false }).call()).status).toBe(503);
  });

  test("outlives a store that is away for a while, which is logged once", async () => {
    const { store, add } = memoryOf(begun);
    let away = false;
    const moody = {
      ...store,
      newestVersions: (ids: Parameters<Told["newestVersions"]>[0]) =>
        away ? Promise.reject(new Error("away")) : store.newestVersions(ids),
    };
    const { hear, pass, logged } = api(moody);
    const client = await hear();
    await client.some(begun.length);
    const next = client.next();
    away = true;
    add(priority);
    await pass(5_000);
    away = false;
    await pass(1_000);
    expect(await next).toMatchObject({ event: "PrioritySet" });
    expect(logged.filter((line) => line.startsWith("looking for events"))).toHaveLength(1);
  });

  test("that nobody reads is cut off after half a minute, and its place is free", async () => {
    const { store, add } = memoryOf(begun);
    const { call, pass, cutOff, time, logged } = api(store);
    const { body } = await call();
    const reader = body?.getReader();
    await reader?.read();
    for (let second = 0; second < 29; second += 1) {
      add(priority);
      await pass(1_000);
    }
    expect(cutOff()).toBe(0);
    await pass(1_000);
    expect(cutOff()).toBe(1);
    expect(logged).toEqual([expect.stringContaining("does not read was cut off")]);
    await pass(1_000);
    expect(time.alarms()).toEqual([]);
  });

  test("over a connection whose client reads nothing ends that connection, and makes no words that wait", async () => {
    const all = [...begun, ...Array.from({ length: 60_000 }, () => priority)];
    let read = 0;
    const { store } = memoryOf(all);
    const counting: Told = { ...store, readEvents: (id) => ((read += 1), store.readEvents(id)) };
    const { app, pass, logged } = api(counting);
    const server = await listen(app, "127.0.0.1", 0);
    const socket = connect(server.port, "127.0.0.1");
    onTestFinished(() => void socket.destroy());
    socket.on("error", () => undefined);
    socket.pause();
    socket.write(`GET ${address} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${tokenOf("rita")}\r\n\r\n`);
    while (logged.length === 0) {
      const before = read;
      for (let turns = 0; turns < 20; turns += 1) await turn();
      // Time goes on once the connection takes no more.
      if (read === before) await pass(1_000);
    }
    expect(logged).toEqual([expect.stringContaining("does not read was cut off")]);
    // Fifty events are made with each look.
    expect(read * 50).toBeLessThan(all.length);
    await server.close();
  });

  test("whose client goes away is over at once", async () => {
    const { app, live, time, pass } = api(memoryOf(begun).store);
    const server = await listen(app, "127.0.0.1", 0);
    onTestFinished(() => server.close());
    const leaving = new AbortController();
    const response = await fetch(`http://127.0.0.1:${server.port}${address}`, {
      headers: { authorization: `Bearer ${tokenOf("rita")}` },
      signal: leaving.signal,
    });
    await response.body?.getReader().read();
    leaving.abort();
    while (time.alarms().length > 0) await pass(1_000);
    live.drain();
  });
});

describe("against the sandbox", () => {
  async function started(isPrivate: boolean) {
    const bed = await startGitHubTestbed({ private: isPrivate });
    onTestFinished(() => bed.stop());
    const created = begun.map((event) =>
      event.type === "TaskCreated" ? { ...event, repository: bed.repository } : event,
    );
    expect(stateFrom(created)).toMatchObject({ repository: bed.repository });
    const { store } = memoryOf(created);
    const mine: Told = {
      ...store,
      tasksOfIssue: (id) => Promise.resolve(id === bed.repository.repositoryId ? [taskId] : []),
    };
    const time = new SimulatedTime("2026-11-21T10:00:00.000Z");
    const quiet = () => undefined;
    const log: Log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
    const live = createLiveStreams({ store: mine, clock: time, timer: time.timer, log });
    const callerOf = createCallers({ clock: time, addressOf: addressBehind([]), github: bed.github });
    const routes = streamRoutes({ log, ready: () => true, callerOf, store: mine, live });
    const tokens = [...bed.sandbox.context.state.tokens.values()];
    const call = async (login: string, repository = "octo/shop") =>
      await routes.request(`/api/repos/${repository}/tasks/7/stream`, {
        headers: { authorization: `Bearer ${tokens.find(({ account }) => account.login === login)?.token ?? login}` },
      });
    return { bed, call };
  }

  test("who may read a private repository hears, and for a stranger there is none", async () => {
    const { call } = await started(true);
    for (const login of ["rita", "tina", "wanda"]) {
      expect(await listenTo(await call(login)).next()).toMatchObject({ id: "1", event: "TaskCreated" });
    }
    const there = await call("stranger");
    const absent = await call("stranger", "octo/nothing");
    expect([there.status, absent.status]).toEqual([404, 404]);
    expect(await there.text()).toBe((await absent.text()).replace("octo/nothing", "octo/shop"));
  });

  test("a public repository is heard with anybody's token, and with none by nobody", async () => {
    const { call } = await started(false);
    expect(await listenTo(await call("stranger")).next()).toMatchObject({ id: "1" });
    expect((await call(`ghp_${"z".repeat(36)}`)).status).toBe(401);
  });
});
