import { associationOf, htmlUrl } from "./payloads.ts";
import { GraphqlFailure } from "./graphql-errors.ts";
import { type Viewer, gitObjectAt, refObject } from "./graphql-git.ts";
import { type GraphqlObject, connection } from "./graphql-values.ts";
import { hasPermission } from "./auth.ts";
import { issueOf, mergeability, pullCommits, reviewDecision } from "./payloads-pulls.ts";
import { nodeId } from "./state.ts";
import type {
  Account,
  IssueComment,
  Pull,
  Repository,
  Review,
  ReviewComment,
  ReviewThread,
  SandboxContext,
} from "./state.ts";

export function repositoryObject(viewer: Viewer, repository: Repository): GraphqlObject {
  const { context } = viewer;
  const git = context.git(repository);
  const refAt = async (name: string): Promise<GraphqlObject | null> => {
    const oid = await git.ref(name);
    return oid === null ? null : refObject(viewer, repository, name, oid);
  };
  return {
    __typename: "Repository",
    id: nodeId("R", repository.id),
    databaseId: repository.id,
    name: repository.name,
    nameWithOwner: `${repository.owner.login}/${repository.name}`,
    owner: accountObject(context, repository.owner),
    url: htmlUrl(context, repository),
    isPrivate: repository.private,
    isArchived: repository.archived,
    isEmpty: async () => (await git.refs("refs/heads/")).length === 0,
    visibility: repository.private ? "PRIVATE" : "PUBLIC",
    defaultBranchRef: () => refAt(`refs/heads/${repository.defaultBranch}`),
    ref: async ({ qualifiedName }: { qualifiedName: string }) => {
      requireRead(viewer, repository, "contents");
      if (qualifiedName.startsWith("refs/")) return refAt(qualifiedName);
      return (await refAt(`refs/heads/${qualifiedName}`)) ?? refAt(`refs/tags/${qualifiedName}`);
    },
    object: ({ expression, oid }: { expression?: string; oid?: string }) => {
      requireRead(viewer, repository, "contents");
      return gitObjectAt(viewer, repository, expression ?? oid ?? "");
    },
    pullRequest: ({ number }: { number: number }) => {
      requireRead(viewer, repository, "pull_requests");
      const pull = repository.pulls.get(number);
      if (pull !== undefined) return pullObject(viewer, repository, pull);
      throw new GraphqlFailure("NOT_FOUND", `Could not resolve to a PullRequest with the number of ${number}.`);
    },
  };
}

export function pullObject(viewer: Viewer, repository: Repository, pull: Pull): GraphqlObject {
  const { context } = viewer;
  const issue = issueOf(repository, pull);
  const reviews = [...repository.reviews.values()].filter(
    (review) =>
      review.pullNumber === pull.number && (review.state !== "PENDING" || review.author.id === viewer.actor.account.id),
  );
  return {
    __typename: "PullRequest",
    id: nodeId("PR", pull.id),
    databaseId: pull.id,
    fullDatabaseId: String(pull.id),
    number: pull.number,
    title: issue.title,
    body: issue.body ?? "",
    url: `${htmlUrl(context, repository)}/pull/${pull.number}`,
    state: pull.merged ? "MERGED" : issue.state.toUpperCase(),
    closed: issue.state === "closed",
    closedAt: issue.closedAt,
    createdAt: issue.createdAt,
    updatedAt: issue.updatedAt,
    isDraft: pull.draft,
    merged: pull.merged,
    mergedAt: pull.mergedAt,
    mergedBy: pull.mergedBy === null ? null : accountObject(context, pull.mergedBy),
    mergeCommit: () => (pull.mergeCommitSha === null ? null : gitObjectAt(viewer, repository, pull.mergeCommitSha)),
    mergeable: async () => {
      const { mergeable } = await mergeability(context, repository, pull);
      return mergeable === null ? "UNKNOWN" : mergeable ? "MERGEABLE" : "CONFLICTING";
    },
    mergeStateStatus: async () => (await mergeability(context, repository, pull)).state.toUpperCase(),
    author: accountObject(context, issue.author),
    headRefName: pull.headRef,
    headRefOid: pull.headSha,
    baseRefName: pull.baseRef,
    baseRefOid: pull.baseSha,
    headRef: async () => {
      const name = `refs/heads/${pull.headRef}`;
      const oid = await context.git(repository).ref(name);
      return oid === null ? null : refObject(viewer, repository, name, oid);
    },
    repository: () => repositoryObject(viewer, repository),
    lastEditedAt: issue.bodyEdits[0]?.editedAt ?? null,
    editor: issue.bodyEdits[0] === undefined ? null : accountObject(context, issue.bodyEdits[0].editor),
    userContentEdits: connection("userContentEdits", () =>
      issue.bodyEdits.map(({ editor, editedAt }) => ({
        __typename: "UserContentEdit",
        editor: accountObject(context, editor),
        editedAt,
        createdAt: editedAt,
        updatedAt: editedAt,
        deletedAt: null,
      })),
    ),
    reviewDecision: reviewDecision(repository, pull),
    reviews: connection("reviews", ({ states }: { states?: readonly string[] }) =>
      reviews
        .filter((review) => states === undefined || states === null || states.includes(review.state))
        .map((review) => reviewObject(viewer, repository, review)),
    ),
    reviewThreads: connection("reviewThreads", () =>
      [...repository.reviewThreads.values()]
        .filter((thread) => thread.pullNumber === pull.number)
        .map((thread) => threadObject(viewer, repository, thread)),
    ),
    comments: connection("comments", () =>
      [...repository.issueComments.values()]
        .filter((comment) => comment.issueNumber === pull.number)
        .map((comment) => issueCommentObject(viewer, repository, comment)),
    ),
    commits: connection("commits", async () =>
      (await pullCommits(context, repository, pull)).map((sha) => ({
        __typename: "PullRequestCommit",
        id: `PRC_kwSB${pull.id}:${sha}`,
        commit: () => gitObjectAt(viewer, repository, sha),
      })),
    ),
  };
}

export function threadObject(viewer: Viewer, repository: Repository, thread: ReviewThread): GraphqlObject {
  return {
    __typename: "PullRequestReviewThread",
    id: nodeId("PRRT", thread.id),
    isResolved: thread.isResolved,
    isOutdated: thread.isOutdated,
    isCollapsed: thread.isResolved || thread.isOutdated,
    resolvedBy: thread.resolvedBy === null ? null : accountObject(viewer.context, thread.resolvedBy),
    viewerCanResolve: hasPermission(viewer.context, viewer.actor, repository, "contents", "write"),
    path: thread.path,
    line: thread.isOutdated ? null : thread.line,
    originalLine: thread.line,
    startLine: thread.isOutdated ? null : thread.startLine,
    diffSide: thread.side,
    subjectType: thread.line === null ? "FILE" : "LINE",
    comments: connection("comments", () =>
      thread.commentIds.flatMap((id) => {
        const comment = repository.reviewComments.get(id);
        return comment === undefined ? [] : [reviewCommentObject(viewer, repository, comment)];
      }),
    ),
    pullRequest: () => {
      const pull = repository.pulls.get(thread.pullNumber);
      return pull === undefined ? null : pullObject(viewer, repository, pull);
    },
  };
}

export function issueCommentObject(viewer: Viewer, repository: Repository, comment: IssueComment): GraphqlObject {
  const html = `${htmlUrl(viewer.context, repository)}/issues/${comment.issueNumber}#issuecomment-${comment.id}`;
  return commentFields(viewer, repository, comment, "IssueComment", nodeId("IC", comment.id), html);
}

export function reviewCommentObject(viewer: Viewer, repository: Repository, comment: ReviewComment): GraphqlObject {
  const html = `${htmlUrl(viewer.context, repository)}/pull/${comment.pullNumber}#discussion_r${comment.id}`;
  const isOutdated = repository.reviewThreads.get(comment.threadId)?.isOutdated ?? false;
  return {
    ...commentFields(viewer, repository, comment, "PullRequestReviewComment", nodeId("PRRC", comment.id), html),
    path: comment.path,
    line: isOutdated ? null : comment.line,
    startLine: isOutdated ? null : comment.startLine,
    originalLine: comment.line,
    originalStartLine: comment.startLine,
    outdated: isOutdated,
    state: repository.reviews.get(comment.reviewId)?.state === "PENDING" ? "PENDING" : "SUBMITTED",
    subjectType: comment.subjectType.toUpperCase(),
    diffHunk: comment.diffHunk,
    commit: () => gitObjectAt(viewer, repository, comment.commitId),
    originalCommit: () => gitObjectAt(viewer, repository, comment.commitId),
    replyTo: () => {
      const replied = repository.reviewComments.get(comment.inReplyToId ?? 0);
      return replied === undefined ? null : reviewCommentObject(viewer, repository, replied);
    },
    pullRequestReview: () => {
      const review = repository.reviews.get(comment.reviewId);
      return review === undefined ? null : reviewObject(viewer, repository, review);
    },
  };
}

export function accountObject(context: SandboxContext, account: Account): GraphqlObject {
  const isBot = account.type === "Bot";
  return {
    __typename: account.type,
    id: nodeId(isBot ? "BOT" : account.type === "User" ? "U" : "O", account.id),
    databaseId: account.id,
    // GraphQL names a bot without the ending that REST gives it.
    login: isBot ? account.login.replace(/\[bot\]$/, "") : account.login,
    url: `${context.url()}/${isBot ? "apps/" : ""}${account.login.replace(/\[bot\]$/, "")}`,
  };
}

function reviewObject(viewer: Viewer, repository: Repository, review: Review): GraphqlObject {
  return {
    __typename: "PullRequestReview",
    id: nodeId("PRR", review.id),
    databaseId: review.id,
    fullDatabaseId: String(review.id),
    state: review.state,
    body: review.body,
    author: accountObject(viewer.context, review.author),
    authorAssociation: associationOf(repository, review.author),
    submittedAt: review.submittedAt,
    url: `${htmlUrl(viewer.context, repository)}/pull/${review.pullNumber}#pullrequestreview-${review.id}`,
    commit: () => gitObjectAt(viewer, repository, review.commitId),
    comments: connection("comments", () =>
      [...repository.reviewComments.values()]
        .filter((comment) => comment.reviewId === review.id)
        .map((comment) => reviewCommentObject(viewer, repository, comment)),
    ),
  };
}

function commentFields(
  { context }: Viewer,
  repository: Repository,
  comment: IssueComment | ReviewComment,
  typename: string,
  id: string,
  url: string,
): GraphqlObject {
  return {
    __typename: typename,
    id,
    databaseId: comment.id,
    fullDatabaseId: String(comment.id),
    author: accountObject(context, comment.author),
    authorAssociation: associationOf(repository, comment.author),
    body: comment.body,
    createdAt: comment.createdAt,
    updatedAt: comment.updatedAt,
    isMinimized: comment.minimizedReason !== null,
    minimizedReason: comment.minimizedReason,
    url,
  };
}

function requireRead({ context, actor }: Viewer, repository: Repository, permission: string): void {
  if (hasPermission(context, actor, repository, permission, "read")) return;
  throw new GraphqlFailure("FORBIDDEN", "Resource not accessible by integration");
}
