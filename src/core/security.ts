/** What was refused, taken away or contained while a task was worked on. Told to people; nothing is decided on it. */

export const securityKinds = [
  /** A file that no change may touch, a link out of the tree, a pipe, or a path outside the phase. */
  "path-refused",
  /** A credential or a lent value in a file. */
  "secret-in-file",
  /** More files or bytes than may be handed over. */
  "too-much",
  /** A secret in words for people, which were shown without it. */
  "secret-masked",
  /** A call of a tool that the step does not have. */
  "tool-denied",
  /** A request to the model that was not paid for, of another model, or without the token. */
  "model-refused",
  /** Somebody spoke to the dialogue without its token, or for the app or people. */
  "dialogue-forged",
  /** A process that was left running. */
  "process-ended",
  /** A way out of the machine that the run's network does not have. */
  "network-refused",
  /** A job that is not the one that was dispatched asked for its session. */
  "identity-refused",
  /** A token of a run that is over, or that was given out anew. */
  "token-refused",
  /** A message that the run could not rightly have sent. */
  "message-refused",
  /** A command or an answer by somebody who may not. */
  "person-refused",
  /** Of a newer runner: this app has no word for it. */
  "other",
] as const;
export type SecurityKind = (typeof securityKinds)[number];

export interface SecurityNote {
  readonly kind: SecurityKind;
  readonly count: number;
  /** One of them, redacted and short; "" where there is nothing to show. Words of an agent or a stranger: data. */
  readonly example: string;
}

/** The runner's word is the word of a machine on which an agent ran; the app's is its own. */
export type SecuritySource = "runner" | "app";

export interface SecurityEntry extends SecurityNote {
  /** Null for what came before the first phase. */
  readonly phase: number | null;
  readonly source: SecuritySource;
}

/** Of one kind in one phase, by the app: strangers must not fill a task's record. Beyond it nothing is written. */
export const appNotesMax = 10;
const countMax = 1_000_000;
export const securityExampleCharactersMax = 200;

/** With more of them: one entry for each kind, source and phase, with the first example that there was. */
export function withSecurity(
  entries: readonly SecurityEntry[],
  source: SecuritySource,
  phase: number | null,
  notes: readonly SecurityNote[],
): readonly SecurityEntry[] {
  const result = [...entries];
  for (const { kind, count, example } of notes) {
    const at = result.findIndex((entry) => entry.kind === kind && entry.source === source && entry.phase === phase);
    const before = result[at];
    if (before === undefined) result.push({ phase, source, kind, count: Math.min(count, countMax), example });
    else {
      const sum = Math.min(before.count + count, countMax);
      result[at] = { ...before, count: sum, example: before.example === "" ? example : before.example };
    }
  }
  return result;
}

/** Those that are still to be written down. */
export function notesToKeep(
  entries: readonly SecurityEntry[],
  phase: number | null,
  notes: readonly SecurityNote[],
): readonly SecurityNote[] {
  return notes.filter(({ kind }) => {
    const entry = entries.find((each) => each.kind === kind && each.source === "app" && each.phase === phase);
    return (entry?.count ?? 0) < appNotesMax;
  });
}
