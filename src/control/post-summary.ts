import type { ExistingTask } from "../core/state.ts";
import { keyOf } from "./people.ts";
import type { Performing } from "./performing.ts";

export async function postSummary({ github }: Performing, state: ExistingTask): Promise<null> {
  // Its words are gone.
  if (state.erasedBy !== null) return null;
  const key = keyOf(`summary:${state.taskId}`);
  await github.notify(state.repository, state.issue.number, key, { kind: "summary", task: state }, state);
  return null;
}
