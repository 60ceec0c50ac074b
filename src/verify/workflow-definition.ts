import { z } from "zod";
import { parseSensibleYaml } from "../yaml/yaml-value.ts";
import type { FieldFault, YamlFault } from "../yaml/yaml-value.ts";
import { isTimezone, toUtc } from "./workflow-cron.ts";
import { circleOf } from "./circle.ts";
import { ancestorsOf, dominatorsOf } from "./workflow-graph.ts";

/** Where definitions lie in a repository (decision Q3). */
export const definitionFolder = ".github/phasegate/workflows/";

const STEPS_MAX = 30;
const NAMES_MAX = 20;
const INPUTS_MAX = 10;
const TEXT_MAX = 20_000;

const KEBAB = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/u;
const Kebab = z.string().regex(KEBAB, "expected lower-case words joined by -, such as find-overdue").max(40);
const Line = z
  .string()
  .trim()
  .min(1)
  .max(200)
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  .refine((text) => !/[\u0000-\u001f\u007f\u2028\u2029]/u.test(text), "expected one line");

/** What a step's environment has by itself, or what would change the program that the step runs. */
const TAKEN =
  /^(?:GITHUB|RUNNER|ACTIONS|PHASEGATE|NODE|NPM|LD|DYLD|BASH|PYTHON|CLAUDE)_|^(?:PATH|HOME|ENV|IFS|SHELL|CI|TMPDIR)$/u;
const EnvName = z
  .string()
  .regex(/^[A-Z][A-Z0-9_]{0,99}$/u, "expected capitals, digits and _, such as SLACK_CHANNEL")
  .refine(
    (name) => !TAKEN.test(name),
    "this name means something to GitHub or to the programs of a step: choose another",
  );
const EnvNames = z
  .array(EnvName)
  .max(NAMES_MAX)
  .refine((names) => new Set(names).size === names.length, "expected no name twice");

const OutputName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_-]{0,99}$/u, "expected a name such as count");

const EVENTS = [
  "create",
  "delete",
  "discussion",
  "discussion_comment",
  "fork",
  "issue_comment",
  "issues",
  "label",
  "milestone",
  "pull_request",
  "push",
  "release",
  "watch",
] as const;

/**
 * Events of a repository that start something by themselves, with the activities of each.
 * Not among them are those that run with the repository's secrets on what strangers sent.
 */
const ACTIVITIES: Readonly<Record<(typeof EVENTS)[number], readonly string[]>> = {
  create: [],
  delete: [],
  discussion: ["created", "edited", "deleted", "answered", "labeled", "unlabeled", "category_changed"],
  discussion_comment: ["created", "edited", "deleted"],
  fork: [],
  issue_comment: ["created", "edited", "deleted"],
  issues: ["opened", "edited", "deleted", "closed", "reopened", "assigned", "unassigned", "labeled", "unlabeled"],
  label: ["created", "edited", "deleted"],
  milestone: ["created", "closed", "opened", "edited", "deleted"],
  pull_request: ["opened", "edited", "closed", "reopened", "synchronize", "labeled", "unlabeled", "ready_for_review"],
  push: [],
  release: ["published", "created", "edited", "deleted", "prereleased", "released"],
  watch: ["started"],
};

const Trigger = z.discriminatedUnion(
  "type",
  [
    z.strictObject({
      type: z.literal("schedule"),
      config: z.strictObject({
        cron: Line,
        timezone: z.string().refine(isTimezone, "expected the name of a time zone, such as Asia/Seoul or UTC"),
      }),
    }),
    z.strictObject({
      type: z.literal("webhook"),
      config: z.strictObject({
        event_type: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/u, "expected a name such as tool-returned"),
      }),
    }),
    z.strictObject({
      type: z.literal("manual"),
      config: z.strictObject({
        inputs: z
          .record(
            z.string().regex(/^[a-z][a-z0-9_]{0,39}$/u, "expected lower-case letters, digits and _"),
            z.strictObject({
              description: Line,
              required: z.boolean().default(false),
              default: z.string().max(1_000).optional(),
            }),
          )
          .refine((inputs) => Object.keys(inputs).length <= INPUTS_MAX, `expected at most ${INPUTS_MAX} inputs`)
          .default({}),
      }),
    }),
    z.strictObject({
      type: z.literal("event"),
      config: z.strictObject({ on: z.enum(EVENTS), types: z.array(z.string()).min(1).optional() }),
    }),
  ],
  { error: 'expected one trigger, of type "schedule", "webhook", "manual" or "event"' },
);

/** A script lies in a folder `scripts`, that of the product where it has one, and its ending names the program that runs it. */
const SCRIPT =
  /^(?:[A-Za-z0-9_-][A-Za-z0-9._-]*\/)*scripts\/(?:[A-Za-z0-9_-][A-Za-z0-9._-]*\/)*[A-Za-z0-9_-][A-Za-z0-9._-]*\.(?:mjs|cjs|js|py|sh)$/u;

/** Scheme and host are fixed; what follows may hold placeholders. */
const URL_FORM = /^https:\/\/[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\d{1,5})?(?:[/?][^\s#]*)?$/u;

const stepFields = { id: Kebab, nextSteps: z.array(z.string()).max(STEPS_MAX) };

const Json: z.ZodType = z.json({ error: "expected what JSON can say" });

const Step = z.discriminatedUnion(
  "type",
  [
    z.strictObject({
      ...stepFields,
      type: z.literal("script"),
      config: z.strictObject({
        run: z
          .string()
          .max(200)
          .regex(SCRIPT, "expected a file below scripts/ that ends in .mjs, .cjs, .js, .py or .sh"),
        secrets: EnvNames.default([]),
        variables: EnvNames.default([]),
      }),
    }),
    z.strictObject({
      ...stepFields,
      type: z.literal("condition"),
      config: z.strictObject({
        if: z.strictObject({
          step: z.string(),
          output: OutputName,
          is: z.enum(["equals", "not_equals", "greater_than", "less_than"]),
          value: z.union([z.string().max(1_000), z.number()], { error: "expected a text or a number" }),
        }),
      }),
    }),
    z.strictObject({
      ...stepFields,
      type: z.literal("api_call"),
      config: z.strictObject({
        method: z.enum(["GET", "POST", "PUT", "PATCH", "DELETE"]),
        url: z
          .string()
          .max(2_000)
          .regex(URL_FORM, "expected an address that begins with https:// and a host without placeholders"),
        secret: EnvName.optional(),
        body: Json.optional(),
      }),
    }),
    z.strictObject({
      ...stepFields,
      type: z.literal("claude_code"),
      config: z.strictObject({
        prompt: z.string().trim().min(1).max(TEXT_MAX),
        // The agent reads texts of others: a tool that runs, writes or fetches would see the model's key, or carry something out.
        tools: z.array(z.enum(["Read", "Glob", "Grep"])).default([]),
        max_turns: z.int().min(1).max(50),
      }),
    }),
  ],
  { error: 'expected "script", "condition", "api_call" or "claude_code"' },
);
export type WorkflowStep = z.infer<typeof Step>;

const Definition = z.strictObject({
  // An issue's title may begin with a digit.
  name: z
    .string()
    .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/u, "expected lower-case words joined by -")
    .max(60),
  title: Line,
  trigger: Trigger,
  secrets: EnvNames.default([]),
  variables: EnvNames.default([]),
  steps: z.array(Step).min(1).max(STEPS_MAX),
});
export type WorkflowDefinition = z.infer<typeof Definition>;

export type ParsedDefinition =
  | { readonly kind: "parsed"; readonly definition: WorkflowDefinition }
  | { readonly kind: "faulty"; readonly faults: readonly YamlFault[] };

/** Reads a definition; every fault of it, of form or of sense, comes with its line. */
export function parseWorkflowDefinition(file: string, text: string): ParsedDefinition {
  const parsed = parseSensibleYaml({ file, text, firstLine: 1 }, Definition, (definition) =>
    senseFaults(file, definition),
  );
  return parsed.kind === "faulty" ? parsed : { kind: "parsed", definition: parsed.value };
}

/** What stands between two pairs of braces, anywhere in a text. */
const PLACEHOLDER = /\{\{([^{}]*)\}\}/gu;

export type Citation =
  | { readonly kind: "variable"; readonly name: string }
  | { readonly kind: "output"; readonly step: string; readonly output: string };

/** What a placeholder's words stand for; null where they stand for nothing. */
function citationOf(words: string): Citation | null {
  const [kind, first = "", second, ...rest] = words.trim().split(".");
  if (kind === "variables" && second === undefined && first !== "") return { kind: "variable", name: first };
  if (kind === "steps" && second !== undefined && second !== "" && rest.length === 0) {
    return { kind: "output", step: first, output: second };
  }
  return null;
}

/** The texts of a step in which placeholders are filled in, with the path to each below its `config`. */
function templatesOf(step: WorkflowStep): readonly (readonly [readonly PropertyKey[], string])[] {
  switch (step.type) {
    case "script":
    case "condition":
      return [];
    case "api_call":
      return [[["url"], step.config.url], ...textsOf(step.config.body, ["body"])];
    case "claude_code":
      return [[["prompt"], step.config.prompt]];
  }
}

/** What a step cites, each once, in the order of its texts. */
export function citationsOf(step: WorkflowStep): readonly Citation[] {
  if (step.type === "condition") return [{ kind: "output", step: step.config.if.step, output: step.config.if.output }];
  const words = templatesOf(step).flatMap(([, text]) =>
    [...text.matchAll(PLACEHOLDER)].map(([, inner = ""]) => inner.trim()),
  );
  return [...new Set(words)].flatMap((each) => citationOf(each) ?? []);
}

function senseFaults(file: string, definition: WorkflowDefinition): readonly FieldFault[] {
  const faults: FieldFault[] = [];
  const { steps, trigger } = definition;
  const name = /([^/]*)\.yml$/u.exec(file)?.[1];
  if (name !== definition.name) {
    const message = `"name": expected the file's name without .yml, ${JSON.stringify(name ?? file)}, got "${definition.name}"`;
    faults.push({ path: ["name"], rule: "wrong-value", message });
  }
  for (const [path, text] of textsOf(definition)) {
    if (!text.includes("${{")) continue;
    const message = `"${path.join(".")}": expressions of Actions have no meaning here: write {{variables.NAME}} or {{steps.id.output}}`;
    faults.push({ path, rule: "expression", message });
  }
  if (trigger.type === "schedule") {
    const utc = toUtc(trigger.config.cron, trigger.config.timezone);
    if (utc.kind === "faulty") {
      faults.push({
        path: ["trigger", "config", "cron"],
        rule: "wrong-value",
        message: `"trigger.config.cron": ${utc.message}`,
      });
    }
  }
  if (trigger.type === "event") {
    const known = ACTIVITIES[trigger.config.on];
    for (const [at, type] of (trigger.config.types ?? []).entries()) {
      if (known.includes(type)) continue;
      const expected = known.length === 0 ? "no types" : `one of ${known.join(", ")}`;
      const message = `"trigger.config.types.${at}": expected ${expected} of "${trigger.config.on}", got "${type}"`;
      faults.push({ path: ["trigger", "config", "types", at], rule: "wrong-value", message });
    }
  }
  const order = orderFaults(steps);
  faults.push(...order);
  faults.push(...nameFaults(definition));
  // What comes before what can be said only where the order is one.
  if (order.length === 0) faults.push(...citationFaults(definition));
  return faults;
}

function orderFaults(steps: readonly WorkflowStep[]): readonly FieldFault[] {
  const faults: FieldFault[] = [];
  const ids = new Set<string>();
  for (const [at, { id }] of steps.entries()) {
    if (ids.has(id))
      faults.push({ path: ["steps", at, "id"], rule: "repeated-id", message: `the id "${id}" is given twice` });
    ids.add(id);
  }
  for (const [at, step] of steps.entries()) {
    for (const [index, next] of step.nextSteps.entries()) {
      if (ids.has(next) && step.nextSteps.indexOf(next) === index) continue;
      const message = ids.has(next) ? `"${next}" is named twice` : `no step has the id "${next}"`;
      faults.push({ path: ["steps", at, "nextSteps", index], rule: "unknown-step", message });
    }
    if (step.type === "condition" && step.nextSteps.length === 0) {
      const message = `"${step.id}" decides nothing: name in nextSteps what it lets through`;
      faults.push({ path: ["steps", at, "nextSteps"], rule: "no-next-step", message });
    }
  }
  if (faults.length > 0) return faults;
  const circle = circleOf(steps, ({ nextSteps }) => nextSteps);
  if (circle !== null) {
    const message = `these steps follow each other in a circle: ${[...circle, circle[0]].join(", ")}; repetition belongs into a script, with a limit`;
    return [{ path: ["steps", steps.findIndex(({ id }) => id === circle[0]), "nextSteps"], rule: "circle", message }];
  }
  const named = new Set(steps.flatMap(({ nextSteps }) => nextSteps));
  return steps.flatMap(({ id }, at) => {
    const isFirst = steps.findIndex((step) => !named.has(step.id)) === at;
    if (named.has(id) || isFirst) return [];
    const message = `no step leads to "${id}": name it in the nextSteps of the step before it`;
    return [{ path: ["steps", at, "id"], rule: "unreachable-step", message }];
  });
}

function nameFaults({ secrets, variables, steps }: WorkflowDefinition): readonly FieldFault[] {
  const faults: FieldFault[] = [];
  const used = { secrets: new Set<string>(), variables: new Set<string>() };
  const use = (kind: "secrets" | "variables", name: string, path: readonly PropertyKey[]): void => {
    used[kind].add(name);
    if ((kind === "secrets" ? secrets : variables).includes(name)) return;
    const message = `"${name}" does not stand in the list of ${kind} at the top: add it there, or correct its spelling`;
    faults.push({ path, rule: kind === "secrets" ? "unknown-secret" : "unknown-variable", message });
  };
  for (const [at, step] of steps.entries()) {
    const config = ["steps", at, "config"];
    if (step.type === "script") {
      for (const kind of ["secrets", "variables"] as const) {
        for (const [index, name] of step.config[kind].entries()) {
          use(kind, name, [...config, kind, index]);
          if (kind === "secrets" && step.config.variables.includes(name)) {
            const message = `"${name}" is a secret and a variable of one step: give one of them another name`;
            faults.push({ path: [...config, kind, index], rule: "repeated-name", message });
          }
        }
      }
    }
    if (step.type === "api_call") {
      if (step.config.secret !== undefined) use("secrets", step.config.secret, [...config, "secret"]);
      if (step.config.method === "GET" && step.config.body !== undefined) {
        faults.push({
          path: [...config, "body"],
          rule: "wrong-value",
          message: "a GET request has no body: put what it asks for into the address",
        });
      }
    }
    for (const [path, text] of templatesOf(step)) {
      for (const [whole, words = ""] of text.matchAll(PLACEHOLDER)) {
        const citation = citationOf(words);
        if (citation?.kind === "variable") use("variables", citation.name, [...config, ...path]);
        if (citation !== null) continue;
        const message = words.trim().startsWith("secrets.")
          ? `"${whole}": a secret goes into no text: name it under "secret" of an api_call, or under "secrets" of a script`
          : `"${whole}": expected {{variables.NAME}} or {{steps.id.output}}`;
        faults.push({ path: [...config, ...path], rule: "unknown-placeholder", message });
      }
    }
  }
  for (const kind of ["secrets", "variables"] as const) {
    for (const [index, name] of (kind === "secrets" ? secrets : variables).entries()) {
      if (used[kind].has(name)) continue;
      faults.push({
        path: [kind, index],
        rule: "unused-name",
        message: `no step uses "${name}": take it out, since a workflow reaches no more than it needs`,
      });
    }
  }
  return faults;
}

/** What a step cites was written on every path that leads to it. */
function citationFaults({ steps }: WorkflowDefinition): readonly FieldFault[] {
  const before = dominatorsOf(steps);
  const ancestors = ancestorsOf(steps);
  return steps.flatMap((step, at) =>
    citationsOf(step).flatMap((citation): readonly FieldFault[] => {
      if (citation.kind === "variable") return [];
      const path = ["steps", at, "config", ...(step.type === "condition" ? ["if", "step"] : placeOf(step, citation))];
      const cited = steps.find(({ id }) => id === citation.step);
      const shown = `${citation.step}.${citation.output}`;
      if (cited === undefined)
        return [{ path, rule: "unknown-step", message: `"${shown}": no step has the id "${citation.step}"` }];
      const outputs =
        cited.type === "script" ? null : { api_call: "status", claude_code: "result", condition: null }[cited.type];
      if (cited.type !== "script" && outputs !== citation.output) {
        const has = outputs === null ? "no output" : `the output "${outputs}" alone`;
        return [{ path, rule: "unknown-output", message: `"${shown}": a step of type ${cited.type} has ${has}` }];
      }
      if (before.get(step.id)?.has(cited.id) === true) return [];
      const message =
        ancestors.get(step.id)?.has(cited.id) === true
          ? `"${shown}": a way leads to "${step.id}" on which "${cited.id}" does not run`
          : `"${shown}": "${cited.id}" does not run before "${step.id}"`;
      return [{ path, rule: "not-before", message }];
    }),
  );
}

function placeOf(
  step: WorkflowStep,
  { step: id, output }: Extract<Citation, { kind: "output" }>,
): readonly PropertyKey[] {
  const isCited = (text: string): boolean =>
    [...text.matchAll(PLACEHOLDER)].some(([, words = ""]) => words.trim() === `steps.${id}.${output}`);
  return templatesOf(step).find(([, text]) => isCited(text))?.[0] ?? [];
}

/** Every text of a value, keys included, with the path that leads to it. */
function textsOf(
  value: unknown,
  path: readonly PropertyKey[] = [],
): readonly (readonly [readonly PropertyKey[], string])[] {
  if (typeof value === "string") return [[path, value]];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    if (Array.isArray(value)) return textsOf(inner, [...path, Number(key)]);
    const below = textsOf(inner, [...path, key]);
    return /\$\{\{|\{\{/u.test(key) ? [[[...path, key], key] as const, ...below] : below;
  });
}
