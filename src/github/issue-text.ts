import { cutAt, stripComments, stripHiddenCharacters, type Stripped } from "./hidden-text.ts";

/** Code points of an issue's text that go into a prompt. GitHub itself takes about 65,000. */
const issueCharactersMax = 60_000;

/** Taking something out may put something new together; so often is looked again before the rest is made visible. */
const passesMax = 8;

export interface FrozenText {
  readonly text: string;
  /** Hidden characters, comments, alternative texts and titles that were taken out. */
  readonly hiddenRemoved: number;
}

/**
 * The text as a person sees it on GitHub: what the agent gets, and what is hashed.
 * Everything that GitHub does not show is taken out and counted.
 */
export function freezeText(raw: string): FrozenText {
  let removed = 0;
  let text = raw;
  for (let pass = 0; pass < passesMax; pass += 1) {
    const before = text;
    for (const strip of strippers) {
      const stripped = strip(text);
      text = stripped.text;
      removed += stripped.removed;
    }
    if (text === before) break;
  }
  // Whatever still opens a comment after all passes was built to get through: shown instead of hidden.
  text = text.replaceAll("<!--", "&lt;!--").trim();
  const cut = cutAt(text, issueCharactersMax);
  return {
    text: cut === text ? text : `${cut}\n\n[Cut here: only the first ${issueCharactersMax} characters are used.]`,
    hiddenRemoved: removed,
  };
}

const strippers: readonly ((text: string) => Stripped)[] = [
  stripHiddenCharacters,
  stripEntities,
  stripComments,
  stripTags,
  stripImageTexts,
  stripLinkTitles,
  stripDefinitions,
  stripInfoStrings,
  stripUnseenMath,
];

/** Entities that stand for a hidden character, e.g. `&#8203;` or `&zwj;`. */
function stripEntities(text: string): Stripped {
  return counting(
    text,
    /&(?:#x(?<hex>[0-9a-f]{1,6})|#(?<decimal>\d{1,7})|(?:ZeroWidthSpace|Negative(?:VeryThin|Thin|Medium|Thick)Space|zwnj|zwj|shy|lrm|rlm|NoBreak|ApplyFunction|af|InvisibleTimes|it|InvisibleComma|ic));/giu,
    (entity, groups) => {
      const code = codeOf(groups);
      if (code === null) return "";
      if (code > 0x10_ffff) return entity;
      return stripHiddenCharacters(String.fromCodePoint(code)).removed > 0 ? "" : entity;
    },
  );
}

function codeOf(groups: Readonly<Record<string, string | undefined>>): number | null {
  const { hex, decimal } = groups;
  if (hex !== undefined) return Number.parseInt(hex, 16);
  return decimal === undefined ? null : Number.parseInt(decimal, 10);
}

const attribute = /(?<before>[\s/]+)(?<name>[^\s"'<>/=]+)(?:\s*=\s*(?<value>"[^"]*"|'[^']*'|[^\s"'<>]+))?/gu;
/** Those that carry text, or say how it looks. */
const withText =
  /^(?:alt|title|placeholder|value|summary|label|content|style|srcdoc|hidden|aria-.*|data-.*|on[a-z]+)$/iu;
const isAddress = /^(?:href|src)$/iu;
/** A class or an id has no more. */
const wordsMax = 3;
const valueCharactersMax = 60;
const nameCharactersMax = 30;
/** Quoted values of one tag that are looked through. */
const tagPartsMax = 200;

/** Attributes of HTML tags that carry text without showing it, and tags that are sentences themselves. */
function stripTags(text: string): Stripped {
  let removed = 0;
  let kept = "";
  let from = 0;
  for (const { index: start, 0: opening } of text.matchAll(/<\/?[a-z][\w-]*/giu)) {
    const end = start < from ? -1 : endOfTag(text, start + opening.length);
    if (end === -1) continue;
    const shown = shownOfTag(opening, text.slice(start + opening.length, end));
    kept += text.slice(from, start) + shown.text;
    removed += shown.removed;
    from = end + 1;
  }
  return { text: kept + text.slice(from), removed };
}

/** Where the `>` is that ends it, which may also stand in its values; -1 where none does. */
function endOfTag(text: string, from: number): number {
  const special = /[<>"']/gu;
  special.lastIndex = from;
  for (let jumps = 0; jumps < tagPartsMax; jumps += 1) {
    const found = special.exec(text);
    if (found === null || found[0] === "<") return -1;
    if (found[0] === ">") return found.index;
    const closing = text.indexOf(found[0], found.index + 1);
    if (closing === -1) return -1;
    special.lastIndex = closing + 1;
  }
  return -1;
}

function shownOfTag(opening: string, rest: string): Stripped {
  if (opening.length > nameCharactersMax) return { text: "", removed: 1 };
  const bare = [...rest.matchAll(attribute)].filter(({ groups }) => groups?.["value"] === undefined).length;
  const kept = counting(rest, attribute, (all, { name = "", value }) => {
    const isSentence =
      value === undefined
        ? bare > wordsMax || name.length > nameCharactersMax
        : !isAddress.test(name) && (value.length > valueCharactersMax || value.trim().split(/\s+/u).length > wordsMax);
    const isScript = isAddress.test(name) && /^["']?\s*(?:javascript|vbscript|data):/iu.test(value ?? "");
    return opening.startsWith("</") || withText.test(name) || isSentence || isScript ? "" : all;
  });
  return { text: `${opening}${kept.text}>`, removed: kept.removed };
}

/** The alternative text of images, whatever brackets are in it: `![alt](url)`, `![alt][label]`, and `![label]` alone. */
function stripImageTexts(text: string): Stripped {
  const labels = new Set<string>();
  for (const [, label = ""] of text.matchAll(/\[([^\][]{1,500})\]:/gu)) labels.add(labelOf(label));
  const ends = closingBrackets(text);
  let removed = 0;
  let kept = "";
  let from = 0;
  for (let at = text.indexOf("!["); at !== -1; at = text.indexOf("![", at + 2)) {
    const end = ends.get(at + 1);
    if (end === undefined || at < from || end === at + 2) continue;
    const follows = text[end + 1] ?? "";
    if (follows !== "(" && follows !== "[" && !labels.has(labelOf(text.slice(at + 2, end)))) continue;
    kept += `${text.slice(from, at)}![]`;
    removed += 1;
    from = end + 1;
  }
  return { text: kept + text.slice(from), removed };
}

function labelOf(label: string): string {
  return label.trim().replace(/\s+/gu, " ").toLowerCase();
}

/** Where each bracket is closed, in one pass: a hostile text may be nothing but brackets. */
function closingBrackets(text: string): ReadonlyMap<number, number> {
  const ends = new Map<number, number>();
  const open: number[] = [];
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === "[") open.push(at);
    else if (text[at] === "]") {
      const start = open.pop();
      if (start !== undefined) ends.set(start, at);
    }
  }
  return ends;
}

/** `[text](url "title")` shows the text. The address may hold brackets in pairs. */
function stripLinkTitles(text: string): Stripped {
  return counting(
    text,
    /\]\(\s{0,100}(?<target><[^<>\n]{0,2000}>|(?:[^\s()<>]|\([^\s()<>]{0,200}\)){0,2000})\s+(?:"[^"]{0,2000}"|'[^']{0,2000}'|\([^()]{0,2000}\))\s{0,100}\)/gu,
    (_link, { target }) => `](${target ?? ""})`,
  );
}

/** A link's definition is never shown: those that no text refers to are comments in disguise. */
function stripDefinitions(text: string): Stripped {
  const uses = new Map<string, number>();
  for (const [, label = ""] of text.matchAll(/\[([^\][]{1,200})\]/gu)) {
    uses.set(labelOf(label), (uses.get(labelOf(label)) ?? 0) + 1);
  }
  return counting(
    text,
    // In quotes and lists, too; address and title may stand on lines of their own, and a title may go over several.
    /^(?<inside>(?:[ \t]{0,3}(?:>|[-*+]|\d{1,9}[.)])[ \t]{0,4}){0,6}) {0,3}\[(?<label>[^\][]{1,200})\]:[ \t]*\n?[ \t]*(?<target><[^<>\n]{0,2000}>|[^\s<>]{1,2000})(?<title>[ \t]*(?:[ \t]|\n)[ \t]*(?:"(?:[^"\n]|\n(?!\n)){0,2000}"|'(?:[^'\n]|\n(?!\n)){0,2000}'|\((?:[^()\n]|\n(?!\n)){0,2000}\)))?[ \t]*(?:\n|$)/gmu,
    (line, { inside = "", label = "", target = "", title }) => {
      if ((uses.get(labelOf(label)) ?? 0) < 2) return "";
      return title === undefined ? line : `${inside}[${label}]: ${target}\n`;
    },
  );
}

/** Of what stands behind a code fence, GitHub shows nothing; its first word says how to colour the code. */
function stripInfoStrings(text: string): Stripped {
  return counting(
    text,
    /^(?<fence>[ \t>]{0,20}(?:`{3,20}(?=[^`\n]*$)|~{3,20}))(?<info>[^\n]+)$/gmu,
    (line, { fence = "", info = "" }) => {
      const [word = "", ...more] = info.trim().split(/\s+/u);
      const isName = /^[\w+#.-]{0,30}$/u.test(word);
      return more.length === 0 && isName ? line : `${fence}${isName ? word : ""}`;
    },
  );
}

/** Formulas in the colour of the page, and those that only keep a place free. */
function stripUnseenMath(text: string): Stripped {
  return counting(
    text,
    /\\(?:[hv]?phantom|(?:text|f?color)?color(?:box)?|smash)\s{0,10}(?:\{[^{}]{0,2000}\}\s{0,10}){1,3}/gu,
    () => "",
  );
}

function counting(
  text: string,
  pattern: RegExp,
  replace: (match: string, groups: Readonly<Record<string, string | undefined>>) => string,
): Stripped {
  let removed = 0;
  const result = text.replace(pattern, (...found: readonly unknown[]) => {
    const match = String(found[0]);
    const last = found.at(-1);
    const replacement = replace(match, isGroups(last) ? last : {});
    if (replacement !== match) removed += 1;
    return replacement;
  });
  return { text: result, removed };
}

function isGroups(value: unknown): value is Readonly<Record<string, string | undefined>> {
  return typeof value === "object" && value !== null;
}
