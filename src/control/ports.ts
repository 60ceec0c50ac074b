/** What the shell needs of the world, in our own words. The adapters implement these; nothing here knows them. */
import type { BlockReason } from "../core/outcome.ts";
import type { Change } from "../core/change.ts";
import type { TurnReply } from "../core/conversation.ts";
import type { Dependency, Question, ReportedError } from "../core/dialogue.ts";
import type { AnswerKind } from "../core/feedback.ts";
import type { Effect } from "../core/react.ts";
import type { InputFault } from "../core/input-fault.ts";
import type { Repository, TaskEvent } from "../core/events.ts";
import type { ChangesetId, RunId, TaskId } from "../core/ids.ts";
import type { Criterion, Phase } from "../core/playbook.ts";
import type { CiState } from "../core/ci.ts";
import type { MergeSides } from "../core/merge-paths.ts";
import type { Finding, RunnerReport, Tree, VerificationReport } from "../core/report.ts";
import type { ItemChange, ItemsChanged } from "../core/ripple.ts";
import type { ConfigurationFault, RepositoryFile } from "../core/repository-files.ts";
import type { InstallationSettings, SettingsFound, TaskSettings } from "../core/settings.ts";
import type { ExistingTask, TaskState } from "../core/state.ts";
import type { Phrase } from "../core/phrase.ts";
import type { SpecificationsFound, SpecToStart } from "../core/spec-to-start.ts";
import type { TaskInput } from "../core/task-input.ts";
import type { Spent } from "../core/usage.ts";

export interface Clock {
  now(): Date;
}

export type NewId = () => string;

/** Calls `then` once, after `ms`; the answer calls it off. */
export type Timer = (ms: number, then: () => void) => () => void;

export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

// ---------------------------------------------------------------- store

/** Another command was committed first: load again, decide again. */
export class StaleVersion extends Error {
  override name = "StaleVersion";
  readonly taskId: TaskId;
  readonly expected: number;

  constructor(taskId: TaskId, expected: number) {
    super(`task ${taskId}: expected version ${expected}, found another`);
    this.taskId = taskId;
    this.expected = expected;
  }
}

/** A message from outside, stored before anything is done about it. */
export interface InboxMessage {
  /** Delivery GUID of a webhook, or a name made from the run for a runner's message. The same key is the same message. */
  readonly key: string;
  readonly kind: "webhook" | "step" | "request" | "outcome" | "onboard" | "sweep" | "retention";
  /** Messages of one lane are processed in order of arrival; e.g. `repository:1` or `run:<id>`. */
  readonly lane: string;
  readonly body: string;
  readonly receivedAt: string;
  /** Not to be processed before; as soon as it is received where absent. */
  readonly notBefore?: string;
}

/** The same for each try to deliver one event. */
export function webhookKeyOf(deliveryGuid: string): string {
  return `webhook:${deliveryGuid}`;
}

export interface ClaimedMessage extends InboxMessage {
  /** How often it was tried before this time. */
  readonly attempts: number;
  /** How many of these attempts the world put off. */
  readonly putOffs: number;
}

/** Effect as it lies in the queue. */
export interface ClaimedEffect {
  readonly key: string;
  readonly taskId: TaskId;
  readonly effect: Effect;
  /** How often it was claimed before this time. */
  readonly attempts: number;
  /** How many of these attempts the world put off. */
  readonly putOffs: number;
}

export interface NewEffect {
  /** Made from the event that caused it: the second insert of the same key is a no-op. */
  readonly key: string;
  /** Effects of one lane run one after the other, in order of their insertion; a failed one holds its lane. */
  readonly lane: string;
  readonly effect: Effect;
  readonly notBefore: string;
  /** Where true and the same key waits unclaimed, the waiting row stays and takes the earlier `notBefore`; a finished row is waiting anew. */
  readonly coalesce: boolean;
}

/** All of it or nothing. */
export interface CommitUnit {
  readonly taskId: TaskId;
  /** Number of events that the decision was based on. */
  readonly expectedVersion: number;
  readonly events: readonly TaskEvent[];
  /** The state after the events, from which the read models are written. */
  readonly state: TaskState;
  readonly effects: readonly NewEffect[];
  /** The login that caused it, for the audit log. */
  readonly userId: string | null;
  /** Marked as processed in the same transaction. */
  readonly inboxKey?: string;
  /** Marked as done in the same transaction. */
  readonly effectKey?: string;
}

/** Requirement F2.1, what only the stream knows. */
export interface LiveStatus {
  readonly currentAction: string | null;
  readonly currentStep: string | null;
  /** The document that is being written. */
  readonly currentDocument: string | null;
  /** The last five things that the agent did, newest first. */
  readonly recentActions: readonly { readonly at: string; readonly text: string }[];
  readonly spent: Spent;
  readonly lastUpdate: string;
}

export interface RunSession {
  readonly runId: RunId;
  readonly taskId: TaskId;
  readonly tokenHash: string;
  /** Names the key that the run's own is made from (`run-seal.ts`). */
  readonly sealKey: string;
  readonly openedAt: string;
  readonly lastHeardAt: string;
  readonly closedAt: string | null;
}

export interface OpenRun {
  readonly taskId: TaskId;
  readonly runId: RunId;
  readonly requestedAt: string;
  readonly workflowRunId: number | null;
  readonly lastHeardAt: string | null;
}

/** Sealed: the store never sees inside. */
export interface StoredCheckpoint {
  readonly taskId: TaskId;
  readonly checkpointId: string;
  readonly runId: RunId;
  /** Its number and no other phase may go on from it. */
  readonly phase: number;
  readonly createdAt: string;
  /** Which key sealed it. */
  readonly keyId: string;
  readonly sealed: Uint8Array;
}

/** An event as it lies in the store. Its place in the list is its version, from 1. */
export interface StoredEvent {
  readonly type: string;
  readonly schemaVersion: number;
  /** JSON of the event without its type. */
  readonly payload: string;
  /** The login that caused it. */
  readonly userId: string | null;
}

/** What is known of a task from elsewhere. */
export interface KeptTask {
  readonly taskId: TaskId;
  /** All of them, oldest first. */
  readonly events: readonly StoredEvent[];
  readonly texts: readonly { readonly hash: string; readonly text: string }[];
}

/** Numbers of events. Nothing was changed where the store had as many before, or more. */
export interface Restored {
  readonly before: number;
  readonly kept: number;
}

/** What is kept can't be brought back: it can't be read, or the store knows something else. The message is for the operator. */
export class NotRestored extends Error {
  override name = "NotRestored";
}

/** A limit of the provider on a model account (H2). */
export interface AccountLimit {
  readonly since: string;
  /** Null where the provider did not say. */
  readonly resetsAt: string | null;
  readonly message: string;
}

interface UsageFilter {
  readonly account?: string;
  readonly taskId?: TaskId;
  /** From then on; all there is where absent. */
  readonly since?: string;
}

export interface Store {
  readEvents(taskId: TaskId): Promise<readonly TaskEvent[]>;
  /** Throws `StaleVersion`. Inserting the same unit twice is stale, too. */
  commit(unit: CommitUnit): Promise<void>;
  /** Newest first. */
  tasksOfIssue(repositoryId: number, issueNumber: number): Promise<readonly TaskId[]>;
  taskOfPullRequest(repositoryId: number, pullRequest: number): Promise<TaskId | null>;
  taskOfRun(runId: RunId): Promise<TaskId | null>;
  openRuns(): Promise<readonly OpenRun[]>;
  /** Tasks that are not completed, failed or cancelled, oldest first; of one repository or installation where asked. */
  /** `awaitsNames`: those alone of which a dependency is open. */
  openTasks(of?: {
    readonly repositoryId?: number;
    readonly installationId?: number;
    readonly awaitsNames?: boolean;
  }): Promise<readonly TaskId[]>;
  /** Tasks in the order of their ids, behind that one, whatever became of them. */
  tasksAfter(taskId: TaskId | null, limit: number): Promise<readonly TaskId[]>;
  /** A task's history as it lies there. */
  readStored(taskId: TaskId): Promise<readonly StoredEvent[]>;
  /**
   * Brings a task back, or what the store lacks of its end, with all read models; `dueOf` names the effects that wait then.
   * Throws `NotRestored` where it knows something else.
   */
  restoreTask(kept: KeptTask, dueOf: (events: readonly TaskEvent[]) => readonly NewEffect[]): Promise<Restored>;
  /** State at a moment (TB.3); null where the task did not exist. */
  reconstructTaskState(taskId: TaskId, at?: string): Promise<ExistingTask | null>;

  /** `known` where the key was stored before. */
  takeIn(message: InboxMessage): Promise<"new" | "known">;
  /** At most one message a lane, oldest first, due at `now`. */
  dueMessages(now: string, limit: number): Promise<readonly ClaimedMessage[]>;
  markProcessed(key: string): Promise<void>;
  /** A try failed by its own fault: to be tried again at `retryAt`, or set aside for good where that is null. */
  markFailed(key: string, error: string, retryAt: string | null): Promise<void>;
  /** The world was not ready for it: to be tried again at `retryAt`. */
  putOff(key: string, error: string, retryAt: string): Promise<void>;
  /** True where the message was taken in and is neither processed nor set aside. */
  isWaiting(key: string): Promise<boolean>;
  /** True where the message was taken in, whatever came of it. */
  isKnown(key: string): Promise<boolean>;

  /** The head of each lane that is due and not leased; leases them until `leaseUntil`. An expired lease counts as none. */
  claimEffects(now: string, leaseUntil: string, limit: number): Promise<readonly ClaimedEffect[]>;
  markEffectDone(key: string): Promise<void>;
  /** Gives it back to be tried at `retryAt`; at its limit (`retryAt` null) it is failed and holds its lane. */
  markEffectFailed(key: string, error: string, retryAt: string | null): Promise<void>;
  /** The world was not ready for it: to be tried again at `retryAt`. */
  putOffEffect(key: string, error: string, retryAt: string): Promise<void>;
  /** Hands back an effect that was not finished; the attempt counts where it was tried. */
  releaseEffect(key: string, attempt: { readonly wasTried: boolean }): Promise<void>;
  /** Failed effects of the task are due again, with fresh attempts. */
  reviveEffects(taskId: TaskId, now: string): Promise<void>;
  /** Earliest moment (later than `after`) at which an effect or message becomes due; null where nothing waits. */
  nextDueAt(after?: string): Promise<string | null>;

  /** Content-addressed texts: frozen prompts and playbooks. */
  saveText(hash: string, text: string): Promise<void>;
  /**
   * Erases what people and agents wrote for a task: frozen texts, feedback, answers, changesets, run logs; and takes such
   * texts out of its events (Q33). What other tasks need stays.
   */
  eraseTask(taskId: TaskId): Promise<void>;
  readText(hash: string): Promise<string | null>;
  saveChangeset(id: ChangesetId, json: string): Promise<void>;
  readChangeset(id: ChangesetId): Promise<string | null>;

  saveRunSession(session: RunSession): Promise<void>;
  runSessionByToken(tokenHash: string): Promise<RunSession | null>;
  /** The open session of a run, the newest where there are several. */
  runSessionOf(runId: RunId): Promise<RunSession | null>;
  touchRunSession(runId: RunId, at: string): Promise<void>;
  closeRunSession(runId: RunId, at: string): Promise<void>;
  /** False where the OIDC token id was used before. */
  rememberTokenId(jti: string, expiresAt: string): Promise<boolean>;

  /** Appends what is new; answers the highest number that is stored. */
  appendRunLog(runId: RunId, lines: readonly { readonly number: number; readonly line: string }[]): Promise<number>;
  readRunLog(runId: RunId): Promise<readonly string[]>;
  updateLive(taskId: TaskId, live: LiveStatus): Promise<void>;
  readLive(taskId: TaskId): Promise<LiveStatus | null>;

  /** Takes the place of the task's earlier one. Nothing where the task has ended. */
  saveCheckpoint(checkpoint: StoredCheckpoint): Promise<void>;
  readCheckpoint(taskId: TaskId): Promise<StoredCheckpoint | null>;
  dropCheckpoint(taskId: TaskId): Promise<void>;
  /** The first one behind that task, in the order of ids, that another key sealed; null where there is none. */
  checkpointNotSealedWith(keyId: string, after: TaskId | null): Promise<StoredCheckpoint | null>;
  /** Puts what is sealed anew in the place of what was read. Nothing where the task has another one by now, or none. */
  resealCheckpoint(read: StoredCheckpoint, anew: Pick<StoredCheckpoint, "keyId" | "sealed">): Promise<void>;
  /** How many there are under each key. */
  checkpointsByKey(): Promise<ReadonlyMap<string, number>>;

  limitAccount(account: string, limit: AccountLimit): Promise<void>;
  accountLimit(account: string): Promise<AccountLimit | null>;
  freeAccount(account: string): Promise<void>;
  /** The model account under which a run of the repository worked last; null where none ever did. */
  accountOfRepository(repositoryId: number): Promise<string | null>;
  /** Unsettled tasks whose last run worked under the account, oldest first. */
  openTasksOfAccount(account: string): Promise<readonly TaskId[]>;

  /** What was spent, and by how many tasks (H1.2). */
  usage(filter: UsageFilter): Promise<Spent & { readonly tasks: number }>;
  /** What completed phases of this name cost in the repository's tasks of this playbook, newest first, at most twenty. */
  costsOfPhase(repositoryId: number, playbook: string, phase: string): Promise<readonly number[]>;

  /** Deletes at most `limit` messages that ended before, waiting ones never; answers how many went. */
  forgetMessages(
    old: { readonly processedBefore: string; readonly failedBefore: string },
    limit: number,
  ): Promise<number>;
  /**
   * Deletes logs, changesets, sessions, finished effects and what a run left for the next one of at most `limit` tasks that
   * ended before; answers of how many. Their events, texts and read models stay.
   */
  forgetTraces(endedBefore: string, limit: number): Promise<number>;

  close(): Promise<void>;
}

// ---------------------------------------------------------------- GitHub

export type Permission = "admin" | "write" | "read" | "none";

export interface IssueText {
  readonly title: string;
  readonly body: string;
  readonly author: string;
  readonly authorIsBot: boolean;
  readonly labels: readonly string[];
  readonly open: boolean;
}

/** What must be so before a run can start. Null where all is well. */
export interface Preflight {
  readonly fault: Extract<
    BlockReason,
    { kind: "no-workflow-file" | "actions-disabled" | "no-model-secret" | "empty-repository" | "settings-invalid" }
  > | null;
  readonly defaultBranch: string;
  /** Head of the default branch; empty where the repository is empty. */
  readonly headSha: string;
  /** True where a workflow on push or pull_request reads secrets or has a write token (Q29). */
  readonly ciIsSensitive: boolean;
  /** Of `.github/phasegate.yml`; the defaults where there is none, or it can't be read (then `fault` says so). */
  readonly settings: TaskSettings;
}

export interface WorkflowRun {
  readonly workflowRunId: number;
  readonly url: string;
  readonly status: "queued" | "in_progress" | "completed";
  readonly conclusion: string | null;
}

/** One changeset to be put on a phase branch. */
export interface Publication {
  readonly branch: string;
  readonly defaultBranch: string;
  readonly changesetId: ChangesetId;
  readonly taskId: TaskId;
  /** First line of the commit; the publisher adds `[skip ci]` and the trailers. */
  readonly message: string;
  readonly changes: readonly Change[];
  /** The commit of the base that the changeset was made on and is merged with; null for most. */
  readonly mergedSha: string | null;
}

export interface GateState {
  readonly pullRequest: number;
  /** The branch that it would be merged into. */
  readonly base: string;
  readonly open: boolean;
  readonly merged: boolean;
  readonly mergedBy: string | null;
  readonly mergeSha: string | null;
  readonly draft: boolean;
  readonly headSha: string;
  /** It can't be merged into its base; null while GitHub works that out, and where it is not open. */
  readonly conflicted: boolean | null;
}

/** What a head and a base have, and what stood where they parted. */
export interface MergeTrees extends MergeSides {
  readonly mergeBaseSha: string;
}

/** The check run that branch protection can require, as it should look now (G). */
export interface CheckShown {
  readonly view: TaskView;
  /** Null for the task's last pull request. */
  readonly phase: number | null;
  readonly branch: string;
}

/** The files of a folder of a repository, as they lie in one commit. */
export interface RepositoryFiles {
  /** Of the folder: the same for the same files. Empty where there is none. */
  readonly sha: string;
  readonly files: readonly RepositoryFile[];
}

/** What is wrong with the settings of one commit. */
export interface SettingsFaults {
  /** Of the file; empty where there is none that could be read. */
  readonly sha: string;
  readonly faults: readonly ConfigurationFault[];
}

/** What a commit's own playbooks, guides and agents came to. */
export interface ConfigurationFound {
  readonly faults: readonly ConfigurationFault[];
  /** Those that its own playbooks have. */
  readonly labels: readonly string[];
}

/** A box in the gate's body. */
export interface VetoBox {
  /** Of the list that the person saw. */
  readonly attempt: number;
  readonly number: number;
  readonly ticked: boolean;
  /** The app wrote it ticked: where it is empty now, a person took the tick away. */
  readonly writtenTicked: boolean;
}

/** What came of the wish to merge. Only `not-yet` is worth another try by itself. */
export type MergeResult =
  | { readonly kind: "merged"; readonly mergeSha: string }
  /** GitHub is still computing, or required checks are not done. */
  | { readonly kind: "not-yet"; readonly message: string }
  /** With its base. */
  | { readonly kind: "conflict" }
  /** A missing review, a rule, a head that moved, a closed pull request. */
  | { readonly kind: "refused"; readonly message: string };

export interface ReviewState {
  readonly reviewId: number;
  readonly by: string;
  readonly byBot: boolean;
  readonly verdict: "approved" | "changes_requested" | "commented" | "dismissed";
  readonly reviewedSha: string;
  /** Markdown as it was written. */
  readonly body: string;
}

/** A review thread with all its replies. */
export interface ThreadState {
  /** Node id. */
  readonly threadId: string;
  readonly path: string;
  /** Null for a thread about the whole file. */
  readonly line: number | null;
  readonly hunk: string;
  readonly resolved: boolean;
  /** Of the review that began it. */
  readonly request: "change" | "comment";
  /** Oldest first. */
  readonly comments: readonly {
    readonly by: string;
    readonly byBot: boolean;
    /** Written by this app. */
    readonly byUs: boolean;
    readonly text: string;
  }[];
}

/** The agent's answer to one piece of feedback, as people read it. */
export interface AnswerShown {
  readonly kind: AnswerKind | "none";
  readonly text: string;
  /** The commit with the change; null where no file changed. */
  readonly commitSha: string | null;
}

/** Where something that the agent asked for is added, and where its value is made. */
export interface NamesSeen {
  readonly name: string;
  readonly updatedAt: string;
}

export type EnvironmentKind = "secret" | "variable";

export interface EnvironmentEntry {
  readonly kind: EnvironmentKind;
  readonly name: string;
  readonly updatedAt: string;
}

/** Why GitHub lets a token write nothing: it is none any more, it lacks the permission, or the repository is archived. */
export type WriteRefusal = "token-refused" | "not-permitted" | "read-only";

interface EnvironmentList {
  readonly entries: readonly EnvironmentEntry[];
  /** Of these the app may read no list. */
  readonly missing: readonly EnvironmentKind[];
}

/**
 * Secrets and variables of a repository, as whoever manages it sets them (L2.1). No value ever comes back.
 * What changes something is done with the token of whoever wants it, so that GitHub decides whether that token may.
 */
export interface RunEnvironment {
  /** As the app. */
  list(repository: Repository): Promise<EnvironmentList>;
  /** One that is there is changed. Names are kept in capitals; none may begin with `GITHUB_`, and a value has 1 to 49,152 bytes. */
  set(
    token: string,
    repository: Repository,
    entry: { readonly kind: EnvironmentKind; readonly name: string; readonly value: string },
  ): Promise<"done" | "bad-name" | "bad-value" | WriteRefusal>;
  /** One that is gone is deleted. */
  remove(
    token: string,
    repository: Repository,
    entry: { readonly kind: EnvironmentKind; readonly name: string },
  ): Promise<"done" | "bad-name" | WriteRefusal>;
}

/** Who calls the app with a GitHub token of their own. */
export interface Callers {
  /** Of the person whose token it is; null where GitHub refuses it, or it is no person's. */
  loginOf(token: string): Promise<string | null>;
  /** Whether the token itself may list the names of the repository's secrets. */
  reachesSecrets(token: string, repository: Repository): Promise<boolean>;
  /** As the app; null where there is none of that name, or the app is not installed there, or suspended. */
  findRepository(owner: string, name: string): Promise<Repository | null>;
}

/** What one request of the agent has become; the comment about it is brought up to date by it. */
export type RequestShown =
  | { readonly kind: "questions"; readonly questions: readonly Question[] }
  | {
      readonly kind: "dependency";
      readonly dependency: Dependency;
      /** False where the app may not list names: then only `/provided` is heard (Q9). */
      readonly isNoticed: boolean;
    }
  | {
      readonly kind: "error";
      readonly error: ReportedError;
    }
  /** Of a conversation; the text is the agent's. */
  | { readonly kind: "reply"; readonly reply: TurnReply; readonly phase: number; readonly text: string };

/** What the next phase may cost, from what such phases cost here, or from the playbook. */
export interface Forecast {
  readonly usd: number;
  readonly from: "history" | "playbook";
}

/** What says in which language people are told something, such as a task; null where nothing does, and the installation's is meant. */
export interface Spoken {
  readonly input: Pick<TaskInput, "language">;
  readonly settings: Pick<TaskSettings, "language">;
}

/** What the person is told once. `key` is found again on GitHub, so that a repeat writes nothing. */
export type Notice =
  | {
      readonly kind: "blocked";
      readonly reason: BlockReason;
      readonly task: ExistingTask;
      /** Of the current phase, where its budget is used up. */
      readonly forecast?: Forecast | undefined;
      /** The file that is awaited. */
      readonly awaited?: { readonly path: string; readonly text: string } | undefined;
    }
  | { readonly kind: "second-label"; readonly label: string; readonly running: string }
  /** The label's playbook, or what it uses, is wrong in the repository: no task was made. */
  /** What a task needs could not be looked up, again and again. `why` holds the last error, without secrets. */
  | { readonly kind: "not-taken-up"; readonly label: string; readonly why: string }
  | { readonly kind: "playbook-faulty"; readonly label: string; readonly faults: readonly ConfigurationFault[] }
  | { readonly kind: "help" }
  /** What `/doctor` found in the repository. */
  | { readonly kind: "doctor"; readonly findings: readonly Diagnosis[] }
  /** The settings in force. `owner` is whose defaults may be among them. */
  | {
      readonly kind: "config";
      readonly found: SettingsFound;
      readonly installation: InstallationSettings;
      readonly owner: string;
    }
  | { readonly kind: "unknown-command"; readonly typed: string }
  | { readonly kind: "refused"; readonly command: string; readonly reason: Phrase }
  /** Answers to what does not stand in a thread: the words of a review or of `/rework`. */
  | {
      readonly kind: "feedback-answered";
      readonly answers: readonly (AnswerShown & { readonly by: string; readonly id: string })[];
    }
  /** A decision was vetoed by a tick alone. */
  | { readonly kind: "veto-reason"; readonly number: number; readonly decision: string; readonly by: string }
  /** The repository's checks never started on the gate's head, or failed after the last rework. */
  | { readonly kind: "ci"; readonly ci: CiState; readonly reworks: number; readonly headSha: string }
  /** Approved items were changed: which gates that touches, and what becomes of them. */
  | {
      readonly kind: "ripple";
      readonly task: ExistingTask;
      readonly phase: number | null;
      readonly changed: ItemsChanged;
    }
  /** Nothing had to follow from a change; with why each part holds as it is. */
  | {
      readonly kind: "ripple-settled";
      readonly items: readonly ItemChange[];
      readonly parts: readonly { readonly title: string; readonly text: string }[];
    }
  /** What was built, where, what it took: the last comment of a task. */
  | { readonly kind: "summary"; readonly task: ExistingTask }
  /** `/approve` was recorded, but a rule of the branch wants a review that GitHub itself counts. */
  | { readonly kind: "review-required"; readonly pullRequest: number }
  /** `merge: auto`, and the head that they approved holds what people pushed on top of what was verified. */
  | {
      readonly kind: "unverified-head";
      readonly pullRequest: number;
      readonly by: string;
      readonly headSha: string;
    }
  /** Questions that are open for a day (Q11). */
  | { readonly kind: "question-reminder"; readonly questions: readonly Question[] }
  /** A value that was added does not work. */
  | { readonly kind: "value-refused"; readonly dependency: Dependency }
  /** Somebody without the right answered; said once a task. */
  | { readonly kind: "answer-not-yours"; readonly login: string; readonly author: string }
  /** A comment with a credential in it was hidden, or could not be; `names` are what the agent waits for. */
  | {
      readonly kind: "secret-pasted";
      readonly what: string;
      readonly hidden: boolean;
      readonly names: readonly string[];
    }
  /** The gate conflicts with its base, and the agent does not bring the two together: tried before, not its to change, or nothing to see. */
  | {
      readonly kind: "conflict";
      readonly base: string;
      readonly why: "again" | "not-ours" | "unclear";
      readonly paths: readonly string[];
      readonly reworks: number;
    }
  /** The action is older than the app; the app still serves it (Q32). */
  | { readonly kind: "action-outdated"; readonly spoken: number; readonly current: number };

/** All that the status comment and the gate's body are written from. */
export interface TaskView {
  readonly task: ExistingTask;
  readonly live: LiveStatus | null;
  readonly model: string;
  /** Of each phase, by its number. */
  readonly forecasts: ReadonlyMap<number, Forecast>;
  /** What each phase is held against, by its number; of the playbook that was frozen. */
  readonly criteria: ReadonlyMap<number, readonly Criterion[]>;
  /** Where people read the guide of a step, as `Step.source`; by the phase's number and the step's slug. */
  readonly guides: ReadonlyMap<number, ReadonlyMap<string, string>>;
  /** When work under the account's limit is tried again; null where none is in the way. */
  readonly limitEndsAt: string | null;
}

/** One thing that was looked at in an installation. */
export interface Diagnosis {
  /** Short and stable, for programs that read the list, e.g. `webhook-address`. */
  readonly check: string;
  readonly level: "ok" | "warning" | "fault";
  readonly message: string;
  /** The link or command that mends it; null where nothing needs mending. */
  readonly mend: string | null;
}

/** What the newest commit of a task's record says of itself. Whoever may write to the repository can write another one. */
export interface RecordMark {
  readonly taskId: string;
  /** Number of events that the record has. */
  readonly version: number;
  /** SHA-256 of these events, in hex. */
  readonly digest: string;
  /** Of the key that sealed them. */
  readonly keyId: string;
}

export interface RecordHead {
  readonly commitSha: string;
  readonly treeSha: string;
  /** Null where the app did not write it. */
  readonly mark: RecordMark | null;
}

export interface RecordFile {
  readonly path: string;
  readonly text: string;
}

/** What came of the pull request that sets a repository up. */
export type Onboarding =
  | { readonly kind: "opened" | "updated"; readonly pullRequest: number }
  | {
      readonly kind: "none";
      readonly why: "no-access" | "empty" | "read-only" | "set-up" | "closed-before" | "not-open" | "nothing-to-add";
    };

/** Every method is safe to repeat: it looks for what an earlier try left behind before it writes. */
export interface GitHub {
  permissionOf(repository: Repository, login: string): Promise<Permission>;
  readIssue(repository: Repository, number: number): Promise<IssueText | null>;
  /** The issue of a specification, made once for each id, with the label. */
  openSpecIssue(
    repository: Repository,
    spec: SpecToStart,
    label: string,
    spoken: Spoken,
  ): Promise<{ readonly number: number; readonly title: string; readonly body: string }>;
  /** As completed. One that is closed or gone is left as it is. */
  closeIssue(repository: Repository, number: number): Promise<void>;
  preflight(repository: Repository): Promise<Preflight>;
  /** Of the default branch as it is now, and of the repository's owner. */
  readSettings(repository: Repository): Promise<SettingsFound>;
  /** What a commit has in `.github/phasegate/`; null asks for the default branch as it is now. */
  readRepositoryFiles(repository: Repository, ref: string | null): Promise<RepositoryFiles>;
  /** What would be wrong with the repository's settings, were this commit the head of the default branch. */
  readSettingsFaults(repository: Repository, sha: string): Promise<SettingsFaults>;
  /** Makes the check run that says what is wrong with a commit's configuration. Nothing where the app was not given the right. */
  showConfigurationCheck(
    repository: Repository,
    headSha: string,
    found: ConfigurationFound,
    spoken: Spoken,
  ): Promise<void>;
  /** Of the folder of those that are worked on, in a commit: the same for the same files, empty where there is none. */
  readSpecsSha(repository: Repository, sha: string): Promise<string>;
  /** Makes the check run that says what is wrong with a commit's specifications. Nothing where the app was not given the right. */
  showSpecificationsCheck(
    repository: Repository,
    headSha: string,
    found: SpecificationsFound,
    spoken: Spoken,
  ): Promise<void>;
  /** Throws `DispatchRefused` where GitHub will not, for a reason that a person must mend. */
  dispatchRun(
    repository: Repository,
    run: {
      readonly runId: RunId;
      readonly taskId: TaskId;
      readonly phase: string;
      readonly ref: string;
      /** Names of granted secrets or variables, each in its slot (Q28). */
      readonly grants: readonly { readonly slot: number; readonly name: string }[];
    },
  ): Promise<WorkflowRun>;
  /** Secrets and variables of the repository, and those that its organisation lends it: names alone. Null where the app may read none of them. */
  listNames(repository: Repository): Promise<readonly NamesSeen[] | null>;
  readRun(repository: Repository, workflowRunId: number): Promise<WorkflowRun | null>;
  /** Sealed, as the runner left it with its workflow run; null where there is none. */
  readEnvelope(repository: Repository, workflowRunId: number, runId: RunId): Promise<Uint8Array | null>;
  cancelRun(repository: Repository, workflowRunId: number): Promise<void>;
  defaultBranchOf(repository: Repository): Promise<{ readonly name: string; readonly headSha: string }>;
  /** Login of whoever wrote a commit; null where GitHub knows nobody by its address. */
  authorOf(repository: Repository, sha: string): Promise<string | null>;
  /** Head of a branch; null where there is none. */
  headOf(repository: Repository, branch: string): Promise<string | null>;
  /**
   * `replaced` names files that would vanish unsaid, since a written file takes the place of their folder or they stand in its
   * way; `unmerged` those that both sides of a merge changed and the changeset says nothing of.
   */
  publish(
    repository: Repository,
    publication: Publication,
  ): Promise<
    { readonly commitSha: string } | { readonly replaced: readonly string[] } | { readonly unmerged: readonly string[] }
  >;
  /** The commit of a changeset that was published; null where the branch has none. */
  findPublished(repository: Repository, branch: string, changesetId: ChangesetId): Promise<string | null>;
  /** The commit where a head and a base parted; null where they have none in common. */
  mergeBaseOf(
    repository: Repository,
    ends: { readonly headSha: string; readonly baseSha: string },
  ): Promise<string | null>;
  /** The same with all files of the three. */
  readMerge(
    repository: Repository,
    ends: { readonly headSha: string; readonly baseSha: string },
  ): Promise<MergeTrees | null>;
  /** Whether the installation gives the optional right to write workflow files (Q31). */
  mayWriteWorkflows(repository: Repository): Promise<boolean>;
  openGate(
    repository: Repository,
    gate: { readonly branch: string; readonly base: string; readonly view: TaskView; readonly phase: number },
  ): Promise<{ readonly pullRequest: number; readonly url: string; readonly draft: boolean }>;
  /** Makes the branch at that commit, unless it is there. Answers its head. */
  makeBranch(repository: Repository, branch: string, sha: string): Promise<string>;
  /** The pull request of a task's own branch (Q6), open or new; null where the base has all that is on it. */
  openFinalGate(
    repository: Repository,
    gate: { readonly branch: string; readonly base: string; readonly view: TaskView },
  ): Promise<{ readonly pullRequest: number; readonly url: string } | null>;
  readTree(repository: Repository, sha: string): Promise<Tree>;
  /** Writes the body; with `ready` also the commit that lets CI run (unless `ciLater`), and the end of the draft. Answers the head. */
  presentGate(
    repository: Repository,
    gate: {
      readonly view: TaskView;
      readonly phase: number;
      readonly ready: boolean;
      readonly branch: string;
      readonly ciLater: boolean;
    },
  ): Promise<{ readonly headSha: string }>;
  /** The commit that lets CI run on the head that was approved (Q29). Answers its sha; null where none is needed, or the branch is gone. */
  releaseCi(
    repository: Repository,
    gate: { readonly view: TaskView; readonly phase: number; readonly branch: string },
  ): Promise<string | null>;
  readGate(repository: Repository, pullRequest: number): Promise<GateState | null>;
  reopenGate(repository: Repository, pullRequest: number): Promise<void>;
  closeGate(repository: Repository, pullRequest: number): Promise<void>;
  /** All reviews of the pull request, oldest first. */
  readReviews(repository: Repository, pullRequest: number): Promise<readonly ReviewState[]>;
  /** All threads, resolved ones included, in the order of their beginning. */
  readThreads(repository: Repository, pullRequest: number): Promise<readonly ThreadState[]>;
  /** Replies in the thread, once for each key, and resolves it where asked. A thread that is gone is left alone. */
  answerThread(
    repository: Repository,
    reply: {
      readonly pullRequest: number;
      readonly threadId: string;
      readonly key: string;
      readonly answer: AnswerShown;
      readonly resolve: boolean;
      readonly spoken: Spoken;
    },
  ): Promise<void>;
  /** Asks these people for a new review; whoever cannot review is left out. */
  requestReview(repository: Repository, pullRequest: number, logins: readonly string[]): Promise<void>;
  /** True where a rule of the branch wants a review before a merge. */
  requiresReview(repository: Repository, pullRequest: number): Promise<boolean>;
  /** Nothing where it is gone. */
  deleteBranch(repository: Repository, branch: string): Promise<void>;
  /** Creates or edits the one status comment, pins it where GitHub offers that, and sets the one label `phasegate:*`. */
  showStatus(repository: Repository, view: TaskView): Promise<void>;
  /** Deliveries of the app's webhook since then, newest first, without those that arrived; at most as many. */
  failedDeliveries(since: string, limit: number): Promise<readonly FailedDelivery[]>;
  redeliver(deliveryId: number): Promise<void>;
  notify(
    repository: Repository,
    issueNumber: number,
    key: string,
    notice: Notice,
    spoken: Spoken | null,
  ): Promise<void>;
  /** Makes the comment of a request, or brings it up to date; found again by its key, which is the id of the request. */
  showRequest(
    repository: Repository,
    shown: { readonly task: ExistingTask; readonly key: string; readonly request: RequestShown },
  ): Promise<void>;
  /**
   * Makes the comment that says what an issue's form lacks, or brings it up to date, found again by its key. With no faults
   * it says so where it is there, and is not made.
   */
  showFaults(
    repository: Repository,
    issueNumber: number,
    key: string,
    faults: readonly InputFault[],
    spoken: Spoken | null,
  ): Promise<void>;
  /** Makes the check run of the gate's head, or brings it up to date. Nothing where the app was not given the right. */
  showCheck(repository: Repository, check: CheckShown): Promise<void>;
  /** The boxes in the gate's body as it is now; empty where the body has none, or the gate is gone. */
  readVetoBoxes(repository: Repository, pullRequest: number): Promise<readonly VetoBox[]>;
  /** Ticks these boxes, or takes their ticks away; the rest of the body stays. */
  setVetoBoxes(
    repository: Repository,
    pullRequest: number,
    boxes: readonly Pick<VetoBox, "attempt" | "number" | "ticked">[],
  ): Promise<void>;
  /** The person who last edited the pull request's text; null where GitHub names none. */
  lastEditorOf(repository: Repository, pullRequest: number): Promise<string | null>;
  /**
   * What the repository's own checks say of a commit: check runs of other apps, commit statuses, workflow runs.
   * `releasedAt`: since when its workflows may run on it; with `never-started` nobody waits any longer than a few minutes.
   */
  readCi(
    repository: Repository,
    head: { readonly sha: string; readonly branch: string; readonly releasedAt: string; readonly now: string },
  ): Promise<CiState>;
  /** The end of the logs of the jobs that failed on a commit, bounded; data. */
  readFailedLogs(
    repository: Repository,
    sha: string,
  ): Promise<readonly { readonly name: string; readonly log: string }[]>;
  /** Merges with a method that the repository allows, and only this head. */
  mergeGate(
    repository: Repository,
    gate: { readonly pullRequest: number; readonly headSha: string; readonly view: TaskView; readonly phase: number },
  ): Promise<MergeResult>;
  /** Ids of all installations of the app that are not suspended. */
  readInstallations(): Promise<readonly number[]>;
  /** Repositories of an installation, as they are now. */
  readInstalled(installationId: number): Promise<readonly Repository[]>;
  /** Makes the pull request that sets a repository up, or brings it up to date where it is open. */
  onboard(
    repository: Repository,
    wanted: {
      /** Whether the label starts a task of this app: only then its form is offered. */
      readonly starts: (label: string) => boolean;
      /** Asked only where there is a pull request to write it into. */
      readonly examine: () => Promise<readonly Diagnosis[]>;
      /** False: an open one is brought up to date, and none is made. */
      readonly mayOpen: boolean;
    },
  ): Promise<Onboarding>;
  /** The newest commit of the record of that name; null where there is none. */
  recordHead(repository: Repository, name: string): Promise<RecordHead | null>;
  /**
   * Puts one commit on the record of that name, and makes it where `onto` is null. The file lies beside those of `onto` where
   * `beside` says so, else instead of them. Fails where somebody else was faster. Nothing in a repository without a commit.
   */
  addToRecord(
    repository: Repository,
    name: string,
    addition: {
      readonly onto: RecordHead | null;
      readonly beside: boolean;
      readonly mark: RecordMark;
      readonly file: RecordFile;
    },
  ): Promise<void>;
  /** Nothing where there is none. */
  dropRecord(repository: Repository, name: string): Promise<void>;
  /** The records of all tasks. */
  listRecords(repository: Repository): Promise<readonly { readonly name: string; readonly commitSha: string }[]>;
  /** The files of one commit of a record, by their names. */
  readRecord(repository: Repository, commitSha: string): Promise<readonly RecordFile[]>;
  /** Hides a comment; false where GitHub will not. */
  hideComment(repository: Repository, commentNodeId: string): Promise<boolean>;
}

/** GitHub's answer that another try cannot change; the message is shown to people. */
export class DispatchRefused extends Error {
  override name = "DispatchRefused";
}

/** Try again, and not before the moment that GitHub names. */
export class RetryLater extends Error {
  override name = "RetryLater";
  readonly retryAfterMs: number;

  constructor(message: string, retryAfterMs: number, options?: ErrorOptions) {
    super(message, options);
    this.retryAfterMs = retryAfterMs;
  }
}

/** The same where nothing is wrong: what is waited for takes its time. */
export class NotYet extends RetryLater {
  override name = "NotYet";
}

export interface FailedDelivery {
  readonly deliveryId: number;
  /** Of the event: the same for each try. */
  readonly guid: string;
}

// ---------------------------------------------------------------- the rest

export interface Verifier {
  /** The search for secrets reads only `changedPaths`; all other checks read what they name. What the run says is added to it. */
  verifyPhase(
    tree: Tree,
    phase: Phase,
    options: {
      readonly changedPaths: readonly string[];
      /** Null where the run said nothing. */
      readonly report: Pick<RunnerReport, "verdicts" | "judgeFault" | "tests"> | null;
    },
  ): Promise<VerificationReport>;
  /** Faults of a changeset before anything of it is published. */
  changesetFindings(changes: readonly Change[], phase: Phase, step: string): Promise<readonly Finding[]>;
  /** Whether a path is that of one workflow definition. */
  isDefinitionPath(path: string): boolean;
  /** The GitHub Actions workflow of a definition, with its path; null where the definition is faulty. */
  compiledFrom(path: string, text: string): { readonly path: string; readonly text: string } | null;
  isActiveSpec(path: string): boolean;
  /** What is wrong with the specifications that are worked on. */
  specFaults(tree: Tree): Promise<SpecificationsFound>;
  /** What a task can start from; null where it is not valid, not ready, or has an issue already. */
  specToStart(path: string, text: string): SpecToStart | null;
  /** A specification as the task's next commit has it, by its path; null where it stays as it is. */
  specAfter(
    file: { readonly path: string; readonly text: string },
    moment: {
      readonly task: ExistingTask;
      readonly at: string;
      readonly by: string;
      readonly isWritten: boolean;
      readonly isLast: boolean;
    },
  ): { readonly path: string; readonly text: string } | null;
  /** What kind of credential stands in a text, in a few words; null where none was found. */
  findCredential(text: string): Promise<string | null>;
  /** The step whose output the path is; null where it is none's. */
  stepOfPath(phase: Phase, path: string): string | null;
  /** The step that may mend a file: the one whose output it is, or else the phase's last; null where the phase may not change it. */
  stepFor(phase: Phase, path: string): string | null;
  /** Requirements, decisions and screens of the first tree that the second defines otherwise, or not at all (`now` null). */
  changedItems(
    before: Tree,
    now: Tree,
  ): Promise<
    readonly { readonly id: string; readonly path: string; readonly before: string; readonly now: string | null }[]
  >;
  /** Files that cite one of the ids. */
  citing(
    tree: Tree,
    ids: ReadonlySet<string>,
  ): Promise<readonly { readonly path: string; readonly ids: readonly string[] }[]>;
}

/** Who a runner's OIDC token says it is. */
export interface RunnerIdentity {
  readonly tokenId: string;
  readonly expiresAt: string;
  readonly repositoryId: number;
  readonly workflowRunId: number;
  readonly runAttempt: number;
  readonly eventName: string;
  readonly workflowRef: string;
  readonly ref: string;
}

/** Throws where the signature, issuer, audience or time is wrong. */
export type VerifyRunner = (oidcToken: string) => Promise<RunnerIdentity>;

/** A playbook by its label, resolved and hashed. */
type PlaybookOfLabel =
  | {
      readonly kind: "playbook";
      readonly playbook: import("../core/playbook.ts").Playbook;
      readonly hash: string;
      readonly json: string;
    }
  | { readonly kind: "faulty"; readonly faults: readonly ConfigurationFault[] };

export interface Playbooks {
  /** The app's own, with those of a repository laid over them. */
  forRepository(files: RepositoryFiles): ConfigurationFound & {
    /** Null where the label starts nothing. Faults are those of the playbook and of what it uses, no others. */
    readonly byLabel: (label: string) => PlaybookOfLabel | null;
  };
  fromJson(json: string): import("../core/playbook.ts").Playbook;
}
