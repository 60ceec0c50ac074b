import type { Diagnosis } from "../control/ports/diagnosis.ts";

export type Finding = Diagnosis;

export function ok(check: string, message: string): Finding {
  return { check, level: "ok", message, mend: null };
}

/** The app works without, but somebody should know. */
export function warning(check: string, message: string, mend: string): Finding {
  return { check, level: "warning", message, mend };
}

/** The app, or what was asked about, does not work like that. */
export function fault(check: string, message: string, mend: string): Finding {
  return { check, level: "fault", message, mend };
}

/** A check that breaks off is a finding of its own, and the others go on. */
export async function guarded(check: string, look: () => Promise<readonly Finding[]>): Promise<readonly Finding[]> {
  try {
    return await look();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return [fault(check, `could not be checked: ${why}`, "Mend that, then look again.")];
  }
}

/** For people: one line a finding, and the mend below it. */
export function reportOf(findings: readonly Finding[]): string {
  const lines = findings.flatMap(({ check, level, message, mend }) => [
    `${level.padEnd(8)} ${check}: ${message}`,
    ...(mend === null ? [] : [`         → ${mend}`]),
  ]);
  const count = (level: Finding["level"]) => findings.filter((finding) => finding.level === level).length;
  return [...lines, "", `${count("ok")} ok, ${count("warning")} warnings, ${count("fault")} faults`, ""].join("\n");
}
