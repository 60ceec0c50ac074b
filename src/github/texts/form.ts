import type { InputFault } from "../../core/input-fault.ts";
import { code, plain } from "./escape.ts";
import type { Say } from "./words.ts";

const expectedCharactersMax = 500;

/** What an issue still has to say before its task can start. */
export function formText(faults: readonly InputFault[], say: Say): string {
  if (faults.length === 0) return say`**The issue says all that the task needs.** What was missing here is there now.`;
  const listed = faults.map(({ field, given, expected }) => {
    const [name, wanted] = [plain(field, 100), plain(say.of(expected), expectedCharactersMax)];
    return given === ""
      ? say`- **${name}:** it is empty; expected ${wanted}.`
      : say`- **${name}:** got ${code(given)}; expected ${wanted}.`;
  });
  return [
    faults.length === 1
      ? say`**The task can't start yet: one thing is missing or can't be read.**`
      : say`**The task can't start yet: ${faults.length} things are missing or can't be read.**`,
    listed.join("\n"),
    say`*Next:* edit the text of the issue (*⋯*, then *Edit*), and leave the headings as they are. It is read again at once, and this comment with it. The task starts by itself when somebody with write access mends it; else such a person comments ${code("/run")}.`,
  ].join("\n\n");
}
