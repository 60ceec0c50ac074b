import type { EventOf } from "../events.ts";
import type { Finding } from "../report.ts";
import { withSecurity } from "../security.ts";
import { liveRunOf, type ExistingTask, type PhaseProgress, type StepProgress } from "../state.ts";
import { addSpent } from "../usage.ts";
import { onReply } from "./conversation.ts";
import { carried } from "./dialogue.ts";
import { onPhase } from "./phases.ts";
import { notesOf } from "./security.ts";

export function stepCompleted(state: ExistingTask, event: EventOf<"StepCompleted">): ExistingTask {
  const run = liveRunOf(state);
  const counted = run?.runId === event.runId ? { run: { ...run, spent: addSpent(run.spent, event.spent) } } : {};
  return {
    ...state,
    ...counted,
    // What came since goes out with the acknowledgement.
    questions: carried(state.questions),
    phases: onPhase(state, event.phase, (phase) => ({
      ...phase,
      environmentFaults: 0,
      emptySlices: 0,
      limitedRuns: 0,
      spent: addSpent(phase.spent, event.spent),
      // A turn that only talks is work, too.
      spentWithoutCommitUsd:
        event.files > 0 || phase.conversation !== null ? 0 : phase.spentWithoutCommitUsd + event.spent.costUsd,
      hasChanged: phase.hasChanged || event.files > 0,
      toMend: phase.toMend.filter((finding) => stepOfFinding(phase, finding) !== event.step),
      steps: onStep(phase, event.step, (step) => ({
        ...step,
        completed: true,
        changesetId: event.changesetId,
        commitSha: null,
      })),
    })),
  };
}

export function stepPublished(state: ExistingTask, event: EventOf<"StepPublished">): ExistingTask {
  return {
    ...state,
    phases: onPhase(state, event.phase, (phase) => ({
      ...phase,
      // Whatever was published first stands on the base, too.
      merging: null,
      conversation: onReply(phase, event.changesetId, { commitSha: event.commitSha }),
      steps: onStep(phase, event.step, (step) =>
        step.changesetId === event.changesetId ? { ...step, commitSha: event.commitSha } : step,
      ),
    })),
  };
}

export function changesetRefused(state: ExistingTask, event: EventOf<"ChangesetRefused">): ExistingTask {
  return {
    ...state,
    security: withSecurity(state.security, "app", event.phase, notesOf(event.findings)),
    phases: onPhase(state, event.phase, (phase) => ({
      ...phase,
      conversation: onReply(phase, event.changesetId, { findings: event.findings }),
      steps: onStep(phase, event.step, (step) => ({ ...step, completed: false, changesetId: null })),
      // An answer stands on changes that never arrive: it was none.
      feedback: phase.feedback.map((item) =>
        item.answer?.changesetId === event.changesetId ? { ...item, answer: null } : item,
      ),
    })),
  };
}

function onStep(
  phase: PhaseProgress,
  slug: string,
  change: (step: StepProgress) => StepProgress,
): readonly StepProgress[] {
  return phase.steps.map((step) => (step.slug === slug ? change(step) : step));
}

export function reopened(
  steps: readonly StepProgress[],
  named: ReadonlySet<string | undefined>,
): readonly StepProgress[] {
  return steps.map((step) => (named.has(step.slug) ? { ...step, completed: false } : step));
}

/** The step that mends it; the last one mends what is about the phase as a whole. */
export function stepOfFinding({ steps }: PhaseProgress, { step }: Finding): string | undefined {
  return step ?? steps.at(-1)?.slug;
}
