import { describe, expect, test } from "vitest";
import type { Phase } from "../../src/core/playbook.ts";
import { fillPlaybook, placeValuesOf, slugOf } from "../../src/core/place-values.ts";
import { noInput } from "../../src/core/task-input.ts";
import { plainPhase, plainPlaybook, plainStep } from "../support/playbook-parts.ts";
import { createTask, taskAfter } from "./given.ts";

describe("the short name of an issue's title", () => {
  test.each([
    ["A link shortener", "a-link-shortener"],
    ["  Überall: Café & Thé!  ", "uberall-cafe-the"],
    ["../../etc/passwd", "etc-passwd"],
    ["한국어 링크 단축기", null],
    ["v2", null],
    ["1 2 3 4", null],
    ["링크 단축기 (link shortener)", "link-shortener"],
    ["Remind everybody who has borrowed something of what is overdue", "remind-everybody-who-has-borrowed"],
    ["x".repeat(60), "x".repeat(40)],
  ])("of %j is %j", (title, slug) => {
    expect(slugOf(title)).toBe(slug);
  });
});

describe("the places of a task", () => {
  test("are made of its issue", () => {
    expect(placeValuesOf(taskAfter(createTask()))).toEqual({
      issue: "7",
      slug: "a-link-shortener",
      run: "run-007",
      spec: "spec-2026-11-21-007",
      root: "",
    });
  });

  test("are others for a second task on the issue, so that it overwrites nothing", () => {
    const again = { ...taskAfter(createTask()), ordinal: 2 };
    expect(placeValuesOf(again)).toMatchObject({ issue: "7-2", run: "run-007-2" });
  });

  test("have the issue's number where its title gives no name", () => {
    const task = taskAfter(createTask());
    expect(placeValuesOf({ ...task, issue: { ...task.issue, title: "링크" } }).slug).toBe("issue-7");
  });

  test("are in the folder that the form names", () => {
    const input = { ...noInput, outputDirectory: "apps/links" };
    expect(placeValuesOf({ ...taskAfter(createTask()), input }).root).toBe("apps/links");
  });
});

describe("a playbook of a task", () => {
  const phase: Phase = {
    ...plainPhase,
    number: 1,
    name: "planning",
    title: "Planning",
    allowedPaths: ["docs/plans/**", ".phasegate/specs/**"],
    criteria: [{ id: "is-there", text: "docs/plans/<issue>-<slug>.md is there.", kind: "judged", severity: "must" }],
    verifierGuide: "Read `runs/<run>/db`.",
    testCommand: null,
    mayBeSkipped: false,
    budgetUsd: 5,
    steps: [
      {
        ...plainStep,
        slug: "01_plan",
        title: "Plan",
        guide: "Write `docs/plans/<issue>-<slug>.md`, and again <issue>; leave <other> alone.",
        outputs: ["docs/plans/<issue>-<slug>.md"],
        sections: [],
        minCharacters: 1,
        allowedPaths: ["docs/plans/**"],
        tools: ["Write"],
      },
    ],
  };
  const playbook = { ...plainPlaybook, name: "plan", title: "Plan", phases: [phase] };

  test("names the task's own files in its paths and texts", () => {
    const filled = fillPlaybook(playbook, {
      issue: "12",
      slug: "links",
      run: "run-012",
      spec: "spec-2026-11-26-012",
      root: "",
    });
    expect(filled.phases[0]).toMatchObject({
      criteria: [{ text: "docs/plans/12-links.md is there." }],
      verifierGuide: "Read `runs/run-012/db`.",
      steps: [
        {
          guide: "Write `docs/plans/12-links.md`, and again 12; leave <other> alone.",
          outputs: ["docs/plans/12-links.md"],
        },
      ],
    });
  });

  test("has a planned run in the product's folder, with the file of each turn", () => {
    const turns = [{ id: "tsk-01", title: "Collect", guide: "Of <run>.", output: "runs/<run>/workspace/a.md" }];
    const [step] = phase.steps;
    const planned = { ...playbook, phases: [{ ...phase, steps: step === undefined ? [] : [{ ...step, turns }] }] };
    const values = { issue: "12", slug: "links", run: "run-012", spec: "spec-2026-11-26-012", root: "tools" };
    expect(fillPlaybook(planned, values).phases[0]?.steps[0]?.turns).toEqual([
      { id: "tsk-01", title: "Collect", guide: "Of run-012.", output: "tools/runs/run-012/workspace/a.md" },
    ]);
  });

  test("has its paths in the product's folder, but for those that are looked for at the root", () => {
    const filled = fillPlaybook(playbook, {
      issue: "12",
      slug: "links",
      run: "run-012",
      spec: "spec-2026-11-26-012",
      root: "apps/links",
    });
    expect(filled.phases[0]).toMatchObject({
      root: "apps/links",
      allowedPaths: ["apps/links/docs/plans/**", ".phasegate/specs/**"],
      steps: [{ outputs: ["apps/links/docs/plans/12-links.md"], allowedPaths: ["apps/links/docs/plans/**"] }],
    });
  });
});
