/** The tables that a merged phase has left, as the phases that follow. */
import { outlineOfDefinition, type Phase, type PhaseOutline } from "../core/playbook.ts";
import { placeValuesOf } from "../core/place-values.ts";
import { planPhases } from "../core/plan-phases.ts";
import { faultMessage, type PlanFault } from "../core/plan-tables.ts";
import { readPlan } from "../core/read-plan.ts";
import { freshPhaseNumber, isSettled, outlineOfPhase, planDueOf, type ExistingTask } from "../core/state.ts";
import { treeIn } from "../core/tree-in.ts";
import { baseOf } from "./base-branch.ts";
import { saveTaskText } from "./gate-feedback.ts";
import type { Asked } from "./handle-command.ts";
import type { Performing } from "./performing.ts";

const faultsShownMax = 8;

/** Reads the base as it is now: whoever mended a table there has the plan read again. */
export async function readPlanned(performing: Performing, task: ExistingTask, number: number): Promise<Asked | null> {
  if (isSettled(task) || task.blockedBy !== null || planDueOf(task) !== number) return null;
  // As it was frozen, since the phases that are added have their places filled in like the others.
  const json = await performing.store.readText(task.playbook.hash);
  const playbook = json === null ? null : performing.playbooks.fromJson(json);
  const phase = playbook?.phases.find((each) => each.number === number);
  if (playbook === null || phase?.work === undefined) {
    throw new Error(`reading the plan of task ${task.taskId}: its playbook has none in phase ${number}`);
  }
  const { run, root } = placeValuesOf(task);
  const { headSha } = await baseOf(performing, task);
  const tree = await performing.github.readTree(task.repository, headSha);
  const { plan, faults } = await readPlan(treeIn(tree, root), run, { begun: false });
  if (faults.length > 0) {
    return { type: "RecordPlan", phase: number, plan: { kind: "faulty", ...told(faults) } };
  }
  const phases = planPhases(plan, phase.work, freshPhaseNumber(task), phase.network);
  const longer = { ...playbook, phases: [...playbook.phases, ...phases] };
  const playbookHash = await saveTaskText(performing.store, task.taskId, JSON.stringify(longer));
  const outlines = phases.map((each) => withBudgetOf(task, phase, outlineOfDefinition(each)));
  return { type: "RecordPlan", phase: number, plan: { kind: "read", playbookHash, phases: outlines } };
}

/** Where the installation's figure went before the playbook's, it does so here. */
function withBudgetOf(task: ExistingTask, planning: Phase, outline: PhaseOutline): PhaseOutline {
  const { budgetUsd } = outlineOfPhase(task, planning.number);
  return budgetUsd === planning.budgetUsd ? outline : { ...outline, budgetUsd };
}

function told(faults: readonly PlanFault[]): { readonly faults: number; readonly message: string } {
  const shown = faults.slice(0, faultsShownMax).map((fault) => {
    const place = fault.line === null ? fault.path : `${fault.path}, line ${fault.line}`;
    return `${place}: ${faultMessage(fault)}`;
  });
  return { faults: faults.length, message: shown.join(" ") };
}
