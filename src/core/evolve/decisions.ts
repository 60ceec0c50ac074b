import type { EventOf } from "../events.ts";
import type { DecisionTaken } from "../report.ts";
import { openVetoesOf, type Decision, type ExistingTask, type PhaseProgress, type TaskFacts } from "../state.ts";
import { onPhase } from "./phases.ts";

export function workReported(state: ExistingTask, event: EventOf<"WorkReported">): ExistingTask {
  const { attempt, report } = event;
  return {
    ...state,
    phases: onPhase(state, event.phase, (phase) =>
      withDecisions({ ...phase, report: { ...report, attempt } }, attempt, report.decisions),
    ),
  };
}

/** Without new decisions those of before stand. One that is named again is still vetoed, should nobody have taken that up. */
function withDecisions(phase: PhaseProgress, attempt: number, taken: readonly DecisionTaken[]): PhaseProgress {
  if (taken.length === 0) return phase;
  const open = openVetoesOf(phase);
  const list = taken.map((decision, index): Decision => {
    const same = decision.decision === "" ? undefined : open.find((each) => each.decision === decision.decision);
    return { ...decision, number: index + 1, veto: same?.veto ?? null };
  });
  return stillVetoed({ ...phase, decisions: { attempt, list } });
}

export function decisionVetoed(state: ExistingTask, event: EventOf<"DecisionVetoed">): ExistingTask {
  const { at, number, by, reason } = event;
  const phases = onDecision(state, event.phase, number, { by, reason });
  return { ...state, phases: reason === null ? phases : vetoedSince({ ...state, phases }, event.phase, at) };
}

export function vetoWithdrawn(state: ExistingTask, event: EventOf<"VetoWithdrawn">): ExistingTask {
  const phases = onDecision(state, event.phase, event.number, null);
  return { ...state, phases: onPhase({ ...state, phases }, event.phase, stillVetoed) };
}

function onDecision(facts: TaskFacts, phase: number, number: number, veto: Decision["veto"]): readonly PhaseProgress[] {
  return onPhase(facts, phase, (progress) => {
    const list = progress.decisions.list.map((each) => (each.number === number ? { ...each, veto } : each));
    return { ...progress, decisions: { ...progress.decisions, list } };
  });
}

function vetoedSince(facts: TaskFacts, phase: number, vetoedAt: string | null): readonly PhaseProgress[] {
  return onPhase(facts, phase, (progress) => ({ ...progress, vetoedAt }));
}

/** Vetoed for a reason since when it says, or not any more. */
export function stillVetoed(phase: PhaseProgress): PhaseProgress {
  return openVetoesOf(phase).some(({ veto }) => veto.reason !== null) ? phase : { ...phase, vetoedAt: null };
}
