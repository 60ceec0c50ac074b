/** Limits of the provider, budgets, and the counters that are never mixed (H1, H2, Q11, Q12). */
import { describe, expect, test } from "vitest";
import type { CommandOf, TaskCommand } from "../../src/core/commands.ts";
import type { BlockReason } from "../../src/core/outcome.ts";
import { limitEndsAt } from "../../src/core/react.ts";
import { agentStatusOf, budgetLeftOf, purseOf } from "../../src/core/state.ts";
import { nothingSpent } from "../../src/core/usage.ts";
import {
  approve,
  at,
  budget,
  command,
  createTask,
  dispatched,
  given,
  merged,
  phase1Ready,
  reviewed,
  reworkAsked,
  run1,
  runEnded,
  runEndedWith,
  runLost,
  running,
  sessionOpened,
  spent,
  stepCompleted,
  taskAfter,
  thread,
  wish,
  writer,
} from "./given.ts";
import { runIdFrom } from "../../src/core/ids.ts";

const session = (runId: string, n: number) => [dispatched(runId, n), sessionOpened(runId, n)];
const limited = (resetsAt: string | null = null) => ({ kind: "rate-limited", resetsAt, message: "limit" }) as const;
const lifted = (kind: BlockReason["kind"], next: string) =>
  command({ type: "LiftBlock", kinds: [kind], by: "Phasegate" }, next);
const pause = command({ type: "SuspendTask", by: writer, reason: { kind: "paused", by: "owner" } });
const resume = command({ type: "ResumeTask", by: writer }, "run-resumed");
const pausedBy = (reason: BlockReason) => command({ type: "PauseTask", reason });
const phaseOf = (...commands: readonly TaskCommand[]) => taskAfter(...commands).phases.at(-1);

/** A run that used up its purse, and what it had spent beyond its steps. */
function usedUp(budgetUsd: number, spentUsd = budgetUsd, runId = "run-1"): TaskCommand {
  return command(
    {
      type: "EndRun",
      runId: runIdFrom(runId),
      outcome: { kind: "budget-exhausted", spentUsd, budgetUsd },
      spent: { ...spent, costUsd: spentUsd },
    },
    `after-${runId}`,
  );
}

describe("a limit of the provider", () => {
  test("pauses the task, calls nobody's attempt a failure, and its end lets the task go on", () => {
    given(...running)
      .when(runEndedWith(limited()))
      .then("RunEnded", "TaskPaused");
    const state = taskAfter(...running, runEndedWith(limited()));
    expect(agentStatusOf(state)).toBe("paused");
    expect(state.phases[0]).toMatchObject({ failedAttempts: 0, environmentFaults: 0, emptySlices: 0, limitedRuns: 1 });
    given(...running, runEndedWith(limited()))
      .when(lifted("rate-limited", "run-2"))
      .then("TaskResumed", "RunRequested");
  });

  test("under which the account of a task is holds its run back before it is dispatched", () => {
    const held = [createTask(), pausedBy(limited())];
    given(...held)
      .when(dispatched())
      .thenRefused({ code: "unknown-run" });
    given(...held)
      .when(lifted("rate-limited", "run-2"))
      .then("TaskResumed", "RunRequested");
  });

  test("does not take the place of what a person has to mend: its end would let the task go on without", () => {
    const broken = [...running, pausedBy({ kind: "effect-failed", effect: "PublishStep", message: "403" })];
    given(...broken)
      .when(runEndedWith(limited()))
      .then("RunEnded");
    const history = [...broken, runEndedWith(limited())];
    expect(taskAfter(...history).blockedBy?.kind).toBe("effect-failed");
    given(...history)
      .when(lifted("rate-limited", "run-2"))
      .then();
    given(...history)
      .when(resume)
      .then("TaskResumed", "RunRequested");
  });

  test("whose end comes too late, or twice, does nothing", () => {
    given(...running)
      .when(lifted("rate-limited", "run-2"))
      .then();
    given(...running, runEndedWith(limited()), pause)
      .when(lifted("rate-limited", "run-2"))
      .then();
  });

  test("gives way to what a person or GitHub stops the task with", () => {
    const closed = command({ type: "SuspendTask", by: null, reason: { kind: "issue-closed", by: "owner" } });
    for (const stop of [pause, closed]) {
      const [paused] = given(...running, runEndedWith(limited()))
        .when(stop)
        .then("TaskPaused");
      expect(paused).not.toMatchObject({ reason: { kind: "rate-limited" } });
    }
    given(...phase1Ready.slice(0, 6), runEndedWith(limited()))
      .when(command({ type: "RecordGateClosed", pullRequest: 31 }))
      .then("TaskPaused");
  });

  /** Limited so many times in a row, each by a run of its own. */
  function afterLimits(times: number, resetsAt: string | null) {
    const rounds = Array.from({ length: times }, (_, index) => [
      ...session(`r${index}`, index),
      runEndedWith(limited(resetsAt), `r${index}`, "unused"),
      ...(index + 1 < times ? [lifted("rate-limited", `r${index + 1}`)] : []),
    ]).flat();
    return taskAfter({ ...createTask(), newRunId: runIdFrom("r0") }, ...rounds);
  }
  const ten = "2026-11-21T10:00:00.000Z";

  test("of which nobody said when it ends is tried after 5, 10, 20 and 40 minutes, then each hour", () => {
    const due = [1, 2, 3, 4, 5, 6, 7].map((times) => limitEndsAt(ten, limited(), afterLimits(times, null)));
    const minutes = ["10:05", "10:10", "10:20", "10:40", "11:00", "11:00", "11:00"];
    expect(due).toEqual(minutes.map((time) => `2026-11-21T${time}:00.000Z`));
  });

  test("ends when the provider said; where that was not so, not before a pause that grows", () => {
    const noon = "2026-11-21T12:00:00.000Z";
    const soon = "2026-11-21T10:00:20.000Z";
    expect(limitEndsAt(ten, limited(noon), afterLimits(3, noon))).toBe(noon);
    const due = [1, 2, 3].map((times) => limitEndsAt(ten, limited(soon), afterLimits(times, soon)));
    expect(due).toEqual([soon, "2026-11-21T10:05:00.000Z", "2026-11-21T10:10:00.000Z"]);
  });

  test("that was over before it was heard of, or that only held back a dispatch, is tried without a rush", () => {
    const past = "2026-11-21T09:00:00.000Z";
    expect(limitEndsAt(ten, limited(past), afterLimits(1, past))).toBe("2026-11-21T10:00:01.000Z");
    expect(limitEndsAt(ten, limited(), taskAfter(createTask(), pausedBy(limited())))).toBe("2026-11-21T10:05:00.000Z");
  });

  test("is forgotten by a finished step", () => {
    const state = [...running, runEndedWith(limited()), lifted("rate-limited", "r2"), ...session("r2", 2)];
    expect(phaseOf(...state)?.limitedRuns).toBe(1);
    expect(phaseOf(...state, stepCompleted("01_idea", "r2"))?.limitedRuns).toBe(0);
  });
});

test("a model account at fault pauses the task as an error that a person mends, and no limit ends it", () => {
  const refusedBy = runEndedWith({ kind: "provider-refused", why: "billing", message: "no credit" });
  const [, paused] = given(...running)
    .when(refusedBy)
    .then("RunEnded", "TaskPaused");
  expect(paused).toMatchObject({ reason: { kind: "provider-refused", why: "billing", message: "no credit" } });
  expect(agentStatusOf(taskAfter(...running, refusedBy))).toBe("error");
  given(...running, refusedBy)
    .when(lifted("rate-limited", "run-2"))
    .then();
  given(...running, refusedBy)
    .when(resume)
    .then("TaskResumed", "RunRequested");
});

describe("a run's account", () => {
  const opens = (account: string | null, runId = "run-1", n = 100) =>
    command({ type: "OpenSession", runId: runIdFrom(runId), workflowRunId: n, url: "https://github.test/r", account });

  test("is kept once it is known or another, and stays where an older runner says nothing", () => {
    given(createTask(), dispatched()).when(opens("a1")).then("AccountIdentified", "RunStarted");
    const known = [createTask(), dispatched(), opens("a1"), runLost("run-1", "r2"), dispatched("r2", 2)];
    given(...known)
      .when(opens("a1", "r2", 2))
      .then("RunStarted");
    given(...known)
      .when(opens("a2", "r2", 2))
      .then("AccountIdentified", "RunStarted");
    expect(taskAfter(...known, opens(null, "r2", 2)).account).toBe("a1");
  });
});

describe("a run that used up its purse", () => {
  test("says of the phase what people set and what all its runs spent", () => {
    const step = { ...stepCompleted("01_idea"), spent: { ...spent, costUsd: 3 } } as TaskCommand;
    const history = [...running, step, runLost("run-1", "r2"), ...session("r2", 2)];
    const [, paused] = given(...history)
      .when(usedUp(1.99, 2, "r2"))
      .then("RunEnded", "TaskPaused");
    expect(paused).toMatchObject({
      reason: { kind: "budget-exhausted", scope: "phase", spentUsd: 5.01, budgetUsd: 5 },
    });
  });

  test("is the task's affair where the task had less left than the phase", () => {
    const history = [...running, budget(100), runLost("run-1", "r2"), ...session("r2", 2)];
    const [, paused] = given(...history)
      .when(usedUp(24.99, 25, "r2"))
      .then("RunEnded", "TaskPaused");
    expect(paused).toMatchObject({ reason: { scope: "task", spentUsd: 25.01, budgetUsd: 25 } });
  });

  test("is the day's affair where both had more left", () => {
    const [, paused] = given(...running)
      .when(usedUp(1.5, 1.6))
      .then("RunEnded", "TaskPaused");
    expect(paused).toMatchObject({ reason: { scope: "day", spentUsd: 1.6, budgetUsd: 1.5 } });
    // What it spent on its steps was part of its own purse.
    const step = { ...stepCompleted("01_idea"), spent: { ...spent, costUsd: 3 } } as TaskCommand;
    const [, later] = given(...running, step)
      .when(usedUp(4, 1))
      .then("RunEnded", "TaskPaused");
    expect(later).toMatchObject({ reason: { scope: "day" } });
  });

  test("while somebody gave it more is followed by another, and the day has no part in it", () => {
    given(...running, budget(8))
      .when(usedUp(5, 5.1))
      .then("RunEnded", "RunRequested");
    // Once only: the run after it was told of the new purse.
    const [, paused] = given(...running, budget(8), usedUp(5, 5.1), ...session("after-run-1", 2))
      .when(usedUp(2.9, 2.9, "after-run-1"))
      .then("RunEnded", "TaskPaused");
    expect(paused).toMatchObject({ reason: { scope: "phase", budgetUsd: 8 } });
  });

  test("while somebody gave it less stops", () => {
    const [, paused] = given(...running, budget(3))
      .when(usedUp(5, 5))
      .then("RunEnded", "TaskPaused");
    expect(paused).toMatchObject({ reason: { scope: "phase", spentUsd: 5, budgetUsd: 3 } });
  });
});

describe("/budget", () => {
  test("sets what the phase may spend, and lets a phase go on that had used up its own", () => {
    given(...running)
      .when(budget(8))
      .then("BudgetSet");
    const [set] = given(...running, usedUp(5))
      .when(budget(8))
      .then("BudgetSet", "TaskResumed", "RunRequested");
    expect(set).toMatchObject({ phase: 1, usd: 8, by: "owner" });
    expect(budgetLeftOf(taskAfter(...running, usedUp(5), budget(8)))).toMatchObject({ scope: "phase", leftUsd: 3 });
  });

  test("is about the task where the task has used up its own", () => {
    const history = [createTask(), pausedBy({ kind: "budget-exhausted", scope: "task", spentUsd: 25, budgetUsd: 25 })];
    const [set] = given(...history)
      .when(budget(40))
      .then("BudgetSet", "TaskResumed", "RunRequested");
    expect(set).toMatchObject({ phase: null, usd: 40 });
    expect(taskAfter(...history, budget(40)).taskBudgetUsd).toBe(40);
  });

  test("that is not more than was spent already is refused with what was", () => {
    for (const usd of [4, 5]) {
      given(...running, usedUp(5))
        .when(budget(usd))
        .thenRefused({ code: "below-spent", spentUsd: 5 });
    }
  });

  test("does not touch the day's, which ends at midnight", () => {
    const history = [...running, usedUp(1.5)];
    given(...history)
      .when(budget(8))
      .thenRefused({ code: "day-budget" });
    given(...history)
      .when(lifted("budget-exhausted", "run-2"))
      .then("TaskResumed", "RunRequested");
  });

  test("said twice is set once", () => {
    given(...running, budget(8))
      .when(budget(8))
      .then();
  });

  test("wakes nothing that waits for something else", () => {
    given(...running, runEndedWith(limited()))
      .when(budget(8))
      .then("BudgetSet");
  });

  test("after a merge during a pause is about the phase that comes next", () => {
    const [set] = given(...phase1Ready, pause, merged(31))
      .when(budget(8))
      .then("BudgetSet");
    expect(set).toMatchObject({ phase: 2 });
  });
});

describe("/approve up to", () => {
  test("sets the purse of the next phase with the approval", () => {
    const [set] = given(...phase1Ready)
      .when(approve(writer, 6))
      .then("BudgetSet", "PhaseApproved");
    expect(set).toMatchObject({ phase: 2, usd: 6 });
    const next = taskAfter(...phase1Ready, approve(writer, 6), merged(31));
    expect([purseOf(next, 1), purseOf(next, 2)]).toEqual([5, 6]);
    expect(budgetLeftOf(next)).toMatchObject({ scope: "phase", leftUsd: 6 });
  });

  test("by who has approved already changes the purse alone, and said twice nothing", () => {
    given(...phase1Ready, approve())
      .when(approve(writer, 6))
      .then("BudgetSet");
    given(...phase1Ready, approve(writer, 6))
      .when(approve(writer, 6))
      .then();
  });

  test("without an amount leaves the purse as it is", () => {
    given(...phase1Ready)
      .when(approve())
      .then("PhaseApproved");
  });
});

describe("counters are never mixed (Q12)", () => {
  const fault = (kind: "lost" | "slice") => (runId: string, next: string) =>
    kind === "lost" ? runLost(runId, next) : { ...runEnded("slice-ended", runId), newRunId: runIdFrom(next) };

  test("three lost runs and three slices without a step stop nothing", () => {
    const kinds = ["lost", "slice", "lost", "slice", "lost", "slice"] as const;
    const rounds = kinds.flatMap((kind, index) => [
      ...session(`r${index}`, index),
      fault(kind)(`r${index}`, `r${index + 1}`),
    ]);
    const state = taskAfter({ ...createTask(), newRunId: runIdFrom("r0") }, ...rounds);
    expect(state.blockedBy).toBeNull();
    expect(state.phases[0]).toMatchObject({ environmentFaults: 3, emptySlices: 3, failedAttempts: 0, limitedRuns: 0 });
  });

  const stopped = (kind: "lost" | "slice") => [
    { ...createTask(), newRunId: runIdFrom("r0") },
    ...[0, 1, 2, 3].flatMap((n) => [...session(`r${n}`, n), fault(kind)(`r${n}`, `r${n + 1}`)]),
  ];

  test.each(["lost", "slice"] as const)("the fourth %s in a row asks a person", (kind) => {
    expect(taskAfter(...stopped(kind)).blockedBy).toMatchObject({ kind: "environment", faults: 4 });
  });

  test.each(["lost", "slice"] as const)("who resumes it gives all of them anew (%s)", (kind) => {
    const again = [...stopped(kind), resume, ...session("run-resumed", 9), fault(kind)("run-resumed", "r9")];
    expect(taskAfter(...again).blockedBy).toBeNull();
  });

  test("a slice in which a step was finished is none of them", () => {
    const rounds = [0, 1, 2, 3, 4, 5].flatMap((n) => [
      ...session(`r${n}`, n),
      stepCompleted("01_idea", `r${n}`),
      fault("slice")(`r${n}`, `r${n + 1}`),
    ]);
    expect(taskAfter({ ...createTask(), newRunId: runIdFrom("r0") }, ...rounds).blockedBy).toBeNull();
  });

  test("a rework that people ask for starts all of them afresh", () => {
    const counted: CommandOf<"EndRun">["outcome"] = { kind: "slice-ended" };
    const asked = reviewed("head-1-1", [wish(1, "owner")], [{ ...thread("market", "02_market"), resolved: false }]);
    const first = [...phase1Ready, asked, reworkAsked("r2", [thread("market", "02_market")], [1]), ...session("r2", 2)];
    expect(phaseOf(...first, runEndedWith(counted, "r2", "r3"))?.emptySlices).toBe(1);
    expect(phaseOf(...first)).toMatchObject({
      environmentFaults: 0,
      emptySlices: 0,
      limitedRuns: 0,
      failedAttempts: 0,
    });
  });
});

test("what a run spent beyond its steps is counted when the app ends it, and nothing twice", () => {
  const step = { ...stepCompleted("01_idea"), spent: { ...spent, costUsd: 2 } } as TaskCommand;
  const liveSpent = { ...spent, costUsd: 2.5 };
  const stops = { ...pause, liveSpent };
  expect(phaseOf(...running, step, stops)?.spent.costUsd).toBe(2.5);
  const lost = {
    ...command({ type: "EndRun", runId: run1, outcome: { kind: "lost", message: "silence" }, spent: nothingSpent }),
    liveSpent,
  };
  expect(phaseOf(...running, step, lost)?.spent.costUsd).toBe(2.5);
  expect(phaseOf(...running, step, at("10:01:00.000", usedUp(0.4)))?.spent.costUsd).toBeCloseTo(2.4, 9);
});
