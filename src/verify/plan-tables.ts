import type { Phase } from "../core/playbook.ts";
import { planPathsOf, type PlanFault } from "../core/plan-tables.ts";
import { readPlan } from "../core/read-plan.ts";
import type { Tree } from "../core/report.ts";
import { stepOfPath } from "./step-of-path.ts";
import type { Looked } from "./tree-check.ts";

/**
 * The tables of the run that a phase plans or works by are whole and agree with each other, the settings and the catalogs.
 * Costs one file for each table. A phase that has no run has no tables.
 */
export async function checkPlanTables(tree: Tree, phase: Phase): Promise<Looked> {
  const runId = runOf(phase);
  if (runId === null) return { findings: [], looked: 0 };
  const { db, phases } = planPathsOf(runId);
  const begun = stepOfPath(phase, phases) === null;
  const { faults } = await readPlan(tree, runId, { begun });
  return {
    findings: faults.map((fault) => ({
      check: "plan-tables",
      step: stepOfPath(phase, fault.path),
      path: fault.path,
      line: fault.line,
      message: messageOf(fault),
    })),
    looked: tree.paths.filter((path) => path.startsWith(`${db}/`)).length,
  };
}

/** The first run that the paths of a phase name. */
function runOf({ allowedPaths, steps }: Phase): string | null {
  const paths = [...steps.flatMap(({ outputs }) => outputs), ...allowedPaths];
  for (const path of paths) {
    const run = /^runs\/(?<run>run-\d{3,6})\//u.exec(path)?.groups?.["run"];
    if (run !== undefined) return run;
  }
  return null;
}

function messageOf({ column, message }: PlanFault): string {
  return column === null ? `${capital(message)}.` : `Column "${column}": ${message}.`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
