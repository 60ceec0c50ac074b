import type { ExistingTask } from "../../core/state.ts";
import { branchOf, currentPhaseOf } from "../../core/state.ts";
import type { Notice } from "../../control/ports.ts";
import { blockText, type BlockContext } from "./blocked.ts";
import { code, link, person, plain } from "./escape.ts";

/** A comment that is written once and never edited: what happened, why, and what to do next. */
export function noticeText(notice: Notice, context: BlockContext): string {
  switch (notice.kind) {
    case "blocked": {
      const { what, why, next } = blockText(notice.reason, notice.task, context);
      return lines(what, why, next);
    }
    case "second-label":
      return lines(
        `The label ${code(notice.label, 50)} starts nothing: ${code(notice.running, 50)} is at work on this issue.`,
        "One task runs on an issue at a time.",
        `let it end or comment \`/cancel\`, then set ${code(notice.label, 50)} again. For two tasks at once, open a second issue.`,
      );
    case "help":
      return help;
    case "unknown-command":
      return `${code(notice.typed, 60)} is no command of Phasegate.\n\n${help}`;
    case "refused":
      return `${code(notice.command, 60)} was not carried out: ${plain(notice.reason, 400)}`;
    case "changes-requested":
      return changesRequested(notice.by, notice.task, context);
  }
}

const help = [
  "Commands stand alone at the start of a line; people with write access may give them.",
  "",
  "| Command | What it does |",
  "|---|---|",
  "| `/run` | starts the task, or goes on after a pause |",
  "| `/cancel` | ends the task and closes its open pull request |",
  "| `/status` | brings the status comment up to date |",
  "| `/help` | shows this list |",
].join("\n");

function changesRequested(by: string, task: ExistingTask, { links }: BlockContext): string {
  const phase = currentPhaseOf(task);
  const gate = phase?.gate ?? null;
  if (phase === null || gate === null) return lines(`${person(by)} asked for changes.`, "", "comment `/status` here.");
  const branch = branchOf(task, phase.phase);
  return lines(
    `${person(by)} asked for changes on ${link(`#${gate.pullRequest}`, gate.url)}, so phase ${phase.phase} is not accepted.`,
    "This version of Phasegate does not work review comments in by itself.",
    `commit the changes to ${link(code(branch), links.branch(branch))}, then approve and merge ${link(`#${gate.pullRequest}`, gate.url)}. \`/cancel\` ends the task instead.`,
  );
}

function lines(what: string, why: string, next: string): string {
  return [what, why, `*Next:* ${next}`].filter((line) => line !== "").join("\n\n");
}
