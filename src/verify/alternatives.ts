import { visibleLines } from "./markdown.ts";
import type { MarkdownDocument } from "./markdown.ts";

export interface Alternative {
  /** From 1. */
  readonly line: number;
  /** The label that gives it away, short. */
  readonly text: string;
}

const SHOWN_LENGTH_MAX = 60;

/** What may stand behind a label. A word may not: "Plan A migration" and "Option A's price" are sentences. */
const END = String.raw`(?=\s*(?:$|[:：.)\]–—-]|\())`;

/**
 * Labels of alternatives: a kind of thing and a letter or number that tells it from its like.
 * Case matters, since "plan a trip" is no plan A. What names people, releases or tests is left alone: "Scenario 1" is a test.
 */
const LABELS: readonly RegExp[] = [
  /^\[?(?:Option|OPTION|Alternative|ALTERNATIVE|Variant|Choice)\s+(?:[A-F]|[1-9]|I{1,3}|One|Two|Three)(?![\p{L}\p{N}'’])/u,
  new RegExp(String.raw`^\[?(?:Plan|Approach|Scenario|Solution|Proposal)\s+[A-F]${END}`, "u"),
  new RegExp(
    String.raw`^(?:Rejected |Considered |Possible |Other )?(?:Alternatives|Options)(?: considered)?${END}`,
    "iu",
  ),
  new RegExp(String.raw`^Alternative(?: approach| design| solution| plan| architecture)?${END}`, "iu"),
  new RegExp(String.raw`^(?:검토한 |고려한 |다른 )?대안(?:들)?\s*(?:[A-F가-마]|\d)?${END}`, "u"),
  new RegExp(String.raw`^\[?제?\s?(?:[A-F]|[1-9])\s?안(?:[은는이을의]\s|${END}|\s*[/,])`, "u"),
  new RegExp(String.raw`^\[?(?:옵션|선택지|시나리오|플랜|방안)\s*(?:[A-F])${END}`, "u"),
  new RegExp(String.raw`^\[?(?:옵션|선택지|방안)\s*\d${END}`, "u"),
];

/** Finds what is offered side by side: as a heading, at the start of a list item, as a label in bold, or in a cell of a table. At most one for each line. */
export function alternativesIn(document: MarkdownDocument): readonly Alternative[] {
  return visibleLines(document).flatMap(({ number, text, isHeading }) => {
    const label = labelsOf(text, isHeading).find((candidate) => LABELS.some((pattern) => pattern.test(candidate)));
    return label === undefined ? [] : [{ line: number, text: label.slice(0, SHOWN_LENGTH_MAX) }];
  });
}

/** The places in which a label would stand, without their marks. */
function labelsOf(line: string, isHeading: boolean): readonly string[] {
  const text = line.replace(/^\s*(?:>\s*)*/u, "");
  if (isHeading) {
    const heading = bare(text.replace(/^#{1,6}\s+/u, "")).replace(/^\d+(?:\.\d+)*[.)]?\s+/u, "");
    return [heading, ...heading.split(/[:：]\s|\s[–—/-]\s/u).slice(1)];
  }
  if (text.startsWith("|")) return text.split("|").map(bare);
  const item = /^(?:[-*+]|\d{1,9}[.)])\s+(?:\[[ xX]\]\s+)?(.*)$/u.exec(text)?.[1];
  const inBold = [...text.matchAll(/\*\*([^*]+)\*\*|__([^_]+)__/gu)].map((match) => bare(match[1] ?? match[2] ?? ""));
  if (item !== undefined) return [bare(item), ...inBold];
  return /^(?:\*\*|__)/u.test(text) ? [bare(text), ...inBold] : inBold;
}

function bare(text: string): string {
  return text
    .normalize("NFKC")
    .replaceAll(/\*\*|__|~~/gu, "")
    .trim();
}
