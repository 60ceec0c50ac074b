/** What whoever asked for a task set for it, beside the words of the request. */
export interface TaskInput {
  /** Of the documents; null where the settings say. */
  readonly language: "en" | "ko" | null;
  /** Below which the product is written, relative to the root and without slashes at its ends; empty for the root. */
  readonly outputDirectory: string;
  /** Null for the default branch. */
  readonly baseBranch: string | null;
  /** Most that the task may spend; null where the installation says. */
  readonly budgetUsd: number | null;
  readonly priority: "critical" | "high" | "normal" | "low";
  /** Links, e.g. to a design in Figma. */
  readonly references: readonly string[];
}
