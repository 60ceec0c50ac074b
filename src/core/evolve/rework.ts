import type { EventOf, ReworkSource } from "../events.ts";
import type { ExistingTask, PhaseProgress } from "../state.ts";
import { countersAfresh } from "./counters.ts";
import { stillVetoed } from "./decisions.ts";
import { factsOf } from "./facts.ts";
import { onPhase } from "./phases.ts";
import { reopened } from "./steps.ts";

export function reworkRequested(state: ExistingTask, event: EventOf<"ReworkRequested">): ExistingTask {
  const { by, source, ids, reviewIds, textHash } = event;
  return {
    ...factsOf(state),
    status: "pending",
    run: null,
    blockedBy: null,
    phases: onPhase(state, event.phase, (phase) => {
      const items = phase.feedback.filter(({ id }) => ids.includes(id));
      const named = new Set(items.map(({ step }) => step));
      return {
        ...phase,
        // A phase that begins with it has had no attempt.
        attempt: phase.attempt + (source === "ripple" ? 0 : 1),
        ...countersAfresh,
        ...withReworkCounted(phase, source),
        // Those that it takes up were given to the agent as feedback just before.
        vetoedAt: stillVetoed(phase).vetoedAt,
        accepted: null,
        rework: { by, source, ids, textHash, base: source === "conflict" ? (phase.merging?.base ?? null) : null },
        // Who repeats a point wants another answer.
        feedback: phase.feedback.map((item) => (ids.includes(item.id) ? { ...item, answer: null } : item)),
        steps: reopened(phase.steps, named),
        gate:
          phase.gate === null
            ? null
            : {
                ...phase.gate,
                requestedBy: [],
                takenUp: [...phase.gate.takenUp, ...reviewIds],
                review: "changes_requested",
              },
      };
    }),
  };
}

/** What the app starts by itself is counted until people ask for something. */
function withReworkCounted(
  { ciReworks, conflictReworks }: PhaseProgress,
  source: ReworkSource,
): Pick<PhaseProgress, "ciReworks" | "conflictReworks"> {
  if (source === "ci") return { ciReworks: ciReworks + 1, conflictReworks };
  if (source === "conflict") return { ciReworks, conflictReworks: conflictReworks + 1 };
  return { ciReworks: 0, conflictReworks: 0 };
}

export function conflictFound(state: ExistingTask, event: EventOf<"ConflictFound">): ExistingTask {
  const { phase: number, headSha, base, baseSha, mergeBaseSha } = event;
  const merging = { headSha, base, baseSha, mergeBaseSha };
  return { ...state, phases: onPhase(state, number, (phase) => ({ ...phase, merging })) };
}
