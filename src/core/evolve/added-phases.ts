import type { EventOf } from "../events.ts";
import { rippleOutline } from "../ripple.ts";
import type { ExistingTask, TaskFacts } from "../state.ts";
import { onPhase, withoutMerge } from "./phases.ts";

export function phasesPlanned(state: ExistingTask, event: EventOf<"PhasesPlanned">): ExistingTask {
  const { playbook, planned } = state;
  return {
    ...state,
    planned: [...planned, event.phase],
    playbook: { ...playbook, hash: event.playbookHash, phases: [...playbook.phases, ...event.phases] },
  };
}

export function approvedItemsChanged(state: ExistingTask, event: EventOf<"ApprovedItemsChanged">): ExistingTask {
  const changed = event.changed.items.length === 0 ? null : event.changed;
  return { ...state, phases: onPhase(state, event.phase, (phase) => ({ ...phase, changed })) };
}

export function rippleFound(state: ExistingTask, event: EventOf<"RippleFound">): ExistingTask {
  return { ...state, ...withRipple(state, event) };
}

/** In place of what was found before and has not begun. */
function withRipple(
  { playbook, ripples, phases }: TaskFacts,
  { phase: number, changed }: EventOf<"RippleFound">,
): Pick<TaskFacts, "playbook" | "ripples" | "itemsAt"> {
  const begun = phases.some(({ phase }) => phase === number);
  const others = begun ? ripples : ripples.filter(({ phase }) => phase !== number);
  const outlines = begun ? playbook.phases : playbook.phases.filter((outline) => outline.number !== number);
  const itemsAt = changed.sha;
  if (number === null || changed.touched.length === 0) {
    return { playbook: { ...playbook, phases: outlines }, ripples: others, itemsAt };
  }
  const outline = rippleOutline(outlines, number, changed);
  return {
    playbook: { ...playbook, phases: [...outlines, outline] },
    ripples: [...others, { ...changed, phase: number }],
    itemsAt,
  };
}

export function rippleSettled(state: ExistingTask, event: EventOf<"RippleSettled">): ExistingTask {
  return withoutMerge(state, event, "");
}
