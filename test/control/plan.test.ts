import { describe, expect, test } from "vitest";
import { planPathsOf } from "../../src/core/plan-tables.ts";
import { outputs, planFiles as filesOf } from "../core/plan-files.ts";
import { world, type World, type WorldOptions } from "./world.ts";

const paths = planPathsOf("run-007");
const ofIssue = (text: string): string => text.replaceAll("run-001", "run-007");

/** The run has the number of the issue. */
function planFiles(): Record<string, string> {
  return Object.fromEntries(Object.entries(filesOf()).map(([path, text]) => [ofIssue(path), ofIssue(text)]));
}

/** The planning phase has written the tables, and is in review. */
async function planned(
  files: Record<string, string> = planFiles(),
  options: WorldOptions = {},
  issue: { readonly body?: string } = {},
): Promise<World> {
  const told = await world(options);
  told.github.openIssue(7, { labels: ["run"], ...issue });
  await told.label("run");
  const runner = await told.openRun();
  const changes = Object.entries(files).map(([path, text]) => {
    return { kind: "written", path, mode: "100644", contentBase64: Buffer.from(text).toString("base64") } as const;
  });
  await runner.handOver("01_phases", changes);
  await runner.end({ kind: "completed" });
  await told.settle();
  return told;
}

const broken = () => {
  const files = planFiles();
  return { ...files, [paths.phases]: (files[paths.phases] ?? "").replace("| ph-2 |", "| ph-3 |") };
};

describe("a phase that plans what follows", () => {
  test("is followed by the phases of its tables, with a step for each sub-stage and a turn for each task", async () => {
    const told = await planned();
    await told.mergeGate(31);
    const task = await told.task();
    expect(task.playbook.phases.map(({ number, name, budgetUsd }) => [number, name, budgetUsd])).toEqual([
      [1, "plan", 5],
      [2, "planning", 3],
      [3, "drafting", 3],
    ]);
    const runner = await told.openRun();
    expect(runner.job.phase).toMatchObject({ number: 2, name: "planning", title: "Planning" });
    expect(runner.job.phase.steps[0]?.turns?.map(({ output }) => output)).toEqual(
      [outputs.collect, outputs.sort].map(ofIssue),
    );
    expect(runner.job.phase.steps[0]?.planned?.subStage).toBe("sub-01");
    expect(runner.job.stepsToDo).toEqual(["stg-1_sub-01"]);
  });

  test("is read in the folder that the form names, and followed there", async () => {
    const below = Object.fromEntries(Object.entries(planFiles()).map(([path, text]) => [`tools/${path}`, text]));
    const body = "### What is the goal?\n\nA plan of what neighbours lend.\n\n### Output directory\n\ntools";
    const told = await planned(below, {}, { body });
    await told.mergeGate(31);
    expect((await told.task()).input.outputDirectory).toBe("tools");
    const [step] = (await told.openRun()).job.phase.steps;
    const wanted = [outputs.collect, outputs.sort].map((path) => `tools/${ofIssue(path)}`);
    expect(step?.turns?.map(({ output }) => output)).toEqual(wanted);
    expect(step?.outputs).toEqual(wanted);
  });

  test("does not end the task, though its playbook names no other", async () => {
    const told = await planned();
    await told.mergeGate(31);
    const types = await told.types();
    expect(types.slice(types.indexOf("PhaseCompleted") + 1)).toEqual([
      "PhasesPlanned",
      "PhaseStarted",
      "RunRequested",
      "RunDispatched",
    ]);
    expect((await told.task()).status).toBe("pending");
  });

  test("whose tables can't be worked by holds the task, and says where; once mended they are read again", async () => {
    const told = await planned(broken());
    await told.mergeGate(31);
    const { blockedBy } = await told.task();
    expect(blockedBy).toMatchObject({ kind: "plan-invalid", phase: 1 });
    expect(JSON.stringify(blockedBy)).toContain(`${paths.phases}, line 4: Column \\"phase_id\\": expected \\"ph-2\\"`);
    expect(told.github.notices()).toMatchObject([{ kind: "blocked", reason: { kind: "plan-invalid" } }]);

    await told.comment("run");
    expect((await told.task()).blockedBy?.kind).toBe("plan-invalid");

    told.github.push("main", paths.phases, planFiles()[paths.phases] ?? "");
    await told.comment("run");
    expect(await told.types()).toContain("PhasesPlanned");
    expect((await told.openRun()).job.phase.number).toBe(2);
  });

  test("that is merged during a pause is read when somebody goes on", async () => {
    const told = await planned();
    await told.comment("pause");
    await told.mergeGate(31);
    expect(await told.types()).not.toContain("PhasesPlanned");
    await told.comment("resume");
    expect(await told.types()).toContain("PhasesPlanned");
  });

  test("gives its phases the installation's budget where that goes before the playbook's", async () => {
    const told = await planned(planFiles(), { phaseBudgetUsd: 7 });
    await told.mergeGate(31);
    expect((await told.task()).playbook.phases.map(({ budgetUsd }) => budgetUsd)).toEqual([7, 7, 7]);
  });

  test("leaves none of its words behind where the task's texts are erased", async () => {
    const told = await planned();
    await told.mergeGate(31);
    const { hash } = (await told.task()).playbook;
    expect(await told.store.readText(hash)).toContain("List all complaints");
    await told.comment("delete");
    expect(await told.store.readText(hash)).toBeNull();
    expect(JSON.stringify(await told.events())).not.toContain("Read complaints");
  });
});
