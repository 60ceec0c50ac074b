/** What follows when an item changes that people approved in an earlier gate: those parts that cite it, as one more phase. */
import type { FeedbackItem } from "./feedback.ts";
import { tightest } from "./network.ts";
import type { Criterion, Phase, PhaseOutline, Playbook } from "./playbook.ts";

/** A requirement, decision or screen that reads otherwise than when its gate was merged. */
export interface ItemChange {
  /** e.g. `REQ-002`. */
  readonly id: string;
  readonly kind: "changed" | "removed";
  /** The document in which it stands, or stood. */
  readonly path: string;
  /** Whose gate approved it. */
  readonly phase: number;
}

/** A part of an approved phase that has to be looked at again. */
export interface TouchedStep {
  readonly phase: number;
  readonly step: string;
  /** Files that cite a changed item, or that fail a check now. */
  readonly paths: readonly string[];
}

export interface ItemsChanged {
  /** The commit with which `sha` was compared: as people approved it. */
  readonly since: string;
  readonly sha: string;
  /** Whoever changed them, as far as anybody knows. */
  readonly by: string;
  readonly items: readonly ItemChange[];
  readonly touched: readonly TouchedStep[];
  /** Approved phases whose checks were run again on `sha`. */
  readonly checked: readonly { readonly phase: number; readonly passed: boolean }[];
  /** For the agent, one point for each touched step; the words lie in the store under `textHash`. */
  readonly feedback: readonly FeedbackItem[];
  readonly textHash: string;
}

/** With the number of the phase that mends it. */
export interface Ripple extends ItemsChanged {
  readonly phase: number;
}

const idsShownMax = 3;

export function rippleTitle(items: readonly ItemChange[]): string {
  const ids = items.map(({ id }) => id);
  const shown = ids.slice(0, idsShownMax);
  const more = ids.length - shown.length;
  const last = more > 0 ? `${more} more` : shown.pop();
  return `What follows from ${shown.length === 0 ? last : `${shown.join(", ")} and ${last}`}`;
}

/** Unique among the steps of all phases that it touches. */
export function rippleSlug({ phase, step }: Pick<TouchedStep, "phase" | "step">): string {
  return `${phase}-${step}`;
}

export function rippleOutline(
  phases: readonly PhaseOutline[],
  number: number,
  { items, touched }: ItemsChanged,
): PhaseOutline {
  const of = (phase: number) => phases.find((each) => each.number === phase);
  return {
    number,
    name: "ripple",
    title: rippleTitle(items),
    budgetUsd: Math.max(...touched.map(({ phase }) => of(phase)?.budgetUsd ?? 0)),
    mayBeSkipped: true,
    mode: "steps",
    plans: null,
    steps: touched.map((each) => {
      const outline = of(each.phase);
      const title = outline?.steps.find(({ slug }) => slug === each.step)?.title ?? each.step;
      return { slug: rippleSlug(each), title: `${outline?.title ?? `Phase ${each.phase}`}: ${title}` };
    }),
  };
}

/**
 * The phase that mends it, from the parts of the phases that it touches: their own guides, paths and outputs. All that the
 * approved phases were held against by rule holds for it again; what only their verifier judged is left to a criterion of its own.
 */
export function ripplePhase(playbook: Playbook, { phase: number, ...changed }: Ripple): Phase {
  const of = (phase: number) => playbook.phases.find((each) => each.number === phase);
  const approved = changed.checked.flatMap(({ phase }) => of(phase) ?? []);
  const touched = [...new Set(changed.touched.map(({ phase }) => phase))].flatMap((phase) => of(phase) ?? []);
  const { guide, criteria, verifierGuide } = playbook.ripple;
  const outline = rippleOutline(playbook.phases, number, changed);
  const network = tightest(...touched.map((phase) => phase.network));
  return {
    ...outline,
    root: touched[0]?.root ?? "",
    reviewers: [],
    afterFailure: null,
    ...(network === "open" ? {} : { network }),
    allowedPaths: [...new Set(touched.flatMap(({ allowedPaths }) => allowedPaths))],
    criteria: [...rulesOf([...approved, ...touched]), ...criteria],
    verifierGuide,
    testCommand: [...approved, ...touched].find(({ testCommand }) => testCommand !== null)?.testCommand ?? null,
    steps: changed.touched.flatMap((each, index) => {
      const step = of(each.phase)?.steps.find(({ slug }) => slug === each.step);
      const { slug, title } = outline.steps[index] ?? { slug: "", title: "" };
      return step === undefined ? [] : [{ ...step, slug, title, guide: `${guide}\n\n${step.guide}` }];
    }),
  };
}

/** Each rule once; what is a must anywhere is one here. */
function rulesOf(phases: readonly Phase[]): readonly Criterion[] {
  const rules = new Map<string, Criterion>();
  for (const criterion of phases.flatMap(({ criteria }) => criteria)) {
    if (criterion.kind !== "deterministic") continue;
    const known = rules.get(criterion.check);
    if (known === undefined || known.severity === "should") rules.set(criterion.check, criterion);
  }
  return [...rules.values()];
}
