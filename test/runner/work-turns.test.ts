import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { planPhases } from "../../src/core/plan-phases.ts";
import type { Phase, Step } from "../../src/core/playbook.ts";
import { readPlan } from "../../src/core/read-plan.ts";
import { createAgentUser } from "../../src/runner/agent-user.ts";
import type { StepResume } from "../../src/runner/dialogue.ts";
import { runStep } from "../../src/runner/run-step.ts";
import { prepareWorkspace, type Workspace } from "../../src/runner/workspace.ts";
import { changesetFindings } from "../../src/verify/changeset-findings.ts";
import { checkStep } from "../../src/verify/check-step.ts";
import { outputs, paths, planFiles, runId } from "../core/plan-files.ts";
import { memoryTree } from "../verify/memory-tree.ts";
import { aJob, aStep, makeFolder, makeRepository } from "./run-world.ts";

const runner = { uid: 1, pid: 1, platform: "linux" };
const result = "# Result\n\nAll that there is to say about the complaints of borrowers, in one place.\n";

async function workspaceOf(root: string, files: Record<string, string>): Promise<Workspace> {
  const { url, sha } = await makeRepository(root, files);
  const place = { gitDir: join(root, "git"), workTree: join(root, "tree"), path: process.env["PATH"] ?? "" };
  return prepareWorkspace({ ...place, repositoryUrl: url, token: "", headSha: sha, baseSha: sha, merge: null });
}

interface Working {
  readonly workspace: Workspace;
  readonly phase: Omit<Phase, "steps">;
  readonly step: Step;
  /** What the agent does for each prompt. */
  readonly works: (prompt: string, write: (path: string, text: string) => Promise<void>) => Promise<void>;
  readonly resume?: StepResume;
  /** Minutes that each thing said takes. */
  readonly minutes?: number;
}

async function work({ workspace, phase, step, works, resume, minutes = 0 }: Working) {
  const prompts: string[] = [];
  const started = new Date("2026-11-21T00:00:00Z").getTime();
  const agent = await createAgentUser({ id: "00000000", home: "/", runner, path: "/usr/bin", unsafeSameUser: true });
  const end = await runStep({
    job: aJob({ headSha: "0".repeat(40), steps: [step], phase: { ...phase, steps: [step] } as Phase }),
    step,
    findings: [],
    feedback: [],
    workspace,
    agent,
    conversation: {
      state: () => ({
        sessionId: "s",
        hasSpoken: prompts.length > 0,
        lastMessageId: null,
        lastOutput: "",
        toolsUsed: [],
      }),
      say: async ({ prompt }) => {
        prompts.push(prompt);
        await works(prompt, async (path, text) => {
          await mkdir(dirname(join(workspace.workTree, path)), { recursive: true });
          await writeFile(join(workspace.workTree, path), text);
        });
        return { kind: "completed", text: "done", permissionDenials: [] };
      },
    },
    checks: { checkStep, verifyPhase: async () => ({ passed: true, findings: [] }), changesetFindings },
    boundary: "boundary",
    now: () => new Date(started + prompts.length * minutes * 60_000),
    money: () => ({ spentUsd: 0, budgetUsd: 1 }),
    signal: new AbortController().signal,
    say: () => {},
    note: () => {},
    dialogue: { attend: () => {} },
    requests: { send: async () => "run-1/1", left: () => 20 },
    resolved: () => ({ answers: [], dependencies: [] }),
    told: [],
    grants: { names: [], environmentOf: () => ({}), lend: () => false },
    redact: (text) => text,
    servers: { ready: [], leftOut: [], wanting: [] },
    resume: resume ?? null,
    sliceEndsAt: started + 50 * 60_000,
  });
  const textOf = (path: string) => readFile(join(workspace.workTree, path), "utf8");
  return { end, prompts, textOf };
}

/** Phase 1 of the plan, which has one sub-stage with two tasks. */
async function planned() {
  const { plan } = await readPlan(memoryTree(planFiles()), runId, { begun: false });
  const people = { role: null, reviewers: [], source: "" };
  const guide = { guide: "How to work.", criteria: [], verifierGuide: "", sections: ["Result"], ...people };
  const [phase] = planPhases(plan, { ...guide, tools: ["Write"], minCharacters: 20, budgetUsd: 5 }, 2);
  const [step] = phase?.steps ?? [];
  if (phase === undefined || step === undefined) throw new Error("the plan has no phase");
  return { phase, step };
}

const outputIn = (prompt: string) =>
  /Write the (?:result to|table) `(?<path>[^`]+)`/gu.exec(prompt)?.groups?.["path"] ?? "";

describe("a sub-stage of a plan", () => {
  test("is worked on task by task, each in a turn of its own, and its tables say what is done", async () => {
    await using folder = await makeFolder();
    const workspace = await workspaceOf(folder.path, planFiles());
    const { end, prompts, textOf } = await work({
      workspace,
      ...(await planned()),
      works: async (prompt, write) => write(outputIn(prompt), result),
    });
    expect(prompts).toHaveLength(2);
    expect(prompts[0]).toContain("How to work.");
    expect(prompts[0]).toContain("## Task tsk-01: Collect complaints");
    expect(prompts[0]).not.toContain("## Task tsk-02");
    expect(prompts[1]).not.toContain("How to work.");
    expect(prompts[1]).toContain("## Task tsk-02: Sort complaints");
    expect(end).toMatchObject({ kind: "done", findings: [] });
    expect(end.kind === "done" ? end.changes.map(({ path }) => path).toSorted() : []).toEqual(
      [
        outputs.collect,
        outputs.sort,
        paths.phases,
        paths.stages("ph-1"),
        paths.subStages("ph-1", "stg-1"),
        paths.tasks("ph-1", "stg-1", "sub-01"),
      ].toSorted(),
    );
    expect(await textOf(paths.tasks("ph-1", "stg-1", "sub-01"))).toContain(`| ${outputs.sort} |  |  | COMPLETED |`);
  });

  test("goes on with the task whose result is missing", async () => {
    await using folder = await makeFolder();
    const workspace = await workspaceOf(folder.path, { ...planFiles(), [outputs.collect]: result });
    const { prompts, end } = await work({
      workspace,
      ...(await planned()),
      works: async (prompt, write) => write(outputIn(prompt), result),
    });
    expect(prompts).toHaveLength(1);
    expect(prompts[0]).toContain("## Task tsk-02");
    expect(prompts[0]).toContain("How to work.");
    expect(end.kind).toBe("done");
  });

  test("goes on after an answer where it was asked, and asks for no result twice", async () => {
    await using folder = await makeFolder();
    const workspace = await workspaceOf(folder.path, { ...planFiles(), [outputs.collect]: result });
    const { prompts } = await work({
      workspace,
      ...(await planned()),
      resume: { pending: [{ kind: "requests", requestIds: ["run-1/1"] }], round: 0, leftOut: [] },
      works: async (_, write) => write(outputs.sort, result),
    });
    expect(prompts).toHaveLength(1);
  });

  test("has no say in what its tables say of other things", async () => {
    await using folder = await makeFolder();
    const workspace = await workspaceOf(folder.path, planFiles());
    const tasks = paths.tasks("ph-1", "stg-1", "sub-01");
    const { end, textOf } = await work({
      workspace,
      ...(await planned()),
      works: async (prompt, write) => {
        await write(outputIn(prompt), result);
        await write(tasks, (planFiles()[tasks] ?? "").replace("List all complaints", "List none"));
      },
    });
    expect(end.kind).toBe("done");
    expect(await textOf(tasks)).toContain("List all complaints");
  });

  test("completes only the tasks that left a result", async () => {
    await using folder = await makeFolder();
    const workspace = await workspaceOf(folder.path, planFiles());
    const { end, textOf, prompts } = await work({
      workspace,
      ...(await planned()),
      works: async (prompt, write) => {
        if (prompt.includes("## Task tsk-02")) await write(outputs.sort, result);
      },
    });
    // The first is asked to mend twice, and then the next has its turn.
    expect(prompts).toHaveLength(4);
    expect(end).toMatchObject({ kind: "done", findings: [{ check: "outputs-exist" }] });
    const tasks = await textOf(paths.tasks("ph-1", "stg-1", "sub-01"));
    expect(tasks.match(/COMPLETED/gu)).toHaveLength(1);
    expect(await textOf(paths.phases)).not.toContain("COMPLETED");
  });

  test("ends between two tasks where the run's time is over", async () => {
    await using folder = await makeFolder();
    const workspace = await workspaceOf(folder.path, planFiles());
    const { end, prompts } = await work({
      workspace,
      ...(await planned()),
      minutes: 60,
      works: async (prompt, write) => write(outputIn(prompt), result),
    });
    expect(prompts).toHaveLength(1);
    expect(end).toMatchObject({ kind: "ended", outcome: { kind: "slice-ended" }, pending: [{ kind: "step" }] });
  });

  test("that has all its results is asked as a whole, with all its tasks", async () => {
    await using folder = await makeFolder();
    const files = { ...planFiles(), [outputs.collect]: result, [outputs.sort]: result };
    const workspace = await workspaceOf(folder.path, files);
    const { prompts } = await work({ workspace, ...(await planned()), works: async () => {} });
    expect(prompts).toHaveLength(1);
    expect(prompts[0]).toContain("## Task tsk-01");
    expect(prompts[0]).toContain("## Task tsk-02");
  });
});

describe("a planner", () => {
  const allowedPaths = ["runs/run-001/db/**", "db/*.md", "data/run-001_feedback_for_user.md"];
  const { [paths.stages("ph-1")]: _one, [paths.stages("ph-2")]: _other, ...phasesOnly } = planFiles();
  const planner = { name: "plan", title: "Plan", number: 1, plans: "tables", allowedPaths } as const;
  const stagesStep = aStep({
    slug: "02_stages",
    outputs: ["runs/run-001/db/ph-*_stages.md"],
    sections: [],
    minCharacters: 10,
    allowedPaths,
    turnsFor: "phases",
  });
  const definition = async () => ({ ...(await planned()).phase, ...planner });

  test("has a turn for each row above, and a table that does not hold goes back at once", async () => {
    await using folder = await makeFolder();
    const workspace = await workspaceOf(folder.path, phasesOnly);
    const { end, prompts } = await work({
      workspace,
      phase: await definition(),
      step: stagesStep,
      works: async (prompt, write) => {
        const path = outputIn(prompt);
        if (path === paths.stages("ph-1")) await write(path, (planFiles()[path] ?? "").replace("stg-1", "stg-2"));
        else if (path === "") await write(paths.stages("ph-1"), planFiles()[paths.stages("ph-1")] ?? "");
        else await write(path, planFiles()[path] ?? "");
      },
    });
    expect(prompts).toHaveLength(3);
    expect(prompts[0]).toContain("Protocol Context: `Stage Plan Establishment`");
    expect(prompts[1]).toContain('Column "stage_id": expected "stg-1"');
    expect(prompts[2]).toContain("- phase_id: `ph-2`");
    expect(end).toMatchObject({ kind: "done", findings: [] });
  });

  test("finds what the user wants written down before its first turn", async () => {
    await using folder = await makeFolder();
    const workspace = await workspaceOf(folder.path, { "readme.md": "A library of tools.\n" });
    const step = aStep({ slug: "01_phases", outputs: [paths.phases], sections: [], minCharacters: 10, allowedPaths });
    const feedback = "data/run-001_feedback_for_user.md";
    let found = "";
    const { end } = await work({
      workspace,
      phase: await definition(),
      step,
      works: async (_, write) => {
        found = await readFile(join(workspace.workTree, feedback), "utf8");
        await write(paths.phases, planFiles()[paths.phases] ?? "");
      },
    });
    expect(found).toContain("Make long links short.");
    expect(end.kind === "done" ? end.changes.map(({ path }) => path) : []).toEqual([
      feedback,
      "db/process_runs.md",
      "db/user_instructions.md",
      paths.phases,
    ]);
  });
});
