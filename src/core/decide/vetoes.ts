import type { CommandOf } from "../commands.ts";
import { currentPhaseOf, isSettled, openVetoesOf, vetoIdOf, type ExistingTask } from "../state.ts";
import { accepted, notPermitted, refused, wrongStatus, type Decision } from "./decision.ts";

/** A tick says that somebody wants it otherwise; with a reason it is reworked. */
export function vetoDecision(command: CommandOf<"VetoDecision">, state: ExistingTask): Decision {
  const { at, by, number, reason } = command;
  if (!by.mayWrite) return notPermitted(by);
  if (isSettled(state)) return wrongStatus(command, state);
  const phase = currentPhaseOf(state);
  if (phase === null || phase.completed !== null) return refused({ code: "nothing-to-review" });
  const { attempt, list } = phase.decisions;
  if (command.attempt !== null && command.attempt !== attempt) return refused({ code: "decision-replaced", number });
  const decision = list.find((each) => each.number === number);
  if (decision === undefined) return refused({ code: "unknown-decision", number, decisions: list.length });
  // The rework is under way, or its list named nothing new.
  if (phase.feedback.some(({ id }) => id === vetoIdOf(phase, number))) {
    return reason === null ? accepted() : refused({ code: "decision-replaced", number });
  }
  const { veto } = decision;
  if (veto !== null && (reason === null || (veto.reason === reason && veto.by === by.login))) return accepted();
  return accepted({ type: "DecisionVetoed", at, phase: phase.phase, number, by: by.login, reason });
}

export function withdrawVeto({ at, by, attempt, number }: CommandOf<"WithdrawVeto">, state: ExistingTask): Decision {
  if (!by.mayWrite) return notPermitted(by);
  const phase = currentPhaseOf(state);
  if (isSettled(state) || phase === null || phase.completed !== null) return accepted();
  const isOpen = phase.decisions.attempt === attempt && openVetoesOf(phase).some((each) => each.number === number);
  return isOpen ? accepted({ type: "VetoWithdrawn", at, phase: phase.phase, number, by: by.login }) : accepted();
}
