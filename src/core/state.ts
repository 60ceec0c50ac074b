import { sameName, type Dependency, type Question, type ReportedError } from "./dialogue.ts";
import type { Conversation } from "./conversation.ts";
import type { IssueRef, Repository, ReworkSource } from "./events.ts";
import type { Feedback } from "./feedback.ts";
import type { ChangesetId, RunId, TaskId } from "./ids.ts";
import type { BlockReason } from "./outcome.ts";
import type { PhaseOutline, PlaybookOutline } from "./playbook.ts";
import type { CiState } from "./ci.ts";
import type { AnyCheck, CheckResult, DecisionTaken, Finding, ReworkAttempt, RunnerReport } from "./report.ts";
import { rippleTitle, type ItemsChanged, type Ripple } from "./ripple.ts";
import type { SecurityEntry } from "./security.ts";
import type { TaskSettings } from "./settings.ts";
import type { TaskInput } from "./task-input.ts";
import type { Spent } from "./usage.ts";
import { invariant } from "./invariant.ts";
import type { Phrase } from "./phrase.ts";

/** Requirement A2.1, plus `cancelled`. */
export type TaskStatus = "draft" | "pending" | "in_progress" | "review" | "completed" | "failed" | "cancelled";

/** Requirement F1.1. */
export type AgentStatus =
  | "idle"
  | "running"
  | "waiting_review"
  | "waiting_dependency"
  | "waiting_question"
  | "verifying"
  | "paused"
  | "completed"
  | "failed"
  | "error";

/** Requirement C2.1. */
type ReviewStatus = "pending" | "in_review" | "approved" | "changes_requested";

export interface LiveRun {
  readonly runId: RunId;
  readonly attempt: number;
  readonly requestedAt: string;
  readonly findings: readonly Finding[];
  readonly dispatched: { readonly workflowRunId: number; readonly url: string } | null;
  readonly started: boolean;
  /** With the steps that it handed over. */
  readonly spent: Spent;
  /** It asked for something that it has to wait for, so waiting is no idle end of it. */
  readonly asked: boolean;
  /** Somebody set a budget since it began: what it may spend is no longer what it was told. */
  readonly budgetSet: boolean;
}

export interface Gate {
  readonly pullRequest: number;
  readonly url: string;
  readonly draft: boolean;
  /** The head that was presented for review; null before. */
  readonly headSha: string | null;
  /** The head that was approved last; null before. */
  readonly approvedSha: string | null;
  /** Our empty commit that lets CI run (Q29); null where there is none. */
  readonly releasedSha: string | null;
  /** The head beneath it. */
  readonly releasedOnto: string | null;
  readonly review: ReviewStatus;
  readonly approvedBy: readonly string[];
  /** Approvals by `/approve`: GitHub's list of reviews has none of them. */
  readonly approvedByComment: readonly {
    readonly login: string;
    readonly headSha: string;
    /** They took back a review that asks for changes, and GitHub goes on showing that one. */
    readonly takesBack: boolean;
  }[];
  /** Who asks for changes that no rework has taken up yet. */
  readonly requestedBy: readonly string[];
  /** Ids of reviews that a rework has taken up. */
  readonly takenUp: readonly number[];
  /** When the last of them asked; a rework waits for a moment of silence. */
  readonly requestedAt: string | null;
}

/** A pass over the phase that people asked for, from the wish to the next presentation. */
export interface Rework {
  readonly by: readonly string[];
  readonly source: ReworkSource;
  /** Feedback that the agent was given. */
  readonly ids: readonly string[];
  /** Under this hash the store has its words. */
  readonly textHash: string;
  /** The branch that the phase conflicts with; null where something else is the reason. */
  readonly base: string | null;
}

/** The base that the next changeset is to be merged with. */
interface Merging {
  readonly headSha: string;
  /** Name of the branch. */
  readonly base: string;
  readonly baseSha: string;
  readonly mergeBaseSha: string;
}

export interface StepProgress {
  readonly slug: string;
  readonly completed: boolean;
  readonly changesetId: ChangesetId | null;
  readonly commitSha: string | null;
}

export interface Verification {
  readonly attempt: number;
  readonly headSha: string;
  readonly passed: boolean;
  readonly checks: readonly CheckResult[];
  readonly findings: readonly Finding[];
  readonly notes: readonly Finding[];
}

/** Shown in the gate's body by its number, from 1. */
export interface Decision extends DecisionTaken {
  readonly number: number;
  readonly veto: {
    readonly by: string;
    /** Null until somebody says why; only then it is reworked. */
    readonly reason: string | null;
  } | null;
}

export interface PhaseProgress {
  readonly phase: number;
  readonly startedAt: string;
  readonly steps: readonly StepProgress[];
  readonly gate: Gate | null;
  /** Number of the attempt that is under way or comes next, from 1; never used twice in a phase. */
  readonly attempt: number;
  /** Attempts in a row that ended in a failed verification or in a failure of the agent; a rework that people ask for starts afresh (Q12). */
  readonly failedAttempts: number;
  /** Faults of the environment in a row; a completed step clears them (Q12). */
  readonly environmentFaults: number;
  /** Runs in a row that ended with their slice; a completed step clears them (Q12). */
  readonly emptySlices: number;
  /** Runs in a row that a limit of the provider ended; a completed step clears them (Q12). */
  readonly limitedRuns: number;
  readonly verification: Verification | null;
  /** What an attempt found wanting and no step has mended since; the next run is told. */
  readonly toMend: readonly Finding[];
  /** Somebody took the phase as it is although checks failed (Q10). */
  readonly accepted: { readonly by: string; readonly failed: readonly AnyCheck[] } | null;
  /** The newest; null before, and for a run too old to have one. */
  readonly report: (RunnerReport & { readonly attempt: number }) | null;
  /** Those of the newest attempt that named some. */
  readonly decisions: { readonly attempt: number; readonly list: readonly Decision[] };
  /** When a decision was last vetoed for a reason that no rework has taken up; null where none is. */
  readonly vetoedAt: string | null;
  /** Failed verifications in a row with the very same findings: 1 after the first, 0 where none failed. */
  readonly sameFindings: number;
  /** What the last attempt was found wanting in. */
  readonly failedWith: readonly Finding[];
  /** Failed attempts in a row in which no file changed. */
  readonly idleAttempts: number;
  /** A step of the attempt that is under way has changed a file. */
  readonly hasChanged: boolean;
  /** Requirement G3.1, oldest first. */
  readonly reworkAttempts: readonly ReworkAttempt[];
  /** Of the head that it names; null before anybody looked. */
  readonly ci: (CiState & { readonly headSha: string }) | null;
  /** Reworks for failed checks of the repository since people last asked for anything (Q12). */
  readonly ciReworks: number;
  /** From the conflict that was found to the first commit that was published since; null where there is none. */
  readonly merging: Merging | null;
  /** Reworks for conflicts with the base since people last asked for anything. */
  readonly conflictReworks: number;
  /** US dollars that runs spent since the last step that changed a file. */
  readonly spentWithoutCommitUsd: number;
  /** What it changes of what was approved before; null where nothing. */
  readonly changed: ItemsChanged | null;
  readonly feedback: readonly Feedback[];
  readonly rework: Rework | null;
  readonly spent: Spent;
  /** Null where the phase is none. */
  readonly conversation: Conversation | null;
  /** Merged, or skipped: then `mergeSha` is empty. A ripple or a conversation that had nothing to merge was skipped by nobody. */
  readonly completed: {
    readonly by: string;
    readonly mergeSha: string;
    readonly at: string;
    readonly skipped: boolean;
  } | null;
}

/** What every task has once it exists. */
export interface TaskFacts {
  readonly taskId: TaskId;
  readonly repository: Repository;
  readonly issue: IssueRef;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly ordinal: number;
  readonly playbook: PlaybookOutline;
  /** As it was set at the start, or by `/budget`. */
  readonly taskBudgetUsd: number;
  readonly settings: TaskSettings;
  /** Purses that people set; any other phase has its playbook's. */
  readonly purses: readonly { readonly phase: number; readonly usd: number }[];
  /** The model account that the last run worked under; null before the first. */
  readonly account: string | null;
  /** In the order of their numbers. */
  readonly questions: readonly Question[];
  /** In the order in which they were first asked for. */
  readonly dependencies: readonly Dependency[];
  /** The newest that the agent reported, newest first. */
  readonly errors: readonly ReportedError[];
  /** What the form of the issue says; nothing of it while a draft. */
  readonly input: TaskInput;
  /** Null while a draft: the issue's text is not frozen yet. */
  readonly prompt: { readonly hash: string; readonly hiddenRemoved: number; readonly startedBy: string } | null;
  /** Why the task does not go on by itself; a person must do something first. */
  readonly blockedBy: BlockReason | null;
  /** One entry for each phase that was started, in order; the last one is the current phase. */
  readonly phases: readonly PhaseProgress[];
  /** Phases whose plan was read: the phases that it names stand in the playbook. */
  readonly planned: readonly number[];
  /** Phases that mend what cites a changed item, in the order in which they were found; their outlines stand in the playbook. */
  readonly ripples: readonly Ripple[];
  /** The commit as of which approved items were compared last; null before the first gate was merged. */
  readonly itemsAt: string | null;
  /** From the task's own branch into the default one, after the last phase; null before, and where phases go there by themselves. */
  readonly finalGate: { readonly pullRequest: number; readonly url: string } | null;
  /** What was refused, taken away or contained, one entry for each kind, source and phase. */
  readonly security: readonly SecurityEntry[];
  /** Who had the texts of this task erased (Q33); null where they are there. */
  readonly erasedBy: string | null;
  /** The last five things that happened, newest first (F2.1). */
  readonly recentActions: readonly { readonly at: string; readonly text: Phrase }[];
}

/** A union by status: what a status does not have, it cannot misuse. */
export type TaskState =
  | { readonly status: "absent" }
  | ({ readonly status: "draft" } & TaskFacts)
  /** Waits for a run to begin. */
  | ({ readonly status: "pending"; readonly run: LiveRun | null } & TaskFacts)
  /** `run` is null while the app itself verifies or presents what the last run handed over. */
  | ({ readonly status: "in_progress"; readonly run: LiveRun | null } & TaskFacts)
  | ({ readonly status: "review" } & TaskFacts)
  | ({ readonly status: "completed"; readonly endedAt: string } & TaskFacts)
  | ({ readonly status: "failed"; readonly endedAt: string; readonly message: string } & TaskFacts)
  | ({ readonly status: "cancelled"; readonly endedAt: string; readonly cancelledBy: string } & TaskFacts);

export type ExistingTask = Exclude<TaskState, { status: "absent" }>;

export const initialState: TaskState = { status: "absent" };

export function isSettled(state: ExistingTask): boolean {
  return state.status === "completed" || state.status === "failed" || state.status === "cancelled";
}

export function liveRunOf(state: ExistingTask): LiveRun | null {
  return state.status === "pending" || state.status === "in_progress" ? state.run : null;
}

export function currentPhaseOf(state: TaskFacts): PhaseProgress | null {
  return state.phases.at(-1) ?? null;
}

export function outlineOfPhase(state: TaskFacts, phase: number): PhaseOutline {
  const outline = state.playbook.phases.find((candidate) => candidate.number === phase);
  invariant(outline !== undefined, `playbook ${state.playbook.name} has no phase ${phase}`);
  return outline;
}

export function agentStatusOf(state: ExistingTask): AgentStatus {
  if (state.blockedBy !== null && !isSettled(state)) {
    if (["waiting-question", "conversation"].includes(state.blockedBy.kind)) return "waiting_question";
    if (state.blockedBy.kind === "waiting-dependency") return "waiting_dependency";
    const isError = ["effect-failed", "environment", "no-access", "provider-refused"].includes(state.blockedBy.kind);
    return isError ? "error" : "paused";
  }
  switch (state.status) {
    case "draft":
      return "idle";
    case "pending":
      return "idle";
    case "in_progress":
      return state.run === null ? "verifying" : "running";
    case "review":
      return "waiting_review";
    case "completed":
      return "completed";
    case "failed":
      return "failed";
    case "cancelled":
      return "idle";
  }
}

/** What the next run may spend, and the budget that sets this limit: the phase's or the task's, whichever has less left. */
export function budgetLeftOf(state: TaskFacts): {
  readonly leftUsd: number;
  readonly scope: "phase" | "task";
  readonly spentUsd: number;
  readonly budgetUsd: number;
} {
  const taskUsd = state.phases.reduce((sum, phase) => sum + phase.spent.costUsd, 0);
  const task = { leftUsd: state.taskBudgetUsd - taskUsd, spentUsd: taskUsd, budgetUsd: state.taskBudgetUsd };
  const phase = currentPhaseOf(state);
  if (phase === null) return { scope: "task", ...task, leftUsd: Math.max(0, task.leftUsd) };
  const budgetUsd = purseOf(state, phase.phase);
  const leftUsd = budgetUsd - phase.spent.costUsd;
  return leftUsd <= task.leftUsd
    ? { scope: "phase", leftUsd: Math.max(0, leftUsd), spentUsd: phase.spent.costUsd, budgetUsd }
    : { scope: "task", ...task, leftUsd: Math.max(0, task.leftUsd) };
}

/** What a phase may spend: as a person set it, or as its playbook says. */
export function purseOf(state: TaskFacts, phase: number): number {
  return state.purses.find((purse) => purse.phase === phase)?.usd ?? outlineOfPhase(state, phase).budgetUsd;
}

/** Questions without an answer that the task waits for. */
export function openQuestionsOf(state: TaskFacts): readonly Question[] {
  return state.questions.filter(({ required, answer, phase }) => required && answer === null && !isOver(state, phase));
}

/** What the task waits for and nobody has provided. */
export function openDependenciesOf(state: TaskFacts): readonly Dependency[] {
  return state.dependencies.filter(
    ({ required, state: now, steps }) => required && now === "open" && steps.some(({ phase }) => !isOver(state, phase)),
  );
}

/** Answers that no step was completed with yet: the next run is given them. */
export function undeliveredAnswersOf(state: TaskFacts): readonly Question[] {
  return state.questions.filter(({ answer }) => answer?.delivered === false);
}

/** Names whose values the task's jobs carry, each in its slot, from 1 (Q28). A slot is never given to another name. */
export function grantsOf(state: TaskFacts): readonly { readonly slot: number; readonly dependency: Dependency }[] {
  return state.dependencies.flatMap((dependency) =>
    dependency.state === "granted" && dependency.grant !== null ? [{ slot: dependency.grant + 1, dependency }] : [],
  );
}

/** Its gate was merged: what was asked there holds nothing up any more. */
export function isOver(state: Pick<TaskFacts, "phases">, phase: number): boolean {
  return state.phases.some((candidate) => candidate.phase === phase && candidate.completed !== null);
}

/** Asked for by a person, a review or the playbook, and not done: the app itself works on what the last run handed over. */
export function appIsAtWork(state: ExistingTask): boolean {
  return state.status === "in_progress" && state.run === null;
}

/** What people may review: verified, or taken as it is; a conversation only once somebody has ended it. */
export function isReadyToShow({ accepted, verification, conversation }: PhaseProgress): boolean {
  if (accepted !== null) return true;
  return verification?.passed === true && (conversation === null || conversation.doneBy !== null);
}

/** Points of feedback that the running rework was given and the agent has not answered. */
export function unansweredOf({ rework, feedback }: PhaseProgress): readonly Feedback[] {
  if (rework === null) return [];
  return feedback.filter(({ id, answer }) => answer === null && rework.ids.includes(id));
}

/** Branch of a phase (Q6). */
export function branchOf(state: TaskFacts, phase: number): string {
  const suffix = state.ordinal > 1 ? `-r${state.ordinal}` : "";
  return `phasegate/${state.issue.number}-${phase}-${outlineOfPhase(state, phase).name}${suffix}`;
}

/** The author of the issue and whoever started the task approve nothing where the repository says so (Q5). */
export function mayApprove({ settings, issue, prompt }: TaskFacts, login: string): boolean {
  if (settings.requesterMayApprove) return true;
  return ![issue.author, prompt?.startedBy ?? issue.author].some((each) => sameName(each, login));
}

/** Approved by somebody whose approval counts. */
export function isApproved(state: TaskFacts, { gate }: PhaseProgress): boolean {
  return gate?.approvedBy.some((login) => mayApprove(state, login)) === true;
}

/** Merged by one who may not approve, and nobody else has approved it: another writer's word is awaited (Q5). */
export function awaitsApproval(state: TaskFacts, phase: PhaseProgress): boolean {
  const { completed } = phase;
  if (completed === null || completed.skipped) return false;
  return !mayApprove(state, completed.by) && !isApproved(state, phase);
}

/** Of a decision of the newest list, as a point of feedback: other phases have the same numbers. */
export function vetoIdOf({ phase, decisions }: Pick<PhaseProgress, "phase" | "decisions">, number: number): string {
  return `veto:${phase}:${decisions.attempt}:${number}`;
}

/** Vetoed, and no rework has taken it up; with a reason or without. */
export function openVetoesOf(phase: PhaseProgress): readonly (Decision & {
  readonly veto: NonNullable<Decision["veto"]>;
})[] {
  return phase.decisions.list.flatMap((decision) => {
    const id = vetoIdOf(phase, decision.number);
    return decision.veto === null || phase.feedback.some((item) => item.id === id)
      ? []
      : [{ ...decision, veto: decision.veto }];
  });
}

/** The head that people see in review: our empty commit that lets CI run, or what lies beneath. */
export function presentedHeadOf({ gate }: PhaseProgress): string | null {
  return gate?.releasedSha ?? gate?.headSha ?? null;
}

/** Whether people, or the app for them, still wait for what is said of a head: the gate in review shows it. */
export function isHeadShown(
  state: ExistingTask,
  { phase: number, headSha }: { readonly phase: number; readonly headSha: string | null },
): boolean {
  const phase = currentPhaseOf(state);
  if (state.status !== "review" || phase?.phase !== number || phase.completed !== null) return false;
  return headSha !== null && presentedHeadOf(phase) === headSha;
}

/** What the app may merge by itself at this moment; null where something is still to come, or the repository wants people to do it. */
export function mergeableHeadOf(state: ExistingTask): string | null {
  const phase = currentPhaseOf(state);
  if (state.settings.merge !== "auto" || state.status !== "review" || state.blockedBy !== null || phase === null) {
    return null;
  }
  const headSha = presentedHeadOf(phase);
  const isQuiet = phase.completed === null && phase.gate?.requestedBy.length === 0 && openVetoesOf(phase).length === 0;
  const isChecked = phase.ci?.headSha === headSha && (phase.ci.kind === "green" || phase.ci.kind === "none");
  const isVerified = phase.gate?.approvedSha != null && unverifiedIn(phase.gate) === null;
  return isQuiet && isChecked && isVerified && isApproved(state, phase) ? headSha : null;
}

/** What people pushed on top of what was verified, and then approved. */
function unverifiedIn({ approvedSha, headSha, releasedSha, releasedOnto }: Gate): string | null {
  const approved = approvedSha !== null && approvedSha === releasedSha ? releasedOnto : approvedSha;
  return approved === headSha ? null : approved;
}

/** Approved by somebody who may, and yet nothing that the app merges: it holds what nobody verified. */
export function unverifiedHeadOf(state: ExistingTask): string | null {
  const phase = currentPhaseOf(state);
  if (state.settings.merge !== "auto" || state.status !== "review" || state.blockedBy !== null) return null;
  if (phase === null || phase.completed !== null || phase.gate === null || !isApproved(state, phase)) return null;
  return unverifiedIn(phase.gate);
}

/** The pull request that people have before them: the task's last one, or that of its phase. */
export function pullRequestOf(state: TaskFacts): number | null {
  return state.finalGate?.pullRequest ?? currentPhaseOf(state)?.gate?.pullRequest ?? null;
}

/** Where the phases of a task are collected; null where each goes into the default branch (Q6). */
export function taskBranchOf(state: TaskFacts): string | null {
  if (state.settings.integration === "phase") return null;
  return `phasegate/${state.issue.number}-task${state.ordinal > 1 ? `-r${state.ordinal}` : ""}`;
}

/** The phase that comes after the current one, or null after the last. What an item's change calls for goes first. */
export function nextPhaseOf(state: TaskFacts): number | null {
  if (planDueOf(state) !== null) return null;
  const { playbook, phases, ripples } = state;
  const begun = new Set(phases.map(({ phase }) => phase));
  const open = playbook.phases.map(({ number }) => number).filter((number) => !begun.has(number));
  return open.find((number) => ripples.some(({ phase }) => phase === number)) ?? open[0] ?? null;
}

/** The merged phase that names what follows, before that was read; null where there is none. */
export function planDueOf({ playbook, phases, planned }: TaskFacts): number | null {
  const merged = phases.filter(({ completed }) => completed?.skipped === false);
  const due = merged.find(
    ({ phase }) =>
      !planned.includes(phase) && playbook.phases.some(({ number, plans }) => number === phase && plans === "tables"),
  );
  return due?.phase ?? null;
}

/** Nothing is left but to end the task. */
export function isAllDone(state: ExistingTask): boolean {
  return currentPhaseOf(state)?.completed !== null && nextPhaseOf(state) === null && planDueOf(state) === null;
}

/** A number that no phase of the task has. */
export function freshPhaseNumber({ playbook }: TaskFacts): number {
  return Math.max(0, ...playbook.phases.map(({ number }) => number)) + 1;
}

/** What was found and has not begun; null where all of it has. */
export function pendingRippleOf({ ripples, phases }: TaskFacts): Ripple | null {
  return ripples.find((ripple) => phases.every(({ phase }) => phase !== ripple.phase)) ?? null;
}

/** What people are told comes after a phase; what the phase itself calls for is not in the playbook before its merge. */
export function followingPhaseOf(
  state: TaskFacts,
  phase: number,
): { readonly number: number; readonly title: string } | null {
  const current = currentPhaseOf(state);
  const number = current?.phase === phase ? nextPhaseOf(state) : phase + 1;
  const changed = current?.phase === phase ? current.changed : null;
  if (changed !== null && changed.touched.length > 0 && pendingRippleOf(state) === null) {
    return { number: freshPhaseNumber(state), title: rippleTitle(changed.items) };
  }
  const outline = state.playbook.phases.find((each) => each.number === number) ?? null;
  if (outline === null && !state.planned.includes(phase) && outlineOfPhase(state, phase).plans === "tables") {
    return { number: freshPhaseNumber(state), title: "the first of the plan" };
  }
  return outline;
}

/** The turn of a conversation is done once the conversation is. */
export function doneStepsOf({ completed, steps, conversation }: PhaseProgress): number {
  if (completed !== null) return steps.length;
  return conversation === null ? steps.filter((step) => step.completed).length : 0;
}

/** Whole percent of the playbook's steps that are completed. */
export function progressPercentOf(state: TaskFacts): number {
  const total = state.playbook.phases.reduce((sum, phase) => sum + phase.steps.length, 0);
  const done = state.phases.reduce((sum, phase) => sum + doneStepsOf(phase), 0);
  return total === 0 ? 0 : Math.floor((100 * done) / total);
}
