import type { Criterion, Phase, Step } from "../../src/core/playbook.ts";
import type { CheckId, Tree } from "../../src/core/report.ts";
import { plainPhase, plainStep } from "../support/playbook-parts.ts";

/** A tree of texts; null stands for a file that is binary or too large to read. */
export function memoryTree(files: Readonly<Record<string, string | null>>): Tree {
  return {
    paths: Object.keys(files).toSorted(),
    read: async (path) => {
      if (!(path in files)) throw new Error(`reading "${path}", which is not in the tree`);
      return files[path] ?? null;
    },
  };
}

export const ideaStep: Step = {
  ...plainStep,
  slug: "01_idea",
  title: "Idea definition",
  guide: "Write it.",
  outputs: ["docs/idea.md"],
  sections: ["Problem", "Target users"],
  minCharacters: 60,
  allowedPaths: ["docs/**"],
  tools: ["Read", "Write"],
};

export const codeStep: Step = {
  ...plainStep,
  slug: "02_code",
  title: "Code",
  guide: "Write it.",
  outputs: ["src/**/*.{ts,py}", ".gitignore"],
  sections: ["Unused"],
  minCharacters: 1,
  allowedPaths: ["**"],
  tools: ["Bash"],
};

export const goodIdea = `---
author: someone
---
# Idea

## 1. Problem

Links are long, and people mistype them when they read them out.

## 2. Target users

People who print links on paper.
`;

export function phaseOf(steps: readonly Step[], fields: Partial<Phase> = {}): Phase {
  return {
    ...plainPhase,
    number: 1,
    name: "planning",
    title: "Planning",
    allowedPaths: ["**"],
    criteria: criteriaOf("outputs-exist", "long-enough", "sections-present", "no-placeholder"),
    verifierGuide: "",
    testCommand: null,
    mayBeSkipped: false,
    budgetUsd: 5,
    steps,
    ...fields,
  };
}

/** A criterion that must hold for each check, of the same name. */
export function criteriaOf(...checks: readonly CheckId[]): readonly Criterion[] {
  return checks.map((check) => ({
    id: check,
    text: `${check} holds.`,
    severity: "must",
    kind: "deterministic",
    check,
  }));
}

/** Made at run time, so that no scanner takes this file for a leak. */
export const fakeToken = ["ghp", "wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx"].join("_");
