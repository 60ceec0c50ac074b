import { fullName } from "../state.ts";
import type { Account, Issue, Repository, SandboxContext } from "../state.ts";
import { issuePath, repositoryPath } from "./addresses.ts";
import { runItem } from "./actions-pages.ts";
import { commitList, readCommits } from "./commit-pages.ts";
import { folderView } from "./file-pages.ts";
import { html, nothing } from "./html.ts";
import type { Html } from "./html.ts";
import { counted, note, person } from "./layout.ts";
import type { Page } from "./layout.ts";

const ASIDE_MAX = 8;

/** Where a person starts: files and README, beside them what is open and what happened last. */
export async function repositoryPage(context: SandboxContext, repository: Repository): Promise<Page> {
  const git = context.git(repository);
  const ref = repository.defaultBranch;
  const commit = await git.resolve(ref);
  const branches = (await git.refs("refs/heads/")).length;
  const shas = commit === null ? [] : await git.log(commit, null, ASIDE_MAX);
  const commits = await readCommits(context, repository, shas);
  const open = [...repository.issues.values()].filter((issue) => issue.state === "open" && !issue.deleted).reverse();
  const runs = [...repository.runs.values()].reverse().slice(0, ASIDE_MAX);
  const main =
    commit === null
      ? note("This repository has no commit yet.")
      : html`<p>
            <code>${ref}</code>
            <span class="dim"
              ><a href="${repositoryPath(repository, "branches")}">${counted(branches, "branch", "branches")}</a></span
            >
          </p>
          ${await folderView(context, repository, { ref, commit, path: "" })}`;
  const body = html`<div class="columns">
    <div>${main}</div>
    <div class="side">
      <section>
        <h2>Open issues</h2>
        ${openList(repository, open, "issues")}
      </section>
      <section>
        <h2>Open pull requests</h2>
        ${openList(repository, open, "pulls")}
      </section>
      ${
        runs.length === 0
          ? nothing
          : html`<section>
              <h2>Workflow runs</h2>
              <ul class="list">
                ${runs.map((run) => runItem(repository, run))}
              </ul>
            </section>`
      }
      <section>
        <h2>Recent commits</h2>
        ${commitList(repository, commits)}
        <p class="note"><a href="${repositoryPath(repository, "commits", ref)}">All commits</a></p>
      </section>
    </div>
  </div>`;
  return { title: fullName(repository), body, repository, tab: "code" };
}

function openList(repository: Repository, open: readonly Issue[], kind: "issues" | "pulls"): Html {
  const found = open.filter((issue) => issue.isPull === (kind === "pulls"));
  const closed = [...repository.issues.values()].filter(
    (issue) => issue.isPull === (kind === "pulls") && issue.state === "closed" && !issue.deleted,
  ).length;
  const items = found
    .slice(0, ASIDE_MAX)
    .map(
      (issue) =>
        html`<li>
          <a href="${issuePath(repository, issue.number)}">${issue.title}</a> <span class="dim">#${issue.number}</span>
        </li>`,
    );
  const list =
    items.length === 0
      ? nothing
      : html`<ul class="list">
          ${items}
        </ul>`;
  const more = found.length - items.length;
  const rest = [...(found.length === 0 ? ["none"] : []), ...(more > 0 ? [`${more} more`] : []), `${closed} closed`];
  return html`${list}
    <p class="note"><a href="${repositoryPath(repository, kind)}?state=all">${rest.join(", ")}</a></p>`;
}

export async function branchesPage(context: SandboxContext, repository: Repository): Promise<Page> {
  const prefix = "refs/heads/";
  const items = (await context.git(repository).refs(prefix)).slice(0, BRANCHES_MAX).map(({ ref }) => {
    const name = ref.slice(prefix.length);
    return html`<li>
      <a href="${repositoryPath(repository, "tree", name)}"><code>${name}</code></a
      >${name === repository.defaultBranch ? html` <span class="tag">default</span>` : nothing}
    </li>`;
  });
  const body = html`<h1>Branches</h1>
    <div class="box">
      <ul class="list">
        ${items}
      </ul>
    </div>`;
  return { title: "Branches", body, repository, tab: "code" };
}

const BRANCHES_MAX = 500;

/** The front page of the box. */
export function frontPage(context: SandboxContext): Page {
  const body = html`<h1>A GitHub in a box</h1>
    <p>
      What you see here looks like GitHub and is none of it: repositories, issues, pull requests and workflow runs live
      on this machine, and are gone when the box is closed. The pages can be read only; people and apps work through the
      API.
    </p>
    <h2>Repositories</h2>
    ${repositoryList(publicRepositories(context))}`;
  return { title: "A GitHub in a box", body, repository: null, tab: null };
}

export function accountPage(context: SandboxContext, account: Account): Page {
  const own = publicRepositories(context).filter((repository) => repository.owner.id === account.id);
  const body = html`<h1>${person(account)}</h1>
    ${
      account.type === "Bot"
        ? html`<p>A GitHub App.</p>`
        : html`<h2>Repositories</h2>
            ${repositoryList(own)}`
    }`;
  return { title: account.login, body, repository: null, tab: null };
}

function publicRepositories(context: SandboxContext): Repository[] {
  return [...context.state.repositories.values()].filter((repository) => !repository.private);
}

function repositoryList(repositories: readonly Repository[]): Html {
  if (repositories.length === 0) return note("No public repositories.");
  const items = repositories.map(
    (repository) => html`<li><a href="${repositoryPath(repository)}">${fullName(repository)}</a></li>`,
  );
  return html`<div class="box">
    <ul class="list">
      ${items}
    </ul>
  </div>`;
}
