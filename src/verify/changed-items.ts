/** Requirements, decisions and screens that read otherwise in one tree than in another, and what cites them. */
import type { Tree } from "../core/report.ts";
import { isSourceFile, isTestFile } from "./code-files.ts";
import { documentPaths, readDocuments, type DocumentFile } from "./documents.ts";
import { entriesOf, idsIn, type Entry } from "./ids.ts";
import { definitionsOf } from "./ids-known.ts";
import type { MarkdownDocument } from "./markdown.ts";

/** Files beside the documents that are opened to find citations. */
const CODE_READ_MAX = 400;
const WORDS_MAX = 1_000;

export interface ChangedItem {
  readonly id: string;
  /** The document that defines it, now or, where it is gone, before. */
  readonly path: string;
  readonly before: string;
  /** Null where nothing defines it any more. */
  readonly now: string | null;
}

/**
 * Items of the first tree that the second defines in other words or not at all, in order of their ids.
 * White space and marks of Markdown are no words. Costs nothing where both have the same documents, else one file each.
 */
export async function changedItems(before: Tree, now: Tree): Promise<readonly ChangedItem[]> {
  if (documentPaths(before).every((path) => isSame(before, now, path))) return [];
  const old = await wordsOfItems(before);
  const current = await wordsOfItems(now);
  return [...old.values()]
    .flatMap(({ id, path, words }): readonly ChangedItem[] => {
      const there = current.get(id);
      if (there?.words === words) return [];
      const cut = (text: string) => text.slice(0, WORDS_MAX).toWellFormed();
      return [
        { id, path: there?.path ?? path, before: cut(words), now: there === undefined ? null : cut(there.words) },
      ];
    })
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/** Files that cite one of the ids: documents, the README, tests and code. Costs one file each, 400 beside the documents at most. */
export async function citing(
  tree: Tree,
  ids: ReadonlySet<string>,
): Promise<readonly { readonly path: string; readonly ids: readonly string[] }[]> {
  const code = tree.paths.filter((path) => path === "README.md" || isTestFile(path) || isSourceFile(path));
  const found: { path: string; ids: readonly string[] }[] = [];
  for (const path of [...documentPaths(tree), ...code.slice(0, CODE_READ_MAX)]) {
    const cited = new Set(idsIn((await tree.read(path)) ?? "", "all"));
    const named = [...ids].filter((id) => cited.has(id));
    if (named.length > 0) found.push({ path, ids: named });
  }
  return found;
}

function isSame(before: Tree, now: Tree, path: string): boolean {
  const id = before.contentId?.(path) ?? null;
  return id !== null && now.contentId?.(path) === id;
}

async function wordsOfItems(tree: Tree) {
  const documents = await readDocuments(tree);
  const byPath = new Map(documents.map((file) => [file.path, file]));
  const items = new Map<string, { readonly id: string; readonly path: string; readonly words: string }>();
  for (const [id, entry] of definitionsOf(documents.flatMap(entriesOf))) {
    const file = byPath.get(entry.path);
    if (file !== undefined) items.set(id, { id, path: entry.path, words: wordsOf(file, entry) });
  }
  return items;
}

/** A heading stands for its section, a row for itself, a list item for its lines. */
function wordsOf({ document }: DocumentFile, { line }: Entry): string {
  const at = document.lines.findIndex(({ number }) => number === line);
  const end = sectionEnd(document, at) ?? itemEnd(document, at);
  const text = document.lines
    .slice(at, end)
    .map((each) => each.text.replace(/^\s*(?:#{1,6}|[-*+]|\d{1,9}[.)])\s+/u, ""))
    .join(" ");
  return text
    .replaceAll(/[*_`|]|<!--.*?-->/gu, " ")
    .replaceAll(/\s+/gu, " ")
    .trim();
}

/** Null where the line is no heading. */
function sectionEnd({ lines, headings }: MarkdownDocument, at: number): number | null {
  if (lines[at]?.kind !== "heading") return null;
  return headings.find(({ from }) => from === at + 1 || from === at + 2)?.to ?? at + 1;
}

/** With the lines that are indented below an item; a row of a table has none. */
function itemEnd({ lines }: MarkdownDocument, at: number): number {
  let end = at + 1;
  while (/^\s+\S/u.test(lines[end]?.text ?? "")) end += 1;
  return end;
}
