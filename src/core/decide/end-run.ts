import type { CommandOf } from "../commands.ts";
import type { EventOf } from "../events.ts";
import { after } from "../evolve.ts";
import type { Outcome } from "../outcome.ts";
import { budgetLeftOf, currentPhaseOf, liveRunOf, type ExistingTask } from "../state.ts";
import { withoutMoney } from "./budget.ts";
import { accepted, refused, type Decision } from "./decision.ts";
import { reworkOrPause, runOrStop, runOrWait } from "./next-run.ts";
import { pause, pauseBeside } from "./pause.ts";
import type { Policy } from "./policy.ts";
import { endOf } from "./run-ended.ts";
import { waitingFor } from "./waiting.ts";

/** What the run says of its work stands before its end. */
export function withReport(
  { at, runId, report }: CommandOf<"EndRun">,
  state: ExistingTask,
  decision: Decision,
): Decision {
  const run = liveRunOf(state);
  const phase = currentPhaseOf(state)?.phase;
  if (decision.kind === "refused" || run === null || phase === undefined || !report) return decision;
  return accepted({ type: "WorkReported", at, runId, phase, attempt: run.attempt, report }, ...decision.events);
}

export function endRun(command: CommandOf<"EndRun">, state: ExistingTask, policy: Policy): Decision {
  const run = liveRunOf(state);
  const phase = currentPhaseOf(state);
  if (run?.runId !== command.runId || phase === null) return refused({ code: "unknown-run" });
  const unsaid = endOf(command, run, phase, command.outcome);
  // The app declares a run lost or cancelled without knowing more than what it heard live.
  const isDeclared =
    command.spent.costUsd > 0 || (command.outcome.kind !== "lost" && command.outcome.kind !== "cancelled");
  const ended = isDeclared ? { ...unsaid, spent: command.spent } : unsaid;
  const next = after(state, ended);
  switch (command.outcome.kind) {
    case "completed":
    case "nothing-to-do":
      return accepted(ended);
    case "cancelled":
      // Stopped from outside, in GitHub's own pages: somebody's wish, so nothing starts again by itself.
      return accepted(
        ended,
        pause(command.at, { kind: "dispatch-refused", message: "the run was cancelled on GitHub" }),
      );
    case "slice-ended":
      // One in which no step was finished brought nothing: such a run must not go on for ever.
      if (phase.emptySlices + 1 > policy.emptySlicesMax) {
        const message = "its runs end without finishing a step";
        const faults = phase.emptySlices + 1;
        return accepted(ended, pause(command.at, { kind: "environment", faults, message }));
      }
      return accepted(ended, ...runOrStop(command, next, policy));
    case "waiting-question":
    case "waiting-dependency": {
      if (state.blockedBy !== null) return accepted(ended);
      if (waitingFor(next) !== null) return accepted(ended, ...runOrWait(command, next));
      // All of it came before the run was over.
      if (run.asked) return accepted(ended, ...runOrWait(command, next));
      // It waits for nothing that anybody could give: such a run must not be repeated for ever.
      return lost(
        command,
        state,
        { ...ended, outcome: { kind: "lost", message: "it waits, and asked for nothing" } },
        policy,
      );
    }
    case "provider-refused": {
      const { why, message } = command.outcome;
      return accepted(ended, pause(command.at, { kind: "provider-refused", why, message }));
    }
    case "rate-limited": {
      const { resetsAt, message } = command.outcome;
      return accepted(ended, ...pauseBeside(state, command.at, { kind: "rate-limited", resetsAt, message }));
    }
    case "budget-exhausted":
      // It had the purse of before: whether the new one is enough is seen when the next run is dispatched.
      if (run.budgetSet && budgetLeftOf(next).leftUsd > 0) return accepted(ended, ...runOrWait(command, next));
      return accepted(ended, ...withoutMoney(command, command.outcome, state, next, phase, run));
    case "failed":
      return accepted(ended, ...reworkOrPause(command, next, policy));
    case "lost":
      if (!run.started && run.dispatched !== null && command.mayHaveBegun !== true) {
        return accepted(ended, pause(command.at, { kind: "app-unreachable", runUrl: run.dispatched.url }));
      }
      return lost(command, state, { ...ended, outcome: command.outcome }, policy);
  }
}

/** Tried again, up to a limit, as nobody's failure (Q12). */
function lost(
  command: CommandOf<"EndRun">,
  state: ExistingTask,
  ended: EventOf<"RunEnded"> & { readonly outcome: Extract<Outcome, { kind: "lost" }> },
  policy: Policy,
): Decision {
  const next = after(state, ended);
  const faults = currentPhaseOf(next)?.environmentFaults ?? 0;
  return faults <= policy.environmentFaultsMax
    ? accepted(ended, ...runOrStop(command, next, policy))
    : accepted(ended, pause(command.at, { kind: "environment", faults, message: ended.outcome.message }));
}
