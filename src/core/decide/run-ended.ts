import type { CommandFacts } from "../commands.ts";
import type { EventOf, TaskEvent } from "../events.ts";
import type { Outcome } from "../outcome.ts";
import { currentPhaseOf, liveRunOf, type ExistingTask, type LiveRun, type PhaseProgress } from "../state.ts";
import { nothingSpent, spentBeyond } from "../usage.ts";

/** With what the run said that it spent beyond its steps: an end that it does not declare itself costs money, too. */
export function endOf(
  { at, liveSpent = nothingSpent }: CommandFacts,
  run: LiveRun,
  phase: PhaseProgress,
  outcome: Outcome,
): EventOf<"RunEnded"> {
  const spent = spentBeyond(liveSpent, run.spent);
  return { type: "RunEnded", at, runId: run.runId, phase: phase.phase, outcome, spent };
}

/** The run that is live ends here, by our own wish. */
export function cancelRunOf(facts: CommandFacts, state: ExistingTask): readonly TaskEvent[] {
  const run = liveRunOf(state);
  const phase = currentPhaseOf(state);
  return run === null || phase === null ? [] : [endOf(facts, run, phase, { kind: "cancelled" })];
}
