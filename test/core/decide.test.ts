import { describe, expect, test } from "vitest";
import { currentPhaseOf } from "../../src/core/state.ts";
import {
  approval,
  command,
  createTask,
  dispatched,
  finding,
  gateOpened,
  gateReady,
  given,
  merged,
  phase1Ready,
  prompt,
  reviewed,
  run1,
  runEnded,
  runLost,
  sessionOpened,
  spent,
  stateAfter,
  stepCompleted,
  stepPublished,
  stranger,
  taskAfter,
  verified,
  writer,
  foundIn,
} from "./given.ts";
import { changesetIdOf, runIdFrom } from "../../src/core/ids.ts";
import { noInput } from "../../src/core/task-input.ts";

const verifiedCommand = phase1Ready.find(({ type }) => type === "RecordVerification") ?? createTask();

describe("starting a task", () => {
  test("a writer's label starts the first phase and asks for its run", () => {
    given().when(createTask(writer)).then("TaskCreated", "TaskStarted", "PhaseStarted", "RunRequested");
  });

  test("a stranger's label leaves a draft", () => {
    given().when(createTask(stranger)).then("TaskCreated");
    expect(stateAfter(createTask(stranger)).status).toBe("draft");
  });

  test("a writer's /run starts a draft, a stranger's does not", () => {
    given(createTask(stranger))
      .when(command({ type: "RunTask", by: writer, prompt }))
      .then("TaskStarted", "PhaseStarted", "RunRequested");
    given(createTask(stranger))
      .when(command({ type: "RunTask", by: stranger, prompt }))
      .thenRefused({ code: "not-permitted", login: "stranger" });
  });

  test("/run on a task that goes on is refused with its status", () => {
    given(createTask(), dispatched(), sessionOpened())
      .when(command({ type: "RunTask", by: writer, prompt }))
      .thenRefused({ code: "already-running", status: "in_progress" });
  });

  test("a task is created once", () => {
    given(createTask()).when(createTask()).thenRefused({ code: "task-exists" });
  });
});

describe("a task whose form can't be read", () => {
  const faulty = { ...prompt, input: null };

  test("stays a draft, also where a writer set the label, until the form was mended", () => {
    const created = { ...createTask(writer), prompt: faulty };
    given().when(created).then("TaskCreated");
    given(created)
      .when(command({ type: "RunTask", by: writer, prompt }))
      .then("TaskStarted", "PhaseStarted", "RunRequested");
  });

  test("has the budget that the form names, once it starts", () => {
    const input = { ...noInput, budgetUsd: 7 };
    const state = stateAfter(
      createTask(stranger),
      command({ type: "RunTask", by: writer, prompt: { ...prompt, input } }),
    );
    expect(state).toMatchObject({ taskBudgetUsd: 7, input });
  });
});

describe("a budget that is used up before a run", () => {
  const reason = { kind: "budget-exhausted", scope: "phase", spentUsd: 5, budgetUsd: 5 } as const;
  const paused = [createTask(), command({ type: "PauseTask", reason })];

  test("pauses the task; the run that never was is forgotten, and /run asks for a new one", () => {
    given(...paused)
      .when(dispatched())
      .thenRefused({ code: "unknown-run" });
    given(...paused)
      .when(command({ type: "RunTask", by: writer, prompt }))
      .then("TaskResumed", "RunRequested");
  });

  test("comes too late where the runner has begun", () => {
    given(createTask(), sessionOpened())
      .when(command({ type: "PauseTask", reason }))
      .then();
  });
});

describe("a run", () => {
  test("is opened once: a second job with the same run is refused", () => {
    given(createTask(), dispatched(), sessionOpened())
      .when(sessionOpened())
      .thenRefused({ code: "already-running", status: "in_progress" });
  });

  test("of another workflow run than the one that was dispatched is refused", () => {
    given(createTask(), dispatched("run-1", 100))
      .when(sessionOpened("run-1", 101))
      .thenRefused({ code: "unknown-run" });
  });

  test("may open its session before GitHub answered the dispatch", () => {
    given(createTask()).when(sessionOpened()).then("RunDispatched", "RunStarted");
    given(createTask(), sessionOpened()).when(dispatched()).then();
  });

  test("hands over a step once", () => {
    const steps = [createTask(), dispatched(), sessionOpened(), stepCompleted("01_idea")];
    given(...steps)
      .when(stepCompleted("01_idea"))
      .then();
  });

  test("of another task's step or without a session is refused", () => {
    given(createTask(), dispatched(), sessionOpened())
      .when(stepCompleted("09_no_such"))
      .thenRefused({ code: "unknown-run" });
    given(createTask(), dispatched()).when(stepCompleted("01_idea")).thenRefused({ code: "unknown-run" });
  });

  test("that reports after it was declared lost is refused, and its successor goes on", () => {
    const lost = [createTask(), dispatched(), sessionOpened(), runLost()];
    given(...lost)
      .when(stepCompleted("01_idea"))
      .thenRefused({ code: "unknown-run" });
    given(...lost)
      .when(runEnded("completed"))
      .thenRefused({ code: "unknown-run" });
    given(...lost)
      .when(dispatched("after-run-1", 101))
      .then("RunDispatched");
  });

  test("that is lost is asked for again, without using up an attempt", () => {
    const events = given(createTask(), dispatched(), sessionOpened()).when(runLost()).then("RunEnded", "RunRequested");
    expect(events[1]).toMatchObject({ attempt: 1, runId: "after-run-1" });
  });

  test("that is lost four times in a row pauses the task", () => {
    const lose = (n: number) => [dispatched(`r${n}`, n), sessionOpened(`r${n}`, n), runLost(`r${n}`, `r${n + 1}`)];
    const begin = [createTask(), dispatched(), sessionOpened(), runLost("run-1", "r2"), ...lose(2), ...lose(3)];
    given(...begin, dispatched("r4", 4), sessionOpened("r4", 4))
      .when(runLost("r4", "r5"))
      .then("RunEnded", "TaskPaused");
  });

  test("a completed step clears the count of lost runs", () => {
    const state = stateAfter(
      createTask(),
      dispatched(),
      sessionOpened(),
      runLost("run-1", "r2"),
      dispatched("r2", 2),
      sessionOpened("r2", 2),
      stepCompleted("01_idea", "r2"),
    );
    expect(state.status === "absent" ? null : currentPhaseOf(state)?.environmentFaults).toBe(0);
  });

  test("that ends without ever reaching the app pauses the task with the run's address", () => {
    const events = given(createTask(), dispatched()).when(runLost()).then("RunEnded", "TaskPaused");
    expect(events[1]).toMatchObject({ reason: { kind: "app-unreachable", runUrl: "https://github.test/runs/100" } });
  });

  test("that was cancelled on GitHub's pages waits for a person", () => {
    given(createTask(), dispatched(), sessionOpened()).when(runEnded("cancelled")).then("RunEnded", "TaskPaused");
  });

  test("that spent its budget pauses the task and says how much", () => {
    const outcome = { kind: "budget-exhausted", spentUsd: 5.1, budgetUsd: 5 } as const;
    const events = given(createTask(), dispatched(), sessionOpened())
      .when(command({ type: "EndRun", runId: run1, outcome, spent: { ...spent, costUsd: 5.1 } }))
      .then("RunEnded", "TaskPaused");
    expect(events[1]).toMatchObject({
      reason: { kind: "budget-exhausted", scope: "phase", spentUsd: 5.1, budgetUsd: 5 },
    });
  });
});

describe("what stands in the way of a run", () => {
  test("pauses the task; the run that never was is forgotten, and /run asks for a new one", () => {
    const paused = [createTask(), command({ type: "PauseTask", reason: { kind: "no-workflow-file" } })];
    given(...paused)
      .when(dispatched())
      .thenRefused({ code: "unknown-run" });
    given(...paused)
      .when(command({ type: "RunTask", by: writer, prompt }, "run-2"))
      .then("TaskResumed", "RunRequested");
  });

  test("while something else holds the task takes its run away, so that going on asks for another one", () => {
    const reason = { kind: "effect-failed", effect: "CancelRun", message: "403" } as const;
    const held = [createTask(), command({ type: "PauseTask", reason })];
    const inTheWay = command({ type: "PauseTask", reason: { kind: "no-workflow-file" } });
    given(...held)
      .when(inTheWay)
      .then("RunEnded");
    expect(taskAfter(...held, inTheWay).blockedBy).toEqual(reason);
    given(...held, inTheWay)
      .when(command({ type: "RetryTask", by: writer }, "run-2"))
      .then("RetryRequested", "TaskResumed", "RunRequested");
  });

  test("is said once", () => {
    const pause = command({ type: "PauseTask", reason: { kind: "no-model-secret" } });
    given(createTask(), pause).when(pause).then();
  });
});

describe("verification", () => {
  const handedOver = phase1Ready.slice(0, -2);

  test("that passes leads to the gate", () => {
    given(...handedOver)
      .when(verified(1, true))
      .then("PhaseVerified");
    given(...handedOver, verified(1, true))
      .when(gateReady(1))
      .then("ReviewCreated");
  });

  test("that fails asks for a rework with exactly what failed", () => {
    const events = given(...handedOver)
      .when(verified(1, false))
      .then("PhaseVerified", "RunRequested");
    expect(events[1]).toMatchObject({ attempt: 2, findings: [foundIn(1)] });
  });

  test("that fails a fourth time waits for a person (Q10)", () => {
    const rework = (n: number) => [
      dispatched(`rework-${n}`, 200 + n),
      sessionOpened(`rework-${n}`, 200 + n),
      stepCompleted("02_market", `rework-${n}`),
      runEnded("completed", `rework-${n}`),
    ];
    const thrice = [1, 2, 3].flatMap((n) => [verified(1, false, n), ...rework(n)]);
    const events = given(...handedOver, ...thrice)
      .when(verified(1, false, 4))
      .then("PhaseVerified", "TaskPaused");
    expect(events[1]).toMatchObject({ reason: { kind: "verification-failed", attempts: 4 } });
  });

  test("of changes that the app refuses ends the run as the agent's failure and asks for a rework", () => {
    given(createTask(), dispatched(), sessionOpened(), stepCompleted("01_idea"))
      .when(
        command({
          type: "RefuseChangeset",
          phase: 1,
          step: "01_idea",
          changesetId: changesetIdOf(run1, "01_idea"),
          findings: [{ ...finding, check: "paths-allowed", step: "01_idea", path: ".github/workflows/x.yml" }],
        }),
      )
      .then("ChangesetRefused", "RunEnded", "RunRequested");
  });
});

describe("the gate", () => {
  test("an approval alone starts nothing; the merge does", () => {
    const approved = reviewed("head-1-1", [approval(1, "owner")]);
    given(...phase1Ready)
      .when(approved)
      .then("ReviewApproved");
    given(...phase1Ready, approved)
      .when(merged(31))
      .then("PhaseCompleted", "PhaseStarted", "RunRequested");
  });

  test("merged twice starts one phase", () => {
    given(...phase1Ready, merged(31))
      .when(merged(31))
      .then();
  });

  test("merged while a run is live counts as accepted: the run ends and the next phase starts (Q5)", () => {
    given(
      createTask(),
      dispatched(),
      sessionOpened(),
      stepCompleted("01_idea"),
      stepPublished(1, "01_idea"),
      gateOpened(1, 31),
    )
      .when(merged(31))
      .then("RunEnded", "PhaseCompleted", "PhaseStarted", "RunRequested");
  });

  test("of the last phase completes the task", () => {
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
    given(...phase1Ready, ...phase2)
      .when(merged(32))
      .then("PhaseCompleted", "TaskCompleted");
  });

  test("closed while the app verifies waits for it: /run asks for no second run", () => {
    const verifying = phase1Ready.slice(0, phase1Ready.indexOf(verifiedCommand));
    const closed = command({ type: "RecordGateClosed", pullRequest: 31 });
    const events = given(...verifying, closed)
      .when(command({ type: "RunTask", by: writer, prompt }))
      .then("TaskResumed");
    expect(events).toHaveLength(1);
  });

  test("closed without a merge pauses the task", () => {
    given(...phase1Ready)
      .when(command({ type: "RecordGateClosed", pullRequest: 31 }))
      .then("TaskPaused");
  });

  test("of another pull request is unknown", () => {
    given(...phase1Ready)
      .when(merged(99))
      .thenRefused({ code: "unknown-gate", pullRequest: 99 });
  });
});

describe("/cancel", () => {
  const cancel = (by: { login: string; mayWrite: boolean }) => command({ type: "CancelTask", by });

  test("ends the live run and the task; nothing starts again", () => {
    const running = [createTask(), dispatched(), sessionOpened()];
    given(...running)
      .when(cancel(writer))
      .then("RunEnded", "TaskCancelled");
    given(...running, cancel(writer))
      .when(stepCompleted("01_idea"))
      .thenRefused({ code: "unknown-run" });
    given(...running, cancel(writer))
      .when(command({ type: "RunTask", by: writer, prompt }))
      .thenRefused({ code: "wrong-status", status: "cancelled", command: "RunTask" });
  });

  test("is for people with write, and works once", () => {
    given(createTask()).when(cancel(stranger)).thenRefused({ code: "not-permitted", login: "stranger" });
    given(createTask(), cancel(writer)).when(cancel(writer)).then();
  });
});

test("a task that does not exist refuses every command but its creation", () => {
  given()
    .when(command({ type: "EndRun", runId: runIdFrom("x"), outcome: { kind: "completed" }, spent }))
    .thenRefused({ code: "no-such-task" });
});
