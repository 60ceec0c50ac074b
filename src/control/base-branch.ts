import { taskBranchOf, type ExistingTask } from "../core/state.ts";
import type { GitHub } from "./ports/github.ts";

interface Branch {
  readonly name: string;
  readonly headSha: string;
}

/** Where the work of a task is to end: the branch that its form names, or the default one. */
export async function targetNameOf(
  { github }: { readonly github: Pick<GitHub, "defaultBranchOf"> },
  { repository, input }: ExistingTask,
): Promise<string> {
  return input.baseBranch ?? (await github.defaultBranchOf(repository)).name;
}

/** The same with its head. Throws where it is gone. */
async function targetOf(
  { github }: { readonly github: Pick<GitHub, "defaultBranchOf" | "headOf"> },
  { repository, input }: ExistingTask,
): Promise<Branch> {
  const { baseBranch } = input;
  if (baseBranch === null) return github.defaultBranchOf(repository);
  const headSha = await github.headOf(repository, baseBranch);
  if (headSha === null) throw new Error(`the branch "${baseBranch}", which this task is for, is gone; make it again`);
  return { name: baseBranch, headSha };
}

/** Where a task's phases begin and are merged: its target, or the task's own branch, made there when it is first needed (Q6). */
export async function baseOf(
  { github }: { readonly github: Pick<GitHub, "defaultBranchOf" | "headOf" | "makeBranch"> },
  task: ExistingTask,
): Promise<Branch> {
  const target = await targetOf({ github }, task);
  const own = taskBranchOf(task);
  if (own === null) return target;
  return { name: own, headSha: await github.makeBranch(task.repository, own, target.headSha) };
}
