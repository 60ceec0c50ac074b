import { html } from "./html.ts";
import type { Html } from "./html.ts";
import { counted, note } from "./layout.ts";

const LINES_MAX = 3_000;
const LINE_LENGTH_MAX = 1_000;
const TEXT_LENGTH_MAX = 300_000;
/** Git's own rule: a zero byte near the start makes it binary. */
const BINARY_LOOK_BYTES = 8_000;

export function isBinary(content: Buffer): boolean {
  return content.subarray(0, BINARY_LOOK_BYTES).includes(0);
}

/** The text with numbered lines, each with an anchor like GitHub's (`#L12`); the end of a long one is left out. */
export function textView(content: Buffer): Html {
  const text = content.subarray(0, TEXT_LENGTH_MAX).toString("utf8");
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  const shown = lines.slice(0, LINES_MAX);
  const rows = shown.map((line, index) => {
    const number = index + 1;
    return html`<tr id="L${number}">
      <td class="n" data-n="${number}"></td>
      <td>${cutLine(line)}</td>
    </tr> `;
  });
  const complete = content.length <= TEXT_LENGTH_MAX && lines.length <= LINES_MAX;
  return html`<table class="code">
      <tbody>
        ${rows}
      </tbody>
    </table>
    ${
      complete
        ? null
        : note(`Only the first ${counted(shown.length, "line")} of ${counted(content.length, "byte")} are shown.`)
    }`;
}

export function cutLine(line: string): string {
  return line.length <= LINE_LENGTH_MAX ? line : `${line.slice(0, LINE_LENGTH_MAX).toWellFormed()}…`;
}
