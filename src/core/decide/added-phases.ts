/** Phases beside those of the playbook: what a merged one has planned, and what follows from a change to what was approved. */

import type { CommandOf } from "../commands.ts";
import type { TaskEvent } from "../events.ts";
import { after } from "../evolve.ts";
import { invariant } from "../invariant.ts";
import {
  appIsAtWork,
  currentPhaseOf,
  freshPhaseNumber,
  isAllDone,
  isSettled,
  pendingRippleOf,
  planDueOf,
  type ExistingTask,
  type PhaseProgress,
} from "../state.ts";
import { accepted, type Decision } from "./decision.ts";
import { pause } from "./pause.ts";
import { afterPhase } from "./phases.ts";

/** The phases that a merged one has planned, of which the first begins; or a pause, where its tables can't be worked by. */
export function recordPlan(command: CommandOf<"RecordPlan">, state: ExistingTask): Decision {
  const { at, phase, plan } = command;
  if (isSettled(state) || state.blockedBy !== null || planDueOf(state) !== phase) return accepted();
  if (plan.kind === "faulty") {
    return accepted(pause(at, { kind: "plan-invalid", phase, faults: plan.faults, message: plan.message }));
  }
  const expected = freshPhaseNumber(state);
  invariant(
    plan.phases.every(({ number }, index) => number === expected + index),
    `planned phases count on from ${expected}`,
  );
  const { playbookHash, phases } = plan;
  const planned: TaskEvent = { type: "PhasesPlanned", at, phase, playbookHash, phases };
  const current = currentPhaseOf(state);
  return accepted(planned, ...(current === null ? [] : afterPhase(command, after(state, planned), current)));
}

/** Somebody changed on the base what was approved. What has not begun yet is found anew, as it is now. */
export function recordRipple({ at, changed }: CommandOf<"RecordRipple">, state: ExistingTask): Decision {
  // After the last phase nobody builds on it.
  if (isSettled(state) || state.itemsAt === null || changed.sha === state.itemsAt || isAllDone(state))
    return accepted();
  // The plan's phases are numbered first; the next look finds it again.
  if (planDueOf(state) !== null) return accepted();
  const pending = pendingRippleOf(state);
  if (changed.items.length === 0 && pending === null) return accepted();
  const phase = pending?.phase ?? (changed.touched.length === 0 ? null : freshPhaseNumber(state));
  return accepted({ type: "RippleFound", at, phase, changed });
}

export function settleRipple(command: CommandOf<"SettleRipple">, state: ExistingTask): Decision {
  const phase = currentPhaseOf(state);
  const isRipple = state.ripples.some((ripple) => ripple.phase === command.phase);
  if (phase?.phase !== command.phase || !isRipple || phase.completed !== null || !appIsAtWork(state)) return accepted();
  const settled: TaskEvent = { type: "RippleSettled", at: command.at, phase: command.phase };
  // Whatever blocks the task outlasts it; whoever lifts that goes on.
  const following = state.blockedBy === null ? afterPhase(command, after(state, settled), phase) : [];
  return accepted(settled, ...following);
}

/** What the phase changed of what was approved before is merged with it. */
export function rippleOf(
  state: ExistingTask,
  { changed }: PhaseProgress,
  at: string,
  mergeSha: string,
): readonly TaskEvent[] {
  if (changed === null) return [];
  const phase = changed.touched.length === 0 ? null : freshPhaseNumber(state);
  return [{ type: "RippleFound", at, phase, changed: { ...changed, sha: mergeSha === "" ? changed.sha : mergeSha } }];
}
