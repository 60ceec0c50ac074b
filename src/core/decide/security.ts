import type { CommandOf } from "../commands.ts";
import { notesToKeep } from "../security.ts";
import { currentPhaseOf, isSettled, type ExistingTask } from "../state.ts";
import { accepted, type Decision } from "./decision.ts";

export function noteSecurity({ at, runId, notes }: CommandOf<"NoteSecurity">, state: ExistingTask): Decision {
  // A draft has nothing yet that anybody could be after, and whoever settles it was heard.
  if (state.status === "draft" || isSettled(state) || state.erasedBy !== null) return accepted();
  const phase = currentPhaseOf(state)?.phase ?? null;
  const kept = notesToKeep(state.security, phase, notes);
  if (kept.length === 0) return accepted();
  return accepted({ type: "SecurityNoted", at, runId, phase, source: "app", notes: kept });
}

/** What the run saw goes before what it did; of a message that was heard before, it counted then. */
export function withSecurity(
  { at, runId, security }: CommandOf<"EndRun"> | CommandOf<"CompleteStep">,
  state: ExistingTask,
  decision: Decision,
): Decision {
  const phase = currentPhaseOf(state)?.phase ?? null;
  if (decision.kind === "refused" || decision.events.length === 0) return decision;
  if (security === undefined || security.length === 0) return decision;
  return accepted({ type: "SecurityNoted", at, runId, phase, source: "runner", notes: security }, ...decision.events);
}
