import { appIsAtWork, branchOf, isReadyToShow, isSettled, taskBranchOf, type ExistingTask } from "../core/state.ts";
import { baseOf, targetNameOf } from "./base-branch.ts";
import type { Asked } from "./handle-command.ts";
import { noteSettings } from "./note-settings.ts";
import type { EffectOf, Performing } from "./performing.ts";
import { viewOf } from "./task-view.ts";
import { isCiLater } from "./watch-ci.ts";

export async function openGate(performing: Performing, state: ExistingTask, phase: number): Promise<Asked | null> {
  const { github } = performing;
  const progress = state.phases.find((candidate) => candidate.phase === phase);
  if (isSettled(state) || progress === undefined || progress.gate !== null || progress.completed !== null) return null;
  const branch = branchOf(state, phase);
  const base = await baseOf(performing, state);
  const head = await github.headOf(state.repository, branch);
  // A step without changes has nothing to show yet; the next one opens the gate.
  if (head === null || head === base.headSha) return null;
  const opened = await github.openGate(state.repository, {
    branch,
    base: base.name,
    view: await viewOf(performing, state),
    phase,
  });
  return { type: "RecordGateOpened", phase, ...opened };
}

/** Brings the task's own branch in where its work is to end. */
export async function openFinalGate(performing: Performing, state: ExistingTask): Promise<Asked | null> {
  const branch = taskBranchOf(state);
  if (isSettled(state) || branch === null || state.finalGate !== null) return null;
  const base = await targetNameOf(performing, state);
  const view = await viewOf(performing, state);
  return {
    type: "RecordFinalGate",
    gate: await performing.github.openFinalGate(state.repository, { branch, base, view }),
  };
}

export async function presentGate(
  performing: Performing,
  state: ExistingTask,
  effect: EffectOf<"PresentGate">,
): Promise<Asked | null> {
  const phase = state.phases.find((candidate) => candidate.phase === effect.phase);
  if (isSettled(state) || phase === undefined || phase.gate === null || phase.completed !== null) return null;
  // A newer verdict has its own effect behind this one.
  if (isReadyToShow(phase) !== effect.ready) return null;
  // Nothing is ready for people while a run is at work on it.
  if (effect.ready && !appIsAtWork(state) && state.status !== "review") return null;
  const { pullRequest } = phase.gate;
  const seen = effect.ready ? await performing.github.readGate(state.repository, pullRequest) : null;
  // Nobody could review it: the task waits until the gate is open again, and then presents it anew.
  if (seen !== null && !seen.open && !seen.merged) return { type: "RecordGateClosed", pullRequest };
  const preflight = effect.ready ? await performing.github.preflight(state.repository) : null;
  if (preflight !== null) await noteSettings(performing, state, preflight);
  const { headSha } = await performing.github.presentGate(state.repository, {
    view: await viewOf(performing, state),
    phase: effect.phase,
    ready: effect.ready,
    branch: branchOf(state, effect.phase),
    // What was held back when it was presented is let go by the approval alone.
    ciLater: preflight === null || phase.ci?.kind === "held" || isCiLater(preflight),
  });
  return effect.ready ? { type: "RecordGateReady", phase: effect.phase, headSha } : null;
}

export async function releaseCi(performing: Performing, state: ExistingTask, phase: number): Promise<Asked | null> {
  if (isSettled(state) || gateOf(state, phase) === null) return null;
  const headSha = await performing.github.releaseCi(state.repository, {
    view: await viewOf(performing, state),
    phase,
    branch: branchOf(state, phase),
  });
  return headSha === null ? null : { type: "RecordCiReleased", phase, headSha };
}

export async function reopenGate({ github }: Performing, state: ExistingTask, pullRequest: number): Promise<null> {
  // Cancelled or closed once more since: what somebody wants now goes before what somebody wanted then.
  if (isSettled(state) || state.blockedBy?.kind === "gate-closed") return null;
  await github.reopenGate(state.repository, pullRequest);
  return null;
}

export async function showCheck(performing: Performing, state: ExistingTask, phase: number | null): Promise<null> {
  const gate = phase === null ? state.finalGate : gateOf(state, phase);
  const branch = phase === null ? taskBranchOf(state) : branchOf(state, phase);
  if (gate === null || branch === null) return null;
  const view = await viewOf(performing, state);
  await performing.github.showCheck(state.repository, { view, phase, branch });
  return null;
}

export function gateOf(state: ExistingTask, phase: number) {
  return state.phases.find((candidate) => candidate.phase === phase)?.gate ?? null;
}
