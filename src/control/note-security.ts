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

/** With the mark of the message that it came with, if any, but in nobody's name: it is the app that says so. */
export async function noteSecurity(
  shell: CommandHandling,
  taskId: TaskId,
  refused: Refused,
  { inboxKey }: Cause = {},
): Promise<void> {
  const { runId = null, kind } = refused;
  const example = refused.example.slice(0, securityExampleCharactersMax).toWellFormed();
  const noted = { type: "NoteSecurity", runId, notes: [{ kind, count: 1, example }] } as const;
  await handleCommand(shell, taskId, noted, inboxKey === undefined ? {} : { inboxKey });
}
