import type { Phase } from "../core/playbook.ts";
import type { ExistingTask } from "../core/state.ts";
import type { Playbooks, Store } from "./ports.ts";

/** The phase as it was frozen when the task was created. */
export async function phaseDefinition(
  { store, playbooks }: { readonly store: Store; readonly playbooks: Playbooks },
  state: ExistingTask,
  phase: number,
): Promise<Phase> {
  const json = await store.readText(state.playbook.hash);
  if (json === null) throw new Error(`reading playbook ${state.playbook.hash} of task ${state.taskId}: not stored`);
  const definition = playbooks.fromJson(json).phases.find((candidate) => candidate.number === phase);
  if (definition === undefined) throw new Error(`playbook ${state.playbook.name}: no phase ${phase}`);
  return definition;
}
