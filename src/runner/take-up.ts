/** Takes over where an earlier run stopped: its conversation, the unfinished step's changes, and what it waited for. */

import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Checkpoint } from "../protocol/checkpoint.ts";
import { isAtStep } from "./checkpoint.ts";
import { unpackConversation, type ConversationPlace } from "./conversation-files.ts";
import type { StepResume, Told } from "./dialogue.ts";
import { goesOnFromBranch, warn } from "./leave-checkpoint.ts";
import { restoreChanges } from "./restore-changes.ts";
import type { Run } from "./run-phase.ts";
import { messageOf } from "./run-texts.ts";
import type { Workspace } from "./workspace.ts";

export interface TakenUp {
  readonly session: { readonly id: string; readonly resume: boolean };
  /** Of the first step to do; null where it begins here. */
  readonly resume: StepResume | null;
  readonly told: readonly Told[];
}

/** Before the agent gets its folders: until then nothing in them is its own. */
export async function takeUp(
  run: Pick<Run, "job" | "newId" | "say">,
  place: ConversationPlace,
  workspace: Workspace,
  checkpoint: Checkpoint | null,
): Promise<TakenUp> {
  const afresh = { id: run.newId(), resume: false };
  if (checkpoint === null) return { session: afresh, resume: null, told: [] };
  const { executionState, resumeContext } = checkpoint;
  const session = (await restoreConversation(run, place, executionState.conversation)) ?? afresh;
  const told = session.resume ? resumeContext.told : [];
  if (!isAtStep(checkpoint, run.job)) return { session, resume: null, told };
  const left = [...resumeContext.leftOut, ...(await restoreChanges(workspace, resumeContext.changes))];
  for (const path of left) warn(run, `what the step had changed in ${path} is not put back`);
  const pending = session.resume ? resumeContext.pendingActions : [];
  return { session, resume: { pending, round: resumeContext.round, leftOut: left }, told };
}

async function restoreConversation(
  run: Pick<Run, "say">,
  place: ConversationPlace,
  conversation: Checkpoint["executionState"]["conversation"],
): Promise<TakenUp["session"] | null> {
  if (conversation === null) return null;
  try {
    await unpackConversation(place, conversation);
    return { id: conversation.sessionId, resume: true };
  } catch (error) {
    await rm(join(place.configDir, "projects"), { recursive: true, force: true });
    warn(run, goesOnFromBranch(messageOf(error)));
    return null;
  }
}
