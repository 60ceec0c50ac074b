import picomatch from "picomatch";
import type { Change } from "../core/change.ts";
import type { Phase } from "../core/playbook.ts";
import { foldPath, formFault, isAboveDenied, isDenied, isOpened, touchesGit } from "../core/repository-path.ts";

export interface ChangesetFault {
  /** Printable and cut to a length for people; null where the fault is of the whole changeset. */
  readonly path: string | null;
  readonly rule:
    | "too-many-files"
    | "too-many-bytes"
    | "file-too-large"
    | "path-form"
    | "git-folder"
    | "denied"
    | "outside-phase"
    | "mode"
    | "link"
    | "duplicate"
    | "file-and-folder";
  readonly message: string;
}

const FILES_MAX = 2_000;
const FILE_BYTES_MAX = 5 * 1024 * 1024;
const CHANGESET_BYTES_MAX = 20 * 1024 * 1024;
const LINK_TARGET_BYTES_MAX = 4_096;
const SHOWN_PATH_MAX = 200;

/**
 * Every reason not to publish a changeset, by its form alone. The changes may be anything: nothing of them is trusted.
 * Takes a phase, or a step for its narrower paths.
 */
export function changesetFaults(
  changes: readonly Change[],
  allowed: Pick<Phase, "allowedPaths">,
): readonly ChangesetFault[] {
  if (changes.length > FILES_MAX) {
    const message = `the changeset has ${changes.length} files: ${FILES_MAX} is the most. Leave out what a tool can make again.`;
    return [{ path: null, rule: "too-many-files", message }];
  }
  const isAllowed = picomatch([...allowed.allowedPaths], { dot: true });
  const faults: ChangesetFault[] = changes.flatMap((change) => faultsOfChange(change, isAllowed, allowed.allowedPaths));
  const bytes = changes.reduce((sum, change) => sum + sizeOf(change), 0);
  if (bytes > CHANGESET_BYTES_MAX) {
    const message = `the changeset has ${bytes} bytes: ${CHANGESET_BYTES_MAX} is the most. Leave out what a tool can make again.`;
    faults.push({ path: null, rule: "too-many-bytes", message });
  }
  return [...faults, ...collisions(changes)];
}

function faultsOfChange(
  change: Change,
  isAllowed: (path: string) => boolean,
  allowedPaths: readonly string[],
): readonly ChangesetFault[] {
  const { path } = change;
  const faults: ChangesetFault[] = [];
  const add = (rule: ChangesetFault["rule"], message: string): void => {
    faults.push({ path: printable(path), rule, message });
  };
  const form = formFault(path);
  if (form !== null) add("path-form", `${form}.`);
  if (touchesGit(path)) {
    add("git-folder", "the path leads into git's own folder, or could be taken for it: choose another name.");
  } else if (!isOpened(path, allowedPaths) && (isDenied(path) || (change.kind === "written" && isAboveDenied(path)))) {
    add("denied", "no phase may change this file, since it steers CI, reviews, git or the agent: leave it as it is.");
  } else if (form === null && !isAllowed(path)) {
    add(
      "outside-phase",
      `the path is outside what may change here (${allowedPaths.join(", ")}): take the change back.`,
    );
  }
  if (change.kind === "deleted") return faults;
  switch (change.mode) {
    case "100644":
    case "100755":
      break;
    case "120000": {
      const fault = linkFault(path, change.content);
      if (fault !== null) add("link", `${fault}.`);
      break;
    }
    default:
      add("mode", "the mode is none of 100644, 100755 and 120000: submodules and folders can't be published.");
  }
  if (change.content.byteLength > FILE_BYTES_MAX) {
    add("file-too-large", `the file has ${change.content.byteLength} bytes: ${FILE_BYTES_MAX} is the most.`);
  }
  return faults;
}

/** A link may lead to another place in the tree, and nowhere else. */
function linkFault(path: string, content: Uint8Array): string | null {
  if (content.byteLength === 0) return "the link leads nowhere: give it a target, or remove it";
  if (content.byteLength > LINK_TARGET_BYTES_MAX) return "the link's target is too long: write the content instead";
  let target: string;
  try {
    target = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    // Not text: whatever it means on some system, it is not a path of this repository.
    return "the link's target is not UTF-8: write the content instead";
  }
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  if (/[\u0000-\u001f\u007f\\]/u.test(target)) return "the link's target has a backslash or control characters";
  if (target.startsWith("/") || /^[a-zA-Z]:/u.test(target) || target.startsWith("~")) {
    return "the link's target is absolute: make it relative, inside the repository";
  }
  if (touchesGit(target)) return "the link leads into git's own folder";
  let depth = path.split("/").length - 1;
  for (const segment of target.split("/")) {
    if (segment === "" || segment === ".") continue;
    depth += segment === ".." ? -1 : 1;
    // Also where it comes back in afterwards: the name of the folder around the repository is not ours to know.
    if (depth < 0) return "the link leaves the repository: make it relative, inside the repository";
  }
  return null;
}

/** Paths that are one file on a file system that ignores case, and paths that are file and folder at once. */
function collisions(changes: readonly Change[]): readonly ChangesetFault[] {
  const faults: ChangesetFault[] = [];
  const first = new Map<string, Change>();
  for (const change of changes) {
    const key = foldPath(change.path);
    const other = first.get(key);
    if (other === undefined) first.set(key, change);
    else if (!isRename(change, other)) {
      const message = `the path is there twice, also as "${printable(other.path)}": keep one of them.`;
      faults.push({ path: printable(change.path), rule: "duplicate", message });
    } else if (change.kind === "written") first.set(key, change);
  }
  for (const change of changes) {
    // A file that makes way for a folder of its name is no conflict.
    if (change.kind === "deleted") continue;
    const key = foldPath(change.path);
    for (let slash = key.indexOf("/"); slash !== -1; slash = key.indexOf("/", slash + 1)) {
      const file = first.get(key.slice(0, slash));
      if (file === undefined || file.kind === "deleted") continue;
      const message = `the changeset has a file "${printable(file.path)}" and a folder of that name: keep one of them.`;
      faults.push({ path: printable(change.path), rule: "file-and-folder", message });
      break;
    }
  }
  return faults;
}

/** `readme.md` deleted and `README.md` written is how git shows a change of case. */
function isRename(a: Change, b: Change): boolean {
  return a.path !== b.path && a.kind !== b.kind;
}

function sizeOf(change: Change): number {
  return change.kind === "written" ? change.content.byteLength : 0;
}

/** The path as people may see it: no line breaks, nothing that turns the direction of writing, not endless. */
function printable(path: string): string {
  const visible = path.toWellFormed().replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (char) => {
    return `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`;
  });
  return visible.length > SHOWN_PATH_MAX ? `${visible.slice(0, SHOWN_PATH_MAX)}…` : visible;
}
