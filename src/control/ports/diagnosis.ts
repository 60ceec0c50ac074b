/** One thing that was looked at in an installation. */
export interface Diagnosis {
  /** Short and stable, for programs that read the list, e.g. `webhook-address`. */
  readonly check: string;
  readonly level: "ok" | "warning" | "fault";
  readonly message: string;
  /** The link or command that mends it; null where nothing needs mending. */
  readonly mend: string | null;
}
