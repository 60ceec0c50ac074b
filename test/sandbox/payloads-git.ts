import { diffFiles } from "./diff.ts";
import type { FileChange } from "./diff.ts";
import type { Commit, Signature } from "./git-objects.ts";
import { formatCommit } from "./git-objects.ts";
import { htmlUrl, repositoryUrl, userJson } from "./payloads.ts";
import type { Json } from "./payloads.ts";
import type { Account, Repository, SandboxContext } from "./state.ts";

/** The name and address that GitHub writes for an account. */
export function signatureOf(context: SandboxContext, account: Account): Signature {
  const email = `${account.id}+${account.login}@users.noreply.github.com`;
  return { name: account.login, email, date: context.timestamp() };
}

/** GitHub's own committer for what is made on its side. */
export function webFlow(context: SandboxContext): Signature {
  return { name: "GitHub", email: "noreply@github.com", date: context.timestamp() };
}

function verificationJson(commit: Commit): Json {
  const payload = formatCommit({ ...commit, signed: false }).toString("utf8");
  return {
    verified: commit.verified,
    reason: commit.verified ? "valid" : commit.signature === null ? "unsigned" : "unknown_key",
    signature: commit.signature,
    payload: commit.signature === null ? null : payload,
    verified_at: commit.verified ? commit.committer.date : null,
  };
}

export function gitCommitJson(context: SandboxContext, repository: Repository, commit: Commit): Json {
  const api = `${repositoryUrl(context, repository)}/git`;
  const html = `${htmlUrl(context, repository)}/commit`;
  return {
    sha: commit.sha,
    node_id: `C_kwSB${commit.sha}`,
    url: `${api}/commits/${commit.sha}`,
    html_url: `${html}/${commit.sha}`,
    author: commit.author,
    committer: commit.committer,
    message: commit.message,
    tree: { sha: commit.tree, url: `${api}/trees/${commit.tree}` },
    parents: commit.parents.map((sha) => ({ sha, url: `${api}/commits/${sha}`, html_url: `${html}/${sha}` })),
    verification: verificationJson(commit),
  };
}

/** The form of commit lists; `files` only where GitHub gives them. */
export function commitJson(context: SandboxContext, repository: Repository, commit: Commit): Json {
  const api = repositoryUrl(context, repository);
  const url = `${api}/commits/${commit.sha}`;
  const html = `${htmlUrl(context, repository)}/commit`;
  const git = gitCommitJson(context, repository, commit);
  return {
    sha: commit.sha,
    node_id: git["node_id"],
    url,
    html_url: `${html}/${commit.sha}`,
    comments_url: `${url}/comments`,
    commit: {
      url: git["url"],
      author: commit.author,
      committer: commit.committer,
      message: commit.message,
      tree: git["tree"],
      comment_count: 0,
      verification: git["verification"],
    },
    author: accountOf(context, commit.author),
    committer: accountOf(context, commit.committer),
    parents: commit.parents.map((sha) => ({ sha, url: `${api}/commits/${sha}`, html_url: `${html}/${sha}` })),
  };
}

export function fileJson(context: SandboxContext, repository: Repository, file: FileChange, ref: string): Json {
  const path = encodeURI(file.path);
  return {
    sha: file.sha,
    filename: file.path,
    status: file.status,
    additions: file.additions,
    deletions: file.deletions,
    changes: file.additions + file.deletions,
    blob_url: `${htmlUrl(context, repository)}/blob/${ref}/${path}`,
    raw_url: `${htmlUrl(context, repository)}/raw/${ref}/${path}`,
    contents_url: `${repositoryUrl(context, repository)}/contents/${path}?ref=${ref}`,
    ...(file.patch === null ? {} : { patch: file.patch }),
    ...(file.previousPath === null ? {} : { previous_filename: file.previousPath }),
  };
}

/** A commit as a push payload lists it. */
export async function pushCommitJson(context: SandboxContext, repository: Repository, commit: Commit): Promise<Json> {
  const files = await diffFiles(context.git(repository), commit.parents[0] ?? null, commit.sha);
  const added = files.filter((file) => file.status === "added" || file.status === "renamed").map((file) => file.path);
  const removed = files.flatMap((file) =>
    file.status === "removed" ? [file.path] : file.previousPath === null ? [] : [file.previousPath],
  );
  const person = (signature: Signature): Json => {
    const account = findByEmail(context, signature.email);
    return { ...signature, ...(account === null ? {} : { username: account.login }) };
  };
  return {
    id: commit.sha,
    tree_id: commit.tree,
    distinct: true,
    message: commit.message,
    timestamp: commit.committer.date,
    url: `${htmlUrl(context, repository)}/commit/${commit.sha}`,
    author: person(commit.author),
    committer: person(commit.committer),
    added,
    removed,
    modified: files.filter((file) => file.status === "modified").map((file) => file.path),
  };
}

function accountOf(context: SandboxContext, signature: Signature): Json | null {
  const account = findByEmail(context, signature.email);
  return account === null ? null : userJson(context, account);
}

function findByEmail(context: SandboxContext, email: string): Account | null {
  const login = /^(?:\d+\+)?(.+)@users\.noreply\.github\.com$/.exec(email)?.[1];
  return context.state.accounts.get((login ?? "").toLowerCase()) ?? null;
}
