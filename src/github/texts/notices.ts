import type { ExistingTask } from "../../core/state.ts";
import { branchOf, currentPhaseOf } from "../../core/state.ts";
import type { Notice } from "../../control/ports.ts";
import { blockText, sentence, type BlockContext } from "./blocked.ts";
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
        `let it end or comment \`/cancel\` here, then take ${code(notice.label, 50)} off and set it again. For two tasks at once, open a second issue.`,
      );
    case "help":
      return help;
    case "unknown-command":
      return `Phasegate knows no command ${code(notice.typed, 60)}, so nothing was done. These are the commands:\n\n${help}`;
    case "refused":
      return lines(
        sentence(`${code(notice.command, 60)} was not carried out: ${plain(notice.reason, 400)}`),
        "",
        "the status comment of the issue says how the task stands and what it waits for; `/help` lists the commands.",
      );
    case "changes-requested":
      return changesRequested(notice.by, notice.task, context);
  }
}

const help = [
  "Write a command at the start of a line of its own, in a comment on the issue or on a pull request of its task. People with write access may give commands.",
  "",
  "| Command | What it does |",
  "|---|---|",
  "| `/run` | starts a task that waits for somebody with write access, or goes on after a pause |",
  "| `/cancel` | ends the task and its run, and closes its open pull request |",
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
    "This version of Phasegate does not act on reviews: the agent will not make the changes, a person must.",
    `commit the changes to ${link(code(branch), links.branch(branch))}, then approve and merge ${link(`#${gate.pullRequest}`, gate.url)}; or comment \`/cancel\` to end the task.`,
  );
}

function lines(what: string, why: string, next: string): string {
  return [what, why, `*Next:* ${next}`].filter((line) => line !== "").join("\n\n");
}
