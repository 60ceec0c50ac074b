import { LineCounter, isCollection, isMap, isNode, isScalar, parseDocument } from "yaml";
import type { Document } from "yaml";
import type { z } from "zod";

/** One thing that is wrong in a file, where it is, and what would be right. */
export interface YamlFault {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** The rule's short name, e.g. `unknown-field`. */
  readonly rule: string;
  readonly message: string;
}

export type Parsed<T> =
  | { readonly kind: "parsed"; readonly value: T; readonly lineOf: (path: readonly PropertyKey[]) => number }
  | { readonly kind: "faulty"; readonly faults: readonly YamlFault[] };

export interface YamlSource {
  readonly file: string;
  readonly text: string;
  /** The line of `file` on which `text` begins. */
  readonly firstLine: number;
}

/** Parses YAML and checks it against a schema; every fault of either carries the line it stands on. */
export function parseYamlValue<T>(source: YamlSource, schema: z.ZodType<T>): Parsed<T> {
  const lines = new LineCounter();
  const document = parseDocument(source.text, {
    lineCounter: lines,
    uniqueKeys: true,
    prettyErrors: false,
    logLevel: "error",
  });
  const lineAt = (offset: number): number => lines.linePos(offset).line + source.firstLine - 1;
  const fault = (line: number, rule: string, message: string): YamlFault => ({
    file: source.file,
    line,
    rule,
    message,
  });

  const broken = [...document.errors, ...document.warnings];
  if (broken.length > 0) {
    return { kind: "faulty", faults: broken.map((error) => fault(lineAt(error.pos[0]), "yaml", error.message)) };
  }
  const lineOf = (path: readonly PropertyKey[]): number => lineAt(offsetOf(document, path));
  let value: unknown;
  try {
    // Nothing here needs an alias; refusing them all leaves no room for one that unfolds into gigabytes.
    value = document.toJS({ maxAliasCount: 0 });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { kind: "faulty", faults: [fault(source.firstLine, "yaml", `expected no aliases, got: ${message}`)] };
  }
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return { kind: "parsed", value: result.data, lineOf };
  const faults = result.error.issues.flatMap((issue) =>
    faultsOfIssue(issue).map(({ path, rule, message }) => fault(lineOf(path), rule, message)),
  );
  return { kind: "faulty", faults };
}

/** What a list in a text that is no good otherwise still seems to hold; nothing that is no text. */
export function textsSaid(text: string, field: string): readonly string[] {
  const { contents } = parseDocument(text, { prettyErrors: false, logLevel: "silent" });
  const list: unknown = isMap(contents) ? contents.get(field) : null;
  if (!isCollection(list)) return [];
  return list.items.flatMap((item) => (isScalar(item) && typeof item.value === "string" ? [item.value] : []));
}

/** The same for a value that must also make sense: what `findFaults` says of it is told with its lines. */
export function parseSensibleYaml<T>(
  source: YamlSource,
  schema: z.ZodType<T>,
  findFaults: (value: T) => readonly FieldFault[],
): Parsed<T> {
  const parsed = parseYamlValue(source, schema);
  if (parsed.kind === "faulty") return parsed;
  const faults = findFaults(parsed.value).map(({ path, rule, message }) => {
    return { file: source.file, line: parsed.lineOf(path), rule, message };
  });
  return faults.length === 0 ? parsed : { kind: "faulty", faults };
}

/** What is wrong at a place of the value; its line is found from the path. */
export interface FieldFault {
  readonly path: readonly PropertyKey[];
  readonly rule: string;
  readonly message: string;
}

/** Says field, expectation and finding for one issue of zod; an object with several unknown fields gives one fault for each. */
function faultsOfIssue(issue: z.core.$ZodIssue): readonly FieldFault[] {
  const { path } = issue;
  const field = path.length === 0 ? "the document" : `"${path.join(".")}"`;
  const at = (rule: string, message: string): readonly FieldFault[] => [{ path, rule, message }];
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => ({
        path: [...path, key],
        rule: "unknown-field",
        message: `unknown field "${[...path, key].join(".")}": remove it, or correct its spelling`,
      }));
    case "invalid_type":
      return issue.input === undefined
        ? at("missing-field", `${field}: expected ${issue.expected}, got nothing`)
        : at("wrong-type", `${field}: expected ${issue.expected}, got ${shown(issue.input)}`);
    case "too_small":
      return at(
        "too-small",
        `${field}: expected at least ${issue.minimum}${unitOf(issue.origin)}, got ${shown(issue.input)}`,
      );
    case "too_big":
      return at(
        "too-big",
        `${field}: expected at most ${issue.maximum}${unitOf(issue.origin)}, got ${shown(issue.input)}`,
      );
    case "invalid_value":
      return issue.input === undefined
        ? at("missing-field", `${field}: expected one of ${issue.values.map(String).join(", ")}, got nothing`)
        : at(
            "wrong-value",
            `${field}: expected one of ${issue.values.map(String).join(", ")}, got ${shown(issue.input)}`,
          );
    case "invalid_union": {
      // What tells the kinds apart is a field of the input, and the path leads to that field.
      const key = path.at(-1);
      const got = isRecord(issue.input) && typeof key === "string" ? issue.input[key] : issue.input;
      return at("wrong-value", `${field}: ${issue.message}, got ${shown(got)}`);
    }
    case "invalid_format":
    case "not_multiple_of":
    case "invalid_key":
    case "invalid_element":
    case "custom":
      return at("wrong-value", `${field}: ${issue.message}, got ${shown(issue.input)}`);
  }
}

function unitOf(origin: string): string {
  if (origin === "string") return " characters";
  return origin === "array" ? " entries" : "";
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const SHOWN_LENGTH_MAX = 80;

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > SHOWN_LENGTH_MAX ? `${text.slice(0, SHOWN_LENGTH_MAX)}…` : text;
}

/** The offset of the deepest node on the path that exists; for a field, of its key, where a reader looks for it. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  let node: unknown = document.contents;
  let offset = isNode(node) ? (node.range?.[0] ?? 0) : 0;
  for (const segment of path) {
    if (!isCollection(node)) return offset;
    const key = typeof segment === "symbol" ? String(segment) : segment;
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && item.key.value === key);
      if (pair === undefined) return offset;
      offset = isScalar(pair.key) ? (pair.key.range?.[0] ?? offset) : offset;
      node = pair.value;
    } else {
      node = node.get(key, true);
      offset = isNode(node) ? (node.range?.[0] ?? offset) : offset;
    }
  }
  return offset;
}
