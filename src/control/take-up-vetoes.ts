/** Decisions that people vetoed: asked why, and handed to the agent. */
import {
  currentPhaseOf,
  openVetoesOf,
  vetoIdOf,
  type Decision,
  type ExistingTask,
  type PhaseProgress,
} from "../core/state.ts";
import { limits, type Feedback as FeedbackText } from "../protocol/runner.ts";
import { itemOfWords, saveWords, type GateReading } from "./gate-feedback.ts";
import type { Asked } from "./handle-command.ts";
import type { EffectOf, Performing } from "./performing.ts";
import { phaseDefinition } from "./phase-definition.ts";
import type { VetoBox } from "./ports/gates.ts";

/** Boxes that say something else than what is known. */
export function changedBoxes(boxes: readonly VetoBox[], phase: PhaseProgress): readonly VetoBox[] {
  const { decisions, feedback } = phase;
  return boxes.filter(({ attempt, number, ticked, writtenTicked }) => {
    const decision = decisions.list.find((each) => each.number === number);
    // Of a list that an attempt has replaced: its boxes are gone with the next body.
    if (attempt !== decisions.attempt || decision === undefined) return false;
    // A rework has taken it up, and named no decisions that would take the place of these.
    if (feedback.some(({ id }) => id === vetoIdOf(phase, number))) return false;
    if (ticked || decision.veto === null) return ticked && decision.veto === null;
    // One by a comment, which the body does not show yet, stands.
    return writtenTicked || decision.veto.reason === null;
  });
}

/** Those with a reason: of the others the agent could only guess why. */
function reasonedVetoesOf(phase: PhaseProgress) {
  return openVetoesOf(phase).flatMap(({ veto, ...decision }) =>
    veto.reason === null ? [] : [{ decision, by: veto.by, reason: veto.reason }],
  );
}

/** What the agent gets of each open veto, at the step whose files show the decision. */
export async function wordsOfVetoes(
  reading: GateReading,
  task: ExistingTask,
  phase: PhaseProgress,
): Promise<readonly FeedbackText[]> {
  const open = reasonedVetoesOf(phase);
  if (open.length === 0) return [];
  const definition = await phaseDefinition(reading, task, phase.phase);
  return open.map(({ decision, by, reason }) => {
    const [step] = decision.files.flatMap((file) => reading.verifier.stepOfPath(definition, file) ?? []);
    return {
      id: vetoIdOf(phase, decision.number),
      request: "change" as const,
      step: step ?? definition.steps.at(-1)?.slug ?? "",
      path: null,
      line: null,
      hunk: null,
      comments: [{ by, text: vetoText(reading, decision, reason) }],
    };
  });
}

function vetoText({ freeze }: GateReading, decision: Omit<Decision, "veto">, reason: string): string {
  const { number, decision: decided, alternative, files } = decision;
  const instead = alternative === "" ? "" : ` What you did not choose: "${alternative}".`;
  const where = files.length === 0 ? "" : ` It shows in: ${files.join(", ")}.`;
  const text =
    `I veto decision ${number}: "${decided}".${instead} My reason: ${reason}` +
    `\nDecide anew, and change all that follows from it.${where}`;
  return freeze(text).text.slice(0, limits.feedbackTextCharactersMax).toWellFormed();
}

/** One attempt with all decisions that were vetoed, once the reviewer has been silent for a while. */
export async function startVetoRework(
  performing: Performing,
  task: ExistingTask,
  { phase: number, vetoedAt }: EffectOf<"StartVetoRework">,
): Promise<Asked | null> {
  const phase = currentPhaseOf(task);
  if (task.status !== "review" || task.blockedBy !== null || phase?.phase !== number) return null;
  // A later veto has its own effect; and a review's rework may have taken it up.
  if (phase.vetoedAt !== vetoedAt) return null;
  const words = await wordsOfVetoes(performing, task, phase);
  if (words.length === 0) return null;
  return {
    type: "RequestRework",
    by: [...new Set(reasonedVetoesOf(phase).map(({ by }) => by))],
    mayWrite: true,
    source: "veto",
    feedback: words.map(itemOfWords),
    reviewIds: [],
    textHash: await saveWords(performing.store, task.taskId, words),
  };
}

/** A tick says no, and not why: without a reason the agent could only guess. */
export async function askVetoReason(
  { github }: Performing,
  task: ExistingTask,
  { phase: number, number: decided }: EffectOf<"AskVetoReason">,
  key: string,
): Promise<null> {
  const phase = currentPhaseOf(task);
  if (task.status !== "review" || phase?.phase !== number || phase.gate === null) return null;
  const decision = phase.decisions.list.find((each) => each.number === decided);
  // Taken back, or said by now.
  if (decision === undefined || decision.veto === null || decision.veto.reason !== null) return null;
  const { by } = decision.veto;
  const notice = { kind: "veto-reason", number: decided, decision: decision.decision, by } as const;
  await github.notify(task.repository, phase.gate.pullRequest, key, notice, task);
  return null;
}
