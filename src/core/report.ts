/** The result of checking a phase: what was asked, and what was found wanting. */

/** A set of files to check: a work tree in the runner, the head of a phase branch in the app. */
export interface Tree {
  /** Paths of all regular files, with `/`, relative to the root, sorted. */
  readonly paths: readonly string[];
  /** The file's text, or null where it is binary or larger than `bytesMax`. */
  read(path: string): Promise<string | null>;
}

export type CheckId =
  | "outputs-exist"
  | "long-enough"
  | "sections-present"
  | "no-placeholder"
  | "env-ignored"
  | "no-secrets"
  | "tests-exist"
  /** Changes outside the paths of the phase, or forms that no changeset may have. */
  | "paths-allowed";

export interface Finding {
  readonly check: CheckId;
  /** Null where the finding belongs to the phase as a whole. */
  readonly step: string | null;
  readonly path: string | null;
  readonly line: number | null;
  /** What is wrong and what would satisfy the check, in one sentence. Goes to the agent and to people. */
  readonly message: string;
}

export interface CheckResult {
  readonly check: CheckId;
  readonly passed: boolean;
  /** How many files or steps were looked at; zero shows that the check had nothing to say. */
  readonly looked: number;
}

export interface VerificationReport {
  readonly passed: boolean;
  readonly checks: readonly CheckResult[];
  readonly findings: readonly Finding[];
}
