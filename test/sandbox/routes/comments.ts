import { Hono } from "hono";
import type { Context } from "hono";
import { readBody, roleAtLeast, roleOf } from "../auth.ts";
import { GitHubError, notFound, validationFailed } from "../errors.ts";
import { commentJson, commentsOf, issueJson } from "../payloads-issues.ts";
import { REACTIONS, reactionJson } from "../payloads.ts";
import type { Json } from "../payloads.ts";
import type { Account, Actor, IssueComment, Reaction, Repository, SandboxContext } from "../state.ts";
import { checkedBody, openForIssues, requireIssue, requireTriage } from "./issue-changes.ts";
import { numberParam, paginate, requiredString } from "./http.ts";

/** Comments on issues and pull requests, and reactions to both. */
export function commentRoutes(context: SandboxContext): Hono {
  const routes = new Hono();

  routes.get("/repos/:owner/:repo/issues/:number/comments", (c) => {
    const { repository } = openForIssues(context, c, "read");
    const issue = requireIssue(repository, numberParam(c, "number"));
    const found = sinceOf(c, commentsOf(repository, issue.number));
    return c.json(paginate(context, c, found).map((comment) => commentJson(context, repository, comment)));
  });

  routes.get("/repos/:owner/:repo/issues/comments", (c) => {
    const { repository } = openForIssues(context, c, "read");
    const found = sinceOf(c, [...repository.issueComments.values()]);
    return c.json(paginate(context, c, found).map((comment) => commentJson(context, repository, comment)));
  });

  routes.post("/repos/:owner/:repo/issues/:number/comments", async (c) => {
    const { actor, repository } = openForIssues(context, c, "write");
    const issue = requireIssue(repository, numberParam(c, "number"));
    const mayWrite = actor.kind !== "user" || roleAtLeast(roleOf(repository, actor.account.login), "write");
    if (issue.locked && !mayWrite) throw new GitHubError(403, "Unable to create comment because issue is locked.");
    const at = context.timestamp();
    const comment: IssueComment = {
      id: context.newId(),
      issueNumber: issue.number,
      author: actor.account,
      body: commentBody(await readBody(c)),
      viaApp: actor.kind === "installation",
      createdAt: at,
      updatedAt: at,
      minimizedReason: null,
      pinned: null,
      reactions: [],
    };
    repository.issueComments.set(comment.id, comment);
    issue.updatedAt = at;
    emitComment(context, repository, comment, "created", actor.account);
    return c.json(commentJson(context, repository, comment), 201);
  });

  routes.get("/repos/:owner/:repo/issues/comments/:id", (c) => {
    const { repository } = openForIssues(context, c, "read");
    return c.json(commentJson(context, repository, requireComment(repository, c)));
  });

  routes.patch("/repos/:owner/:repo/issues/comments/:id", async (c) => {
    const { actor, repository } = openForIssues(context, c, "write");
    const comment = requireComment(repository, c);
    requireOwnOrWriter(repository, actor, comment.author);
    const from = comment.body;
    comment.body = commentBody(await readBody(c));
    comment.updatedAt = context.timestamp();
    if (comment.body !== from)
      emitComment(context, repository, comment, "edited", actor.account, { changes: { body: { from } } });
    return c.json(commentJson(context, repository, comment));
  });

  routes.delete("/repos/:owner/:repo/issues/comments/:id", (c) => {
    const { actor, repository } = openForIssues(context, c, "write");
    const comment = requireComment(repository, c);
    requireOwnOrWriter(repository, actor, comment.author);
    repository.issueComments.delete(comment.id);
    emitComment(context, repository, comment, "deleted", actor.account);
    return c.body(null, 204);
  });

  routes.put("/repos/:owner/:repo/issues/comments/:id/pin", (c) => {
    const { actor, repository } = openForIssues(context, c, "write", ["issues"]);
    requireTriage(context, actor, repository);
    const comment = requireComment(repository, c);
    if (comment.pinned === null) {
      // An issue shows one pinned comment: the newer one takes the place.
      for (const other of commentsOf(repository, comment.issueNumber)) other.pinned = null;
      comment.pinned = { at: context.timestamp(), by: actor.account };
      emitComment(context, repository, comment, "pinned", actor.account);
    }
    return c.json(commentJson(context, repository, comment));
  });

  routes.delete("/repos/:owner/:repo/issues/comments/:id/pin", (c) => {
    const { actor, repository } = openForIssues(context, c, "write", ["issues"]);
    requireTriage(context, actor, repository);
    const comment = requireComment(repository, c);
    if (comment.pinned !== null) {
      comment.pinned = null;
      emitComment(context, repository, comment, "unpinned", actor.account);
    }
    return c.body(null, 204);
  });

  const react = async (c: Context, find: (repository: Repository) => Reaction[]): Promise<Response> => {
    const { actor, repository } = openForIssues(context, c, "write");
    const reactions = find(repository);
    const content = requiredString(await readBody(c), "content");
    if (!REACTIONS.some((known) => known === content)) {
      throw validationFailed([{ resource: "Reaction", code: "invalid", field: "content" }]);
    }
    const same = reactions.find((each) => each.user.id === actor.account.id && each.content === content);
    if (same !== undefined) return c.json(reactionJson(context, same), 200);
    const reaction: Reaction = { id: context.newId(), user: actor.account, content, createdAt: context.timestamp() };
    reactions.push(reaction);
    return c.json(reactionJson(context, reaction), 201);
  };
  const list = (c: Context, find: (repository: Repository) => Reaction[]): Response => {
    const { repository } = openForIssues(context, c, "read");
    return c.json(paginate(context, c, find(repository)).map((each) => reactionJson(context, each)));
  };
  const REACTED: Readonly<Record<string, (c: Context) => (repository: Repository) => Reaction[]>> = {
    "/repos/:owner/:repo/issues/comments/:id/reactions": (c) => (repository) => requireComment(repository, c).reactions,
    "/repos/:owner/:repo/issues/:number/reactions": (c) => (repository) =>
      requireIssue(repository, numberParam(c, "number")).reactions,
    "/repos/:owner/:repo/pulls/comments/:id/reactions": (c) => (repository) => {
      const comment = repository.reviewComments.get(numberParam(c, "id"));
      if (comment === undefined) throw notFound();
      return comment.reactions;
    },
  };
  for (const [path, find] of Object.entries(REACTED)) {
    routes.post(path, (c) => react(c, find(c)));
    routes.get(path, (c) => list(c, find(c)));
  }

  return routes;
}

function requireComment(repository: Repository, c: Context): IssueComment {
  const comment = repository.issueComments.get(numberParam(c, "id"));
  if (comment === undefined) throw notFound();
  return comment;
}

/** People change what they wrote, writers what anybody wrote; an App has shown its permission by now. */
export function requireOwnOrWriter(repository: Repository, actor: Actor, author: Account): void {
  if (actor.kind !== "user" || actor.account.id === author.id) return;
  if (!roleAtLeast(roleOf(repository, actor.account.login), "write")) {
    throw new GitHubError(403, "Must have admin rights to Repository.");
  }
}

function commentBody(body: Record<string, unknown>): string {
  const text = checkedBody(requiredString(body, "body")) ?? "";
  if (text.trim() !== "") return text;
  throw validationFailed([
    { resource: "IssueComment", code: "unprocessable", field: "data", message: "Body cannot be blank" },
  ]);
}

function sinceOf(c: Context, comments: readonly IssueComment[]): IssueComment[] {
  const since = c.req.query("since");
  return comments.filter((comment) => since === undefined || new Date(comment.updatedAt) >= new Date(since));
}

function emitComment(
  context: SandboxContext,
  repository: Repository,
  comment: IssueComment,
  action: string,
  sender: Account,
  extra: Json = {},
): void {
  const issue = requireIssue(repository, comment.issueNumber);
  const payload = {
    issue: issueJson(context, repository, issue),
    comment: commentJson(context, repository, comment),
    ...extra,
  };
  context.emit({ event: "issue_comment", action, repository, sender, payload });
}
