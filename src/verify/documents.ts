import type { Tree } from "../core/report.ts";
import { parseMarkdown } from "./markdown.ts";
import type { MarkdownDocument } from "./markdown.ts";

export interface DocumentFile {
  readonly path: string;
  readonly document: MarkdownDocument;
}

/** More documents than this no task writes; what lies beyond is left alone. */
const DOCUMENTS_READ_MAX = 200;

/** In this order the phases write; everything else under `docs` comes after them. */
const FOLDERS: readonly string[] = ["docs/planning/", "docs/design/"];

/** Paths of the documents, those of earlier phases first, at most 200. */
export function documentPaths(tree: Tree): readonly string[] {
  const paths = tree.paths.filter((path) => path.startsWith("docs/") && path.endsWith(".md"));
  return paths.toSorted((a, b) => rankOf(a) - rankOf(b) || (a < b ? -1 : 1)).slice(0, DOCUMENTS_READ_MAX);
}

/** The documents themselves, without those that are no text. Costs one file each. */
export async function readDocuments(tree: Tree): Promise<readonly DocumentFile[]> {
  const documents: DocumentFile[] = [];
  for (const path of documentPaths(tree)) {
    const text = await tree.read(path);
    if (text !== null) documents.push({ path, document: parseMarkdown(text) });
  }
  return documents;
}

function rankOf(path: string): number {
  const at = FOLDERS.findIndex((folder) => path.startsWith(folder));
  return at === -1 ? FOLDERS.length : at;
}
