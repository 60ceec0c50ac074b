/** Just enough of Markdown to find headings and to tell prose from code, in time linear in the text. */

/** Longer lines are read up to here: no heading and no placeholder begins further out, and the patterns stay cheap. */
const LINE_LENGTH_MAX = 2_000;

interface MarkdownLine {
  /** From 1, in the text as given. */
  readonly number: number;
  readonly text: string;
  readonly kind: "prose" | "code" | "heading";
}

export interface Heading {
  /** 1 to 6. */
  readonly level: number;
  readonly text: string;
  /** Where the section's text begins and ends (exclusive), as indexes into `lines`. */
  readonly from: number;
  readonly to: number;
}

export interface MarkdownDocument {
  readonly lines: readonly MarkdownLine[];
  readonly headings: readonly Heading[];
  /** The line of a code fence that is never closed and swallows what follows; null where all are closed. */
  readonly openFenceLine: number | null;
}

/** Parses a document whose front matter, if it has one, is left out of the lines. */
export function parseMarkdown(source: string): MarkdownDocument {
  const all = plainLines(source);
  const first = frontMatterEnd(all);
  const lines: MarkdownLine[] = [];
  const starts: SectionStart[] = [];
  let fence: { mark: string; line: number } | null = null;

  for (let index = first; index < all.length; index += 1) {
    const text = (all[index] ?? "").slice(0, LINE_LENGTH_MAX);
    const number = index + 1;
    const mark = /^\s*(?:>\s*)?(`{3,}|~{3,})(.*)$/u.exec(text);
    if (fence !== null) {
      lines.push({ number, text, kind: "code" });
      const closes = mark?.[1]?.startsWith(fence.mark) === true && (mark[2] ?? "").trim() === "";
      if (closes) fence = null;
      continue;
    }
    // A backtick fence may not have backticks behind it: then it is inline code at the start of a line.
    if (mark?.[1] !== undefined && !(mark[1].startsWith("`") && (mark[2] ?? "").includes("`"))) {
      fence = { mark: mark[1], line: number };
      lines.push({ number, text, kind: "code" });
      continue;
    }
    const heading = headingOf(text) ?? underlinedHeading(text, all[index + 1]);
    if (heading === null) {
      lines.push({ number, text, kind: "prose" });
      continue;
    }
    starts.push({ level: heading.level, text: heading.text, at: lines.length, from: lines.length + heading.lines });
    lines.push({ number, text, kind: "heading" });
    if (heading.lines === 2) {
      index += 1;
      lines.push({ number: number + 1, text: all[index] ?? "", kind: "heading" });
    }
  }
  const headings = withEnds(starts, lines.length);
  return { lines, headings, openFenceLine: fence?.line ?? null };
}

/** The document's text as its length is counted: without front matter and surrounding white space. */
export function countedText(source: string): string {
  const lines = plainLines(source);
  return lines.slice(frontMatterEnd(lines)).join("\n").trim();
}

/** Replaces inline code by a plain word, so that what is quoted as code is not read as prose. */
export function withoutInlineCode(line: string): string {
  const runs = [...line.matchAll(/`+/gu)].map((match) => ({ from: match.index, to: match.index + match[0].length }));
  let text = "";
  let at = 0;
  for (let open = 0; open < runs.length; open += 1) {
    const opening = runs[open];
    if (opening === undefined) break;
    const close = runs.findIndex((run, index) => index > open && run.to - run.from === opening.to - opening.from);
    const closing = runs[close];
    if (closing === undefined) continue;
    text += `${line.slice(at, opening.from)}code`;
    at = closing.to;
    open = close;
  }
  return text + line.slice(at);
}

/** A line as people see it: no code, no inline code, no comment. Its text may be empty. */
export interface VisibleLine {
  readonly number: number;
  readonly text: string;
  readonly isHeading: boolean;
}

/** Every line that is not code, without what is not shown or is quoted as code. */
export function visibleLines({ lines }: MarkdownDocument): readonly VisibleLine[] {
  const visible: VisibleLine[] = [];
  let isComment = false;
  let isList = false;
  let previous: "blank" | "indented" | "text" = "blank";
  for (const { number, text, kind } of lines) {
    if (kind === "code") {
      previous = "text";
      continue;
    }
    // Indented code: four blanks after an empty line, and no list item to which it could belong.
    const isIndented = /^(?: {4}|\t)/u.test(text) && !isList && previous !== "text" && !isComment;
    if (text.trim() === "") previous = "blank";
    else if (isIndented) previous = "indented";
    else {
      previous = "text";
      if (/^\s*(?:[-*+]|\d{1,9}[.)])(?:\s|$)/u.test(text)) isList = true;
      else if (/^\S/u.test(text)) isList = false;
    }
    if (isIndented) continue;
    const shown = withoutCommentsOfLine(isComment ? text : withoutInlineCode(text), isComment);
    isComment = shown.isComment;
    visible.push({ number, text: shown.text, isHeading: kind === "heading" });
  }
  return visible;
}

export interface CodeBlock {
  /** The line on which it begins. */
  readonly line: number;
  /** What a fence says behind its mark; null of a block without a fence, or a fence that says nothing. */
  readonly language: string | null;
}

/** Every block of code, in a fence, indented, or in `<pre>`. */
export function codeBlocksOf(document: MarkdownDocument): readonly CodeBlock[] {
  const visible = new Map(visibleLines(document).map((line) => [line.number, line.text]));
  const blocks: CodeBlock[] = [];
  let fence: string | null = null;
  let isIndented = false;
  for (const { number, text, kind } of document.lines) {
    if (kind === "code") {
      const [, mark, info = ""] = /^\s*(?:>\s*)?(`{3,}|~{3,})(.*)$/u.exec(text) ?? [];
      if (fence === null && mark !== undefined) {
        blocks.push({ line: number, language: /^[\w+-]+/u.exec(info.trim())?.[0] ?? null });
        fence = mark;
      } else if (fence !== null && mark?.startsWith(fence) === true && info.trim() === "") fence = null;
      isIndented = false;
      continue;
    }
    fence = null;
    const shown = visible.get(number);
    if (shown === undefined) {
      if (text.trim() === "") continue;
      if (!isIndented) blocks.push({ line: number, language: null });
      isIndented = true;
      continue;
    }
    if (/<pre[\s>]/iu.test(shown)) blocks.push({ line: number, language: null });
    if (shown.trim() !== "") isIndented = false;
  }
  return blocks;
}

function withoutCommentsOfLine(line: string, begins: boolean): { readonly text: string; readonly isComment: boolean } {
  const open = begins ? `<!--${line}` : line;
  return { text: withoutComments(open), isComment: open.lastIndexOf("<!--") > open.lastIndexOf("-->") };
}

/** Removes HTML comments, also those over several lines; one that is never closed hides all that follows, as in a browser. */
export function withoutComments(text: string): string {
  let kept = "";
  let at = 0;
  for (;;) {
    const open = text.indexOf("<!--", at);
    if (open === -1) return kept + text.slice(at);
    kept += text.slice(at, open);
    const close = text.indexOf("-->", open);
    if (close === -1) return kept;
    at = close + "-->".length;
  }
}

interface SectionStart {
  readonly level: number;
  readonly text: string;
  /** The heading's own index in the lines, and that of the first line below it. */
  readonly at: number;
  readonly from: number;
}

/** A section ends where the next heading of its own level or a higher one begins. Walks backwards, so once through. */
function withEnds(starts: readonly SectionStart[], end: number): readonly Heading[] {
  const nextOfLevel = [end, end, end, end, end, end];
  return starts
    .toReversed()
    .map(({ level, text, at, from }) => {
      const to = Math.min(...nextOfLevel.slice(0, level));
      nextOfLevel[level - 1] = at;
      return { level, text, from, to };
    })
    .reverse();
}

function plainLines(source: string): readonly string[] {
  return source.replace(/^\uFEFF/u, "").split(/\r\n|\r|\n/u);
}

/** The index of the first line below the front matter, 0 where there is none. */
function frontMatterEnd(lines: readonly string[]): number {
  if (lines[0]?.trimEnd() !== "---") return 0;
  const end = lines.findIndex((line, index) => index > 0 && line.trimEnd() === "---");
  return end + 1;
}

interface HeadingStart {
  readonly level: number;
  readonly text: string;
  readonly lines: 1 | 2;
}

function headingOf(line: string): HeadingStart | null {
  const match = /^ {0,3}(#{1,6})(?:[ \t]+(.*))?$/u.exec(line);
  if (match?.[1] === undefined) return null;
  return { level: match[1].length, text: (match[2] ?? "").trim().replace(/(?:^|\s)#+$/u, ""), lines: 1 };
}

/** A heading in the older form: a line of text, and under it one of `===` or `---`. */
function underlinedHeading(line: string, next: string | undefined): HeadingStart | null {
  if (next === undefined || next.length > LINE_LENGTH_MAX || !/^ {0,3}[\p{L}\p{N}*_]/u.test(line)) return null;
  if (/^ {0,3}=+\s*$/u.test(next)) return { level: 1, text: line.trim(), lines: 2 };
  if (/^ {0,3}-{2,}\s*$/u.test(next)) return { level: 2, text: line.trim(), lines: 2 };
  return null;
}
