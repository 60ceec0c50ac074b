interface Pattern {
  readonly negated: boolean;
  readonly folderOnly: boolean;
  /** Matched against the whole path, or only against a name where the pattern has no slash. */
  readonly anchored: boolean;
  readonly expression: RegExp;
}

const PATTERN_LENGTH_MAX = 500;
const PATTERNS_MAX = 5_000;

/** Whether a `.gitignore` in the root makes git ignore the file. The last pattern that matches decides, as in git. */
export function isIgnored(gitignore: string, path: string): boolean {
  const patterns = gitignore
    .replace(/^\uFEFF/u, "")
    .split(/\r\n|\r|\n/u)
    .slice(0, PATTERNS_MAX)
    .flatMap(parsePattern);
  const segments = path.split("/");
  // A file below an ignored folder is ignored whatever else is said about it: git does not look inside.
  return segments.some((_, index) => {
    const isFolder = index < segments.length - 1;
    return decides(patterns, segments.slice(0, index + 1).join("/"), isFolder);
  });
}

function decides(patterns: readonly Pattern[], path: string, isFolder: boolean): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const last = patterns.findLast(
    ({ folderOnly, anchored, expression }) => (isFolder || !folderOnly) && expression.test(anchored ? path : name),
  );
  return last !== undefined && !last.negated;
}

function parsePattern(line: string): readonly Pattern[] {
  // Blanks at the end do not count unless they are escaped.
  let text = line.replace(/(?<!\\)[ \t]+$/u, "");
  if (text === "" || text.startsWith("#") || text.length > PATTERN_LENGTH_MAX) return [];
  const negated = text.startsWith("!");
  if (negated) text = text.slice(1);
  const folderOnly = text.endsWith("/");
  if (folderOnly) text = text.slice(0, -1);
  const anchored = text.includes("/");
  if (text.startsWith("/")) text = text.slice(1);
  const source = sourceOf(text);
  return text === "" || source === null
    ? []
    : [{ negated, folderOnly, anchored, expression: new RegExp(`^${source}$`, "su") }];
}

/** The pattern as a regular expression, or null where git would never match it. */
function sourceOf(pattern: string): string | null {
  let source = "";
  let at = 0;
  while (at < pattern.length) {
    const rest = pattern.slice(at);
    const special = /^(?:\*\*\/|\/\*\*$|\*+|\?|\[[!^]?\]?[^\]]*\]|\\.)/su.exec(rest)?.[0];
    if (special === undefined) {
      const char = String.fromCodePoint(rest.codePointAt(0) ?? 0);
      if (char === "\\") return null;
      source += escapeChar(char);
      at += char.length;
      continue;
    }
    at += special.length;
    if (special === "**/") source += "(?:[^/]+/)*";
    else if (special === "/**") source += "/.+";
    else if (special.startsWith("*")) source += "[^/]*";
    else if (special === "?") source += "[^/]";
    else if (special.startsWith("\\")) source += escapeChar(special.slice(1));
    else source += classOf(special);
  }
  return source;
}

function classOf(special: string): string {
  const negated = /^\[[!^]/u.test(special);
  const members = special.slice(negated ? 2 : 1, -1).replaceAll(/[\\\][^&~|]/gu, String.raw`\$&`);
  const expression = `[${negated ? "^" : ""}${members}]`;
  try {
    return new RegExp(expression, "u").source;
  } catch {
    // A class that no expression can say, such as [z-a], matches nothing in git either.
    return "[^\\s\\S]";
  }
}

function escapeChar(char: string): string {
  return /[\\^$.*+?()[\]{}|/]/u.test(char) ? `\\${char}` : char;
}
