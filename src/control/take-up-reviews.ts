import { currentPhaseOf, isSettled, type ExistingTask } from "../core/state.ts";
import { itemOfWords, readGateSaid, saveWords, wordsOfReview } from "./gate-feedback.ts";
import { handleCommand, type Asked } from "./handle-command.ts";
import { keyOf } from "./people.ts";
import type { EffectOf, Performing } from "./performing.ts";
import type { AnswerShown } from "./ports/notices.ts";
import { gateOf } from "./show-gate.ts";
import { wordsOfVetoes } from "./take-up-vetoes.ts";

export async function readReviews(performing: Performing, state: ExistingTask, number: number): Promise<Asked | null> {
  const phase = state.phases.find((candidate) => candidate.phase === number);
  const pullRequest = phase?.gate?.pullRequest ?? null;
  if (isSettled(state) || phase === undefined || phase.completed !== null || pullRequest === null) return null;
  const said = await readGateSaid(performing, state, phase, pullRequest);
  return said?.asked ?? null;
}

/** One attempt with all that is open, once the reviewers have been silent for a while. */
export async function startRework(
  performing: Performing,
  state: ExistingTask,
  effect: EffectOf<"StartRework">,
): Promise<Asked | null> {
  // Somebody asked again since (that wish has its own effect), or the gate does not wait for people now.
  if (state.status !== "review" || state.blockedBy !== null) return null;
  const gate = gateOf(state, effect.phase);
  if (currentPhaseOf(state)?.phase !== effect.phase || gate?.requestedAt !== effect.requestedAt) return null;
  const phase = currentPhaseOf(state);
  const said = phase === null ? null : await readGateSaid(performing, state, phase, gate.pullRequest);
  if (said === null) return null;
  // Dismissed, approved or out of date by now: the review counts as it stands at this moment.
  const handled = await handleCommand(performing, state.taskId, said.asked);
  if (handled.state.status !== "review") return null;
  const current = currentPhaseOf(handled.state);
  const requestedBy = current?.gate?.requestedBy ?? [];
  if (current === null || requestedBy.length === 0 || current.gate?.requestedAt !== effect.requestedAt) return null;
  const words = [
    ...wordsOfReview(said, current, requestedBy[0] ?? "reviewer"),
    ...(await wordsOfVetoes(performing, state, current)),
  ];
  // All that stand, whoever is behind them: a wish that a push made void must not count again later.
  const asking = said.asked.reviews.filter(({ verdict }) => verdict !== "approved");
  return {
    type: "RequestRework",
    by: requestedBy,
    mayWrite: true,
    source: "review",
    feedback: words.map(itemOfWords),
    reviewIds: asking.map(({ reviewId }) => reviewId),
    textHash: await saveWords(performing.store, state.taskId, words),
  };
}

/** Answers each thread where it stands, and all other feedback in one comment on the gate. */
export async function answerFeedback(
  { github, store }: Performing,
  state: ExistingTask,
  { phase: number, ids, commitSha }: EffectOf<"AnswerFeedback">,
  key: string,
): Promise<Asked | null> {
  const phase = state.phases.find((candidate) => candidate.phase === number);
  const gate = phase?.gate ?? null;
  if (phase === undefined || gate === null || state.erasedBy !== null) return null;
  const elsewhere: (AnswerShown & { by: string; id: string })[] = [];
  const resolved: string[] = [];
  for (const item of phase.feedback.filter(({ id }) => ids.includes(id))) {
    const text = item.answer === null ? "" : ((await store.readText(item.answer.textHash)) ?? "");
    const answer: AnswerShown = {
      kind: item.answer?.kind ?? "none",
      text,
      commitSha: item.answer?.changed === true ? commitSha : null,
    };
    const resolve = answer.kind === "fixed" && answer.commitSha !== null;
    const threadId = item.id.startsWith("thread:") ? item.id.slice("thread:".length) : null;
    if (threadId === null) elsewhere.push({ ...answer, by: item.by, id: item.id });
    else {
      const replyKey = keyOf(`${key}:${item.id}`);
      const where = { pullRequest: gate.pullRequest, threadId, key: replyKey };
      await github.answerThread(state.repository, { ...where, answer, resolve, spoken: state });
    }
    if (resolve) resolved.push(item.id);
  }
  if (elsewhere.length > 0) {
    await github.notify(
      state.repository,
      gate.pullRequest,
      key,
      { kind: "feedback-answered", answers: elsewhere },
      state,
    );
  }
  return resolved.length === 0 ? null : { type: "RecordResolved", phase: number, ids: resolved };
}

export async function requestReview(
  { github }: Performing,
  state: ExistingTask,
  { phase, from }: EffectOf<"RequestReview">,
): Promise<null> {
  const gate = gateOf(state, phase);
  if (isSettled(state) || gate === null) return null;
  await github.requestReview(state.repository, gate.pullRequest, from);
  return null;
}
