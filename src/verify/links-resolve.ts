import type { Finding, Tree } from "../core/report.ts";
import { documentPaths, readDocuments } from "./documents.ts";
import { anchorsOf, withoutJoiners } from "./heading-slugs.ts";
import { linksOf } from "./links.ts";
import type { Link } from "./links.ts";
import { parseMarkdown } from "./markdown.ts";
import type { Looked } from "./tree-check.ts";

/** Broken links shown of one document. */
const SHOWN_MAX = 10;

/** Documents outside `docs` that are opened for their headings. */
const OTHERS_READ_MAX = 50;

/**
 * Links and pictures in the documents under `docs` lead to files of the tree, and to headings that are there.
 * Links to other sites, to addresses of the product, and out of the repository are left alone.
 * Costs one file for each document (200 at most), and one for each other document of which a heading is named (50 at most).
 */
export async function checkLinksResolve(tree: Tree): Promise<Looked> {
  const documents = await readDocuments(tree);
  const files = new Set(tree.paths);
  const folders = new Set(tree.paths.flatMap(foldersOf));
  const anchors = new Map(documents.map(({ path, document }) => [path, anchorsOf(document)]));
  const byFolded = new Map(tree.paths.map((path) => [path.toLowerCase(), path]));
  const listed = new Set(documentPaths(tree));
  let othersRead = 0;

  /** Null where the document can't be looked into. */
  const anchorsAt = async (path: string): Promise<ReadonlySet<string> | null> => {
    const known = anchors.get(path);
    if (known !== undefined) return known;
    if (listed.has(path) || othersRead >= OTHERS_READ_MAX) return null;
    othersRead += 1;
    const text = await tree.read(path);
    if (text === null) return null;
    const read = anchorsOf(parseMarkdown(text));
    anchors.set(path, read);
    return read;
  };

  const faultOf = async (from: string, { target }: Link): Promise<string | null> => {
    const { path, anchor } = placeOf(from, target);
    if (path === null) return null;
    if (!files.has(path)) {
      if (path === "" || folders.has(path)) return null;
      const lookAlike = byFolded.get(path.toLowerCase());
      return lookAlike === undefined
        ? `the link to "${shown(target)}" leads to no file: "${shown(path)}" does not exist. Correct it, or take the link away.`
        : `the link to "${shown(target)}" leads to no file: write "${lookAlike}", since upper and lower case differ.`;
    }
    if (anchor === null || !path.endsWith(".md")) return null;
    const there = await anchorsAt(path);
    if (there === null || there.has(anchor)) return null;
    return `the link to "${shown(target)}" leads to no heading: "${path}" has none whose anchor is "#${shown(anchor)}". Correct the anchor, or write the heading.`;
  };

  const findings: Finding[] = [];
  for (const { path, document } of documents) {
    let broken = 0;
    for (const link of linksOf(document)) {
      if (broken >= SHOWN_MAX) break;
      const message = await faultOf(path, link);
      if (message === null) continue;
      broken += 1;
      findings.push({ check: "links-resolve", step: null, path, line: link.line, message });
    }
  }
  return { findings, looked: documents.length };
}

/** Where a link leads within the repository; a path of null where it leads elsewhere, and an empty one where to the root. */
function placeOf(from: string, target: string): { readonly path: string | null; readonly anchor: string | null } {
  const elsewhere = { path: null, anchor: null };
  if (/^(?:[a-z][a-z0-9+.-]*:|\/\/)/iu.test(target)) return elsewhere;
  const plain = target.replaceAll(/\\([!-/:-@[-`{-~])/gu, "$1").replaceAll("&amp;", "&");
  const hash = plain.indexOf("#");
  const fragment = hash === -1 ? "" : withoutJoiners(decoded(plain.slice(hash + 1))).toLowerCase();
  const anchor = fragment === "" ? null : fragment.replace(/^user-content-/u, "");
  const place = decoded((hash === -1 ? plain : plain.slice(0, hash)).replace(/\?.*$/su, ""));
  if (place === "") return { path: anchor === null ? null : from, anchor };
  // `/links` is far more often an address of the product than a file.
  if (place.startsWith("/") && !/\.(?:md|png|jpe?g|gif|svg|webp|pdf)$/iu.test(place)) return elsewhere;
  const segments = place.startsWith("/") ? [] : from.split("/").slice(0, -1);
  for (const segment of place.split("/")) {
    if (segment === "" || segment === ".") continue;
    if (segment !== "..") segments.push(segment);
    else if (segments.pop() === undefined) return elsewhere;
  }
  return { path: segments.join("/"), anchor };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function foldersOf(path: string): readonly string[] {
  const folders: string[] = [];
  for (let slash = path.indexOf("/"); slash !== -1; slash = path.indexOf("/", slash + 1))
    folders.push(path.slice(0, slash));
  return folders;
}

const SHOWN_LENGTH_MAX = 120;

function shown(text: string): string {
  return text.length > SHOWN_LENGTH_MAX ? `${text.slice(0, SHOWN_LENGTH_MAX)}…` : text;
}
