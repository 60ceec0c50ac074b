/**
 * Reads what the agent asks and says in words: `[USER_QUESTION]`, `[DEPENDENCY_REQUEST]`, `[ERROR]`, `=== PHASE 1 COMPLETE ===`,
 * and plain sentences that ask for a key. Pure. Everything here is text of an agent: it may be of any size and shape.
 */

import type { z } from "zod";
import { limits } from "../protocol/runner.ts";
import { neededNames } from "./dialogue-sentences.ts";
import {
  AskedDependency,
  AskedError,
  AskedQuestion,
  claimedPathsMax,
  faultsOf,
  type ClaimedPhase,
} from "./dialogue-tools.ts";

export type Block =
  | { readonly kind: "question"; readonly question: AskedQuestion }
  | { readonly kind: "dependency"; readonly dependency: AskedDependency }
  /** A plain sentence. It may also tell what the product needs: whether the step does, its deliverable shows. */
  | { readonly kind: "sentence"; readonly dependency: AskedDependency }
  | { readonly kind: "error"; readonly error: z.infer<typeof AskedError> }
  | { readonly kind: "complete"; readonly claim: ClaimedPhase }
  /** For the agent: what is wrong with a block, and with which. */
  | { readonly kind: "malformed"; readonly message: string };

/** Reads one message. */
export interface BlockParser {
  push(text: string): readonly Block[];
  /** Reads what stands after the last line end, and says what was never closed. The parser is empty afterwards. */
  end(): readonly Block[];
}

type BlockName = "USER_QUESTION" | "DEPENDENCY_REQUEST" | "ERROR";

interface Shape {
  readonly fields: readonly string[];
  /** Whose text may go on over more lines. */
  readonly long: readonly string[];
  read(fields: Readonly<Record<string, unknown>>): Block | z.ZodError;
}

const shapes: Readonly<Record<BlockName, Shape>> = {
  USER_QUESTION: {
    fields: ["category", "question", "options", "default", "required"],
    long: ["question", "options"],
    read(fields) {
      const { data, error } = AskedQuestion.safeParse(fields);
      return error ?? { kind: "question", question: data };
    },
  },
  DEPENDENCY_REQUEST: {
    fields: ["type", "name", "description", "required"],
    long: ["description"],
    read(fields) {
      const { data, error } = AskedDependency.safeParse(fields);
      return error ?? { kind: "dependency", dependency: data };
    },
  },
  ERROR: {
    fields: ["type", "message", "details"],
    long: ["message", "details"],
    read(fields) {
      const { data, error } = AskedError.safeParse(fields);
      return error ?? { kind: "error", error: data };
    },
  },
};

/** No field is longer; what stands behind is not kept. */
const lineCharactersMax = 10_000;
const blockCharactersMax = 40_000;

interface OpenBlock {
  readonly kind: "block";
  readonly name: BlockName;
  readonly lines: string[];
  characters: number;
}

interface OpenClaim {
  readonly kind: "claim";
  readonly phase: number;
  readonly files: string[];
}

export function createBlockParser(): BlockParser {
  let line = "";
  let fence: string | null = null;
  let open: OpenBlock | OpenClaim | null = null;

  return {
    push(text) {
      const found: Block[] = [];
      let start = 0;
      for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", start)) {
        keep(text.slice(start, at));
        takeLine(found);
        start = at + 1;
      }
      keep(text.slice(start));
      return found;
    },
    end() {
      const found: Block[] = [];
      if (line !== "") takeLine(found);
      close(found);
      fence = null;
      return found;
    },
  };

  function keep(piece: string): void {
    if (line.length < lineCharactersMax) line += piece.slice(0, lineCharactersMax - line.length);
  }

  function takeLine(found: Block[]): void {
    const whole = line.endsWith("\r") ? line.slice(0, -1) : line;
    line = "";
    if (open?.kind === "block") {
      readInside(whole, open, found);
      return;
    }
    const mark = fenceOf(whole);
    if (fence !== null) {
      if (mark?.startsWith(fence) === true && whole.trim() === mark) fence = null;
      return;
    }
    if (open?.kind === "claim") {
      if (readClaim(whole, open)) return;
      close(found);
    }
    if (mark !== null) fence = mark;
    else readProse(whole, found);
  }

  /** A line that closes or opens a block does so wherever it stands: a log that is quoted in a value may hold half a fence. */
  function readInside(text: string, block: OpenBlock, found: Block[]): void {
    const tag = tagOf(text);
    if (tag === null) {
      block.characters += text.length + 1;
      if (block.characters <= blockCharactersMax) block.lines.push(text);
      return;
    }
    if (tag.closes) {
      open = null;
      found.push(
        tag.name === block.name
          ? readBlock(block)
          : malformed(block.name, `it was closed with [/${tag.name}] instead of [/${block.name}]`),
      );
      return;
    }
    close(found);
    open = { kind: "block", name: tag.name, lines: [], characters: 0 };
  }

  function readProse(text: string, found: Block[]): void {
    const tag = tagOf(text);
    if (tag !== null) {
      if (tag.closes) found.push(malformed(tag.name, `it was closed, but no [${tag.name}] stands before it`));
      else open = { kind: "block", name: tag.name, lines: [], characters: 0 };
      return;
    }
    const phase = completedPhase(text);
    if (phase !== null) {
      open = { kind: "claim", phase, files: [] };
      return;
    }
    for (const { name, type } of neededNames(text)) {
      const description = plain(text).slice(0, limits.descriptionCharactersMax).toWellFormed();
      found.push({ kind: "sentence", dependency: { type, name, description, required: true } });
    }
  }

  function close(found: Block[]): void {
    const last = open;
    open = null;
    if (last?.kind === "block") found.push(malformed(last.name, `it has no end: close it with [/${last.name}]`));
    if (last?.kind === "claim") {
      const { phase, files } = last;
      found.push({ kind: "complete", claim: { phase, files: files.slice(0, claimedPathsMax) } });
    }
  }
}

function malformed(name: BlockName, message: string): Block {
  return { kind: "malformed", message: `[${name}]: ${message}` };
}

/** Letters and signs of full width, as Korean keyboards give them, are those that they look like; marks without any width are nothing. */
function plain(text: string): string {
  return text
    .normalize("NFKC")
    .replaceAll(/[\u200b-\u200d\u2060\ufeff]/gu, "")
    .trim();
}

/** List marks and stress around a line, which say nothing. */
function bare(text: string): string {
  return plain(text)
    .replace(/^(?:[-*+] +)?[*_]{0,3}/u, "")
    .replace(/[*_]{1,3}$/u, "")
    .trim();
}

/** Only alone on its line: in the midst of a sentence it is talk about blocks. */
function tagOf(text: string): { readonly name: BlockName; readonly closes: boolean } | null {
  // Longer lines hold no tag, and need not be looked through.
  if (text.length > 100) return null;
  const [, slash = "", name = ""] = /^\[ *(\/?) *([A-Za-z]+(?:[ _-][A-Za-z]+)?) *\]$/u.exec(bare(text)) ?? [];
  const known = name.toUpperCase().replace(/[ -]/u, "_");
  return isBlockName(known) ? { name: known, closes: slash !== "" } : null;
}

function isBlockName(name: string): name is BlockName {
  return Object.hasOwn(shapes, name);
}

/** Three or more of one kind at the start of a line, in a list, too. What stands in a quote is no fence of ours. */
function fenceOf(text: string): string | null {
  const [, mark, rest = ""] = /^(?:[-*+] +)?(`{3,}|~{3,})(.*)$/su.exec(text.trimStart()) ?? [];
  return mark === undefined || (mark.startsWith("`") && rest.includes("`")) ? null : mark;
}

function completedPhase(text: string): number | null {
  if (text.length > 100) return null;
  const digits = /^={3,} *PHASE +(\d{1,4}) +COMPLETED? *={3,}$/iu.exec(bare(text))?.[1];
  return digits === undefined || Number(digits) === 0 ? null : Number(digits);
}

const heading =
  /^(?:완료|생성된 *문서|done|completed?|(?:(?:created|generated) )?(?:documents?|files?)(?: (?:created|generated))?) *:/iu;

/** False where the line belongs to it no more. */
function readClaim(text: string, { files }: OpenClaim): boolean {
  const shown = plain(text);
  if (shown === "") return true;
  const item = /^[-*+] +(.+)$/su.exec(text.trim())?.[1];
  if (item === undefined) return heading.test(bare(text));
  // What is said about the file stands behind a dash or in brackets.
  const path = /^`([^`]+)`/u.exec(item)?.[1] ?? item.split(/ +[-–—(]/u, 1)[0] ?? "";
  files.push(path.slice(0, limits.pathCharactersMax).toWellFormed());
  return true;
}

function readBlock({ name, lines, characters }: OpenBlock): Block {
  if (characters > blockCharactersMax) return malformed(name, `it is longer than ${blockCharactersMax} characters`);
  const shape = shapes[name];
  const fields = fieldsOf(lines, shape);
  if (typeof fields === "string") return malformed(name, fields);
  const block = shape.read(fields);
  return "kind" in block ? block : malformed(name, faultsOf(block));
}

/** Values by their names, or what is wrong. Any order will do. */
function fieldsOf(lines: readonly string[], { fields, long }: Shape): Record<string, unknown> | string {
  const values = new Map<string, string[]>();
  let current: { readonly name: string; readonly lines: string[] } | null = null;
  for (const text of lines) {
    const [, shownName = "", value = ""] =
      /^[>*_ -]{0,9}([A-Za-z][A-Za-z_]{1,29})[*_ ]{0,9}[:\uff1a][*_ ]{0,9}(.*)$/su.exec(text.trim()) ?? [];
    const name = shownName.toLowerCase();
    if (fields.includes(name) && !values.has(name)) {
      current = { name, lines: [value] };
      values.set(name, current.lines);
    } else if (current !== null && long.includes(current.name)) {
      // In the midst of a text a name that is no field, or that was there before, is a word of the text.
      current.lines.push(text);
    } else if (name !== "") {
      return fields.includes(name)
        ? `${name} stands there twice`
        : `there is no field "${name}"; it has ${fields.join(", ")}`;
    } else if (text.trim() !== "") {
      return `this line belongs to no field: ${JSON.stringify(text.trim().slice(0, 100))}; it has ${fields.join(", ")}`;
    }
  }
  const read = [...values].map(([name, lines]) => [name, valueOf(name, lines)] as const);
  return Object.fromEntries(read.filter(([, value]) => value !== undefined));
}

/** Undefined is the same as no such line. What can't be read stays as it is, and the shape says what is wrong with it. */
function valueOf(name: string, lines: readonly string[]): unknown {
  const text = lines.join("\n").trim().toWellFormed();
  switch (name) {
    case "options":
      return optionsOf(lines);
    case "required":
      return /^(?:true|yes|예|네)$/iu.test(text) ? true : /^(?:false|no|아니오|아니요)$/iu.test(text) ? false : text;
    case "category":
    case "type":
      return text.toLowerCase();
    case "default":
      return isNothing(text) ? undefined : text;
    default:
      return text;
  }
}

/** One to a line, behind a dash or a number. */
function optionsOf(lines: readonly string[]): unknown {
  const [inline = "", ...rest] = lines;
  const options = isNothing(inline.trim()) ? [] : [inline.trim().toWellFormed()];
  for (const text of rest) {
    const option = /^(?:[-*+]|\d{1,2}[.)]) +(.*)$/su.exec(text.trim())?.[1]?.trim();
    if (option !== undefined) options.push(option.toWellFormed());
    else if (text.trim() !== "") return `expected one option to a line, each behind a dash`;
  }
  return options;
}

function isNothing(text: string): boolean {
  return /^(?:|-|none|null|없음|\[\s*\])$/iu.test(text);
}
