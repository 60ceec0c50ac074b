import { isMap, isScalar, isSeq, parseDocument } from "yaml";
import type { Document } from "yaml";
import type { ExistingTask } from "../core/state.ts";
import { archivedSpecs, progressOf } from "./spec.ts";
import type { ChangeLogEntry, ItemStatus, Spec, SpecProgress, SpecStatus } from "./spec.ts";

/** What becomes of a specification; the rest of it stays as people wrote it. */
export interface SpecChange {
  readonly status: SpecStatus;
  /** By their place in the file. */
  readonly requirements: readonly ItemStatus[];
  readonly tasks: readonly ItemStatus[];
  readonly progress: SpecProgress;
  readonly entry: ChangeLogEntry;
  /** Null takes the field away. */
  readonly error: string | null;
}

/** Who writes it, and when (ISO 8601, UTC). */
export interface Hand {
  readonly at: string;
  readonly by: string;
}

/** Before work begins somebody may have gone on to any of these, and nothing takes it back. */
const KEPT: readonly SpecStatus[] = ["draft", "review", "approved", "pending", "planning", "in-progress"];

/**
 * What a specification says once the task stands where it stands; null where it says so already.
 * A spec task that names a step follows this step. Any other follows the work as a whole, and what a person or an agent wrote of it as done stays.
 */
export function specProgress(spec: Spec, state: ExistingTask, hand: Hand): SpecChange | null {
  const status = statusAfter(spec, state);
  const isCompleted = status === "completed";
  return changeOf(spec, hand, {
    status,
    requirements: spec.requirements.map((item) => (isCompleted ? "completed" : item.status)),
    tasks: spec.tasks.map((task) => (isCompleted ? "completed" : taskStatusAfter(task, status, state))),
    error: state.status === "failed" ? state.message : null,
  });
}

/** The specification whose last gate is about to be merged: everything of it is done. Null where it says so already. */
export function completeSpec(spec: Spec, hand: Hand): SpecChange | null {
  return changeOf(spec, hand, {
    status: "completed",
    requirements: spec.requirements.map(() => "completed"),
    tasks: spec.tasks.map(() => "completed"),
    error: null,
  });
}

/** Where a specification lies once its work has ended, by the month of that day. */
export function archivePathOf({ id }: Pick<Spec, "id">, at: string): string {
  return `${archivedSpecs}${at.slice(0, 7)}/${id}.yaml`;
}

/** An agent has no clock: what it says of the day on which it wrote may lie ahead, and nothing is changed before it is made. */
function laterOf(createdAt: unknown, at: string): unknown {
  return typeof createdAt === "string" && Date.parse(createdAt) > Date.parse(at) ? createdAt : at;
}

/** Writes the change into the text. Comments, order and all other fields stay as they are. */
export function withSpecChange(text: string, change: SpecChange): string {
  const document = parseDocument(text);
  document.setIn(["status"], change.status);
  document.setIn(["metadata", "updatedAt"], laterOf(document.getIn(["metadata", "createdAt"]), change.entry.at));
  for (const [field, statuses] of [["requirements", change.requirements] as const, ["tasks", change.tasks] as const]) {
    for (const [at, status] of statuses.entries()) {
      // What the schema assumes is not written down for it.
      if (status !== "pending" || document.hasIn([field, at, "status"])) document.setIn([field, at, "status"], status);
    }
  }
  setMap(document, "progress", { ...change.progress });
  if (change.error === null) document.deleteIn(["error"]);
  else document.setIn(["error"], change.error);
  const log = document.get("changeLog");
  if (isSeq(log)) {
    log.flow &&= log.items.length > 0;
    log.add(document.createNode(change.entry));
  } else document.set("changeLog", document.createNode([change.entry]));
  return printed(document, text);
}

/** Names the issue behind the status, where a reader looks for it. */
export function withIssue(text: string, issue: number): string {
  const document = parseDocument(text);
  if (document.has("issue") || !isMap(document.contents)) document.set("issue", issue);
  else {
    const { items } = document.contents;
    const at = items.findIndex(({ key }) => isScalar(key) && key.value === "status");
    items.splice(at + 1, 0, document.createPair("issue", issue));
  }
  return printed(document, text);
}

function changeOf(spec: Spec, hand: Hand, to: Omit<SpecChange, "progress" | "entry">): SpecChange | null {
  const tasks = spec.tasks.map((task, at) => ({ ...task, status: to.tasks[at] ?? task.status }));
  const moves = [
    ...(spec.status === to.status ? [] : [`${spec.status} to ${to.status}`]),
    ...[...spec.requirements, ...spec.tasks].flatMap(({ id, status }, at) => {
      const next = [...to.requirements, ...to.tasks][at] ?? status;
      return status === next ? [] : [`${id} ${status} to ${next}`];
    }),
  ];
  if (moves.length === 0) return null;
  const entry = {
    at: hand.at,
    by: hand.by,
    change: moves.join(", "),
    ...(to.error === null ? {} : { reason: to.error }),
  };
  return { ...to, progress: progressOf(tasks), entry };
}

function statusAfter(spec: Spec, state: ExistingTask): SpecStatus {
  // The first of several phases writes what is wanted; from the second on it is carried out.
  const isWorkedOn = state.phases.length > 1 || state.playbook.phases.length === 1;
  switch (state.status) {
    case "completed":
    case "failed":
    case "cancelled":
      return state.status;
    case "draft":
    case "pending":
    case "in_progress": {
      const hasBegun =
        state.phases.some(({ steps }) => steps.some(({ completed }) => completed)) || state.status === "in_progress";
      if (isWorkedOn && hasBegun) return "in-progress";
      return KEPT.includes(spec.status) ? spec.status : "planning";
    }
    case "review":
      if (isWorkedOn) return "diff-submitted";
      return spec.status === "approved" ? "approved" : "review";
  }
}

function taskStatusAfter(task: Spec["tasks"][number], status: SpecStatus, state: ExistingTask): ItemStatus {
  const now = ((): ItemStatus => {
    if (task.step === undefined) {
      if (task.status === "completed" || task.status === "failed") return task.status;
      return status === "in-progress" || status === "diff-submitted" ? "in-progress" : "pending";
    }
    const phases = state.phases.filter(({ steps }) => steps.some(({ slug }) => slug === task.step));
    const phase = phases.at(-1);
    if (phase === undefined) return "pending";
    if (phase.completed !== null || phase.steps.find(({ slug }) => slug === task.step)?.completed === true)
      return "completed";
    const isNext = phase.steps.find(({ completed }) => !completed)?.slug === task.step;
    return isNext && phase === state.phases.at(-1) ? "in-progress" : "pending";
  })();
  if (now !== "in-progress") return now;
  if (state.status === "failed") return "failed";
  return state.blockedBy === null ? now : "blocked";
}

/** Sets the fields of a map one by one, so that comments within it stay. */
function setMap(document: Document, field: string, values: Readonly<Record<string, unknown>>): void {
  if (!isMap(document.get(field))) {
    document.set(field, document.createNode(values));
    return;
  }
  for (const [key, value] of Object.entries(values)) document.setIn([field, key], value);
}

/** In the ways of the text itself: its folds, its indents, its line ends. */
function printed(document: Document, text: string): string {
  const output = document.toString({
    lineWidth: 0,
    indentSeq: !/^\S.*:\s*\r?\n(?:\s*(?:#.*)?\r?\n)*- /mu.test(text),
    flowCollectionPadding: !/[[{](?![\s\]}])/u.test(text.replaceAll(/#.*$/gmu, "")),
  });
  return text.includes("\r\n") ? output.replaceAll("\n", "\r\n") : output;
}
