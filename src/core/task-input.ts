/** That people read and the agent writes in (Q22). */
export type Language = "en" | "ko";

/** What the form of an issue says besides the idea itself. */
export interface TaskInput {
  /** Null where the repository's settings, or the installation, say. */
  readonly language: Language | null;
  /** Where the product lives: a folder relative to the root, without slashes around it; null for the root. What the settings say counts as of the start. */
  readonly outputDirectory: string | null;
  /** Null for the default branch. */
  readonly baseBranch: string | null;
  /** Most that the task may spend, in US dollars; null where the playbook or the installation says. */
  readonly budgetUsd: number | null;
  readonly priority: Priority;
  /** Links, such as that of a Figma file. */
  readonly references: readonly string[];
}

/** Requirement N1.1, the first in turn first. */
export const priorities = ["critical", "high", "normal", "low"] as const;
export type Priority = (typeof priorities)[number];

export const noInput: TaskInput = {
  language: null,
  outputDirectory: null,
  baseBranch: null,
  budgetUsd: null,
  priority: "normal",
  references: [],
};
