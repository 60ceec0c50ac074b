/**
 * What a step changed in the work tree, told by the runner's own git directory.
 * The work tree is hostile: nothing is opened before its kind and size are known, and nothing of the agent may run meanwhile.
 */

import { lstat } from "node:fs/promises";
import type { Change } from "../core/change.ts";
import type { Finding, Tree } from "../core/report.ts";
import type { FileChange } from "../protocol/runner.ts";
import type { Git } from "./git.ts";
import { lookAt } from "./look-at.ts";
import { surveyTree } from "./survey.ts";
import { workTreeOf } from "./work-tree.ts";
import type { Workspace } from "./workspace.ts";

export interface Changeset {
  readonly changes: readonly Change[];
  /** Git's id of what stood beneath each change; null where nothing did. */
  readonly baseOids: ReadonlyMap<string, string | null>;
  /** What can't be part of any changeset, e.g. a file that is too large. Their files are not among `changes`. */
  readonly findings: readonly Finding[];
  /** False where there is so much that nothing of it was taken; `findings` says why. */
  readonly isWhole: boolean;
  readonly tree: Tree;
}

const changesetLimits = { fileBytesMax: 5 * 1024 * 1024, bytesMax: 20 * 1024 * 1024, filesMax: 2_000 } as const;
const pathLengthMax = 1_000;
const findingsOfOneKindMax = 10;

interface Candidates {
  readonly present: readonly string[];
  readonly gone: readonly string[];
  readonly faults: readonly { readonly path: string | null; readonly message: string }[];
  readonly isTooMuch: boolean;
}

/** Difference between the baseline and the work tree. Files that git ignores are left out. */
export async function collectChanges(workspace: Workspace, step: string): Promise<Changeset> {
  const { git, workTree, baselineTree } = workspace;
  const candidates = await findCandidates(workspace);
  const findings = candidates.faults
    .slice(0, findingsOfOneKindMax)
    .map(({ path, message }): Finding => ({ check: "paths-allowed", step, path, line: null, message }));
  if (!candidates.isTooMuch) {
    const doing = "recording the changes";
    // Ends of paths that are gone come first: a file may have taken the place of their folder.
    const removals = candidates.gone.map((path) => `0 ${"0".repeat(40)}\t${path}\0`).join("");
    await git.run(doing, ["update-index", "-z", "--index-info"], { input: removals });
    const additions = candidates.present.map((path) => `${path}\0`).join("");
    await git.run(doing, ["update-index", "--add", "--remove", "--replace", "-z", "--stdin"], { input: additions });
  }
  const listed = (await git.run("listing the work tree", ["ls-files", "--stage", "-z"])).toString("utf8");
  const paths = listed.split("\0").flatMap((entry) => /^100[67][45][45] [^\t]*\t([^]*)$/.exec(entry)?.[1] ?? []);
  const tree = workTreeOf(workTree, paths);
  if (candidates.isTooMuch) return { changes: [], baseOids: new Map(), findings, isWhole: false, tree };
  const raw = await git.run("comparing with what was handed over", [
    "diff-index", "--cached", "--raw", "-z", "--no-renames", "--no-abbrev", baselineTree,
  ]); // prettier-ignore
  const read = await readChanges(workspace, raw.toString("utf8"));
  return { ...(await withBothChanged(workspace, read)), findings, isWhole: true, tree };
}

/** What both sides of a merge changed is told also where it is left as the base has it: the app takes no silence for an answer. */
async function withBothChanged(
  { git, bothChanged }: Workspace,
  { changes, baseOids }: Differences,
): Promise<Differences> {
  const said = new Set(changes.map(({ path }) => path));
  const unsaid = [...(bothChanged ?? [])].filter(([path]) => !said.has(path));
  const contents = await readBlobs(git, new Set(unsaid.flatMap(([, entry]) => entry?.sha ?? [])));
  const kept = unsaid.flatMap(([path, entry]): readonly Change[] => {
    if (entry === null) return [{ kind: "deleted", path }];
    const content = contents.get(entry.sha);
    const { mode } = entry;
    return content === undefined || !isHandedOver(mode) ? [] : [{ kind: "written", path, mode, content }];
  });
  return {
    changes: [...changes, ...kept],
    baseOids: new Map([...baseOids, ...unsaid.map(([path, entry]) => [path, entry?.sha ?? null] as const)]),
  };
}

type Differences = Pick<Changeset, "changes" | "baseOids">;

/** The workspace whose baseline is what the index holds now. Call it once the changeset was acknowledged. */
export async function acceptChanges(workspace: Workspace): Promise<Workspace> {
  const tree = (await workspace.git.run("recording what was handed over", ["write-tree"])).toString("utf8").trim();
  return { ...workspace, baselineTree: tree, bothChanged: null };
}

export function asFileChange(change: Change): FileChange {
  if (change.kind === "deleted") return change;
  const { path, mode, content } = change;
  return { kind: "written", path, mode, contentBase64: Buffer.from(content).toString("base64") };
}

/** Paths that differ by git's first look, sorted out by what they are. */
async function findCandidates({ git, workTree }: Workspace): Promise<Candidates> {
  const doing = "looking for changes";
  const inTheWay = await surveyTree(workTree);
  if (inTheWay.length > 0) return { present: [], gone: [], faults: inTheWay, isTooMuch: true };
  const { uid: owner } = await lstat(workTree);
  const args = ["ls-files", "-z", "--others", "--modified", "--deleted", "--exclude-standard"];
  const listed = splitPaths(await git.run(doing, args));
  const faults: { path: string | null; message: string }[] = [];
  const present: string[] = [];
  const gone: string[] = [];
  let bytes = 0;
  const { fileBytesMax, bytesMax, filesMax } = changesetLimits;
  if (listed.length > filesMax) {
    const message = `${listed.length} files changed, ${filesMax} is the most: name generated folders in .gitignore, or remove them.`;
    return { present, gone, faults: [{ path: null, message }], isTooMuch: true };
  }
  for (const bytesOfPath of listed) {
    const path = bytesOfPath.toString("utf8");
    if (!bytesOfPath.equals(Buffer.from(path)) || !isSafePath(path) || path.length > pathLengthMax) {
      const message = `the file name ${JSON.stringify(path.slice(0, 200))} is too long or has characters that no path may have: give it a plain name.`;
      faults.push({ path: null, message });
      continue;
    }
    const found = await lookAt(workTree, path, owner);
    if (found === null) gone.push(path);
    else if (found.kind === "special") {
      faults.push({
        path,
        message:
          "this is no file that can be read, or a pipe, a socket, a device or somebody else's: only files and links of your own can be handed over.",
      });
    } else if (found.bytes > fileBytesMax) {
      const message = `the file has ${found.bytes} bytes, ${fileBytesMax} is the most: leave it out, or name it in .gitignore.`;
      faults.push({ path, message });
    } else {
      bytes += found.bytes;
      present.push(path);
    }
  }
  if (bytes <= bytesMax) return { present, gone, faults, isTooMuch: false };
  const message = `the changed files have ${bytes} bytes, ${bytesMax} is the most: name generated folders in .gitignore, or remove them.`;
  return { present, gone, faults: [{ path: null, message }, ...faults], isTooMuch: true };
}

async function readChanges({ git }: Workspace, raw: string): Promise<Differences> {
  const entries = readRaw(raw);
  const contents = await readBlobs(
    git,
    new Set(entries.filter(({ status }) => status !== "D").map(({ blob }) => blob)),
  );
  const changes = entries.flatMap(({ path, mode, blob, status }): readonly Change[] => {
    if (status === "D") return [{ kind: "deleted", path }];
    const content = contents.get(blob);
    if (content === undefined || !isHandedOver(mode)) return [];
    return [{ kind: "written", path, mode, content }];
  });
  return { changes, baseOids: new Map(entries.map(({ path, base }) => [path, base])) };
}

function isHandedOver(mode: string): mode is "100644" | "100755" | "120000" {
  return mode === "100644" || mode === "100755" || mode === "120000";
}

interface RawEntry {
  readonly path: string;
  readonly mode: string;
  readonly base: string | null;
  readonly blob: string;
  /** e.g. `M`, `A`, `D`. */
  readonly status: string;
}

function readRaw(raw: string): readonly RawEntry[] {
  const fields = raw.split("\0");
  const entries: RawEntry[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [, mode, base, blob, status] = /^:\d+ (\d+) ([0-9a-f]+) ([0-9a-f]+) ([A-Z])/.exec(fields[at] ?? "") ?? [];
    const path = fields[at + 1];
    if (mode === undefined || base === undefined || blob === undefined || status === undefined || path === undefined) {
      throw new Error(`comparing with what was handed over: unreadable line "${fields[at]}"`);
    }
    entries.push({ path, mode, base: /^0+$/.test(base) ? null : base, blob, status });
  }
  return entries;
}

/** One process for all: there may be two thousand. */
async function readBlobs(git: Git, ids: ReadonlySet<string>): Promise<ReadonlyMap<string, Uint8Array>> {
  const contents = new Map<string, Uint8Array>();
  if (ids.size === 0) return contents;
  const output = await git.run("reading the changes", ["cat-file", "--batch"], { input: `${[...ids].join("\n")}\n` });
  let at = 0;
  while (at < output.length) {
    const end = output.indexOf(0x0a, at);
    const [, id, size] = /^([0-9a-f]+) blob (\d+)$/.exec(output.subarray(at, end).toString("utf8")) ?? [];
    // A submodule has no content here, and is no change that could be handed over.
    if (id === undefined || size === undefined) at = end + 1;
    else {
      contents.set(id, output.subarray(end + 1, end + 1 + Number(size)));
      at = end + 1 + Number(size) + 1;
    }
  }
  return contents;
}

function splitPaths(output: Buffer): readonly Buffer[] {
  const paths = new Map<string, Buffer>();
  let start = 0;
  for (let end = output.indexOf(0); end !== -1; end = output.indexOf(0, start)) {
    const path = output.subarray(start, end);
    // Two of git's lists may name the same path.
    paths.set(path.toString("latin1"), path);
    start = end + 1;
  }
  return [...paths.values()];
}

/** Inside the tree, and without what would end a line of a command or a log. */
export function isSafePath(path: string): boolean {
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  if (path === "" || path.startsWith("/") || /[\u0000-\u001f\u007f]/.test(path)) return false;
  return !path.split("/").some((part) => part === ".." || part === "." || part.toLowerCase() === ".git");
}
