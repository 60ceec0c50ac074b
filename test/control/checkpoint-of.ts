import { Checkpoint } from "../../src/protocol/checkpoint.ts";
import type { Job } from "../../src/protocol/runner.ts";

/** What the agent of `checkpointOf` said last. */
export const lastOutput = "the agent's own words";

/** As a run of the planning phase leaves it in the midst of its second step. */
export function checkpointOf({ taskId, runId }: Pick<Job, "taskId" | "runId">, checkpointId = "c1"): Checkpoint {
  return Checkpoint.parse({
    version: 1,
    taskId,
    checkpointId,
    runId,
    createdAt: "2026-11-21T10:00:00.000Z",
    reason: "auto",
    executionState: {
      conversation: {
        sessionId: "00000000-0000-4000-8000-000000000000",
        files: [{ path: "a.jsonl", gzipBase64: "AAAA" }],
      },
      lastMessageId: "m1",
      toolsUsed: ["Write"],
      currentPhase: "planning",
      currentStep: "02_market",
      progress: 33,
    },
    resumeContext: {
      lastOutput,
      pendingActions: [{ kind: "step" }],
      environment: ["STRIPE_KEY"],
      headSha: "base-0",
      changes: [],
      round: 1,
      told: [],
    },
    rateLimitInfo: null,
  });
}
