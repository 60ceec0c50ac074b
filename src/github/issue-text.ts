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
  stripAttributes,
  stripLinkTitles,
  stripDefinitions,
];

/** Entities that stand for a hidden character, e.g. `&#8203;` or `&zwj;`. */
function stripEntities(text: string): Stripped {
  return counting(
    text,
    /&(?:#x(?<hex>[0-9a-f]{1,6})|#(?<decimal>\d{1,7})|(?:ZeroWidthSpace|zwnj|zwj|shy|lrm|rlm|NoBreak|ApplyFunction|af|InvisibleTimes|it|InvisibleComma|ic));/giu,
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

/** Attributes of HTML tags that carry text without showing it. */
function stripAttributes(text: string): Stripped {
  let removed = 0;
  const result = text.replace(/<[a-z][^<>]{0,2000}>/giu, (tag) => {
    const stripped = counting(
      tag,
      /\s(?:alt|title|placeholder|value|summary|label|content|aria-[a-z]{1,30}|data-[a-z-]{1,30})\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'>]+)/giu,
      () => "",
    );
    removed += stripped.removed;
    return stripped.text;
  });
  return { text: result, removed };
}

/** `![alt](url "title")` shows neither; `[text](url "title")` shows the text. */
function stripLinkTitles(text: string): Stripped {
  const images = counting(text, /!\[[^\]\n]{1,2000}\](?=[([])/gu, () => "![]");
  const titles = counting(
    images.text,
    /\]\((?<target><[^<>\n]{0,2000}>|[^\s()<>]{0,2000})\s+(?:"[^"]{0,2000}"|'[^']{0,2000}'|\([^()]{0,2000}\))\s*\)/gu,
    (_link, { target }) => `](${target ?? ""})`,
  );
  return { text: titles.text, removed: images.removed + titles.removed };
}

/** A link's definition is never shown: those that no text refers to are comments in disguise. */
function stripDefinitions(text: string): Stripped {
  const uses = new Map<string, number>();
  for (const [label] of text.matchAll(/\[[^\]\n]{1,200}\]/gu)) {
    uses.set(label.toLowerCase(), (uses.get(label.toLowerCase()) ?? 0) + 1);
  }
  return counting(
    text,
    /^ {0,3}\[(?<label>[^\]\n]{1,200})\]:[ \t]*(?<target><[^<>\n]{0,2000}>|[^\s<>]{1,2000})(?<title>[ \t]+(?:"[^"\n]*"|'[^'\n]*'|\([^()\n]*\)))?[ \t]*(?:\n|$)/gmu,
    (line, { label = "", target = "", title }) => {
      if ((uses.get(`[${label.toLowerCase()}]`) ?? 0) < 2) return "";
      return title === undefined ? line : `[${label}]: ${target}\n`;
    },
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
