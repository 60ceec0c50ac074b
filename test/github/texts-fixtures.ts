import type { DependencyAsked, Question, QuestionAsked } from "../../src/core/dialogue.ts";
import { stateFrom } from "../../src/core/evolve.ts";
import type { TaskEvent } from "../../src/core/events.ts";
import type { Criterion } from "../../src/core/playbook.ts";
import type { DecisionTaken, RunnerReport } from "../../src/core/report.ts";
import { changesetIdOf, runIdFrom, taskIdFrom } from "../../src/core/ids.ts";
import { currentPhaseOf, type ExistingTask, type PhaseProgress } from "../../src/core/state.ts";
import { nothingSpent } from "../../src/core/usage.ts";
import type { LiveStatus, TaskView } from "../../src/control/ports/task-view.ts";
import type { BlockContext } from "../../src/github/texts/blocked.ts";
import { linksOf } from "../../src/github/texts/links.ts";
import { sayIn } from "../../src/github/texts/words.ts";
import { readWorkflowFile } from "../../src/github/workflow-file.ts";
import { noInput } from "../../src/core/task-input.ts";

export const at = "2026-11-21T02:20:00.000Z";
export const taskId = taskIdFrom("task-1");
export const runId = runIdFrom("run-1");
export const spent = {
  usage: { inputTokens: 1_000, outputTokens: 2_000, cacheCreationInputTokens: 10_000, cacheReadInputTokens: 110_000 },
  costUsd: 0.42,
};

export const repository = { installationId: 1, repositoryId: 2, owner: "octo", name: "shop" };

/** A task of two phases on issue 7. */
export function created(
  over: {
    readonly title?: string;
    readonly by?: string;
    readonly issue?: number;
    readonly repository?: typeof repository;
    readonly taskId?: string;
  } = {},
): TaskEvent {
  return {
    type: "TaskCreated",
    at,
    taskId: over.taskId === undefined ? taskId : taskIdFrom(over.taskId),
    repository: over.repository ?? repository,
    issue: { number: over.issue ?? 7, title: over.title ?? "A link shortener", author: "owner" },
    by: over.by ?? "owner",
    playbook: {
      name: "create_app",
      hash: "hash",
      phases: [
        {
          number: 1,
          name: "planning",
          title: "Planning",
          budgetUsd: 5,
          mayBeSkipped: false,
          mode: "steps",
          plans: null,
          steps: [
            { slug: "01_idea", title: "Idea definition" },
            { slug: "02_market", title: "Market" },
          ],
        },
        {
          number: 2,
          name: "design",
          title: "Design",
          budgetUsd: 5,
          mayBeSkipped: true,
          mode: "steps",
          plans: null,
          steps: [{ slug: "01_screens", title: "Screens" }],
        },
      ],
    },
    taskBudgetUsd: 25,
    ordinal: 1,
  };
}

/** Of the first phase. */
const criteria: readonly Criterion[] = [
  {
    id: "files",
    text: "Every file of every step is there.",
    severity: "must",
    kind: "deterministic",
    check: "outputs-exist",
  },
  { id: "length", text: "Each document says enough.", severity: "must", kind: "deterministic", check: "long-enough" },
];

/** The two that a verifier judges besides. */
export const judgedCriteria: readonly Criterion[] = [
  ...criteria,
  { id: "planning-agrees", text: "The documents do not contradict each other.", severity: "must", kind: "judged" },
  { id: "reader-friendly", text: "A stranger understands it.", severity: "should", kind: "judged" },
];

export function decisionOf(over: Partial<DecisionTaken> = {}): DecisionTaken {
  return {
    decision: "Links are kept in SQLite",
    alternative: "PostgreSQL",
    reason: "One process writes.",
    confidence: "high",
    files: ["docs/planning/01_idea.md"],
    ...over,
  };
}

export function reported(over: Partial<RunnerReport> = {}, attempt = 1): TaskEvent {
  const report = { verdicts: [], judgeFault: null, tests: null, decisions: [], ...over };
  return { type: "WorkReported", at, runId, phase: 1, attempt, report };
}

/** In review, with what the run said of its work. */
export function inReviewWith(report: Partial<RunnerReport>): readonly TaskEvent[] {
  return [...running, gateOpened(), reported(report), ...inReview.slice(running.length + 1)];
}

export const started: readonly TaskEvent[] = [
  { type: "TaskStarted", at, by: "owner", promptHash: "abcdef0123456789", hiddenRemoved: 3, input: noInput },
  { type: "PhaseStarted", at, phase: 1 },
  { type: "RunRequested", at, runId, phase: 1, attempt: 1, findings: [] },
];

export const running: readonly TaskEvent[] = [
  ...started,
  { type: "RunDispatched", at, runId, workflowRunId: 99, url: "https://github.com/octo/shop/actions/runs/99" },
  { type: "RunStarted", at, runId },
  {
    type: "StepCompleted",
    at,
    runId,
    phase: 1,
    step: "01_idea",
    changesetId: changesetIdOf(runId, "01_idea"),
    files: 1,
    spent,
  },
];

export function gateOpened(pullRequest = 8, phase = 1): TaskEvent {
  const url = `https://github.com/octo/shop/pull/${pullRequest}`;
  return { type: "GateOpened", at, phase, pullRequest, url, draft: true };
}

export function verified(passed: boolean, message = "has 20 characters, needs 500", phase = 1): readonly TaskEvent[] {
  return [
    { type: "RunEnded", at, runId, phase, outcome: { kind: "completed" }, spent },
    {
      type: "PhaseVerified",
      at,
      phase,
      attempt: 1,
      headSha: "0123456789abcdef",
      passed,
      checks: [
        { check: "outputs-exist", passed: true, looked: 2 },
        { check: "long-enough", passed, looked: 2 },
      ],
      findings: passed
        ? []
        : [{ check: "long-enough", step: "01_idea", path: "docs/planning/01_idea.md", line: null, message }],
      notes: [],
    },
  ];
}

export const runStarted: readonly TaskEvent[] = running.slice(0, 5);

/** One question of the agent, asked in the first step. */
export function asked(over: Partial<QuestionAsked> = {}): QuestionAsked {
  return {
    category: "choice",
    question: "Which revenue model shall it have?",
    options: ["Paid subscription", "Freemium", "Advertising"],
    default: "Freemium",
    required: true,
    ...over,
  };
}

/** As many as were asked before, these included, make their numbers. */
export function questionsAsked(
  questions: readonly (QuestionAsked & Partial<Pick<Question, "permission">>)[],
  { first = 1, requestId = `${runId}/1`, phase = 1 } = {},
): TaskEvent {
  const numbered = questions.map((question, index) => ({ permission: null, ...question, number: first + index }));
  return { type: "QuestionsAsked", at, runId, phase, step: "01_idea", requestId, questions: numbered };
}

export function answered(number: number, text: string, option: number | null = null): TaskEvent {
  return { type: "QuestionAnswered", at, number, by: "owner", text, option, commentId: 51 };
}

export function needed(over: Partial<DependencyAsked> = {}, requestId = `${runId}/2`): TaskEvent {
  const dependency: DependencyAsked = {
    name: "OPENAI_API_KEY",
    askedAs: "OPENAI_API_KEY",
    type: "api_key",
    description: "To summarise what people write.",
    required: true,
    ...over,
  };
  return { type: "DependencyRequested", at, runId, phase: 1, step: "01_idea", requestId, dependency };
}

export const waitsForAnswer: readonly TaskEvent[] = [
  { type: "RunEnded", at, runId, phase: 1, outcome: { kind: "waiting-question" }, spent: nothingSpent },
  { type: "TaskPaused", at, reason: { kind: "waiting-question" } },
];

export const inReview: readonly TaskEvent[] = [
  ...running,
  gateOpened(),
  ...verified(true),
  { type: "ReviewCreated", at, phase: 1, headSha: "0123456789abcdef" },
];

export function taskOf(...events: readonly TaskEvent[]): ExistingTask {
  const state = stateFrom(events[0]?.type === "TaskCreated" ? events : [created(), ...events]);
  if (state.status === "absent") throw new Error("a task was expected");
  return state;
}

export function viewOf(events: readonly TaskEvent[], live: LiveStatus | null = null): TaskView {
  return {
    task: taskOf(...events),
    live,
    model: "claude-test",
    forecasts: new Map(),
    criteria: new Map([[1, criteria]]),
    guides: new Map(),
    limitEndsAt: null,
  };
}

/** The task with its current phase changed: for what takes many events to come about. */
export function withPhase(view: TaskView, change: (phase: PhaseProgress) => Partial<PhaseProgress>): TaskView {
  const current = currentPhaseOf(view.task);
  if (current === null) throw new Error("a task with a phase was expected");
  const phases = [...view.task.phases.slice(0, -1), { ...current, ...change(current) }];
  return { ...view, task: { ...view.task, phases } };
}

/** Open points of feedback, as many, and one that is resolved. */
export function feedbackOf(open: number): PhaseProgress["feedback"] {
  return Array.from({ length: open + 1 }, (_, index) => ({
    id: `thread:${index}`,
    request: "change",
    by: "reviewer",
    path: "docs/planning/01_idea.md",
    line: 3,
    step: "01_idea",
    state: index < open ? "open" : "resolved",
    answer: null,
  }));
}

export const context: BlockContext = {
  say: sayIn("en"),
  links: linksOf("https://github.com", repository),
  workflowFile: readWorkflowFile({ actionRef: "phasegate/phasegate@0123", appUrl: "https://phasegate.example" }),
  defaultBranch: "main",
  appUrl: "https://phasegate.example",
  actionRef: "phasegate/phasegate@0123",
  requests: new Map(),
};

/** What is ours and in English, three words in a row: code, addresses, and what GitHub's pages call their buttons stay so. */
export function englishIn(text: string): readonly string[] {
  const ours = text
    .replace(/^(?<fence>`{3,})\n[^]*?\n\k<fence>$/gmu, "")
    .replace(/(?<fence>`+)(?!`)[^]*?(?<!`)\k<fence>(?!`)/gu, "")
    .replaceAll(/\]\([^)]*\)/gu, "]")
    .replaceAll(/<!--.*?-->|<\/?(?:details|summary|br)>/gu, "")
    .replaceAll(/(?<!\*)\*[\w :]+\*(?!\*)/gu, "");
  return ours.match(/[a-z][a-z'’-]*(?:[ ,.]+[a-z][a-z'’-]*){2,}/giu) ?? [];
}
