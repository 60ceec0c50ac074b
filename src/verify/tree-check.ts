import type { Phase } from "../core/playbook.ts";
import type { CheckId, CheckResult, Finding, Tree } from "../core/report.ts";

/** Checks that a tree of files answers: all but that of a changeset, and that of a run. */
export type TreeCheck = Exclude<CheckId, "paths-allowed" | "tests-pass">;

export interface Looked {
  readonly findings: readonly Finding[];
  /** Files, or steps, that were looked at. */
  readonly looked: number;
}

/** Reads files and nothing else: no code of the repository is executed. */
export type RunCheck = (tree: Tree, phase: Phase) => Promise<Looked>;

/** What one criterion comes to. */
export interface Answer {
  readonly result: CheckResult;
  readonly findings: readonly Finding[];
  /** Its findings are to be mended, not only told. */
  readonly isMust: boolean;
}
