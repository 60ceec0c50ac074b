import { commentsOf } from "../payloads-issues.ts";
import type { Issue, IssueComment, Pull, Repository } from "../state.ts";
import { issuePath, repositoryPath } from "./addresses.ts";
import { conversation, event, saidBox } from "./conversation.ts";
import type { Entry } from "./conversation.ts";
import { html, nothing } from "./html.ts";
import type { Html } from "./html.ts";
import { counted, labels, note, person, time } from "./layout.ts";
import type { Page } from "./layout.ts";

const LISTED_MAX = 200;

export type ListedState = "open" | "closed" | "all";

/** The list of issues, or of pull requests, newest first. */
export function listPage(repository: Repository, kind: "issues" | "pulls", state: ListedState): Page {
  const all = [...repository.issues.values()].filter((issue) => !issue.deleted && issue.isPull === (kind === "pulls"));
  const found = all.filter((issue) => state === "all" || issue.state === state).reverse();
  const what = kind === "pulls" ? "pull request" : "issue";
  const choice = (name: ListedState, count: number) =>
    html`<a
      href="${repositoryPath(repository, kind)}?state=${name}"
      ${name === state ? html` aria-current="true"` : nothing}
      >${count.toLocaleString("en-US")} ${name}</a
    >`;
  const open = all.filter((issue) => issue.state === "open").length;
  const body = html`<p class="tabs">
      ${choice("open", open)} ${choice("closed", all.length - open)} ${choice("all", all.length)}
    </p>
    <div class="box">
      ${
        found.length === 0
          ? html`<div class="inside dim">No ${state === "all" ? "" : `${state} `}${what}s.</div>`
          : html`<ul class="list">
              ${found.slice(0, LISTED_MAX).map((issue) => listItem(repository, issue))}
            </ul>`
      }
    </div>
    ${found.length > LISTED_MAX ? note(`${counted(found.length - LISTED_MAX, `older ${what}`)} are not shown.`) : nothing}`;
  return { title: kind === "pulls" ? "Pull requests" : "Issues", body, repository, tab: kind };
}

function listItem(repository: Repository, issue: Issue): Html {
  const comments = commentsOf(repository, issue.number).length;
  return html`<li>
    ${stateMark(repository, issue)} <a href="${issuePath(repository, issue.number)}"><b>${issue.title}</b></a
    >${labels(issue.labels)}
    <div class="under">
      #${issue.number} opened by ${person(issue.author)} ·
      ${time(issue.createdAt)}${comments === 0 ? nothing : html` · ${counted(comments, "comment")}`}
    </div>
  </li>`;
}

export function issuePage(repository: Repository, issue: Issue): Page {
  if (issue.isPull) return { redirect: repositoryPath(repository, "pull", issue.number) };
  const body = html`${issueHead(repository, issue, nothing)} ${openingBox(repository, issue)}
  ${conversation([...commentEntries(repository, issue), ...closingEntry(issue, "closed this")])}`;
  return { title: `${issue.title} · Issue #${issue.number}`, body, repository, tab: "issues" };
}

/** Title, state and labels; a pull request adds its branches. */
export function issueHead(repository: Repository, issue: Issue, more: Html): Html {
  return html`<h1>${issue.title} <span class="number">#${issue.number}</span></h1>
    <p>
      ${stateBadge(repository, issue)}${labels(issue.labels)}
      <span class="dim"
        >${person(issue.author)} opened this ${issue.isPull ? "pull request" : "issue"}, ${time(issue.createdAt)}</span
      >
    </p>
    ${more}`;
}

export function openingBox(repository: Repository, issue: Issue): Html {
  return saidBox(repository, {
    anchor: `issue-${issue.id}`,
    author: issue.author,
    verb: "opened this",
    body: issue.body,
    createdAt: issue.createdAt,
    editedAt: null,
    minimizedReason: null,
    reactions: issue.reactions,
  });
}

export function commentEntries(repository: Repository, issue: Issue): Entry[] {
  return commentsOf(repository, issue.number).map((comment) => ({
    at: comment.createdAt,
    shown: () => commentBox(repository, comment),
  }));
}

function commentBox(repository: Repository, comment: IssueComment): Html {
  return saidBox(repository, {
    anchor: `issuecomment-${comment.id}`,
    author: comment.author,
    verb: "commented",
    body: comment.body,
    createdAt: comment.createdAt,
    editedAt: comment.updatedAt === comment.createdAt ? null : comment.updatedAt,
    minimizedReason: comment.minimizedReason,
    reactions: comment.reactions,
  });
}

/** Who closed it, when it is closed. */
export function closingEntry(issue: Issue, verb: string): Entry[] {
  const { closedAt, closedBy } = issue;
  if (issue.state !== "closed" || closedAt === null) return [];
  const why = issue.stateReason === "not_planned" ? " as not planned" : "";
  const who = closedBy === null ? html`This was closed` : html`${person(closedBy)} ${verb}`;
  return [{ at: closedAt, shown: () => event(html`<span class="mark">●</span>`, html`${who}${why}`, closedAt) }];
}

type Standing = { readonly word: string; readonly style: "open" | "closed" | "merged" | "done" | "draft" };

function standingOf(issue: Issue, pull: Pull | undefined): Standing {
  if (pull?.merged === true) return { word: "Merged", style: "merged" };
  if (issue.state === "closed") return { word: "Closed", style: pull === undefined ? "done" : "closed" };
  return pull?.draft === true ? { word: "Draft", style: "draft" } : { word: "Open", style: "open" };
}

function stateBadge(repository: Repository, issue: Issue): Html {
  const { word, style } = standingOf(issue, repository.pulls.get(issue.number));
  return html`<span class="state ${style}">${word}</span>`;
}

function stateMark(repository: Repository, issue: Issue): Html {
  const { word, style } = standingOf(issue, repository.pulls.get(issue.number));
  return html`<span class="count ${style}">${word}</span>`;
}
