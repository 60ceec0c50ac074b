/** What was refused, taken away or contained in this run, counted until the next hand-over. */

import { securityExampleCharactersMax, type SecurityKind, type SecurityNote } from "../core/security.ts";

export interface SecurityNotes {
  /** `example` may be of the agent's making: it is redacted and cut before it is told. */
  readonly note: (kind: SecurityKind, example?: string, count?: number) => void;
  /** Hides without counting, for what no person reads. */
  readonly redact: (text: string) => string;
  /** What came since the last call; undefined where nothing did. */
  readonly take: () => SecurityNote[] | undefined;
}

/** Of an example, what is looked at: an agent may make it as long as it likes. */
const exampleReadMax = 2_000;
const countMax = 1_000_000;

export function createSecurityNotes(redact: (text: string) => string): SecurityNotes {
  let notes = new Map<SecurityKind, SecurityNote>();
  return {
    redact,
    note(kind, example = "", count = 1) {
      const before = notes.get(kind);
      const sum = Math.min((before?.count ?? 0) + count, countMax);
      const shown = before === undefined || before.example === "" ? exampleOf(example) : before.example;
      notes.set(kind, { kind, count: sum, example: shown });
    },
    take() {
      const taken = [...notes.values()];
      notes = new Map();
      return taken.length === 0 ? undefined : taken;
    },
  };

  function exampleOf(text: string): string {
    const line = redact(text.slice(0, exampleReadMax)).replaceAll(/\s+/g, " ").trim();
    return line.slice(0, securityExampleCharactersMax).toWellFormed();
  }
}

/** Redacts like `redact`, and counts each text of which something was hidden. */
export function countingRedactor(
  redact: (text: string) => string,
  { note }: Pick<SecurityNotes, "note">,
): (text: string) => string {
  return (text) => {
    const shown = redact(text);
    if (shown !== text) note("secret-masked", aroundMask(shown));
    return shown;
  };
}

function aroundMask(shown: string): string {
  const at = shown.indexOf("***");
  return shown.slice(Math.max(0, at - 60), at + 60);
}
