import { Marked } from "marked";
import type { RendererObject } from "marked";
import { escapeHtml, html, nothing, trustedHtml } from "./html.ts";
import type { Html } from "./html.ts";

/** Where the text stands: it decides what its links mean. */
export type MarkdownPlace = {
  /** The address of issue or pull request n, or null when there is none. */
  readonly issueAddress: (number: number) => string | null;
  /** What relative links start from; in comments the page itself. */
  readonly folderAddress: string;
  /** In comments a line break is one; in files it is a space. */
  readonly breaks: boolean;
};

/** A pull request's body is no longer; of a longer text the beginning is shown as it is. */
export const RENDERED_LENGTH_MAX = 65_536;
/** Emphasis and mail addresses are looked for in quadratic time; nobody writes so who wants to be read. */
const EMPHASIS_MARKS_MAX = 5_000;
const WORD_LENGTH_MAX = 8_000;
/** Each level of quotations and lists costs a call within a call. */
const TOO_DEEP = /^(?:[ \t]*(?:>|[-*+] |\d+[.)] )){50}/m;
const SAFE_PROTOCOLS: ReadonlySet<string> = new Set(["http:", "https:", "mailto:"]);
/** The only HTML that passes: what folds, and a line break. Attributes never do, but for `open`. */
const PIECES = /<!--[\s\S]*?(?:-->|$)|<(\/?)(details|summary|br)( +open)?\s*\/?>|[^<]+|</gi;
const ISSUE_REFERENCE = /(^|[\s([])#(\d{1,9})\b/g;

/** GitHub's Markdown without its HTML: comments vanish, `<details>` folds, all other tags are shown as text. */
export function renderMarkdown(text: string, place: MarkdownPlace): Html {
  if (isCostly(text)) return plainText(text);
  const { front, rest } = splitFrontMatter(text);
  const open = { details: 0, summary: 0 };
  const renderer = rendererFor(place, open);
  const parser = new Marked({ gfm: true, breaks: place.breaks, async: false, renderer });
  let body: string;
  try {
    body = parser.parse(rest, { async: false });
  } catch {
    // Nested too deeply to be rendered: no reason to show nothing.
    return plainText(text);
  }
  // What was left open must not swallow the rest of the page.
  const closing = "</summary>".repeat(open.summary) + "</details>".repeat(open.details);
  return html`${front === null ? nothing : html`<pre class="front">${front}</pre>`}${trustedHtml(body + closing)}`;
}

function isCostly(text: string): boolean {
  if (text.length > RENDERED_LENGTH_MAX || TOO_DEEP.test(text)) return true;
  if ((text.match(/[*_~]/g)?.length ?? 0) > EMPHASIS_MARKS_MAX) return true;
  return text.split(/\s/).some((word) => word.length > WORD_LENGTH_MAX);
}

function plainText(text: string): Html {
  const cut = text.length > RENDERED_LENGTH_MAX;
  const shown = cut ? `${text.slice(0, RENDERED_LENGTH_MAX).toWellFormed()}…` : text;
  return html`<pre class="plain">${shown}</pre>
    ${cut ? html`<p class="note">Only the beginning is shown.</p>` : nothing}`;
}

function rendererFor(place: MarkdownPlace, open: { details: number; summary: number }): RendererObject {
  const slugs = new Map<string, number>();
  let insideLink = false;

  function tag(match: RegExpMatchArray): string {
    const [piece, slash = "", rawName, attribute] = match;
    if (piece.startsWith("<!--")) return "";
    const name = rawName?.toLowerCase();
    if (name === "br") return "<br>";
    if (name !== "details" && name !== "summary") return escapeHtml(piece);
    if (slash === "") {
      open[name] += 1;
      return `<${name}${attribute === undefined ? "" : " open"}>`;
    }
    if (open[name] === 0) return "";
    open[name] -= 1;
    return `</${name}>`;
  }

  return {
    html: ({ text }) => Array.from(text.matchAll(PIECES), tag).join(""),
    code: ({ text }) => `<pre><code>${escapeHtml(text)}\n</code></pre>\n`,
    heading({ tokens, depth, text }) {
      const slug = slugOf(text, slugs);
      return `<h${depth} id="user-content-${escapeHtml(slug)}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
    },
    table(token) {
      const row = (cells: typeof token.header, name: "td" | "th") => {
        const shown = cells.map(({ tokens, align }) => {
          return `<${name}${align === null ? "" : ` class="${align}"`}>${this.parser.parseInline(tokens)}</${name}>`;
        });
        return `<tr>${shown.join("")}</tr>`;
      };
      const body = token.rows.map((cells) => row(cells, "td")).join("");
      return `<div class="scroll"><table><thead>${row(token.header, "th")}</thead><tbody>${body}</tbody></table></div>\n`;
    },
    checkbox: ({ checked }) => `<input type="checkbox" disabled${checked ? " checked" : ""}> `,
    link({ href, tokens }) {
      const outer = insideLink;
      insideLink = true;
      const shown = this.parser.parseInline(tokens);
      insideLink = outer;
      return anchor(place, href, shown);
    },
    // Nothing is fetched from elsewhere: a picture is a link to itself.
    image: ({ href, text }) => anchor(place, href, escapeHtml(`🖼 ${text === "" ? href : text}`)),
    text(token) {
      if ("tokens" in token && token.tokens !== undefined) return this.parser.parseInline(token.tokens);
      const shown = escapeKeepingEntities(token.text);
      return insideLink
        ? shown
        : shown.replace(ISSUE_REFERENCE, (match, before: string, digits: string) => {
            const address = place.issueAddress(Number(digits));
            return address === null ? match : `${before}<a href="${escapeHtml(address)}">#${digits}</a>`;
          });
    },
  };
}

function anchor(place: MarkdownPlace, href: string, shown: string): string {
  const address = safeAddress(place, href);
  return address === null ? shown : `<a href="${escapeHtml(address)}" rel="noopener noreferrer nofollow">${shown}</a>`;
}

/** Null for anything but web, mail and places on this server. */
function safeAddress(place: MarkdownPlace, href: string): string | null {
  const local = "http://sandbox.invalid";
  if (href.startsWith("#")) return `#user-content-${encodeURIComponent(href.slice(1).toWellFormed())}`;
  const url = URL.parse(href, `${local}${place.folderAddress}`);
  if (url === null || !SAFE_PROTOCOLS.has(url.protocol)) return null;
  return url.origin === local ? url.pathname + url.search + url.hash : url.href;
}

/** `&lt;` in Markdown means a character, so it is no text to escape again. */
function escapeKeepingEntities(text: string): string {
  return escapeHtml(text).replace(/&amp;(#\d{1,7};|#x[0-9a-f]{1,6};|[a-z][a-z0-9]{1,30};)/gi, "&$1");
}

function slugOf(text: string, seen: Map<string, number>): string {
  const slug = text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replace(/\s/g, "-");
  const times = seen.get(slug) ?? 0;
  seen.set(slug, times + 1);
  return times === 0 ? slug : `${slug}-${times}`;
}

function splitFrontMatter(text: string): { front: string | null; rest: string } {
  const match = /^---\r?\n([\s\S]*?)\r?\n---\r?\n/.exec(text);
  return match === null ? { front: null, rest: text } : { front: match[1] ?? "", rest: text.slice(match[0].length) };
}
