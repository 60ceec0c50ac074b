import { appJson, associationOf, htmlUrl, labelJson, reactionsJson, repositoryUrl, userJson } from "./payloads.ts";
import type { Json } from "./payloads.ts";
import { nodeId } from "./state.ts";
import type { Issue, IssueComment, Repository, SandboxContext } from "./state.ts";

export function issueJson(context: SandboxContext, repository: Repository, issue: Issue): Json {
  const url = `${repositoryUrl(context, repository)}/issues/${issue.number}`;
  const html = `${htmlUrl(context, repository)}/${issue.isPull ? "pull" : "issues"}/${issue.number}`;
  const comments = commentsOf(repository, issue.number);
  const pinned = comments.find((comment) => comment.pinned !== null);
  const assignees = issue.assignees.map((each) => userJson(context, each));
  return {
    id: issue.id,
    node_id: nodeId(issue.isPull ? "PR" : "I", issue.isPull ? (repository.pulls.get(issue.number)?.id ?? 0) : issue.id),
    url,
    repository_url: repositoryUrl(context, repository),
    labels_url: `${url}/labels{/name}`,
    comments_url: `${url}/comments`,
    events_url: `${url}/events`,
    timeline_url: `${url}/timeline`,
    html_url: html,
    number: issue.number,
    state: issue.state,
    state_reason: issue.stateReason,
    title: issue.title,
    body: issue.body,
    user: userJson(context, issue.author),
    labels: issue.labels.map((label) => labelJson(context, repository, label)),
    assignee: assignees[0] ?? null,
    assignees,
    pinned_comment: pinned === undefined ? null : commentJson(context, repository, pinned),
    milestone: null,
    locked: issue.locked,
    active_lock_reason: null,
    comments: comments.length,
    ...(issue.isPull ? pullPart(context, repository, issue) : {}),
    closed_at: issue.closedAt,
    created_at: issue.createdAt,
    updated_at: issue.updatedAt,
    closed_by: issue.closedBy === null ? null : userJson(context, issue.closedBy),
    performed_via_github_app: issue.viaApp ? appJson(context) : null,
    author_association: associationOf(repository, issue.author),
    reactions: reactionsJson(issue.reactions, `${url}/reactions`),
    sub_issues_summary: { total: 0, completed: 0, percent_completed: 0 },
    issue_dependencies_summary: { blocked_by: 0, total_blocked_by: 0, blocking: 0, total_blocking: 0 },
  };
}

function pullPart(context: SandboxContext, repository: Repository, issue: Issue): Json {
  const pull = repository.pulls.get(issue.number);
  const html = `${htmlUrl(context, repository)}/pull/${issue.number}`;
  return {
    draft: pull?.draft ?? false,
    pull_request: {
      url: `${repositoryUrl(context, repository)}/pulls/${issue.number}`,
      html_url: html,
      diff_url: `${html}.diff`,
      patch_url: `${html}.patch`,
      merged_at: pull?.mergedAt ?? null,
    },
  };
}

export function commentsOf(repository: Repository, number: number): IssueComment[] {
  return [...repository.issueComments.values()].filter((comment) => comment.issueNumber === number);
}

export function commentJson(context: SandboxContext, repository: Repository, comment: IssueComment): Json {
  const url = `${repositoryUrl(context, repository)}/issues/comments/${comment.id}`;
  const isPull = repository.pulls.has(comment.issueNumber);
  const page = `${htmlUrl(context, repository)}/${isPull ? "pull" : "issues"}/${comment.issueNumber}`;
  return {
    id: comment.id,
    node_id: nodeId("IC", comment.id),
    url,
    html_url: `${page}#issuecomment-${comment.id}`,
    issue_url: `${repositoryUrl(context, repository)}/issues/${comment.issueNumber}`,
    user: userJson(context, comment.author),
    body: comment.body,
    created_at: comment.createdAt,
    updated_at: comment.updatedAt,
    author_association: associationOf(repository, comment.author),
    performed_via_github_app: comment.viaApp ? appJson(context) : null,
    pin:
      comment.pinned === null
        ? null
        : { pinned_at: comment.pinned.at, pinned_by: userJson(context, comment.pinned.by) },
    reactions: reactionsJson(comment.reactions, `${url}/reactions`),
  };
}
