/** What happens to an issue, a repository or an installation, and what becomes of the tasks there. */
import type { BlockReason } from "../core/outcome.ts";
import type { Repository } from "../core/events.ts";
import type { TaskId } from "../core/ids.ts";
import { isSettled, pullRequestOf, type ExistingTask } from "../core/state.ts";
import { handleCommand, type Asked, type Cause } from "./handle-command.ts";
import { hearGate } from "./hear-gate.ts";
import type { Intent } from "./intents.ts";
import { queueOnboarding } from "./onboard.ts";
import { personOf, taskById } from "./people.ts";
import type { Processing } from "./process-message.ts";

type IntentOf<Kind extends Intent["kind"]> = Extract<Intent, { kind: Kind }>;

export async function onIssueChanged(
  processing: Processing,
  intent: IntentOf<"issue-changed">,
  inboxKey: string,
): Promise<void> {
  const { repository, issueNumber, change, sender } = intent;
  const [newest = null] = await processing.store.tasksOfIssue(repository.repositoryId, issueNumber);
  const task = await taskById(processing, newest);
  if (task === null || isSettled(task)) return;
  const cause = { inboxKey, userId: sender };
  switch (change) {
    case "closed":
    case "reopened":
      return hearIssue(processing, task, sender, cause);
    case "deleted":
    case "transferred": {
      // Nobody could read here what the task still had to say; a new one starts with a label, wherever the issue is now.
      const message = `the issue was ${change}`;
      await handleCommand(processing, task.taskId, { type: "AbandonTask", by: sender, message }, cause);
    }
  }
}

/** Closed or open, as GitHub says at this moment. */
async function hearIssue(processing: Processing, task: ExistingTask, sender: string, cause: Cause): Promise<void> {
  const issue = await processing.github.readIssue(task.repository, task.issue.number);
  // Deleted or moved has a webhook of its own, and an app that lost its access reads nothing, either.
  if (issue === null) return;
  if (issue.open) {
    // The author may reopen the own issue without write, but only who has it sets work going.
    const { mayWrite } = await personOf(processing, task.repository, sender);
    return mayWrite ? liftBlockAnew(processing, task.taskId, "issue-closed", sender, cause) : undefined;
  }
  // The merge of the last gate closes the issue, and its webhook may be the slower one.
  const pullRequest = pullRequestOf(task);
  // Without the message's mark, since what follows belongs to it, too; and whoever closed the issue did nothing to the gate.
  if (pullRequest !== null) await hearGate(processing, task, pullRequest, null, {});
  // The author may close the own issue without write: that, too, says that nobody wants it now.
  const reason = { kind: "issue-closed", by: sender } as const;
  await handleCommand(processing, task.taskId, { type: "SuspendTask", reason, by: null }, cause);
}

export async function onRepositoryChanged(
  processing: Processing,
  { repository, change, sender }: IntentOf<"repository-changed">,
  inboxKey: string,
): Promise<void> {
  const { repositoryId } = repository;
  const cause = { userId: sender };
  for (const taskId of await processing.store.openTasks({ repositoryId })) {
    const ask = (asked: Asked) => handleCommand(processing, taskId, asked, cause);
    switch (change) {
      case "renamed":
      case "transferred":
        await ask({ type: "MoveRepository", repository });
        break;
      case "archived":
        await ask({ type: "SuspendTask", reason: { kind: "repository-archived" }, by: null });
        break;
      case "unarchived":
        await liftBlockAnew(processing, taskId, "repository-archived", sender);
        break;
      case "deleted":
        await ask({ type: "AbandonTask", by: null, message: "the repository was deleted" });
        break;
    }
  }
  processing.log.info({ inboxKey, repositoryId, change }, "repository changed");
}

export async function onAccessChanged(
  processing: Processing,
  { installationId, change, repositories, sender }: IntentOf<"access-changed">,
  inboxKey: string,
): Promise<void> {
  for (const { taskId, moved } of await tasksThere(processing, installationId, repositories)) {
    if (change === "back") {
      // Installed anew has another number.
      if (moved !== null) await handleCommand(processing, taskId, { type: "MoveRepository", repository: moved });
      await liftBlockAnew(processing, taskId, "no-access", sender);
    } else {
      const reason = { kind: "no-access", why: change } as const;
      await handleCommand(processing, taskId, { type: "SuspendTask", reason, by: null }, { userId: sender });
    }
  }
  if (change === "back") {
    // Only what is installed anew is named one by one. Otherwise the app may have got a right that it lacked.
    const there = repositories ?? (await processing.github.readInstalled(installationId));
    await queueOnboarding(processing, there, { cause: inboxKey, mayOpen: repositories !== null });
  }
  processing.log.info({ inboxKey, installationId, change }, "access changed");
}

async function tasksThere(
  { store }: Processing,
  installationId: number,
  repositories: readonly Repository[] | null,
): Promise<readonly { readonly taskId: TaskId; readonly moved: Repository | null }[]> {
  if (repositories === null) {
    return (await store.openTasks({ installationId })).map((taskId) => ({ taskId, moved: null }));
  }
  const found = [];
  for (const repository of repositories) {
    for (const taskId of await store.openTasks({ repositoryId: repository.repositoryId })) {
      found.push({ taskId, moved: repository });
    }
  }
  return found;
}

/** What failed while nothing could be reached is tried again. */
export async function liftBlockAnew(
  processing: Processing,
  taskId: TaskId,
  kind: BlockReason["kind"],
  by: string,
  cause: Cause = { userId: by },
): Promise<void> {
  const { store, clock } = processing;
  const task = await taskById(processing, taskId);
  if (task?.blockedBy?.kind !== kind) return;
  await store.reviveEffects(taskId, clock.now().toISOString());
  await handleCommand(processing, taskId, { type: "LiftBlock", kinds: [kind], by }, cause);
}
