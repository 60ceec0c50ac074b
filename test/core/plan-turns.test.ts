import { describe, expect, test } from "vitest";
import { readTables, tablesOf } from "../../src/core/markdown-table.ts";
import { runRecords } from "../../src/core/plan-records.ts";
import { turnsForRows } from "../../src/core/plan-turns.ts";
import { memoryTree } from "../verify/memory-tree.ts";
import { paths, planFiles, runId } from "./plan-files.ts";

describe("the turns of a planner", () => {
  test.each([
    ["phases", "Stage Plan Establishment", ["ph-1", "ph-2"], [paths.stages("ph-1"), paths.stages("ph-2")]],
    [
      "stages",
      "Sub-Stage Plan Establishment",
      ["ph-1_stg-1", "ph-2_stg-1"],
      [paths.subStages("ph-1", "stg-1"), paths.subStages("ph-2", "stg-1")],
    ],
    [
      "sub-stages",
      "Task Plan Establishment",
      ["ph-1_stg-1_sub-01", "ph-2_stg-1_sub-01"],
      [paths.tasks("ph-1", "stg-1", "sub-01"), paths.tasks("ph-2", "stg-1", "sub-01")],
    ],
  ] as const)(
    "for %s are the protocol %s, one for each row, with a file each",
    async (level, context, ids, outputs) => {
      const turns = await turnsForRows(memoryTree(planFiles()), runId, level);
      expect(turns.map(({ id }) => id)).toEqual(ids);
      expect(turns.map(({ output }) => output)).toEqual(outputs);
      for (const { guide } of turns) expect(guide).toContain(`Protocol Context: \`${context}\``);
    },
  );

  test("name all parameters of their row", async () => {
    const [turn] = await turnsForRows(memoryTree(planFiles()), runId, "sub-stages");
    expect(turn?.guide).toContain(
      "- run_id: `run-001`\n- phase_id: `ph-1`\n- stage_id: `stg-1`\n- sub_stage_id: `sub-01`\n",
    );
  });

  test("are none where there are no rows yet", async () => {
    expect(await turnsForRows(memoryTree({}), runId, "phases")).toEqual([]);
  });
});

describe("the records of a run", () => {
  const asked = { runId, issueNumber: 7, title: "Borrowers | complain", text: "Find out why.\n\nWrite it down." };
  const rowsOf = (text: string | undefined) =>
    tablesOf(readTables(text ?? "")).flatMap(({ rows }) => rows.map(({ texts }) => texts));

  test("say that it is there and what the user wants", async () => {
    const written = await runRecords(asked, async () => null);
    expect(rowsOf(written.get("db/process_runs.md"))).toEqual([
      ["run-001", "#7", "Borrowers | complain", "IN_PROGRESS"],
    ]);
    expect(rowsOf(written.get("db/user_instructions.md"))).toEqual([
      ["run-001", "#7", "Borrowers | complain\n\nFind out why.\n\nWrite it down."],
    ]);
    expect(written.get(paths.feedback)).toContain("## Borrowers | complain\n\nFind out why.\n\nWrite it down.\n");
  });

  test("come behind those of other runs, and once", async () => {
    const first = await runRecords({ ...asked, runId: "run-002" }, async () => null);
    const both = await runRecords(asked, async (path) => first.get(path) ?? null);
    expect(rowsOf(both.get("db/process_runs.md")).map(([id]) => id)).toEqual(["run-002", "run-001"]);
    expect((await runRecords(asked, async (path) => both.get(path) ?? null)).size).toBe(0);
  });

  test("leave what people wrote in these files", async () => {
    const written = await runRecords(asked, async () => "Our runs.\n");
    expect(written.get("db/process_runs.md")).toMatch(/^Our runs\.\n\n\| run_id \|/u);
    expect(written.has(paths.feedback)).toBe(false);
  });
});
