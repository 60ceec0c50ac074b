/** The result of checking a phase: what was asked, and what was found wanting. */

/** A set of files to check: a work tree in the runner, the head of a phase branch in the app. */
export interface Tree {
  /** Paths of all regular files, with `/`, relative to the root, sorted. */
  readonly paths: readonly string[];
  /** The file's text, or null where it is binary or larger than `bytesMax`. */
  read(path: string): Promise<string | null>;
  /** Names the file's content: equal names are equal contents. Absent where reading is cheap. */
  contentId?(path: string): string | null;
}

export type CheckId =
  | "outputs-exist"
  | "long-enough"
  | "sections-present"
  | "no-placeholder"
  | "env-ignored"
  | "no-secrets"
  | "tests-exist"
  /** Links between documents lead to files and headings that are there. */
  | "links-resolve"
  /** The files that make a project run are there: manifest, sources, and what the design names. */
  | "code-exists"
  /** Each `REQ-001`, `DEC-003`, `SCR-002` that is cited is defined somewhere, and none twice. */
  | "ids-known"
  /** What the documents of earlier phases define is cited by a later document, by code or by a test. */
  | "ids-cited"
  /** The document is a plan: the headings of the template, one settled solution, tasks with ids below milestones. */
  | "plan-shape"
  /** Each specification in `.phasegate/specs/active` is valid. */
  | "spec-valid"
  /** Each definition in `.github/phasegate/workflows` can be compiled, and its scripts are there. */
  | "workflow-valid"
  /** The tables of a planned run are whole, and agree with each other, the settings and the catalogs. */
  | "plan-tables"
  /** The project's own test command, run by the runner alone. */
  | "tests-pass"
  /** Changes outside the paths of the phase, or forms that no changeset may have. */
  | "paths-allowed";

/** A criterion that the verifier judged, by its id. */
type JudgedCheck = `judged:${string}`;
export type AnyCheck = CheckId | JudgedCheck;

export interface Finding {
  readonly check: AnyCheck;
  /** Null where the finding belongs to the phase as a whole. */
  readonly step: string | null;
  readonly path: string | null;
  readonly line: number | null;
  /** What is wrong and what would satisfy the check, in one sentence. Goes to the agent and to people. */
  readonly message: string;
}

export interface CheckResult {
  readonly check: AnyCheck;
  readonly passed: boolean;
  /** How many files or steps were looked at; zero shows that the check had nothing to say. */
  readonly looked: number;
}

export interface VerificationReport {
  /** All criteria that must hold do. */
  readonly passed: boolean;
  readonly checks: readonly CheckResult[];
  /** Of criteria that must hold. */
  readonly findings: readonly Finding[];
  /** Of criteria that should. */
  readonly notes: readonly Finding[];
}

/** The verifier's word on one criterion. */
export interface Verdict {
  readonly criterion: string;
  readonly passed: boolean;
  readonly confidence: "high" | "medium" | "low";
  /** One to three sentences. */
  readonly reason: string;
  readonly evidence: readonly { readonly path: string; readonly line: number | null; readonly quote: string }[];
}

/** The project's own tests, as the runner saw them. */
export interface TestRun {
  readonly command: string;
  readonly result: "passed" | "failed" | "timed-out" | "could-not-run";
  readonly exitCode: number | null;
  readonly seconds: number;
  /** The end of what it printed. */
  readonly tail: string;
}

/** What the agent decided in a phase, and people may veto. */
export interface DecisionTaken {
  readonly decision: string;
  /** What it did not choose. */
  readonly alternative: string;
  readonly reason: string;
  readonly confidence: "high" | "medium" | "low";
  /** Paths in which it shows. */
  readonly files: readonly string[];
}

/** What only the run can tell: the app executes nothing and asks no model. */
export interface RunnerReport {
  readonly verdicts: readonly Verdict[];
  /** Why nothing was judged: the verifier's own fault, never a finding. Null where all was judged, or nothing was to be. */
  readonly judgeFault: string | null;
  /** Null where no criterion asks for it. */
  readonly tests: TestRun | null;
  readonly decisions: readonly DecisionTaken[];
}

/** Requirement G3.1. */
export interface ReworkAttempt {
  /** From 1. */
  readonly attemptNumber: number;
  readonly failedCriteria: readonly AnyCheck[];
  /** What the agent was given to mend, a line each. */
  readonly reworkPrompt: string;
  readonly startedAt: string;
  readonly completedAt: string | null;
  /** `partial` where fewer criteria failed after it than before; null while it is under way. */
  readonly result: "success" | "partial" | "failed" | null;
}
