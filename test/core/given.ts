/** Given/when/then over the pure core. */
import { expect } from "vitest";
import type { CommandFacts, CommandOf, TaskCommand } from "../../src/core/commands.ts";
import { decide, type Decision, type Refusal } from "../../src/core/decide.ts";
import type { QuestionAsked } from "../../src/core/dialogue.ts";
import type { TaskEvent } from "../../src/core/events.ts";
import type { AnswerKind, FeedbackItem } from "../../src/core/feedback.ts";
import type { CiKind } from "../../src/core/ci.ts";
import { evolve, stateFrom } from "../../src/core/evolve.ts";
import { changesetIdOf, runIdFrom, taskIdFrom } from "../../src/core/ids.ts";
import type { PlaybookOutline } from "../../src/core/playbook.ts";
import type { DecisionTaken, Finding, RunnerReport } from "../../src/core/report.ts";
import { defaultSettings, type TaskSettings } from "../../src/core/settings.ts";
import { noInput } from "../../src/core/task-input.ts";
import { react, type Reaction } from "../../src/core/react.ts";
import type { ExistingTask, TaskState } from "../../src/core/state.ts";

const moment = "2026-11-21T10:00:00.000Z";
export const taskId = taskIdFrom("task-1");

const playbook: PlaybookOutline = {
  name: "create_app",
  hash: "hash-of-playbook",
  phases: [phase(1, "planning", ["01_idea", "02_market"]), phase(2, "design", ["01_screens"])],
};

/** Its first phase is a conversation. */
const talking = [
  { ...phase(1, "talk", ["01_turn"]), mode: "conversation" as const },
  phase(2, "design", ["01_screens"]),
];

function phase(number: number, name: string, slugs: readonly string[]) {
  return {
    number,
    name,
    title: name,
    budgetUsd: 5,
    mayBeSkipped: false,
    mode: "steps" as const,
    plans: null,
    steps: slugs.map((slug) => ({ slug, title: slug })),
  };
}

type CommandBody = TaskCommand extends infer Command
  ? Command extends TaskCommand
    ? Omit<Command, keyof CommandFacts>
    : never
  : never;

/** A command with the facts that a test does not care about. */
export function command(body: CommandBody, newRunId = "run-next"): TaskCommand {
  return { at: moment, newRunId: runIdFrom(newRunId), ...body };
}

/** The same command at another moment of that day, as `10:05:00.250`. */
export function at(time: string, body: TaskCommand): TaskCommand {
  return { ...body, at: `2026-11-21T${time}Z` };
}

export const writer = { login: "owner", mayWrite: true };
/** Another writer, who asked for nothing. */
export const reviewer = { login: "reviewer", mayWrite: true };
export const stranger = { login: "stranger", mayWrite: false };
/** Who wrote the issue, without write. */
export const author = { login: "reader", mayWrite: false, isAuthor: true };
export const prompt = { hash: "hash-of-prompt", hiddenRemoved: 0, input: noInput };
export const spent = {
  usage: { inputTokens: 10, outputTokens: 5, cacheCreationInputTokens: 0, cacheReadInputTokens: 0 },
  costUsd: 0.01,
};

export function createTask(
  by: { login: string; mayWrite: boolean } = writer,
  {
    skippable = 2,
    talks = false,
    planning = 0,
  }: { readonly skippable?: number; readonly talks?: boolean; readonly planning?: number } = {},
): TaskCommand {
  return command(
    {
      type: "CreateTask",
      taskId,
      repository: { installationId: 1, repositoryId: 2, owner: "octo", name: "links" },
      issue: { number: 7, title: "A link shortener", author: "owner" },
      by,
      playbook: {
        ...playbook,
        phases: (talks ? talking : playbook.phases)
          .map((each) => ({ ...each, mayBeSkipped: each.number === skippable }))
          .filter(({ number }) => planning === 0 || number <= planning)
          .map((each) => (each.number === planning ? { ...each, plans: "tables" as const } : each)),
      },
      taskBudgetUsd: 25,
      ordinal: 1,
      prompt,
    },
    "run-1",
  );
}

export const run1 = runIdFrom("run-1");

export function dispatched(runId = "run-1", workflowRunId = 100): TaskCommand {
  return command({
    type: "RecordDispatch",
    runId: runIdFrom(runId),
    workflowRunId,
    url: `https://github.test/runs/${workflowRunId}`,
  });
}

export function sessionOpened(runId = "run-1", workflowRunId = 100): TaskCommand {
  const url = `https://github.test/runs/${workflowRunId}`;
  return command({ type: "OpenSession", runId: runIdFrom(runId), workflowRunId, url, account: null });
}

export function stepCompleted(step: string, runId = "run-1"): TaskCommand {
  const id = runIdFrom(runId);
  const changesetId = changesetIdOf(id, step);
  return command({ type: "CompleteStep", runId: id, step, changesetId, files: 1, spent, answers: [], told: [] });
}

/** A step of a rework that says what became of the feedback. */
export function stepAnswers(
  step: string,
  runId: string,
  answers: readonly { id: string; kind: AnswerKind }[],
  files = 1,
): TaskCommand {
  const id = runIdFrom(runId);
  return command({
    type: "CompleteStep",
    runId: id,
    step,
    changesetId: changesetIdOf(id, step),
    files,
    spent,
    answers: answers.map((answer) => ({ ...answer, textHash: `words-of-${answer.id}` })),
    told: [],
  });
}

export function stepPublished(phaseNumber: number, step: string, runId = "run-1"): TaskCommand {
  return command({
    type: "RecordPublished",
    phase: phaseNumber,
    step,
    changesetId: changesetIdOf(runIdFrom(runId), step),
    commitSha: `sha-${phaseNumber}-${step}`,
  });
}

export function gateOpened(phaseNumber: number, pullRequest: number): TaskCommand {
  return command({
    type: "RecordGateOpened",
    phase: phaseNumber,
    pullRequest,
    url: `https://github.test/pull/${pullRequest}`,
    draft: true,
  });
}

export function runEnded(kind: "completed" | "cancelled" | "slice-ended", runId = "run-1"): TaskCommand {
  return command({ type: "EndRun", runId: runIdFrom(runId), outcome: { kind }, spent }, `after-${runId}`);
}

export function runLost(runId = "run-1", next = `after-${runId}`): TaskCommand {
  return command(
    { type: "EndRun", runId: runIdFrom(runId), outcome: { kind: "lost", message: "silence" }, spent },
    next,
  );
}

export function runEndedWith(
  outcome: CommandOf<"EndRun">["outcome"],
  runId = "run-1",
  next = `after-${runId}`,
): TaskCommand {
  return command({ type: "EndRun", runId: runIdFrom(runId), outcome, spent }, next);
}

const choice: QuestionAsked = {
  category: "choice",
  question: "How does it earn money?",
  options: ["subscription", "freemium", "advertising"],
  default: "freemium",
  required: true,
};

/** Questions that come in one message; each is as `choice` above but for what is said. */
export function asks(
  id: string,
  questions: readonly Partial<CommandOf<"AskQuestions">["questions"][number]>[] = [{}],
  runId = "run-1",
  step = "01_idea",
): TaskCommand {
  return command({
    type: "AskQuestions",
    runId: runIdFrom(runId),
    step,
    requestId: `${runId}/${id}`,
    questions: questions.map((question) => ({ ...choice, ...question })),
  });
}

export function answers(
  given: CommandOf<"AnswerQuestions">["answers"],
  by: CommandOf<"AnswerQuestions">["by"] = { ...writer, isAuthor: true },
  commentId = 500,
): TaskCommand {
  return command({ type: "AnswerQuestions", by, commentId, answers: given }, "run-answered");
}

export function says(text: string, number: number | null = null, commentId = 500): TaskCommand {
  return answers([{ number, text }], undefined, commentId);
}

export function needs(
  name: string,
  {
    id = name,
    step = "01_idea",
    runId = "run-1",
    ...more
  }: Partial<CommandOf<"RequestDependency">["dependency"]> & { id?: string; step?: string; runId?: string } = {},
): TaskCommand {
  const dependency = { type: "api_key", name, description: "for the bot", required: true, ...more } as const;
  return command({
    type: "RequestDependency",
    runId: runIdFrom(runId),
    step,
    requestId: `${runId}/${id}`,
    dependency,
  });
}

export function provides(name: string, by = writer): TaskCommand {
  return command({ type: "ProvideDependency", by, name }, "run-provided");
}

export function skips(name: string, by = writer): TaskCommand {
  return command({ type: "SkipDependency", by, name }, "run-skipped");
}

/** What GitHub lists, each with the time of that day at which it was changed last. */
export function namesSeen(names: Readonly<Record<string, string>>): TaskCommand {
  const listed = Object.entries(names).map(([name, time]) => ({ name, updatedAt: `2026-11-21T${time}Z` }));
  return command({ type: "RecordNames", names: listed }, "run-noticed");
}

export function budget(usd: number, by = writer): TaskCommand {
  return command({ type: "SetBudget", by, usd }, "run-paid");
}

export function approve(by = writer, purseUsd: number | null = null, headSha = "head-1-1"): TaskCommand {
  return command({ type: "ApprovePhase", by, headSha, purseUsd });
}

export const finding = {
  check: "sections-present",
  step: "02_market",
  path: "docs/planning/02_market.md",
  line: null,
  message: 'add the section "Competitors"',
} as const;

/** What `verified` finds wanting. */
export function foundIn(attempt: number): Finding {
  return { ...finding, message: `${finding.message}, attempt ${attempt}` };
}

export function verified(phaseNumber: number, passed: boolean, attempt = 1, next = `rework-${attempt}`): TaskCommand {
  return command(
    {
      type: "RecordVerification",
      phase: phaseNumber,
      attempt,
      headSha: `head-${phaseNumber}-${attempt}`,
      passed,
      checks: [],
      // Another one each time: the same three times in a row ends the task's patience.
      findings: passed ? [] : [foundIn(attempt)],
      notes: [],
    },
    next,
  );
}

export function gateReady(phaseNumber: number, headSha = `head-${phaseNumber}-1`): TaskCommand {
  return command({ type: "RecordGateReady", phase: phaseNumber, headSha });
}

/** The gate of phase 1 as GitHub shows it: its head, the newest verdict of each person, and all feedback. */
export function reviewed(
  headSha: string,
  reviews: CommandOf<"RecordReviews">["reviews"],
  feedback: CommandOf<"RecordReviews">["feedback"] = [],
  at = moment,
): TaskCommand {
  return { ...command({ type: "RecordReviews", pullRequest: 31, headSha, reviews, feedback }), at };
}

export function approval(reviewId: number, by: string, reviewedSha = "head-1-1") {
  return { reviewId, by, verdict: "approved", reviewedSha } as const;
}

export function wish(reviewId: number, by: string, reviewedSha = "head-1-1") {
  return { reviewId, by, verdict: "changes_requested", reviewedSha } as const;
}

/** A thread at a line of the document of a step. */
export function thread(name: string, step: string, by = "owner"): FeedbackItem {
  return { id: `thread:${name}`, request: "change", by, path: `docs/planning/${step}.md`, line: 3, step };
}

export function reworkAsked(
  runId: string,
  feedback: readonly FeedbackItem[],
  reviewIds: readonly number[] = [],
  by: readonly string[] = ["owner"],
): TaskCommand {
  const source = reviewIds.length > 0 ? "review" : "command";
  return command(
    { type: "RequestRework", by, mayWrite: true, source, feedback, reviewIds, textHash: `words-for-${runId}` },
    runId,
  );
}

export function merged(pullRequest: number, next = "run-2"): TaskCommand {
  return command({ type: "RecordMerge", pullRequest, by: "owner", mergeSha: `merge-${pullRequest}` }, next);
}

/** A run that changes a document of phase 1 and says that it is done. */
export function worked(runId: string, workflowRunId: number): readonly TaskCommand[] {
  return [
    dispatched(runId, workflowRunId),
    sessionOpened(runId, workflowRunId),
    stepCompleted("02_market", runId),
    runEnded("completed", runId),
  ];
}

const decisionsTaken: readonly DecisionTaken[] = ["Links are kept in SQLite", "Codes have seven characters"].map(
  (decision) => ({ decision, alternative: "another", reason: "simple", confidence: "medium", files: [] }),
);

/** The run is done, and says so with what it decided. */
export function runReports(
  report: Partial<RunnerReport> = {},
  runId = "run-1",
  outcome: CommandOf<"EndRun">["outcome"] = { kind: "completed" },
): TaskCommand {
  const whole = { verdicts: [], judgeFault: null, tests: null, decisions: decisionsTaken, ...report };
  return command({ type: "EndRun", runId: runIdFrom(runId), outcome, spent, report: whole }, `after-${runId}`);
}

export function vetoes(
  number: number,
  reason: string | null = null,
  attempt: number | null = 1,
  by = writer,
): TaskCommand {
  return command({ type: "VetoDecision", by, attempt, number, reason });
}

export function unticks(number: number, attempt = 1, by = writer): TaskCommand {
  return command({ type: "WithdrawVeto", by, attempt, number });
}

export function settingsRead(settings: Partial<TaskSettings>): TaskCommand {
  return command({ type: "RecordSettings", settings: { ...defaultSettings, ...settings } });
}

/** What the repository's checks say of the head of phase 1. */
export function ciSeen(kind: CiKind, headSha = "head-1-1", names: readonly string[] = []): TaskCommand {
  const failed = names.map((name) => ({ name, url: `https://github.test/${name}` }));
  return command({ type: "RecordCi", phase: 1, headSha, ci: { kind, reason: null, failed } });
}

export function skipsPhase(by = writer, next = "run-3", writtenAt: string | null = null): TaskCommand {
  return command({ type: "SkipPhase", by, writtenAt }, next);
}

/** A comment on the issue of a conversation. */
export function turnSaid(
  commentId: number,
  { by = writer, textHash = `words-${commentId}`, isEdit = false }: Partial<Omit<CommandOf<"SayTurn">, "type">> = {},
): TaskCommand {
  return command({ type: "SayTurn", by, commentId, isEdit, textHash }, `run-${commentId}`);
}

export function done(by = writer): TaskCommand {
  return command({ type: "EndConversation", by });
}

/** A run of a conversation that replies, and changes so many files. */
export function replies(runId: string, workflowRunId: number, files = 1): readonly TaskCommand[] {
  const id = runIdFrom(runId);
  const step = "01_turn";
  const changesetId = changesetIdOf(id, step);
  const replyHash = `reply-of-${runId}`;
  return [
    dispatched(runId, workflowRunId),
    sessionOpened(runId, workflowRunId),
    command({ type: "CompleteStep", runId: id, step, changesetId, files, spent, answers: [], told: [], replyHash }),
    ...(files === 0 ? [] : [stepPublished(1, step, runId), gateOpened(1, 31)]),
    runEnded("completed", runId),
  ];
}

/** A conversation at work on its first reply. */
export const talkBegun: readonly TaskCommand[] = [createTask(writer, { talks: true }), dispatched(), sessionOpened()];

/** It has replied to the issue, changed a file, and waits for the next comment. */
export const replied: readonly TaskCommand[] = [
  createTask(writer, { talks: true }),
  ...replies("run-1", 100),
  verified(1, true),
];

/** A first run at its first step. */
export const running: readonly TaskCommand[] = [createTask(), dispatched(), sessionOpened()];

/** It asked one question that it needs an answer to, and ended. */
export const waiting: readonly TaskCommand[] = [...running, asks("1"), runEndedWith({ kind: "waiting-question" })];

/** It asked for a key that it needs, and ended. */
export const lacking: readonly TaskCommand[] = [
  ...running,
  needs("OPENAI_API_KEY"),
  runEndedWith({ kind: "waiting-dependency" }),
];

/** Commands of a first phase that went well up to its gate. */
export const phase1Ready: readonly TaskCommand[] = [
  createTask(),
  dispatched(),
  sessionOpened(),
  stepCompleted("01_idea"),
  stepPublished(1, "01_idea"),
  gateOpened(1, 31),
  stepCompleted("02_market"),
  stepPublished(1, "02_market"),
  runEnded("completed"),
  verified(1, true),
  gateReady(1),
];

/** The same, and the agent has named its decisions. */
export const phase1Decided: readonly TaskCommand[] = phase1Ready.map((each) =>
  each.type === "EndRun" ? runReports() : each,
);

/** The plan of phase 1 names two phases. */
export const planRead = command(
  {
    type: "RecordPlan",
    phase: 1,
    plan: {
      kind: "read",
      playbookHash: "hash-of-plan",
      phases: [phase(2, "drafting", ["stg-1_sub-01"]), phase(3, "closing", ["stg-1_sub-01"])],
    },
  },
  "run-2",
);

export const planFaulty = command({
  type: "RecordPlan",
  phase: 1,
  plan: { kind: "faulty", faults: 2, message: "written by an agent" },
});

export function eventsOf(commands: readonly TaskCommand[]): readonly TaskEvent[] {
  const events: TaskEvent[] = [];
  for (const next of commands) {
    const decision = decide(next, stateFrom(events));
    if (decision.kind === "refused") throw new Error(`given ${next.type}: refused ${JSON.stringify(decision.refusal)}`);
    events.push(...decision.events);
  }
  return events;
}

/** What the last command makes due, of this kind. */
export function due(kind: Reaction["effect"]["kind"], commands: readonly TaskCommand[]): readonly Reaction[] {
  const last = commands.at(-1);
  if (last === undefined) return [];
  let state = stateAfter(...commands.slice(0, -1));
  const decision = decide(last, state);
  if (decision.kind === "refused") throw new Error(`${last.type}: ${JSON.stringify(decision.refusal)}`);
  const reactions: Reaction[] = [];
  for (const event of decision.events) {
    const next = evolve(state, event);
    if (next.status !== "absent") reactions.push(...react(event, state.status === "absent" ? null : state, next));
    state = next;
  }
  return reactions.filter(({ effect }) => effect.kind === kind);
}

export function stateAfter(...commands: readonly TaskCommand[]): TaskState {
  return stateFrom(eventsOf(commands));
}

/** Of a task that exists. */
export function taskAfter(...commands: readonly TaskCommand[]): ExistingTask {
  const state = stateAfter(...commands);
  if (state.status === "absent") throw new Error("no task was created");
  return state;
}

export function given(...commands: readonly TaskCommand[]) {
  const state = stateAfter(...commands);
  return {
    when(next: TaskCommand) {
      const decision = decide(next, state);
      return {
        /** The types of the events, in order. */
        then(...types: readonly TaskEvent["type"][]): readonly TaskEvent[] {
          expect(typesOf(decision)).toEqual(types);
          return decision.kind === "accepted" ? decision.events : [];
        },
        thenRefused(refusal: Refusal): void {
          expect(decision).toEqual({ kind: "refused", refusal });
        },
      };
    },
  };
}

function typesOf(decision: Decision): unknown {
  return decision.kind === "accepted" ? decision.events.map((event) => event.type) : decision.refusal;
}
