/** Small playbooks, and verdicts that depend on nothing but what was written: a repeat finds the same. */
import type { Playbooks } from "../../src/control/ports/configuration.ts";
import type { Verifier } from "../../src/control/ports/verifier.ts";
import type { Change } from "../../src/core/change.ts";
import type { Criterion, Phase, Playbook } from "../../src/core/playbook.ts";
import type { CheckResult, Finding } from "../../src/core/report.ts";
import { saidByTests, saidByVerdict, verdictsOf } from "../../src/verify/reported.ts";
import { compiledFrom, isDefinitionPath } from "../../src/verify/compile-workflow.ts";
import { specFaults } from "../../src/verify/spec-valid.ts";
import { isActiveSpec, specAfter, specToStart } from "../../src/verify/spec-commit.ts";
import { planPathsOf, runOfPhase } from "../../src/core/plan-tables.ts";
import { readPlan } from "../../src/core/read-plan.ts";
import { changedItems, citing } from "../../src/verify/changed-items.ts";
import { stepFor, stepOfPath } from "../../src/verify/step-of-path.ts";
import { plainPhase, plainPlaybook, plainStep } from "../support/playbook-parts.ts";

/** In a document: the verification fails. */
export const badWord = "TBD";
/** In a changeset: it is not published. */
export const hostileWord = "SECRET";

export const labels = ["create_app", "modify_app", "custom"] as const;
/** What a conversation is about. */
export const notesPath = "docs/notes.md";
export const phaseBudgetUsd = 5;

/** What only a run can tell. */
const criteria: readonly Criterion[] = [
  { id: "agrees", kind: "judged", severity: "must", text: "The documents agree." },
  { id: "is-brief", kind: "judged", severity: "should", text: "The documents are brief." },
  { id: "tests", kind: "deterministic", check: "tests-pass", severity: "must", text: "The tests pass." },
];

const byLabel: Readonly<Record<string, Playbook>> = {
  create_app: playbookOf("create_app", [
    phaseOf(1, "planning", ["01_idea", "02_market"], { mayBeSkipped: true }),
    phaseOf(2, "design", ["01_screens"], { mayBeSkipped: true }),
  ]),
  modify_app: playbookOf("modify_app", [phaseOf(1, "analysis", ["01_map"], { mayBeSkipped: false })]),
  run: playbookOf("run", [planOf(phaseOf(1, "plan", ["01_phases", "02_tables"], { mayBeSkipped: false }))]),
  custom: playbookOf("custom", [talkOf(phaseOf(1, "talk", ["01_turn"], { mayBeSkipped: false }))]),
};

function playbookOf(name: string, phases: readonly Phase[]): Playbook {
  return { ...plainPlaybook, name, title: name, phases };
}

function phaseOf(
  number: number,
  name: string,
  slugs: readonly string[],
  { mayBeSkipped }: Pick<Phase, "mayBeSkipped">,
): Phase {
  const allowedPaths = ["docs/**"];
  const steps = slugs.map((slug) => ({
    slug,
    title: slug,
    guide: `Write ${slug}.`,
    outputs: [`docs/${slug}.md`],
    sections: [],
    minCharacters: 1,
    allowedPaths,
    tools: ["Write"],
    ...plainStep,
  }));
  const judged = { criteria, verifierGuide: "Read them.", testCommand: "npm test" };
  return {
    ...plainPhase,
    number,
    name,
    title: name,
    allowedPaths,
    ...judged,
    mayBeSkipped,
    budgetUsd: phaseBudgetUsd,
    steps,
  };
}

/** Its turns write what they like, or nothing. */
function talkOf(phase: Phase): Phase {
  return { ...phase, mode: "conversation", steps: phase.steps.map((step) => ({ ...step, outputs: [] })) };
}

/** Its tables become the phases that follow. */
function planOf(phase: Phase): Phase {
  const { phases, tasks } = planPathsOf("<run>");
  const outputs = [[phases], [tasks("ph-1", "stg-1", "sub-01")]];
  return {
    ...phase,
    allowedPaths: ["**"],
    steps: phase.steps.map((step, index) => ({ ...step, allowedPaths: ["**"], outputs: outputs[index] ?? [] })),
    plans: "tables",
    work: {
      guide: "Work by the plan.",
      criteria,
      verifierGuide: "Read them.",
      tools: ["Read", "Write"],
      sections: [],
      minCharacters: 1,
      source: "run/execute.md",
      role: null,
      reviewers: [],
      budgetUsd: phaseBudgetUsd,
    },
  };
}

export const playbooks: Playbooks = {
  forRepository: () => ({
    faults: [],
    labels: [],
    byLabel: (label) => {
      const playbook = Object.hasOwn(byLabel, label) ? byLabel[label] : undefined;
      if (playbook === undefined) return null;
      return { kind: "playbook", playbook, hash: `hash of ${playbook.name}`, json: JSON.stringify(playbook) };
    },
  }),
  fromJson: (json) => JSON.parse(json) as Playbook,
};

export const verifier: Verifier = {
  verifyPhase: async (tree, phase, { report }) => {
    const findings: Finding[] = [];
    const notes: Finding[] = [];
    const checks: CheckResult[] = [];
    for (const { slug, outputs } of phase.steps) {
      for (const path of outputs.length === 0 ? [notesPath] : outputs) {
        const text = tree.paths.includes(path) ? await tree.read(path) : null;
        const isMissing = text === null && outputs.length > 0;
        if (isMissing || text?.includes(badWord) === true) findings.push(finding("no-placeholder", slug, path));
      }
    }
    const run = phase.plans === "tables" ? runOfPhase(phase) : null;
    const { faults } = run === null ? { faults: [] } : await readPlan(tree, run, { begun: false });
    for (const { path } of faults.slice(0, 1)) findings.push(finding("plan-tables", phase.steps[0]?.slug ?? "", path));
    checks.push({ check: "no-placeholder", passed: findings.length === 0, looked: phase.steps.length });
    const verdicts = verdictsOf(report?.verdicts ?? []);
    for (const criterion of phase.criteria) {
      const verdict = verdicts.get(criterion.id);
      if (criterion.kind === "judged" && verdict === undefined) continue;
      if (report === null) continue;
      const said =
        verdict === undefined ? saidByTests(criterion, report.tests) : saidByVerdict(tree, phase, criterion, verdict);
      checks.push(said.result);
      (said.isMust ? findings : notes).push(...said.findings);
    }
    return { passed: findings.length === 0, checks, findings, notes };
  },
  changesetFindings: async (changes: readonly Change[], _phase, step) =>
    changes.flatMap((change) =>
      change.kind === "written" && Buffer.from(change.content).toString("utf8").includes(hostileWord)
        ? [finding("no-secrets", step, change.path)]
        : [],
    ),
  findCredential: async () => null,
  stepOfPath,
  stepFor,
  changedItems,
  citing,
  isDefinitionPath,
  compiledFrom,
  isActiveSpec,
  specFaults,
  specAfter,
  specToStart,
};

function finding(check: Finding["check"], step: string, path: string): Finding {
  return { check, step, path, line: null, message: `${path}: not as it should be` };
}
