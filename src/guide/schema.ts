import { z } from "zod";

/** Built-in tools of Claude Code that a guide may hand out. Tools that wait, schedule or start agents are not among them. */
const TOOL_NAMES = ["Read", "Write", "Edit", "Glob", "Grep", "Bash", "NotebookEdit", "WebFetch", "WebSearch"] as const;

const BUDGET_USD_MAX = 100;
const PHASES_MAX = 20;
const STEPS_MAX = 50;
const ENTRIES_MAX = 50;
const CHARACTERS_DEFAULT = 500;
const CHARACTERS_MAX = 100_000;

/** Names become branch names, labels and file names: a small alphabet that needs no quoting anywhere. */
export const NAME_PATTERN = /^[a-z][a-z0-9_-]{0,39}$/u;
const SLUG_PATTERN = /^[a-z0-9][a-z0-9_-]{0,39}$/u;

const Name = z.string().regex(NAME_PATTERN, "expected a lower-case letter, then letters, digits, _ or -, 40 at most");
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

/** The fields above a guide's text. A field not named here is refused, since a misspelt limit would silently not hold. */
export const GuideHead = z.strictObject({
  title: Title,
  outputs: Globs,
  sections: z
    .array(Heading)
    .min(1)
    .max(ENTRIES_MAX)
    .refine((headings) => isWithoutRepeats(headings.map((heading) => heading.toLowerCase())), "expected no heading twice"),
  minCharacters: z.int().min(1).max(CHARACTERS_MAX).default(CHARACTERS_DEFAULT),
  allowedPaths: Globs.optional(),
  tools: z.array(z.enum(TOOL_NAMES)).min(1).refine(isWithoutRepeats, "expected no tool twice"),
});
export type GuideHead = z.infer<typeof GuideHead>;

const Checks = z.array(z.enum(["env-ignored", "tests-exist"])).refine(isWithoutRepeats, "expected no check twice");

const PhaseHead = z.strictObject({
  number: z.int().min(1).max(PHASES_MAX),
  name: Name,
  title: Title,
  /** The folder, beside `playbooks`, that holds a guide for each step. */
  guide: Name,
  budgetUsd: z.number().positive().max(BUDGET_USD_MAX),
  allowedPaths: Globs,
  checks: Checks,
  steps: z.array(Slug).min(1).max(STEPS_MAX),
});
export type PhaseHead = z.infer<typeof PhaseHead>;

/** The file `playbooks/<name>.yml`. */
export const PlaybookHead = z.strictObject({
  name: Name,
  title: Title,
  phases: z.array(PhaseHead).min(1).max(PHASES_MAX),
});
export type PlaybookHead = z.infer<typeof PlaybookHead>;

const Step = z.strictObject({
  slug: Slug,
  title: Title,
  guide: z.string().min(1),
  outputs: Globs,
  sections: z.array(Heading),
  minCharacters: z.int().min(1),
  allowedPaths: Globs,
  tools: z.array(z.string().min(1)).min(1),
});

/** A resolved playbook, as it is frozen in the store. */
export const ResolvedPlaybook = z.strictObject({
  name: Name,
  title: Title,
  phases: z.array(
    z.strictObject({
      number: z.int().min(1),
      name: Name,
      title: Title,
      allowedPaths: Globs,
      checks: Checks,
      budgetUsd: z.number().positive(),
      steps: z.array(Step).min(1),
    }),
  ),
});

function isPlainGlob(glob: string): boolean {
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  if (/[\u0000-\u001f\u007f\\]/u.test(glob) || /^[!/]/u.test(glob)) return false;
  return !glob.split("/").some((segment) => segment === "" || segment === "." || segment === "..");
}

function isWithoutRepeats(values: readonly string[]): boolean {
  return new Set(values).size === values.length;
}
