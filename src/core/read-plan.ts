/** Reads the tables of a run into its plan, and says of each cell that does not hold what was expected. */
import { createCells, type Cells } from "./plan-cells.ts";
import {
  asFileName,
  columns,
  idOfRow,
  isRunId,
  pathFault,
  pathsIn,
  planPathsOf,
  readTable,
  settingsPaths,
  type PlanFault,
  type PlanStatus,
  type Row,
} from "./plan-tables.ts";
import type { Tree } from "./report.ts";

export interface Plan {
  /** e.g. `run-001`. */
  readonly runId: string;
  readonly phases: readonly PlannedPhase[];
}

interface Planned {
  /** Unique among its siblings, e.g. `stg-1`. */
  readonly id: string;
  readonly name: string;
  /** Why, in the context of what it is a part of. */
  readonly reason: string;
  readonly purpose: string;
  readonly status: PlanStatus;
}

export interface PlannedPhase extends Planned {
  readonly stages: readonly PlannedStage[];
}

export interface PlannedStage extends Planned {
  readonly subStages: readonly PlannedSubStage[];
}

export interface PlannedSubStage extends Planned {
  readonly tasks: readonly PlannedTask[];
}

export interface PlannedTask extends Planned {
  /** The work procedure that it follows. */
  readonly procedure: Procedure | null;
  readonly references: readonly string[];
  readonly guidelines: readonly string[];
  /** A search for what the references lack. */
  readonly search: { readonly reason: string; readonly purpose: string } | null;
  /** Where its result belongs. */
  readonly output: string;
}

interface Procedure {
  readonly id: string;
  readonly name: string;
  readonly text: string;
}

export interface PlanReading {
  /** All that could be read; not to be worked by while there are faults. */
  readonly plan: Plan;
  readonly faults: readonly PlanFault[];
}

/** Most that a plan may have: a phase is a gate, a sub-stage a step, a task a turn. */
const MOST = { phases: 15, stages: 12, subStages: 50, tasks: 20 } as const;
const PROCEDURE_CHARACTERS_MAX = 8_000;

/**
 * All tables of a run. A plan that was not begun has every status `PENDING`; of one under way, what is completed names its result.
 * Costs one file for each table and catalog.
 */
export async function readPlan(
  tree: Tree,
  runId: string,
  { begun }: { readonly begun: boolean },
): Promise<PlanReading> {
  if (!isRunId(runId)) throw new Error(`reading a plan: expected a run id such as run-001, got "${runId}"`);
  const cells = createCells({ begun });
  const reader = await openReader(tree, runId, cells);
  const phases = await reader.phases();
  reader.nameStrangers();
  return { plan: { runId, phases }, faults: cells.faults };
}

async function openReader(tree: Tree, runId: string, cells: Cells) {
  const { faults, fault, faultOf, idOf, sameAs, textIn, nameIn, about, statusOf, oneOf, pathsOf, searchIn } = cells;
  const paths = planPathsOf(runId);
  const present = new Set(tree.paths);
  const known = new Set<string>();
  const settings = {
    phases: await namesIn(settingsPaths.phases, columns.setPhases, "phase_name"),
    stages: await namesIn(settingsPaths.stages, columns.setStages, "stage_name"),
    procedures: await procedures(),
  };
  const guidelines = await catalog(settingsPaths.guidelinesCatalog);
  /** What a task may draw from: catalogued, or made by a task before it. */
  const material = new Set([
    ...(await catalog(settingsPaths.dataCatalog)),
    ...(await catalog(paths.knowledgeCatalog)),
    paths.feedback,
  ]);

  return { phases, nameStrangers };

  async function phases(): Promise<readonly PlannedPhase[]> {
    const read: PlannedPhase[] = [];
    for (const row of await rowsOf(paths.phases, "phases")) {
      const { said } = row;
      const id = idOf(row, "phase_id", idOfRow.phases(row.place));
      sameAs(row, "run_id", runId);
      const name = oneOf(row, "phase_name", settings.phases, settingsPaths.phases);
      if (asFileName(name) === "") fault(row, "phase_name", "expected a name with letters or digits");
      const planned = { ...about(row, "phase_reason", "phase_purpose"), name, status: statusOf(row) };
      const steps = { subStages: 0 };
      if (id !== null) read.push({ id, ...planned, stages: await stages({ id, name: said.phase_name }, steps) });
    }
    return read;
  }

  async function stages(
    phase: Pick<Planned, "id" | "name">,
    steps: { subStages: number },
  ): Promise<readonly PlannedStage[]> {
    const read: PlannedStage[] = [];
    for (const row of await rowsOf(paths.stages(phase.id), "stages")) {
      const id = idOf(row, "stage_id", idOfRow.stages(row.place));
      sameAs(row, "run_id", runId);
      sameAs(row, "phase_id", phase.id);
      const name = oneOf(row, "stage_name", settings.stages, settingsPaths.stages);
      const planned = { ...about(row, "stage_reason", "stage_purpose"), name, status: statusOf(row) };
      if (id !== null) read.push({ id, ...planned, subStages: await subStages(phase, id, steps) });
    }
    return read;
  }

  async function subStages(
    phase: Pick<Planned, "id" | "name">,
    stage: string,
    steps: { subStages: number },
  ): Promise<readonly PlannedSubStage[]> {
    const read: PlannedSubStage[] = [];
    for (const row of await rowsOf(paths.subStages(phase.id, stage), "subStages")) {
      const id = idOf(row, "sub_stage_id", idOfRow.subStages(row.place));
      sameAs(row, "run_id", runId);
      sameAs(row, "stage_id", stage);
      const name = nameIn(row, "sub_stage_name");
      const planned = { ...about(row, "sub_stage_reason", "sub_stage_purpose"), name, status: statusOf(row) };
      steps.subStages += 1;
      if (steps.subStages === MOST.subStages + 1) {
        fault(row, "sub_stage_id", `expected ${MOST.subStages} sub-stages at most in all stages of a phase`);
      }
      if (id !== null) read.push({ id, ...planned, tasks: await tasks(phase, stage, id) });
    }
    return read;
  }

  async function tasks(
    phase: Pick<Planned, "id" | "name">,
    stage: string,
    subStage: string,
  ): Promise<readonly PlannedTask[]> {
    const rows = await rowsOf(paths.tasks(phase.id, stage, subStage), "tasks");
    const read: PlannedTask[] = [];
    for (const [index, row] of rows.entries()) {
      const { said } = row;
      const id = idOf(row, "task_id", idOfRow.tasks(row.place));
      sameAs(row, "run_id", runId);
      sameAs(row, "sub_stage_id", subStage);
      const name = nameIn(row, "task_name");
      if (asFileName(name) === "") fault(row, "task_name", "expected a name with letters or digits");
      const planned = { ...about(row, "task_reason", "task_purpose"), name, status: statusOf(row) };
      const references = pathsOf(row, "related_references", "[]");
      for (const path of references.filter((each) => !material.has(each))) {
        const expected = `expected paths of ${settingsPaths.dataCatalog[0]} or ${paths.knowledgeCatalog[0] ?? ""}, or what an earlier task makes`;
        fault(row, "related_references", `${expected}, found "${path}"`);
      }
      const ruled = said.related_guidelines === "" ? [] : pathsOf(row, "related_guidelines", "an empty cell");
      for (const path of ruled.filter((each) => !guidelines.has(each))) {
        const expected = `expected paths of ${settingsPaths.guidelinesCatalog[0]}`;
        fault(row, "related_guidelines", `${expected}, found "${path}"`);
      }
      const output = outputOf(row, `${phase.id}_${stage}_${subStage}_${id ?? ""}_${asFileName(name)}.md`, phase);
      const isUsed = rows.slice(index + 1).some((later) => pathsIn(later.said.related_references)?.includes(output));
      resultIn(row, planned.status, output, isUsed);
      material.add(output);
      const rest = { references, guidelines: ruled, output, procedure: procedureIn(row), search: searchIn(row) };
      if (id !== null) read.push({ id, ...planned, ...rest });
    }
    return read;
  }

  /** Tables that no row of the plan has asked for. */
  function nameStrangers(): void {
    for (const path of tree.paths.filter((each) => each.startsWith(`${paths.db}/`) && !known.has(each))) {
      faultOf(path, "expected only the tables of the plan here: no row of it has this file");
    }
  }

  async function rowsOf<Name extends "phases" | "stages" | "subStages" | "tasks">(path: string, name: Name) {
    known.add(path);
    const expected: (typeof columns)[Name] = columns[name];
    const text = present.has(path) ? await tree.read(path) : null;
    if (text === null) {
      faultOf(path, `expected a table with the columns ${expected.join(" | ")}, found no such file`);
      return [];
    }
    const table = readTable(path, text, expected);
    faults.push(...table.faults);
    if (table.rows.length === 0 && table.faults.length === 0) {
      faultOf(path, "expected one row at least, found none");
    }
    const beyond = table.rows[MOST[name]];
    if (beyond !== undefined) fault(beyond, null, `expected ${MOST[name]} rows at most, found ${table.rows.length}`);
    return table.rows.slice(0, MOST[name]);
  }

  function outputOf(row: Row<"output_folder">, file: string, phase: Pick<Planned, "id" | "name">): string {
    const { output_folder: folder } = row.said;
    const inWorkspace = `${paths.workspace}/`;
    if (folder === "output/" || folder === "outputs/") {
      return `outputs/${phase.id}_${asFileName(phase.name)}/${file}`;
    }
    if (folder !== inWorkspace) {
      const wanted = `"outputs/" for a final result of the phase, else "${inWorkspace}"`;
      fault(row, "output_folder", `expected ${wanted}, found "${folder}"`);
    }
    return `${inWorkspace}${file}`;
  }

  /** `output_path` is written after the work; before, only where a later task of the sub-stage draws from it. */
  function resultIn(row: Row<"output_path">, status: PlanStatus, output: string, isUsed: boolean): void {
    const found = row.said.output_path;
    if (status === "COMPLETED" ? found === output : found === "" || found === "(not_plan)") return;
    if (status === "PENDING" && isUsed && found === output) return;
    const wanted =
      status === "COMPLETED"
        ? `"${output}", where a completed task has its result`
        : `an empty cell, or "${output}" where a later task of the sub-stage draws from it`;
    fault(row, "output_path", `expected ${wanted}, found "${found}"`);
  }

  function procedureIn(row: Row<"mcp_id">): Procedure | null {
    const { mcp_id: id } = row.said;
    if (id === "") return null;
    const procedure = settings.procedures.get(id) ?? null;
    if (procedure === null) fault(row, "mcp_id", `expected an mcp_id of ${settingsPaths.mcps} or none, found "${id}"`);
    return procedure;
  }

  /** Null where the file is missing or its table is none; what is there is in their order. */
  async function namesIn<const Columns extends readonly string[]>(
    path: string,
    expected: Columns,
    column: Columns[number],
  ): Promise<ReadonlySet<string> | null> {
    const text = present.has(path) ? await tree.read(path) : null;
    if (text === null) {
      faultOf(path, `expected a table with the columns ${expected.join(" | ")}, found no such file`);
      return null;
    }
    const { rows, faults: found } = readTable(path, text, expected);
    faults.push(...found);
    const names = new Set<string>();
    for (const row of rows) {
      const name = nameIn(row, column);
      if (names.has(name)) fault(row, column, `expected each name once, found "${name}" again`);
      for (const other of expected.filter((each) => each !== column)) textIn(row, other);
      names.add(name);
    }
    if (names.size > 0) return names;
    if (found.length === 0) faultOf(path, "expected one row at least, found none");
    return null;
  }

  async function procedures(): Promise<ReadonlyMap<string, Procedure>> {
    const read = new Map<string, Procedure>();
    const path = settingsPaths.mcps;
    const text = present.has(path) ? await tree.read(path) : null;
    if (text === null) return read;
    const { rows, faults: found } = readTable(path, text, columns.mcpList);
    faults.push(...found);
    for (const row of rows) {
      const id = nameIn(row, "mcp_id");
      if (read.has(id)) fault(row, "mcp_id", `expected each id once, found "${id}" again`);
      const name = nameIn(row, "mcp_name");
      read.set(id, { id, name, text: textIn(row, "mcp_procedure", PROCEDURE_CHARACTERS_MAX) });
    }
    return read;
  }

  /** The paths of a catalog, under whichever of its names it is there; one that is missing is empty. */
  async function catalog(spellings: readonly string[]): Promise<ReadonlySet<string>> {
    const listed = new Set<string>();
    for (const path of spellings) {
      const text = present.has(path) ? await tree.read(path) : null;
      if (text === null) continue;
      const { rows, faults: found } = readTable(path, text, columns.catalog);
      faults.push(...found);
      for (const row of rows) {
        const wrong = pathFault(row.said.path);
        if (wrong === null) listed.add(row.said.path);
        else fault(row, "path", `expected a path relative to the root, found ${wrong}`);
        textIn(row, "title");
        textIn(row, "summary");
      }
    }
    return listed;
  }
}
