import { Hono } from "hono";
import type { Context } from "hono";
import { readBody, requirePermission, requireRepository, requireToken } from "../auth.ts";
import { GitHubError, invalid, notFound } from "../errors.ts";
import type { TreeEntry } from "../git-objects.ts";
import { gitCommitJson, signatureOf, webFlow } from "../payloads-git.ts";
import { htmlUrl, repositoryUrl } from "../payloads.ts";
import type { Json } from "../payloads.ts";
import { changeRef } from "../refs.ts";
import type { Actor, Repository, SandboxContext } from "../state.ts";
import { decoded, givenSignature, isTreePath, refuseWorkflow, wrapped, refuseProtected } from "./git-data.ts";
import { optionalRecord, optionalString, requiredString } from "./http.ts";

/** Above this the contents API gives no content, and above the second nothing at all. */
const INLINE_BYTES_MAX = 1_000_000;
const RAW_BYTES_MAX = 100_000_000;

/** Files of a branch by path: reading, listing, and one commit for each write. */
export function contentsRoutes(context: SandboxContext): Hono {
  const routes = new Hono();

  const read = async (c: Context): Promise<Response> => {
    const actor = requireToken(context, c);
    const repository = requireRepository(context, c, actor);
    requirePermission(context, actor, repository, "contents", "read");
    const git = context.git(repository);
    const ref = c.req.query("ref") ?? repository.defaultBranch;
    const commit = await git.resolve(ref);
    if (commit === null) {
      const message =
        c.req.query("ref") === undefined ? "This repository is empty." : `No commit found for the ref ${ref}`;
      throw new GitHubError(404, message);
    }
    const path = (c.req.param("path") ?? "").replace(/\/$/, "");
    const entry = await git.entry(commit, path);
    if (entry === null) throw notFound();
    if (entry.type === "tree") {
      const listed = (await git.tree(entry.sha, false))?.entries ?? [];
      const below = listed.map((each) => ({ ...each, path: path === "" ? each.path : `${path}/${each.path}` }));
      return c.json(await Promise.all(below.map((each) => entryJson(context, repository, each, ref))));
    }
    const content = (await git.blob(entry.sha)) ?? Buffer.alloc(0);
    if (content.length > RAW_BYTES_MAX) throw new GitHubError(403, "This API returns blobs up to 100 MB in size.");
    if (/\braw\b/.test(c.req.header("accept") ?? "")) {
      return c.body(new Uint8Array(content), 200, { "Content-Type": "application/vnd.github.raw; charset=utf-8" });
    }
    return c.json(await fileJson(context, repository, entry, ref, content));
  };
  routes.get("/repos/:owner/:repo/contents", read);
  routes.get("/repos/:owner/:repo/contents/:path{.*}", read);

  routes.put("/repos/:owner/:repo/contents/:path{.+}", async (c) => {
    const actor = requireToken(context, c);
    const repository = requireRepository(context, c, actor);
    requirePermission(context, actor, repository, "contents", "write");
    const path = c.req.param("path");
    refuseWorkflow(context, actor, repository, path);
    if (!isTreePath(path)) throw invalid("path contains a malformed path component");
    const body = await readBody(c);
    const content = decoded(requiredString(body, "content"), "base64");
    const git = context.git(repository);
    const written = await commitChange(context, actor, repository, path, body, () => git.writeBlob(content));
    const entry = await git.entry(written.sha, path);
    if (entry === null) throw new Error(`reading "${path}" back`);
    const file = await fileJson(context, repository, entry, written.branch, content);
    const { content: _, encoding: __, ...about } = file;
    const status = written.replaced ? 200 : 201;
    return c.json({ content: about, commit: await commitOf(context, repository, written.sha) }, status);
  });

  routes.delete("/repos/:owner/:repo/contents/:path{.+}", async (c) => {
    const actor = requireToken(context, c);
    const repository = requireRepository(context, c, actor);
    requirePermission(context, actor, repository, "contents", "write");
    const path = c.req.param("path");
    refuseWorkflow(context, actor, repository, path);
    const body = { ...c.req.query(), ...(await readBody(c)) };
    requiredString(body, "sha");
    const written = await commitChange(context, actor, repository, path, body, async () => null);
    return c.json({ content: null, commit: await commitOf(context, repository, written.sha) });
  });

  return routes;
}

async function commitChange(
  context: SandboxContext,
  actor: Actor,
  repository: Repository,
  path: string,
  body: Record<string, unknown>,
  writeBlob: () => Promise<string | null>,
): Promise<{ sha: string; branch: string; replaced: boolean }> {
  const message = requiredString(body, "message");
  const branch = optionalString(body, "branch") ?? repository.defaultBranch;
  const git = context.git(repository);
  const before = await git.ref(`refs/heads/${branch}`);
  if (before === null && (await git.refs("refs/heads/")).length > 0)
    throw new GitHubError(404, `Branch ${branch} not found`);
  refuseProtected(repository, `refs/heads/${branch}`, 409);
  const old = before === null ? null : await git.entry(before, path);
  const given = optionalString(body, "sha");
  if (old?.type === "blob" && given === undefined) throw invalid('Invalid request.\n\n"sha" wasn\'t supplied.');
  if (given !== undefined && given !== old?.sha) throw new GitHubError(409, `${path} does not match ${given}`);
  const blob = await writeBlob();
  const baseTree = before === null ? null : ((await git.commit(before))?.tree ?? null);
  const mode = old?.type === "blob" ? old.mode : "100644";
  const tree = await git.writeTree(baseTree, [{ path, mode, sha: blob }]);
  if (tree === null) throw notFound();
  const author = givenSignature(context, optionalRecord(body, "author"));
  const sha = await git.writeCommit({
    tree,
    parents: before === null ? [] : [before],
    author: author ?? signatureOf(context, actor.account),
    committer: givenSignature(context, optionalRecord(body, "committer")) ?? author ?? webFlow(context),
    message,
    signed: author === null,
  });
  const change = { repository, account: actor.account, ref: `refs/heads/${branch}`, before, after: sha };
  if (!(await changeRef(context, change))) throw new GitHubError(409, `${branch} moved while the file was written`);
  return { sha, branch, replaced: old !== null };
}

async function commitOf(context: SandboxContext, repository: Repository, sha: string): Promise<Json> {
  const commit = await context.git(repository).commit(sha);
  if (commit === null) throw new Error(`reading the commit ${sha} back`);
  return gitCommitJson(context, repository, commit);
}

async function entryJson(
  context: SandboxContext,
  repository: Repository,
  entry: TreeEntry,
  ref: string,
): Promise<Json> {
  const types = { blob: entry.mode === "120000" ? "symlink" : "file", tree: "dir", commit: "submodule" };
  const path = entry.path.split("/").map(encodeURIComponent).join("/");
  const query = encodeURIComponent(ref);
  const url = `${repositoryUrl(context, repository)}/contents/${path}?ref=${query}`;
  const html = `${htmlUrl(context, repository)}/${entry.type === "tree" ? "tree" : "blob"}/${encodeURI(ref)}/${path}`;
  const git = `${repositoryUrl(context, repository)}/git/${entry.type}s/${entry.sha}`;
  const blob = entry.type === "blob" ? await context.git(repository).blob(entry.sha) : null;
  return {
    type: types[entry.type],
    size: blob?.length ?? 0,
    name: entry.path.split("/").at(-1),
    path: entry.path,
    sha: entry.sha,
    url,
    git_url: git,
    html_url: html,
    download_url: entry.type === "blob" ? `${htmlUrl(context, repository)}/raw/${encodeURI(ref)}/${path}` : null,
    _links: { self: url, git, html },
  };
}

async function fileJson(
  context: SandboxContext,
  repository: Repository,
  entry: TreeEntry,
  ref: string,
  content: Buffer,
): Promise<Json> {
  const about = await entryJson(context, repository, entry, ref);
  if (entry.mode === "120000") return { ...about, target: content.toString("utf8") };
  const inline = content.length <= INLINE_BYTES_MAX;
  return { ...about, content: inline ? wrapped(content) : "", encoding: inline ? "base64" : "none" };
}
