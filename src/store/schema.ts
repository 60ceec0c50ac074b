import type { Generated, Kysely } from "kysely";

/** What the tables hold, after the last migration. Timestamps are ISO 8601 in UTC with milliseconds, so that text order is time order. */
export interface Schema {
  readonly events: EventRow;
  readonly inbox: InboxRow;
  readonly effects: EffectRow;
  readonly texts: TextRow;
  readonly changesets: ChangesetRow;
  readonly run_sessions: RunSessionRow;
  readonly oidc_tokens: OidcTokenRow;
  readonly run_logs: RunLogRow;
  readonly tasks: TaskRow;
  readonly runs: RunRow;
  readonly phases: PhaseRow;
  readonly steps: StepRow;
  readonly reviews: ReviewRow;
  readonly feedback: FeedbackRow;
  readonly questions: QuestionRow;
  readonly dependencies: DependencyRow;
  readonly reported_errors: ReportedErrorRow;
  readonly verifications: VerificationRow;
  readonly usage_metrics: UsageMetricsRow;
  readonly agent_statuses: AgentStatusRow & LiveColumns;
  readonly checkpoints: CheckpointRow;
  readonly account_limits: AccountLimitRow;
  readonly creations: CreationRow;
}

export type Db = Kysely<Schema>;

export interface EventRow {
  readonly id: string;
  /** The id of the task. */
  readonly stream_id: string;
  /** From 1, without holes. */
  readonly version: number;
  readonly type: string;
  readonly schema_version: number;
  /** JSON of the event without its type. */
  readonly payload: string;
  readonly timestamp: string;
  readonly user_id: string | null;
}

interface InboxRow {
  readonly seq: Generated<number>;
  readonly key: string;
  readonly kind: "webhook" | "step" | "request" | "outcome" | "onboard" | "sweep" | "retention" | "catch-up";
  readonly lane: string;
  /** Emptied once processed: the events say what came of it, and people's words need not lie about twice. */
  readonly body: string;
  readonly received_at: string;
  readonly status: "waiting" | "processed" | "failed";
  readonly not_before: string;
  /** Null where nobody is at work on it. */
  readonly lease_until: string | null;
  /** The open store that leases it. */
  readonly holder: string | null;
  readonly attempts: number;
  /** How many of the attempts were put off by the world: they are no fault of what was tried. */
  readonly put_offs: number;
  readonly error: string | null;
  readonly ended_at: string | null;
}

interface EffectRow {
  readonly seq: Generated<number>;
  readonly key: string;
  readonly task_id: string;
  readonly lane: string;
  /** JSON. */
  readonly effect: string;
  readonly status: "waiting" | "done" | "failed";
  readonly not_before: string;
  readonly lease_until: string | null;
  /** When to run once more, asked for while it was leased: whoever holds it may have looked at the world already. */
  readonly again_not_before: string | null;
  readonly attempts: number;
  /** How many of the attempts were put off by the world: they are no fault of what was tried. */
  readonly put_offs: number;
  readonly error: string | null;
  readonly ended_at: string | null;
}

interface TextRow {
  readonly hash: string;
  readonly gz: Uint8Array;
}

interface ChangesetRow {
  readonly id: string;
  readonly gz: Uint8Array;
  readonly stored_at: string;
}

export interface RunSessionRow {
  readonly token_hash: string;
  /** Base64; empty where the action is too old to seal anything. */
  readonly seal_key: string;
  readonly run_id: string;
  readonly task_id: string;
  readonly opened_at: string;
  readonly last_heard_at: string;
  readonly closed_at: string | null;
}

interface OidcTokenRow {
  readonly jti: string;
  readonly expires_at: string;
}

interface RunLogRow {
  readonly run_id: string;
  readonly first_number: number;
  readonly last_number: number;
  /** JSON list of the lines, compressed. */
  readonly gz: Uint8Array;
  readonly stored_at: string;
}

export interface TaskRow {
  readonly id: string;
  readonly installation_id: number;
  readonly repository_id: number;
  readonly repository_owner: string;
  readonly repository_name: string;
  readonly issue_number: number;
  readonly issue_title: string;
  readonly issue_author: string;
  readonly ordinal: number;
  readonly status: string;
  readonly playbook: string;
  readonly playbook_hash: string;
  readonly prompt_hash: string | null;
  readonly created_by: string;
  readonly created_at: string;
  readonly started_by: string | null;
  readonly ended_at: string | null;
  readonly current_phase: number | null;
  readonly task_budget_usd: number;
  readonly cost_usd: number;
  /** The live run; null where there is none. */
  readonly run_id: string | null;
  readonly run_requested_at: string | null;
  readonly workflow_run_id: number | null;
  /** The model account that the last run worked under; null before the first. */
  readonly account: string | null;
}

/** Every run that was ever requested, so that a late message still finds its task. */
export interface RunRow {
  readonly id: string;
  readonly task_id: string;
  readonly phase: number;
  readonly attempt: number;
  readonly requested_at: string;
  /** The model account that it works under; null until it has begun. */
  readonly account: string | null;
}

export interface PhaseRow {
  readonly task_id: string;
  readonly phase: number;
  readonly name: string;
  readonly title: string;
  readonly branch: string;
  /** As the playbook says. */
  readonly budget_usd: number;
  /** As a person said; null where nobody did. */
  readonly purse_usd: number | null;
  /** Null where the phase waits for its predecessors. */
  readonly started_at: string | null;
  readonly failed_attempts: number;
  readonly environment_faults: number;
  readonly empty_slices: number;
  readonly limited_runs: number;
  readonly cost_usd: number;
  readonly completed_by: string | null;
  readonly completed_at: string | null;
  readonly merge_sha: string | null;
}

export interface StepRow {
  readonly task_id: string;
  readonly phase: number;
  readonly step: string;
  /** From 1, the order of the playbook. */
  readonly position: number;
  readonly title: string;
  readonly completed: 0 | 1;
  readonly changeset_id: string | null;
  readonly commit_sha: string | null;
}

/** The gate of a phase. */
export interface ReviewRow {
  readonly task_id: string;
  readonly phase: number;
  readonly pull_request: number;
  readonly url: string;
  readonly draft: 0 | 1;
  readonly status: string;
  /** JSON list of logins. */
  readonly approved_by: string;
  /** JSON list of logins. */
  readonly requested_by: string;
}

/** One thread, review or command with words for the agent (C2.2). The words themselves are texts. */
export interface FeedbackRow {
  readonly task_id: string;
  readonly id: string;
  readonly phase: number;
  readonly request: string;
  readonly given_by: string;
  readonly path: string | null;
  readonly line: number | null;
  readonly step: string;
  readonly status: string;
  /** `fixed`, `declined` or `question`; null while nobody answered. */
  readonly answer: string | null;
}

/** Something that the agent asked of people (D2). */
export interface QuestionRow {
  readonly task_id: string;
  /** Of the task, from 1. */
  readonly number: number;
  readonly request_id: string;
  /** From 1, within its request. */
  readonly position: number;
  readonly phase: number;
  readonly step: string;
  readonly category: string;
  readonly question: string;
  /** JSON list. */
  readonly options: string;
  readonly default_answer: string | null;
  readonly required: 0 | 1;
  readonly asked_at: string;
  /** Null while nobody answered, as is all that follows. */
  readonly answer: string | null;
  /** From 1; null for words of one's own. */
  readonly answer_option: number | null;
  readonly answered_by: string | null;
  readonly answered_at: string | null;
  readonly answer_comment_id: number | null;
  readonly delivered: 0 | 1;
}

/** Something that the agent needs and people provide (D1). Values are nowhere. */
export interface DependencyRow {
  readonly task_id: string;
  readonly name: string;
  /** From 1, in the order in which they were first asked for. */
  readonly position: number;
  readonly request_id: string;
  readonly asked_as: string;
  readonly type: string;
  readonly description: string;
  readonly required: 0 | 1;
  /** JSON list of phase and step: who gets the value. */
  readonly steps: string;
  readonly asked_at: string;
  /** `open`, `granted` or `skipped`. */
  readonly state: string;
  /** Null where it is open, or was noticed by itself. */
  readonly decided_by: string | null;
  /** From 1 (Q28); null where it was never granted, or has no value. */
  readonly slot: number | null;
  /** What was wrong with the value that was there. */
  readonly refused: string | null;
}

/** Something that the agent reported (D4). */
export interface ReportedErrorRow {
  readonly task_id: string;
  /** Of the event that it came with. */
  readonly version: number;
  readonly request_id: string;
  readonly run_id: string;
  readonly phase: number;
  readonly step: string;
  readonly type: string;
  readonly message: string;
  readonly details: string;
  /** Whose counter it goes to (Q12). */
  readonly cause: string;
  readonly reported_at: string;
}

export interface VerificationRow {
  readonly task_id: string;
  /** Of the event that it came with. */
  readonly version: number;
  readonly phase: number;
  readonly attempt: number;
  readonly head_sha: string;
  readonly passed: 0 | 1;
  /** JSON. */
  readonly checks: string;
  /** JSON. */
  readonly findings: string;
  readonly verified_at: string;
}

interface UsageColumns {
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly cache_creation_input_tokens: number;
  readonly cache_read_input_tokens: number;
  readonly cost_usd: number;
}

/** One row for each event that reports spending. */
export interface UsageMetricsRow extends UsageColumns {
  readonly task_id: string;
  readonly version: number;
  readonly run_id: string;
  readonly phase: number;
  /** Of the run; null where the store never heard of that. */
  readonly attempt: number | null;
  /** That of the run; null where it did not say. */
  readonly account: string | null;
  /** Null for what a run spent after its last completed step. */
  readonly step: string | null;
  readonly recorded_at: string;
}

export interface AgentStatusRow {
  readonly task_id: string;
  readonly status: string;
  readonly current_phase: string | null;
  /** Whole percent. */
  readonly progress: number;
  readonly blocked_by: string | null;
  /** JSON of the whole reason. */
  readonly blocked_reason: string | null;
  /** JSON. */
  readonly recent_actions: string;
}

/** Telemetry (Q27): written beside the events, so a fresh fold knows nothing of it. */
interface LiveColumns extends UsageColumns {
  readonly current_action: string | null;
  readonly current_step: string | null;
  readonly current_document: string | null;
  /** JSON; what the agent did last, while `recent_actions` has what became of the task. */
  readonly agent_actions: string;
  /** Null until the first word of a runner. */
  readonly last_update: string | null;
}

/** One a task. */
interface CheckpointRow {
  readonly task_id: string;
  readonly checkpoint_id: string;
  readonly run_id: string;
  readonly phase: number;
  readonly created_at: string;
  readonly key_id: string;
  readonly sealed: Uint8Array;
}

/** One a model account that the provider holds back. */
interface AccountLimitRow {
  readonly account: string;
  readonly since: string;
  /** Null where the provider did not say. */
  readonly resets_at: string | null;
  readonly message: string;
}

interface CreationRow {
  /** Of what is made, e.g. the marker of a comment. */
  readonly key: string;
  readonly begun_at: string;
}
