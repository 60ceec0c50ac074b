import { expect, test } from "vitest";
import { recordDue, recordNameOf, textHashesOf } from "../../src/core/task-record.ts";
import { createTask, eventsOf } from "./given.ts";

const at = "2026-11-21T10:00:00.000Z";

test("a record has the number of its issue, and the suffix of the task's branches", () => {
  const issue = { number: 7, title: "", author: "owner" };
  expect(recordNameOf({ issue, ordinal: 1 })).toBe("7");
  expect(recordNameOf({ issue, ordinal: 2 })).toBe("7-r2");
});

test("a wait is recorded at once, its end and what a comment says too, and what GitHub shows is not", () => {
  expect(recordDue({ type: "TaskPaused", at, reason: { kind: "waiting-question" } })).toBe("now");
  expect(recordDue({ type: "TaskResumed", at, by: "owner" })).toBe("now");
  expect(recordDue({ type: "PhaseApproved", at, phase: 1, by: "owner", headSha: "a" })).toBe("soon");
  expect(recordDue({ type: "ReviewApproved", at, phase: 1, by: "owner", headSha: "a" })).toBeNull();
});

test("the texts of a history are the playbook, the issue and all words that lie beside the events", () => {
  const [created, started] = eventsOf([createTask()]);
  if (created?.type !== "TaskCreated" || started?.type !== "TaskStarted") throw new Error("it begins so");
  expect(textHashesOf(created)).toEqual([created.playbook.hash]);
  expect(textHashesOf(started)).toEqual([started.promptHash]);
  const said = { type: "TurnSaid", at, phase: 1, by: "owner", commentId: 5, textHash: "words" } as const;
  expect(textHashesOf(said)).toEqual(["words"]);
  expect(textHashesOf({ ...said, textHash: "" })).toEqual([]);
});
