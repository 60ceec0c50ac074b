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
  | { readonly type: "run-started"; readonly phase: number; readonly attempt: number; readonly url: string }
  | { readonly type: "rework-requested"; readonly phase: number; readonly by: string; readonly points: number }
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
      readonly findings: readonly string[];
    }
  | { readonly type: "gate-ready"; readonly phase: number; readonly pullRequest: number; readonly url: string }
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
