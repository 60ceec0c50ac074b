/** What happened to a gate, as GitHub says at this moment: the webhook, or the look that replaces it, only wakes. */
import {
  currentPhaseOf,
  isSettled,
  mayApprove,
  presentedHeadOf,
  taskBranchOf,
  type ExistingTask,
} from "../core/state.ts";
import { targetNameOf } from "./base-branch.ts";
import { readGateSaid } from "./gate-feedback.ts";
import { handleCommand, queueEffect, type Asked, type Cause } from "./handle-command.ts";
import type { Intent } from "./intents.ts";
import { personOf, taskById } from "./people.ts";
import type { GateState } from "./ports/gates.ts";
import type { Processing } from "./process-message.ts";
import { changedBoxes } from "./take-up-vetoes.ts";
import { queueLookAtBase } from "./watch-base.ts";
import { queueLookAtCi } from "./watch-ci.ts";

type IntentOf<Kind extends Intent["kind"]> = Extract<Intent, { kind: Kind }>;

export async function onReviewsChanged(
  processing: Processing,
  { repository, pullRequest, isPush }: IntentOf<"reviews-changed">,
  cause: Cause,
): Promise<void> {
  const task = await taskById(
    processing,
    await processing.store.taskOfPullRequest(repository.repositoryId, pullRequest),
  );
  if (task === null) return;
  if (isPush === true) await queueLookAtBase(processing, task);
  await hearReviews(processing, task, pullRequest, cause);
}

export async function onGateChanged(
  processing: Processing,
  { repository, pullRequest, sender }: IntentOf<"gate-changed">,
  inboxKey: string,
): Promise<void> {
  const { store } = processing;
  const task = await taskById(processing, await store.taskOfPullRequest(repository.repositoryId, pullRequest));
  if (task === null) return;
  await queueLookAtBase(processing, task);
  await hearGate(processing, task, pullRequest, sender, { inboxKey });
}

export async function onGateEdited(
  processing: Processing,
  { repository, pullRequest, sender }: IntentOf<"gate-edited">,
): Promise<void> {
  const { store } = processing;
  const task = await taskById(processing, await store.taskOfPullRequest(repository.repositoryId, pullRequest));
  if (task !== null) await hearBoxes(processing, task, pullRequest, sender);
}

/** Of the open tasks whose gate shows that commit. */
export async function onCiChanged(
  processing: Processing,
  { repository: { repositoryId }, headSha }: IntentOf<"ci-changed">,
): Promise<void> {
  for (const taskId of await processing.store.openTasks({ repositoryId })) {
    const task = await taskById(processing, taskId);
    const phase = task === null ? null : currentPhaseOf(task);
    if (task !== null && phase !== null && presentedHeadOf(phase) === headSha) await queueLookAtCi(processing, task);
  }
}

/**
 * Ticks in the gate's body that differ from what is known. `sender` edited it; null for a look that nobody caused: then it
 * was whoever GitHub names, or, where it names nobody, one with write, since nobody else may edit what the app wrote.
 */
export async function hearBoxes(
  processing: Processing,
  task: ExistingTask,
  pullRequest: number,
  sender: string | null,
): Promise<void> {
  const phase = task.phases.find(({ gate }) => gate?.pullRequest === pullRequest);
  if (phase === undefined || phase.completed !== null || phase.decisions.list.length === 0) return;
  const boxes = await processing.github.readVetoBoxes(task.repository, pullRequest);
  const asked = changedBoxes(boxes, phase);
  if (asked.length === 0) return;
  const editor = sender ?? (await processing.github.lastEditorOf(task.repository, pullRequest));
  const by =
    editor === null ? { login: "GitHub", mayWrite: true } : await personOf(processing, task.repository, editor);
  // Their right may have been revoked since. What stayed would be taken for the wish of whoever edits next.
  if (!by.mayWrite) {
    const known = asked.map(({ attempt, number, ticked }) => ({ attempt, number, ticked: !ticked }));
    return processing.github.setVetoBoxes(task.repository, pullRequest, known);
  }
  for (const { attempt, number, ticked } of asked) {
    const which = { by, attempt, number };
    await handleCommand(
      processing,
      task.taskId,
      ticked ? { type: "VetoDecision", ...which, reason: null } : { type: "WithdrawVeto", ...which },
      { userId: by.login },
    );
  }
}

/** Verdicts and threads. */
export async function hearReviews(
  processing: Processing,
  task: ExistingTask,
  pullRequest: number,
  cause: Cause,
): Promise<void> {
  if (task.finalGate?.pullRequest === pullRequest && !isSettled(task)) {
    await queueEffect(processing, task.taskId, { kind: "ShowCheck", phase: null }, "now", {});
  }
  const phase = task.phases.find(({ gate }) => gate?.pullRequest === pullRequest);
  if (phase === undefined || phase.completed !== null) return;
  const said = await readGateSaid(processing, task, phase, pullRequest);
  if (said === null) return;
  // Whatever people put on top of it, or took away: branch protection waits for a check of the new head.
  if (task.status === "review" && said.asked.headSha !== presentedHeadOf(phase)) {
    await queueEffect(processing, task.taskId, { kind: "ShowCheck", phase: phase.phase }, "now", {});
  }
  await handleCommand(processing, task.taskId, said.asked, cause);
}

/** Merged, closed, open again, or pointed elsewhere. `sender` caused it, as far as anybody knows. Answers the gate as it was read. */
export async function hearGate(
  processing: Processing,
  task: ExistingTask,
  pullRequest: number,
  sender: string | null,
  cause: Cause,
): Promise<GateState | null> {
  const gate = await processing.github.readGate(task.repository, pullRequest);
  if (gate !== null) await hearState(processing, task, gate, sender, cause);
  return gate;
}

async function hearState(
  processing: Processing,
  task: ExistingTask,
  gate: GateState,
  sender: string | null,
  cause: Cause,
): Promise<void> {
  const { github } = processing;
  const { pullRequest } = gate;
  const by = mergerOf(task, gate, pullRequest) ?? sender;
  const whole: Cause = by === null ? cause : { ...cause, userId: by };
  const ask = (asked: Asked) => handleCommand(processing, task.taskId, asked, whole);
  if (gate.open || gate.merged) {
    const isFinal = task.finalGate?.pullRequest === pullRequest;
    const own = isFinal ? null : taskBranchOf(task);
    const name = own ?? (await targetNameOf({ github }, task));
    if (gate.base !== name) {
      await ask({ type: "RecordRetarget", pullRequest, base: gate.base, merged: gate.merged });
      return;
    }
  }
  if (gate.merged) {
    // What failed for the phase that is over must not stand before the work of the next one.
    await processing.store.reviveEffects(task.taskId, processing.clock.now().toISOString());
    await ask({ type: "RecordMerge", pullRequest, by: by ?? "unknown", mergeSha: gate.mergeSha ?? "" });
  } else if (!gate.open) {
    await ask({ type: "RecordGateClosed", pullRequest });
  } else if (isAboutThisGate(task, pullRequest)) {
    // The look that nobody caused takes the state for somebody's wish: only people with write can bring it about.
    const mayGoOn = sender === null || (await personOf(processing, task.repository, sender)).mayWrite;
    if (!mayGoOn) return;
    await processing.store.reviveEffects(task.taskId, processing.clock.now().toISOString());
    await ask({ type: "LiftBlock", kinds: ["gate-closed", "gate-retargeted"], by: sender ?? "GitHub" });
  }
}

/** Whoever approved it, where the app merged for them: its webhook may be faster than its own word. */
function mergerOf(task: ExistingTask, { mergedBy }: GateState, pullRequest: number): string | null {
  const gate = task.phases.find((phase) => phase.gate?.pullRequest === pullRequest)?.gate ?? null;
  const approver = gate?.approvedBy.find((login) => mayApprove(task, login));
  return mergedBy?.endsWith("[bot]") === true ? (approver ?? mergedBy) : mergedBy;
}

function isAboutThisGate({ blockedBy }: ExistingTask, pullRequest: number): boolean {
  return (
    (blockedBy?.kind === "gate-closed" || blockedBy?.kind === "gate-retargeted") &&
    blockedBy.pullRequest === pullRequest
  );
}
