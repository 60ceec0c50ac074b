/** Criteria and checks by the names that people read. */
import type { Criterion } from "../../core/playbook.ts";
import type { AnyCheck, CheckId, CheckResult } from "../../core/report.ts";
import { code, plain } from "./escape.ts";
import { listed } from "./places.ts";
import type { Say } from "./words.ts";

const judgedPrefix = "judged:";

/** For what no criterion of the phase names: each step implies some checks. */
function checkName(check: CheckId, say: Say): string {
  switch (check) {
    case "outputs-exist":
      return say`Every file of every step is there`;
    case "long-enough":
      return say`Documents are long enough`;
    case "sections-present":
      return say`Documents have their sections`;
    case "no-placeholder":
      return say`No placeholders are left`;
    case "env-ignored":
      return say`\`.env\` is ignored by git`;
    case "no-secrets":
      return say`No secrets in the files`;
    case "tests-exist":
      return say`There are tests`;
    case "links-resolve":
      return say`Links lead to what is there`;
    case "code-exists":
      return say`The files that make the project run are there`;
    case "ids-known":
      return say`Every id that is cited is defined once`;
    case "ids-cited":
      return say`What earlier documents define is taken up`;
    case "plan-shape":
      return say`The plan has the form of its template`;
    case "spec-valid":
      return say`Specifications are valid`;
    case "workflow-valid":
      return say`Workflow definitions can be compiled`;
    case "plan-tables":
      return say`The tables of the plan are whole and agree with each other`;
    case "tests-pass":
      return say`The project's own tests pass`;
    case "paths-allowed":
      return say`Only paths of this phase changed`;
  }
}

/** What is checked under this name. */
export function checkOf(criterion: Criterion): AnyCheck {
  return criterion.kind === "judged" ? `judged:${criterion.id}` : criterion.check;
}

/** As Markdown. */
export function criterionName(check: AnyCheck, criteria: readonly Criterion[], say: Say, charactersMax = 300): string {
  const criterion = criteria.find((candidate) => checkOf(candidate) === check);
  if (criterion !== undefined) return plain(criterion.text.replace(/\.\s*$/u, ""), charactersMax);
  return isJudged(check) ? code(check.slice(judgedPrefix.length), 100) : checkName(check, say);
}

/** Several of them; what is too many is counted. */
export function criterionNames(
  checks: readonly AnyCheck[],
  criteria: readonly Criterion[],
  namesMax: number,
  say: Say,
): string {
  const names = checks.slice(0, namesMax).map((check) => `*${criterionName(check, criteria, say, 120)}*`);
  const more = checks.length - names.length;
  return listed(more > 0 ? [...names, say`${more} more`] : names, say);
}

export function isJudged(check: AnyCheck): check is `judged:${string}` {
  return check.startsWith(judgedPrefix);
}

const ofDocuments: ReadonlySet<AnyCheck> = new Set<AnyCheck>(["long-enough", "sections-present", "no-placeholder"]);

/** What was counted; empty for a check that asks one question of the repository as a whole. */
export function lookedAt({ check, looked }: CheckResult, say: Say): string {
  if (check === "outputs-exist") return say.count(looked, "output", "outputs");
  if (ofDocuments.has(check)) return say.count(looked, "document", "documents");
  return check === "no-secrets" || check === "paths-allowed" ? say.count(looked, "file", "files") : "";
}
