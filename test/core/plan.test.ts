import { describe, expect, test } from "vitest";
import { followingPhaseOf, planDueOf } from "../../src/core/state.ts";
import {
  approve,
  command,
  createTask,
  due,
  eventsOf,
  merged,
  phase1Ready,
  planFaulty,
  planRead,
  reviewer,
  settingsRead,
  taskAfter,
  writer,
} from "./given.ts";

/** Phase 1 is all that the playbook names, and what it writes names the rest. */
const planned = [createTask(writer, { planning: 1 }), ...phase1Ready.slice(1)];
const mergedPlan = [...planned, merged(31)];
const typesOf = (...commands: Parameters<typeof eventsOf>[0]) => eventsOf(commands).map(({ type }) => type);

describe("a merged phase that plans", () => {
  test("has its plan read, and nothing starts or ends before that", () => {
    expect(typesOf(...mergedPlan).at(-1)).toBe("PhaseCompleted");
    expect(due("ReadPlan", mergedPlan)).toMatchObject([{ effect: { phase: 1 } }]);
    expect(planDueOf(taskAfter(...mergedPlan))).toBe(1);
  });

  test("says in its gate that something follows", () => {
    expect(followingPhaseOf(taskAfter(...planned), 1)).toEqual({ number: 2, title: "the first of the plan" });
    expect(followingPhaseOf(taskAfter(...mergedPlan, planRead), 1)).toMatchObject({ number: 2, title: "drafting" });
  });

  test("is followed by the first phase of its plan, under the playbook that holds it", () => {
    const task = taskAfter(...mergedPlan, planRead);
    expect(typesOf(...mergedPlan, planRead).slice(-3)).toEqual(["PhasesPlanned", "PhaseStarted", "RunRequested"]);
    expect(task.playbook.hash).toBe("hash-of-plan");
    expect(task.phases.map(({ phase }) => phase)).toEqual([1, 2]);
    expect(planDueOf(task)).toBeNull();
  });

  test("is read once", () => {
    expect(typesOf(...mergedPlan, planRead, planRead)).toEqual(typesOf(...mergedPlan, planRead));
  });

  test("whose plan can't be worked by holds the task until somebody has it read again", () => {
    expect(taskAfter(...mergedPlan, planFaulty).blockedBy).toEqual({
      kind: "plan-invalid",
      phase: 1,
      faults: 2,
      message: "written by an agent",
    });
    const again = [...mergedPlan, planFaulty, command({ type: "ResumeTask", by: writer })];
    expect(due("ReadPlan", again)).toHaveLength(1);
    expect(taskAfter(...again, planRead).phases).toHaveLength(2);
  });

  test("that the requester merged alone waits for another writer's word, and then for its plan", () => {
    const requester = settingsRead({ requesterMayApprove: false });
    const alone = [planned[0] ?? requester, requester, ...mergedPlan.slice(1)];
    expect(taskAfter(...alone).blockedBy?.kind).toBe("approval-needed");
    expect(taskAfter(...alone, planRead).phases).toHaveLength(1);
    const approved = [...alone, approve(reviewer)];
    expect(due("ReadPlan", approved)).toHaveLength(1);
    expect(taskAfter(...approved, planRead).phases).toHaveLength(2);
  });

  test("lets no changed item in between it and its plan, whose phases are numbered first", () => {
    const since = "merge-31";
    const touched = [{ phase: 1, step: "02_market", paths: ["docs/02_market.md"] }];
    const items = [{ id: "REQ-001", kind: "changed", path: "docs/01_idea.md", phase: 1 }] as const;
    const changed = { since, sha: "later", by: "owner", items, touched, checked: [], feedback: [], textHash: "words" };
    const found = command({ type: "RecordRipple", changed });
    expect(typesOf(...mergedPlan, found)).not.toContain("RippleFound");
    expect(typesOf(...mergedPlan, planRead, found)).toContain("RippleFound");
  });
});
