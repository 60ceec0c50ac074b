/** What the guide folder says, as plain values. `src/guide` reads it; `TaskCreated` freezes it by hash. */
import type { Network } from "./network.ts";
import type { CheckId } from "./report.ts";

/** Names become branch names, labels and file names: a small alphabet that needs no quoting anywhere. */
export const playbookNamePattern = /^[a-z][a-z0-9_-]{0,39}$/u;

/** A task type as data. Its name is the label that starts it. */
export interface Playbook {
  readonly name: string;
  /** Other labels that start it. */
  readonly aliases: readonly string[];
  readonly title: string;
  /** One sentence: what a person gets from it. */
  readonly description: string;
  /** Most that a task may spend, in US dollars; null where the installation says. */
  readonly taskBudgetUsd: number | null;
  /** Stands in every prompt: the guides of `common/`, one after the other. */
  readonly common: string;
  readonly integrations: readonly Integration[];
  /** Those that its phases and steps name. */
  readonly roles: readonly Role[];
  readonly phases: readonly Phase[];
  /** For the phase that follows where an approved item changes. */
  readonly ripple: RippleGuide;
}

/** How to work with a service: told where one of its secrets was granted. */
export interface Integration {
  readonly name: string;
  readonly title: string;
  readonly secrets: readonly string[];
  /** Names of the phases in which it helps; null for all. */
  readonly phases: readonly string[] | null;
  readonly guide: string;
}

/** Who does a step: `agents/<name>.md`, in the format of Claude Code's subagents. */
export interface Role {
  readonly name: string;
  readonly description: string;
  /** `inherit`: the task's own. */
  readonly model: string;
  readonly tools: readonly string[];
  readonly prompt: string;
}

interface RippleGuide {
  /** Stands before the guide of each step that is touched. */
  readonly guide: string;
  readonly criteria: readonly Criterion[];
  readonly verifierGuide: string;
}

/** Judges all that no reviewer does. */
export const verifierRole = "verifier";

/** The id of the criterion that a reviewer judges. */
export function approvalOf(reviewer: string): string {
  return `${reviewer}-approves`;
}

/** A part of a task that ends in one gate. */
export interface Phase {
  /** From 1, without holes. */
  readonly number: number;
  /** A branch-safe word, e.g. `planning`. */
  readonly name: string;
  /** For people, e.g. `Planning`. */
  readonly title: string;
  /**
   * `steps`: each step is done once. `conversation`: what people write on the issue is answered, turn by turn, until somebody
   * says `/done`; its one step is the turn.
   */
  readonly mode: PhaseMode;
  /** `tables`: what it writes are the phases that follow. */
  readonly plans: "tables" | null;
  /** The folder of the repository in which the product lives, without slashes around it; empty for the root. */
  readonly root: string;
  /** Roles that look at the work before it is offered to people: each has a judged criterion of its own, `<role>-approves`. */
  readonly reviewers: readonly string[];
  /** The role that takes the steps over where an attempt failed; null where they stay with their own. */
  readonly afterFailure: string | null;
  /** Globs (picomatch) of the paths that a changeset of this phase may touch. */
  readonly allowedPaths: readonly string[];
  /** What the result is held against (G2), in the order in which people read it. */
  readonly criteria: readonly Criterion[];
  /** How the judged ones are judged: Markdown for the verifier. Empty where none is judged. */
  readonly verifierGuide: string;
  /** What runs the project's tests, e.g. `npm test`; null where it is to be found in the repository. */
  readonly testCommand: string | null;
  /** `/skip-phase` is allowed. */
  readonly mayBeSkipped: boolean;
  /** Absent: open. */
  readonly network?: Network;
  /** Most that the phase may spend, in US dollars. */
  readonly budgetUsd: number;
  readonly steps: readonly Step[];
  /** Of a phase that plans: how what it plans is worked on. */
  readonly work?: PlannedWork;
}

/** What the phases of a plan have in common, whatever is planned. */
export interface PlannedWork {
  /** Stands before what the tables say of each step. */
  readonly guide: string;
  readonly criteria: readonly Criterion[];
  readonly verifierGuide: string;
  readonly tools: readonly string[];
  /** Headings of each result. */
  readonly sections: readonly string[];
  /** Of each result. */
  readonly minCharacters: number;
  /** The file of the guide. */
  readonly source: string;
  /** Who does each step, and who looks at the work before people do. */
  readonly role: string | null;
  readonly reviewers: readonly string[];
  /** Of each phase. */
  readonly budgetUsd: number;
}

type PhaseMode = "steps" | "conversation";

/** What must be true of a phase's result. Where a `should` is not, people are told and nothing is reworked. */
export type Criterion = {
  /** e.g. `planning-agrees`; unique within its phase. */
  readonly id: string;
  /** One sentence that is true of a good result. */
  readonly text: string;
  readonly severity: "must" | "should";
} & (
  | { readonly kind: "deterministic"; readonly check: CheckId }
  /** By a separate session that only reads. */
  | { readonly kind: "judged" }
);

/** One deliverable inside a phase, with one guide. */
export interface Step {
  /** e.g. `01_idea`; unique within its phase and part of file names. */
  readonly slug: string;
  /** For people, e.g. `Idea definition`. */
  readonly title: string;
  /** The guide's Markdown body, without front matter. */
  readonly guide: string;
  /** Where people read it: a path in the guide folder, or in the repository (`.github/phasegate/…`); empty where nobody knows. */
  readonly source: string;
  /** Paths or globs; each must match at least one file at the end of the step. Those without wildcards that end in `.md` are documents. */
  readonly outputs: readonly string[];
  /** Headings (without `#`) that each document of the step must have. */
  readonly sections: readonly string[];
  /** Smallest length of each document, in code points of its text without front matter and surrounding white space. */
  readonly minCharacters: number;
  /** Globs, narrower than or equal to those of the phase. */
  readonly allowedPaths: readonly string[];
  /** Built-in tools of Claude Code that the step may use. */
  readonly tools: readonly string[];
  /** One of the playbook's; null for the agent as such. */
  readonly role: string | null;
  /** How often it may ask before it has to decide; null where nothing but the run's own limit holds. */
  readonly questionRoundsMax: number | null;
  /** Done one after the other, in one conversation, each with a file of its own. Absent where the guide says all. */
  readonly turns?: readonly Turn[];
  /** The sub-stage of a planned run that the step works on: its rows get their status when it is done. */
  readonly planned?: SubStagePlace;
  /** Its turns are found when it is worked on: one for each row of these tables of the run. */
  readonly turnsFor?: "phases" | "stages" | "sub-stages";
}

/** One thing that is asked in a step of several. */
export interface Turn {
  /** Unique within its step, e.g. `tsk-01`. */
  readonly id: string;
  /** For people. */
  readonly title: string;
  /** What is asked, in Markdown; the step's guide came before. */
  readonly guide: string;
  /** The one file that it leaves. */
  readonly output: string;
}

export interface SubStagePlace {
  readonly run: string;
  readonly phase: string;
  readonly stage: string;
  readonly subStage: string;
}

/** For a changeset that also holds a merge: each step may change whatever its phase may. */
export function withPathsOfPhase(phase: Phase): Phase {
  return { ...phase, steps: phase.steps.map((step) => ({ ...step, allowedPaths: phase.allowedPaths })) };
}

/** What the core needs of a frozen playbook. The texts stay in the store, under `hash`. */
export interface PlaybookOutline {
  readonly name: string;
  readonly hash: string;
  readonly phases: readonly PhaseOutline[];
}

export interface PhaseOutline {
  readonly number: number;
  readonly name: string;
  readonly title: string;
  readonly budgetUsd: number;
  readonly mayBeSkipped: boolean;
  readonly mode: PhaseMode;
  readonly plans: "tables" | null;
  readonly steps: readonly StepOutline[];
}

interface StepOutline {
  readonly slug: string;
  readonly title: string;
}

export function outlineOf(playbook: Playbook, hash: string): PlaybookOutline {
  return { name: playbook.name, hash, phases: playbook.phases.map(outlineOfDefinition) };
}

export function outlineOfDefinition(phase: Phase): PhaseOutline {
  const { number, name, title, budgetUsd, mayBeSkipped, mode, plans, steps } = phase;
  return {
    number,
    name,
    title,
    budgetUsd,
    mayBeSkipped,
    mode,
    plans,
    steps: steps.map(({ slug, title }) => ({ slug, title })),
  };
}
