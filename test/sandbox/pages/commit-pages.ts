import { diffFiles } from "../diff.ts";
import type { Commit } from "../git-objects.ts";
import type { Repository, SandboxContext } from "../state.ts";
import { repositoryPath } from "./addresses.ts";
import { diffView } from "./diff-view.ts";
import { html, nothing } from "./html.ts";
import type { Html } from "./html.ts";
import { counted, note, time } from "./layout.ts";
import type { Page } from "./layout.ts";

const LISTED_MAX = 100;
const MESSAGE_LENGTH_MAX = 20_000;

export async function commitPage(context: SandboxContext, repository: Repository, sha: string): Promise<Page | null> {
  const git = context.git(repository);
  const resolved = await git.resolve(sha);
  const commit = resolved === null ? null : await git.commit(resolved);
  if (commit === null) return null;
  const files = await diffFiles(git, commit.parents[0] ?? null, commit.sha);
  const { subject, rest } = messageOf(commit);
  const parents = commit.parents.map(
    (parent) => html` <a href="${repositoryPath(repository, "commit", parent)}"><code>${parent.slice(0, 7)}</code></a>`,
  );
  const body = html`<h1>${subject}</h1>
    ${rest === "" ? nothing : html`<pre class="plain">${rest}</pre>`}
    <p class="dim"><b>${commit.author.name}</b> committed · ${time(commit.committer.date)}${verified(commit)}</p>
    <p class="dim">
      Commit <code>${commit.sha}</code>${
        parents.length === 0 ? nothing : html` · ${parents.length === 1 ? "parent" : "parents"}${parents}`
      }
      · <a href="${repositoryPath(repository, "tree", commit.sha)}">Browse the files</a>
    </p>
    ${diffView(repository, files, commit.sha)}`;
  return { title: `${subject} · ${commit.sha.slice(0, 7)}`, body, repository, tab: "code" };
}

/** History of a branch, tag or commit, newest first. */
export async function historyPage(context: SandboxContext, repository: Repository, ref: string): Promise<Page | null> {
  const git = context.git(repository);
  const sha = await git.resolve(ref);
  if (sha === null) return null;
  const shas = await git.log(sha, null, LISTED_MAX + 1);
  const commits = await readCommits(context, repository, shas.slice(0, LISTED_MAX));
  const body = html`<h1>Commits on <code>${ref}</code></h1>
    <div class="box">${commitList(repository, commits)}</div>
    ${shas.length > LISTED_MAX ? note("Older commits are not shown.") : nothing}`;
  return { title: `Commits on ${ref}`, body, repository, tab: "code" };
}

/** What `head` has over the point where it left `base`. */
export async function comparePage(
  context: SandboxContext,
  repository: Repository,
  range: string,
): Promise<Page | null> {
  const git = context.git(repository);
  const [baseName = "", headName = ""] = range.split("...");
  const base = await git.resolve(baseName);
  const head = await git.resolve(headName);
  const merge = base === null || head === null ? null : await git.mergeBase(base, head);
  if (base === null || head === null || merge === null) return null;
  const shas = await git.log(head, base, LISTED_MAX + 1);
  const commits = await readCommits(context, repository, shas.slice(0, LISTED_MAX));
  const body = html`<h1><code>${baseName}</code> … <code>${headName}</code></h1>
    <h2>${counted(commits.length, "commit")}${shas.length > LISTED_MAX ? " or more" : ""}</h2>
    <div class="box">${commitList(repository, commits)}</div>
    <h2>Changes</h2>
    ${diffView(repository, await diffFiles(git, merge, head), head)}`;
  return { title: `${baseName}...${headName}`, body, repository, tab: "code" };
}

export async function readCommits(
  context: SandboxContext,
  repository: Repository,
  shas: readonly string[],
): Promise<Commit[]> {
  const commits = await Promise.all(shas.map((sha) => context.git(repository).commit(sha)));
  return commits.filter((commit) => commit !== null);
}

export function commitList(repository: Repository, commits: readonly Commit[]): Html {
  if (commits.length === 0) return html`<div class="inside dim">No commits.</div>`;
  return html`<ul class="list">
    ${commits.map((commit) => {
      const address = repositoryPath(repository, "commit", commit.sha);
      return html`<li>
        <a href="${address}">${messageOf(commit).subject}</a>
        <div class="under">
          <b>${commit.author.name}</b> · ${time(commit.committer.date)} ·
          <a href="${address}"><code>${commit.sha.slice(0, 7)}</code></a
          >${verified(commit)}
        </div>
      </li>`;
    })}
  </ul>`;
}

function messageOf(commit: Commit): { subject: string; rest: string } {
  const message = commit.message.slice(0, MESSAGE_LENGTH_MAX).toWellFormed();
  const end = message.indexOf("\n");
  const subject = (end < 0 ? message : message.slice(0, end)).trim();
  return { subject: subject === "" ? "(no message)" : subject, rest: end < 0 ? "" : message.slice(end).trim() };
}

function verified(commit: Commit): Html {
  return commit.verified ? html` <span class="tag good">Verified</span>` : nothing;
}
