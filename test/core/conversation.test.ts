/** A phase that is a conversation: turns by comments, replies, `/done`, and what takes it up again. */
import { describe, expect, test } from "vitest";
import type { TaskCommand } from "../../src/core/commands.ts";
import { agentStatusOf, currentPhaseOf, progressPercentOf } from "../../src/core/state.ts";
import {
  asks,
  command,
  createTask,
  dispatched,
  done,
  due,
  finding,
  gateReady,
  given,
  merged,
  replied,
  replies,
  running,
  runEnded,
  runEndedWith,
  runLost,
  sessionOpened,
  stranger,
  talkBegun,
  taskAfter,
  turnSaid,
  verified,
  wish,
  reviewed,
  writer,
} from "./given.ts";

const pause = command({ type: "SuspendTask", by: writer, reason: { kind: "paused", by: "owner" } });
const resume = command({ type: "ResumeTask", by: writer });
const onlyTalked: readonly TaskCommand[] = [
  createTask(writer, { talks: true }),
  ...replies("run-1", 100, 0),
  verified(1, true),
];
const ended = [...replied, done()];
/** Ready for review after `/done`. */
const shown = [...ended, verified(1, true, 2), gateReady(1, "head-1-2")];

function talkOf(...commands: readonly TaskCommand[]) {
  const phase = currentPhaseOf(taskAfter(...commands));
  if (phase?.conversation == null) throw new Error("the phase is no conversation");
  return { ...phase.conversation, attempt: phase.attempt, toMend: phase.toMend };
}

describe("a turn", () => {
  test("of the issue itself is replied to, and the task then waits for a comment", () => {
    const task = taskAfter(...replied);
    expect(task).toMatchObject({ status: "pending", run: null, blockedBy: { kind: "conversation" } });
    expect(agentStatusOf(task)).toBe("waiting_question");
    expect(talkOf(...replied).replies).toMatchObject([
      { number: 1, textHash: "reply-of-run-1", heard: 0, changed: true },
    ]);
  });

  test("is a comment by somebody with write, and starts a run at once", () => {
    given(...replied)
      .when(turnSaid(600))
      .then("TurnSaid", "RunRequested");
    given(...replied)
      .when(turnSaid(600, { by: stranger }))
      .thenRefused({ code: "not-permitted", login: "stranger" });
  });

  test("waits while a run is at work, and goes with all others into the next one", () => {
    given(...talkBegun)
      .when(turnSaid(600))
      .then("TurnSaid");
    const busy = [...talkBegun, turnSaid(600), turnSaid(601), ...replies("run-1", 100).slice(2)];
    given(...busy)
      .when(verified(1, true))
      .then("PhaseVerified", "RunRequested");
    expect(talkOf(...busy).said.map(({ settled }) => settled)).toEqual([false, false]);
    const after = [...busy, verified(1, true, 1, "run-2"), ...replies("run-2", 200), verified(1, true, 2)];
    expect(talkOf(...after)).toMatchObject({
      said: [{ settled: true }, { settled: true }],
      replies: [{ heard: 0 }, { heard: 2 }],
    });
    expect(taskAfter(...after).blockedBy).toEqual({ kind: "conversation" });
  });

  test("said before the run's session opens is heard by that run", () => {
    const early = [createTask(writer, { talks: true }), turnSaid(600), ...replies("run-1", 100), verified(1, true)];
    expect(talkOf(...early)).toMatchObject({ said: [{ carried: true, settled: true }], replies: [{ heard: 1 }] });
    expect(taskAfter(...early).blockedBy).toEqual({ kind: "conversation" });
  });

  test("heard twice counts once, and an edit counts until the agent has it", () => {
    const busy = [...talkBegun, turnSaid(600)];
    given(...busy)
      .when(turnSaid(600))
      .then();
    given(...busy)
      .when(turnSaid(600, { textHash: "older" }))
      .then();
    given(...busy)
      .when(turnSaid(600, { isEdit: true, textHash: "better" }))
      .then("TurnSaid");
    given(...busy)
      .when(turnSaid(700, { isEdit: true }))
      .then();
    const heard = [...replied, turnSaid(600), dispatched("run-600", 200), sessionOpened("run-600", 200)];
    given(...heard)
      .when(turnSaid(600, { isEdit: true, textHash: "better" }))
      .then();
    const others = { login: "reviewer", mayWrite: true, isAuthor: false };
    given(...busy)
      .when(turnSaid(600, { isEdit: true, textHash: "better", by: others }))
      .then();
  });

  test("in a phase of steps says nothing", () => {
    given(...running)
      .when(turnSaid(600))
      .then();
  });

  test("that changes no file is no failure, however often", () => {
    let history = onlyTalked;
    for (let turn = 1; turn <= 6; turn += 1) {
      const runId = `run-${600 + turn}`;
      history = [...history, turnSaid(600 + turn), ...replies(runId, 200 + turn, 0), verified(1, true, turn + 1)];
      expect(taskAfter(...history).blockedBy).toEqual({ kind: "conversation" });
    }
    expect(currentPhaseOf(taskAfter(...history))).toMatchObject({ idleAttempts: 0, spentWithoutCommitUsd: 0 });
    expect(talkOf(...history).replies).toHaveLength(7);
  });

  test("is verified anew also where the head stays what it was", () => {
    const again = [...onlyTalked, turnSaid(600), ...replies("run-600", 200, 0)];
    const verification = { ...verified(1, true, 2), headSha: "head-1-1" } as TaskCommand;
    given(...again)
      .when(verification)
      .then("PhaseVerified", "TaskPaused");
  });

  test("whose check finds faults waits all the same, and the next one is told", () => {
    const found = [createTask(writer, { talks: true }), ...replies("run-1", 100), verified(1, false)];
    expect(taskAfter(...found).blockedBy).toEqual({ kind: "conversation" });
    expect(talkOf(...found)).toMatchObject({ attempt: 2, replies: [{ findings: [{ check: finding.check }] }] });
    const [, requested] = given(...found)
      .when(turnSaid(600))
      .then("TurnSaid", "RunRequested");
    expect(requested).toMatchObject({ attempt: 2, findings: [{ check: finding.check }] });
    expect(due("NotifyBlocked", found)).toEqual([]);
  });

  test("whose changes the app refuses is told so, and nothing is tried again by itself", () => {
    const refusal = command({
      type: "RefuseChangeset",
      phase: 1,
      step: "01_turn",
      changesetId: "run-1/01_turn" as never,
      findings: [finding],
    });
    const handedOver = [createTask(writer, { talks: true }), ...replies("run-1", 100).slice(0, 3)];
    given(...handedOver)
      .when(refusal)
      .then("ChangesetRefused", "RunEnded", "TaskPaused");
    const after = [...handedOver, refusal];
    expect(talkOf(...after)).toMatchObject({ replies: [{ findings: [finding] }], toMend: [finding] });
    const late = [...handedOver, runEnded("completed"), refusal];
    expect(taskAfter(...late).blockedBy).toEqual({ kind: "conversation" });
    expect(talkOf(...late).toMend).toEqual([finding]);
  });

  test("that is lost with its run is heard by the next one", () => {
    const lost = [...replied, turnSaid(600), dispatched("run-600", 200), sessionOpened("run-600", 200)];
    given(...lost)
      .when(runLost("run-600"))
      .then("RunEnded", "RunRequested");
    const after = [...lost, runLost("run-600"), ...replies("after-run-600", 300)];
    expect(talkOf(...after)).toMatchObject({ said: [{ settled: true }], replies: [{}, { heard: 1 }] });
  });

  test("is answered once, also where its run is lost after the reply", () => {
    const broken = [...replied, turnSaid(600), ...replies("run-600", 200).slice(0, -1)];
    given(...broken)
      .when(runLost("run-600"))
      .then("RunEnded", "TaskPaused");
    expect(taskAfter(...broken, runLost("run-600")).blockedBy).toEqual({ kind: "conversation" });
  });

  test("shows the reply when it is said, and again with what became of its changes", () => {
    const steps = replies("run-1", 100);
    const begun = [createTask(writer, { talks: true }), ...steps.slice(0, 3)];
    expect(due("ShowReply", begun)).toMatchObject([{ effect: { phase: 1, number: 1 }, urgency: "now" }]);
    expect(due("ShowReply", replied)).toMatchObject([{ effect: { number: 1 } }]);
    expect(talkOf(...replied).replies).toMatchObject([{ commitSha: "sha-1-01_turn" }]);
  });
});

describe("while it waits", () => {
  test("nothing but a comment goes on", () => {
    given(...replied)
      .when(resume)
      .thenRefused({ code: "your-turn" });
    given(...replied)
      .when(command({ type: "RetryTask", by: writer }))
      .thenRefused({ code: "nothing-failed" });
  });

  test("/pause stands in its place, and /resume gives the wait back, or a run for what was said meanwhile", () => {
    given(...replied, pause)
      .when(resume)
      .then("TaskResumed", "TaskPaused");
    given(...replied, pause)
      .when(turnSaid(600))
      .then("TurnSaid");
    given(...replied, pause, turnSaid(600))
      .when(resume)
      .then("TaskResumed", "RunRequested");
  });

  test("the gate is a draft that is brought up to date, and never ready", () => {
    expect(due("PresentGate", replied)).toMatchObject([{ effect: { ready: false } }]);
    given(...replied)
      .when(gateReady(1))
      .then();
  });

  test("a question of the agent is answered first, and what was said goes along", () => {
    const asked = [...talkBegun, asks("1", [{}], "run-1", "01_turn"), runEndedWith({ kind: "waiting-question" })];
    given(...asked)
      .when(turnSaid(600))
      .then("TurnSaid");
    expect(taskAfter(...asked, turnSaid(600)).blockedBy).toEqual({ kind: "waiting-question" });
  });

  test("none of its phase counts as done", () => {
    expect(progressPercentOf(taskAfter(...replied))).toBe(0);
  });
});

describe("/done", () => {
  test("has what was changed verified and shown for review", () => {
    given(...replied)
      .when(done())
      .then("ConversationClosed");
    expect(due("VerifyPhase", ended)).toMatchObject([{ effect: { phase: 1, attempt: 2 } }]);
    expect(taskAfter(...ended)).toMatchObject({ status: "in_progress", run: null, blockedBy: null });
    given(...ended)
      .when(verified(1, true, 2))
      .then("PhaseVerified");
    expect(due("PresentGate", [...ended, verified(1, true, 2)])).toMatchObject([{ effect: { ready: true } }]);
    expect(taskAfter(...shown)).toMatchObject({ status: "review", blockedBy: null });
    given(...shown)
      .when(merged(31))
      .then("PhaseCompleted", "PhaseStarted", "RunRequested");
  });

  test("ends the phase where nothing was changed", () => {
    given(...onlyTalked, done())
      .when(verified(1, true, 2))
      .then("PhaseVerified", "ConversationSettled", "PhaseStarted", "RunRequested");
  });

  test("lets the run that is at work end, and takes up nothing else", () => {
    const busy = [...replied, turnSaid(600), dispatched("run-600", 200), sessionOpened("run-600", 200), turnSaid(601)];
    given(...busy)
      .when(done())
      .then("ConversationClosed");
    const after = [...busy, done(), ...replies("run-600", 200).slice(2)];
    expect(due("VerifyPhase", [...busy, done()])).toEqual([]);
    expect(talkOf(...after).said).toMatchObject([{ settled: true }, { settled: true, carried: false }]);
    given(...after)
      .when(verified(1, true, 2))
      .then("PhaseVerified");
  });

  test("before the run has begun it calls the run off", () => {
    given(...replied, turnSaid(600))
      .when(done())
      .then("RunEnded", "ConversationClosed");
    expect(due("VerifyPhase", [...replied, turnSaid(600), done()])).toHaveLength(1);
  });

  test("while the app verifies a turn that verification is the last one", () => {
    const verifying = [...replied, turnSaid(600), ...replies("run-600", 200)];
    expect(due("VerifyPhase", [...verifying, done()])).toEqual([]);
    given(...verifying, done())
      .when(verified(1, true, 2))
      .then("PhaseVerified");
    expect(due("PresentGate", [...verifying, done(), verified(1, true, 2)])).toMatchObject([
      { effect: { ready: true } },
    ]);
  });

  test("with faults left stops for people, who say more, have it tried again, or take it as it is", () => {
    const failed = [...ended, verified(1, false, 2)];
    expect(taskAfter(...failed).blockedBy).toEqual({ kind: "verification-failed", attempts: 1 });
    given(...failed)
      .when(turnSaid(600))
      .then("TurnSaid", "RunRequested");
    given(...failed)
      .when(command({ type: "RetryTask", by: writer }))
      .then("RetryRequested", "TaskResumed", "RunRequested");
    given(...failed)
      .when(done())
      .then("ConversationClosed");
    const taken = [...failed, command({ type: "AcceptPhase", by: writer })];
    expect(due("PresentGate", taken)).toMatchObject([{ effect: { ready: true } }]);
    given(...taken)
      .when(gateReady(1, "head-1-2"))
      .then("ReviewCreated");
  });

  test("said again changes nothing, and elsewhere there is nothing to end", () => {
    given(...ended)
      .when(done())
      .then();
    given(...shown)
      .when(done())
      .then();
    given(...running)
      .when(done())
      .thenRefused({ code: "no-conversation" });
    given(...replied)
      .when(done(stranger))
      .thenRefused({ code: "not-permitted", login: "stranger" });
  });

  test("needs no money and no answer: what only kept a run from going on stands in its way no more", () => {
    const poor = [...talkBegun, runEndedWith({ kind: "budget-exhausted", spentUsd: 5, budgetUsd: 5 })];
    expect(taskAfter(...poor, done())).toMatchObject({ status: "in_progress", blockedBy: null });
    expect(taskAfter(...replied, pause, done())).toMatchObject({
      status: "in_progress",
      blockedBy: { kind: "paused" },
    });
  });

  test("during the run that is lost after its reply ends with what is there", () => {
    const broken = [...replied, turnSaid(600), ...replies("run-600", 200).slice(0, -1), done(), runLost("run-600")];
    expect(taskAfter(...broken)).toMatchObject({ status: "in_progress", run: null });
    expect(due("VerifyPhase", broken)).toHaveLength(1);
  });
});

describe("after /done", () => {
  test("a comment takes the conversation up again until the merge", () => {
    given(...shown)
      .when(turnSaid(600))
      .then("TurnSaid", "RunRequested");
    const again = [...shown, turnSaid(600), ...replies("run-600", 200)];
    const verification = { ...verified(1, true, 2), headSha: "head-1-2" } as TaskCommand;
    given(...again)
      .when(verification)
      .then("PhaseVerified", "TaskPaused");
    expect(taskAfter(...again, verification).blockedBy).toEqual({ kind: "conversation" });
    given(...again, verification, done(), verified(1, true, 3))
      .when(gateReady(1, "head-1-3"))
      .then("ReviewCreated");
    given(...shown, merged(31))
      .when(turnSaid(600))
      .then();
  });

  test("a comment goes before a presentation that is about to be", () => {
    given(...ended, verified(1, true, 2))
      .when(turnSaid(600))
      .then("TurnSaid", "RunRequested");
    given(...ended, verified(1, true, 2), turnSaid(600))
      .when(gateReady(1, "head-1-2"))
      .then();
  });

  test("a review that requests changes is worked off, and shown again without another /done", () => {
    const asked = reviewed("head-1-2", [wish(1, "owner", "head-1-2")]);
    expect(due("StartRework", [...shown, asked])).toHaveLength(1);
    const rework = command(
      {
        type: "RequestRework",
        by: ["owner"],
        mayWrite: true,
        source: "review",
        feedback: [{ id: "review:1", request: "change", by: "owner", path: null, line: null, step: "01_turn" }],
        reviewIds: [1],
        textHash: "words",
      },
      "run-rework",
    );
    const reworked = [...shown, asked, rework, ...replies("run-rework", 300)];
    given(...reworked)
      .when(verified(1, true, 3))
      .then("PhaseVerified");
    expect(due("PresentGate", [...reworked, verified(1, true, 3)])).toMatchObject([{ effect: { ready: true } }]);
  });
});
