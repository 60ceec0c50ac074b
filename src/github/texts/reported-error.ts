import type { RequestShown } from "../../control/ports.ts";
import type { ReportedErrorType } from "../../core/dialogue.ts";
import type { ExistingTask } from "../../core/state.ts";
import { block, paragraphs, plain } from "./escape.ts";
import { placeOf } from "./places.ts";

const messageCharactersMax = 1_000;
const detailsCharactersMax = 4_000;

const kinds: Readonly<Record<ReportedErrorType, string>> = {
  missing_file: "a file is missing",
  execution_failed: "something could not be run",
  validation_error: "something is not as it must be",
};

/** What the agent says went wrong, and what happens next: nobody has to do anything unless it says so. */
export function reportedErrorText(
  { error, next }: Extract<RequestShown, { kind: "error" }>,
  task: ExistingTask,
): string {
  const details = error.details.trim();
  return [
    `### The agent reports an error: ${kinds[error.type]}`,
    `Reported in ${placeOf(task, error.phase, error.step)}:`,
    paragraphs(error.message, messageCharactersMax),
    ...(details === ""
      ? []
      : [`<details><summary>Details</summary>\n\n${block(details, detailsCharactersMax)}\n\n</details>`]),
    `*Next:* ${plain(next, 500)}`,
  ].join("\n\n");
}
