/** What makes a path unfit or untouchable in any phase, on any file system that the repository is checked out on. */

const PATH_LENGTH_MAX = 1_000;
const SEGMENT_BYTES_MAX = 255;

/** Characters that HFS+ leaves out when it compares names. */
const IGNORED_BY_HFS = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/gu;

/** Read by GitHub, git or an agent's tool wherever they lie in the tree. */
const DENIED_NAMES: ReadonlySet<string> = new Set([".gitmodules", ".gitattributes", ".claude", ".mcp.json"]);
/** Read by GitHub or by us in the root only. */
const DENIED_ROOTS: ReadonlySet<string> = new Set([".github", ".phasegate"]);
const CODEOWNERS: ReadonlySet<string> = new Set(["codeowners", "docs/codeowners", ".github/codeowners"]);

/** Short names that NTFS makes up for the files above, also with another number or with a hash. */
const SHORT_NAMES = /^(?:gitmod|gitatt|github|claude|mcp|phaseg|codeow|gi[0-9a-f]{4})~\d+(?:\.[a-z]{0,3})?$/u;

/** A path with what it would mean after case folding: one key for all spellings of one file. */
export function foldPath(path: string): string {
  return path.split("/").map(foldSegment).join("/");
}

/** What is wrong with a path's form, or null. */
export function formFault(path: string): string | null {
  if (path === "") return "the path is empty";
  if (path.length > PATH_LENGTH_MAX) return `the path is longer than ${PATH_LENGTH_MAX} characters`;
  if (!path.isWellFormed()) return "the path is not valid Unicode";
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  if (/[\u0000-\u001f\u007f-\u009f]/u.test(path)) return "the path has control characters";
  if (path.includes("\\")) return 'the path has a backslash: separate folders by "/"';
  if (path.startsWith("/") || /^[a-zA-Z]:/u.test(path)) return "the path is absolute: write it relative to the root";
  const segments = path.split("/");
  if (segments.includes("")) return 'the path has an empty part: write it without "//" and without "/" at its end';
  if (segments.some((segment) => segment === "." || segment === ".."))
    return 'the path has "." or "..": write it plainly';
  if (segments.some((segment) => Buffer.byteLength(segment) > SEGMENT_BYTES_MAX)) {
    return `a name in the path is longer than ${SEGMENT_BYTES_MAX} bytes`;
  }
  return null;
}

/** Whether any part of the path is, or on some file system could be taken for, git's own folder. */
export function touchesGit(path: string): boolean {
  return path.split(/[/\\]/u).some((segment) => {
    const folded = foldSegment(segment);
    return folded === ".git" || /^git~\d+$/u.test(folded);
  });
}

/** Whether the path is one that no phase may change (Q29): it would steer CI, reviews, git or the agent itself. */
export function isDenied(path: string): boolean {
  const segments = path.split("/").map(foldSegment);
  const [root = ""] = segments;
  // A file below one of these names would put a folder in the file's place.
  if (DENIED_ROOTS.has(root) || segments.some((_, at) => CODEOWNERS.has(segments.slice(0, at + 1).join("/"))))
    return true;
  return segments.some((segment) => DENIED_NAMES.has(segment) || SHORT_NAMES.test(segment));
}

/** Folders among the denied ones that a playbook's own step may be for (Q17, Q3). */
const OPENED_FOLDERS: readonly string[] = [".phasegate/specs/", ".github/phasegate/workflows/"];

/** Whether a step is for this very folder: one of its globs begins with it, letter by letter. */
export function isOpened(path: string, allowedPaths: readonly string[]): boolean {
  return OPENED_FOLDERS.some((folder) => {
    if (!path.startsWith(folder) || !allowedPaths.some((glob) => glob.startsWith(folder))) return false;
    return !isDenied(path.slice(folder.length));
  });
}

/** Whether a file of this path would take the place of a folder that holds one of the files above. */
export function isAboveDenied(path: string): boolean {
  const folder = `${foldPath(path)}/`;
  return [...CODEOWNERS].some((denied) => denied.startsWith(folder));
}

/**
 * The name that a forgiving file system would see: other case, ignored characters, blanks and dots at the end,
 * and the streams of NTFS (`name:stream`) all fall away.
 */
function foldSegment(segment: string): string {
  const plain = segment.replaceAll(IGNORED_BY_HFS, "").normalize("NFKC").replaceAll(IGNORED_BY_HFS, "");
  // Upper case first: it unites letters such as ß and ſ that lower case alone keeps apart.
  const folded = plain.toUpperCase().toLowerCase().normalize("NFC");
  const name = folded.replace(/:.*$/su, "");
  let end = name.length;
  while (end > 0 && (name[end - 1] === " " || name[end - 1] === ".")) end -= 1;
  return end === 0 ? name : name.slice(0, end);
}
