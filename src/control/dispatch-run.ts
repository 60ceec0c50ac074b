import { grantsOf, liveRunOf, outlineOfPhase, type ExistingTask } from "../core/state.ts";
import { budgetLeft, heldUsdMin, limitInTheWay } from "./budget.ts";
import type { Asked } from "./handle-command.ts";
import { noteSettings } from "./note-settings.ts";
import { awaitedWorkflow } from "./own-changes.ts";
import type { EffectOf, Performing } from "./performing.ts";
import { DispatchRefused } from "./ports/github.ts";
import { RetryLater } from "./ports/retry-later.ts";

/** With less a run could not pay for its first question. */
const runUsdMin = 0.01;

const heldMs = 60_000;

export async function dispatchRun(
  performing: Performing,
  state: ExistingTask,
  effect: EffectOf<"DispatchRun">,
): Promise<Asked | null> {
  const run = liveRunOf(state);
  if (run?.runId !== effect.runId || run.dispatched !== null) return null;
  const { github } = performing;
  const limit = await limitInTheWay(performing, state);
  if (limit !== null) {
    const { resetsAt, message } = limit;
    return { type: "PauseTask", reason: { kind: "rate-limited", resetsAt, message } };
  }
  const { leftUsd, isHeld, ...budget } = await budgetLeft(performing, await asOfNow(performing, state), "dispatched");
  // It is not spent: whoever has it may leave some of it.
  if (leftUsd < heldUsdMin && isHeld) {
    throw new RetryLater("other runs of the model account may still spend what is left of its day", heldMs);
  }
  if (leftUsd < runUsdMin) return { type: "PauseTask", reason: { kind: "budget-exhausted", ...budget } };
  const preflight = await github.preflight(state.repository);
  if (preflight.fault !== null) return { type: "PauseTask", reason: preflight.fault };
  await noteSettings(performing, state, preflight);
  const awaited = await awaitedWorkflow(performing, state, effect.phase);
  if (awaited !== null) {
    const { path, branch } = awaited;
    return { type: "PauseTask", reason: { kind: "workflow-file-awaited", path, branch } };
  }
  try {
    const dispatched = await github.dispatchRun(state.repository, {
      runId: effect.runId,
      taskId: state.taskId,
      phase: phaseLabel(state, effect.phase),
      ref: preflight.defaultBranch,
      grants: grantsOf(state).map(({ slot, dependency }) => ({ slot, name: dependency.name })),
    });
    return {
      type: "RecordDispatch",
      runId: effect.runId,
      workflowRunId: dispatched.workflowRunId,
      url: dispatched.url,
    };
  } catch (error) {
    if (error instanceof DispatchRefused) {
      return { type: "PauseTask", reason: { kind: "dispatch-refused", message: error.message } };
    }
    throw error;
  }
}

/** Whoever raises the day's budget in the repository's file wants to go on: what was read at the last dispatch would hold the task. */
async function asOfNow({ github }: Performing, state: ExistingTask): Promise<ExistingTask> {
  if (state.settings.limits.dayBudgetUsd === null) return state;
  const { settings, faults } = await github.readSettings(state.repository);
  return faults.length > 0 ? state : { ...state, settings };
}

/** What GitHub's list of runs shows. Nothing of it comes from the text or the model. */
function phaseLabel(state: ExistingTask, phase: number): string {
  return `${outlineOfPhase(state, phase).title} · issue #${state.issue.number}`;
}
