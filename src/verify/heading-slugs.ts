import type { MarkdownDocument } from "./markdown.ts";

/** Headings that stand in a quote or a list item, or are written in HTML: GitHub gives them anchors, too. */
const NESTED_HEADING = /^\s*(?:>\s?|[-*+]\s+|\d{1,9}[.)]\s+)+#{1,6}\s(?<text>.*)$/u;
const HTML_HEADING = /<h[1-6]\b[^<>]*>(?<text>(?:[^<]|<(?!\/?h[1-6]))*)<\/h[1-6]>/giu;
const HTML_ANCHOR = /<[a-z][a-z0-9]*\s[^<>]*?\b(?:id|name)\s*=\s*["']?(?<name>[^"'\s<>]+)/giu;

/** Every name after `#` that leads somewhere in the document, in lower case: GitHub's own for headings, and those set in HTML. */
export function anchorsOf({ lines, headings }: MarkdownDocument): ReadonlySet<string> {
  const anchors = new Set<string>(["top"]);
  const counts = new Map<string, number>();
  const add = (text: string): void => {
    for (const slug of new Set([slugOf(plainText(text)), slugOf(text)])) {
      const count = counts.get(slug) ?? 0;
      counts.set(slug, count + 1);
      anchors.add(count === 0 ? slug : `${slug}-${count}`);
    }
  };
  const named = headings.map(({ text, from }) => ({ text, from }));
  let next = 0;
  for (const [index, line] of lines.entries()) {
    for (let heading = named[next]; heading !== undefined && heading.from - 1 <= index; heading = named[next]) {
      add(heading.text);
      next += 1;
    }
    if (line.kind === "code") continue;
    const nested = NESTED_HEADING.exec(line.text)?.groups?.["text"];
    if (nested !== undefined) add(nested.trim().replace(/\s#+$/u, ""));
    if (!line.text.includes("<")) continue;
    for (const { groups } of line.text.matchAll(HTML_HEADING))
      add((groups?.["text"] ?? "").replaceAll(/<[^<>]*>/gu, ""));
    for (const { groups } of line.text.matchAll(HTML_ANCHOR)) anchors.add((groups?.["name"] ?? "").toLowerCase());
  }
  return anchors;
}

/** GitHub's rule: lower case, letters, digits, marks, `_` and `-` stay, a blank becomes `-`. */
function slugOf(text: string): string {
  return withoutJoiners(text)
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, "")
    .replaceAll(" ", "-");
}

/** Without what colours or joins pictures: nobody types it, and it stays behind where the picture goes. */
export function withoutJoiners(text: string): string {
  return text.replaceAll(/\u200d|\ufe0e|\ufe0f/gu, "");
}

/** A heading's text as it is shown: links and pictures by their words, without the marks of emphasis and code. */
function plainText(text: string): string {
  return text
    .replaceAll(/!?\[([^[\]]*)\]\([^()]*\)/gu, "$1")
    .replaceAll(/<[^<>]*>/gu, "")
    .replaceAll(/&(?:amp|lt|gt|quot|#\d+);/gu, "")
    .replaceAll(/(?<![\p{L}\p{N}])_+(?=\S)|(?<=\S)_+(?![\p{L}\p{N}])/gu, "")
    .replaceAll(/[*`~]/gu, "");
}
