/** Branded strings, so that two ids never change places unnoticed. */

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

export type TaskId = Branded<"TaskId">;
export type RunId = Branded<"RunId">;
/** Names one changeset of one step of one run; found again in the trailer of its commit. */
export type ChangesetId = Branded<"ChangesetId">;

export function taskIdFrom(text: string): TaskId {
  return text as TaskId;
}

export function runIdFrom(text: string): RunId {
  return text as RunId;
}

/** Derived, not random: a step that is handed over twice has one changeset. */
export function changesetIdOf(runId: RunId, step: string): ChangesetId {
  return `${runId}/${step}` as ChangesetId;
}

export function changesetIdFrom(text: string): ChangesetId {
  return text as ChangesetId;
}
