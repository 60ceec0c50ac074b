/** What the app itself refuses, written into the record of the task that it has to do with. */
import type { RunId, TaskId } from "../core/ids.ts";
import { securityExampleCharactersMax, type SecurityKind } from "../core/security.ts";
import { handleCommand, type Cause, type CommandHandling } from "./handle-command.ts";

interface Refused {
  readonly runId?: RunId;
  readonly kind: SecurityKind;
  /** Shown to all who read the issue: no secret, and no text of anybody's that is not short. */
  readonly example: string;
}

export async function noteSecurity(
  shell: CommandHandling,
  taskId: TaskId,
  refused: Refused,
  cause: Cause = {},
): Promise<void> {
  const { runId = null, kind } = refused;
  const example = refused.example.slice(0, securityExampleCharactersMax).toWellFormed();
  await handleCommand(shell, taskId, { type: "NoteSecurity", runId, notes: [{ kind, count: 1, example }] }, cause);
}
