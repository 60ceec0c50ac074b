import { isDeepStrictEqual } from "node:util";
import type { Repository } from "../core/events.ts";
import type { TaskId } from "../core/ids.ts";
import type { SettingsFound } from "../core/settings.ts";
import {
  currentPhaseOf,
  isSettled,
  liveRunOf,
  presentedHeadOf,
  pullRequestOf,
  type ExistingTask,
} from "../core/state.ts";
import { handleCommand, queueEffect } from "./handle-command.ts";
import { hearBoxes, hearGate, hearReviews } from "./hear-gate.ts";
import { liftBlockAnew } from "./hear-world.ts";
import { taskById } from "./people.ts";
import { queueRefresh } from "./onboard.ts";
import { webhookKeyOf } from "./ports/queues.ts";
import type { OpenRun } from "./ports/store.ts";
import { readTask } from "./read-task.ts";
import { endRun, endSilentRun, type Processing } from "./process-message.ts";
import { outcomeKeyOf } from "./serve-runner/store-delivery.ts";
import { queueLookAtBase } from "./watch-base.ts";
import { queueLookAtCi } from "./watch-ci.ts";

/** GitHub keeps deliveries for three days; an app that was away for longer looks at its tasks below. */
const deliveriesMs = 3 * 24 * 60 * 60_000;
/** Deliveries may take a while before they count as failed, and two clocks differ. */
const deliveryOverlapMs = 15 * 60_000;
const redeliveriesMax = 100;
/** Pause before a webhook that did not arrive again is asked for once more; doubled each time. */
const redeliveryPauseMs = 5 * 60_000;
const redeliveryPauseMsMax = 6 * 60 * 60_000;
/** Of those that wait for another try; with more the newest are found again by the next start. */
const missingMax = 1_000;

export const reconcileEveryMs = 60_000;
export const sweepEveryMs = 5 * 60_000;

/** Silence after which a runner is looked for (Q11). */
const silenceMs = 3 * 60_000;

/**
 * What is read of GitHub by itself must leave most of its 5,000 requests an hour to the work, however many tasks are
 * open: with more than these the looks go round, and each task waits longer for its own.
 */
const runsPerLookMax = 10;
const tasksPerSweepMax = 12;

/** A webhook that did not arrive. Whatever keeps webhooks away may last for longer than one try. */
interface Missing {
  readonly deliveryId: number;
  readonly since: number;
  readonly tries: number;
  readonly notBefore: number;
}

/**
 * Looks at the runs that should be heard of, and ends those that GitHub says are over or that fell silent.
 * Before `listeningSince` nobody could have heard them. With many, each `turn` looks at others.
 */
export async function reconcileRuns(processing: Processing, listeningSince: Date, turn: number): Promise<void> {
  const now = processing.clock.now().getTime();
  const silent = (await processing.store.openRuns()).filter((run) => silentMsOf(run, now) >= silenceMs);
  for (const run of inTurn(silent, runsPerLookMax, turn)) {
    try {
      await reconcileRun(processing, run, listeningSince);
    } catch (error) {
      processing.log.warn({ runId: run.runId, err: error }, "looking at a run");
    }
  }
}

function silentMsOf({ lastHeardAt, requestedAt }: OpenRun, now: number): number {
  return now - Date.parse(lastHeardAt ?? requestedAt);
}

async function reconcileRun(processing: Processing, run: OpenRun, listeningSince: Date): Promise<void> {
  const { clock, github, store } = processing;
  const { taskId, runId, workflowRunId } = run;
  // Before the dispatch is recorded there is nothing to look at: its effect is still at work.
  if (workflowRunId === null) return;
  const now = clock.now().getTime();
  const silentMs = silentMsOf(run, now);
  const task = await readTask(store, taskId);
  if (task.status === "absent") return;
  const live = liveRunOf(task);
  if (live?.runId !== runId) return;
  const seen = await github.readRun(task.repository, workflowRunId);
  // What the runner declared may wait behind other messages of its repository; it counts, not our guess.
  if (await store.isWaiting(outcomeKeyOf(runId))) return;
  if (seen === null) {
    return endRun(processing, taskId, runId, { kind: "lost", message: "the workflow run no longer exists" });
  }
  if (seen.status === "completed") return endSilentRun(processing, run, seen.conclusion);
  // A job may wait long for a machine; only one that had spoken and then fell silent is given up.
  if (!live.started || now - listeningSince.getTime() < silenceMs) return;
  const minutes = Math.round(silentMs / 60_000);
  return endRun(processing, taskId, runId, { kind: "lost", message: `the runner was silent for ${minutes} minutes` });
}

export interface Sweep {
  /** Looks at everything that a lost webhook would have told, and repairs what was missed. */
  run(): Promise<void>;
}

/** Remembers what it asked for, so that a webhook which fails each time is asked for ever more rarely, and for three days at most. */
export function createSweep(processing: Processing): Sweep {
  const missing = new Map<string, Missing>();
  let sweptAt: number | null = null;
  let hasQueuedRefresh = false;

  /** Once after each start, since another version of the app may have started. */
  async function refreshOnboarding(): Promise<void> {
    if (hasQueuedRefresh) return;
    await queueRefresh(processing);
    hasQueuedRefresh = true;
  }

  async function redeliver(): Promise<void> {
    const { github, store, clock, log } = processing;
    const now = clock.now().getTime();
    const since = sweptAt === null ? now - deliveriesMs : sweptAt - deliveryOverlapMs;
    const failed = await github.failedDeliveries(new Date(since).toISOString(), missingMax);
    // Oldest first, as they happened.
    for (const { deliveryId, guid } of failed.toReversed()) {
      if (missing.has(guid) || missing.size >= missingMax) continue;
      missing.set(guid, { deliveryId, since: now, tries: 0, notBefore: now });
    }
    sweptAt = now;
    let sent = 0;
    for (const [guid, each] of missing) {
      if (now - each.since > deliveriesMs || (await store.isKnown(webhookKeyOf(guid)))) missing.delete(guid);
      else if (each.notBefore <= now && sent < redeliveriesMax) {
        const tries = each.tries + 1;
        const pauseMs = Math.min(redeliveryPauseMs * 2 ** tries, redeliveryPauseMsMax);
        missing.set(guid, { ...each, tries, notBefore: now + pauseMs });
        await github.redeliver(each.deliveryId);
        sent += 1;
      }
    }
    if (sent > 0) log.info({ sent }, "asked for webhooks that did not arrive");
  }

  return {
    async run() {
      // Each by itself: a repository that cannot be read must not hide the others.
      await quietly(processing, {}, redeliver);
      await quietly(processing, {}, refreshOnboarding);
      const settingsOf = onceEach((repository) => processing.github.readSettings(repository));
      const turn = Math.floor(processing.clock.now().getTime() / sweepEveryMs);
      for (const taskId of inTurn(await processing.store.openTasks(), tasksPerSweepMax, turn)) {
        await quietly(processing, { taskId }, () => lookAtTask(processing, taskId, settingsOf));
      }
    },
  };
}

/** All of them where they are few enough; else every so manieth, others at the next turn. */
function inTurn<Each>(all: readonly Each[], atOnceMax: number, turn: number): readonly Each[] {
  const turns = Math.ceil(all.length / atOnceMax);
  return turns <= 1 ? all : all.filter((_, place) => place % turns === turn % turns);
}

type SettingsOf = (repository: Repository) => Promise<SettingsFound>;

/** Once a repository, however many tasks it has. */
function onceEach(read: SettingsOf): SettingsOf {
  const asked = new Map<number, Promise<SettingsFound>>();
  return (repository) => {
    const known = asked.get(repository.repositoryId) ?? read(repository);
    asked.set(repository.repositoryId, known);
    return known;
  };
}

async function quietly(processing: Processing, fields: object, look: () => Promise<void>): Promise<void> {
  try {
    await look();
  } catch (error) {
    processing.log.warn({ ...fields, err: error }, "looking for what was missed");
  }
}

/**
 * What people may have done to the gate while nobody heard it. Whether the issue is open is left to its webhooks, which
 * come again: only they say who closed or reopened it, and whether that is newer than a `/run`.
 */
async function lookAtTask(processing: Processing, taskId: TaskId, settingsOf: SettingsOf): Promise<void> {
  const before = await taskById(processing, taskId);
  if (before === null || isSettled(before) || before.status === "draft") return;
  const pullRequest = pullRequestOf(before);
  const gate = pullRequest === null ? null : await hearGate(processing, before, pullRequest, null, {});
  const task = await taskById(processing, taskId);
  if (task === null || isSettled(task)) return;
  if (task.itemsAt !== null) await queueEffect(processing, taskId, { kind: "CompareItems" }, "now", {});
  // Whoever can be read again is back.
  const issue = await processing.github.readIssue(task.repository, task.issue.number);
  if (issue !== null && task.blockedBy?.kind === "no-access")
    await liftBlockAnew(processing, taskId, "no-access", "GitHub");
  await lookAtSettings(processing, task, settingsOf);
  // While a run is at work nobody acts on a review yet; what it said is read when the gate is presented.
  if (task.status !== "review" || pullRequest === null) return;
  await hearReviews(processing, task, pullRequest, {});
  await hearBoxes(processing, task, pullRequest, null);
  await lookAtCi(processing, taskId);
  // What can be merged needs no look.
  if (gate !== null && gate.conflicted !== false) await queueLookAtBase(processing, task);
}

/** Only where they decide what comes next: whatever is dispatched or presented reads them by itself. */
async function lookAtSettings(processing: Processing, task: ExistingTask, settingsOf: SettingsOf): Promise<void> {
  if (task.status !== "review" && task.blockedBy?.kind !== "approval-needed") return;
  const { settings, faults } = await settingsOf(task.repository);
  if (faults.length > 0 || isDeepStrictEqual(settings, task.settings)) return;
  // What failed for the phase that is over must not stand before the work of the next one.
  if (task.blockedBy?.kind === "approval-needed") {
    await processing.store.reviveEffects(task.taskId, processing.clock.now().toISOString());
  }
  await handleCommand(processing, task.taskId, { type: "RecordSettings", settings });
}

/** Where something may still change, or nobody has looked. What is green or not there stays so, as far as a look each time is worth. */
async function lookAtCi(processing: Processing, taskId: TaskId): Promise<void> {
  const task = await taskById(processing, taskId);
  const phase = task === null ? null : currentPhaseOf(task);
  if (task === null || phase === null) return;
  const known = phase.ci?.headSha === presentedHeadOf(phase) ? phase.ci.kind : null;
  if (known === "green" || known === "none" || known === "held") return;
  await queueLookAtCi(processing, task);
}
