import type { Finding } from "./report.ts";

/** How a run ended, declared by the runner, or by the app when the runner fell silent (`lost`). */
export type Outcome =
  | { readonly kind: "completed" }
  | { readonly kind: "nothing-to-do" }
  | { readonly kind: "rate-limited"; readonly resetsAt: string | null; readonly message: string }
  | { readonly kind: "budget-exhausted"; readonly spentUsd: number; readonly budgetUsd: number }
  | { readonly kind: "slice-ended" }
  /** The agent asked; the questions and dependencies came in messages of their own before. */
  | { readonly kind: "waiting-question" }
  | { readonly kind: "waiting-dependency" }
  /** The model account is at fault, which no repeat mends: the operator is asked. */
  | { readonly kind: "provider-refused"; readonly why: ProviderRefusal; readonly message: string }
  /** The agent's fault: counts as a failed attempt. */
  | { readonly kind: "failed"; readonly message: string; readonly findings: readonly Finding[] }
  /** The environment's fault: the runner died, or the machine or provider did not answer. Uses up no rework. */
  | { readonly kind: "lost"; readonly message: string }
  | { readonly kind: "cancelled" };

export type ProviderRefusal = "authentication" | "billing" | "model-not-found";

/** Why a task does not go on by itself. Each has one comment that says what to do next. */
export type BlockReason =
  | { readonly kind: "no-workflow-file" }
  | { readonly kind: "actions-disabled" }
  | { readonly kind: "no-model-secret" }
  | { readonly kind: "empty-repository" }
  /** The workflow ran to its end without ever opening a session with the app. */
  | { readonly kind: "app-unreachable"; readonly runUrl: string }
  | { readonly kind: "dispatch-refused"; readonly message: string }
  | { readonly kind: "environment"; readonly faults: number; readonly message: string }
  | { readonly kind: "verification-failed"; readonly attempts: number }
  | {
      readonly kind: "budget-exhausted";
      /** `day`: what the model account may spend from midnight to midnight, UTC. */
      readonly scope: "phase" | "task" | "day";
      readonly spentUsd: number;
      readonly budgetUsd: number;
    }
  | { readonly kind: "rate-limited"; readonly resetsAt: string | null; readonly message: string }
  /** Somebody must answer; the questions are those that are open. */
  | { readonly kind: "waiting-question" }
  /** Somebody must provide something; it is what is open. */
  | { readonly kind: "waiting-dependency" }
  /** The agent has replied: the next comment on the issue, or `/done`, goes on. */
  | { readonly kind: "conversation" }
  | { readonly kind: "provider-refused"; readonly why: ProviderRefusal; readonly message: string }
  | { readonly kind: "gate-closed"; readonly pullRequest: number }
  /** Somebody made it point at another branch than the default one, and perhaps merged it there. */
  | { readonly kind: "gate-retargeted"; readonly pullRequest: number; readonly base: string; readonly merged: boolean }
  /** Merged by the requester alone, who may not approve here: another writer's `/approve` is awaited (Q5). */
  | { readonly kind: "approval-needed"; readonly phase: number; readonly by: string }
  /** A file `.github/phasegate.yml` can't be read; the message names each fault in a line: file, line, field and what was expected. */
  | { readonly kind: "settings-invalid"; readonly message: string }
  /** The compiled workflow is not on `branch` as its definition has it, and the app may not write it there (Q31). */
  | { readonly kind: "workflow-file-awaited"; readonly path: string; readonly branch: string }
  /** The tables that the phase has left can't be worked by; the message names the first faults with file, line and column. */
  | { readonly kind: "plan-invalid"; readonly phase: number; readonly faults: number; readonly message: string }
  /** Attempts or runs that spent money and changed nothing. */
  | { readonly kind: "no-progress"; readonly why: "no-change" | "money-without-commits"; readonly spentUsd: number }
  /** More happened to the task in a minute than work makes happen: something goes in circles. */
  | { readonly kind: "runaway"; readonly events: number }
  /** `/pause`. */
  | { readonly kind: "paused"; readonly by: string }
  | { readonly kind: "issue-closed"; readonly by: string }
  | { readonly kind: "repository-archived" }
  /** The app is suspended or no longer installed there: nothing can be written, not even a comment. */
  | { readonly kind: "no-access"; readonly why: "suspended" | "removed" }
  /** An effect on GitHub failed until its limit. */
  | { readonly kind: "effect-failed"; readonly effect: string; readonly message: string };
