import { isPeoplesTurn } from "../block.ts";
import type { CommandOf, TaskCommand } from "../commands.ts";
import type { TaskEvent } from "../events.ts";
import type { AnyCheck, Finding } from "../report.ts";
import {
  awaitsApproval,
  currentPhaseOf,
  isSettled,
  mayApprove,
  nextPhaseOf,
  type ExistingTask,
  type PhaseProgress,
} from "../state.ts";
import { budgetSet, isAmount } from "./budget.ts";
import { accepted, notPermitted, refused, wrongStatus, type Decision } from "./decision.ts";
import { completePhase, isFinalGate } from "./merge.ts";
import { leftOver, startPhase } from "./phases.ts";

export function approvePhase(command: CommandOf<"ApprovePhase">, state: ExistingTask): Decision {
  if (!command.by.mayWrite) return notPermitted(command.by);
  if (isSettled(state)) return wrongStatus(command, state);
  const phase = currentPhaseOf(state);
  if (!mayApprove(state, command.by.login)) {
    return refused({ code: "requester-may-not", login: command.by.login });
  }
  if (state.blockedBy?.kind === "approval-needed" && phase !== null) return approveMerged(command, state, phase);
  if (phase === null || phase.gate === null || phase.completed !== null || state.status !== "review") {
    return refused({ code: "nothing-to-review" });
  }
  // Nobody could merge what is approved there.
  if (state.blockedBy?.kind === "gate-closed" || state.blockedBy?.kind === "gate-retargeted") {
    return refused({ code: "nothing-to-review" });
  }
  const { login } = command.by;
  const { at, purseUsd, headSha } = command;
  if (purseUsd !== null && !isAmount(purseUsd)) return refused({ code: "bad-amount" });
  const next = nextPhaseOf(state);
  const purse = purseUsd === null || next === null ? [] : budgetSet(state, at, login, next, purseUsd);
  if (phase.gate.approvedBy.includes(login)) return accepted(...purse);
  return accepted(...purse, { type: "PhaseApproved", at, phase: phase.phase, by: login, headSha });
}

/** Merged by one who may not approve: this is the word that the next phase waited for. */
function approveMerged(command: CommandOf<"ApprovePhase">, state: ExistingTask, phase: PhaseProgress): Decision {
  const { at, purseUsd, headSha, by } = command;
  if (purseUsd !== null && !isAmount(purseUsd)) return refused({ code: "bad-amount" });
  const next = nextPhaseOf(state);
  const purse = purseUsd === null || next === null ? [] : budgetSet(state, at, by.login, next, purseUsd);
  const approved: TaskEvent = { type: "PhaseApproved", at, phase: phase.phase, by: by.login, headSha };
  const resumed: TaskEvent = { type: "TaskResumed", at, by: by.login };
  const following = next === null ? [] : startPhase(command, state, next, leftOver(state, phase, next));
  return accepted(...purse, approved, resumed, ...following);
}

/** Whoever merged may approve now: nobody's word is missing any more. */
export function goOnApproved(command: TaskCommand, state: ExistingTask): readonly TaskEvent[] {
  const phase = currentPhaseOf(state);
  if (state.blockedBy?.kind !== "approval-needed" || phase === null || awaitsApproval(state, phase)) return [];
  const resumed: TaskEvent = { type: "TaskResumed", at: command.at, by: "the repository's settings" };
  const next = nextPhaseOf(state);
  return next === null ? [resumed] : [resumed, ...startPhase(command, state, next, leftOver(state, phase, next))];
}

/** After the last rework a person decides (Q10); what was merged into another branch counts by somebody's word, too. */
export function acceptPhase(command: CommandOf<"AcceptPhase">, state: ExistingTask): Decision {
  if (!command.by.mayWrite) return notPermitted(command.by);
  if (isSettled(state)) return wrongStatus(command, state);
  const phase = currentPhaseOf(state);
  const reason = state.blockedBy;
  if (phase === null || reason === null) return refused({ code: "nothing-failed" });
  const { login } = command.by;
  if (reason.kind === "gate-retargeted" && reason.merged && isFinalGate(state, reason.pullRequest)) {
    const merged: TaskEvent = { type: "FinalGateMerged", at: command.at, by: login, mergeSha: "" };
    return accepted(merged, { type: "TaskCompleted", at: command.at });
  }
  if (reason.kind === "gate-retargeted" && reason.merged) {
    return accepted(...completePhase(command, state, phase, login, ""));
  }
  if (!isPeoplesTurn(reason)) return refused({ code: "nothing-failed" });
  if (phase.gate === null) return refused({ code: "no-gate" });
  const { checks = [], findings = [], notes = [] } = phase.verification ?? {};
  // What is only noted is no failure: a point that should be better, or tests that could not be run.
  const isNoted = (check: AnyCheck) => hasOf(notes, check) && !hasOf(findings, check);
  const failed = checks.filter(({ check, passed }) => !passed && !isNoted(check)).map(({ check }) => check);
  return accepted({ type: "PhaseAccepted", at: command.at, phase: phase.phase, by: login, failed });
}

function hasOf(found: readonly Finding[], check: AnyCheck): boolean {
  return found.some((finding) => finding.check === check);
}
