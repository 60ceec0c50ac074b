import type { JobDefinition, WorkflowFile } from "./workflow-file.ts";

/**
 * The secrets that GitHub hands to a job's machine: those that its text names, or all where a name is worked out only there.
 * Only these are masked in its log. Variables are no secrets: they are never masked.
 */
export function secretsOfJob(
  file: WorkflowFile,
  definition: JobDefinition,
  secrets: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const expressions = JSON.stringify([file.env, definition]).match(/\$\{\{.*?\}\}/gs) ?? [];
  const uses = [...expressions.join(" ").matchAll(/\bsecrets\b(?:\.([\w-]+)|\[\s*'([\w-]+)'\s*\])?/gi)];
  const names = uses.map(([, dotted, quoted]) => dotted ?? quoted);
  if (names.includes(undefined)) return secrets;
  const named = new Set(names.map((name) => name?.toUpperCase()));
  return Object.fromEntries(Object.entries(secrets).filter(([name]) => named.has(name)));
}
