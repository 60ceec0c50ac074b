import type { Phase, Playbook } from "../core/playbook.ts";
import { fillPlaybook, placeValuesOf } from "../core/place-values.ts";
import { ripplePhase } from "../core/ripple.ts";
import type { ExistingTask } from "../core/state.ts";
import type { Playbooks } from "./ports/configuration.ts";
import type { Store } from "./ports/store.ts";

interface Reading {
  readonly store: Pick<Store, "readText">;
  readonly playbooks: Playbooks;
}

/** The phase as it was frozen when the task was created; one that follows from a change is made of the phases that it touches. */
export async function phaseDefinition(reading: Reading, state: ExistingTask, phase: number): Promise<Phase> {
  return definedIn(await playbookOf(reading, state), state, phase);
}

/** Throws where it was erased. */
export async function playbookOf(reading: Reading, state: ExistingTask): Promise<Playbook> {
  const playbook = await frozenPlaybook(reading, state);
  if (playbook === null) throw new Error(`reading playbook ${state.playbook.hash} of task ${state.taskId}: not stored`);
  return playbook;
}

export function definedIn(playbook: Playbook, state: ExistingTask, phase: number): Phase {
  const definition = phasesOf(playbook, state).find((candidate) => candidate.number === phase);
  if (definition === undefined) throw new Error(`playbook ${state.playbook.name}: no phase ${phase}`);
  return definition;
}

/** Null where it was erased. */
export async function frozenPlaybook({ store, playbooks }: Reading, task: ExistingTask): Promise<Playbook | null> {
  const json = await store.readText(task.playbook.hash);
  return json === null ? null : fillPlaybook(playbooks.fromJson(json), placeValuesOf(task));
}

export function phasesOf(playbook: Playbook, { ripples }: ExistingTask): readonly Phase[] {
  return [...playbook.phases, ...ripples.map((ripple) => ripplePhase(playbook, ripple))];
}
