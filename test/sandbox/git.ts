import { mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { formatCommit, formatTree, objectId, parseCommit, parseTree, typeOfMode } from "./git-objects.ts";
import type { Commit, CommitToWrite, TreeEntry } from "./git-objects.ts";
import { runGit, startObjectReader } from "./git-process.ts";
import type { GitObject, GitRunOptions, GitRunResult } from "./git-process.ts";

export type TreeChange = { readonly path: string; readonly mode: string; readonly sha: string | null };

/** One bare repository. Shas are full; refs are full names ("refs/heads/main"). */
export type GitRepository = {
  readonly dir: string;
  /** The commit sha that a full ref, a short branch or tag name, or a commit sha names; null when there is none. */
  resolve(revision: string): Promise<string | null>;
  ref(name: string): Promise<string | null>;
  /** Refs whose full name starts with the prefix, sorted. */
  refs(prefix: string): Promise<{ ref: string; sha: string }[]>;
  commit(sha: string): Promise<Commit | null>;
  /** One level, or everything with full paths when recursive. Takes a tree or commit sha. */
  tree(treeish: string, recursive: boolean): Promise<{ sha: string; entries: TreeEntry[] } | null>;
  blob(sha: string): Promise<Buffer | null>;
  type(sha: string): Promise<string | null>;
  /** The entry at a path below a tree or commit; "" is the tree itself. */
  entry(treeish: string, path: string): Promise<TreeEntry | null>;
  file(treeish: string, path: string): Promise<Buffer | null>;
  writeBlob(content: Buffer): Promise<string>;
  /** Null when a change deletes a path that does not exist. */
  writeTree(base: string | null, changes: readonly TreeChange[]): Promise<string | null>;
  writeCommit(commit: CommitToWrite): Promise<string>;
  /** Compares and swaps: false when the ref is not at `before` (null: must not exist), or the name is refused. */
  updateRef(name: string, after: string | null, before: string | null): Promise<boolean>;
  isAncestor(ancestor: string, descendant: string): Promise<boolean>;
  mergeBase(a: string, b: string): Promise<string | null>;
  /** Newest first: what `include` reaches and `exclude` does not. */
  log(include: string, exclude: string | null, limit: number, path?: string): Promise<string[]>;
  /** The merged tree of two commits, or null on a conflict. */
  mergeTree(ours: string, theirs: string): Promise<string | null>;
  /** Runs git on this repository with a clean environment; never throws on an exit code. */
  run(args: readonly string[], options?: GitRunOptions): Promise<GitRunResult>;
  close(): void;
};

const SHA = /^[0-9a-f]{40}$/;
/** Commits and trees never change, so they are kept; the map is emptied when it grows past this. */
const CACHED_OBJECTS_MAX = 20_000;

export async function createGitRepository(dir: string, homeDir: string, defaultBranch: string): Promise<GitRepository> {
  await mkdir(dir, { recursive: true });
  const created = await runGit(dir, homeDir, ["init", "--bare", "--quiet", `--initial-branch=${defaultBranch}`]);
  if (created.exitCode !== 0) throw new Error(`creating the repository "${dir}": ${created.stderr}`);
  const config = await readFile(join(dir, "config"), "utf8");
  const hooks = join(dir, "hooks");
  await mkdir(hooks, { recursive: true });
  // Refs stay loose files, so they can be read without a process.
  const settings =
    "[gc]\n\tauto = 0\n[receive]\n\tautogc = false\n\tdenyDeleteCurrent = ignore\n[http]\n\treceivepack = true\n";
  await writeFile(
    join(dir, "config"),
    `${config}${settings}[uploadpack]\n\tallowAnySHA1InWant = true\n\tallowFilter = true\n`,
  );
  await writeFile(join(hooks, "pre-receive"), PRE_RECEIVE, { mode: 0o755 });
  return openGitRepository(dir, homeDir);
}

/** GitHub's own refusal of pushed workflow files; the smart HTTP route sets the variable. */
const PRE_RECEIVE = `#!/bin/sh
test "$SANDBOX_WORKFLOWS" = refused || exit 0
empty=$(git hash-object -t tree /dev/null)
while read -r before after ref; do
  case "$after" in *[!0]*) ;; *) continue ;; esac
  case "$before" in *[!0]*) ;; *) before=$(git merge-base HEAD "$after" 2>/dev/null || echo "$empty") ;; esac
  path=$(git diff --name-only "$before" "$after" -- .github/workflows | head -n 1)
  if test -n "$path"; then
    echo "refusing to allow a GitHub App to create or update workflow \\\`$path\\\` without \\\`workflows\\\` permission" >&2
    exit 1
  fi
done
`;

function openGitRepository(dir: string, homeDir: string): GitRepository {
  const reader = startObjectReader(dir, homeDir);
  const cache = new Map<string, GitObject>();
  const run = (args: readonly string[], options: GitRunOptions = {}) => runGit(dir, homeDir, args, options);

  async function read(sha: string): Promise<GitObject | null> {
    if (!SHA.test(sha)) return null;
    const cached = cache.get(sha);
    if (cached !== undefined) return cached;
    const object = await reader.read(sha);
    if (object !== null && object.type !== "blob") remember(sha, object);
    return object;
  }

  function remember(sha: string, object: GitObject): void {
    if (cache.size >= CACHED_OBJECTS_MAX) cache.clear();
    cache.set(sha, object);
  }

  async function write(type: string, content: Buffer): Promise<string> {
    const sha = objectId(type, content);
    if (type !== "blob") remember(sha, { type, content });
    const folder = join(dir, "objects", sha.slice(0, 2));
    const path = join(folder, sha.slice(2));
    if (await exists(path)) return sha;
    await mkdir(folder, { recursive: true });
    // Renamed into place: git never sees half an object.
    const temporary = `${path}.${process.hrtime.bigint()}.tmp`;
    await writeFile(temporary, deflateSync(Buffer.concat([Buffer.from(`${type} ${content.length}\0`), content])));
    await rename(temporary, path);
    return sha;
  }

  async function commit(sha: string): Promise<Commit | null> {
    const object = await read(sha);
    return object?.type === "commit" ? parseCommit(sha, object.content) : null;
  }

  async function treeSha(treeish: string): Promise<string | null> {
    const object = await read(treeish);
    if (object?.type === "tree") return treeish;
    return object?.type === "commit" ? parseCommit(treeish, object.content).tree : null;
  }

  async function entriesOf(sha: string): Promise<TreeEntry[]> {
    const object = await read(sha);
    return object?.type === "tree" ? parseTree(object.content) : [];
  }

  async function walk(sha: string, prefix: string, found: TreeEntry[]): Promise<void> {
    for (const entry of await entriesOf(sha)) {
      const path = prefix + entry.path;
      found.push({ ...entry, path });
      if (entry.type === "tree") await walk(entry.sha, `${path}/`, found);
    }
  }

  async function entry(treeish: string, path: string): Promise<TreeEntry | null> {
    const root = await treeSha(treeish);
    if (root === null) return null;
    let current: TreeEntry = { path: "", mode: "040000", type: "tree", sha: root };
    for (const name of path.split("/").filter((part) => part !== "")) {
      if (current.type !== "tree") return null;
      const next = (await entriesOf(current.sha)).find((each) => each.path === name);
      if (next === undefined) return null;
      current = next;
    }
    return { ...current, path };
  }

  async function ref(name: string): Promise<string | null> {
    if (!isRefName(name)) return null;
    try {
      const text = (await readFile(join(dir, name), "utf8")).trim();
      if (SHA.test(text)) return text;
    } catch (error) {
      if (!isMissing(error)) throw new Error(`reading the ref "${name}"`, { cause: error });
    }
    return (await refs(name)).find((each) => each.ref === name)?.sha ?? null;
  }

  async function refs(prefix: string): Promise<{ ref: string; sha: string }[]> {
    const listed = await run(["for-each-ref", "--format=%(refname) %(objectname)"]);
    const found: { ref: string; sha: string }[] = [];
    for (const line of listed.stdout.toString("utf8").split("\n")) {
      const [name = "", sha = ""] = line.split(" ");
      if (name !== "" && name.startsWith(prefix)) found.push({ ref: name, sha });
    }
    return found;
  }

  async function writeFolder(
    base: string | null,
    changes: readonly TreeChange[],
  ): Promise<{ sha: string; size: number } | null> {
    const entries = new Map((base === null ? [] : await entriesOf(base)).map((each) => [each.path, each]));
    const below = new Map<string, TreeChange[]>();
    for (const change of changes) {
      const slash = change.path.indexOf("/");
      if (slash >= 0) {
        const name = change.path.slice(0, slash);
        below.set(name, [...(below.get(name) ?? []), { ...change, path: change.path.slice(slash + 1) }]);
      } else if (change.sha !== null) {
        entries.set(change.path, {
          path: change.path,
          mode: change.mode,
          type: typeOfMode(change.mode),
          sha: change.sha,
        });
      } else if (!entries.delete(change.path)) {
        return null;
      }
    }
    for (const [name, inside] of below) {
      const old = entries.get(name);
      const written = await writeFolder(old?.type === "tree" ? old.sha : null, inside);
      if (written === null) return null;
      if (written.size === 0) entries.delete(name);
      else entries.set(name, { path: name, mode: "040000", type: "tree", sha: written.sha });
    }
    const sha = await write("tree", formatTree([...entries.values()]));
    return { sha, size: entries.size };
  }

  return {
    dir,
    ref,
    refs,
    commit,
    entry,
    run,
    async resolve(revision) {
      if (SHA.test(revision)) return (await commit(revision)) === null ? null : revision;
      if (revision.startsWith("refs/")) return ref(revision);
      return (await ref(`refs/heads/${revision}`)) ?? ref(`refs/tags/${revision}`);
    },
    async tree(treeish, recursive) {
      const sha = await treeSha(treeish);
      if (sha === null || (await read(sha)) === null) return null;
      if (!recursive) return { sha, entries: await entriesOf(sha) };
      const entries: TreeEntry[] = [];
      await walk(sha, "", entries);
      return { sha, entries };
    },
    async blob(sha) {
      const object = await read(sha);
      return object?.type === "blob" ? object.content : null;
    },
    async type(sha) {
      return (await read(sha))?.type ?? null;
    },
    async file(treeish, path) {
      const found = await entry(treeish, path);
      return found?.type === "blob" ? ((await read(found.sha))?.content ?? null) : null;
    },
    writeBlob: (content) => write("blob", content),
    async writeTree(base, changes) {
      return (await writeFolder(base, changes))?.sha ?? null;
    },
    writeCommit: (toWrite) => write("commit", formatCommit(toWrite)),
    async updateRef(name, after, before) {
      if (!isRefName(name)) return false;
      const none = "0".repeat(40);
      const updated = await run(["update-ref", name, after ?? none, before ?? none]);
      return updated.exitCode === 0;
    },
    async isAncestor(ancestor, descendant) {
      return (await run(["merge-base", "--is-ancestor", ancestor, descendant])).exitCode === 0;
    },
    async mergeBase(a, b) {
      const found = await run(["merge-base", a, b]);
      return found.exitCode === 0 ? found.stdout.toString("utf8").trim() : null;
    },
    async log(include, exclude, limit, path) {
      const range = exclude === null ? [include] : [include, `^${exclude}`];
      const paths = path === undefined || path === "" ? [] : [path];
      const listed = await run(["rev-list", "--topo-order", `--max-count=${limit}`, ...range, "--", ...paths]);
      return listed.stdout
        .toString("utf8")
        .split("\n")
        .filter((line) => line !== "");
    },
    async mergeTree(ours, theirs) {
      const merged = await run([
        "merge-tree",
        "--write-tree",
        "--no-messages",
        "--allow-unrelated-histories",
        ours,
        theirs,
      ]);
      return merged.exitCode === 0 ? merged.stdout.toString("utf8").trim() : null;
    },
    close: () => reader.close(),
  };
}

/** The rules of git check-ref-format, so that a hostile name never reaches the file system. */
export function isRefName(name: string): boolean {
  if (!name.startsWith("refs/") || name.split("/").length < 3 || name.length > 255) return false;
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\/|\/$|\.$/.test(name)) return false;
  return name.split("/").every((part) => !part.startsWith(".") && !part.endsWith(".lock"));
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && ["ENOENT", "EISDIR", "ENOTDIR"].includes(String(error.code));
}
