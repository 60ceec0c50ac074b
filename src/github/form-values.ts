/** The values of a form's fields, as people type them. Each reads one; what it can't read it answers with what it expected. */
import { phrase, type Phrase } from "../core/phrase.ts";
import type { Language, Priority, TaskInput } from "../core/task-input.ts";

export type Read<Value> = { readonly value: Value } | { readonly expected: Phrase };

const pathCharactersMax = 200;
const branchCharactersMax = 200;
const referencesMax = 20;
const linkCharactersMax = 2_000;

const languages: Readonly<Record<string, Language>> = {
  english: "en",
  en: "en",
  korean: "ko",
  ko: "ko",
  한국어: "ko",
  "한국어 (korean)": "ko",
};

export function languageOf(text: string): Read<TaskInput["language"]> {
  const word = text.toLowerCase();
  if (word === "" || word === "none") return { value: null };
  const language = Object.hasOwn(languages, word) ? languages[word] : undefined;
  return language === undefined ? { expected: phrase`English or 한국어 (Korean)` } : { value: language };
}

export function priorityOf(text: string): Read<Priority> {
  switch (text.toLowerCase()) {
    case "critical":
      return { value: "critical" };
    case "high":
      return { value: "high" };
    case "normal":
    case "none":
    case "":
      return { value: "normal" };
    case "low":
      return { value: "low" };
    default:
      return { expected: phrase`critical, high, normal or low` };
  }
}

/** `8`, `$8`, `8.50 USD`. More than the installation lets a task spend takes the command `/budget`. */
export function budgetOf(text: string, usdMax: number): Read<number | null> {
  if (text === "") return { value: null };
  const digits = /^\$?\s*(\d{1,6}(?:[.,]\d{1,2})?)\s*(?:\$|usd|dollars?)?$/iu.exec(text)?.[1];
  const value = digits === undefined ? Number.NaN : Number(digits.replace(",", "."));
  if (value >= 0.01 && value <= usdMax) return { value };
  const example = usdMax < 8 ? usdMax : 8;
  return {
    expected:
      value > usdMax
        ? phrase`an amount in US dollars from 0.01 to ${usdMax}, e.g. ${example}; somebody with write access can allow more with /budget once the task is there`
        : phrase`an amount in US dollars from 0.01 to ${usdMax}, e.g. ${example}`,
  };
}

/** Relative to the root of the repository; null for the root itself. */
export function outputDirectoryOf(text: string): Read<string | null> {
  const plain = unquoted(text);
  const relative = /^\.?\/?$/u.test(plain) ? "" : plain.replace(/^\.\//u, "").replace(/\/$/u, "");
  if (relative === "") return { value: null };
  return isPlainPath(relative)
    ? { value: relative }
    : {
        expected: phrase`a folder inside this repository, e.g. apps/shop, at most ${pathCharactersMax} characters long`,
      };
}

/** As in the settings: names that any file system and any shell takes as they are; those with a dot first are git's, GitHub's or an agent's. */
function isPlainPath(path: string): boolean {
  const parts = path.split("/");
  return (
    path.length <= pathCharactersMax &&
    parts.every((part) => /^[\p{L}\p{N}_][\p{L}\p{N}_.-]*$/u.test(part) && !part.endsWith("."))
  );
}

/** By the rules of git for names of branches, and without what a shell or a URL would read otherwise. */
export function baseBranchOf(text: string): Read<string | null> {
  const name = unquoted(text);
  if (name === "") return { value: null };
  const isBranch =
    name.length <= branchCharactersMax &&
    /^[\p{L}\p{N}_][\p{L}\p{N}._/#+-]*$/u.test(name) &&
    !/\.\.|\/\/|\/\.|[./]$|\.lock(?:\/|$)|^refs\//u.test(name);
  return isBranch
    ? { value: name }
    : { expected: phrase`the name of a branch, e.g. develop: letters, digits and . _ - / # + only` };
}

/** Each line, or each item of a list, holds a link; words around it are for people. */
export function referencesOf(text: string): Read<readonly string[]> {
  const expected = phrase`links that begin with https://, one on a line, at most ${referencesMax}`;
  const links: string[] = [];
  for (const line of text.split("\n").filter((each) => each.trim() !== "")) {
    const found = [...line.matchAll(/https?:\/\/[^\s<>"'`()[\]{}|\\^]+/giu)].map(([link]) => link);
    if (found.length === 0 || found.some((link) => !isLink(link))) return { expected };
    links.push(...found.map((link) => link.replace(/[.,;:!?]+$/u, "")));
  }
  const each = [...new Set(links)];
  return each.length > referencesMax ? { expected } : { value: each };
}

/** A name and password in an address would end up in prompts and comments. */
function isLink(text: string): boolean {
  if (text.length > linkCharactersMax || !URL.canParse(text)) return false;
  const { username, password, hostname } = new URL(text);
  return username === "" && password === "" && hostname !== "";
}

function unquoted(text: string): string {
  return /^`(?<inner>[^`]*)`$/u.exec(text)?.groups?.["inner"]?.trim() ?? text;
}
