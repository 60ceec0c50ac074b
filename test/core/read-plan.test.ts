import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readTables, tableText, withCell, writeTables } from "../../src/core/markdown-table.ts";
import { columns, type PlanFault } from "../../src/core/plan-tables.ts";
import { readPlan } from "../../src/core/read-plan.ts";
import { memoryTree } from "../verify/memory-tree.ts";
import { outputs, paths, planFiles, runId } from "./plan-files.ts";

const faultsOf = async (files: Record<string, string>, begun = false): Promise<readonly PlanFault[]> =>
  (await readPlan(memoryTree(files), runId, { begun })).faults;

/** The files with one cell of a table saying something else. */
function saying(
  path: string,
  place: number,
  column: string,
  text: string,
  files: Record<string, string> = planFiles(),
): Record<string, string> {
  const read = readTables(files[path] ?? "");
  const table = read.parts.find((part) => typeof part !== "string");
  const at = table?.header.texts.indexOf(column) ?? -1;
  const line = table?.rows[place - 1]?.line ?? 0;
  if (at === -1 || line === 0) throw new Error(`no cell ${column} in row ${place} of ${path}`);
  return { ...files, [path]: writeTables(withCell(read, { line, column: at, text })) };
}

const tasks = paths.tasks("ph-1", "stg-1", "sub-01");
const lastTasks = paths.tasks("ph-2", "stg-1", "sub-01");

describe("a plan", () => {
  test("is what its tables say", async () => {
    const { plan, faults } = await readPlan(memoryTree(planFiles()), runId, { begun: false });
    expect(faults).toEqual([]);
    expect(plan.phases.map(({ id, name, stages }) => [id, name, stages.length])).toEqual([
      ["ph-1", "PLANNING", 1],
      ["ph-2", "DRAFTING", 1],
    ]);
    const [first, second] = plan.phases[0]?.stages[0]?.subStages[0]?.tasks ?? [];
    expect(first).toEqual({
      id: "tsk-01",
      name: "Collect complaints",
      reason: "They lie in many places.",
      purpose: "List all complaints with their date.",
      status: "PENDING",
      references: ["data/complaints.md"],
      guidelines: [],
      output: outputs.collect,
      procedure: null,
      search: { reason: "Last week's are missing.", purpose: "Find those of last week." },
    });
    expect(second?.procedure?.text).toBe("One card each, then pile.");
    expect(second?.search).toBeNull();
    expect(plan.phases[1]?.stages[0]?.subStages[0]?.tasks[0]).toMatchObject({
      output: outputs.report,
      guidelines: ["guidelines/tone.md"],
    });
  });

  test.each([
    [paths.phases, 1, "phase_id", "ph-2", 'expected "ph-1"'],
    [paths.phases, 2, "run_id", "run-002", 'expected "run-001", found "run-002"'],
    [paths.phases, 2, "phase_name", "SHIPPING", "expected a name of settings/set_phases.md (PLANNING, DRAFTING)"],
    [paths.phases, 1, "phase_reason", "", "expected a text"],
    [paths.phases, 1, "phase_purpose", "x".repeat(2_001), "expected 2000 characters at most, found 2001"],
    [paths.phases, 1, "status", "COMPLETED", 'expected "PENDING" in a plan'],
    [paths.phases, 1, "status", "pending", 'expected "PENDING" in a plan'],
    [paths.stages("ph-2"), 1, "phase_id", "ph-1", 'expected "ph-2"'],
    [paths.stages("ph-2"), 1, "stage_name", "Guess", "expected a name of settings/set_stages.md (Solve)"],
    [paths.subStages("ph-1", "stg-1"), 1, "stage_id", "stg-2", 'expected "stg-1"'],
    [paths.subStages("ph-1", "stg-1"), 1, "sub_stage_id", "sub-1", 'expected "sub-01"'],
    [paths.subStages("ph-1", "stg-1"), 1, "sub_stage_name", "two<br>lines", "expected one line"],
    [tasks, 2, "task_id", "tsk-03", 'expected "tsk-02"'],
    [tasks, 2, "task_id", "tsk-01", 'expected "tsk-02"'],
    [tasks, 2, "sub_stage_id", "sub-02", 'expected "sub-01"'],
    [tasks, 2, "task_name", "…", "expected a name with letters or digits"],
    [tasks, 2, "mcp_id", "none", "expected an mcp_id of settings/mcp_list.md or none"],
    [tasks, 1, "related_references", "", "expected a JSON array of paths"],
    [tasks, 1, "related_references", "data/complaints.md", "expected a JSON array of paths"],
    [tasks, 1, "related_references", "[1]", "expected a JSON array of paths"],
    [tasks, 1, "related_references", '["/data/complaints.md"]', 'without "/" in front and without ".."'],
    [tasks, 1, "related_references", '["data/../x.md"]', 'found "data/../x.md"'],
    [tasks, 1, "related_references", '["https://example.com/x"]', 'found "https://example.com/x"'],
    [tasks, 1, "related_references", '["data/other.md"]', "expected paths of db/data_base_catalog.md"],
    [lastTasks, 1, "related_guidelines", '["data/complaints.md"]', "expected paths of db/guidelines_base_catalog.md"],
    [lastTasks, 1, "output_folder", "/outputs/", 'expected "outputs/" for a final result'],
    [tasks, 2, "output_path", "runs/run-001/workspace/x.md", "expected an empty cell"],
    [tasks, 2, "output_path", outputs.sort, "expected an empty cell"],
    [tasks, 2, "pre_tool_reason", "Some are missing.", "expected the purpose of the search"],
    [tasks, 2, "pre_tool_purpose", "Find them.", "expected the reason of the search"],
    ["settings/set_phases.md", 1, "phase_value", "", "expected a text"],
    ["settings/set_stages.md", 1, "when_to_use", "", "expected a text"],
    ["db/data_base_catalog.md", 1, "path", "../complaints.md", "expected a path relative to the root"],
  ])("with %s, row %i, %s: %j is told where and what was expected", async (path, place, column, text, expected) => {
    const files = saying(path, place, column, text);
    const faults = await faultsOf(files);
    const line = (path === "settings/set_phases.md" ? 4 : 2) + place;
    const [told] = faults.filter((fault) => fault.path === path && fault.line === line);
    expect(told?.message).toContain(expected);
    // The purpose of a search is missed in its own column.
    const missed = { pre_tool_reason: "pre_tool_purpose", pre_tool_purpose: "pre_tool_reason" }[column];
    expect(told?.column).toBe(missed ?? column);
  });

  test("draws only from what earlier tasks make", async () => {
    const early = saying(tasks, 1, "related_references", JSON.stringify([outputs.sort]));
    expect(await faultsOf(early)).toMatchObject([{ path: tasks, line: 3, column: "related_references" }]);
  });

  test("reads old spellings of folders and catalogs", async () => {
    const files = saying(lastTasks, 1, "output_folder", "output/");
    expect(await faultsOf(files)).toEqual([]);
    const { "db/guidelins_base_catalog.md": catalog = "", ...others } = files;
    expect(await faultsOf({ ...others, "db/guidelines_base_catalog.md": catalog })).toEqual([]);
    const { "db/data_base_catalog.md": data = "", ...rest } = files;
    expect(await faultsOf({ ...rest, "db/run-001_knowledge_base_catalog.md": data })).toEqual([]);
    expect(await faultsOf({ ...rest, "db/knowledge_base_catalog.md": data })).toEqual([]);
    expect(await faultsOf({ ...rest, "db/run-002_knowledge_base_catalog.md": data })).not.toEqual([]);
  });

  test("takes a dash alone for nothing: enough where a cell may be empty, and a fault where not", async () => {
    const optional = ["mcp_id", "related_guidelines", "output_path", "pre_tool_reason", "pre_tool_purpose"];
    const files = optional.reduce((before, column) => saying(lastTasks, 1, column, "-", before), planFiles());
    expect(await faultsOf(files)).toEqual([]);
    expect(await faultsOf(saying(lastTasks, 1, "task_purpose", "-"))).toMatchObject([{ column: "task_purpose" }]);
  });

  test("takes a missing catalog for an empty one, and a missing list of procedures, too", async () => {
    const { "db/guidelins_base_catalog.md": _guidelines, "settings/mcp_list.md": _list, ...files } = planFiles();
    expect((await faultsOf(files)).map(({ column }) => column)).toEqual(["mcp_id", "related_guidelines"]);
  });

  test("needs the settings that it follows", async () => {
    const { "settings/set_phases.md": _phases, "settings/set_stages.md": _stages, ...files } = planFiles();
    expect(await faultsOf(files)).toMatchObject([
      { path: "settings/set_phases.md", line: null },
      { path: "settings/set_stages.md", line: null },
    ]);
  });

  test("has a table for each part, with rows, and none beside", async () => {
    const { [tasks]: _tasks, ...files } = planFiles();
    files[paths.subStages("ph-2", "stg-1")] = tableText(columns.subStages, []);
    files["runs/run-001/db/ph-3_stages.md"] = tableText(columns.stages, []);
    expect((await faultsOf(files)).map(({ path, message }) => `${path}: ${message}`)).toEqual([
      expect.stringMatching(/^runs\/run-001\/db\/ph-1_stg-1_sub-01_tasks\.md: .*found no such file/u),
      expect.stringMatching(/^runs\/run-001\/db\/ph-2_stg-1_sub_stages\.md: expected one row at least/u),
      expect.stringMatching(/^runs\/run-001\/db\/ph-2_stg-1_sub-01_tasks\.md: expected only the tables/u),
      expect.stringMatching(/^runs\/run-001\/db\/ph-3_stages\.md: expected only the tables/u),
    ]);
  });

  test("is no longer than people can follow", async () => {
    const row = (place: number) => [`ph-${place}`, runId, "PLANNING", "Why.", "What.", "PENDING"];
    const phases = tableText(
      columns.phases,
      Array.from({ length: 16 }, (_, index) => row(index + 1)),
    );
    const faults = await faultsOf({ ...planFiles(), [paths.phases]: phases });
    expect(faults).toContainEqual(expect.objectContaining({ line: 18, message: "expected 15 rows at most, found 16" }));
  });
});

describe("a table", () => {
  test.each([
    ["no table", "Phases follow.\n", null, "expected one table with the columns phase_id"],
    ["another order", "| run_id | phase_id |\n|---|---|\n", 1, "in this order, found run_id | phase_id"],
    ["a second table", `${planFiles()[paths.phases] ?? ""}\n| a |\n|---|\n`, 6, "expected one table in this file"],
    ["too few cells", `${planFiles()[paths.phases] ?? ""}| ph-3 |\n`, 5, "expected 6 cells, found 1"],
    [
      "a pipe too many",
      `${planFiles()[paths.phases] ?? ""}|1|2|3|4|5|6|7|\n`,
      5,
      String.raw`write a "|" inside a cell as "\|"`,
    ],
  ])("with %s is refused", async (_, text, line, expected) => {
    const faults = await faultsOf({ ...planFiles(), [paths.phases]: text });
    const [told] = faults.filter(({ path }) => path === paths.phases);
    expect(told?.line).toBe(line);
    expect(told?.message).toContain(expected);
  });

  test("may quote its cells as code and stand in a text", async () => {
    const files = planFiles();
    const quoted = (files[tasks] ?? "")
      .replaceAll("tsk-01 ", "`tsk-01` ")
      .replace('["data/complaints.md"]', '`["data/complaints.md"]`');
    const escaped = quoted.replace("| task_id |", String.raw`| task\_id |`);
    expect(
      await faultsOf({ ...files, [tasks]: `# Tasks\n\nOf the first part.\n\n${escaped}\nThat is all.\n` }),
    ).toEqual([]);
  });
});

test("whatever stands in the files of a plan, reading it names faults", async () => {
  const names = Object.keys(planFiles());
  const text = fc.oneof(
    fc.string(),
    fc.constantFrom("| ".repeat(20_000), "-".repeat(100_000), "<!-- -->\n".repeat(20_000), "`".repeat(100_000)),
    fc
      .constantFrom(...Object.values(columns))
      .chain((named) =>
        fc
          .array(fc.array(fc.oneof(fc.string(), fc.constant("_-".repeat(50_000))), { maxLength: 15 }), { maxLength: 4 })
          .map((rows) => tableText(named, rows)),
      ),
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...names), text, async (path, said) => {
      expect(await faultsOf({ ...planFiles(), [path]: said })).not.toEqual([]);
    }),
    { numRuns: 60 },
  );
});

describe("a plan under way", () => {
  test("names the result of what is completed", async () => {
    const files = saying(tasks, 1, "status", "COMPLETED");
    expect(await faultsOf(files, true)).toEqual([]);
    expect(await faultsOf(files, false)).toMatchObject([{ column: "status" }]);
    const without = saying(lastTasks, 1, "status", "COMPLETED");
    expect(await faultsOf(without, true)).toMatchObject([{ column: "output_path", path: lastTasks }]);
    expect(await faultsOf(saying(tasks, 1, "status", "DONE"), true)).toMatchObject([{ column: "status" }]);
  });
});
