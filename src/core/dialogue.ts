/** What the agent asks of people while it works (requirements D1, D2, D4), and what came of it. */

import type { RunId } from "./ids.ts";
import type { Permission } from "./permission.ts";

type QuestionCategory = "business" | "clarification" | "choice" | "confirmation";

/** As the agent asks it. */
export interface QuestionAsked {
  readonly category: QuestionCategory;
  readonly question: string;
  /** People name one by its number, from 1; empty where any answer will do. */
  readonly options: readonly string[];
  /** What the agent goes on with where nobody answers; null where it has no idea. */
  readonly default: string | null;
  /** True where the task waits for the answer. */
  readonly required: boolean;
}

interface QuestionAnswer {
  readonly by: string;
  readonly at: string;
  /** The option's own words where one was named. */
  readonly text: string;
  /** From 1; null for words of one's own. */
  readonly option: number | null;
  /** The comment that it stands in. */
  readonly commentId: number;
  /** A run was given it, or one before it: it can be replaced, but not taken back. */
  readonly carried: boolean;
  /** A step was completed by a run that had it. */
  readonly delivered: boolean;
}

export interface Question extends QuestionAsked {
  /** What an answer allows or refuses; null for what an agent asks. */
  readonly permission: Permission | null;
  /** Of the task, from 1: what people call it by. */
  readonly number: number;
  /** Of the message that brought it; up to four questions come together. */
  readonly requestId: string;
  /** From 0, within that message. */
  readonly index: number;
  readonly phase: number;
  readonly step: string;
  readonly askedAt: string;
  readonly answer: QuestionAnswer | null;
}

export type DependencyType = "api_key" | "env_variable" | "service" | "file" | "permission" | "package";

export interface DependencyAsked {
  /** What it is called where it is added: for secrets and variables a name that GitHub takes. */
  readonly name: string;
  /** As the agent wrote it. */
  readonly askedAs: string;
  readonly type: DependencyType;
  readonly description: string;
  readonly required: boolean;
}

export interface Dependency extends DependencyAsked {
  /** Of the first message that asked for it, or asked anew after it was skipped: its comment is found by it. */
  readonly requestId: string;
  /** Only these get its value (Q28). */
  readonly steps: readonly { readonly phase: number; readonly step: string }[];
  /** A value that is newer than this was meant for us (Q9): when it was first asked for, or when the run began that found its value wrong. */
  readonly askedAt: string;
  readonly state: "open" | "granted" | "skipped";
  /** Who granted or skipped it; null where it was noticed by itself. */
  readonly by: string | null;
  /** Position among all that was ever granted to the task, from 0: its slot (Q28). Null before. */
  readonly grant: number | null;
  /** What was wrong with the value that was there, where that was tried. */
  readonly refused: string | null;
}

export type ReportedErrorType = "missing_file" | "execution_failed" | "validation_error";

export interface ReportedError {
  readonly requestId: string;
  readonly at: string;
  readonly phase: number;
  readonly step: string;
  readonly runId: RunId;
  readonly type: ReportedErrorType;
  readonly message: string;
  readonly details: string;
  /** Whose counter it goes to (Q12), should the step end with it. */
  readonly cause: "agent" | "environment";
}

/** Values that a job can carry (Q28). */
export const grantsMax = 10;

/** Types whose value lies on GitHub under a name and reaches the agent's environment. */
export function hasValue(type: DependencyType): boolean {
  return type === "api_key" || type === "env_variable";
}

/** In every language alike: what people and agents call a name. */
export function sameName(one: string, other: string): boolean {
  return one.trim().toLowerCase() === other.trim().toLowerCase();
}
