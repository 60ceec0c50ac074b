import { describe, expect, test } from "vitest";
import { checkSays, namesOf, runSays, stateOf, statusSays, type Says } from "../../src/github/ci-signs.ts";
import { excludedBy, triggersOf } from "../../src/github/workflow-triggers.ts";

const sign = (says: Says, name: string = says) => ({ name, url: `https://ci.example/${name}`, says });

test.each<readonly [readonly Says[], string]>([
  [["passed", "passed"], "green"],
  [["passed", "waiting"], "waiting"],
  [["passed", "silent"], "never-started"],
  [["waiting", "silent"], "waiting"],
  [["waiting", "held"], "never-started"],
  [["passed", "broken"], "never-started"],
  [["passed", "waiting", "held", "silent", "failed"], "red"],
])("signs that say %j make a commit %s", (says, kind) => {
  expect(stateOf(says.map((each) => sign(each)))?.kind).toBe(kind);
});

test("no sign is no state", () => {
  expect(stateOf([])).toBeNull();
});

test("what failed is named, twenty at most", () => {
  const signs = Array.from({ length: 30 }, (_, index) => sign("failed", `part ${index}`));
  const failed = stateOf(signs)?.failed ?? [];
  expect(failed.length).toBe(20);
  expect(failed[0]).toEqual({ name: "part 0", url: "https://ci.example/part 0" });
});

test.each([
  ["success", "passed"],
  ["neutral", "passed"],
  ["skipped", "passed"],
  ["failure", "failed"],
  ["timed_out", "failed"],
  ["cancelled", "silent"],
  ["stale", "silent"],
  [null, "silent"],
  ["something new", "silent"],
])("a check or a run that ended %s has %s", (conclusion, says) => {
  expect(checkSays({ status: "completed", conclusion })).toBe(says);
  expect(runSays({ status: "completed", conclusion })).toBe(says);
});

test.each(["queued", "in_progress", "waiting", "requested", "pending", null])("one that is %s waits", (status) => {
  expect(checkSays({ status, conclusion: null })).toBe("waiting");
});

test("a workflow that GitHub can't start is broken", () => {
  expect(runSays({ status: "completed", conclusion: "startup_failure" })).toBe("broken");
});

test("a service that asks for an action has failed; a run that does waits for people", () => {
  const asking = { status: "completed", conclusion: "action_required" };
  expect([checkSays(asking), runSays(asking)]).toEqual(["failed", "held"]);
});

test.each([
  ["success", "passed"],
  ["pending", "waiting"],
  ["failure", "failed"],
  ["error", "failed"],
])("a status %s has %s", (state, says) => {
  expect(statusSays(state)).toBe(says);
});

test("a few names are shown, and how many more there are", () => {
  expect(namesOf(["a", "b", "a", "c", "d"].map((name) => ({ name })))).toBe('"a", "b", "c" and 1 more');
});

describe("a workflow", () => {
  const gate = { branch: "phasegate/7-1-planning", base: "main" };

  test.each([["on: workflow_dispatch"], ["on: { schedule: [{ cron: '0 0 * * *' }] }"], ["jobs: {}"], [""], ["- push"]])(
    "with %j has nothing to do with gates",
    (text) => {
      expect(triggersOf("ci.yml", text)).toBeNull();
    },
  );

  test.each([
    ["on: push", null],
    ["on: [push, pull_request]", null],
    ["on: { push: { branches: [main] }, pull_request: }", null],
    ['on: { push: { branches: ["phasegate/**"] } }', null],
    ["on: { push: { branches: [main] } }", "branches"],
    ['on: { push: { branches: ["**", "!phasegate/**"] } }', "branches"],
    ['on: { push: { branches-ignore: ["phasegate/**"] } }', "branches"],
    ["on: { push: { tags: [v1] } }", "branches"],
    ["on: { pull_request: { branches: main } }", null],
    ["on: { pull_request: { branches: [release] } }", "branches"],
    ["on: { pull_request: { types: [labeled] } }", "types"],
    ["on: { pull_request: { types: [labeled, synchronize] } }", null],
    ["on: { push: { paths: [src] } }", "paths-of-a-push"],
    ["on: { push: { branches: [main] }, pull_request: { paths-ignore: [docs] } }", "paths"],
    ["on: [push", null],
  ])("with %j is kept from a gate by %s", (text, by) => {
    const triggers = triggersOf("ci.yml", text);
    expect(triggers === null ? "nothing to do with gates" : excludedBy(triggers, gate)).toBe(by);
  });

  test("goes by its name, or by its path where it has none or can't be read", () => {
    const name = (text: string | null) => triggersOf("ci.yml", text)?.name;
    expect([name("name: CI\non: push"), name("on: push"), name("on: [push"), name(null)]).toEqual([
      "CI",
      "ci.yml",
      "ci.yml",
      "ci.yml",
    ]);
  });
});
