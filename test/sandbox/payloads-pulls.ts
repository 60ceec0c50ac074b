import { roleAtLeast, roleOf } from "./auth.ts";
import { missingChecks, standingsOn } from "./commit-standing.ts";
import { diffFiles } from "./diff.ts";
import type { FileChange } from "./diff.ts";
import { commentsOf } from "./payloads-issues.ts";
import {
  appJson,
  associationOf,
  htmlUrl,
  labelJson,
  reactionsJson,
  repositoryJson,
  repositoryUrl,
  userJson,
} from "./payloads.ts";
import type { Json } from "./payloads.ts";
import { fullName, nodeId } from "./state.ts";
import type { CheckRun, Issue, Pull, Repository, Review, ReviewComment, SandboxContext } from "./state.ts";

/** The issue side of a pull request: its title, body, state and labels. */
export function issueOf(repository: Repository, pull: Pull): Issue {
  const issue = repository.issues.get(pull.number);
  if (issue === undefined) throw new Error(`reading pull request ${pull.number}: it has no issue`);
  return issue;
}

/** The short form of lists. */
export function pullJson(context: SandboxContext, repository: Repository, pull: Pull): Json {
  const issue = issueOf(repository, pull);
  const api = repositoryUrl(context, repository);
  const url = `${api}/pulls/${pull.number}`;
  const issueUrl = `${api}/issues/${pull.number}`;
  const html = `${htmlUrl(context, repository)}/pull/${pull.number}`;
  const assignees = issue.assignees.map((each) => userJson(context, each));
  const side = (ref: string, sha: string): Json => ({
    label: `${repository.owner.login}:${ref}`,
    ref,
    sha,
    user: userJson(context, repository.owner),
    repo: repositoryJson(context, repository),
  });
  const link = (href: string): Json => ({ href });
  return {
    url,
    id: pull.id,
    node_id: nodeId("PR", pull.id),
    html_url: html,
    diff_url: `${html}.diff`,
    patch_url: `${html}.patch`,
    issue_url: issueUrl,
    commits_url: `${url}/commits`,
    review_comments_url: `${url}/comments`,
    review_comment_url: `${api}/pulls/comments{/number}`,
    comments_url: `${issueUrl}/comments`,
    statuses_url: `${api}/statuses/${pull.headSha}`,
    number: pull.number,
    state: issue.state,
    locked: issue.locked,
    title: issue.title,
    user: userJson(context, issue.author),
    body: issue.body,
    labels: issue.labels.map((label) => labelJson(context, repository, label)),
    milestone: null,
    active_lock_reason: null,
    created_at: issue.createdAt,
    updated_at: issue.updatedAt,
    closed_at: issue.closedAt,
    merged_at: pull.mergedAt,
    merge_commit_sha: pull.mergeCommitSha,
    assignee: assignees[0] ?? null,
    assignees,
    requested_reviewers: pull.requestedReviewers.map((each) => userJson(context, each)),
    requested_teams: [],
    head: side(pull.headRef, pull.headSha),
    base: side(pull.baseRef, pull.baseSha),
    _links: {
      self: link(url),
      html: link(html),
      issue: link(issueUrl),
      comments: link(`${issueUrl}/comments`),
      review_comments: link(`${url}/comments`),
      review_comment: link(`${api}/pulls/comments{/number}`),
      commits: link(`${url}/commits`),
      statuses: link(`${api}/statuses/${pull.headSha}`),
    },
    author_association: associationOf(repository, issue.author),
    auto_merge: pull.autoMerge === null ? null : autoMergeJson(context, pull.autoMerge),
    draft: pull.draft,
  };
}

function autoMergeJson(context: SandboxContext, autoMerge: NonNullable<Pull["autoMerge"]>): Json {
  return {
    enabled_by: userJson(context, autoMerge.enabledBy),
    merge_method: autoMerge.method,
    commit_title: "",
    commit_message: "",
  };
}

/** The long form: mergeability and sizes are worked out from git. */
export async function fullPullJson(context: SandboxContext, repository: Repository, pull: Pull): Promise<Json> {
  const files = await pullFiles(context, repository, pull);
  const { mergeable, state } = await mergeability(context, repository, pull);
  const sum = (pick: (file: FileChange) => number) => files.reduce((total, file) => total + pick(file), 0);
  return {
    ...pullJson(context, repository, pull),
    merged: pull.merged,
    mergeable,
    rebaseable: mergeable,
    mergeable_state: state,
    merged_by: pull.mergedBy === null ? null : userJson(context, pull.mergedBy),
    comments: commentsOf(repository, pull.number).length,
    review_comments: reviewCommentsOf(repository, pull.number).length,
    maintainer_can_modify: pull.maintainerCanModify,
    commits: (await pullCommits(context, repository, pull)).length,
    additions: sum((file) => file.additions),
    deletions: sum((file) => file.deletions),
    changed_files: files.length,
  };
}

/** From the point where the head left the base, as a pull request shows it. */
export async function pullFiles(context: SandboxContext, repository: Repository, pull: Pull): Promise<FileChange[]> {
  const git = context.git(repository);
  return diffFiles(git, await git.mergeBase(pull.baseSha, pull.headSha), pull.headSha);
}

/** Oldest first. */
export async function pullCommits(context: SandboxContext, repository: Repository, pull: Pull): Promise<string[]> {
  return (await context.git(repository).log(pull.headSha, pull.baseSha, PULL_COMMITS_MAX)).reverse();
}

/** GitHub lists no more. */
const PULL_COMMITS_MAX = 250;

export async function mergeability(
  context: SandboxContext,
  repository: Repository,
  pull: Pull,
): Promise<{ mergeable: boolean | null; state: string }> {
  if (pull.merged || issueOf(repository, pull).state === "closed") return { mergeable: null, state: "unknown" };
  const git = context.git(repository);
  const base = await git.ref(`refs/heads/${pull.baseRef}`);
  const tree = base === null ? null : await git.mergeTree(base, pull.headSha);
  if (tree === null) return { mergeable: false, state: "dirty" };
  if (pull.draft) return { mergeable: true, state: "draft" };
  const verdicts = [...verdictsOf(repository, pull).values()];
  const ruled = repository.approvalsRequired.has(pull.baseRef);
  if (ruled && (approvalsMissing(repository, pull) > 0 || verdicts.includes("CHANGES_REQUESTED"))) {
    return { mergeable: true, state: "blocked" };
  }
  const queued = repository.mergeQueues.has(pull.baseRef);
  if (queued || missingChecks(repository, pull.baseRef, pull.headSha).length > 0) {
    return { mergeable: true, state: "blocked" };
  }
  const passed = standingsOn(repository, pull.headSha).every(({ state }) => state === "passed");
  return { mergeable: true, state: passed ? "clean" : "unstable" };
}

/**
 * GitHub's summary of the reviews. Without a rule that asks for some it speaks only of verdicts that there are;
 * with one it says so as long as approvals are missing.
 */
export function reviewDecision(repository: Repository, pull: Pull): string | null {
  const verdicts = [...verdictsOf(repository, pull).values()];
  if (verdicts.includes("CHANGES_REQUESTED")) return "CHANGES_REQUESTED";
  if (approvalsMissing(repository, pull) > 0) return "REVIEW_REQUIRED";
  return verdicts.includes("APPROVED") ? "APPROVED" : null;
}

export function approvalsMissing(repository: Repository, pull: Pull): number {
  const approvals = [...verdictsOf(repository, pull).values()].filter((verdict) => verdict === "APPROVED").length;
  return Math.max((repository.approvalsRequired.get(pull.baseRef) ?? 0) - approvals, 0);
}

/** The latest verdict of each person who can write; a mere comment changes no verdict. */
function verdictsOf(repository: Repository, pull: Pull): ReadonlyMap<number, string> {
  const verdicts = new Map<number, string>();
  for (const { author, state, pullNumber } of repository.reviews.values()) {
    const counts = author.type === "User" && roleAtLeast(roleOf(repository, author.login), "write");
    if (pullNumber !== pull.number || !counts || author.id === issueOf(repository, pull).author.id) continue;
    if (state === "DISMISSED") verdicts.delete(author.id);
    else if (state === "APPROVED" || state === "CHANGES_REQUESTED") verdicts.set(author.id, state);
  }
  return verdicts;
}

export function reviewCommentsOf(repository: Repository, number: number): ReviewComment[] {
  return [...repository.reviewComments.values()].filter((comment) => comment.pullNumber === number);
}

export function reviewJson(context: SandboxContext, repository: Repository, review: Review): Json {
  const pullUrl = `${repositoryUrl(context, repository)}/pulls/${review.pullNumber}`;
  const html = `${htmlUrl(context, repository)}/pull/${review.pullNumber}#pullrequestreview-${review.id}`;
  return {
    id: review.id,
    node_id: nodeId("PRR", review.id),
    user: userJson(context, review.author),
    body: review.body,
    state: review.state,
    html_url: html,
    pull_request_url: pullUrl,
    _links: { html: { href: html }, pull_request: { href: pullUrl } },
    ...(review.submittedAt === null ? {} : { submitted_at: review.submittedAt }),
    commit_id: review.commitId,
    author_association: associationOf(repository, review.author),
  };
}

export function reviewCommentJson(context: SandboxContext, repository: Repository, comment: ReviewComment): Json {
  const api = `${repositoryUrl(context, repository)}/pulls`;
  const url = `${api}/comments/${comment.id}`;
  const html = `${htmlUrl(context, repository)}/pull/${comment.pullNumber}#discussion_r${comment.id}`;
  return {
    url,
    pull_request_review_id: comment.reviewId,
    id: comment.id,
    node_id: nodeId("PRRC", comment.id),
    diff_hunk: comment.diffHunk,
    path: comment.path,
    commit_id: comment.commitId,
    original_commit_id: comment.commitId,
    ...(comment.inReplyToId === null ? {} : { in_reply_to_id: comment.inReplyToId }),
    user: userJson(context, comment.author),
    body: comment.body,
    created_at: comment.createdAt,
    updated_at: comment.updatedAt,
    html_url: html,
    pull_request_url: `${api}/${comment.pullNumber}`,
    author_association: associationOf(repository, comment.author),
    _links: { self: { href: url }, html: { href: html }, pull_request: { href: `${api}/${comment.pullNumber}` } },
    start_line: comment.startLine,
    original_start_line: comment.startLine,
    start_side: comment.startLine === null ? null : comment.side,
    ...(comment.line === null ? {} : { line: comment.line, original_line: comment.line }),
    side: comment.side,
    subject_type: comment.subjectType,
    reactions: reactionsJson(comment.reactions, `${url}/reactions`),
  };
}

export function checkRunJson(context: SandboxContext, repository: Repository, check: CheckRun): Json {
  const url = `${repositoryUrl(context, repository)}/check-runs/${check.id}`;
  const pulls = [...repository.pulls.values()].filter((pull) => pull.headSha === check.headSha && !pull.merged);
  const minimal = { id: repository.id, url: repositoryUrl(context, repository), name: fullName(repository) };
  return {
    id: check.id,
    name: check.name,
    node_id: nodeId("CR", check.id),
    head_sha: check.headSha,
    external_id: check.externalId,
    url,
    html_url: `${htmlUrl(context, repository)}/runs/${check.id}`,
    details_url: check.detailsUrl ?? `${htmlUrl(context, repository)}/runs/${check.id}`,
    status: check.status,
    conclusion: check.conclusion,
    started_at: check.startedAt,
    completed_at: check.completedAt,
    output: { ...check.output, annotations_count: check.annotations.length, annotations_url: `${url}/annotations` },
    check_suite: { id: check.suiteId },
    app: appJson(context, check.app),
    pull_requests: pulls.map((pull) => ({
      url: `${repositoryUrl(context, repository)}/pulls/${pull.number}`,
      id: pull.id,
      number: pull.number,
      head: { ref: pull.headRef, sha: pull.headSha, repo: minimal },
      base: { ref: pull.baseRef, sha: pull.baseSha, repo: minimal },
    })),
  };
}
