import { createHash } from "node:crypto";
import type { Playbook } from "../core/playbook.ts";
import { ResolvedPlaybook } from "./schema.ts";

/** Canonical JSON: object keys in order of their code units, no white space. Equal playbooks give equal texts. */
export function playbookToJson(playbook: Playbook): string {
  return JSON.stringify(playbook, (_, value: unknown) => (isPlainObject(value) ? sortedByKey(value) : value));
}

/** Reads a frozen playbook back. Throws where the text is not one, naming the field. */
export function playbookFromJson(text: string): Playbook {
  try {
    return ResolvedPlaybook.parse(JSON.parse(text));
  } catch (cause) {
    throw new Error("reading a frozen playbook", { cause });
  }
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
