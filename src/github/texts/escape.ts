/** Makes words of users and models safe to stand in our own texts. Nothing they write may mention, close, link or format. */
import { cutAt, stripHiddenCharacters } from "../hidden-text.ts";
import type { Say } from "./words.ts";

/** What GitHub shows as nothing, put inside what it would otherwise turn into a mention, a reference or a link. */
const gap = "&#8203;";

/** One line of Markdown that shows the text as it was typed. At a line's start it is no command, either. */
export function plain(text: string, charactersMax = 200): string {
  return oneLine(text, charactersMax)
    .replace(/[\\`*_{}[\]()#+!|<>~$^=-]/gu, "\\$&")
    .replace(/^\/(?=[a-z])/iu, "\\/")
    .replaceAll("&", "&amp;")
    .replaceAll("@", `@${gap}`)
    .replace(/\\#(?=\d)/gu, `\\#${gap}`)
    .replace(/\bGH\\-(?=\d)/giu, `GH\\-${gap}`)
    .replaceAll("://", `:${gap}//`)
    .replace(/\bwww\./giu, `www${gap}.`)
    .replace(/:(?=[a-z0-9_\\]+:)/giu, `:${gap}`);
}

/** Several paragraphs of Markdown that show the text as it was typed. */
export function paragraphs(text: string, charactersMax: number): string {
  return cutAt(text, charactersMax)
    .split(/(?:\r?\n\s*){2,}/u)
    .map((paragraph) => plain(paragraph, charactersMax))
    .filter((paragraph) => paragraph !== "")
    .join("\n\n");
}

/** A code span, in which GitHub finds neither mentions nor references. */
export function code(text: string, charactersMax = 200): string {
  const line = oneLine(text, charactersMax);
  if (line === "") return "";
  const longest = Math.max(0, ...Array.from(line.matchAll(/`+/gu), ([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  const pad = line.startsWith("`") || line.endsWith("`") ? " " : "";
  // A table cell ends at a bare pipe, even inside a code span.
  return `${fence}${pad}${withoutMarkers(line).replaceAll("|", "\\|")}${pad}${fence}`;
}

/** A code block, for lines that people copy and for what is no prose: nothing in it can end it, and no hidden character is in it. */
export function block(text: string, charactersMax: number): string {
  const shown = withoutMarkers(cutAt(stripHiddenCharacters(text).text, charactersMax));
  const longest = Math.max(2, ...Array.from(shown.matchAll(/`+/gu), ([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}\n${shown}\n${fence}`;
}

/** Code shows as it is, but we read our own texts again by their hidden markers: nothing else may look like one. */
function withoutMarkers(text: string): string {
  return text.replaceAll("<!--", "<! --");
}

/** A link whose text is already Markdown. The address is ours or GitHub's; anything but http(s) is dropped. */
export function link(text: string, url: string): string {
  if (!/^https?:\/\//u.test(url)) return text;
  return `[${text}](${url.replace(/[\s<>()"\\]/gu, (character) => encodeURIComponent(character).replace("(", "%28").replace(")", "%29"))})`;
}

/**
 * A title is no Markdown, but becomes the subject of a merge commit:
 * there a keyword closes an issue and `[skip ci]` silences the default branch.
 */
export function title(text: string, charactersMax = 120): string {
  return oneLine(text, charactersMax)
    .replaceAll("[", "(")
    .replaceAll("]", ")")
    .replace(/@(?=\w)/gu, "@ ")
    .replace(/#(?=\d)/gu, "# ")
    .replace(/\bGH-(?=\d)/giu, "GH ")
    .replaceAll("://", ": ");
}

/** A login as GitHub gives it, never as a mention: the person is not called each time the text changes. */
export function person(login: string): string {
  return `**${plain(login, 60)}**`;
}

/** Several of them, e.g. `**a** and **b**`. */
export function people(logins: readonly string[], say: Say): string {
  const named = logins.map(person);
  const last = named.at(-1) ?? say`somebody`;
  return named.length < 2 ? last : say`${named.slice(0, -1).join(", ")} and ${last}`;
}

/** Without what nobody sees, for a code block; elsewhere it needs one of the above. */
export function oneLine(text: string, charactersMax: number): string {
  const line = stripHiddenCharacters(text).text.replace(/\s+/gu, " ").trim();
  const cut = cutAt(line, charactersMax);
  return cut === line ? line : `${cutAt(line, charactersMax - 1)}…`;
}
