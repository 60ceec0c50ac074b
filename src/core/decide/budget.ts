import type { CommandOf } from "../commands.ts";
import type { TaskEvent } from "../events.ts";
import { after } from "../evolve.ts";
import type { BlockReason, Outcome } from "../outcome.ts";
import {
  currentPhaseOf,
  isSettled,
  nextPhaseOf,
  purseOf,
  type ExistingTask,
  type LiveRun,
  type PhaseProgress,
} from "../state.ts";
import { accepted, notPermitted, refused, wrongStatus, type Decision } from "./decision.ts";
import { goOn } from "./go-on.ts";
import { runOrWait } from "./next-run.ts";
import { pauseBeside } from "./pause.ts";

export function setBudget(command: CommandOf<"SetBudget">, state: ExistingTask): Decision {
  const { at, by, usd } = command;
  if (!by.mayWrite) return notPermitted(by);
  if (isSettled(state)) return wrongStatus(command, state);
  const current = currentPhaseOf(state);
  if (current === null) return refused({ code: "not-started" });
  if (!isAmount(usd)) return refused({ code: "bad-amount" });
  const reason = state.blockedBy?.kind === "budget-exhausted" ? state.blockedBy : null;
  if (reason?.scope === "day") return refused({ code: "day-budget" });
  // Its gate was merged during a pause: what is yet to be spent is the next one's.
  const phase = current.completed === null ? current.phase : (nextPhaseOf(state) ?? current.phase);
  const target = reason?.scope === "task" ? null : phase;
  const spentUsd = spentOf(state, target);
  if (usd <= spentUsd) return refused({ code: "below-spent", spentUsd });
  const set = budgetSet(state, at, by.login, target, usd);
  if (reason === null) return accepted(...set);
  const goingOn = goOn(command, after(state, ...set), by.login);
  return goingOn.kind === "accepted" ? accepted(...set, ...goingOn.events) : goingOn;
}

/** More than anybody means. */
const usdMax = 10_000;

export function isAmount(usd: number): boolean {
  return Number.isFinite(usd) && usd > 0 && usd <= usdMax;
}

export function budgetSet(
  { taskBudgetUsd, purses }: ExistingTask,
  at: string,
  by: string,
  phase: number | null,
  usd: number,
): readonly TaskEvent[] {
  const known = phase === null ? taskBudgetUsd : purses.find((purse) => purse.phase === phase)?.usd;
  return known === usd ? [] : [{ type: "BudgetSet", at, by, phase, usd }];
}

/** What others hold of the day is waited for where the next run is dispatched; what is used up stops the task. */
export function withoutMoney(
  command: CommandOf<"EndRun">,
  outcome: Extract<Outcome, { kind: "budget-exhausted" }>,
  before: ExistingTask,
  ended: ExistingTask,
  phase: PhaseProgress,
  run: LiveRun,
): readonly TaskEvent[] {
  const reason = exhausted(outcome, command.day, before, ended, phase, run);
  const isOfDay = reason.kind === "budget-exhausted" && reason.scope === "day";
  if (isOfDay && command.day?.isHeld === true) return runOrWait(command, ended);
  return pauseBeside(before, command.at, reason);
}

/** What people are told is what they set: the whole phase's, task's or day's, however many runs had a part of it. */
function exhausted(
  { spentUsd, budgetUsd }: Extract<Outcome, { kind: "budget-exhausted" }>,
  day: CommandOf<"EndRun">["day"],
  before: ExistingTask,
  ended: ExistingTask,
  phase: PhaseProgress,
  run: LiveRun,
): BlockReason {
  const kind = "budget-exhausted";
  const scope = scopeOfPurse(before, phase, run, budgetUsd);
  switch (scope) {
    case "phase":
      return { kind, scope, spentUsd: spentOf(ended, phase.phase), budgetUsd: purseOf(ended, phase.phase) };
    case "task":
      return { kind, scope, spentUsd: spentOf(ended, null), budgetUsd: ended.taskBudgetUsd };
    case "day":
      return { kind, scope, spentUsd: day?.spentUsd ?? spentUsd, budgetUsd: day?.budgetUsd ?? budgetUsd };
  }
}

/** Which of the budgets made the purse that is used up: the run was given the smallest. */
function scopeOfPurse(
  state: ExistingTask,
  phase: PhaseProgress,
  run: LiveRun,
  purseUsd: number,
): "phase" | "task" | "day" {
  const centUsd = 0.01;
  const atStart = phase.spent.costUsd - run.spent.costUsd;
  const phaseUsd = purseOf(state, phase.phase) - atStart;
  const others = state.phases.reduce((sum, each) => (each === phase ? sum : sum + each.spent.costUsd), 0);
  const taskUsd = state.taskBudgetUsd - others - atStart;
  if (purseUsd < Math.min(phaseUsd, taskUsd) - centUsd) return "day";
  return phaseUsd <= taskUsd ? "phase" : "task";
}

/** US dollars, of one phase or of the whole task. */
function spentOf(state: ExistingTask, phase: number | null): number {
  return state.phases.reduce(
    (sum, each) => (phase === null || each.phase === phase ? sum + each.spent.costUsd : sum),
    0,
  );
}
