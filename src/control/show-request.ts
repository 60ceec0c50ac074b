import { hasValue } from "../core/dialogue.ts";
import { isSettled, openQuestionsOf, type ExistingTask } from "../core/state.ts";
import type { EffectOf, Performing } from "./performing.ts";
import type { GitHub } from "./ports/github.ts";
import type { RequestShown } from "./ports/notices.ts";

/** The one comment of a request, as things stand now. */
export async function showRequest({ github }: Performing, task: ExistingTask, requestId: string): Promise<null> {
  // Its words are gone.
  if (task.erasedBy !== null) return null;
  const request = await requestShown(github, task, requestId);
  if (request !== null) await github.showRequest(task.repository, { task, key: requestId, request });
  return null;
}

/** The one comment of a reply, with what is known by now of its changes. */
export async function showReply(
  { github, store }: Performing,
  task: ExistingTask,
  { phase, number }: EffectOf<"ShowReply">,
): Promise<null> {
  const progress = task.phases.find((candidate) => candidate.phase === phase);
  const reply = progress?.conversation?.replies.find((each) => each.number === number);
  // Its words are gone, or were never said.
  if (task.erasedBy !== null || reply === undefined) return null;
  const text = reply.textHash === "" ? "" : ((await store.readText(reply.textHash)) ?? "");
  const key = `${task.taskId}/${phase}/reply-${number}`;
  await github.showRequest(task.repository, { task, key, request: { kind: "reply", reply, phase, text } });
  return null;
}

async function requestShown(github: GitHub, task: ExistingTask, requestId: string): Promise<RequestShown | null> {
  const questions = task.questions.filter((question) => question.requestId === requestId);
  if (questions.length > 0) return { kind: "questions", questions };
  const error = task.errors.find((each) => each.requestId === requestId);
  if (error !== undefined) return { kind: "error", error };
  const dependency = task.dependencies.find((each) => each.requestId === requestId);
  if (dependency === undefined) return null;
  const isAwaited = hasValue(dependency.type) && dependency.state === "open";
  const isNoticed = isAwaited && !isSettled(task) && (await github.listNames(task.repository)) !== null;
  return { kind: "dependency", dependency, isNoticed };
}

/** Whoever has answered meanwhile is not reminded. */
export async function remindQuestions(
  { github }: Performing,
  task: ExistingTask,
  requestId: string,
  key: string,
): Promise<null> {
  if (isSettled(task) || task.blockedBy?.kind !== "waiting-question") return null;
  const questions = openQuestionsOf(task).filter((question) => question.requestId === requestId);
  if (questions.length > 0) {
    await github.notify(task.repository, task.issue.number, key, { kind: "question-reminder", questions }, task);
  }
  return null;
}

export async function notifyRefused(
  { github }: Performing,
  state: ExistingTask,
  name: string,
  key: string,
): Promise<null> {
  const dependency = state.dependencies.find((each) => each.name === name);
  // Skipped, or another value is there already.
  if (isSettled(state) || dependency?.state !== "open" || dependency.refused === null) return null;
  const notice = { kind: "value-refused", dependency } as const;
  await github.notify(state.repository, state.issue.number, key, notice, state);
  return null;
}
