import type { InputFault } from "../../core/input-fault.ts";
import { code, plain } from "./escape.ts";
import type { Say } from "./words.ts";

const expectedCharactersMax = 500;

/** What an issue still has to say before its task can start. */
export function formText(faults: readonly InputFault[], _say: Say): string {
  if (faults.length === 0) return "**The issue says all that the task needs.** What was missing here is there now.";
  const listed = faults.map(({ field, given, expected }) => {
    const got = given === "" ? "it is empty" : `got ${code(given)}`;
    return `- **${plain(field, 100)}:** ${got}; expected ${plain(expected, expectedCharactersMax)}.`;
  });
  return [
    `**The task can't start yet: ${faults.length === 1 ? "one thing is" : `${faults.length} things are`} missing or can't be read.**`,
    listed.join("\n"),
    "*Next:* edit the text of the issue (*⋯*, then *Edit*), and leave the headings as they are. It is read again at once, and this comment with it. The task starts by itself when somebody with write access mends it; else such a person comments `/run`.",
  ].join("\n\n");
}
