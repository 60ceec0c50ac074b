/** When a workflow of the repository runs, and what of that would keep it from running on a gate. */
import picomatch from "picomatch";
import { parse } from "yaml";

/** Why a trigger does not fire for a gate, as far as its text tells. */
export type Excluded = "branches" | "types" | "paths" | "paths-of-a-push";

interface Trigger {
  readonly event: "push" | "pull_request";
  readonly filter: Readonly<Record<string, unknown>>;
}

export interface WorkflowTriggers {
  /** As people see it in the list of workflows. */
  readonly name: string;
  readonly path: string;
  readonly triggers: readonly Trigger[];
}

/** Null where the workflow has nothing to do with pushes and pull requests. One that can't be read might have. */
export function triggersOf(path: string, text: string | null): WorkflowTriggers | null {
  const workflow = text === null ? null : parsed(text);
  if (!isMapping(workflow)) return text === null || workflow === unreadable ? { name: path, path, triggers: [] } : null;
  const triggers = triggersIn(workflow["on"]);
  const { name } = workflow;
  return triggers.length === 0 ? null : { name: typeof name === "string" && name !== "" ? name : path, path, triggers };
}

/** What keeps the workflow from running on a phase branch with a pull request into `base`; null where nothing of its text does. */
export function excludedBy(
  { triggers }: WorkflowTriggers,
  gate: { readonly branch: string; readonly base: string },
): Excluded | null {
  const reasons = triggers.map((trigger) => excludedTrigger(trigger, gate));
  if (reasons.length === 0 || reasons.includes(null)) return null;
  // That of the pull request tells more: a push says what the branch is called and no more.
  const index = triggers.findIndex(({ event }) => event === "pull_request");
  return reasons[Math.max(index, 0)] ?? null;
}

/** False where it runs on pushes to other branches or of tags, and on nothing else: a gate is none of its business. */
export function concernsGates({ triggers }: WorkflowTriggers, branch: string): boolean {
  return (
    triggers.length === 0 || triggers.some(({ event, filter }) => event !== "push" || passesBranch(filter, branch))
  );
}

function excludedTrigger(
  { event, filter }: Trigger,
  { branch, base }: { readonly branch: string; readonly base: string },
): Excluded | null {
  if (!passesBranch(filter, event === "push" ? branch : base)) return "branches";
  const hasPaths = "paths" in filter || "paths-ignore" in filter;
  if (event === "push") return hasPaths ? "paths-of-a-push" : null;
  const types = listOf(filter["types"]);
  if (types !== null && !["opened", "synchronize", "reopened"].some((type) => types.includes(type))) return "types";
  return hasPaths ? "paths" : null;
}

function passesBranch(filter: Readonly<Record<string, unknown>>, branch: string): boolean {
  const branches = listOf(filter["branches"]);
  if (branches !== null) return passes(branches, branch);
  const ignored = listOf(filter["branches-ignore"]);
  if (ignored !== null) return !passes(ignored, branch);
  return !("tags" in filter || "tags-ignore" in filter);
}

/** The last pattern that matches decides; `!` takes away again. */
function passes(patterns: readonly string[], name: string): boolean {
  const last = patterns.findLast((pattern) => picomatch.isMatch(name, pattern.replace(/^!/u, "")));
  return last !== undefined && !last.startsWith("!");
}

function triggersIn(on: unknown): readonly Trigger[] {
  const events = typeof on === "string" ? [on] : Array.isArray(on) ? on : isMapping(on) ? Object.keys(on) : [];
  return (["push", "pull_request"] as const)
    .filter((event) => events.includes(event))
    .map((event) => {
      const filter = isMapping(on) ? on[event] : null;
      return { event, filter: isMapping(filter) ? filter : {} };
    });
}

const unreadable = Symbol("unreadable");

function parsed(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return unreadable;
  }
}

function listOf(value: unknown): readonly string[] | null {
  if (typeof value === "string") return [value];
  return Array.isArray(value) ? value.filter((each): each is string => typeof each === "string") : null;
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
