/** What a run may spend, and what stands in its way: the task's own budgets, the account's day, and a limit of the provider. */

import { midnightBefore } from "../core/moment.ts";
import { budgetLeftOf, liveRunOf, type ExistingTask } from "../core/state.ts";
import type { AccountLimit, Clock, Store } from "./ports.ts";
import { readTask } from "./read-task.ts";

export interface Budgeting {
  readonly store: Store;
  readonly clock: Clock;
  /** What one model account may spend from midnight to midnight, UTC. */
  readonly dayBudgetUsd: number;
}

export type BudgetLeft =
  | ReturnType<typeof budgetLeftOf>
  | { readonly scope: "day"; readonly leftUsd: number; readonly spentUsd: number; readonly budgetUsd: number };

/** A limit of which nobody said when it ends is tried again after this long. */
const unknownLimitMs = 5 * 60_000;

/** The account that the task's next run will most likely work under; null where no run of the repository has said. */
export async function accountOf(store: Store, task: ExistingTask): Promise<string | null> {
  return task.account ?? (await store.accountOfRepository(task.repository.repositoryId));
}

/** The smallest of what the phase, the task and the account's day have left. */
export async function budgetLeft(budgeting: Budgeting, task: ExistingTask): Promise<BudgetLeft> {
  const own = budgetLeftOf(task);
  const account = await accountOf(budgeting.store, task);
  if (account === null) return own;
  const { dayBudgetUsd: budgetUsd } = budgeting;
  const spentUsd = await spentToday(budgeting, account, task);
  const leftUsd = Math.max(0, budgetUsd - spentUsd);
  return leftUsd < own.leftUsd ? { scope: "day", leftUsd, spentUsd, budgetUsd } : own;
}

/** With what other live runs of the account may still spend: together they must not overdraw the day. */
async function spentToday({ store, clock }: Budgeting, account: string, task: ExistingTask): Promise<number> {
  const since = midnightBefore(clock.now().toISOString());
  let usd = (await store.usage({ account, since })).costUsd;
  for (const taskId of await store.openTasksOfAccount(account)) {
    if (taskId === task.taskId) continue;
    const other = await readTask(store, taskId);
    if (other.status !== "absent" && liveRunOf(other)?.started === true) usd += budgetLeftOf(other).leftUsd;
  }
  return usd;
}

/** The account's limit, while there is no use in trying. */
export async function limitInTheWay(
  { store, clock }: Pick<Budgeting, "store" | "clock">,
  task: ExistingTask,
): Promise<AccountLimit | null> {
  const account = await accountOf(store, task);
  const limit = account === null ? null : await store.accountLimit(account);
  if (limit === null) return null;
  const endsAt = limit.resetsAt === null ? Date.parse(limit.since) + unknownLimitMs : Date.parse(limit.resetsAt);
  return clock.now().getTime() < endsAt ? limit : null;
}
