import { Document, isNode } from "yaml";
import { toUtc } from "./workflow-cron.ts";
import { citationsOf, definitionFolder, parseWorkflowDefinition } from "./workflow-definition.ts";
import type { Citation, WorkflowDefinition, WorkflowStep } from "./workflow-definition.ts";
import { predecessorsOf } from "./workflow-graph.ts";
import { workflowScripts } from "./workflow-scripts.ts";

/** The exact version of the CLI that a compiled workflow installs: the one that the app is tested with. */
export const claudeOfWorkflows = "2.1.329";

const CHECKOUT = "actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8";
const RUNNER = "${{ vars.PHASEGATE_RUNNER || 'ubuntu-latest' }}";
const MODEL = "sonnet";
/** US dollars that one step of a model may spend in a run. */
const BUDGET_USD_MAX = 2;
const MINUTES: Readonly<Record<WorkflowStep["type"], number>> = {
  script: 20,
  condition: 5,
  api_call: 5,
  claude_code: 30,
};

/** Where the compiled workflow of a definition lies. */
export function compiledPathOf(name: string): string {
  return `.github/workflows/phasegate-${name}.yml`;
}

/** Whether a path is that of one definition, without wildcards. */
export function isDefinitionPath(path: string): boolean {
  return path.startsWith(definitionFolder) && /^[a-z0-9][a-z0-9-]*\.yml$/u.test(path.slice(definitionFolder.length));
}

/** The workflow of a definition's file, with its path; null where the definition is faulty. */
export function compiledFrom(path: string, text: string): { readonly path: string; readonly text: string } | null {
  const parsed = parseWorkflowDefinition(path, text);
  if (parsed.kind === "faulty") return null;
  const { definition } = parsed;
  return { path: compiledPathOf(definition.name), text: compileWorkflow(definition) };
}

/**
 * The GitHub Actions workflow that does what a definition says: one job for each step. The same definition gives the same text.
 * Takes a definition that `parseWorkflowDefinition` found nothing wrong with.
 */
export function compileWorkflow(definition: WorkflowDefinition): string {
  const { on, comment } = triggerOf(definition);
  const document = new Document({
    name: definition.title,
    on,
    // Each job is given what it needs; a job that reads no files gets nothing.
    permissions: {},
    jobs: Object.fromEntries(definition.steps.map((step) => [step.id, jobOf(definition, step)])),
  });
  document.commentBefore = [
    ` Made by Phasegate from ${definitionFolder}${definition.name}.yml.`,
    " Change that file, not this one: the next task on the workflow writes this one anew.",
  ].join("\n");
  const schedule = document.getIn(["on", "schedule"], true);
  if (comment !== null && isNode(schedule)) schedule.commentBefore = ` ${comment}`;
  return document.toString({ lineWidth: 0 });
}

function triggerOf({ trigger }: WorkflowDefinition): { readonly on: unknown; readonly comment: string | null } {
  switch (trigger.type) {
    case "schedule": {
      const utc = toUtc(trigger.config.cron, trigger.config.timezone);
      if (utc.kind === "faulty") throw new Error(`compiling a schedule: ${utc.message}`);
      return { on: { schedule: utc.crons.map((cron) => ({ cron })) }, comment: utc.comment };
    }
    case "webhook":
      return { on: { repository_dispatch: { types: [trigger.config.event_type] } }, comment: null };
    case "manual": {
      const inputs = Object.entries(trigger.config.inputs).map(([name, input]) => [name, { ...input, type: "string" }]);
      return {
        on: { workflow_dispatch: inputs.length === 0 ? {} : { inputs: Object.fromEntries(inputs) } },
        comment: null,
      };
    }
    case "event": {
      const { on, types } = trigger.config;
      return { on: { [on]: types === undefined ? {} : { types } }, comment: null };
    }
  }
}

function jobOf(definition: WorkflowDefinition, step: WorkflowStep): unknown {
  const before = predecessorsOf(definition.steps, step.id);
  const citations = citationsOf(step);
  const cited = new Set(citations.flatMap((citation) => (citation.kind === "output" ? [citation.step] : [])));
  const needs = definition.steps.filter(({ id }) => cited.has(id) || before.some((each) => each.id === id));
  const outputs = outputsOf(definition, step);
  const readsFiles = step.type === "script" || step.type === "claude_code";
  return {
    name: step.id,
    ...(needs.length === 0 ? {} : { needs: needs.map(({ id }) => id) }),
    ...(before.length === 0 ? guardOf(definition) : { if: conditionOf(before) }),
    "runs-on": RUNNER,
    "timeout-minutes": MINUTES[step.type],
    permissions: readsFiles ? { contents: "read" } : {},
    ...(outputs.length === 0
      ? {}
      : { outputs: Object.fromEntries(outputs.map((name) => [name, `\${{ steps.step.outputs.${name} }}`])) }),
    steps: [
      ...(readsFiles ? [{ uses: CHECKOUT, with: { "persist-credentials": false } }] : []),
      ...stepsOf(step, citations),
    ],
  };
}

/** Events that would run what a gate only proposes: it counts once people have merged it. */
const EVENTS_OF_BRANCHES: readonly string[] = ["create", "pull_request", "push"];

function guardOf({ trigger }: WorkflowDefinition): { readonly if?: string } {
  if (trigger.type !== "event" || !EVENTS_OF_BRANCHES.includes(trigger.config.on)) return {};
  return { if: "${{ !startsWith(github.head_ref || github.ref_name, 'phasegate/') }}" };
}

/**
 * Runs after any step that leads here, where that step ran and, as a condition, holds.
 * A step that failed ends the whole; one that was passed over ends only what comes after it. Without `!cancelled()` GitHub would pass over this job too.
 */
function conditionOf(before: readonly WorkflowStep[]): string {
  const ways = before.map(({ id, type }) => {
    const ran = `needs.${id}.result == 'success'`;
    return type === "condition" ? `(${ran} && needs.${id}.outputs.holds == 'true')` : ran;
  });
  return `\${{ !cancelled() && !failure() && (${ways.join(" || ")}) }}`;
}

/** Outputs that somebody asks for; others stay in the job. */
function outputsOf({ steps }: WorkflowDefinition, step: WorkflowStep): readonly string[] {
  if (step.type === "condition") return ["holds"];
  const asked = steps
    .flatMap(citationsOf)
    .flatMap((citation) => (citation.kind === "output" && citation.step === step.id ? [citation.output] : []));
  return [...new Set(asked)];
}

function stepsOf(step: WorkflowStep, citations: readonly Citation[]): readonly unknown[] {
  switch (step.type) {
    case "script": {
      const { run, secrets, variables } = step.config;
      const env = {
        PHASEGATE_SCRIPT: run,
        ...Object.fromEntries(variables.map((name) => [name, `\${{ vars.${name} }}`])),
        ...Object.fromEntries(secrets.map((name) => [name, `\${{ secrets.${name} }}`])),
      };
      return [{ id: "step", env, run: workflowScripts.run }];
    }
    case "condition": {
      const { is, value } = step.config.if;
      const env = { PHASEGATE_CONDITION: JSON.stringify({ is, value }), ...valuesOf(citations) };
      return [{ id: "step", env, run: workflowScripts.decide }];
    }
    case "api_call": {
      const { method, url, secret, body } = step.config;
      const env = {
        PHASEGATE_REQUEST: JSON.stringify({ method, url, secret, body }),
        PHASEGATE_NAMES: namesOf(citations),
        ...valuesOf(citations),
        ...(secret === undefined ? {} : { PHASEGATE_SECRET: `\${{ secrets.${secret} }}` }),
      };
      return [{ id: "step", env, run: workflowScripts.call }];
    }
    case "claude_code": {
      const { prompt, tools, max_turns: maxTurns } = step.config;
      const env = {
        PHASEGATE_PROMPT: JSON.stringify({ prompt, tools, maxTurns, maxBudgetUsd: BUDGET_USD_MAX, model: MODEL }),
        PHASEGATE_NAMES: namesOf(citations),
        ...valuesOf(citations),
        ANTHROPIC_API_KEY: "${{ secrets.ANTHROPIC_API_KEY }}",
      };
      return [
        { env: { PHASEGATE_CLAUDE_VERSION: claudeOfWorkflows }, run: workflowScripts.installClaude },
        { id: "step", env, run: workflowScripts.askClaude },
      ];
    }
  }
}

function namesOf(citations: readonly Citation[]): string {
  return JSON.stringify(
    citations.map((citation) =>
      citation.kind === "variable" ? `variables.${citation.name}` : `steps.${citation.step}.${citation.output}`,
    ),
  );
}

function valuesOf(citations: readonly Citation[]): Readonly<Record<string, string>> {
  const expressionOf = (citation: Citation): string =>
    citation.kind === "variable" ? `vars.${citation.name}` : `needs.${citation.step}.outputs.${citation.output}`;
  return Object.fromEntries(
    citations.map((citation, at) => [`PHASEGATE_VALUE_${at}`, `\${{ ${expressionOf(citation)} }}`]),
  );
}
