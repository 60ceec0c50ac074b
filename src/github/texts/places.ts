/** Where in a task something was asked, in words. */
import { outlineOfPhase, type ExistingTask } from "../../core/state.ts";
import { code, person, plain } from "./escape.ts";
import type { Say } from "./words.ts";

/** e.g. `phase 1, Planning, step *Market*`. */
export function placeOf(task: ExistingTask, phase: number, step: string, say: Say): string {
  const outline = outlineOfPhase(task, phase);
  const title = outline.steps.find(({ slug }) => slug === step)?.title ?? step;
  return say`phase ${phase}, ${plain(outline.title, 60)}, step *${plain(title, 100)}*`;
}

/** Steps of several phases, e.g. `*Market* and *Screens*`. */
export function stepsOf(
  task: ExistingTask,
  steps: readonly { readonly phase: number; readonly step: string }[],
  say: Say,
): string {
  const titles = steps.map(({ phase, step }) => {
    const title = outlineOfPhase(task, phase).steps.find(({ slug }) => slug === step)?.title ?? step;
    return `*${plain(title, 100)}*`;
  });
  return listed([...new Set(titles)], say);
}

/** Where the work of a task ends, as people call it. */
export function targetWords({ input }: ExistingTask, say: Say): string {
  return input.baseBranch === null ? say`the default branch` : code(input.baseBranch, 200);
}

/** Whose answers count (Q8). */
export function whoAnswers(task: ExistingTask, say: Say): string {
  return say`people with write access, and ${person(task.issue.author)}, who opened the issue`;
}

/** e.g. `a, b and c`, of what is Markdown already. */
export function listed(parts: readonly string[], say: Say): string {
  const last = parts.at(-1) ?? "";
  return parts.length < 2 ? last : say`${parts.slice(0, -1).join(", ")} and ${last}`;
}
