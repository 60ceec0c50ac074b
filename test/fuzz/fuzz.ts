/**
 * Valid messages, changed in their structure and byte by byte, against the real server with the real control behind it.
 * Whatever comes: it lives on, answers with a documented status, changes nothing where it refuses, and believes nobody.
 */
import { once } from "node:events";
import { request } from "node:http";
import { connect, type Socket } from "node:net";
import { webhookPath } from "../../src/http/server.ts";
import { Random } from "../simulation/random.ts";
import { startFuzzedApp, startIssuer, type FuzzedApp, type Issuer } from "./app.ts";
import { fuzzArchives } from "./archives.ts";
import { messageFor, signed, statusesOf, type Message, type Target } from "./messages.ts";
import { mutateBytes, mutateJson } from "./mutate.ts";

const messagesOfRound = 100;
const archivesOfRound = 40;
const lorises = 5;
const answerMsMax = 20_000;

export interface Fuzzed {
  readonly rounds: number;
  readonly messages: number;
  /** How often each status came, by target, e.g. `step 400`. */
  readonly answers: Readonly<Record<string, number>>;
  /** Each with the seed of its round and what was sent. */
  readonly faults: readonly string[];
}

export interface FuzzOptions {
  readonly seed: number;
  /** Asked before each round. */
  readonly goesOn: (roundsDone: number) => boolean;
  readonly onRound?: (soFar: Fuzzed) => void;
}

export async function fuzz({ seed, goesOn, onRound }: FuzzOptions): Promise<Fuzzed> {
  const issuer = await startIssuer();
  const answers: Record<string, number> = {};
  const faults: string[] = [];
  let rounds = 0;
  let messages = 0;
  try {
    while (goesOn(rounds)) {
      const round = new Round(seed + rounds, await startFuzzedApp(issuer), issuer);
      faults.push(...(await round.play()).map((fault) => `seed ${seed + rounds}: ${fault}`));
      for (const status of round.answers) answers[status] = (answers[status] ?? 0) + 1;
      messages += round.answers.length;
      rounds += 1;
      onRound?.({ rounds, messages, answers, faults });
    }
  } finally {
    issuer.close();
  }
  return { rounds, messages, answers, faults };
}

/** As it goes over the wire. */
interface Sent {
  readonly message: Message;
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | null;
  /** In which way it differs from what is right. */
  readonly how: "not at all" | "structure" | "bytes" | "token" | "signature" | "route" | "identity" | "another's";
}

/** Where another route may be met. */
const anywhere: readonly number[] = [...new Set(Object.values(statusesOf).flat())];
const targets = Object.keys(statusesOf) as readonly Target[];

class Round {
  readonly answers: string[] = [];
  readonly #random: Random;
  readonly #app: FuzzedApp;
  readonly #issuer: Issuer;
  readonly #faults: string[] = [];

  constructor(seed: number, app: FuzzedApp, issuer: Issuer) {
    this.#random = new Random(seed);
    this.#app = app;
    this.#issuer = issuer;
  }

  async play(): Promise<readonly string[]> {
    const app = this.#app;
    const slow = await Promise.all(Array.from({ length: lorises }, async () => await this.#loris()));
    const others = [app.other.job.taskId];
    const before = await this.#eventsOf(others);
    for (let number = 0; number < messagesOfRound; number += 1) {
      const sent = await this.#make(number);
      await this.#check(sent);
    }
    this.#faults.push(...(await fuzzArchives(this.#random, archivesOfRound)));
    await this.#malformed();
    // A webhook may speak of any issue; what a run sends, of its own task alone.
    if (!this.answers.includes("webhook 202")) {
      const after = await this.#eventsOf(others);
      if (after !== before) this.#faults.push("the task of another run has changed");
    }
    await Promise.all(slow.map(async (socket) => (socket.closed ? null : await once(socket, "close"))));
    const health = await send(app.port, { method: "GET", path: "/readyz", headers: {}, body: null });
    if (health !== 200) this.#faults.push(`/readyz answered ${health} in the end`);
    this.#faults.push(...app.errors());
    await app.stop();
    return this.#faults;
  }

  async #eventsOf(tasks: readonly string[]): Promise<string> {
    const events = await Promise.all(tasks.map(async (id) => await this.#app.told.store.readEvents(id as never)));
    return JSON.stringify(events.map(({ length }) => length));
  }

  /** Says a little, and then nothing; the server must shut it out by itself. */
  async #loris(): Promise<Socket> {
    const socket = connect(this.#app.port, "127.0.0.1");
    socket.on("error", () => socket.destroy()).resume();
    await once(socket, "connect");
    socket.write(
      `POST ${webhookPath} HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n${this.#random.pick(["", "\r\n{", "X-"])}`,
    );
    return socket;
  }

  async #make(number: number): Promise<Sent> {
    const random = this.#random;
    // What ends the run comes rarely, so that there is something to send to.
    const target = random.weighted(targets.map((each) => [each === "outcome" ? 0.2 : 1, each] as const));
    const message = await messageFor(target, random, this.#app, this.#issuer, number);
    const from = `203.0.${random.below(200)}.${random.below(250)}`;
    const headers = { ...message.headers, "x-forwarded-for": from };
    const how = random.weighted<Sent["how"]>([
      [2, "not at all"],
      [6, "structure"],
      [3, "bytes"],
      [2, "token"],
      [1, "route"],
      [1, "another's"],
    ]);
    const right = message.body === null ? null : Buffer.from(JSON.stringify(message.body));
    const base = { message, path: message.path, method: message.method };
    if (target === "webhook") return this.#webhook(base, headers, how, right ?? Buffer.alloc(0), number);
    if (how === "structure" && message.body !== null) {
      const { one, other } = this.#app;
      const words = [other.job.runId, other.job.taskId, `${other.job.runId}/1`, one.job.runId, other.token];
      const body = Buffer.from(JSON.stringify(mutateJson(random, message.body, words)) ?? "");
      return { ...base, headers, body, how };
    }
    if (how === "bytes" && right !== null) return { ...base, headers, body: mutateBytes(random, right), how };
    if (how === "another's" && right !== null && target !== "session") {
      const { one, other } = this.#app;
      const words = right.toString().replaceAll(one.job.runId, other.job.runId);
      return { ...base, headers, body: Buffer.from(words.replaceAll(one.job.taskId, other.job.taskId)), how };
    }
    if (how === "token") return this.#withBadToken(base, headers, right);
    if (how === "route") return this.#elsewhere(base, headers, right);
    return { ...base, headers, body: right, how: "not at all" };
  }

  #webhook(
    base: Pick<Sent, "message" | "path" | "method">,
    { "x-event": event = "", ...headers }: Readonly<Record<string, string>>,
    how: Sent["how"],
    right: Buffer,
    number: number,
  ): Sent {
    const random = this.#random;
    const delivery = `delivery-${number}`;
    if (how === "structure") {
      const body = Buffer.from(JSON.stringify(mutateJson(random, base.message.body, ["owner", "stranger", "x[bot]"])));
      return { ...base, headers: { ...headers, ...signed(body, event, delivery) }, body, how };
    }
    if (how === "bytes") {
      // Signed all the same: GitHub's own, and still not to be trusted in its form.
      const body = mutateBytes(random, right);
      return { ...base, headers: { ...headers, ...signed(body, event, delivery) }, body, how };
    }
    if (how === "token") {
      const given = { ...headers, ...signed(right, event, delivery) };
      if (random.chance(0.5)) return { ...base, headers: given, body: changed(random, right), how: "signature" };
      const signature = changed(random, Buffer.from(given["x-hub-signature-256"] ?? ""), "hex").toString("latin1");
      return { ...base, headers: { ...given, "x-hub-signature-256": signature }, body: right, how: "signature" };
    }
    return { ...base, headers: { ...headers, ...signed(right, event, delivery) }, body: right, how: "not at all" };
  }

  #withBadToken(
    base: Pick<Sent, "message" | "path" | "method">,
    headers: Readonly<Record<string, string>>,
    right: Buffer | null,
  ): Sent {
    const random = this.#random;
    if (base.message.target === "session") {
      const { oidcToken, ...rest } = base.message.body as { readonly oidcToken: string };
      const bad = changed(random, Buffer.from(oidcToken), "token").toString("latin1");
      const isSame = sameToken(oidcToken, bad);
      const body = Buffer.from(JSON.stringify({ ...rest, oidcToken: bad }));
      return { ...base, headers, body, how: isSame ? "not at all" : "identity" };
    }
    const { token } = this.#app.one;
    const authorization = random.pick([
      `Bearer ${changed(random, Buffer.from(token), "token").toString("latin1")}`,
      `Bearer ${token}${token}`,
      `Bearer ${token.toLowerCase()}`,
      `Bearer ${token.slice(0, -1)}`,
      `bearer  ${token}`,
      `Basic ${token}`,
      token,
      "Bearer",
      `Bearer ${"x".repeat(5_000)}`,
    ]);
    return { ...base, headers: { ...headers, authorization }, body: right, how: "token" };
  }

  #elsewhere(
    base: Pick<Sent, "message" | "path" | "method">,
    headers: Readonly<Record<string, string>>,
    right: Buffer | null,
  ): Sent {
    const random = this.#random;
    const method = random.pick(["GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]);
    const path = random.pick([
      base.path,
      `${base.path}/`,
      `${base.path}/../outcome`,
      base.path.toUpperCase(),
      base.path.replace("/", "//"),
      `${base.path}%00`,
      `${base.path}?${"a=b&".repeat(500)}`,
      `/${"%2e%2e/".repeat(20)}etc/passwd`,
      "/%",
    ]);
    const isGet = method === "GET";
    const how = method === base.method && path === base.path ? "not at all" : "route";
    return { ...base, method, path, headers, body: isGet ? null : right, how };
  }

  /** Sends it, and holds what comes of it against what may. */
  async #check(sent: Sent): Promise<void> {
    const app = this.#app;
    app.changes();
    app.taken();
    const begun = performance.now();
    const status = await send(this.#app.port, sent);
    const took = performance.now() - begun;
    const { target } = sent.message;
    this.answers.push(`${target} ${status}`);
    const fault = (what: string): void => {
      const body = sent.body?.toString("latin1").slice(0, 600) ?? "";
      this.#faults.push(`${what}: ${sent.how}, ${sent.method} ${sent.path} ${JSON.stringify(sent.headers)} ${body}`);
    };
    if (took > answerMsMax) fault(`the answer took ${Math.round(took)} ms`);
    const documented = sent.how === "route" ? anywhere : statusesOf[target];
    if (!documented.includes(status)) fault(`${target} answered ${status}`);
    const isAccepted = status < 300;
    if (isAccepted && (sent.how === "signature" || sent.how === "identity" || sent.how === "token")) {
      fault(`a lie was accepted by ${target}`);
    }
    if (!isAccepted && app.changes().length > 0) fault(`${target} refused with ${status} and changed something`);
    for (const runs of app.taken()) {
      if (runs.some((run) => run !== app.one.job.runId)) fault(`the word of ${runs.join(" and ")} was taken in`);
    }
    if (isAccepted) await app.told.settle();
  }

  /** Not even HTTP. */
  async #malformed(): Promise<void> {
    const random = this.#random;
    const right = `POST ${webhookPath} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}`;
    for (let count = 0; count < 3; count += 1) {
      const socket = connect(this.#app.port, "127.0.0.1");
      socket.on("error", () => socket.destroy()).resume();
      socket.end(mutateBytes(random, Buffer.from(right)));
      await once(socket, "close");
    }
  }
}

/** Surely another text, of the same length. */
function changed(random: Random, bytes: Buffer, alphabet: "any" | "hex" | "token" = "any"): Buffer {
  const copy = Buffer.from(bytes);
  const at = alphabet === "hex" ? 7 + random.below(64) : random.below(copy.length);
  const letters = alphabet === "hex" ? "0123456789abcdef" : "ABCDEFGHabcdefgh01234567";
  const before = String.fromCharCode(copy[at] ?? 0);
  copy.write(random.pick(Array.from(letters).filter((letter) => letter !== before)), at, "latin1");
  return copy;
}

/** The last letter of base64 has bits that mean nothing. */
function sameToken(one: string, other: string): boolean {
  const bytes = (token: string) => token.split(".").map((part) => Buffer.from(part, "base64url").toString("hex"));
  return JSON.stringify(bytes(one)) === JSON.stringify(bytes(other));
}

/** The status of the answer; 0 where the connection was cut instead. */
function send(
  port: number,
  { method, path, headers, body }: Pick<Sent, "method" | "path" | "headers" | "body">,
): Promise<number> {
  return new Promise((resolve) => {
    const asked = request(
      {
        // One that was kept could be closed just now, since nobody sent for seconds.
        agent: false,
        host: "127.0.0.1",
        port,
        method,
        path,
        headers: { ...headers, ...(body === null ? {} : { "content-length": body.length }) },
      },
      (response) => {
        response.resume().on("end", () => resolve(response.statusCode ?? 0));
        response.on("error", () => resolve(0));
      },
    );
    asked.on("error", () => resolve(0));
    asked.end(body ?? undefined);
  });
}
