import type { SpecToStart } from "../core/spec-to-start.ts";
import type { ExistingTask } from "../core/state.ts";
import { archivePathOf, completeSpec, specProgress, withIssue, withSpecChange } from "./spec-progress.ts";
import type { Hand } from "./spec-progress.ts";
import { activeSpecs, parseSpec } from "./spec.ts";

interface SpecFile {
  readonly path: string;
  readonly text: string;
}

export interface SpecMoment extends Hand {
  readonly task: ExistingTask;
  /** The task's own commit writes it. */
  readonly isWritten: boolean;
  /** Nothing of the task comes behind this commit. */
  readonly isLast: boolean;
}

export function isActiveSpec(path: string): boolean {
  return path.startsWith(activeSpecs) && path.endsWith(".yaml");
}

/** What a task can start from; null where it is not valid, not ready, or has an issue already. */
export function specToStart(path: string, text: string): SpecToStart | null {
  const parsed = parseSpec(path, text);
  if (parsed.kind === "faulty") return null;
  const { id, status, issue, metadata, requirements, acceptance } = parsed.spec;
  if (issue !== undefined || (status !== "approved" && status !== "pending")) return null;
  const { title, description = "", tags } = metadata;
  return { id, path, title, description, tags, requirements, acceptance };
}

/**
 * The specification as the task's next commit has it, in the archive with the last one.
 * Null where it stays as it is: it belongs to another task, is not valid, or says so already.
 */
export function specAfter({ path, text }: SpecFile, { task, isWritten, isLast, ...hand }: SpecMoment): SpecFile | null {
  const parsed = parseSpec(path, text);
  if (parsed.kind === "faulty") return null;
  const { spec } = parsed;
  // A task that a pushed specification started has its title.
  const isOwn =
    spec.issue === undefined ? isWritten || spec.metadata.title === task.issue.title : spec.issue === task.issue.number;
  if (!isOwn) return null;
  const named = spec.issue === undefined ? withIssue(text, task.issue.number) : text;
  const change = isLast ? completeSpec(spec, hand) : specProgress(spec, task, hand);
  const after = {
    path: isLast ? archivePathOf(spec, hand.at) : path,
    text: change === null ? named : withSpecChange(named, change),
  };
  return after.path === path && after.text === text ? null : after;
}
