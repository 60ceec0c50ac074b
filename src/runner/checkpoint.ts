/** What a later run goes on from, made of where this one stands; and what this one takes over of an earlier one's. */

import type { Outcome } from "../core/outcome.ts";
import type { Checkpoint, PendingAction } from "../protocol/checkpoint.ts";
import { limits, type Job } from "../protocol/runner.ts";
import { asFileChange, collectChanges } from "./changes.ts";
import { packConversation, type ConversationPlace } from "./conversation-files.ts";
import type { ConversationState, Told } from "./dialogue.ts";
import type { JobGrants } from "./grants.ts";
import type { Workspace } from "./workspace.ts";

/** Where the run stands. */
export interface Position {
  /** The step that is under way; null between two. */
  readonly step: string | null;
  readonly stepsDone: readonly string[];
  readonly pending: readonly PendingAction[];
  readonly round: number;
  /** Answers that the conversation has. */
  readonly told: readonly Told[];
}

interface CheckpointOrder {
  readonly job: Job;
  readonly checkpointId: string;
  readonly createdAt: string;
  readonly reason: Checkpoint["reason"];
  readonly position: Position;
  readonly place: ConversationPlace;
  readonly workspace: Workspace;
  readonly conversation: ConversationState;
  readonly grants: JobGrants;
  readonly rateLimit: Extract<Outcome, { kind: "rate-limited" }> | null;
  readonly redact: (text: string) => string;
}

/** Room for all that is neither conversation nor changes. */
const restBytes = 1024 * 1024;
const conversationBytesMax = 16 * 1024 * 1024;

interface Made {
  readonly checkpoint: Checkpoint;
  /** What it lacks, in sentences for the job's log. */
  readonly faults: readonly string[];
}

/** Nothing of the agent may run meanwhile. Throws where the step's changes are more than a checkpoint holds. */
export async function makeCheckpoint(order: CheckpointOrder): Promise<Made> {
  const { job, position, conversation, grants, redact } = order;
  const { changes, leftOut, faults } = await keepChanges(order);
  const changesBytes = changes.reduce(
    (sum, { change }) => sum + (change.kind === "written" ? change.contentBase64.length : 0),
    0,
  );
  const left = limits.checkpointBytesMax - restBytes - changesBytes;
  if (left < 0) throw new Error(`the step's changes have ${changesBytes} bytes, which is more than a checkpoint holds`);
  const packed = conversation.hasSpoken
    ? await packConversation(order.place, conversation.sessionId, redact, Math.min(left, conversationBytesMax))
    : { conversation: null, faults: [] };
  const stepsOnBranch = job.phase.steps.filter(
    ({ slug }) => !job.stepsToDo.includes(slug) || position.stepsDone.includes(slug),
  );
  return {
    checkpoint: {
      version: 1,
      taskId: job.taskId,
      checkpointId: order.checkpointId,
      runId: job.runId,
      createdAt: order.createdAt,
      reason: order.reason,
      executionState: {
        conversation: packed.conversation,
        lastMessageId: conversation.lastMessageId === null ? null : redact(conversation.lastMessageId),
        toolsUsed: conversation.toolsUsed.slice(0, 200).map(redact),
        currentPhase: job.phase.name,
        currentStep: position.step,
        progress: Math.floor((100 * stepsOnBranch.length) / Math.max(1, job.phase.steps.length)),
      },
      resumeContext: {
        // Redacted before it is cut: half a secret is not recognised.
        lastOutput: redact(conversation.lastOutput).slice(-4_000).toWellFormed(),
        pendingActions: position.pending.slice(0, limits.requestsMax),
        environment: position.step === null ? [] : Object.keys(grants.environmentOf(position.step)).slice(0, 20),
        headSha: job.headSha,
        changes,
        leftOut,
        round: position.round,
        // Of a conversation that is lost nobody has heard anything.
        told: packed.conversation === null ? [] : position.told.slice(-limits.answersMax),
      },
      rateLimitInfo:
        order.rateLimit === null
          ? null
          : { resetAt: order.rateLimit.resetsAt, message: redact(order.rateLimit.message).slice(0, 2_000) },
    },
    faults: [...faults, ...packed.faults],
  };
}

interface KeptChanges {
  readonly changes: Checkpoint["resumeContext"]["changes"];
  readonly leftOut: string[];
  readonly faults: readonly string[];
}

/** Of the step that is under way: those of finished steps are on the branch. What holds a lent value leaves the machine in no form. */
async function keepChanges({ position, workspace, grants, redact }: CheckpointOrder): Promise<KeptChanges> {
  const { step } = position;
  if (step === null) return { changes: [], leftOut: [], faults: [] };
  const { changes, baseOids, findings, isWhole } = await collectChanges(workspace, step);
  const isKept = (path: string): boolean => redact(path) === path;
  const unfit = new Set(grants.findingsIn(changes, step).flatMap(({ path }) => path ?? []));
  const kept = changes.filter(({ path }) => !unfit.has(path) && isKept(path));
  const leftOut = [...unfit, ...findings.flatMap(({ path }) => path ?? [])].filter(isKept);
  return {
    changes: kept.map((change) => ({ change: asFileChange(change), baseOid: baseOids.get(change.path) ?? null })),
    leftOut: leftOut.slice(0, limits.leftOutMax),
    faults: isWhole ? [] : ["what the step has changed is too much to be kept"],
  };
}

/** Null where it is one that this run can go on from; else why not. */
export function misfitOf(checkpoint: Checkpoint, job: Job): string | null {
  if (checkpoint.taskId !== job.taskId) return "it belongs to another task";
  if (checkpoint.checkpointId !== job.checkpoint?.checkpointId) return "it is not the one that the app named";
  if (checkpoint.executionState.currentPhase !== job.phase.name) return "it belongs to another phase";
  return null;
}

/** Whether the run begins in the midst of this step. */
export function isAtStep({ executionState }: Checkpoint, job: Job): boolean {
  return executionState.currentStep !== null && executionState.currentStep === job.stepsToDo[0];
}
