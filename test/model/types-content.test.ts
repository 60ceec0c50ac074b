/** What the scripted model writes in the demo's other types holds by the project's own checks, step by step. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { planPhases } from "../../src/core/plan-phases.ts";
import { runRecords } from "../../src/core/plan-records.ts";
import { withSubStageDone } from "../../src/core/plan-status.ts";
import { turnsForRows } from "../../src/core/plan-turns.ts";
import { fillPlaybook, slugOf } from "../../src/core/place-values.ts";
import type { Phase, Playbook } from "../../src/core/playbook.ts";
import { readPlan } from "../../src/core/read-plan.ts";
import type { Finding, Tree, VerificationReport } from "../../src/core/report.ts";
import { loadPlaybook } from "../../src/guide/load-playbook.ts";
import { checkStep } from "../../src/verify/check-step.ts";
import { verifyPhase } from "../../src/verify/verify-phase.ts";

const PRODUCTS = new URL("../demo/products", import.meta.url).pathname;
const GUIDE = new URL("../../guide", import.meta.url).pathname;

type Files = ReadonlyMap<string, string>;

describe("the canned workflow", () => {
  let playbook: Playbook;
  beforeAll(async () => {
    playbook = await playbookFor("workflow");
  });

  test("has every step of the playbook, and no other", async () => {
    expect(await stepsOf("workflow")).toEqual(stepsIn(playbook.phases));
  });

  test("passes the checks of each step and phase", async () => {
    const { findings, reports } = await written("workflow", playbook.phases);
    expect(findings).toEqual([]);
    expect(reports.flatMap((report) => [...report.findings, ...report.notes])).toEqual([]);
    expect(reports.map(({ passed }) => passed)).toEqual([true, true, true, true]);
  });

  test("passes its own tests, as many as its document says", async () => {
    const { files } = await written("workflow", playbook.phases);
    const { passed, failed } = await runTests(files);
    const document = [...files].find(([path]) => path.endsWith("04_steps_and_scripts.md"))?.[1];
    expect(failed).toBe(0);
    expect(document).toContain(`${passed} tests, ${passed} passed`);
  });
});

describe("the canned run", () => {
  let planning: Phase;
  let planned: readonly Phase[];
  let tables: Written;
  let results: Written;
  beforeAll(async () => {
    const { phases } = await playbookFor("run");
    [planning] = phases as [Phase];
    tables = await written("run", [planning], await withRecords());
    const { plan } = await readPlan(treeOf(tables.files), "run-001", { begun: false });
    if (planning.work === undefined) throw new Error("the phase plans nothing");
    planned = planPhases(plan, planning.work, 2);
    results = await written("run", planned, tables.files);
  });

  test("plans with tables that agree with each other, the settings and the catalogs", () => {
    expect(tables.findings).toEqual([]);
    expect(tables.reports).toMatchObject([{ passed: true, findings: [], notes: [] }]);
  });

  test("leaves just the table that each of the planner's turns asks for", async () => {
    const files = new Map(await withRecords());
    for (const step of planning.steps) {
      const turns = step.turnsFor === undefined ? [] : await turnsForRows(treeOf(files), "run-001", step.turnsFor);
      const own = await filesIn(join(PRODUCTS, "run", planning.name, step.slug));
      expect([...own.keys()].toSorted()).toEqual(
        turns.length === 0 ? step.outputs : turns.map(({ output }) => output).toSorted(),
      );
      for (const [path, content] of own) files.set(path, content);
    }
  });

  test("has every step of the plan, and no other", async () => {
    expect(await stepsOf("run")).toEqual(stepsIn([planning, ...planned]));
    expect(planned.map(({ name, steps }) => [name, steps.length])).toEqual([
      ["questions", 2],
      ["drafting", 4],
    ]);
  });

  test("leaves just the results that the tasks ask for, and these pass their checks", async () => {
    for (const phase of planned) {
      for (const { slug, outputs } of phase.steps) {
        const own = await filesIn(join(PRODUCTS, "run", phase.name, slug));
        expect([...own.keys()].toSorted()).toEqual(outputs.toSorted());
      }
    }
    expect(results.findings).toEqual([]);
    expect(results.reports.flatMap((report) => [...report.findings, ...report.notes])).toEqual([]);
  });

  test("ends with every row completed, the run itself among them", () => {
    const rows = [...results.files].filter(([path]) => path.startsWith("runs/run-001/db/"));
    expect(rows.filter(([, table]) => table.includes("PENDING"))).toEqual([]);
    expect(results.files.get("db/process_runs.md")).toContain("COMPLETED");
  });

  /** What the program writes down before the planner's first turn. */
  async function withRecords(): Promise<Files> {
    const files = await filesIn(join(PRODUCTS, "run", "_repository"));
    const asked = { runId: "run-001", issueNumber: 1, title: "A guide for borrowers", text: "Please write it." };
    return new Map([...files, ...(await runRecords(asked, async (path) => files.get(path) ?? null))]);
  }
});

interface Written {
  /** Of the quick checks, of all steps. */
  readonly findings: readonly Finding[];
  /** One for each phase. */
  readonly reports: readonly VerificationReport[];
  /** As they are at the end. */
  readonly files: Files;
}

/** Lays down one step after the other, and checks what is there by then. */
async function written(type: string, phases: readonly Phase[], before?: Files): Promise<Written> {
  const files = new Map(before ?? (await filesIn(join(PRODUCTS, type, "_repository"))));
  const findings: Finding[] = [];
  const reports: VerificationReport[] = [];
  for (const phase of phases) {
    for (const step of phase.steps) {
      for (const [path, text] of await filesIn(join(PRODUCTS, type, phase.name, step.slug))) files.set(path, text);
      findings.push(...(await checkStep(treeOf(files), phase, step)));
      if (step.planned === undefined) continue;
      const done = (step.turns ?? []).map(({ id, output }) => ({ id, output }));
      for (const [path, text] of await withSubStageDone(async (each) => files.get(each) ?? null, step.planned, done))
        files.set(path, text);
    }
    reports.push(await verifyPhase(treeOf(files), phase));
  }
  return { findings, reports, files };
}

/** For the first issue of a repository. */
async function playbookFor(type: string): Promise<Playbook> {
  const title = /^title: (.*)$/mu.exec(await readFile(join(PRODUCTS, type, "issue.md"), "utf8"))?.[1] ?? "";
  const values = { issue: "1", slug: slugOf(title) ?? "", run: "run-001", spec: "spec-2026-03-02-001", root: "" };
  return fillPlaybook((await loadPlaybook(GUIDE, type)).playbook, values);
}

function stepsIn(phases: readonly Phase[]): readonly string[] {
  return phases.flatMap((phase) => phase.steps.map(({ slug }) => `${phase.name}/${slug}`)).toSorted();
}

/** Those that have closing words. */
async function stepsOf(type: string): Promise<readonly string[]> {
  const phases = await readdir(join(PRODUCTS, type), { withFileTypes: true });
  const names = phases.filter((entry) => entry.isDirectory() && !entry.name.startsWith("_")).map(({ name }) => name);
  const steps = await Promise.all(
    names.map(async (phase) =>
      (await readdir(join(PRODUCTS, type, phase))).flatMap((name) =>
        name.endsWith(".md") ? [`${phase}/${name.slice(0, -".md".length)}`] : [],
      ),
    ),
  );
  return steps.flat().toSorted();
}

async function filesIn(folder: string): Promise<Files> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const read = await Promise.all(paths.map(async (path) => [path.slice(folder.length + 1), await text(path)] as const));
  return new Map(read);
}

function text(path: string): Promise<string> {
  return readFile(path, "utf8");
}

function treeOf(files: Files): Tree {
  return { paths: [...files.keys()].toSorted(), read: (path) => Promise.resolve(files.get(path) ?? null) };
}

async function runTests(files: Files): Promise<{ readonly passed: number; readonly failed: number }> {
  const folder = await mkdtemp(join(tmpdir(), "phasegate-content-"));
  try {
    for (const [path, content] of files) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), content);
    }
    // Node's runner refuses to nest when its variable comes from an outer run.
    const env = { PATH: process.env["PATH"], TMPDIR: tmpdir() };
    const args = ["--test", "--test-reporter=tap"];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder, env });
    const count = (what: string): number => Number(new RegExp(`^# ${what} (\\d+)$`, "mu").exec(stdout)?.[1]);
    return { passed: count("pass"), failed: count("fail") };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
