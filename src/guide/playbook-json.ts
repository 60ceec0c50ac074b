import { createHash } from "node:crypto";
import type { Criterion, Playbook } from "../core/playbook.ts";
import type { CheckId } from "../core/report.ts";
import { ResolvedPlaybook } from "./schema.ts";

/** Canonical JSON: object keys in order of their code units, no white space. Equal playbooks give equal texts. */
export function playbookToJson(playbook: Playbook): string {
  return JSON.stringify(playbook, (_, value: unknown) => (isPlainObject(value) ? sortedByKey(value) : value));
}

/**
 * Reads a frozen playbook back. Throws where the text is not one, naming the field.
 * One that was frozen before criteria were data gets those that were built in then; its task goes on under the old hash.
 */
export function playbookFromJson(text: string): Playbook {
  try {
    return ResolvedPlaybook.parse(withCriteria(JSON.parse(text)));
  } catch (cause) {
    throw new Error("reading a frozen playbook", { cause });
  }
}

/** What every phase was held against before its playbook said so. */
const ALWAYS: readonly Criterion[] = [
  { ...builtIn("outputs-exist"), text: "Every deliverable of the phase exists." },
  { ...builtIn("long-enough"), text: "Each document is as long as its guide asks." },
  { ...builtIn("sections-present"), text: "Each document has its sections, with text in them." },
  { ...builtIn("no-placeholder"), text: "No text was left to be written later." },
];
/** What a phase named in `checks`. */
const NAMED: readonly Criterion[] = [
  { ...builtIn("env-ignored"), text: "Git ignores .env, and no such file is committed." },
  { ...builtIn("tests-exist"), text: "There are tests." },
];
const SECRETS: Criterion = { ...builtIn("no-secrets"), text: "No file holds a credential." };

function builtIn<Check extends CheckId>(check: Check) {
  return { id: check, kind: "deterministic", check, severity: "must" } as const;
}

function withCriteria(value: unknown): unknown {
  if (!isPlainObject(value) || !Array.isArray(value["phases"])) return value;
  return { ...value, phases: value["phases"].map(phaseWithCriteria) };
}

function phaseWithCriteria(phase: unknown): unknown {
  if (!isPlainObject(phase)) return phase;
  const { checks, ...others } = phase;
  if (!Array.isArray(checks)) return phase;
  const asked = new Set<unknown>(checks);
  const named = NAMED.filter(({ id }) => asked.has(id));
  if (named.length < asked.size) return phase;
  const criteria = [...ALWAYS, ...named, SECRETS];
  return { ...others, criteria, verifierGuide: "", testCommand: null, mayBeSkipped: false };
}

/** SHA-256 of the canonical JSON, in hex: the name under which a task freezes its playbook. */
export function hashPlaybook(playbook: Playbook): string {
  return createHash("sha256").update(playbookToJson(playbook), "utf8").digest("hex");
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function sortedByKey(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
