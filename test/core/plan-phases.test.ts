import { describe, expect, test } from "vitest";
import { planPhases } from "../../src/core/plan-phases.ts";
import { withSubStageDone, writeStatus } from "../../src/core/plan-status.ts";
import type { PlannedWork } from "../../src/core/playbook.ts";
import { readPlan } from "../../src/core/read-plan.ts";
import { ResolvedPlaybook } from "../../src/guide/schema.ts";
import { criteriaOf, memoryTree } from "../verify/memory-tree.ts";
import { outputs, paths, planFiles, runId } from "./plan-files.ts";
import { plainPlaybook } from "../support/playbook-parts.ts";

const work: PlannedWork = {
  guide: "Work by the plan.\n",
  criteria: criteriaOf("outputs-exist", "plan-tables"),
  verifierGuide: "Judge it.",
  tools: ["Read", "Write"],
  sections: ["Result"],
  minCharacters: 200,
  role: "executor",
  source: "run/execute.md",
  reviewers: [],
  budgetUsd: 3,
};

async function phasesOf(files: Record<string, string>) {
  const { plan, faults } = await readPlan(memoryTree(files), runId, { begun: false });
  expect(faults).toEqual([]);
  return planPhases(plan, work, 2);
}

describe("the phases of a plan", () => {
  test("are its rows: phases, a step for each sub-stage, a turn for each task", async () => {
    const phases = await phasesOf(planFiles());
    expect(phases.map(({ number, name, title }) => [number, name, title])).toEqual([
      [2, "planning", "Planning"],
      [3, "drafting", "Drafting"],
    ]);
    const [step] = phases[0]?.steps ?? [];
    expect(step).toMatchObject({
      slug: "stg-1_sub-01",
      title: "Solve: Read complaints",
      outputs: [outputs.collect, outputs.sort],
      planned: { run: "run-001", phase: "ph-1", stage: "stg-1", subStage: "sub-01" },
    });
    expect(step?.turns?.map(({ id, output }) => [id, output])).toEqual([
      ["tsk-01", outputs.collect],
      ["tsk-02", outputs.sort],
    ]);
  });

  test("tell of each task what it is for, what it draws from, what it searches and how it is done", async () => {
    const phases = await phasesOf(planFiles());
    const [collect, sort] = phases[0]?.steps[0]?.turns ?? [];
    expect(collect?.guide).toContain("List all complaints with their date.");
    expect(collect?.guide).toContain("- `data/complaints.md`");
    expect(collect?.guide).toContain("Aim: Find those of last week.");
    expect(collect?.guide).not.toContain("procedure");
    expect(sort?.guide).toContain(`- \`${outputs.collect}\``);
    expect(sort?.guide).toContain("One card each, then pile.");
    expect(sort?.guide).not.toContain("search");
    expect(phases[1]?.steps[0]?.turns?.[0]?.guide).toContain("- `guidelines/tone.md`");
    expect(phases[1]?.steps[0]?.guide).toContain("The board wants to read it.");
  });

  test("may write their results and the statuses of their tables, and search only where that is planned", async () => {
    const [planning, drafting] = await phasesOf(planFiles());
    expect(planning?.allowedPaths).toEqual([
      "runs/run-001/workspace/ph-1_*.md",
      "outputs/ph-1_PLANNING/*.md",
      paths.phases,
      "runs/run-001/db/ph-1_*.md",
      "db/process_runs.md",
    ]);
    expect(planning?.steps[0]?.allowedPaths).toEqual([
      outputs.collect,
      outputs.sort,
      paths.phases,
      paths.stages("ph-1"),
      paths.subStages("ph-1", "stg-1"),
      paths.tasks("ph-1", "stg-1", "sub-01"),
      "db/process_runs.md",
    ]);
    expect(planning?.steps[0]?.tools).toEqual(["Read", "Write", "WebSearch", "WebFetch"]);
    expect(drafting?.steps[0]?.tools).toEqual(["Read", "Write"]);
  });

  test.each([
    ["FIRST_DRAFT", "first_draft", "First draft"],
    ["2nd Look", "nd_look", "2nd Look"],
    ["기획", "ph-1", "기획"],
  ])("named %s stand on branches as %s", async (name, branch, title) => {
    const files = planFiles();
    for (const path of ["settings/set_phases.md", paths.phases]) {
      files[path] = (files[path] ?? "").replace("PLANNING", name);
    }
    expect((await phasesOf(files))[0]).toMatchObject({ name: branch, title });
  });

  test("may be frozen like those of any playbook", async () => {
    const phases = await phasesOf(planFiles());
    const playbook = { ...plainPlaybook, name: "run", title: "Run", phases };
    expect(ResolvedPlaybook.parse(playbook)).toEqual(playbook);
  });
});

describe("statuses", () => {
  test("are written into their own cell, with the result where there is a column for it", () => {
    const before = planFiles()[paths.tasks("ph-1", "stg-1", "sub-01")] ?? "";
    const after = writeStatus(before, "tsk-02", "COMPLETED", outputs.sort);
    const [first, second] = before.split("\n").slice(2);
    const lines = after.split("\n");
    expect(lines[2]).toBe(first);
    expect(lines[3]).not.toBe(second);
    expect(lines[3]?.endsWith(`| runs/run-001/workspace/ | ${outputs.sort} |  |  | COMPLETED |`)).toBe(true);
    expect(writeStatus(before, "tsk-09", "COMPLETED", outputs.sort)).toBe(before);
    expect(writeStatus("no table", "tsk-01", "COMPLETED", null)).toBe("no table");
  });

  test("of a sub-stage complete what is done with it, up to the phase", async () => {
    const files = planFiles();
    const place = { run: runId, phase: "ph-1", stage: "stg-1", subStage: "sub-01" };
    const results = [
      { id: "tsk-01", output: outputs.collect },
      { id: "tsk-02", output: outputs.sort },
    ];
    const written = await withSubStageDone(async (path) => files[path] ?? null, place, results);
    expect([...written.keys()]).toEqual([
      paths.tasks("ph-1", "stg-1", "sub-01"),
      paths.subStages("ph-1", "stg-1"),
      paths.stages("ph-1"),
      paths.phases,
    ]);
    const done = { ...files, ...Object.fromEntries(written) };
    const { plan, faults } = await readPlan(memoryTree(done), runId, { begun: true });
    expect(faults).toEqual([]);
    expect(plan.phases.map(({ status }) => status)).toEqual(["COMPLETED", "PENDING"]);
    expect((await withSubStageDone(async (path) => done[path] ?? null, place, results)).size).toBe(0);
  });

  test("of a stage wait for its other sub-stages", async () => {
    const files = planFiles();
    const path = paths.subStages("ph-1", "stg-1");
    files[path] = `${files[path] ?? ""}| sub-02 | run-001 | stg-1 | Again | Why. | What. | PENDING |\n`;
    const place = { run: runId, phase: "ph-1", stage: "stg-1", subStage: "sub-01" };
    const written = await withSubStageDone(async (each) => files[each] ?? null, place, [
      { id: "tsk-01", output: outputs.collect },
      { id: "tsk-02", output: outputs.sort },
    ]);
    expect([...written.keys()]).toEqual([paths.tasks("ph-1", "stg-1", "sub-01"), path]);
  });
});
