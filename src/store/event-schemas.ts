import { z } from "zod";
import { changesetIdFrom, runIdFrom, taskIdFrom } from "../core/ids.ts";
import type { EventOf, TaskEventType } from "../core/events.ts";
import { networks } from "../core/network.ts";
import { securityKinds } from "../core/security.ts";

/** The shape of each event as it lies in the store. Strict, since a field that no schema knows would be lost in silence. */

const At = z.iso.datetime();
const TaskId = z.string().min(1).transform(taskIdFrom);
const RunId = z.string().min(1).transform(runIdFrom);
const ChangesetId = z.string().min(1).transform(changesetIdFrom);
const PhaseNumber = z.int().positive();
const Tokens = z.int().nonnegative();
const Money = z.number().nonnegative();

const Repository = z.strictObject({
  installationId: z.int(),
  repositoryId: z.int(),
  owner: z.string(),
  name: z.string(),
});

const IssueRef = z.strictObject({ number: z.int().positive(), title: z.string(), author: z.string() });

const PhaseOutlines = z
  .array(
    z.strictObject({
      number: PhaseNumber,
      name: z.string(),
      title: z.string(),
      budgetUsd: Money,
      mayBeSkipped: z.boolean(),
      mode: z.enum(["steps", "conversation"]),
      plans: z.literal("tables").nullable(),
      steps: z.array(z.strictObject({ slug: z.string(), title: z.string() })).readonly(),
    }),
  )
  .readonly();

const PlaybookOutline = z.strictObject({ name: z.string(), hash: z.string(), phases: PhaseOutlines });

const TaskInput = z.strictObject({
  language: z.enum(["en", "ko"]).nullable(),
  outputDirectory: z.string().nullable(),
  baseBranch: z.string().nullable(),
  budgetUsd: Money.nullable(),
  priority: z.enum(["critical", "high", "normal", "low"]),
  references: z.array(z.string()).readonly(),
});

const Spent = z.strictObject({
  usage: z.strictObject({
    inputTokens: Tokens,
    outputTokens: Tokens,
    cacheCreationInputTokens: Tokens,
    cacheReadInputTokens: Tokens,
  }),
  costUsd: Money,
});

const CheckId = z.enum([
  "outputs-exist",
  "long-enough",
  "sections-present",
  "no-placeholder",
  "env-ignored",
  "no-secrets",
  "tests-exist",
  "paths-allowed",
  "links-resolve",
  "code-exists",
  "ids-known",
  "ids-cited",
  "plan-shape",
  "spec-valid",
  "workflow-valid",
  "plan-tables",
  "tests-pass",
]);
const AnyCheck = z.union([CheckId, z.templateLiteral(["judged:", z.string()])]);

const Finding = z.strictObject({
  check: AnyCheck,
  step: z.string().nullable(),
  path: z.string().nullable(),
  line: z.int().nullable(),
  message: z.string(),
});
const Findings = z.array(Finding).readonly();

const Ids = z.array(z.string()).readonly();

const CheckResult = z.strictObject({ check: AnyCheck, passed: z.boolean(), looked: z.int().nonnegative() });

const Confidence = z.enum(["high", "medium", "low"]);

const RunnerReport = z.strictObject({
  verdicts: z
    .array(
      z.strictObject({
        criterion: z.string(),
        passed: z.boolean(),
        confidence: Confidence,
        reason: z.string(),
        evidence: z.array(z.strictObject({ path: z.string(), line: z.int().nullable(), quote: z.string() })).readonly(),
      }),
    )
    .readonly(),
  judgeFault: z.string().nullable(),
  tests: z
    .strictObject({
      command: z.string(),
      result: z.enum(["passed", "failed", "timed-out", "could-not-run"]),
      exitCode: z.int().nullable(),
      seconds: z.number(),
      tail: z.string(),
    })
    .nullable(),
  decisions: z
    .array(
      z.strictObject({
        decision: z.string(),
        alternative: z.string(),
        reason: z.string(),
        confidence: Confidence,
        files: z.array(z.string()).readonly(),
      }),
    )
    .readonly(),
});

const CiState = z.strictObject({
  kind: z.enum(["none", "held", "waiting", "never-started", "red", "green"]),
  reason: z.string().nullable(),
  failed: z.array(z.strictObject({ name: z.string(), url: z.string() })).readonly(),
});

const TaskSettings = z.strictObject({
  merge: z.enum(["manual", "auto"]),
  requesterMayApprove: z.boolean(),
  integration: z.enum(["phase", "task"]),
  ci: z.enum(["ready", "approved"]).nullable(),
  language: z.enum(["en", "ko"]).nullable(),
  model: z.string().nullable(),
  models: z.record(z.string(), z.string()).readonly(),
  maxTokens: z.int().positive().nullable(),
  network: z.enum(networks).nullable(),
  autoAccept: z.boolean(),
  outputDirectory: z.string(),
  limits: z.strictObject({
    phaseBudgetUsd: Money.nullable(),
    taskBudgetUsd: Money.nullable(),
    dayBudgetUsd: Money.nullable(),
    stepMinutes: z.int().positive().nullable(),
    reworks: z.int().nonnegative().nullable(),
  }),
  reviewDebounceSeconds: z.int().nonnegative().nullable(),
  integrations: z.strictObject({
    figma: z.strictObject({ tokenSecret: z.string().nullable() }),
    supabase: z.strictObject({
      url: z.string().nullable(),
      urlVariable: z.string().nullable(),
      keySecret: z.string().nullable(),
    }),
    slack: z.strictObject({ tokenSecret: z.string().nullable(), defaultChannel: z.string().nullable() }),
    notion: z.strictObject({ tokenSecret: z.string().nullable() }),
  }),
  mention: z.array(z.string()).readonly(),
  mcpServers: z
    .array(
      z.strictObject({
        name: z.string(),
        url: z.string(),
        tokenSecret: z.string().nullable(),
        playbooks: z.array(z.string()).readonly().nullable(),
      }),
    )
    .readonly(),
});

const FeedbackItems = z
  .array(
    z.strictObject({
      id: z.string(),
      request: z.enum(["change", "comment"]),
      by: z.string(),
      path: z.string().nullable(),
      line: z.int().nullable(),
      step: z.string(),
    }),
  )
  .readonly();

const ItemsChanged = z.strictObject({
  since: z.string(),
  sha: z.string(),
  by: z.string(),
  items: z
    .array(
      z.strictObject({ id: z.string(), kind: z.enum(["changed", "removed"]), path: z.string(), phase: PhaseNumber }),
    )
    .readonly(),
  touched: z
    .array(z.strictObject({ phase: PhaseNumber, step: z.string(), paths: z.array(z.string()).readonly() }))
    .readonly(),
  checked: z.array(z.strictObject({ phase: PhaseNumber, passed: z.boolean() })).readonly(),
  feedback: FeedbackItems,
  textHash: z.string(),
});

const ProviderRefusal = z.enum(["authentication", "billing", "model-not-found"]);

const Outcome = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("completed") }),
  z.strictObject({ kind: z.literal("nothing-to-do") }),
  z.strictObject({ kind: z.literal("rate-limited"), resetsAt: z.string().nullable(), message: z.string() }),
  z.strictObject({ kind: z.literal("budget-exhausted"), spentUsd: z.number(), budgetUsd: z.number() }),
  z.strictObject({ kind: z.literal("slice-ended") }),
  z.strictObject({ kind: z.literal("waiting-question") }),
  z.strictObject({ kind: z.literal("waiting-dependency") }),
  z.strictObject({ kind: z.literal("provider-refused"), why: ProviderRefusal, message: z.string() }),
  z.strictObject({ kind: z.literal("failed"), message: z.string(), findings: Findings }),
  z.strictObject({ kind: z.literal("lost"), message: z.string() }),
  z.strictObject({ kind: z.literal("cancelled") }),
]);

export const BlockReason = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("no-workflow-file") }),
  z.strictObject({ kind: z.literal("actions-disabled") }),
  z.strictObject({ kind: z.literal("no-model-secret") }),
  z.strictObject({ kind: z.literal("empty-repository") }),
  z.strictObject({ kind: z.literal("app-unreachable"), runUrl: z.string() }),
  z.strictObject({ kind: z.literal("dispatch-refused"), message: z.string() }),
  z.strictObject({ kind: z.literal("environment"), faults: z.int(), message: z.string() }),
  z.strictObject({ kind: z.literal("verification-failed"), attempts: z.int() }),
  z.strictObject({
    kind: z.literal("budget-exhausted"),
    scope: z.enum(["phase", "task", "day"]),
    spentUsd: z.number(),
    budgetUsd: z.number(),
  }),
  z.strictObject({ kind: z.literal("rate-limited"), resetsAt: z.string().nullable(), message: z.string() }),
  z.strictObject({ kind: z.literal("waiting-question") }),
  z.strictObject({ kind: z.literal("waiting-dependency") }),
  z.strictObject({ kind: z.literal("conversation") }),
  z.strictObject({ kind: z.literal("provider-refused"), why: ProviderRefusal, message: z.string() }),
  z.strictObject({ kind: z.literal("gate-closed"), pullRequest: z.int() }),
  z.strictObject({
    kind: z.literal("gate-retargeted"),
    pullRequest: z.int(),
    base: z.string(),
    merged: z.boolean(),
  }),
  z.strictObject({ kind: z.literal("approval-needed"), phase: PhaseNumber, by: z.string() }),
  z.strictObject({ kind: z.literal("settings-invalid"), message: z.string() }),
  z.strictObject({ kind: z.literal("workflow-file-awaited"), path: z.string(), branch: z.string() }),
  z.strictObject({ kind: z.literal("plan-invalid"), phase: PhaseNumber, faults: z.int(), message: z.string() }),
  z.strictObject({
    kind: z.literal("no-progress"),
    why: z.enum(["no-change", "money-without-commits"]),
    spentUsd: z.number(),
  }),
  z.strictObject({ kind: z.literal("runaway"), events: z.int() }),
  z.strictObject({ kind: z.literal("paused"), by: z.string() }),
  z.strictObject({ kind: z.literal("issue-closed"), by: z.string() }),
  z.strictObject({ kind: z.literal("repository-archived") }),
  z.strictObject({ kind: z.literal("no-access"), why: z.enum(["suspended", "removed"]) }),
  z.strictObject({ kind: z.literal("effect-failed"), effect: z.string(), message: z.string() }),
]);

const QuestionNumber = z.int().positive();

const NumberedQuestion = z.strictObject({
  number: QuestionNumber,
  permission: z.strictObject({ tool: z.string(), command: z.string().nullable() }).nullable(),
  category: z.enum(["business", "clarification", "choice", "confirmation"]),
  question: z.string(),
  options: z.array(z.string()).readonly(),
  default: z.string().nullable(),
  required: z.boolean(),
});

const DependencyAsked = z.strictObject({
  name: z.string(),
  askedAs: z.string(),
  type: z.enum(["api_key", "env_variable", "service", "file", "permission", "package"]),
  description: z.string(),
  required: z.boolean(),
});

/** Where in a task a run asked for something, or reported it. */
const asked = { runId: RunId, phase: PhaseNumber, step: z.string(), requestId: z.string() };

/**
 * The version that is written, and its schema.
 * A new shape takes the next version here, and `decodeEvent` a branch that lifts the older one; the older sample file stays.
 */
export const eventCodecs = {
  TaskCreated: event("TaskCreated", 3, {
    taskId: TaskId,
    repository: Repository,
    issue: IssueRef,
    by: z.string(),
    playbook: PlaybookOutline,
    taskBudgetUsd: Money,
    ordinal: z.int().positive(),
  }),
  TaskStarted: event("TaskStarted", 2, {
    by: z.string(),
    promptHash: z.string(),
    hiddenRemoved: z.int().nonnegative(),
    input: TaskInput,
  }),
  PhaseStarted: event("PhaseStarted", 1, { phase: PhaseNumber }),
  RunRequested: event("RunRequested", 1, {
    runId: RunId,
    phase: PhaseNumber,
    attempt: z.int().positive(),
    findings: Findings,
  }),
  RunDispatched: event("RunDispatched", 1, { runId: RunId, workflowRunId: z.int(), url: z.string() }),
  RunStarted: event("RunStarted", 1, { runId: RunId }),
  StepCompleted: event("StepCompleted", 1, {
    runId: RunId,
    phase: PhaseNumber,
    step: z.string(),
    changesetId: ChangesetId,
    files: z.int().nonnegative(),
    spent: Spent,
  }),
  StepPublished: event("StepPublished", 1, {
    phase: PhaseNumber,
    step: z.string(),
    changesetId: ChangesetId,
    commitSha: z.string(),
  }),
  ChangesetRefused: event("ChangesetRefused", 1, {
    phase: PhaseNumber,
    step: z.string(),
    changesetId: ChangesetId,
    findings: Findings,
  }),
  GateOpened: event("GateOpened", 1, {
    phase: PhaseNumber,
    pullRequest: z.int().positive(),
    url: z.string(),
    draft: z.boolean(),
  }),
  RunEnded: event("RunEnded", 1, { runId: RunId, phase: PhaseNumber, outcome: Outcome, spent: Spent }),
  PhaseVerified: event("PhaseVerified", 2, {
    phase: PhaseNumber,
    attempt: z.int().positive(),
    headSha: z.string(),
    passed: z.boolean(),
    checks: z.array(CheckResult).readonly(),
    findings: Findings,
    notes: Findings,
  }),
  WorkReported: event("WorkReported", 1, {
    runId: RunId,
    phase: PhaseNumber,
    attempt: z.int().positive(),
    report: RunnerReport,
  }),
  SecurityNoted: event("SecurityNoted", 1, {
    runId: RunId.nullable(),
    phase: PhaseNumber.nullable(),
    source: z.enum(["runner", "app"]),
    notes: z
      .array(z.strictObject({ kind: z.enum(securityKinds), count: z.int().positive(), example: z.string() }))
      .readonly(),
  }),
  SettingsRead: event("SettingsRead", 3, { settings: TaskSettings }),
  DecisionVetoed: event("DecisionVetoed", 1, {
    phase: PhaseNumber,
    number: z.int().positive(),
    by: z.string(),
    reason: z.string().nullable(),
  }),
  VetoWithdrawn: event("VetoWithdrawn", 1, { phase: PhaseNumber, number: z.int().positive(), by: z.string() }),
  CiObserved: event("CiObserved", 1, { phase: PhaseNumber, headSha: z.string(), ci: CiState }),
  ApprovedItemsChanged: event("ApprovedItemsChanged", 1, { phase: PhaseNumber, changed: ItemsChanged }),
  PhasesPlanned: event("PhasesPlanned", 1, { phase: PhaseNumber, playbookHash: z.string(), phases: PhaseOutlines }),
  RippleFound: event("RippleFound", 1, { phase: PhaseNumber.nullable(), changed: ItemsChanged }),
  RippleSettled: event("RippleSettled", 1, { phase: PhaseNumber }),
  PhaseSkipped: event("PhaseSkipped", 1, { phase: PhaseNumber, by: z.string() }),
  ReviewCreated: event("ReviewCreated", 1, { phase: PhaseNumber, headSha: z.string() }),
  ReviewApproved: event("ReviewApproved", 1, { phase: PhaseNumber, by: z.string(), headSha: z.string() }),
  ChangesRequested: event("ChangesRequested", 1, { phase: PhaseNumber, by: z.string(), headSha: z.string() }),
  ReviewWithdrawn: event("ReviewWithdrawn", 1, { phase: PhaseNumber, by: z.string() }),
  PhaseApproved: event("PhaseApproved", 1, { phase: PhaseNumber, by: z.string(), headSha: z.string() }),
  CiReleased: event("CiReleased", 1, { phase: PhaseNumber, headSha: z.string() }),
  FeedbackGiven: event("FeedbackGiven", 1, {
    phase: PhaseNumber,
    feedback: FeedbackItems,
  }),
  FeedbackResolved: event("FeedbackResolved", 1, { phase: PhaseNumber, ids: Ids }),
  FeedbackReopened: event("FeedbackReopened", 1, { phase: PhaseNumber, ids: Ids }),
  FeedbackAnswered: event("FeedbackAnswered", 1, {
    phase: PhaseNumber,
    id: z.string(),
    answer: z.enum(["fixed", "declined", "question"]),
    textHash: z.string(),
    changesetId: ChangesetId,
    changed: z.boolean(),
  }),
  ReworkRequested: event("ReworkRequested", 1, {
    phase: PhaseNumber,
    by: Ids,
    source: z.enum(["review", "command", "veto", "ci", "ripple", "conflict"]),
    ids: Ids,
    reviewIds: z.array(z.int()).readonly(),
    textHash: z.string(),
  }),
  RetryRequested: event("RetryRequested", 1, { phase: PhaseNumber, by: z.string() }),
  PhaseAccepted: event("PhaseAccepted", 1, {
    phase: PhaseNumber,
    by: z.string(),
    failed: z.array(AnyCheck).readonly(),
  }),
  AccountIdentified: event("AccountIdentified", 1, { runId: RunId, account: z.string().min(1) }),
  QuestionsAsked: event("QuestionsAsked", 2, { ...asked, questions: z.array(NumberedQuestion).readonly() }),
  QuestionAnswered: event("QuestionAnswered", 1, {
    number: QuestionNumber,
    by: z.string(),
    text: z.string(),
    option: z.int().positive().nullable(),
    commentId: z.int(),
  }),
  AnswersDelivered: event("AnswersDelivered", 1, { numbers: z.array(QuestionNumber).readonly() }),
  AnswerWithdrawn: event("AnswerWithdrawn", 1, { number: QuestionNumber, by: z.string() }),
  DependencyRequested: event("DependencyRequested", 1, { ...asked, dependency: DependencyAsked }),
  DependencyGranted: event("DependencyGranted", 1, { name: z.string(), by: z.string().nullable() }),
  DependencySkipped: event("DependencySkipped", 1, { name: z.string(), by: z.string() }),
  DependencyRefused: event("DependencyRefused", 1, { runId: RunId, name: z.string(), message: z.string() }),
  ErrorReported: event("ErrorReported", 1, {
    ...asked,
    error: z.enum(["missing_file", "execution_failed", "validation_error"]),
    message: z.string(),
    details: z.string(),
    cause: z.enum(["agent", "environment"]),
  }),
  PrioritySet: event("PrioritySet", 1, { by: z.string(), priority: z.enum(["critical", "high", "normal", "low"]) }),
  BudgetSet: event("BudgetSet", 1, { by: z.string(), phase: PhaseNumber.nullable(), usd: Money }),
  TurnSaid: event("TurnSaid", 1, { phase: PhaseNumber, by: z.string(), commentId: z.int(), textHash: z.string() }),
  TurnAnswered: event("TurnAnswered", 1, {
    runId: RunId,
    phase: PhaseNumber,
    changesetId: ChangesetId,
    textHash: z.string(),
    changed: z.boolean(),
  }),
  ConversationClosed: event("ConversationClosed", 1, { phase: PhaseNumber, by: z.string() }),
  ConversationSettled: event("ConversationSettled", 1, { phase: PhaseNumber }),
  RepositoryMoved: event("RepositoryMoved", 1, { repository: Repository }),
  PhaseCompleted: event("PhaseCompleted", 1, { phase: PhaseNumber, by: z.string(), mergeSha: z.string() }),
  FinalGateOpened: event("FinalGateOpened", 1, { pullRequest: z.int().positive(), url: z.string() }),
  FinalGateMerged: event("FinalGateMerged", 1, { by: z.string(), mergeSha: z.string() }),
  TaskPaused: event("TaskPaused", 1, { reason: BlockReason }),
  TaskResumed: event("TaskResumed", 1, { by: z.string() }),
  TaskCompleted: event("TaskCompleted", 1, {}),
  TaskFailed: event("TaskFailed", 1, { message: z.string() }),
  TaskCancelled: event("TaskCancelled", 1, { by: z.string() }),
  TaskErased: event("TaskErased", 1, { by: z.string() }),
  ConflictFound: event("ConflictFound", 1, {
    phase: PhaseNumber,
    headSha: z.string(),
    base: z.string(),
    baseSha: z.string(),
    mergeBaseSha: z.string(),
  }),
} satisfies {
  readonly [Type in TaskEventType]: { readonly version: number; readonly schema: z.ZodType<EventOf<Type>> };
};

function event<Type extends TaskEventType, Shape extends z.core.$ZodLooseShape>(
  type: Type,
  version: number,
  shape: Shape,
) {
  return { version, schema: z.strictObject({ type: z.literal(type), at: At, ...shape }) };
}
