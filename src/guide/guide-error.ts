/** One thing that is wrong in the guide folder, where it is, and what would be right. */
export interface GuideFault {
  /** Path relative to the guide folder. */
  readonly file: string;
  /** From 1; null where no line exists, as for a missing file. */
  readonly line: number | null;
  /** The rule's short name, e.g. `unknown-field`. */
  readonly rule: string;
  readonly message: string;
}

/** Thrown with every fault that was found, so that an author mends a playbook in one round. */
export class GuideError extends Error {
  override name = "GuideError";
  readonly faults: readonly GuideFault[];

  constructor(doing: string, faults: readonly GuideFault[]) {
    super(`${doing}: ${faults.length === 1 ? "1 fault" : `${faults.length} faults`}\n${faults.map(printFault).join("\n")}`);
    this.faults = faults;
  }
}

function printFault({ file, line, rule, message }: GuideFault): string {
  return `  ${line === null ? file : `${file}:${line}`} [${rule}] ${message}`;
}
