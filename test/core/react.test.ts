import { describe, expect, test } from "vitest";
import { runIdFrom } from "../../src/core/ids.ts";
import {
  approval,
  answers,
  asks,
  at,
  command,
  createTask,
  dispatched,
  due,
  gateOpened,
  gateReady,
  lacking,
  needs,
  phase1Ready,
  provides,
  reviewed,
  reworkAsked,
  runEnded,
  runEndedWith,
  running,
  says,
  sessionOpened,
  skips,
  stepAnswers,
  stepCompleted,
  stepPublished,
  thread,
  verified,
  waiting,
  wish,
  writer,
  worked,
} from "./given.ts";

const market = thread("market", "02_market");
const idea = thread("idea", "01_idea");
const asked = reviewed("head-1-1", [wish(1, "owner"), wish(2, "reviewer")]);
const working = [
  ...phase1Ready,
  asked,
  reworkAsked("run-2", [market, idea], [1, 2]),
  dispatched("run-2", 202),
  sessionOpened("run-2", 202),
];
const answered = [...working, stepAnswers("02_market", "run-2", [{ id: market.id, kind: "fixed" }])];
const handedOver = [...answered, stepPublished(1, "02_market", "run-2"), runEnded("completed", "run-2")];

describe("a rework", () => {
  test("is due for each wish while the gate waits for people, after the reviewers fell silent", () => {
    const start = due("StartRework", [...phase1Ready, asked]);
    expect(start.map(({ urgency }) => urgency)).toEqual(["after-review", "after-review"]);
  });

  test("is not due while a run is at work, but at the presentation", () => {
    const early = [
      createTask(),
      dispatched(),
      sessionOpened(),
      stepCompleted("01_idea"),
      stepPublished(1, "01_idea"),
      gateOpened(1, 31),
      reviewed("sha-1-01_idea", [wish(1, "owner", "sha-1-01_idea")]),
    ];
    expect(due("StartRework", early)).toEqual([]);
    const presented = [...early, stepCompleted("02_market"), runEnded("completed"), verified(1, true), gateReady(1)];
    expect(due("StartRework", presented)).toMatchObject([{ urgency: "now" }]);
  });

  test("is due again after a pause that swallowed it", () => {
    const pause = command({ type: "SuspendTask", by: writer, reason: { kind: "paused", by: "owner" } });
    const resumed = [...phase1Ready, asked, pause, command({ type: "ResumeTask", by: writer })];
    expect(due("StartRework", resumed)).toMatchObject([{ urgency: "now" }]);
  });

  test("asks those for a review who wanted it", () => {
    const shown = [...handedOver, verified(1, true, 2), gateReady(1)];
    expect(due("RequestReview", shown)).toMatchObject([{ effect: { from: ["owner", "reviewer"] } }]);
    expect(due("RequestReview", phase1Ready)).toEqual([]);
  });
});

describe("feedback", () => {
  test("is answered once the changes of its answer are published", () => {
    expect(due("AnswerFeedback", answered)).toEqual([]);
    expect(due("AnswerFeedback", [...answered, stepPublished(1, "02_market", "run-2")])).toMatchObject([
      { effect: { ids: [market.id], commitSha: "sha-1-02_market" } },
    ]);
  });

  test("that stayed unanswered is said so when the phase passes, or a person takes it as it is", () => {
    const left = [{ effect: { ids: [idea.id], commitSha: null } }];
    expect(due("AnswerFeedback", [...handedOver, verified(1, true, 2)])).toMatchObject(left);
    expect(due("AnswerFeedback", [...handedOver, verified(1, false, 2)])).toEqual([]);
    const failing = [2, 3, 4].flatMap((attempt) => [
      verified(1, false, attempt, `mend-${attempt}`),
      ...worked(`mend-${attempt}`, 300 + attempt),
    ]);
    const paused = [...handedOver, ...failing, verified(1, false, 5)];
    expect(due("AnswerFeedback", [...paused, command({ type: "AcceptPhase", by: writer })])).toMatchObject(left);
  });
});

describe("CI", () => {
  test("is released by an approval of what waits for review, not of what a run is still writing (Q29)", () => {
    const approved = reviewed("head-1-1", [approval(3, "reviewer")]);
    expect(due("ReleaseCi", [...phase1Ready, approved])).toHaveLength(1);
    expect(due("ReleaseCi", [...working, approved])).toEqual([]);
  });
});

describe("/delete", () => {
  const erased = command({ type: "DeleteTask", by: writer });

  test("closes the gate, deletes every phase branch, and erases the texts last", () => {
    const merge = command({ type: "RecordMerge", pullRequest: 31, by: "owner", mergeSha: "m" }, "run-3");
    const all = [...phase1Ready, merge, gateOpened(2, 32), erased];
    expect(due("CloseGate", all)).toMatchObject([{ effect: { pullRequest: 32 } }]);
    expect(due("DeleteBranch", all)).toMatchObject([{ effect: { phase: 1 } }, { effect: { phase: 2 } }]);
    expect(due("EraseTask", all)).toHaveLength(1);
  });

  test("deletes the branch again where a commit was under way", () => {
    const running = [createTask(), dispatched(), sessionOpened(), stepCompleted("01_idea"), erased];
    expect(due("DeleteBranch", [...running, stepPublished(1, "01_idea")])).toHaveLength(1);
  });
});

test("an accepted gate that was closed is presented when the task goes on", () => {
  const closed = [
    ...phase1Ready.slice(0, -2),
    ...[1, 2, 3].flatMap((n) => [verified(1, false, n), ...worked(`rework-${n}`, 200 + n)]),
    verified(1, false, 4),
    command({ type: "AcceptPhase", by: writer }),
    command({ type: "RecordGateClosed", pullRequest: 31 }),
  ];
  const resumed = [...closed, command({ type: "ResumeTask", by: writer })];
  expect(due("ReopenGate", resumed)).toHaveLength(1);
  expect(due("PresentGate", resumed)).toMatchObject([{ effect: { ready: true } }]);
});

test("a run that ends beside a block is shown: the status never speaks of a run that is gone", () => {
  const reason = { kind: "effect-failed", effect: "PublishStep", message: "403" } as const;
  const blocked = [createTask(), dispatched(), sessionOpened(), command({ type: "PauseTask", reason })];
  expect(due("ShowStatus", [...blocked, runEnded("slice-ended")])).toMatchObject([{ urgency: "now" }]);
});

describe("what the agent asks", () => {
  test("has one comment a message, and each answer brings it up to date", () => {
    expect(due("ShowRequest", [...running, asks("1", [{}, {}])])).toEqual([
      { effect: { kind: "ShowRequest", requestId: "run-1/1" }, urgency: "now" },
    ]);
    const both = answers([
      { number: 1, text: "2" },
      { number: 2, text: "3" },
    ]);
    const shown = due("ShowRequest", [...running, asks("1", [{}]), asks("2", [{}]), both]);
    expect(shown.map(({ effect }) => effect)).toEqual([
      { kind: "ShowRequest", requestId: "run-1/1" },
      { kind: "ShowRequest", requestId: "run-1/2" },
    ]);
    const deleted = command({ type: "WithdrawAnswer", commentId: 500, by: "owner" });
    const withdrawn = [
      ...running,
      asks("1", [{}, {}]),
      runEndedWith({ kind: "waiting-question" }),
      says("2", 1),
      deleted,
    ];
    expect(due("ShowRequest", withdrawn)).toMatchObject([{ effect: { requestId: "run-1/1" } }]);
  });

  test("is brought to mind after a day where it must be answered (Q11), and only there", () => {
    expect(due("RemindQuestions", [...running, at("10:30:00.000", asks("1"))])).toEqual([
      {
        effect: { kind: "RemindQuestions", requestId: "run-1/1" },
        urgency: { at: "2026-11-22T10:30:00.000Z" },
      },
    ]);
    expect(due("RemindQuestions", [...running, asks("1", [{ required: false }])])).toEqual([]);
  });

  test("has the comment of the message that asked for it first, whoever asks again", () => {
    const again = needs("OPENAI_API_KEY", { id: "2", step: "02_market" });
    for (const last of [again, provides("OPENAI_API_KEY"), skips("OPENAI_API_KEY")]) {
      expect(due("ShowRequest", [...running, needs("OPENAI_API_KEY", { id: "1" }), last])).toMatchObject([
        { effect: { requestId: "run-1/1" } },
      ]);
    }
  });

  test("is brought up to date where nobody waits for it any more", () => {
    const end = command({ type: "CancelTask", by: writer });
    expect(due("ShowRequest", [...waiting, end])).not.toEqual([]);
    expect(due("ShowRequest", [...lacking, end])).not.toEqual([]);
    expect(due("ShowRequest", [...lacking, skips("OPENAI_API_KEY"), end])).toEqual([]);
  });

  test("and somebody added calls them where it does not work, since an edited comment calls nobody", () => {
    const history = [...running, needs("OPENAI_API_KEY", { id: "1" }), provides("OPENAI_API_KEY")];
    const refused = command({ type: "RefuseValue", runId: runIdFrom("run-1"), name: "openai_api_key", message: "401" });
    expect(due("NotifyRefused", [...history, refused])).toMatchObject([{ effect: { name: "OPENAI_API_KEY" } }]);
  });

  test("calls nobody a second time when the task waits for it", () => {
    for (const history of [waiting, lacking]) {
      expect(due("NotifyBlocked", history)).toEqual([]);
      expect(due("ShowStatus", history)).not.toEqual([]);
    }
  });
});

describe("a limit", () => {
  test("calls nobody, and is tried when it is over", () => {
    const resetsAt = "2026-11-21T12:00:00.000Z";
    const limited = [...running, runEndedWith({ kind: "rate-limited", resetsAt, message: "limit" })];
    expect(due("NotifyBlocked", limited)).toEqual([]);
    expect(due("EndLimit", limited)).toEqual([
      { effect: { kind: "EndLimit", pausedAt: "2026-11-21T10:00:00.000Z" }, urgency: { at: resetsAt } },
    ]);
  });

  test("of the day's budget calls somebody, and is over at midnight; another budget takes a person", () => {
    const day = [...running, at("23:59:59.999", runEndedWith({ kind: "budget-exhausted", spentUsd: 1, budgetUsd: 1 }))];
    expect(due("NotifyBlocked", day)).toHaveLength(1);
    expect(due("EndDay", day)).toMatchObject([{ urgency: { at: "2026-11-22T00:00:00.000Z" } }]);
    const phase = [...running, runEndedWith({ kind: "budget-exhausted", spentUsd: 5, budgetUsd: 5 })];
    expect(due("NotifyBlocked", phase)).toHaveLength(1);
    expect(due("EndDay", phase)).toEqual([]);
  });
});

test("a checkpoint is dropped when its task ends, and not before", () => {
  expect(due("DropCheckpoint", [...waiting, command({ type: "CancelTask", by: writer })])).toHaveLength(1);
  expect(due("DropCheckpoint", [...waiting, command({ type: "AbandonTask", by: null, message: "gone" })])).toHaveLength(
    1,
  );
  expect(due("DropCheckpoint", waiting)).toEqual([]);
});
