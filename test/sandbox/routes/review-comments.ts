import { Hono } from "hono";
import type { Context } from "hono";
import { readBody } from "../auth.ts";
import { hunkAt } from "../diff.ts";
import { notFound, validationFailed } from "../errors.ts";
import { pullFiles, pullJson, reviewCommentJson, reviewCommentsOf } from "../payloads-pulls.ts";
import type { Json } from "../payloads.ts";
import type { Account, Pull, Repository, Review, ReviewComment, ReviewThread, SandboxContext } from "../state.ts";
import { requireOwnOrWriter } from "./comments.ts";
import { checkedBody } from "./issue-changes.ts";
import { numberParam, optionalNumber, optionalString, paginate, requiredString } from "./http.ts";
import { openForPulls, requirePull } from "./pulls.ts";
import { emitReview } from "./reviews.ts";

type Draft = Pick<
  ReviewComment,
  "body" | "path" | "line" | "startLine" | "side" | "subjectType" | "commitId" | "diffHunk"
>;

type Refused = { readonly refusal: { readonly field: string; readonly message: string } };

/** Comments on lines. Each starts a thread or answers in one. */
export function reviewCommentRoutes(context: SandboxContext): Hono {
  const routes = new Hono();

  routes.get("/repos/:owner/:repo/pulls/:number/comments", (c) => {
    const { repository } = openForPulls(context, c, "read");
    const pull = requirePull(repository, numberParam(c, "number"));
    const found = sinceOf(
      c,
      reviewCommentsOf(repository, pull.number).filter((each) => isPublic(repository, each)),
    );
    return c.json(paginate(context, c, found).map((each) => reviewCommentJson(context, repository, each)));
  });

  routes.get("/repos/:owner/:repo/pulls/comments", (c) => {
    const { repository } = openForPulls(context, c, "read");
    const found = sinceOf(
      c,
      [...repository.reviewComments.values()].filter((each) => isPublic(repository, each)),
    );
    return c.json(paginate(context, c, found).map((each) => reviewCommentJson(context, repository, each)));
  });

  routes.post("/repos/:owner/:repo/pulls/:number/comments", async (c) => {
    const { actor, repository } = openForPulls(context, c, "write");
    const pull = requirePull(repository, numberParam(c, "number"));
    const body = await readBody(c);
    const answered = optionalNumber(body, "in_reply_to");
    if (answered !== undefined) return c.json(reply(context, repository, pull, actor.account, answered, body), 201);
    const commitId = requiredString(body, "commit_id");
    const draft = await checkedDraft(context, repository, pull, body, commitId);
    if ("refusal" in draft) {
      throw validationFailed([{ resource: "PullRequestReviewComment", code: "custom", ...draft.refusal }]);
    }
    return c.json(single(context, repository, pull, actor.account, draft, null), 201);
  });

  // GitHub's description has this call closed to Apps.
  routes.post("/repos/:owner/:repo/pulls/:number/comments/:id/replies", async (c) => {
    const { actor, repository } = openForPulls(context, c, "write");
    const pull = requirePull(repository, numberParam(c, "number"));
    if (actor.kind === "installation") throw notFound();
    return c.json(reply(context, repository, pull, actor.account, numberParam(c, "id"), await readBody(c)), 201);
  });

  routes.get("/repos/:owner/:repo/pulls/comments/:id", (c) => {
    const { repository } = openForPulls(context, c, "read");
    return c.json(reviewCommentJson(context, repository, requireComment(repository, c)));
  });

  routes.patch("/repos/:owner/:repo/pulls/comments/:id", async (c) => {
    const { actor, repository } = openForPulls(context, c, "write");
    const comment = requireComment(repository, c);
    requireOwnOrWriter(repository, actor, comment.author);
    const from = comment.body;
    comment.body = checkedBody(requiredString(await readBody(c), "body")) ?? "";
    comment.updatedAt = context.timestamp();
    emitReviewComment(context, repository, comment, "edited", actor.account, { changes: { body: { from } } });
    return c.json(reviewCommentJson(context, repository, comment));
  });

  routes.delete("/repos/:owner/:repo/pulls/comments/:id", (c) => {
    const { actor, repository } = openForPulls(context, c, "write");
    const comment = requireComment(repository, c);
    requireOwnOrWriter(repository, actor, comment.author);
    emitReviewComment(context, repository, comment, "deleted", actor.account);
    repository.reviewComments.delete(comment.id);
    const thread = repository.reviewThreads.get(comment.threadId);
    thread?.commentIds.splice(thread.commentIds.indexOf(comment.id), 1);
    if (thread?.commentIds.length === 0) repository.reviewThreads.delete(thread.id);
    return c.body(null, 204);
  });

  return routes;
}

/** What a comment would be, or why it can't: it must be on something that the pull request shows. */
export async function checkedDraft(
  context: SandboxContext,
  repository: Repository,
  pull: Pull,
  body: Record<string, unknown>,
  commitId: string,
): Promise<Draft | Refused> {
  const path = requiredString(body, "path");
  const text = checkedBody(requiredString(body, "body")) ?? "";
  if (text.trim() === "") return refused("body", "Body can't be blank");
  const isKnown = (await context.git(repository).commit(commitId)) !== null;
  if (!isKnown) return refused("pull_request_review_thread.commit_id", "Commit is not part of the pull request");
  const file = (await pullFiles(context, repository, pull)).find((each) => each.path === path);
  if (file === undefined) return refused("pull_request_review_thread.path", "Path could not be resolved");
  const side = optionalString(body, "side") === "LEFT" ? "LEFT" : "RIGHT";
  const line = optionalNumber(body, "line") ?? null;
  const startLine = optionalNumber(body, "start_line") ?? null;
  const about = { body: text, path, side, commitId } as const;
  if (optionalString(body, "subject_type") === "file") {
    return { ...about, subjectType: "file", line: null, startLine: null, diffHunk: "" };
  }
  const diffHunk = line === null ? null : hunkAt(file.patch ?? "", line, side);
  if (line === null || diffHunk === null)
    return refused("pull_request_review_thread.line", "Line could not be resolved");
  const startsInDiff = startLine === null || (startLine < line && hunkAt(file.patch ?? "", startLine, side) !== null);
  if (!startsInDiff) return refused("pull_request_review_thread.start_line", "Start line could not be resolved");
  return { ...about, subjectType: "line", line, startLine, diffHunk };
}

function refused(field: string, message: string): Refused {
  return { refusal: { field, message } };
}

/** Keeps a comment in its thread, or in a new one. Tells nobody yet. */
export function addReviewComment(
  context: SandboxContext,
  repository: Repository,
  pull: Pull,
  review: Review,
  draft: Draft,
  inReplyTo: ReviewComment | null = null,
): ReviewComment {
  const { path, line, startLine, side } = draft;
  const thread: ReviewThread = (inReplyTo === null ? undefined : repository.reviewThreads.get(inReplyTo.threadId)) ?? {
    id: context.newId(),
    pullNumber: pull.number,
    path,
    line,
    startLine,
    side,
    commentIds: [],
    resolvedBy: null,
    isResolved: false,
    isOutdated: false,
  };
  repository.reviewThreads.set(thread.id, thread);
  const at = context.timestamp();
  const comment: ReviewComment = {
    ...draft,
    id: context.newId(),
    pullNumber: pull.number,
    reviewId: review.id,
    threadId: thread.id,
    inReplyToId: thread.commentIds[0] ?? null,
    author: review.author,
    createdAt: at,
    updatedAt: at,
    minimizedReason: null,
    reactions: [],
  };
  thread.commentIds.push(comment.id);
  repository.reviewComments.set(comment.id, comment);
  return comment;
}

export function emitReviewComment(
  context: SandboxContext,
  repository: Repository,
  comment: ReviewComment,
  action: "created" | "edited" | "deleted",
  sender: Account,
  extra: Json = {},
): void {
  const pull = requirePull(repository, comment.pullNumber);
  const payload = {
    comment: reviewCommentJson(context, repository, comment),
    pull_request: pullJson(context, repository, pull),
    ...extra,
  };
  context.emit({ event: "pull_request_review_comment", action, repository, sender, payload });
}

/** A comment outside a review makes a review of its own around it, and both are told. */
function single(
  context: SandboxContext,
  repository: Repository,
  pull: Pull,
  author: Account,
  draft: Draft,
  inReplyTo: ReviewComment | null,
): Json {
  const review: Review = {
    id: context.newId(),
    pullNumber: pull.number,
    author,
    state: "COMMENTED",
    body: "",
    commitId: draft.commitId,
    submittedAt: context.timestamp(),
  };
  repository.reviews.set(review.id, review);
  const comment = addReviewComment(context, repository, pull, review, draft, inReplyTo);
  emitReview(context, repository, review, "submitted", author);
  emitReviewComment(context, repository, comment, "created", author);
  return reviewCommentJson(context, repository, comment);
}

function reply(
  context: SandboxContext,
  repository: Repository,
  pull: Pull,
  author: Account,
  id: number,
  body: Record<string, unknown>,
): Json {
  const parent = repository.reviewComments.get(id);
  if (parent === undefined || parent.pullNumber !== pull.number) throw notFound();
  const text = checkedBody(requiredString(body, "body")) ?? "";
  if (text.trim() === "") {
    throw validationFailed([
      { resource: "PullRequestReviewComment", code: "custom", field: "body", message: "Body can't be blank" },
    ]);
  }
  return single(context, repository, pull, author, { ...parent, body: text }, parent);
}

function isPublic(repository: Repository, comment: ReviewComment): boolean {
  return repository.reviews.get(comment.reviewId)?.state !== "PENDING";
}

function requireComment(repository: Repository, c: Context): ReviewComment {
  const comment = repository.reviewComments.get(numberParam(c, "id"));
  if (comment === undefined) throw notFound();
  return comment;
}

function sinceOf(c: Context, comments: readonly ReviewComment[]): ReviewComment[] {
  const since = c.req.query("since");
  return comments.filter((comment) => since === undefined || new Date(comment.updatedAt) >= new Date(since));
}
