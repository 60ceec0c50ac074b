/** What a run may spend, and what stands in its way: the task's own budgets, the account's day, and a limit of the provider. */

import { priorities } from "../core/task-input.ts";
import { later, laterOf, midnightBefore } from "../core/moment.ts";
import { limitEndsAt } from "../core/react.ts";
import { atMost } from "../core/settings.ts";
import { budgetLeftOf, isSettled, liveRunOf, type ExistingTask } from "../core/state.ts";
import type { AccountLimit, Store } from "./ports/store.ts";
import type { Clock } from "./ports/surroundings.ts";
import { readTask } from "./read-task.ts";

export interface Budgeting {
  readonly store: Store;
  readonly clock: Clock;
  /** What one model account may spend from midnight to midnight, UTC; for tasks of a repository that says so, less. */
  readonly dayBudgetUsd: number;
}

interface BudgetLeft {
  readonly scope: "phase" | "task" | "day";
  /** What a run may spend now. */
  readonly leftUsd: number;
  readonly spentUsd: number;
  readonly budgetUsd: number;
  /** True where nothing is used up, but other live runs of the account may still spend what is left. */
  readonly isHeld: boolean;
}

/** A limit of which nobody said when it ends is tried again after this long. */
const unknownLimitMs = 5 * 60_000;

/** The account that the task's next run will most likely work under; null where no run of the repository has said. */
export async function accountOf(store: Store, task: ExistingTask): Promise<string | null> {
  return task.account ?? (await store.accountOfRepository(task.repository.repositoryId));
}

/** With less of what others hold of a day it is not worth to begin. */
export const heldUsdMin = 0.5;

/**
 * The smallest of what the phase, the task and the account's day have left. What runs hold that are only dispatched counts
 * before a dispatch; a run that begins is not held up by them, or of several that were dispatched at once none could.
 */
export async function budgetLeft(
  budgeting: Budgeting,
  task: ExistingTask,
  holding: "dispatched" | "started",
): Promise<BudgetLeft> {
  const own = { ...budgetLeftOf(task), isHeld: false };
  const { spentUsd, budgetUsd } = await spentToday(budgeting, task);
  const unspentUsd = Math.max(0, budgetUsd - spentUsd);
  const leftUsd = Math.max(0, unspentUsd - (await heldByOthers(budgeting, task, holding)));
  if (own.leftUsd <= leftUsd) return own;
  return { scope: "day", leftUsd, spentUsd, budgetUsd, isHeld: unspentUsd > leftUsd };
}

/** Of the task's account, since midnight UTC; nothing where nobody knows the account yet. */
export async function spentToday(
  { store, clock, dayBudgetUsd }: Budgeting,
  task: ExistingTask,
): Promise<{ readonly spentUsd: number; readonly budgetUsd: number }> {
  const budgetUsd = atMost(task.settings.limits.dayBudgetUsd, dayBudgetUsd);
  const account = await accountOf(store, task);
  if (account === null) return { spentUsd: 0, budgetUsd };
  const since = midnightBefore(clock.now().toISOString());
  return { spentUsd: (await store.usage({ account, since })).costUsd, budgetUsd };
}

/** What other runs of the account may still spend: together they must not overdraw the day. */
async function heldByOthers(
  { store }: Budgeting,
  task: ExistingTask,
  holding: "dispatched" | "started",
): Promise<number> {
  const account = await accountOf(store, task);
  let usd = 0;
  for (const taskId of account === null ? [] : await store.openTasksOfAccount(account)) {
    const other = taskId === task.taskId ? null : await readTask(store, taskId);
    if (other === null || other.status === "absent") continue;
    const run = liveRunOf(other);
    if (run === null) continue;
    if (run.started || (holding === "dispatched" && run.dispatched !== null)) usd += budgetLeftOf(other).leftUsd;
  }
  return usd;
}

type Limits = Pick<Budgeting, "store" | "clock">;

type LimitInForce = AccountLimit & { readonly endsAt: string };

/** The limit of the account that the task's next run would work under, while there is no use in trying. */
export async function limitInTheWay(limits: Limits, task: ExistingTask): Promise<LimitInForce | null> {
  return limitInForce(limits, await accountOf(limits.store, task));
}

export async function limitInForce({ store, clock }: Limits, account: string | null): Promise<LimitInForce | null> {
  const limit = account === null ? null : await store.accountLimit(account);
  if (limit === null) return null;
  const endsAt = limit.resetsAt ?? later(limit.since, unknownLimitMs);
  return clock.now().getTime() < Date.parse(endsAt) ? { ...limit, endsAt } : null;
}

/** When work is tried again; null where no limit holds the task back. */
export async function limitEndOf(limits: Limits, task: ExistingTask): Promise<string | null> {
  if (isSettled(task) || task.blockedBy?.kind !== "rate-limited") return null;
  const pausedAt = await pausedSince(limits.store, task);
  const endsAt = pausedAt === null ? null : limitEndsAt(pausedAt, task.blockedBy, task);
  const account = await limitInTheWay(limits, task);
  return endsAt === null || account === null ? endsAt : laterOf(endsAt, account.endsAt);
}

/** When the block began that stands now: what was to end an earlier one is moot. */
export async function pausedSince(
  store: Pick<Store, "readEvents">,
  { taskId, blockedBy }: ExistingTask,
): Promise<string | null> {
  if (blockedBy === null) return null;
  return (await store.readEvents(taskId)).findLast(({ type }) => type === "TaskPaused")?.at ?? null;
}

/** Open tasks that the limit of the account holds back: by their priority, and of the same the oldest first. */
export async function limitedTasks(store: Store, account: string): Promise<readonly ExistingTask[]> {
  const limited: ExistingTask[] = [];
  for (const taskId of await store.openTasksOfAccount(account)) {
    const task = await readTask(store, taskId);
    if (task.status !== "absent" && task.blockedBy?.kind === "rate-limited") limited.push(task);
  }
  // The sort keeps the order of those that are alike.
  const rank = ({ input }: ExistingTask): number => priorities.indexOf(input.priority);
  return limited.toSorted((one, other) => rank(one) - rank(other));
}
