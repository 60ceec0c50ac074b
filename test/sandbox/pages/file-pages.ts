import type { TreeEntry } from "../git-objects.ts";
import type { Repository, SandboxContext } from "../state.ts";
import { repositoryPath } from "./addresses.ts";
import { html, nothing } from "./html.ts";
import type { Html } from "./html.ts";
import { counted, filePlace, note } from "./layout.ts";
import type { Page } from "./layout.ts";
import { RENDERED_LENGTH_MAX, renderMarkdown } from "./markdown.ts";
import { isBinary, textView } from "./text-view.ts";

const ENTRIES_MAX = 1_000;
const REF_SEGMENTS_MAX = 20;
const MARKDOWN = /\.(?:md|markdown)$/i;

/** A path at a branch, tag or commit. */
export type Place = {
  readonly ref: string;
  readonly commit: string;
  /** Without slashes at its ends; "" is the root. */
  readonly path: string;
};

/** Branch names hold slashes, so the address alone does not say where the path begins: the first ref that exists. */
export async function placeOf(context: SandboxContext, repository: Repository, rest: string): Promise<Place | null> {
  const segments = rest.split("/");
  const git = context.git(repository);
  for (let length = 1; length <= Math.min(segments.length, REF_SEGMENTS_MAX); length += 1) {
    const ref = segments.slice(0, length).join("/");
    const commit = await git.resolve(ref);
    if (commit !== null) return { ref, commit, path: segments.slice(length).join("/").replace(/\/+$/, "") };
  }
  return null;
}

export async function folderPage(context: SandboxContext, repository: Repository, place: Place): Promise<Page | null> {
  const entry = await context.git(repository).entry(place.commit, place.path);
  if (entry === null) return null;
  if (entry.type !== "tree") return { redirect: repositoryPath(repository, "blob", place.ref, place.path) };
  const body = html`${crumbs(repository, place)}${await folderView(context, repository, place)}`;
  return { title: place.path === "" ? place.ref : place.path, body, repository, tab: "code" };
}

/** The entries of a folder, folders first, and its README. */
export async function folderView(context: SandboxContext, repository: Repository, place: Place): Promise<Html> {
  const git = context.git(repository);
  const folder = await git.entry(place.commit, place.path);
  const entries = (folder === null ? null : await git.tree(folder.sha, false))?.entries ?? [];
  const ordered = [
    ...entries.filter((entry) => entry.type === "tree"),
    ...entries.filter((entry) => entry.type !== "tree"),
  ];
  const items = ordered.slice(0, ENTRIES_MAX).map((entry) => entryItem(repository, place, entry));
  const up = place.path.split("/").slice(0, -1).join("/");
  const parent =
    place.path === ""
      ? nothing
      : html`<li><a href="${repositoryPath(repository, "tree", place.ref, ...(up === "" ? [] : [up]))}">..</a></li>`;
  const hidden = ordered.length - items.length;
  const readme = entries.find((entry) => entry.type === "blob" && /^readme\.md$/i.test(entry.path));
  const text = readme === undefined ? null : await git.blob(readme.sha);
  return html`<div class="box">
      <ul class="list">
        ${parent}${items}
      </ul>
    </div>
    ${hidden > 0 ? note(`${counted(hidden, "more entry", "more entries")} are not shown.`) : nothing}${
      readme === undefined || text === null
        ? nothing
        : html`<div class="box">
            <div class="head">${readme.path}</div>
            <div class="inside md">${markdownView(repository, place.ref, place.path, text)}</div>
          </div>`
    }`;
}

/** One file: Markdown rendered unless its source is asked for, text with line numbers, a word for the rest. */
export async function filePage(
  context: SandboxContext,
  repository: Repository,
  place: Place,
  style: "rendered" | "source",
): Promise<Page | null> {
  const git = context.git(repository);
  const entry = await git.entry(place.commit, place.path);
  if (entry === null || place.path === "") return null;
  if (entry.type === "tree") return { redirect: repositoryPath(repository, "tree", place.ref, place.path) };
  const content = await git.blob(entry.sha);
  if (content === null) return null;
  const address = repositoryPath(repository, "blob", place.ref, place.path);
  const isMarkdown = MARKDOWN.test(place.path) && !isBinary(content);
  const other =
    style === "rendered" ? html`<a href="${address}?plain=1">Source</a>` : html`<a href="${address}">Rendered</a>`;
  const folder = place.path.split("/").slice(0, -1).join("/");
  const body = html`${crumbs(repository, place)}
    <div class="box">
      <div class="head">
        <span class="dim"
          >${counted(content.length, "byte")}${
            entry.mode === "100755" ? " · executable" : entry.mode === "120000" ? " · symbolic link" : ""
          }</span
        ><span class="push"
          >${isMarkdown ? html`${other} ·` : nothing}
          <a href="${repositoryPath(repository, "raw", place.ref, place.path)}">Raw</a></span
        >
      </div>
      ${
        isMarkdown && style === "rendered"
          ? html`<div class="inside md">${markdownView(repository, place.ref, folder, content)}</div>`
          : isBinary(content)
            ? html`<div class="inside dim">A binary file.</div>`
            : textView(content)
      }
    </div>`;
  return { title: place.path, body, repository, tab: "code" };
}

/** Longer than what is rendered, it is shown as lines with its beginning only. */
function markdownView(repository: Repository, ref: string, folder: string, content: Buffer): Html {
  const text = content.toString("utf8");
  return text.length > RENDERED_LENGTH_MAX
    ? textView(content)
    : renderMarkdown(text, filePlace(repository, ref, folder));
}

function entryItem(repository: Repository, place: Place, entry: TreeEntry): Html {
  const path = place.path === "" ? entry.path : `${place.path}/${entry.path}`;
  if (entry.type === "commit") return html`<li>${entry.path} <span class="dim">(submodule)</span></li>`;
  const address = repositoryPath(repository, entry.type === "tree" ? "tree" : "blob", place.ref, path);
  return html`<li><a href="${address}">${entry.type === "tree" ? html`<b>${entry.path}/</b>` : entry.path}</a></li>`;
}

function crumbs(repository: Repository, place: Place): Html {
  const segments = place.path === "" ? [] : place.path.split("/");
  const parts = segments.map((segment, index) => {
    const path = segments.slice(0, index + 1).join("/");
    const last = index === segments.length - 1;
    return html` /
    ${last ? html`<b>${segment}</b>` : html`<a href="${repositoryPath(repository, "tree", place.ref, path)}">${segment}</a>`}`;
  });
  const ref = /^[0-9a-f]{40}$/.test(place.ref) ? place.ref.slice(0, 12) : place.ref;
  return html`<p>
    <code>${ref}</code> <a href="${repositoryPath(repository, "tree", place.ref)}">${repository.name}</a>${parts}
    <span class="dim">· <a href="${repositoryPath(repository, "commits", place.ref)}">History</a></span>
  </p>`;
}
