import { finalGate } from "./final-gate.ts";
import { security } from "./security.ts";

/** All that the app says, by its English template. One file for each file of texts, with the same name. */
export const korean: ReadonlyMap<string, string> = new Map(Object.entries({ ...finalGate, ...security }));
