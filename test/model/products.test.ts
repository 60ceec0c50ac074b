import picomatch from "picomatch";
import { describe, expect, test } from "vitest";
import { fillPlaybook, slugOf } from "../../src/core/place-values.ts";
import type { Phase, Step } from "../../src/core/playbook.ts";
import type { Tree } from "../../src/core/report.ts";
import { loadPlaybook } from "../../src/guide/load-playbook.ts";
import { checkStep } from "../../src/verify/check-step.ts";
import { verifyPhase } from "../../src/verify/verify-phase.ts";
import { loadProduct, loadWish, productTypes, type ProductStep } from "./load-product.ts";

const GUIDE = new URL("../../guide", import.meta.url).pathname;
/** Told by a test of its own. */
const types = (await productTypes()).filter((type) => type !== "create_app");

describe.each(types)("the canned product of %s", (type) => {
  test("has every step of the playbook, in its order", async () => {
    const { playbook, steps } = await load(type);
    const asked = playbook.phases.flatMap((phase) => phase.steps.map(({ slug }) => `${phase.name}/${slug}`));
    expect(steps.map(({ phase, slug }) => `${phase}/${slug}`).slice(0, asked.length)).toEqual(asked);
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

/** Each step of the playbook with the tree as it is when the step is done. What is planned under way has none. */
async function stagesOf(type: string): Promise<readonly Stage[]> {
  const { steps, repository, playbook } = await load(type);
  return steps.flatMap((step, index) => {
    const phase = playbook.phases.find(({ name }) => name === step.phase);
    const asked = phase?.steps.find(({ slug }) => slug === step.slug);
    if (phase === undefined || asked === undefined) return [];
    const written = steps.slice(0, index + 1).flatMap((done) => done.files);
    const files = new Map([...Object.entries(repository), ...written.map(({ path, text }) => [path, text] as const)]);
    return [{ step, phase, asked, files, tree: treeOf(files) }];
  });
}

function treeOf(files: ReadonlyMap<string, string>): Tree {
  return { paths: [...files.keys()].sort(), read: (path) => Promise.resolve(files.get(path) ?? null) };
}
