import { associationOf } from "../payloads.ts";
import type { Account, Reaction, Repository, Review, ReviewComment } from "../state.ts";
import { patchView } from "./diff-view.ts";
import { html, nothing } from "./html.ts";
import type { Html } from "./html.ts";
import { avatar, commentPlace, counted, note, person, time } from "./layout.ts";
import { renderMarkdown } from "./markdown.ts";

const ENTRIES_MAX = 200;
const HUNK_LINES_MAX = 12;

/** One thing of a conversation; `at` is ISO and orders them. */
export type Entry = { readonly at: string; readonly shown: () => Html };

type Said = {
  readonly anchor: string;
  readonly author: Account;
  readonly verb: string;
  readonly body: string | null;
  readonly createdAt: string;
  readonly editedAt: string | null;
  readonly minimizedReason: string | null;
  readonly reactions: readonly Reaction[];
};

/** In the order of time; of a very long conversation the beginning. */
export function conversation(entries: readonly Entry[]): Html {
  const ordered = entries.toSorted((left, right) => (left.at < right.at ? -1 : left.at > right.at ? 1 : 0));
  const hidden = ordered.length - ENTRIES_MAX;
  return html`${ordered.slice(0, ENTRIES_MAX).map((entry) => entry.shown())}${
    hidden > 0 ? note(`${counted(hidden, "later entry", "later entries")} are not shown.`) : nothing
  }`;
}

/** A box with who said it, when, and the rendered Markdown. */
export function saidBox(repository: Repository, said: Said, more: Html = nothing): Html {
  const association = associationOf(repository, said.author);
  const role = association === "NONE" ? nothing : html`<span class="tag push">${capitalized(association)}</span>`;
  return html`<div class="talk" id="${said.anchor}">
    ${avatar(said.author)}
    <article class="box">
      <div class="head">
        <span
          >${person(said.author)} ${said.verb} <a href="#${said.anchor}">${time(said.createdAt)}</a>${
            said.editedAt === null ? nothing : html` <span class="dim">· edited ${time(said.editedAt)}</span>`
          }</span
        >${role}
      </div>
      ${bodyView(repository, said)}${more}${reactionsView(said.reactions)}
    </article>
  </div> `;
}

export function event(mark: Html, text: Html, at: string): Html {
  return html`<p class="event">${mark} ${text} · ${time(at)}</p> `;
}

/** A review comment with the end of the code that it speaks of. */
function threadView(repository: Repository, comment: ReviewComment): Html {
  const place = comment.line === null ? comment.path : `${comment.path}, line ${comment.line}`;
  const hunk = comment.diffHunk.split("\n");
  const [header = "", ...lines] = hunk;
  const shown = lines.length <= HUNK_LINES_MAX ? hunk : lastLines(header, lines);
  return html`<div class="inside" id="discussion_r${comment.id}">
    <p><code>${place}</code></p>
    ${comment.inReplyToId === null && comment.diffHunk !== "" ? html`<div class="box">${patchView(shown)}</div>` : nothing}
    <p>${person(comment.author)} · ${time(comment.createdAt)}</p>
    <div class="md">${renderMarkdown(comment.body, commentPlace(repository))}</div>
    ${reactionsView(comment.reactions)}
  </div>`;
}

const VERDICTS: Readonly<Record<Review["state"], string>> = {
  APPROVED: "approved these changes",
  CHANGES_REQUESTED: "asked for changes",
  COMMENTED: "reviewed",
  DISMISSED: "reviewed (dismissed)",
  PENDING: "has not sent this review",
};

export function reviewBox(repository: Repository, review: Review, comments: readonly ReviewComment[]): Html {
  const said: Said = {
    anchor: `pullrequestreview-${review.id}`,
    author: review.author,
    verb: VERDICTS[review.state],
    body: review.body === "" ? null : review.body,
    createdAt: review.submittedAt ?? "",
    editedAt: null,
    minimizedReason: null,
    reactions: [],
  };
  return saidBox(repository, said, html`${comments.map((comment) => threadView(repository, comment))}`);
}

function bodyView(repository: Repository, { body, verb, minimizedReason }: Said): Html {
  const text = body?.trim() ?? "";
  // A review may say nothing but its verdict.
  if (text === "")
    return verb === "commented" || verb === "opened this"
      ? html`<div class="inside dim"><i>No description provided.</i></div>`
      : nothing;
  const rendered = html`<div class="inside md">${renderMarkdown(text, commentPlace(repository))}</div>`;
  if (minimizedReason === null) return rendered;
  // Hidden is not gone: whoever may read the issue can open it.
  return html`<details>
    <summary class="inside dim">This comment was marked as ${minimizedReason}. Show it</summary>
    ${rendered}
  </details>`;
}

const EMOJI: Readonly<Record<string, string>> = {
  "+1": "👍",
  "-1": "👎",
  laugh: "😄",
  confused: "😕",
  heart: "❤️",
  hooray: "🎉",
  rocket: "🚀",
  eyes: "👀",
};

function reactionsView(reactions: readonly Reaction[]): Html {
  const counts = new Map<string, number>();
  for (const { content } of reactions) counts.set(content, (counts.get(content) ?? 0) + 1);
  if (counts.size === 0) return nothing;
  const shown = [...counts].map(
    ([content, count]) => html` <span class="count">${EMOJI[content] ?? content} ${count}</span>`,
  );
  return html`<p class="foot">${shown}</p>`;
}

/** The numbers of the lines must stay true, so the header moves on by what is left out. */
function lastLines(header: string, lines: readonly string[]): string[] {
  const kept = lines.slice(-HUNK_LINES_MAX);
  const skipped = lines.slice(0, lines.length - kept.length);
  const count = (sign: string) => skipped.filter((line) => !line.startsWith(sign) && !line.startsWith("\\")).length;
  const moved = header.replace(/^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@/, (_, before: string, after: string) => {
    return `@@ -${Number(before) + count("+")} +${Number(after) + count("-")} @@`;
  });
  return [moved, ...kept];
}

function capitalized(text: string): string {
  return text.charAt(0) + text.slice(1).toLowerCase();
}
