import { Hono } from "hono";
import { hasPermission, readBody, requirePermission, requireRepository, requireToken } from "../auth.ts";
import { forbidden, GitHubError, invalid, notFound } from "../errors.ts";
import { missingChecks } from "../commit-standing.ts";
import type { GitRepository } from "../git.ts";
import { signatureOf, webFlow } from "../payloads-git.ts";
import { approvalsMissing, issueOf, mergeability, pullCommits, pullFiles } from "../payloads-pulls.ts";
import { changeRef, markMerged } from "../refs.ts";
import type { Actor, MergeMethod, Pull, Repository, SandboxContext } from "../state.ts";
import { numberParam, optionalString } from "./http.ts";
import { openForPulls, requirePull } from "./pulls.ts";

const METHODS: readonly MergeMethod[] = ["merge", "squash", "rebase"];

export function mergeRoutes(context: SandboxContext): Hono {
  const routes = new Hono();

  routes.get("/repos/:owner/:repo/pulls/:number/merge", (c) => {
    const { repository } = openForPulls(context, c, "read");
    if (!requirePull(repository, numberParam(c, "number")).merged) throw notFound();
    return c.body(null, 204);
  });

  routes.put("/repos/:owner/:repo/pulls/:number/merge", async (c) => {
    const actor = requireToken(context, c);
    const repository = requireRepository(context, c, actor);
    requirePermission(context, actor, repository, "contents", "write");
    const pull = requirePull(repository, numberParam(c, "number"));
    const body = await readBody(c);
    const asked = optionalString(body, "merge_method") ?? "merge";
    const method = METHODS.find((each) => each === asked);
    if (method === undefined)
      throw invalid(`Invalid request.\n\n${asked} is not a member of ["merge", "squash", "rebase"].`);
    const sha = await mergePull(context, repository, pull, actor, {
      method,
      expectedHead: optionalString(body, "sha") ?? null,
      title: optionalString(body, "commit_title") ?? null,
      message: optionalString(body, "commit_message") ?? null,
    });
    return c.json({ sha, merged: true, message: "Pull Request successfully merged" });
  });

  return routes;
}

type MergeOptions = {
  readonly method: MergeMethod;
  readonly expectedHead: string | null;
  readonly title: string | null;
  readonly message: string | null;
};

/** Merges onto the base as it is now; the sha of the new tip. */
async function mergePull(
  context: SandboxContext,
  repository: Repository,
  pull: Pull,
  actor: Actor,
  options: MergeOptions,
): Promise<string> {
  await requireMergeable(context, repository, pull, actor, options);
  const git = context.git(repository);
  const ref = `refs/heads/${pull.baseRef}`;
  const base = await git.ref(ref);
  const tree = base === null ? null : await git.mergeTree(base, pull.headSha);
  if (base === null || tree === null) throw new GitHubError(405, "Pull Request is not mergeable");
  const sha = await mergedTip(context, git, repository, pull, actor, base, tree, options);
  // Merged is recorded before the base moves, so that the push is not taken for a merge by hand.
  pull.merged = true;
  issueOf(repository, pull).state = "closed";
  if (!(await changeRef(context, { repository, account: actor.account, ref, before: base, after: sha }))) {
    pull.merged = false;
    issueOf(repository, pull).state = "open";
    throw new GitHubError(409, "Base branch was modified. Review and try the merge again.");
  }
  await markMerged(context, repository, pull, actor.account, sha);
  return sha;
}

async function requireMergeable(
  context: SandboxContext,
  repository: Repository,
  pull: Pull,
  actor: Actor,
  { expectedHead: head, method }: MergeOptions,
): Promise<void> {
  if (pull.merged || issueOf(repository, pull).state === "closed")
    throw new GitHubError(405, "Pull Request is not mergeable");
  if (head !== null && head !== pull.headSha)
    throw new GitHubError(409, "Head branch was modified. Review and try the merge again.");
  if (pull.draft) throw new GitHubError(405, "Pull Request is still a draft");
  const { mergeable, state } = await mergeability(context, repository, pull);
  if (mergeable !== true) throw new GitHubError(405, "Pull Request is not mergeable");
  if (!repository.mergeMethods.includes(method)) throw new GitHubError(405, REFUSED_METHODS[method]);
  if (state === "blocked") {
    throw new GitHubError(405, `Repository rule violations found\n\n${violatedRule(repository, pull)}\n\n`);
  }
  if (actor.kind === "user" || hasPermission(context, actor, repository, "workflows", "write")) return;
  const files = await pullFiles(context, repository, pull);
  if (files.some((file) => file.path.startsWith(".github/workflows/")))
    throw forbidden("contents=write,workflows=write");
}

const REFUSED_METHODS: Readonly<Record<MergeMethod, string>> = {
  merge: "Merge commits are not allowed on this repository.",
  squash: "Squash merges are not allowed on this repository.",
  rebase: "Rebase merges are not allowed on this repository.",
};

function violatedRule(repository: Repository, pull: Pull): string {
  if (repository.mergeQueues.has(pull.baseRef)) return "Changes must be made through the merge queue";
  const approvals = approvalsMissing(repository, pull);
  if (approvals > 0) return `At least ${approvals} approving review is required by reviewers with write access.`;
  const checks = missingChecks(repository, pull.baseRef, pull.headSha);
  return checks.length === 0 ? "Changes have been requested." : checks.join("\n");
}

async function mergedTip(
  context: SandboxContext,
  git: GitRepository,
  repository: Repository,
  pull: Pull,
  actor: Actor,
  base: string,
  tree: string,
  options: MergeOptions,
): Promise<string> {
  const issue = issueOf(repository, pull);
  const author = signatureOf(context, actor.account);
  const committer = webFlow(context);
  const shas = await pullCommits(context, repository, pull);
  if (options.method === "rebase") return rebased(context, git, base, shas);
  const message = async (): Promise<string> => {
    if (options.method === "merge") {
      const title =
        options.title ?? `Merge pull request #${pull.number} from ${repository.owner.login}/${pull.headRef}`;
      return `${title}\n\n${options.message ?? issue.title}`;
    }
    const commits = await Promise.all(shas.map((sha) => git.commit(sha)));
    const [only] = commits;
    const list = commits.map((commit) => `* ${commit?.message.trim() ?? ""}`).join("\n\n");
    const single = only?.message.split("\n").slice(1).join("\n").trim() ?? "";
    const text = options.message ?? (commits.length === 1 ? single : list);
    const title = options.title ?? `${issue.title} (#${pull.number})`;
    return text === "" ? title : `${title}\n\n${text}`;
  };
  const parents = options.method === "merge" ? [base, pull.headSha] : [base];
  return git.writeCommit({ tree, parents, author, committer, message: await message(), signed: true });
}

/** Each commit anew on top of the base. This git's merge-tree takes no base, so one is made for it. */
async function rebased(
  context: SandboxContext,
  git: GitRepository,
  base: string,
  shas: readonly string[],
): Promise<string> {
  let tip = base;
  for (const sha of shas) {
    const commit = await git.commit(sha);
    const parent = commit?.parents[0] === undefined ? null : await git.commit(commit.parents[0]);
    const onto = await git.commit(tip);
    if (commit === null || onto === null) throw new Error(`rebasing ${sha}: an object is missing`);
    if (commit.parents.length > 1) continue;
    const bare = { author: commit.author, committer: webFlow(context), message: "merge base", signed: false };
    const root = await git.writeCommit({
      ...bare,
      tree: parent?.tree ?? (await git.writeTree(null, [])) ?? "",
      parents: [],
    });
    const ours = await git.writeCommit({ ...bare, tree: onto.tree, parents: [root] });
    const theirs = await git.writeCommit({ ...bare, tree: commit.tree, parents: [root], message: "theirs" });
    const tree = await git.mergeTree(ours, theirs);
    if (tree === null) throw new GitHubError(405, "This branch can't be rebased");
    tip = await git.writeCommit({ ...bare, tree, parents: [tip], message: commit.message });
  }
  return tip;
}
