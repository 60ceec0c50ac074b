import { createHash } from "node:crypto";
import type { Policy } from "../../core/decide.ts";
import type { RunId, TaskId } from "../../core/ids.ts";
import { liveRunOf, type ExistingTask } from "../../core/state.ts";
import type { PriceOverride, RunnerError } from "../../protocol/runner.ts";
import type { CheckpointSeal } from "../checkpoints.ts";
import type { Installed } from "../installation.ts";
import { noteSecurity } from "../note-security.ts";
import type { Performing } from "../performing.ts";
import type { VerifyRunner } from "../ports/runner-identity.ts";
import type { RunSession } from "../ports/store.ts";
import { readTask } from "../read-task.ts";
import type { Seal } from "../seal.ts";

export const workflowPath = ".github/workflows/phasegate.yml";

/** How long a run that has ended may still deliver its last events. */
const lastWordsMs = 10 * 60_000;

export interface ServingRunner extends Performing, Installed {
  readonly policy: Policy;
  readonly verifyRunner: VerifyRunner;
  /** Where people see GitHub, e.g. `https://github.com`. */
  readonly webUrl: string;
  readonly seal: CheckpointSeal;
  readonly appSeal: Seal;
  readonly prices: readonly PriceOverride[];
  /** Of MCP servers that agents may reach. */
  readonly mcpHosts: readonly string[];
  /** When the status comment of a task last followed its run; for this process alone, since it only saves writes. */
  readonly liveShownAt: Map<TaskId, number>;
  /** Wakes the engine, since something was stored. */
  readonly wake: () => void;
}

/** A refusal that the runner prints into its job's log. */
export class RunnerRefused extends Error {
  override name = "RunnerRefused";
  readonly code: RunnerError["error"];

  constructor(code: RunnerError["error"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export async function sessionOf(serving: ServingRunner, token: string): Promise<RunSession> {
  const session = await serving.store.runSessionByToken(hashOf(token));
  const silentMs = session === null ? 0 : serving.clock.now().getTime() - Date.parse(session.lastHeardAt);
  const isOver = session !== null && silentMs > lastWordsMs && (await liveTaskOf(serving, session)) === null;
  if (session === null || session.closedAt !== null || isOver) {
    if (session !== null) {
      const { taskId, runId } = session;
      await note(serving, taskId, { runId, kind: "token-refused", example: runId });
    }
    throw new RunnerRefused("token-refused", "the run token is unknown or its run has ended");
  }
  return session;
}

/** The task, while the session's run is the one that it waits for; null from then on. */
export async function liveTaskOf({ store }: ServingRunner, session: RunSession): Promise<ExistingTask | null> {
  const state = await readTask(store, session.taskId);
  return state.status !== "absent" && liveRunOf(state)?.runId === session.runId ? state : null;
}

export async function isErased({ store }: ServingRunner, { taskId }: RunSession): Promise<boolean> {
  const state = await readTask(store, taskId);
  return state.status !== "absent" && state.erasedBy !== null;
}

/** Whoever is refused is refused, also where nobody can write it down. */
export async function note(
  serving: ServingRunner,
  taskId: TaskId,
  refused: Parameters<typeof noteSecurity>[2],
): Promise<void> {
  try {
    await noteSecurity(serving, taskId, refused);
  } catch (error) {
    serving.log.warn({ taskId, kind: refused.kind, err: error }, "noting what was refused");
  }
}

/** A message that is none of this run: refused, and noted. */
export async function notOfRun(
  serving: ServingRunner,
  { taskId, runId }: RunSession,
  fault: string,
): Promise<RunnerRefused> {
  await note(serving, taskId, { runId, kind: "message-refused", example: fault });
  return new RunnerRefused("bad-request", fault);
}

export function unknownRun(runId: RunId): RunnerRefused {
  return new RunnerRefused(
    "unknown-run",
    `run ${runId} is not waiting for a runner; start work with a label or /run on the issue, not by dispatching the workflow`,
  );
}

export function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
