import type { CommandOf } from "../commands.ts";
import type { TaskEvent } from "../events.ts";
import { after } from "../evolve.ts";
import type { Outcome } from "../outcome.ts";
import { currentPhaseOf, isSettled, liveRunOf, unansweredOf, type ExistingTask, type PhaseProgress } from "../state.ts";
import { afterTurn, isOpen } from "./conversation.ts";
import { accepted, refused, type Decision } from "./decision.ts";
import { reworkOrPause } from "./next-run.ts";
import type { Policy } from "./policy.ts";
import { endOf } from "./run-ended.ts";

export function completeStep(command: CommandOf<"CompleteStep">, state: ExistingTask): Decision {
  const run = liveRunOf(state);
  const phase = currentPhaseOf(state);
  if (run?.runId !== command.runId || !run.started || phase === null) return refused({ code: "unknown-run" });
  const step = phase.steps.find((candidate) => candidate.slug === command.step);
  if (step === undefined) return refused({ code: "unknown-run" });
  if (step.changesetId === command.changesetId) return accepted();
  const asked = new Set(unansweredOf(phase).map(({ id }) => id));
  const answers = command.answers.filter(({ id }) => asked.delete(id));
  const told = state.questions.filter(({ number, answer }) =>
    command.told.some((each) => answer?.delivered === false && each.number === number && each.at === answer.at),
  );
  const numbers = told.map(({ number }) => number);
  const delivered: TaskEvent[] = numbers.length === 0 ? [] : [{ type: "AnswersDelivered", at: command.at, numbers }];
  return accepted(
    {
      type: "StepCompleted",
      at: command.at,
      runId: command.runId,
      phase: phase.phase,
      step: command.step,
      changesetId: command.changesetId,
      files: command.files,
      spent: command.spent,
    },
    ...replyOf(command, phase),
    ...answers.map(({ id, kind, textHash }): TaskEvent => ({
      type: "FeedbackAnswered",
      at: command.at,
      phase: phase.phase,
      id,
      answer: kind,
      textHash,
      changesetId: command.changesetId,
      changed: command.files > 0,
    })),
    ...delivered,
  );
}

function replyOf(command: CommandOf<"CompleteStep">, { phase, conversation }: PhaseProgress): readonly TaskEvent[] {
  if (conversation === null) return [];
  const { at, runId, changesetId, files, replyHash } = command;
  return [{ type: "TurnAnswered", at, runId, phase, changesetId, textHash: replyHash ?? "", changed: files > 0 }];
}

export function recordPublished(command: CommandOf<"RecordPublished">, state: ExistingTask): Decision {
  const step = stepOf(state, command.phase, command.step);
  if (step === null || step.changesetId !== command.changesetId || step.commitSha !== null) return accepted();
  return accepted({
    type: "StepPublished",
    at: command.at,
    phase: command.phase,
    step: command.step,
    changesetId: command.changesetId,
    commitSha: command.commitSha,
  });
}

export function refuseChangeset(command: CommandOf<"RefuseChangeset">, state: ExistingTask, policy: Policy): Decision {
  const step = stepOf(state, command.phase, command.step);
  if (isSettled(state) || step === null || step.changesetId !== command.changesetId) return accepted();
  const refusedEvent: TaskEvent = {
    type: "ChangesetRefused",
    at: command.at,
    phase: command.phase,
    step: command.step,
    changesetId: command.changesetId,
    findings: command.findings,
  };
  const run = liveRunOf(state);
  const phase = currentPhaseOf(state);
  if (phase === null || phase.phase !== command.phase || phase.completed !== null) return accepted(refusedEvent);
  // What follows would stand on changes that never arrive: the run ends here, as the agent's failure.
  const outcome: Outcome = {
    kind: "failed",
    message: `the changes of step ${command.step} were refused`,
    findings: command.findings,
  };
  if (run === null) {
    const failed: TaskEvent = {
      type: "PhaseVerified",
      at: command.at,
      phase: command.phase,
      attempt: phase.attempt,
      headSha: "",
      passed: false,
      checks: [],
      findings: command.findings,
      notes: [],
    };
    const next = after(state, refusedEvent, failed);
    if (isOpen(phase)) return accepted(refusedEvent, failed, ...afterTurn(command, next));
    return accepted(refusedEvent, failed, ...reworkOrPause(command, next, policy));
  }
  const ended = endOf(command, run, phase, outcome);
  const next = after(state, refusedEvent, ended);
  if (isOpen(phase)) return accepted(refusedEvent, ended, ...afterTurn(command, next));
  return accepted(refusedEvent, ended, ...reworkOrPause(command, next, policy));
}

function stepOf(state: ExistingTask, phase: number, slug: string) {
  const progress = state.phases.find((candidate) => candidate.phase === phase);
  return progress?.steps.find((step) => step.slug === slug) ?? null;
}
