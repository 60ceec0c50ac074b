/** What an agent says to people in several paragraphs: its lists, headings and code show, and nothing else of it formats, links or mentions. */
import { stripHiddenCharacters } from "../hidden-text.ts";
import { block, code, plain } from "./escape.ts";
import type { Say } from "./words.ts";

const lineCharactersMax = 5_000;

/** At most so long when all is escaped; what is left out is said. */
export function agentMarkdown(text: string, charactersMax: number, say: Say): string {
  const parts: string[] = [];
  let left = charactersMax;
  for (const part of partsOf(stripHiddenCharacters(text).text)) {
    const shown = part.kind === "code" ? block(part.lines.join("\n"), left) : proseLine(part.line);
    if (shown.length + 1 > left) {
      parts.push("", say`*(The rest is too long for a comment.)*`);
      break;
    }
    parts.push(shown);
    left -= shown.length + 1;
  }
  return parts
    .join("\n")
    .replaceAll(/\n{3,}/gu, "\n\n")
    .trim();
}

type Part = { readonly kind: "prose"; readonly line: string } | { readonly kind: "code"; readonly lines: string[] };

/** Tables show as they were typed: their cells could hold anything. A fence without an end goes on to the end. */
function partsOf(text: string): readonly Part[] {
  const parts: Part[] = [];
  let fence: string | null = null;
  for (const line of text.split("\n")) {
    const mark = /^\s*(`{3,}|~{3,})(.*)$/u.exec(line);
    const last = parts.at(-1);
    if (fence !== null) {
      if (mark?.[1]?.startsWith(fence) === true && mark[2]?.trim() === "") fence = null;
      else if (last?.kind === "code") last.lines.push(line);
    } else if (mark?.[1] !== undefined) {
      fence = mark[1];
      parts.push({ kind: "code", lines: [] });
    } else if (/^\s*\|.*\|\s*$/u.test(line)) {
      if (last?.kind === "code" && last.lines.at(-1)?.trim().startsWith("|") === true) last.lines.push(line);
      else parts.push({ kind: "code", lines: [line] });
    } else parts.push({ kind: "prose", line });
  }
  return parts;
}

function proseLine(line: string): string {
  const heading = /^ {0,3}#{1,6}\s+(.*)$/u.exec(line)?.[1];
  if (heading !== undefined) return `**${words(heading)}**`;
  const [, indent = "", mark = "", rest = ""] = /^( {0,8})([-*+]|\d{1,3}[.)])\s+(.*)$/u.exec(line) ?? [];
  return mark === "" ? words(line) : `${indent}${/^\d/u.test(mark) ? mark : "-"} ${words(rest)}`;
}

/** One line: code spans stay such, all else shows as it was typed. */
function words(line: string): string {
  const shown: string[] = [];
  let from = 0;
  for (const span of line.matchAll(/(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)/gu)) {
    shown.push(spaced(line.slice(from, span.index)), code(span[2] ?? "", lineCharactersMax));
    from = span.index + span[0].length;
  }
  shown.push(spaced(line.slice(from)));
  return shown.join("").trim();
}

/** With the spaces that stand between it and a code span. */
function spaced(text: string): string {
  if (text.trim() === "") return text === "" ? "" : " ";
  const [, before = "", after = ""] = /^(\s?)[^]*?(\s?)$/u.exec(text) ?? [];
  return `${before === "" ? "" : " "}${plain(text, lineCharactersMax)}${after === "" ? "" : " "}`;
}
