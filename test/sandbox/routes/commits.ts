import { Hono } from "hono";
import type { Context } from "hono";
import { requirePermission, requireRepository, requireToken } from "../auth.ts";
import { diffFiles } from "../diff.ts";
import { GitHubError, invalid, notFound } from "../errors.ts";
import { commitJson, fileJson } from "../payloads-git.ts";
import { pullJson } from "../payloads-pulls.ts";
import { htmlUrl, repositoryUrl } from "../payloads.ts";
import type { Json } from "../payloads.ts";
import type { Actor, Repository, SandboxContext } from "../state.ts";
import { paginate } from "./http.ts";

/** A walk longer than this is no sandbox any more. */
const COMMITS_MAX = 10_000;
const COMPARE_FILES_MAX = 300;

/** History: commits, one commit, comparisons. */
export function commitRoutes(context: SandboxContext): Hono {
  const routes = new Hono();

  function open(c: Context): { actor: Actor; repository: Repository } {
    const actor = requireToken(context, c);
    const repository = requireRepository(context, c, actor);
    requirePermission(context, actor, repository, "contents", "read");
    return { actor, repository };
  }

  async function listed(repository: Repository, shas: readonly string[]): Promise<Json[]> {
    const git = context.git(repository);
    const commits = await Promise.all(shas.map((sha) => git.commit(sha)));
    return commits.flatMap((commit) => (commit === null ? [] : [commitJson(context, repository, commit)]));
  }

  routes.get("/repos/:owner/:repo/commits", async (c) => {
    const { repository } = open(c);
    const git = context.git(repository);
    const name = c.req.query("sha") ?? repository.defaultBranch;
    const sha = await git.resolve(name);
    if (sha === null && (await git.refs("refs/heads/")).length === 0)
      throw new GitHubError(409, "Git Repository is empty.");
    if (sha === null) throw notFound();
    const shas = await git.log(sha, null, COMMITS_MAX, c.req.query("path"));
    return c.json(await listed(repository, paginate(context, c, shas)));
  });

  routes.get("/repos/:owner/:repo/commits/:sha/pulls", (c) => {
    const { repository } = open(c);
    const sha = c.req.param("sha");
    const pulls = [...repository.pulls.values()].filter((pull) => pull.headSha === sha || pull.mergeCommitSha === sha);
    return c.json(paginate(context, c, pulls).map((pull) => pullJson(context, repository, pull)));
  });

  routes.get("/repos/:owner/:repo/commits/:ref{.+}", async (c) => {
    const { repository } = open(c);
    const git = context.git(repository);
    const sha = await git.resolve(c.req.param("ref"));
    const commit = sha === null ? null : await git.commit(sha);
    if (commit === null) throw invalid(`No commit found for SHA: ${c.req.param("ref")}`);
    if (/\bsha\b/.test(c.req.header("accept") ?? "")) return c.text(commit.sha);
    const files = await diffFiles(git, commit.parents[0] ?? null, commit.sha);
    const additions = files.reduce((sum, file) => sum + file.additions, 0);
    const deletions = files.reduce((sum, file) => sum + file.deletions, 0);
    return c.json({
      ...commitJson(context, repository, commit),
      stats: { total: additions + deletions, additions, deletions },
      files: files.map((file) => fileJson(context, repository, file, commit.sha)),
    });
  });

  routes.get("/repos/:owner/:repo/compare/:basehead{.+}", async (c) => {
    const { repository } = open(c);
    const git = context.git(repository);
    const [baseName = "", headName = ""] = c.req.param("basehead").split("...");
    // A name may carry its owner; there are no forks here.
    const own = (name: string) => name.replace(new RegExp(`^${repository.owner.login}:`, "i"), "");
    const base = await git.resolve(own(baseName));
    const head = await git.resolve(own(headName));
    if (base === null || head === null) throw notFound();
    const merge = await git.mergeBase(base, head);
    if (merge === null) throw new GitHubError(404, `No common ancestor between ${baseName} and ${headName}.`);
    const ahead = (await git.log(head, base, COMMITS_MAX)).reverse();
    const behind = await git.log(base, head, COMMITS_MAX);
    const files = (await diffFiles(git, merge, head)).slice(0, COMPARE_FILES_MAX);
    const [baseJson, mergeJson] = await listed(repository, [base, merge]);
    const html = `${htmlUrl(context, repository)}/compare/${base}...${head}`;
    return c.json({
      url: `${repositoryUrl(context, repository)}/compare/${base}...${head}`,
      html_url: html,
      permalink_url: html,
      diff_url: `${html}.diff`,
      patch_url: `${html}.patch`,
      base_commit: baseJson,
      merge_base_commit: mergeJson,
      status: comparison(ahead.length, behind.length),
      ahead_by: ahead.length,
      behind_by: behind.length,
      total_commits: ahead.length,
      commits: await listed(repository, paginate(context, c, ahead)),
      files: files.map((file) => fileJson(context, repository, file, head)),
    });
  });

  return routes;
}

function comparison(ahead: number, behind: number): string {
  if (ahead > 0 && behind > 0) return "diverged";
  if (ahead > 0) return "ahead";
  return behind > 0 ? "behind" : "identical";
}
