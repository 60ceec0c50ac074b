import type { Change } from "../core/change.ts";
import type { Phase } from "../core/playbook.ts";
import type { Finding } from "../core/report.ts";
import { capFindings } from "./cap-findings.ts";
import { changesetFaults } from "./changeset-faults.ts";
import { conflictMarkersAt } from "./conflict-markers.ts";
import { scanSecrets } from "./secrets.ts";
import type { TextFile } from "./secrets.ts";

/** Git's own test: a null byte this near to the start means that a file is not text. */
const BINARY_LOOK_BYTES = 8_000;

/** Faults of a changeset, credentials and marks of a conflict in it, before anything of it is published. */
export async function changesetFindings(
  changes: readonly Change[],
  phase: Phase,
  step: string,
): Promise<readonly Finding[]> {
  const allowed = phase.steps.find((candidate) => candidate.slug === step) ?? phase;
  const faults = changesetFaults(changes, allowed);
  const findings: Finding[] = faults.map(({ path, message }) => ({
    check: "paths-allowed",
    step,
    path,
    line: null,
    message,
  }));
  // Beyond the limits of size nothing is opened: the changeset is refused anyway.
  const isTooMuch = faults.some(
    ({ rule }) => rule === "too-many-files" || rule === "too-many-bytes" || rule === "file-too-large",
  );
  if (!isTooMuch) {
    const files = textsOf(changes);
    findings.unshift(...(await scanSecrets(files)).map((finding) => ({ ...finding, step })));
    findings.push(...files.flatMap((file) => markersIn(file, step)));
  }
  return capFindings(findings);
}

/** What a merge left for somebody to decide. */
function markersIn({ path, text }: TextFile, step: string): readonly Finding[] {
  const line = conflictMarkersAt(text);
  const message =
    "the marks of a conflict are left: make one text of both sides, and take out the lines that begin with <<<<<<<, ======= and >>>>>>>.";
  return line === null ? [] : [{ check: "no-placeholder", step, path, line, message }];
}

/** The files that a changeset writes, whatever their size. Binary files are left out. */
function textsOf(changes: readonly Change[]): readonly TextFile[] {
  return changes.flatMap((change): readonly TextFile[] => {
    if (change.kind === "deleted" || change.content.subarray(0, BINARY_LOOK_BYTES).includes(0)) return [];
    return [{ path: change.path, text: new TextDecoder().decode(change.content) }];
  });
}
