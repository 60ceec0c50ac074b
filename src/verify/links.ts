import { visibleLines } from "./markdown.ts";
import type { MarkdownDocument } from "./markdown.ts";

export interface Link {
  /** From 1. */
  readonly line: number;
  /** As it stands there, without title and angle brackets. */
  readonly target: string;
}

/** `[name]: target`, with or without a title. */
const DEFINITION = /^ {0,3}\[(?!\^)[^[\]]+\]:\s*(?:<(?<angled>[^<>]*)>|(?<bare>\S+))(?:\s+["'(].*["')])?\s*$/u;

/** What may stand between the brackets behind a link's text. */
const DESTINATION =
  /^\(\s*(?:<(?<angled>[^<>\n]*)>|(?<bare>(?:[^\s()\\]|\\\S|\((?:[^\s()\\]|\\\S)*\))*))(?:\s+(?:"[^"]*"|'[^']*'|\([^()]*\)))?\s*\)/u;

/** A destination longer than this is none. */
const DESTINATION_LENGTH_MAX = 500;

/** Links of one document that are looked at; a longer list was made by a program. */
const LINKS_MAX = 2_000;

/** Links and pictures of a document, outside code and comments, in the order of their lines. */
export function linksOf(document: MarkdownDocument): readonly Link[] {
  const links: Link[] = [];
  // Brackets that were opened in the paragraph and not closed yet: a link's text may run over lines.
  let open = 0;
  let previous = 0;
  for (const { number, text, isHeading } of visibleLines(document)) {
    if (links.length >= LINKS_MAX) break;
    if (text.trim() === "" || isHeading || number !== previous + 1) open = 0;
    previous = number;
    const defined = DEFINITION.exec(text)?.groups;
    if (defined !== undefined) {
      const target = defined["angled"] ?? defined["bare"] ?? "";
      // A word alone is more likely a remark in brackets than a file.
      if (/[./#]/u.test(target)) links.push({ line: number, target });
      continue;
    }
    for (let at = 0; at < text.length; at += 1) {
      const char = text[at];
      if (char === "\\") at += 1;
      else if (char === "[") open += 1;
      else if (char === "]" && open > 0) {
        open -= 1;
        if (text[at + 1] !== "(") continue;
        const found = DESTINATION.exec(text.slice(at + 1, at + 1 + DESTINATION_LENGTH_MAX));
        if (found === null) continue;
        at += found[0].length;
        const target = found.groups?.["angled"] ?? found.groups?.["bare"] ?? "";
        if (target !== "") links.push({ line: number, target });
      }
    }
  }
  return links;
}
