import { escape } from "./escape.ts";
import { finalGate } from "./final-gate.ts";
import { format } from "./format.ts";
import { money } from "./money.ts";
import { places } from "./places.ts";

/** All that the app says, by its English template. One file for each file of texts, with the same name. */
export const korean: ReadonlyMap<string, string> = new Map(
  Object.entries({ ...escape, ...finalGate, ...format, ...money, ...places }),
);
