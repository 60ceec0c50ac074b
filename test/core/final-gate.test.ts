/** `integration: task`: the phases meet on a branch of the task's own, and one last pull request brings them home (Q6). */
import { describe, expect, test } from "vitest";
import type { TaskCommand } from "../../src/core/commands.ts";
import { evolve } from "../../src/core/evolve.ts";
import { react } from "../../src/core/react.ts";
import { defaultSettings, type TaskSettings } from "../../src/core/settings.ts";
import { pullRequestOf, taskBranchOf } from "../../src/core/state.ts";
import {
  command,
  createTask,
  dispatched,
  eventsOf,
  gateOpened,
  gateReady,
  given,
  merged,
  runEnded,
  sessionOpened,
  stateAfter,
  stepCompleted,
  stepPublished,
  taskAfter,
  verified,
  writer,
} from "./given.ts";

function settings(over: Partial<TaskSettings>): TaskCommand {
  return command({ type: "RecordSettings", settings: { ...defaultSettings, ...over } });
}

const opened = (pullRequest: number): TaskCommand => {
  const url = `https://github.test/pull/${pullRequest}`;
  return command({ type: "RecordFinalGate", gate: { pullRequest, url } });
};
const nothingToMerge = command({ type: "RecordFinalGate", gate: null });
const closed = (pullRequest: number): TaskCommand => command({ type: "RecordGateClosed", pullRequest });

const phase1 = [
  createTask(),
  settings({ integration: "task" }),
  dispatched(),
  sessionOpened(),
  stepCompleted("01_idea"),
  stepPublished(1, "01_idea"),
  gateOpened(1, 31),
  stepCompleted("02_market"),
  stepPublished(1, "02_market"),
  runEnded("completed"),
  verified(1, true),
  gateReady(1),
];
const phase2Ready = [
  ...phase1,
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
const collected = [...phase2Ready, merged(32)];

/** What the last command makes due. */
function dueAfter(commands: readonly TaskCommand[]): readonly string[] {
  let state = stateAfter(...commands.slice(0, -1));
  const events = eventsOf(commands).slice(eventsOf(commands.slice(0, -1)).length);
  return events.flatMap((event) => {
    const before = state.status === "absent" ? null : state;
    state = evolve(state, event);
    return state.status === "absent" ? [] : react(event, before, state).map(({ effect }) => effect.kind);
  });
}

describe("a task whose phases are collected", () => {
  test("has a branch of its own, and any other has none", () => {
    expect(taskBranchOf(taskAfter(...phase1))).toBe("phasegate/7-task");
    expect(taskBranchOf(taskAfter(createTask()))).toBeNull();
  });

  test("does not end with its last phase: the last pull request is opened", () => {
    given(...phase2Ready)
      .when(merged(32))
      .then("PhaseCompleted");
    expect(dueAfter(collected)).toContain("OpenFinalGate");
    expect(dueAfter([...phase1, merged(31)])).not.toContain("OpenFinalGate");
  });

  test("waits in review for it, and ends when it is merged", () => {
    const waiting = [...collected, opened(40)];
    expect(taskAfter(...waiting)).toMatchObject({ status: "review", finalGate: { pullRequest: 40 } });
    expect(pullRequestOf(taskAfter(...waiting))).toBe(40);
    given(...waiting)
      .when(merged(40))
      .then("FinalGateMerged", "TaskCompleted");
    given(...waiting, merged(40))
      .when(merged(40))
      .then();
    given(...waiting)
      .when(opened(40))
      .then();
  });

  test("has its issue closed by the app only where no merge does", () => {
    expect(dueAfter([...collected, nothingToMerge])).toContain("CloseIssue");
    expect(dueAfter([...collected, opened(40), merged(40)])).not.toContain("CloseIssue");
  });

  test("leaves no branch of its own behind once it has ended", () => {
    expect(dueAfter([...collected, opened(40)])).not.toContain("DeleteTaskBranch");
    for (const end of [[opened(40), merged(40)], [nothingToMerge]]) {
      expect(dueAfter([...collected, ...end])).toContain("DeleteTaskBranch");
    }
  });

  test("ends at once where the default branch has it all already", () => {
    given(...collected)
      .when(nothingToMerge)
      .then("TaskCompleted");
    given(...collected, nothingToMerge)
      .when(nothingToMerge)
      .then();
  });

  test("pauses where the last pull request is closed, and goes on with it when it is open again", () => {
    const paused = [...collected, opened(40), closed(40)];
    expect(taskAfter(...paused).blockedBy).toEqual({ kind: "gate-closed", pullRequest: 40 });
    given(...paused)
      .when(command({ type: "LiftBlock", kinds: ["gate-closed"], by: "owner" }))
      .then("TaskResumed");
    given(...collected, opened(40))
      .when(closed(31))
      .then();
  });

  test("that was merged elsewhere ends by somebody's word", () => {
    const elsewhere = command({ type: "RecordRetarget", pullRequest: 40, base: "release", merged: true });
    given(...collected, opened(40), elsewhere)
      .when(command({ type: "AcceptPhase", by: writer }))
      .then("FinalGateMerged", "TaskCompleted");
  });

  test("closes it when somebody cancels, also where it was being opened meanwhile", () => {
    const cancel = command({ type: "CancelTask", by: writer });
    expect(dueAfter([...collected, opened(40), cancel])).toContain("CloseGate");
    const late = [...collected, cancel, opened(40)];
    expect(taskAfter(...late).status).toBe("cancelled");
    expect(dueAfter(late)).toContain("CloseGate");
  });

  test("keeps its branch whatever the settings say after the first commit", () => {
    const known = taskAfter(...phase1).settings;
    expect(taskAfter(...phase1, settings({ integration: "phase", merge: "auto" })).settings).toEqual({
      ...known,
      merge: "auto",
    });
    given(...phase1)
      .when(settings({ integration: "phase" }))
      .then();
  });
});
