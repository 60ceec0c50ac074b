/**
 * Values that people granted to the task: which of them this job holds, which step gets which, and that none of them leaves it.
 * They reach the agent in its environment alone, under the names that were granted.
 */

import type { Change } from "../core/change.ts";
import { dependencyNameOf } from "../core/dependency-name.ts";
import { hasValue, sameName } from "../core/dialogue.ts";
import type { Finding } from "../core/report.ts";
import type { JobDependency } from "../protocol/runner.ts";
import type { Grants } from "./dialogue.ts";
import { createDetector, secretLengthMin } from "../core/redact.ts";
import type { RefusedValue } from "./try-values.ts";

export interface JobGrants extends Grants {
  /** What may show nowhere. */
  readonly secrets: readonly string[];
  /** Names that the step asked for and was granted, and that can't be lent to it: nothing lies there, or it is no key. */
  missingFor(step: string): readonly RefusedValue[];
  /** Why a name that was granted, to whichever step, can't be lent; null for any other. */
  faultOf(name: string): string | null;
  /** Values that stand in what a step would hand over: each is a fault of the agent's. */
  findingsIn(changes: readonly Change[], step: string): readonly Finding[];
}

export interface GrantsOptions {
  readonly dependencies: readonly JobDependency[];
  /** By slot, from 1. A slot that the job's environment does not even name is missing here; an empty one is empty. */
  readonly values: ReadonlyMap<number, string>;
  readonly log: (level: "info", text: string) => void;
}

interface Held {
  readonly name: string;
  readonly value: string;
  readonly steps: Set<string>;
  /** Null for what is no secret and may stand anywhere. */
  readonly isIn: ((text: string) => boolean) | null;
}

/** Of a variable, e.g. `production` or `eu-west-1`: hiding it would hide words that everybody writes. */
const plainWord = /^(?:\d{1,11}|[a-z]+(?:[-_.][a-z0-9]+){0,3})$/iu;
const plainWordLengthMax = 15;

export function createGrants({ dependencies, values, log }: GrantsOptions): JobGrants {
  const held: Held[] = [];
  const missing: { readonly dependency: JobDependency; readonly message: string }[] = [];
  for (const dependency of dependencies) {
    const { name, type, slot } = dependency;
    if (dependency.state !== "granted" || !hasValue(type) || slot === null) continue;
    const value = values.get(slot);
    const message = faultOf(dependency, value);
    if (message !== null || value === undefined) missing.push({ dependency, message: message ?? "" });
    else {
      const isPlain = isPlainWord(dependency, value);
      held.push({ name, value, steps: new Set(dependency.steps), isIn: isPlain ? null : createDetector(value) });
      if (isPlain)
        log("info", `${name}: a variable with a plain value, which is not hidden where the agent repeats it`);
    }
  }

  const plain = held.filter(({ isIn }) => isIn === null).map(({ value }) => value);
  return {
    // Also of slots that this job's task does not know: whatever came along is somebody's.
    secrets: [...values.values()].filter((value) => !plain.includes(value)),
    names: held.map(({ name }) => name),
    environmentOf: (step) =>
      Object.fromEntries(held.flatMap((one) => (one.steps.has(step) ? [[one.name, one.value]] : []))),
    lend(step, name) {
      const found = held.find((one) => sameName(one.name, name));
      found?.steps.add(step);
      return found !== undefined;
    },
    missingFor: (step) =>
      missing.flatMap(({ dependency, message }) =>
        dependency.steps.includes(step) ? [{ name: dependency.name, message }] : [],
      ),
    faultOf: (name) => missing.find(({ dependency }) => sameName(dependency.name, name))?.message ?? null,
    findingsIn: (changes, step) => changes.flatMap((change) => findingsIn(change, held, step)),
  };
}

/** What keeps a granted value from being lent, for the people who granted it. */
function faultOf({ name, type }: JobDependency, value: string | undefined): string | null {
  if (value === undefined) {
    return `the workflow file hands over no value for ${name}: update .github/workflows/phasegate.yml to the one of this version.`;
  }
  if (value.trim() === "") return `GitHub gave no value for ${name}: no secret and no variable of that name holds one.`;
  // A name that would change what the agent's program does, or whose model it pays, is never set.
  if (dependencyNameOf(type, name) !== name) return `${name} is no name that can be lent.`;
  if (type === "api_key" && value.trim().length < secretLengthMin) {
    return `the value of ${name} is too short for a key, and too short to be hidden in logs: check that it is complete, or ask for it as a variable.`;
  }
  if (value.includes("\0")) return `the value of ${name} holds a character that no environment takes.`;
  return null;
}

function isPlainWord({ type }: JobDependency, value: string): boolean {
  const word = value.trim();
  if (word.length < secretLengthMin) return true;
  return type === "env_variable" && word.length <= plainWordLengthMax && plainWord.test(word);
}

function findingsIn(change: Change, held: readonly Held[], step: string): readonly Finding[] {
  const texts = [change.path, ...(change.kind === "deleted" ? [] : [Buffer.from(change.content).toString("utf8")])];
  return held
    .filter(({ isIn }) => isIn !== null && texts.some(isIn))
    .map(({ name }) => ({
      check: "no-secrets",
      step,
      path: change.path,
      line: null,
      message: `the value of ${name} stands in the file: read it from the environment, and take it out.`,
    }));
}
