import { expect, test } from "vitest";
import { verifyPhase } from "../../src/verify/verify-phase.ts";
import { paths, planFiles } from "../core/plan-files.ts";
import { codeStep, criteriaOf, memoryTree, phaseOf } from "./memory-tree.ts";

const step = (slug: string, outputs: readonly string[]) => ({ ...codeStep, slug, outputs });
const planning = phaseOf(
  [
    step("01_phases", ["runs/run-001/db/phases.md"]),
    step("02_stages", ["runs/run-001/db/ph-*_stages.md"]),
    step("04_tasks", ["runs/run-001/db/ph-*_tasks.md"]),
  ],
  { criteria: criteriaOf("plan-tables") },
);
const working = phaseOf([step("stg-1_sub-01", ["runs/run-001/workspace/x.md"])], {
  criteria: criteriaOf("plan-tables"),
});

test("a plan whose tables agree passes", async () => {
  const { passed, checks } = await verifyPhase(memoryTree(planFiles()), planning);
  expect(passed).toBe(true);
  expect(checks[0]).toEqual({ check: "plan-tables", passed: true, looked: 7 });
});

test("each fault of a table goes to the step that writes it, with file, line, column and what was expected", async () => {
  const files = planFiles();
  const stages = paths.stages("ph-2");
  files[stages] = (files[stages] ?? "").replace("stg-1", "stg-2");
  delete files[paths.tasks("ph-1", "stg-1", "sub-01")];
  const { findings } = await verifyPhase(memoryTree(files), planning);
  expect(findings).toContainEqual({
    check: "plan-tables",
    step: "02_stages",
    path: "runs/run-001/db/ph-2_stages.md",
    line: 3,
    message: 'Column "stage_id": expected "stg-1", since ids count up from 1 without holes, found "stg-2".',
  });
  expect(findings).toContainEqual(
    expect.objectContaining({
      step: "04_tasks",
      path: "runs/run-001/db/ph-1_stg-1_sub-01_tasks.md",
      line: null,
      message: expect.stringMatching(/^Expected a table with the columns task_id \| run_id .*, found no such file\.$/u),
    }),
  );
});

test("a completed status is a fault while it is planned, and none while it is worked on", async () => {
  const files = planFiles();
  files[paths.phases] = (files[paths.phases] ?? "").replace("PENDING", "COMPLETED");
  expect((await verifyPhase(memoryTree(files), planning)).passed).toBe(false);
  expect((await verifyPhase(memoryTree(files), working)).passed).toBe(true);
});

test("a phase without a run has no tables", async () => {
  const phase = phaseOf([codeStep], { criteria: criteriaOf("plan-tables") });
  const { checks } = await verifyPhase(memoryTree({}), phase);
  expect(checks[0]).toEqual({ check: "plan-tables", passed: true, looked: 0 });
});

test("a product in a folder of its own has its tables there", async () => {
  const inside = (path: string) => `product/${path}`;
  const files = Object.fromEntries(Object.entries(planFiles()).map(([path, text]) => [inside(path), text]));
  const phase = {
    ...planning,
    root: "product",
    steps: planning.steps.map((each) => ({ ...each, outputs: each.outputs.map(inside) })),
  };
  expect((await verifyPhase(memoryTree(files), phase)).checks[0]).toMatchObject({ passed: true, looked: 7 });
  delete files[inside(paths.stages("ph-2"))];
  expect((await verifyPhase(memoryTree(files), phase)).findings[0]).toMatchObject({
    step: "02_stages",
    path: "product/runs/run-001/db/ph-2_stages.md",
  });
});
