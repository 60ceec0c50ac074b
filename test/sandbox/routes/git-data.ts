import { Hono } from "hono";
import type { Context } from "hono";
import { hasPermission, readBody, requirePermission, requireRepository, requireToken } from "../auth.ts";
import { forbidden, GitHubError, invalid, notFound } from "../errors.ts";
import { isRefName } from "../git.ts";
import type { GitRepository, TreeChange } from "../git.ts";
import { typeOfMode } from "../git-objects.ts";
import type { Signature, TreeEntry } from "../git-objects.ts";
import { gitCommitJson, signatureOf, webFlow } from "../payloads-git.ts";
import { repositoryUrl } from "../payloads.ts";
import type { Json } from "../payloads.ts";
import { changeRef, refJson } from "../refs.ts";
import type { Actor, Level, Repository, SandboxContext } from "../state.ts";
import {
  asRecord,
  optionalBoolean,
  optionalList,
  optionalRecord,
  optionalString,
  requiredString,
  stringList,
} from "./http.ts";

const MODES: readonly string[] = ["100644", "100755", "040000", "160000", "120000"];
const TREE_ENTRIES_MAX = 100_000;

/** Blobs, trees, commits and refs, straight on the bare repository. */
export function gitDataRoutes(context: SandboxContext): Hono {
  const routes = new Hono();

  async function open(c: Context, level: Level): Promise<{ actor: Actor; repository: Repository; git: GitRepository }> {
    const actor = requireToken(context, c);
    const repository = requireRepository(context, c, actor);
    requirePermission(context, actor, repository, "contents", level);
    const git = context.git(repository);
    const empty =
      (await git.ref(`refs/heads/${repository.defaultBranch}`)) === null && (await git.refs("refs/")).length === 0;
    if (empty) throw new GitHubError(409, "Git Repository is empty.");
    return { actor, repository, git };
  }

  routes.post("/repos/:owner/:repo/git/blobs", async (c) => {
    const { repository, git } = await open(c, "write");
    const body = await readBody(c);
    const content = requiredString(body, "content");
    const encoding = optionalString(body, "encoding") ?? "utf-8";
    if (encoding !== "utf-8" && encoding !== "base64")
      throw invalid("Invalid encoding: only utf-8 and base64 are allowed");
    const sha = await git.writeBlob(decoded(content, encoding));
    return c.json({ sha, url: `${repositoryUrl(context, repository)}/git/blobs/${sha}` }, 201);
  });

  routes.get("/repos/:owner/:repo/git/blobs/:sha", async (c) => {
    const { repository, git } = await open(c, "read");
    const sha = c.req.param("sha");
    const content = await git.blob(sha);
    if (content === null) throw notFound();
    if ((c.req.header("accept") ?? "").includes("raw")) return c.body(new Uint8Array(content));
    return c.json({
      sha,
      node_id: `B_kwSB${sha}`,
      size: content.length,
      url: `${repositoryUrl(context, repository)}/git/blobs/${sha}`,
      content: wrapped(content),
      encoding: "base64",
    });
  });

  routes.post("/repos/:owner/:repo/git/trees", async (c) => {
    const { actor, repository, git } = await open(c, "write");
    const body = await readBody(c);
    const base = optionalString(body, "base_tree") ?? null;
    const root = base === null ? null : await git.entry(base, "");
    if (base !== null && root === null) throw invalid("base_tree is not a valid tree oid");
    const list = optionalList(body, "tree");
    if (list === undefined) throw invalid('Invalid request.\n\n"tree" wasn\'t supplied.');
    const changes: TreeChange[] = [];
    for (const item of list) {
      const change = await treeChange(git, asRecord(item, "tree"));
      refuseWorkflow(context, actor, repository, change.path);
      changes.push(change);
    }
    const sha = await git.writeTree(root?.sha ?? null, changes);
    if (sha === null) throw invalid("GitRPC::BadObjectState");
    return c.json(await treeJson(context, repository, sha, false), 201);
  });

  routes.get("/repos/:owner/:repo/git/trees/:sha{.+}", async (c) => {
    const { repository, git } = await open(c, "read");
    const name = c.req.param("sha");
    const sha = (await git.resolve(name)) ?? name;
    // Any value of the parameter turns it on, "0" and "false" too.
    return c.json(await treeJson(context, repository, sha, c.req.query("recursive") !== undefined));
  });

  routes.post("/repos/:owner/:repo/git/commits", async (c) => {
    const { actor, repository, git } = await open(c, "write");
    const body = await readBody(c);
    const message = requiredString(body, "message");
    const tree = requiredString(body, "tree");
    if ((await git.type(tree)) !== "tree") throw invalid("Tree SHA does not exist");
    const parents = stringList(body, "parents") ?? [];
    for (const parent of parents) {
      if ((await git.type(parent)) !== "commit") throw invalid("Parent SHA does not exist or is not a commit object");
    }
    const author = givenSignature(context, optionalRecord(body, "author"));
    const committer = givenSignature(context, optionalRecord(body, "committer"));
    const own = signatureOf(context, actor.account);
    // GitHub signs what an App commits in its own name, and nothing else.
    const signed = author === null && committer === null && actor.account.type === "Bot";
    const commit = {
      message,
      tree,
      parents,
      author: author ?? own,
      committer: committer ?? author ?? (signed ? webFlow(context) : own),
      signed,
    };
    const sha = await git.writeCommit(commit);
    const written = await git.commit(sha);
    if (written === null) throw new Error(`reading the commit ${sha} back`);
    return c.json(gitCommitJson(context, repository, written), 201);
  });

  routes.get("/repos/:owner/:repo/git/commits/:sha", async (c) => {
    const { repository, git } = await open(c, "read");
    const commit = await git.commit(c.req.param("sha"));
    if (commit === null) throw notFound();
    return c.json(gitCommitJson(context, repository, commit));
  });

  routes.get("/repos/:owner/:repo/git/ref/:ref{.+}", async (c) => {
    const { repository, git } = await open(c, "read");
    const ref = `refs/${c.req.param("ref")}`;
    const sha = await git.ref(ref);
    if (sha === null) throw notFound();
    return c.json(refJson(context, repository, ref, sha, (await git.type(sha)) ?? "commit"));
  });

  routes.get("/repos/:owner/:repo/git/matching-refs/:ref{.*}", async (c) => {
    const { repository, git } = await open(c, "read");
    const found = await git.refs(`refs/${c.req.param("ref")}`);
    return c.json(found.map(({ ref, sha }) => refJson(context, repository, ref, sha)));
  });

  routes.post("/repos/:owner/:repo/git/refs", async (c) => {
    const { actor, repository, git } = await open(c, "write");
    const body = await readBody(c);
    const ref = requiredString(body, "ref");
    const sha = requiredString(body, "sha");
    if (!/^refs\/[^/]+\/.+/.test(ref))
      throw invalid("Reference name must start with 'refs/' and contain at least two slashes.");
    if (!isRefName(ref)) throw invalid(`${ref} is not a valid ref name.`);
    const type = await git.type(sha);
    if (type === null || (ref.startsWith("refs/heads/") && type !== "commit")) throw invalid("Object does not exist");
    if ((await git.ref(ref)) !== null) throw invalid("Reference already exists");
    const created = await changeRef(context, { repository, account: actor.account, ref, before: null, after: sha });
    if (!created) throw invalid("Reference update failed");
    return c.json(refJson(context, repository, ref, sha), 201);
  });

  routes.patch("/repos/:owner/:repo/git/refs/:ref{.+}", async (c) => {
    const { actor, repository, git } = await open(c, "write");
    const ref = `refs/${c.req.param("ref")}`;
    const body = await readBody(c);
    const sha = requiredString(body, "sha");
    const force = optionalBoolean(body, "force") ?? false;
    const before = await git.ref(ref);
    if (before === null) throw invalid("Reference does not exist");
    if ((await git.type(sha)) !== "commit") throw invalid("Object does not exist");
    if (!force && !(await git.isAncestor(before, sha))) throw invalid("Update is not a fast forward");
    refuseProtected(repository, ref);
    if (before !== sha) {
      const moved = await changeRef(context, { repository, account: actor.account, ref, before, after: sha });
      if (!moved) throw new GitHubError(409, "Reference update failed");
    }
    return c.json(refJson(context, repository, ref, sha));
  });

  routes.delete("/repos/:owner/:repo/git/refs/:ref{.+}", async (c) => {
    const { actor, repository, git } = await open(c, "write");
    const ref = `refs/${c.req.param("ref")}`;
    const before = await git.ref(ref);
    if (before === null) throw invalid("Reference does not exist");
    if (ref === `refs/heads/${repository.defaultBranch}`) throw invalid("Cannot delete the default branch");
    refuseProtected(repository, ref);
    await changeRef(context, { repository, account: actor.account, ref, before, after: null });
    return c.body(null, 204);
  });

  return routes;
}

/** Workflow files run with the repository's secrets, so an App needs a permission of their own for them. */
export function refuseWorkflow(context: SandboxContext, actor: Actor, repository: Repository, path: string): void {
  if (actor.kind === "user" || !/^\.github\/workflows(?:\/|$)/i.test(path)) return;
  if (!hasPermission(context, actor, repository, "workflows", "write"))
    throw forbidden("contents=write,workflows=write");
}

/** A branch with a rule that asks for pull requests moves by their merges only. */
export function refuseProtected(repository: Repository, ref: string, status: 409 | 422 = 422): void {
  if (!repository.approvalsRequired.has(ref.replace(/^refs\/heads\//, ""))) return;
  throw new GitHubError(status, "Repository rule violations found\n\nChanges must be made through a pull request.\n\n");
}

/** Folders, files and links may not leave the tree or enter git's own folder. */
export function isTreePath(path: string): boolean {
  if (path === "" || path.length > 4096 || path.includes("\0")) return false;
  return path.split("/").every((part) => part !== "" && part !== "." && part !== ".." && part.toLowerCase() !== ".git");
}

export function decoded(content: string, encoding: "utf-8" | "base64"): Buffer {
  if (encoding === "utf-8") return Buffer.from(content, "utf8");
  const compact = content.replace(/\s/g, "");
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(compact)) throw invalid("content is not valid Base64");
  return Buffer.from(compact, "base64");
}

/** Base64 in lines of 60, as GitHub sends it. */
export function wrapped(content: Buffer): string {
  return content.toString("base64").replace(/(.{60})/g, "$1\n");
}

async function treeChange(git: GitRepository, item: Record<string, unknown>): Promise<TreeChange> {
  const path = optionalString(item, "path") ?? "";
  const mode = optionalString(item, "mode") ?? "";
  if (!isTreePath(path)) throw invalid("tree.path contains a malformed path component");
  if (item["sha"] === null) return { path, mode: "100644", sha: null };
  if (!MODES.includes(mode)) throw invalid("Must supply a valid tree.mode");
  const sha = optionalString(item, "sha");
  const content = optionalString(item, "content");
  if (sha !== undefined && content !== undefined)
    throw invalid("Must supply either tree.sha or tree.content, not both");
  if (content !== undefined) return { path, mode, sha: await git.writeBlob(Buffer.from(content, "utf8")) };
  if (sha === undefined) throw invalid("Must supply tree.sha or tree.content");
  // A submodule's commit lives elsewhere.
  if (mode !== "160000" && (await git.type(sha)) !== typeOfMode(mode))
    throw invalid(`tree.sha ${sha} is not a valid blob`);
  return { path, mode, sha };
}

async function treeJson(
  context: SandboxContext,
  repository: Repository,
  treeish: string,
  recursive: boolean,
): Promise<Json> {
  const git = context.git(repository);
  const tree = await git.tree(treeish, recursive);
  if (tree === null) throw notFound();
  const url = `${repositoryUrl(context, repository)}/git`;
  const entryJson = async (entry: TreeEntry): Promise<Json> => ({
    path: entry.path,
    mode: entry.mode,
    type: entry.type,
    sha: entry.sha,
    ...(entry.type === "blob" ? { size: (await git.blob(entry.sha))?.length ?? 0 } : {}),
    ...(entry.type === "commit" ? {} : { url: `${url}/${entry.type}s/${entry.sha}` }),
  });
  const shown = tree.entries.slice(0, TREE_ENTRIES_MAX);
  const entries = await Promise.all(shown.map(entryJson));
  return {
    sha: tree.sha,
    url: `${url}/trees/${tree.sha}`,
    tree: entries,
    truncated: shown.length < tree.entries.length,
  };
}

export function givenSignature(context: SandboxContext, given: Record<string, unknown> | undefined): Signature | null {
  if (given === undefined) return null;
  const date = new Date(optionalString(given, "date") ?? context.timestamp());
  if (Number.isNaN(date.getTime())) throw invalid("date is not a valid ISO 8601 time");
  return {
    name: requiredString(given, "name"),
    email: requiredString(given, "email"),
    date: date.toISOString().replace(/\.\d+Z$/, "Z"),
  };
}
