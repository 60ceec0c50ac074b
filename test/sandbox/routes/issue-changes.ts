import type { Context } from "hono";
import { hasPermission, requireAnyPermission, requireRepository, requireToken, roleAtLeast, roleOf } from "../auth.ts";
import { forbidden, GitHubError, notFound, validationFailed } from "../errors.ts";
import { commentsOf, issueJson } from "../payloads-issues.ts";
import { fullPullJson } from "../payloads-pulls.ts";
import { repositoryJson } from "../payloads.ts";
import type { Json } from "../payloads.ts";
import type { Account, Actor, Issue, Level, Repository, SandboxContext } from "../state.ts";
import { optionalString } from "./http.ts";

const TITLE_LENGTH_MAX = 256;
/** Measured in UTF-8 bytes, although GitHub's message speaks of 65536 characters. */
const BODY_BYTES_MAX = 262_144;

/** The repository for an issue call. Reading needs the permission; so does writing for Apps, while people may always speak. */
export function openForIssues(
  context: SandboxContext,
  c: Context,
  level: Level,
  permissions: readonly string[] = ["issues", "pull_requests"],
): { actor: Actor; repository: Repository } {
  const actor = requireToken(context, c);
  const repository = requireRepository(context, c, actor);
  if (level === "read" || actor.kind !== "user") requireAnyPermission(context, actor, repository, permissions, level);
  return { actor, repository };
}

export function requireIssue(repository: Repository, number: number): Issue {
  const issue = repository.issues.get(number);
  if (issue === undefined) throw notFound();
  if (issue.deleted) throw new GitHubError(410, "This issue was deleted");
  if (issue.movedTo !== null) {
    const { repository: to, number: there } = issue.movedTo;
    throw new GitHubError(301, "Moved Permanently", {
      headers: { Location: `/repositories/${to.id}/issues/${there}` },
    });
  }
  return issue;
}

export function addIssue(
  context: SandboxContext,
  repository: Repository,
  actor: Actor,
  title: string,
  body: string | null,
  isPull: boolean,
): Issue {
  const at = context.timestamp();
  const issue: Issue = {
    id: context.newId(),
    number: repository.nextNumber,
    isPull,
    author: actor.account,
    title,
    body,
    state: "open",
    stateReason: null,
    labels: [],
    assignees: [],
    locked: false,
    deleted: false,
    movedTo: null,
    closedBy: null,
    viaApp: actor.kind === "installation",
    createdAt: at,
    updatedAt: at,
    closedAt: null,
    reactions: [],
    bodyEdits: [],
  };
  repository.nextNumber += 1;
  repository.issues.set(issue.number, issue);
  return issue;
}

/** Changes title and body and tells of it with what they were. */
export async function editText(
  context: SandboxContext,
  repository: Repository,
  issue: Issue,
  account: Account,
  body: Record<string, unknown>,
): Promise<void> {
  const title = optionalString(body, "title");
  const text = body["body"] === undefined ? undefined : (optionalString(body, "body") ?? null);
  const changes: Json = {};
  if (title !== undefined && title !== issue.title) changes["title"] = { from: issue.title };
  if (text !== undefined && text !== issue.body) changes["body"] = { from: issue.body ?? "" };
  if (Object.keys(changes).length === 0) return;
  issue.title = checkedTitle(title ?? issue.title);
  issue.body = text === undefined ? issue.body : checkedBody(text);
  issue.updatedAt = context.timestamp();
  if (changes["body"] !== undefined) issue.bodyEdits.unshift({ editor: account, editedAt: issue.updatedAt });
  await emitEither(context, repository, issue, "edited", account, { changes });
}

export function reopen(context: SandboxContext, issue: Issue): void {
  issue.state = "open";
  issue.stateReason = "reopened";
  issue.closedAt = null;
  issue.closedBy = null;
  issue.updatedAt = context.timestamp();
}

/** Deletes an issue as its page does: the number answers 410 from then on. There is no REST call for it. */
export function deleteIssue(context: SandboxContext, repository: Repository, number: number, account: Account): void {
  const issue = requireIssue(repository, number);
  emitIssue(context, repository, issue, "deleted", account);
  issue.deleted = true;
}

/** Moves an issue to another repository of its owner, as its page does: comments go along, labels that are not there stay behind. */
export function transferIssue(
  context: SandboxContext,
  repository: Repository,
  number: number,
  to: Repository,
  account: Account,
): Issue {
  const issue = requireIssue(repository, number);
  const moved: Issue = {
    ...issue,
    id: context.newId(),
    number: to.nextNumber,
    labels: issue.labels.flatMap((label) => to.labels.get(label.name.toLowerCase()) ?? []),
  };
  to.nextNumber += 1;
  to.issues.set(moved.number, moved);
  for (const comment of commentsOf(repository, number)) {
    repository.issueComments.delete(comment.id);
    to.issueComments.set(comment.id, { ...comment, issueNumber: moved.number });
  }
  const changes = { new_issue: issueJson(context, to, moved), new_repository: repositoryJson(context, to) };
  emitIssue(context, repository, issue, "transferred", account, { changes });
  issue.movedTo = { repository: to, number: moved.number };
  const origin = {
    old_issue: issueJson(context, repository, issue),
    old_repository: repositoryJson(context, repository),
  };
  emitIssue(context, to, moved, "opened", account, { changes: origin });
  return moved;
}

export function emitIssue(
  context: SandboxContext,
  repository: Repository,
  issue: Issue,
  action: string,
  sender: Account,
  extra: Json = {},
): void {
  const payload = { issue: issueJson(context, repository, issue), ...extra };
  context.emit({ event: "issues", action, repository, sender, payload });
}

/** The same change on a pull request is a pull_request event. */
export async function emitEither(
  context: SandboxContext,
  repository: Repository,
  issue: Issue,
  action: string,
  sender: Account,
  extra: Json = {},
): Promise<void> {
  const pull = repository.pulls.get(issue.number);
  if (pull === undefined) return emitIssue(context, repository, issue, action, sender, extra);
  const payload = { number: pull.number, pull_request: await fullPullJson(context, repository, pull), ...extra };
  context.emit({ event: "pull_request", action, repository, sender, payload });
}

export function mayTriage(context: SandboxContext, actor: Actor, repository: Repository): boolean {
  if (actor.kind === "user") return roleAtLeast(roleOf(repository, actor.account.login), "triage");
  return ["issues", "pull_requests"].some((name) => hasPermission(context, actor, repository, name, "write"));
}

export function requireTriage(context: SandboxContext, actor: Actor, repository: Repository): void {
  if (mayTriage(context, actor, repository)) return;
  if (actor.kind !== "user") throw forbidden("issues=write; pull_requests=write");
  throw new GitHubError(403, "Must have triage rights to Repository.");
}

export function checkedTitle(title: string): string {
  if (title.trim() === "") throw validationFailed([{ resource: "Issue", code: "missing_field", field: "title" }]);
  if (Array.from(title).length <= TITLE_LENGTH_MAX) return title;
  throw validationFailed([
    { resource: "Issue", code: "custom", field: "title", message: "title is too long (maximum is 256 characters)" },
  ]);
}

export function checkedBody(body: string | null): string | null {
  if (body === null || Buffer.byteLength(body) <= BODY_BYTES_MAX) return body;
  throw validationFailed([
    { resource: "Issue", code: "custom", field: "body", message: "body is too long (maximum is 65536 characters)" },
  ]);
}
