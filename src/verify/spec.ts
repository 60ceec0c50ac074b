import { z } from "zod";
import { specsFolder } from "../core/spec-to-start.ts";
import { circleOf } from "./circle.ts";
import { parseSensibleYaml } from "../yaml/yaml-value.ts";
import type { FieldFault, YamlFault } from "../yaml/yaml-value.ts";

export const activeSpecs = `${specsFolder}/active/`;
export const archivedSpecs = `${specsFolder}/archive/`;

const SPEC_ID = /^spec-(\d{4}-\d{2}-\d{2})-(\d{3,6})$/u;
const ENTRIES_MAX = 200;
const TEXT_MAX = 10_000;

const SpecId = z
  .string()
  .refine(isSpecId, "expected spec-YYYY-MM-DD-NNN with a day that exists, such as spec-2026-02-18-001");
const Text = z.string().trim().min(1).max(TEXT_MAX);
const Time = z.iso.datetime({ offset: true, error: "expected a time such as 2026-02-18T09:30:00Z" });
const Priority = z.enum(["low", "medium", "high", "critical"]);

const SPEC_STATUSES = [
  "draft",
  "review",
  "approved",
  "pending",
  "planning",
  "in-progress",
  "diff-submitted",
  "completed",
  "failed",
  "cancelled",
] as const;
export type SpecStatus = (typeof SPEC_STATUSES)[number];

const ItemStatus = z.enum(["pending", "in-progress", "blocked", "completed", "failed"]);
export type ItemStatus = z.infer<typeof ItemStatus>;

const Requirement = z.strictObject({
  id: z.string().regex(/^REQ-\d{3}$/u, "expected REQ- and three digits, such as REQ-001"),
  description: Text,
  priority: Priority,
  status: ItemStatus.default("pending"),
  acceptanceCriteria: z.array(Text).min(1).max(ENTRIES_MAX),
});

const SpecTask = z.strictObject({
  id: z.string().regex(/^TASK-\d{3}$/u, "expected TASK- and three digits, such as TASK-001"),
  title: Text,
  type: Text.optional(),
  status: ItemStatus.default("pending"),
  priority: Priority,
  assignedTo: Text.nullable().default(null),
  /** The step of the playbook that carries it out, e.g. `03_business_logic`; without one it follows the whole. */
  step: z
    .string()
    .regex(/^[a-z0-9][a-z0-9_-]{0,39}$/u, "expected the name of a step, such as 03_business_logic")
    .optional(),
  estimatedTime: Text.optional(),
  dependencies: z.array(z.string()).max(ENTRIES_MAX).default([]),
  files: z.array(Text).max(ENTRIES_MAX).default([]),
});

const Count = z.int().min(0).max(ENTRIES_MAX);

const Progress = z.strictObject({
  total: Count,
  completed: Count,
  inProgress: Count,
  failed: Count,
  blocked: Count,
  pending: Count,
  percentage: z.int().min(0).max(100),
});
export type SpecProgress = z.infer<typeof Progress>;

const ChangeLogEntry = z.strictObject({
  at: Time,
  /** A role, or a login. */
  by: Text,
  change: Text,
  reason: Text.optional(),
});
export type ChangeLogEntry = z.infer<typeof ChangeLogEntry>;

/** A specification: the nested form of S003 with `acceptance` (R4.13). A field not named here is refused. */
export const Spec = z.strictObject({
  id: SpecId,
  version: z.string().regex(/^\d{1,6}\.\d{1,6}\.\d{1,6}$/u, "expected three numbers, such as 1.0.0"),
  status: z.enum(SPEC_STATUSES),
  /** Number of the issue whose task carries it out; the app writes it. */
  issue: z.int().min(1).optional(),
  metadata: z.strictObject({
    title: z.string().trim().min(10).max(200),
    description: Text.optional(),
    author: Text.optional(),
    createdAt: Time,
    updatedAt: Time,
    tags: z.array(Text).max(ENTRIES_MAX).default([]),
    estimatedDuration: Text.optional(),
  }),
  requirements: z.array(Requirement).min(1).max(ENTRIES_MAX),
  acceptance: z.array(Text).min(1).max(ENTRIES_MAX),
  tasks: z.array(SpecTask).max(ENTRIES_MAX).default([]),
  progress: Progress.optional(),
  changeLog: z.array(ChangeLogEntry).max(10_000).default([]),
  diffPath: Text.optional(),
  error: Text.optional(),
});
export type Spec = z.infer<typeof Spec>;

export type ParsedSpec =
  | { readonly kind: "parsed"; readonly spec: Spec }
  | { readonly kind: "faulty"; readonly faults: readonly YamlFault[] };

/** Reads a specification; every fault of it, of form or of sense, comes with its line. */
export function parseSpec(file: string, text: string): ParsedSpec {
  const parsed = parseSensibleYaml({ file, text, firstLine: 1 }, Spec, (spec) => senseFaults(file, spec));
  return parsed.kind === "faulty" ? parsed : { kind: "parsed", spec: parsed.value };
}

export function isSpecId(text: string): boolean {
  const [, day = "", number = "000"] = SPEC_ID.exec(text) ?? [];
  return Number(number) > 0 && z.iso.date().safeParse(day).success;
}

/** What the tasks add up to. */
export function progressOf(tasks: Spec["tasks"]): SpecProgress {
  const countOf = (status: ItemStatus): number => tasks.filter((task) => task.status === status).length;
  const total = tasks.length;
  const completed = countOf("completed");
  return {
    total,
    completed,
    inProgress: countOf("in-progress"),
    failed: countOf("failed"),
    blocked: countOf("blocked"),
    pending: countOf("pending"),
    // Rounded down: what is not finished is never 100.
    percentage: total === 0 ? 0 : Math.floor((completed * 100) / total),
  };
}

function senseFaults(file: string, spec: Spec): readonly FieldFault[] {
  const faults: FieldFault[] = [...repeats("requirements", spec.requirements), ...repeats("tasks", spec.tasks)];
  const name = /([^/]*)\.yaml$/u.exec(file)?.[1];
  if (name !== spec.id) {
    const message = `"id": expected the file's name without .yaml, ${JSON.stringify(name ?? file)}, got "${spec.id}"`;
    faults.push({ path: ["id"], rule: "wrong-value", message });
  }
  for (const [path, text] of textsOf(spec)) {
    if (!/^<[^<>]+>$/u.test(text)) continue;
    faults.push({
      path,
      rule: "placeholder",
      message: `"${path.join(".")}": "${text}" stands for text that was not written`,
    });
  }
  const ids = new Set(spec.tasks.map(({ id }) => id));
  for (const [at, task] of spec.tasks.entries()) {
    for (const [index, dependency] of task.dependencies.entries()) {
      if (ids.has(dependency)) continue;
      const message = `${task.id} depends on "${dependency}", and no task has this id`;
      faults.push({ path: ["tasks", at, "dependencies", index], rule: "unknown-task", message });
    }
  }
  const circle = circleOf(spec.tasks, ({ dependencies }) => dependencies);
  if (circle !== null) {
    const at = spec.tasks.findIndex(({ id }) => id === circle[0]);
    const message = `the tasks wait for each other in a circle: ${[...circle, circle[0]].join(" needs ")}; take one of these dependencies out`;
    faults.push({ path: ["tasks", at, "dependencies"], rule: "circle", message });
  }
  if (spec.progress !== undefined) {
    const wanted = progressOf(spec.tasks);
    for (const field of ["total", "completed", "inProgress", "failed", "blocked", "pending", "percentage"] as const) {
      if (spec.progress[field] === wanted[field]) continue;
      const message = `"progress.${field}": the tasks come to ${wanted[field]}, got ${spec.progress[field]}`;
      faults.push({ path: ["progress", field], rule: "wrong-sum", message });
    }
  }
  if (Date.parse(spec.metadata.updatedAt) < Date.parse(spec.metadata.createdAt)) {
    const message = '"metadata.updatedAt": expected no time before "metadata.createdAt"';
    faults.push({ path: ["metadata", "updatedAt"], rule: "wrong-value", message });
  }
  return faults;
}

function repeats(field: "requirements" | "tasks", items: readonly { readonly id: string }[]): readonly FieldFault[] {
  const seen = new Set<string>();
  return items.flatMap(({ id }, at) => {
    if (!seen.has(id)) {
      seen.add(id);
      return [];
    }
    return [
      {
        path: [field, at, "id"],
        rule: "repeated-id",
        message: `"${id}" is given twice: each of the ${field} has an id of its own`,
      },
    ];
  });
}

/** Every text of a value with the path that leads to it. */
function textsOf(
  value: unknown,
  path: readonly PropertyKey[] = [],
): readonly (readonly [readonly PropertyKey[], string])[] {
  if (typeof value === "string") return [[path, value.trim()]];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    textsOf(inner, [...path, Array.isArray(value) ? Number(key) : key]),
  );
}
