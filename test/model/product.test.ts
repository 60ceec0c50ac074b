import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Phase, Playbook, Step } from "../../src/core/playbook.ts";
import type { Tree } from "../../src/core/report.ts";
import { loadPlaybook } from "../../src/guide/load-playbook.ts";
import { checkStep } from "../../src/verify/check-step.ts";
import { verifyPhase } from "../../src/verify/verify-phase.ts";
import { loadProduct } from "./load-product.ts";
import type { ProductScript, ProductStep } from "./load-product.ts";

const GUIDE = new URL("../../guide", import.meta.url).pathname;
const FIX = { phase: "test", slug: "04_fix_and_regress" };

describe("the canned product", () => {
  let product: ProductScript;
  let playbook: Playbook;
  let folder: string;
  beforeAll(async () => {
    product = await loadProduct("create_app");
    playbook = (await loadPlaybook(GUIDE, "create_app")).playbook;
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "phasegate-product-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test("has every step of the playbook, in its order", () => {
    const asked = playbook.phases.flatMap((phase) => phase.steps.map(({ slug }) => `${phase.name}/${slug}`));
    expect(product.steps.map(({ phase, slug }) => `${phase}/${slug}`)).toEqual(asked);
  });

  test("passes the quick checks of each step with what is there by then", async () => {
    const findings = await Promise.all(stages().map(({ tree, phase, asked }) => checkStep(tree, phase, asked)));
    expect(findings.flat()).toEqual([]);
  });

  test("passes the verification of each phase", async () => {
    const ends = stages().filter(({ phase, step }) => phase.steps.at(-1)?.slug === step.slug);
    const reports = await Promise.all(ends.map(({ tree, phase }) => verifyPhase(tree, phase)));
    expect(reports.map(({ passed }) => passed)).toEqual([true, true, true, true]);
    expect(reports.flatMap(({ findings, notes }) => [...findings, ...notes])).toEqual([]);
  });

  test("misses one section in the first try of one step, and contradicts itself in that of another", async () => {
    const tried = stages().filter(({ step }) => step.firstTries.length > 0);
    const found = await Promise.all(
      tried.map(({ step, phase, asked, files }) =>
        checkStep(treeOf([...files, ...pairs(step.firstTries)]), phase, asked),
      ),
    );
    expect(tried.map(({ step }, at) => [step.slug, found[at]?.map(({ check, path }) => [check, path])])).toEqual([
      ["04_user_journey", [["sections-present", "docs/planning/04_user_journey.md"]]],
      ["07_features", []],
    ]);
    const product = tried.at(-1)?.files.find(([path]) => path === "docs/planning/06_product.md")?.[1];
    expect(product).toContain("3 to 32 letters");
    expect(tried.at(-1)?.step.firstTries[0]?.text).toContain("3 to 24 letters");
  });

  test("has documents of a length that people read", () => {
    const documents = product.steps.flatMap(({ files }) => files).filter(({ path }) => path.startsWith("docs/"));
    expect(documents).toHaveLength(19);
    expect(documents.filter(({ text }) => text.length < 1_500 || text.length > 5_000)).toEqual([]);
  });

  test("says at the end of each step what was decided", () => {
    const decisionsOf = ({ closing }: ProductStep): number =>
      (closing.split("Decisions:\n")[1] ?? "").split("\n").filter((line) => line.startsWith("- ")).length;
    expect(product.steps.filter((step) => decisionsOf(step) < 2 || decisionsOf(step) > 4)).toEqual([]);
  });

  test("reads only what an earlier step wrote, or what it replaces", () => {
    const unknown = stages().flatMap(({ step, files }) =>
      step.reads.filter((wanted) => !files.some(([path]) => path === wanted)),
    );
    expect(unknown).toEqual([]);
  });

  test("passes its own tests, as many as its report says", async () => {
    await layOut(product.steps);
    const run = await runTests();
    expect(run).toMatchObject({ failed: 0, status: 0 });
    const report = product.steps.at(-1)?.files.find(({ path }) => path.endsWith("05_test_report.md"))?.text;
    expect(report).toContain(`${run.passed} tests, ${run.passed} passed`);
  });

  test("has tests that pass already at the end of the step that brings them", async () => {
    const runs: TestRun[] = [];
    for (const step of product.steps) {
      await layOut([step]);
      const tests = step.files.map(({ path }) => path).filter((path) => path.endsWith(".test.js"));
      if (tests.length > 0) runs.push(await runTests(tests));
    }
    expect(runs.filter(({ failed, status }) => failed > 0 || status !== 0)).toEqual([]);
    expect(runs).toHaveLength(7);
  });

  test("has regression tests that fail without the fix", async () => {
    const source = (path: string): boolean => path.startsWith("src/");
    const isFix = ({ phase, slug }: ProductStep): boolean => phase === FIX.phase && slug === FIX.slug;
    await layOut(
      product.steps.map((step) =>
        isFix(step) ? { ...step, files: step.files.filter(({ path }) => !source(path)) } : step,
      ),
    );
    expect(await runTests(["test/count-visits-only.test.js"])).toMatchObject({ passed: 2, failed: 4 });
  });

  interface Stage {
    readonly step: ProductStep;
    readonly phase: Phase;
    readonly asked: Step;
    readonly files: readonly (readonly [string, string])[];
    readonly tree: Tree;
  }

  /** Each step with the tree as it is when the step is done. */
  function stages(): readonly Stage[] {
    return product.steps.map((step, index) => {
      const phase = playbook.phases.find(({ name }) => name === step.phase);
      const asked = phase?.steps.find(({ slug }) => slug === step.slug);
      if (phase === undefined || asked === undefined) throw new Error(`no step ${step.phase}/${step.slug}`);
      const files = product.steps.slice(0, index + 1).flatMap((done) => pairs(done.files));
      return { step, phase, asked, files, tree: treeOf(files) };
    });
  }

  async function layOut(steps: readonly ProductStep[]): Promise<void> {
    for (const { path, text } of steps.flatMap(({ files }) => files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    }
  }

  async function runTests(paths: readonly string[] = []): Promise<TestRun> {
    const args = ["--test", "--test-reporter=tap", ...paths];
    // Node's runner refuses to nest when this variable comes from an outer run.
    const options = { cwd: folder, env: { PATH: process.env["PATH"], TMPDIR: tmpdir() } };
    const run = await promisify(execFile)(process.execPath, args, options)
      .then(({ stdout }) => ({ stdout, status: 0 }))
      .catch((error: unknown) => ({ stdout: stdoutOf(error), status: 1 }));
    const count = (what: string): number => Number(new RegExp(`^# ${what} (\\d+)$`, "m").exec(run.stdout)?.[1]);
    return { passed: count("pass"), failed: count("fail"), status: run.status };
  }
});

interface TestRun {
  readonly passed: number;
  readonly failed: number;
  readonly status: number;
}

function stdoutOf(error: unknown): string {
  if (error instanceof Error && "stdout" in error && typeof error.stdout === "string") return error.stdout;
  throw error;
}

function pairs(files: ProductStep["files"]): readonly (readonly [string, string])[] {
  return files.map(({ path, text }) => [path, text] as const);
}

function treeOf(files: readonly (readonly [string, string])[]): Tree {
  const texts = new Map(files);
  return { paths: [...texts.keys()].sort(), read: (path) => Promise.resolve(texts.get(path) ?? null) };
}
