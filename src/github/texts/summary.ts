/** The last comment of a task: what was built, where, and what it took. */
import { openVetoesOf, outlineOfPhase, type ExistingTask, type PhaseProgress } from "../../core/state.ts";
import { addSpent, nothingSpent, tokensOf, type Spent } from "../../core/usage.ts";
import type { BlockContext } from "./blocked.ts";
import { code, link, person, plain } from "./escape.ts";
import { dollars, duration, moment, shaCharacters, tokens } from "./format.ts";
import type { Links } from "./links.ts";
import { securityLine } from "./security.ts";
import type { Say } from "./words.ts";

export function summaryText(task: ExistingTask, { links, defaultBranch, say }: BlockContext): string {
  const target = task.input.baseBranch ?? defaultBranch;
  const spent = task.phases.reduce<Spent>((sum, phase) => addSpent(sum, phase.spent), nothingSpent);
  return [
    `### ${say`Done: ${plain(task.issue.title, 120)}`}`,
    isTalk(task)
      ? say`The conversation is over, and changed nothing that could be merged.`
      : `${mergedSentence(task, say)} ${say`The result is on ${link(code(target), links.branch(target))}.`}`,
    phaseTable(task, links, say),
    [
      ...timeLine(task, say),
      say`- In all ${tokens(tokensOf(spent.usage))} tokens, ${dollars(spent.costUsd)} of ${dollars(task.taskBudgetUsd)}.`,
      say`- People were asked ${say.count(task.questions.length, "question", "questions")}, and vetoed ${say.count(vetoesOf(task), "decision", "decisions")}.`,
      ...acceptedLines(task, say),
      ...securityLine(task.security, say),
    ].join("\n"),
    say`*Next:* nothing. What should change now is a new issue; \`/delete\` erases what the app keeps of this task's texts and logs.`,
  ].join("\n\n");
}

/** People talked, and nothing came of it that could be merged. */
function isTalk({ phases }: ExistingTask): boolean {
  return phases.every(({ conversation, completed }) => conversation !== null && completed?.skipped === true);
}

function mergedSentence({ phases, finalGate }: ExistingTask, say: Say): string {
  const skipped = phases.filter(({ completed }) => completed?.skipped === true).length;
  const merged = phases.filter(({ completed }) => completed?.skipped === false).length;
  const all = say.count(merged, "phase was merged", "phases were merged");
  const ended = skipped === 0 ? all : `${all}; ${say.count(skipped, "was skipped", "were skipped")}`;
  return finalGate === null
    ? `${ended}.`
    : say`${ended}, and brought in by ${link(`#${finalGate.pullRequest}`, finalGate.url)}.`;
}

/** Narrow enough for a phone. */
function phaseTable(task: ExistingTask, links: Links, say: Say): string {
  const rows = task.phases.map((phase) => {
    const { gate, spent } = phase;
    return [
      `${phase.phase} ${plain(outlineOfPhase(task, phase.phase).title, 60)}`,
      gate === null ? "" : link(`#${gate.pullRequest}`, gate.url),
      endOf(phase, links, say),
      `${tokens(tokensOf(spent.usage))}, ${dollars(spent.costUsd)}`,
    ].join(" | ");
  });
  return [say`| Phase | PR | End | Tokens, cost |`, "|---|---|---|---|", ...rows.map((row) => `| ${row} |`)].join("\n");
}

function endOf({ completed }: PhaseProgress, links: Links, say: Say): string {
  if (completed === null) return "";
  if (completed.skipped && completed.by === "") return say`nothing to merge`;
  if (completed.skipped) return say`skipped by ${person(completed.by)}`;
  const { mergeSha, by } = completed;
  if (mergeSha === "") return say`merged by ${person(by)}`;
  return say`merged by ${person(by)} in ${link(code(mergeSha.slice(0, shaCharacters)), links.commit(mergeSha))}`;
}

function timeLine(task: ExistingTask, say: Say): readonly string[] {
  if (task.status !== "completed") return [];
  const ms = Date.parse(task.endedAt) - Date.parse(task.createdAt);
  return [say`- From ${moment(task.createdAt, say)} to ${moment(task.endedAt, say)}: ${duration(ms, say)}.`];
}

/** Those that the agent was given, and those that a merge came before. */
function vetoesOf({ phases }: ExistingTask): number {
  return phases.reduce(
    (sum, phase) => sum + phase.feedback.filter(({ id }) => id.startsWith("veto:")).length + openVetoesOf(phase).length,
    0,
  );
}

function acceptedLines({ phases }: ExistingTask, say: Say): readonly string[] {
  return phases.flatMap(({ phase, accepted }) =>
    accepted === null ? [] : [say`- Phase ${phase} was accepted by ${person(accepted.by)} although checks had failed.`],
  );
}
