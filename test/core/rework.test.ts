/** Attempts: what each brought (G3.1), and when another one would only cost money. */
import { describe, expect, test } from "vitest";
import type { CommandOf, TaskCommand } from "../../src/core/commands.ts";
import type { AnyCheck, Finding } from "../../src/core/report.ts";
import { currentPhaseOf, type PhaseProgress } from "../../src/core/state.ts";
import {
  at,
  command,
  dispatched,
  eventsOf,
  finding,
  given,
  phase1Ready,
  reworkAsked,
  runEndedWith,
  running,
  sessionOpened,
  spent,
  stepCompleted,
  taskAfter,
  thread,
  worked,
  writer,
} from "./given.ts";
import { runIdFrom } from "../../src/core/ids.ts";

const verifying = phase1Ready.slice(0, -2);
const accept = command({ type: "AcceptPhase", by: writer });
const resume = command({ type: "ResumeTask", by: writer }, "run-resumed");
const retry = command({ type: "RetryTask", by: writer }, "run-retried");
const rework = reworkAsked("run-rework", [thread("market", "02_market")]);

function phaseAfter(...commands: readonly TaskCommand[]): PhaseProgress {
  const phase = currentPhaseOf(taskAfter(...commands));
  if (phase === null) throw new Error("no phase has started");
  return phase;
}

function found(check: AnyCheck, message = "as it says", line: number | null = null): Finding {
  return { ...finding, check, message, line };
}

/** The verification of an attempt; the run that mends what it found is named by the attempt that it begins. */
function verifiedWith(attempt: number, findings: readonly Finding[]): TaskCommand {
  const passed = findings.length === 0;
  const base = {
    type: "RecordVerification",
    phase: 1,
    attempt,
    headSha: `head-${attempt}`,
    passed,
    checks: [],
  } as const;
  return command({ ...base, findings, notes: [] }, `run-${attempt + 1}`);
}

/** Attempts after the first one, each of which changes a file and is found wanting in this. */
function attempts(...foundInEach: readonly (readonly Finding[])[]): readonly TaskCommand[] {
  return foundInEach.flatMap((findings, index) => [
    ...(index === 0 ? [] : worked(`run-${index + 1}`, 200 + index)),
    verifiedWith(index + 1, findings),
  ]);
}

/** A run that says that it is done, and changed nothing. */
function idled(runId: string, workflowRunId: number): readonly TaskCommand[] {
  return worked(runId, workflowRunId).map((each) => (each.type === "CompleteStep" ? { ...each, files: 0 } : each));
}

function blockOf(...commands: readonly TaskCommand[]) {
  return taskAfter(...commands).blockedBy;
}

describe("the same findings", () => {
  const same = [found("links-resolve")];

  test("are counted in a row, and end the attempts at the third time", () => {
    expect(phaseAfter(...verifying, ...attempts(same)).sameFindings).toBe(1);
    const twice = [...verifying, ...attempts(same, same)];
    expect(phaseAfter(...twice)).toMatchObject({ sameFindings: 2 });
    expect(blockOf(...twice)).toBeNull();
    expect(blockOf(...verifying, ...attempts(same, same, same))).toEqual({ kind: "verification-failed", attempts: 3 });
  });

  test("are what /accept records as failed, and nothing that was only noted", () => {
    const checks = (["links-resolve", "tests-pass"] as const).map((check) => ({ check, passed: false, looked: 1 }));
    const notes = [found("tests-pass")];
    const tried = attempts(same, same, same).map((each) =>
      each.type === "RecordVerification" ? { ...each, checks, notes } : each,
    );
    const [accepted] = given(...verifying, ...tried)
      .when(accept)
      .then("PhaseAccepted");
    expect(accepted).toMatchObject({ failed: ["links-resolve"] });
  });

  test("are others where the check, the document or what is wrong is another; a fourth attempt ends them all the same", () => {
    for (const other of [
      found("sections-present"),
      { ...found("links-resolve"), path: "docs/x.md" },
      found("links-resolve", "other"),
    ]) {
      expect(phaseAfter(...verifying, ...attempts(same, [other])).sameFindings).toBe(1);
    }
    const each = [1, 2, 3, 4].map((n) => [found("links-resolve", `link ${n}`)]);
    expect(blockOf(...verifying, ...attempts(...each.slice(0, 3)))).toBeNull();
    expect(blockOf(...verifying, ...attempts(...each))).toEqual({ kind: "verification-failed", attempts: 4 });
  });

  test("stay the same where only their order, a line, or the words of a verifier differ", () => {
    const judged = (message: string, line: number) => found("judged:planning-agrees", message, line);
    const first = [found("links-resolve", "broken", 3), judged("they differ", 4)];
    const again = [judged("the two documents disagree", 9), found("links-resolve", "broken", 7)];
    expect(phaseAfter(...verifying, ...attempts(first, again)).sameFindings).toBe(2);
  });

  test("are forgotten once an attempt passes, and counted anew after people asked for something", () => {
    expect(phaseAfter(...verifying, ...attempts(same, same, [])).sameFindings).toBe(0);
    const asked = [...verifying, ...attempts(same, same, same), rework];
    expect(phaseAfter(...asked).sameFindings).toBe(0);
    const again = [...asked, ...worked("run-rework", 300), verifiedWith(5, same)];
    expect(phaseAfter(...again).sameFindings).toBe(1);
    expect(blockOf(...again)).toBeNull();
  });

  test("that a run reports itself count like those that the app finds", () => {
    const failed = (runId: string, next: string) => [
      stepCompleted("02_market", runId),
      runEndedWith({ kind: "failed", message: "checks fail", findings: same }, runId, next),
    ];
    const thrice = [
      ...running,
      ...failed("run-1", "run-2"),
      ...[2, 3].flatMap((n) => [
        dispatched(`run-${n}`, n),
        sessionOpened(`run-${n}`, n),
        ...failed(`run-${n}`, `run-${n + 1}`),
      ]),
    ];
    expect(blockOf(...thrice)).toEqual({ kind: "verification-failed", attempts: 3 });
  });
});

describe("attempts that change nothing", () => {
  const idle = [
    ...verifying,
    verifiedWith(1, [found("links-resolve", "one")]),
    ...idled("run-2", 202),
    verifiedWith(2, [found("links-resolve", "two")]),
    ...idled("run-3", 203),
    verifiedWith(3, [found("links-resolve", "three")]),
  ];

  test("are two in a row, and then a person is asked", () => {
    expect(blockOf(...idle.slice(0, -1))).toBeNull();
    expect(blockOf(...idle)).toMatchObject({ kind: "no-progress", why: "no-change" });
  });

  test("are forgotten with one that changes a file, or passes", () => {
    const changed = idle.map((each, index) =>
      each.type === "CompleteStep" && index > idle.length - 4 ? { ...each, files: 1 } : each,
    );
    expect(blockOf(...changed)).toBeNull();
    expect(phaseAfter(...changed).idleAttempts).toBe(0);
    expect(phaseAfter(...idle.slice(0, -1), verifiedWith(3, [])).idleAttempts).toBe(0);
  });

  test.each([
    ["/resume", resume, ["TaskResumed", "RunRequested"]],
    ["/retry", retry, ["RetryRequested", "TaskResumed", "RunRequested"]],
    ["/rework", rework, ["FeedbackGiven", "ReworkRequested", "RunRequested"]],
    ["/accept", accept, ["PhaseAccepted"]],
  ] as const)("leave the word to people: %s goes on, and the count begins anew", (_name, order, types) => {
    given(...idle)
      .when(order)
      .then(...types);
    if (order !== accept) expect(phaseAfter(...idle, order).idleAttempts).toBe(0);
  });
});

describe("money without a changed file", () => {
  const dear = (usd: number) => ({ ...spent, costUsd: usd });
  const slice = (runId: string, usd: number, next: string): TaskCommand =>
    command({ type: "EndRun", runId: runIdFrom(runId), outcome: { kind: "slice-ended" }, spent: dear(usd) }, next);
  const second = [dispatched("run-2", 2), sessionOpened("run-2", 2)];

  test("stops the runs of a phase at its limit, however many shared it", () => {
    const less = [...running, slice("run-1", 1.5, "run-2")];
    expect(blockOf(...less)).toBeNull();
    expect(blockOf(...less, ...second, slice("run-2", 1.5, "run-3"))).toEqual({
      kind: "no-progress",
      why: "money-without-commits",
      spentUsd: 3,
    });
  });

  test("counts from the last step that changed one", () => {
    const step = stepCompleted("01_idea");
    const later = [...running, step, slice("run-1", 2.9, "run-2"), ...second];
    expect(phaseAfter(...later).spentWithoutCommitUsd).toBe(2.9);
    const unchanged: TaskCommand = {
      ...(stepCompleted("02_market", "run-2") as CommandOf<"CompleteStep">),
      files: 0,
      spent: dear(0.2),
    };
    expect(blockOf(...later, unchanged, slice("run-2", 0.1, "run-3"))).toMatchObject({ kind: "no-progress" });
    expect(blockOf(...later, stepCompleted("02_market", "run-2"), slice("run-2", 2.9, "run-3"))).toBeNull();
  });

  test("is counted anew after a person's word", () => {
    const stopped = [...running, slice("run-1", 3, "run-2")];
    expect(phaseAfter(...stopped, resume).spentWithoutCommitUsd).toBe(0);
    given(...stopped)
      .when(accept)
      .thenRefused({ code: "no-gate" });
  });
});

describe("a rework attempt (G3.1)", () => {
  const two = [found("links-resolve", "a link is broken", 3), found("code-exists", "no manifest")];
  const failed = [...verifying, at("10:00:00.000", verifiedWith(1, two))];

  test("begins with the run that is to mend what failed, and says what that is", () => {
    expect(phaseAfter(...verifying).reworkAttempts).toEqual([]);
    expect(phaseAfter(...failed).reworkAttempts).toEqual([
      {
        attemptNumber: 1,
        failedCriteria: ["links-resolve", "code-exists"],
        reworkPrompt: "docs/planning/02_market.md:3: a link is broken\ndocs/planning/02_market.md: no manifest",
        startedAt: "2026-11-21T10:00:00.000Z",
        completedAt: null,
        result: null,
      },
    ]);
  });

  test.each([
    ["success", []],
    ["partial", two.slice(0, 1)],
    ["failed", two],
  ] as const)("ends with the next verification: %s", (result, findings) => {
    const after = [...failed, ...worked("run-2", 202), at("10:07:00.000", verifiedWith(2, findings))];
    const [attempt] = phaseAfter(...after).reworkAttempts;
    expect(attempt).toMatchObject({ result, completedAt: "2026-11-21T10:07:00.000Z" });
  });

  test("ends with a failed run, too, and the next one is another", () => {
    const gaveUp = [
      ...failed,
      dispatched("run-2", 202),
      sessionOpened("run-2", 202),
      runEndedWith({ kind: "failed", message: "gave up", findings: [] }, "run-2", "run-3"),
    ];
    expect(phaseAfter(...gaveUp).reworkAttempts).toMatchObject([
      { attemptNumber: 1, result: "failed" },
      { attemptNumber: 2, result: null },
    ]);
  });

  test("is one, however many runs it takes", () => {
    const lost = { kind: "lost", message: "silence" } as const;
    const again = [
      ...failed,
      dispatched("run-2", 202),
      sessionOpened("run-2", 202),
      runEndedWith(lost, "run-2", "run-3"),
    ];
    expect(eventsOf(again).at(-1)).toMatchObject({ type: "RunRequested", attempt: 2 });
    expect(phaseAfter(...again).reworkAttempts).toHaveLength(1);
  });

  test("is none where people ask for something that nobody found wanting", () => {
    expect(phaseAfter(...phase1Ready, rework).reworkAttempts).toEqual([]);
  });

  test("is one where a person has it tried again", () => {
    const each = [1, 2, 3, 4].map((n) => [found("links-resolve", `link ${n}`)]);
    const after = phaseAfter(...verifying, ...attempts(...each), retry).reworkAttempts;
    expect(after.map(({ attemptNumber, result }) => [attemptNumber, result])).toEqual([
      [1, "failed"],
      [2, "failed"],
      [3, "failed"],
      [1, null],
    ]);
  });
});
