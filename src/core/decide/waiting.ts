/** What the agent has asked of people, and no run may go on without. */

import { waits } from "../block.ts";
import type { BlockReason } from "../outcome.ts";
import { openDependenciesOf, openQuestionsOf, type ExistingTask } from "../state.ts";
import { refused, type Decision } from "./decision.ts";

export function isWaiting(state: ExistingTask): boolean {
  return state.blockedBy !== null && waits(state.blockedBy) && waitingFor(state) !== null;
}

export function stillWaiting(state: ExistingTask): Decision {
  const questions = openQuestionsOf(state).map(({ number }) => number);
  return refused({ code: "waiting", questions, dependencies: openDependenciesOf(state).map(({ name }) => name) });
}

/** What must come from people before a run could go on; null where nothing must. */
export function waitingFor(state: ExistingTask): BlockReason | null {
  if (openQuestionsOf(state).length > 0) return { kind: "waiting-question" };
  return openDependenciesOf(state).length > 0 ? { kind: "waiting-dependency" } : null;
}
