import type { Person, TaskCommand } from "../commands.ts";
import type { TaskEvent } from "../events.ts";
import type { BlockReason } from "../outcome.ts";
import type { ExistingTask, TaskStatus } from "../state.ts";

/** A refusal is a normal answer; `control/obey-command.ts` turns those that a person caused into words. */
export type Refusal =
  | { readonly code: "no-such-task" }
  | { readonly code: "task-exists" }
  | { readonly code: "not-permitted"; readonly login: string }
  | { readonly code: "wrong-status"; readonly status: TaskStatus; readonly command: TaskCommand["type"] }
  | { readonly code: "already-running"; readonly status: TaskStatus }
  /** What the form says can't be read; a comment names each fault. */
  | { readonly code: "input-faulty" }
  /** It takes a pause, a draft, or a failure to go on from. */
  | { readonly code: "not-started" }
  | { readonly code: "already-paused"; readonly reason: BlockReason["kind"] }
  | { readonly code: "nothing-failed" }
  | { readonly code: "nothing-to-review" }
  | { readonly code: "nothing-to-change" }
  | { readonly code: "no-gate" }
  /** It waits for people's answers and provisions, and goes on by itself once it has them. */
  | { readonly code: "waiting"; readonly questions: readonly number[]; readonly dependencies: readonly string[] }
  /** The agent has replied: what goes on is the next comment. */
  | { readonly code: "your-turn" }
  | { readonly code: "no-conversation" }
  | { readonly code: "no-question" }
  | { readonly code: "unknown-question"; readonly number: number }
  /** Several are open, and the answer names none. */
  | { readonly code: "which-question"; readonly numbers: readonly number[] }
  | { readonly code: "no-such-option"; readonly number: number; readonly options: number }
  /** A tool is allowed or refused, and nothing else. */
  | { readonly code: "allow-or-refuse"; readonly number: number }
  | { readonly code: "empty-answer"; readonly number: number | null }
  /** Deleting its comment takes nothing back: the agent has it, or is about to. */
  | { readonly code: "answer-used"; readonly numbers: readonly number[] }
  | { readonly code: "unknown-dependency"; readonly name: string; readonly known: readonly string[] }
  | { readonly code: "too-many-grants"; readonly max: number }
  | { readonly code: "bad-amount" }
  | { readonly code: "bad-priority" }
  | { readonly code: "unknown-decision"; readonly number: number; readonly decisions: number }
  /** The person saw a list that an attempt has replaced since. */
  | { readonly code: "decision-replaced"; readonly number: number }
  | { readonly code: "not-skippable"; readonly phase: string }
  /** The phase began after the person had said it: they meant the one before. */
  | { readonly code: "said-before-phase"; readonly phase: string }
  /** They asked for it, and the repository's settings keep them from approving it (Q5). */
  | { readonly code: "requester-may-not"; readonly login: string }
  | { readonly code: "below-spent"; readonly spentUsd: number }
  | { readonly code: "day-budget" }
  | { readonly code: "unknown-run" }
  | { readonly code: "unknown-gate"; readonly pullRequest: number };

export type Decision =
  | { readonly kind: "accepted"; readonly events: readonly TaskEvent[] }
  | { readonly kind: "refused"; readonly refusal: Refusal };

export function accepted(...events: readonly TaskEvent[]): Decision {
  return { kind: "accepted", events };
}

export function refused(refusal: Refusal): Decision {
  return { kind: "refused", refusal };
}

export function notPermitted(person: Person): Decision {
  return refused({ code: "not-permitted", login: person.login });
}

export function wrongStatus(command: TaskCommand, state: ExistingTask): Decision {
  return refused({ code: "wrong-status", status: state.status, command: command.type });
}
