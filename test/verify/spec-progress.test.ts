import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { parseSpec } from "../../src/verify/spec.ts";
import type { Spec } from "../../src/verify/spec.ts";
import { archivePathOf, completeSpec, specProgress, withSpecChange } from "../../src/verify/spec-progress.ts";
import {
  command,
  createTask,
  merged,
  needs,
  phase1Ready,
  runEndedWith,
  running,
  stepCompleted,
  taskAfter,
  writer,
} from "../core/given.ts";
import { goodSpec, specPath } from "./spec-text.ts";

const hand = { at: "2026-11-21T10:00:00.000Z", by: "phasegate" };

function specOf(text: string): Spec {
  const parsed = parseSpec(specPath, text);
  if (parsed.kind === "faulty") throw new Error(JSON.stringify(parsed.faults));
  return parsed.spec;
}

const spec = specOf(goodSpec);
const second = [...phase1Ready, merged(31)];
const cancelled = command({ type: "CancelTask", by: writer });

describe("specProgress", () => {
  test.each([
    ["a draft task changes nothing", [createTask({ login: "rita", mayWrite: false })], null],
    ["the first phase works on its next step", running, ["pending", "in-progress", "pending"]],
    ["a step that is done is done", [...running, stepCompleted("01_idea")], ["pending", "completed", "pending"]],
    ["the first gate has it read", phase1Ready, ["review", "completed", "pending"]],
    ["the second phase works", second, ["in-progress", "completed", "in-progress"]],
    [
      "a task that waits is blocked",
      [...running, needs("1"), runEndedWith({ kind: "waiting-dependency" })],
      ["pending", "blocked", "pending"],
    ],
    ["a task that people ended is cancelled", [...running, cancelled], ["cancelled", "in-progress", "pending"]],
  ])("%s", (_, commands, statuses) => {
    const change = specProgress(spec, taskAfter(...commands), hand);
    expect(change === null ? null : [change.status, ...change.tasks]).toEqual(statuses);
  });

  test("counts the tasks, and says what moved", () => {
    expect(specProgress(spec, taskAfter(...second), hand)).toMatchObject({
      progress: { total: 2, completed: 1, inProgress: 1, pending: 0, percentage: 50 },
      entry: {
        ...hand,
        change: "pending to in-progress, TASK-001 pending to completed, TASK-002 pending to in-progress",
      },
    });
  });

  test("is valid still where the day on which it was written lies ahead", () => {
    const ahead = goodSpec.replaceAll(/(createdAt|updatedAt): .*/gu, "$1: 2099-01-01T00:00:00Z");
    const change = specProgress(specOf(ahead), taskAfter(...second), hand);
    if (change === null) throw new Error("nothing changed");
    expect(specOf(withSpecChange(ahead, change)).metadata.updatedAt).toBe("2099-01-01T00:00:00Z");
  });

  test("says nothing twice", () => {
    const state = taskAfter(...second);
    const change = specProgress(spec, state, hand);
    const text = change === null ? "" : withSpecChange(goodSpec, change);
    expect(specProgress(specOf(text), state, hand)).toBeNull();
  });

  test("takes back no approval of people before work begins", () => {
    const approved = specOf(goodSpec.replace("status: pending\n", "status: approved\n"));
    expect(specProgress(approved, taskAfter(...phase1Ready), hand)?.status).toBe("approved");
    expect(specProgress(approved, taskAfter(...running), hand)?.status).toBe("approved");
    expect(specProgress(approved, taskAfter(...second), hand)?.status).toBe("in-progress");
  });

  test("leaves what somebody wrote as done, where no step is named", () => {
    const done = specOf(
      goodSpec
        .replace("Send the mail\n", "Send the mail\n    status: completed\n")
        .replace("completed: 0", "completed: 1")
        .replace("pending: 2", "pending: 1")
        .replace("percentage: 0", "percentage: 50"),
    );
    expect(specProgress(done, taskAfter(...second), hand)?.tasks[1]).toBe("completed");
  });

  test("has the message of a task that failed", () => {
    const state = {
      ...taskAfter(...running),
      status: "failed" as const,
      endedAt: hand.at,
      message: "the repository is gone",
    };
    expect(specProgress(spec, state, hand)).toMatchObject({
      status: "failed",
      error: "the repository is gone",
      tasks: ["failed", "pending"],
      entry: { reason: "the repository is gone" },
    });
  });

  test("waits for the reader of a later gate", () => {
    const state = { ...taskAfter(...second), status: "review" as const };
    expect(specProgress(spec, state, hand)?.status).toBe("diff-submitted");
  });
});

describe("completeSpec", () => {
  test("has everything done, once", () => {
    const change = completeSpec(spec, hand);
    expect(change).toMatchObject({
      status: "completed",
      requirements: ["completed"],
      tasks: ["completed", "completed"],
      progress: { completed: 2, percentage: 100 },
    });
    const text = change === null ? "" : withSpecChange(goodSpec, change);
    expect(completeSpec(specOf(text), hand)).toBeNull();
  });

  test("goes to the archive of its month", () => {
    expect(archivePathOf(spec, hand.at)).toBe(".phasegate/specs/archive/2026-11/spec-2026-02-18-001.yaml");
  });
});

describe("withSpecChange", () => {
  const change = specProgress(spec, taskAfter(...second), hand);
  if (change === null) throw new Error("nothing changed");

  test("changes the lines of the change, and no other", () => {
    const before = new Set(goodSpec.split("\n"));
    const text = withSpecChange(goodSpec, change);
    expect(text.split("\n").filter((line) => !before.has(line))).toEqual([
      "status: in-progress",
      "  updatedAt: 2026-11-21T10:00:00.000Z",
      "    status: completed # set by the app",
      "    status: in-progress",
      "  completed: 1",
      "  inProgress: 1",
      "  pending: 0",
      "  percentage: 50",
      "  - at: 2026-11-21T10:00:00.000Z",
      "    by: phasegate",
      "    change: pending to in-progress, TASK-001 pending to completed, TASK-002 pending to in-progress",
    ]);
    const after = new Set(text.split("\n"));
    expect(goodSpec.split("\n").filter((line) => !after.has(line))).toEqual([
      "status: pending",
      "  updatedAt: 2026-02-18T09:30:00Z",
      "    status: pending # set by the app",
      "  completed: 0",
      "  inProgress: 0",
      "  pending: 2",
      "  percentage: 0",
    ]);
  });

  test.each([
    ["lists without an indent", goodSpec.replaceAll(/^ {2}(- | {2}(?=\w))/gmu, "$1").replace("      - ", "  - ")],
    ["line ends of Windows", goodSpec.replaceAll("\n", "\r\n")],
    [
      "lists in brackets",
      goodSpec.replace("tags: [mail]", "tags: [ mail, reminders ]").replaceAll("[TASK-001]", "[ TASK-001 ]"),
    ],
    ["long lines", goodSpec.replace("A reminder arrives.", `A reminder ${"truly ".repeat(40)}arrives.`)],
    ["a text over several lines", goodSpec.replace("- A reminder arrives.", "- |\n    A reminder\n    arrives.")],
  ])("keeps %s", (_, text) => {
    const lines = withSpecChange(text, change).split("\n");
    const before = text.split("\n");
    expect(before.filter((line) => !lines.includes(line)).length).toBeLessThanOrEqual(7);
    expect(lines.filter((line) => !before.includes(line)).length).toBeLessThanOrEqual(11);
  });

  test("keeps the templates to the letter but for what it writes", async () => {
    for (const name of ["feature", "fix", "refactor"]) {
      const template = await readFile(new URL(`../../guide/specs/templates/${name}.yaml`, import.meta.url), "utf8");
      const lines = withSpecChange(template, { ...change, requirements: [], tasks: [] }).split("\n");
      expect(
        template
          .split("\n")
          .filter((line) => !lines.includes(line))
          .map((line) => line.trim().split(":")[0]),
      ).toEqual(["status", "updatedAt", "progress"]);
    }
  });

  test("writes progress and change log where there are none", () => {
    const text = withSpecChange(goodSpec.replace(/progress:[\s\S]*/u, ""), change);
    expect(specOf(text)).toMatchObject({ progress: change.progress, changeLog: [change.entry] });
    expect(specOf(withSpecChange(goodSpec.replace(/changeLog:[\s\S]*/u, "changeLog: []\n"), change)).changeLog).toEqual(
      [change.entry],
    );
  });

  test("quotes what a message would say in YAML", () => {
    const error = "x: [1\n# no comment";
    expect(specOf(withSpecChange(goodSpec, { ...change, error })).error).toBe(error);
    expect(withSpecChange(withSpecChange(goodSpec, { ...change, error }), change)).not.toContain("no comment");
  });
});
