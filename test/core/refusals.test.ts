import { permissionOptions } from "../../src/core/permission.ts";
import { expect, test } from "vitest";
import type { TaskCommand } from "../../src/core/commands.ts";
import { decide, type Refusal } from "../../src/core/decide.ts";
import {
  answers,
  approve,
  asks,
  budget,
  command,
  createTask,
  given,
  lacking,
  merged,
  needs,
  phase1Decided,
  phase1Ready,
  prompt,
  provides,
  runEndedWith,
  running,
  says,
  sessionOpened,
  settingsRead,
  skips,
  skipsPhase,
  spent,
  stateAfter,
  stepCompleted,
  stranger,
  thread,
  vetoes,
  waiting,
  writer,
  done,
  replied,
} from "./given.ts";

type Code = Refusal["code"];
type Case<Of extends Code> = readonly [
  readonly TaskCommand[],
  TaskCommand,
  Omit<Extract<Refusal, { code: Of }>, "code">,
];

const resume = command({ type: "ResumeTask", by: writer });
const pause = command({ type: "SuspendTask", by: writer, reason: { kind: "paused", by: "owner" } });
const rework = (feedback: readonly ReturnType<typeof thread>[]) =>
  command({
    type: "RequestRework",
    by: ["owner"],
    mayWrite: true,
    source: "command",
    feedback,
    reviewIds: [],
    textHash: "words",
  });
const dayUsedUp = runEndedWith({ kind: "budget-exhausted", spentUsd: 1, budgetUsd: 1 });
const failing = ["1", "2", "3", "4"].flatMap((n, index) => [
  sessionOpened(`run-${n}`, index),
  runEndedWith({ kind: "failed", message: "gave up", findings: [] }, `run-${n}`, `run-${Number(n) + 1}`),
]);
const eleven = Array.from({ length: 11 }, (_, index) => `KEY_${index}`);

/** One way to each refusal, and what it tells beside its code. */
const cases: { readonly [Of in Code]: Case<Of> } = {
  "no-such-task": [[], resume, {}],
  "task-exists": [[createTask()], createTask(), {}],
  "not-permitted": [[createTask()], command({ type: "RetryTask", by: stranger }), { login: "stranger" }],
  "wrong-status": [
    [createTask(), command({ type: "CancelTask", by: writer })],
    says("2"),
    { status: "cancelled", command: "AnswerQuestions" },
  ],
  "already-running": [running, command({ type: "RunTask", by: writer, prompt }), { status: "in_progress" }],
  "input-faulty": [
    [createTask(stranger)],
    command({ type: "RunTask", by: writer, prompt: { ...prompt, input: null } }),
    {},
  ],
  "not-started": [[createTask(stranger)], budget(8), {}],
  "already-paused": [[...running, pause], pause, { reason: "paused" }],
  "nothing-failed": [running, command({ type: "RetryTask", by: writer }), {}],
  "nothing-to-review": [running, command({ type: "ApprovePhase", by: writer, headSha: "head", purseUsd: 6 }), {}],
  "nothing-to-change": [phase1Ready, rework([]), {}],
  "no-gate": [[createTask(), ...failing], command({ type: "AcceptPhase", by: writer }), {}],
  waiting: [
    [...running, asks("1", [{}, {}]), needs("OPENAI_API_KEY"), runEndedWith({ kind: "waiting-question" })],
    resume,
    { questions: [1, 2], dependencies: ["OPENAI_API_KEY"] },
  ],
  "your-turn": [replied, resume, {}],
  "no-conversation": [running, done(), {}],
  "no-question": [running, says("2"), {}],
  "unknown-question": [waiting, says("2", 7), { number: 7 }],
  "which-question": [[...running, asks("1", [{}, {}])], says("2"), { numbers: [1, 2] }],
  "no-such-option": [waiting, says("4"), { number: 1, options: 3 }],
  "allow-or-refuse": [
    [...running, asks("1", [{ options: permissionOptions, permission: { tool: "Bash", command: "npm test" } }])],
    says("Allow it, but only once", 1),
    { number: 1 },
  ],
  "empty-answer": [waiting, says("  ", 1), { number: 1 }],
  "answer-used": [
    [...waiting, says("2")],
    command({ type: "WithdrawAnswer", commentId: 500, by: "owner" }),
    { numbers: [1] },
  ],
  "unknown-dependency": [lacking, provides("STRIPE_KEY"), { name: "STRIPE_KEY", known: ["OPENAI_API_KEY"] }],
  "too-many-grants": [
    [...running, ...eleven.flatMap((name) => needs(name)), ...eleven.slice(0, 10).map((name) => provides(name))],
    provides("KEY_10"),
    { max: 10 },
  ],
  "bad-priority": [running, command({ type: "SetPriority", by: writer, priority: null }), {}],
  "bad-amount": [running, budget(0), {}],
  "below-spent": [[...running, stepCompleted("01_idea")], budget(spent.costUsd), { spentUsd: spent.costUsd }],
  "day-budget": [[...running, dayUsedUp], budget(8), {}],
  "unknown-decision": [phase1Decided, vetoes(3, "slow", null), { number: 3, decisions: 2 }],
  "decision-replaced": [phase1Decided, vetoes(1, "slow", 7), { number: 1 }],
  "not-skippable": [phase1Ready, skipsPhase(), { phase: "planning" }],
  "said-before-phase": [phase1Ready, skipsPhase(writer, "run-3", "2020-01-01T00:00:00Z"), { phase: "planning" }],
  "requester-may-not": [
    [createTask(), settingsRead({ requesterMayApprove: false }), ...phase1Ready.slice(1)],
    approve(),
    { login: "owner" },
  ],
  "unknown-run": [running, asks("1", [{}], "run-of-yesterday"), {}],
  "unknown-gate": [phase1Ready, merged(99), { pullRequest: 99 }],
};

test.each(Object.entries(cases))("%s is told with all that the answer to it needs", (code, [history, asked, told]) => {
  expect(decide(asked, stateAfter(...history))).toEqual({ kind: "refused", refusal: { code, ...told } });
});

test("an answer by somebody who may neither write nor wrote the issue is refused, whatever it says", () => {
  for (const text of ["2", "99", ""]) {
    given(...waiting)
      .when(answers([{ number: 1, text }], { ...stranger, isAuthor: false }))
      .thenRefused({ code: "not-permitted", login: "stranger" });
  }
});

test("an amount is a number of dollars above zero, and not one that nobody means", () => {
  for (const usd of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 10_001]) {
    given(...running)
      .when(budget(usd))
      .thenRefused({ code: "bad-amount" });
    given(...phase1Ready)
      .when(command({ type: "ApprovePhase", by: writer, headSha: "head-1-1", purseUsd: usd }))
      .thenRefused({ code: "bad-amount" });
  }
});

test("what was granted may be skipped, what was skipped granted, and neither by a stranger", () => {
  given(...lacking, provides("OPENAI_API_KEY"))
    .when(skips("OPENAI_API_KEY"))
    .then("DependencySkipped");
  given(...lacking, skips("OPENAI_API_KEY"))
    .when(provides("OPENAI_API_KEY"))
    .then("DependencyGranted");
  for (const order of [provides, skips]) {
    given(...lacking)
      .when(order("OPENAI_API_KEY", stranger))
      .thenRefused({ code: "not-permitted", login: "stranger" });
  }
});
