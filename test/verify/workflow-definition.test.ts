import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { parseWorkflowDefinition } from "../../src/verify/workflow-definition.ts";
import { checkWorkflowValid } from "../../src/verify/workflow-valid.ts";
import { codeStep, memoryTree, phaseOf } from "./memory-tree.ts";
import { branchingDefinition, definitionPath, goodDefinition } from "./workflow-text.ts";

/** Rule and line of each fault, with the line as it reads, and what is said. */
function faultsOf(text: string, path = definitionPath): readonly string[] {
  const parsed = parseWorkflowDefinition(path, text);
  if (parsed.kind === "parsed") return [];
  const lines = text.split("\n");
  return parsed.faults.map(({ line, rule, message }) => `${rule} | ${(lines[line - 1] ?? "").trim()} | ${message}`);
}

describe("a definition", () => {
  test("that is whole is read", () => {
    expect(faultsOf(goodDefinition)).toEqual([]);
    expect(faultsOf(branchingDefinition, ".github/phasegate/workflows/triage.yml")).toEqual([]);
  });

  const schedule = 'type: schedule\n  config: { cron: "10 7 * * 1-5", timezone: Asia/Seoul }';
  test.each([
    ['type: webhook\n  config: { event_type: "tool-returned" }'],
    ["type: manual\n  config: {}"],
    ['type: manual\n  config: { inputs: { day: { description: "Day to report", required: false, default: today } } }'],
    ["type: event\n  config: { on: push }"],
    ["type: event\n  config: { on: issues, types: [opened, labeled] }"],
  ])("may be started by %s", (trigger) => {
    expect(faultsOf(goodDefinition.replace(schedule, trigger))).toEqual([]);
  });

  test.each([
    [schedule, "type: cron\n  config: {}", /^wrong-value \| type: cron .*expected one trigger/u],
    [schedule, "- type: manual\n  - type: webhook", /^wrong-type \| trigger: /u],
    [schedule, "type: schedule\n  config: { cron: '0 7 * * *', timezone: UTC, event_type: x }", /^unknown-field/u],
    [schedule, `${schedule}\ntrigger: { type: manual, config: {} }`, /^yaml \| trigger: /u],
    ["Asia/Seoul", "KST", /^wrong-value \| config: .*name of a time zone/u],
    ["10 7 * * 1-5", "10 7 1 * *", /^wrong-value \| config: .*another day in UTC/u],
    [schedule, "type: event\n  config: { on: pull_request_target }", /^wrong-value/u],
    [schedule, "type: event\n  config: { on: push, types: [opened] }", /expected no types of "push"/u],
    [schedule, "type: event\n  config: { on: issues, types: [made] }", /expected one of opened, /u],
  ])("is started by one trigger alone: %s as %s", (right, wrong, fault) => {
    expect(faultsOf(goodDefinition.replace(right, wrong))).toEqual([expect.stringMatching(fault)]);
  });

  test.each([
    ["name: overdue-reminder", "name: reminder", /^wrong-value \| name: reminder .* expected the file's name/u],
    ["id: any-overdue", "id: find-overdue", /^repeated-id \| - id: find-overdue/u],
    ["id: any-overdue", "id: Any_Overdue", /^wrong-value \| - id: Any_Overdue/u],
    ["nextSteps: [any-overdue]", "nextSteps: [any]", /^unknown-step \| nextSteps: \[any\]/u],
    ["nextSteps: [any-overdue]", "nextSteps: [any-overdue, any-overdue]", /named twice/u],
    [
      "nextSteps: []",
      "nextSteps: [find-overdue]",
      /^circle \| nextSteps: .* find-overdue, any-overdue, tell-slack, find-overdue/u,
    ],
    ["nextSteps: [any-overdue]", "nextSteps: []", /^unreachable-step \| - id: any-overdue/u],
    ["nextSteps: [tell-slack]", "nextSteps: []", /^no-next-step \| nextSteps: \[\]/u],
    ["secrets: [SLACK_BOT_TOKEN]", "secrets: []", /^unknown-secret \| secret: SLACK_BOT_TOKEN/u],
    ["variables: [SLACK_CHANNEL]", "variables: []", /^unknown-variable \| body: /u],
    ["variables: [SLACK_CHANNEL]", "variables: [SLACK_CHANNEL, OTHER]", /^unused-name \| variables: .*"OTHER"/u],
    ["secrets: [SLACK_BOT_TOKEN]", "secrets: [SLACK_BOT_TOKEN, NODE_OPTIONS]", /^wrong-value .*means something/u],
    ["secrets: [], variables: []", "secrets: [], variables: [PATH]", /^wrong-value .*means something/u],
    ["{{variables.SLACK_CHANNEL}}", "${{ vars.SLACK_CHANNEL }}", /^expression \| body: /u],
    ["title: Remind", 'title: "${{ github.token }} Remind', /^yaml/u],
    ["title: Remind of overdue tools", 'title: "${{ github.token }}"', /^expression \| title: /u],
    ["title: Remind of overdue tools", 'title: "Remind\\nname: x"', /^wrong-value \| title: .*one line/u],
    [
      "{{steps.find-overdue.message}}",
      "{{secrets.SLACK_BOT_TOKEN}}",
      /^unknown-placeholder .*a secret goes into no text/u,
    ],
    ["{{steps.find-overdue.message}}", "{{inputs.day}}", /^unknown-placeholder/u],
    ["{{steps.find-overdue.message}}", "{{steps.find.message}}", /^unknown-step \| body: /u],
    ["{{steps.find-overdue.message}}", "{{steps.any-overdue.holds}}", /^unknown-output .*has no output/u],
    ["{{steps.find-overdue.message}}", "{{steps.tell-slack.status}}", /^not-before .*does not run before/u],
    ["step: find-overdue", "step: tell-slack", /^unknown-output|^not-before/u],
    ["https://slack.com", "http://slack.com", /^wrong-value \| url: .*https/u],
    ["https://slack.com", "https://{{variables.SLACK_CHANNEL}}", /^wrong-value \| url: /u],
    ["https://slack.com", "https://rita:pass@slack.com", /^wrong-value \| url: /u],
    ["method: POST", "method: GET", /^wrong-value \| body: .*GET request has no body/u],
    ["scripts/overdue-reminder/find-overdue.mjs", "../x.mjs", /^wrong-value .*below scripts/u],
    ["scripts/overdue-reminder/find-overdue.mjs", "scripts/../x.mjs", /^wrong-value .*below scripts/u],
    ["scripts/overdue-reminder/find-overdue.mjs", "scripts/x.mjs; rm", /^wrong-value .*below scripts/u],
    ["scripts/overdue-reminder/find-overdue.mjs", "src/x.mjs", /^wrong-value .*below scripts/u],
    ["type: api_call", "type: http", /^wrong-value .*"claude_code"/u],
    ["is: greater_than", "is: more", /^wrong-value/u],
  ])("%s written as %s is a fault at its line", (right, wrong, fault) => {
    const text = goodDefinition.replace(right, wrong);
    expect(text).not.toBe(goodDefinition);
    expect(faultsOf(text)).toContainEqual(expect.stringMatching(fault));
  });

  test("may run the scripts of a product in a folder of its own", () => {
    expect(faultsOf(goodDefinition.replace("run: scripts/", "run: apps/library/scripts/"))).toEqual([]);
  });

  test("is what the guide shows", async () => {
    const guide = await readFile(new URL("../../guide/workflow/03_definition.md", import.meta.url), "utf8");
    expect(faultsOf(/```yaml\n([\s\S]*?)```/u.exec(guide)?.[1] ?? "")).toEqual([]);
  });

  test("tells all faults of one kind at once", () => {
    const text = goodDefinition
      .replace("secrets: [SLACK_BOT_TOKEN]", "secrets: []")
      .replace("step: find-overdue", "step: find");
    expect(faultsOf(text)).toHaveLength(2);
  });

  test("cites only what ran on every way", () => {
    const text = branchingDefinition.replace("{{steps.read-issue.number}}", "{{steps.judge.result}}");
    expect(faultsOf(text, ".github/phasegate/workflows/triage.yml")).toEqual([
      expect.stringContaining('a way leads to "record" on which "judge" does not run'),
    ]);
  });

  test("gives a model no tool that acts", () => {
    const text = branchingDefinition.replace("[Read, Grep]", "[Read, Bash]");
    expect(faultsOf(text, ".github/phasegate/workflows/triage.yml")).toEqual([
      expect.stringContaining("expected one of Read, Glob, Grep"),
    ]);
  });
});

describe("checkWorkflowValid", () => {
  const script = "scripts/overdue-reminder/find-overdue.mjs";

  test("passes what is whole", async () => {
    const tree = memoryTree({ [definitionPath]: goodDefinition, [script]: "" });
    expect(await checkWorkflowValid(tree, phaseOf([codeStep]))).toEqual({ findings: [], looked: 1 });
  });

  test("tells path, line and step", async () => {
    const tree = memoryTree({ [definitionPath]: goodDefinition.replace("[any-overdue]", "[any]"), [script]: "" });
    expect((await checkWorkflowValid(tree, phaseOf([codeStep]))).findings).toEqual([
      {
        check: "workflow-valid",
        step: "02_code",
        path: definitionPath,
        line: 12,
        message: 'no step has the id "any".',
      },
    ]);
  });

  test("misses a script only in a phase that may write it", async () => {
    const tree = memoryTree({ [definitionPath]: goodDefinition });
    const later = phaseOf([codeStep], { allowedPaths: ["scripts/**"] });
    const earlier = phaseOf([codeStep], { allowedPaths: ["docs/**"] });
    expect((await checkWorkflowValid(tree, later)).findings).toMatchObject([
      { message: expect.stringContaining("no such file") },
    ]);
    expect((await checkWorkflowValid(tree, earlier)).findings).toEqual([]);
  });

  test("fails another name or form of file", async () => {
    const files = { ".github/phasegate/workflows/a.yaml": "", ".github/phasegate/workflows/b.yml": null };
    const { findings } = await checkWorkflowValid(memoryTree(files), phaseOf([codeStep]));
    expect(findings.map(({ message }) => message)).toEqual([
      expect.stringContaining("<name>.yml"),
      expect.stringContaining("not readable text"),
    ]);
  });
});
