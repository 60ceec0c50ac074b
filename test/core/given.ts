/** Given/when/then over the pure core. */
import { expect } from "vitest";
import type { CommandFacts, CommandOf, TaskCommand } from "../../src/core/commands.ts";
import { decide, type Decision, type Refusal } from "../../src/core/decide.ts";
import type { TaskEvent } from "../../src/core/events.ts";
import type { AnswerKind, FeedbackItem } from "../../src/core/feedback.ts";
import { stateFrom } from "../../src/core/evolve.ts";
import { changesetIdOf, runIdFrom, taskIdFrom } from "../../src/core/ids.ts";
import type { PlaybookOutline } from "../../src/core/playbook.ts";
import type { TaskState } from "../../src/core/state.ts";

const moment = "2026-11-21T10:00:00.000Z";
export const taskId = taskIdFrom("task-1");

const playbook: PlaybookOutline = {
  name: "create_app",
  hash: "hash-of-playbook",
  phases: [phase(1, "planning", ["01_idea", "02_market"]), phase(2, "design", ["01_screens"])],
};

function phase(number: number, name: string, slugs: readonly string[]) {
  return { number, name, title: name, budgetUsd: 5, steps: slugs.map((slug) => ({ slug, title: slug })) };
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

export const writer = { login: "owner", mayWrite: true };
export const stranger = { login: "stranger", mayWrite: false };
export const prompt = { hash: "hash-of-prompt", hiddenRemoved: 0 };
export const spent = {
  usage: { inputTokens: 10, outputTokens: 5, cacheCreationInputTokens: 0, cacheReadInputTokens: 0 },
  costUsd: 0.01,
};

export function createTask(by: { login: string; mayWrite: boolean } = writer): TaskCommand {
  return command(
    {
      type: "CreateTask",
      taskId,
      repository: { installationId: 1, repositoryId: 2, owner: "octo", name: "links" },
      issue: { number: 7, title: "A link shortener", author: "owner" },
      by,
      playbook,
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
  return command({ type: "OpenSession", runId: runIdFrom(runId), workflowRunId, url });
}

export function stepCompleted(step: string, runId = "run-1"): TaskCommand {
  const id = runIdFrom(runId);
  const changesetId = changesetIdOf(id, step);
  return command({ type: "CompleteStep", runId: id, step, changesetId, files: 1, spent, answers: [] });
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

export const finding = {
  check: "sections-present",
  step: "02_market",
  path: "docs/planning/02_market.md",
  line: null,
  message: 'add the section "Competitors"',
} as const;

export function verified(phaseNumber: number, passed: boolean, attempt = 1, next = `rework-${attempt}`): TaskCommand {
  return command(
    {
      type: "RecordVerification",
      phase: phaseNumber,
      attempt,
      headSha: `head-${phaseNumber}-${attempt}`,
      passed,
      checks: [],
      findings: passed ? [] : [finding],
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

export function eventsOf(commands: readonly TaskCommand[]): readonly TaskEvent[] {
  const events: TaskEvent[] = [];
  for (const next of commands) {
    const decision = decide(next, stateFrom(events));
    if (decision.kind === "refused") throw new Error(`given ${next.type}: refused ${JSON.stringify(decision.refusal)}`);
    events.push(...decision.events);
  }
  return events;
}

export function stateAfter(...commands: readonly TaskCommand[]): TaskState {
  return stateFrom(eventsOf(commands));
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
