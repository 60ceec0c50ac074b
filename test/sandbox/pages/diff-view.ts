import type { FileChange } from "../diff.ts";
import type { Repository } from "../state.ts";
import { repositoryPath } from "./addresses.ts";
import { html, nothing } from "./html.ts";
import type { Html } from "./html.ts";
import { counted, note } from "./layout.ts";
import { cutLine } from "./text-view.ts";

const FILES_MAX = 100;
const LINES_OF_FILE_MAX = 500;
const LINES_MAX = 6_000;

/** What changed, file by file, as far as a page can hold it. */
export function diffView(repository: Repository, files: readonly FileChange[], sha: string): Html {
  let left = LINES_MAX;
  const shown = files.slice(0, FILES_MAX).map((file) => {
    const lines = file.patch?.split("\n") ?? [];
    const room = Math.min(left, LINES_OF_FILE_MAX);
    left -= Math.min(lines.length, room);
    return fileView(repository, file, sha, lines, room);
  });
  const hidden = files.length - shown.length;
  return html`<p class="dim">${diffSummary(files)}</p>
    ${shown}${hidden > 0 ? note(`${counted(hidden, "more file")} changed; a page here shows ${FILES_MAX}.`) : nothing}`;
}

function diffSummary(files: readonly FileChange[]): Html {
  const sum = (pick: (file: FileChange) => number) => files.reduce((total, file) => total + pick(file), 0);
  return html`${counted(files.length, "changed file")},
  ${plusMinus(
    sum((file) => file.additions),
    sum((file) => file.deletions),
  )}`;
}

function plusMinus(additions: number, deletions: number): Html {
  return html`<span class="good">+${additions.toLocaleString("en-US")}</span>
    <span class="bad">−${deletions.toLocaleString("en-US")}</span>`;
}

function fileView(repository: Repository, file: FileChange, sha: string, lines: readonly string[], room: number): Html {
  const name = file.previousPath === null ? file.path : `${file.previousPath} → ${file.path}`;
  const view =
    file.status === "removed"
      ? nothing
      : html`<p class="note"><a href="${repositoryPath(repository, "blob", sha, file.path)}">View the file</a></p>`;
  return html`<details class="box file" open>
    <summary class="head">
      <code>${name}</code> <span class="dim">${file.status === "modified" ? "" : file.status}</span>
      <span class="push">${plusMinus(file.additions, file.deletions)}</span>
    </summary>
    ${changeView(file, lines.slice(0, room))}
    <div class="foot">
      ${lines.length > room ? note(`${counted(lines.length - room, "more line")} of this diff are not shown.`) : nothing}${view}
    </div>
  </details>`;
}

function changeView(file: FileChange, lines: readonly string[]): Html {
  if (file.patch !== null) return lines.length === 0 ? nothing : patchView(lines);
  const what =
    file.status === "renamed" ? "Renamed without a change." : "An empty or binary file, or only its mode changed.";
  return html`<div class="foot">${note(what)}</div>`;
}

/** Lines of a unified diff with the numbers of both sides. */
export function patchView(lines: readonly string[]): Html {
  let before = 0;
  let after = 0;
  const rows = lines.map((line) => {
    const header = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@/.exec(line);
    if (header !== null) {
      before = Number(header[1]);
      after = Number(header[2]);
      return html`<tr class="hunk">
        <td class="n old"></td>
        <td class="n"></td>
        <td>${cutLine(line)}</td>
      </tr> `;
    }
    const sign = line.charAt(0);
    // "\ No newline at end of file" is on neither side.
    if (sign === "\\")
      return html`<tr class="hunk">
        <td class="n old"></td>
        <td class="n"></td>
        <td>${line}</td>
      </tr> `;
    const left = sign === "+" ? "" : before++;
    const right = sign === "-" ? "" : after++;
    const kind = sign === "+" ? "add" : sign === "-" ? "del" : "same";
    return html`<tr class="${kind}">
      <td class="n old" data-n="${left}"></td>
      <td class="n" data-n="${right}"></td>
      <td>${cutLine(line)}</td>
    </tr> `;
  });
  return html`<table class="code">
    <tbody>
      ${rows}
    </tbody>
  </table>`;
}
