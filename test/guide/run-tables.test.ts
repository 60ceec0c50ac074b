import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { columns, readTable } from "../../src/core/plan-tables.ts";
import { readPlan } from "../../src/core/read-plan.ts";
import { memoryTree } from "../verify/memory-tree.ts";

const folder = new URL("../../guide/run/", import.meta.url);
const textOf = (path: string): string => readFileSync(new URL(path, folder), "utf8");

test("the sample settings of a run can be planned by as they are", async () => {
  const files = Object.fromEntries(
    ["set_phases", "set_stages", "mcp_list"].map((name) => [
      `settings/${name}.md`,
      textOf(`samples/settings/${name}.md`),
    ]),
  );
  const { faults } = await readPlan(memoryTree(files), "run-001", { begun: false });
  // All that is missing is the plan.
  expect(faults.map(({ path }) => path)).toEqual(["runs/run-001/db/phases.md"]);
});

test.each([
  ["01_phases.md", columns.phases],
  ["02_stages.md", columns.stages],
  ["03_sub_stages.md", columns.subStages],
  ["04_tasks.md", columns.tasks],
])("the example in %s is a table as the check wants it", (guide, expected) => {
  const [, example = ""] = /^`{3,}markdown\n([^]*?)^`{3,}$/mu.exec(textOf(guide)) ?? [];
  const { rows, faults } = readTable(guide, example, expected);
  expect(faults).toEqual([]);
  expect(rows.length).toBeGreaterThan(0);
});
