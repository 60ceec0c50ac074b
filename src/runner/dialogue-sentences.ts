/** Plain sentences with which an agent asks for a key (requirement D1.3). Pure. */

interface NeededName {
  readonly type: "api_key" | "env_variable";
  readonly name: string;
}

/** Longer lines are no prose. */
const lineCharactersMax = 2_000;
/** As names of variables are written: a word that is in capitals for no such reason has no underscore. */
const name = "[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+";
const korean = new RegExp(`(?<![\\w./$-])(${name}) {0,3}환경 {0,3}변수가 {0,3}필요합니다(?!\\p{Script=Hangul})`, "gu");
const english = new RegExp(
  `(?:^|[.!?:;,] {1,3}|\\b(?:[Ii]|[Ww]e) {1,3}(?:also )?)[Nn]eed (?:an? |the )?API key for (${name})(?![\\w/-])`,
  "gu",
);

/** Names that this line of prose asks for. What it quotes, from a file or from somebody, asks for nothing. */
export function neededNames(line: string): readonly NeededName[] {
  if (line.length > lineCharactersMax || isNoProse(line)) return [];
  const said = withoutQuotes(line.replace(/^\s*(?:[-*+]|\d{1,3}[.)])\s+/u, "").trim());
  return [
    ...Array.from(said.matchAll(korean), ({ 1: name = "" }) => ({ type: "env_variable" as const, name })),
    ...Array.from(said.matchAll(english), ({ 1: name = "" }) => ({ type: "api_key" as const, name })),
  ];
}

/** Somebody else's words, a table, a heading, code. */
function isNoProse(line: string): boolean {
  return /^(?:\s*[>|#]| {4}|\t)/u.test(line);
}

/** A name may stand in code or in stress; whatever else is quoted is left out. */
function withoutQuotes(text: string): string {
  return text
    .replaceAll(/[*_]{2}([A-Z0-9_]+)[*_]{2}/gu, "$1")
    .replaceAll(/(`{1,2})([^`]*)\1/gu, (_, __, quoted: string) => (/^[A-Z0-9_]+$/u.test(quoted) ? quoted : " … "))
    .replaceAll(/"[^"]*"|“[^“”]*”|‘[^‘’]*’|「[^「」]*」|『[^『』]*』|«[^«»]*»/gu, " … ")
    .replaceAll(/(?<!\w)'[^']*'(?!\w)/gu, " … ");
}
