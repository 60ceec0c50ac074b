import type { Phase } from "../core/playbook.ts";
import { faultMessage, planPathsOf, runOfPhase } from "../core/plan-tables.ts";
import { readPlan } from "../core/read-plan.ts";
import type { Tree } from "../core/report.ts";
import { pathFrom, treeIn } from "../core/tree-in.ts";
import { stepOfPath } from "./step-of-path.ts";
import type { Looked } from "./tree-check.ts";

/**
 * The tables of the run that a phase plans or works by are whole and agree with each other, the settings and the catalogs.
 * Costs one file for each table. A phase that has no run has no tables.
 */
export async function checkPlanTables(tree: Tree, phase: Phase): Promise<Looked> {
  const runId = runOfPhase(phase);
  if (runId === null) return { findings: [], looked: 0 };
  const { db, phases } = planPathsOf(runId);
  const placed = (path: string): string => pathFrom(phase.root, path);
  const begun = stepOfPath(phase, placed(phases)) === null;
  const { faults } = await readPlan(treeIn(tree, phase.root), runId, { begun });
  return {
    findings: faults.map((fault) => ({
      check: "plan-tables",
      step: stepOfPath(phase, placed(fault.path)),
      path: placed(fault.path),
      line: fault.line,
      message: faultMessage(fault),
    })),
    looked: tree.paths.filter((path) => path.startsWith(placed(`${db}/`))).length,
  };
}
