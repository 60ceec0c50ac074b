/** The tables of a planned run (`runs/<run>/db/`), of the settings that it follows and of the catalogs that it draws from. */
import { readTables, tablesOf } from "./markdown-table.ts";
import type { Phase } from "./playbook.ts";

/** What is wrong with a table, and what was expected. */
export interface PlanFault {
  readonly path: string;
  /** From 1; null where the file as a whole is meant. */
  readonly line: number | null;
  /** By its name. */
  readonly column: string | null;
  /** One sentence that says what was expected. */
  readonly message: string;
}

/** The fault as a sentence, without its place in the file. */
export function faultMessage({ column, message }: PlanFault): string {
  return column === null ? `${message.charAt(0).toUpperCase()}${message.slice(1)}.` : `Column "${column}": ${message}.`;
}

/** The columns of each table, in their order; there are no others. */
export const columns = {
  phases: ["phase_id", "run_id", "phase_name", "phase_reason", "phase_purpose", "status"],
  stages: ["stage_id", "run_id", "phase_id", "stage_name", "stage_reason", "stage_purpose", "status"],
  subStages: [
    "sub_stage_id",
    "run_id",
    "stage_id",
    "sub_stage_name",
    "sub_stage_reason",
    "sub_stage_purpose",
    "status",
  ],
  tasks: [
    "task_id",
    "run_id",
    "sub_stage_id",
    "task_name",
    "task_reason",
    "task_purpose",
    "mcp_id",
    "related_references",
    "related_guidelines",
    "output_folder",
    "output_path",
    "pre_tool_reason",
    "pre_tool_purpose",
    "status",
  ],
  setPhases: ["phase_name", "phase_value", "when_to_use"],
  setStages: ["stage_name", "stage_method", "when_to_use"],
  mcpList: ["mcp_id", "mcp_name", "mcp_procedure"],
  catalog: ["path", "title", "summary"],
} as const;

export const statuses = ["PENDING", "COMPLETED"] as const;
export type PlanStatus = (typeof statuses)[number];

/** What comes first is what the app writes; the other spellings are read, too. */
export const settingsPaths = {
  phases: "settings/set_phases.md",
  stages: "settings/set_stages.md",
  mcps: "settings/mcp_list.md",
  dataCatalog: ["db/data_base_catalog.md"],
  guidelinesCatalog: ["db/guidelines_base_catalog.md", "db/guidelins_base_catalog.md"],
} as const;

/** Of all runs: the master list, and what their users asked for. */
export const recordPaths = { runs: "db/process_runs.md", instructions: "db/user_instructions.md" } as const;

export function planPathsOf(runId: string) {
  const db = `runs/${runId}/db`;
  return {
    db,
    workspace: `runs/${runId}/workspace`,
    phases: `${db}/phases.md`,
    stages: (phase: string) => `${db}/${phase}_stages.md`,
    subStages: (phase: string, stage: string) => `${db}/${phase}_${stage}_sub_stages.md`,
    tasks: (phase: string, stage: string, subStage: string) => `${db}/${phase}_${stage}_${subStage}_tasks.md`,
    feedback: `data/${runId}_feedback_for_user.md`,
    knowledgeCatalog: [`db/${runId}_knowledge_base_catalog.md`, "db/knowledge_base_catalog.md"],
  };
}

/** The id that the row of this place must have: ids count up from 1 without holes. */
export const idOfRow = {
  phases: (place: number) => `ph-${place}`,
  stages: (place: number) => `stg-${place}`,
  subStages: (place: number) => `sub-${String(place).padStart(2, "0")}`,
  tasks: (place: number) => `tsk-${String(place).padStart(2, "0")}`,
} as const;

/** A second task on an issue counts on behind its number. */
const RUN_ID = /^run-\d{3,}(?:-\d+)?$/u;

export function isRunId(text: string): boolean {
  return RUN_ID.test(text);
}

/** The first run that the paths of a phase name; null where it plans none and works on none. */
export function runOfPhase({ root, allowedPaths, steps }: Phase): string | null {
  const folder = root === "" ? "" : `${root}/`;
  for (const path of [...steps.flatMap(({ outputs }) => outputs), ...allowedPaths]) {
    const inside = path.startsWith(folder) ? path.slice(folder.length) : "";
    const run = /^runs\/(?<run>run-[0-9-]+)\//u.exec(inside)?.groups?.["run"];
    if (run !== undefined && isRunId(run)) return run;
  }
  return null;
}

export interface Row<Column extends string> {
  readonly path: string;
  readonly line: number;
  /** From 1, rows that could not be read counted. */
  readonly place: number;
  /** What the row says in each column. */
  readonly said: Readonly<Record<Column, string>>;
}

export interface Table<Column extends string> {
  readonly rows: readonly Row<Column>[];
  readonly faults: readonly PlanFault[];
}

/** Reads the one table of a file. A row that does not have just these columns is named and left out. */
export function readTable<const Columns extends readonly string[]>(
  path: string,
  text: string,
  expected: Columns,
): Table<Columns[number]> {
  const [table, second] = tablesOf(readTables(text));
  const wanted = `the columns ${expected.join(" | ")}`;
  const fault = (line: number | null, message: string): PlanFault => ({ path, line, column: null, message });
  if (table === undefined) return { rows: [], faults: [fault(null, `expected one table with ${wanted}, found none`)] };
  const { header, alignment } = table;
  const named = header.texts.map(plain);
  if (named.length !== expected.length || named.some((name, column) => name !== expected[column])) {
    return { rows: [], faults: [fault(header.line, `expected ${wanted}, in this order, found ${named.join(" | ")}`)] };
  }
  if (alignment.texts.length !== expected.length) {
    const found = `expected ${expected.length} cells of dashes below the columns, found ${alignment.texts.length}`;
    return { rows: [], faults: [fault(alignment.line, found)] };
  }
  const faults: PlanFault[] = [];
  if (second !== undefined) faults.push(fault(second.header.line, "expected one table in this file, found a second"));
  const rows: Row<Columns[number]>[] = [];
  for (const [index, { line, texts }] of table.rows.entries()) {
    if (texts.length !== expected.length) {
      const hint = texts.length > expected.length ? String.raw`; write a "|" inside a cell as "\|"` : "";
      faults.push(fault(line, `expected ${expected.length} cells, found ${texts.length}${hint}`));
      continue;
    }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the columns are just these
    const said = Object.fromEntries(expected.map((name, column) => [name, plain(texts[column] ?? "")])) as Record<
      Columns[number],
      string
    >;
    rows.push({ path, line, place: index + 1, said });
  }
  return { rows, faults };
}

/** A cell that is quoted as code as a whole says what is quoted; an underscore may be escaped. A dash alone says that there is nothing. */
function plain(text: string): string {
  if (text === "-") return "";
  const code = /^(?<marks>`+)(?!`)(?<inside>.+?)(?<!`)\k<marks>$/su.exec(text)?.groups;
  return code === undefined ? text.replaceAll(String.raw`\_`, "_") : (code["inside"] ?? "").trim();
}

/** What is wrong with a path as the tables name it, or null: relative to the root, with `/`, without `..`. */
export function pathFault(path: string): string | null {
  if (path === "") return "an empty path";
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  if (/[\u0000-\u001f\u007f\\]/u.test(path) || /^[a-z][a-z0-9+.-]*:/iu.test(path) || path.startsWith("/")) {
    return `"${path}"`;
  }
  return path.split("/").some((segment) => segment === "" || segment === "." || segment === "..") ? `"${path}"` : null;
}

/** A JSON array of paths, or null where the text is none. */
export function pathsIn(text: string): readonly string[] | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!Array.isArray(value)) return null;
  const paths = value.filter((entry: unknown) => typeof entry === "string");
  return paths.length === value.length ? paths : null;
}

const FILE_NAME_CHARACTERS_MAX = 40;

/** A name as part of a file's name: letters and digits of any language, the rest as `_`. Empty where nothing is left. */
export function asFileName(name: string): string {
  const plainly = name
    // Whatever is longer was refused.
    .slice(0, 10 * FILE_NAME_CHARACTERS_MAX)
    .normalize("NFC")
    .replaceAll(/[^\p{L}\p{M}\p{N}-]+/gu, "_")
    .replaceAll(/^[_-]+|[_-]+$/gu, "");
  return Array.from(plainly).slice(0, FILE_NAME_CHARACTERS_MAX).join("").replace(/_+$/u, "");
}
