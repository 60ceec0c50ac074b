/** What a guide leaves open until there is a task: `<issue>`, `<slug>`, `<run>` and `<spec>` in its paths and texts, and the folder of the product. */
import type { Phase, Playbook, Step } from "./playbook.ts";
import type { TaskFacts } from "./state.ts";
import { pathFrom } from "./tree-in.ts";

export interface PlaceValues {
  /** e.g. `12`. */
  readonly issue: string;
  /** Of the issue's title, e.g. `a-link-shortener`. */
  readonly slug: string;
  /** e.g. `run-012`; a second task on the issue has `run-012-2`. */
  readonly run: string;
  /** e.g. `spec-2026-11-26-012`: the day on which the task was made, and the issue's number (Q17). */
  readonly spec: string;
  /** Folder of the product, without slashes around it; empty for the root. */
  readonly root: string;
}

const slugCharactersMax = 40;
const runDigits = 3;
const specDigits = 3;
/** Between the numbers of two tasks on one issue and day. */
const specsApart = 1_000;

export function placeValuesOf({ issue, ordinal, input, createdAt }: TaskFacts): PlaceValues {
  const number = String(issue.number);
  const again = ordinal > 1 ? `-${ordinal}` : "";
  return {
    issue: `${number}${again}`,
    slug: slugOf(issue.title) ?? `issue-${number}`,
    run: `run-${number.padStart(runDigits, "0")}${again}`,
    spec: `spec-${createdAt.slice(0, 10)}-${String(issue.number + specsApart * (ordinal - 1)).padStart(specDigits, "0")}`,
    root: input.outputDirectory ?? "",
  };
}

/** Letters and digits that need no quoting anywhere; null where a title has too few of them, as in most other scripts. */
export function slugOf(title: string): string | null {
  const plain = title.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase();
  const slug = plain.replaceAll(/[^a-z0-9]+/gu, "-").replaceAll(/^-+|-+$/gu, "");
  const cut = slug.length <= slugCharactersMax ? slug : slug.slice(0, slugCharactersMax + 1).replace(/-[^-]*$/u, "");
  const kept = cut.slice(0, slugCharactersMax).replaceAll(/-+$/gu, "");
  return /[a-z]/u.test(kept) && kept.length >= 3 ? kept : null;
}

export function fillPlaybook(playbook: Playbook, values: PlaceValues): Playbook {
  return { ...playbook, phases: playbook.phases.map((phase) => fillPhase(phase, values)) };
}

function fillPhase(phase: Phase, values: PlaceValues): Phase {
  const text = (raw: string): string => filled(raw, values);
  return {
    ...phase,
    root: values.root,
    allowedPaths: phase.allowedPaths.map((path) => placed(path, values)),
    criteria: phase.criteria.map((criterion) => ({ ...criterion, text: text(criterion.text) })),
    verifierGuide: text(phase.verifierGuide),
    steps: phase.steps.map((step) => fillStep(step, values)),
  };
}

function fillStep(step: Step, values: PlaceValues): Step {
  return {
    ...step,
    guide: filled(step.guide, values),
    outputs: step.outputs.map((path) => placed(path, values)),
    allowedPaths: step.allowedPaths.map((path) => placed(path, values)),
    ...(step.turns === undefined
      ? {}
      : {
          turns: step.turns.map((turn) => ({
            ...turn,
            guide: filled(turn.guide, values),
            output: placed(turn.output, values),
          })),
        }),
  };
}

/** In one pass: a playbook's guides are some hundred kilobytes, and are asked for at every step. */
function filled(text: string, values: PlaceValues): string {
  return text.replaceAll(/<(issue|slug|run|spec)>/gu, (_, name: "issue" | "slug" | "run" | "spec") => values[name]);
}

/** What GitHub reads, and what we read ourselves, lies where it is looked for, wherever the product is. */
const atRoot = /^\.(?:github|phasegate)\//u;

function placed(path: string, values: PlaceValues): string {
  const own = filled(path, values);
  return atRoot.test(own) ? own : pathFrom(values.root, own);
}
