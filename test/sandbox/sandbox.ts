import { randomBytes, randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createCi } from "./ci.ts";
import type { Ci } from "./ci.ts";
import { createFaults } from "./faults.ts";
import type { Faults } from "./faults.ts";
import { createGitRepository } from "./git.ts";
import type { GitRepository } from "./git.ts";
import { signatureOf } from "./payloads-git.ts";
import { createSettings, install } from "./settings.ts";
import type { Settings } from "./settings.ts";
import { stopRuns } from "./stop-runs.ts";
import { listen, sandboxApp } from "./server.ts";
import { findRepository, fullName } from "./state.ts";
import type {
  Account,
  AccountType,
  Permissions,
  Plan,
  Repository,
  RequestRecord,
  Role,
  SandboxContext,
  SandboxEvent,
  SandboxOptions,
  SandboxState,
} from "./state.ts";
import { createWebhooks } from "./webhooks.ts";
import type { Webhooks } from "./webhooks.ts";

export type RepositoryToAdd = {
  readonly owner: string;
  readonly name: string;
  readonly private?: boolean;
  readonly plan?: Plan;
  /** Path → content of the first commit; without files the repository is empty. */
  readonly files: Readonly<Record<string, string>>;
  /** Login → role. Unknown people are made. */
  readonly collaborators: Readonly<Record<string, Role>>;
  /** Installs the App on it (default true). */
  readonly install?: boolean;
  /** Of the owner's installation; by default all that the App asks for. */
  readonly permissions?: Permissions;
};

type TokenToMake = {
  /** Full names. */
  readonly repositories?: readonly string[];
  readonly permissions: Permissions;
};

export type Sandbox = {
  readonly url: string;
  readonly context: SandboxContext;
  setWebhookUrl(url: string): void;
  addUser(login: string): void;
  addRepository(repository: RepositoryToAdd): Promise<Repository>;
  /** A token that acts as that person. */
  tokenOf(login: string): string;
  /** A fine-grained one, as that person makes it on GitHub's page. */
  makeToken(login: string, token: TokenToMake): string;
  gitDirOf(fullName: string): string;
  repositoryOf(fullName: string): Repository;
  readonly requests: readonly RequestRecord[];
  /** Hears all that happens until the answer is called. */
  observe(listener: (event: SandboxEvent) => void): () => void;
  /** Faults that a test switches on: webhooks that are lost, doubled, late or out of order. */
  readonly webhooks: Pick<Webhooks, "drop" | "duplicate" | "late" | "held" | "release" | "idle" | "setUrl" | "url">;
  /** Faults of the API's answers. */
  readonly faults: Faults;
  /** What owners do in the browser. */
  readonly settings: Settings;
  /** What the repository's own workflows come to, on a push or a pull request. All pass unless a test says otherwise. */
  readonly ci: Ci;
  stop(): Promise<void>;
};

const FIRST_ID = 1000;
const DEFAULT_BRANCH = "main";

/** A GitHub in a box: real git repositories behind GitHub's REST, GraphQL, git protocol, webhooks and Actions. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const homeDir = join(options.dataDir, "home");
  await mkdir(homeDir, { recursive: true });
  const listeners = new Set<(event: SandboxEvent) => void>();
  const repositories = new Map<number, GitRepository>();
  const state = emptyState();
  let url = "";

  const newId = (): number => {
    state.nextId += 1;
    return state.nextId;
  };
  const bot = addAccount(state, newId(), `${options.appSlug}[bot]`, "Bot");
  addAccount(state, newId(), "github-actions[bot]", "Bot");
  const now = options.clock ?? (() => new Date());
  const context: SandboxContext = {
    state,
    options,
    bot,
    url: () => url,
    now,
    timestamp: () =>
      now()
        .toISOString()
        .replace(/\.\d+Z$/, "Z"),
    newId,
    newGuid: () => randomUUID(),
    ci: createCi(),
    git(repository) {
      const git = repositories.get(repository.id);
      if (git === undefined) throw new Error(`opening the repository "${fullName(repository)}": it was never made`);
      return git;
    },
    emit: (webhook) => webhooks.emit(webhook),
    announce(event) {
      for (const listener of listeners) listener(event);
    },
  };
  const webhooks = createWebhooks(() => context);
  const { faults, middleware } = createFaults(context);
  const server = await listen(sandboxApp(context, webhooks, homeDir, middleware));
  url = `http://127.0.0.1:${server.port}`;

  function addUser(login: string): Account {
    const known = state.accounts.get(login.toLowerCase());
    if (known !== undefined) return known;
    const account = addAccount(state, newId(), login, "User");
    const token = `ghp_${randomBytes(27).toString("base64url").replaceAll(/[-_]/g, "x")}`;
    state.tokens.set(token, {
      token,
      kind: "user",
      account,
      installationId: null,
      repositoryIds: "all",
      permissions: "all",
      expiresAt: null,
    });
    return account;
  }

  function makeToken(login: string, { repositories = [], permissions }: TokenToMake): string {
    const token = `github_pat_${randomBytes(27).toString("hex")}`;
    state.tokens.set(token, {
      token,
      kind: "user",
      account: addUser(login),
      installationId: null,
      repositoryIds: new Set(repositories.map((name) => repositoryOf(name).id)),
      permissions,
      expiresAt: null,
    });
    return token;
  }

  async function addRepository(wanted: RepositoryToAdd): Promise<Repository> {
    if (findRepository(state, wanted.owner, wanted.name) !== null) {
      throw new Error(`adding the repository "${wanted.owner}/${wanted.name}": it exists`);
    }
    const owner = addUser(wanted.owner);
    for (const login of Object.keys(wanted.collaborators)) addUser(login);
    const id = newId();
    const gitDir = join(options.dataDir, "repositories", `${id}.git`);
    const repository = newRepository(context, wanted, owner, id, gitDir);
    const git = await createGitRepository(gitDir, homeDir, DEFAULT_BRANCH);
    repositories.set(id, git);
    await commitFiles(context, git, owner, wanted.files);
    state.repositories.set(id, repository);
    if (wanted.install !== false) install(context, repository, wanted.permissions);
    return repository;
  }

  function repositoryOf(name: string): Repository {
    const [owner = "", repo = ""] = name.split("/");
    const repository = findRepository(state, owner, repo);
    if (repository === null) throw new Error(`finding the repository "${name}": the sandbox has none of that name`);
    return repository;
  }

  return {
    url,
    context,
    setWebhookUrl: (target) => webhooks.setUrl(target),
    addUser(login) {
      addUser(login);
    },
    addRepository,
    tokenOf(login) {
      for (const token of state.tokens.values()) {
        if (token.kind === "user" && token.account.login.toLowerCase() === login.toLowerCase()) return token.token;
      }
      throw new Error(`finding the token of "${login}": add the user first`);
    },
    makeToken,
    gitDirOf: (name) => repositoryOf(name).gitDir,
    repositoryOf,
    requests: state.requests,
    observe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    webhooks,
    faults,
    ci: context.ci,
    settings: createSettings(context, { repositoryOf, addUser }),
    async stop() {
      await stopRuns(context);
      webhooks.stop();
      await server.close();
      for (const git of repositories.values()) git.close();
    },
  };
}

function emptyState(): SandboxState {
  return {
    accounts: new Map(),
    repositories: new Map(),
    installations: new Map(),
    tokens: new Map(),
    deliveries: [],
    requests: [],
    nextId: FIRST_ID,
  };
}

function addAccount(state: SandboxState, id: number, login: string, type: AccountType): Account {
  const account: Account = { id, login, type };
  state.accounts.set(login.toLowerCase(), account);
  return account;
}

function newRepository(
  context: SandboxContext,
  wanted: RepositoryToAdd,
  owner: Account,
  id: number,
  gitDir: string,
): Repository {
  const roles = Object.entries(wanted.collaborators).map(([login, role]) => [login.toLowerCase(), role] as const);
  return {
    id,
    owner,
    name: wanted.name,
    formerNames: [],
    private: wanted.private ?? false,
    plan: wanted.plan ?? "free",
    defaultBranch: DEFAULT_BRANCH,
    gitDir,
    createdAt: context.timestamp(),
    pushedAt: context.timestamp(),
    collaborators: new Map(roles),
    labels: new Map(),
    issues: new Map(),
    pulls: new Map(),
    issueComments: new Map(),
    reviews: new Map(),
    reviewComments: new Map(),
    reviewThreads: new Map(),
    checkRuns: new Map(),
    checkSuites: new Map(),
    statuses: new Map(),
    workflows: new Map(),
    runs: new Map(),
    artifacts: new Map(),
    secrets: new Map(),
    variables: new Map(),
    lentSecrets: new Map(),
    lentVariables: new Map(),
    actionsEnabled: true,
    archived: false,
    approvalsRequired: new Map(),
    checksRequired: new Map(),
    mergeQueues: new Set(),
    mergeMethods: ["merge", "squash", "rebase"],
    mergeabilityUnknownReads: 0,
    nextNumber: 1,
  };
}

async function commitFiles(
  context: SandboxContext,
  git: GitRepository,
  owner: Account,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  const entries = Object.entries(files);
  if (entries.length === 0) return;
  const changes = [];
  for (const [path, content] of entries) {
    changes.push({ path, mode: "100644", sha: await git.writeBlob(Buffer.from(content)) });
  }
  const tree = await git.writeTree(null, changes);
  if (tree === null) throw new Error("writing the first commit: its tree is impossible");
  const author = signatureOf(context, owner);
  const commit = { tree, parents: [], author, committer: author, message: "Initial commit\n", signed: false };
  await git.updateRef(`refs/heads/${DEFAULT_BRANCH}`, await git.writeCommit(commit), null);
}
