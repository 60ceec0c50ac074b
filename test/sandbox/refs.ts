import { pushCommitJson, webFlow } from "./payloads-git.ts";
import { issueJson } from "./payloads-issues.ts";
import { fullPullJson, issueOf } from "./payloads-pulls.ts";
import { htmlUrl, repositoryUrl } from "./payloads.ts";
import { runOnPull, runOnPush } from "./triggers.ts";
import type { Json } from "./payloads.ts";
import type { Account, Issue, Pull, Repository, SandboxContext } from "./state.ts";

type RefChange = {
  readonly repository: Repository;
  readonly account: Account;
  /** Full name. */
  readonly ref: string;
  /** Null when the ref is created. */
  readonly before: string | null;
  /** Null when it is deleted. */
  readonly after: string | null;
};

const NO_SHA = "0".repeat(40);
/** GitHub lists no more in a push payload. */
const PUSH_COMMITS_MAX = 2048;

/** Moves a ref if it is still at `before`, and does all that follows from a push; false when it was elsewhere. */
export async function changeRef(context: SandboxContext, change: RefChange): Promise<boolean> {
  if (!(await context.git(change.repository).updateRef(change.ref, change.after, change.before))) return false;
  await refMoved(context, change);
  return true;
}

/** What follows from a moved ref: push, create and delete webhooks, pull requests in step, issues closed. */
export async function refMoved(context: SandboxContext, change: RefChange): Promise<void> {
  const { repository, account, ref, before, after } = change;
  const branch = shortName(ref, "refs/heads/");
  const tag = shortName(ref, "refs/tags/");
  // Other refs are GitHub's back room: no event tells of them.
  if (branch === null && tag === null) return;
  repository.pushedAt = context.timestamp();
  const about = { ref: branch ?? tag, ref_type: branch === null ? "tag" : "branch", pusher_type: "user" };
  if (before === null) {
    const payload = { ...about, master_branch: repository.defaultBranch, description: null };
    context.emit({ event: "create", action: null, repository, sender: account, payload });
  }
  if (after === null) context.emit({ event: "delete", action: null, repository, sender: account, payload: about });
  const payload = await pushPayload(context, change);
  context.emit({ event: "push", action: null, repository, sender: account, payload });
  if (branch === null) return;
  if (after !== null) {
    const from = before ?? (await branchPoint(context, repository, after));
    await runOnPush(context, { repository, account, branch, from, after });
  }
  for (const pull of openPulls(repository)) {
    if (pull.headRef === branch) await syncHead(context, change, pull);
    else if (pull.baseRef === branch && after !== null) await noticeMerge(context, change, pull, after);
  }
  if (branch === repository.defaultBranch && after !== null) await closeMentioned(context, change, after);
}

async function pushPayload(context: SandboxContext, change: RefChange): Promise<Json> {
  const { repository, account, ref, before, after } = change;
  const git = context.git(repository);
  const from = before ?? (after === null ? null : await branchPoint(context, repository, after));
  const shas = after === null ? [] : (await git.log(after, from, PUSH_COMMITS_MAX)).reverse();
  const commits: Json[] = [];
  for (const sha of before === null && from === null ? shas.slice(-20) : shas) {
    const commit = await git.commit(sha);
    if (commit !== null) commits.push(await pushCommitJson(context, repository, commit));
  }
  const head = after === null ? null : await git.commit(after);
  return {
    ref,
    before: before ?? NO_SHA,
    after: after ?? NO_SHA,
    base_ref: null,
    created: before === null,
    deleted: after === null,
    forced: before !== null && after !== null && !(await git.isAncestor(before, after)),
    compare: `${htmlUrl(context, repository)}/compare/${before?.slice(0, 12) ?? ""}...${after?.slice(0, 12) ?? ""}`,
    commits,
    head_commit: head === null ? null : (commits.at(-1) ?? (await pushCommitJson(context, repository, head))),
    pusher: { name: account.login, email: webFlow(context).email },
  };
}

async function branchPoint(context: SandboxContext, repository: Repository, sha: string): Promise<string | null> {
  const git = context.git(repository);
  const trunk = await git.ref(`refs/heads/${repository.defaultBranch}`);
  return trunk === null || trunk === sha ? trunk : git.mergeBase(trunk, sha);
}

async function syncHead(context: SandboxContext, change: RefChange, pull: Pull): Promise<void> {
  const { repository, account, before, after } = change;
  const issue = issueOf(repository, pull);
  if (after === null) {
    closeIssue(context, issue, account, null);
    return emitPull(context, repository, pull, "closed", account);
  }
  if (pull.headSha === after) return;
  pull.headSha = after;
  pull.baseSha = (await context.git(repository).ref(`refs/heads/${pull.baseRef}`)) ?? pull.baseSha;
  issue.updatedAt = context.timestamp();
  await outdateThreads(context, repository, pull);
  await emitPull(context, repository, pull, "synchronize", account, { before: before ?? NO_SHA, after });
}

/** A thread is outdated once its file is not what it was when the comment was made. */
async function outdateThreads(context: SandboxContext, repository: Repository, pull: Pull): Promise<void> {
  const git = context.git(repository);
  for (const thread of repository.reviewThreads.values()) {
    if (thread.pullNumber !== pull.number || thread.isOutdated) continue;
    const commitId = repository.reviewComments.get(thread.commentIds[0] ?? 0)?.commitId ?? "";
    const then = await git.entry(commitId, thread.path);
    const now = await git.entry(pull.headSha, thread.path);
    thread.isOutdated = then?.sha !== now?.sha;
  }
}

/** Somebody pushed the head into the base: GitHub shows the pull request as merged. */
async function noticeMerge(context: SandboxContext, change: RefChange, pull: Pull, after: string): Promise<void> {
  const { repository, account } = change;
  if (pull.headSha === pull.baseSha || !(await context.git(repository).isAncestor(pull.headSha, after))) return;
  await markMerged(context, repository, pull, account, after);
}

/** Records the merge, tells of it, and closes what the text says it closes. */
export async function markMerged(
  context: SandboxContext,
  repository: Repository,
  pull: Pull,
  account: Account,
  sha: string,
): Promise<void> {
  const issue = issueOf(repository, pull);
  pull.merged = true;
  pull.mergedAt = context.timestamp();
  pull.mergedBy = account;
  pull.mergeCommitSha = sha;
  closeIssue(context, issue, account, null);
  await emitPull(context, repository, pull, "closed", account);
  if (pull.baseRef === repository.defaultBranch) closeByText(context, repository, account, issue.body ?? "");
}

export async function emitPull(
  context: SandboxContext,
  repository: Repository,
  pull: Pull,
  action: string,
  sender: Account,
  extra: Json = {},
): Promise<void> {
  const payload = { number: pull.number, pull_request: await fullPullJson(context, repository, pull), ...extra };
  context.emit({ event: "pull_request", action, repository, sender, payload });
  await runOnPull(context, repository, pull, action, sender);
}

export function closeIssue(
  context: SandboxContext,
  issue: Issue,
  account: Account,
  reason: Issue["stateReason"],
): void {
  issue.state = "closed";
  issue.stateReason = reason;
  issue.closedAt = context.timestamp();
  issue.updatedAt = issue.closedAt;
  issue.closedBy = account;
}

async function closeMentioned(context: SandboxContext, change: RefChange, after: string): Promise<void> {
  const git = context.git(change.repository);
  if (change.before === null) return;
  for (const sha of await git.log(after, change.before, PUSH_COMMITS_MAX)) {
    closeByText(context, change.repository, change.account, (await git.commit(sha))?.message ?? "");
  }
}

const CLOSING = /\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+#(\d+)\b/gi;

function closeByText(context: SandboxContext, repository: Repository, account: Account, text: string): void {
  for (const [, number] of text.matchAll(CLOSING)) {
    const issue = repository.issues.get(Number(number));
    if (issue === undefined || issue.isPull || issue.deleted || issue.state === "closed") continue;
    closeIssue(context, issue, account, "completed");
    const payload = { issue: issueJson(context, repository, issue) };
    context.emit({ event: "issues", action: "closed", repository, sender: account, payload });
  }
}

export function openPulls(repository: Repository): Pull[] {
  return [...repository.pulls.values()].filter((pull) => issueOf(repository, pull).state === "open");
}

export function refJson(
  context: SandboxContext,
  repository: Repository,
  ref: string,
  sha: string,
  type = "commit",
): Json {
  const api = `${repositoryUrl(context, repository)}/git`;
  const path = ref
    .replace(/^refs\//, "")
    .split("/")
    .map(encodeURIComponent)
    .join("/");
  return {
    ref,
    node_id: `REF_kwSB${Buffer.from(`${repository.id}:${ref}`).toString("base64url")}`,
    url: `${api}/refs/${path}`,
    object: { sha, type, url: `${api}/${type}s/${sha}` },
  };
}

function shortName(ref: string, prefix: string): string | null {
  return ref.startsWith(prefix) ? ref.slice(prefix.length) : null;
}
