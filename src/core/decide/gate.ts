import type { CommandOf } from "../commands.ts";
import { appIsAtWork, currentPhaseOf, isHeadShown, type ExistingTask, type PhaseProgress } from "../state.ts";
import { isOpen } from "./conversation.ts";
import { accepted, wrongStatus, type Decision } from "./decision.ts";

export function recordGateOpened(command: CommandOf<"RecordGateOpened">, state: ExistingTask): Decision {
  const phase = state.phases.find((candidate) => candidate.phase === command.phase);
  if (phase === undefined) return wrongStatus(command, state);
  if (phase.gate !== null) return accepted();
  return accepted({
    type: "GateOpened",
    at: command.at,
    phase: command.phase,
    pullRequest: command.pullRequest,
    url: command.url,
    draft: command.draft,
  });
}

export function recordGateReady(command: CommandOf<"RecordGateReady">, state: ExistingTask): Decision {
  const phase = currentPhaseOf(state);
  if (phase === null || phase.phase !== command.phase || phase.gate === null) return accepted();
  // A run that began meanwhile changes what was to be shown.
  if (!appIsAtWork(state) || !isPresentable(phase)) return accepted();
  return accepted({ type: "ReviewCreated", at: command.at, phase: command.phase, headSha: command.headSha });
}

/** Verified in this very attempt, or taken as it is by a person. */
function isPresentable({ verification, attempt, accepted: taken, completed, conversation }: PhaseProgress): boolean {
  if (completed !== null || isOpen({ conversation })) return false;
  return taken !== null || (verification?.passed === true && verification.attempt === attempt);
}

/** Only of the head that people see. */
export function recordCi({ at, phase: number, headSha, ci }: CommandOf<"RecordCi">, state: ExistingTask): Decision {
  const phase = currentPhaseOf(state);
  if (phase === null || !isHeadShown(state, { phase: number, headSha })) return accepted();
  const known = phase.ci;
  const isKnown =
    known?.headSha === headSha &&
    known.kind === ci.kind &&
    known.reason === ci.reason &&
    JSON.stringify(known.failed) === JSON.stringify(ci.failed);
  return isKnown ? accepted() : accepted({ type: "CiObserved", at, phase: number, headSha, ci });
}

export function recordCiReleased(command: CommandOf<"RecordCiReleased">, state: ExistingTask): Decision {
  const gate = state.phases.find((candidate) => candidate.phase === command.phase)?.gate ?? null;
  // Without a commit of our own in between there is nothing to look through.
  const known = [gate?.headSha, gate?.approvedSha, gate?.releasedSha];
  if (gate === null || known.includes(command.headSha)) return accepted();
  return accepted({ type: "CiReleased", at: command.at, phase: command.phase, headSha: command.headSha });
}
