import { isDeepStrictEqual } from "node:util";
import type { ExistingTask } from "../core/state.ts";
import { handleCommand } from "./handle-command.ts";
import type { Performing } from "./performing.ts";
import type { Preflight } from "./ports/github.ts";

/** What the repository's people set counts for the task from now on. */
export async function noteSettings(
  performing: Performing,
  { taskId, settings: known }: ExistingTask,
  { settings, fault }: Preflight,
): Promise<void> {
  if (fault?.kind === "settings-invalid" || isDeepStrictEqual(settings, known)) return;
  await handleCommand(performing, taskId, { type: "RecordSettings", settings });
}
