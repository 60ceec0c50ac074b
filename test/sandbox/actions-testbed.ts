import { generateKeyPairSync } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadOracle } from "./oracle.ts";
import { listeningApp } from "./registration.ts";
import { issueInstallationToken } from "./routes/app.ts";
import { type Sandbox, startSandbox } from "./sandbox.ts";
import type { ActionsOptions, Permissions, Repository, SandboxContext, WorkflowRun } from "./state.ts";

type Answer = { readonly status: number; readonly body: unknown; readonly headers: Headers };

type Call = (method: string, path: string, body?: unknown, token?: string) => Promise<Answer>;

/** A sandbox with one repository, one workflow and one action, for tests of Actions. */
export type ActionsBed = {
  readonly sandbox: Sandbox;
  readonly context: SandboxContext;
  readonly repository: Repository;
  /** Of the App's installation. */
  readonly token: string;
  /** What GitHub's description finds wrong in the exchanges so far. */
  readonly faults: string[];
  readonly call: Call;
  /** Below /repos/octo/shop. */
  readonly api: Call;
  /** Starts a run of .github/workflows/work.yml. */
  readonly dispatch: (inputs?: Record<string, string>) => Promise<WorkflowRun>;
  readonly finished: (run: WorkflowRun) => Promise<WorkflowRun>;
  /** Resolves when the run's log has shown the text. */
  readonly logged: (run: WorkflowRun, text: string) => Promise<void>;
  /** "event.action" of all webhooks about Actions, in order. */
  readonly told: () => string[];
  readonly stop: () => Promise<void>;
};

export type ActionsBedOptions = {
  readonly workflow: string;
  /** Source of the JavaScript action "octo/action@v1": its files by name, action.yml among them. */
  readonly action?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly permissions?: Permissions;
  readonly private?: boolean;
  readonly actions?: Partial<ActionsOptions>;
  readonly clock?: () => Date;
};

/** Nobody signs with it here: these tests start from an installation token. */
const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

export async function startActionsBed(options: ActionsBedOptions): Promise<ActionsBed> {
  const root = await mkdtemp(join(tmpdir(), "sandbox-actions-"));
  const actionFolder = join(root, "action");
  await mkdir(actionFolder);
  for (const [name, text] of Object.entries(options.action ?? {})) await writeFile(join(actionFolder, name), text);
  const oracle = loadOracle();
  const faults: string[] = [];
  const sandbox = await startSandbox({
    appId: 7,
    appSlug: "phasegate",
    clientId: "Iv23liTest",
    publicKeyPem: publicKey.export({ type: "spki", format: "pem" }).toString(),
    webhookSecret: "test",
    registration: listeningApp,
    dataDir: join(root, "data"),
    actions: {
      uses: { "octo/action@v1": actionFolder },
      node: process.execPath,
      env: {},
      tempDir: join(root, "machines"),
      ...options.actions,
    },
    ...(options.clock === undefined ? {} : { clock: options.clock }),
    onExchange: (exchange) => {
      if (exchange.url.startsWith("/repos/")) faults.push(...oracle.checkExchange(exchange));
    },
  });
  const { context } = sandbox;
  const repository = await sandbox.addRepository({
    owner: "octo",
    name: "shop",
    private: options.private ?? false,
    files: { ".github/workflows/work.yml": options.workflow, "README.md": "# Shop\n", ...options.files },
    collaborators: { wanda: "write", rita: "read" },
    ...(options.permissions === undefined ? {} : { permissions: options.permissions }),
  });
  const [installation] = context.state.installations.values();
  if (installation === undefined) throw new Error("starting the test bed: the App is not installed");
  const { token } = issueInstallationToken(context, installation, installation.repositoryIds, installation.permissions);

  const call: Call = async (method, path, body, sender = token) => {
    const response = await fetch(sandbox.url + path, {
      method,
      redirect: "manual",
      headers: sender === "" ? {} : { authorization: `Bearer ${sender}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = (response.headers.get("content-type") ?? "").includes("json");
    return {
      status: response.status,
      body: isJson && text !== "" ? JSON.parse(text) : text,
      headers: response.headers,
    };
  };
  const api: Call = (method, path, body, sender) => call(method, `/repos/octo/shop${path}`, body, sender);

  return {
    sandbox,
    context,
    repository,
    token,
    faults,
    call,
    api,
    async dispatch(inputs = {}) {
      const body = { ref: "main", inputs, return_run_details: true };
      const answer = await api("POST", "/actions/workflows/work.yml/dispatches", body);
      const run = [...repository.runs.values()].at(-1);
      if (answer.status !== 200 || run === undefined) throw new Error(`dispatching: ${JSON.stringify(answer.body)}`);
      return run;
    },
    finished: (run) => until(sandbox, () => run.status === "completed").then(() => run),
    logged: (run, text) => until(sandbox, () => run.jobs.some(({ log }) => log.includes(text))),
    told: () =>
      context.state.deliveries
        .filter(({ event }) => event.startsWith("workflow_"))
        .map(({ event, action }) => `${event}.${action}`),
    async stop() {
      await sandbox.stop();
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** Waits for what the sandbox tells, not for time. */
function until(sandbox: Sandbox, isSo: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    if (isSo()) {
      resolve();
      return;
    }
    const stopObserving = sandbox.observe(() => {
      if (!isSo()) return;
      stopObserving();
      resolve();
    });
  });
}
