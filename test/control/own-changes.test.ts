/** What the app itself adds to the commits of a task. */
import { describe, expect, test } from "vitest";
import { compiledFrom } from "../../src/verify/compile-workflow.ts";
import { goodSpec, specPath } from "../verify/spec-text.ts";
import { goodDefinition } from "../verify/workflow-text.ts";
import { repository, workflowDefinition, world, type World } from "./world.ts";

const compiledPath = ".github/workflows/phasegate-overdue-reminder.yml";

function fileAt(told: World, branch: string, path: string): string | null {
  return told.github.branches.get(branch)?.at(-1)?.files.get(path) ?? null;
}

function writes(path: string, text: string) {
  return { kind: "written", path, mode: "100644", contentBase64: Buffer.from(text).toString("base64") } as const;
}

/** The phase with one step, whose changes are these; then its gate is merged. */
async function phase(told: World, step: string, files: Readonly<Record<string, string>>): Promise<void> {
  const runner = await told.openRun();
  await runner.handOver(
    step,
    Object.entries(files).map(([path, text]) => writes(path, text)),
  );
  await runner.end({ kind: "completed" });
  await told.settle();
}

async function merge(told: World): Promise<void> {
  const open = [...told.github.pulls.values()].find((pull) => pull.open);
  await told.mergeGate(open?.pullRequest ?? 0);
}

async function atDevelopment(mayWriteWorkflows = true): Promise<World> {
  const told = await world();
  told.github.mayWriteWorkflows = mayWriteWorkflows;
  told.github.openIssue(7, { labels: ["workflow"] });
  await told.label("workflow");
  await phase(told, "03_definition", { [workflowDefinition]: goodDefinition });
  return told;
}

describe("a workflow definition", () => {
  test("is compiled in the phase that may write its scripts, too, and not before", async () => {
    const told = await atDevelopment();
    expect(fileAt(told, "phasegate/7-1-design", compiledPath)).toBeNull();
    await merge(told);
    await phase(told, "04_steps", { "scripts/overdue-reminder/find-overdue.mjs": "" });
    expect(fileAt(told, "phasegate/7-2-development", compiledPath)).toBe(
      compiledFrom(workflowDefinition, goodDefinition)?.text,
    );
  });

  test("is compiled as the step leaves it", async () => {
    const told = await atDevelopment();
    await merge(told);
    const changed = goodDefinition.replace("Remind of overdue tools", "Remind of tools");
    await phase(told, "04_steps", { [workflowDefinition]: changed });
    expect(fileAt(told, "phasegate/7-2-development", compiledPath)).toContain("name: Remind of tools\n");
  });

  test("that is faulty is left to the checks", async () => {
    const told = await atDevelopment();
    await merge(told);
    await phase(told, "04_steps", { [workflowDefinition]: "name: x" });
    expect(fileAt(told, "phasegate/7-2-development", compiledPath)).toBeNull();
  });

  test("is not compiled where the app may not write workflows", async () => {
    const told = await atDevelopment(false);
    await merge(told);
    await phase(told, "04_steps", { "scripts/x.mjs": "" });
    expect(fileAt(told, "phasegate/7-2-development", compiledPath)).toBeNull();
  });
});

describe("a workflow that the app may not write", () => {
  async function merged(): Promise<World> {
    const told = await atDevelopment(false);
    await merge(told);
    await phase(told, "04_steps", { "scripts/x.mjs": "" });
    await merge(told);
    return told;
  }
  const text = compiledFrom(workflowDefinition, goodDefinition)?.text ?? "";
  const push = (told: World) => told.deliver({ kind: "base-moved", repository, branch: "main", isDefault: true });

  test("is awaited on the default branch before the next phase, with its text", async () => {
    const told = await merged();
    const reason = { kind: "workflow-file-awaited", path: compiledPath, branch: "main" };
    expect((await told.task()).blockedBy).toEqual(reason);
    expect(told.github.notices()).toMatchObject([{ kind: "blocked", reason, awaited: { path: compiledPath, text } }]);
    expect(told.github.runs).toHaveLength(2);
  });

  test("starts the next phase once it is there, and a push without it does nothing", async () => {
    const told = await merged();
    await push(told);
    told.github.push("main", compiledPath, "on: push");
    await push(told);
    expect((await told.task()).blockedBy).not.toBeNull();
    expect(told.github.notices()).toHaveLength(1);
    told.github.push("main", compiledPath, `${text.replaceAll("\n", "\r\n")}\r\n`);
    await push(told);
    expect(await told.task()).toMatchObject({ blockedBy: null, phases: [{}, {}, { phase: 3 }] });
    expect(told.github.runs).toHaveLength(3);
  });
});

describe("a specification", () => {
  const branch = "phasegate/7-1-planning";

  test("of the task gets its issue and its progress with the step's own commit", async () => {
    const told = await world();
    await told.label();
    const runner = await told.openRun();
    await runner.handOver("01_idea", [writes(specPath, goodSpec)]);
    await told.settle();
    const text = fileAt(told, branch, specPath) ?? "";
    expect(text).toContain("# Written with the lenders.");
    expect(text).toContain("status: pending\nissue: 7\n");
    expect(text).toContain("status: completed # set by the app");
    expect(text).toContain("change: TASK-001 pending to completed");
    expect(told.github.branches.get(branch)).toHaveLength(2);
  });

  test("of another task stays as it is", async () => {
    const told = await world();
    const other = goodSpec.replace("status: pending\n", "status: pending\nissue: 8\n");
    told.github.push("main", specPath, other);
    await told.label();
    await told.runPhase();
    expect(fileAt(told, branch, specPath)).toBe(other);
  });

  test("that nobody claimed stays as it is, unless the task has its title", async () => {
    const told = await world();
    told.github.push("main", specPath, goodSpec);
    told.github.openIssue(8, { title: "Remind of overdue tools" });
    await told.label();
    await told.runPhase();
    expect(fileAt(told, branch, specPath)).toBe(goodSpec);
    await told.label("create_app", { issueNumber: 8 });
    await told.runPhase(8);
    expect(fileAt(told, "phasegate/8-1-planning", specPath)).toContain("issue: 8\n");
  });

  test("goes to the archive of the month in the last phase", async () => {
    const told = await world();
    told.github.openIssue(7, { labels: ["modify_app"] });
    await told.label("modify_app");
    const runner = await told.openRun();
    await runner.handOver("01_map", [writes(specPath, goodSpec)]);
    await told.settle();
    expect(fileAt(told, "phasegate/7-1-analysis", specPath)).toBeNull();
    const archived = fileAt(
      told,
      "phasegate/7-1-analysis",
      ".phasegate/specs/archive/2026-11/spec-2026-02-18-001.yaml",
    );
    expect(archived).toContain("status: completed\nissue: 7\n");
    expect(archived).toContain("percentage: 100");
  });

  test("adds no commit of its own to a step without changes", async () => {
    const told = await world();
    told.github.push("main", specPath, goodSpec.replace("status: pending\n", "status: pending\nissue: 7\n"));
    await told.label();
    const runner = await told.openRun();
    await runner.idleStep("01_idea");
    await told.settle();
    expect(told.github.branches.has(branch)).toBe(false);
  });
});
