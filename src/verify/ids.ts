/** Ids of requirements, decisions and screens, such as `REQ-001`: where documents define them, and where they are cited. */
import type { DocumentFile } from "./documents.ts";
import { visibleLines } from "./markdown.ts";
import type { MarkdownDocument } from "./markdown.ts";
import { headingNames } from "./section.ts";

type Kind = "REQ" | "DEC" | "SCR";

/** An id at the beginning of a heading, a list item or a table row. */
export interface Entry {
  readonly id: string;
  readonly path: string;
  /** From 1. */
  readonly line: number;
  /** The first words behind the id, in lower case. */
  readonly title: string;
  /** Stands below a heading under which ids of its kind are given out. */
  readonly isDeclared: boolean;
  /** The same for all rows of a table, all items of a list, all headings below one heading. */
  readonly group: string;
}

export interface Citation {
  readonly id: string;
  readonly line: number;
}

const ID = String.raw`(?<kind>REQ|DEC|SCR)-(?<number>\d{3})`;

/** What begins an entry: the id alone, and no part of it (`REQ-001-2`, `REQ-001.1`), no list and no range of ids. */
const ENTRY = new RegExp(
  String.raw`^${ID}(?![A-Za-z0-9_]|[-.]\w|[–—~～〜…]\d)(?!\s*(?:[,/&+~～〜–—-]|and|or|to|과|와|및|또는)\s*(?:REQ|DEC|SCR)-\d)(?<rest>.*)$`,
  "u",
);

/** An id, or the first and last of several: `REQ-001 to REQ-008`, `REQ-001–008`. */
const CITED = new RegExp(
  String.raw`(?<![A-Za-z0-9_]|[A-Za-z]-)${ID}(?:\s?(?:[-–—~～〜…]|\.{2,3}|to|through|부터)\s?\k<kind>-(?<last>\d{3})|[–—~～〜…](?<short>\d{3}))?(?![A-Za-z0-9_])`,
  "gu",
);

/** Headings under which ids are given out; elsewhere a row that begins with one mostly traces it. */
const DECLARING: Readonly<Record<Kind, ReadonlySet<string>>> = {
  REQ: new Set([
    "feature list",
    "requirements list",
    "list of requirements",
    "기능 목록",
    "요구사항 목록",
    "요구 사항 목록",
  ]),
  DEC: new Set(["decisions", "decision list", "recommended stack", "결정", "결정 사항", "주요 결정", "결정 목록"]),
  SCR: new Set(["screen list", "화면 목록"]),
};

/** A longer range cites no more than this. */
const RANGE_MAX = 100;

export function entriesOf({ path, document }: DocumentFile): readonly Entry[] {
  const headings = headingsByLine(document);
  const entries: Entry[] = [];
  /** The headings around a line, by their level. */
  const around: (HeadingAt | undefined)[] = [];
  for (const { number, text, isHeading } of shownLines(document)) {
    const heading = headings.get(number);
    if (heading !== undefined) {
      around.length = heading.level - 1;
      const parent = around.findLast((above) => above !== undefined)?.line ?? 0;
      around[heading.level - 1] = heading;
      add(heading.text, number, `heading ${heading.level} below ${parent}`);
    } else if (!isHeading) {
      const inner = around.findLast((above) => above !== undefined)?.line ?? 0;
      const unit = unitOf(text);
      if (unit !== null) add(unit.text, number, `${unit.form} below ${inner}`);
    }
  }
  return entries;

  function add(text: string, line: number, group: string): void {
    const found = ENTRY.exec(bare(text))?.groups;
    if (found === undefined) return;
    const { kind = "", number = "", rest = "" } = found;
    if (!isKind(kind)) return;
    const isDeclared = around.some(
      (above) => above !== undefined && above.names.some((name) => DECLARING[kind].has(name)),
    );
    const title = (rest.split(/[|.:;(–—]/u).find((part) => /[\p{L}\p{N}]/u.test(part)) ?? "").trim().toLowerCase();
    entries.push({ id: `${kind}-${number}`, path, line, title, isDeclared, group });
  }
}

/** Ids in prose; those quoted as code show a form more often than they mean a thing. */
export function citationsOf(document: MarkdownDocument): readonly Citation[] {
  return visibleLines(document).flatMap(({ number, text }) => idsIn(text, "ends").map((id) => ({ id, line: number })));
}

/** All ids in any text, code and comments included; of a range, its ends as they are written, or all that lie in it. */
export function idsIn(text: string, ofRanges: "ends" | "all"): readonly string[] {
  const ids: string[] = [];
  for (const { groups } of text.matchAll(CITED)) {
    const { kind = "", number = "", last, short } = groups ?? {};
    ids.push(`${kind}-${number}`);
    if (last !== undefined) ids.push(`${kind}-${last}`);
    if (ofRanges === "ends") continue;
    const first = Number(number);
    for (let next = first + 1; next <= Math.min(Number(last ?? short ?? 0), first + RANGE_MAX); next += 1) {
      ids.push(`${kind}-${String(next).padStart(3, "0")}`);
    }
  }
  return ids;
}

export function kindOf(id: string): string {
  return id.slice(0, id.indexOf("-"));
}

interface HeadingAt {
  readonly level: number;
  readonly line: number;
  readonly text: string;
  readonly names: readonly string[];
}

function headingsByLine({ lines, headings }: MarkdownDocument): ReadonlyMap<number, HeadingAt> {
  return new Map(
    headings.map(({ level, text, from }) => {
      // A heading in the older form has two lines, and its section begins below the second.
      const second = lines[from - 1];
      const first = lines[from - 2];
      const isUnderlined = second?.kind === "heading" && first?.kind === "heading" && first.text.trim() === text;
      const line = (isUnderlined ? first.number : second?.number) ?? 0;
      return [line, { level, line, text, names: headingNames(text) }];
    }),
  );
}

/** Like the visible lines, with what is quoted as code: an id at the beginning of a row may be. */
function shownLines(document: MarkdownDocument) {
  const visible = new Map(visibleLines(document).map((line) => [line.number, line]));
  return document.lines.flatMap(({ number, text }) => {
    const line = visible.get(number);
    if (line === undefined) return [];
    return [line.text.trim() === "" ? line : { ...line, text }];
  });
}

function unitOf(line: string): { readonly form: "item" | "row"; readonly text: string } | null {
  const item = /^\s*(?:[-*+]|\d{1,9}[.)])\s+(?:\[[ xX]\]\s+)?(?<text>.*)$/u.exec(line)?.groups?.["text"];
  if (item !== undefined) return { form: "item", text: item };
  const row = /^\s*\|(?<cells>.*)$/u.exec(line)?.groups?.["cells"];
  if (row !== undefined) return { form: "row", text: row.replace(/\|\s*$/u, "") };
  // A paragraph that begins with an id in bold stands for a heading.
  return /^\*\*(?:REQ|DEC|SCR)-/u.test(line) ? { form: "item", text: line } : null;
}

/** Without what stands before and around an id: numbers, emphasis, code marks, brackets of a link, anchors. */
function bare(text: string): string {
  return text
    .replaceAll(/<[^<>]*>|[*`[\]]|__|~~/gu, "")
    .trim()
    .replace(/^\d{1,3}(?:\.\d{1,3}){0,3}[.)]?\s+/u, "");
}

function isKind(kind: string): kind is Kind {
  return kind in DECLARING;
}
