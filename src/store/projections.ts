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
  FeedbackRow,
  PhaseRow,
  ReviewRow,
  RunRow,
  StepRow,
  TaskRow,
  UsageMetricsRow,
  VerificationRow,
} from "./schema.ts";
import { timestampFrom } from "./timestamp.ts";

/** Rows that show where a task stands. Each is written over when the state moves on. */
export interface StateRows {
  readonly tasks: readonly TaskRow[];
  readonly phases: readonly PhaseRow[];
  readonly steps: readonly StepRow[];
  readonly reviews: readonly ReviewRow[];
  readonly feedback: readonly FeedbackRow[];
  readonly agentStatuses: readonly AgentStatusRow[];
}

/** Rows that keep what happened, also where the state has forgotten it. Written once. */
export interface HistoryRows {
  readonly runs: readonly RunRow[];
  readonly verifications: readonly VerificationRow[];
  readonly usageMetrics: readonly UsageMetricsRow[];
}

export function rowsOfState(state: ExistingTask): StateRows {
  return {
    tasks: [taskRow(state)],
    phases: phaseRows(state),
    steps: stepRows(state),
    reviews: reviewRows(state),
    feedback: feedbackRows(state),
    agentStatuses: [agentStatusRow(state)],
  };
}

/** `firstVersion` is that of the first event. */
export function rowsOfEvents(taskId: TaskId, firstVersion: number, events: readonly TaskEvent[]): HistoryRows {
  const numbered = events.map((event, index) => ({ event, version: firstVersion + index }));
  return {
    runs: events.flatMap((event) => (event.type === "RunRequested" ? [runRow(taskId, event)] : [])),
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
      started_at: progress === undefined ? null : timestampFrom(progress.startedAt),
      failed_attempts: progress?.failedAttempts ?? 0,
      environment_faults: progress?.environmentFaults ?? 0,
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

function reviewRows(state: ExistingTask): readonly ReviewRow[] {
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
    recent_actions: JSON.stringify(state.recentActions),
  };
}

function runRow(taskId: TaskId, event: Extract<TaskEvent, { type: "RunRequested" }>): RunRow {
  const { runId, phase, attempt, at } = event;
  return { id: runId, task_id: taskId, phase, attempt, requested_at: timestampFrom(at) };
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
): UsageMetricsRow {
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
