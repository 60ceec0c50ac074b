import type { MarkdownDocument } from "./markdown.ts";
import { withoutInlineCode } from "./markdown.ts";

export interface Placeholder {
  /** From 1. */
  readonly line: number;
  /** The text that gives it away, short. */
  readonly text: string;
}

const SHOWN_LENGTH_MAX = 60;

const MARK = "(?:TODO|FIXME|XXX|TBD|TBA|TBC)";

/**
 * Patterns that are placeholders wherever they stand in a unit.
 * A unit is a line, list item, heading or table cell without its marks, so `^` and `$` mean "nothing else stands here".
 * Case matters where a product may speak of such things: a screen has a button [Insert image], an app keeps a todo list.
 */
const PATTERNS: readonly RegExp[] = [
  /^tb[dac][.!?]?$/iu,
  new RegExp(String.raw`\[${MARK}(?:\]|\s*[:–—-][^\]]*\])(?![([:])`, "u"),
  /\((?:TBD|TBA|TBC|FIXME|XXX)\b[^)]*\)/u,
  /\(TODO:[^)]*\)/u,
  /^(?:FIXME|XXX|TBD|TBA|TBC)(?::|\(|\s[–—-]\s)/u,
  /[:=：]\s*(?:FIXME|XXX|TBD|TBA|TBC)[.)]?$/u,
  /lorem ipsum dolor/iu,
  /^lorem ipsum\W*$/iu,
  /\[(?:insert|INSERT|your|YOUR|describe|DESCRIBE|fill in|FILL IN)\s[^\]]*\](?![([:])/u,
  /\[(?:Insert|Add|Enter|Describe|Write)\s[^\]]*\bhere\](?![([:])/iu,
  /\[Insert\s(?:your|the|an?)\s[^\]]*\](?![([:])/u,
  /\[Your\s(?:name|company|product|project|app|text|description|answer|content)\b[^\]]*\](?![([:])/u,
  /\[(?:placeholder|to be (?:written|added|decided|defined|determined))[^\]]*\](?![([:])/iu,
  /<(?:your|insert|fill in|placeholder|tbd)(?:[ _-][^<>]*)?>/iu,
  /<(?:TODO\b[^<>]*|todo(?:[ :][^<>]*)?)>/u,
  /\{\{\s*(?:(?:your|insert|fill|placeholder|tbd)(?:[ _-][^{}]*)?|to-?do)\s*\}\}/iu,
  /^(?:\.{3,}|…)$/u,
  /^[\p{L}\p{N} ]{1,40}:\s*(?:\.{3,}|…)$/u,
  /^\?{3,}$/u,
  /^x{3,}$/iu,
  /^(?:to be|will be) (?:written|added|filled in|completed|determined|defined|decided)(?: later| soon)?[.!]?$/iu,
  /^(?:coming soon|fill (?:this |me )?in(?: later)?)[.!]?$/iu,
  /^(?:your |some |the )?(?:text|content|description) (?:goes |comes )?here[.!]?$/iu,
  /^(?:추후 (?:작성|결정|추가|보완)(?: 예정)?(?:입니다)?|작성 (?:예정|중)(?:입니다)?|내용(?:을)? 입력(?:하세요)?|(?:여기에 )?(?:내용을 )?(?:작성|입력)하세요|여기에 (?:작성|입력)|미정)[.!]?$/u,
  /[:：]\s*(?:미정|추후 (?:작성|결정)(?: 예정)?)[.)]?$/u,
  /\((?:추후 (?:작성|결정|추가)(?: 예정)?|작성 예정)\)/u,
];

/** In a table this is the name of a column: the text that an empty field shows. */
const OUTSIDE_TABLES = /^placeholder(?: text)?[.!]?$/iu;

/** `TODO` is also a column of a board. It is a placeholder only where the document names no other column. */
const TODO_PATTERNS: readonly RegExp[] = [/^TODO[.:!?…]*$/u, /^TODO(?::|\()/u, /[:=：]\s*TODO[.)]?$/u];
const OTHER_COLUMN =
  /^(?:DONE|DOING|IN[ _-]PROGRESS)\b|^(?:doing|in[ _-]progress)$|^(?:Doing|In [Pp]rogress)$|\b(?:DOING|IN[_-]PROGRESS)\b|\bTODO\b[^.]{1,40}\bDONE\b/u;

/** Three letters that a document may define for itself. */
const TRUNK_BASED = /\btrunk[- ]based\b/iu;

/** What makes a sentence speak about the word rather than use it. */
const SPEAKS_ABOUT =
  /\b(?:no|not|none|without|zero|never|any|neither|nor|word|words|marker|markers|placeholder|placeholders)\b/iu;

/** Finds text that was left to be written later, in prose outside code. At most one for each line. */
export function findPlaceholders(document: MarkdownDocument): readonly Placeholder[] {
  const lines = document.lines
    .filter((line) => line.kind !== "code")
    .map((line) => ({ number: line.number, units: unitsOf(line.text) }));
  const hasBoard = lines.some((line) => line.units.some((unit) => OTHER_COLUMN.test(unit)));
  const inTables = hasBoard ? PATTERNS : [...PATTERNS, ...TODO_PATTERNS];
  const outside = [...inTables, OUTSIDE_TABLES];
  const found = lines.flatMap(({ number, units }) => {
    const patterns = units.length > 1 ? inTables : outside;
    const text = units.map((unit) => placeholderIn(unit, patterns)).find((text) => text !== null);
    return text === undefined || text === null ? [] : [{ line: number, text: text.slice(0, SHOWN_LENGTH_MAX) }];
  });
  if (!found.some(({ text }) => text.includes("TBD"))) return found;
  const isTrunkBased = document.lines.some(({ text }) => TRUNK_BASED.test(text));
  return isTrunkBased ? found.filter(({ text }) => !text.includes("TBD")) : found;
}

function placeholderIn(unit: string, patterns: readonly RegExp[]): string | null {
  for (const pattern of patterns) {
    const match = pattern.exec(unit);
    if (match !== null) return match[0].trim();
  }
  const undecided = /(?<!["'“‘])\bTBD\b(?!["'”’])/u.exec(unit);
  if (undecided === null || SPEAKS_ABOUT.test(unit.slice(0, undecided.index))) return null;
  return undecided[0];
}

function unitsOf(line: string): readonly string[] {
  const text = withoutInlineCode(line)
    .replaceAll(/<!--|-->/gu, " ")
    .trim();
  const cells = text.startsWith("|") ? text.split("|") : [text];
  return cells.map(bareUnit).filter((unit) => unit !== "");
}

function bareUnit(text: string): string {
  return text
    .trim()
    .replace(/^(?:>\s*)+/u, "")
    .replace(/^#{1,6}\s+/u, "")
    .replace(/^(?:[-*+]|\d{1,4}[.)])\s+/u, "")
    .replace(/^\[[ xX]\]\s+/u, "")
    .replaceAll(/\*\*|__|~~/gu, "")
    .replace(/^[*_](?<inner>[^*_]+)[*_]$/u, "$<inner>")
    .trim();
}
