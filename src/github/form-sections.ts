import { linesOf } from "./comment-lines.ts";

export interface FormSection {
  readonly heading: string;
  readonly text: string;
}

/** What GitHub writes where a field was left empty. */
const nothingGiven = "_No response_";

/**
 * The body of an issue that was made by a form: `### <label>`, an empty line, the value. `isLabel` tells the form's own
 * headings. Others are words of the section in which they stand, unless that holds one value only (`isOneValue`): then
 * somebody added a field to the form. What is quoted or code is no heading.
 */
export function formSections(
  body: string,
  isLabel: (heading: string) => boolean,
  isOneValue: (heading: string) => boolean,
): readonly FormSection[] {
  const sections: { heading: string; texts: string[] }[] = [];
  for (const { text, place } of linesOf(body)) {
    const heading = place === "open" && text.startsWith("### ") ? text.slice("### ".length).trim() : null;
    const last = sections.at(-1);
    if (heading !== null && (isLabel(heading) || (last !== undefined && isOneValue(last.heading)))) {
      sections.push({ heading, texts: [] });
    } else last?.texts.push(text);
  }
  return sections.map(({ heading, texts }) => {
    const text = texts.join("\n").trim();
    return { heading, text: text === nothingGiven ? "" : text };
  });
}

/** Whether a fence is never closed: all fields behind it would be shown, and read, as code. */
export function endsInCode(body: string): boolean {
  return linesOf(`${body}\n\nbehind`).at(-1)?.place === "code";
}
