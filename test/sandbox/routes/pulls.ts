import { Hono } from "hono";
import type { Context } from "hono";
import { readBody, requirePermission, requireRepository, requireToken, roleAtLeast, roleOf } from "../auth.ts";
import { GitHubError, invalid, notFound, validationFailed } from "../errors.ts";
import { commitJson, fileJson } from "../payloads-git.ts";
import { fullPullJson, issueOf, pullCommits, pullFiles, pullJson } from "../payloads-pulls.ts";
import { userJson } from "../payloads.ts";
import { closeIssue, emitPull, openPulls } from "../refs.ts";
import type { Account, Actor, Level, Pull, Repository, SandboxContext } from "../state.ts";
import { addIssue, checkedBody, checkedTitle, editText, reopen } from "./issue-changes.ts";
import {
  numberParam,
  optionalBoolean,
  optionalNumber,
  optionalString,
  paginate,
  requiredString,
  stringList,
} from "./http.ts";

/** Unlike an issue's, measured in code points. */
const PULL_BODY_LENGTH_MAX = 65_536;

/** Pull requests of one repository: forks are out of the sandbox. */
export function pullRoutes(context: SandboxContext): Hono {
  const routes = new Hono();

  routes.get("/repos/:owner/:repo/pulls", (c) => {
    const { repository } = openForPulls(context, c, "read");
    const state = c.req.query("state") ?? "open";
    const head = c.req.query("head");
    const base = c.req.query("base");
    const found = [...repository.pulls.values()].filter(
      (pull) =>
        (state === "all" || issueOf(repository, pull).state === state) &&
        // GitHub ignores a head without its owner.
        (head === undefined ||
          !head.includes(":") ||
          head.toLowerCase() === `${repository.owner.login}:${pull.headRef}`.toLowerCase()) &&
        (base === undefined || base === pull.baseRef),
    );
    const newest = c.req.query("direction") === "asc" ? found : found.reverse();
    return c.json(paginate(context, c, newest).map((pull) => pullJson(context, repository, pull)));
  });

  routes.post("/repos/:owner/:repo/pulls", async (c) => {
    const { actor, repository } = openForPulls(context, c, "write");
    if (actor.kind === "user" && !roleAtLeast(roleOf(repository, actor.account.login), "write")) throw notFound();
    const pull = await openPull(context, repository, actor, await readBody(c));
    await emitPull(context, repository, pull, "opened", actor.account);
    return c.json(await fullPullJson(context, repository, pull), 201);
  });

  routes.get("/repos/:owner/:repo/pulls/:number", async (c) => {
    const { repository } = openForPulls(context, c, "read");
    const json = await fullPullJson(context, repository, requirePull(repository, numberParam(c, "number")));
    if (repository.mergeabilityUnknownReads === 0) return c.json(json);
    repository.mergeabilityUnknownReads -= 1;
    return c.json({ ...json, mergeable: null, rebaseable: null, mergeable_state: "unknown" });
  });

  routes.patch("/repos/:owner/:repo/pulls/:number", async (c) => {
    const { actor, repository } = openForPulls(context, c, "write");
    const pull = requirePull(repository, numberParam(c, "number"));
    const issue = issueOf(repository, pull);
    if (actor.account.id !== issue.author.id) requirePermission(context, actor, repository, "pull_requests", "write");
    const body = await readBody(c);
    checkedPullBody(optionalString(body, "body") ?? null);
    await editText(context, repository, issue, actor.account, body);
    await changeBase(context, repository, pull, actor.account, optionalString(body, "base"));
    pull.maintainerCanModify = optionalBoolean(body, "maintainer_can_modify") ?? pull.maintainerCanModify;
    const state = optionalString(body, "state");
    if (state === "closed" && issue.state === "open") {
      closeIssue(context, issue, actor.account, null);
      await emitPull(context, repository, pull, "closed", actor.account);
    } else if (state === "open" && issue.state === "closed") {
      await requireReopenable(context, repository, pull);
      reopen(context, issue);
      await emitPull(context, repository, pull, "reopened", actor.account);
    }
    return c.json(await fullPullJson(context, repository, pull));
  });

  routes.get("/repos/:owner/:repo/pulls/:number/files", async (c) => {
    const { repository } = openForPulls(context, c, "read");
    const pull = requirePull(repository, numberParam(c, "number"));
    const files = paginate(context, c, await pullFiles(context, repository, pull));
    return c.json(files.map((file) => fileJson(context, repository, file, pull.headSha)));
  });

  routes.get("/repos/:owner/:repo/pulls/:number/commits", async (c) => {
    const { repository } = openForPulls(context, c, "read");
    const pull = requirePull(repository, numberParam(c, "number"));
    const shas = paginate(context, c, await pullCommits(context, repository, pull));
    const commits = await Promise.all(shas.map((sha) => context.git(repository).commit(sha)));
    return c.json(commits.flatMap((commit) => (commit === null ? [] : [commitJson(context, repository, commit)])));
  });

  routes.get("/repos/:owner/:repo/pulls/:number/requested_reviewers", (c) => {
    const { repository } = openForPulls(context, c, "read");
    const pull = requirePull(repository, numberParam(c, "number"));
    return c.json({ users: pull.requestedReviewers.map((each) => userJson(context, each)), teams: [] });
  });

  routes.post("/repos/:owner/:repo/pulls/:number/requested_reviewers", async (c) => {
    const { actor, repository } = openForPulls(context, c, "write");
    requirePermission(context, actor, repository, "pull_requests", "write");
    const pull = requirePull(repository, numberParam(c, "number"));
    const author = issueOf(repository, pull).author;
    const accounts = (stringList(await readBody(c), "reviewers") ?? []).map((login) => {
      const account = context.state.accounts.get(login.toLowerCase());
      if (account?.id === author.id) throw invalid("Review cannot be requested from pull request author.");
      if (account !== undefined && roleOf(repository, login) !== null) return account;
      throw invalid(
        `Reviews may only be requested from collaborators. One or more of the users or teams you specified is not a collaborator of the ${repository.owner.login}/${repository.name} repository.`,
      );
    });
    for (const account of accounts) {
      if (pull.requestedReviewers.some((each) => each.id === account.id)) continue;
      pull.requestedReviewers.push(account);
      await emitPull(context, repository, pull, "review_requested", actor.account, {
        requested_reviewer: userJson(context, account),
      });
    }
    return c.json(pullJson(context, repository, pull), 201);
  });

  routes.delete("/repos/:owner/:repo/pulls/:number/requested_reviewers", async (c) => {
    const { actor, repository } = openForPulls(context, c, "write");
    requirePermission(context, actor, repository, "pull_requests", "write");
    const pull = requirePull(repository, numberParam(c, "number"));
    const logins = (stringList(await readBody(c), "reviewers") ?? []).map((login) => login.toLowerCase());
    pull.requestedReviewers = pull.requestedReviewers.filter((each) => !logins.includes(each.login.toLowerCase()));
    return c.json(pullJson(context, repository, pull));
  });

  return routes;
}

/** As for issues: an App shows its permission, a person is asked where it matters. */
export function openForPulls(
  context: SandboxContext,
  c: Context,
  level: Level,
): { actor: Actor; repository: Repository } {
  const actor = requireToken(context, c);
  const repository = requireRepository(context, c, actor);
  if (level === "read" || actor.kind !== "user") requirePermission(context, actor, repository, "pull_requests", level);
  return { actor, repository };
}

export function requirePull(repository: Repository, number: number): Pull {
  const pull = repository.pulls.get(number);
  if (pull === undefined) throw notFound();
  return pull;
}

/** Ready for review or back to a draft: GitHub has this in GraphQL only. */
export async function setDraft(
  context: SandboxContext,
  repository: Repository,
  pull: Pull,
  account: Account,
  draft: boolean,
): Promise<void> {
  if (pull.draft === draft) return;
  if (draft) requireDrafts(repository);
  pull.draft = draft;
  issueOf(repository, pull).updatedAt = context.timestamp();
  await emitPull(context, repository, pull, draft ? "converted_to_draft" : "ready_for_review", account);
}

async function openPull(
  context: SandboxContext,
  repository: Repository,
  actor: Actor,
  body: Record<string, unknown>,
): Promise<Pull> {
  const title = checkedTitle(requiredString(body, "title"));
  const text = checkedPullBody(checkedBody(optionalString(body, "body") ?? null));
  const headRef = ownBranch(repository, requiredString(body, "head"));
  const baseRef = requiredString(body, "base");
  const draft = optionalBoolean(body, "draft") ?? false;
  if (optionalNumber(body, "issue") !== undefined)
    throw invalid("The sandbox does not turn issues into pull requests.");
  const git = context.git(repository);
  const headSha = headRef === null ? null : await git.ref(`refs/heads/${headRef}`);
  const baseSha = await git.ref(`refs/heads/${baseRef}`);
  if (headRef === null || headSha === null)
    throw validationFailed([{ resource: "PullRequest", field: "head", code: "invalid" }]);
  if (baseSha === null) throw validationFailed([{ resource: "PullRequest", field: "base", code: "invalid" }]);
  if ((await git.log(headSha, baseSha, 1)).length === 0) throw custom(`No commits between ${baseRef} and ${headRef}`);
  if (openPulls(repository).some((pull) => pull.headRef === headRef && pull.baseRef === baseRef)) {
    throw custom(`A pull request already exists for ${repository.owner.login}:${headRef}.`);
  }
  if (draft) requireDrafts(repository);
  const issue = addIssue(context, repository, actor, title, text, true);
  const pull: Pull = {
    id: context.newId(),
    number: issue.number,
    headRef,
    headSha,
    baseRef,
    baseSha,
    draft,
    maintainerCanModify: optionalBoolean(body, "maintainer_can_modify") ?? false,
    requestedReviewers: [],
    merged: false,
    mergedAt: null,
    mergedBy: null,
    mergeCommitSha: null,
    autoMerge: null,
  };
  repository.pulls.set(pull.number, pull);
  return pull;
}

function requireDrafts(repository: Repository): void {
  if (!repository.private || repository.plan !== "free") return;
  throw invalid("Draft pull requests are not supported in this repository.");
}

/** "owner:branch" of this repository or a bare branch; null for anybody else's. */
function ownBranch(repository: Repository, head: string): string | null {
  const [owner, branch] = head.includes(":") ? head.split(":", 2) : [repository.owner.login, head];
  return owner?.toLowerCase() === repository.owner.login.toLowerCase() ? (branch ?? null) : null;
}

async function changeBase(
  context: SandboxContext,
  repository: Repository,
  pull: Pull,
  account: Account,
  base: string | undefined,
): Promise<void> {
  if (base === undefined || base === pull.baseRef) return;
  const sha = await context.git(repository).ref(`refs/heads/${base}`);
  if (sha === null) throw validationFailed([{ resource: "PullRequest", field: "base", code: "invalid" }]);
  const from = { ref: { from: pull.baseRef }, sha: { from: pull.baseSha } };
  pull.baseRef = base;
  pull.baseSha = sha;
  await emitPull(context, repository, pull, "edited", account, { changes: { base: from } });
}

async function requireReopenable(context: SandboxContext, repository: Repository, pull: Pull): Promise<void> {
  if (pull.merged) throw custom("state cannot be changed. The pull request is merged.");
  const head = await context.git(repository).ref(`refs/heads/${pull.headRef}`);
  if (head === null) throw custom(`state cannot be changed. The ${pull.headRef} branch has been deleted.`);
  pull.headSha = head;
}

function checkedPullBody(body: string | null): string | null {
  if (body === null || Array.from(body).length <= PULL_BODY_LENGTH_MAX) return body;
  throw validationFailed([
    {
      resource: "PullRequest",
      code: "custom",
      field: "body",
      message: "body is too long (maximum is 65536 characters)",
    },
  ]);
}

function custom(message: string): GitHubError {
  return validationFailed([{ resource: "PullRequest", code: "custom", message }]);
}
