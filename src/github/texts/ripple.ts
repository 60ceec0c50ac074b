/** What people are told where something changes that an earlier gate approved. */
import type { Notice } from "../../control/ports.ts";
import type { ItemChange, ItemsChanged } from "../../core/ripple.ts";
import { outlineOfPhase, type ExistingTask } from "../../core/state.ts";
import { code, link, person, plain } from "./escape.ts";
import { count, shaCharacters } from "./format.ts";
import type { Links } from "./links.ts";
import { listed } from "./places.ts";

const itemsShownMax = 20;
const stepsShownMax = 20;
const pathsShownMax = 5;
const reasonCharactersMax = 600;

/** On the issue, once for each look that found something. */
export function rippleText({ task, phase, changed }: Extract<Notice, { kind: "ripple" }>, links: Links): string {
  const { sha, by, items, touched } = changed;
  const commit = link(code(sha.slice(0, shaCharacters)), links.commit(sha));
  if (items.length === 0) {
    return `As of ${commit} all requirements, decisions and screens read as they were approved again, so nothing follows from the change that was announced here before.`;
  }
  const who = by === "somebody" ? "" : ` by ${person(by)}`;
  return [
    `**Approved items were changed** in ${commit}${who}:`,
    itemLines(items, (path) => links.file(sha, path)).join("\n"),
    ...touchedSection(task, changed),
    checkedSentence(task, changed),
    touched.length === 0 || phase === null
      ? "No approved part cites them, so no gate opens again."
      : `**What happens next:** phase ${phase} opens these parts again, and nothing else, as one small pull request. ${beginning(task, phase)}`,
  ].join("\n\n");
}

function beginning(task: ExistingTask, phase: number): string {
  const skip = `To leave them as they are, comment ${code("/skip-phase")}`;
  const hasBegun = task.phases.some((each) => each.phase === phase);
  return hasBegun
    ? `It has begun. ${skip}.`
    : `It begins once the phase that is under way is merged. ${skip} when it has begun.`;
}

/** In the gate of the phase that changes what came before it. */
export function changesApproved(task: ExistingTask, changed: ItemsChanged): readonly string[] {
  const { items, touched } = changed;
  const follows =
    touched.length === 0
      ? "No approved part cites them."
      : "With the merge these parts open again as one small pull request, before anything else:";
  return [
    "## Changes what was approved before",
    itemLines(items, () => null).join("\n"),
    follows,
    ...(touched.length === 0 ? [] : [touchedLines(task, changed).join("\n")]),
    checkedSentence(task, changed),
  ];
}

/** Nothing had to change, and the agent said of each part why. */
export function rippleSettledText({ items, parts }: Extract<Notice, { kind: "ripple-settled" }>): string {
  const ids = listed(items.map(({ id }) => code(id)));
  const lines = parts.map(({ title, text }) => `- ${plain(title, 80)}: ${plain(text, reasonCharactersMax)}`);
  return [
    `All parts that cite ${ids} hold as they are, so there is no pull request. What the agent says of each:`,
    lines.join("\n"),
    `If you see it otherwise, edit the document and commit: a change of an item is looked at again.`,
  ].join("\n\n");
}

function itemLines(items: readonly ItemChange[], addressOf: (path: string) => string | null): readonly string[] {
  const lines = items.slice(0, itemsShownMax).map(({ id, kind, path, phase }) => {
    const address = kind === "removed" ? null : addressOf(path);
    const where = address === null ? code(path, 200) : link(code(path, 200), address);
    return `- ${code(id)} ${kind === "removed" ? "was removed from" : "was changed in"} ${where} (approved in phase ${phase})`;
  });
  return items.length > itemsShownMax ? [...lines, `- and ${items.length - itemsShownMax} more`] : lines;
}

function touchedSection(task: ExistingTask, changed: ItemsChanged): readonly string[] {
  return changed.touched.length === 0 ? [] : ["Gates that this touches:", touchedLines(task, changed).join("\n")];
}

function touchedLines(task: ExistingTask, { touched }: ItemsChanged): readonly string[] {
  return touched.slice(0, stepsShownMax).map(({ phase, step, paths }) => {
    const outline = outlineOfPhase(task, phase);
    const title = outline.steps.find(({ slug }) => slug === step)?.title ?? step;
    const gate = task.phases.find((each) => each.phase === phase)?.gate ?? null;
    const pull = gate === null ? "" : `, ${link(`#${gate.pullRequest}`, gate.url)}`;
    const shown = paths.slice(0, pathsShownMax).map((path) => code(path, 120));
    const more = paths.length > pathsShownMax ? [`${paths.length - pathsShownMax} more`] : [];
    const files = paths.length === 0 ? "" : ` in ${listed([...shown, ...more])}`;
    return `- Phase ${phase}, ${plain(outline.title, 60)}${pull}: ${plain(title, 80)}${files}`;
  });
}

function checkedSentence(task: ExistingTask, { checked }: ItemsChanged): string {
  if (checked.length === 0) return "None of the approved phases could be checked again.";
  const names = (passed: boolean) =>
    checked
      .filter((each) => each.passed === passed)
      .map(({ phase }) => `phase ${phase}, ${plain(outlineOfPhase(task, phase).title, 60)}`);
  const failed = names(false);
  const all = count(checked.length, "approved phase", "approved phases");
  return failed.length === 0
    ? `The checks of ${all} were run again, and all pass.`
    : `The checks of ${all} were run again; these no longer pass: ${failed.join("; ")}.`;
}
