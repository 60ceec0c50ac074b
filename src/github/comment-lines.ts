import { stripComments } from "./hidden-text.ts";

/** Longer comments than GitHub stores are not looked at to their end. */
const commentCharactersMax = 262_144;

/** A line of a comment as Markdown shows it. */
export interface CommentLine {
  readonly text: string;
  /** `quote`: cited, or shown as such since it follows a quote without a blank line. `code`: in a block between fences. */
  readonly place: "open" | "quote" | "code";
}

/** Lines of a comment without what is hidden. What is only cited or shown as code asks for nothing. */
export function linesOf(comment: string): readonly CommentLine[] {
  let fence: string | null = null;
  let quoted = false;
  return visibleLines(comment).map((text): CommentLine => {
    const mark = /^ {0,3}(?<mark>`{3,}|~{3,})(?<rest>.*)$/u.exec(text);
    if (fence !== null) {
      if (closesFence(mark, fence)) fence = null;
      return { text, place: "code" };
    }
    if (mark?.groups?.["mark"] !== undefined) {
      fence = mark.groups["mark"];
      quoted = false;
      return { text, place: "code" };
    }
    quoted = text.trim() !== "" && (quoted || /^ {0,3}>/u.test(text));
    return { text, place: quoted ? "quote" : "open" };
  });
}

function closesFence(mark: RegExpExecArray | null, fence: string): boolean {
  const closing = mark?.groups?.["mark"];
  if (closing === undefined || mark?.groups?.["rest"]?.trim() !== "") return false;
  return closing.startsWith(fence);
}

function visibleLines(comment: string): readonly string[] {
  return stripComments(comment.slice(0, commentCharactersMax)).text.split(/\r\n|\r|\n/u);
}
