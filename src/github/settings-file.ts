/** What a repository may set for its tasks, and what is wrong with a file that says it badly. Pure: `settings.ts` reads. */
import { isMap, isScalar, LineCounter, parseDocument, type Document } from "yaml";
import { z } from "zod";
import { defaultSettings, type TaskSettings } from "../core/settings.ts";

export const settingsFolder = ".github/phasegate";
export const settingsFileName = "settings.yml";
export const settingsPath = `${settingsFolder}/${settingsFileName}`;

/** A file of this kind has a few lines; what is longer is something else. */
export const settingsBytesMax = 16 * 1024;
const faultsMax = 5;

/** Of the file, as its editors see it: `guide/settings.schema.json` comes from it. */
export const SettingsFile = z
  .strictObject({
    merge: z
      .enum(["manual", "auto"])
      .optional()
      .describe("auto: Phasegate merges a gate that is approved on its head, once its checks are green."),
    requester_may_approve: z
      .boolean()
      .optional()
      .describe("false: the author of the issue and whoever started the task approve nothing."),
    integration: z
      .enum(["phase", "task"])
      .optional()
      .describe(
        "task: the phases of a task are merged into a branch of its own, and one last pull request brings it all into the default branch. It holds for tasks that have no commit yet.",
      ),
    ci: z
      .enum(["ready", "approved"])
      .optional()
      .describe(
        "When your own workflows run on a gate: once it is ready for review, or once it is approved. Without it: when it is ready, or approved where they hold secrets or a write token.",
      ),
  })
  .describe("Settings of Phasegate for the tasks of this repository, read from its default branch.");

export type SettingsRead =
  | { readonly kind: "settings"; readonly settings: TaskSettings }
  | { readonly kind: "invalid"; readonly message: string };

/** An empty file, or one of comments alone, sets nothing. */
export function parseSettings(text: string): SettingsRead {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, uniqueKeys: true, prettyErrors: false });
  const broken = [...document.errors, ...document.warnings];
  if (broken.length > 0) {
    return invalid(broken.map(({ message, pos }) => at(lineCounter.linePos(pos[0]).line, firstLine(message))));
  }
  const value = valueOf(document);
  if (value === undefined) return invalid(["its aliases make too much of it"]);
  const parsed = SettingsFile.nullable().safeParse(value);
  if (!parsed.success) return invalid(parsed.error.issues.flatMap((issue) => faultsOf(issue, document, lineCounter)));
  const { merge, requester_may_approve: requesterMayApprove, integration, ci } = parsed.data ?? {};
  return {
    kind: "settings",
    settings: {
      merge: merge ?? defaultSettings.merge,
      requesterMayApprove: requesterMayApprove ?? defaultSettings.requesterMayApprove,
      integration: integration ?? defaultSettings.integration,
      ci: ci ?? defaultSettings.ci,
    },
  };
}

/** One sentence a fault, all under the file's name. */
export function invalid(faults: readonly string[]): SettingsRead {
  const shown = faults.slice(0, faultsMax);
  const more = faults.length > shown.length ? [`${faults.length - shown.length} more`] : [];
  return { kind: "invalid", message: `${settingsPath}: ${[...shown, ...more].join("; ")}` };
}

/** Names that somebody may have given the file by mistake: nothing of it would count, and nobody would know. */
export function nearMissIn(names: readonly string[]): string | null {
  return names.find((name) => name !== settingsFileName && isNearMiss(name)) ?? null;
}

function isNearMiss(name: string): boolean {
  const [, stem = "", ending = ""] = /^(.+?)\.(ya?ml|json|toml)$/iu.exec(name) ?? [];
  return ending !== "" && distance(stem.toLowerCase(), "settings") <= 2;
}

/** Undefined where the value can't be made: aliases that multiply. */
function valueOf(document: Document): unknown {
  try {
    const value: unknown = document.toJS({ maxAliasCount: 20 });
    return value === undefined ? null : value;
  } catch {
    return undefined;
  }
}

function faultsOf(issue: z.core.$ZodIssue, document: Document, lines: LineCounter): readonly string[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => at(lineOf(document, lines, [...issue.path, key]), unknownKey(key)));
  }
  const got = document.getIn(issue.path);
  if (issue.path.length === 0) return [at(1, `expected settings such as "merge: auto", got ${shown(got)}`)];
  const line = lineOf(document, lines, issue.path);
  return [at(line, `${issue.path.join(".")}: expected ${expected(issue)}, got ${shown(got)}`)];
}

function unknownKey(key: string): string {
  const known = Object.keys(SettingsFile.shape);
  const [nearest] = known.toSorted((one, other) => distance(key, one) - distance(key, other));
  const isNear = nearest !== undefined && distance(key.toLowerCase().replaceAll("-", "_"), nearest) <= 3;
  return `unknown setting ${shown(key)}; ${isNear ? `did you mean ${nearest}?` : `there are ${known.join(", ")}`}`;
}

function expected(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_value") return issue.values.map(String).join(" or ");
  if (issue.code === "invalid_type" && issue.expected === "boolean") return "true or false";
  return issue.message;
}

const shownCharactersMax = 60;

/** A mapping or a list has no short form worth showing. */
function shown(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (typeof value === "object") return "something with parts of its own";
  const text = JSON.stringify(value);
  return text.length > shownCharactersMax ? `${text.slice(0, shownCharactersMax)}…` : text;
}

/** Of the key, or of the list's or mapping's part where that is as near as it gets. */
function lineOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
  const parent: unknown = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  if (!isMap(parent)) return 1;
  for (const { key } of parent.items) {
    if (isScalar(key) && key.value === path.at(-1) && key.range) return lines.linePos(key.range[0]).line;
  }
  return 1;
}

function at(line: number, fault: string): string {
  return `line ${line}: ${fault}`;
}

function firstLine(message: string): string {
  return message.split("\n")[0]?.replace(/:$/u, "") ?? message;
}

/** Edits of a character that make one text of the other. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [i, character] of Array.from(one).entries()) {
    const next = [i + 1];
    for (const [j, wanted] of Array.from(other).entries()) {
      const change = (row[j] ?? 0) + (character === wanted ? 0 : 1);
      next.push(Math.min(change, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
