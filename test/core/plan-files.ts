/** A small planned run as the files of a repository: two phases, and three tasks in all. */
import { columns, planPathsOf } from "../../src/core/plan-tables.ts";
import { tableText } from "../../src/core/markdown-table.ts";

export const runId = "run-001";
export const paths = planPathsOf(runId);

const workspace = "runs/run-001/workspace/";
export const outputs = {
  collect: "runs/run-001/workspace/ph-1_stg-1_sub-01_tsk-01_Collect_complaints.md",
  sort: "runs/run-001/workspace/ph-1_stg-1_sub-01_tsk-02_Sort_complaints.md",
  report: "outputs/ph-2_DRAFTING/ph-2_stg-1_sub-01_tsk-01_Write_the_report.md",
};

export function planFiles(): Record<string, string> {
  const stage = (phase: string) => ["stg-1", runId, phase, "Solve", "Nothing is known yet.", "Know it.", "PENDING"];
  const subStage = (name: string) => [
    "sub-01",
    runId,
    "stg-1",
    name,
    "It comes first.",
    "All in one place.",
    "PENDING",
  ];
  const task = (id: string, name: string, fields: readonly (readonly string[])[]) => [
    id,
    runId,
    "sub-01",
    name,
    ...fields.flat(),
    "PENDING",
  ];
  return {
    "settings/set_phases.md": `# Phases\n\n${tableText(columns.setPhases, [
      ["PLANNING", "Knows what is wanted", "Always"],
      ["DRAFTING", "Has a first text", "Where something is written"],
    ])}`,
    "settings/set_stages.md": tableText(columns.setStages, [["Solve", "Solve it, then look again", "Always"]]),
    "settings/mcp_list.md": tableText(columns.mcpList, [["sort-cards", "Sort cards", "One card each, then pile."]]),
    "db/data_base_catalog.md": tableText(columns.catalog, [["data/complaints.md", "Complaints", "Of one year"]]),
    "db/guidelins_base_catalog.md": tableText(columns.catalog, [["guidelines/tone.md", "Tone", "Plain words"]]),
    [paths.phases]: tableText(columns.phases, [
      ["ph-1", runId, "PLANNING", "Borrowers complain.", "Know why.", "PENDING"],
      ["ph-2", runId, "DRAFTING", "The board wants to read it.", "A report.", "PENDING"],
    ]),
    [paths.stages("ph-1")]: tableText(columns.stages, [stage("ph-1")]),
    [paths.stages("ph-2")]: tableText(columns.stages, [stage("ph-2")]),
    [paths.subStages("ph-1", "stg-1")]: tableText(columns.subStages, [subStage("Read complaints")]),
    [paths.subStages("ph-2", "stg-1")]: tableText(columns.subStages, [subStage("Write")]),
    [paths.tasks("ph-1", "stg-1", "sub-01")]: tableText(columns.tasks, [
      task("tsk-01", "Collect complaints", [
        ["They lie in many places.", "List all complaints with their date.", "", '["data/complaints.md"]', ""],
        [workspace, outputs.collect, "Last week's are missing.", "Find those of last week."],
      ]),
      task("tsk-02", "Sort complaints", [
        ["Same ones repeat.", "Sort them by cause.", "sort-cards", JSON.stringify([outputs.collect]), "[]"],
        [workspace, "", "", ""],
      ]),
    ]),
    [paths.tasks("ph-2", "stg-1", "sub-01")]: tableText(columns.tasks, [
      task("tsk-01", "Write the report", [
        ["The board decides on it.", "Write two pages.", "", JSON.stringify([outputs.sort, paths.feedback])],
        ['["guidelines/tone.md"]', "outputs/", "", "", ""],
      ]),
    ]),
  };
}
