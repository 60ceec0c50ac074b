import type { Phrase } from "./phrase.ts";

/** Something in a request that is missing, or that nobody can act on. All of them are asked about at once. */
export interface InputFault {
  /** As the person who filled it in sees it, e.g. `Base branch`. */
  readonly field: string;
  /** What stands there; empty where nothing does. */
  readonly given: string;
  /** Goes on after "expected". */
  readonly expected: Phrase;
}
