import { isSettled, type ExistingTask } from "../core/state.ts";
import { accountOf, limitedTasks, limitEndOf, limitInTheWay, pausedSince } from "./budget.ts";
import type { Asked } from "./handle-command.ts";
import type { Performing } from "./performing.ts";
import { RetryLater } from "./ports/retry-later.ts";

/** Between two tasks that go on when a limit ends. */
const afterEachOtherMs = 10_000;

/** The oldest task of the account goes first; the others follow one after the other. */
export async function endLimit(
  { store, clock }: Performing,
  task: ExistingTask,
  pausedAt: string,
  putOffs: number,
): Promise<Asked | null> {
  if (isSettled(task) || task.blockedBy?.kind !== "rate-limited") return null;
  if (pausedAt !== (await pausedSince(store, task))) return null;
  const now = clock.now().getTime();
  const limit = await limitInTheWay({ store, clock }, task);
  // Another run has met it anew.
  if (limit !== null) {
    throw new RetryLater("the limit of the model account goes on", Date.parse(limit.endsAt) - now);
  }
  const account = await accountOf(store, task);
  let older = 0;
  for (const other of account === null ? [] : await limitedTasks(store, account)) {
    if (other.taskId === task.taskId) break;
    // One that has longer to wait is not waited for.
    const endsAt = await limitEndOf({ store, clock }, other);
    if (endsAt !== null && Date.parse(endsAt) <= now) older += 1;
  }
  // Once: an older one that does not go on must not keep the others.
  if (older > 0 && putOffs === 0) {
    throw new RetryLater("an older task under the same model account goes first", older * afterEachOtherMs);
  }
  return { type: "LiftBlock", kinds: ["rate-limited"], by: "the end of the limit" };
}

export async function endDay({ store }: Performing, state: ExistingTask, pausedAt: string): Promise<Asked | null> {
  const reason = state.blockedBy;
  if (reason?.kind !== "budget-exhausted" || reason.scope !== "day") return null;
  if (pausedAt !== (await pausedSince(store, state))) return null;
  return { type: "LiftBlock", kinds: ["budget-exhausted"], by: "the new day" };
}
