/** What most phases and playbooks of tests have none of. */
import type { Phase, Playbook, Step } from "../../src/core/playbook.ts";

export const plainStep = { source: "", role: null, questionRoundsMax: null } satisfies Partial<Step>;

export const plainPhase = {
  mode: "steps",
  plans: null,
  root: "",
  reviewers: [],
  afterFailure: null,
} satisfies Partial<Phase>;

export const plainPlaybook = {
  aliases: [],
  description: "Something to build.",
  taskBudgetUsd: null,
  common: "",
  integrations: [],
  roles: [],
  ripple: { guide: "Bring it in line.", criteria: [], verifierGuide: "" },
} satisfies Partial<Playbook>;
