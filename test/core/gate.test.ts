/** What crosses the gate: decisions and vetoes, checks of the repository, its settings, merges, skipped phases. */
import { describe, expect, test } from "vitest";
import type { CommandOf, TaskCommand } from "../../src/core/commands.ts";
import type { FeedbackItem } from "../../src/core/feedback.ts";
import { defaultSettings } from "../../src/core/settings.ts";
import {
  currentPhaseOf,
  mergeableHeadOf,
  openVetoesOf,
  presentedHeadOf,
  type PhaseProgress,
} from "../../src/core/state.ts";
import {
  approval,
  approve,
  at,
  ciSeen,
  command,
  createTask,
  dispatched,
  due,
  gateOpened,
  gateReady,
  given,
  merged,
  phase1Decided,
  phase1Ready,
  reviewed,
  reviewer,
  reworkAsked,
  runEnded,
  running,
  runReports,
  sessionOpened,
  settingsRead,
  skipsPhase,
  stepCompleted,
  stepPublished,
  stranger,
  taskAfter,
  thread,
  unticks,
  verified,
  vetoes,
  wish,
  worked,
  writer,
} from "./given.ts";
import { noInput } from "../../src/core/task-input.ts";

const pause = command({ type: "SuspendTask", by: writer, reason: { kind: "paused", by: "owner" } });
const resume = command({ type: "ResumeTask", by: writer }, "run-resumed");
const market = thread("market", "02_market");

function phaseAfter(...commands: readonly TaskCommand[]): PhaseProgress {
  const phase = currentPhaseOf(taskAfter(...commands));
  if (phase === null) throw new Error("no phase has started");
  return phase;
}

function rework(source: CommandOf<"RequestRework">["source"], feedback: readonly FeedbackItem[]): TaskCommand {
  const by = source === "ci" ? [] : ["owner"];
  const asked = {
    type: "RequestRework",
    by,
    mayWrite: true,
    source,
    feedback,
    reviewIds: [],
    textHash: "words",
  } as const;
  return command(asked, `run-${source}`);
}

function vetoed(number: number, attempt = 1): FeedbackItem {
  return { ...market, id: `veto:1:${attempt}:${number}` };
}

/** A rework up to where its attempt is presented; it names no decisions unless its report says so. */
function presented(
  asked: TaskCommand,
  attempt: number,
  report: Parameters<typeof runReports>[0] = { decisions: [] },
): readonly TaskCommand[] {
  const { newRunId: runId } = asked;
  const work = worked(runId, 200 + attempt).slice(0, -1);
  return [asked, ...work, runReports(report, runId), verified(1, true, attempt), gateReady(1, `head-1-${attempt}`)];
}

describe("what a run says of its work", () => {
  const handingOver = phase1Ready.slice(0, -3);

  test("stands before its end, and its decisions are numbered from 1", () => {
    const [reported] = given(...handingOver)
      .when(runReports())
      .then("WorkReported", "RunEnded");
    expect(reported).toMatchObject({ phase: 1, attempt: 1 });
    const { decisions, report } = phaseAfter(...handingOver, runReports());
    expect(decisions).toMatchObject({
      attempt: 1,
      list: [
        { number: 1, veto: null },
        { number: 2, veto: null },
      ],
    });
    expect(report).toMatchObject({ attempt: 1, judgeFault: null });
  });

  test("is no event where it says nothing, or too late", () => {
    given(...handingOver)
      .when(runEnded("completed"))
      .then("RunEnded");
    given(...handingOver, runEnded("completed"))
      .when(runReports())
      .thenRefused({ code: "unknown-run" });
  });

  test("leaves the decisions of before where it names none, and replaces them where it does", () => {
    const again = phaseAfter(...phase1Decided, ...presented(reworkAsked("run-2", [market]), 2));
    expect([again.decisions.attempt, again.decisions.list.length, again.report?.attempt]).toEqual([1, 2, 2]);
    const anew = phaseAfter(...phase1Decided, ...presented(reworkAsked("run-2", [market]), 2, {}));
    expect(anew.decisions.attempt).toBe(2);
  });

  test("is told with a run that failed, too", () => {
    const outcome = { kind: "failed", message: "tests fail", findings: [] } as const;
    given(...handingOver)
      .when(runReports({}, "run-1", outcome))
      .then("WorkReported", "RunEnded", "RunRequested");
  });
});

describe("a veto", () => {
  test("without a reason is asked for one, and starts nothing", () => {
    given(...phase1Decided)
      .when(vetoes(1))
      .then("DecisionVetoed");
    expect(due("AskVetoReason", [...phase1Decided, vetoes(1)])).toMatchObject([{ effect: { phase: 1, number: 1 } }]);
    expect(due("StartVetoRework", [...phase1Decided, vetoes(1)])).toEqual([]);
    expect(phaseAfter(...phase1Decided, vetoes(1)).vetoedAt).toBeNull();
  });

  test("with a reason starts a rework once its reviewer fell silent", () => {
    const said = at("10:05:00.000", vetoes(1, "too slow"));
    expect(due("AskVetoReason", [...phase1Decided, said])).toEqual([]);
    expect(due("StartVetoRework", [...phase1Decided, said])).toMatchObject([
      { effect: { phase: 1, vetoedAt: said.at }, urgency: "after-review" },
    ]);
  });

  test("that is ticked first and reasoned later is one, and later words replace earlier ones", () => {
    const ticked = [...phase1Decided, vetoes(2)];
    given(...ticked)
      .when(vetoes(2))
      .then();
    given(...ticked)
      .when(vetoes(2, "too long", null))
      .then("DecisionVetoed");
    const reasoned = [...ticked, vetoes(2, "too long", null)];
    given(...reasoned)
      .when(vetoes(2, "too long", null))
      .then();
    given(...reasoned)
      .when(vetoes(2))
      .then();
    given(...reasoned)
      .when(vetoes(2, "five would do", null, reviewer))
      .then("DecisionVetoed");
    expect(openVetoesOf(phaseAfter(...reasoned))).toMatchObject([{ number: 2, veto: { reason: "too long" } }]);
  });

  test("is taken back by its box, once, and with it the rework that was due", () => {
    const said = [...phase1Decided, vetoes(1, "too slow")];
    given(...said)
      .when(unticks(1))
      .then("VetoWithdrawn");
    given(...said, unticks(1))
      .when(unticks(1))
      .then();
    expect(phaseAfter(...said, unticks(1))).toMatchObject({ vetoedAt: null });
    expect(phaseAfter(...said, vetoes(2, "too long"), unticks(1)).vetoedAt).not.toBeNull();
    expect(phaseAfter(...said, vetoes(2), unticks(1)).vetoedAt).toBeNull();
  });

  test("by a stranger, of a list that is gone, or of a number that is not there, is none", () => {
    given(...phase1Decided)
      .when(vetoes(1, "no", 1, stranger))
      .thenRefused({ code: "not-permitted", login: "stranger" });
    given(...phase1Decided, vetoes(1))
      .when(unticks(1, 1, stranger))
      .thenRefused({ code: "not-permitted", login: "stranger" });
    const anew = [...phase1Decided, ...presented(reworkAsked("run-2", [market]), 2, {})];
    given(...anew)
      .when(vetoes(1, "no", 1))
      .thenRefused({ code: "decision-replaced", number: 1 });
    given(...anew)
      .when(unticks(1, 1))
      .then();
    given(...anew)
      .when(vetoes(3, "no", null))
      .thenRefused({ code: "unknown-decision", number: 3, decisions: 2 });
  });

  test("that a rework has taken up is open no more, and can neither be taken back nor said again", () => {
    const said = [...phase1Decided, vetoes(1, "too slow"), vetoes(2)];
    const atWork = [...said, rework("veto", [vetoed(1)])];
    expect(openVetoesOf(phaseAfter(...atWork)).map(({ number }) => number)).toEqual([2]);
    expect(phaseAfter(...atWork).vetoedAt).toBeNull();
    given(...atWork)
      .when(unticks(1))
      .then();
    given(...atWork)
      .when(vetoes(1))
      .then();
    given(...atWork)
      .when(vetoes(1, "still too slow"))
      .thenRefused({ code: "decision-replaced", number: 1 });
  });

  test("that a rework passes over is due when that is presented", () => {
    const said = [...phase1Decided, at("10:05:00.000", vetoes(1, "too slow"))];
    const after = [...said, ...presented(rework("ci", [{ ...market, id: "ci:head-1-1" }]), 2)];
    expect(due("StartVetoRework", after)).toMatchObject([{ effect: { vetoedAt: "2026-11-21T10:05:00.000Z" } }]);
  });

  test("that is said while an attempt is under way counts for the decision, should it be named again", () => {
    const [asked, ...rest] = presented(reworkAsked("run-2", [market]), 2, {});
    if (asked === undefined) throw new Error("nothing was asked for");
    const again = [...phase1Decided, asked, vetoes(2, "too long"), ...rest];
    expect(openVetoesOf(phaseAfter(...again))).toMatchObject([
      { number: 2, veto: { by: "owner", reason: "too long" } },
    ]);
    expect(due("StartVetoRework", again)).toHaveLength(1);
    const [other] = phaseAfter(...phase1Decided).decisions.list;
    const report = { decisions: other === undefined ? [] : [{ ...other, decision: "Codes have five characters" }] };
    const gone = [...phase1Decided, ...presented(reworkAsked("run-2", [market]), 2, report)];
    expect(phaseAfter(...gone.slice(0, -4), vetoes(2, "too long"), ...gone.slice(-4))).toMatchObject({
      vetoedAt: null,
      decisions: { list: [{ number: 1, veto: null }] },
    });
  });

  test("of a review is left to the rework of that review", () => {
    const said = [...phase1Decided, vetoes(1, "too slow"), reviewed("head-1-1", [wish(1, "owner")])];
    given(...said)
      .when(rework("veto", [vetoed(1)]))
      .then();
    given(...said)
      .when(rework("review", [market, vetoed(1)]))
      .then("FeedbackGiven", "ReworkRequested", "RunRequested");
  });

  test("that a pause swallowed is due when the task goes on", () => {
    const said = [...phase1Decided, vetoes(1, "too slow"), pause];
    given(...said)
      .when(rework("veto", [vetoed(1)]))
      .thenRefused({ code: "already-paused", reason: "paused" });
    expect(due("StartVetoRework", [...said, resume])).toHaveLength(1);
  });

  test("is shown in the body at once, where people read it", () => {
    expect(due("PresentGate", [...phase1Decided, vetoes(1)])).toMatchObject([{ effect: { ready: true } }]);
    const atWork = [...phase1Decided, reworkAsked("run-2", [market]), vetoes(1)];
    expect(due("PresentGate", atWork)).toEqual([]);
  });
});

describe("the repository's own checks (Q29)", () => {
  const red = ciSeen("red", "head-1-1", ["test"]);

  test("are read when the gate is presented, and anew where a commit lets them run", () => {
    expect(due("ReadCi", phase1Ready)).toMatchObject([{ effect: { phase: 1, headSha: "head-1-1" } }]);
    const released = [...phase1Ready, ciSeen("held"), command({ type: "RecordCiReleased", phase: 1, headSha: "free" })];
    expect(due("ReadCi", released)).toMatchObject([{ effect: { headSha: "free" } }]);
    expect(phaseAfter(...released).ci).toBeNull();
    expect(presentedHeadOf(phaseAfter(...released))).toBe("free");
  });

  test("are news only where they say something else, and only of the head that is presented", () => {
    given(...phase1Ready)
      .when(red)
      .then("CiObserved");
    given(...phase1Ready, red)
      .when(red)
      .then();
    given(...phase1Ready, red)
      .when(ciSeen("red", "head-1-1", ["test", "lint"]))
      .then("CiObserved");
    given(...phase1Ready)
      .when(ciSeen("green", "older"))
      .then();
    given(...phase1Ready, reworkAsked("run-2", [market]))
      .when(red)
      .then();
  });

  test("say nothing of a new presentation before they were read", () => {
    expect(phaseAfter(...phase1Ready, red, ...presented(rework("ci", [market]), 2)).ci).toBeNull();
  });

  test.each([
    ["red", "StartCiRework"],
    ["never-started", "NotifyCi"],
  ] as const)("that are %s make %s due, and nothing else does", (kind, effect) => {
    expect(due(effect, [...phase1Ready, ciSeen(kind)])).toMatchObject([{ effect: { headSha: "head-1-1" } }]);
    for (const other of ["none", "held", "waiting", "green"] as const) {
      expect(due(effect, [...phase1Ready, ciSeen(other)])).toEqual([]);
    }
  });

  test("that turn red during a pause are reworked when the task goes on", () => {
    expect(due("StartCiRework", [...phase1Ready, pause, red, resume])).toHaveLength(1);
    expect(due("StartCiRework", [...phase1Ready, pause, ciSeen("green"), resume])).toEqual([]);
  });

  test("start two attempts in a row, and as many again after people asked for something (Q12)", () => {
    const feedback = (attempt: number) => [{ ...market, id: `ci:head-1-${attempt}` }];
    const twice = [...phase1Ready, ...[1, 2].flatMap((n) => presented(rework("ci", feedback(n)), n + 1))];
    given(...twice)
      .when(rework("ci", feedback(3)))
      .thenRefused({ code: "nothing-to-change" });
    const asked = [...twice, ...presented(reworkAsked("run-2", [market]), 4)];
    expect(phaseAfter(...asked).ciReworks).toBe(0);
    given(...asked)
      .when(rework("ci", feedback(4)))
      .then("FeedbackGiven", "ReworkRequested", "RunRequested");
  });

  test("wait for the rework of a review, which has more to say", () => {
    given(...phase1Ready, red, reviewed("head-1-1", [wish(1, "owner")]))
      .when(rework("ci", [market]))
      .then();
  });
});

describe("merge: auto", () => {
  const auto = settingsRead({ merge: "auto" });
  const ready = [createTask(), auto, ...phase1Decided.slice(1)];
  const approved = reviewed("head-1-1", [approval(1, "reviewer")]);
  const green = ciSeen("green");
  const merges = (commands: readonly TaskCommand[]) => due("MergeGate", commands).map(({ effect }) => effect);
  const merge = { kind: "MergeGate", phase: 1, headSha: "head-1-1" };

  test("merges what is approved on its head and green, whichever came last", () => {
    expect(merges([...ready, approved, green])).toEqual([merge]);
    expect(merges([...ready, green, approved])).toEqual([merge]);
    expect(merges([...ready, ciSeen("none"), approve()])).toEqual([merge]);
  });

  test("merges nothing while it is unset", () => {
    expect(merges([...phase1Ready, approved, green])).toEqual([]);
    expect(merges([...phase1Ready, green, approved])).toEqual([]);
  });

  test.each(["held", "waiting", "never-started", "red"] as const)("waits while the checks are %s", (kind) => {
    expect(merges([...ready, ciSeen(kind), approved])).toEqual([]);
    expect(merges([...ready, approved, ciSeen(kind)])).toEqual([]);
  });

  test("waits while nobody has looked at the checks, or nobody has approved", () => {
    expect(merges([...ready, approved])).toEqual([]);
    expect(merges([...ready, green])).toEqual([]);
  });

  test("waits while somebody wants changes or has vetoed, and goes on once that is taken back", () => {
    const both = reviewed("head-1-1", [approval(1, "reviewer"), wish(2, "owner")]);
    expect(merges([...ready, green, both])).toEqual([]);
    expect(merges([...ready, green, both, approved])).toEqual([merge]);
    expect(merges([...ready, green, vetoes(1), approved])).toEqual([]);
    expect(merges([...ready, green, vetoes(1), approved, unticks(1)])).toEqual([merge]);
  });

  test("waits during a pause, and goes on after it", () => {
    expect(merges([...ready, green, pause, approved])).toEqual([]);
    expect(merges([...ready, green, pause, approved, resume])).toEqual([merge]);
  });

  test("does not merge what people pushed on top: only the head that was verified is its own to merge", () => {
    const onTop = reviewed("pushed", [approval(1, "reviewer", "pushed")]);
    expect(merges([...ready, green, onTop])).toEqual([]);
    const told = { kind: "NotifyUnverified", phase: 1, headSha: "pushed" };
    expect(due("NotifyUnverified", [...ready, green, onTop])).toMatchObject([{ effect: told }]);
    expect(due("NotifyUnverified", [...ready, green, approved])).toEqual([]);
    const released = command({ type: "RecordCiReleased", phase: 1, headSha: "free" });
    expect(merges([...ready, ciSeen("held"), onTop, released, ciSeen("green", "free")])).toEqual([]);
  });

  test("merges our empty commit on what was approved once the checks have seen it (Q29)", () => {
    const released = [
      ...ready,
      ciSeen("held"),
      approved,
      command({ type: "RecordCiReleased", phase: 1, headSha: "free" }),
    ];
    expect(mergeableHeadOf(taskAfter(...released))).toBeNull();
    expect(merges([...released, ciSeen("green", "free")])).toEqual([{ ...merge, headSha: "free" }]);
  });

  test("takes no approval by the requester where the repository wants another's", () => {
    const strict = [createTask(), settingsRead({ merge: "auto", requesterMayApprove: false }), ...phase1Ready.slice(1)];
    expect(merges([...strict, green, reviewed("head-1-1", [approval(1, "Owner")])])).toEqual([]);
    expect(merges([...strict, green, approved])).toEqual([merge]);
  });
});

describe("requester_may_approve: false (Q5)", () => {
  const strict = [createTask(), settingsRead({ requesterMayApprove: false }), ...phase1Ready.slice(1)];
  const mergedAlone = [...strict, merged(31)];

  test("a merge by the requester alone completes the phase and waits for another writer", () => {
    const events = given(...strict)
      .when(merged(31))
      .then("PhaseCompleted", "TaskPaused");
    expect(events[1]).toMatchObject({ reason: { kind: "approval-needed", phase: 1, by: "owner" } });
    expect(due("NotifyBlocked", mergedAlone)).toHaveLength(1);
  });

  test("another writer's /approve starts the next phase, with the purse that it names", () => {
    given(...mergedAlone)
      .when(approve(reviewer, 8))
      .then("BudgetSet", "PhaseApproved", "TaskResumed", "PhaseStarted", "RunRequested");
    given(...mergedAlone)
      .when(approve(reviewer, 0))
      .thenRefused({ code: "bad-amount" });
    given(...mergedAlone)
      .when(approve(stranger))
      .thenRefused({ code: "not-permitted", login: "stranger" });
  });

  test("neither the requester's /approve nor /run or /resume does", () => {
    given(...mergedAlone)
      .when(approve())
      .thenRefused({ code: "requester-may-not", login: "owner" });
    given(...mergedAlone)
      .when(resume)
      .thenRefused({ code: "already-paused", reason: "approval-needed" });
  });

  test("where the settings let the requester approve from now on, the next phase starts; other news changes nothing", () => {
    const freed = command({ type: "RecordSettings", settings: defaultSettings }, "run-2");
    given(...mergedAlone)
      .when(freed)
      .then("SettingsRead", "TaskResumed", "PhaseStarted", "RunRequested");
    given(...mergedAlone)
      .when(settingsRead({ requesterMayApprove: false, merge: "auto" }))
      .then("SettingsRead");
    given(...strict, pause)
      .when(freed)
      .then("SettingsRead");
  });

  test("a merge by another, or after another has approved, goes on", () => {
    given(...strict, approve(reviewer))
      .when(merged(31))
      .then("PhaseCompleted", "PhaseStarted", "RunRequested");
    given(...strict)
      .when(command({ type: "RecordMerge", pullRequest: 31, by: "reviewer", mergeSha: "m" }))
      .then("PhaseCompleted", "PhaseStarted", "RunRequested");
  });

  test("whoever started the task is a requester like the author of the issue", () => {
    const started = [
      createTask(stranger),
      command({ type: "RunTask", by: reviewer, prompt: { hash: "h", hiddenRemoved: 0, input: noInput } }, "run-1"),
      settingsRead({ requesterMayApprove: false }),
      ...phase1Ready.slice(1),
    ];
    for (const { login } of [reviewer, writer]) {
      given(...started)
        .when(approve({ login, mayWrite: true }))
        .thenRefused({ code: "requester-may-not", login });
    }
    given(...started)
      .when(approve({ login: "third", mayWrite: true }))
      .then("PhaseApproved");
  });

  test("a merge during a pause waits for the approval once the task goes on", () => {
    const events = given(...strict, pause, merged(31))
      .when(resume)
      .then("TaskResumed", "TaskPaused");
    expect(events[1]).toMatchObject({ reason: { kind: "approval-needed" } });
  });

  test("the last phase needs no word after its merge: nothing follows", () => {
    const phase2 = [
      dispatched("run-next", 200),
      sessionOpened("run-next", 200),
      stepCompleted("01_screens", "run-next"),
      stepPublished(2, "01_screens", "run-next"),
      gateOpened(2, 32),
      runEnded("completed", "run-next"),
      verified(2, true),
      gateReady(2),
    ];
    given(...mergedAlone, approve(reviewer), ...phase2)
      .when(merged(32))
      .then("PhaseCompleted", "TaskCompleted");
  });
});

describe("the repository's settings", () => {
  test("are an event where they differ, and none where they do not", () => {
    given(createTask()).when(settingsRead({})).then();
    given(createTask())
      .when(settingsRead({ ci: "approved" }))
      .then("SettingsRead");
    given(createTask(), settingsRead({ ci: "approved" }))
      .when(settingsRead({ ci: "approved" }))
      .then();
  });

  test("say on which branch phases are collected only before the first commit (Q6)", () => {
    given(...running, stepCompleted("01_idea"))
      .when(settingsRead({ integration: "task" }))
      .then();
    given(...running)
      .when(settingsRead({ integration: "task" }))
      .then("SettingsRead");
  });
});

describe("/skip-phase", () => {
  const optional = [createTask(writer, { skippable: 1 }), ...phase1Ready.slice(1)];

  test("ends the run, closes the gate, and the next phase hears what it has to do without", () => {
    const atWork = optional.slice(0, 6);
    const events = given(...atWork)
      .when(skipsPhase())
      .then("RunEnded", "PhaseSkipped", "PhaseStarted", "RunRequested");
    expect(events[3]).toMatchObject({
      phase: 2,
      findings: [{ check: "outputs-exist", message: expect.stringContaining("was skipped without: 02_market") }],
    });
    expect(due("CloseGate", [...atWork, skipsPhase()])).toMatchObject([{ effect: { pullRequest: 31 } }]);
    expect(due("CancelRun", [...atWork, skipsPhase()])).toHaveLength(1);
  });

  test("of the last phase ends the task, with a summary", () => {
    const last = [...phase1Ready, merged(31)];
    given(...last)
      .when(skipsPhase())
      .then("RunEnded", "PhaseSkipped", "TaskCompleted");
    expect(due("PostSummary", [...last, skipsPhase()])).toHaveLength(1);
  });

  test("takes away what the phase waited for, and keeps what a person stopped", () => {
    const failed = command({ type: "PauseTask", reason: { kind: "settings-invalid", message: "line 2" } });
    given(createTask(writer, { skippable: 1 }), failed)
      .when(skipsPhase())
      .then("PhaseSkipped", "PhaseStarted", "RunRequested");
    given(...optional, pause)
      .when(skipsPhase())
      .then("PhaseSkipped", "TaskPaused");
    given(...optional, pause, skipsPhase())
      .when(resume)
      .then("TaskResumed", "PhaseStarted", "RunRequested");
  });

  test("counts by a writer, and only where the playbook allows it", () => {
    given(...optional)
      .when(skipsPhase(stranger))
      .thenRefused({ code: "not-permitted", login: "stranger" });
    given(...optional, skipsPhase())
      .when(skipsPhase())
      .thenRefused({ code: "not-skippable", phase: "design" });
  });

  test("said before the current phase began means the one before, and changes nothing", () => {
    const { startedAt = "" } = taskAfter(...phase1Ready, merged(31)).phases[1] ?? {};
    given(...phase1Ready, merged(31))
      .when(skipsPhase(writer, "run-3", new Date(Date.parse(startedAt) - 1).toISOString()))
      .thenRefused({ code: "said-before-phase", phase: "design" });
    given(...phase1Ready, merged(31))
      .when(skipsPhase(writer, "run-3", startedAt))
      .then("RunEnded", "PhaseSkipped", "TaskCompleted");
  });

  test("counts in the second in which the phase began: GitHub tells whole seconds", () => {
    given(...phase1Ready, at("10:05:00.700", merged(31)))
      .when(skipsPhase(writer, "run-3", "2026-11-21T10:05:00Z"))
      .then("RunEnded", "PhaseSkipped", "TaskCompleted");
  });

  test("has a gate that was being opened meanwhile closed, and opens none for a late commit", () => {
    const early = [createTask(writer, { skippable: 1 }), ...phase1Ready.slice(1, 4)];
    const late = [...early, skipsPhase(), stepPublished(1, "01_idea")];
    expect(due("OpenGate", late)).toEqual([]);
    expect(due("CloseGate", [...late, gateOpened(1, 31)])).toMatchObject([{ effect: { pullRequest: 31 } }]);
  });

  test("needs nobody's approval: nothing of it was merged", () => {
    const strict = [optional[0] ?? createTask(), settingsRead({ requesterMayApprove: false }), ...optional.slice(1)];
    given(...strict)
      .when(skipsPhase())
      .then("PhaseSkipped", "PhaseStarted", "RunRequested");
  });

  test("a merge or a closing of its gate says nothing any more", () => {
    for (const late of [merged(31), command({ type: "RecordGateClosed", pullRequest: 31 })]) {
      given(...optional, skipsPhase())
        .when(late)
        .then();
    }
  });
});

describe("the check run (G)", () => {
  test("is made with the gate, and brought up to date with every verdict", () => {
    for (const length of [6, phase1Ready.length - 1, phase1Ready.length]) {
      expect(due("ShowCheck", phase1Ready.slice(0, length))).toMatchObject([{ effect: { phase: 1 } }]);
    }
    expect(due("ShowCheck", phase1Ready.slice(0, 5))).toEqual([]);
  });

  test("ends with the phase", () => {
    expect(due("ShowCheck", [...phase1Ready, merged(31)])).toMatchObject([{ effect: { phase: 1 } }]);
  });

  test("ends with the task", () => {
    expect(due("ShowCheck", [...phase1Ready, command({ type: "CancelTask", by: writer })])).toHaveLength(1);
  });
});

test("a task that completed is summed up once", () => {
  expect(due("PostSummary", [...phase1Ready, merged(31), skipsPhase()])).toHaveLength(1);
  expect(due("PostSummary", [...phase1Ready, command({ type: "CancelTask", by: writer })])).toEqual([]);
});
