/** Questions of the agent and answers of people (D2, Q8, Q11). */
import { describe, expect, test } from "vitest";
import type { CommandOf, TaskCommand } from "../../src/core/commands.ts";
import { changesetIdOf, runIdFrom } from "../../src/core/ids.ts";
import { agentStatusOf, liveRunOf, openQuestionsOf, undeliveredAnswersOf } from "../../src/core/state.ts";
import {
  answers,
  asks,
  at,
  author,
  command,
  dispatched,
  gateOpened,
  given,
  merged,
  needs,
  phase1Ready,
  provides,
  reworkAsked,
  runEnded,
  runEndedWith,
  runLost,
  running,
  says,
  sessionOpened,
  spent,
  stepCompleted,
  stepPublished,
  stranger,
  taskAfter,
  thread,
  verified,
  waiting,
  writer,
} from "./given.ts";

const waits = { kind: "waiting-question" } as const;
const pause = command({ type: "SuspendTask", by: writer, reason: { kind: "paused", by: "owner" } });
const resume = command({ type: "ResumeTask", by: writer }, "run-resumed");
const deleted = (commentId = 500) => command({ type: "WithdrawAnswer", commentId, by: "owner" });
const answerOf = (number: number, ...commands: readonly TaskCommand[]) =>
  taskAfter(...commands).questions[number - 1]?.answer ?? null;

/** A step that is completed in a conversation that had these answers, each given at its moment. */
function toldOf(step: string, runId: string, told: CommandOf<"CompleteStep">["told"]): TaskCommand {
  const id = runIdFrom(runId);
  return command({
    type: "CompleteStep",
    runId: id,
    step,
    changesetId: changesetIdOf(id, step),
    files: 1,
    spent,
    answers: [],
    told,
  });
}

describe("questions", () => {
  test("are numbered through the task, however many come together", () => {
    const state = taskAfter(...running, asks("1", [{}, {}]), asks("2", [{ required: false }]));
    expect(state.questions.map(({ number, requestId, index }) => [number, requestId, index])).toEqual([
      [1, "run-1/1", 0],
      [2, "run-1/1", 1],
      [3, "run-1/2", 0],
    ]);
  });

  test("that are sent twice are asked once", () => {
    given(...running, asks("1"))
      .when(asks("1"))
      .then();
  });

  test("of a run that is gone, or of a step that is not there, are refused", () => {
    given(...running, runLost())
      .when(asks("1"))
      .thenRefused({ code: "unknown-run" });
    given(...running)
      .when({ ...asks("1"), step: "09_no_such" } as TaskCommand)
      .thenRefused({ code: "unknown-run" });
  });
});

describe("a run that ends to wait", () => {
  test("leaves a task that waits, and no failure or fault on its account", () => {
    const [, paused] = given(...running, asks("1"))
      .when(runEndedWith(waits))
      .then("RunEnded", "TaskPaused");
    expect(paused).toMatchObject({ reason: { kind: "waiting-question" } });
    const state = taskAfter(...waiting);
    expect(agentStatusOf(state)).toBe("waiting_question");
    expect(state.phases[0]).toMatchObject({ failedAttempts: 0, environmentFaults: 0, emptySlices: 0 });
  });

  test("goes on at once where all was answered before it was over", () => {
    given(...running, asks("1"), says("2"))
      .when(runEndedWith(waits))
      .then("RunEnded", "RunRequested");
  });

  test("though it asked for nothing that must be answered counts as a fault, and not for ever", () => {
    const idle = ["run-1", "run-2", "run-3"].flatMap((runId, index) => [
      dispatched(runId, index),
      sessionOpened(runId, index),
      asks("1", [{ required: false }], runId),
      runEndedWith(waits, runId, `run-${index + 2}`),
    ]);
    const history = [...running.slice(0, 1), ...idle, dispatched("run-4", 4), sessionOpened("run-4", 4)];
    const [ended, paused] = given(...history)
      .when(runEndedWith(waits, "run-4"))
      .then("RunEnded", "TaskPaused");
    expect(ended).toMatchObject({ outcome: { kind: "lost" } });
    expect(paused).toMatchObject({ reason: { kind: "environment", faults: 4 } });
  });

  test("beside a block of another kind leaves that one, and the wait comes with its end", () => {
    const failed = command({
      type: "PauseTask",
      reason: { kind: "effect-failed", effect: "PublishStep", message: "403" },
    });
    const history = [...running, asks("1"), failed, runEndedWith(waits)];
    expect(taskAfter(...history).blockedBy?.kind).toBe("effect-failed");
    const events = given(...history)
      .when(resume)
      .then("TaskResumed", "TaskPaused");
    expect(events[1]).toMatchObject({ reason: { kind: "waiting-question" } });
  });
});

describe("a run that ends in another way after it asked", () => {
  test.each([
    ["lost", runLost()],
    ["at the end of its slice", runEnded("slice-ended")],
    ["as a failure", runEndedWith({ kind: "failed", message: "gave up", findings: [] })],
  ])("%s: the question is waited for, not forgotten", (_how, ended) => {
    const events = given(...running, asks("1"))
      .when(ended)
      .then("RunEnded", "TaskPaused");
    expect(events[1]).toMatchObject({ reason: { kind: "waiting-question" } });
    given(...running, asks("1"), ended)
      .when(says("2"))
      .then("QuestionAnswered", "TaskResumed", "RunRequested");
  });

  test("with a question that need not be answered is followed by another run", () => {
    given(...running, asks("1", [{ required: false }]))
      .when(runLost())
      .then("RunEnded", "RunRequested");
  });

  test("is verified where it went on all the same, and its rework waits for the answer", () => {
    const done = [...running, asks("1"), stepCompleted("01_idea"), stepCompleted("02_market"), runEnded("completed")];
    expect(taskAfter(...done).status).toBe("in_progress");
    given(...done)
      .when(verified(1, false))
      .then("PhaseVerified", "TaskPaused");
    const [, , requested] = given(...done, verified(1, false))
      .when(says("2"))
      .then("QuestionAnswered", "TaskResumed", "RunRequested");
    expect(requested).toMatchObject({ attempt: 2, findings: [{ step: "02_market" }] });
  });
});

describe("an answer", () => {
  test("of somebody with write, or of who wrote the issue, is taken, and the task goes on at once", () => {
    for (const by of [{ ...writer, isAuthor: false }, author]) {
      const [answered] = given(...waiting)
        .when(answers([{ number: 1, text: "2" }], by))
        .then("QuestionAnswered", "TaskResumed", "RunRequested");
      expect(answered).toMatchObject({ number: 1, by: by.login, text: "freemium", option: 2 });
    }
  });

  test.each([
    ["2", "freemium", 2],
    ["2.", "freemium", 2],
    ["(3)", "advertising", 3],
    ["Freemium", "freemium", 2],
    [" subscription ", "subscription", 1],
    ["both of them", "both of them", null],
    ["2 or 3", "2 or 3", null],
    ["2026", "2026", null],
  ])("%j is understood as %j", (said, text, option) => {
    expect(answerOf(1, ...waiting, says(said))).toMatchObject({ text, option });
  });

  test("by a number that no option has is refused; as an option's own words it is taken", () => {
    given(...waiting)
      .when(says("0"))
      .thenRefused({ code: "no-such-option", number: 1, options: 3 });
    const ports = [...running, asks("1", [{ options: ["80", "443"] }])];
    expect(answerOf(1, ...ports, says("443"))).toMatchObject({ text: "443", option: 2 });
    expect(answerOf(1, ...ports, says("1"))).toMatchObject({ text: "80", option: 1 });
  });

  test("to a question without options is taken in its own words, a number too", () => {
    const open = [...running, asks("1", [{ options: [] }])];
    expect(answerOf(1, ...open, says("3"))).toMatchObject({ text: "3", option: null });
  });

  test("to one of two leaves the task waiting for the other, and both together let it go on", () => {
    const two = [...running, asks("1", [{}, {}]), runEndedWith(waits)];
    given(...two)
      .when(says("2", 1))
      .then("QuestionAnswered");
    given(...two, says("2", 1))
      .when(says("freely", 2, 501))
      .then("QuestionAnswered", "TaskResumed", "RunRequested");
    const both = [
      { number: 1, text: "2" },
      { number: 2, text: "freely" },
    ];
    given(...two)
      .when(answers(both))
      .then("QuestionAnswered", "QuestionAnswered", "TaskResumed", "RunRequested");
  });

  test("is all of its comment or nothing", () => {
    const two = [...running, asks("1", [{}, {}]), runEndedWith(waits)];
    const half = answers([
      { number: 1, text: "2" },
      { number: 9, text: "freely" },
    ]);
    given(...two)
      .when(half)
      .thenRefused({ code: "unknown-question", number: 9 });
  });

  test("that stands twice in a comment counts as it stands last, and the comment said again changes nothing", () => {
    const twice = answers([
      { number: 1, text: "1" },
      { number: 1, text: "3" },
    ]);
    expect(answerOf(1, ...waiting, twice)).toMatchObject({ option: 3 });
    given(...waiting, twice)
      .when(twice)
      .then();
  });

  test("without a number is that to what the task waits for, before all else", () => {
    const open = [...running, asks("1", [{ required: false }]), asks("2"), runEndedWith(waits)];
    expect(answerOf(2, ...open, says("1"))).toMatchObject({ option: 1 });
    expect(answerOf(1, ...open, says("1"))).toBeNull();
  });

  test("without a number takes what the lines before it left open", () => {
    const two = [...running, asks("1", [{}, {}]), runEndedWith(waits)];
    const lines = answers([
      { number: 1, text: "1" },
      { number: null, text: "3" },
    ]);
    expect(taskAfter(...two, lines).questions.map(({ answer }) => answer?.option)).toEqual([1, 3]);
    given(...two, lines)
      .when(lines)
      .then();
  });

  test("to a question and a dependency that is lacking waits on for the dependency", () => {
    const both = [...running, asks("1"), needs("OPENAI_API_KEY"), runEndedWith(waits)];
    const events = given(...both)
      .when(says("2"))
      .then("QuestionAnswered", "TaskPaused");
    expect(events[1]).toMatchObject({ reason: { kind: "waiting-dependency" } });
    given(...both, says("2"))
      .when(provides("OPENAI_API_KEY"))
      .then("DependencyGranted", "TaskResumed", "RunRequested");
  });

  test("while a run is at work reaches the next step, and none is asked for beside it", () => {
    const wished = [...running, asks("1", [{ required: false }])];
    given(...wished)
      .when(says("3"))
      .then("QuestionAnswered");
    const state = taskAfter(...wished, says("3"));
    expect(undeliveredAnswersOf(state).map(({ number }) => number)).toEqual([1]);
  });

  test("during /pause is kept, and /resume goes on with it", () => {
    given(...waiting, pause)
      .when(says("2"))
      .then("QuestionAnswered");
    given(...waiting, pause, says("2"))
      .when(resume)
      .then("TaskResumed", "RunRequested");
  });

  test("to a phase that is over is told to the next one, and holds nothing up", () => {
    const over = [...running, stepCompleted("01_idea"), stepPublished(1, "01_idea"), gateOpened(1, 31), asks("1")];
    const next = [...over, runEndedWith(waits), merged(31)];
    expect(openQuestionsOf(taskAfter(...next))).toEqual([]);
    given(...next)
      .when(says("2", 1))
      .then("QuestionAnswered");
    expect(undeliveredAnswersOf(taskAfter(...next, says("2", 1)))).toHaveLength(1);
  });

  test("after the end of the task is refused with its status", () => {
    given(...waiting, command({ type: "CancelTask", by: writer }))
      .when(says("2"))
      .thenRefused({ code: "wrong-status", status: "cancelled", command: "AnswerQuestions" });
  });
});

describe("an edited comment", () => {
  const resumed = [...waiting, says("2", null, 500), dispatched("run-answered", 2), sessionOpened("run-answered", 2)];

  test("replaces its answer, and the agent is told again", () => {
    given(...resumed)
      .when(says("3", null, 500))
      .then("QuestionAnswered");
    const told = toldOf("01_idea", "run-answered", [{ number: 1, at: "2026-11-21T10:00:00.000Z" }]);
    const changed = at("10:07:00.000", says("3", null, 500));
    expect(answerOf(1, ...resumed, changed, told)).toMatchObject({ option: 3, delivered: false });
    expect(answerOf(1, ...resumed, told)).toMatchObject({ option: 2, delivered: true });
  });

  test("without a number speaks of what it answered, not of what was asked since", () => {
    const later = [...resumed, asks("9", [{}], "run-answered"), runEndedWith(waits, "run-answered")];
    const state = taskAfter(...later, says("3", null, 500));
    expect(state.questions.map(({ answer }) => answer?.option ?? null)).toEqual([3, null]);
    expect(state.blockedBy?.kind).toBe("waiting-question");
  });

  test("that says the same changes nothing", () => {
    given(...resumed)
      .when(says("freemium", null, 500))
      .then();
  });
});

describe("a deleted comment", () => {
  const two = [...running, asks("1", [{}, {}]), runEndedWith(waits), says("2", 1, 500)];

  test("takes its answer back while no run has it", () => {
    given(...two)
      .when(deleted())
      .then("AnswerWithdrawn");
    expect(openQuestionsOf(taskAfter(...two, deleted()))).toHaveLength(2);
  });

  test("has the task wait for the question again, where it waited for something else since", () => {
    const both = [...running, asks("1"), needs("OPENAI_API_KEY"), runEndedWith(waits), says("2")];
    const events = given(...both)
      .when(deleted())
      .then("AnswerWithdrawn", "TaskPaused");
    expect(events[1]).toMatchObject({ reason: { kind: "waiting-question" } });
  });

  test("takes its answer back during /pause, too", () => {
    given(...waiting, pause, says("2"))
      .when(deleted())
      .then("AnswerWithdrawn");
    given(...waiting, pause, says("2"), deleted())
      .when(resume)
      .then("TaskResumed", "TaskPaused");
  });

  test("takes nothing back that a run was given, nor what one is under way with", () => {
    const used = { code: "answer-used", numbers: [1] } as const;
    const underWay = [...waiting, says("2")];
    given(...underWay)
      .when(deleted())
      .thenRefused(used);
    const begun = [...underWay, dispatched("run-answered", 2), sessionOpened("run-answered", 2)];
    given(...begun)
      .when(deleted())
      .thenRefused(used);
    // The second answer was never told, but the question is not open for it: the agent has the first.
    given(...begun, pause, says("3", 1, 501))
      .when(deleted(501))
      .thenRefused(used);
  });

  test("takes back what was said to a run at work until its next step", () => {
    const wished = [...running, asks("1", [{ required: false }]), says("2")];
    given(...wished)
      .when(deleted())
      .then("AnswerWithdrawn");
    given(...wished, stepCompleted("01_idea"))
      .when(deleted())
      .thenRefused({ code: "answer-used", numbers: [1] });
  });

  test("that answered nothing, or whose task has ended, is nothing", () => {
    given(...two)
      .when(deleted(777))
      .then();
    given(...two, command({ type: "CancelTask", by: writer }))
      .when(deleted())
      .then();
  });
});

describe("an answer is delivered", () => {
  const resumed = [...waiting, says("2"), dispatched("run-answered", 2), sessionOpened("run-answered", 2)];

  test("once a step is completed in a conversation that had it", () => {
    const told = toldOf("01_idea", "run-answered", [{ number: 1, at: "2026-11-21T10:00:00.000Z" }]);
    const [, delivered] = given(...resumed)
      .when(told)
      .then("StepCompleted", "AnswersDelivered");
    expect(delivered).toMatchObject({ numbers: [1] });
    expect(undeliveredAnswersOf(taskAfter(...resumed, told))).toEqual([]);
  });

  test("not by a step whose conversation had another one, nor by a run that was lost", () => {
    given(...resumed)
      .when(toldOf("01_idea", "run-answered", [{ number: 1, at: "2026-11-21T09:00:00.000Z" }]))
      .then("StepCompleted");
    expect(undeliveredAnswersOf(taskAfter(...resumed, runLost("run-answered")))).toHaveLength(1);
  });
});

describe("while the task waits for an answer", () => {
  test("/pause stands in its place, and the end of the pause brings the wait back", () => {
    given(...waiting)
      .when(pause)
      .then("TaskPaused");
    const [, again] = given(...waiting, pause)
      .when(resume)
      .then("TaskResumed", "TaskPaused");
    expect(again).toMatchObject({ reason: { kind: "waiting-question" } });
    const lifted = command({ type: "LiftBlock", kinds: ["issue-closed"], by: "owner" });
    const closed = command({ type: "SuspendTask", by: null, reason: { kind: "issue-closed", by: "owner" } });
    given(...waiting, closed)
      .when(lifted)
      .then("TaskResumed", "TaskPaused");
  });

  test("a merge ends the phase and the wait", () => {
    const over = [...running, stepCompleted("01_idea"), stepPublished(1, "01_idea"), gateOpened(1, 31), asks("1")];
    given(...over, runEndedWith(waits))
      .when(merged(31))
      .then("PhaseCompleted", "PhaseStarted", "RunRequested");
  });

  test("a gate that is closed or points elsewhere is said, and its end brings the wait back", () => {
    const history = [...running, stepCompleted("01_idea"), stepPublished(1, "01_idea"), gateOpened(1, 31), asks("1")];
    for (const change of [
      command({ type: "RecordGateClosed", pullRequest: 31 }),
      command({ type: "RecordRetarget", pullRequest: 31, base: "release", merged: false }),
    ]) {
      given(...history, runEndedWith(waits))
        .when(change)
        .then("TaskPaused");
      given(...history, runEndedWith(waits), change)
        .when(resume)
        .then("TaskResumed", "TaskPaused");
    }
  });

  test("an effect that failed for good is said: whatever people answer, nothing would be done behind it", () => {
    const reason = { kind: "effect-failed", effect: "PublishStep", message: "403" } as const;
    given(...waiting)
      .when(command({ type: "PauseTask", reason }))
      .then("TaskPaused");
  });

  test("a run that was being dispatched when the doubt came is no reason to forget the wait", () => {
    given(...waiting)
      .when(command({ type: "PauseTask", reason: { kind: "no-model-secret" } }))
      .then();
  });

  test("a person's wish for changes is refused; in review, with a question open, its run waits for the answer", () => {
    given(...waiting)
      .when(reworkAsked("run-2", [thread("market", "02_market")]))
      .thenRefused({ code: "waiting", questions: [1], dependencies: [] });
    const asked = phase1Ready.toSpliced(3, 0, asks("1"));
    given(...asked)
      .when(reworkAsked("run-2", [thread("market", "02_market")]))
      .then("FeedbackGiven", "ReworkRequested", "TaskPaused");
    given(...asked, reworkAsked("run-2", [thread("market", "02_market")]))
      .when(says("2"))
      .then("QuestionAnswered", "TaskResumed", "RunRequested");
  });

  test("nothing that a stranger says wakes it", () => {
    given(...waiting)
      .when(answers([{ number: 1, text: "2" }], { ...stranger, isAuthor: false }))
      .thenRefused({ code: "not-permitted", login: "stranger" });
    expect(liveRunOf(taskAfter(...waiting))).toBeNull();
  });
});

describe("an error that the agent reports", () => {
  const reports = (id: string, error: CommandOf<"ReportError">["error"]) =>
    command({
      type: "ReportError",
      runId: runIdFrom("run-1"),
      step: "01_idea",
      requestId: `run-1/${id}`,
      error,
      message: "the build does not run",
      details: "exit code 1",
    });

  test("is recorded once, and stops nothing by itself", () => {
    given(...running)
      .when(reports("1", "execution_failed"))
      .then("ErrorReported");
    given(...running, reports("1", "execution_failed"))
      .when(reports("1", "execution_failed"))
      .then();
  });

  test("is the machine's where something does not run, and the agent's where its work is missing or wrong (Q12)", () => {
    const state = taskAfter(
      ...running,
      reports("1", "execution_failed"),
      reports("2", "missing_file"),
      reports("3", "validation_error"),
    );
    expect(state.errors.map(({ type, cause }) => [type, cause])).toEqual([
      ["validation_error", "agent"],
      ["missing_file", "agent"],
      ["execution_failed", "environment"],
    ]);
  });

  test("of a run that is gone is refused", () => {
    given(...running, runLost())
      .when(reports("1", "missing_file"))
      .thenRefused({ code: "unknown-run" });
  });

  test("leaves the five newest", () => {
    const six = ["1", "2", "3", "4", "5", "6"].map((id) => reports(id, "missing_file"));
    const state = taskAfter(...running, ...six);
    expect(state.errors.map(({ requestId }) => requestId)).toEqual(
      ["6", "5", "4", "3", "2"].map((id) => `run-1/${id}`),
    );
  });
});
