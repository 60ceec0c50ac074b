import { taskBranchOf, type ExistingTask } from "../core/state.ts";
import type { GitHub } from "./ports.ts";

/** Where a task's phases begin and are merged: the default branch, or the task's own, made there when it is first needed (Q6). */
export async function baseOf(
  { github }: { readonly github: Pick<GitHub, "defaultBranchOf" | "makeBranch"> },
  task: ExistingTask,
): Promise<{ readonly name: string; readonly headSha: string }> {
  const base = await github.defaultBranchOf(task.repository);
  const own = taskBranchOf(task);
  if (own === null) return base;
  return { name: own, headSha: await github.makeBranch(task.repository, own, base.headSha) };
}
