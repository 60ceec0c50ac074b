/** Tables of a Markdown text, read as GitHub shows them and written back without touching anything else. */

/** A row as it is written: `head` and `tail` stand around the cells, which `|` separates. */
interface WrittenRow {
  readonly head: string;
  /** With the blanks around them. */
  readonly cells: readonly string[];
  /** With the line's end. */
  readonly tail: string;
}

interface TableRow extends WrittenRow {
  /** From 1. */
  readonly line: number;
  /** What the cells say: without blanks around, `\|` as `|`, `<br>` as a line break. */
  readonly texts: readonly string[];
}

export interface MarkdownTable {
  readonly header: TableRow;
  /** The row of `---` and `:-:`. */
  readonly alignment: TableRow;
  readonly rows: readonly TableRow[];
}

/** A text as its tables and what stands between them. */
export interface TableText {
  readonly parts: readonly (string | MarkdownTable)[];
}

/** A pipe behind a backslash separates nothing, neither in prose nor in a code span; any other does, in both. */
const SEPARATOR = /(?<!\\)\|/gu;
const BREAK = /<br\s*\/?>/giu;
const ALIGNMENT_CELL = /^:?-+:?$/u;
/** What ends a table without a blank line: a heading, quote, list item, fence, rule or HTML. */
const OTHER_BLOCK = /^ {0,3}(?:#{1,6}(?:\s|$)|>|[-*+]\s|\d{1,9}[.)]\s|`{3}|~{3}|<|(?:[-*_] *){3,}$)/u;
const FENCE = /^ {0,3}(?<fence>`{3,}|~{3,})(?<info>.*)$/u;

export function readTables(text: string): TableText {
  const lines = linesOf(text);
  const parts: (string | MarkdownTable)[] = [];
  let between = "";
  let at = 0;
  while (at < lines.length) {
    const hidden = hiddenLines(lines, at);
    const table = hidden === 0 ? tableAt(lines, at) : null;
    if (table === null) {
      const until = at + Math.max(hidden, 1);
      between += lines.slice(at, until).join("");
      at = until;
      continue;
    }
    if (between !== "") parts.push(between);
    between = "";
    parts.push(table);
    at += 2 + table.rows.length;
  }
  if (between !== "") parts.push(between);
  return { parts };
}

/** Gives back to the letter what was read. */
export function writeTables({ parts }: TableText): string {
  return parts.map((part) => (typeof part === "string" ? part : writeTable(part))).join("");
}

export function tablesOf({ parts }: TableText): readonly MarkdownTable[] {
  return parts.filter((part) => typeof part !== "string");
}

/** The same text with one cell of a table's row saying something else; what is not there can't be changed. */
export function withCell(
  { parts }: TableText,
  { line, column, text }: { readonly line: number; readonly column: number; readonly text: string },
): TableText {
  return {
    parts: parts.map((part) =>
      typeof part === "string"
        ? part
        : { ...part, rows: part.rows.map((row) => (row.line === line ? changed(row, column, text) : row)) },
    ),
  };
}

/** A new table. A row with fewer cells than columns gets empty ones. */
export function tableText(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [
    columns,
    columns.map(() => "---"),
    ...rows.map((row) => columns.map((_, column) => cellText(row[column] ?? ""))),
  ];
  return lines.map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}

/** A row at the end of a text's last table. Where there is none, the text stays as it is. */
export function withRow(text: TableText, cells: readonly string[]): TableText {
  const at = text.parts.findLastIndex((part) => typeof part !== "string");
  const table = text.parts[at];
  if (table === undefined || typeof table === "string") return text;
  const last = table.rows.at(-1) ?? table.alignment;
  const end = /\r?\n$/u.exec(last.tail)?.[0] ?? "";
  const padded = table.header.texts.map((_, column) => ` ${cellText(cells[column] ?? "")} `);
  const row = { head: "|", cells: padded, tail: `|${end}`, line: last.line + 1, texts: [...cells] };
  const closed = (one: TableRow): TableRow => (end === "" && one === last ? { ...one, tail: `${one.tail}\n` } : one);
  const { header, alignment, rows } = table;
  const longer = { header, alignment: closed(alignment), rows: [...rows.map(closed), row] };
  return { parts: text.parts.with(at, longer) };
}

/** A text as a cell says it. */
function cellText(text: string): string {
  return text
    .trim()
    .replaceAll("|", String.raw`\|`)
    .replaceAll(/\r\n|\r|\n/gu, "<br>");
}

function linesOf(text: string): readonly string[] {
  return text.match(/[^\n]*\n|[^\n]+$/gu) ?? [];
}

/** How many lines from here on are code or a comment, in which no table is seen. */
function hiddenLines(lines: readonly string[], from: number): number {
  const first = bare(lines[from]);
  if (/^ {0,3}<!--/u.test(first)) return linesUntil(lines, from, (line) => line.includes("-->"));
  const { fence, info = "" } = FENCE.exec(first)?.groups ?? {};
  // A line of code between backticks is no fence.
  if (fence === undefined || (fence.startsWith("`") && info.includes("`"))) return 0;
  const end = new RegExp(`^ {0,3}${fence.charAt(0)}{${fence.length},}\\s*$`, "u");
  return 1 + linesUntil(lines, from + 1, (line) => end.test(bare(line)));
}

function linesUntil(lines: readonly string[], from: number, isLast: (line: string) => boolean): number {
  let at = from;
  while (at < lines.length && !isLast(lines[at] ?? "")) at += 1;
  return Math.min(at + 1, lines.length) - from;
}

function tableAt(lines: readonly string[], at: number): MarkdownTable | null {
  const first = bare(lines[at]);
  const second = bare(lines[at + 1]);
  if (!hasSeparator(first) || isIndented(first) || OTHER_BLOCK.test(first)) return null;
  if (!hasSeparator(second) || isIndented(second)) return null;
  const header = rowOf(lines[at] ?? "", at + 1);
  const alignment = rowOf(lines[at + 1] ?? "", at + 2);
  if (!alignment.texts.every((text) => ALIGNMENT_CELL.test(text))) return null;
  const rows: TableRow[] = [];
  for (let next = at + 2; next < lines.length; next += 1) {
    const line = bare(lines[next]);
    if (line.trim() === "" || OTHER_BLOCK.test(line)) break;
    rows.push(rowOf(lines[next] ?? "", next + 1));
  }
  return { header, alignment, rows };
}

function bare(line: string | undefined): string {
  return (line ?? "").replace(/\r?\n$/u, "");
}

function hasSeparator(line: string): boolean {
  return line.search(SEPARATOR) !== -1;
}

function isIndented(line: string): boolean {
  return /^(?: {4}| {0,3}\t)/u.test(line);
}

function rowOf(written: string, line: number): TableRow {
  const content = bare(written);
  const end = written.slice(content.length);
  const head = /^\s*\|?/u.exec(content)?.[0] ?? "";
  const rest = content.slice(head.length);
  const tail = /(?<!\\)\|\s*$/u.exec(rest)?.[0] ?? "";
  const cells = rest.slice(0, rest.length - tail.length).split(SEPARATOR);
  return { head, cells, tail: tail + end, line, texts: cells.map(textOf) };
}

function textOf(cell: string): string {
  return cell
    .trim()
    .replaceAll(String.raw`\|`, "|")
    .replaceAll(BREAK, "\n");
}

function changed(row: TableRow, column: number, text: string): TableRow {
  if (row.cells[column] === undefined) return row;
  const cell = cellText(text);
  return {
    ...row,
    // An empty cell at a border that isn't drawn would be none.
    head: row.head.includes("|") ? row.head : `${row.head}|`,
    tail: row.tail.includes("|") ? row.tail : `|${row.tail}`,
    cells: row.cells.with(column, cell === "" ? " " : ` ${cell} `),
    texts: row.texts.with(column, textOf(cell)),
  };
}

function writeTable({ header, alignment, rows }: MarkdownTable): string {
  return [header, alignment, ...rows].map(({ head, cells, tail }) => head + cells.join("|") + tail).join("");
}
