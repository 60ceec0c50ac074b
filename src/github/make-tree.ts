import type { Change } from "../core/change.ts";
import type { Repository } from "../core/events.ts";
import type { Api } from "./api.ts";
import { nameOf, pathOf } from "./repository.ts";
import type { TokenPermissions } from "./tokens.ts";
import { isText } from "./tree.ts";

/** GitHub gives up on trees with some hundred inline files or some megabytes. */
const entriesPerTreeMax = 100;
const inlineBytesPerTreeMax = 1_000_000;
const inlineBytesPerFileMax = 200_000;

type Written = Extract<Change, { kind: "written" }>;
type Mode = Written["mode"] | "160000";
export type Entry = { path: string; mode: Mode } & ({ content: string } | { sha: string | null });

/** What is written, small texts inline and the rest as blobs. Blobs are named by their content, so a repeat is harmless. */
export async function entriesOf(
  api: Api,
  repository: Repository,
  changes: readonly Change[],
): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  for (const change of lastOfEachPath(changes)) {
    if (change.kind === "deleted") continue;
    const { path, mode, content } = change;
    if (content.byteLength <= inlineBytesPerFileMax && isText(content)) {
      entries.push({ path, mode, content: Buffer.from(content).toString("utf8") });
    } else {
      entries.push({ path, mode, sha: await createBlob(api, repository, change) });
    }
  }
  return entries;
}

async function createBlob(api: Api, repository: Repository, { path, content }: Written): Promise<string> {
  const { data } = await api.write({
    repository,
    permissions: { contents: "write" },
    doing: `storing ${path} in ${nameOf(repository)}`,
    send: (octokit) =>
      octokit.rest.git.createBlob({
        ...pathOf(repository),
        content: Buffer.from(content).toString("base64"),
        encoding: "base64",
      }),
  });
  return data.sha;
}

/** Deletions come first: a folder may have to go before a file takes its name. */
export async function layOn(
  api: Api,
  repository: Repository,
  baseTree: string,
  entries: readonly Entry[],
  permissions: TokenPermissions,
): Promise<string> {
  let treeSha = baseTree;
  for (const chunk of chunksOf(entries)) {
    const base = treeSha;
    const { data } = await api.write({
      repository,
      permissions,
      doing: `making a tree in ${nameOf(repository)}`,
      send: (octokit) => octokit.rest.git.createTree({ ...pathOf(repository), base_tree: base, tree: [...chunk] }),
    });
    treeSha = data.sha;
  }
  return treeSha;
}

export function modeFrom(mode: string): Mode {
  return mode === "100755" || mode === "120000" || mode === "160000" ? mode : "100644";
}

export function lastOfEachPath(changes: readonly Change[]): readonly Change[] {
  return [...new Map(changes.map((change) => [change.path, change])).values()];
}

function* chunksOf(entries: readonly Entry[]): Generator<readonly Entry[]> {
  let chunk: Entry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    const size = "content" in entry ? Buffer.byteLength(entry.content) : 0;
    if (chunk.length > 0 && (chunk.length === entriesPerTreeMax || bytes + size > inlineBytesPerTreeMax)) {
      yield chunk;
      chunk = [];
      bytes = 0;
    }
    chunk.push(entry);
    bytes += size;
  }
  if (chunk.length > 0) yield chunk;
}
