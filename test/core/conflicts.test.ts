/** A gate that conflicts with its base. */
import { describe, expect, test } from "vitest";
import type { CommandOf, TaskCommand } from "../../src/core/commands.ts";
import type { FeedbackItem } from "../../src/core/feedback.ts";
import { currentPhaseOf, type PhaseProgress } from "../../src/core/state.ts";
import {
  ciSeen,
  command,
  due,
  gateReady,
  given,
  merged,
  phase1Decided,
  phase1Ready,
  reviewed,
  reworkAsked,
  stepPublished,
  taskAfter,
  thread,
  verified,
  vetoes,
  wish,
  worked,
  writer,
} from "./given.ts";

const both: FeedbackItem = {
  id: "conflict:base-2:docs/planning/02_market.md",
  request: "change",
  by: "GitHub",
  path: "docs/planning/02_market.md",
  line: null,
  step: "02_market",
};

function conflict(over: Partial<CommandOf<"RecordConflict">> = {}, runId = "run-merge"): TaskCommand {
  const ends = { headSha: "head-1-1", base: "main", baseSha: "base-2", mergeBaseSha: "base-1" };
  const said = { feedback: [both], textHash: "words", ...over };
  return command({ type: "RecordConflict", phase: 1, presentedSha: "head-1-1", ...ends, ...said }, runId);
}

function phaseAfter(...commands: readonly TaskCommand[]): PhaseProgress {
  const phase = currentPhaseOf(taskAfter(...commands));
  if (phase === null) throw new Error("no phase has started");
  return phase;
}

/** A conflict up to where its merge is presented. */
function resolved(attempt: number, presentedSha: string, runId: string): readonly TaskCommand[] {
  return [
    conflict({ presentedSha }, runId),
    ...worked(runId, 200 + attempt).slice(0, -1),
    stepPublished(1, "02_market", runId),
    ...worked(runId, 200 + attempt).slice(-1),
    verified(1, true, attempt),
    gateReady(1, `head-1-${attempt}`),
  ];
}

describe("a gate that conflicts with its base", () => {
  test("is merged with it by an attempt of its own", () => {
    const [found, , rework] = given(...phase1Ready)
      .when(conflict({ headSha: "pushed-by-a-person" }))
      .then("ConflictFound", "FeedbackGiven", "ReworkRequested", "RunRequested");
    expect(found).toMatchObject({ headSha: "pushed-by-a-person", base: "main", baseSha: "base-2" });
    expect(rework).toMatchObject({ source: "conflict", by: [], ids: [both.id], textHash: "words" });
    const phase = phaseAfter(...phase1Ready, conflict());
    expect(phase).toMatchObject({ attempt: 2, conflictReworks: 1, rework: { base: "main" } });
    expect(phase.merging).toEqual({
      headSha: "head-1-1",
      base: "main",
      baseSha: "base-2",
      mergeBaseSha: "base-1",
    });
    expect(phase.steps.filter(({ completed }) => !completed).map(({ slug }) => slug)).toEqual(["02_market"]);
  });

  test("has the merge before it until something of the attempt is published", () => {
    const begun = [...phase1Ready, conflict(), ...worked("run-merge", 200).slice(0, -1)];
    expect(phaseAfter(...begun).merging).not.toBeNull();
    expect(phaseAfter(...begun, stepPublished(1, "02_market", "run-merge")).merging).toBeNull();
  });

  test("keeps it for the next attempt where this one ends without", () => {
    const message = "conflict markers are left";
    const failed = command({
      type: "RefuseChangeset",
      phase: 1,
      step: "02_market",
      changesetId: "run-merge/02_market" as CommandOf<"RefuseChangeset">["changesetId"],
      findings: [{ check: "no-placeholder", step: "02_market", path: null, line: null, message }],
    });
    const begun = [...phase1Ready, conflict(), ...worked("run-merge", 200).slice(0, -1)];
    const step = phaseAfter(...begun).steps.find(({ slug }) => slug === "02_market");
    if (failed.type !== "RefuseChangeset" || step?.changesetId == null) throw new Error("nothing was handed over");
    const refused = { ...failed, changesetId: step.changesetId };
    given(...begun)
      .when(refused)
      .then("ChangesetRefused", "RunEnded", "RunRequested");
    expect(phaseAfter(...begun, refused).merging).toMatchObject({ baseSha: "base-2" });
  });

  test("is merged twice without a word of people, and then it is theirs", () => {
    const once = [...phase1Ready, ...resolved(2, "head-1-1", "run-2")];
    const twice = [...once, ...resolved(3, "head-1-2", "run-3")];
    expect(phaseAfter(...twice).conflictReworks).toBe(2);
    given(...twice)
      .when(conflict({ presentedSha: "head-1-3" }))
      .thenRefused({ code: "nothing-to-change" });
    const asked = [...twice, reworkAsked("run-4", [thread("market", "02_market")])];
    expect(phaseAfter(...asked).conflictReworks).toBe(0);
  });

  test("leaves the count of reworks for the repository's checks as it was", () => {
    const ci = command({
      type: "RequestRework",
      by: [],
      mayWrite: true,
      source: "ci",
      feedback: [{ ...both, id: "ci:head-1-1" }],
      reviewIds: [],
      textHash: "logs",
    });
    const red = [...phase1Ready, ciSeen("red"), ci];
    const presented = [...red, ...worked("run-next", 210), verified(1, true, 2), gateReady(1, "head-1-2")];
    expect(phaseAfter(...presented, conflict({ presentedSha: "head-1-2" }))).toMatchObject({
      ciReworks: 1,
      conflictReworks: 1,
    });
  });

  test.each<readonly [string, readonly TaskCommand[]]>([
    ["another head was presented", [...phase1Ready, ...resolved(2, "head-1-1", "run-2")]],
    ["a run is at work", [...phase1Ready, conflict()]],
    ["it was merged", [...phase1Ready, merged(31)]],
    ["somebody wants changes, whose rework goes first", [...phase1Ready, reviewed("head-1-1", [wish(1, "owner")])]],
    ["a decision is vetoed, whose rework goes first", [...phase1Decided, vetoes(1, "it is slow")]],
    [
      "the task is paused",
      [...phase1Ready, command({ type: "SuspendTask", by: writer, reason: { kind: "paused", by: "owner" } })],
    ],
  ])("is left alone where %s", (_claim, before) => {
    given(...before)
      .when(conflict())
      .then();
  });

  test("is merged in spite of a tick without a reason, of which nobody knows what is wanted", () => {
    given(...phase1Decided, vetoes(1))
      .when(conflict())
      .then("ConflictFound", "FeedbackGiven", "ReworkRequested", "RunRequested");
  });

  test("is looked for with each presentation", () => {
    expect(due("LookAtBase", phase1Ready).map(({ effect, urgency }) => ({ ...effect, urgency }))).toEqual([
      { kind: "LookAtBase", phase: 1, headSha: "head-1-1", urgency: "now" },
    ]);
  });
});
