/** What was refused, taken away or contained stays in the task's record, bounded. */
import { describe, expect, test } from "vitest";
import type { CommandOf, TaskCommand } from "../../src/core/commands.ts";
import { runIdFrom } from "../../src/core/ids.ts";
import type { Finding } from "../../src/core/report.ts";
import { appNotesMax, type SecurityNote } from "../../src/core/security.ts";
import {
  command,
  createTask,
  given,
  phase1Ready,
  running,
  runEnded,
  stateAfter,
  stepCompleted,
  stranger,
} from "./given.ts";

const finding = (check: Finding["check"], path: string): Finding => ({
  check,
  step: null,
  path,
  line: null,
  message: "",
});
const workflow: SecurityNote = { kind: "path-refused", count: 2, example: ".github/workflows/a.yml" };
const noted = (kind: SecurityNote["kind"], example = "x"): TaskCommand =>
  command({ type: "NoteSecurity", runId: null, notes: [{ kind, count: 1, example }] });

const withNotes = (body: TaskCommand, security: readonly SecurityNote[]): TaskCommand => {
  if (body.type !== "CompleteStep" && body.type !== "EndRun") throw new Error(`${body.type} brings no notes`);
  return { ...body, security };
};

function securityAfter(...commands: readonly TaskCommand[]) {
  const state = stateAfter(...commands);
  return state.status === "absent" ? [] : state.security;
}

describe("what a run reports", () => {
  test("with a step stands before the step, of its phase", () => {
    const [event] = given(...running)
      .when(withNotes(stepCompleted("01_idea"), [workflow]))
      .then("SecurityNoted", "StepCompleted");
    expect(event).toMatchObject({ source: "runner", runId: runIdFrom("run-1"), phase: 1, notes: [workflow] });
  });

  test("with its end stands before the end", () => {
    given(...running, stepCompleted("01_idea"), stepCompleted("02_market"))
      .when(withNotes(runEnded("completed"), [workflow]))
      .then("SecurityNoted", "RunEnded");
  });

  test("with a step that is heard twice counts once, and no note is no event", () => {
    const step = withNotes(stepCompleted("01_idea"), [workflow]);
    given(...running, step)
      .when(step)
      .then();
    given(...running)
      .when(withNotes(stepCompleted("01_idea"), []))
      .then("StepCompleted");
  });

  test("is summed up by kind, with the first example that there was", () => {
    const silent: SecurityNote = { kind: "secret-masked", count: 1, example: "" };
    const later: SecurityNote = { kind: "secret-masked", count: 4, example: "KEY=***" };
    expect(
      securityAfter(
        ...running,
        withNotes(stepCompleted("01_idea"), [workflow, silent]),
        withNotes(stepCompleted("02_market"), [{ ...workflow, example: "b" }, later]),
      ),
    ).toEqual([
      { ...workflow, count: 4, phase: 1, source: "runner" },
      { ...later, count: 5, phase: 1, source: "runner" },
    ]);
  });
});

describe("what the app refuses", () => {
  test("stands beside what the run reports, as the app's own", () => {
    expect(securityAfter(...running, withNotes(stepCompleted("01_idea"), [workflow]), noted("path-refused"))).toEqual([
      { ...workflow, phase: 1, source: "runner" },
      { kind: "path-refused", count: 1, example: "x", phase: 1, source: "app" },
    ]);
  });

  test("is written down so often and no more, for each kind of its own", () => {
    const flood = Array.from({ length: appNotesMax }, () => noted("person-refused"));
    given(...running, ...flood)
      .when(noted("person-refused"))
      .then();
    given(...running, ...flood)
      .when(noted("identity-refused"))
      .then("SecurityNoted");
  });

  test("of a draft or a task that is over is not written down", () => {
    given(createTask(stranger)).when(noted("person-refused")).then();
    given(...running, command({ type: "CancelTask", by: { login: "owner", mayWrite: true } }))
      .when(noted("person-refused"))
      .then();
  });

  test("of a changeset counts by what was wrong with it", () => {
    const step = stepCompleted("01_idea") as CommandOf<"CompleteStep">;
    const findings = [
      finding("paths-allowed", ".claude/settings.json"),
      finding("no-secrets", "docs/a.md"),
      finding("no-placeholder", "docs/a.md"),
    ];
    const { changesetId } = step;
    expect(
      securityAfter(
        ...running,
        step,
        command({ type: "RefuseChangeset", phase: 1, step: "01_idea", changesetId, findings }),
      ),
    ).toEqual([
      { kind: "path-refused", count: 1, example: ".claude/settings.json", phase: 1, source: "app" },
      { kind: "secret-in-file", count: 1, example: "docs/a.md", phase: 1, source: "app" },
    ]);
  });

  test("stays where the task goes on to another status", () => {
    const before = securityAfter(...running, noted("token-refused"));
    expect(before).toHaveLength(1);
    expect(securityAfter(...phase1Ready, noted("token-refused"))).toHaveLength(1);
    expect(
      securityAfter(...running, noted("token-refused"), stepCompleted("01_idea"), runEnded("slice-ended")),
    ).toEqual(before);
  });
});
