/** Criteria and checks by the names that people read. */
import type { Criterion } from "../../core/playbook.ts";
import type { AnyCheck, CheckId, CheckResult } from "../../core/report.ts";
import { code, plain } from "./escape.ts";
import { count } from "./format.ts";
import { listed } from "./places.ts";

const judgedPrefix = "judged:";

/** For what no criterion of the phase names: each step implies some checks. */
const checkNames: Readonly<Record<CheckId, string>> = {
  "outputs-exist": "Every file of every step is there",
  "long-enough": "Documents are long enough",
  "sections-present": "Documents have their sections",
  "no-placeholder": "No placeholders are left",
  "env-ignored": "`.env` is ignored by git",
  "no-secrets": "No secrets in the files",
  "tests-exist": "There are tests",
  "links-resolve": "Links lead to what is there",
  "code-exists": "The files that make the project run are there",
  "ids-known": "Every id that is cited is defined once",
  "ids-cited": "What earlier documents define is taken up",
  "plan-shape": "The plan has the form of its template",
  "spec-valid": "Specifications are valid",
  "workflow-valid": "Workflow definitions can be compiled",
  "plan-tables": "The tables of the plan are whole and agree with each other",
  "tests-pass": "The project's own tests pass",
  "paths-allowed": "Only paths of this phase changed",
};

/** What is checked under this name. */
export function checkOf(criterion: Criterion): AnyCheck {
  return criterion.kind === "judged" ? `judged:${criterion.id}` : criterion.check;
}

/** As Markdown. */
export function criterionName(check: AnyCheck, criteria: readonly Criterion[], charactersMax = 300): string {
  const criterion = criteria.find((candidate) => checkOf(candidate) === check);
  if (criterion !== undefined) return plain(criterion.text.replace(/\.\s*$/u, ""), charactersMax);
  return isJudged(check) ? code(check.slice(judgedPrefix.length), 100) : checkNames[check];
}

/** Several of them; what is too many is counted. */
export function criterionNames(checks: readonly AnyCheck[], criteria: readonly Criterion[], namesMax = 10): string {
  const names = checks.slice(0, namesMax).map((check) => `*${criterionName(check, criteria, 120)}*`);
  const more = checks.length - names.length;
  return listed(more > 0 ? [...names, `${more} more`] : names);
}

export function isJudged(check: AnyCheck): check is `judged:${string}` {
  return check.startsWith(judgedPrefix);
}

/** What was counted; the other checks ask one question of the repository as a whole. */
const units: ReadonlyMap<AnyCheck, readonly [one: string, many: string]> = new Map<AnyCheck, readonly [string, string]>(
  [
    ["outputs-exist", ["output", "outputs"]],
    ["long-enough", ["document", "documents"]],
    ["sections-present", ["document", "documents"]],
    ["no-placeholder", ["document", "documents"]],
    ["no-secrets", ["file", "files"]],
    ["paths-allowed", ["file", "files"]],
  ],
);

/** Empty where there is nothing to count. */
export function lookedAt({ check, looked }: CheckResult): string {
  const unit = units.get(check);
  return unit === undefined ? "" : count(looked, ...unit);
}
