import type { CommandOf } from "../commands.ts";
import type { TaskEvent } from "../events.ts";
import { after } from "../evolve.ts";
import { currentPhaseOf, type ExistingTask, type PhaseProgress } from "../state.ts";
import { afterTurn, isOpen } from "./conversation.ts";
import { accepted, type Decision } from "./decision.ts";
import { reworkOrPause } from "./next-run.ts";
import type { Policy } from "./policy.ts";

export function recordVerification(
  command: CommandOf<"RecordVerification">,
  state: ExistingTask,
  policy: Policy,
): Decision {
  const phase = currentPhaseOf(state);
  if (phase === null || phase.phase !== command.phase || phase.completed !== null) return accepted();
  if (state.status !== "in_progress" || state.run !== null) return accepted();
  // A turn that changes nothing leaves the head where it was.
  const isSeen = phase.verification?.headSha === command.headSha && phase.verification.attempt === command.attempt;
  if (isSeen && !isOpen(phase)) return accepted();
  const verified: TaskEvent = {
    type: "PhaseVerified",
    at: command.at,
    phase: command.phase,
    attempt: command.attempt,
    headSha: command.headSha,
    passed: command.passed,
    checks: command.checks,
    findings: command.findings,
    notes: command.notes,
  };
  const seen = changesSeen(command, phase);
  if (phase.conversation !== null) {
    return accepted(...seen, verified, ...afterTurn(command, after(state, ...seen, verified)));
  }
  if (command.passed) return accepted(...seen, verified);
  return accepted(...seen, verified, ...reworkOrPause(command, after(state, ...seen, verified), policy));
}

function changesSeen(
  { at, changed = null }: CommandOf<"RecordVerification">,
  { phase, changed: known }: PhaseProgress,
) {
  if (changed !== null) return [{ type: "ApprovedItemsChanged", at, phase, changed } as const];
  return known === null
    ? []
    : [
        {
          type: "ApprovedItemsChanged",
          at,
          phase,
          changed: { ...known, items: [], touched: [], feedback: [] },
        } as const,
      ];
}
