import { describe, expect, test } from "vitest";
import type { TaskCommand } from "../../src/core/commands.ts";
import { changesetIdOf, runIdFrom } from "../../src/core/ids.ts";
import { currentPhaseOf, type PhaseProgress } from "../../src/core/state.ts";
import {
  approval,
  command,
  createTask,
  dispatched,
  eventsOf,
  finding,
  gateOpened,
  gateReady,
  given,
  merged,
  phase1Ready,
  reviewed,
  reworkAsked,
  run1,
  runEnded,
  sessionOpened,
  stateAfter,
  stepAnswers,
  stepCompleted,
  stepPublished,
  thread,
  verified,
  wish,
  writer,
  foundIn,
  worked,
} from "./given.ts";

const head = "head-1-1";
const market = thread("market", "02_market");
const seen = { ...market, resolved: false };

function phaseAfter(...commands: readonly TaskCommand[]): PhaseProgress {
  const state = stateAfter(...commands);
  const phase = state.status === "absent" ? null : currentPhaseOf(state);
  if (phase === null) throw new Error("no phase has started");
  return phase;
}

/** A rework of the market document from the review with this id, up to where the app verifies it. */
function reworked(runId: string, reviewId: number, attempt: number): readonly TaskCommand[] {
  return [
    reworkAsked(runId, [market], [reviewId]),
    dispatched(runId, 200 + attempt),
    sessionOpened(runId, 200 + attempt),
    stepAnswers("02_market", runId, [{ id: market.id, kind: "fixed" }]),
    stepPublished(1, "02_market", runId),
    runEnded("completed", runId),
  ];
}

/** The same, presented again; GitHub's head stays where it was if the agent changed nothing. */
function presentedAgain(runId: string, reviewId: number, attempt: number, headSha = head): readonly TaskCommand[] {
  return [...reworked(runId, reviewId, attempt), verified(1, true, attempt), gateReady(1, headSha)];
}

const asked = reviewed(head, [wish(1, "owner")], [seen]);

describe("a review (C2.1)", () => {
  test("counts on the current head, once", () => {
    const approved = reviewed(head, [approval(1, "owner")]);
    given(...phase1Ready)
      .when(approved)
      .then("ReviewApproved");
    given(...phase1Ready, approved)
      .when(approved)
      .then();
    expect(phaseAfter(...phase1Ready, approved).gate?.review).toBe("approved");
  });

  test("of an older commit does not count", () => {
    given(...phase1Ready)
      .when(reviewed(head, [approval(1, "owner", "older"), wish(2, "reviewer", "older")]))
      .then();
  });

  test("is withdrawn by a person's push and by a dismissal, whatever it said", () => {
    const both = reviewed(head, [approval(1, "owner"), wish(2, "reviewer")]);
    given(...phase1Ready, both)
      .when(reviewed("pushed", [approval(1, "owner"), wish(2, "reviewer")]))
      .then("ReviewWithdrawn", "ReviewWithdrawn");
    given(...phase1Ready, both)
      .when(reviewed(head, []))
      .then("ReviewWithdrawn", "ReviewWithdrawn");
  });

  test("keeps its approval under our own commit that lets CI run", () => {
    const approved = reviewed(head, [approval(1, "owner")]);
    const released = command({ type: "RecordCiReleased", phase: 1, headSha: "released" });
    given(...phase1Ready, approved, released)
      .when(reviewed("released", [approval(1, "owner")]))
      .then();
  });

  test("of the head before a person's push is no approval of the commit that lets CI run on what was pushed", () => {
    const pushed = reviewed("pushed", [approval(1, "owner"), approval(2, "reviewer", "pushed")]);
    const released = command({ type: "RecordCiReleased", phase: 1, headSha: "released" });
    const state = phaseAfter(
      ...phase1Ready,
      pushed,
      released,
      reviewed("released", [approval(1, "owner"), approval(2, "reviewer", "pushed")]),
    );
    expect(state.gate?.approvedBy).toEqual(["reviewer"]);
  });

  test("who asks for changes outweighs who approves, and takes the own wish back by approving", () => {
    const both = reviewed(head, [approval(1, "owner"), wish(2, "reviewer")]);
    expect(phaseAfter(...phase1Ready, both).gate?.review).toBe("changes_requested");
    given(...phase1Ready, both)
      .when(reviewed(head, [approval(1, "owner"), approval(3, "reviewer")]))
      .then("ReviewApproved");
  });

  test("of an unknown pull request is refused", () => {
    given(createTask()).when(asked).thenRefused({ code: "unknown-gate", pullRequest: 31 });
  });
});

describe("/approve", () => {
  const byComment = command({ type: "ApprovePhase", by: writer, headSha: head, purseUsd: null });

  test("counts until the head moves, though GitHub lists no review", () => {
    given(...phase1Ready, byComment)
      .when(reviewed(head, []))
      .then();
    given(...phase1Ready, byComment)
      .when(reviewed("pushed", []))
      .then("ReviewWithdrawn");
  });

  test("takes back the person's own review, which GitHub goes on showing, until that person says something new", () => {
    const done = [...phase1Ready, asked, byComment];
    given(...done)
      .when(asked)
      .then();
    const more = { ...thread("more", "01_idea"), resolved: false };
    given(...done)
      .when(reviewed(head, [wish(2, "owner")], [seen, more]))
      .then("FeedbackGiven", "ChangesRequested");
  });
});

describe("a wish for changes while a run is at work", () => {
  const running = [
    createTask(),
    dispatched(),
    sessionOpened(),
    stepCompleted("01_idea"),
    stepPublished(1, "01_idea"),
    gateOpened(1, 31),
  ];
  const early = [wish(1, "owner", "sha-1-01_idea")];
  const rest = [
    stepCompleted("02_market"),
    stepPublished(1, "02_market"),
    runEnded("completed"),
    verified(1, true),
    gateReady(1),
  ];

  test("is kept until the gate is presented, though our commits move the head", () => {
    const said = reviewed("sha-1-01_idea", early);
    given(...running)
      .when(said)
      .then("ChangesRequested");
    const presented = [...running, said, ...rest];
    expect(phaseAfter(...presented).gate?.requestedBy).toEqual(["owner"]);
    // What the rework reads first, before it starts.
    given(...presented)
      .when(reviewed(head, early))
      .then();
  });

  test("is heard at the presentation where its webhook got lost", () => {
    given(...running, ...rest)
      .when(reviewed(head, early))
      .then("ChangesRequested");
  });

  test("falls by a dismissal, and by a person's push after the presentation", () => {
    const presented = [...running, reviewed("sha-1-01_idea", early), ...rest];
    given(...presented)
      .when(reviewed(head, []))
      .then("ReviewWithdrawn");
    given(...presented)
      .when(reviewed("pushed", early))
      .then("ReviewWithdrawn");
  });

  test("on the head that was presented before is kept during the rework", () => {
    const working = reworked("run-2", 1, 2);
    given(...phase1Ready, asked, ...working)
      .when(reviewed("sha-1-02_market", [wish(1, "owner"), wish(2, "reviewer")], [seen]))
      .then("ChangesRequested");
  });
});

describe("a rework", () => {
  const again = presentedAgain("run-2", 1, 2);

  test("takes up a review once, also where the head stays (no endless rework)", () => {
    given(...phase1Ready, asked, ...again)
      .when(reviewed(head, [wish(1, "owner")], [seen]))
      .then();
  });

  test("is due again by a new review of the same person", () => {
    given(...phase1Ready, asked, ...again)
      .when(reviewed(head, [wish(2, "owner")], [seen]))
      .then("ChangesRequested");
  });

  test("starts verification anew (Q12), and no attempt number is used twice", () => {
    const failing = [
      ...phase1Ready,
      asked,
      ...reworked("run-2", 1, 2),
      ...[2, 3, 4].flatMap((attempt) => [
        verified(1, false, attempt, `mend-${attempt}`),
        ...worked(`mend-${attempt}`, 300 + attempt),
      ]),
    ];
    const attempts = eventsOf(failing).flatMap((event) => (event.type === "RunRequested" ? [event.attempt] : []));
    expect(attempts).toEqual([1, 2, 3, 4, 5]);
    given(...failing)
      .when(verified(1, false, 5))
      .then("PhaseVerified", "TaskPaused");
    const paused = [...failing, verified(1, false, 5)];
    const events = given(...paused)
      .when(reworkAsked("run-9", [market]))
      .then("ReworkRequested", "RunRequested");
    expect(events[1]).toMatchObject({ attempt: 7, findings: [foundIn(5)] });
    expect(phaseAfter(...paused, reworkAsked("run-9", [market])).failedAttempts).toBe(0);
  });

  test("reopens the steps of what it takes up, and no others", () => {
    const { steps } = phaseAfter(...phase1Ready, asked, reworkAsked("run-2", [market], [1]));
    expect(steps.map(({ slug, completed }) => [slug, completed])).toEqual([
      ["01_idea", true],
      ["02_market", false],
    ]);
  });

  test("follows feedback to another step where a reply speaks of that one", () => {
    const moved = reworkAsked("run-2", [{ ...market, step: "01_idea" }], [1]);
    given(...phase1Ready, asked)
      .when(moved)
      .then("FeedbackGiven", "ReworkRequested", "RunRequested");
    const { steps, feedback } = phaseAfter(...phase1Ready, asked, moved);
    expect(steps.map(({ completed }) => completed)).toEqual([false, true]);
    expect(feedback).toHaveLength(1);
  });

  test("that /rework starts speaks for those who asked in a review, too", () => {
    const both = reviewed(head, [wish(1, "reviewer")], [seen]);
    const events = given(...phase1Ready, both)
      .when(reworkAsked("run-2", [market]))
      .then("ReworkRequested", "RunRequested");
    expect(events[0]).toMatchObject({ by: ["owner", "reviewer"] });
  });

  test("needs something to change, and a gate or a failure to start from", () => {
    given(...phase1Ready)
      .when(reworkAsked("run-2", []))
      .thenRefused({ code: "nothing-to-change" });
    given(createTask())
      .when(reworkAsked("run-2", [market]))
      .thenRefused({ code: "already-running", status: "pending" });
  });

  test("shows the wish as open until it is presented, whoever approves meanwhile", () => {
    const working = [...phase1Ready, asked, reworkAsked("run-2", [market], [1])];
    expect(phaseAfter(...working, reviewed(head, [approval(5, "reviewer")], [seen])).gate?.review).toBe(
      "changes_requested",
    );
    expect(phaseAfter(...phase1Ready, asked, ...again).gate?.review).toBe("in_review");
  });
});

describe("feedback (C2.2)", () => {
  test("is given once, resolved and reopened as GitHub shows it", () => {
    given(...phase1Ready)
      .when(reviewed(head, [], [seen]))
      .then("FeedbackGiven");
    given(...phase1Ready, reviewed(head, [], [seen]))
      .when(reviewed(head, [], [seen]))
      .then();
    const resolved = [...phase1Ready, reviewed(head, [], [seen]), reviewed(head, [], [{ ...seen, resolved: true }])];
    expect(phaseAfter(...resolved).feedback[0]?.state).toBe("resolved");
    given(...resolved)
      .when(reviewed(head, [], [seen]))
      .then("FeedbackReopened");
  });

  test("that GitHub cannot resolve keeps the state that we gave it", () => {
    const body = { ...seen, id: "review:1", resolved: null };
    const done = [
      ...phase1Ready,
      reviewed(head, [], [body]),
      command({ type: "RecordResolved", phase: 1, ids: ["review:1"] }),
    ];
    given(...done)
      .when(reviewed(head, [], [body]))
      .then();
    expect(phaseAfter(...done).feedback[0]?.state).toBe("resolved");
  });

  test("is answered only where it was asked, and only once", () => {
    const working = [
      ...phase1Ready,
      asked,
      reworkAsked("run-2", [market], [1]),
      dispatched("run-2", 202),
      sessionOpened("run-2", 202),
    ];
    const events = given(...working)
      .when(
        stepAnswers("02_market", "run-2", [
          { id: "thread:nobody-asked", kind: "fixed" },
          { id: market.id, kind: "declined" },
          { id: market.id, kind: "fixed" },
        ]),
      )
      .then("StepCompleted", "FeedbackAnswered");
    expect(events[1]).toMatchObject({ id: market.id, answer: "declined" });
    given(...phase1Ready.slice(0, 3))
      .when(stepAnswers("01_idea", "run-1", [{ id: market.id, kind: "fixed" }]))
      .then("StepCompleted");
  });

  test("whose answer stood on refused changes is asked again", () => {
    const answered = [
      ...phase1Ready,
      asked,
      reworkAsked("run-2", [market], [1]),
      dispatched("run-2", 202),
      sessionOpened("run-2", 202),
      stepAnswers("02_market", "run-2", [{ id: market.id, kind: "fixed" }]),
    ];
    const refused = command({
      type: "RefuseChangeset",
      phase: 1,
      step: "02_market",
      changesetId: changesetIdOf(runIdFrom("run-2"), "02_market"),
      findings: [{ ...finding, check: "no-secrets" }],
    });
    expect(phaseAfter(...answered).feedback[0]?.answer?.kind).toBe("fixed");
    expect(phaseAfter(...answered, refused).feedback[0]?.answer).toBeNull();
  });
});

describe("findings", () => {
  const both = [finding, { ...finding, step: "01_idea" }];
  const failed = command(
    {
      type: "RecordVerification",
      phase: 1,
      attempt: 1,
      headSha: head,
      passed: false,
      checks: [],
      findings: both,
      notes: [],
    },
    "run-2",
  );
  const half = [
    ...phase1Ready.slice(0, -2),
    failed,
    dispatched("run-2", 202),
    sessionOpened("run-2", 202),
    stepCompleted("01_idea", "run-2"),
  ];

  test.each([
    ["a slice ended", runEnded("slice-ended", "run-2"), []],
    [
      "a pause",
      command({ type: "SuspendTask", by: writer, reason: { kind: "paused", by: "owner" } }),
      [command({ type: "ResumeTask", by: writer })],
    ],
  ])("of a step that was mended do not come again after %s", (_case, stop, goOn) => {
    const events = eventsOf([...half, stop, ...goOn]);
    expect(events.at(-1)).toMatchObject({ type: "RunRequested", findings: [finding] });
    expect(phaseAfter(...half, stop, ...goOn).steps.map(({ completed }) => completed)).toEqual([true, false]);
  });

  test("of refused changes reach the run after a pause", () => {
    const why = { ...finding, check: "paths-allowed", step: "01_idea" } as const;
    const refusal = command({
      type: "RefuseChangeset",
      phase: 1,
      step: "01_idea",
      changesetId: changesetIdOf(run1, "01_idea"),
      findings: [why],
    });
    const events = eventsOf([
      createTask(),
      dispatched(),
      sessionOpened(),
      stepCompleted("01_idea"),
      refusal,
      command({ type: "SuspendTask", by: writer, reason: { kind: "paused", by: "owner" } }),
      command({ type: "ResumeTask", by: writer }, "run-3"),
    ]);
    expect(events.at(-1)).toMatchObject({ type: "RunRequested", attempt: 2, findings: [why] });
  });
});

describe("a gate that moves", () => {
  const pause = command({ type: "SuspendTask", by: writer, reason: { kind: "paused", by: "owner" } });
  const retarget = (mergedThere: boolean) =>
    command({ type: "RecordRetarget", pullRequest: 31, base: "release", merged: mergedThere });

  test("merged in the middle of a rework ends the run and starts the next phase (Q5)", () => {
    given(...phase1Ready, asked, ...reworked("run-2", 1, 2).slice(0, 3))
      .when(merged(31, "run-3"))
      .then("RunEnded", "PhaseCompleted", "PhaseStarted", "RunRequested");
  });

  test("merged during /pause starts the next phase only after /resume", () => {
    given(...phase1Ready, pause)
      .when(merged(31))
      .then("PhaseCompleted", "TaskPaused");
    given(...phase1Ready, pause, merged(31))
      .when(command({ type: "ResumeTask", by: writer }))
      .then("TaskResumed", "PhaseStarted", "RunRequested");
  });

  test("pointed at another branch stops the task, and goes on where it points back", () => {
    given(...phase1Ready)
      .when(retarget(false))
      .then("TaskPaused");
    given(...phase1Ready, retarget(false))
      .when(retarget(false))
      .then();
    given(...phase1Ready, retarget(false))
      .when(command({ type: "LiftBlock", kinds: ["gate-retargeted"], by: "owner" }))
      .then("TaskResumed");
  });

  test("merged elsewhere counts by a person's /accept alone", () => {
    given(...phase1Ready, retarget(true))
      .when(command({ type: "AcceptPhase", by: writer }))
      .then("PhaseCompleted", "PhaseStarted", "RunRequested");
    given(...phase1Ready, retarget(false))
      .when(command({ type: "AcceptPhase", by: writer }))
      .thenRefused({ code: "nothing-failed" });
  });

  test("made ready too late hides no run that began meanwhile", () => {
    given(...phase1Ready, asked, ...reworked("run-2", 1, 2).slice(0, 3))
      .when(gateReady(1))
      .then();
    given(...phase1Ready, asked, ...reworked("run-2", 1, 2))
      .when(gateReady(1))
      .then();
  });
});

describe("what comes too late", () => {
  test("wakes no task that was cancelled", () => {
    given(
      createTask(),
      dispatched(),
      sessionOpened(),
      stepCompleted("01_idea"),
      command({ type: "CancelTask", by: writer }),
    )
      .when(
        command({
          type: "RefuseChangeset",
          phase: 1,
          step: "01_idea",
          changesetId: changesetIdOf(run1, "01_idea"),
          findings: [finding],
        }),
      )
      .then();
  });

  test("takes no gate out of review: a fault before a run that nobody wants any more", () => {
    given(...phase1Ready)
      .when(command({ type: "PauseTask", reason: { kind: "no-workflow-file" } }))
      .then();
  });
});

test("/pause stops a run that goes on beside something that failed, and what failed stays to be mended", () => {
  const reason = { kind: "effect-failed", effect: "PublishStep", message: "403" } as const;
  const pause = command({ type: "SuspendTask", by: writer, reason: { kind: "paused", by: "owner" } });
  const failed = [createTask(), dispatched(), sessionOpened(), command({ type: "PauseTask", reason })];
  given(...failed)
    .when(pause)
    .then("RunEnded");
  given(...failed, pause)
    .when(pause)
    .thenRefused({ code: "already-paused", reason: "effect-failed" });
});
