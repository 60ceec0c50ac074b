import { outlastsMerge } from "../block.ts";
import type { CommandOf, TaskCommand } from "../commands.ts";
import type { TaskEvent } from "../events.ts";
import { after } from "../evolve.ts";
import {
  appIsAtWork,
  currentPhaseOf,
  isSettled,
  liveRunOf,
  nextPhaseOf,
  type ExistingTask,
  type PhaseProgress,
} from "../state.ts";
import { accepted, notPermitted, refused, wrongStatus, type Decision } from "./decision.ts";
import { runOrWait } from "./next-run.ts";
import { pause } from "./pause.ts";
import { afterPhase } from "./phases.ts";
import { cancelRunOf } from "./run-ended.ts";

/** In a phase that is a conversation a comment is a turn. While a run is at work the next one takes it up. */
export function sayTurn(command: CommandOf<"SayTurn">, state: ExistingTask): Decision {
  const { at, by, commentId, isEdit, textHash } = command;
  // A turn has the agent work and spend, whoever opened the issue: it is a command like any other (Q8).
  if (!by.mayWrite) return notPermitted(by);
  const phase = currentPhaseOf(state);
  const conversation = phase?.conversation ?? null;
  if (isSettled(state) || phase === null || conversation === null || phase.completed !== null) return accepted();
  const known = conversation.said.find((turn) => turn.commentId === commentId);
  if (isEdit !== (known !== undefined)) return accepted();
  // What the agent has heard stays said.
  const isSaid = known !== undefined && (known.carried || known.settled || known.by !== by.login);
  if (isSaid || known?.textHash === textHash) return accepted();
  const said: TaskEvent = { type: "TurnSaid", at, phase: phase.phase, by: by.login, commentId, textHash };
  const next = after(state, said);
  const isBusy = liveRunOf(next) !== null || appIsAtWork(next);
  return accepted(said, ...(isBusy ? [] : runOrWait(command, next)));
}

/** What a run has heard is still answered. Then the whole is checked, and shown for review where there is anything to merge. */
export function endConversation(command: CommandOf<"EndConversation">, state: ExistingTask): Decision {
  const { at, by } = command;
  if (!by.mayWrite) return notPermitted(by);
  if (isSettled(state)) return wrongStatus(command, state);
  const phase = currentPhaseOf(state);
  if (phase === null) return refused({ code: "not-started" });
  if (phase.conversation === null || phase.completed !== null) return refused({ code: "no-conversation" });
  const run = liveRunOf(state);
  const isUnderWay = run !== null || appIsAtWork(state) || state.status === "review";
  if (phase.conversation.doneBy !== null && isUnderWay) return accepted();
  const ended = run?.started === false ? cancelRunOf(command, state) : [];
  return accepted(...ended, { type: "ConversationClosed", at, phase: phase.phase, by: by.login });
}

/** A turn never fails: it goes on with what was said meanwhile, waits for the next comment, or, after `/done`, comes to its end. */
export function afterTurn(command: TaskCommand, state: ExistingTask): readonly TaskEvent[] {
  const phase = currentPhaseOf(state);
  const conversation = phase?.conversation ?? null;
  if (phase === null || conversation === null) return [];
  if (conversation.doneBy === null) return runOrWait(command, state);
  if (phase.verification?.passed !== true) {
    const { failedAttempts: attempts } = phase;
    return state.blockedBy === null ? [pause(command.at, { kind: "verification-failed", attempts })] : [];
  }
  return phase.gate === null ? settleConversation(command, state, phase) : [];
}

/** There is nothing to merge: the phase is over with the word that ended it. */
function settleConversation(command: TaskCommand, state: ExistingTask, phase: PhaseProgress): readonly TaskEvent[] {
  const { blockedBy } = state;
  const settled: TaskEvent = { type: "ConversationSettled", at: command.at, phase: phase.phase };
  const next = after(state, settled);
  if (nextPhaseOf(next) !== null && blockedBy !== null && outlastsMerge(blockedBy)) {
    return [settled, pause(command.at, blockedBy)];
  }
  return [settled, ...afterPhase(command, next, phase)];
}

/** A conversation that nobody has ended. */
export function isOpen({ conversation }: Pick<PhaseProgress, "conversation">): boolean {
  return conversation !== null && conversation.doneBy === null;
}
