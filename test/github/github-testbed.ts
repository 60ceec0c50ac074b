/** Our client against the sandbox: real requests, judged by GitHub's own description. */
import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Log } from "../../src/control/ports/surroundings.ts";
import type { Repository } from "../../src/core/events.ts";
import type { Creations } from "../../src/github/api.ts";
import { createGitHub, type GitHubClient } from "../../src/github/client.ts";
import { readWorkflowFile, workflowPath } from "../../src/github/workflow-file.ts";
import { isApiPath, loadOracle } from "../sandbox/oracle.ts";
import { person, type Person } from "../sandbox/person.ts";
import { startSandbox, type RepositoryToAdd, type Sandbox } from "../sandbox/sandbox.ts";

const keys = generateKeyPairSync("rsa", { modulusLength: 2048 });
const appId = 4242;
const deployment = {
  actionRef: `phasegate/phasegate@${"0".repeat(40)}`,
  appUrl: "https://phasegate.example",
  mcpHosts: ["mcp.example"],
};

/** What happens to a request instead of, or after, its delivery. */
type Fault =
  /** GitHub does it, and we hear 502. */
  | "lost-answer"
  | "no-answer"
  /** GitHub does it, and its answer breaks off. */
  | "torn-answer"
  | {
      readonly status: number;
      readonly message?: string;
      readonly headers?: Record<string, string>;
      /** Instead of the message. */
      readonly body?: unknown;
    }
  /** Happens just before the request arrives. */
  | (() => Promise<void>);

export interface GitHubTestbed {
  readonly sandbox: Sandbox;
  readonly github: GitHubClient;
  readonly repository: Repository;
  readonly owner: Person;
  /** Methods and paths of what our client sent since the last call, e.g. `POST /repos/octo/shop/pulls`. */
  sent(): readonly string[];
  /** Statuses of all answers, in order, whose path matches. */
  statusesOf(path: RegExp): readonly number[];
  /** The next request that matches meets this fault, once. */
  failNext(match: RegExp, fault: Fault): void;
  /** A second client, as after a restart of the app. */
  anotherClient(over?: { readonly timeoutMs?: number }): GitHubClient;
  advance(ms: number): void;
  /** Throws what GitHub's description finds wrong in what was sent and answered. */
  stop(): Promise<void>;
}

export async function startGitHubTestbed(over: Partial<RepositoryToAdd> = {}): Promise<GitHubTestbed> {
  const dataDir = await mkdtemp(join(tmpdir(), "github-"));
  const oracle = loadOracle();
  const faults: string[] = [];
  const sent: string[] = [];
  const answered: { readonly url: string; readonly status: number }[] = [];
  const planned: { readonly match: RegExp; readonly fault: Fault }[] = [];
  // The key's signature carries the real time, so the sandbox and the client start from it, too.
  let now = Date.now();
  const sandbox = await startSandbox({
    appId,
    appSlug: "phasegate",
    clientId: "Iv1.phasegate",
    publicKeyPem: keys.publicKey.export({ type: "spki", format: "pem" }).toString(),
    webhookSecret: "a-secret-for-tests",
    dataDir,
    actions: {
      uses: {},
      node: process.execPath,
      env: {},
      tempDir: join(dataDir, "actions"),
      // A run lasts until it is cancelled.
      execute: ({ signal }) =>
        new Promise((resolve) => {
          const end = () => resolve({ conclusion: "cancelled" });
          if (signal.aborted) end();
          signal.addEventListener("abort", end);
        }),
    },
    onExchange(exchange) {
      answered.push(exchange);
      if (isApiPath(exchange.url)) faults.push(...oracle.checkExchange(exchange));
    },
  });
  const added = await sandbox.addRepository({
    owner: "octo",
    name: "shop",
    files: { "README.md": "# Shop\n", "old.txt": "old\n", [workflowPath]: readWorkflowFile(deployment) },
    collaborators: { wanda: "write", rita: "read", tina: "triage", mia: "maintain" },
    ...over,
  });
  sandbox.addUser("stranger");
  const installation = [...sandbox.context.state.installations.values()].at(0);

  async function faultyFetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
    const method = init?.method ?? "GET";
    const url = new URL(input instanceof Request ? input.url : input);
    const body = typeof init?.body === "string" ? init.body : "";
    const line = `${method} ${url.pathname}${url.pathname === "/graphql" ? ` ${/(?:mutation|query) (?<name>\w+)/u.exec(body)?.groups?.["name"] ?? ""}` : ""}`;
    if (!url.pathname.startsWith("/app/")) sent.push(line);
    const isStore = url.pathname.startsWith("/_blob/");
    if (!isStore && new Headers(init?.headers).get("x-github-api-version") !== "2022-11-28")
      faults.push(`${line}: no API version`);
    const index = planned.findIndex(({ match }) => match.test(line));
    const fault = index === -1 ? null : (planned.splice(index, 1)[0]?.fault ?? null);
    if (fault === null) return fetch(input, init);
    if (fault === "no-answer") {
      return new Promise((_resolve, reject) => {
        init?.signal?.addEventListener("abort", () => reject(init.signal?.reason));
      });
    }
    if (fault === "lost-answer") {
      await (await fetch(input, init)).arrayBuffer();
      return answer(502, { message: "Bad Gateway" });
    }
    if (fault === "torn-answer") {
      const { status, headers } = await fetch(input, init);
      const torn = new ReadableStream({
        start(controller) {
          controller.enqueue(new TextEncoder().encode('{"number":'));
          controller.error(new TypeError("terminated"));
        },
      });
      return new Response(torn, { status, headers });
    }
    if (typeof fault === "function") {
      await fault();
      return fetch(input, init);
    }
    return answer(fault.status, fault.body ?? { message: fault.message ?? "refused by the test" }, fault.headers);
  }

  const begun = new Map<string, string>();
  const creations: Creations = {
    beginCreation: async (key, at, earliest) => {
      const since = begun.get(key) ?? "";
      if (since > earliest) return since;
      begun.set(key, at);
      return null;
    },
    dropCreation: async (key) => void begun.delete(key),
  };

  function client({ timeoutMs = 20_000 }: { readonly timeoutMs?: number } = {}): GitHubClient {
    return createGitHub({
      ...deployment,
      appId,
      privateKey: keys.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
      apiUrl: sandbox.url,
      webUrl: "https://github.com",
      language: "en",
      writeIntervalMs: 0,
      timeoutMs,
      fetch: faultyFetch,
      log: silent,
      clock: { now: () => new Date(now) },
      creations,
    });
  }

  return {
    sandbox,
    github: client(),
    anotherClient: client,
    repository: { installationId: installation?.id ?? 0, repositoryId: added.id, owner: "octo", name: "shop" },
    owner: person(sandbox, "wanda", "octo/shop"),
    sent: () => sent.splice(0),
    statusesOf: (path) =>
      answered.filter(({ url }) => path.test(new URL(url, sandbox.url).pathname)).map(({ status }) => status),
    failNext: (match, fault) => planned.push({ match, fault }),
    advance(ms) {
      now += ms;
    },
    async stop() {
      await sandbox.stop();
      await rm(dataDir, { recursive: true, force: true });
      if (faults.length > 0) throw new Error(`against GitHub's description: ${faults.join("\n")}`);
    },
  };
}

function answer(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/json; charset=utf-8", ...headers },
  });
}

const silent: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };

function nothing(): void {
  return undefined;
}
