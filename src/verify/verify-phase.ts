import type { Phase } from "../core/playbook.ts";
import type { CheckId, CheckResult, Finding, Tree, VerificationReport } from "../core/report.ts";
import { capFindings } from "./cap-findings.ts";
import { findingsOfStep } from "./check-step.ts";
import { checkEnvIgnored } from "./env-ignored.ts";
import { scanSecrets } from "./secrets.ts";
import { checkTestsExist } from "./tests-exist.ts";

export interface VerifyOptions {
  /** The paths that the phase changed, where the caller knows them; the search for secrets then reads only these. */
  readonly changedPaths?: readonly string[];
}

/** All deterministic checks of a phase. Reads files and nothing else: no code of the repository is executed. */
export async function verifyPhase(tree: Tree, phase: Phase, options: VerifyOptions = {}): Promise<VerificationReport> {
  const findings: Finding[] = [];
  const looked = new Map<CheckId, number>();

  let outputs = 0;
  let documents = 0;
  for (const step of phase.steps) {
    const found = await findingsOfStep(tree, step);
    findings.push(...found.findings);
    outputs += found.outputs;
    documents += found.documents;
  }
  looked.set("outputs-exist", outputs);
  looked.set("long-enough", documents);
  looked.set("sections-present", documents);
  looked.set("no-placeholder", documents);

  for (const check of phase.checks) {
    switch (check) {
      case "env-ignored":
        findings.push(...(await checkEnvIgnored(tree)));
        break;
      case "tests-exist":
        findings.push(...(await checkTestsExist(tree)));
        break;
    }
    looked.set(check, tree.paths.length);
  }

  const secrets = await secretsOfTree(tree, options.changedPaths);
  // First, because a leaked credential is the one finding that must survive a cut of the list.
  findings.unshift(...secrets.findings);
  looked.set("no-secrets", secrets.looked);

  const failed = new Set(findings.map((finding) => finding.check));
  const checks: readonly CheckResult[] = [...looked].map(([check, count]) => ({
    check,
    passed: !failed.has(check),
    looked: count,
  }));
  return { passed: findings.length === 0, checks, findings: capFindings(findings) };
}

async function secretsOfTree(
  tree: Tree,
  changedPaths: readonly string[] | undefined,
): Promise<{ readonly findings: readonly Finding[]; readonly looked: number }> {
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
