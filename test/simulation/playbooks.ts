/** Small playbooks, and verdicts that depend on nothing but what was written: a repeat finds the same. */
import type { Playbooks, Verifier } from "../../src/control/ports.ts";
import type { Change } from "../../src/core/change.ts";
import type { Phase, Playbook } from "../../src/core/playbook.ts";
import type { Finding } from "../../src/core/report.ts";
import { changedItems, citing } from "../../src/verify/changed-items.ts";
import { stepFor, stepOfPath } from "../../src/verify/step-of-path.ts";

/** In a document: the verification fails. */
export const badWord = "TBD";
/** In a changeset: it is not published. */
export const hostileWord = "SECRET";

export const labels = ["create_app", "modify_app"] as const;
export const phaseBudgetUsd = 5;

const byLabel: Readonly<Record<string, Playbook>> = {
  create_app: playbookOf("create_app", [
    phaseOf(1, "planning", ["01_idea", "02_market"]),
    phaseOf(2, "design", ["01_screens"]),
  ]),
  modify_app: playbookOf("modify_app", [phaseOf(1, "analysis", ["01_map"])]),
};

function playbookOf(name: string, phases: readonly Phase[]): Playbook {
  return { name, title: name, phases, ripple: { guide: "Bring it in line.", criteria: [], verifierGuide: "" } };
}

function phaseOf(number: number, name: string, slugs: readonly string[]): Phase {
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
  }));
  const unjudged = { criteria: [], verifierGuide: "", testCommand: null, mayBeSkipped: false } as const;
  return { number, name, title: name, allowedPaths, ...unjudged, budgetUsd: phaseBudgetUsd, steps };
}

export const playbooks: Playbooks = {
  byLabel: (label) => {
    const playbook = Object.hasOwn(byLabel, label) ? byLabel[label] : undefined;
    if (playbook === undefined) return null;
    return { playbook, hash: `hash of ${playbook.name}`, json: JSON.stringify(playbook) };
  },
  fromJson: (json) => JSON.parse(json) as Playbook,
};

export const verifier: Verifier = {
  verifyPhase: async (tree, phase) => {
    const findings: Finding[] = [];
    for (const { slug, outputs } of phase.steps) {
      const path = outputs[0] ?? "";
      const text = tree.paths.includes(path) ? await tree.read(path) : null;
      if (text === null || text.includes(badWord)) findings.push(finding("no-placeholder", slug, path));
    }
    const passed = findings.length === 0;
    return { passed, checks: [{ check: "no-placeholder", passed, looked: phase.steps.length }], findings, notes: [] };
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
};

function finding(check: Finding["check"], step: string, path: string): Finding {
  return { check, step, path, line: null, message: `${path}: not as it should be` };
}
