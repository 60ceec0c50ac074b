/** Whether a gate can still be merged into its base; where it can't, the agent brings the two together, or people are told why not. */
import { createHash } from "node:crypto";
import { isAgentConfiguration } from "../core/agent-configuration.ts";
import { mergePaths, unmergeablePaths, type MergeSides } from "../core/merge-paths.ts";
import { withPathsOfPhase, type Phase } from "../core/playbook.ts";
import {
  currentPhaseOf,
  isHeadShown,
  presentedHeadOf,
  taskBranchOf,
  type ExistingTask,
  type PhaseProgress,
} from "../core/state.ts";
import { limits, type Feedback as FeedbackText } from "../protocol/runner.ts";
import { baseOf } from "./base-branch.ts";
import { itemOfWords, saveWords } from "./gate-feedback.ts";
import { handleCommand, queueEffect, type Asked, type CommandHandling } from "./handle-command.ts";
import type { Intent } from "./intents.ts";
import { awaitedWorkflow } from "./own-changes.ts";
import { keyOf, taskById } from "./people.ts";
import type { EffectOf, Performing } from "./performing.ts";
import { phaseDefinition } from "./phase-definition.ts";
import type { Notice } from "./ports/notices.ts";
import { NotYet } from "./ports/retry-later.ts";
import type { Verifier } from "./ports/verifier.ts";
import type { Processing } from "./process-message.ts";

type ConflictNotice = Extract<Notice, { kind: "conflict" }>;

const secondMs = 1_000;
/** Between two looks while GitHub works it out. */
const looksMs: readonly number[] = [5, 10, 30, 60, 120].map((seconds) => seconds * secondMs);
const lookMsMax = 300 * secondMs;
/** Half an hour. The next webhook or sweep asks again. */
const looksMax = 10;

/** One push sends several webhooks, and GitHub needs a moment to notice that what it knew is out of date. */
const togetherMs = 5 * secondMs;

const pathsShownMax = 20;

/** Has the gate of the task looked at; soon, and once for however many ask for it. */
export async function queueLookAtBase(handling: CommandHandling, task: ExistingTask): Promise<void> {
  const phase = currentPhaseOf(task);
  const headSha = phase === null ? null : presentedHeadOf(phase);
  if (
    phase === null ||
    headSha === null ||
    task.blockedBy !== null ||
    !isHeadShown(task, { phase: phase.phase, headSha })
  )
    return;
  const at = new Date(handling.clock.now().getTime() + togetherMs).toISOString();
  await queueEffect(handling, task.taskId, { kind: "LookAtBase", phase: phase.phase, headSha }, { at }, {});
}

/** A merge is heard first: what it brings is no change of what it brought. */
async function queueCompareItems(handling: CommandHandling, { taskId }: ExistingTask): Promise<void> {
  const at = new Date(handling.clock.now().getTime() + togetherMs).toISOString();
  await queueEffect(handling, taskId, { kind: "CompareItems" }, { at }, {});
}

/** Somebody pushed to a branch: what counts is where each task's own gate would be merged. */
export async function onBaseMoved(
  processing: Processing,
  { repository: { repositoryId }, branch, isDefault }: Extract<Intent, { kind: "base-moved" }>,
): Promise<void> {
  for (const taskId of await processing.store.openTasks({ repositoryId })) {
    const task = await taskById(processing, taskId);
    if (task === null) continue;
    const named = taskBranchOf(task) ?? task.input.baseBranch;
    if (named === null ? !isDefault : named !== branch) continue;
    await hearAwaitedFile(processing, task);
    await queueLookAtBase(processing, task);
    if (task.itemsAt !== null) await queueCompareItems(processing, task);
  }
}

/** Goes on once the workflow that a person had to bring in is there. */
async function hearAwaitedFile(processing: Processing, task: ExistingTask): Promise<void> {
  const phase = currentPhaseOf(task);
  if (task.blockedBy?.kind !== "workflow-file-awaited" || phase === null) return;
  if ((await awaitedWorkflow(processing, task, phase.phase)) !== null) return;
  await handleCommand(processing, task.taskId, {
    type: "LiftBlock",
    kinds: ["workflow-file-awaited"],
    by: "the file",
  });
}

export async function lookAtBase(
  performing: Performing,
  task: ExistingTask,
  effect: EffectOf<"LookAtBase">,
  putOffs: number,
): Promise<Asked | null> {
  const phase = currentPhaseOf(task);
  if (phase === null || phase.gate === null || task.blockedBy !== null || !isHeadShown(task, effect)) return null;
  const gate = await performing.github.readGate(task.repository, phase.gate.pullRequest);
  if (gate === null || !gate.open || gate.conflicted === false) return null;
  if (gate.conflicted === null) {
    if (putOffs >= looksMax) return null;
    throw new NotYet("GitHub is still working out whether it can be merged", looksMs[putOffs] ?? lookMsMax);
  }
  return takeUpConflict(performing, task, { phase, headSha: gate.headSha, gateBase: gate.base });
}

/** One attempt that merges the two, or a word to people where the agent must not. */
export async function takeUpConflict(
  performing: Performing,
  task: ExistingTask,
  { phase, headSha, gateBase }: { readonly phase: PhaseProgress; readonly headSha: string; readonly gateBase: string },
): Promise<Asked | null> {
  const { github, verifier, policy } = performing;
  const base = await baseOf(performing, task);
  const presentedSha = presentedHeadOf(phase);
  // Pointed elsewhere: that has its own webhook.
  if (presentedSha === null || gateBase !== base.name) return null;
  const tell = (why: ConflictNotice["why"], paths: readonly string[]) =>
    notifyConflict(performing, task, phase, { headSha, base: base.name, why, paths });
  if (phase.conflictReworks >= policy.conflictReworksMax) return tell("again", []);
  const ends = { headSha, baseSha: base.headSha };
  const sides = await github.readMerge(task.repository, ends);
  if (sides === null) return tell("unclear", []);
  // All of it is in the head by now: GitHub's word is older than that.
  if (sides.mergeBaseSha === base.headSha) return null;
  const definition = await phaseDefinition(performing, task, phase.phase);
  const { bothChanged } = mergePaths(sides);
  const barred = new Set([
    ...unmergeablePaths(sides),
    ...bothChanged.filter(isAgentConfiguration),
    ...(await outsidePaths(verifier, definition, bothChanged)),
  ]);
  if (barred.size > 0) return tell("not-ours", [...barred].toSorted());
  if (bothChanged.length === 0) return tell("unclear", []);
  const words = wordsOfConflict(verifier, definition, base.name, { ...sides, ...ends }, bothChanged);
  return {
    type: "RecordConflict",
    phase: phase.phase,
    presentedSha,
    base: base.name,
    ...ends,
    mergeBaseSha: sides.mergeBaseSha,
    feedback: words.map(itemOfWords),
    textHash: await saveWords(performing.store, task.taskId, words),
  };
}

/** Those that no changeset of the phase may hold. */
async function outsidePaths(
  verifier: Verifier,
  definition: Phase,
  paths: readonly string[],
): Promise<readonly string[]> {
  const outside: string[] = [];
  const wide = withPathsOfPhase(definition);
  for (const path of paths) {
    // One by one, since a finding names a path as people read it.
    const written = { kind: "written", path, mode: "100644", content: new Uint8Array() } as const;
    const findings = await verifier.changesetFindings([written], wide, definition.steps[0]?.slug ?? "");
    if (findings.length > 0) outside.push(path);
  }
  return outside;
}

/** All at one step, the first whose documents are among them: its changes bring the two sides together as a whole. */
function wordsOfConflict(
  verifier: Verifier,
  definition: Phase,
  base: string,
  sides: MergeSides & { readonly baseSha: string },
  bothChanged: readonly string[],
): readonly FeedbackText[] {
  const named = new Set(bothChanged.map((path) => verifier.stepOfPath(definition, path)));
  const step = definition.steps.find(({ slug }) => named.has(slug)) ?? definition.steps.at(-1);
  return bothChanged.slice(0, limits.feedbackMax).map((path) => ({
    id: idOf(sides.baseSha, path),
    request: "change" as const,
    step: step?.slug ?? "",
    path,
    line: null,
    hunk: null,
    comments: [{ by: "GitHub", text: textOf(sides, base, path) }],
  }));
}

const idCharactersMax = 200;

/** The path, or where that is too long what stands for it. */
function idOf(baseSha: string, path: string): string {
  const id = `conflict:${baseSha}:${path}`;
  if (id.length <= idCharactersMax) return id;
  return `conflict:${baseSha}:${createHash("sha256").update(path).digest("hex")}`;
}

function textOf({ head, base: theirs }: MergeSides, base: string, path: string): string {
  if (!theirs.has(path)) {
    return `This phase changed the file, and ${base} deleted it since. Keep it only if the phase still needs it.`;
  }
  if (!head.has(path)) {
    return `This phase deleted the file, and ${base} changed it since. Delete it again only if nothing of that change is needed.`;
  }
  return `This phase changed the file, and so did ${base} since. Make one text of both that keeps what each side meant; where the two differ, conflict markers show both.`;
}

/** Said once for each head. */
async function notifyConflict(
  { github }: Performing,
  task: ExistingTask,
  phase: PhaseProgress,
  { headSha, base, why, paths }: Pick<ConflictNotice, "base" | "why" | "paths"> & { readonly headSha: string },
): Promise<null> {
  const pullRequest = phase.gate?.pullRequest ?? task.issue.number;
  const notice = {
    kind: "conflict",
    base,
    why,
    paths: paths.slice(0, pathsShownMax),
    reworks: phase.conflictReworks,
  } as const;
  await github.notify(task.repository, pullRequest, keyOf(`conflict:${task.taskId}:${headSha}`), notice, task);
  return null;
}
