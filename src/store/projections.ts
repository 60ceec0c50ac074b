/** Read models, computed and not patched: the same history always gives the same rows. */
import type { TaskEvent } from "../core/events.ts";
import type { TaskId } from "../core/ids.ts";
import {
  agentStatusOf,
  branchOf,
  currentPhaseOf,
  isSettled,
  liveRunOf,
  outlineOfPhase,
  progressPercentOf,
  type ExistingTask,
} from "../core/state.ts";
import type { Spent } from "../core/usage.ts";
import type {
  AgentStatusRow,
  DependencyRow,
  FeedbackRow,
  PhaseRow,
  QuestionRow,
  ReportedErrorRow,
  ReviewRow,
  RunRow,
  StepRow,
  TaskRow,
  UsageMetricsRow,
  VerificationRow,
} from "./schema.ts";
import { timestampFrom } from "./timestamp.ts";
import { inEnglish } from "../core/phrase.ts";

/** Rows that show where a task stands. Each is written over when the state moves on. */
export interface StateRows {
  readonly tasks: readonly TaskRow[];
  readonly phases: readonly PhaseRow[];
  readonly steps: readonly StepRow[];
  readonly reviews: readonly ReviewRow[];
  readonly feedback: readonly FeedbackRow[];
  readonly questions: readonly QuestionRow[];
  readonly dependencies: readonly DependencyRow[];
  readonly agentStatuses: readonly AgentStatusRow[];
}

/** Rows that keep what happened, also where the state has forgotten it. Written once. */
export interface HistoryRows {
  readonly runs: readonly RunRow[];
  /** The model account of each run that began. */
  readonly accounts: readonly RunAccount[];
  readonly reportedErrors: readonly ReportedErrorRow[];
  readonly verifications: readonly VerificationRow[];
  readonly usageMetrics: readonly NewUsageRow[];
}

export interface RunAccount {
  readonly id: string;
  readonly account: string;
}

/** The rest is that of its run, which may lie in the store already. */
export type NewUsageRow = Omit<UsageMetricsRow, "attempt" | "account">;

export function rowsOfState(state: ExistingTask): StateRows {
  return {
    tasks: [taskRow(state)],
    phases: phaseRows(state),
    steps: stepRows(state),
    reviews: reviewRows(state),
    feedback: feedbackRows(state),
    questions: questionRows(state),
    dependencies: dependencyRows(state),
    agentStatuses: [agentStatusRow(state)],
  };
}

/** `firstVersion` is that of the first event, `account` the model account that the last run before it worked under. */
export function rowsOfEvents(
  taskId: TaskId,
  firstVersion: number,
  events: readonly TaskEvent[],
  account: string | null,
): HistoryRows {
  const numbered = events.map((event, index) => ({ event, version: firstVersion + index }));
  return {
    runs: events.flatMap((event) => (event.type === "RunRequested" ? [runRow(taskId, event)] : [])),
    accounts: runAccounts(events, account),
    reportedErrors: numbered.flatMap(({ event, version }) =>
      event.type === "ErrorReported" ? [reportedErrorRow(taskId, version, event)] : [],
    ),
    verifications: numbered.flatMap(({ event, version }) =>
      event.type === "PhaseVerified" ? [verificationRow(taskId, version, event)] : [],
    ),
    usageMetrics: numbered.flatMap(({ event, version }) =>
      event.type === "StepCompleted" || event.type === "RunEnded" ? [usageRow(taskId, version, event)] : [],
    ),
  };
}

export function usageColumns({ usage, costUsd }: Spent) {
  return {
    input_tokens: usage.inputTokens,
    output_tokens: usage.outputTokens,
    cache_creation_input_tokens: usage.cacheCreationInputTokens,
    cache_read_input_tokens: usage.cacheReadInputTokens,
    cost_usd: costUsd,
  };
}

function taskRow(state: ExistingTask): TaskRow {
  const run = liveRunOf(state);
  return {
    id: state.taskId,
    installation_id: state.repository.installationId,
    repository_id: state.repository.repositoryId,
    repository_owner: state.repository.owner,
    repository_name: state.repository.name,
    issue_number: state.issue.number,
    issue_title: state.issue.title,
    issue_author: state.issue.author,
    ordinal: state.ordinal,
    status: state.status,
    playbook: state.playbook.name,
    playbook_hash: state.playbook.hash,
    prompt_hash: state.prompt?.hash ?? null,
    created_by: state.createdBy,
    created_at: timestampFrom(state.createdAt),
    started_by: state.prompt?.startedBy ?? null,
    ended_at: "endedAt" in state ? timestampFrom(state.endedAt) : null,
    current_phase: currentPhaseOf(state)?.phase ?? null,
    task_budget_usd: state.taskBudgetUsd,
    cost_usd: state.phases.reduce((sum, phase) => sum + phase.spent.costUsd, 0),
    run_id: run?.runId ?? null,
    run_requested_at: run === null ? null : timestampFrom(run.requestedAt),
    workflow_run_id: run?.dispatched?.workflowRunId ?? null,
    account: state.account,
  };
}

/** Every phase of the playbook, so that a reader sees what is still to come. */
function phaseRows(state: ExistingTask): readonly PhaseRow[] {
  return state.playbook.phases.map((outline) => {
    const progress = state.phases.find(({ phase }) => phase === outline.number);
    const completed = progress?.completed ?? null;
    return {
      task_id: state.taskId,
      phase: outline.number,
      name: outline.name,
      title: outline.title,
      branch: branchOf(state, outline.number),
      budget_usd: outline.budgetUsd,
      purse_usd: state.purses.find(({ phase }) => phase === outline.number)?.usd ?? null,
      started_at: progress === undefined ? null : timestampFrom(progress.startedAt),
      failed_attempts: progress?.failedAttempts ?? 0,
      environment_faults: progress?.environmentFaults ?? 0,
      empty_slices: progress?.emptySlices ?? 0,
      limited_runs: progress?.limitedRuns ?? 0,
      cost_usd: progress?.spent.costUsd ?? 0,
      completed_by: completed?.by ?? null,
      completed_at: completed === null ? null : timestampFrom(completed.at),
      merge_sha: completed?.mergeSha ?? null,
    };
  });
}

function stepRows(state: ExistingTask): readonly StepRow[] {
  return state.playbook.phases.flatMap((outline) => {
    const phase = state.phases.find((candidate) => candidate.phase === outline.number);
    return outline.steps.map(({ slug, title }, index) => {
      const progress = phase?.steps.find((step) => step.slug === slug);
      return {
        task_id: state.taskId,
        phase: outline.number,
        step: slug,
        position: index + 1,
        title,
        completed: bit(progress?.completed ?? false),
        changeset_id: progress?.changesetId ?? null,
        commit_sha: progress?.commitSha ?? null,
      };
    });
  });
}

/** The task's last pull request stands behind those of its phases. */
function reviewRows(state: ExistingTask): readonly ReviewRow[] {
  const ofPhases = phaseReviewRows(state);
  if (state.finalGate === null) return ofPhases;
  const { pullRequest, url } = state.finalGate;
  const last: ReviewRow = {
    task_id: state.taskId,
    phase: state.playbook.phases.length + 1,
    pull_request: pullRequest,
    url,
    draft: 0,
    status: "pending",
    approved_by: "[]",
    requested_by: "[]",
  };
  return [...ofPhases, last];
}

function phaseReviewRows(state: ExistingTask): readonly ReviewRow[] {
  return state.phases.flatMap(({ phase, gate }) =>
    gate === null
      ? []
      : [
          {
            task_id: state.taskId,
            phase,
            pull_request: gate.pullRequest,
            url: gate.url,
            draft: bit(gate.draft),
            status: gate.review,
            approved_by: JSON.stringify(gate.approvedBy),
            requested_by: JSON.stringify(gate.requestedBy),
          },
        ],
  );
}

function feedbackRows(state: ExistingTask): readonly FeedbackRow[] {
  return state.phases.flatMap(({ phase, feedback }) =>
    feedback.map(({ id, request, by, path, line, step, state: status, answer }) => ({
      task_id: state.taskId,
      id,
      phase,
      request,
      given_by: by,
      path,
      line,
      step,
      status,
      answer: answer?.kind ?? null,
    })),
  );
}

function questionRows(state: ExistingTask): readonly QuestionRow[] {
  return state.questions.map(({ answer, ...question }) => ({
    task_id: state.taskId,
    number: question.number,
    request_id: question.requestId,
    position: question.index + 1,
    phase: question.phase,
    step: question.step,
    category: question.category,
    question: question.question,
    options: JSON.stringify(question.options),
    default_answer: question.default,
    required: bit(question.required),
    asked_at: timestampFrom(question.askedAt),
    answer: answer?.text ?? null,
    answer_option: answer?.option ?? null,
    answered_by: answer?.by ?? null,
    answered_at: answer === null ? null : timestampFrom(answer.at),
    answer_comment_id: answer?.commentId ?? null,
    delivered: bit(answer?.delivered ?? false),
  }));
}

function dependencyRows(state: ExistingTask): readonly DependencyRow[] {
  return state.dependencies.map((dependency, index) => ({
    task_id: state.taskId,
    name: dependency.name,
    position: index + 1,
    request_id: dependency.requestId,
    asked_as: dependency.askedAs,
    type: dependency.type,
    description: dependency.description,
    required: bit(dependency.required),
    steps: JSON.stringify(dependency.steps),
    asked_at: timestampFrom(dependency.askedAt),
    state: dependency.state,
    decided_by: dependency.by,
    slot: dependency.grant === null ? null : dependency.grant + 1,
    refused: dependency.refused,
  }));
}

function agentStatusRow(state: ExistingTask): AgentStatusRow {
  const phase = currentPhaseOf(state);
  const blockedBy = isSettled(state) ? null : state.blockedBy;
  return {
    task_id: state.taskId,
    status: agentStatusOf(state),
    current_phase: phase === null ? null : outlineOfPhase(state, phase.phase).name,
    progress: progressPercentOf(state),
    blocked_by: blockedBy?.kind ?? null,
    blocked_reason: blockedBy === null ? null : JSON.stringify(blockedBy),
    recent_actions: JSON.stringify(state.recentActions.map(({ at, text }) => ({ at, text: inEnglish(text) }))),
  };
}

function runRow(taskId: TaskId, event: Extract<TaskEvent, { type: "RunRequested" }>): RunRow {
  const { runId, phase, attempt, at } = event;
  return { id: runId, task_id: taskId, phase, attempt, requested_at: timestampFrom(at), account: null };
}

/** A run says so as it begins, and only where its account is another one than that of the run before. */
function runAccounts(events: readonly TaskEvent[], before: string | null): readonly RunAccount[] {
  let account = before;
  return events.flatMap((event) => {
    if (event.type === "AccountIdentified") account = event.account;
    return event.type === "RunStarted" && account !== null ? [{ id: event.runId, account }] : [];
  });
}

function reportedErrorRow(
  taskId: TaskId,
  version: number,
  event: Extract<TaskEvent, { type: "ErrorReported" }>,
): ReportedErrorRow {
  return {
    task_id: taskId,
    version,
    request_id: event.requestId,
    run_id: event.runId,
    phase: event.phase,
    step: event.step,
    type: event.error,
    message: event.message,
    details: event.details,
    cause: event.cause,
    reported_at: timestampFrom(event.at),
  };
}

function verificationRow(
  taskId: TaskId,
  version: number,
  event: Extract<TaskEvent, { type: "PhaseVerified" }>,
): VerificationRow {
  return {
    task_id: taskId,
    version,
    phase: event.phase,
    attempt: event.attempt,
    head_sha: event.headSha,
    passed: bit(event.passed),
    checks: JSON.stringify(event.checks),
    findings: JSON.stringify(event.findings),
    verified_at: timestampFrom(event.at),
  };
}

function usageRow(
  taskId: TaskId,
  version: number,
  event: Extract<TaskEvent, { type: "StepCompleted" | "RunEnded" }>,
): NewUsageRow {
  return {
    task_id: taskId,
    version,
    run_id: event.runId,
    phase: event.phase,
    step: event.type === "StepCompleted" ? event.step : null,
    recorded_at: timestampFrom(event.at),
    ...usageColumns(event.spent),
  };
}

function bit(value: boolean): 0 | 1 {
  return value ? 1 : 0;
}
