import { z } from "zod";
import { changesetIdFrom, runIdFrom } from "../core/ids.ts";
import type { Effect } from "../core/effects.ts";
import { BlockReason } from "./event-schemas.ts";

const EffectSchema: z.ZodType<Effect> = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("DispatchRun"), runId: z.string().transform(runIdFrom), phase: z.int() }),
  z.strictObject({ kind: z.literal("CancelRun"), workflowRunId: z.int() }),
  z.strictObject({
    kind: z.literal("PublishStep"),
    phase: z.int(),
    step: z.string(),
    changesetId: z.string().transform(changesetIdFrom),
  }),
  z.strictObject({ kind: z.literal("OpenGate"), phase: z.int() }),
  z.strictObject({ kind: z.literal("VerifyPhase"), phase: z.int(), attempt: z.int() }),
  z.strictObject({ kind: z.literal("PresentGate"), phase: z.int(), ready: z.boolean() }),
  z.strictObject({ kind: z.literal("ReleaseCi"), phase: z.int() }),
  z.strictObject({ kind: z.literal("ReopenGate"), pullRequest: z.int() }),
  z.strictObject({ kind: z.literal("CloseGate"), pullRequest: z.int() }),
  z.strictObject({ kind: z.literal("CompareItems") }),
  z.strictObject({ kind: z.literal("ReadPlan"), phase: z.int() }),
  z.strictObject({ kind: z.literal("NotifyRipple"), sha: z.string() }),
  z.strictObject({ kind: z.literal("NotifySettled"), phase: z.int() }),
  z.strictObject({ kind: z.literal("ShowStatus") }),
  z.strictObject({ kind: z.literal("KeepRecord") }),
  z.strictObject({ kind: z.literal("DropRecord") }),
  z.strictObject({ kind: z.literal("NotifyRefused"), name: z.string() }),
  z.strictObject({ kind: z.literal("NotifyBlocked"), reason: BlockReason }),
  z.strictObject({ kind: z.literal("ReadReviews"), phase: z.int() }),
  z.strictObject({ kind: z.literal("StartRework"), phase: z.int(), requestedAt: z.string() }),
  z.strictObject({
    kind: z.literal("AnswerFeedback"),
    phase: z.int(),
    ids: z.array(z.string()).readonly(),
    commitSha: z.string().nullable(),
  }),
  z.strictObject({ kind: z.literal("RequestReview"), phase: z.int(), from: z.array(z.string()).readonly() }),
  z.strictObject({ kind: z.literal("DeleteBranch"), phase: z.int() }),
  z.strictObject({ kind: z.literal("EraseTask") }),
  z.strictObject({ kind: z.literal("OpenFinalGate") }),
  z.strictObject({ kind: z.literal("DeleteTaskBranch") }),
  z.strictObject({ kind: z.literal("CloseIssue") }),
  z.strictObject({ kind: z.literal("ShowRequest"), requestId: z.string() }),
  z.strictObject({ kind: z.literal("RemindQuestions"), requestId: z.string() }),
  z.strictObject({ kind: z.literal("EndLimit"), pausedAt: z.string() }),
  z.strictObject({ kind: z.literal("EndDay"), pausedAt: z.string() }),
  z.strictObject({ kind: z.literal("DropCheckpoint") }),
  z.strictObject({ kind: z.literal("ShowCheck"), phase: z.int().nullable() }),
  z.strictObject({ kind: z.literal("ReadCi"), phase: z.int(), headSha: z.string() }),
  z.strictObject({ kind: z.literal("StartCiRework"), phase: z.int(), headSha: z.string() }),
  z.strictObject({ kind: z.literal("NotifyCi"), phase: z.int(), headSha: z.string() }),
  z.strictObject({ kind: z.literal("StartVetoRework"), phase: z.int(), vetoedAt: z.string() }),
  z.strictObject({ kind: z.literal("AskVetoReason"), phase: z.int(), number: z.int() }),
  z.strictObject({ kind: z.literal("MergeGate"), phase: z.int(), headSha: z.string() }),
  z.strictObject({ kind: z.literal("NotifyUnverified"), phase: z.int(), headSha: z.string() }),
  z.strictObject({ kind: z.literal("PostSummary") }),
  z.strictObject({ kind: z.literal("ShowReply"), phase: z.int(), number: z.int() }),
  z.strictObject({ kind: z.literal("LookAtBase"), phase: z.int(), headSha: z.string() }),
]);

/** Throws where `decodeEffect` could not read it back; the transaction that would queue it then never begins. */
export function encodeEffect(effect: Effect): string {
  const checked = EffectSchema.safeParse(effect);
  if (!checked.success) throw new Error(`encoding effect ${effect.kind}: ${z.prettifyError(checked.error)}`);
  return JSON.stringify(effect);
}

export function decodeEffect(json: string): Effect {
  return EffectSchema.parse(JSON.parse(json));
}
