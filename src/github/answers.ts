import type { AnswerGiven } from "../control/intents.ts";
import { linesOf, type CommentLine } from "./comment-lines.ts";
import { commandWordOf, seen } from "./slash-commands.ts";

/** More than any task has open. */
const answersMax = 50;

interface Draft {
  /** Questions that it may be for; one where it says so or quotes one. */
  readonly numbers: readonly number[];
  readonly lines: CommentLine[];
}

/**
 * What a comment answers, in its order: each `/answer` with the lines up to the next command; without any, what stands below
 * a quote that names questions. Who asks for something in so many words means nothing else by what they quote.
 */
export function answersOf(comment: string): readonly AnswerGiven[] {
  const blocks = blocksOf(linesOf(comment));
  const commanded = commandedIn(blocks);
  const given = commanded.length > 0 ? commanded.flatMap(commandedBy) : repliesIn(blocks).flatMap(repliedBy);
  return given.slice(0, answersMax);
}

type Block =
  | { readonly kind: "command"; readonly isAnswer: boolean; readonly rest: string }
  /** Lines of one quote; `numbers` are the questions that it names. */
  | { readonly kind: "quote"; readonly lines: readonly CommentLine[]; readonly numbers: readonly number[] }
  | { readonly kind: "text"; readonly line: CommentLine };

function blocksOf(lines: readonly CommentLine[]): readonly Block[] {
  const blocks: Block[] = [];
  let quote: CommentLine[] = [];
  for (const line of lines) {
    if (line.place === "quote") {
      quote.push(line);
      continue;
    }
    if (quote.length > 0) blocks.push(quoteFrom(quote));
    quote = [];
    const word = line.place === "open" ? commandWordOf(line.text) : null;
    // A word that is no command may be a part of the answer: a path, a route.
    if (word === null || word.name === null) blocks.push({ kind: "text", line });
    else blocks.push({ kind: "command", isAnswer: word.name === "answer", rest: word.rest });
  }
  return quote.length === 0 ? blocks : [...blocks, quoteFrom(quote)];
}

function quoteFrom(lines: readonly CommentLine[]): Block {
  const numbers = lines.flatMap(({ text }) => questionNamedIn(text));
  return { kind: "quote", lines, numbers: [...new Set(numbers)] };
}

/** The head of a question in our comment, quoted once: what a quote quotes was said to somebody else, and what is struck through is answered. */
function questionNamedIn(line: string): readonly number[] {
  const number = /^ {0,3}>\s?(?:#{1,6}\s)?[\s*_]*(?:Question|질문)\s+(?<number>\d{1,4})\b/u.exec(line)?.groups?.[
    "number"
  ];
  return number === undefined ? [] : [Number(number)];
}

function commandedIn(blocks: readonly Block[]): readonly Draft[] {
  const drafts: Draft[] = [];
  let draft: Draft | null = null;
  let quoted: readonly number[] = [];
  for (const block of blocks) {
    switch (block.kind) {
      case "command":
        draft = null;
        if (block.isAnswer) {
          draft = { numbers: quoted, lines: [{ text: block.rest, place: "open" }] };
          drafts.push(draft);
        }
        quoted = [];
        break;
      case "quote":
        if (block.numbers.length > 0) {
          draft = null;
          quoted = block.numbers;
        } else draft?.lines.push(...block.lines);
        break;
      case "text":
        draft?.lines.push(block.line);
        break;
    }
  }
  return drafts;
}

function repliesIn(blocks: readonly Block[]): readonly Draft[] {
  const drafts: Draft[] = [];
  let draft: Draft | null = null;
  for (const block of blocks) {
    if (block.kind === "text") draft?.lines.push(block.line);
    else {
      draft = block.kind === "quote" && block.numbers.length > 0 ? { numbers: block.numbers, lines: [] } : null;
      if (draft !== null) drafts.push(draft);
    }
  }
  // Who quotes and says nothing answers nothing.
  return drafts.filter(({ lines }) => lines.some(({ text }) => text.trim() !== ""));
}

function commandedBy({ numbers, lines }: Draft): readonly AnswerGiven[] {
  const parts = numberedParts(lines);
  if (parts.length > 0) return parts;
  const text = seen(textOf(lines));
  return [numberedPart(text) ?? { number: onlyOf(numbers), text }];
}

function repliedBy({ numbers, lines }: Draft): readonly AnswerGiven[] {
  const number = onlyOf(numbers);
  const parts = number === null ? numberedParts(lines) : [];
  if (parts.length > 0) return parts;
  const text = seen(textOf(lines));
  const part = numberedPart(text);
  // Below the quote of another question a number and a colon are words.
  return [part !== null && (number === null || part.number === number) ? part : { number, text }];
}

function onlyOf(numbers: readonly number[]): number | null {
  const [only, ...others] = numbers;
  return only === undefined || others.length > 0 ? null : only;
}

/** A list of answers below a bare `/answer`, or below a quote of several questions; empty where it is none. */
function numberedParts(lines: readonly CommentLine[]): readonly AnswerGiven[] {
  if (lines[0]?.text.trim() !== "") return [];
  const parts: { number: number; lines: string[] }[] = [];
  for (const { text, place } of lines) {
    const part = place === "open" ? numberedPart(text.trim()) : null;
    if (part !== null) parts.push({ number: part.number, lines: [part.text] });
    else if (parts.length > 0) parts.at(-1)?.lines.push(text);
    else if (text.trim() !== "") return [];
  }
  return parts.map((part) => ({ number: part.number, text: seen(part.lines.join("\n")) }));
}

function textOf(lines: readonly CommentLine[]): string {
  return lines.map(({ text }) => text).join("\n");
}

/** `3: words`, `#3 words`, `Question 3: words`, `질문 3: words`; `10:30` is a time of day, and `1. words` an option as our comment lists it. */
function numberedPart(text: string): { readonly number: number; readonly text: string } | null {
  const found =
    /^(?:#|(?:q(?:uestion)?|질문)\s*)?(?<number>\d{1,4})\s*[:\uff1a](?!\d(?!$))(?<text>.*)$/isu.exec(text) ??
    /^#(?<number>\d{1,4})(?=\s|$)(?<text>.*)$/su.exec(text);
  const number = found?.groups?.["number"];
  return number === undefined ? null : { number: Number(number), text: (found?.groups?.["text"] ?? "").trim() };
}
