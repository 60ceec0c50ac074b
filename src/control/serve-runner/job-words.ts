import { unsettledOf } from "../../core/conversation.ts";
import {
  unansweredOf,
  undeliveredAnswersOf,
  type Decision,
  type ExistingTask,
  type PhaseProgress,
} from "../../core/state.ts";
import { limits, type Job, type PersonAnswer, type StepRequest } from "../../protocol/runner.ts";
import { readWords } from "../gate-feedback.ts";
import type { ServingRunner } from "./session.ts";

/** Of a conversation, what is told again to an agent that has lost it. */
const earlierMax = 20;

/** What people said and no completed step has heard, but for what the conversation was told; of very many the newest. */
export function answersOf(task: ExistingTask, told: StepRequest["told"] = []): PersonAnswer[] {
  const said = undeliveredAnswersOf(task).flatMap(({ number, requestId, index, question, answer }) => {
    if (answer === null || told.some((each) => each.number === number && each.at === answer.at)) return [];
    const { by, at } = answer;
    const text = cut(answer.text, limits.personAnswerCharactersMax);
    return [{ number, requestId, index, question: cut(question, limits.questionCharactersMax), text, by, at }];
  });
  return said.toSorted((one, other) => Date.parse(one.at) - Date.parse(other.at)).slice(-limits.answersMax);
}

/** What the running rework was given and nobody has answered, at steps that are still to be done. */
export async function feedbackFor({ store }: ServingRunner, phase: PhaseProgress): Promise<Job["feedback"]> {
  if (phase.rework === null) return [];
  const json = await store.readText(phase.rework.textHash);
  if (json === null) throw new Error(`reading the feedback ${phase.rework.textHash}: not stored`);
  const open = new Set(unansweredOf(phase).map(({ id }) => id));
  const todo = new Set(phase.steps.filter((step) => !step.completed).map(({ slug }) => slug));
  return readWords(json)
    .filter(({ id, step }) => open.has(id) && todo.has(step))
    .slice(0, limits.feedbackMax);
}

/** By step: questions that came together are one round. */
export function questionRoundsOf({ questions }: ExistingTask, phase: number): Job["questionRounds"] {
  const rounds = new Map<string, Set<string>>();
  for (const question of questions.filter((each) => each.phase === phase && each.permission === null)) {
    rounds.set(question.step, (rounds.get(question.step) ?? new Set()).add(question.requestId));
  }
  return Object.fromEntries([...rounds].map(([step, requests]) => [step, requests.size]));
}

/** What nobody has replied to yet, and what was said before, by people and agent. Of very much the newest. */
export async function conversationFor(
  { store }: ServingRunner,
  { conversation }: PhaseProgress,
): Promise<Job["conversation"]> {
  if (conversation === null) return null;
  const { said, replies } = conversation;
  const textOf = async (hash: string, max: number) => cut((await store.readText(hash)) ?? "", max);
  const spoken = (turns: typeof said) =>
    Promise.all(
      turns
        .slice(-limits.turnsMax)
        .map(async ({ by, textHash }) => ({ by, text: await textOf(textHash, limits.turnCharactersMax) })),
    );
  const earlier: { by: string | null; text: string }[] = [];
  let heard = 0;
  // Each reply stands behind the last turn that it had heard.
  for (const reply of replies) {
    earlier.push(...(await spoken(said.filter(({ number }) => number > heard && number <= reply.heard))));
    earlier.push({ by: null, text: await textOf(reply.textHash, limits.turnCharactersMax) });
    heard = Math.max(heard, reply.heard);
  }
  return { turns: await spoken(unsettledOf(conversation)), earlier: earlier.slice(-earlierMax) };
}

/** Without its number, which is ours, and without what people said of it, which comes as feedback. */
export function decisionSpoken({
  decision,
  alternative,
  reason,
  confidence,
  files,
}: Decision): Job["decisions"][number] {
  return { decision, alternative, reason, confidence, files: [...files] };
}

function cut(text: string, charactersMax: number): string {
  return text.slice(0, charactersMax).toWellFormed();
}
