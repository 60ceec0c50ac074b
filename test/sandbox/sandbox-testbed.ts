import { createSign, generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadOracle } from "./oracle.ts";
import { listeningApp } from "./registration.ts";
import type { Oracle } from "./oracle.ts";
import { person } from "./person.ts";
import type { Person } from "./person.ts";
import { startSandbox } from "./sandbox.ts";
import type { RepositoryToAdd, Sandbox } from "./sandbox.ts";

type Answer = { readonly status: number; readonly body: unknown; readonly headers: Headers };
type Received = {
  readonly event: string;
  readonly guid: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly raw: string;
  readonly payload: Record<string, unknown>;
};

export type Testbed = {
  readonly sandbox: Sandbox;
  /** The webhooks that the App's receiver got, in order. */
  readonly received: Received[];
  /** "event.action" of what was received, once all is answered; what it was before is left out. */
  heard(from?: number): Promise<string[]>;
  jwt(claims?: Record<string, unknown>): string;
  /** An installation token with all of the installation's permissions, or fewer. */
  installationToken(narrowing?: Record<string, unknown>): Promise<string>;
  call(
    method: string,
    path: string,
    options?: { token?: string; body?: unknown; headers?: Record<string, string> },
  ): Promise<Answer>;
  /** Below /repos/octo/shop, as the App unless a token is given. */
  api(method: string, path: string, body?: unknown, token?: string): Promise<Answer>;
  person(login: string): Person;
  advance(ms: number): void;
  /** What GitHub's own description finds wrong in the sandbox's answers so far. */
  faults(): string[];
  stop(): Promise<void>;
};

const keys = generateKeyPairSync("rsa", { modulusLength: 2048 });
const APP_ID = 4242;
export const WEBHOOK_SECRET = "a-secret-for-tests";

/** Where GitHub's description contradicts itself. */
const DESCRIPTION_FAULTS: readonly RegExp[] = [
  // An account of this list would have to be a user and an enterprise at once.
  /^GET \/app\/installations: response 200: \/\d+\/account /,
  // Two error shapes without a required field: each error is both, and may be only one.
  /response 409: the value must match exactly one schema in oneOf$/,
];

/** A sandbox with octo/shop (writer wanda, reader rita), a user `stranger` without a role, the App installed, and a webhook receiver. */
export async function startTestbed(repository: Partial<RepositoryToAdd> = {}, status = () => 200): Promise<Testbed> {
  const dataDir = await mkdtemp(join(tmpdir(), "sandbox-"));
  const received: Received[] = [];
  const receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const raw = Buffer.concat(chunks).toString("utf8");
      const { headers } = request;
      const payload: Record<string, unknown> = JSON.parse(raw);
      received.push({
        event: String(headers["x-github-event"]),
        guid: String(headers["x-github-delivery"]),
        headers,
        raw,
        payload,
      });
      response.writeHead(status()).end("ok");
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  const address = receiver.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;

  let now = Date.parse("2026-09-01T10:00:00Z");
  const oracle: Oracle = loadOracle();
  const faults: string[] = [];
  const sandbox = await startSandbox({
    appId: APP_ID,
    appSlug: "phasegate",
    clientId: "Iv23liTestClient",
    publicKeyPem: keys.publicKey.export({ type: "spki", format: "pem" }).toString(),
    webhookSecret: WEBHOOK_SECRET,
    registration: listeningApp,
    webhookUrl: `http://127.0.0.1:${port}/hook`,
    dataDir,
    actions: { uses: {}, node: process.execPath, env: {}, tempDir: join(dataDir, "actions") },
    clock: () => new Date(now),
    onExchange(exchange) {
      // Requests are wrong on purpose here: only the answers are judged.
      const judged = { ...exchange, requestHeaders: { accept: exchange.requestHeaders["accept"] ?? "" } };
      const answers = oracle
        .checkExchange(judged)
        .filter((problem) => /: (?:response|undocumented status)/.test(problem));
      faults.push(...answers.filter((problem) => !DESCRIPTION_FAULTS.some((known) => known.test(problem))));
    },
  });
  sandbox.addUser("stranger");
  await sandbox.addRepository({
    owner: "octo",
    name: "shop",
    files: { "README.md": "# Shop\n", "src/app.ts": "one\ntwo\nthree\n" },
    collaborators: { wanda: "write", rita: "read" },
    ...repository,
  });

  const testbed: Testbed = {
    sandbox,
    received,
    async heard(from = 0) {
      await sandbox.webhooks.idle();
      return received.slice(from).map(({ event, payload }) => [event, payload["action"]].filter(Boolean).join("."));
    },
    jwt(claims = {}) {
      const seconds = Math.floor(now / 1000);
      const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
      const text = `${encode({ alg: "RS256", typ: "JWT" })}.${encode({ iss: String(APP_ID), iat: seconds - 60, exp: seconds + 540, ...claims })}`;
      return `${text}.${createSign("sha256").update(text).sign(keys.privateKey).toString("base64url")}`;
    },
    async installationToken(narrowing = {}) {
      const [installation] = sandbox.context.state.installations.values();
      const path = `/app/installations/${installation?.id ?? 0}/access_tokens`;
      const answer = await testbed.call("POST", path, { token: testbed.jwt(), body: narrowing });
      if (answer.status !== 201) throw new Error(`making a token: ${JSON.stringify(answer.body)}`);
      return textAt(answer.body, "token");
    },
    async call(method, path, { token, body, headers } = {}) {
      const response = await fetch(sandbox.url + path, {
        method,
        redirect: "manual",
        headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers },
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      const isJson = (response.headers.get("content-type") ?? "").includes("application/json");
      return {
        status: response.status,
        body: isJson && text !== "" ? JSON.parse(text) : text,
        headers: response.headers,
      };
    },
    async api(method, path, body, token) {
      const used = token ?? (await testbed.installationToken());
      return testbed.call(method, `/repos/octo/shop${path}`, { token: used, body });
    },
    person: (login) => person(sandbox, login, "octo/shop"),
    advance(ms) {
      now += ms;
    },
    faults: () => faults,
    async stop() {
      await sandbox.stop();
      await new Promise<void>((resolve) => {
        receiver.close(() => resolve());
        receiver.closeAllConnections();
      });
      await rm(dataDir, { recursive: true, force: true });
    },
  };
  return testbed;
}

/** Walks into an answer; a wrong turn is undefined. */
export function valueAt(value: unknown, ...path: readonly (string | number)[]): unknown {
  let found = value;
  for (const step of path) {
    if (typeof found !== "object" || found === null) return undefined;
    found = new Map(Object.entries(found)).get(String(step));
  }
  return found;
}

export function textAt(value: unknown, ...path: readonly (string | number)[]): string {
  const found = valueAt(value, ...path);
  if (typeof found === "string") return found;
  throw new Error(`reading ${path.join(".")}: no text in ${JSON.stringify(value)}`);
}

export function numberAt(value: unknown, ...path: readonly (string | number)[]): number {
  const found = valueAt(value, ...path);
  if (typeof found === "number") return found;
  throw new Error(`reading ${path.join(".")}: no number in ${JSON.stringify(value)}`);
}

export function listAt(value: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const found = valueAt(value, ...path);
  if (Array.isArray(found)) return found;
  throw new Error(`reading ${path.join(".")}: no list in ${JSON.stringify(value)}`);
}

/** Puts one commit with these files on a branch through the git data API; its sha. */
export async function publish(
  testbed: Testbed,
  branch: string,
  files: Readonly<Record<string, string>>,
  from = "main",
  token?: string,
): Promise<string> {
  const used = token ?? (await testbed.installationToken());
  const existing = await testbed.api("GET", `/git/ref/heads/${branch}`, undefined, used);
  const base = existing.status === 200 ? existing : await testbed.api("GET", `/git/ref/heads/${from}`, undefined, used);
  const parent = textAt(base.body, "object", "sha");
  const commit = await testbed.api("GET", `/git/commits/${parent}`, undefined, used);
  const tree = await testbed.api(
    "POST",
    "/git/trees",
    {
      base_tree: valueAt(commit.body, "tree", "sha"),
      tree: Object.entries(files).map(([path, content]) => ({ path, mode: "100644", type: "blob", content })),
    },
    used,
  );
  const made = await testbed.api(
    "POST",
    "/git/commits",
    { message: `write ${branch}`, tree: valueAt(tree.body, "sha"), parents: [parent] },
    used,
  );
  const sha = textAt(made.body, "sha");
  const moved =
    existing.status === 200
      ? await testbed.api("PATCH", `/git/refs/heads/${branch}`, { sha }, used)
      : await testbed.api("POST", "/git/refs", { ref: `refs/heads/${branch}`, sha }, used);
  if (moved.status >= 300) throw new Error(`publishing ${branch}: ${JSON.stringify(moved.body)}`);
  return sha;
}

/** A branch with a change and a pull request of the App for it; its number. */
export async function proposePull(
  testbed: Testbed,
  branch: string,
  files: Readonly<Record<string, string>>,
  more: object = {},
): Promise<number> {
  await publish(testbed, branch, files);
  const answer = await testbed.api("POST", "/pulls", {
    title: `Change ${branch}`,
    head: branch,
    base: "main",
    ...more,
  });
  if (answer.status !== 201) throw new Error(`opening a pull request: ${JSON.stringify(answer.body)}`);
  return numberAt(answer.body, "number");
}
