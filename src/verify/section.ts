import type { Heading, MarkdownDocument } from "./markdown.ts";
import { withoutComments } from "./markdown.ts";

export type SectionState = "filled" | "empty" | "missing";

/**
 * Whether the document has the section and says something in it.
 * `## 1. Problem`, `### **problem:**` and `## 문제 (Problem)` all are the section `Problem`.
 * Where several headings match, one that is filled is enough.
 */
export function sectionState(document: MarkdownDocument, section: string): SectionState {
  const wanted = plainHeading(section);
  const matching = document.headings.filter((heading) => headingNames(heading.text).includes(wanted));
  if (matching.length === 0) return "missing";
  return matching.some((heading) => isFilled(document, heading)) ? "filled" : "empty";
}

/** Text, code or a picture below the heading or below one of its own headings; headings alone, rules and comments are nothing. */
export function isFilled({ lines }: MarkdownDocument, { from, to }: Heading): boolean {
  const body = lines.slice(from, to);
  const prose = withoutComments(
    body
      .filter((line) => line.kind === "prose")
      .map((line) => line.text)
      .join("\n"),
  );
  if (/[\p{L}\p{N}\p{Extended_Pictographic}]/u.test(prose)) return true;
  return body.some(
    (line) => line.kind === "code" && /[\p{L}\p{N}]/u.test(line.text.replace(/^\s*(?:`{3,}|~{3,}).*$/u, "")),
  );
}

/** What a heading may be called: its words, and those within and without its brackets. Plain, in lower case. */
export function headingNames(text: string): readonly string[] {
  const inner = /\(([^()]*)\)/u.exec(text)?.[1];
  const names = [plainHeading(text)];
  if (inner !== undefined) names.push(plainHeading(inner), plainHeading(text.replace(/\([^()]*\)/u, " ")));
  return names;
}

/** The heading's words in lower case, without numbering, marks and decoration. */
function plainHeading(text: string): string {
  return text
    .normalize("NFKC")
    .replaceAll(/\[([^[\]]*)\]\([^()]*\)/gu, "$1")
    .replaceAll(/[*_~`]/gu, "")
    .replace(/^[^\p{L}\p{N}(]+/u, "")
    .replace(/^\(?\d+(?:\.\d+)*(?:\s*[.):、–—-]\s*|\s+)/u, "")
    .replace(/^\(?(?:[A-Z]|[IVXLC]{1,6})[.)]\s+/u, "")
    .replaceAll("&", " and ")
    .replaceAll(/\s+/gu, " ")
    .replace(/^[^\p{L}\p{N}]+/u, "")
    .replace(/[^\p{L}\p{N})]+$/u, "")
    .toLowerCase();
}
