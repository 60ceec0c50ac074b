import { isUtf8 } from "node:buffer";
import type { Repository } from "../core/events.ts";
import type { Tree } from "../core/report.ts";
import type { Api } from "./api.ts";
import { nameOf, pathOf } from "./repository.ts";

/** Larger files are treated like binaries: no check reads them. */
const fileBytesMax = 1024 * 1024;
const entriesMax = 200_000;

export interface TreeFile {
  readonly path: string;
  readonly mode: string;
  readonly sha: string;
  readonly size: number;
}

/** All files of a commit or tree, symbolic links and submodules included. Walks in parts what GitHub truncates. */
export async function listFiles(api: Api, repository: Repository, sha: string): Promise<readonly TreeFile[]> {
  const files: TreeFile[] = [];
  await listInto(api, repository, sha, "", files);
  return files;
}

async function listInto(
  api: Api,
  repository: Repository,
  sha: string,
  prefix: string,
  files: TreeFile[],
): Promise<void> {
  const whole = await readEntries(api, repository, sha, { recursive: true });
  const parts = whole.truncated ? await readEntries(api, repository, sha, { recursive: false }) : whole;
  for (const entry of parts.tree) {
    const path = prefix + entry.path;
    if (entry.type !== "tree") files.push({ path, mode: entry.mode, sha: entry.sha, size: entry.size ?? 0 });
    else if (whole.truncated) await listInto(api, repository, entry.sha, `${path}/`, files);
    if (files.length > entriesMax) {
      throw new Error(`reading the tree of ${nameOf(repository)}: more than ${entriesMax} files`);
    }
  }
}

async function readEntries(api: Api, repository: Repository, sha: string, how: { readonly recursive: boolean }) {
  const { data } = await api.read({
    repository,
    permissions: { contents: "read" },
    doing: `reading tree ${sha} of ${nameOf(repository)}`,
    send: (octokit) =>
      octokit.rest.git.getTree({ ...pathOf(repository), tree_sha: sha, ...(how.recursive ? { recursive: "1" } : {}) }),
  });
  return data;
}

/** The regular files of a commit, read one by one when asked for. */
export async function readTree(api: Api, repository: Repository, sha: string): Promise<Tree> {
  const files = (await listFiles(api, repository, sha)).filter(({ mode }) => mode === "100644" || mode === "100755");
  const byPath = new Map(files.map((file) => [file.path, file]));
  const read = new Map<string, Promise<string | null>>();
  return {
    paths: [...byPath.keys()].sort(),
    contentId: (path) => byPath.get(path)?.sha ?? null,
    async read(path) {
      const file = byPath.get(path);
      if (file === undefined) throw new Error(`reading ${path} at ${sha}: no such file`);
      if (file.size > fileBytesMax) return null;
      // Several checks read the same file; by its sha, since equal files are one blob.
      const known = read.get(file.sha) ?? readBlobText(api, repository, file.sha);
      read.set(file.sha, known);
      return known;
    },
  };
}

/** Null where the blob is no text. */
export async function readBlobText(api: Api, repository: Repository, sha: string): Promise<string | null> {
  const { data } = await api.read({
    repository,
    permissions: { contents: "read" },
    doing: `reading blob ${sha} of ${nameOf(repository)}`,
    send: (octokit) => octokit.rest.git.getBlob({ ...pathOf(repository), file_sha: sha }),
  });
  const bytes = Buffer.from(data.content, data.encoding === "base64" ? "base64" : "utf8");
  return isText(bytes) ? bytes.toString("utf8") : null;
}

export function isText(bytes: Uint8Array): boolean {
  return isUtf8(bytes) && !bytes.includes(0);
}
