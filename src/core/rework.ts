import type { AnyCheck, Finding, ReworkAttempt } from "./report.ts";
import type { PhaseProgress } from "./state.ts";

/** What a phase remembers of its attempts, folded: how often the same was found wanting, and what each rework brought (G3.1). */

const attemptsKeptMax = 20;
const promptCharactersMax = 4_000;

/** The phase after an attempt in which these were found wanting; none where it passed. */
export function afterAttempt(phase: PhaseProgress, at: string, findings: readonly Finding[]): PhaseProgress {
  const passed = findings.length === 0;
  const isSame = !passed && sameAs(phase.failedWith, findings);
  return {
    ...phase,
    failedWith: findings,
    sameFindings: passed ? 0 : isSame ? phase.sameFindings + 1 : 1,
    idleAttempts: passed || phase.hasChanged ? 0 : phase.idleAttempts + 1,
    hasChanged: false,
    reworkAttempts: completed(phase.reworkAttempts, at, criteriaOf(findings)),
  };
}

/** The phase at the beginning of a run that has these to mend. A run that only goes on where another broke off begins no attempt. */
export function beginningAttempt(phase: PhaseProgress, at: string, findings: readonly Finding[]): PhaseProgress {
  const isUnderWay = phase.reworkAttempts.at(-1)?.completedAt === null;
  if (phase.failedAttempts === 0 || findings.length === 0 || isUnderWay) return phase;
  const begun: ReworkAttempt = {
    attemptNumber: phase.failedAttempts,
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
  at: string,
  failed: readonly AnyCheck[],
): readonly ReworkAttempt[] {
  const last = attempts.at(-1);
  if (last === undefined || last.completedAt !== null) return attempts;
  const isFewer = failed.length < last.failedCriteria.length;
  const result = failed.length === 0 ? "success" : isFewer ? "partial" : "failed";
  return [...attempts.slice(0, -1), { ...last, completedAt: at, result }];
}

function criteriaOf(findings: readonly Finding[]): readonly AnyCheck[] {
  return [...new Set(findings.map(({ check }) => check))];
}

function lineOf({ path, line, message }: Finding): string {
  const where = path === null ? "" : `${path}${line === null ? "" : `:${line}`}: `;
  return `${where}${message}`;
}

function sameAs(before: readonly Finding[], now: readonly Finding[]): boolean {
  return before.length > 0 && keysOf(before) === keysOf(now);
}

/** Lines move and a verifier words the same thing anew each time; how long a document is by now tells of progress. */
function keysOf(findings: readonly Finding[]): string {
  const keys = findings.map(({ check, step, path, message }) =>
    JSON.stringify([check, step, path, check.startsWith("judged:") ? "" : message]),
  );
  return [...new Set(keys)].toSorted().join("\n");
}
