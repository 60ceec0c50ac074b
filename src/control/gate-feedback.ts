import { createHash } from "node:crypto";
import path from "node:path";
import { z } from "zod";
import type { ReviewVerdict } from "../core/events.ts";
import type { FeedbackItem, FeedbackSeen } from "../core/feedback.ts";
import type { TaskId } from "../core/ids.ts";
import type { Phase } from "../core/playbook.ts";
import type { ExistingTask, PhaseProgress } from "../core/state.ts";
import { Feedback as FeedbackText, limits } from "../protocol/runner.ts";
import type { Asked } from "./handle-command.ts";
import { phaseDefinition } from "./phase-definition.ts";
import type { Playbooks } from "./ports/configuration.ts";
import type { ReviewState, ThreadState } from "./ports/gates.ts";
import type { GitHub } from "./ports/github.ts";
import type { Store } from "./ports/store.ts";
import type { Verifier } from "./ports/verifier.ts";

/** What is needed to read what people said about a gate. */
export interface GateReading {
  readonly store: Store;
  readonly github: GitHub;
  readonly playbooks: Playbooks;
  readonly verifier: Verifier;
  readonly freeze: (raw: string) => { readonly text: string };
}

/** What people with write say about a gate, as GitHub shows it now. */
export interface GateSaid {
  readonly asked: Extract<Asked, { type: "RecordReviews" }>;
  /** The words of the same feedback, and whether the last of them is a person's. */
  readonly words: readonly { readonly text: FeedbackText; readonly spokenLastByPerson: boolean }[];
}

/** Null where the pull request is gone. Bots and people without write are left out, their words included. */
export async function readGateSaid(
  reading: GateReading,
  task: ExistingTask,
  phase: PhaseProgress,
  pullRequest: number,
): Promise<GateSaid | null> {
  const { github } = reading;
  const { repository } = task;
  const gate = await github.readGate(repository, pullRequest);
  if (gate === null) return null;
  const definition = await phaseDefinition(reading, task, phase.phase);
  const writers = new Map<string, boolean>();
  const isWriter = async (login: string): Promise<boolean> => {
    const known = writers.get(login);
    if (known !== undefined) return known;
    const permission = await github.permissionOf(repository, login);
    const may = permission === "admin" || permission === "write";
    writers.set(login, may);
    return may;
  };
  const reviews: ReviewState[] = [];
  for (const review of await github.readReviews(repository, pullRequest)) {
    if (!review.byBot && (await isWriter(review.by))) reviews.push(review);
  }
  const seen: FeedbackSeen[] = [];
  const words: { text: FeedbackText; spokenLastByPerson: boolean }[] = [];
  for (const thread of await github.readThreads(repository, pullRequest)) {
    // Foreign words are left out, not the whole thread: a writer may answer what a bot began.
    const spoken: ThreadState["comments"][number][] = [];
    for (const comment of thread.comments) {
      if (comment.byUs || (!comment.byBot && (await isWriter(comment.by)))) spoken.push(comment);
    }
    const first = spoken.find(({ byUs }) => !byUs);
    if (first === undefined) continue;
    const item = itemOf(reading, definition, {
      id: `thread:${thread.threadId}`,
      request: thread.request,
      by: first.by,
      path: thread.path,
      line: thread.line,
      text: spoken.map(({ text }) => text).join("\n"),
    });
    seen.push({ ...item, resolved: thread.resolved });
    words.push({
      text: wordsOf(reading, item, thread.hunk, spoken),
      spokenLastByPerson: spoken.at(-1)?.byUs !== true,
    });
  }
  for (const review of reviews) {
    if (review.body.trim() === "" || (review.verdict !== "changes_requested" && review.verdict !== "commented"))
      continue;
    const item = itemOf(reading, definition, {
      id: `review:${review.reviewId}`,
      request: review.verdict === "changes_requested" ? "change" : "comment",
      by: review.by,
      path: null,
      line: null,
      text: review.body,
    });
    seen.push({ ...item, resolved: null });
    words.push({
      text: wordsOf(reading, item, null, [{ by: review.by, text: review.body }]),
      spokenLastByPerson: true,
    });
  }
  return {
    asked: {
      type: "RecordReviews",
      pullRequest,
      headSha: gate.headSha,
      reviews: newestVerdicts(reviews),
      feedback: seen,
    },
    words,
  };
}

/** Of each person the last review that says yes or no; a dismissed one says nothing, and hides those before it. */
function newestVerdicts(reviews: readonly ReviewState[]) {
  const newest = new Map<string, ReviewState>();
  for (const review of reviews) if (review.verdict !== "commented") newest.set(review.by, review);
  return [...newest.values()].flatMap(({ reviewId, by, verdict, reviewedSha }) =>
    verdict === "approved" || verdict === "changes_requested"
      ? [{ reviewId, by, verdict: verdict satisfies ReviewVerdict, reviewedSha }]
      : [],
  );
}

/** What a rework takes up: what is open and was not answered, or answered and spoken of again. */
export function wordsToTakeUp({ words, asked }: GateSaid, phase: PhaseProgress): readonly FeedbackText[] {
  const open = words.filter(({ text, spokenLastByPerson }) => {
    const known = phase.feedback.find(({ id }) => id === text.id);
    const isThread = text.path !== null;
    // A review's words are said once; whoever speaks after our answer wants more, resolved or not.
    if ((known?.answer ?? null) !== null) return isThread && spokenLastByPerson;
    return asked.feedback.find(({ id }) => id === text.id)?.resolved !== true && known?.state !== "resolved";
  });
  return open.map(({ text }) => text);
}

/** Never nothing: somebody asks for changes, and an agent that finds no words for it can still ask which. */
export function wordsOfReview(said: GateSaid, phase: PhaseProgress, by: string): readonly FeedbackText[] {
  const open = wordsToTakeUp(said, phase);
  const [standing] = said.asked.reviews.filter(({ verdict }) => verdict === "changes_requested");
  const step = phase.steps.at(-1)?.slug;
  if (open.length > 0 || standing === undefined || step === undefined) return open;
  const text = "I request changes, but no open thread says which. Ask me in your answer if it is not clear.";
  return [
    {
      id: `review:${standing.reviewId}`,
      request: "change",
      step,
      path: null,
      line: null,
      hunk: null,
      comments: [{ by, text }],
    },
  ];
}

/** The words of `/rework`, as feedback about the phase as a whole. */
export async function commandWords(
  reading: GateReading,
  task: ExistingTask,
  phase: PhaseProgress,
  said: { readonly commentId: number; readonly by: string; readonly text: string },
): Promise<FeedbackText> {
  const definition = await phaseDefinition(reading, task, phase.phase);
  const where = { id: `comment:${said.commentId}`, request: "change", path: null, line: null } as const;
  const item = itemOf(reading, definition, { ...where, by: said.by, text: said.text });
  return wordsOf(reading, item, null, [{ by: said.by, text: said.text }]);
}

/** Stores the words and answers the hash under which a run finds them. */
export async function saveWords(store: Store, taskId: TaskId, words: readonly FeedbackText[]): Promise<string> {
  return saveTaskText(store, taskId, JSON.stringify(words));
}

export function readWords(json: string): readonly FeedbackText[] {
  return z.array(FeedbackText).parse(JSON.parse(json));
}

/** Under a name that begins with its task, so that all of a task's texts are found when it is erased, and no other's. */
export async function saveTaskText(store: Store, taskId: TaskId, text: string): Promise<string> {
  const hash = `${taskId}.${createHash("sha256").update(text).digest("hex")}`;
  await store.saveText(hash, text);
  return hash;
}

export function itemOfWords({ id, request, path: file, line, step, comments }: FeedbackText): FeedbackItem {
  return { id, request, by: comments[0]?.by ?? "somebody", path: file, line, step };
}

function itemOf(
  { verifier }: GateReading,
  definition: Phase,
  said: Omit<FeedbackItem, "step"> & { readonly text: string },
): FeedbackItem {
  const { text, ...item } = said;
  const step =
    (item.path === null ? null : verifier.stepOfPath(definition, item.path)) ??
    stepNamedIn(text, definition) ??
    definition.steps.at(-1)?.slug ??
    "";
  return { ...item, step };
}

/** The step whose document a text speaks of, by the name of its file. */
function stepNamedIn(text: string, { steps }: Phase): string | null {
  const named = steps.find(({ outputs }) =>
    outputs.some((output) => !/[*?{[]/u.test(output) && text.includes(path.posix.basename(output))),
  );
  return named?.slug ?? null;
}

function wordsOf(
  { freeze }: GateReading,
  item: FeedbackItem,
  hunk: string | null,
  comments: readonly { readonly by: string; readonly text: string }[],
): FeedbackText {
  const clean = (text: string) => freeze(text).text.slice(0, limits.feedbackTextCharactersMax);
  const [first, ...replies] = comments;
  // Where there are too many, the first and the last ones say most.
  const kept = first === undefined ? [] : [first, ...replies.slice(-(limits.feedbackCommentsMax - 1))];
  return {
    id: item.id,
    request: item.request,
    step: item.step,
    path: item.path,
    line: item.line,
    // Code, whose angle brackets are no HTML.
    hunk: hunk === null ? null : hunk.slice(-limits.feedbackTextCharactersMax),
    comments: kept.map(({ by, text }) => ({ by, text: clean(text) })),
  };
}
