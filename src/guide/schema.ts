import { z } from "zod";
import { networks } from "../core/network.ts";
import { playbookNamePattern } from "../core/playbook.ts";
import type { CheckId } from "../core/report.ts";

/** Built-in tools of Claude Code that a guide may hand out. Tools that wait, schedule or start agents are not among them. */
const TOOL_NAMES = ["Read", "Write", "Edit", "Glob", "Grep", "Bash", "NotebookEdit", "WebFetch", "WebSearch"] as const;

const BUDGET_USD_MAX = 100;
const TASK_BUDGET_USD_MAX = 1_000;
const PHASES_MAX = 20;
const STEPS_MAX = 50;
const ENTRIES_MAX = 50;
const CHARACTERS_DEFAULT = 500;
const CHARACTERS_MAX = 100_000;
/** What crosses to the runner is held against the same figures. */
const CRITERIA_MAX = 40;
const CRITERION_ID_MAX = 60;
const CRITERION_TEXT_MAX = 1_000;
const TEST_COMMAND_MAX = 500;

const SLUG_PATTERN = /^[a-z0-9][a-z0-9_-]{0,39}$/u;

const Name = z.string().regex(playbookNamePattern, "expected a lower-case letter, then letters, digits, _ or -, 40 at most");
const Slug = z.string().regex(SLUG_PATTERN, "expected lower-case letters, digits, _ or -, 40 at most");
const Title = z.string().trim().min(1).max(80);
const Heading = z
  .string()
  .trim()
  .min(1)
  .max(80)
  .refine((text) => !text.includes("\n") && !text.startsWith("#"), "expected one line without leading #");

const Glob = z
  .string()
  .min(1)
  .max(1_000)
  .refine(isPlainGlob, "expected a path or glob relative to the repository's root, with / and without .., !, leading / or ./");

const Globs = z.array(Glob).min(1).max(ENTRIES_MAX).refine(isWithoutRepeats, "expected no entry twice");

/** None where the step has no deliverable: the turn of a conversation. */
const Outputs = z.array(Glob).max(ENTRIES_MAX).refine(isWithoutRepeats, "expected no entry twice");

const TurnsFor = z.enum(["phases", "stages", "sub-stages"]);

const Tools = z.array(z.enum(TOOL_NAMES)).min(1).refine(isWithoutRepeats, "expected no tool twice");

/** The fields above a guide's text. A field not named here is refused, since a misspelt limit would silently not hold. */
export const GuideHead = z.strictObject({
  title: Title,
  outputs: Outputs,
  sections: z
    .array(Heading)
    .max(ENTRIES_MAX)
    .refine((headings) => isWithoutRepeats(headings.map((heading) => heading.toLowerCase())), "expected no heading twice"),
  minCharacters: z.int().min(1).max(CHARACTERS_MAX).default(CHARACTERS_DEFAULT),
  allowedPaths: Globs.optional(),
  /** All of its role's where absent. */
  tools: Tools.optional(),
  questionRoundsMax: z.int().min(1).max(10).optional(),
  /** A turn for each row of these tables of the run, with a file each. */
  turnsFor: TurnsFor.optional(),
});
export type GuideHead = z.infer<typeof GuideHead>;

/** What a criterion may ask of a tree or of the run. Changes outside a phase's paths are refused before anything is verified. */
const CHECK_NAMES = [
  "outputs-exist",
  "long-enough",
  "sections-present",
  "no-placeholder",
  "links-resolve",
  "ids-known",
  "ids-cited",
  "plan-shape",
  "spec-valid",
  "workflow-valid",
  "plan-tables",
  "code-exists",
  "tests-exist",
  "env-ignored",
  "no-secrets",
  "tests-pass",
] as const satisfies readonly CheckId[];

const criterionFields = {
  id: z
    .string()
    .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/u, "expected lower-case words joined by -, such as documents-agree")
    .max(CRITERION_ID_MAX),
  text: z
    .string()
    .trim()
    .min(1)
    .max(CRITERION_TEXT_MAX)
    .refine((text) => !text.includes("\n"), "expected one line"),
  severity: z.enum(["must", "should"]),
};

const Criterion = z.discriminatedUnion(
  "kind",
  [
    z.strictObject({ ...criterionFields, kind: z.literal("deterministic"), check: z.enum(CHECK_NAMES) }),
    z.strictObject({ ...criterionFields, kind: z.literal("judged") }),
  ],
  { error: 'expected "deterministic", with its check, or "judged"' },
);

/** The fields above a verifier's guide, `verification/<name>.md`. */
export const VerificationHead = z.strictObject({
  criteria: z.array(Criterion).min(1).max(CRITERIA_MAX),
});
export type VerificationHead = z.infer<typeof VerificationHead>;

/** The fields above a guide of `common`. */
export const TitledHead = z.strictObject({ title: Title });

/** The fields above a guide of `integrations` or `figma`. */
export const IntegrationHead = z.strictObject({
  title: Title,
  secrets: z
    .array(z.string().regex(/^[A-Z][A-Z0-9_]{0,99}$/u, "expected the name of a secret, such as SLACK_BOT_TOKEN"))
    .min(1)
    .max(ENTRIES_MAX)
    .refine(isWithoutRepeats, "expected no secret twice"),
  /** Where it helps, where that is not everywhere. */
  phases: z.array(Name).min(1).max(ENTRIES_MAX).optional(),
});

const ROLE_NAME_PATTERN = /^[a-z][a-z0-9-]{0,39}$/u;
const RoleName = z.string().regex(ROLE_NAME_PATTERN, "expected a lower-case letter, then letters, digits or -, 40 at most");
const DESCRIPTION_MAX = 300;
const Description = z.string().trim().min(1).max(DESCRIPTION_MAX);

/** The fields above a role, `agents/<name>.md`: those of Claude Code's subagents. */
export const RoleHead = z.strictObject({
  name: RoleName,
  description: Description,
  /** `inherit`, or a model's name or alias. */
  model: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._@:/-]{0,99}$/u, "expected inherit, or the name of a model")
    .default("inherit"),
  /** For lists of agents; nothing here shows it. */
  color: z.string().trim().min(1).max(20).optional(),
  tools: Tools,
});

const TestCommand = z
  .string()
  .trim()
  .min(1)
  .max(TEST_COMMAND_MAX)
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  .refine((command) => !/[\u0000-\u001f\u007f]/u.test(command), "expected one line");

const PhaseHead = z.strictObject({
  number: z.int().min(1).max(PHASES_MAX),
  name: Name,
  title: Title,
  /** The folder, beside `playbooks`, that holds a guide for each step. */
  guide: Name,
  /** The file in `verification` that holds the criteria. */
  verification: Name,
  testCommand: TestCommand.optional(),
  mayBeSkipped: z.boolean().default(false),
  /** Where its programs may connect to; open where it says nothing. */
  network: z.enum(networks).optional(),
  /** `conversation`: its one step is done again with each comment. */
  mode: z.enum(["steps", "conversation"]).default("steps"),
  /** What it writes are the phases that follow. */
  plans: z.literal("tables").optional(),
  /** Who does its steps, and who looks at the work before people do: names of files in `agents`. */
  role: RoleName.optional(),
  reviewers: z.array(RoleName).max(ENTRIES_MAX).refine(isWithoutRepeats, "expected no role twice").default([]),
  /** Who takes the steps over where an attempt failed. */
  afterFailure: RoleName.optional(),
  budgetUsd: z.number().positive().max(BUDGET_USD_MAX),
  allowedPaths: Globs,
  steps: z.array(z.union([Slug, z.strictObject({ step: Slug, role: RoleName })])).min(1).max(STEPS_MAX),
  /** In its folder: what stands before the guide of each of its steps. */
  preface: Slug.optional(),
  /** How the phases are worked on that it plans. */
  work: z
    .strictObject({
      /** In the phase's folder: the guide of each of their steps. */
      step: Slug,
      role: RoleName.optional(),
      reviewers: z.array(RoleName).max(ENTRIES_MAX).refine(isWithoutRepeats, "expected no role twice").default([]),
      verification: Name,
      budgetUsd: z.number().positive().max(BUDGET_USD_MAX),
    })
    .optional(),
});
export type PhaseHead = z.infer<typeof PhaseHead>;

/** The file `playbooks/<name>.yml`. */
export const PlaybookHead = z.strictObject({
  name: Name,
  aliases: z.array(Name).max(ENTRIES_MAX).refine(isWithoutRepeats, "expected no alias twice").default([]),
  title: Title,
  description: Description,
  taskBudgetUsd: z.number().positive().max(TASK_BUDGET_USD_MAX).optional(),
  phases: z.array(PhaseHead).min(1).max(PHASES_MAX),
});
export type PlaybookHead = z.infer<typeof PlaybookHead>;

const Turn = z.strictObject({
  id: Slug,
  title: Title,
  guide: z.string().min(1),
  output: Glob,
});

const SubStagePlace = z.strictObject({ run: Slug, phase: Slug, stage: Slug, subStage: Slug });

const Step = z.strictObject({
  slug: Slug,
  title: Title,
  guide: z.string().min(1),
  outputs: Outputs,
  sections: z.array(Heading),
  minCharacters: z.int().min(1),
  allowedPaths: Globs,
  tools: z.array(z.string().min(1)).min(1),
  // What follows came later: a playbook that was frozen before has none of it.
  source: z.string().default(""),
  role: z.string().nullable().default(null),
  questionRoundsMax: z.int().positive().nullable().default(null),
  turns: z.array(Turn).min(1).exactOptional(),
  planned: SubStagePlace.exactOptional(),
  turnsFor: TurnsFor.exactOptional(),
});

/** A resolved playbook, as it is frozen in the store. */
export const ResolvedPlaybook = z.strictObject({
  name: Name,
  aliases: z.array(z.string()).default([]),
  title: Title,
  description: z.string().default(""),
  taskBudgetUsd: z.number().positive().nullable().default(null),
  common: z.string().default(""),
  integrations: z
    .array(
      z.strictObject({
        name: z.string(),
        title: z.string(),
        secrets: z.array(z.string()),
        phases: z.array(z.string()).nullable().default(null),
        guide: z.string(),
      }),
    )
    .default([]),
  roles: z
    .array(
      z.strictObject({
        name: z.string(),
        description: z.string(),
        model: z.string(),
        tools: z.array(z.string()),
        prompt: z.string(),
      }),
    )
    .default([]),
  phases: z.array(
    z.strictObject({
      number: z.int().min(1),
      name: Name,
      title: Title,
      mode: z.enum(["steps", "conversation"]).default("steps"),
      plans: z.literal("tables").nullable().default(null),
      root: z.string().default(""),
      reviewers: z.array(z.string()).default([]),
      afterFailure: z.string().nullable().default(null),
      allowedPaths: Globs,
      criteria: z.array(Criterion),
      verifierGuide: z.string(),
      testCommand: TestCommand.nullable(),
      mayBeSkipped: z.boolean(),
      network: z.enum(networks).exactOptional(),
      budgetUsd: z.number().positive(),
      steps: z.array(Step).min(1),
      work: z
        .strictObject({
          guide: z.string(),
          criteria: z.array(Criterion),
          verifierGuide: z.string(),
          tools: z.array(z.string().min(1)).min(1),
          sections: z.array(Heading),
          minCharacters: z.int().min(1),
          role: z.string().nullable(),
          reviewers: z.array(z.string()),
          source: z.string(),
          budgetUsd: z.number().positive(),
        })
        .exactOptional(),
    }),
  ),
  ripple: z
    .strictObject({ guide: z.string(), criteria: z.array(Criterion), verifierGuide: z.string() })
    // One that was frozen before there was a guide for it: the guides of the touched steps say enough to go on.
    .default({ guide: "", criteria: [], verifierGuide: "" }),
});

function isPlainGlob(glob: string): boolean {
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  if (/[\u0000-\u001f\u007f\\]/u.test(glob) || /^[!/]/u.test(glob)) return false;
  return !glob.split("/").some((segment) => segment === "" || segment === "." || segment === "..");
}

function isWithoutRepeats(values: readonly string[]): boolean {
  return new Set(values).size === values.length;
}
