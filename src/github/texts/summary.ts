/** The last comment of a task: what was built, where, and what it took. */
import { openVetoesOf, outlineOfPhase, type ExistingTask, type PhaseProgress } from "../../core/state.ts";
import { addSpent, nothingSpent, tokensOf, type Spent } from "../../core/usage.ts";
import type { BlockContext } from "./blocked.ts";
import { code, link, person, plain } from "./escape.ts";
import { count, dollars, duration, moment, shaCharacters, tokens } from "./format.ts";
import type { Links } from "./links.ts";
import { securityLine } from "./security.ts";
import { sayIn } from "./words.ts";

export function summaryText(task: ExistingTask, { links, defaultBranch }: BlockContext): string {
  const target = task.input.baseBranch ?? defaultBranch;
  const spent = task.phases.reduce<Spent>((sum, phase) => addSpent(sum, phase.spent), nothingSpent);
  return [
    `### Done: ${plain(task.issue.title, 120)}`,
    `${mergedSentence(task)}${isTalk(task) ? "" : ` The result is on ${link(code(target), links.branch(target))}.`}`,
    phaseTable(task, links),
    [
      ...timeLine(task),
      `- In all ${tokens(tokensOf(spent.usage))} tokens, ${dollars(spent.costUsd)} of ${dollars(task.taskBudgetUsd)}.`,
      `- People were asked ${count(task.questions.length, "question", "questions")}, and vetoed ${count(vetoesOf(task), "decision", "decisions")}.`,
      ...acceptedLines(task),
      ...securityLine(task.security, sayIn("en")),
    ].join("\n"),
    "*Next:* nothing. What should change now is a new issue; `/delete` erases what the app keeps of this task's texts and logs.",
  ].join("\n\n");
}

/** People talked, and nothing came of it that could be merged. */
function isTalk({ phases }: ExistingTask): boolean {
  return phases.every(({ conversation, completed }) => conversation !== null && completed?.skipped === true);
}

function mergedSentence(task: ExistingTask): string {
  const { phases, finalGate } = task;
  if (isTalk(task)) return "The conversation is over, and changed nothing that could be merged.";
  const skipped = phases.filter(({ completed }) => completed?.skipped === true).length;
  const merged = phases.filter(({ completed }) => completed?.skipped === false).length;
  const last = finalGate === null ? "" : `, and brought in by ${link(`#${finalGate.pullRequest}`, finalGate.url)}`;
  const without = skipped === 0 ? "" : `; ${count(skipped, "was", "were")} skipped`;
  return `${count(merged, "phase was", "phases were")} merged${without}${last}.`;
}

/** Narrow enough for a phone. */
function phaseTable(task: ExistingTask, links: Links): string {
  const rows = task.phases.map((phase) => {
    const { gate, spent } = phase;
    return [
      `${phase.phase} ${plain(outlineOfPhase(task, phase.phase).title, 60)}`,
      gate === null ? "" : link(`#${gate.pullRequest}`, gate.url),
      endOf(phase, links),
      `${tokens(tokensOf(spent.usage))}, ${dollars(spent.costUsd)}`,
    ].join(" | ");
  });
  return ["| Phase | PR | End | Tokens, cost |", "|---|---|---|---|", ...rows.map((row) => `| ${row} |`)].join("\n");
}

function endOf({ completed }: PhaseProgress, links: Links): string {
  if (completed === null) return "";
  if (completed.skipped && completed.by === "") return "nothing to merge";
  if (completed.skipped) return `skipped by ${person(completed.by)}`;
  const { mergeSha, by } = completed;
  if (mergeSha === "") return `merged by ${person(by)}`;
  return `merged by ${person(by)} in ${link(code(mergeSha.slice(0, shaCharacters)), links.commit(mergeSha))}`;
}

function timeLine(task: ExistingTask): readonly string[] {
  if (task.status !== "completed") return [];
  const ms = Date.parse(task.endedAt) - Date.parse(task.createdAt);
  return [`- From ${moment(task.createdAt)} to ${moment(task.endedAt)}: ${duration(ms)}.`];
}

/** Those that the agent was given, and those that a merge came before. */
function vetoesOf({ phases }: ExistingTask): number {
  return phases.reduce(
    (sum, phase) => sum + phase.feedback.filter(({ id }) => id.startsWith("veto:")).length + openVetoesOf(phase).length,
    0,
  );
}

function acceptedLines({ phases }: ExistingTask): readonly string[] {
  return phases.flatMap(({ phase, accepted }) =>
    accepted === null ? [] : [`- Phase ${phase} was accepted by ${person(accepted.by)} although checks had failed.`],
  );
}
