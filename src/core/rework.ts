import type { AnyCheck, Finding, ReworkAttempt } from "./report.ts";
import type { PhaseProgress } from "./state.ts";

/** What a phase remembers of its attempts, folded: how often the same was found wanting, and what each rework brought (G3.1). */

const attemptsKeptMax = 20;
const promptCharactersMax = 4_000;

/** The phase after an attempt that passed. */
export function afterPassed(phase: PhaseProgress, at: string): PhaseProgress {
  const reworkAttempts = completed(phase.reworkAttempts, at, () => "success");
  return { ...phase, failedWith: [], sameFindings: 0, idleAttempts: 0, hasChanged: false, reworkAttempts };
}

/** The phase after an attempt in which these were found wanting; none where the agent failed before anybody looked. */
export function afterFailed(phase: PhaseProgress, at: string, findings: readonly Finding[]): PhaseProgress {
  if (findings.length === 0) return { ...phase, reworkAttempts: completed(phase.reworkAttempts, at, () => "failed") };
  const failed = criteriaOf(findings);
  return {
    ...phase,
    failedWith: findings,
    sameFindings: sameAs(phase.failedWith, findings) ? phase.sameFindings + 1 : 1,
    idleAttempts: phase.hasChanged ? 0 : phase.idleAttempts + 1,
    hasChanged: false,
    reworkAttempts: completed(phase.reworkAttempts, at, (before) =>
      failed.length < before.length ? "partial" : "failed",
    ),
  };
}

/** The phase at the beginning of a run that has these to mend. A run that only goes on where another broke off begins no attempt. */
export function beginningAttempt(phase: PhaseProgress, at: string, findings: readonly Finding[]): PhaseProgress {
  const isUnderWay = phase.reworkAttempts.at(-1)?.completedAt === null;
  if (phase.failedWith.length === 0 || findings.length === 0 || isUnderWay) return phase;
  const begun: ReworkAttempt = {
    // A person's word begins the count anew.
    attemptNumber: Math.max(1, phase.failedAttempts),
    failedCriteria: criteriaOf(findings),
    reworkPrompt: findings.map(lineOf).join("\n").slice(0, promptCharactersMax).toWellFormed(),
    startedAt: at,
    completedAt: null,
    result: null,
  };
  return { ...phase, reworkAttempts: [...phase.reworkAttempts, begun].slice(-attemptsKeptMax) };
}

function completed(
  attempts: readonly ReworkAttempt[],
  completedAt: string,
  resultOf: (failedBefore: readonly AnyCheck[]) => NonNullable<ReworkAttempt["result"]>,
): readonly ReworkAttempt[] {
  const last = attempts.at(-1);
  if (last === undefined || last.completedAt !== null) return attempts;
  return [...attempts.slice(0, -1), { ...last, completedAt, result: resultOf(last.failedCriteria) }];
}

function criteriaOf(findings: readonly Finding[]): readonly AnyCheck[] {
  return [...new Set(findings.map(({ check }) => check))];
}

function lineOf({ path, line, message }: Finding): string {
  const where = path === null ? "" : `${path}${line === null ? "" : `:${line}`}: `;
  return `${where}${message}`;
}

function sameAs(before: readonly Finding[], now: readonly Finding[]): boolean {
  return keysOf(before) === keysOf(now);
}

/** Lines move and a verifier words the same thing anew each time; how long a document is by now tells of progress. */
function keysOf(findings: readonly Finding[]): string {
  const keys = findings.map(({ check, step, path, message }) =>
    JSON.stringify([check, step, path, check.startsWith("judged:") ? "" : message]),
  );
  return [...new Set(keys)].toSorted().join("\n");
}
