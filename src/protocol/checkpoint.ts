/**
 * What a later run needs to go on where this one stopped, on another machine (requirement I1.1).
 * The app keeps it sealed, and nowhere on GitHub; the runner takes every granted value out of it first.
 */

import { z } from "zod";
import { FileChange, limits } from "./runner.ts";

/** Written by an agent's program: whoever restores it trusts neither a path nor a size in it. */
const ConversationFile = z.object({
  /** Relative to the conversation's folder: the transcript, and what lies in the folder beside it. */
  path: z.string().min(1).max(limits.pathCharactersMax),
  /** The file's bytes, packed. */
  gzipBase64: z.base64(),
});

/** What was under way when the run stopped. */
const PendingAction = z.discriminatedUnion("kind", [
  /** A call of one of our tools that the CLI put off; resuming calls it again, and its result is the answer. */
  z.object({
    kind: z.literal("tool-call"),
    toolUseId: z.string().max(200),
    toolName: z.string().max(200),
    requestIds: z.array(z.string().max(240)).max(limits.requestsMax),
  }),
  /** Asked for in words, or by a call that is lost: the answer is the next thing that the agent is told. */
  z.object({ kind: z.literal("requests"), requestIds: z.array(z.string().max(240)).max(limits.requestsMax) }),
  /** In the midst of its work. */
  z.object({ kind: z.literal("step") }),
]);
export type PendingAction = z.infer<typeof PendingAction>;

export const Checkpoint = z.object({
  version: z.literal(1),
  taskId: z.string().max(200),
  checkpointId: z.string().max(200),
  runId: z.string().max(200),
  createdAt: z.iso.datetime(),
  /** `auto`: a step's end, a wait, or a slice's end; `manual`: the job was stopped. */
  reason: z.enum(["auto", "rate_limit", "manual", "error"]),
  executionState: z.object({
    /** Null where the agent has not spoken yet. */
    conversation: z.object({ sessionId: z.uuid(), files: z.array(ConversationFile).max(500) }).nullable(),
    lastMessageId: z.string().max(200).nullable(),
    toolsUsed: z.array(z.string().max(200)).max(200),
    /** Name of the phase. */
    currentPhase: z.string().max(200).nullable(),
    /** The step that is under way; null between two. */
    currentStep: z.string().max(200).nullable(),
    /** Whole percent of the phase's steps. */
    progress: z.int().min(0).max(100),
  }),
  resumeContext: z.object({
    /** The end of what the agent said last. */
    lastOutput: z.string().max(4_000),
    pendingActions: z.array(PendingAction).max(limits.requestsMax),
    /** Names of granted values that the step had; never a value. */
    environment: z.array(z.string().max(limits.nameCharactersMax)).max(20),
    /** The commit that the work tree stood on. */
    headSha: z.string().max(64),
    /** What the step that is under way has changed on top of it; finished steps are on the branch. */
    changes: z
      .array(
        z.object({
          change: FileChange,
          /** Git's id of what stood there at `headSha`; null where nothing did. Where another stands there now, people's work goes first. */
          baseOid: z.string().max(64).nullable(),
        }),
      )
      .max(2_000),
    /** Changed files that could not be kept: too large, or they hold a value that may not leave the machine. */
    leftOut: z.array(z.string().max(limits.pathCharactersMax)).max(limits.leftOutMax).default([]),
    /** Rounds of quick checks that the step has behind it. */
    round: z.int().nonnegative(),
    /** Answers of people that the conversation has. */
    told: z.array(z.object({ number: z.int().positive(), at: z.iso.datetime() })).max(limits.answersMax),
  }),
  rateLimitInfo: z.object({ resetAt: z.iso.datetime().nullable(), message: z.string().max(2_000) }).nullable(),
});
export type Checkpoint = z.infer<typeof Checkpoint>;
