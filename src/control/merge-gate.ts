/** `merge: auto`: the app merges what was approved on its head, for whoever approved it. */
import { joined } from "../core/phrase.ts";
import type { TaskSettings } from "../core/settings.ts";
import {
  currentPhaseOf,
  mayApprove,
  mergeableHeadOf,
  taskBranchOf,
  unverifiedHeadOf,
  type ExistingTask,
  type Gate,
  type PhaseProgress,
} from "../core/state.ts";
import { targetNameOf } from "./base-branch.ts";
import { readGateSaid } from "./gate-feedback.ts";
import { handleCommand, type Asked } from "./handle-command.ts";
import { keyOf, personOf } from "./people.ts";
import type { EffectOf, Performing } from "./performing.ts";
import { NotYet } from "./ports/retry-later.ts";
import { changedBoxes } from "./take-up-vetoes.ts";
import { viewOf } from "./task-view.ts";
import { takeUpConflict } from "./watch-base.ts";

const secondMs = 1_000;
const triesMs: readonly number[] = [10, 30, 60, 120].map((seconds) => seconds * secondMs);
const tryMsMax = 300 * secondMs;
/** Some three hours. What GitHub is not done with by then a person has to look at. */
const triesMax = 40;

/** What a person said when the gate was asked for is asked of GitHub anew: nothing undoes a merge. */
export async function mergeGate(
  performing: Performing,
  before: ExistingTask,
  effect: EffectOf<"MergeGate">,
  putOffs: number,
): Promise<Asked | null> {
  const { github, log } = performing;
  const { repository } = before;
  const asked = await askAnew(performing, before, effect);
  if (asked === null) return null;
  const { task, phase, gate, settings } = asked;
  const by = await approverOf(performing, task, gate, settings);
  if (by === null) return null;
  const seen = await github.readGate(repository, gate.pullRequest);
  if (seen === null) return null;
  // By an earlier try, whose answer was lost.
  if (seen.merged) return merged(gate, by, seen.mergeSha ?? "");
  const base = taskBranchOf(task) ?? (await targetNameOf({ github }, task));
  // Each of them is heard by its own webhook, and changes what is to be merged.
  if (!seen.open || seen.draft || seen.base !== base || seen.headSha !== effect.headSha) return null;
  const boxes = await github.readVetoBoxes(repository, gate.pullRequest);
  const isVetoed = changedBoxes(boxes, phase).some(({ ticked }) => ticked);
  if (isVetoed && putOffs < triesMax) throw tryLater("a tick in the gate's body was not heard yet", putOffs);
  if (isVetoed) return null;
  const wish = { pullRequest: gate.pullRequest, headSha: effect.headSha, view: await viewOf(performing, task) };
  const result = await github.mergeGate(repository, { ...wish, phase: phase.phase });
  if (result.kind === "merged") return merged(gate, by, result.mergeSha);
  if (result.kind === "conflict") {
    return takeUpConflict(performing, task, { phase, headSha: effect.headSha, gateBase: seen.base });
  }
  if (result.kind === "not-yet" && putOffs < triesMax) throw tryLater(result.message, putOffs);
  log.warn({ taskId: task.taskId, pullRequest: gate.pullRequest, why: result.message }, "a gate was not merged");
  const key = keyOf(`not-merged:${task.taskId}:${effect.headSha}`);
  const notice = { kind: "refused", command: "merge: auto", reason: joined([result.message]) } as const;
  await github.notify(repository, gate.pullRequest, key, notice, task);
  return null;
}

/** Said once for each head. */
export async function notifyUnverified(
  { github }: Performing,
  task: ExistingTask,
  { phase: number, headSha }: EffectOf<"NotifyUnverified">,
): Promise<null> {
  const phase = currentPhaseOf(task);
  const by = phase?.gate?.approvedBy.findLast((login) => mayApprove(task, login));
  if (phase?.phase !== number || phase.gate === null || by === undefined) return null;
  if (unverifiedHeadOf(task) !== headSha) return null;
  const { pullRequest } = phase.gate;
  const notice = { kind: "unverified-head", pullRequest, by, headSha } as const;
  await github.notify(task.repository, pullRequest, keyOf(`unverified:${task.taskId}:${headSha}`), notice, task);
  return null;
}

function merged({ pullRequest }: Gate, by: string, mergeSha: string): Asked {
  return { type: "RecordMerge", pullRequest, by, mergeSha };
}

function tryLater(message: string, putOffs: number): NotYet {
  return new NotYet(message, triesMs[putOffs] ?? tryMsMax);
}

interface Wanted {
  readonly task: ExistingTask;
  readonly phase: PhaseProgress;
  readonly gate: Gate;
  readonly settings: TaskSettings;
}

/** With the settings and the reviews of this moment. Null where it is not wanted, or not any more. */
async function askAnew(
  performing: Performing,
  before: ExistingTask,
  effect: EffectOf<"MergeGate">,
): Promise<Wanted | null> {
  const known = wantedOf(before, effect);
  if (known === null) return null;
  const { settings, fault } = await performing.github.preflight(before.repository);
  if (settings.merge !== "auto" || fault?.kind === "settings-invalid") return null;
  const said = await readGateSaid(performing, before, known.phase, known.gate.pullRequest);
  if (said === null) return null;
  const { state } = await handleCommand(performing, before.taskId, said.asked);
  const wanted = state.status === "absent" ? null : wantedOf(state, effect);
  return wanted === null ? null : { ...wanted, settings };
}

function wantedOf(
  task: ExistingTask,
  { phase: number, headSha }: EffectOf<"MergeGate">,
): Omit<Wanted, "settings"> | null {
  const phase = currentPhaseOf(task);
  const gate = phase?.gate ?? null;
  if (phase === null || phase.phase !== number || gate === null) return null;
  return mergeableHeadOf(task) === headSha ? { task, phase, gate } : null;
}

/** Who approved it, may still write, and is not kept from approving (Q5). */
async function approverOf(
  performing: Performing,
  task: ExistingTask,
  { approvedBy }: Gate,
  settings: TaskSettings,
): Promise<string | null> {
  for (const login of approvedBy) {
    if (!mayApprove({ ...task, settings }, login)) continue;
    if ((await personOf(performing, task.repository, login)).mayWrite) return login;
  }
  return null;
}
