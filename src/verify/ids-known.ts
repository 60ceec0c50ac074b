import type { Finding, Tree } from "../core/report.ts";
import { isSourceFile, isTestFile } from "./code-files.ts";
import { readDocuments } from "./documents.ts";
import { citationsOf, entriesOf, idsIn, kindOf } from "./ids.ts";
import type { Entry } from "./ids.ts";
import type { Looked } from "./tree-check.ts";

const CODE_READ_MAX = 200;
/** Generated lines may be of any length, and say nothing to people. */
const LINE_LENGTH_MAX = 2_000;

/**
 * Each `REQ-001`, `DEC-003`, `SCR-002` that a document, a test or code cites is defined exactly once.
 * What begins a row again elsewhere, to trace it, is no second definition: see `definitionsOf` and `duplicatesIn`.
 * Costs one file for each document, 200 at most, and where these define any ids 200 tests and code files at most.
 */
export async function checkIdsKnown(tree: Tree): Promise<Looked> {
  const documents = await readDocuments(tree);
  const entries = documents.flatMap(entriesOf);
  const definitions = definitionsOf(entries);
  const findings: Finding[] = duplicatesIn(entries, definitions).map(({ second, first }) => ({
    check: "ids-known",
    step: null,
    path: second.path,
    line: second.line,
    message: `"${second.id}" is defined twice, first in "${first.path}" on line ${first.line}: give one of the two an id of its own, and correct where it is cited.`,
  }));
  const unknown = new Set<string>();
  for (const { path, document } of documents) {
    for (const { id, line } of citationsOf(document)) {
      if (definitions.has(id) || unknown.has(id)) continue;
      unknown.add(id);
      const message = `"${id}" is cited and defined nowhere: let a heading, list item or table row of docs/planning or docs/design begin with it, or cite the id that is meant.`;
      findings.push({ check: "ids-known", step: null, path, line, message });
    }
  }
  const code = definitions.size === 0 ? [] : [...tree.paths.filter(isTestFile), ...tree.paths.filter(isSourceFile)];
  // Of a kind that no document gives out, such words may mean anything.
  const kinds = new Set([...definitions.keys()].map(kindOf));
  for (const path of code.slice(0, CODE_READ_MAX)) {
    for (const [index, text] of ((await tree.read(path)) ?? "").split("\n").entries()) {
      for (const id of idsIn(text.slice(0, LINE_LENGTH_MAX), "ends")) {
        if (definitions.has(id) || unknown.has(id) || !kinds.has(kindOf(id))) continue;
        unknown.add(id);
        const message = `"${id}" is cited in code and defined in no document: cite the id that is meant, or take it out.`;
        findings.push({ check: "ids-known", step: null, path, line: index + 1, message });
      }
    }
  }
  return { findings, looked: documents.length + Math.min(code.length, CODE_READ_MAX) };
}

/** Reports and plans of tests trace what others defined. */
const TRACES = /^docs\/test/u;

/**
 * The entry that defines each id. Where a document gives out ids of a kind under its own heading (`Feature list`),
 * only such documents define that kind; decisions are recorded in many places.
 */
export function definitionsOf(entries: readonly Entry[]): ReadonlyMap<string, Entry> {
  const declaring = new Map<string, Set<string>>();
  for (const { id, path, isDeclared } of entries) {
    if (!isDeclared || kindOf(id) === "DEC") continue;
    const paths = declaring.get(kindOf(id)) ?? new Set();
    declaring.set(kindOf(id), paths.add(path));
  }
  const definitions = new Map<string, Entry>();
  for (const entry of entries) {
    if (TRACES.test(entry.path) || declaring.get(kindOf(entry.id))?.has(entry.path) === false) continue;
    const known = definitions.get(entry.id);
    if (known === undefined || (entry.isDeclared && !known.isDeclared)) definitions.set(entry.id, entry);
  }
  return definitions;
}

/**
 * Second definitions: twice in the table, list or row of headings that defines the id,
 * or given out in two documents for different things.
 */
function duplicatesIn(
  entries: readonly Entry[],
  definitions: ReadonlyMap<string, Entry>,
): readonly { readonly first: Entry; readonly second: Entry }[] {
  const duplicates = new Map<string, { readonly first: Entry; readonly second: Entry }>();
  for (const second of entries) {
    const first = definitions.get(second.id);
    if (first === undefined || first === second || duplicates.has(second.id)) continue;
    const isSameGroup = first.path === second.path && first.group === second.group;
    const isGivenOutAgain =
      first.path !== second.path && first.isDeclared && second.isDeclared && first.title !== second.title;
    if (isSameGroup || isGivenOutAgain) duplicates.set(second.id, { first, second });
  }
  return [...duplicates.values()];
}
