/** Approved items that changed: what cites them, and what the agent is told of each part. */
import type { Phase } from "../core/playbook.ts";
import type { Tree } from "../core/report.ts";
import { rippleSlug, type ItemChange, type ItemsChanged, type TouchedStep } from "../core/ripple.ts";
import { currentPhaseOf, isSettled, outlineOfPhase, pendingRippleOf, type ExistingTask } from "../core/state.ts";
import { limits, type Feedback as FeedbackText } from "../protocol/runner.ts";
import { baseOf } from "./base-branch.ts";
import { itemOfWords, saveWords, type GateReading } from "./gate-feedback.ts";
import type { Asked } from "./handle-command.ts";
import { keyOf } from "./people.ts";
import type { Performing } from "./performing.ts";
import { placeValuesOf } from "../core/place-values.ts";
import { pathFrom, treeIn } from "../core/tree-in.ts";
import { frozenPlaybook } from "./phase-definition.ts";

const itemsMax = 50;
const stepsMax = 50;
const pathsMax = 30;
const wordsShownMax = 600;

type Changed = Awaited<ReturnType<GateReading["verifier"]["changedItems"]>>[number];

/** Looks at the base as it is now, unless nothing there was approved yet. */
export async function compareItems(performing: Performing, task: ExistingTask): Promise<Asked | null> {
  const { github } = performing;
  if (isSettled(task) || task.itemsAt === null) return null;
  const { headSha: sha } = await baseOf(performing, task);
  if (sha === task.itemsAt) return null;
  const gate = currentPhaseOf(task)?.completed === null ? (currentPhaseOf(task)?.gate ?? null) : null;
  // What a gate brings with it is told with its merge.
  const seen = gate === null ? null : await github.readGate(task.repository, gate.pullRequest);
  if (seen?.merged === true) return null;
  const pending = pendingRippleOf(task);
  const since = pending?.since ?? task.itemsAt;
  const tree = await github.readTree(task.repository, sha);
  const by = async () => (await github.authorOf(task.repository, sha)) ?? "somebody";
  const changed = await changesBetween(performing, task, { since, sha, by, tree });
  if (changed !== null) return { type: "RecordRipple", changed };
  // What was found before reads as it was approved again.
  const nothing = { items: [], touched: [], checked: [], feedback: [] };
  return pending === null
    ? null
    : { type: "RecordRipple", changed: { since, sha, by: await by(), textHash: pending.textHash, ...nothing } };
}

/** What a tree has changed of what people approved before; null where nothing. */
export async function changesBetween(
  reading: GateReading,
  task: ExistingTask,
  {
    since,
    sha,
    tree,
    by: whoChanged,
  }: Pick<ItemsChanged, "since" | "sha"> & {
    readonly tree: Tree;
    /** Asked only where something has changed. */
    readonly by: () => Promise<string>;
  },
): Promise<ItemsChanged | null> {
  const { verifier, github, store } = reading;
  const playbook = await frozenPlaybook(reading, task);
  if (playbook === null) return null;
  const approved = approvedPhases(task, playbook.phases);
  const before = await github.readTree(task.repository, since);
  // Every phase of a task has the same folder.
  const root = placeValuesOf(task).root;
  const own = treeIn(tree, root);
  const differing = (await verifier.changedItems(treeIn(before, root), own)).map((item) => placed(root, item));
  const changed = differing.flatMap((item) => {
    const phase = approved.find((each) => verifier.stepOfPath(each, item.path) !== null);
    return phase === undefined ? [] : [{ ...item, phase: phase.number }];
  });
  if (changed.length === 0) return null;
  const by = await whoChanged();
  const { checked, failing } = await checkAgain(reading, task, approved, tree);
  const ids = new Set(changed.map(({ id }) => id));
  const citing = (await verifier.citing(own, ids)).map((each) => placed(root, each));
  const touched = touchedSteps(reading, approved, changed, citing, failing).filter(
    // What the phase at work looks at anyway.
    (each) => !coveredBy(task, each),
  );
  const words = touched.slice(0, stepsMax).map((each) => wordsFor(reading, each, changed, by));
  return {
    since,
    sha,
    by,
    items: changed.slice(0, itemsMax).map(({ id, path, phase, now }): ItemChange => {
      return { id, kind: now === null ? "removed" : "changed", path, phase };
    }),
    touched: touched
      .slice(0, stepsMax)
      .map(({ phase, step, paths }) => ({ phase, step, paths: paths.slice(0, pathsMax) })),
    checked,
    feedback: words.map(itemOfWords),
    textHash: await saveWords(store, task.taskId, words),
  };
}

function placed<Each extends { readonly path: string }>(root: string, each: Each): Each {
  return { ...each, path: pathFrom(root, each.path) };
}

/** Merged, and part of the playbook; in its order. */
function approvedPhases(task: ExistingTask, phases: readonly Phase[]): readonly Phase[] {
  const merged = task.phases.filter(({ completed }) => completed?.skipped === false);
  return phases.filter(({ number }) => merged.some(({ phase }) => phase === number));
}

interface Failing {
  readonly phase: number;
  readonly step: string;
  readonly path: string | null;
  readonly message: string;
}

/** All that can be checked without running anything. What people took although it failed is left to them. */
async function checkAgain(
  { verifier }: GateReading,
  task: ExistingTask,
  approved: readonly Phase[],
  tree: Tree,
): Promise<{ readonly checked: ItemsChanged["checked"]; readonly failing: readonly Failing[] }> {
  const checked: { phase: number; passed: boolean }[] = [];
  const failing: Failing[] = [];
  for (const phase of approved) {
    if (task.phases.find((each) => each.phase === phase.number)?.accepted !== null) continue;
    const { passed, findings } = await verifier.verifyPhase(tree, phase, { changedPaths: [], report: null });
    checked.push({ phase: phase.number, passed });
    for (const { step, path, message } of findings) {
      const at = step ?? (path === null ? null : verifier.stepFor(phase, path)) ?? phase.steps.at(-1)?.slug;
      if (at !== undefined) failing.push({ phase: phase.number, step: at, path, message });
    }
  }
  return { checked, failing };
}

interface Touching extends TouchedStep {
  /** Of the changed items, those that it cites. */
  readonly ids: readonly string[];
  readonly failing: readonly string[];
}

/** What comes after the document that defines an item, in the order of phases and steps: what comes before does not build on it. */
function touchedSteps(
  { verifier }: GateReading,
  approved: readonly Phase[],
  changed: readonly (Changed & { readonly phase: number })[],
  citing: readonly { readonly path: string; readonly ids: readonly string[] }[],
  failing: readonly Failing[],
): readonly Touching[] {
  const order = approved.flatMap(({ number, steps }) => steps.map(({ slug }) => `${number}/${slug}`));
  const placeOf = (path: string): { phase: number; step: string } | null => {
    for (const phase of approved) {
      const step = verifier.stepOfPath(phase, path);
      if (step !== null) return { phase: phase.number, step };
    }
    // Documents of a phase that is not merged yet are its own affair.
    if (path.startsWith("docs/")) return null;
    const phase = approved.findLast((each) => verifier.stepFor(each, path) !== null);
    const step = phase === undefined ? null : verifier.stepFor(phase, path);
    return phase === undefined || step === null ? null : { phase: phase.number, step };
  };
  const rankOf = ({ phase, step }: { phase: number; step: string }) => order.indexOf(`${phase}/${step}`);
  const homes = new Map(
    changed.flatMap(({ id, path }) => {
      const home = placeOf(path);
      return home === null ? [] : [[id, rankOf(home)] as const];
    }),
  );
  const found = new Map<string, Touching>();
  const add = (at: { phase: number; step: string }, more: Partial<Touching>): void => {
    const key = rippleSlug(at);
    const known = found.get(key) ?? { ...at, paths: [], ids: [], failing: [] };
    const union = (one: readonly string[], other: readonly string[] = []) => [...new Set([...one, ...other])];
    found.set(key, {
      ...known,
      paths: union(known.paths, more.paths),
      ids: union(known.ids, more.ids),
      failing: union(known.failing, more.failing),
    });
  };
  for (const { path, ids } of citing) {
    const at = placeOf(path);
    if (at === null) continue;
    const later = ids.filter((id) => rankOf(at) > (homes.get(id) ?? Number.POSITIVE_INFINITY));
    if (later.length > 0) add(at, { paths: [path], ids: later });
  }
  for (const { phase, step, path, message } of failing) {
    add({ phase, step }, { paths: path === null ? [] : [path], failing: [message] });
  }
  return [...found.values()].toSorted((one, other) => rankOf(one) - rankOf(other));
}

/** A ripple that is at work has these parts before it. */
function coveredBy(task: ExistingTask, { phase, step }: TouchedStep): boolean {
  const current = currentPhaseOf(task);
  const ripple = task.ripples.find((each) => each.phase === current?.phase);
  return ripple?.touched.some((each) => each.phase === phase && each.step === step) === true;
}

/** Words of documents are data: the runner frames them like those of a reviewer. */
function wordsFor({ freeze }: GateReading, touching: Touching, changed: readonly Changed[], by: string): FeedbackText {
  const { ids, paths, failing } = touching;
  const about = changed.filter(({ id }) => ids.includes(id)).map(itemWords);
  const faults = failing.map((message) => `It no longer passes a check: ${message}`);
  const where = paths.length === 0 ? [] : [`Look at: ${paths.slice(0, pathsMax).join(", ")}.`];
  const text = [...about, ...faults, ...where].join("\n\n");
  const step = rippleSlug(touching);
  return {
    id: `ripple:${keyOf(`${step}:${text}`).slice(0, 12)}:${step}`,
    request: "change",
    step,
    path: null,
    line: null,
    hunk: null,
    comments: [{ by, text: freeze(text).text.slice(0, limits.feedbackTextCharactersMax).toWellFormed() }],
  };
}

function itemWords({ id, path, before, now }: Changed): string {
  const quoted = (text: string) => `"${text.slice(0, wordsShownMax).toWellFormed()}"`;
  return now === null
    ? `${id} was removed from ${path}. It was: ${quoted(before)}`
    : `${id} was changed in ${path}. It was: ${quoted(before)}. It is now: ${quoted(now)}`;
}

/** Said on the issue, once for each look that found something new. */
export async function notifyRipple(
  { github, store }: Performing,
  task: ExistingTask,
  sha: string,
  key: string,
): Promise<null> {
  const found = (await store.readEvents(task.taskId)).findLast(
    (event) => event.type === "RippleFound" && event.changed.sha === sha,
  );
  if (found?.type !== "RippleFound" || task.erasedBy !== null) return null;
  const { phase, changed } = found;
  await github.notify(task.repository, task.issue.number, key, { kind: "ripple", task, phase, changed }, task);
  return null;
}

/** Why each part holds as it is: there is no pull request on which it could be said. */
export async function notifySettled(
  { github, store }: Performing,
  task: ExistingTask,
  number: number,
  key: string,
): Promise<null> {
  const ripple = task.ripples.find(({ phase }) => phase === number);
  const phase = task.phases.find((each) => each.phase === number);
  if (ripple === undefined || phase === undefined || task.erasedBy !== null) return null;
  const { steps } = outlineOfPhase(task, number);
  const parts = [];
  for (const { step, answer } of phase.feedback) {
    const title = steps.find(({ slug }) => slug === step)?.title ?? step;
    parts.push({ title, text: answer === null ? "" : ((await store.readText(answer.textHash)) ?? "") });
  }
  const notice = { kind: "ripple-settled", items: ripple.items, parts } as const;
  await github.notify(task.repository, task.issue.number, key, notice, task);
  return null;
}
