/** A sandbox with one repository in which Phasegate is installed, and the settings of an app for it. */
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { chmod, mkdir } from "node:fs/promises";
import path from "node:path";
import { readWorkflowFile, workflowPath } from "../../src/github/workflow-file.ts";
import { setVariable } from "../sandbox/actions-settings.ts";
import { person, type Person } from "../sandbox/person.ts";
import { ourApp } from "../sandbox/registration.ts";
import { startSandbox, type Sandbox } from "../sandbox/sandbox.ts";
import type { Conclusion, Exchange, JobToExecute, Permissions } from "../sandbox/state.ts";
import { freePort } from "./free-port.ts";

const appId = 4711;
/** Full commit SHA as a deployment has one; the sandbox resolves it to this folder. */
const actionRef = `phasegate/phasegate@${"0".repeat(39)}1`;
const root = path.join(import.meta.dirname, "..", "..");

export const repositoryName = "acme/links";

export interface WorldOptions {
  /** Everything of the world lies below it. */
  readonly folder: string;
  readonly modelUrl?: string;
  /** The model credential as a repository secret; null leaves it out. */
  readonly secret?: { readonly name: string; readonly value: string } | null;
  readonly withWorkflowFile?: boolean;
  /** What the default branch holds beside the workflow, by path. */
  readonly files?: Readonly<Record<string, string>>;
  readonly claudePath?: string;
  /** Added to the environment of each job. */
  readonly jobEnvironment?: Readonly<Record<string, string>>;
  /** What the installation grants; by default just what `app.yml` asks for. */
  readonly permissions?: Permissions;
  /** Replaces the action's process in tests. */
  readonly execute?: (job: JobToExecute) => Promise<{ readonly conclusion: Conclusion }>;
  readonly onExchange?: (exchange: Exchange) => void;
  /** GitHub's time, where it is not the machine's. */
  readonly clock?: () => Date;
}

export interface World {
  readonly sandbox: Sandbox;
  /** The environment that an app for this sandbox starts with. */
  readonly appEnvironment: Readonly<Record<string, string>>;
  readonly appUrl: string;
  /** Has write; opens issues, reviews and merges. */
  readonly owner: Person;
  /** Is nobody here. */
  readonly stranger: Person;
}

export async function startWorld(options: WorldOptions): Promise<World> {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const webhookSecret = randomBytes(24).toString("hex");
  const port = await freePort();
  const appUrl = `http://127.0.0.1:${port}`;
  const jobs = path.join(options.folder, "jobs");
  await mkdir(jobs, { recursive: true });
  // The agent is another user and must be able to walk to its work tree, though not to list what is beside it.
  await chmod(options.folder, 0o711);
  await chmod(jobs, 0o711);
  const sandbox = await startSandbox({
    appId,
    appSlug: "phasegate",
    clientId: "Iv1.phasegate",
    publicKeyPem: publicKey,
    webhookSecret,
    webhookUrl: `${appUrl}/api/github/webhooks`,
    dataDir: path.join(options.folder, "github"),
    actions: {
      uses: { [actionRef]: root },
      node: process.execPath,
      env: options.jobEnvironment ?? {},
      tempDir: jobs,
      ...(options.execute === undefined ? {} : { execute: options.execute }),
    },
    ...(options.onExchange === undefined ? {} : { onExchange: options.onExchange }),
    ...(options.clock === undefined ? {} : { clock: options.clock }),
  });
  const repository = await sandbox.addRepository({
    owner: "acme",
    name: "links",
    files: {
      "README.md": "# links\n",
      ...options.files,
      ...(options.withWorkflowFile === false ? {} : { [workflowPath]: readWorkflowFile({ actionRef, appUrl }) }),
    },
    collaborators: { owner: "write" },
    permissions: options.permissions ?? ourApp.permissions,
  });
  sandbox.addUser("stranger");
  const { context } = sandbox;
  if (options.claudePath !== undefined) setVariable(context, repository, "PHASEGATE_CLAUDE_PATH", options.claudePath);
  if (options.modelUrl !== undefined) setVariable(context, repository, "PHASEGATE_MODEL_BASE_URL", options.modelUrl);
  const owner = person(sandbox, "owner");
  const secret =
    options.secret === undefined ? { name: "ANTHROPIC_API_KEY", value: "sk-ant-sandbox-key" } : options.secret;
  if (secret !== null) owner.setSecret(secret.name, secret.value);
  return {
    sandbox,
    appUrl,
    owner,
    stranger: person(sandbox, "stranger"),
    appEnvironment: {
      APP_ID: String(appId),
      PRIVATE_KEY: privateKey,
      WEBHOOK_SECRET: webhookSecret,
      PUBLIC_URL: appUrl,
      ACTION_REF: actionRef,
      HOST: "127.0.0.1",
      PORT: String(port),
      DATA_DIR: path.join(options.folder, "data"),
      GITHUB_API_URL: sandbox.url,
      GITHUB_WEB_URL: sandbox.url,
      OIDC_ISSUER: `${sandbox.url}/_oidc`,
      // The sandbox has no secondary limits; GitHub asks for a second between writes.
      GITHUB_WRITE_INTERVAL_MS: "0",
    },
  };
}
