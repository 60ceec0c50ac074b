import { describe, expect, test } from "vitest";
import type { CommandOf, TaskCommand } from "../../src/core/commands.ts";
import { decide } from "../../src/core/decide.ts";
import type { BlockReason } from "../../src/core/outcome.ts";
import { runIdFrom } from "../../src/core/ids.ts";
import { slashCommands, type CommandName } from "../../src/core/slash-commands.ts";
import {
  command,
  createTask,
  dispatched,
  gateOpened,
  gateReady,
  merged,
  phase1Ready,
  prompt,
  reviewed,
  reworkAsked,
  runEnded,
  sessionOpened,
  spent,
  stateAfter,
  stepCompleted,
  stepPublished,
  stranger,
  thread,
  verified,
  wish,
  writer,
} from "./given.ts";

/** Those that change a task; the others only speak. */
type Ordering = Exclude<CommandName, "status" | "help">;

const feedback = [thread("market", "02_market")];

const orders: { readonly [Name in Ordering]: (by: typeof writer) => TaskCommand } = {
  run: (by) => command({ type: "RunTask", by, prompt }),
  pause: (by) => command({ type: "SuspendTask", by, reason: { kind: "paused", by: by.login } }),
  resume: (by) => command({ type: "ResumeTask", by }),
  retry: (by) => command({ type: "RetryTask", by }),
  cancel: (by) => command({ type: "CancelTask", by }),
  delete: (by) => command({ type: "DeleteTask", by }),
  approve: (by) => command({ type: "ApprovePhase", by, headSha: "head-1-1" }),
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

const verifying = phase1Ready.slice(0, -2);
const failedForGood = [
  ...verifying,
  ...[1, 2, 3].flatMap((n) => [
    verified(1, false, n),
    dispatched(`rework-${n}`, 200 + n),
    sessionOpened(`rework-${n}`, 200 + n),
    runEnded("completed", `rework-${n}`),
  ]),
  verified(1, false, 4),
];
const running = [createTask(), dispatched(), sessionOpened()];
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
  "gate-closed": [...phase1Ready, command({ type: "RecordGateClosed", pullRequest: 31 })],
  "gate-retargeted": [
    ...phase1Ready,
    command({ type: "RecordRetarget", pullRequest: 31, base: "release", merged: true }),
  ],
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
  "paused in review": [...phase1Ready, orders.pause(writer)],
  "paused while the app verifies": [...verifying, orders.pause(writer)],
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
  "TaskResumed RunRequested": "resumes, run",
  "TaskResumed PhaseStarted RunRequested": "resumes, next phase",
  "RetryRequested TaskResumed": "retries",
  "RetryRequested TaskResumed RunRequested": "retries, run",
  TaskPaused: "pauses",
  "RunEnded TaskPaused": "run ends, pauses",
  RunEnded: "run ends",
  "FeedbackGiven ReworkRequested RunRequested": "feedback, rework",
  "ReworkRequested RunRequested": "rework",
  PhaseApproved: "approves",
  PhaseAccepted: "accepts",
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
blocked: rate-limited         | resumes, run        | (already-paused) | resumes, run        | retries, run     | (already-paused)  | (nothing-to-review) | (nothing-failed) | cancels           | cancels, erases
blocked: gate-closed          | resumes             | (already-paused) | resumes             | (nothing-failed) | (already-paused)  | (nothing-to-review) | (nothing-failed) | cancels           | cancels, erases
blocked: gate-retargeted      | resumes             | (already-paused) | resumes             | (nothing-failed) | (already-paused)  | (nothing-to-review) | next phase       | cancels           | cancels, erases
blocked: paused               | resumes, run        | (already-paused) | resumes, run        | (nothing-failed) | (already-paused)  | (nothing-to-review) | (nothing-failed) | cancels           | cancels, erases
blocked: issue-closed         | resumes, run        | (already-paused) | resumes, run        | (nothing-failed) | (already-paused)  | (nothing-to-review) | (nothing-failed) | cancels           | cancels, erases
blocked: repository-archived  | resumes, run        | (already-paused) | resumes, run        | (nothing-failed) | (already-paused)  | (nothing-to-review) | (nothing-failed) | cancels           | cancels, erases
blocked: no-access            | resumes, run        | (already-paused) | resumes, run        | (nothing-failed) | (already-paused)  | (nothing-to-review) | (nothing-failed) | cancels           | cancels, erases
blocked: effect-failed        | resumes             | run ends         | resumes             | retries          | (already-paused)  | (nothing-to-review) | (nothing-failed) | run ends, cancels | run ends, cancels, erases
paused in review              | resumes             | (already-paused) | resumes             | (nothing-failed) | (already-paused)  | approves            | (nothing-failed) | cancels           | cancels, erases
paused while the app verifies | resumes             | (already-paused) | resumes             | (nothing-failed) | (already-paused)  | (nothing-to-review) | (nothing-failed) | cancels           | cancels, erases
merged during /pause          | resumes, next phase | (already-paused) | resumes, next phase | (nothing-failed) | (already-paused)  | (nothing-to-review) | (nothing-failed) | cancels           | cancels, erases
completed                     | (wrong-status)      | (wrong-status)   | (wrong-status)      | (wrong-status)   | (wrong-status)    | (wrong-status)      | (wrong-status)   | (wrong-status)    | erases
failed                        | (wrong-status)      | (wrong-status)   | (wrong-status)      | (wrong-status)   | (wrong-status)    | (wrong-status)      | (wrong-status)   | (wrong-status)    | erases
cancelled                     | (wrong-status)      | (wrong-status)   | (wrong-status)      | (wrong-status)   | (wrong-status)    | (wrong-status)      | (wrong-status)   | -                 | erases
erased                        | (wrong-status)      | (wrong-status)   | (wrong-status)      | (wrong-status)   | (wrong-status)    | (wrong-status)      | (wrong-status)   | -                 | -
`;

function cellOf(order: TaskCommand, history: readonly TaskCommand[]): string {
  const decision = decide(order, stateAfter(...history));
  if (decision.kind === "refused") return `(${decision.refusal.code})`;
  const types = decision.events.map(({ type }) => type).join(" ");
  return words[types] ?? types;
}

const rows = table
  .trim()
  .split("\n")
  .map((line) => line.split("|").map((cell) => cell.trim()));
const expected = new Map(rows.map(([name = "", ...cells]) => [name, cells]));

test("the table has every command and every state", () => {
  const silent: readonly CommandName[] = ["status", "help"];
  expect([...columns, ...silent].sort()).toEqual(slashCommands.map(({ name }) => name).sort());
  expect([...expected.keys()]).toEqual(["state", ...Object.keys(states)]);
  expect(expected.get("state")).toEqual(columns.map((name) => `/${name}`));
});

test.each(Object.entries(blocked))("the history of a block by %s leads to it", (kind, history) => {
  expect(stateAfter(...history)).toMatchObject({ blockedBy: { kind } });
});

describe.each(Object.entries(states))("%s", (name, history) => {
  test.each(columns.map((column, index) => [column, index] as const))("/%s", (column, index) => {
    expect(cellOf(orders[column](writer), history)).toBe(expected.get(name)?.[index]);
  });
});

test.each(columns)("/%s of somebody without write is refused in every state", (column) => {
  for (const history of Object.values(states)) {
    expect(cellOf(orders[column](stranger), history)).toBe("(not-permitted)");
  }
});

test("every task that has not ended can be ended, and every block can be left", () => {
  for (const [name, history] of Object.entries(states)) {
    if (["completed", "failed", "cancelled", "erased"].includes(name)) continue;
    expect(cellOf(orders.cancel(writer), history)).toMatch(/cancels/u);
    if (name.startsWith("blocked:")) expect(cellOf(orders.resume(writer), history)).toMatch(/resumes/u);
  }
});
