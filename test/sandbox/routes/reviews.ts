import { Hono } from "hono";
import type { Context } from "hono";
import { readBody, requirePermission, roleAtLeast, roleOf } from "../auth.ts";
import { GitHubError, notFound } from "../errors.ts";
import { issueOf, pullJson, reviewCommentJson, reviewCommentsOf, reviewJson } from "../payloads-pulls.ts";
import type { Account, Pull, Repository, Review, ReviewComment, ReviewState, SandboxContext } from "../state.ts";
import { checkedBody } from "./issue-changes.ts";
import { asRecord, numberParam, optionalList, optionalString, paginate, requiredString } from "./http.ts";
import { openForPulls, requirePull } from "./pulls.ts";
import { addReviewComment, checkedDraft, emitReviewComment } from "./review-comments.ts";

const STATE_OF_EVENT: Readonly<Record<string, ReviewState>> = {
  APPROVE: "APPROVED",
  REQUEST_CHANGES: "CHANGES_REQUESTED",
  COMMENT: "COMMENTED",
};

/** Reviews of pull requests. REST spells their states in upper case, webhooks in lower case. */
export function reviewRoutes(context: SandboxContext): Hono {
  const routes = new Hono();

  routes.get("/repos/:owner/:repo/pulls/:number/reviews", (c) => {
    const { actor, repository } = openForPulls(context, c, "read");
    const pull = requirePull(repository, numberParam(c, "number"));
    // A pending review is its author's own.
    const shown = reviewsOf(repository, pull).filter(
      (each) => each.state !== "PENDING" || each.author.id === actor.account.id,
    );
    return c.json(paginate(context, c, shown).map((each) => reviewJson(context, repository, each)));
  });

  routes.post("/repos/:owner/:repo/pulls/:number/reviews", async (c) => {
    const { actor, repository } = openForPulls(context, c, "write");
    const pull = requirePull(repository, numberParam(c, "number"));
    const body = await readBody(c);
    const text = checkedBody(optionalString(body, "body") ?? null) ?? "";
    const comments = (optionalList(body, "comments") ?? []).map((item) => asRecord(item, "comments"));
    const state = stateOf(optionalString(body, "event"));
    const commitId = optionalString(body, "commit_id") ?? pull.headSha;
    if (reviewsOf(repository, pull).some((each) => each.state === "PENDING" && each.author.id === actor.account.id)) {
      throw refusal("User can only have one pending review per pull request");
    }
    requireSayable(repository, pull, actor.account, state, text, comments.length);
    // Everything is checked before anything is kept: a refused review leaves nothing behind.
    const drafts = [];
    for (const comment of comments) {
      const draft = await checkedDraft(context, repository, pull, comment, commitId);
      // A review names its faults in plain sentences, unlike a single comment.
      if ("refusal" in draft) throw refusal(draft.refusal.message);
      drafts.push(draft);
    }
    const review: Review = {
      id: context.newId(),
      pullNumber: pull.number,
      author: actor.account,
      state,
      body: text,
      commitId,
      submittedAt: state === "PENDING" ? null : context.timestamp(),
    };
    repository.reviews.set(review.id, review);
    for (const draft of drafts) addReviewComment(context, repository, pull, review, draft);
    if (state !== "PENDING") submitted(context, repository, pull, review);
    return c.json(reviewJson(context, repository, review));
  });

  routes.get("/repos/:owner/:repo/pulls/:number/reviews/:id", (c) => {
    const { repository } = openForPulls(context, c, "read");
    return c.json(reviewJson(context, repository, requireReview(repository, c)));
  });

  routes.get("/repos/:owner/:repo/pulls/:number/reviews/:id/comments", (c) => {
    const { repository } = openForPulls(context, c, "read");
    const review = requireReview(repository, c);
    const found = reviewCommentsOf(repository, review.pullNumber).filter((each) => each.reviewId === review.id);
    return c.json(paginate(context, c, found).map((each) => reviewCommentJson(context, repository, each)));
  });

  routes.post("/repos/:owner/:repo/pulls/:number/reviews/:id/events", async (c) => {
    const { actor, repository } = openForPulls(context, c, "write");
    const review = requireReview(repository, c);
    const pull = requirePull(repository, review.pullNumber);
    if (review.author.id !== actor.account.id) throw notFound();
    if (review.state !== "PENDING") throw refusal("Could not submit a review that is not pending");
    const body = await readBody(c);
    const state = stateOf(requiredString(body, "event"));
    const text = checkedBody(optionalString(body, "body") ?? null) ?? review.body;
    const comments = reviewCommentsOf(repository, pull.number).filter((each) => each.reviewId === review.id).length;
    requireSayable(repository, pull, actor.account, state, text, comments);
    review.body = text;
    review.state = state;
    review.submittedAt = context.timestamp();
    submitted(context, repository, pull, review);
    return c.json(reviewJson(context, repository, review));
  });

  routes.put("/repos/:owner/:repo/pulls/:number/reviews/:id", async (c) => {
    const { actor, repository } = openForPulls(context, c, "write");
    const review = requireReview(repository, c);
    if (review.author.id !== actor.account.id) throw new GitHubError(403, "Must be the author of the review.");
    const from = review.body;
    review.body = checkedBody(requiredString(await readBody(c), "body")) ?? "";
    emitReview(context, repository, review, "edited", actor.account, { changes: { body: { from } } });
    return c.json(reviewJson(context, repository, review));
  });

  routes.put("/repos/:owner/:repo/pulls/:number/reviews/:id/dismissals", async (c) => {
    const { actor, repository } = openForPulls(context, c, "write");
    requirePermission(context, actor, repository, "pull_requests", "write");
    if (actor.kind === "user" && !roleAtLeast(roleOf(repository, actor.account.login), "write")) throw notFound();
    const review = requireReview(repository, c);
    requiredString(await readBody(c), "message");
    if (review.state !== "APPROVED" && review.state !== "CHANGES_REQUESTED") {
      throw refusal("Can not dismiss a commented pull request review");
    }
    review.state = "DISMISSED";
    emitReview(context, repository, review, "dismissed", actor.account);
    return c.json(reviewJson(context, repository, review));
  });

  return routes;
}

function submitted(context: SandboxContext, repository: Repository, pull: Pull, review: Review): void {
  pull.requestedReviewers = pull.requestedReviewers.filter((each) => each.id !== review.author.id);
  issueOf(repository, pull).updatedAt = context.timestamp();
  emitReview(context, repository, review, "submitted", review.author);
  const comments: ReviewComment[] = reviewCommentsOf(repository, pull.number).filter(
    (each) => each.reviewId === review.id,
  );
  for (const comment of comments) emitReviewComment(context, repository, comment, "created", review.author);
}

export function emitReview(
  context: SandboxContext,
  repository: Repository,
  review: Review,
  action: "submitted" | "edited" | "dismissed",
  sender: Account,
  extra: Record<string, unknown> = {},
): void {
  const pull = requirePull(repository, review.pullNumber);
  const json = reviewJson(context, repository, review);
  const payload = {
    review: { ...json, body: review.body === "" ? null : review.body, state: review.state.toLowerCase() },
    pull_request: pullJson(context, repository, pull),
    ...extra,
  };
  context.emit({ event: "pull_request_review", action, repository, sender, payload });
}

function reviewsOf(repository: Repository, pull: Pull): Review[] {
  return [...repository.reviews.values()].filter((each) => each.pullNumber === pull.number);
}

function requireReview(repository: Repository, c: Context): Review {
  const review = repository.reviews.get(numberParam(c, "id"));
  if (review === undefined || review.pullNumber !== numberParam(c, "number")) throw notFound();
  return review;
}

function stateOf(event: string | undefined): ReviewState {
  if (event === undefined || event === "PENDING") return "PENDING";
  const state = STATE_OF_EVENT[event];
  if (state === undefined)
    throw refusal(`Variable $event of type PullRequestReviewEvent was provided invalid value "${event}"`);
  return state;
}

function requireSayable(
  repository: Repository,
  pull: Pull,
  account: Account,
  state: ReviewState,
  text: string,
  comments: number,
): void {
  const own = issueOf(repository, pull).author.id === account.id;
  if (own && state === "APPROVED") throw refusal("Can not approve your own pull request");
  if (own && state === "CHANGES_REQUESTED") throw refusal("Can not request changes on your own pull request");
  const blank = text.trim() === "";
  if (blank && state === "CHANGES_REQUESTED") throw refusal("Can not request changes without a body");
  if (blank && state === "COMMENTED" && comments === 0)
    throw refusal("Body or comments are needed for a comment review");
}

function refusal(message: string): GitHubError {
  return new GitHubError(422, "Unprocessable Entity", { errors: [message] });
}
