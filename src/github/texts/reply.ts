import type { RequestShown } from "../../control/ports/notices.ts";
import { unsettledOf } from "../../core/conversation.ts";
import type { ExistingTask, PhaseProgress } from "../../core/state.ts";
import { agentMarkdown } from "./agent-markdown.ts";
import { code, link } from "./escape.ts";
import { findingLine } from "./findings.ts";
import { shaCharacters } from "./format.ts";
import type { BlockContext } from "./blocked.ts";
import type { Links } from "./links.ts";
import type { Say } from "./words.ts";

/** The rest is for what stands below it; GitHub refuses 65,536. */
const wordsCharactersMax = 55_000;
const findingsShownMax = 5;

/** The agent's turn in a conversation, with what became of its changes. */
export function replyText(
  { reply, phase, text }: Extract<RequestShown, { kind: "reply" }>,
  task: ExistingTask,
  { links, say }: Pick<BlockContext, "links" | "say">,
): string {
  const words = agentMarkdown(text, wordsCharactersMax, say);
  const progress = task.phases.find((candidate) => candidate.phase === phase);
  return [
    words === "" ? say`*The agent said nothing.*` : words,
    ...changesOf(reply, progress, links, say),
    ...findingsOf(reply, say),
    ...(reply.number === 1
      ? [say`*Next:* comments here go on with the conversation, by people with write access. ${code("/done")} ends it.`]
      : []),
  ].join("\n\n");
}

function changesOf(
  { changed, commitSha, findings }: Extract<RequestShown, { kind: "reply" }>["reply"],
  progress: PhaseProgress | undefined,
  links: Links,
  say: Say,
): readonly string[] {
  if (!changed) return [];
  if (commitSha === null) {
    return [
      findings.length > 0 ? say`*Its changes were not taken.*` : say`*Its changes are on their way to a pull request.*`,
    ];
  }
  const commit = link(code(commitSha.slice(0, shaCharacters)), links.commit(commitSha));
  const gate = progress?.gate ?? null;
  return [
    gate === null
      ? say`*Changed in ${commit}.*`
      : say`*Changed in ${commit}, in ${link(`#${gate.pullRequest}`, gate.url)}.*`,
  ];
}

function findingsOf({ findings }: Extract<RequestShown, { kind: "reply" }>["reply"], say: Say): readonly string[] {
  if (findings.length === 0) return [];
  const more = findings.length - findingsShownMax;
  const listed = [
    ...findings.slice(0, findingsShownMax).map(findingLine),
    ...(more > 0 ? [say`- and ${more} more`] : []),
  ];
  return [
    `${say`**The check after this turn found**, and the agent is told with the next one:`}\n\n${listed.join("\n")}`,
  ];
}

/** What people read while a comment is all that the task waits for. */
export function waitsForComment({ gate }: PhaseProgress, say: Say): string {
  const then =
    gate === null
      ? say`nothing was changed so far, so that completes the task`
      : say`what it changed is checked, and ${link(`#${gate.pullRequest}`, gate.url)} then waits for your review`;
  return say`write a comment here to go on, or ${code("/done")} to end the conversation: ${then}.`;
}

/** While a run is at work, or the gate waits for review. */
export function commentsMeanwhile({ conversation }: PhaseProgress, say: Say): string {
  if (conversation === null || conversation.doneBy !== null) return "";
  const waiting = unsettledOf(conversation).filter(({ carried }) => !carried).length;
  if (waiting === 0) return ` ${say`What you write here meanwhile is taken up after this reply.`}`;
  return waiting === 1
    ? ` ${say`One comment waits for the turn after this one.`}`
    : ` ${say`${waiting} comments wait for the turn after this one.`}`;
}
