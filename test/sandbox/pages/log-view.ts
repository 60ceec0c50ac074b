import { html, nothing } from "./html.ts";
import type { Html } from "./html.ts";
import { counted, note } from "./layout.ts";
import { cutLine } from "./text-view.ts";

const LINES_MAX = 3_000;
const LOG_LENGTH_MAX = 400_000;
/** Colours and cursor moves of a terminal. */
// eslint-disable-next-line no-control-regex
const TERMINAL_CODES = /\u001B\[[0-9;?]*[A-Za-z]/g;
const LINE = /^(\d{4}-\d\d-\d\dT(\d\d:\d\d:\d\d)\.\d+Z) (.*)$/s;

type Line = { readonly clock: string; readonly text: string; readonly kind: string };

/** A job's log as GitHub shows it: without debug lines and commands, groups as headings; of a long one the end. */
export function logView(log: string): Html {
  if (log === "") return note("Nothing is logged yet.");
  const tail = log.slice(-LOG_LENGTH_MAX).toWellFormed();
  const lines = tail
    .split("\n")
    .filter((line) => line !== "")
    .map(parseLine)
    .filter((line) => line !== null);
  const shown = lines.slice(-LINES_MAX);
  const cut = log.length > LOG_LENGTH_MAX || shown.length < lines.length;
  const rows = shown.map(
    ({ clock, text, kind }) =>
      html`<tr class="${kind}">
        <td class="n" data-n="${clock}"></td>
        <td>${cutLine(text)}</td>
      </tr> `,
  );
  return html`<div class="box log">
    ${cut ? html`<div class="foot">${note(`The end of the log, ${counted(shown.length, "line")}; what came before is not shown.`)}</div>` : nothing}
    <table class="code">
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

function parseLine(line: string): Line | null {
  const [, , clock = "", rest = line] = LINE.exec(line) ?? [];
  const text = rest.replace(TERMINAL_CODES, "");
  const [, command = "", value = ""] = /^##\[([a-z]+)\](.*)$/s.exec(text) ?? [];
  switch (command) {
    case "debug":
    case "endgroup":
      return null;
    case "group":
      return { clock, text: value, kind: "hunk" };
    case "error":
      return { clock, text: `Error: ${value}`, kind: "fault" };
    case "warning":
    case "notice":
      return { clock, text: `${command === "warning" ? "Warning" : "Notice"}: ${value}`, kind: "warn" };
    default:
      // The runner keeps its commands out of the log.
      return text.startsWith("::add-mask::") ? null : { clock, text, kind: "same" };
  }
}
