import type { RequestShown } from "../../control/ports.ts";
import { unsettledOf } from "../../core/conversation.ts";
import type { ExistingTask, PhaseProgress } from "../../core/state.ts";
import { agentMarkdown } from "./agent-markdown.ts";
import { code, link } from "./escape.ts";
import { findingLine } from "./findings.ts";
import { shaCharacters } from "./format.ts";
import type { Links } from "./links.ts";

/** The rest is for what stands below it; GitHub refuses 65,536. */
const wordsCharactersMax = 55_000;
const findingsShownMax = 5;

/** The agent's turn in a conversation, with what became of its changes. */
export function replyText(
  { reply, phase, text }: Extract<RequestShown, { kind: "reply" }>,
  task: ExistingTask,
  links: Links,
): string {
  const words = agentMarkdown(text, wordsCharactersMax);
  const progress = task.phases.find((candidate) => candidate.phase === phase);
  return [
    words === "" ? "*The agent said nothing.*" : words,
    ...changesOf(reply, progress, links),
    ...findingsOf(reply),
    ...(reply.number === 1 ? [howItGoesOn] : []),
  ].join("\n\n");
}

function changesOf(
  { changed, commitSha, findings }: Extract<RequestShown, { kind: "reply" }>["reply"],
  progress: PhaseProgress | undefined,
  links: Links,
): readonly string[] {
  if (!changed) return [];
  if (commitSha === null) {
    return [
      findings.length > 0 ? "*Its changes were not taken.*" : "*Its changes are on their way to a pull request.*",
    ];
  }
  const commit = link(code(commitSha.slice(0, shaCharacters)), links.commit(commitSha));
  const gate = progress?.gate ?? null;
  return [`*Changed in ${commit}${gate === null ? "" : `, in ${link(`#${gate.pullRequest}`, gate.url)}`}.*`];
}

function findingsOf({ findings }: Extract<RequestShown, { kind: "reply" }>["reply"]): readonly string[] {
  if (findings.length === 0) return [];
  const more = findings.length - findingsShownMax;
  const listed = [...findings.slice(0, findingsShownMax).map(findingLine), ...(more > 0 ? [`- and ${more} more`] : [])];
  return [`**The check after this turn found**, and the agent is told with the next one:\n\n${listed.join("\n")}`];
}

const howItGoesOn = "*Next:* comments here go on with the conversation, by people with write access. `/done` ends it.";

/** What people read while a comment is all that the task waits for. */
export function waitsForComment({ gate }: PhaseProgress): string {
  const then =
    gate === null
      ? "nothing was changed so far, so that completes the task"
      : `what it changed is checked, and ${link(`#${gate.pullRequest}`, gate.url)} then waits for your review`;
  return `write a comment here to go on, or ${code("/done")} to end the conversation: ${then}.`;
}

/** While a run is at work, or the gate waits for review. */
export function commentsMeanwhile({ conversation }: PhaseProgress): string {
  if (conversation === null || conversation.doneBy !== null) return "";
  const waiting = unsettledOf(conversation).filter(({ carried }) => !carried).length;
  return waiting === 0
    ? " What you write here meanwhile is taken up after this reply."
    : ` ${waiting === 1 ? "One comment waits" : `${waiting} comments wait`} for the turn after this one.`;
}
