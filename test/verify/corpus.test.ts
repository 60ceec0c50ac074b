import { describe, expect, test } from "vitest";
import type { Phase } from "../../src/core/playbook.ts";
import { loadPlaybook } from "../../src/guide/load-playbook.ts";
import { verifyPhase } from "../../src/verify/verify-phase.ts";
import { corpus } from "./corpus.ts";
import type { CorpusCase } from "./corpus.ts";
import { memoryTree } from "./memory-tree.ts";

const { playbook } = await loadPlaybook(new URL("../../guide", import.meta.url).pathname, "create_app");

/** The phase as it ships, with its own criteria, and of its steps those that the case has documents for. */
function phaseFor({ name, steps }: CorpusCase): Phase {
  const phase = playbook.phases.find((candidate) => steps.every((step) => step.startsWith(`${candidate.name}/`)));
  if (phase === undefined) throw new Error(`${name}: its steps are of no one phase`);
  return { ...phase, steps: phase.steps.filter(({ slug }) => steps.includes(`${phase.name}/${slug}`)) };
}

async function found(one: CorpusCase): Promise<readonly string[]> {
  const { findings, notes } = await verifyPhase(memoryTree(one.files), phaseFor(one));
  return [...findings, ...notes].map(({ check, path, line }) => `${check} ${path ?? "-"}:${line ?? "-"}`);
}

describe("the corpus", () => {
  test("has 15 good cases and 15 bad ones, in both languages, each of some length", () => {
    const all = [...corpus("good"), ...corpus("bad")];
    expect([corpus("good").length, corpus("bad").length]).toEqual([15, 15]);
    expect(corpus("bad").filter(({ defect }) => defect === null)).toEqual([]);
    expect(all.filter(({ files }) => /[가-힣]/u.test(Object.values(files).join(""))).length).toBeGreaterThanOrEqual(8);
    expect(all.filter(({ files }) => Object.values(files).join("").length < 400)).toEqual([]);
    expect(all.filter((one) => phaseFor(one).steps.length !== one.steps.length)).toEqual([]);
  });

  test("has a defect of each class that files can show", () => {
    const classes = new Set(corpus("bad").map(({ defect }) => defect?.split(" ")[0]));
    const asked = playbook.phases.flatMap(({ criteria }) =>
      criteria.flatMap((criterion) => (criterion.kind === "deterministic" ? [criterion.check] : [])),
    );
    // Whether an output exists is a class of its own, and tried on every good case below.
    const shown = new Set(asked.filter((check) => check !== "tests-pass" && check !== "outputs-exist"));
    expect(classes).toEqual(shown);
  });
});

describe("the checks of create_app", () => {
  test.each(corpus("good"))("find nothing in $name", async (one) => {
    expect(await found(one)).toEqual([]);
  });

  test.each(corpus("bad"))("find the one defect of $name", async (one) => {
    expect(await found(one)).toEqual([one.defect]);
  });

  test.each(corpus("good"))("miss the deliverable that is taken out of $name", async (one) => {
    const [output = ""] = phaseFor(one).steps[0]?.outputs ?? [];
    const { [output]: taken, ...files } = one.files;
    expect(taken).toBeDefined();
    expect(await found({ ...one, files })).toContain(`outputs-exist ${output}:-`);
  });
});
