import { fullName } from "../state.ts";
import type { Account, Label, Repository } from "../state.ts";
import { repositoryPath } from "./addresses.ts";
import { html, nothing } from "./html.ts";
import type { Html } from "./html.ts";
import type { MarkdownPlace } from "./markdown.ts";

type Tab = "code" | "issues" | "pulls" | "actions";

/** What a route answers: a page, or the way to another one. */
export type Page =
  | { readonly title: string; readonly body: Html; readonly repository: Repository | null; readonly tab: Tab | null }
  | { readonly redirect: string };

export const STYLE_PATH = "/_pages/style.css";

/** The whole document. Nothing in it is loaded from elsewhere but the one style sheet. */
export function documentOf(page: Exclude<Page, { redirect: string }>): string {
  const { repository } = page;
  const name = repository === null ? nothing : html` · ${fullName(repository)}`;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${page.title}${name}</title>
        <link rel="stylesheet" href="${STYLE_PATH}" />
        <link rel="icon" href="data:," />
      </head>
      <body>
        <p class="banner"><a href="/">A GitHub in a box</a>: simulated on this machine.</p>
        ${repository === null ? nothing : repositoryHead(repository, page.tab)}
        <main>${page.body}</main>
      </body>
    </html> `.html;
}

function repositoryHead(repository: Repository, current: Tab | null): Html {
  const open = [...repository.issues.values()].filter((issue) => issue.state === "open" && !issue.deleted);
  const pulls = open.filter((issue) => issue.isPull).length;
  const tab = (name: Tab, label: string, path: string, count: number | null) =>
    html`<a href="${path}" ${name === current ? html` aria-current="page"` : nothing}
      >${label}${count === null ? nothing : html` <span class="count">${count}</span>`}</a
    >`;
  return html`<header>
    <p class="name">
      <a href="/${repository.owner.login}">${repository.owner.login}</a> /
      <a href="${repositoryPath(repository)}"><b>${repository.name}</b></a> <span class="tag">Public</span>
    </p>
    <nav>
      ${tab("code", "Code", repositoryPath(repository), null)}
      ${tab("issues", "Issues", repositoryPath(repository, "issues"), open.length - pulls)}
      ${tab("pulls", "Pull requests", repositoryPath(repository, "pulls"), pulls)}
      ${tab("actions", "Actions", repositoryPath(repository, "actions"), null)}
    </nav>
  </header>`;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;

/** `1 Sep 2026, 10:00:07 UTC`: a demo is over in a minute, so seconds count. */
export function time(iso: string): Html {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return html`${iso}`;
  const day = `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()] ?? ""} ${date.getUTCFullYear()}`;
  return html`<time datetime="${iso}">${day}, ${date.toISOString().slice(11, 19)} UTC</time>`;
}

/** "12 s", "3 min 5 s", or nothing while one of the ends is unknown. */
export function duration(from: string | null, to: string | null): string {
  if (from === null || to === null) return "";
  const seconds = Math.max(0, Math.round((Date.parse(to) - Date.parse(from)) / 1000));
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

export function person(account: Account): Html {
  const bot = account.type === "Bot" ? html` <span class="tag">bot</span>` : nothing;
  return html`<b>${account.login.replace(/\[bot\]$/, "")}</b>${bot}`;
}

/** A circle with the first letter: no picture is fetched. */
export function avatar(account: Account): Html {
  return html`<span class="avatar a${account.id % 6}" aria-hidden="true"
    >${Array.from(account.login)[0]?.toUpperCase() ?? "?"}</span
  >`;
}

export function labels(list: readonly Label[]): Html {
  return html`${list.map((label) => html` <span class="label" title="${label.description ?? ""}">${label.name}</span>`)}`;
}

/** `1 file`, `2 files`. */
export function counted(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString("en-US")} ${number === 1 ? one : many}`;
}

export function note(text: string): Html {
  return html`<p class="note">${text}</p>`;
}

/** Markdown of issues, pull requests and comments. */
export function commentPlace(repository: Repository): MarkdownPlace {
  return { ...referencesOf(repository), folderAddress: repositoryPath(repository, "issues", ""), breaks: true };
}

/** Markdown of a file: relative links lead to its neighbours at the same ref. */
export function filePlace(repository: Repository, ref: string, folder: string): MarkdownPlace {
  const below = folder === "" ? [] : [folder];
  return {
    ...referencesOf(repository),
    folderAddress: repositoryPath(repository, "blob", ref, ...below, ""),
    breaks: false,
  };
}

function referencesOf(repository: Repository): Pick<MarkdownPlace, "issueAddress"> {
  return {
    issueAddress(number) {
      const issue = repository.issues.get(number);
      if (issue === undefined || issue.deleted) return null;
      return repositoryPath(repository, issue.isPull ? "pull" : "issues", number);
    },
  };
}
