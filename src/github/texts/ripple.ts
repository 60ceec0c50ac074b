/** What people are told where something changes that an earlier gate approved. */
import type { Notice } from "../../control/ports/notices.ts";
import type { ItemChange, ItemsChanged } from "../../core/ripple.ts";
import { outlineOfPhase, type ExistingTask } from "../../core/state.ts";
import type { BlockContext } from "./blocked.ts";
import { code, link, person, plain } from "./escape.ts";
import { shaCharacters } from "./format.ts";
import { listed } from "./places.ts";
import type { Say } from "./words.ts";

const itemsShownMax = 20;
const stepsShownMax = 20;
const pathsShownMax = 5;
const reasonCharactersMax = 600;

/** On the issue, once for each look that found something. */
export function rippleText(
  { task, phase, changed }: Extract<Notice, { kind: "ripple" }>,
  { links, say }: BlockContext,
): string {
  const { sha, by, items, touched } = changed;
  const commit = link(code(sha.slice(0, shaCharacters)), links.commit(sha));
  if (items.length === 0) {
    return say`As of ${commit} all requirements, decisions and screens read as they were approved again, so nothing follows from the change that was announced here before.`;
  }
  return [
    by === "somebody"
      ? say`**Approved items were changed** in ${commit}:`
      : say`**Approved items were changed** in ${commit} by ${person(by)}:`,
    itemLines(items, (path) => links.file(sha, path), say).join("\n"),
    ...touchedSection(task, changed, say),
    checkedSentence(task, changed, say),
    touched.length === 0 || phase === null
      ? say`No approved part cites them, so no gate opens again.`
      : say`**What happens next:** phase ${phase} opens these parts again, and nothing else, as one small pull request. ${beginning(task, phase, say)}`,
  ].join("\n\n");
}

function beginning(task: ExistingTask, phase: number, say: Say): string {
  const skip = code("/skip-phase");
  const hasBegun = task.phases.some((each) => each.phase === phase);
  return hasBegun
    ? say`It has begun. To leave them as they are, comment ${skip}.`
    : say`It begins once the phase that is under way is merged. To leave them as they are, comment ${skip} when it has begun.`;
}

/** In the gate of the phase that changes what came before it. */
export function changesApproved(task: ExistingTask, changed: ItemsChanged, say: Say): readonly string[] {
  const { items, touched } = changed;
  const follows =
    touched.length === 0
      ? say`No approved part cites them.`
      : say`With the merge these parts open again as one small pull request, before anything else:`;
  return [
    `## ${say`Changes what was approved before`}`,
    itemLines(items, () => null, say).join("\n"),
    follows,
    ...(touched.length === 0 ? [] : [touchedLines(task, changed, say).join("\n")]),
    checkedSentence(task, changed, say),
  ];
}

/** Nothing had to change, and the agent said of each part why. */
export function rippleSettledText({ items, parts }: Extract<Notice, { kind: "ripple-settled" }>, say: Say): string {
  const ids = listed(
    items.map(({ id }) => code(id)),
    say,
  );
  const lines = parts.map(({ title, text }) => `- ${plain(title, 80)}: ${plain(text, reasonCharactersMax)}`);
  return [
    say`All parts that cite ${ids} hold as they are, so there is no pull request. What the agent says of each:`,
    lines.join("\n"),
    say`If you see it otherwise, edit the document and commit: a change of an item is looked at again.`,
  ].join("\n\n");
}

function itemLines(
  items: readonly ItemChange[],
  addressOf: (path: string) => string | null,
  say: Say,
): readonly string[] {
  const lines = items.slice(0, itemsShownMax).map(({ id, kind, path, phase }) => {
    const address = kind === "removed" ? null : addressOf(path);
    const where = address === null ? code(path, 200) : link(code(path, 200), address);
    return kind === "removed"
      ? say`- ${code(id)} was removed from ${where} (approved in phase ${phase})`
      : say`- ${code(id)} was changed in ${where} (approved in phase ${phase})`;
  });
  return items.length > itemsShownMax ? [...lines, say`- and ${items.length - itemsShownMax} more`] : lines;
}

function touchedSection(task: ExistingTask, changed: ItemsChanged, say: Say): readonly string[] {
  return changed.touched.length === 0
    ? []
    : [say`Gates that this touches:`, touchedLines(task, changed, say).join("\n")];
}

function touchedLines(task: ExistingTask, { touched }: ItemsChanged, say: Say): readonly string[] {
  return touched.slice(0, stepsShownMax).map(({ phase, step, paths }) => {
    const outline = outlineOfPhase(task, phase);
    const title = outline.steps.find(({ slug }) => slug === step)?.title ?? step;
    const gate = task.phases.find((each) => each.phase === phase)?.gate ?? null;
    const pull = gate === null ? "" : `, ${link(`#${gate.pullRequest}`, gate.url)}`;
    const shown = paths.slice(0, pathsShownMax).map((path) => code(path, 120));
    const more = paths.length > pathsShownMax ? [say`${paths.length - pathsShownMax} more`] : [];
    const place = `${say`Phase ${phase}, ${plain(outline.title, 60)}`}${pull}`;
    return paths.length === 0
      ? `- ${place}: ${plain(title, 80)}`
      : say`- ${place}: ${plain(title, 80)} in ${listed([...shown, ...more], say)}`;
  });
}

function checkedSentence(task: ExistingTask, { checked }: ItemsChanged, say: Say): string {
  if (checked.length === 0) return say`None of the approved phases could be checked again.`;
  const names = (passed: boolean) =>
    checked
      .filter((each) => each.passed === passed)
      .map(({ phase }) => say`phase ${phase}, ${plain(outlineOfPhase(task, phase).title, 60)}`);
  const failed = names(false);
  const all = say.count(checked.length, "approved phase", "approved phases");
  return failed.length === 0
    ? say`The checks of ${all} were run again, and all pass.`
    : say`The checks of ${all} were run again; these no longer pass: ${failed.join("; ")}.`;
}
