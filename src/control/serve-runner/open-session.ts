import { randomBytes } from "node:crypto";
import { runIdFrom, type RunId } from "../../core/ids.ts";
import { liveRunOf, type ExistingTask, type LiveRun } from "../../core/state.ts";
import {
  protocolVersion,
  protocolVersionsServed,
  type SessionAnswer,
  type SessionRequest,
} from "../../protocol/runner.ts";
import { limitInForce } from "../budget.ts";
import { handleCommand } from "../handle-command.ts";
import { RetryLater } from "../ports/retry-later.ts";
import type { RunnerIdentity } from "../ports/runner-identity.ts";
import type { RunSession } from "../ports/store.ts";
import { readTask } from "../read-task.ts";
import { newSealKey, sealKeyOf } from "../run-seal.ts";
import { jobOf } from "./job.ts";
import { emptyLive } from "./live-status.ts";
import { noteOutdatedAction, refuseOldPhase, refuseOpenNetwork } from "./older-runners.ts";
import { hashOf, note, RunnerRefused, unknownRun, workflowPath, type ServingRunner } from "./session.ts";

/**
 * Gives a job to the runner that proves to be the one that was dispatched.
 * Bound to ids and the workflow file, never to `sub`, whose form the owner of a repository can change.
 * `protocol` in the answer is the version that the runner speaks: `inVersionSpoken` puts the answer into its words.
 */
export async function openSession(serving: ServingRunner, request: SessionRequest): Promise<SessionAnswer> {
  if (!protocolVersionsServed.includes(request.protocol)) {
    throw new RunnerRefused(
      "unsupported-protocol",
      `the action speaks protocol ${request.protocol}, this app serves ${protocolVersionsServed.join(" and ")}: ` +
        "set the `uses:` line of .github/workflows/phasegate.yml to the app's ACTION_REF",
    );
  }
  const identity = await identify(serving, request.oidcToken);
  const runId = runIdFrom(request.runId);
  const taskId = await serving.store.taskOfRun(runId);
  const task = taskId === null ? null : await readTask(serving.store, taskId);
  if (taskId === null || task === null || task.status === "absent") throw unknownRun(runId);
  const base = await serving.github.defaultBranchOf(task.repository);
  const fault = otherJobFault(task, identity, base.name);
  if (fault !== null) {
    await note(serving, taskId, { runId, kind: "identity-refused", example: identity.workflowRef });
    throw new RunnerRefused("identity-refused", fault);
  }
  await refuseUnderLimit(serving, task, runId, request.account);
  await refuseOldPhase(serving, task, runId, request.protocol);
  if (request.limitsNetwork !== true) await refuseOpenNetwork(serving, task, runId);
  if (!(await serving.store.rememberTokenId(identity.tokenId, identity.expiresAt))) {
    await note(serving, taskId, { runId, kind: "identity-refused", example: "an identity token for the second time" });
    throw new RunnerRefused("identity-refused", "this identity token was used before");
  }
  const { token, session } = newSession(serving, runId, task);
  const opened = await handleCommand(serving, taskId, {
    type: "OpenSession",
    runId,
    workflowRunId: identity.workflowRunId,
    url: `${serving.webUrl}/${task.repository.owner}/${task.repository.name}/actions/runs/${identity.workflowRunId}`,
    account: request.account,
  });
  const state = opened.state;
  const run = state.status === "absent" ? null : liveRunOf(state);
  if (state.status === "absent" || run === null || run.runId !== runId) throw unknownRun(runId);
  if (opened.kind === "refused" && !(await answerWasLost(serving, run, identity))) {
    await note(serving, taskId, { runId, kind: "identity-refused", example: "a second job for the same run" });
    throw new RunnerRefused(
      "already-started",
      `run ${runId} has a runner already; re-run a task with /run on its issue`,
    );
  }
  const job = await jobOf(serving, state, run, base.headSha);
  // One token a run: what was given out before is void.
  await serving.store.closeRunSession(runId, session.openedAt);
  await serving.store.saveRunSession(session);
  // What is shown of the run before would pass for this one's.
  await serving.store.updateLive(taskId, emptyLive(session.openedAt));
  serving.wake();
  // The runner does not wait for a comment of ours.
  if (request.protocol < protocolVersion) void noteOutdatedAction(serving, taskId, request.protocol);
  return { protocol: request.protocol, runToken: token, sealKey: sealKeyOf(serving.appSeal, session), job };
}

async function identify(serving: ServingRunner, oidcToken: string): Promise<RunnerIdentity> {
  try {
    return await serving.verifyRunner(oidcToken);
  } catch (cause) {
    if (cause instanceof RetryLater) throw new RunnerRefused("unavailable", `${cause.message}; try again`, { cause });
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new RunnerRefused("identity-refused", `the identity token was refused: ${why}`, { cause });
  }
}

/** Why a job is not the one that was dispatched; null where it is. */
function otherJobFault(task: ExistingTask, identity: RunnerIdentity, defaultBranch: string): string | null {
  const { repository } = task;
  // On the default branch alone: on any other, the file may be one that nobody reviewed. The repository is bound by its
  // id, since its name in the reference is the one of today, and ours may be the one before a rename.
  const [, , ...file] = identity.workflowRef.split("/");
  const expected = file.join("/") === `${workflowPath}@refs/heads/${defaultBranch}`;
  const faults = [
    identity.repositoryId === repository.repositoryId ? null : "another repository",
    identity.eventName === "workflow_dispatch" ? null : `the event ${identity.eventName}`,
    identity.runAttempt === 1 ? null : "a re-run by hand (use /run on the issue instead)",
    expected ? null : `the workflow ${identity.workflowRef}`,
  ].filter((fault) => fault !== null);
  return faults.length === 0 ? null : `the job comes from ${faults.join(" and ")}`;
}

/** Before the run counts as begun: all that it could do is be refused by the provider. */
async function refuseUnderLimit(
  serving: ServingRunner,
  task: ExistingTask,
  runId: RunId,
  account: string | null,
): Promise<void> {
  const run = liveRunOf(task);
  if (run?.runId !== runId || run.started) return;
  const limit = await limitInForce(serving, account);
  // Of which nobody knows when it ends, a run finds out.
  if (limit === null || limit.resetsAt === null) return;
  const { resetsAt, message } = limit;
  await handleCommand(serving, task.taskId, { type: "PauseTask", reason: { kind: "rate-limited", resetsAt, message } });
  serving.wake();
  throw new RunnerRefused(
    "unknown-run",
    `the model account has reached a limit that lasts until ${resetsAt}; the task goes on by itself after that`,
  );
}

/** The same job asks again and nobody has used the first token: the answer did not arrive. */
async function answerWasLost({ store }: ServingRunner, run: LiveRun, identity: RunnerIdentity): Promise<boolean> {
  if (run.dispatched?.workflowRunId !== identity.workflowRunId) return false;
  const first = await store.runSessionOf(run.runId);
  return first === null || first.lastHeardAt === first.openedAt;
}

function newSession(serving: ServingRunner, runId: RunId, task: ExistingTask): { token: string; session: RunSession } {
  const token = randomBytes(32).toString("base64url");
  const at = serving.clock.now().toISOString();
  return {
    token,
    session: {
      runId,
      taskId: task.taskId,
      tokenHash: hashOf(token),
      sealKey: newSealKey(serving.appSeal),
      openedAt: at,
      lastHeardAt: at,
      closedAt: null,
    },
  };
}
