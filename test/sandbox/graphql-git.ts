import { type GraphqlObject, connection } from "./graphql-values.ts";
import { htmlUrl } from "./payloads.ts";
import type { Actor, Repository, SandboxContext } from "./state.ts";

/** Who asks, and where. */
export type Viewer = { readonly context: SandboxContext; readonly actor: Actor };

/** GitHub cuts the text of a blob here. */
const BLOB_TEXT_MAX = 512_000;

/** What `main:path`, a ref or a sha names: a Blob, Tree or Commit, or null. */
export async function gitObjectAt(
  viewer: Viewer,
  repository: Repository,
  expression: string,
): Promise<GraphqlObject | null> {
  const git = viewer.context.git(repository);
  const [revision, path] = splitExpression(expression);
  const name = revision === "HEAD" || revision === "" ? repository.defaultBranch : revision;
  const start = (await git.resolve(name)) ?? (/^[0-9a-f]{40}$/.test(name) ? name : null);
  const sha = start === null || path === undefined ? start : ((await git.entry(start, path))?.sha ?? null);
  return sha === null ? null : gitObject(viewer, repository, sha);
}

async function gitObject(viewer: Viewer, repository: Repository, sha: string): Promise<GraphqlObject | null> {
  const git = viewer.context.git(repository);
  const type = await git.type(sha);
  const common = { id: `GO_kwSB${repository.id}:${sha}`, oid: sha, abbreviatedOid: sha.slice(0, 7) };
  if (type === "blob") {
    const content = (await git.blob(sha)) ?? Buffer.alloc(0);
    const isBinary = content.subarray(0, 8000).includes(0);
    const text = isBinary ? null : content.subarray(0, BLOB_TEXT_MAX).toString("utf8");
    const isTruncated = content.length > BLOB_TEXT_MAX;
    return { __typename: "Blob", ...common, byteSize: content.length, isBinary, isTruncated, text };
  }
  if (type === "tree") {
    const entries = async (): Promise<GraphqlObject[]> =>
      ((await git.tree(sha, false))?.entries ?? []).map((entry) => ({
        __typename: "TreeEntry",
        name: entry.path,
        path: entry.path,
        type: entry.type,
        mode: Number.parseInt(entry.mode, 8),
        oid: entry.sha,
        object: () => gitObject(viewer, repository, entry.sha),
      }));
    return { __typename: "Tree", ...common, entries };
  }
  const commit = type === "commit" ? await git.commit(sha) : null;
  if (commit === null) return null;
  return {
    __typename: "Commit",
    ...common,
    message: commit.message,
    messageHeadline: commit.message.split("\n")[0] ?? "",
    committedDate: commit.committer.date,
    authoredDate: commit.author.date,
    url: `${htmlUrl(viewer.context, repository)}/commit/${sha}`,
    tree: () => gitObject(viewer, repository, commit.tree),
    parents: connection("parents", () =>
      Promise.all(commit.parents.map((parent) => gitObject(viewer, repository, parent))),
    ),
  };
}

export function refObject(viewer: Viewer, repository: Repository, name: string, oid: string): GraphqlObject {
  const [, prefix = "refs/", short = name] = /^(refs\/(?:heads|tags)\/)(.*)$/.exec(name) ?? [];
  return {
    __typename: "Ref",
    id: `REF_kwSB${Buffer.from(`${repository.id}:${name}`).toString("base64url")}`,
    name: short,
    prefix,
    target: () => gitObject(viewer, repository, oid),
  };
}

function splitExpression(expression: string): [revision: string, path: string | undefined] {
  const colon = expression.indexOf(":");
  return colon === -1 ? [expression, undefined] : [expression.slice(0, colon), expression.slice(colon + 1)];
}
