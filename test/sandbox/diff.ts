import type { GitRepository } from "./git.ts";

export type FileChange = {
  readonly path: string;
  readonly previousPath: string | null;
  readonly status: "added" | "removed" | "modified" | "renamed";
  readonly sha: string;
  readonly additions: number;
  readonly deletions: number;
  /** Without the headers, as GitHub gives it; null for binary files. */
  readonly patch: string | null;
};

const STATUS: Readonly<Record<string, FileChange["status"]>> = {
  A: "added",
  D: "removed",
  M: "modified",
  R: "renamed",
  T: "modified",
};

/** What changes between two commits (or from nothing), renames found, in git's order. */
export async function diffFiles(git: GitRepository, before: string | null, after: string): Promise<FileChange[]> {
  const from = before ?? (await emptyTree(git));
  const diff = await git.run(
    ["diff", "--raw", "--no-abbrev", "-p", "-M", "--full-index", "--no-color", "--no-ext-diff", from, after, "--"],
    {
      env: { GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: "core.quotePath", GIT_CONFIG_VALUE_0: "false" },
    },
  );
  const text = diff.stdout.toString("utf8");
  const patchStart = text.indexOf("\ndiff --git ");
  const raw = (patchStart < 0 ? text : text.slice(0, patchStart)).split("\n").filter((line) => line.startsWith(":"));
  const patches = patchStart < 0 ? [] : text.slice(patchStart + 1).split(/^(?=diff --git )/m);
  return raw.map((line, index) => fileChange(line, patches[index] ?? ""));
}

function fileChange(raw: string, patch: string): FileChange {
  const [meta = "", ...paths] = raw.split("\t").map(unquote);
  const [, , oldSha = "", newSha = "", letter = "M"] = meta.split(" ");
  const status = STATUS[letter.charAt(0)] ?? "modified";
  const start = patch.search(/^@@/m);
  const hunks = start < 0 ? null : patch.slice(start).replace(/\n$/, "");
  const lines = hunks?.split("\n") ?? [];
  return {
    path: paths[1] ?? paths[0] ?? "",
    previousPath: status === "renamed" ? (paths[0] ?? null) : null,
    status,
    sha: status === "removed" ? oldSha : newSha,
    additions: lines.filter((line) => line.startsWith("+")).length,
    deletions: lines.filter((line) => line.startsWith("-")).length,
    patch: hunks,
  };
}

/** The hunk up to a line of a patch, when the line is part of the diff on that side; null otherwise. */
export function hunkAt(patch: string, line: number, side: "LEFT" | "RIGHT"): string | null {
  let hunk: string[] = [];
  let left = 0;
  let right = 0;
  for (const text of patch.split("\n")) {
    const header = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@/.exec(text);
    if (header !== null) {
      hunk = [text];
      left = Number(header[1]);
      right = Number(header[2]);
      continue;
    }
    hunk.push(text);
    if (text.startsWith("\\")) continue;
    const added = text.startsWith("+");
    const removed = text.startsWith("-");
    if ((side === "RIGHT" && !removed && right === line) || (side === "LEFT" && !added && left === line))
      return hunk.join("\n");
    if (!added) left += 1;
    if (!removed) right += 1;
  }
  return null;
}

async function emptyTree(git: GitRepository): Promise<string> {
  return (await git.writeTree(null, [])) ?? "";
}

function unquote(text: string): string {
  if (!text.startsWith('"')) return text;
  return text.slice(1, -1).replace(/\\(.)/g, (_, letter: string) => ({ n: "\n", t: "\t" })[letter] ?? letter);
}
