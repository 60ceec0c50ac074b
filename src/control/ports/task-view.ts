import type { Criterion } from "../../core/playbook.ts";
import type { ExistingTask } from "../../core/state.ts";
import type { Spent } from "../../core/usage.ts";

/** All that the status comment and the gate's body are written from. */
export interface TaskView {
  readonly task: ExistingTask;
  readonly live: LiveStatus | null;
  readonly model: string;
  /** Of each phase, by its number. */
  readonly forecasts: ReadonlyMap<number, Forecast>;
  /** What each phase is held against, by its number; of the playbook that was frozen. */
  readonly criteria: ReadonlyMap<number, readonly Criterion[]>;
  /** Where people read the guide of a step, as `Step.source`; by the phase's number and the step's slug. */
  readonly guides: ReadonlyMap<number, ReadonlyMap<string, string>>;
  /** When work under the account's limit is tried again; null where none is in the way. */
  readonly limitEndsAt: string | null;
}

/** Requirement F2.1, what only the stream knows. */
export interface LiveStatus {
  readonly currentAction: string | null;
  readonly currentStep: string | null;
  /** The document that is being written. */
  readonly currentDocument: string | null;
  /** The last five things that the agent did, newest first. */
  readonly recentActions: readonly { readonly at: string; readonly text: string }[];
  readonly spent: Spent;
  readonly lastUpdate: string;
}

/** What the next phase may cost, from what such phases cost here, or from the playbook. */
export interface Forecast {
  readonly usd: number;
  readonly from: "history" | "playbook";
}

/** The check run that branch protection can require, as it should look now (G). */
export interface CheckShown {
  readonly view: TaskView;
  /** Null for the task's last pull request. */
  readonly phase: number | null;
  readonly branch: string;
}
