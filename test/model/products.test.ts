import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import picomatch from "picomatch";
import { describe, expect, test } from "vitest";
import { fillPlaybook, slugOf } from "../../src/core/place-values.ts";
import type { Phase, Step } from "../../src/core/playbook.ts";
import type { Tree } from "../../src/core/report.ts";
import { loadPlaybook } from "../../src/guide/load-playbook.ts";
import { checkStep } from "../../src/verify/check-step.ts";
import { verifyPhase } from "../../src/verify/verify-phase.ts";
import { loadProduct, loadWish, type ProductStep } from "./load-product.ts";

const GUIDE = new URL("../../guide", import.meta.url).pathname;

/** Each of the others has a test of its own: create_app in product.test.ts, what is made under way in types-content.test.ts. */
describe.each(["architecture", "modify_app", "plan", "workflow"])("the canned product of %s", (type) => {
  test("has every step of the playbook, in its order", async () => {
    const { playbook, steps } = await load(type);
    const asked = playbook.phases.flatMap((phase) => phase.steps.map(({ slug }) => `${phase.name}/${slug}`));
    expect(steps.map(({ phase, slug }) => `${phase}/${slug}`)).toEqual(asked);
  });

  test("passes the quick checks of each step, and keeps to the paths that it may write", async () => {
    const stages = await stagesOf(type);
    const findings = await Promise.all(stages.map(({ tree, phase, asked }) => checkStep(tree, phase, asked)));
    expect(findings.flat()).toEqual([]);
    const strays = stages.flatMap(({ step, asked }) => {
      const isAllowed = picomatch([...asked.allowedPaths], { dot: true });
      return step.files.map(({ path }) => path).filter((path) => !isAllowed(path));
    });
    expect(strays).toEqual([]);
  });

  test("passes the verification of each phase", async () => {
    const ends = (await stagesOf(type)).filter(({ phase, step }) => phase.steps.at(-1)?.slug === step.slug);
    const reports = await Promise.all(ends.map(({ tree, phase }) => verifyPhase(tree, phase)));
    expect(reports.flatMap(({ findings, notes }) => [...findings, ...notes])).toEqual([]);
    expect(reports.map(({ passed }) => passed)).toEqual(ends.map(() => true));
  });

  test("reads only what is there by then", async () => {
    const unknown = (await stagesOf(type)).flatMap(({ step, tree }) =>
      step.reads.filter((wanted) => !tree.paths.includes(wanted)),
    );
    expect(unknown).toEqual([]);
  });
});

describe("the canned product of modify_app", () => {
  test("passes its own tests, as many as its report says", async () => {
    const { files } = (await stagesOf("modify_app")).at(-1) ?? { files: new Map<string, string>() };
    const run = await runTests(files);
    expect(run).toMatchObject({ failed: 0, status: 0 });
    expect(files.get("docs/testing/05_test_report.md")).toContain(`${run.passed} tests, ${run.passed} passed`);
  });

  test("has tests that pass already at the end of the step that brings them", async () => {
    const stages = await stagesOf("modify_app");
    const runs: TestRun[] = [];
    for (const { step, files } of stages) {
      const tests = step.files.map(({ path }) => path).filter((path) => path.endsWith(".test.js"));
      if (tests.length > 0) runs.push(await runTests(files, tests));
    }
    expect(runs.filter(({ failed, status }) => failed > 0 || status !== 0)).toEqual([]);
    expect(runs).toHaveLength(4);
  });

  test("has tests of its page of which all but one fail without it, since without addresses there is none", async () => {
    const { repository } = await loadWish("modify_app");
    const files = (await stagesOf("modify_app")).at(-1)?.files ?? new Map<string, string>();
    const isSource = (path: string): boolean => path.startsWith("src/") || path.startsWith("public/");
    const before = Object.entries(repository).filter(([path]) => isSource(path));
    const unchanged = [...files].filter(([path]) => !isSource(path));
    const run = await runTests(new Map([...unchanged, ...before]), ["test/signin.test.js"]);
    expect(run).toMatchObject({ passed: 1, failed: 5 });
  });
});

interface Stage {
  readonly step: ProductStep;
  readonly phase: Phase;
  readonly asked: Step;
  readonly files: ReadonlyMap<string, string>;
  readonly tree: Tree;
}

async function load(type: string) {
  const { steps } = await loadProduct(type);
  const { title, repository } = await loadWish(type);
  const { playbook } = await loadPlaybook(GUIDE, type);
  const spec = steps.flatMap(({ files }) => files).find(({ path }) => path.startsWith(".phasegate/specs/active/"));
  const values = {
    issue: "1",
    slug: slugOf(title) ?? "issue-1",
    run: "run-001",
    spec: spec?.path.replace(/^.*\/|\.yaml$/gu, "") ?? "none",
    root: "",
  };
  return { steps, repository, playbook: fillPlaybook(playbook, values) };
}

/** Each step with the tree as it is when the step is done. */
async function stagesOf(type: string): Promise<readonly Stage[]> {
  const { steps, repository, playbook } = await load(type);
  return steps.map((step, index) => {
    const phase = playbook.phases.find(({ name }) => name === step.phase);
    const asked = phase?.steps.find(({ slug }) => slug === step.slug);
    if (phase === undefined || asked === undefined) throw new Error(`no step ${step.phase}/${step.slug}`);
    const written = steps.slice(0, index + 1).flatMap((done) => done.files);
    const files = new Map([...Object.entries(repository), ...written.map(({ path, text }) => [path, text] as const)]);
    return { step, phase, asked, files, tree: treeOf(files) };
  });
}

function treeOf(files: ReadonlyMap<string, string>): Tree {
  return { paths: [...files.keys()].sort(), read: (path) => Promise.resolve(files.get(path) ?? null) };
}

interface TestRun {
  readonly passed: number;
  readonly failed: number;
  readonly status: number;
}

async function runTests(files: ReadonlyMap<string, string>, paths: readonly string[] = []): Promise<TestRun> {
  const folder = await mkdtemp(join(tmpdir(), "phasegate-product-"));
  try {
    for (const [path, text] of files) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    }
    // Node's runner refuses to nest when this variable comes from an outer run.
    const options = { cwd: folder, env: { PATH: process.env["PATH"], TMPDIR: tmpdir() } };
    const run = await promisify(execFile)(process.execPath, ["--test", "--test-reporter=tap", ...paths], options)
      .then(({ stdout }) => ({ stdout, status: 0 }))
      .catch((error: { readonly stdout?: string }) => ({ stdout: error.stdout ?? "", status: 1 }));
    const count = (what: string): number => Number(new RegExp(`^# ${what} (\\d+)$`, "m").exec(run.stdout)?.[1]);
    return { passed: count("pass"), failed: count("fail"), status: run.status };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
