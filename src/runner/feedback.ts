/** Feedback of reviewers as the agent is given it. Pure. */

import type { Feedback, Job } from "../protocol/runner.ts";

/** `number` is the short name that agent and runner use for it: F1, F2, … in the order of the job. */
export interface NumberedFeedback {
  readonly number: string;
  readonly item: Feedback;
}

/** What this step takes up. The numbers are those of the whole job, the same in each of its steps. */
export function feedbackOf(job: Job, step: string): readonly NumberedFeedback[] {
  return job.feedback.map((item, at) => ({ number: `F${at + 1}`, item })).filter(({ item }) => item.step === step);
}

/** All feedback of one step together: more would leave no room for the work. */
const charactersMax = 120_000;
const charactersOfOneMin = 1_000;

/**
 * One block an item. Each line of a reviewer begins with `| `, so that no reviewer can write what looks like
 * another item's head.
 */
export function feedbackLines(items: readonly NumberedFeedback[]): readonly string[] {
  const share = Math.max(charactersOfOneMin, Math.floor(charactersMax / Math.max(1, items.length)));
  return items.flatMap(({ number, item }, at) => [
    ...(at === 0 ? [] : [""]),
    `${number}: ${kindOf(item)}, ${placeOf(item)}`,
    ...(item.hunk === null || item.hunk.trim() === "" ? [] : ["lines of the diff:", ...quoted(cut(item.hunk, share))]),
    ...saidLines(item, share),
  ]);
}

/** Told by the id: a person's veto of a decision, and what the repository's own checks printed. */
export function isVeto({ id }: Pick<Feedback, "id">): boolean {
  return id.startsWith("veto:");
}

export function isOfCi({ id }: Pick<Feedback, "id">): boolean {
  return id.startsWith("ci:");
}

/** What follows from a change of something that was approved. */
export function isOfRipple({ id }: Pick<Feedback, "id">): boolean {
  return id.startsWith("ripple:");
}

function isOfConflict({ id }: Pick<Feedback, "id">): boolean {
  return id.startsWith("conflict:");
}

function kindOf(item: Feedback): string {
  if (isOfRipple(item)) return "an item that this part builds on has changed";
  if (isVeto(item)) return "a decision is vetoed";
  if (isOfCi(item)) return "a check of the repository fails";
  if (isOfConflict(item)) return "both sides of a merge changed it";
  return item.request === "change" ? "a change is requested" : "a comment";
}

function saidLines({ comments }: Feedback, share: number): readonly string[] {
  let left = share;
  return comments.flatMap(({ by, text }) => {
    if (left <= 0) return [];
    const shown = cut(text, left);
    left -= shown.length;
    return [`${by.replaceAll(/\s+/g, " ")} says:`, ...quoted(shown)];
  });
}

function placeOf({ path, line }: Feedback): string {
  if (path === null) return "about the deliverable as a whole";
  const shown = path.replaceAll(/\s+/g, " ");
  return line === null ? `in ${shown}` : `in ${shown}, line ${line}`;
}

function cut(text: string, lengthMax: number): string {
  return text.length <= lengthMax ? text : `${text.slice(0, lengthMax).toWellFormed()} … (cut)`;
}

function quoted(text: string): readonly string[] {
  return text
    .trim()
    .split(/\r\n?|[\n\u2028\u2029]/)
    .map((line) => `| ${line}`.trimEnd());
}
