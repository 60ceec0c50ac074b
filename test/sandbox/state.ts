import type { Ci } from "./ci.ts";
import type { GitRepository } from "./git.ts";
import type { Registration } from "./registration.ts";

/** Everything the sandbox knows. Routes change it in place; git objects live in bare repositories beside it. */
export type SandboxState = {
  readonly accounts: Map<string, Account>;
  /** By id. Names change and are looked up without case. */
  readonly repositories: Map<number, Repository>;
  readonly installations: Map<number, Installation>;
  readonly tokens: Map<string, IssuedToken>;
  readonly deliveries: Delivery[];
  readonly requests: RequestRecord[];
  nextId: number;
};

export type AccountType = "User" | "Bot" | "Organization";

/** Keyed by lower-case login. Bots carry the "[bot]" ending in their login. */
export type Account = {
  readonly id: number;
  readonly login: string;
  readonly type: AccountType;
};

export type Level = "read" | "write" | "admin";
export type Permissions = Record<string, Level>;
export type Role = "admin" | "maintain" | "write" | "triage" | "read";
export type Plan = "free" | "team";

export type Installation = {
  readonly id: number;
  readonly account: Account;
  readonly repositoryIds: Set<number>;
  permissions: Permissions;
  readonly createdAt: string;
  suspendedAt: string | null;
};

/** One bearer token. A job's token is "job": it acts as github-actions[bot] on one repository. */
export type IssuedToken = {
  readonly token: string;
  readonly kind: "user" | "installation" | "job";
  readonly account: Account;
  readonly installationId: number | null;
  readonly repositoryIds: ReadonlySet<number> | "all";
  /** Of a person's: as far as that person may. "all" is a classic token with the scope `repo`, the others are fine-grained. */
  readonly permissions: Permissions | "all";
  /** ISO time by the sandbox clock; null for users' tokens. */
  readonly expiresAt: string | null;
};

export type Repository = {
  readonly id: number;
  owner: Account;
  name: string;
  /** Names it had before a rename: these answer 301. */
  readonly formerNames: string[];
  private: boolean;
  readonly plan: Plan;
  defaultBranch: string;
  readonly gitDir: string;
  readonly createdAt: string;
  pushedAt: string;
  /** By lower-case login. */
  readonly collaborators: Map<string, Role>;
  /** By lower-case name. */
  readonly labels: Map<string, Label>;
  /** Issues and pull requests share numbers; a pull request has its text and state here and the rest in `pulls`. */
  readonly issues: Map<number, Issue>;
  readonly pulls: Map<number, Pull>;
  readonly issueComments: Map<number, IssueComment>;
  readonly reviews: Map<number, Review>;
  readonly reviewComments: Map<number, ReviewComment>;
  readonly reviewThreads: Map<number, ReviewThread>;
  readonly checkRuns: Map<number, CheckRun>;
  /** One for each App on each commit. */
  readonly checkSuites: Map<number, CheckSuite>;
  readonly statuses: Map<number, CommitStatus>;
  /** By path, filled when a workflow file is first seen on the default branch. */
  readonly workflows: Map<string, Workflow>;
  readonly runs: Map<number, WorkflowRun>;
  readonly artifacts: Map<number, Artifact>;
  /** By upper-case name. */
  readonly secrets: Map<string, Secret>;
  readonly variables: Map<string, Variable>;
  /** The organisation's, as far as they are lent to this repository. */
  readonly lentSecrets: Map<string, Secret>;
  readonly lentVariables: Map<string, Variable>;
  actionsEnabled: boolean;
  archived: boolean;
  /** Branch → approvals that a pull request into it needs. */
  readonly approvalsRequired: Map<string, number>;
  /** Branch → names of check runs and contexts of statuses that a pull request into it needs. */
  readonly checksRequired: Map<string, readonly string[]>;
  /** Branches into which only a queue merges. */
  readonly mergeQueues: Set<string>;
  /** In the order of the settings page. */
  mergeMethods: readonly MergeMethod[];
  /** So many readers of a pull request hear that its mergeability is not known yet. */
  mergeabilityUnknownReads: number;
  nextNumber: number;
};

export type Label = {
  readonly id: number;
  name: string;
  color: string;
  description: string | null;
};

export type Issue = {
  readonly id: number;
  readonly number: number;
  readonly isPull: boolean;
  readonly author: Account;
  title: string;
  body: string | null;
  state: "open" | "closed";
  stateReason: "completed" | "not_planned" | "reopened" | null;
  labels: Label[];
  assignees: Account[];
  locked: boolean;
  deleted: boolean;
  /** Where it went when it was transferred. */
  movedTo: { readonly repository: Repository; readonly number: number } | null;
  closedBy: Account | null;
  readonly viaApp: boolean;
  readonly createdAt: string;
  updatedAt: string;
  closedAt: string | null;
  readonly reactions: Reaction[];
  /** Of its text, newest first. */
  readonly bodyEdits: { readonly editor: Account; readonly editedAt: string }[];
};

export type Pull = {
  /** Not the issue's id: GitHub numbers the two apart. */
  readonly id: number;
  readonly number: number;
  readonly headRef: string;
  headSha: string;
  baseRef: string;
  baseSha: string;
  draft: boolean;
  maintainerCanModify: boolean;
  requestedReviewers: Account[];
  merged: boolean;
  mergedAt: string | null;
  mergedBy: Account | null;
  mergeCommitSha: string | null;
  autoMerge: { readonly method: MergeMethod; readonly enabledBy: Account } | null;
};

export type MergeMethod = "merge" | "squash" | "rebase";

export type IssueComment = {
  readonly id: number;
  readonly issueNumber: number;
  readonly author: Account;
  body: string;
  readonly viaApp: boolean;
  readonly createdAt: string;
  updatedAt: string;
  minimizedReason: string | null;
  pinned: { readonly at: string; readonly by: Account } | null;
  readonly reactions: Reaction[];
};

export type Reaction = {
  readonly id: number;
  readonly user: Account;
  readonly content: string;
  readonly createdAt: string;
};

/** REST spelling; webhooks spell it in lower case. */
export type ReviewState = "APPROVED" | "CHANGES_REQUESTED" | "COMMENTED" | "DISMISSED" | "PENDING";

export type Review = {
  readonly id: number;
  readonly pullNumber: number;
  readonly author: Account;
  state: ReviewState;
  body: string;
  readonly commitId: string;
  submittedAt: string | null;
};

export type ReviewThread = {
  readonly id: number;
  readonly pullNumber: number;
  readonly path: string;
  readonly line: number | null;
  readonly startLine: number | null;
  readonly side: "LEFT" | "RIGHT";
  readonly commentIds: number[];
  resolvedBy: Account | null;
  isResolved: boolean;
  isOutdated: boolean;
};

export type ReviewComment = {
  readonly id: number;
  readonly pullNumber: number;
  readonly reviewId: number;
  readonly threadId: number;
  readonly inReplyToId: number | null;
  readonly author: Account;
  body: string;
  readonly path: string;
  readonly line: number | null;
  readonly startLine: number | null;
  readonly side: "LEFT" | "RIGHT";
  readonly subjectType: "line" | "file";
  readonly commitId: string;
  readonly diffHunk: string;
  readonly createdAt: string;
  updatedAt: string;
  minimizedReason: string | null;
  readonly reactions: Reaction[];
};

export type CheckStatus = "queued" | "in_progress" | "completed";
export type Conclusion =
  | "success"
  | "failure"
  | "neutral"
  | "cancelled"
  | "skipped"
  | "timed_out"
  | "action_required"
  /** GitHub alone gives these two: of a workflow that could not begin, and of a check that said nothing for two weeks. */
  | "startup_failure"
  | "stale";

/** Whose a check is. */
export type CheckApp = { readonly id: number; readonly slug: string; readonly name: string };

export type CheckSuite = {
  readonly id: number;
  readonly headSha: string;
  readonly app: CheckApp;
  readonly createdAt: string;
};

export type CommitStatus = {
  readonly id: number;
  readonly sha: string;
  readonly context: string;
  readonly state: "error" | "failure" | "pending" | "success";
  readonly description: string | null;
  readonly targetUrl: string | null;
  readonly creator: Account;
  readonly createdAt: string;
};

export type CheckRun = {
  readonly id: number;
  name: string;
  readonly headSha: string;
  status: CheckStatus;
  conclusion: Conclusion | null;
  detailsUrl: string | null;
  externalId: string;
  startedAt: string;
  completedAt: string | null;
  output: { title: string | null; summary: string | null; text: string | null };
  annotations: Annotation[];
  readonly suiteId: number;
  readonly app: CheckApp;
};

export type Annotation = {
  readonly path: string;
  readonly start_line: number;
  readonly end_line: number;
  readonly annotation_level: "notice" | "warning" | "failure";
  readonly message: string;
  readonly title: string | null;
};

export type Workflow = {
  readonly id: number;
  readonly path: string;
  name: string;
  state: "active" | "disabled_manually" | "deleted";
  readonly createdAt: string;
  updatedAt: string;
};

type RunStatus = "queued" | "in_progress" | "completed";

export type WorkflowRun = {
  readonly id: number;
  readonly workflowId: number;
  readonly workflowPath: string;
  readonly runNumber: number;
  attempt: number;
  name: string;
  displayTitle: string;
  readonly event: string;
  /** For `pull_request`; null otherwise. */
  readonly pullNumber: number | null;
  /** The branch or tag by its short name. */
  readonly headBranch: string;
  readonly headSha: string;
  readonly ref: string;
  readonly actor: Account;
  triggeringActor: Account;
  readonly inputs: Readonly<Record<string, string>>;
  status: RunStatus;
  conclusion: Conclusion | null;
  readonly createdAt: string;
  updatedAt: string;
  startedAt: string;
  readonly jobs: WorkflowJob[];
  /** Aborts the current attempt; set while it is queued or live. */
  cancel: AbortController | null;
};

export type WorkflowJob = {
  readonly id: number;
  readonly attempt: number;
  readonly key: string;
  readonly name: string;
  status: RunStatus;
  conclusion: Conclusion | null;
  readonly createdAt: string;
  startedAt: string | null;
  completedAt: string | null;
  readonly labels: string[];
  readonly steps: JobStep[];
  log: string;
};

export type JobStep = {
  readonly number: number;
  readonly name: string;
  status: RunStatus;
  conclusion: Conclusion | null;
  startedAt: string | null;
  completedAt: string | null;
};

export type Artifact = {
  readonly id: number;
  readonly name: string;
  readonly runId: number;
  /** The zip file as GitHub would serve it. */
  readonly content: Buffer;
  readonly digest: string;
  readonly createdAt: string;
  readonly expiresAt: string;
};

export type Secret = {
  readonly name: string;
  /** Opened by the sandbox: the workflow gets it in `${{ secrets.NAME }}`. */
  value: string;
  readonly createdAt: string;
  updatedAt: string;
};

export type Variable = {
  readonly name: string;
  value: string;
  readonly createdAt: string;
  updatedAt: string;
};

/** One attempt to deliver. A redelivery has the same guid and another id. */
export type Delivery = {
  readonly id: number;
  readonly guid: string;
  readonly event: string;
  readonly action: string | null;
  readonly installationId: number | null;
  readonly repositoryId: number | null;
  readonly deliveredAt: string;
  readonly redelivery: boolean;
  readonly body: string;
  /** "dropped" never left the sandbox. */
  outcome: "pending" | "answered" | "failed" | "dropped";
  statusCode: number;
  status: string;
  durationSeconds: number;
};

export type RequestRecord = {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  /** Login, the app's slug for an App JWT, or "anonymous". */
  readonly actor: string;
  readonly at: string;
};

/** Who sends a request. */
export type Actor =
  | { readonly kind: "user"; readonly account: Account; readonly token: IssuedToken }
  | {
      readonly kind: "installation";
      readonly account: Account;
      readonly token: IssuedToken;
      readonly installation: Installation;
    }
  | { readonly kind: "job"; readonly account: Account; readonly token: IssuedToken };

export type WebhookPayload = Record<string, unknown>;

/** What happened in the sandbox, for a timeline. S2's parts add "run" and "log". */
export type SandboxEvent =
  | { readonly kind: "request"; readonly request: RequestRecord }
  | { readonly kind: "webhook"; readonly delivery: Delivery }
  | {
      readonly kind: "run";
      readonly repository: string;
      readonly run: WorkflowRun;
      readonly status: RunStatus;
      readonly conclusion: Conclusion | null;
    }
  | { readonly kind: "log"; readonly repository: string; readonly runId: number; readonly line: string };

export type Exchange = {
  readonly method: string;
  /** Path with query, from the root of the API. */
  readonly url: string;
  readonly requestHeaders: Readonly<Record<string, string>>;
  /** Parsed JSON, or undefined when there was no body. */
  readonly requestBody: unknown;
  readonly status: number;
  /** Parsed JSON, text when it is not JSON, undefined when empty. */
  readonly responseBody: unknown;
};

/** What a test that replaces the child process gets for each job. */
export type JobToExecute = {
  readonly repository: Repository;
  readonly run: WorkflowRun;
  readonly job: WorkflowJob;
  readonly inputs: Readonly<Record<string, string>>;
  /** The environment that the child process would have had. */
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Appends one line to the job's log. */
  readonly log: (line: string) => void;
};

export type ActionsOptions = {
  /** "owner/repo@ref" → the local folder that holds its action.yml. */
  readonly uses: Readonly<Record<string, string>>;
  /** The Node binary that JavaScript actions run on. */
  readonly node: string;
  /** Added to every job's environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Where RUNNER_TEMP, the workspace and command files are made. */
  readonly tempDir: string;
  /** Between a cancel's SIGINT, its SIGTERM and the kill; GitHub's 7.5 s and 2.5 s by default. */
  readonly cancelGrace?: { readonly terminateAfterMs: number; readonly killAfterMs: number };
  /** Replaces the child process in tests. */
  readonly execute?: (job: JobToExecute) => Promise<{ readonly conclusion: Conclusion }>;
};

export type SandboxOptions = {
  readonly appId: number;
  readonly appSlug: string;
  readonly clientId: string;
  /** The App's public key (SPKI) or its private key: the sandbox only verifies. */
  readonly publicKeyPem: string;
  readonly webhookSecret: string;
  readonly webhookUrl?: string;
  /** What the App asks for; by default what `app.yml` does. */
  readonly registration?: Registration;
  /** Bare repositories and temporary indexes live below it. */
  readonly dataDir: string;
  readonly actions: ActionsOptions;
  readonly clock?: () => Date;
  readonly onExchange?: (exchange: Exchange) => void;
};

/** What every route module gets. */
export type SandboxContext = {
  readonly state: SandboxState;
  readonly options: SandboxOptions;
  /** The App's own bot account. */
  readonly bot: Account;
  /** `http://127.0.0.1:PORT` without a slash at the end; known once the server listens. */
  url(): string;
  now(): Date;
  /** Seconds precision and a Z at the end, as GitHub writes times. */
  timestamp(): string;
  newId(): number;
  newGuid(): string;
  git(repository: Repository): GitRepository;
  /** What the repository's own workflows come to. */
  readonly ci: Ci;
  /** Queues a webhook with `action`, `repository`, `sender` and `installation` filled in; nothing when the App is not installed. */
  emit(webhook: WebhookToSend): void;
  /** Tells observers. */
  announce(event: SandboxEvent): void;
};

export type WebhookToSend = {
  readonly event: string;
  readonly action: string | null;
  readonly repository: Repository | null;
  /** Needed when there is no repository. */
  readonly installation?: Installation;
  readonly sender: Account;
  readonly payload: WebhookPayload;
};

/** GitHub's prefixes. The database id follows, so that a node can be found again. */
type NodeKind =
  | "U"
  | "BOT"
  | "O"
  | "R"
  | "I"
  | "PR"
  | "IC"
  | "PRR"
  | "PRRC"
  | "PRRT"
  | "LA"
  | "CR"
  | "WFR"
  | "RE"
  | "CS"
  | "SC";

export function nodeId(kind: NodeKind, id: number): string {
  return `${kind}_kwSB${id}`;
}

/** The kind and the database id of a node id, or null when the sandbox never made it. */
export function parseNodeId(text: string): { kind: string; id: number } | null {
  const match = /^([A-Z]+)_kwSB(\d+)$/.exec(text);
  return match?.[1] === undefined || match[2] === undefined ? null : { kind: match[1], id: Number(match[2]) };
}

export function fullName(repository: Repository): string {
  return `${repository.owner.login}/${repository.name}`;
}

/** A case-insensitive look-up by the current name. */
export function findRepository(state: SandboxState, owner: string, name: string): Repository | null {
  for (const repository of state.repositories.values()) {
    const sameOwner = repository.owner.login.toLowerCase() === owner.toLowerCase();
    if (sameOwner && repository.name.toLowerCase() === name.toLowerCase()) return repository;
  }
  return null;
}

export function findInstallation(state: SandboxState, repository: Repository): Installation | null {
  for (const installation of state.installations.values()) {
    if (installation.repositoryIds.has(repository.id)) return installation;
  }
  return null;
}
