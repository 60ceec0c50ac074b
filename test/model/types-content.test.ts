/** What each type's canned content claims beyond its playbook's checks: see products.test.ts for these. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import picomatch from "picomatch";
import { beforeAll, describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { z } from "zod";
import { fillPlaybook } from "../../src/core/place-values.ts";
import { planPhases } from "../../src/core/plan-phases.ts";
import { runRecords } from "../../src/core/plan-records.ts";
import { withSubStageDone } from "../../src/core/plan-status.ts";
import { turnsForRows } from "../../src/core/plan-turns.ts";
import type { Phase } from "../../src/core/playbook.ts";
import { readPlan } from "../../src/core/read-plan.ts";
import type { Finding, Tree, VerificationReport } from "../../src/core/report.ts";
import { loadPlaybook } from "../../src/guide/load-playbook.ts";
import { checkStep } from "../../src/verify/check-step.ts";
import { verifyPhase } from "../../src/verify/verify-phase.ts";
import { finalTree, loadProduct, loadWish, type ProductStep } from "./load-product.ts";

const GUIDE = new URL("../../guide", import.meta.url).pathname;

type Files = ReadonlyMap<string, string>;

describe("the canned workflow", () => {
  test("passes its own tests, as many as its document says", async () => {
    const files = await atTheEnd("workflow");
    const { passed, failed } = await runTests(files);
    expect(failed).toBe(0);
    expect(textOf(files, "04_steps_and_scripts.md")).toContain(`${passed} tests, ${passed} passed`);
  });
});

describe("the canned architecture", () => {
  let files: Files;
  beforeAll(async () => {
    files = await atTheEnd("architecture");
  });

  test("has manifests of the same objects for both tiers, but for those that its README names", () => {
    const ofKind = objectsIn("kind");
    const ofK8s = objectsIn("k8s");
    for (const kind of ["Namespace", "NetworkPolicy", "ResourceQuota", "Deployment", "Service", "ConfigMap"]) {
      expect(ofK8s.map((name) => name.split(" ")[0])).toContain(kind);
    }
    expect(ofKind.filter((name) => !ofK8s.includes(name))).toEqual([
      "Cluster vision-training",
      "PersistentVolume vt-detection-cars",
    ]);
    expect(ofK8s.filter((name) => !ofKind.includes(name))).toEqual([
      "HorizontalPodAutoscaler control",
      "PodDisruptionBudget control",
    ]);
  });

  test("gives each container just the variables that the matrix lists for it", () => {
    const matrix = textOf(files, "env-vars-keep-vision-training-teams-apart.md");
    for (const tier of ["kind", "k8s"]) {
      for (const part of ["control", "trainer"]) {
        const listed = new RegExp(`^- ${part} gets (.*)\\.$`, "mu").exec(matrix)?.[1]?.split(", ");
        const given = textOf(files, `/${tier}/50-${part}.yaml`).matchAll(/\bname: (VT_[A-Z_]+)/gu);
        expect([...given].map(([, name]) => name)).toEqual(listed);
      }
    }
  });

  function objectsIn(tier: string): readonly string[] {
    return [...files]
      .filter(([path]) => path.includes(`/${tier}/`))
      .flatMap(([, manifests]) => parseAllDocuments(manifests, { strict: true }))
      .map((document) => {
        expect(document.errors).toEqual([]);
        const { kind, name, metadata } = Manifest.parse(document.toJS());
        return `${kind} ${metadata?.name ?? name}`;
      });
  }
});

/** Kind's own cluster has its name outside of `metadata`. */
const Manifest = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  name: z.string().optional(),
  metadata: z.object({ name: z.string() }).optional(),
});

describe("the canned run", () => {
  let steps: readonly ProductStep[];
  let before: Files;
  let planning: Phase;
  let planned: readonly Phase[];
  let tables: Written;
  let results: Written;
  beforeAll(async () => {
    ({ steps } = await loadProduct("run"));
    const { title, body, repository } = await loadWish("run");
    // The program writes them down before the planner's first turn.
    const asked = { runId: "run-001", issueNumber: 1, title, text: body };
    const records = await runRecords(asked, async (path) => repository[path] ?? null);
    before = new Map([...Object.entries(repository), ...records]);
    const values = { issue: "1", slug: "unused", run: "run-001", spec: "unused", root: "" };
    const [first] = fillPlaybook((await loadPlaybook(GUIDE, "run")).playbook, values).phases;
    if (first?.work === undefined) throw new Error("the first phase plans nothing");
    planning = first;
    tables = await written([planning], before);
    const { plan } = await readPlan(treeOf(tables.files), "run-001", { begun: false });
    planned = planPhases(plan, first.work, 2);
    results = await written(planned, tables.files);
  });

  test("plans with tables that agree with each other, the settings and the catalogs", () => {
    expect(tables.findings).toEqual([]);
    expect(tables.reports).toMatchObject([{ passed: true, findings: [], notes: [] }]);
  });

  test("leaves just the table that each of the planner's turns asks for", async () => {
    let files = before;
    for (const { slug, turnsFor, outputs } of planning.steps) {
      const turns = turnsFor === undefined ? [] : await turnsForRows(treeOf(files), "run-001", turnsFor);
      const own = filesOf(planning, slug);
      expect([...own.keys()]).toEqual(turns.length === 0 ? outputs : turns.map(({ output }) => output));
      files = new Map([...files, ...own]);
    }
  });

  test("has every step of the plan, in its order", () => {
    const asked = [planning, ...planned].flatMap((phase) => phase.steps.map(({ slug }) => `${phase.name}/${slug}`));
    expect(steps.map(({ phase, slug }) => `${phase}/${slug}`).toSorted()).toEqual(asked.toSorted());
    expect(planned.map((phase) => [phase.name, phase.steps.length])).toEqual([
      ["questions", 2],
      ["drafting", 4],
    ]);
  });

  test("leaves just the results that the tasks ask for, and these pass their checks", () => {
    for (const phase of planned) {
      for (const { slug, outputs } of phase.steps) expect([...filesOf(phase, slug).keys()]).toEqual(outputs);
    }
    expect(results.findings).toEqual([]);
    expect(results.reports.flatMap(({ findings, notes }) => [...findings, ...notes])).toEqual([]);
    expect(results.reports.map(({ passed }) => passed)).toEqual([true, true]);
  });

  test("ends with every row completed, the run itself among them", () => {
    const rows = [...results.files].filter(([path]) => path.startsWith("runs/run-001/db/"));
    expect(rows.filter(([, table]) => table.includes("PENDING"))).toEqual([]);
    expect(results.files.get("db/process_runs.md")).toContain("COMPLETED");
  });

  function filesOf(phase: Phase, slug: string): Files {
    const step = steps.find((each) => each.phase === phase.name && each.slug === slug);
    return new Map(step?.files.map(({ path, text }) => [path, text]));
  }

  /** Lays down one step after the other, and checks what is there by then. */
  async function written(phases: readonly Phase[], there: Files): Promise<Written> {
    const files = new Map(there);
    const findings: Finding[] = [];
    const reports: VerificationReport[] = [];
    for (const phase of phases) {
      for (const step of phase.steps) {
        for (const [path, text] of filesOf(phase, step.slug)) files.set(path, text);
        findings.push(...(await checkStep(treeOf(files), phase, step)));
        if (step.planned === undefined) continue;
        const done = (step.turns ?? []).map(({ id, output }) => ({ id, output }));
        const statuses = await withSubStageDone(async (path) => files.get(path) ?? null, step.planned, done);
        for (const [path, text] of statuses) files.set(path, text);
      }
      reports.push(await verifyPhase(treeOf(files), phase));
    }
    return { findings, reports, files };
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

describe("the canned conversation", () => {
  test("begins with a question that changes nothing, and goes on with a wish that changes what is there", async () => {
    const { repository } = await loadWish("custom");
    const [question, wish, ...others] = (await loadProduct("custom")).steps;
    expect([question?.says, question?.files, others]).toEqual([null, [], []]);
    expect(wish?.says).toMatch(/^Yes please/u);
    const changed = wish?.files.map(({ path, text }) => [path in repository, repository[path] === text]);
    expect(changed).toEqual(Array.from({ length: 4 }, () => [true, false]));
    const read = [...(question?.reads ?? []), ...(wish?.reads ?? [])];
    expect(read.filter((path) => !(path in repository))).toEqual([]);
  });

  test("passes the checks of its phase", async () => {
    const [phase] = (await loadPlaybook(GUIDE, "custom")).playbook.phases;
    if (phase === undefined) throw new Error("the playbook has no phase");
    expect(await verifyPhase(treeOf(await atTheEnd("custom")), phase)).toMatchObject({
      passed: true,
      findings: [],
      notes: [],
    });
  });

  test("names each file that it changed in the reply, and no other", async () => {
    const [, wish] = (await loadProduct("custom")).steps;
    const named = [...(wish?.closing.matchAll(/`((?:src|test|docs)\/[^`]+)`/gu) ?? [])].flatMap(
      ([, path = ""]) => path,
    );
    expect(named.toSorted()).toEqual(wish?.files.map(({ path }) => path));
  });

  test("brings a test that fails without its change", async () => {
    const { repository } = await loadWish("custom");
    const [, wish] = (await loadProduct("custom")).steps;
    const after = wish?.files.map(({ path, text }) => [path, text] as const) ?? [];
    const isTest = picomatch("test/**");
    const run = (changes: typeof after) =>
      runTests(new Map([...Object.entries(repository), ...changes]), "test/links.test.js");
    expect(await run(after)).toMatchObject({ failed: 0 });
    expect(await run(after.filter(([path]) => isTest(path)))).toMatchObject({ failed: 2 });
  });
});

async function atTheEnd(type: string): Promise<Files> {
  const { repository } = await loadWish(type);
  return new Map(Object.entries({ ...repository, ...finalTree(await loadProduct(type)) }));
}

function textOf(files: Files, ending: string): string {
  return [...files].find(([path]) => path.endsWith(ending))?.[1] ?? "";
}

function treeOf(files: Files): Tree {
  return { paths: [...files.keys()].toSorted(), read: (path) => Promise.resolve(files.get(path) ?? null) };
}

async function runTests(files: Files, ...paths: readonly string[]): Promise<{ passed: number; failed: number }> {
  const folder = await mkdtemp(join(tmpdir(), "phasegate-content-"));
  try {
    for (const [path, content] of files) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), content);
    }
    // Node's runner refuses to nest when its variable comes from an outer run.
    const env = { PATH: process.env["PATH"], TMPDIR: tmpdir() };
    const args = ["--test", "--test-reporter=tap", ...paths];
    const output = await promisify(execFile)(process.execPath, args, { cwd: folder, env }).catch(failedRun);
    const count = (what: string): number => Number(new RegExp(`^# ${what} (\\d+)$`, "mu").exec(output.stdout)?.[1]);
    return { passed: count("pass"), failed: count("fail") };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Node ends with 1 where a test fails; what it wrote says how many. */
function failedRun(error: unknown): { readonly stdout: string } {
  if (error instanceof Error && "stdout" in error && typeof error.stdout === "string") return { stdout: error.stdout };
  throw error;
}
