/** Random histories that the core accepted, for properties. */
import fc from "fast-check";
import type { CommandOf, TaskCommand } from "../../src/core/commands.ts";
import { decide } from "../../src/core/decide.ts";
import type { TaskEvent } from "../../src/core/events.ts";
import type { FeedbackSeen } from "../../src/core/feedback.ts";
import { stateFrom } from "../../src/core/evolve.ts";
import { changesetIdOf, runIdFrom, type RunId } from "../../src/core/ids.ts";
import { later } from "../../src/core/moment.ts";
import type { BlockReason } from "../../src/core/outcome.ts";
import type { RunnerReport } from "../../src/core/report.ts";
import type { ItemsChanged } from "../../src/core/ripple.ts";
import { defaultSettings } from "../../src/core/settings.ts";
import {
  currentPhaseOf,
  freshPhaseNumber,
  initialState,
  liveRunOf,
  openDependenciesOf,
  openQuestionsOf,
  openVetoesOf,
  planDueOf,
  pullRequestOf,
  unansweredOf,
  undeliveredAnswersOf,
  vetoIdOf,
  type ExistingTask,
  type TaskState,
} from "../../src/core/state.ts";
import { author, command, createTask, finding, prompt, reviewer, spent, stranger, writer } from "./given.ts";
import { priorities } from "../../src/core/task-input.ts";

/** How often each is wished for. */
const weights = {
  on: 70,
  run: 2,
  resume: 2,
  suspend: 2,
  lift: 2,
  retry: 2,
  cancel: 1,
  abandon: 1,
  delete: 1,
  approve: 2,
  accept: 2,
  rework: 3,
  move: 1,
  dispatch: 3,
  session: 5,
  step: 8,
  published: 5,
  refuse: 1,
  gateOpened: 4,
  end: 5,
  lost: 1,
  failed: 2,
  limit: 1,
  budget: 1,
  slice: 1,
  verifyPass: 4,
  verifyFail: 2,
  ready: 5,
  reviews: 6,
  resolved: 1,
  ciReleased: 1,
  retarget: 1,
  merge: 2,
  close: 1,
  pause: 1,
  ask: 5,
  answer: 5,
  withdraw: 4,
  need: 5,
  provide: 2,
  skip: 2,
  names: 3,
  refuseValue: 2,
  error: 1,
  waitQuestion: 2,
  waitDependency: 2,
  provider: 1,
  setBudget: 2,
  setPriority: 1,
  settings: 2,
  veto: 4,
  untick: 2,
  ci: 4,
  ciRework: 2,
  conflict: 3,
  security: 1,
  vetoRework: 2,
  skipPhase: 1,
  ripple: 3,
  plan: 1,
  settle: 1,
  finalGate: 1,
  turn: 5,
  done: 2,
};

type What = keyof typeof weights;

/** Most of them aim at what is live, so that histories get long; `stale` ones aim beside it. */
export const wish = fc.record({
  what: fc.constantFrom(
    ...Object.entries(weights).flatMap(([what, weight]) => Array.from({ length: weight }, () => what as What)),
  ),
  stale: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  byStranger: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  pick: fc.nat(20),
});
export type Wish = typeof wish extends fc.Arbitrary<infer T> ? T : never;

/** What the engine and the preflight stop a task with. */
const pauses: readonly BlockReason[] = [
  { kind: "no-workflow-file" },
  { kind: "effect-failed", effect: "OpenGate", message: "written by an agent: 403" },
  { kind: "budget-exhausted", scope: "task", spentUsd: 25, budgetUsd: 25 },
  { kind: "budget-exhausted", scope: "day", spentUsd: 50, budgetUsd: 50 },
  { kind: "rate-limited", resetsAt: null, message: "written by a model: limit of the account" },
  { kind: "workflow-file-awaited", path: ".github/workflows/phasegate-x.yml", branch: "main" },
  { kind: "settings-invalid", message: "written by a person: line 2" },
];

/** What people and the world stop it with. */
const stops: readonly BlockReason[] = [
  { kind: "paused", by: "owner" },
  { kind: "issue-closed", by: "owner" },
  { kind: "repository-archived" },
  { kind: "no-access", why: "suspended" },
];

export function eventsOf(wishes: readonly Wish[]): readonly TaskEvent[] {
  return [...history(wishes)].flatMap(({ events }) => events);
}

/** Plays the wishes against the core and yields what each accepted one did. */
export function* history(wishes: readonly Wish[]) {
  let state: TaskState = initialState;
  let serial = 0;
  for (const next of [null, ...wishes]) {
    serial += 1;
    const asked =
      next === null
        ? createTask(wishes[0]?.byStranger ? stranger : writer, {
            talks: (wishes[1]?.pick ?? 1) % 4 === 0,
            planning: (wishes[0]?.pick ?? 0) % 8 === 3 ? 1 : 0,
          })
        : commandOf(next, state, `run-${serial}`, serial);
    if (asked === null) continue;
    const decision = decide(asked, state);
    if (decision.kind === "refused" || decision.events.length === 0) continue;
    const before: TaskState = state;
    state = stateFrom(decision.events, state);
    if (state.status !== "absent") yield { command: asked, before, events: decision.events, state };
  }
}

/** What moves the task on from where it is; now and then with a failure, so that histories have those in a row. */
function nextOf(state: ExistingTask, pick: number): What {
  const run = liveRunOf(state);
  const phase = currentPhaseOf(state);
  if (state.status === "draft") return "run";
  if (state.blockedBy !== null) return wayOutOf(state.blockedBy, pick);
  if (run?.dispatched === null) return pick % 5 === 0 ? "settings" : "dispatch";
  if (run !== null && !run.started) return "session";
  if (phase?.steps.some(({ changesetId, commitSha }) => changesetId !== null && commitSha === null)) return "published";
  if (phase?.gate === null && phase.steps.some(({ completed }) => completed)) return "gateOpened";
  if (run !== null && openQuestionsOf(state).length > 0) return "waitQuestion";
  if (run !== null && openDependenciesOf(state).length > 0) return "waitDependency";
  if (run !== null) return phase?.steps.every(({ completed }) => completed) ? "end" : "step";
  if (state.finalGate !== null) return "merge";
  if (planDueOf(state) !== null) return "plan";
  if (phase !== null && phase.completed !== null) return "finalGate";
  if (state.status === "review" && phase?.ci === null) return "ci";
  if (state.status === "review" && pick % 6 === 0) return "ripple";
  if (state.status === "review") return pick % 4 === 0 ? "merge" : "reviews";
  if (phase?.accepted || (phase?.verification?.passed && phase.verification.attempt === phase.attempt)) return "ready";
  if (phase !== null && state.ripples.some((ripple) => ripple.phase === phase.phase) && pick % 2 === 0) return "settle";
  return pick % 5 < 3 ? "verifyFail" : "verifyPass";
}

function planOf(state: ExistingTask, pick: number): CommandOf<"RecordPlan">["plan"] {
  if (pick % 4 === 0) return { kind: "faulty", faults: 1, message: "written by an agent: line 3" };
  const number = freshPhaseNumber(state);
  const steps = [{ slug: "stg-1_sub-01", title: "written by an agent" }];
  const outline = {
    name: "drafting",
    title: "written by an agent",
    budgetUsd: 5,
    mayBeSkipped: false,
    mode: "steps",
    plans: null,
    steps,
  } as const;
  return {
    kind: "read",
    playbookHash: "hash-of-plan",
    phases: [
      { number, ...outline },
      { number: number + 1, ...outline },
    ],
  };
}

function wayOutOf({ kind }: BlockReason, pick: number): What {
  if (kind === "waiting-question") return "answer";
  if (kind === "waiting-dependency") return (["names", "provide", "skip"] as const)[pick % 3] ?? "skip";
  if (kind === "budget-exhausted") return pick % 2 === 0 ? "setBudget" : "resume";
  if (kind === "approval-needed") return "approve";
  if (kind === "conversation") return pick % 3 === 0 ? "done" : "turn";
  return pick % 4 === 0 ? "accept" : "resume";
}

function commandOf(
  { what: wished, stale, byStranger, pick }: Wish,
  state: TaskState,
  newRunId: string,
  serial: number,
): TaskCommand | null {
  if (state.status === "absent") return null;
  const what = wished === "on" ? nextOf(state, pick) : wished;
  const by = byStranger ? stranger : pick % 6 === 5 ? reviewer : writer;
  const live = liveRunOf(state);
  const runId = stale || live === null ? runIdFrom("run-of-yesterday") : live.runId;
  const phase = currentPhaseOf(state);
  const number = stale ? 9 : (phase?.phase ?? 1);
  const steps = phase?.steps ?? [];
  const step = stale ? "99_other" : (steps[pick % Math.max(steps.length, 1)]?.slug ?? "01_idea");
  const pullRequest = stale ? 999 : (pullRequestOf(state) ?? 30 + number);
  const momentOf = (second: number) => new Date(Date.UTC(2026, 10, 21) + second * 1000).toISOString();
  const say = (body: Parameters<typeof command>[0]): TaskCommand => ({
    ...command(body, newRunId),
    at: momentOf(serial),
  });
  const name = stale ? "NO_SUCH" : (state.dependencies[pick % Math.max(state.dependencies.length, 1)]?.name ?? "KEY_0");
  const request = { runId, step, requestId: `${runId}/${pick}` };
  const end = (outcome: Extract<TaskCommand, { type: "EndRun" }>["outcome"]) =>
    say({ type: "EndRun", runId, outcome, spent, report: pick % 3 === 0 ? null : reportOf(serial, pick) });
  const vetoed = phase === null ? [] : openVetoesOf(phase).filter(({ veto }) => veto.reason !== null);
  const asFeedback = (id: string) => ({
    id,
    request: "change" as const,
    by: by.login,
    path: null,
    line: null,
    step: steps.at(-1)?.slug ?? "01_idea",
  });
  const seen: FeedbackSeen[] = (["change", "comment"] as const).map((request, index) => ({
    id: `thread:${(pick + index) % 4}`,
    request,
    by: by.login,
    path: `written-by-an-agent/${step}.md`,
    line: 42,
    step: steps[(pick + index) % Math.max(steps.length, 1)]?.slug ?? "01_idea",
    resolved: pick % 3 === 0,
  }));
  switch (what) {
    case "on":
      return null;
    case "run":
      return say({ type: "RunTask", by, prompt });
    case "resume":
      return say({ type: "ResumeTask", by });
    case "suspend": {
      const reason = stops[pick % stops.length] ?? { kind: "repository-archived" };
      return pick < 10 ? say({ type: "SuspendTask", reason, by: reason.kind === "paused" ? by : null }) : null;
    }
    case "lift":
      return say({
        type: "LiftBlock",
        kinds: ["issue-closed", "repository-archived", "no-access", "gate-closed", "gate-retargeted"],
        by: "GitHub",
      });
    case "retry":
      return say({ type: "RetryTask", by });
    case "cancel":
      return pick === 0 ? say({ type: "CancelTask", by }) : null;
    case "abandon":
      return pick < 2
        ? say({ type: "AbandonTask", by: pick === 0 ? null : by.login, message: "written by a person: gone" })
        : null;
    case "delete":
      return pick === 0 ? say({ type: "DeleteTask", by }) : null;
    case "approve":
      return say({
        type: "ApprovePhase",
        by,
        headSha: stale ? "older" : headOf(state),
        purseUsd: pick % 3 === 0 ? pick : null,
      });
    case "accept":
      return say({ type: "AcceptPhase", by });
    case "rework":
      return say({
        type: "RequestRework",
        by: [by.login],
        mayWrite: by.mayWrite,
        source: pick % 2 === 0 ? "review" : "command",
        feedback: stale ? [] : seen.map(({ resolved: _resolved, ...item }) => item),
        reviewIds: [1, 2, 3, 4, 5].map((id) => id + 5 * (pick % 4)),
        textHash: `words-${serial}`,
      });
    case "move":
      return say({
        type: "MoveRepository",
        repository: { ...state.repository, name: `links-${pick % 3}`, repositoryId: stale ? 9 : 2 },
      });
    case "dispatch":
      return say({ type: "RecordDispatch", runId, workflowRunId: numberOf(runId), url: "https://github.test/run" });
    case "session":
      return say({
        type: "OpenSession",
        runId,
        workflowRunId: numberOf(runId),
        url: "https://github.test/run",
        account: pick % 5 === 0 ? null : `account-${pick % 2}`,
      });
    case "step": {
      const answers = phase === null ? [] : unansweredOf(phase).slice(0, pick % 3);
      return say({
        type: "CompleteStep",
        runId,
        step,
        changesetId: changesetIdOf(runId, step),
        files: pick % 2,
        spent,
        answers: answers.map(({ id }) => ({ id, kind: "fixed", textHash: `answer-${serial}` })),
        told: undeliveredAnswersOf(state).map(({ number, answer }) => ({
          number,
          at: stale ? "2026-11-20T00:00:00.000Z" : (answer?.at ?? ""),
        })),
        replyHash: `reply-${serial}`,
      });
    }
    case "published":
    case "refuse": {
      const changesetId = steps.find((candidate) => candidate.slug === step)?.changesetId ?? changesetIdOf(runId, step);
      return what === "published"
        ? say({ type: "RecordPublished", phase: number, step, changesetId, commitSha: `sha-${serial}` })
        : say({ type: "RefuseChangeset", phase: number, step, changesetId, findings: [finding] });
    }
    case "gateOpened":
      return say({
        type: "RecordGateOpened",
        phase: number,
        pullRequest,
        url: "https://github.test/pull",
        draft: true,
      });
    case "end":
      return end({ kind: "completed" });
    case "lost":
      return end({ kind: "lost", message: "written by a runner: silence" });
    case "failed":
      return end({ kind: "failed", message: "written by an agent: gave up", findings: [finding] });
    case "limit":
      return end({ kind: "rate-limited", resetsAt: null, message: "written by a model: limit" });
    case "budget":
      return end({ kind: "budget-exhausted", spentUsd: 5, budgetUsd: 5 });
    case "slice":
      return end({ kind: "slice-ended" });
    case "verifyPass":
    case "verifyFail":
      return say({
        type: "RecordVerification",
        phase: number,
        attempt: phase?.attempt ?? 1,
        headSha: `head-${serial}`,
        passed: what === "verifyPass",
        checks: [{ check: "sections-present", passed: what === "verifyPass", looked: 1 }],
        findings: what === "verifyPass" ? [] : [finding],
        notes: pick % 4 === 0 ? [finding] : [],
        changed: number > 1 && pick % 3 === 0 ? changedItems(state, serial, pick) : null,
      });
    case "ready":
      return say({ type: "RecordGateReady", phase: number, headSha: stale ? "older" : `head-${serial}` });
    case "reviews":
      return say({
        type: "RecordReviews",
        pullRequest,
        headSha: headOf(state),
        reviews: ["owner", "reviewer"].flatMap((login, index) => {
          const said = (pick + 7 * index) % 4;
          return said === 0
            ? []
            : [
                {
                  reviewId: 1 + pick,
                  by: login,
                  verdict: said === 1 ? ("approved" as const) : ("changes_requested" as const),
                  reviewedSha: said === 3 ? (steps[0]?.commitSha ?? "older") : headOf(state),
                },
              ];
        }),
        feedback: seen,
      });
    case "resolved":
      return say({ type: "RecordResolved", phase: number, ids: ["thread:0", "thread:1"] });
    case "ciReleased":
      return say({ type: "RecordCiReleased", phase: number, headSha: `released-${pick}` });
    case "retarget":
      return pick < 8
        ? say({ type: "RecordRetarget", pullRequest, base: "written-by-a-person", merged: pick % 2 === 0 })
        : null;
    case "merge":
      return pick < 6 ? say({ type: "RecordMerge", pullRequest, by: by.login, mergeSha: `merge-${serial}` }) : null;
    case "close":
      return pick < 6 ? say({ type: "RecordGateClosed", pullRequest }) : null;
    case "pause":
      return say({
        type: "PauseTask",
        reason: pauses[pick % pauses.length] ?? { kind: "no-workflow-file" },
      });
    case "ask":
      return say({
        type: "AskQuestions",
        ...request,
        questions: Array.from({ length: 1 + (pick % 3) }, (_, index) => ({
          category: "choice",
          question: `written by an agent: which, ${serial}?`,
          options: ["written by an agent: one", "written by an agent: two"],
          default: index === 0 ? "written by an agent: one" : null,
          required: (pick + index) % 2 === 0,
        })),
      });
    case "answer": {
      const open = state.questions.filter(({ answer }) => answer === null);
      const asked = open.length > 0 ? open : state.questions;
      const number = stale ? 99 : (asked[pick % Math.max(asked.length, 1)]?.number ?? null);
      const text = pick % 4 === 0 ? `written by a person: ${pick}` : String(pick % 4);
      const person = pick % 3 === 0 ? author : { ...writer, isAuthor: false };
      return say({
        type: "AnswerQuestions",
        by: byStranger ? { ...stranger, isAuthor: false } : person,
        commentId: 500 + (pick % 6),
        answers: [{ number: pick % 5 === 0 ? null : number, text }],
      });
    }
    case "turn": {
      const person = pick % 3 === 0 ? author : { ...writer, isAuthor: false };
      return say({
        type: "SayTurn",
        by: byStranger ? { ...stranger, isAuthor: false } : person,
        commentId: stale ? 600 + (pick % 6) : 600 + serial,
        isEdit: stale && pick % 2 === 0,
        textHash: `words-${serial}`,
      });
    }
    case "done":
      return say({ type: "EndConversation", by });
    case "withdraw":
      return say({ type: "WithdrawAnswer", commentId: 500 + (pick % 6), by: by.login });
    case "need":
      return say({
        type: "RequestDependency",
        ...request,
        dependency: {
          ...(pick % 4 === 0
            ? { type: "file" as const, name: `written by an agent: file ${pick}` }
            : { type: "api_key" as const, name: `key ${pick % 8}` }),
          description: "written by an agent: for the bot",
          required: pick % 3 !== 0,
        },
      });
    case "provide":
      return say({ type: "ProvideDependency", by, name });
    case "skip":
      return say({ type: "SkipDependency", by, name });
    case "names":
      return say({
        type: "RecordNames",
        names: state.dependencies.map(({ name }, index) => ({
          name,
          updatedAt: momentOf(serial - ((pick * (index + 1)) % 40)),
        })),
      });
    case "refuseValue":
      return say({ type: "RefuseValue", runId, name, message: "written by a service: no such key" });
    case "error":
      return say({
        type: "ReportError",
        ...request,
        error: pick % 2 === 0 ? "execution_failed" : "missing_file",
        message: "written by an agent: it does not run",
        details: "written by an agent: exit code 1",
      });
    case "waitQuestion":
      return end({ kind: "waiting-question" });
    case "waitDependency":
      return end({ kind: "waiting-dependency" });
    case "provider":
      return end({ kind: "provider-refused", why: "billing", message: "written by a model: no credit" });
    case "setPriority":
      return say({ type: "SetPriority", by, priority: priorities[pick % priorities.length] ?? null });
    case "setBudget":
      return say({ type: "SetBudget", by, usd: pick / 2 });
    case "settings":
      return say({
        type: "RecordSettings",
        settings: {
          ...defaultSettings,
          merge: pick % 4 === 0 ? "manual" : "auto",
          requesterMayApprove: pick % 2 === 0,
          integration: pick % 3 === 0 ? "task" : "phase",
          ci: null,
          ...(pick % 5 === 0 ? { limits: { ...defaultSettings.limits, reworks: pick % 2 } } : {}),
        },
      });
    case "security": {
      const example = pick % 2 === 0 ? "" : "written by an agent: .github/workflows/a.yml";
      return say({ type: "NoteSecurity", runId: null, notes: [{ kind: "path-refused", count: 1 + pick, example }] });
    }
    case "veto":
      return say({
        type: "VetoDecision",
        by,
        attempt: stale ? 99 : pick % 3 === 0 ? null : (phase?.decisions.attempt ?? 0),
        number: 1 + (pick % 3),
        reason: pick % 2 === 0 ? null : `written by a person: because ${pick % 4}`,
      });
    case "untick":
      return say({ type: "WithdrawVeto", by, attempt: phase?.decisions.attempt ?? 0, number: 1 + (pick % 3) });
    case "ci":
      return say({
        type: "RecordCi",
        phase: number,
        headSha: stale ? "older" : headOf(state),
        ci: {
          kind: (["green", "red", "none", "waiting", "never-started", "held"] as const)[pick % 6] ?? "none",
          reason: pick % 6 === 4 ? "written by an agent: no workflow runs on this branch" : null,
          failed: pick % 6 === 1 ? [{ name: "written by a person: test", url: "https://github.test/check" }] : [],
        },
      });
    case "ciRework":
      return say({
        type: "RequestRework",
        by: [],
        mayWrite: true,
        source: "ci",
        feedback: [asFeedback(`ci:${headOf(state)}`)],
        reviewIds: [],
        textHash: `words-${serial}`,
      });
    case "conflict": {
      const ends = { headSha: headOf(state), base: "main", baseSha: `base-${serial}`, mergeBaseSha: "base-0" };
      return say({
        type: "RecordConflict",
        phase: phase?.phase ?? 1,
        presentedSha: headOf(state),
        ...ends,
        feedback: [asFeedback(`conflict:base-${serial}`)],
        textHash: `words-${serial}`,
      });
    }
    case "vetoRework":
      return say({
        type: "RequestRework",
        by: [by.login],
        mayWrite: by.mayWrite,
        source: "veto",
        feedback: vetoed.flatMap(({ number }) => (phase === null ? [] : [asFeedback(vetoIdOf(phase, number))])),
        reviewIds: [],
        textHash: `words-${serial}`,
      });
    case "skipPhase":
      // Heard a second after it was written, as comments are: said again, it means the phase that is over.
      return pick < 6 ? say({ type: "SkipPhase", by, writtenAt: later(momentOf(serial), -1_000) }) : null;
    case "plan":
      return say({ type: "RecordPlan", phase: planDueOf(state) ?? 1, plan: planOf(state, pick) });
    case "ripple":
      return say({ type: "RecordRipple", changed: changedItems(state, serial, pick) });
    case "settle":
      return say({ type: "SettleRipple", phase: number });
    case "finalGate":
      return say({
        type: "RecordFinalGate",
        gate: pick % 4 === 0 ? null : { pullRequest: 40, url: "https://github.test/pull" },
      });
  }
}

/** What a look at the base finds; now and then that all is as it was, or that nothing cites it. */
function changedItems({ itemsAt }: ExistingTask, serial: number, pick: number): ItemsChanged {
  const touched = pick % 4 > 1 ? [{ phase: 1, step: "02_market", paths: ["docs/planning/02_market.md"] }] : [];
  const isBack = pick % 4 === 0;
  const feedback = {
    id: `ripple:${serial}:1-02_market`,
    request: "change",
    by: "owner",
    path: null,
    line: null,
  } as const;
  return {
    since: itemsAt ?? "older",
    sha: `main-${serial}`,
    by: "owner",
    items: isBack ? [] : [{ id: "REQ-001", kind: "changed", path: "docs/planning/01_idea.md", phase: 1 }],
    touched,
    checked: [{ phase: 1, passed: true }],
    feedback: touched.map(() => ({ ...feedback, step: "1-02_market" })),
    textHash: `words-${serial}`,
  };
}

/** Now and then an attempt names a decision of the one before again. */
function reportOf(serial: number, pick: number): RunnerReport {
  return {
    verdicts: [
      {
        criterion: "planning-agrees",
        passed: pick % 2 === 0,
        confidence: "high",
        reason: "written by a model: they differ",
        evidence: [{ path: "written-by-an-agent/01.md", line: 1, quote: "written by an agent: SQLite" }],
      },
    ],
    judgeFault: pick % 5 === 0 ? "written by a model: no answer" : null,
    tests: {
      command: "written by an agent: test",
      result: "failed",
      exitCode: 1,
      seconds: 1,
      tail: "written by an agent",
    },
    decisions: [`SQLite ${pick % 2}`, `codes ${serial}`].slice(pick % 3).map((decision) => ({
      decision: `written by an agent: ${decision}`,
      alternative: "written by an agent: another",
      reason: "written by an agent: simple",
      confidence: "medium",
      files: ["written-by-an-agent/01.md"],
    })),
  };
}

/** What GitHub would show as the head of the gate. */
function headOf(state: TaskState): string {
  if (state.status === "absent") return "none";
  const phase = currentPhaseOf(state);
  const published = (phase?.steps ?? []).flatMap(({ commitSha }) => (commitSha === null ? [] : [commitSha])).at(-1);
  return state.status === "review"
    ? (phase?.gate?.releasedSha ?? phase?.gate?.headSha ?? "none")
    : (published ?? "none");
}

function numberOf(runId: RunId): number {
  return Number(/\d+$/u.exec(runId)?.[0] ?? 0);
}
