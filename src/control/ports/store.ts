import type { TaskEvent } from "../../core/events.ts";
import type { ChangesetId, RunId, TaskId } from "../../core/ids.ts";
import type { ExistingTask, TaskState } from "../../core/state.ts";
import type { Spent } from "../../core/usage.ts";
import type { ClaimedEffect, ClaimedMessage, InboxMessage, NewEffect } from "./queues.ts";
import type { LiveStatus } from "./task-view.ts";

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
  /**
   * Tasks that are not completed, failed or cancelled, oldest first; of one repository or installation where asked.
   * `awaitsNames`: those alone of which a dependency is open.
   */
  openTasks(of?: {
    readonly repositoryId?: number;
    readonly installationId?: number;
    readonly awaitsNames?: boolean;
  }): Promise<readonly TaskId[]>;
  /** Tasks in the order of their ids, behind that one, whatever became of them. */
  tasksAfter(taskId: TaskId | null, limit: number): Promise<readonly TaskId[]>;
  /** Versions of the newest events, of those tasks that have any: what another process has stored shows here, too. */
  newestVersions(taskIds: readonly TaskId[]): Promise<ReadonlyMap<TaskId, number>>;
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
  /** When the last webhook was received; null where none ever was. */
  lastWebhookAt(): Promise<string | null>;
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
  forgetCreations(begunBefore: string): Promise<void>;

  /** Notes that something is being made on GitHub at `now`; where somebody began to since `earliest`, notes nothing and answers when. */
  beginCreation(key: string, now: string, earliest: string): Promise<string | null>;
  /** Nothing was made. */
  dropCreation(key: string): Promise<void>;

  close(): Promise<void>;
}
