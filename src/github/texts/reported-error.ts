import type { RequestShown } from "../../control/ports/notices.ts";
import type { ReportedErrorType } from "../../core/dialogue.ts";
import type { ExistingTask } from "../../core/state.ts";
import { block, paragraphs } from "./escape.ts";
import { placeOf } from "./places.ts";
import type { Say } from "./words.ts";

const messageCharactersMax = 1_000;
const detailsCharactersMax = 4_000;

function headingOf(type: ReportedErrorType, say: Say): string {
  switch (type) {
    case "missing_file":
      return say`The agent reports an error: a file is missing`;
    case "execution_failed":
      return say`The agent reports an error: something could not be run`;
    case "validation_error":
      return say`The agent reports an error: something is not as it must be`;
  }
}

/** What the agent says went wrong, and what happens next: nobody has to do anything unless it says so. */
export function reportedErrorText(
  { error }: Extract<RequestShown, { kind: "error" }>,
  task: ExistingTask,
  say: Say,
): string {
  const details = error.details.trim();
  return [
    `### ${headingOf(error.type, say)}`,
    say`Reported in ${placeOf(task, error.phase, error.step, say)}:`,
    paragraphs(error.message, messageCharactersMax),
    ...(details === ""
      ? []
      : [`<details><summary>${say`Details`}</summary>\n\n${block(details, detailsCharactersMax)}\n\n</details>`]),
    error.cause === "environment"
      ? say`*Next:* the agent goes on if it can; a step that ends with this counts as a fault of the environment, and is tried again on another machine.`
      : say`*Next:* the agent goes on if it can; a step that ends with this counts as a failed attempt, and the next attempt is told what went wrong.`,
  ].join("\n\n");
}
