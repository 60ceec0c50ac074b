import type { Publication, PublishedChange } from "../control/ports.ts";
import type { Repository } from "../core/events.ts";
import type { Api } from "./api.ts";
import { commitOnBranch, findCommit } from "./branch-commits.ts";
import { headOf, nameOf, pathOf } from "./repository.ts";
import { hasTrailer, stepCommitMessage, trailers } from "./texts/commits.ts";
import { isText, listFiles } from "./tree.ts";

/** GitHub gives up on trees with some hundred inline files or some megabytes. */
const entriesPerTreeMax = 100;
const inlineBytesPerTreeMax = 1_000_000;
const inlineBytesPerFileMax = 200_000;

type Written = Extract<PublishedChange, { kind: "written" }>;
type Entry = { path: string; mode: Written["mode"] } & ({ content: string } | { sha: string | null });

/**
 * One changeset as one commit on the phase branch, which is made where it is missing.
 * A repeat finds the commit by its trailer. Without changes there is no commit: the head is the answer.
 */
export async function publish(
  api: Api,
  repository: Repository,
  publication: Publication,
): Promise<{ readonly commitSha: string }> {
  const { branch, defaultBranch, changesetId, taskId, changes } = publication;
  const there = await findCommit(api, repository, branch, (message) =>
    hasTrailer(message, trailers.changeset, changesetId),
  );
  if (there !== null) return { commitSha: there };
  if (changes.length === 0) {
    const head = (await headOf(api, repository, branch)) ?? (await headOf(api, repository, defaultBranch));
    if (head === null) throw new Error(`publishing ${changesetId} to ${nameOf(repository)}: there is no commit yet`);
    return { commitSha: head };
  }
  const entries = await entriesOf(api, repository, changes);
  const commitSha = await commitOnBranch(api, repository, {
    branch,
    startBranch: defaultBranch,
    message: stepCommitMessage({ subject: publication.message, taskId, changesetId }),
    allowEmpty: false,
    treeOf: (head) => createTree(api, repository, head, entries, changes),
  });
  return { commitSha };
}

/** What is written, small texts inline and the rest as blobs. Blobs are named by their content, so a repeat is harmless. */
async function entriesOf(
  api: Api,
  repository: Repository,
  changes: readonly PublishedChange[],
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

async function createTree(
  api: Api,
  repository: Repository,
  head: { readonly commitSha: string; readonly treeSha: string },
  written: readonly Entry[],
  changes: readonly PublishedChange[],
): Promise<string> {
  const deletions = await deletionsOf(api, repository, head.treeSha, written, changes);
  let treeSha = head.treeSha;
  // Deletions first: a folder may have to go before a file takes its name.
  for (const chunk of chunksOf([...deletions, ...written])) {
    const base = treeSha;
    const { data } = await api.write({
      repository,
      permissions: { contents: "write" },
      doing: `making a tree in ${nameOf(repository)}`,
      send: (octokit) => octokit.rest.git.createTree({ ...pathOf(repository), base_tree: base, tree: [...chunk] }),
    });
    treeSha = data.sha;
  }
  return treeSha;
}

/** GitHub refuses to delete what is not there, which is so after a person deleted it first. */
async function deletionsOf(
  api: Api,
  repository: Repository,
  treeSha: string,
  written: readonly Entry[],
  changes: readonly PublishedChange[],
): Promise<readonly Entry[]> {
  const wanted = lastOfEachPath(changes).flatMap((change) => (change.kind === "deleted" ? [change.path] : []));
  if (wanted.length === 0) return [];
  const modes = new Map((await listFiles(api, repository, treeSha)).map(({ path, mode }) => [path, mode]));
  const writtenPaths = written.map(({ path }) => path);
  return wanted.flatMap((path): Entry[] => {
    const mode = modes.get(path);
    // A written folder of that name, or a written file in place of its folder, replaces it anyway.
    const replaced = writtenPaths.some((other) => other.startsWith(`${path}/`) || path.startsWith(`${other}/`));
    if (mode === undefined || replaced) return [];
    return [{ path, mode: mode === "100755" || mode === "120000" ? mode : "100644", sha: null }];
  });
}

function lastOfEachPath(changes: readonly PublishedChange[]): readonly PublishedChange[] {
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
