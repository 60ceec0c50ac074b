import type { Phase } from "../core/playbook.ts";
import type { CheckId, Finding, RunnerReport, Tree, VerificationReport } from "../core/report.ts";
import { pathFrom, phaseIn, treeIn } from "../core/tree-in.ts";
import { capFindings } from "./cap-findings.ts";
import { findingsOfStep } from "./check-step.ts";
import { checkCodeExists } from "./code-exists.ts";
import { checkEnvIgnored } from "./env-ignored.ts";
import { checkIdsCited } from "./ids-cited.ts";
import { checkIdsKnown } from "./ids-known.ts";
import { checkLinksResolve } from "./links-resolve.ts";
import { checkPlanTables } from "./plan-tables.ts";
import { saidByTests, saidByVerdict, verdictsOf } from "./reported.ts";
import { scanSecrets } from "./secrets.ts";
import { checkPlanShape } from "./plan-shape.ts";
import { checkSpecValid } from "./spec-valid.ts";
import { checkWorkflowValid } from "./workflow-valid.ts";
import { checkTestsExist } from "./tests-exist.ts";
import type { Answer, Looked, RunCheck, TreeCheck } from "./tree-check.ts";

export interface VerifyOptions {
  /** The paths that the phase changed, where the caller knows them; the search for secrets then reads only these. */
  readonly changedPaths?: readonly string[];
  /** What the run says of its work. Without it neither its tests nor what is judged is spoken of. */
  readonly report?: Pick<RunnerReport, "verdicts" | "judgeFault" | "tests"> | null | undefined;
}

/** Checks of a document by itself, which are answered together. */
type StepCheck = "outputs-exist" | "long-enough" | "sections-present" | "no-placeholder";

const CHECKS: Readonly<Record<Exclude<TreeCheck, StepCheck | "no-secrets">, RunCheck>> = {
  "links-resolve": checkLinksResolve,
  "ids-known": checkIdsKnown,
  "ids-cited": checkIdsCited,
  "plan-tables": checkPlanTables,
  "code-exists": checkCodeExists,
  "tests-exist": checkTestsExist,
  "env-ignored": checkEnvIgnored,
  "plan-shape": checkPlanShape,
  "spec-valid": checkSpecValid,
  "workflow-valid": checkWorkflowValid,
};

/**
 * Holds a phase against its criteria. Those on files are answered by the tree, the others by what the run reports.
 * A `must` that does not hold gives findings, a `should` gives notes. Credentials are looked for whatever the criteria say.
 * Reads files and nothing else: no code of the repository is executed.
 */
export async function verifyPhase(tree: Tree, phase: Phase, options: VerifyOptions = {}): Promise<VerificationReport> {
  const secrets = answerOf("no-secrets", await secretsOfTree(tree, options.changedPaths), true);
  const answers = await answersOf(tree, phase, options.report ?? null, secrets);
  const others = answers.filter((answer) => answer !== secrets);
  // First, because a leaked credential is the one finding that must survive a cut of the list.
  const findings = [secrets, ...others.filter(({ isMust }) => isMust)].flatMap((answer) => answer.findings);
  const notes = others.filter(({ isMust }) => !isMust).flatMap((answer) => answer.findings);
  return {
    passed: findings.length === 0,
    checks: answers.map(({ result }) => result),
    findings: capFindings(findings),
    notes: capFindings(notes),
  };
}

/** One answer for each criterion of which there is something to say, in their order; each check runs once. */
async function answersOf(
  tree: Tree,
  phase: Phase,
  report: NonNullable<VerifyOptions["report"]> | null,
  secrets: Answer,
): Promise<readonly Answer[]> {
  const verdicts = verdictsOf(report?.verdicts ?? []);
  const answers = new Map<string, Answer>();
  let ofSteps: Readonly<Record<StepCheck, Looked>> | null = null;
  for (const criterion of phase.criteria) {
    if (criterion.kind === "judged") {
      const verdict = verdicts.get(criterion.id);
      if (verdict !== undefined) answers.set(`judged:${criterion.id}`, saidByVerdict(tree, phase, criterion, verdict));
      continue;
    }
    const { check, severity } = criterion;
    if (answers.has(check)) continue;
    const isMust = severity === "must";
    switch (check) {
      case "tests-pass":
        if (report !== null) answers.set(check, saidByTests(criterion, report.tests));
        break;
      case "paths-allowed":
        // Of a changeset, and answered before it is published: the tree has nothing to say of it.
        break;
      case "no-secrets":
        answers.set(check, secrets);
        break;
      case "outputs-exist":
      case "long-enough":
      case "sections-present":
      case "no-placeholder":
        ofSteps ??= await lookAtSteps(tree, phase);
        answers.set(check, answerOf(check, ofSteps[check], isMust));
        break;
      case "links-resolve":
      case "ids-known":
      case "ids-cited":
      case "plan-tables":
      case "code-exists":
      case "tests-exist":
      case "env-ignored":
      case "plan-shape":
      case "spec-valid":
      case "workflow-valid":
        answers.set(check, answerOf(check, await lookBy(check, tree, phase), isMust));
    }
  }
  if (!answers.has("no-secrets")) answers.set("no-secrets", secrets);
  return [...answers.values()];
}

function answerOf(check: CheckId, { findings, looked }: Looked, isMust: boolean): Answer {
  return { result: { check, passed: findings.length === 0, looked }, findings, isMust };
}

type WholeCheck = keyof typeof CHECKS;

/** Of the product, and therefore by paths in its folder; all others look where their files always lie. */
const OF_PRODUCT: ReadonlySet<WholeCheck> = new Set<WholeCheck>([
  "links-resolve",
  "ids-known",
  "ids-cited",
  "code-exists",
  "tests-exist",
  "env-ignored",
]);

async function lookBy(check: WholeCheck, tree: Tree, phase: Phase): Promise<Looked> {
  const { root } = phase;
  if (root === "" || !OF_PRODUCT.has(check)) return CHECKS[check](tree, phase);
  const { findings, looked } = await CHECKS[check](treeIn(tree, root), phaseIn(phase));
  const placed = findings.map((finding) =>
    finding.path === null ? finding : { ...finding, path: pathFrom(root, finding.path) },
  );
  return { findings: placed, looked };
}

/** The checks of documents by themselves, in one pass over them. */
async function lookAtSteps(tree: Tree, phase: Phase): Promise<Readonly<Record<StepCheck, Looked>>> {
  const findings: Finding[] = [];
  let outputs = 0;
  let documents = 0;
  for (const step of phase.steps) {
    const found = await findingsOfStep(tree, step);
    findings.push(...found.findings);
    outputs += found.outputs;
    documents += found.documents;
  }
  const lookedBy = (check: StepCheck, looked: number): Looked => ({
    findings: findings.filter((finding) => finding.check === check),
    looked,
  });
  return {
    "outputs-exist": lookedBy("outputs-exist", outputs),
    "long-enough": lookedBy("long-enough", documents),
    "sections-present": lookedBy("sections-present", documents),
    "no-placeholder": lookedBy("no-placeholder", documents),
  };
}

async function secretsOfTree(tree: Tree, changedPaths: readonly string[] | undefined): Promise<Looked> {
  const changed = changedPaths === undefined ? null : new Set(changedPaths);
  const findings: Finding[] = [];
  let looked = 0;
  // One file at a time, so that a large repository is never in memory as a whole.
  for (const path of tree.paths) {
    if (changed !== null && !changed.has(path)) continue;
    const text = await tree.read(path);
    if (text === null) continue;
    looked += 1;
    findings.push(...(await scanSecrets([{ path, text }])));
  }
  return { findings, looked };
}
