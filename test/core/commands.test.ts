import { describe, expect, test } from "vitest";
import type { CommandOf, TaskCommand } from "../../src/core/commands.ts";
import { decide } from "../../src/core/decide.ts";
import type { BlockReason } from "../../src/core/outcome.ts";
import { runIdFrom } from "../../src/core/ids.ts";
import { slashCommands, type CommandName } from "../../src/core/slash-commands.ts";
import {
  answers,
  approve,
  asks,
  budget,
  command,
  createTask,
  dispatched,
  gateOpened,
  gateReady,
  lacking,
  merged,
  needs,
  phase1Decided,
  phase1Ready,
  planFaulty,
  prompt,
  provides,
  reviewed,
  reworkAsked,
  runEnded,
  running,
  says,
  sessionOpened,
  settingsRead,
  skips,
  skipsPhase,
  spent,
  stateAfter,
  stepCompleted,
  stepPublished,
  stranger,
  thread,
  verified,
  vetoes,
  waiting,
  wish,
  worked,
  writer,
  done,
  replied,
  talkBegun,
  turnSaid,
} from "./given.ts";

/** Those that change a task; the others only speak. */
type Ordering = Exclude<CommandName, "status" | "doctor" | "config" | "help">;

const feedback = [thread("market", "02_market")];

const orders: { readonly [Name in Ordering]: (by: typeof writer) => TaskCommand } = {
  run: (by) => command({ type: "RunTask", by, prompt }),
  pause: (by) => command({ type: "SuspendTask", by, reason: { kind: "paused", by: by.login } }),
  resume: (by) => command({ type: "ResumeTask", by }),
  retry: (by) => command({ type: "RetryTask", by }),
  cancel: (by) => command({ type: "CancelTask", by }),
  delete: (by) => command({ type: "DeleteTask", by }),
  approve: (by) => approve(by),
  answer: (by) => answers([{ number: null, text: "2" }], { ...by, isAuthor: false }),
  provided: (by) => provides("OPENAI_API_KEY", by),
  skip: (by) => skips("OPENAI_API_KEY", by),
  budget: (by) => budget(8, by),
  priority: (by) => command({ type: "SetPriority", by, priority: "high" }),
  rework: ({ login, mayWrite }) =>
    command({
      type: "RequestRework",
      by: [login],
      mayWrite,
      source: "command",
      feedback,
      reviewIds: [],
      textHash: "words",
    }),
  accept: (by) => command({ type: "AcceptPhase", by }),
  veto: (by) => vetoes(1, "too long to type", null, by),
  "skip-phase": (by) => skipsPhase(by),
  done: (by) => done(by),
};

const columns: readonly Ordering[] = [
  "run",
  "pause",
  "resume",
  "retry",
  "rework",
  "approve",
  "accept",
  "cancel",
  "delete",
];
const talkColumns: readonly Ordering[] = [
  "answer",
  "provided",
  "skip",
  "budget",
  "priority",
  "veto",
  "skip-phase",
  "done",
];

const verifying = phase1Ready.slice(0, -2);
const failedForGood = [
  ...verifying,
  ...[1, 2, 3].flatMap((n) => [verified(1, false, n), ...worked(`rework-${n}`, 200 + n)]),
  verified(1, false, 4),
];
const asked = reviewed("head-1-1", [wish(1, "owner")], [{ ...thread("market", "02_market"), resolved: false }]);
const end = (outcome: CommandOf<"EndRun">["outcome"], runId = "run-1", next = "run-next") =>
  command({ type: "EndRun", runId: runIdFrom(runId), outcome, spent }, next);
const lost = { kind: "lost", message: "silence" } as const;
const environment = ["run-1", "run-2", "run-3", "run-4"].flatMap((runId, index) => [
  sessionOpened(runId, index),
  end(lost, runId, `run-${index + 2}`),
]);
const pausedBy = (reason: BlockReason) => command({ type: "PauseTask", reason });
const stoppedBy = (reason: BlockReason) => command({ type: "SuspendTask", by: null, reason });
const phase2 = [
  merged(31),
  dispatched("run-2", 200),
  sessionOpened("run-2", 200),
  stepCompleted("01_screens", "run-2"),
  stepPublished(2, "01_screens", "run-2"),
  gateOpened(2, 32),
  runEnded("completed", "run-2"),
  verified(2, true),
  gateReady(2),
];

const requesterMayNot = settingsRead({ requesterMayApprove: false });
/** Two attempts in which the agent changes nothing that was found wanting. */
const idle = [
  ...verifying,
  verified(1, false, 1),
  ...[1, 2].flatMap((n) => [
    dispatched(`rework-${n}`, 200 + n),
    sessionOpened(`rework-${n}`, 200 + n),
    runEnded("completed", `rework-${n}`),
    verified(1, false, n + 1),
  ]),
];
const vetoTakenUp = command(
  {
    type: "RequestRework",
    by: ["owner"],
    mayWrite: true,
    source: "veto",
    feedback: [{ ...thread("market", "02_market"), id: "veto:1:1:1" }],
    reviewIds: [],
    textHash: "words",
  },
  "run-vetoed",
);
const asksIn2 = asks("1", [{}], "run-2", "01_screens");
const atWorkOn2 = [...phase1Decided, ...phase2.slice(0, 3)];

/** Each kind of block, in a history that leads to it. */
const blocked: { readonly [Kind in BlockReason["kind"]]: readonly TaskCommand[] } = {
  "no-workflow-file": [createTask(), pausedBy({ kind: "no-workflow-file" })],
  "actions-disabled": [createTask(), pausedBy({ kind: "actions-disabled" })],
  "no-model-secret": [createTask(), pausedBy({ kind: "no-model-secret" })],
  "empty-repository": [createTask(), pausedBy({ kind: "empty-repository" })],
  "app-unreachable": [createTask(), dispatched(), end(lost)],
  "dispatch-refused": [createTask(), pausedBy({ kind: "dispatch-refused", message: "403" })],
  environment: [createTask(), ...environment],
  "verification-failed": failedForGood,
  "budget-exhausted": [...running, end({ kind: "budget-exhausted", spentUsd: 5, budgetUsd: 5 })],
  "rate-limited": [...running, end({ kind: "rate-limited", resetsAt: null, message: "limit" })],
  "waiting-question": waiting,
  "waiting-dependency": lacking,
  conversation: replied,
  "provider-refused": [...running, end({ kind: "provider-refused", why: "billing", message: "no credit" })],
  "gate-closed": [...phase1Ready, command({ type: "RecordGateClosed", pullRequest: 31 })],
  "gate-retargeted": [
    ...phase1Ready,
    command({ type: "RecordRetarget", pullRequest: 31, base: "release", merged: true }),
  ],
  "approval-needed": [createTask(), requesterMayNot, ...phase1Ready.slice(1), merged(31)],
  "workflow-file-awaited": [
    createTask(),
    pausedBy({ kind: "workflow-file-awaited", path: ".github/workflows/phasegate-x.yml", branch: "main" }),
  ],
  "settings-invalid": [createTask(), pausedBy({ kind: "settings-invalid", message: "line 2" })],
  "plan-invalid": [createTask(writer, { planning: 1 }), ...phase1Ready.slice(1), merged(31), planFaulty],
  "no-progress": idle,
  runaway: [...running, stoppedBy({ kind: "runaway", events: 121 })],
  paused: [...running, orders.pause(writer)],
  "issue-closed": [...running, stoppedBy({ kind: "issue-closed", by: "owner" })],
  "repository-archived": [...running, stoppedBy({ kind: "repository-archived" })],
  "no-access": [...running, stoppedBy({ kind: "no-access", why: "suspended" })],
  "effect-failed": [...running, pausedBy({ kind: "effect-failed", effect: "PublishStep", message: "403" })],
};

const states: Readonly<Record<string, readonly TaskCommand[]>> = {
  draft: [createTask(stranger)],
  "pending, not dispatched": [createTask()],
  "pending, dispatched": [createTask(), dispatched()],
  "at work": running,
  "app verifies": verifying,
  "in review": phase1Ready,
  "in review, changes requested": [...phase1Ready, asked],
  "rework at work": [
    ...phase1Ready,
    asked,
    reworkAsked("run-2", feedback, [1]),
    dispatched("run-2", 202),
    sessionOpened("run-2", 202),
  ],
  ...Object.fromEntries(Object.entries(blocked).map(([kind, history]) => [`blocked: ${kind}`, history])),
  "waiting for two questions": [...running, asks("1", [{}, {}]), end({ kind: "waiting-question" })],
  "waiting for both": [...running, asks("1"), needs("OPENAI_API_KEY"), end({ kind: "waiting-question" })],
  "paused over a question": [...waiting, orders.pause(writer)],
  "answered during /pause": [...waiting, orders.pause(writer), says("2")],
  "paused over a dependency": [...lacking, orders.pause(writer)],
  "question at work": [...running, asks("1")],
  "wish at work": [...running, asks("1", [{ required: false }]), needs("OPENAI_API_KEY", { required: false })],
  "answered, run under way": [...waiting, says("2", 1, 499)],
  "day's budget": [...running, end({ kind: "budget-exhausted", spentUsd: 1, budgetUsd: 1 })],
  "task's budget": [createTask(), pausedBy({ kind: "budget-exhausted", scope: "task", spentUsd: 25, budgetUsd: 25 })],
  "paused in review": [...phase1Ready, orders.pause(writer)],
  "paused while the app verifies": [...verifying, orders.pause(writer)],
  "in review, with decisions": phase1Decided,
  "in review, vetoed": [...phase1Decided, vetoes(1)],
  "veto at work": [...phase1Decided, vetoes(1, "slow"), vetoTakenUp],
  "paused, with decisions": [...phase1Decided, orders.pause(writer)],
  "phase 2 at work": atWorkOn2,
  "phase 2 in review": [...phase1Decided, ...phase2],
  "phase 2 failed": [...atWorkOn2, end({ kind: "provider-refused", why: "billing", message: "no credit" }, "run-2")],
  "phase 2 waits": [...atWorkOn2, asksIn2, end({ kind: "waiting-question" }, "run-2")],
  "phase 2 paused": [...atWorkOn2, orders.pause(writer)],
  "conversation, first turn": talkBegun,
  "conversation ended, verifying": [...replied, done()],
  "merged during /pause": [...phase1Ready, orders.pause(writer), merged(31)],
  completed: [...phase1Ready, ...phase2, merged(32)],
  failed: [...running, command({ type: "AbandonTask", by: null, message: "gone" })],
  cancelled: [...running, orders.cancel(writer)],
  erased: [...running, orders.delete(writer)],
};

/** What an order leads to; `-` where nothing is left to do, and a refusal as its code. */
const words: Readonly<Record<string, string>> = {
  "TaskStarted PhaseStarted RunRequested": "starts",
  TaskResumed: "resumes",
  "TaskResumed TaskPaused": "resumes, waits",
  "TaskResumed RunRequested": "resumes, run",
  "TaskResumed PhaseStarted RunRequested": "resumes, next phase",
  "RetryRequested TaskResumed": "retries",
  "RetryRequested TaskResumed RunRequested": "retries, run",
  TaskPaused: "pauses",
  "RunEnded TaskPaused": "run ends, pauses",
  RunEnded: "run ends",
  "FeedbackGiven ReworkRequested RunRequested": "feedback, rework",
  "ReworkRequested RunRequested": "rework",
  QuestionAnswered: "answers",
  "QuestionAnswered TaskPaused": "answers, waits",
  "QuestionAnswered TaskResumed RunRequested": "answers, run",
  DependencyGranted: "grants",
  "DependencyGranted TaskResumed RunRequested": "grants, run",
  DependencySkipped: "skips",
  "DependencySkipped TaskResumed RunRequested": "skips, run",
  BudgetSet: "sets",
  PrioritySet: "ranks",
  "BudgetSet TaskResumed RunRequested": "sets, run",
  DecisionVetoed: "vetoes",
  "PhaseSkipped TaskCompleted": "ends",
  "RunEnded PhaseSkipped TaskCompleted": "run ends, ends",
  PhaseApproved: "approves",
  "PhaseApproved TaskResumed PhaseStarted RunRequested": "approves, next phase",
  PhaseAccepted: "accepts",
  ConversationClosed: "ends the talk",
  "TurnSaid RunRequested": "speaks, run",
  "PhaseCompleted PhaseStarted RunRequested": "next phase",
  TaskCancelled: "cancels",
  "RunEnded TaskCancelled": "run ends, cancels",
  "TaskCancelled TaskErased": "cancels, erases",
  "RunEnded TaskCancelled TaskErased": "run ends, cancels, erases",
  TaskErased: "erases",
  "": "-",
};

const table = `
state                         | /run                | /pause           | /resume             | /retry           | /rework           | /approve            | /accept          | /cancel           | /delete
draft                         | starts              | (not-started)    | (not-started)       | (not-started)    | (not-started)     | (nothing-to-review) | (nothing-failed) | cancels           | cancels, erases
pending, not dispatched       | (already-running)   | run ends, pauses | (already-running)   | (nothing-failed) | (already-running) | (nothing-to-review) | (nothing-failed) | run ends, cancels | run ends, cancels, erases
pending, dispatched           | (already-running)   | run ends, pauses | (already-running)   | (nothing-failed) | (already-running) | (nothing-to-review) | (nothing-failed) | run ends, cancels | run ends, cancels, erases
at work                       | (already-running)   | run ends, pauses | (already-running)   | (nothing-failed) | (already-running) | (nothing-to-review) | (nothing-failed) | run ends, cancels | run ends, cancels, erases
app verifies                  | (already-running)   | pauses           | (already-running)   | (nothing-failed) | (already-running) | (nothing-to-review) | (nothing-failed) | cancels           | cancels, erases
in review                     | (already-running)   | pauses           | (already-running)   | (nothing-failed) | feedback, rework  | approves            | (nothing-failed) | cancels           | cancels, erases
in review, changes requested  | (already-running)   | pauses           | (already-running)   | (nothing-failed) | rework            | approves            | (nothing-failed) | cancels           | cancels, erases
rework at work                | (already-running)   | run ends, pauses | (already-running)   | (nothing-failed) | (already-running) | (nothing-to-review) | (nothing-failed) | run ends, cancels | run ends, cancels, erases
blocked: no-workflow-file     | resumes, run        | (already-paused) | resumes, run        | retries, run     | (already-paused)  | (nothing-to-review) | (nothing-failed) | cancels           | cancels, erases
blocked: actions-disabled     | resumes, run        | (already-paused) | resumes, run        | retries, run     | (already-paused)  | (nothing-to-review) | (nothing-failed) | cancels           | cancels, erases
blocked: no-model-secret      | resumes, run        | (already-paused) | resumes, run        | retries, run     | (already-paused)  | (nothing-to-review) | (nothing-failed) | cancels           | cancels, erases
blocked: empty-repository     | resumes, run        | (already-paused) | resumes, run        | retries, run     | (already-paused)  | (nothing-to-review) | (nothing-failed) | cancels           | cancels, erases
blocked: app-unreachable      | resumes, run        | (already-paused) | resumes, run        | retries, run     | (already-paused)  | (nothing-to-review) | (nothing-failed) | cancels           | cancels, erases
blocked: dispatch-refused     | resumes, run        | (already-paused) | resumes, run        | retries, run     | (already-paused)  | (nothing-to-review) | (nothing-failed) | cancels           | cancels, erases
blocked: environment          | resumes, run        | (already-paused) | resumes, run        | retries, run     | (already-paused)  | (nothing-to-review) | (nothing-failed) | cancels           | cancels, erases
blocked: verification-failed  | resumes, run        | (already-paused) | resumes, run        | retries, run     | feedback, rework  | (nothing-to-review) | accepts          | cancels           | cancels, erases
blocked: budget-exhausted     | resumes, run        | (already-paused) | resumes, run        | retries, run     | (already-paused)  | (nothing-to-review) | (nothing-failed) | cancels           | cancels, erases
blocked: rate-limited         | resumes, run        | pauses           | resumes, run        | retries, run     | (already-paused)  | (nothing-to-review) | (nothing-failed) | cancels           | cancels, erases
blocked: waiting-question     | (waiting)           | pauses           | (waiting)           | (waiting)        | (waiting)         | (nothing-to-review) | (nothing-failed) | cancels           | cancels, erases
blocked: waiting-dependency   | (waiting)           | pauses           | (waiting)           | (waiting)        | (waiting)         | (nothing-to-review) | (nothing-failed) | cancels           | cancels, erases
blocked: conversation         | (your-turn)         | pauses           | (your-turn)         | (nothing-failed) | feedback, rework  | (nothing-to-review) | (nothing-failed) | cancels           | cancels, erases
blocked: provider-refused     | resumes, run        | (already-paused) | resumes, run        | retries, run     | (already-paused)  | (nothing-to-review) | (nothing-failed) | cancels           | cancels, erases
blocked: gate-closed          | resumes             | (already-paused) | resumes             | (nothing-failed) | (already-paused)  | (nothing-to-review) | (nothing-failed) | cancels           | cancels, erases
blocked: gate-retargeted      | resumes             | (already-paused) | resumes             | (nothing-failed) | (already-paused)  | (nothing-to-review) | next phase       | cancels           | cancels, erases
blocked: approval-needed      | (already-paused)    | (already-paused) | (already-paused)    | (nothing-failed) | (already-paused)  | (requester-may-not) | (nothing-failed) | cancels           | cancels, erases
blocked: workflow-file-awaited | resumes, run       | (already-paused) | resumes, run        | retries, run     | (already-paused)  | (nothing-to-review) | (nothing-failed) | cancels           | cancels, erases
blocked: settings-invalid     | resumes, run        | (already-paused) | resumes, run        | retries, run     | (already-paused)  | (nothing-to-review) | (nothing-failed) | cancels           | cancels, erases
blocked: plan-invalid         | resumes             | (already-paused) | resumes             | retries          | (already-paused)  | (nothing-to-review) | (nothing-failed) | cancels           | cancels, erases
blocked: no-progress          | resumes, run        | (already-paused) | resumes, run        | retries, run     | feedback, rework  | (nothing-to-review) | accepts          | cancels           | cancels, erases
blocked: runaway              | resumes, run        | (already-paused) | resumes, run        | retries, run     | (already-paused)  | (nothing-to-review) | (nothing-failed) | cancels           | cancels, erases
blocked: paused               | resumes, run        | (already-paused) | resumes, run        | (nothing-failed) | (already-paused)  | (nothing-to-review) | (nothing-failed) | cancels           | cancels, erases
blocked: issue-closed         | resumes, run        | (already-paused) | resumes, run        | (nothing-failed) | (already-paused)  | (nothing-to-review) | (nothing-failed) | cancels           | cancels, erases
blocked: repository-archived  | resumes, run        | (already-paused) | resumes, run        | (nothing-failed) | (already-paused)  | (nothing-to-review) | (nothing-failed) | cancels           | cancels, erases
blocked: no-access            | resumes, run        | (already-paused) | resumes, run        | (nothing-failed) | (already-paused)  | (nothing-to-review) | (nothing-failed) | cancels           | cancels, erases
blocked: effect-failed        | resumes             | run ends         | resumes             | retries          | (already-paused)  | (nothing-to-review) | (nothing-failed) | run ends, cancels | run ends, cancels, erases
waiting for two questions     | (waiting)           | pauses           | (waiting)           | (waiting)        | (waiting)         | (nothing-to-review) | (nothing-failed) | cancels           | cancels, erases
waiting for both              | (waiting)           | pauses           | (waiting)           | (waiting)        | (waiting)         | (nothing-to-review) | (nothing-failed) | cancels           | cancels, erases
paused over a question        | resumes, waits      | (already-paused) | resumes, waits      | (nothing-failed) | (already-paused)  | (nothing-to-review) | (nothing-failed) | cancels           | cancels, erases
answered during /pause        | resumes, run        | (already-paused) | resumes, run        | (nothing-failed) | (already-paused)  | (nothing-to-review) | (nothing-failed) | cancels           | cancels, erases
paused over a dependency      | resumes, waits      | (already-paused) | resumes, waits      | (nothing-failed) | (already-paused)  | (nothing-to-review) | (nothing-failed) | cancels           | cancels, erases
question at work              | (already-running)   | run ends, pauses | (already-running)   | (nothing-failed) | (already-running) | (nothing-to-review) | (nothing-failed) | run ends, cancels | run ends, cancels, erases
wish at work                  | (already-running)   | run ends, pauses | (already-running)   | (nothing-failed) | (already-running) | (nothing-to-review) | (nothing-failed) | run ends, cancels | run ends, cancels, erases
answered, run under way       | (already-running)   | run ends, pauses | (already-running)   | (nothing-failed) | (already-running) | (nothing-to-review) | (nothing-failed) | run ends, cancels | run ends, cancels, erases
day's budget                  | resumes, run        | pauses           | resumes, run        | retries, run     | (already-paused)  | (nothing-to-review) | (nothing-failed) | cancels           | cancels, erases
task's budget                 | resumes, run        | (already-paused) | resumes, run        | retries, run     | (already-paused)  | (nothing-to-review) | (nothing-failed) | cancels           | cancels, erases
paused in review              | resumes             | (already-paused) | resumes             | (nothing-failed) | (already-paused)  | approves            | (nothing-failed) | cancels           | cancels, erases
paused while the app verifies | resumes             | (already-paused) | resumes             | (nothing-failed) | (already-paused)  | (nothing-to-review) | (nothing-failed) | cancels           | cancels, erases
in review, with decisions     | (already-running)   | pauses           | (already-running)   | (nothing-failed) | feedback, rework  | approves            | (nothing-failed) | cancels           | cancels, erases
in review, vetoed             | (already-running)   | pauses           | (already-running)   | (nothing-failed) | feedback, rework  | approves            | (nothing-failed) | cancels           | cancels, erases
veto at work                  | (already-running)   | run ends, pauses | (already-running)   | (nothing-failed) | (already-running) | (nothing-to-review) | (nothing-failed) | run ends, cancels | run ends, cancels, erases
paused, with decisions        | resumes             | (already-paused) | resumes             | (nothing-failed) | (already-paused)  | approves            | (nothing-failed) | cancels           | cancels, erases
phase 2 at work               | (already-running)   | run ends, pauses | (already-running)   | (nothing-failed) | (already-running) | (nothing-to-review) | (nothing-failed) | run ends, cancels | run ends, cancels, erases
phase 2 in review             | (already-running)   | pauses           | (already-running)   | (nothing-failed) | feedback, rework  | approves            | (nothing-failed) | cancels           | cancels, erases
phase 2 failed                | resumes, run        | (already-paused) | resumes, run        | retries, run     | (already-paused)  | (nothing-to-review) | (nothing-failed) | cancels           | cancels, erases
phase 2 waits                 | (waiting)           | pauses           | (waiting)           | (waiting)        | (waiting)         | (nothing-to-review) | (nothing-failed) | cancels           | cancels, erases
phase 2 paused                | resumes, run        | (already-paused) | resumes, run        | (nothing-failed) | (already-paused)  | (nothing-to-review) | (nothing-failed) | cancels           | cancels, erases
conversation, first turn      | (already-running)   | run ends, pauses | (already-running)   | (nothing-failed) | (already-running) | (nothing-to-review) | (nothing-failed) | run ends, cancels | run ends, cancels, erases
conversation ended, verifying | (already-running)   | pauses           | (already-running)   | (nothing-failed) | (already-running) | (nothing-to-review) | (nothing-failed) | cancels           | cancels, erases
merged during /pause          | resumes, next phase | (already-paused) | resumes, next phase | (nothing-failed) | (already-paused)  | (nothing-to-review) | (nothing-failed) | cancels           | cancels, erases
completed                     | (wrong-status)      | (wrong-status)   | (wrong-status)      | (wrong-status)   | (wrong-status)    | (wrong-status)      | (wrong-status)   | (wrong-status)    | erases
failed                        | (wrong-status)      | (wrong-status)   | (wrong-status)      | (wrong-status)   | (wrong-status)    | (wrong-status)      | (wrong-status)   | (wrong-status)    | erases
cancelled                     | (wrong-status)      | (wrong-status)   | (wrong-status)      | (wrong-status)   | (wrong-status)    | (wrong-status)      | (wrong-status)   | -                 | erases
erased                        | (wrong-status)      | (wrong-status)   | (wrong-status)      | (wrong-status)   | (wrong-status)    | (wrong-status)      | (wrong-status)   | -                 | -
`;

const talkTable = `
state                         | /answer          | /provided            | /skip                | /budget        | /priority      | /veto               | /skip-phase         | /done
draft                         | (no-question)    | (unknown-dependency) | (unknown-dependency) | (not-started)  | (not-started)  | (nothing-to-review) | (not-started)       | (not-started)
pending, not dispatched       | (no-question)    | (unknown-dependency) | (unknown-dependency) | sets           | ranks          | (unknown-decision)  | (not-skippable)     | (no-conversation)
pending, dispatched           | (no-question)    | (unknown-dependency) | (unknown-dependency) | sets           | ranks          | (unknown-decision)  | (not-skippable)     | (no-conversation)
at work                       | (no-question)    | (unknown-dependency) | (unknown-dependency) | sets           | ranks          | (unknown-decision)  | (not-skippable)     | (no-conversation)
app verifies                  | (no-question)    | (unknown-dependency) | (unknown-dependency) | sets           | ranks          | (unknown-decision)  | (not-skippable)     | (no-conversation)
in review                     | (no-question)    | (unknown-dependency) | (unknown-dependency) | sets           | ranks          | (unknown-decision)  | (not-skippable)     | (no-conversation)
in review, changes requested  | (no-question)    | (unknown-dependency) | (unknown-dependency) | sets           | ranks          | (unknown-decision)  | (not-skippable)     | (no-conversation)
rework at work                | (no-question)    | (unknown-dependency) | (unknown-dependency) | sets           | ranks          | (unknown-decision)  | (not-skippable)     | (no-conversation)
blocked: no-workflow-file     | (no-question)    | (unknown-dependency) | (unknown-dependency) | sets           | ranks          | (unknown-decision)  | (not-skippable)     | (no-conversation)
blocked: actions-disabled     | (no-question)    | (unknown-dependency) | (unknown-dependency) | sets           | ranks          | (unknown-decision)  | (not-skippable)     | (no-conversation)
blocked: no-model-secret      | (no-question)    | (unknown-dependency) | (unknown-dependency) | sets           | ranks          | (unknown-decision)  | (not-skippable)     | (no-conversation)
blocked: empty-repository     | (no-question)    | (unknown-dependency) | (unknown-dependency) | sets           | ranks          | (unknown-decision)  | (not-skippable)     | (no-conversation)
blocked: app-unreachable      | (no-question)    | (unknown-dependency) | (unknown-dependency) | sets           | ranks          | (unknown-decision)  | (not-skippable)     | (no-conversation)
blocked: dispatch-refused     | (no-question)    | (unknown-dependency) | (unknown-dependency) | sets           | ranks          | (unknown-decision)  | (not-skippable)     | (no-conversation)
blocked: environment          | (no-question)    | (unknown-dependency) | (unknown-dependency) | sets           | ranks          | (unknown-decision)  | (not-skippable)     | (no-conversation)
blocked: verification-failed  | (no-question)    | (unknown-dependency) | (unknown-dependency) | sets           | ranks          | (unknown-decision)  | (not-skippable)     | (no-conversation)
blocked: budget-exhausted     | (no-question)    | (unknown-dependency) | (unknown-dependency) | sets, run      | ranks          | (unknown-decision)  | (not-skippable)     | (no-conversation)
blocked: rate-limited         | (no-question)    | (unknown-dependency) | (unknown-dependency) | sets           | ranks          | (unknown-decision)  | (not-skippable)     | (no-conversation)
blocked: waiting-question     | answers, run     | (unknown-dependency) | (unknown-dependency) | sets           | ranks          | (unknown-decision)  | (not-skippable)     | (no-conversation)
blocked: waiting-dependency   | (no-question)    | grants, run          | skips, run           | sets           | ranks          | (unknown-decision)  | (not-skippable)     | (no-conversation)
blocked: conversation         | (no-question)    | (unknown-dependency) | (unknown-dependency) | sets           | ranks          | (unknown-decision)  | (not-skippable)     | ends the talk
blocked: provider-refused     | (no-question)    | (unknown-dependency) | (unknown-dependency) | sets           | ranks          | (unknown-decision)  | (not-skippable)     | (no-conversation)
blocked: gate-closed          | (no-question)    | (unknown-dependency) | (unknown-dependency) | sets           | ranks          | (unknown-decision)  | (not-skippable)     | (no-conversation)
blocked: gate-retargeted      | (no-question)    | (unknown-dependency) | (unknown-dependency) | sets           | ranks          | (unknown-decision)  | (not-skippable)     | (no-conversation)
blocked: approval-needed      | (no-question)    | (unknown-dependency) | (unknown-dependency) | sets           | ranks          | (nothing-to-review) | (nothing-to-review) | (no-conversation)
blocked: workflow-file-awaited| (no-question)    | (unknown-dependency) | (unknown-dependency) | sets           | ranks          | (unknown-decision)  | (not-skippable)     | (no-conversation)
blocked: settings-invalid     | (no-question)    | (unknown-dependency) | (unknown-dependency) | sets           | ranks          | (unknown-decision)  | (not-skippable)     | (no-conversation)
blocked: plan-invalid         | (no-question)    | (unknown-dependency) | (unknown-dependency) | sets           | ranks          | (nothing-to-review) | (nothing-to-review) | (no-conversation)
blocked: no-progress          | (no-question)    | (unknown-dependency) | (unknown-dependency) | sets           | ranks          | (unknown-decision)  | (not-skippable)     | (no-conversation)
blocked: runaway              | (no-question)    | (unknown-dependency) | (unknown-dependency) | sets           | ranks          | (unknown-decision)  | (not-skippable)     | (no-conversation)
blocked: paused               | (no-question)    | (unknown-dependency) | (unknown-dependency) | sets           | ranks          | (unknown-decision)  | (not-skippable)     | (no-conversation)
blocked: issue-closed         | (no-question)    | (unknown-dependency) | (unknown-dependency) | sets           | ranks          | (unknown-decision)  | (not-skippable)     | (no-conversation)
blocked: repository-archived  | (no-question)    | (unknown-dependency) | (unknown-dependency) | sets           | ranks          | (unknown-decision)  | (not-skippable)     | (no-conversation)
blocked: no-access            | (no-question)    | (unknown-dependency) | (unknown-dependency) | sets           | ranks          | (unknown-decision)  | (not-skippable)     | (no-conversation)
blocked: effect-failed        | (no-question)    | (unknown-dependency) | (unknown-dependency) | sets           | ranks          | (unknown-decision)  | (not-skippable)     | (no-conversation)
waiting for two questions     | (which-question) | (unknown-dependency) | (unknown-dependency) | sets           | ranks          | (unknown-decision)  | (not-skippable)     | (no-conversation)
waiting for both              | answers, waits   | grants               | skips                | sets           | ranks          | (unknown-decision)  | (not-skippable)     | (no-conversation)
paused over a question        | answers          | (unknown-dependency) | (unknown-dependency) | sets           | ranks          | (unknown-decision)  | (not-skippable)     | (no-conversation)
answered during /pause        | -                | (unknown-dependency) | (unknown-dependency) | sets           | ranks          | (unknown-decision)  | (not-skippable)     | (no-conversation)
paused over a dependency      | (no-question)    | grants               | skips                | sets           | ranks          | (unknown-decision)  | (not-skippable)     | (no-conversation)
question at work              | answers          | (unknown-dependency) | (unknown-dependency) | sets           | ranks          | (unknown-decision)  | (not-skippable)     | (no-conversation)
wish at work                  | answers          | grants               | skips                | sets           | ranks          | (unknown-decision)  | (not-skippable)     | (no-conversation)
answered, run under way       | -                | (unknown-dependency) | (unknown-dependency) | sets           | ranks          | (unknown-decision)  | (not-skippable)     | (no-conversation)
day's budget                  | (no-question)    | (unknown-dependency) | (unknown-dependency) | (day-budget)   | ranks          | (unknown-decision)  | (not-skippable)     | (no-conversation)
task's budget                 | (no-question)    | (unknown-dependency) | (unknown-dependency) | sets, run      | ranks          | (unknown-decision)  | (not-skippable)     | (no-conversation)
paused in review              | (no-question)    | (unknown-dependency) | (unknown-dependency) | sets           | ranks          | (unknown-decision)  | (not-skippable)     | (no-conversation)
paused while the app verifies | (no-question)    | (unknown-dependency) | (unknown-dependency) | sets           | ranks          | (unknown-decision)  | (not-skippable)     | (no-conversation)
in review, with decisions     | (no-question)    | (unknown-dependency) | (unknown-dependency) | sets           | ranks          | vetoes              | (not-skippable)     | (no-conversation)
in review, vetoed             | (no-question)    | (unknown-dependency) | (unknown-dependency) | sets           | ranks          | vetoes              | (not-skippable)     | (no-conversation)
veto at work                  | (no-question)    | (unknown-dependency) | (unknown-dependency) | sets           | ranks          | (decision-replaced) | (not-skippable)     | (no-conversation)
paused, with decisions        | (no-question)    | (unknown-dependency) | (unknown-dependency) | sets           | ranks          | vetoes              | (not-skippable)     | (no-conversation)
phase 2 at work               | (no-question)    | (unknown-dependency) | (unknown-dependency) | sets           | ranks          | (unknown-decision)  | run ends, ends      | (no-conversation)
phase 2 in review             | (no-question)    | (unknown-dependency) | (unknown-dependency) | sets           | ranks          | (unknown-decision)  | ends                | (no-conversation)
phase 2 failed                | (no-question)    | (unknown-dependency) | (unknown-dependency) | sets           | ranks          | (unknown-decision)  | ends                | (no-conversation)
phase 2 waits                 | answers, run     | (unknown-dependency) | (unknown-dependency) | sets           | ranks          | (unknown-decision)  | ends                | (no-conversation)
phase 2 paused                | (no-question)    | (unknown-dependency) | (unknown-dependency) | sets           | ranks          | (unknown-decision)  | ends                | (no-conversation)
conversation, first turn      | (no-question)    | (unknown-dependency) | (unknown-dependency) | sets           | ranks          | (unknown-decision)  | (not-skippable)     | ends the talk
conversation ended, verifying | (no-question)    | (unknown-dependency) | (unknown-dependency) | sets           | ranks          | (unknown-decision)  | (not-skippable)     | -
merged during /pause          | (no-question)    | (unknown-dependency) | (unknown-dependency) | sets           | ranks          | (nothing-to-review) | (nothing-to-review) | (no-conversation)
completed                     | (wrong-status)   | (wrong-status)       | (wrong-status)       | (wrong-status) | (wrong-status) | (wrong-status)      | (wrong-status)      | (wrong-status)
failed                        | (wrong-status)   | (wrong-status)       | (wrong-status)       | (wrong-status) | (wrong-status) | (wrong-status)      | (wrong-status)      | (wrong-status)
cancelled                     | (wrong-status)   | (wrong-status)       | (wrong-status)       | (wrong-status) | (wrong-status) | (wrong-status)      | (wrong-status)      | (wrong-status)
erased                        | (wrong-status)   | (wrong-status)       | (wrong-status)       | (wrong-status) | (wrong-status) | (wrong-status)      | (wrong-status)      | (wrong-status)
`;

function cellOf(order: TaskCommand, history: readonly TaskCommand[]): string {
  const decision = decide(order, stateAfter(...history));
  if (decision.kind === "refused") return `(${decision.refusal.code})`;
  const types = decision.events.map(({ type }) => type).join(" ");
  return words[types] ?? types;
}

/** Cells by state; the row of heads is that of `state`. */
function rowsOf(text: string): ReadonlyMap<string, readonly string[]> {
  const lines = text.trim().split("\n");
  const rows = lines.map((line) => line.split("|").map((cell) => cell.trim()));
  return new Map(rows.map(([name = "", ...cells]) => [name, cells]));
}

const tables = [
  { columns, expected: rowsOf(table) },
  { columns: talkColumns, expected: rowsOf(talkTable) },
];
const all = [...columns, ...talkColumns];

test("the tables have every command and every state", () => {
  const silent: readonly CommandName[] = ["status", "doctor", "config", "help"];
  expect([...all, ...silent].sort()).toEqual(slashCommands.map(({ name }) => name).sort());
  for (const { columns, expected } of tables) {
    expect([...expected.keys()]).toEqual(["state", ...Object.keys(states)]);
    expect(expected.get("state")).toEqual(columns.map((name) => `/${name}`));
  }
});

test.each(Object.entries(blocked))("the history of a block by %s leads to it", (kind, history) => {
  expect(stateAfter(...history)).toMatchObject({ blockedBy: { kind } });
});

describe.each(Object.entries(states))("%s", (name, history) => {
  for (const { columns, expected } of tables) {
    test.each(columns.map((column, index) => [column, index] as const))("/%s", (column, index) => {
      expect(cellOf(orders[column](writer), history)).toBe(expected.get(name)?.[index]);
    });
  }
});

test.each(all)("/%s of somebody without write is refused in every state", (column) => {
  for (const history of Object.values(states)) {
    expect(cellOf(orders[column](stranger), history)).toBe("(not-permitted)");
  }
});

test("every task that has not ended can be ended, and every block can be left", () => {
  for (const [name, history] of Object.entries(states)) {
    if (["completed", "failed", "cancelled", "erased"].includes(name)) continue;
    expect(cellOf(orders.cancel(writer), history)).toMatch(/cancels/u);
    if (!name.startsWith("blocked:")) continue;
    const leaving = [orders.resume, orders.answer, orders.provided].map((order) => cellOf(order(writer), history));
    const byAnother = cellOf(orders.approve({ login: "reviewer", mayWrite: true }), history);
    const bySpeaking = cellOf(turnSaid(600), history);
    const left = [...leaving, byAnother, bySpeaking].join();
    expect(left).toMatch(/resumes|answers, run|grants, run|approves, next phase|speaks, run/u);
  }
});
