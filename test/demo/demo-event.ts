import type { ReworkSource } from "../../src/core/events.ts";

/** What happens in a demo, in the words of its timeline; one JSON line each with `--json`. */
export type DemoEvent =
  | { readonly type: "demo-started"; readonly model: "scripted" | "real"; readonly notes: readonly string[] }
  | {
      readonly type: "ready";
      readonly github: string;
      readonly app: string;
      readonly model: string;
      readonly folder: string;
    }
  | {
      readonly type: "issue-opened";
      readonly number: number;
      readonly title: string;
      readonly label: string;
      readonly url: string;
    }
  | {
      readonly type: "phase-started";
      readonly phase: number;
      readonly phases: number;
      readonly title: string;
      readonly steps: number;
    }
  | {
      readonly type: "run-started";
      readonly phase: number;
      readonly attempt: number;
      /** Where the run before it stopped to ask. */
      readonly goesOn: boolean;
      readonly url: string;
    }
  | {
      readonly type: "rework-requested";
      readonly phase: number;
      readonly source: ReworkSource;
      readonly by: string;
      readonly points: number;
    }
  /** The checks or the verifier found something: the agent gets exactly that. */
  | { readonly type: "sent-back"; readonly phase: number; readonly attempt: number; readonly findings: number }
  | {
      readonly type: "step-started";
      readonly phase: number;
      readonly step: string;
      readonly title: string;
      readonly number: number;
      readonly total: number;
    }
  | { readonly type: "action"; readonly step: string; readonly text: string }
  | { readonly type: "round"; readonly step: string; readonly round: number; readonly missing: readonly string[] }
  | {
      readonly type: "step-completed";
      readonly phase: number;
      readonly step: string;
      readonly title: string;
      readonly files: number;
      readonly tokens: number;
      readonly costUsd: number;
      readonly elapsedMs: number;
    }
  | { readonly type: "gate-opened"; readonly phase: number; readonly pullRequest: number; readonly url: string }
  | {
      readonly type: "verified";
      readonly phase: number;
      readonly passed: boolean;
      readonly checks: number;
      /** Of them, by the session that only reads. */
      readonly judged: number;
      readonly findings: readonly { readonly place: string; readonly judged: boolean; readonly message: string }[];
    }
  | {
      readonly type: "gate-ready";
      readonly phase: number;
      readonly pullRequest: number;
      /** With which it opens. */
      readonly decisions: number;
    }
  /** By a tick in the pull request's text, where `reason` is null, or with `/veto`. */
  | {
      readonly type: "vetoed";
      readonly phase: number;
      readonly number: number;
      readonly decision: string;
      readonly by: string;
      readonly reason: string | null;
    }
  | {
      readonly type: "reviewed";
      readonly phase: number;
      readonly pullRequest: number;
      readonly verdict: "approved" | "changes requested";
      /** What stands at the lines that it names. */
      readonly remarks: readonly { readonly path: string; readonly line: number; readonly text: string }[];
      readonly by: string;
    }
  | {
      readonly type: "feedback-answered";
      readonly phase: number;
      readonly answer: "fixed" | "declined" | "question";
      readonly place: string;
    }
  | {
      readonly type: "question-asked";
      readonly step: string;
      readonly number: number;
      readonly category: string;
      readonly question: string;
      readonly options: readonly string[];
      readonly required: boolean;
    }
  | { readonly type: "question-answered"; readonly number: number; readonly by: string; readonly answer: string }
  | {
      readonly type: "dependency-requested";
      readonly step: string;
      readonly name: string;
      readonly kind: string;
      readonly description: string;
      readonly required: boolean;
    }
  /** On the settings page of the repository: nobody says so to the app. */
  | { readonly type: "secret-added"; readonly name: string; readonly by: string }
  /** A workflow that the app may not write. */
  | { readonly type: "file-added"; readonly path: string; readonly by: string }
  /** `by` is null where the app noticed it by itself. */
  | { readonly type: "dependency-granted"; readonly name: string; readonly by: string | null }
  | { readonly type: "dependency-skipped"; readonly name: string; readonly by: string }
  /** The job is over, and the next one starts when people have answered. */
  | { readonly type: "waiting" }
  /** Where the values of secrets were looked for at the end, and where one was found. */
  | { readonly type: "secrets-searched"; readonly places: readonly string[]; readonly found: readonly string[] }
  | { readonly type: "merged"; readonly phase: number; readonly pullRequest: number; readonly by: string }
  | { readonly type: "paused"; readonly reason: string }
  | { readonly type: "problem"; readonly message: string }
  | { readonly type: "tests-run"; readonly passed: boolean; readonly output: string }
  | {
      readonly type: "demo-finished";
      readonly status: "completed" | "failed" | "stopped";
      /** Path of the work tree with the result. */
      readonly repository: string | null;
      readonly phases: readonly PhaseResult[];
      readonly elapsedMs: number;
      readonly tokens: number;
      readonly costUsd: number;
      readonly log: readonly string[];
    };

export interface PhaseResult {
  readonly phase: number;
  readonly name: string;
  readonly pullRequest: number | null;
  readonly merged: boolean;
  readonly steps: number;
  readonly tokens: number;
  readonly costUsd: number;
}
