import type { Finding } from "../core/report.ts";

/** More than an agent can mend in one round, and more than a person reads. */
const FINDINGS_MAX = 50;

/** Keeps the first findings; the last line then tells how many more there are. */
export function capFindings(findings: readonly Finding[]): readonly Finding[] {
  const firstLeftOut = findings[FINDINGS_MAX - 1];
  if (findings.length <= FINDINGS_MAX || firstLeftOut === undefined) return findings;
  const more = findings.length - FINDINGS_MAX + 1;
  const message = `${more} more findings were left out: mend those above, then check again.`;
  return [
    ...findings.slice(0, FINDINGS_MAX - 1),
    { check: firstLeftOut.check, step: null, path: null, line: null, message },
  ];
}
